// Does the panel lean to a covariate that the policy drifts towards? Logistic regression of the answers on the
// covariates' differences with a constant a checkpoint: the constants take up how good each checkpoint is, so
// the loading comes from answers within checkpoints, and no gold is needed.
#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>

#include "plumb/over_optimization.h"
#include "plumb/regression.h"

namespace plumb {
namespace {

constexpr double kAnswersACoefficient = 10;
constexpr double kTiny = 1e-6;  // ridge in units of the information, for columns that say the same

struct Fit {
  bool usable = false;
  Eigen::VectorXd coefficient;
  Eigen::MatrixXd covariance, clustered;
};

void check(const PanelAnswers& answers) {
  const std::size_t n = answers.won.size();
  const auto same = [&](std::size_t size, const std::string& what) {
    if (size != n) refuse("panel answers", what, fmt::format("{} entries", size), fmt::format("{}", n));
  };
  same(answers.checkpoint.size(), "checkpoint");
  if (!answers.unit.empty()) same(answers.unit.size(), "unit");
  for (const double y : answers.won) {
    if (!(y >= 0 && y <= 1)) refuse("panel answers", "won", fmt::format("{}", y), "a number in [0, 1]");
  }
  for (const auto* columns : {&answers.suspected, &answers.controls}) {
    for (const PanelCovariate& c : *columns) {
      same(c.difference.size(), c.name);
      for (const double x : c.difference) {
        if (!std::isfinite(x)) refuse("panel answers", c.name, fmt::format("{}", x), "finite numbers");
      }
    }
  }
  std::vector<bool> seen;
  for (const std::uint32_t c : answers.checkpoint) {
    if (c >= n) refuse("panel answers", "checkpoint", fmt::format("{}", c), "positions 0, 1, ... without gaps");
    if (c >= seen.size()) seen.resize(c + 1, false);
    seen[c] = true;
  }
  if (std::find(seen.begin(), seen.end(), false) != seen.end())
    refuse("panel answers", "checkpoint", "a gap", "positions 0, 1, ... without gaps");
}

// Newton's method; columns are scaled to unit spread by the caller.
Fit logistic_fit(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, const std::vector<std::uint64_t>& unit) {
  const Eigen::Index n = x.rows(), p = x.cols();
  Fit out;
  if (static_cast<double>(n) < kAnswersACoefficient * static_cast<double>(p)) return out;
  out.coefficient = Eigen::VectorXd::Zero(p);
  Eigen::VectorXd residual(n), weight(n);
  Eigen::MatrixXd information;
  const auto loss = [&](const Eigen::VectorXd& coefficient) {
    const Eigen::VectorXd t = x * coefficient;
    double sum = 0;
    for (Eigen::Index i = 0; i < n; ++i) sum += log1p_exp(t(i)) - y(i) * t(i);
    return sum;
  };
  double best = loss(out.coefficient);
  for (int step = 0; step < 60; ++step) {
    const Eigen::VectorXd t = x * out.coefficient;
    for (Eigen::Index i = 0; i < n; ++i) {
      const double mean = sigmoid(t(i));
      residual(i) = y(i) - mean;
      weight(i) = mean * (1 - mean);
    }
    information = x.transpose() * weight.asDiagonal() * x;
    information.diagonal().array() += kTiny * static_cast<double>(n);
    const Eigen::VectorXd move = information.ldlt().solve(x.transpose() * residual);
    double size = 1, next = loss(out.coefficient + move);
    while (!(next <= best) && size > 1e-6) next = loss(out.coefficient + (size /= 2) * move);
    if (!(next <= best)) break;
    out.coefficient += size * move;
    best = next;
    if (move.cwiseAbs().maxCoeff() < 1e-10) break;
  }
  // Separated answers have no finite maximum, and no error that means anything.
  if (!(out.coefficient.cwiseAbs().maxCoeff() < 15)) return out;
  out.covariance = information.inverse();
  std::map<std::uint64_t, Eigen::VectorXd> score;
  for (Eigen::Index i = 0; i < n; ++i) {
    auto [at, made] = score.try_emplace(unit[static_cast<std::size_t>(i)], Eigen::VectorXd::Zero(p));
    at->second += residual(i) * x.row(i).transpose();
  }
  const auto groups = static_cast<double>(score.size());
  Eigen::MatrixXd meat = Eigen::MatrixXd::Zero(p, p);
  for (const auto& [key, s] : score) meat += s * s.transpose();
  out.clustered = groups / std::max(1.0, groups - 1) * out.covariance * meat * out.covariance;
  out.usable = true;
  return out;
}

double two_sided(double z) { return 2 * normal_cdf(-std::abs(z)); }

std::string describe(const BiasFinding& f, double level) {
  const std::string lean =
      fmt::format("{:+.3g} log-odds a unit of {} (error {:.2g})", f.loading, f.name, f.loading_error);
  if (f.suspected) {
    const std::string share =
        std::isfinite(f.share) ? fmt::format(", {:.0f} % of its preference for the policy", 100 * f.share) : "";
    return fmt::format(
        "suspected bias: {}: the panel leans to it ({}) and the policy drifts to it ({:+.3g}), which "
        "makes {:+.2g} log-odds{}; ask for {}-matched pairs or another panel",
        f.name, lean, f.drift, f.part, share, f.name);
  }
  if (f.leans)
    return fmt::format("{}: the panel leans to it ({}), but no drift of the policy gains by it at {:.0f} %",
                       f.name, lean, 100 * level);
  return fmt::format("{}: no lean of the panel is shown ({}); that is no proof that there is none", f.name,
                     lean);
}

}  // namespace

std::vector<BiasFinding> shared_bias(const PanelAnswers& answers, double level) {
  check(answers);
  if (answers.won.empty()) refuse("panel answers", "answers", "none", "at least one");
  if (!(level > 0 && level < 1))
    refuse("panel answers", "level", fmt::format("{}", level), "a number in (0, 1)");
  const std::size_t n = answers.won.size(), k = answers.suspected.size();
  std::uint32_t checkpoints = 0;
  for (const std::uint32_t c : answers.checkpoint) checkpoints = std::max(checkpoints, c + 1);
  const std::uint32_t last = checkpoints - 1;
  const std::size_t width = k + answers.controls.size() + checkpoints;

  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(width));
  Eigen::VectorXd y(static_cast<Eigen::Index>(n));
  std::vector<double> scale(k + answers.controls.size(), 1.0);
  std::vector<std::uint64_t> unit = answers.unit;
  for (std::size_t i = 0; unit.size() < n; ++i) unit.push_back(i);
  for (std::size_t j = 0; j < scale.size(); ++j) {
    const auto& column = j < k ? answers.suspected[j].difference : answers.controls[j - k].difference;
    double square = 0;
    for (const double v : column) square += v * v;
    if (square > 0) scale[j] = std::sqrt(square / static_cast<double>(n));
    for (std::size_t i = 0; i < n; ++i)
      x(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = column[i] / scale[j];
  }
  for (std::size_t i = 0; i < n; ++i) {
    y(static_cast<Eigen::Index>(i)) = answers.won[i];
    x(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(scale.size() + answers.checkpoint[i])) = 1;
  }
  const Fit fit = logistic_fit(x, y, unit);

  std::vector<BiasFinding> out(k);
  const double z = normal_quantile((1 + level) / 2);
  std::vector<double> p_lean(k, 1.0), p_suspect(k, 1.0);
  for (std::size_t j = 0; j < k; ++j) {
    BiasFinding& f = out[j];
    const PanelCovariate& covariate = answers.suspected[j];
    f.name = covariate.name;
    if (!fit.usable) {
      f.loading = f.loading_error = f.drift = f.drift_error = f.part = f.share = f.matched = std::nan("");
      f.part_interval = f.matched_interval = {std::nan(""), std::nan(""), level};
      f.sentence = f.name + ": inconclusive: too few answers, or answers that never vary, to see a lean";
      continue;
    }
    const auto at = static_cast<Eigen::Index>(j);
    f.loading = fit.coefficient(at) / scale[j];
    f.loading_error = std::sqrt(std::max(fit.covariance(at, at), fit.clustered(at, at))) / scale[j];
    double count = 0, sum = 0, square = 0, won = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (answers.checkpoint[i] != last) continue;
      ++count;
      sum += covariate.difference[i];
      square += covariate.difference[i] * covariate.difference[i];
      won += answers.won[i];
    }
    f.drift = sum / count;
    f.drift_error =
        count > 1 ? std::sqrt(std::max(0.0, square / count - f.drift * f.drift) / (count - 1)) : INFINITY;
    f.part = f.loading * f.drift;
    const double error = std::hypot(f.loading * f.drift_error, f.drift * f.loading_error);
    f.part_interval = normal_interval(f.part, error, z, level);
    const double preferred = std::log((won + 0.5) / (count - won + 0.5));
    f.share = preferred > 0 ? f.part / preferred : std::nan("");
    // Controls stay where the policy put them: only the suspected covariates are held equal.
    Eigen::VectorXd equal = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(width));
    equal(static_cast<Eigen::Index>(scale.size() + last)) = 1;
    for (std::size_t c = 0; c < answers.controls.size(); ++c) {
      for (std::size_t i = 0; i < n; ++i) {
        if (answers.checkpoint[i] == last)
          equal(static_cast<Eigen::Index>(k + c)) += answers.controls[c].difference[i] / count / scale[k + c];
      }
    }
    f.matched = equal.dot(fit.coefficient);
    const double matched_error =
        std::sqrt(std::max(equal.dot(fit.covariance * equal), equal.dot(fit.clustered * equal)));
    f.matched_interval = normal_interval(f.matched, matched_error, z, level);
    p_lean[j] = f.loading_error > 0 ? two_sided(f.loading / f.loading_error) : 1;
    const double p_drift = f.drift_error > 0 && std::isfinite(f.drift_error)
                               ? two_sided(f.drift / f.drift_error)
                           : f.drift != 0 && f.drift_error == 0 ? 0
                                                                : 1;
    // Both must be shown, so the larger of the two p-values is valid for the pair.
    p_suspect[j] = f.part > 0 ? std::max(p_lean[j], p_drift) : 1;
  }
  const std::vector<bool> leans = holm(p_lean, 1 - level), suspected = holm(p_suspect, 1 - level);
  for (std::size_t j = 0; j < k && fit.usable; ++j) {
    out[j].leans = leans[j];
    out[j].suspected = suspected[j];
    out[j].sentence = describe(out[j], level);
  }
  return out;
}

