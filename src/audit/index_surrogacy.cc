// The surrogacy of an index that is an outcome: what it misses of the effect on the late outcome, by arm.
#include "audit/index_surrogacy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "audit/claims.h"
#include "plumb/ties.h"

namespace plumb {
namespace {

// Importance weights of two policies for every decision.
struct Arms {
  std::string contrast;
  std::vector<double> high, low;
  std::optional<std::pair<std::size_t, std::size_t>> actions;  // high and low, where they are
};

std::vector<double> weights_of_action(const DecisionLog& log, std::size_t action) {
  std::vector<double> out(log.size(), 0.0);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log.chosen_action(i) == action) out[i] = 1 / log.propensity[i];
  }
  return out;
}

// The logging policy tilted towards the index by one standard deviation of its linear model.
std::vector<double> tilted_weights(const DecisionLog& log, std::span<const float> score,
                                   std::span<const float> base) {
  double sum = 0, squares = 0;
  for (const float s : score) {
    sum += static_cast<double>(s);
    squares += static_cast<double>(s) * static_cast<double>(s);
  }
  const double n = static_cast<double>(score.size()),
               deviation = std::sqrt(std::max(0.0, squares / n - sum * sum / n / n));
  std::vector<double> out(log.size(), 1.0);
  if (!(deviation > 0)) return out;
  std::vector<float> scaled, p;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const std::size_t first = log.offset[i], k = log.offered(i);
    scaled.resize(k);
    p.resize(k);
    for (std::size_t a = 0; a < k; ++a)
      scaled[a] = static_cast<float>(static_cast<double>(score[first + a]) / deviation);
    tilt(base.subspan(first, k), scaled, p);
    out[i] = static_cast<double>(p[log.chosen[i]]) / log.propensity[i];
  }
  return out;
}

std::vector<Arms> arms_of(const DecisionLog& log, const OutcomeModels& models, const LearntOutcome& learnt,
                          std::span<const float> base) {
  std::vector<Arms> out;
  if (!log.fixed_actions || log.actions.size() > kMostIds) {
    out.push_back({"the logging policy tilted towards the index against itself",
                   tilted_weights(log, models.direction[models.index(learnt.name)], base),
                   std::vector<double>(log.size(), 1.0),
                   {}});
    return out;
  }
  std::size_t best = 0;
  double highest = -INFINITY;
  for (std::size_t a = 0; a < log.actions.size(); ++a) {
    double sum = 0, total = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (log.chosen_action(i) != a || learnt.column.state[i] != State::kObserved) continue;
      sum += (learnt.column.value[i] - learnt.missed[i]) / log.propensity[i];
      total += 1 / log.propensity[i];
    }
    if (!(total > 0) || !exceeds(sum / total, highest)) continue;
    highest = sum / total;
    best = a;
  }
  for (std::size_t a = 0; a < log.actions.size(); ++a) {
    if (a == best) continue;
    out.push_back({log.actions[best] + " against " + log.actions[a], weights_of_action(log, best),
                   weights_of_action(log, a), std::pair(best, a)});
  }
  return out;
}

// Fewer decisions of an arm carry no number.
bool enough(const std::vector<double>& weight, const std::vector<std::uint8_t>& rows) {
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < weight.size(); ++i) {
    if (!rows[i]) continue;
    sum += weight[i];
    squares += weight[i] * weight[i];
  }
  return squares > 0 && sum * sum / squares >= kLeastEss;
}

Surrogacy test(const DecisionLog& log, const LearntOutcome& learnt, const OutcomeColumn& late, const Arms& arms,
               const std::vector<std::uint8_t>& rows, double critical, double level, double usable,
               int threads) {
  Surrogacy out;
  out.contrast = arms.contrast;
  if (!enough(arms.high, rows) || !enough(arms.low, rows)) {
    out.why_not =
        fmt::format("fewer than {:.0f} effective decisions of an arm have {} seen", kLeastEss, learnt.of);
    return out;
  }
  Moments moments;
  std::vector<std::size_t> direct, index, bias;  // columns, high then low
  for (const std::vector<double>* arm : {&arms.high, &arms.low}) {
    const std::size_t down = moments.add_sums(), y = moments.add_sums(), h = moments.add_sums(),
                      missed = moments.add_sums();
    std::vector<double> weight(log.size(), 0.0);
    const bool together = !late.asked.empty() && late.asked == learnt.column.asked;  // asked once
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (!rows[i]) continue;
      const std::size_t b = bucket_of(log.unit[i]);
      const double late_asked = late.asked.empty() ? 1.0 : late.asked[i],
                   early_asked = learnt.column.asked.empty() ? 1.0 : learnt.column.asked[i];
      const double share = (*arm)[i] / late_asked / (together ? 1.0 : early_asked);
      weight[i] = share * early_asked;  // learnt_error divides by the column's own rate
      moments.sums(down)[b] += share;
      moments.sums(y)[b] += share * late.value[i];
      const double foretold = learnt.column.value[i] - learnt.missed[i];
      moments.sums(h)[b] += share * foretold;
      moments.sums(missed)[b] += share * (late.value[i] - foretold);
    }
    const std::vector<double> error = learnt_error(learnt, weight, rows, threads, LearntPart::kForetold);
    for (std::size_t b = 0; b < kBuckets; ++b) {
      moments.sums(h)[b] += error[b];
      moments.sums(missed)[b] -= error[b];
    }
    direct.push_back(moments.add_column(y, down));
    index.push_back(moments.add_column(h, down));
    bias.push_back(moments.add_column(missed, down));
  }
  std::vector<Contrast> contrasts;
  for (const auto* columns : {&direct, &index, &bias})
    contrasts.push_back({"effect", {{(*columns)[0], 1.0}, {(*columns)[1], -1.0}}});
  const Estimates e = estimate(moments, contrasts);
  const auto measured = [&](std::size_t k) {
    return make_measured(e.value[k], e.standard_error[k], critical, level);
  };
  out.direct = measured(0);
  out.index = measured(1);
  out.bias = measured(2);
  out.known = out.bias.known && out.bias.standard_error > 0;
  if (!out.known) {
    out.why_not = "the two policies do not differ on the rows of the test";
    return out;
  }
  out.z = out.bias.value / out.bias.standard_error;
  out.p = 2 * normal_cdf(-std::abs(out.z));
  const Interval& i = out.bias.interval;
  if (i.lower > -usable && i.upper < usable) out.verdict = Verdict::kPass;
  if (i.lower > usable || i.upper < -usable) out.verdict = Verdict::kRefuse;
  return out;
}

