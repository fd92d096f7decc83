#include "optimize/tilted_values.h"

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

constexpr std::size_t kBlock = 1024;

// The doubly robust term of one decision for probabilities p of its offered actions; nan where it does not
// count.
double term_of(const DecisionLog& log, const OutcomeModels& models,
               const std::vector<const OutcomeColumn*>& columns, std::size_t i, std::span<const float> p,
               double weight, const std::vector<std::pair<std::size_t, double>>& terms) {
  double sum = 0;
  const std::size_t first = log.offset[i];
  for (const auto& [j, share] : terms) {
    const OutcomeColumn& column = *columns[j];
    if (column.state[i] == State::kImmature) return std::nan("");
    const std::vector<float>& q = models.q[j];
    double direct = 0;
    for (std::size_t a = 0; a < p.size(); ++a) direct += static_cast<double>(p[a]) * q[first + a];
    if (column.state[i] == State::kObserved) {
      direct +=
          weight / (column.asked.empty() ? 1.0 : column.asked[i]) * (column.value[i] - q[log.chosen_row(i)]);
    }
    sum += share * direct;
  }
  return sum;
}

}  // namespace

TiltedValues::TiltedValues(const TrainingContext& context, std::vector<Quantity> quantities)
    : context_(context), quantities_(std::move(quantities)) {
  const DecisionLog& log = context.log;
  for (const std::string& name : context.models.outcome) columns_.push_back(&log.outcome(name));
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log.in_training(i)) decisions_.push_back(static_cast<std::uint32_t>(i));
  }
  reference_.assign(quantities_.size() * decisions_.size(), 0.0);
  parallel_blocks((decisions_.size() + kBlock - 1) / kBlock, context.threads, [&](std::size_t block) {
    std::vector<float> p;
    for (std::size_t d = block * kBlock; d < std::min(decisions_.size(), (block + 1) * kBlock); ++d) {
      const std::size_t i = decisions_[d], first = log.offset[i];
      p.assign(context.base.begin() + static_cast<std::ptrdiff_t>(first),
               context.base.begin() + static_cast<std::ptrdiff_t>(first + log.offered(i)));
      double weight = 1;
      const bool as_logged = context.reference_policy.is_logging() && context.logging.is_estimate();
      if (!context.reference_policy.is_logging()) {
        context.reference_policy.probabilities(log, i, i + 1, p);
        weight = p[log.chosen[i]] / log.propensity[i];
      }
      if (as_logged) {  // what it did is what it chose: see evaluate/pass.cc
        std::fill(p.begin(), p.end(), 0.0f);
        p[log.chosen[i]] = 1;
      }
      for (std::size_t q = 0; q < quantities_.size(); ++q) {
        if (!quantities_[q].difference) continue;
        reference_[q * decisions_.size() + d] =
            term_of(log, context.models, columns_, i, p, weight, quantities_[q].terms);
      }
    }
  });
}

std::vector<QuantityValue> TiltedValues::evaluate(std::span<const float> score, double* kl) const {
  const DecisionLog& log = context_.log;
  const std::size_t count = quantities_.size(), blocks = (decisions_.size() + kBlock - 1) / kBlock;
  struct Sums {
    // Sums over decisions of r, r t and (r t)^2; where rows have weights also of r^2 and r^2 t.
    std::vector<double> n, sum, square, weight_square, mixed;
    double kl = 0, decisions = 0;
  };
  std::vector<Sums> partial(blocks);
  parallel_blocks(blocks, context_.threads, [&](std::size_t block) {
    Sums& sums = partial[block];
    sums.n.assign(count, 0);
    sums.sum.assign(count, 0);
    sums.square.assign(count, 0);
    sums.weight_square.assign(count, 0);
    sums.mixed.assign(count, 0);
    std::vector<float> p;
    for (std::size_t d = block * kBlock; d < std::min(decisions_.size(), (block + 1) * kBlock); ++d) {
      const std::size_t i = decisions_[d], first = log.offset[i], k = log.offered(i);
      const double r = log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]);
      p.resize(k);
      tilt(context_.base.subspan(first, k), score.subspan(first, k), p);
      for (std::size_t a = 0; a < k; ++a) {
        if (p[a] > 0) sums.kl += r * (p[a] * std::log(p[a] / context_.base[first + a]));
      }
      sums.decisions += r;
      const double weight = p[log.chosen[i]] / log.propensity[i];
      for (std::size_t q = 0; q < count; ++q) {
        if (quantities_[q].mask && !(*quantities_[q].mask)[i]) continue;
        const double term = term_of(log, context_.models, columns_, i, p, weight, quantities_[q].terms) -
                            reference_[q * decisions_.size() + d];
        if (std::isnan(term)) continue;
        sums.n[q] += r;
        sums.sum[q] += r * term;
        sums.square[q] += r * term * (r * term);
        sums.weight_square[q] += r * r;
        sums.mixed[q] += r * r * term;
      }
    }
  });
  std::vector<QuantityValue> out(count);
  std::vector<double> n(count, 0), sum(count, 0), square(count, 0), weight_square(count, 0), mixed(count, 0);
  double total_kl = 0, decisions = 0;
  for (const Sums& sums : partial) {
    total_kl += sums.kl;
    decisions += sums.decisions;
    for (std::size_t q = 0; q < count; ++q) {
      n[q] += sums.n[q];
      sum[q] += sums.sum[q];
      square[q] += sums.square[q];
      weight_square[q] += sums.weight_square[q];
      mixed[q] += sums.mixed[q];
    }
  }
  for (std::size_t q = 0; q < count; ++q) {
    if (n[q] < 2) {
      out[q].standard_error = INFINITY;
      continue;
    }
    const double mean = sum[q] / n[q];
    out[q].value = mean;
    // Sum of (r (t - mean))^2 over (sum r)^2.
    const double spread = log.weight.empty()
                              ? square[q] / n[q] - mean * mean
                              : (square[q] - 2 * mean * mixed[q] + mean * mean * weight_square[q]) / n[q];
    out[q].standard_error = std::sqrt(std::max(0.0, spread) / n[q]);
  }
  if (kl) *kl = total_kl / decisions;
  return out;
}

}  // namespace plumb
