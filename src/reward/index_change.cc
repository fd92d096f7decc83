#include "reward/index_change.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "plumb/stats.h"

namespace plumb {
namespace {

// Chance finds a change this often, all tests together. Few enough that the wide intervals that follow cost
// little on average.
constexpr double kChangeLevel = 0.002;

double told(const IndexFit& fit, const float* row) {
  double out = 0;
  for (std::size_t k = 0; k < fit.coef.size(); ++k) out += fit.coef[k] * static_cast<double>(row[k]);
  return out;
}

double over_asked(const OutcomeColumn& index, std::size_t i) {
  return index.asked.empty() ? 1.0 : 1 / index.asked[i];
}

double left_of(std::span<const float> held, std::size_t i) {
  return held.empty() ? 1.0 : 1 - static_cast<double>(held[i]);
}

// Values less what the context explains of them, as doubly robust scores have it: by least squares.
void take_out_context(const IndexDesign& design, const std::vector<std::uint8_t>& use,
                      std::vector<double>& value) {
  const auto p = static_cast<Eigen::Index>(1 + design.context);
  const std::size_t width = design.width();
  const auto row = [&](std::size_t i) {
    return Eigen::Map<const Eigen::VectorXf>(design.x.data() + i * width, p).cast<double>();
  };
  Eigen::MatrixXd xtx = Eigen::MatrixXd::Zero(p, p);
  Eigen::VectorXd xty = Eigen::VectorXd::Zero(p), x(p);
  double n = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!use[i]) continue;
    x = row(i);
    xtx.selfadjointView<Eigen::Lower>().rankUpdate(x);
    xty += value[i] * x;
    n += 1;
  }
  xtx = Eigen::MatrixXd(xtx.selfadjointView<Eigen::Lower>());
  xtx.diagonal().array() += 1e-7 * (1 + n);  // levels of a category are collinear
  const Eigen::VectorXd coef = xtx.llt().solve(xty);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (use[i]) value[i] -= coef.dot(row(i));
  }
}

// Sum over folds of (plus - minus) times the load: of coefficients, and by bucket of their errors.
struct Moved {
  double value = 0;
  std::vector<double> error = std::vector<double>(kBuckets, 0.0);
};

Moved moved(const std::vector<double>& load, const std::vector<IndexFit>& plus,
            const std::vector<IndexFit>* minus) {
  Moved out;
  const std::size_t width = plus.front().coef.size();
  for (std::size_t f = 0; f < plus.size(); ++f) {
    const double* by = load.data() + f * width;
    for (std::size_t k = 0; k < width; ++k)
      out.value += by[k] * (plus[f].coef[k] - (minus == nullptr ? 0 : (*minus)[f].coef[k]));
    for (std::size_t b = 0; b < kBuckets; ++b) {
      const std::span<const double> more = plus[f].influence.row(b);
      double sum = 0;
      if (minus == nullptr) {
        for (std::size_t k = 0; k < width; ++k) sum += by[k] * more[k];
      } else {
        const std::span<const double> less = (*minus)[f].influence.row(b);
        for (std::size_t k = 0; k < width; ++k) sum += by[k] * (more[k] - less[k]);
      }
      out.error[b] += sum;
    }
  }
  return out;
}

double sum_of(const std::vector<double>& v) {
  double out = 0;
  for (const double x : v) out += x;
  return out;
}

double norm(const std::vector<double>& v) {
  double squares = 0;
  for (const double x : v) squares += x * x;
  return std::sqrt(squares);
}

}  // namespace

IndexEffects index_effects(const DecisionLog& log, const IndexDesign& design, const OutcomeColumn& index,
                           const OutcomeColumn& late, const std::vector<IndexFit>& stable,
                           std::span<const float> held, std::vector<std::uint8_t> use) {
  const std::size_t n = log.size(), width = design.width();
  IndexEffects out;
  out.by_action = log.fixed_actions && log.actions.size() <= kMostIds;
  std::vector<double> foretold(n, 0.0), value(n, 0.0), seen = late.value;
  std::vector<std::uint8_t> use_seen(n, 0);
  double count = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    use[i] = use[i] && index.state[i] == State::kObserved;
    if (!use[i]) continue;
    use_seen[i] = late.state[i] == State::kObserved;
    const double h = told(stable[log.fold[i]], design.x.data() + i * width);
    foretold[i] = h;
    value[i] = h + (held.empty() || !use_seen[i] ? 0 : static_cast<double>(held[i]) * (late.value[i] - h));
    count += 1;
    sum += h;
    squares += h * h;
  }
  const double mean = count > 0 ? sum / count : 0,
               deviation = count > 0 ? std::sqrt(std::max(0.0, squares / count - mean * mean)) : 0;
  take_out_context(design, use, value);
  take_out_context(design, use_seen, seen);
  const std::vector<double> none(kBuckets, 0.0);
  const IndexEffects::Arm empty{0, std::vector<double>(kFolds * width, 0.0), none, none, none, none};
  out.all = empty;
  out.arm.assign(out.by_action ? log.actions.size() : 1, empty);
  for (std::size_t i = 0; i < n; ++i) {
    if (!use[i]) continue;
    const std::size_t b = bucket_of(log.unit[i]);
    const float* row = design.x.data() + i * width;
    const auto add = [&](IndexEffects::Arm& arm, double weight, double counted) {
      arm.count += counted;
      arm.weight[b] += weight;
      arm.left[b] += weight * value[i];
      if (!held.empty() && use_seen[i]) {
        arm.seen_weight[b] += weight * static_cast<double>(held[i]);
        arm.seen_left[b] += weight * static_cast<double>(held[i]) * seen[i];
      }
      const double w = weight * left_of(held, i);
      double* to = arm.load.data() + log.fold[i] * width;
      for (std::size_t k = 0; k < width; ++k) to[k] += w * static_cast<double>(row[k]);
    };
    const double once = over_asked(index, i);
    add(out.all, once, once);
    if (out.by_action) {
      const double weight = once / log.propensity[i];
      add(out.arm[log.chosen_action(i)], weight, weight);
    } else if (deviation > 0) {
      add(out.arm[0], once * (foretold[i] - mean) / deviation, once);
    }
  }
  return out;
}