// On all decisions with all surrogates, whether the late outcome is seen or not.
IndexParts parts_of(const DecisionLog& log, const LearntOutcome& learnt, const Arms& arms, double critical,
                    double level, int threads) {
  IndexParts out;
  std::vector<std::uint8_t> rows(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) rows[i] = learnt.column.state[i] == State::kObserved;
  if (!enough(arms.high, rows) || !enough(arms.low, rows)) return out;
  const bool more = !learnt.further.empty() && arms.actions;
  Moments moments;
  std::array<std::vector<std::size_t>, 4> columns;  // gain, foretold, missed, going on; high then low
  for (const std::vector<double>* arm : {&arms.high, &arms.low}) {
    const std::size_t down = moments.add_sums();
    std::array<std::size_t, 4> sums{};
    for (std::size_t& one : sums) one = moments.add_sums();
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (!rows[i]) continue;
      const std::size_t b = bucket_of(log.unit[i]);
      const double share = (*arm)[i] / (learnt.column.asked.empty() ? 1.0 : learnt.column.asked[i]);
      moments.sums(down)[b] += share;
      moments.sums(sums[0])[b] += share * learnt.column.value[i];
      moments.sums(sums[1])[b] += share * (learnt.column.value[i] - learnt.missed[i]);
      moments.sums(sums[2])[b] += share * learnt.missed[i];
    }
    const std::vector<double> whole = learnt_error(learnt, *arm, rows, threads),
                              foretold = learnt_error(learnt, *arm, rows, threads, LearntPart::kForetold);
    for (std::size_t b = 0; b < kBuckets; ++b) {
      moments.sums(sums[0])[b] += whole[b];
      moments.sums(sums[1])[b] += foretold[b];
      moments.sums(sums[2])[b] += whole[b] - foretold[b];
      moments.sums(sums[3])[b] = moments.sums(sums[0])[b];
      if (!more) continue;
      const std::size_t action = arm == &arms.high ? arms.actions->first : arms.actions->second;
      moments.sums(sums[3])[b] += learnt.further[action][b];
    }
    for (std::size_t k = 0; k < sums.size(); ++k) columns[k].push_back(moments.add_column(sums[k], down));
  }
  std::vector<Contrast> contrasts;
  for (const std::vector<std::size_t>& one : columns)
    contrasts.push_back({"effect", {{one[0], 1.0}, {one[1], -1.0}}});
  const Estimates e = estimate(moments, contrasts);
  const auto measured = [&](std::size_t k) {
    return make_measured(e.value[k], e.standard_error[k], critical, level);
  };
  out.gain = measured(0);
  out.foretold = measured(1);
  out.missed = measured(2);
  if (more) out.going_on = measured(3);
  return out;
}

}  // namespace

bool IndexParts::turns() const {
  return going_on.known && std::abs(gain.value) > gain.standard_error && going_on.interval.lower <= 0 &&
         going_on.interval.upper >= 0;
}

IndexSurrogacy index_surrogacy(const DecisionLog& log, const Goal& goal, const OutcomeModels& models,
                               const LearntOutcome& learnt, std::span<const float> base, int threads) {
  PLUMB_ASSERT(learnt.model == "surrogate_index");
  const OutcomeColumn& late = log.outcome(learnt.of);
  IndexSurrogacy out;
  out.index = learnt.name;
  double weight = 1;
  for (const Term& term : goal.maximize) {
    if (term.outcome == learnt.name && term.weight != 0) weight = std::abs(term.weight);
  }
  out.usable = goal.minimum_effect / weight;
  std::vector<std::uint8_t> rows(log.size());
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    rows[i] = late.state[i] == State::kObserved && learnt.column.state[i] == State::kObserved;
    seen += rows[i];
  }
  const std::vector<Arms> arms = arms_of(log, models, learnt, base);
  if (arms.empty()) return out;
  const double critical = normal_quantile(1 - (1 - goal.confidence) / (2 * static_cast<double>(arms.size())));
  std::vector<Verdict> verdicts;
  for (const Arms& one : arms) {
    out.tests.push_back(test(log, learnt, late, one, rows, critical, goal.confidence, out.usable, threads));
    out.tests.back().pairs = arms.size();
    out.tests.back().rows = seen;
    out.tests.back().of_rows = log.size();
    verdicts.push_back(out.tests.back().verdict);
    out.parts.push_back(parts_of(log, learnt, one, critical, goal.confidence, threads));
  }
  out.verdict = combine(verdicts);
  return out;
}

}  // namespace plumb
