#include "stats/two_way.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <vector>

#include "plumb/base.h"

namespace plumb::stats {
namespace {

struct Clusters {
  double variance = 0, effective = 0;
  std::size_t count = 0;
};

// Of votes in `order`, in which those of one cluster stand together.
template <class Same>
Clusters clusters_of(std::span<const double> influence, std::span<const double> weight,
                     const std::vector<std::uint32_t>& order, const Same& same) {
  Clusters out;
  double squares = 0, total = 0, weights = 0;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double sum = 0, size = 0;
    for (end = begin; end < order.size() && same(order[begin], order[end]); ++end) {
      sum += influence[order[end]];
      size += weight.empty() ? 1 : weight[order[end]];
    }
    ++out.count;
    squares += sum * sum;
    weights += size * size;
    total += size;
  }
  const double g = static_cast<double>(out.count);
  out.variance = out.count < 2 ? squares : squares * g / (g - 1);
  out.effective = out.count == 0 ? 0 : total * total / weights;
  return out;
}

}  // namespace

TwoWayVariance two_way_variance(std::span<const double> influence, std::span<const std::uint64_t> person,
                                std::span<const std::uint64_t> item, std::span<const double> weight) {
  PLUMB_ASSERT(item.size() == influence.size() && (person.empty() || person.size() == item.size()) &&
               (weight.empty() || weight.size() == item.size()));
  TwoWayVariance out;
  std::vector<std::uint32_t> order(influence.size());
  std::iota(order.begin(), order.end(), 0u);
  // By item and by cell in one order; the votes' own order settles the rest, so that sums are always the same.
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return person.empty() ? std::tie(item[a], a) < std::tie(item[b], b)
                          : std::tie(item[a], person[a], a) < std::tie(item[b], person[b], b);
  });
  const auto same_item = [&](std::uint32_t a, std::uint32_t b) { return item[a] == item[b]; };
  const Clusters items = clusters_of(influence, weight, order, same_item);
  out.items = items.count;
  out.effective_items = items.effective;
  out.by_item = out.both = out.variance = items.variance;
  double smaller = items.effective;
  if (!person.empty()) {
    const auto same_person = [&](std::uint32_t a, std::uint32_t b) { return person[a] == person[b]; };
    const Clusters cells = clusters_of(influence, weight, order, [&](std::uint32_t a, std::uint32_t b) {
      return same_item(a, b) && same_person(a, b);
    });
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::tie(person[a], a) < std::tie(person[b], b);
    });
    const Clusters people = clusters_of(influence, weight, order, same_person);
    out.people = people.count;
    out.effective_people = people.effective;
    out.by_person = people.variance;
    out.both = people.variance + items.variance - cells.variance;
    out.variance = std::max({out.both, out.by_item, out.by_person});
    smaller = std::min(smaller, people.effective);
  }
  out.degrees = std::max(1.0, smaller - 1);
  return out;
}

}  // namespace plumb::stats