PanelVerdict panel_verdict(const StopDecision& decision, std::span<const BiasFinding> findings) {
  for (const BiasFinding& f : findings) {
    if (f.suspected) return PanelVerdict::kBiasSuspected;
  }
  return decision.keep != kKeepReference && decision.gain_shown ? PanelVerdict::kGainShown
                                                                : PanelVerdict::kInconclusive;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> matched_pairs(std::span<const double> policy,
                                                                   std::span<const double> reference,
                                                                   double caliper) {
  if (!(std::isfinite(caliper) && caliper >= 0))
    refuse("matched pairs", "caliper", fmt::format("{}", caliper), "a number of at least 0");
  const auto ascending = [](std::span<const double> values) {
    std::vector<std::uint32_t> order(values.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (!std::isfinite(values[i]))
        refuse("matched pairs", "covariate", fmt::format("{}", values[i]), "finite numbers");
      order[i] = static_cast<std::uint32_t>(i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
    return order;
  };
  const std::vector<std::uint32_t> left = ascending(policy), right = ascending(reference);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> out;
  for (std::size_t i = 0, j = 0; i < left.size() && j < right.size();) {
    const double off = policy[left[i]] - reference[right[j]];
    if (std::abs(off) <= caliper) {
      out.emplace_back(left[i++], right[j++]);
    } else if (off < 0) {
      ++i;
    } else {
      ++j;
    }
  }
  return out;
}

}  // namespace plumb
