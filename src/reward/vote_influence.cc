// Which votes a result stands on. Leaving vote v out moves the maximum by -H^-1 g_v to first order, g_v its
// gradient, so the result c'u by -(H^-1 c)' g_v: one solve serves all votes.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "reward/item_checks.h"
#include "reward/vote_terms.h"

namespace plumb {
namespace {

// Comparisons that are kept, as columns of their own.
struct KeptVotes {
  KeptVotes(const ItemVotes& all, const std::vector<std::uint8_t>& out) {
    for (std::size_t v = 0; v < all.first.size(); ++v) {
      if (out[v] != 0) continue;
      number.push_back(v);
      first.push_back(all.first[v]);
      second.push_back(all.second[v]);
      answer.push_back(all.answer[v]);
      if (!all.weight.empty()) weight.push_back(all.weight[v]);
    }
    votes = {all.items, first, second, answer, weight, {}, {}, {}, {}};
  }
  std::vector<std::uint64_t> number;
  std::vector<std::uint32_t> first, second;
  std::vector<Answer> answer;
  std::vector<float> weight;
  ItemVotes votes;
};

double value_of(const Result& result, const ItemFit& fit) {
  double value = 0;
  for (const auto& [item, weight] : result.terms) value += weight * fit.utility[item];
  return value;
}

// What leaving each kept vote out adds to the result, to first order.
std::vector<double> effects(const KeptVotes& kept, const ItemOptions& options, const ItemFit& fit,
                            const Result& result) {
  const ItemPosterior posterior(kept.votes, options, fit);
  std::vector<double> contrast(kept.votes.items, 0.0);
  for (const auto& [item, weight] : result.terms) contrast[item] += weight;
  const std::vector<double> solved = posterior.solve(contrast);
  const double by_position = solved[kept.votes.items], by_tie = solved[kept.votes.items + 1];
  const bool ties_seen = item_penalties(kept.votes, options, fit.component).tie_on;
  const Ties ties = ties_seen ? options.ties : plain_of(options.ties);
  std::vector<double> out(kept.number.size());
  for (std::size_t v = 0; v < out.size(); ++v) {
    const std::uint32_t f = kept.first[v], s = kept.second[v];
    const VoteTerms terms = vote_terms(ties, fit.utility[f] - fit.utility[s] + fit.position,
                                       ties_seen ? fit.tie : 0, kept.answer[v]);
    const double weight = kept.weight.empty() ? 1.0 : static_cast<double>(kept.weight[v]);
    out[v] = -weight * ((solved[f] - solved[s] + by_position) * terms.by_d + by_tie * terms.by_t);
  }
  return out;
}

void check_question(const ItemVotes& votes, const ItemOptions& options, const Result& result,
                    const char* where) {
  if (votes.ranking_offset.size() > 1) refuse(where, "rankings", "some", "comparisons only");
  if (std::isinf(options.prior_sd))
    refuse(where, "prior_sd", "none", "a prior: a fit without some votes might not exist");
  for (const auto& [item, weight] : result.terms)
    if (item >= votes.items || !std::isfinite(weight))
      refuse(where, "result", "item " + std::to_string(item) + " with weight " + std::to_string(weight),
             "finite weights of items below " + std::to_string(votes.items));
}

}  // namespace

std::vector<double> vote_effects(const ItemVotes& votes, const ItemOptions& options, const Result& result) {
  check_question(votes, options, result, "vote_effects");
  const ItemFit fit = fit_items(votes, options);
  if (!fit.exists) refuse("vote_effects", "votes", fit.why, "votes with a maximum");
  return effects(KeptVotes(votes, std::vector<std::uint8_t>(votes.first.size(), 0)), options, fit, result);
}

Fragility fragility(const ItemVotes& votes, const ItemOptions& options, const Result& result) {
  const char* const where = "fragility";
  check_question(votes, options, result, where);
  const std::size_t n = votes.first.size(), most = n / 2;
  std::vector<std::uint8_t> out(n, 0);
  ItemFit fit = fit_items(votes, options);
  if (!fit.exists) refuse(where, "votes", fit.why, "votes with a maximum");
  Fragility found;
  found.value = found.value_without = value_of(result, fit);
  if (!(found.value > 0)) refuse(where, "result", std::to_string(found.value), "above 0 with all votes");

  std::vector<double> first_order;  // of all votes, at the full fit
  while (found.value_without > 0) {
    const KeptVotes kept(votes, out);
    const std::vector<double> effect = effects(kept, options, fit, result);
    if (first_order.empty()) first_order = effect;
    std::vector<std::size_t> order(effect.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return effect[a] < effect[b]; });
    double expected = found.value_without;
    for (std::size_t k = 0; k < order.size() && expected > 0; ++k) {
      if (effect[order[k]] >= 0 || found.votes.size() >= most) break;
      expected += effect[order[k]];
      found.votes.push_back(kept.number[order[k]]);
      out[kept.number[order[k]]] = 1;
    }
    if (kept.number.size() + found.votes.size() == n) break;  // nothing more to leave out
    fit = fit_items(KeptVotes(votes, out).votes, options);
    if (!fit.exists) break;
    found.value_without = value_of(result, fit);
  }
  found.flips = fit.exists && found.value_without <= 0;
  if (found.flips) {
    // The result falls without the first `high` of the list, and stands without the first `low`.
    std::size_t low = 0, high = found.votes.size();
    while (high - low > 1) {
      const std::size_t middle = low + (high - low) / 2;
      std::fill(out.begin(), out.end(), std::uint8_t{0});
      for (std::size_t k = 0; k < middle; ++k) out[found.votes[k]] = 1;
      const ItemFit tried = fit_items(KeptVotes(votes, out).votes, options);
      const double value = tried.exists ? value_of(result, tried) : 1;
      if (value <= 0) {
        high = middle;
        found.value_without = value;
      } else {
        low = middle;
      }
    }
    found.votes.resize(high);
  }
  found.share = n == 0 ? 0 : static_cast<double>(found.votes.size()) / static_cast<double>(n);
  found.predicted = found.value;
  for (const std::uint64_t v : found.votes) found.predicted += first_order[v];
  return found;
}

}  // namespace plumb
