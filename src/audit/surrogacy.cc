// Does the proxy carry the effect: what two arms differ by beyond what proxy and context tell.
#include <algorithm>
#include <cmath>

#include "audit/association.h"
#include "audit/carried.h"
#include "audit/claims.h"
#include "plumb/audit.h"

namespace plumb {
namespace {

constexpr std::size_t kLeastRows = 200;

// How many decisions a row stands for over the probability that everything it needs was asked; outcomes that
// were asked together (the same rates) count once.
std::vector<double> row_weights(const DecisionLog& log, const Goal& goal, const std::string& proxy) {
  std::vector<double> out(log.size(), 1.0);
  std::copy(log.weight.begin(), log.weight.end(), out.begin());
  std::vector<const OutcomeColumn*> counted;
  const auto add = [&](const std::string& name) {
    const OutcomeColumn& column = log.outcome(name);
    if (column.asked.empty()) return;
    for (const auto* other : counted) {
      if (other->asked == column.asked) return;
    }
    counted.push_back(&column);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] /= column.asked[i];
  };
  for (const Term& term : goal.maximize) add(term.outcome);
  add(proxy);
  return out;
}

// What is compared: importance weights of every arm, by decision.
struct Arms {
  std::vector<std::string> name;
  std::vector<std::vector<double>> weight;
};

// The goal of every decision, and where it and the proxy are observed.
struct Seen {
  std::vector<double> goal;
  std::vector<std::uint8_t> use;
  std::uint64_t rows = 0, of_rows = 0;
};

Seen seen_of(const DecisionLog& log, const Goal& goal, const std::string& proxy,
             const std::vector<std::uint8_t>& rows) {
  Seen out{std::vector<double>(log.size(), 0.0), rows, 0, 0};
  const OutcomeColumn& column = log.outcome(proxy);
  for (std::size_t i = 0; i < log.size(); ++i) {
    out.of_rows += rows[i] != 0;
    out.use[i] &= column.state[i] == State::kObserved;
    for (const Term& term : goal.maximize) {
      const OutcomeColumn& wanted = log.outcome(term.outcome);
      out.use[i] &= wanted.state[i] == State::kObserved;
      out.goal[i] += term.weight * wanted.value[i];
    }
    out.rows += out.use[i] != 0;
  }
  return out;
}

std::string untestable(const Goal& goal, const std::string& proxy) {
  if (involves_preference(goal, proxy))
    return "a preference is a model's score: whether the proxy carries it is for the curve to show";
  if (involves_learnt(goal, proxy))
    return "the goal or the proxy is a model's value: whether the proxy carries it is for the curve to show";
  return "";
}

Surrogacy test(const DecisionLog& log, const Goal& goal, const std::string& proxy, const OutcomeModels& models,
               const Arms& arms, const Seen& seen, const std::vector<double>& weight, bool better_first,
               int threads) {
  Surrogacy out;
  out.rows = seen.rows;
  out.of_rows = seen.of_rows;
  const std::size_t m = arms.weight.size();
  const Carried left =
      carried(log, log.outcome(proxy), models.map, seen.goal, arms.weight, weight, seen.use, threads);
  // By arm the goal and what is left, over the arm's weights.
  Moments moments;
  std::vector<std::size_t> goal_sums, arm_sums, left_sums;
  for (std::size_t k = 0; k < m; ++k) {
    goal_sums.push_back(moments.add_sums());
    arm_sums.push_back(moments.add_sums());
    left_sums.push_back(moments.add_sums());
  }
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!seen.use[i]) continue;
    const std::size_t b = bucket_of(log.unit[i]);
    for (std::size_t k = 0; k < m; ++k) {
      const double w = weight[i] * arms.weight[k][i];
      moments.sums(arm_sums[k])[b] += w;
      moments.sums(goal_sums[k])[b] += w * seen.goal[i];
      moments.sums(left_sums[k])[b] += weight[i] * left.left[i * m + k];
    }
  }
  std::vector<Contrast> levels, direct, index, bias;
  for (std::size_t k = 0; k < m; ++k) {
    levels.push_back({arms.name[k], {{moments.add_column(goal_sums[k], arm_sums[k]), 1.0}}});
    levels.push_back({arms.name[k], {{moments.add_column(left_sums[k], arm_sums[k]), 1.0}}});
  }
  for (std::size_t a = 0; a < m; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      direct.push_back({"direct", {{2 * a, 1.0}, {2 * b, -1.0}}});
      bias.push_back({"bias", {{2 * a + 1, 1.0}, {2 * b + 1, -1.0}}});
      index.push_back({"index", {{2 * a, 1.0}, {2 * b, -1.0}, {2 * a + 1, -1.0}, {2 * b + 1, 1.0}}});
    }
  }
  const Estimates e = estimate(moments, levels);
  const Estimates of_bias = combine(e, bias), of_direct = combine(e, direct), of_index = combine(e, index);
  // Nothing of the split may move the answer: the signs are always the same.
  const MaxT family = max_t_distribution(e, bias, Rng(1).stream("surrogacy:" + proxy), threads);
  const double critical = family.critical(1 - goal.confidence), usable = goal.minimum_effect;
  out.pairs = bias.size();
  bool all_inside = true, outside = false;
  double furthest = -INFINITY, clearest = -INFINITY;
  std::size_t shown = 0, refuting = 0, pair = 0, high = 0, low = 0;
  // A bias of the last digits of the effect is none: the proxy is the goal in another unit.
  const auto is_nothing = [&](std::size_t k) {
    constexpr double kRounding = 1e-6;
    const double size = std::abs(of_direct.value[k]) + of_direct.standard_error[k];
    return std::abs(of_bias.value[k]) + of_bias.standard_error[k] <= kRounding * size;
  };
  for (std::size_t k = 0; k < bias.size(); ++k) {
    const bool none = is_nothing(k);
    const double value = none ? 0 : std::abs(of_bias.value[k]), se = none ? 0 : of_bias.standard_error[k];
    if (!std::isfinite(value) || !(se > 0 || none)) continue;
    out.known = true;
    all_inside &= none || value + critical * se < usable;
    if (value - critical * se > usable && (value - usable) / se > clearest) {
      outside = true;
      clearest = (value - usable) / se;
      refuting = k;
    }
    if (value + critical * se > furthest) {
      furthest = value + critical * se;
      shown = k;
    }
  }
  if (!out.known) {
    out.why_not = "the two policies do not differ on the rows of the test";
    return out;
  }
  if (outside) shown = refuting;
  for (std::size_t a = 0; a < m; ++a) {
    for (std::size_t b = 0; b < a; ++b, ++pair) {
      if (pair != shown) continue;
      high = a;
      low = b;
    }
  }
  const double sign = better_first && of_direct.value[shown] < 0 ? -1 : 1;
  if (sign < 0) std::swap(high, low);
  out.contrast = arms.name[high] + " against " + arms.name[low];
  const auto measured = [&](const Estimates& from) {
    return make_measured(sign * from.value[shown], from.standard_error[shown], critical, goal.confidence);
  };
  out.direct = measured(of_direct);
  out.index = measured(of_index);
  out.bias = measured(of_bias);
  if (is_nothing(shown)) {
    out.bias = make_measured(0, 0, critical, goal.confidence);
    out.p = 1;
  } else {
    out.z = out.bias.value / out.bias.standard_error;
    out.p = family.p_value(out.z);
  }
  if (outside) out.verdict = Verdict::kRefuse;
  if (all_inside) out.verdict = Verdict::kPass;
  return out;
}

