#include <algorithm>
#include <cmath>

#include "audit/association.h"
#include "plumb/audit.h"
#include "pressure/surrogate_design.h"

namespace plumb {
namespace {

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

Measured measured(const Estimates& e, std::size_t k, double level) {
  Measured out;
  out.known = std::isfinite(e.value[k]) && e.standard_error[k] > 0;
  if (!out.known) return out;
  out.value = e.value[k];
  out.standard_error = e.standard_error[k];
  out.interval = normal_interval(out.value, out.standard_error, normal_quantile(0.5 + level / 2), level);
  return out;
}

}  // namespace

Surrogacy surrogacy_test(const DecisionLog& log, const Goal& goal, const std::string& proxy,
                         const OutcomeModels& models, std::span<const double> w_high,
                         std::span<const double> w_low, const std::vector<std::uint8_t>& rows, int threads) {
  Surrogacy out;
  if (involves_preference(goal, proxy)) {
    out.why_not = "a preference is a model's score: whether the proxy carries it is for the curve to show";
    return out;
  }
  if (involves_learnt(goal, proxy)) {
    out.why_not =
        "the goal or the proxy is a model's value: whether the proxy carries it is for the curve to show";
    return out;
  }
  const SurrogateDesign design(log, goal, {proxy}, models, threads);
  if (design.training_count() < 100) {
    out.why_not = "fewer than 100 decisions have both proxy and goal observed";
    return out;
  }
  const std::vector<double>& y = design.goal_value();
  const std::vector<double> h = design.unseen(design.fit(y));
  std::vector<double> treatment(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) treatment[i] = w_high[i] - w_low[i];
  const std::vector<double> expected = design.unseen(design.fit(treatment));
  const std::vector<double> weight = row_weights(log, goal, proxy);

  // Ratios by arm: goal, index and residual, weighted by each policy's importance weights.
  Moments moments;
  const std::size_t high = moments.add_sums(), low = moments.add_sums();
  std::vector<std::size_t> sums;
  for (int k = 0; k < 6; ++k) sums.push_back(moments.add_sums());
  std::vector<double> score(kBuckets, 0.0);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!rows[i] || !design.use()[i]) continue;
    const std::size_t b = bucket_of(log.unit[i]);
    const double up = w_high[i] * weight[i], down = w_low[i] * weight[i];
    moments.sums(high)[b] += up;
    moments.sums(low)[b] += down;
    const double value[3] = {y[i], h[i], y[i] - h[i]};
    for (std::size_t k = 0; k < 3; ++k) {
      moments.sums(sums[2 * k])[b] += up * value[k];
      moments.sums(sums[2 * k + 1])[b] += down * value[k];
    }
    score[b] += weight[i] * (y[i] - h[i]) * (treatment[i] - expected[i]);
  }
  std::vector<Contrast> contrasts;
  for (std::size_t k = 0; k < 3; ++k) {
    const std::size_t a = moments.add_column(sums[2 * k], high), b = moments.add_column(sums[2 * k + 1], low);
    contrasts.push_back({"effect", {{a, 1.0}, {b, -1.0}}});
  }
  const Estimates e = estimate(moments, contrasts);
  out.direct = measured(e, 0, goal.confidence);
  out.index = measured(e, 1, goal.confidence);
  out.bias = measured(e, 2, goal.confidence);
  double total = 0, squares = 0;
  for (const double s : score) {
    total += s;
    squares += s * s;
  }
  out.known = out.bias.known && squares > 0;
  if (!out.known) {
    out.why_not = "the two policies do not differ on the rows of the test";
    return out;
  }
  out.z = total / std::sqrt(squares);
  out.p = 2 * normal_cdf(-std::abs(out.z));
  const double usable = goal.minimum_effect;
  if (out.bias.interval.lower > -usable && out.bias.interval.upper < usable) {
    out.verdict = Verdict::kPass;
  } else if (out.bias.interval.lower > usable || out.bias.interval.upper < -usable) {
    out.verdict = Verdict::kRefuse;
  }
  return out;
}

}  // namespace plumb
