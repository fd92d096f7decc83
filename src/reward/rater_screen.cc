// Who votes at random or against everyone. A rater is compared with a consensus that the rater had no part in.
#include <algorithm>
#include <cmath>

#include "reward/item_checks.h"
#include "reward/rater_fit.h"
#include "reward/vote_terms.h"

namespace plumb {
namespace {

constexpr std::size_t kGroups = 20;  // of raters, left out together

// The two-sided probability of a split at least as unequal as k of n under a fair coin.
double coin_probability(std::uint64_t k, std::uint64_t n) {
  const std::uint64_t fewer = std::min(k, n - k);
  if (n == 0 || 2 * fewer == n) return 1;
  const double size = static_cast<double>(n), top = std::lgamma(size + 1) - size * std::log(2.0);
  double tail = 0;
  for (std::uint64_t j = 0; j <= fewer; ++j) {
    const double x = static_cast<double>(j);
    tail += std::exp(top - std::lgamma(x + 1) - std::lgamma(size - x + 1));
  }
  return std::min(1.0, 2 * tail);
}

// Utilities from everyone else's votes, with everyone's reliability as it was found.
std::vector<double> consensus_without(const RaterVotes& votes, const RaterOptions& options,
                                      const RaterModel& model, std::size_t group) {
  std::vector<std::uint32_t> first, second, rater;
  std::vector<Answer> answer;
  std::vector<float> weight;
  for (std::size_t v = 0; v < votes.rater.size(); ++v) {
    if (votes.rater[v] != kNoRater && votes.rater[v] % kGroups == group) continue;
    first.push_back(votes.votes.first[v]);
    second.push_back(votes.votes.second[v]);
    answer.push_back(votes.votes.answer[v]);
    rater.push_back(votes.rater[v]);
    if (!votes.votes.weight.empty()) weight.push_back(votes.votes.weight[v]);
  }
  const ItemVotes others{votes.votes.items, first, second, answer, weight, {}, {}, {}, {}};
  const Penalties penalties = rater_model_penalties({others, votes.raters, rater}, options, model.utility_sd);
  ItemObjective objective(others, penalties.tie_on ? model.ties : plain_of(model.ties), penalties,
                          {rater, model.reliability, model.lean, model.rater_tie}, options.threads);
  std::vector<double> x = model.utility;
  x.push_back(model.position);
  x.push_back(penalties.tie_on ? model.tie : 0);
  maximize(objective, &x);
  x.resize(votes.votes.items);
  return x;
}

// The prior alone puts a rater with one vote above 0, so to be called reliable the rater's own votes must show
// it.
RaterKind kind_of(const RaterNote& note, double level) {
  if (note.votes == 0) return RaterKind::kUnclear;
  if (note.interval.upper < 0) return RaterKind::kAgainst;
  if (note.interval.lower <= 0) return note.interval.upper < 1 ? RaterKind::kLikeChance : RaterKind::kUnclear;
  const bool own_evidence = 2 * note.agreed > note.decided && note.p_coin <= 1 - level;
  return own_evidence ? RaterKind::kReliable : RaterKind::kUnclear;
}

}  // namespace

std::string_view name_of(RaterKind kind) {
  switch (kind) {
    case RaterKind::kReliable:
      return "reliable";
    case RaterKind::kUnclear:
      return "unclear";
    case RaterKind::kLikeChance:
      return "like chance";
    case RaterKind::kAgainst:
      return "against everyone";
  }
  return "";
}

std::vector<RaterNote> screen_raters(const RaterVotes& votes, const RaterOptions& options,
                                     const RaterModel& model, double level) {
  check_rater_votes(votes, options, "screen_raters");
  if (!(level > 0 && level < 1)) refuse("screen_raters", "level", std::to_string(level), "between 0 and 1");
  PLUMB_ASSERT(model.exists && model.reliability.size() == votes.raters);
  const double critical = normal_quantile(0.5 + level / 2);
  const VotesByRater own = votes_by_rater(votes);
  std::vector<RaterNote> notes(votes.raters);
  for (std::size_t group = 0; group < std::min(kGroups, votes.raters); ++group) {
    const std::vector<double> utility = consensus_without(votes, options, model, group);
    for (std::size_t r = group; r < votes.raters; r += kGroups) {
      RaterNote& note = notes[r];
      note.rater = static_cast<std::uint32_t>(r);
      note.votes = own.offset[r + 1] - own.offset[r];
      note.reliability = model.reliability[r];
      note.interval = normal_interval(note.reliability, model.reliability_error[r], critical, level);
      for (std::uint64_t k = own.offset[r]; k < own.offset[r + 1]; ++k) {
        const std::uint32_t v = own.vote[k];
        const double u = utility[votes.votes.first[v]] - utility[votes.votes.second[v]];
        if (votes.votes.answer[v] == Answer::kTie || u == 0) continue;
        ++note.decided;
        note.agreed += (votes.votes.answer[v] == Answer::kFirst) == (u > 0);
        const SoftStep first(u + model.position);
        note.expected += u > 0 ? first.value : first.complement;
      }
      note.p_coin = coin_probability(note.agreed, note.decided);
      note.kind = kind_of(note, level);
    }
  }
  return notes;
}

}  // namespace plumb
