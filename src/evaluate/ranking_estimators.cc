// Estimators of the value of rankings: each is a score a decision, whose mean is the value, and the weights
// that it put on slots, whose spread says what the log can carry.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "evaluate/ranking_checks.h"
#include "evaluate/support.h"

namespace plumb {
namespace {

// Of every decision, hashed once an estimate.
std::vector<std::size_t> buckets_of(const RankingLog& log) {
  std::vector<std::size_t> bucket(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) bucket[i] = bucket_of(log.unit[i]);
  return bucket;
}

// Value and standard error of the mean of `score`, clustered on units.
Estimates mean_over(std::span<const std::size_t> bucket, std::span<const double> score) {
  Moments moments;
  const std::size_t sums = moments.add_sums(), count = moments.add_sums();
  const std::size_t column = moments.add_column(sums, count);
  const auto sum = moments.sums(sums), decisions = moments.sums(count);
  for (std::size_t i = 0; i < score.size(); ++i) {
    sum[bucket[i]] += score[i];
    decisions[bucket[i]] += 1;
  }
  const Contrast mean{"mean", {{column, 1.0}}};
  return estimate(moments, {&mean, 1});
}

Support support_of_weights(std::span<const std::size_t> bucket, std::span<const double> weight) {
  SubsetSums sums;
  std::vector<double> by_bucket(kBuckets, 0.0);
  for (std::size_t i = 0; i < weight.size(); ++i) {
    const double w = weight[i];
    sums.weight += w;
    sums.weight_squares += w * w;
    sums.max_weight = std::max(sums.max_weight, std::abs(w));
    by_bucket[bucket[i]] += w;
  }
  sums.count = sums.rows_weight = static_cast<double>(weight.size());
  sums.plain_squares = sums.weight_squares;
  sums.weight_error = mean_over(bucket, weight).standard_error[0];
  double squares = 0;
  for (const double w : by_bucket) squares += w * w;
  sums.effective_units = squares > 0 ? sums.weight * sums.weight / squares : 0;
  return support_of(sums);
}

// How many decisions with rewards stand behind a value, effectively. A decision's weight is the sum of the
// weights of its slots that brought something; of either sign, since pseudo-inverse weights may be negative.
double events_of(const RankingLog& log, std::span<const double> alpha,
                 const std::function<double(std::size_t, std::size_t)>& weight) {
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    double w = 0;
    for (std::size_t l = 0; l < log.slots; ++l) {
      if (alpha[l] != 0 && log.reward[i * log.slots + l] != 0) w += std::abs(weight(i, l));
    }
    sum += w;
    squares += w * w;
  }
  return squares > 0 ? sum * sum / squares : 0;
}

void describe(RankingEstimate& out) {
  PLUMB_ASSERT(!out.support.empty());
  out.sufficient = true;
  out.ess = out.support.front().ess;
  for (const Support& support : out.support) {
    out.ess = std::min(out.ess, support.ess);
    if (!out.sufficient || support.sufficient) continue;
    out.sufficient = false;
    out.reason = support.reason;
  }
  const auto least = static_cast<double>(least_events(OutcomeKind::kBinary));
  if (out.sufficient && out.events < least) {
    out.sufficient = false;
    out.reason = fmt::format("rewards other than 0 come in {:.1f} effective decisions, {:.0f} are needed",
                             out.events, least);
  }
}

RankingEstimate estimate_of(std::span<const std::size_t> bucket, std::vector<double> score,
                            std::vector<Support> support, double events) {
  RankingEstimate out;
  const Estimates mean = mean_over(bucket, score);
  out.value = mean.value[0];
  out.standard_error = mean.standard_error[0];
  out.skewness = mean.skewness[0];
  out.score = std::move(score);
  out.support = std::move(support);
  out.events = events;
  describe(out);
  return out;
}

std::vector<double> slot_weights(const char* where, const RankingLog& log, std::span<const double> alpha) {
  if (alpha.empty()) return std::vector<double>(log.slots, 1.0);
  check_length(where, "slot weights", alpha.size(), log.slots);
  bool any = false;
  for (std::size_t l = 0; l < alpha.size(); ++l) {
    if (!std::isfinite(alpha[l]))
      refuse(where, fmt::format("slot {}: weight", l), fmt::format("{}", alpha[l]), "a finite number");
    any = any || alpha[l] != 0;
  }
  if (!any) refuse(where, "slot weights", "all 0", "at least one that is not");
  return {alpha.begin(), alpha.end()};
}

// The logging policy's column and the target's, both of them there.
void check_columns(const char* where, const char* what, std::span<const double> logged,
                   std::span<const double> pi, std::size_t expected) {
  if (logged.empty()) refuse(where, fmt::format("{} of the logging policy", what), "none", "one for each");
  check_length(where, fmt::format("{} of the target", what), pi.size(), expected);
  for (std::size_t i = 0; i < pi.size(); ++i) {
    if (!(pi[i] >= 0 && pi[i] <= 1))
      refuse(where, fmt::format("value {}: {} of the target", i, what), fmt::format("{}", pi[i]),
             "a probability in [0, 1]");
  }
}

// weight: n x m. Score of a decision: sum over slots of alpha r weight.
RankingEstimate by_slot(const RankingLog& log, std::span<const double> alpha, const Matrix& weight) {
  const std::vector<std::size_t> bucket = buckets_of(log);
  std::vector<double> score(log.size(), 0.0), column(log.size());
  std::vector<Support> support;
  for (std::size_t l = 0; l < log.slots; ++l) {
    if (alpha[l] == 0) continue;
    for (std::size_t i = 0; i < log.size(); ++i) {
      column[i] = weight(i, l);
      score[i] += alpha[l] * log.reward[i * log.slots + l] * weight(i, l);
    }
    support.push_back(support_of_weights(bucket, column));
  }
  return estimate_of(bucket, std::move(score), std::move(support),
                     events_of(log, alpha, [&](std::size_t i, std::size_t l) { return weight(i, l); }));
}

// One weight for the whole ranking.
RankingEstimate by_ranking(const RankingLog& log, std::span<const double> alpha,
                           std::span<const double> weight) {
  const std::vector<std::size_t> bucket = buckets_of(log);
  std::vector<double> score(log.size(), 0.0);
  for (std::size_t i = 0; i < log.size(); ++i) {
    for (std::size_t l = 0; l < log.slots; ++l) score[i] += alpha[l] * log.reward[i * log.slots + l];
    score[i] *= weight[i];
  }
  return estimate_of(bucket, std::move(score), {support_of_weights(bucket, weight)},
                     events_of(log, alpha, [&](std::size_t i, std::size_t) { return weight[i]; }));
}

// n x m: weights of the beginnings down to and including each slot.
Matrix beginning_weights(const RankingLog& log, std::span<const double> pi) {
  Matrix weight(log.size(), log.slots);
  for (std::size_t i = 0; i < log.size(); ++i) {
    double w = 1;
    for (std::size_t l = 0; l < log.slots; ++l) {
      w *= pi[i * log.slots + l] / log.logged.conditional[i * log.slots + l];
      weight(i, l) = w;
    }
  }
  return weight;
}

}  // namespace

