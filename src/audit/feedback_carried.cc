#include "audit/feedback_carried.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace plumb::audit {
namespace {

constexpr std::size_t kLeastItems = 3;         // of two, the count of votes says it already
constexpr std::size_t kLeastComparisons = 10;  // fewer carry nothing

// A prompt's comparisons with its items numbered from 0.
struct Part {
  std::vector<std::uint32_t> item, first, second;  // item: of the feedback, by its number here
  std::vector<Answer> answer;
  std::vector<float> weight;
  std::vector<std::uint64_t> comparison;  // of the feedback
  ItemVotes votes() const { return {item.size(), first, second, answer, weight, {}, {}, {}, {}}; }
};

std::vector<Part> parts_of(const Feedback& f) {
  std::vector<Part> out(f.prompt.size());
  std::vector<std::uint32_t> number(f.item.size(), kNoRater);
  const auto place = [&](Part& part, std::uint32_t item) {
    if (number[item] == kNoRater) {
      number[item] = static_cast<std::uint32_t>(part.item.size());
      part.item.push_back(item);
    }
    return number[item];
  };
  for (std::size_t k = 0; k < f.first.size(); ++k) {
    Part& part = out[f.item_prompt[f.first[k]]];
    part.first.push_back(place(part, f.first[k]));
    part.second.push_back(place(part, f.second[k]));
    part.answer.push_back(f.answer[k]);
    part.comparison.push_back(k);
    if (!f.comparison.weight.empty()) part.weight.push_back(f.comparison.weight[k]);
  }
  return out;
}

}  // namespace

std::vector<CarriedResult> carried_results(const Feedback& f, const StatsOptions& options, std::string* why) {
  const std::vector<Part> parts = parts_of(f);
  std::vector<std::uint32_t> order;
  for (std::uint32_t p = 0; p < parts.size(); ++p)
    if (parts[p].item.size() >= kLeastItems && parts[p].comparison.size() >= kLeastComparisons)
      order.push_back(p);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return parts[a].comparison.size() > parts[b].comparison.size();
  });
  // The spread of a prompt's items is estimated by a matrix of all of them.
  const auto too_many = static_cast<std::size_t>(std::count_if(
      order.begin(), order.end(), [&](std::uint32_t p) { return parts[p].item.size() > kDenseItems; }));
  std::erase_if(order, [&](std::uint32_t p) { return parts[p].item.size() > kDenseItems; });
  if (too_many > 0)
    *why =
        fmt::format("{} of more than {} items {} left out: which votes carry the best is worked out for fewer",
                    too_many == 1 ? "a prompt" : fmt::format("{} prompts", too_many), kDenseItems,
                    too_many == 1 ? "is" : "are");
  if (order.size() > options.most_results) order.resize(options.most_results);
  std::vector<CarriedResult> out;
  if (order.empty() && why->empty()) *why = "no prompt has 10 comparisons of 3 items or more";
  for (const std::uint32_t p : order) {
    const Part& part = parts[p];
    ItemOptions how;
    how.ties = Ties::kHalf;
    how.threads = options.threads;
    how.prior_sd = estimate_prior_sd(part.votes(), how);
    if (!(how.prior_sd > 0)) continue;  // its items cannot be told from equal
    const ItemFit fit = fit_items(part.votes(), how);
    std::vector<std::uint32_t> by_utility(part.item.size());
    std::iota(by_utility.begin(), by_utility.end(), 0u);
    std::stable_sort(by_utility.begin(), by_utility.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return fit.utility[a] > fit.utility[b]; });
    const std::uint32_t best = by_utility[0], next = by_utility[1];
    if (!(fit.utility[best] > fit.utility[next])) continue;
    CarriedResult result{p, part.item[best], part.item[next], part.comparison.size(),
                         fragility(part.votes(), how, Result{{{best, 1.0}, {next, -1.0}}})};
    for (std::uint64_t& vote : result.fragility.votes) vote = part.comparison[vote];
    out.push_back(std::move(result));
  }
  if (out.empty() && why->empty()) *why = "under no prompt is one item told apart as the best";
  return out;
}

}  // namespace plumb::audit
