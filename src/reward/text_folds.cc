// Groups of judgements and their folds.
#include "reward/text_folds.h"

#include <algorithm>
#include <numeric>

namespace plumb {
namespace text {
namespace {

// Places within the sorted distinct ids.
std::vector<std::size_t> places(const std::vector<std::uint64_t>& group, const std::vector<std::uint64_t>& id) {
  std::vector<std::size_t> out;
  out.reserve(group.size());
  for (const std::uint64_t g : group) {
    out.push_back(static_cast<std::size_t>(std::lower_bound(id.begin(), id.end(), g) - id.begin()));
  }
  return out;
}

std::vector<int> lightest_first(const std::vector<double>& weight, int folds) {
  std::vector<std::size_t> order(weight.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return weight[a] > weight[b]; });
  std::vector<double> load(static_cast<std::size_t>(folds), 0.0);
  std::vector<int> out(weight.size());
  for (const std::size_t g : order) {
    const std::size_t lightest =
        static_cast<std::size_t>(std::min_element(load.begin(), load.end()) - load.begin());
    out[g] = static_cast<int>(lightest);
    load[lightest] += weight[g];
  }
  return out;
}

}  // namespace

Groups groups_of(const Judged& j) {
  Groups out;
  for (const auto* group : {&j.pair_group, &j.rating_group, &j.thumb_group}) {
    out.id.insert(out.id.end(), group->begin(), group->end());
  }
  std::sort(out.id.begin(), out.id.end());
  out.id.erase(std::unique(out.id.begin(), out.id.end()), out.id.end());
  out.pair = places(j.pair_group, out.id);
  out.rating = places(j.rating_group, out.id);
  out.thumb = places(j.thumb_group, out.id);
  out.weight.assign(out.id.size(), 0.0);
  for (std::size_t k = 0; k < out.pair.size(); ++k) {
    out.weight[out.pair[k]] += j.first_votes[k] + j.second_votes[k] + j.tie_votes[k];
  }
  for (std::size_t k = 0; k < out.rating.size(); ++k) out.weight[out.rating[k]] += j.rating_weight[k];
  for (std::size_t k = 0; k < out.thumb.size(); ++k) out.weight[out.thumb[k]] += j.thumb_weight[k];
  return out;
}

Multipliers by_group(const Groups& groups, const std::vector<double>& factor) {
  Multipliers out;
  for (const std::size_t g : groups.pair) out.pair.push_back(factor[g]);
  for (const std::size_t g : groups.rating) out.rating.push_back(factor[g]);
  for (const std::size_t g : groups.thumb) out.thumb.push_back(factor[g]);
  return out;
}

std::vector<int> folds_of(const Groups& groups, int folds) { return lightest_first(groups.weight, folds); }

}  // namespace text

std::vector<int> group_folds(std::span<const std::uint64_t> group, int folds) {
  if (folds < 1) refuse("group folds", "folds", std::to_string(folds), "at least 1");
  std::vector<std::uint64_t> id(group.begin(), group.end());
  std::sort(id.begin(), id.end());
  id.erase(std::unique(id.begin(), id.end()), id.end());
  const std::vector<std::size_t> place = text::places({group.begin(), group.end()}, id);
  std::vector<double> count(id.size(), 0.0);
  for (const std::size_t p : place) ++count[p];
  const std::vector<int> fold = text::lightest_first(count, folds);
  std::vector<int> out;
  for (const std::size_t p : place) out.push_back(fold[p]);
  return out;
}

}  // namespace plumb