std::optional<Interval> RankingEstimate::interval(double level) const {
  if (!(level > 0 && level < 1))
    refuse("ranking estimate", "level", fmt::format("{}", level), "a number in (0, 1)");
  if (!sufficient) return std::nullopt;
  return normal_interval(value, standard_error, normal_quantile((1 + level) / 2), level);
}

RankingEstimate ranking_ips(const RankingLog& log, const RankingProbabilities& pi,
                            std::span<const double> alpha) {
  constexpr const char* kWhere = "ranking_ips";
  check_ranking_log(log);
  const std::vector<double> slots = slot_weights(kWhere, log, alpha);
  check_columns(kWhere, "ranking probability", log.logged.ranking, pi.ranking, log.size());
  std::vector<double> weight(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) weight[i] = pi.ranking[i] / log.logged.ranking[i];
  return by_ranking(log, slots, weight);
}

RankingEstimate independent_ips(const RankingLog& log, const RankingProbabilities& pi,
                                std::span<const double> alpha) {
  constexpr const char* kWhere = "independent_ips";
  check_ranking_log(log);
  const std::vector<double> slots = slot_weights(kWhere, log, alpha);
  check_columns(kWhere, "position probability", log.logged.position, pi.position, log.shown.size());
  Matrix weight(log.size(), log.slots);
  for (std::size_t cell = 0; cell < weight.data.size(); ++cell)
    weight.data[cell] = pi.position[cell] / log.logged.position[cell];
  return by_slot(log, slots, weight);
}

