#include "optimize/constraints.h"

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

constexpr int kDoublings = 7, kBisections = 5, kSweeps = 2;

// Typical size of a score: root mean square over the rows of the training half of the difference from its mean.
double spread(const DecisionLog& log, std::span<const float> score) {
  double n = 0, sum = 0, square = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!log.in_training(i)) continue;
    for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
      n += 1;
      sum += score[row];
      square += static_cast<double>(score[row]) * score[row];
    }
  }
  return std::sqrt(std::max(0.0, square / n - sum / n * sum / n));
}

}  // namespace

ConstrainedTilt::ConstrainedTilt(const TrainingContext& context) : context_(context) {
  const DecisionLog& log = context.log;
  std::vector<Quantity> quantities;
  quantities.push_back({goal_terms(context.goal, context.models), true, nullptr});
  std::vector<std::pair<std::size_t, std::size_t>> masked;  // quantity, mask
  for (const ConstraintSpec& constraint : context.goal.constraints) {
    Limit limit;
    limit.outcome = context.models.index(constraint.outcome);
    limit.margin = constraint.margin;
    if (constraint.at_most) {
      limit.bound = *constraint.at_most;
    } else if (constraint.at_least) {
      limit.harm_sign = -1;
      limit.bound = -*constraint.at_least;
    } else {
      limit.harm_sign = constraint.higher_is_better ? -1 : 1;
    }
    const bool difference = constraint.no_worse_than_reference;
    const Quantity whole{{{limit.outcome, limit.harm_sign}}, difference, nullptr};
    if (constraint.segment.empty()) {
      limit.quantities.push_back(quantities.size());
      quantities.push_back(whole);
    } else {
      const FeatureColumn* segment = log.segment(constraint.segment);
      PLUMB_ASSERT(segment != nullptr);
      for (std::size_t level = 0; level < segment->levels.size(); ++level) {
        std::vector<std::uint8_t> mask(log.size());
        for (std::size_t i = 0; i < log.size(); ++i) mask[i] = segment->code[i] == level;
        limit.quantities.push_back(quantities.size());
        masked.emplace_back(quantities.size(), masks_.size());
        masks_.push_back(std::move(mask));
        quantities.push_back(whole);
      }
    }
    limits_.push_back(std::move(limit));
  }
  for (const auto& [quantity, mask] : masked) quantities[quantity].mask = &masks_[mask];
  values_.emplace_back(context, std::move(quantities));
}

ConstrainedTilt::Reading ConstrainedTilt::read(const Signal& signal, double beta,
                                               const std::vector<double>& lambda, bool with_slack) const {
  const DecisionLog& log = context_.log;
  std::vector<float> score(log.action.size(), 0.0f);
  constexpr std::size_t kRows = 1 << 16;
  parallel_blocks((score.size() + kRows - 1) / kRows, context_.threads, [&](std::size_t block) {
    const std::size_t begin = block * kRows, end = std::min(score.size(), begin + kRows);
    for (std::size_t row = begin; row < end; ++row) score[row] = static_cast<float>(beta) * signal.score[row];
    for (std::size_t c = 0; c < limits_.size(); ++c) {
      if (lambda[c] == 0) continue;
      const auto factor = static_cast<float>(beta * lambda[c] * limits_[c].harm_sign);
      const std::vector<float>& direction = context_.models.direction[limits_[c].outcome];
      for (std::size_t row = begin; row < end; ++row) score[row] -= factor * direction[row];
    }
  });
  Reading out;
  const auto values = values_[0].evaluate(score, &out.kl);
  out.gain = values[0].value;
  out.standard_error = values[0].standard_error;
  for (const Limit& limit : limits_) {
    double worst = -INFINITY;
    for (const std::size_t q : limit.quantities) {
      // The margin is room for proof, not an allowance to be spent: training aims at the limit itself, and
      // below it where the margin is smaller than the slack that certification will need.
      const double slack = with_slack ? kPlannedCritical * values[q].standard_error : 0;
      const double target = limit.bound + std::min(0.0, limit.margin - slack);
      worst = std::max(worst, values[q].value - target);
    }
    out.violation.push_back(worst);
  }
  return out;
}

bool ConstrainedTilt::bring_inside(const Signal& signal, double beta, bool with_slack,
                                   std::vector<double>& lambda) const {
  const double goal_spread = spread(context_.log, signal.score);
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    bool all_met = true;
    for (std::size_t c = 0; c < limits_.size(); ++c) {
      const auto met = [&](double value) {
        const double before = lambda[c];
        lambda[c] = value;
        const bool inside = read(signal, beta, lambda, with_slack).violation[c] <= 0;
        if (!inside) lambda[c] = before;
        return inside;
      };
      if (met(lambda[c])) continue;
      all_met = false;
      const double unit = spread(context_.log, context_.models.direction[limits_[c].outcome]);
      if (!(unit > 0)) return false;  // no action is modelled to change this outcome
      double low = lambda[c], high = std::max(2 * low, 0.1 * goal_spread / unit);
      int tries = 0;
      while (!met(high)) {
        if (++tries == kDoublings) return false;
        low = high;
        high *= 2;
      }
      for (int k = 0; k < kBisections; ++k) {
        const double middle = 0.5 * (low + high);
        lambda[c] = high;
        if (met(middle)) {
          high = middle;
        } else {
          low = middle;
        }
      }
      lambda[c] = high;
    }
    if (all_met) return true;
  }
  const Reading reading = read(signal, beta, lambda, with_slack);
  return std::all_of(reading.violation.begin(), reading.violation.end(), [](double v) { return v <= 0; });
}

ConstrainedTilt::Solution ConstrainedTilt::solve(const Signal& signal, double beta,
                                                 bool with_multipliers) const {
  Solution out;
  out.lambda.assign(limits_.size(), 0.0);
  if (with_multipliers && !limits_.empty() && !bring_inside(signal, beta, true, out.lambda)) {
    // Not with this much data: aim at the limits themselves, and where that cannot be had either, leave it.
    out.lambda.assign(limits_.size(), 0.0);
    if (!bring_inside(signal, beta, false, out.lambda)) out.lambda.assign(limits_.size(), 0.0);
  }
  const Reading reading = read(signal, beta, out.lambda, false);
  out.gain = reading.gain;
  out.standard_error = reading.standard_error;
  out.kl = reading.kl;
  for (std::size_t c = 0; c < limits_.size(); ++c) {
    out.multipliers.push_back(
        {context_.goal.constraints[c].id(), out.lambda[c], -reading.violation[c], reading.violation[c] <= 0});
  }
  return out;
}

std::vector<double> ConstrainedTilt::coefficients(const Signal& signal, double beta,
                                                  const std::vector<double>& lambda) const {
  std::vector<double> theta = signal.linear[kTrainingFolds];
  for (std::size_t c = 0; c < limits_.size(); ++c) {
    const std::vector<double>& harm = context_.models.linear[limits_[c].outcome][kTrainingFolds];
    for (std::size_t k = 0; k < theta.size(); ++k) theta[k] -= lambda[c] * limits_[c].harm_sign * harm[k];
  }
  for (double& t : theta) t *= beta;
  return theta;
}

}  // namespace plumb