IndexChange index_change(const IndexEffects& effects, const IndexFits& fits) {
  IndexChange out;
  const std::vector<IndexFit>&stable = fits[0], &linear = fits[1], &last = fits[2];
  // Of two arms one is the other turned round.
  const double tests = 2 * static_cast<double>(effects.arm.size() == 2 ? 1 : effects.arm.size());
  out.critical = normal_quantile(1 - kChangeLevel / tests / 2);
  out.carried = 1;
  for (const IndexEffects::Arm& arm : effects.arm) {
    if (!(arm.count > 0)) continue;
    const auto gain = [&](double of_arm, double of_all) {
      return of_arm / arm.count - (effects.by_action ? of_all / effects.all.count : 0);
    };
    // The error of a gain whose sums by bucket are `left`, each arm around its own mean.
    const auto error = [&](const auto& left, const auto& weight, const std::vector<double>& more) {
      const auto mean = [&](const IndexEffects::Arm& one) {
        return !effects.by_action && &one == &arm ? 0.0 : sum_of(left(one)) / sum_of(weight(one));
      };
      const double of_arm = mean(arm), of_all = effects.by_action ? mean(effects.all) : 0;
      std::vector<double> sums(more);
      for (std::size_t b = 0; b < kBuckets; ++b) {
        sums[b] += gain(left(arm)[b] - of_arm * weight(arm)[b],
                        left(effects.all)[b] - of_all * weight(effects.all)[b]);
      }
      return norm(sums);
    };
    std::vector<double> load(arm.load.size());
    for (std::size_t k = 0; k < load.size(); ++k) load[k] = gain(arm.load[k], effects.all.load[k]);
    const Moved parameters = moved(load, stable, nullptr), line = moved(load, linear, &stable),
                quarter = moved(load, last, &stable);
    using Arm = IndexEffects::Arm;
    const double whole = error(
                     [](const Arm&one) -> const auto& { return one.left; },
                     [](const Arm&one) -> const auto& { return one.weight; }, parameters.error),
                 of_line = norm(line.error), of_quarter = norm(quarter.error);
    if (!(whole > 0)) continue;
    if (of_line > 0) out.z = std::max(out.z, std::abs(line.value) / of_line);
    if (of_quarter > 0) out.z = std::max(out.z, std::abs(quarter.value) / of_quarter);
    // Early outcomes are to help: half of what they take off the error that decisions whose late outcome is
    // seen have without them is left alone.
    double most = (1 + kChangeCost) * whole;
    if (sum_of(arm.seen_weight) > 0 && sum_of(effects.all.seen_weight) > 0) {
      const double without = error(
          [](const Arm& one) -> const auto& { return one.seen_left; },
          [](const Arm& one) -> const auto& { return one.seen_weight; }, std::vector<double>(kBuckets, 0.0));
      most = std::min(most, (whole + without) / 2);
    }
    const double room = std::sqrt(std::max(0.0, most * most - whole * whole));
    if (of_line > room) out.carried = std::min(out.carried, room / of_line);
  }
  out.known = true;
  out.found = out.z > out.critical;
  return out;
}

IndexFit carried_fit(const IndexFits& fits, std::size_t fold, const IndexChange& change) {
  std::array<double, kIndexShapes.size()> share{1, 0, 0};
  if (change.known) share = {1 - change.carried, change.carried, 0};
  if (change.known && change.found) share = {0, 0.5, 0.5};
  IndexFit out = fits[0][fold];
  const std::size_t width = out.coef.size();
  for (std::size_t k = 0; k < width; ++k) out.coef[k] *= share[0];
  for (std::size_t b = 0; b < kBuckets; ++b) {
    for (double& x : out.influence.row(b)) x *= share[0];
  }
  for (std::size_t s = 1; s < share.size(); ++s) {
    if (share[s] == 0) continue;
    const IndexFit& more = fits[s][fold];
    for (std::size_t k = 0; k < width; ++k) out.coef[k] += share[s] * more.coef[k];
    for (std::size_t b = 0; b < kBuckets; ++b) {
      const std::span<double> to = out.influence.row(b);
      const std::span<const double> from = more.influence.row(b);
      for (std::size_t k = 0; k < width; ++k) to[k] += share[s] * from[k];
    }
  }
  return out;
}

std::vector<std::vector<double>> further_change(const DecisionLog& log, const IndexDesign& design,
                                                const OutcomeColumn& index, std::span<const float> held,
                                                const IndexEffects& effects,
                                                const std::vector<IndexFit>& linear,
                                                const std::vector<IndexFit>& fits) {
  PLUMB_ASSERT(effects.by_action);
  std::vector<std::vector<double>> out;
  for (const IndexEffects::Arm& arm : effects.arm) out.push_back(moved(arm.load, linear, &fits).error);
  const std::size_t width = design.width();
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (index.state[i] != State::kObserved) continue;
    const float* row = design.x.data() + i * width;
    const std::size_t f = log.fold[i];
    out[log.chosen_action(i)][bucket_of(log.unit[i])] += over_asked(index, i) / log.propensity[i] *
                                                         left_of(held, i) *
                                                         (told(linear[f], row) - told(fits[f], row));
  }
  return out;
}

}  // namespace plumb