RankingEstimate reward_interaction_ips(const RankingLog& log, const RankingProbabilities& pi,
                                       std::span<const double> alpha) {
  constexpr const char* kWhere = "reward_interaction_ips";
  check_ranking_log(log);
  const std::vector<double> slots = slot_weights(kWhere, log, alpha);
  check_columns(kWhere, "conditional probability", log.logged.conditional, pi.conditional, log.shown.size());
  return by_slot(log, slots, beginning_weights(log, pi.conditional));
}

RankingEstimate cascade_dr(const RankingLog& log, const SlotPolicy& target, const SlotModel& model,
                           std::span<const double> alpha) {
  constexpr const char* kWhere = "cascade_dr";
  check_ranking_log(log);
  const std::vector<double> slots = slot_weights(kWhere, log, alpha);
  check_same_offers(kWhere, target.offset(), log.offset);
  if (!model) refuse(kWhere, "model", "none", "a function");
  const std::vector<double> pi = ranking_probabilities(target, log).conditional;
  check_columns(kWhere, "conditional probability", log.logged.conditional, pi, log.shown.size());
  const Matrix weight = beginning_weights(log, pi);
  std::vector<double> score(log.size(), 0.0);
  std::vector<std::uint32_t> prefix;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto shown = std::span(log.shown).subspan(i * log.slots, log.slots);
    double above = 1;  // weight of what stands above the slot
    for (std::size_t l = 0; l < log.slots && above != 0; ++l) {
      const std::vector<double> next = next_probabilities(target, i, shown.first(l));
      prefix.assign(shown.begin(), shown.begin() + static_cast<std::ptrdiff_t>(l));
      const auto q = [&](std::size_t a) {
        prefix.resize(l);
        prefix.push_back(static_cast<std::uint32_t>(a));
        const double value = model(i, prefix);
        if (!std::isfinite(value))
          refuse(kWhere, ranking_place(i, l) + ": model", fmt::format("{}", value), "a finite number");
        return value;
      };
      double expected = 0;
      for (std::size_t a = 0; a < next.size(); ++a) {
        if (next[a] > 0) expected += next[a] * q(a);
      }
      score[i] += above * expected;
      above = weight(i, l);
      if (above != 0) score[i] += above * (slots[l] * log.reward[i * log.slots + l] - q(shown[l]));
    }
  }
  const std::vector<std::size_t> bucket = buckets_of(log);
  std::vector<Support> support;
  std::vector<double> column(log.size());
  for (std::size_t l = 0; l < log.slots; ++l) {
    for (std::size_t i = 0; i < log.size(); ++i) column[i] = weight(i, l);
    support.push_back(support_of_weights(bucket, column));
  }
  return estimate_of(bucket, std::move(score), std::move(support),
                     events_of(log, slots, [&](std::size_t i, std::size_t l) { return weight(i, l); }));
}

RankingEstimate pseudo_inverse(const RankingLog& log, const SlateWeights& weights,
                               std::span<const double> alpha) {
  constexpr const char* kWhere = "pseudo_inverse";
  check_ranking_log(log);
  const std::vector<double> slots = slot_weights(kWhere, log, alpha);
  check_length(kWhere, "weights", weights.weight.size(), log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!std::isfinite(weights.weight[i]))
      refuse(kWhere, ranking_place(i) + ": weight", fmt::format("{}", weights.weight[i]), "a finite number");
  }
  RankingEstimate out = by_ranking(log, slots, weights.weight);
  if (weights.unsupported > 0) {
    Support& support = out.support.front();
    support.sufficient = out.sufficient = false;
    support.reason = out.reason = fmt::format(
        "in {} of {} decisions the policy puts items to slots in a way that the logging policy never does",
        weights.unsupported, log.size());
  }
  return out;
}

RankingEstimate ranking_gain(const RankingLog& log, const RankingEstimate& a, const RankingEstimate& b) {
  constexpr const char* kWhere = "ranking_gain";
  check_ranking_log(log);
  check_length(kWhere, "scores of the first", a.score.size(), log.size());
  check_length(kWhere, "scores of the second", b.score.size(), log.size());
  std::vector<double> score(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) score[i] = a.score[i] - b.score[i];
  std::vector<Support> support = a.support;
  support.insert(support.end(), b.support.begin(), b.support.end());
  return estimate_of(buckets_of(log), std::move(score), std::move(support), std::min(a.events, b.events));
}

}  // namespace plumb
