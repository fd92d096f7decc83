// Checks of votes and options, and the fit itself.
#include <algorithm>
#include <cmath>
#include <string>

#include "reward/item_checks.h"
#include "reward/item_graph.h"
#include "reward/item_objective.h"
#include "reward/vote_terms.h"

namespace plumb {
namespace {

void check_weights(std::span<const float> weight, std::size_t expected, const char* where) {
  if (!weight.empty() && weight.size() != expected)
    refuse(where, "weights", std::to_string(weight.size()), std::to_string(expected) + " or none");
  for (std::size_t v = 0; v < weight.size(); ++v)
    if (!(weight[v] > 0) || !std::isfinite(weight[v]))
      refuse(where, "weight " + std::to_string(v), std::to_string(weight[v]), "a finite number > 0");
}

void check_rankings(const ItemVotes& votes, const char* where) {
  const std::size_t rankings = votes.ranking_offset.empty() ? 0 : votes.ranking_offset.size() - 1;
  if (votes.ranking_item.size() != votes.ranking_rank.size() ||
      (rankings > 0 ? votes.ranking_offset.back() : 0) != votes.ranking_item.size() ||
      (rankings > 0 && votes.ranking_offset.front() != 0))
    refuse(where, "rankings", "columns that do not fit each other", "offsets, items and ranks of one length");
  check_weights(votes.ranking_weight, rankings, where);
  std::vector<std::size_t> seen(votes.items, 0);  // the last ranking that named the item, 1-based
  for (std::size_t r = 0; r < rankings; ++r) {
    const std::string what = "ranking " + std::to_string(r);
    if (votes.ranking_offset[r + 1] < votes.ranking_offset[r] + 2)
      refuse(where, what, "fewer than two items", "two or more");
    for (std::uint64_t k = votes.ranking_offset[r]; k < votes.ranking_offset[r + 1]; ++k) {
      const std::uint32_t i = votes.ranking_item[k];
      if (i >= votes.items)
        refuse(where, what, "item " + std::to_string(i), "items below " + std::to_string(votes.items));
      if (seen[i] == r + 1) refuse(where, what, "item " + std::to_string(i) + " twice", "each item once");
      seen[i] = r + 1;
    }
  }
}

}  // namespace

void check_votes(const ItemVotes& votes, Ties ties, const char* where) {
  if (votes.items == 0 || votes.items >= kNoRater)
    refuse(where, "items", std::to_string(votes.items), "1 to 4294967294");
  if (votes.second.size() != votes.first.size() || votes.answer.size() != votes.first.size())
    refuse(where, "comparisons", "columns of different length", "first, second and answer of one length");
  for (std::size_t v = 0; v < votes.first.size(); ++v) {
    const std::string_view name = "comparison";
    if (votes.first[v] >= votes.items || votes.second[v] >= votes.items)
      refuse(where, std::string(name) + ' ' + std::to_string(v),
             "item " + std::to_string(std::max(votes.first[v], votes.second[v])),
             "items below " + std::to_string(votes.items));
    if (votes.first[v] == votes.second[v])
      refuse(where, std::string(name) + ' ' + std::to_string(v),
             "item " + std::to_string(votes.first[v]) + " twice", "two items");
    if (votes.answer[v] > Answer::kTie)
      refuse(where, std::string(name) + ' ' + std::to_string(v), "an unknown answer", "first, second or tie");
    if (ties == Ties::kRefuse && votes.answer[v] == Answer::kTie)
      refuse(where, std::string(name) + ' ' + std::to_string(v), "a tie",
             "first or second, or a model of ties");
  }
  check_weights(votes.weight, votes.first.size(), where);
  check_rankings(votes, where);
}

void check_options(const ItemOptions& options, const char* where) {
  if (!(options.prior_sd > 0)) refuse(where, "prior_sd", std::to_string(options.prior_sd), "a number > 0");
  if (!(options.position_sd > 0) || !std::isfinite(options.position_sd))
    refuse(where, "position_sd", std::to_string(options.position_sd), "a finite number > 0");
}

Penalties item_penalties(const ItemVotes& votes, const ItemOptions& options,
                         const std::vector<std::uint32_t>& component) {
  Penalties penalties;
  penalties.utility = std::isinf(options.prior_sd) ? 0 : 1 / (options.prior_sd * options.prior_sd);
  penalties.position = 1 / (options.position_sd * options.position_sd);
  penalties.position_on = options.position && !votes.first.empty();
  penalties.tie_on = (options.ties == Ties::kDavidson || options.ties == Ties::kRaoKupper) &&
                     std::find(votes.answer.begin(), votes.answer.end(), Answer::kTie) != votes.answer.end();
  if (penalties.utility == 0) penalties.component = component;
  return penalties;
}

std::vector<double> start_of(const ItemVotes& votes, const Penalties& penalties, Ties ties) {
  std::vector<double> x(votes.items + 2, 0.0);
  const double no_tie = ties == Ties::kDavidson ? -std::numeric_limits<double>::infinity() : 0;
  if (!penalties.tie_on) {
    x.back() = no_tie;
    return x;
  }
  // The tie parameter at which equal items tie as often as votes do.
  const double tied = static_cast<double>(std::count(votes.answer.begin(), votes.answer.end(), Answer::kTie));
  const double decided = std::max(static_cast<double>(votes.answer.size()) - tied, 0.5);
  x.back() = ties == Ties::kDavidson ? std::log(2 * tied / decided) : std::log1p(2 * tied / decided);
  return x;
}

std::array<double, 3> ItemFit::predict(std::uint32_t a, std::uint32_t b) const {
  PLUMB_ASSERT(exists && a < utility.size() && b < utility.size());
  return vote_probabilities(ties, utility[a] - utility[b] + position, tie);
}

ItemFit fit_items(const ItemVotes& votes, const ItemOptions& options) {
  check_options(options, "fit_items");
  check_votes(votes, options.ties, "fit_items");
  ItemFit fit;
  fit.ties = options.ties;
  fit.component = components(votes);
  const Penalties penalties = item_penalties(votes, options, fit.component);
  if (penalties.utility == 0) fit.why = why_no_maximum(votes, fit.component, penalties.tie_on);
  if (penalties.tie_on && std::count(votes.answer.begin(), votes.answer.end(), Answer::kTie) ==
                              static_cast<std::ptrdiff_t>(votes.answer.size()))
    fit.why = "the maximum does not exist: all comparisons are ties";
  if (!fit.why.empty()) return fit;
  fit.exists = true;

  ItemObjective objective(votes, penalties.tie_on ? options.ties : plain_of(options.ties), penalties, {},
                          options.threads);
  std::vector<double> x = start_of(votes, penalties, options.ties);
  if (!penalties.tie_on) x.back() = 0;
  fit.steps = maximize(objective, &x);
  fit.log_likelihood = objective.log_likelihood();
  fit.position = x[objective.position()];
  fit.tie = penalties.tie_on ? x[objective.tie()] : start_of(votes, penalties, options.ties).back();
  fit.utility.assign(x.begin(), x.end() - 2);
  if (penalties.utility == 0) {  // what a common constant is does not show in any vote
    std::vector<double> sum(votes.items, 0), count(votes.items, 0);
    for (std::size_t i = 0; i < votes.items; ++i) {
      sum[fit.component[i]] += fit.utility[i];
      count[fit.component[i]] += 1;
    }
    for (std::size_t i = 0; i < votes.items; ++i)
      fit.utility[i] -= sum[fit.component[i]] / count[fit.component[i]];
  }
  return fit;
}

ItemVotes votes_of(const Feedback& feedback) {
  return {feedback.item.size(),       feedback.first,          feedback.second,       feedback.answer,
          feedback.comparison.weight, feedback.ranking_offset, feedback.ranking_item, feedback.ranking_rank,
          feedback.ranking.weight};
}

}  // namespace plumb