Surrogacy not_tested(std::string why_not) {
  Surrogacy out;
  out.why_not = std::move(why_not);
  return out;
}

}  // namespace

Surrogacy surrogacy_test(const DecisionLog& log, const Goal& goal, const std::string& proxy,
                         const OutcomeModels& models, std::span<const double> w_high,
                         std::span<const double> w_low, const std::vector<std::uint8_t>& rows, int threads) {
  if (const std::string why_not = untestable(goal, proxy); !why_not.empty()) return not_tested(why_not);
  const Seen seen = seen_of(log, goal, proxy, rows);
  if (seen.rows < kLeastRows)
    return not_tested("fewer than " + std::to_string(kLeastRows) +
                      " decisions have both proxy and goal observed");
  const Arms arms{{"low", "high"}, {{w_low.begin(), w_low.end()}, {w_high.begin(), w_high.end()}}};
  return test(log, goal, proxy, models, arms, seen, row_weights(log, goal, proxy), false, threads);
}

Surrogacy surrogacy_of_actions(const DecisionLog& log, const Goal& goal, const std::string& proxy,
                               const OutcomeModels& models, int threads) {
  PLUMB_ASSERT(log.fixed_actions);
  if (const std::string why_not = untestable(goal, proxy); !why_not.empty()) return not_tested(why_not);
  const Seen seen = seen_of(log, goal, proxy, std::vector<std::uint8_t>(log.size(), 1));
  if (seen.rows < kLeastRows)
    return not_tested("fewer than " + std::to_string(kLeastRows) +
                      " decisions have both proxy and goal observed");
  const std::vector<double> weight = row_weights(log, goal, proxy);
  Arms arms;
  for (std::size_t a = 0; a < log.actions.size(); ++a) {
    std::vector<double> w(log.size(), 0.0);
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (!seen.use[i] || log.chosen_action(i) != a) continue;
      w[i] = 1 / log.propensity[i];
      const double counted = weight[i] * w[i];
      sum += counted;
      squares += counted * counted;
    }
    if (!(squares > 0) || sum * sum / squares < kLeastEss) continue;
    arms.name.push_back(log.actions[a]);
    arms.weight.push_back(std::move(w));
  }
  if (arms.name.size() < 2)
    return not_tested("fewer than two actions have " + std::to_string(static_cast<int>(kLeastEss)) +
                      " effective decisions in which both proxy and goal are observed");
  return test(log, goal, proxy, models, arms, seen, weight, true, threads);
}

}  // namespace plumb
