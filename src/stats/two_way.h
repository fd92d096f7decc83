// The variance of an estimate whose votes share people and share items: two votes of one person go together,
// and so do two votes on one item, whoever gave them. With psi_k the influence of vote k (the estimate's
// deviation is their sum), clusters' sums u and V = sum_g u_g^2 G / (G - 1) by person, by item and by the cell
// of both,
//   V_two = V_person + V_item - V_cell                     (Cameron, Gelbach and Miller 2011, equation 2.13)
// which is not always positive and is noisy where clusters are few: the largest of V_two, V_item and V_person
// is taken, so that neither people nor items are ever counted as fixed.
#pragma once

#include <cstdint>
#include <span>

namespace plumb::stats {

struct TwoWayVariance {
  double variance = 0;  // the largest of the next three
  double both = 0, by_person = 0, by_item = 0;
  std::size_t people = 0, items = 0;  // clusters; people: 0 where they are unknown
  // 1 / sum of squared shares of the weight: one person with two thirds of the votes is about 2 people.
  double effective_people = 0, effective_items = 0;
  // Of Student's t: the smaller number of clusters, counted as effective ones, less one, and at least 1.
  double degrees = 0;
};

// `person` empty: people are unknown, and items alone are clusters. `weight` empty: every vote weighs the same.
// Depends on the votes' order in the last digits only. O(n log n).
// REQUIRES: influence, item and, unless empty, person and weight of one length; weights > 0.
TwoWayVariance two_way_variance(std::span<const double> influence, std::span<const std::uint64_t> person,
                                std::span<const std::uint64_t> item, std::span<const double> weight = {});

}  // namespace plumb::stats
