// The error of an estimate whose votes are crossed: every vote is one person's on one item, and both were
// drawn. Votes of one person hang together, and so do those on one item; clusters of people alone take the
// items for fixed and are too sure of new ones.
//
//   TwoWay v = two_way_variance(influence, person, item);
//   half = students_t(v.degrees) * std::sqrt(v.variance);
#pragma once

#include <cstdint>
#include <span>

namespace plumb::stats {

struct TwoWay {
  // The largest of the three below: the two-way variance may fall under either of the others, even under 0.
  double variance = 0;
  double both = 0;     // by person + by item - by person and item
  double people = 0;   // by person alone
  double items = 0;    // by item alone
  double degrees = 0;  // of Student's t: the smaller number of clusters, less one
  std::uint64_t person_clusters = 0, item_clusters = 0;
};

// influence[k] is what vote k adds to (estimate - truth); they sum to about 0. Equal numbers of `person` are
// one person, of `item` one item. Each of the three sums has its factor G / (G - 1) of G clusters (Cameron,
// Gelbach, Miller 2011, J. Business & Economic Statistics 29, section 2.3; the largest of the three is our
// departure). An empty `person` or `item` stands for a dimension that is not known or is taken as fixed: then
// the other alone counts. A dimension of a single cluster makes the variance infinite: nothing is known of a
// second one.
//
// REQUIRES: one length for all that is not empty, and not both empty. Any order of votes gives the same but for
// rounding. O(n log n).
TwoWay two_way_variance(std::span<const double> influence, std::span<const std::uint64_t> person,
                        std::span<const std::uint64_t> item);

// How many clusters there are, and how many of equal size they are worth: 1 / the sum of squared shares of
// `weight` (empty: of votes). A person with two thirds of the votes leaves about 2 whatever their number.
struct ClusterCount {
  std::uint64_t clusters = 0;
  double effective = 0;
  std::uint64_t largest = 0;  // the number of the cluster with the most, the lowest of equal ones
  double largest_share = 0;
};
ClusterCount count_clusters(std::span<const std::uint64_t> cluster, std::span<const double> weight);

}  // namespace plumb::stats
