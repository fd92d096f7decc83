#include "stats/two_way.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>
#include <vector>

#include "plumb/base.h"

namespace plumb::stats {
namespace {

// One vote's clusters and what it adds.
struct Part {
  std::uint64_t person, item;
  double influence;
};

struct Squares {
  double sum = 0;
  std::uint64_t clusters = 0;
  double variance() const {
    const double g = static_cast<double>(clusters);
    return clusters > 1 ? g / (g - 1) * sum : std::numeric_limits<double>::infinity();
  }
};

// The squared sums of clusters, and how many there are. `parts` is sorted such that equal clusters are
// together.
template <typename Same>
Squares squares_of(std::span<const Part> parts, const Same& same) {
  Squares out;
  for (std::size_t begin = 0, end = 0; begin < parts.size(); begin = end) {
    double sum = 0;
    for (end = begin; end < parts.size() && same(parts[begin], parts[end]); ++end) sum += parts[end].influence;
    out.sum += sum * sum;
    ++out.clusters;
  }
  return out;
}

bool same_person(const Part& a, const Part& b) { return a.person == b.person; }
bool same_item(const Part& a, const Part& b) { return a.item == b.item; }
bool same_cell(const Part& a, const Part& b) { return a.person == b.person && a.item == b.item; }

}  // namespace

TwoWay two_way_variance(std::span<const double> influence, std::span<const std::uint64_t> person,
                        std::span<const std::uint64_t> item) {
  PLUMB_ASSERT(!person.empty() || !item.empty() || influence.empty());
  PLUMB_ASSERT(person.empty() || person.size() == influence.size());
  PLUMB_ASSERT(item.empty() || item.size() == influence.size());
  std::vector<Part> parts(influence.size());
  for (std::size_t k = 0; k < parts.size(); ++k)
    parts[k] = {person.empty() ? 0 : person[k], item.empty() ? 0 : item[k], influence[k]};
  TwoWay out;
  if (parts.empty()) return out;
  // Ties by the influence: sums do not depend on the order of votes.
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return std::tie(a.item, a.person, a.influence) < std::tie(b.item, b.person, b.influence);
  });
  const Squares items = squares_of(parts, same_item), cells = squares_of(parts, same_cell);
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.person < b.person; });
  const Squares people = squares_of(parts, same_person);
  if (!person.empty()) {
    out.person_clusters = people.clusters;
    out.people = people.variance();
  }
  if (!item.empty()) {
    out.item_clusters = items.clusters;
    out.items = items.variance();
  }
  if (person.empty() || item.empty()) {
    out.both = person.empty() ? out.items : out.people;
    out.degrees = static_cast<double>(person.empty() ? items.clusters : people.clusters) - 1;
  } else {
    const bool single = people.clusters < 2 || items.clusters < 2;
    out.both = single ? std::numeric_limits<double>::infinity() : out.people + out.items - cells.variance();
    out.degrees = static_cast<double>(std::min(people.clusters, items.clusters)) - 1;
  }
  out.variance = std::max({out.both, out.people, out.items});
  return out;
}

ClusterCount count_clusters(std::span<const std::uint64_t> cluster, std::span<const double> weight) {
  PLUMB_ASSERT(weight.empty() || weight.size() == cluster.size());
  std::vector<std::size_t> order(cluster.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return std::tie(cluster[a], a) < std::tie(cluster[b], b); });
  ClusterCount out;
  double total = 0, squares = 0;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double sum = 0;
    for (end = begin; end < order.size() && cluster[order[end]] == cluster[order[begin]]; ++end)
      sum += weight.empty() ? 1 : weight[order[end]];
    ++out.clusters;
    total += sum;
    squares += sum * sum;
    if (sum > out.largest_share) {
      out.largest_share = sum;
      out.largest = cluster[order[begin]];
    }
  }
  if (total > 0) {
    out.effective = total * total / squares;
    out.largest_share /= total;
  }
  return out;
}

}  // namespace plumb::stats
