// What a fit leaves behind: weights for raw values, length treated, centred.
#include "reward/text_model.h"

#include <Eigen/Dense>
#include <cmath>

#include "plumb/regression.h"

namespace plumb::text {
namespace {

double row_score(const ItemRows& design, std::uint32_t row, const std::vector<double>& weight) {
  double sum = 0;
  for (std::uint64_t e = design.offset[row]; e < design.offset[row + 1]; ++e) {
    sum += design.value[e] * weight[design.column[e]];
  }
  return sum;
}

// Coefficients of the length measures (and a constant) in the least-squares fit of the score.
std::array<double, kLengthMeasures> length_share(const ItemRows& design, std::span<const std::uint32_t> rows,
                                                 const std::vector<double>& weight) {
  Eigen::MatrixXd x(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(kLengthMeasures) + 1);
  Eigen::VectorXd y(x.rows());
  const std::uint32_t first = static_cast<std::uint32_t>(design.hashed());
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    const std::uint32_t row = rows[static_cast<std::size_t>(i)];
    y[i] = row_score(design, row, weight);
    x(i, static_cast<Eigen::Index>(kLengthMeasures)) = 1;
    for (std::uint64_t e = design.offset[row]; e < design.offset[row + 1]; ++e) {
      const std::uint32_t c = design.column[e];
      if (c >= first && c < first + kLengthMeasures)
        x(i, static_cast<Eigen::Index>(c - first)) = design.value[e];
    }
  }
  // Texts of one length leave columns that say nothing: they get 0.
  const Eigen::VectorXd b = x.completeOrthogonalDecomposition().solve(y);
  std::array<double, kLengthMeasures> out{};
  for (std::size_t k = 0; k < kLengthMeasures; ++k) out[k] = b[static_cast<Eigen::Index>(k)];
  return out;
}

}  // namespace

Member make_member(const ItemRows& design, std::span<const std::uint32_t> rows, std::vector<double> raw,
                   LengthUse length) {
  Member out;
  if (length != LengthUse::kWithLength) {
    for (std::size_t k = 0; k < kLengthMeasures; ++k) raw[design.hashed() + k] = 0;
    if (length == LengthUse::kBlind) {
      // Weights are kept as floats: what is orthogonal must be the score as it will be computed.
      for (double& w : raw) w = static_cast<double>(static_cast<float>(w));
      const auto share = length_share(design, rows, raw);
      for (std::size_t k = 0; k < kLengthMeasures; ++k) raw[design.hashed() + k] = -share[k];
    }
  }
  for (double& w : raw) w = static_cast<double>(static_cast<float>(w));
  double sum = 0;
  for (const std::uint32_t row : rows) sum += row_score(design, row, raw);
  out.center = sum / static_cast<double>(rows.size());
  out.weight = std::move(raw);
  return out;
}

TextReward schema_of(const ItemRows& design, const TextRewardOptions& options) {
  TextReward out;
  out.features = options.features;
  out.numbers = design.numbers;
  out.length = options.length;
  out.ties = options.ties;
  return out;
}

void set_members(TextReward& model, const std::vector<Member>& members) {
  const std::size_t m = members.size(), columns = model.columns();
  model.members = m;
  model.weight.assign(columns * m, 0.0f);
  model.center.clear();
  for (std::size_t k = 0; k < m; ++k) {
    for (std::size_t c = 0; c < columns; ++c)
      model.weight[c * m + k] = static_cast<float>(members[k].weight[c]);
    model.center.push_back(members[k].center);
  }
}

double mean_reward(const Problem& problem, std::span<const double> x) {
  const std::vector<double> reward = problem.rewards(x);
  double sum = 0;
  for (const std::uint32_t row : problem.active_rows()) sum += reward[row];
  return sum / static_cast<double>(problem.active_rows().size());
}

void set_nuisance(TextReward& model, const Problem& problem, std::span<const double> x) {
  const std::span<const double> nuisance = problem.nuisance_of(x);
  const Nuisance& layout = problem.nuisance();
  // Scores are centred on the fitted rows, fitted rewards are not.
  const double moved = mean_reward(problem, x);
  if (layout.has_tie()) model.tie = std::exp(nuisance[layout.tie_at()]);
  model.thresholds = layout.thresholds(nuisance);
  for (double& t : model.thresholds) t -= moved;
  if (layout.has_thumbs()) model.thumb_intercept = nuisance[layout.thumb_at()] + moved;
}

Curvatures curvatures_at(const Problem& problem, std::span<const double> x) {
  const Judged& j = problem.judged();
  const Multipliers& m = problem.multipliers();
  const Nuisance& layout = problem.nuisance();
  const std::span<const double> nuisance = problem.nuisance_of(x);
  const std::vector<double> reward = problem.rewards(x);
  const Ties ties = layout.has_tie() ? problem.options().ties : Ties::kHalf;
  const double log_tie = layout.has_tie() ? nuisance[layout.tie_at()] : 0;
  const auto at = [](const std::vector<double>& v, std::size_t k) { return v.empty() ? 1.0 : v[k]; };
  Curvatures out;
  for (std::size_t k = 0; k < j.first.size(); ++k) {
    const double d = reward[j.first[k]] - reward[j.second[k]];
    out.pair.push_back(at(m.pair, k) * pair_loss(d, j.first_votes[k], j.second_votes[k], j.tie_votes[k], ties,
                                                 log_tie, problem.options().margin)
                                           .curvature);
  }
  const std::vector<double> threshold = layout.thresholds(nuisance);
  for (std::size_t i = 0; i < j.rated.size(); ++i) {
    // -log(s(u) - s(l)) has the second derivative s(u)s(-u) + s(l)s(-l) in r: the gap's term does not depend on
    // r.
    const std::size_t level = j.level[i];
    double sum = 0;
    if (level < threshold.size()) {
      const double u = threshold[level] - reward[j.rated[i]];
      sum += sigmoid(u) * sigmoid(-u);
    }
    if (level > 0) {
      const double l = threshold[level - 1] - reward[j.rated[i]];
      sum += sigmoid(l) * sigmoid(-l);
    }
    out.rating.push_back(at(m.rating, i) * j.rating_weight[i] * sum);
  }
  for (std::size_t i = 0; i < j.thumbed.size(); ++i) {
    const double u = reward[j.thumbed[i]] + nuisance[layout.thumb_at()];
    out.thumb.push_back(at(m.thumb, i) * j.thumb_weight[i] * sigmoid(u) * sigmoid(-u));
  }
  return out;
}

void set_laplace(TextReward& model, const Problem& problem, const ItemRows& design, std::span<const double> x,
                 double penalty) {
  const Curvatures curvature = curvatures_at(problem, x);
  const Judged& j = problem.judged();
  const std::size_t columns = design.columns();
  std::vector<double> diagonal(columns, 0.0), mean(columns, 0.0), scale(columns, 1.0), difference(columns, 0.0);
  for (std::size_t p = 0; p < problem.used().size(); ++p) scale[problem.used()[p]] = problem.scale(p);
  const auto add = [&](std::uint32_t row, double sign) {
    for (std::uint64_t e = design.offset[row]; e < design.offset[row + 1]; ++e) {
      difference[design.column[e]] += sign * design.value[e];
    }
  };
  const auto collect = [&](std::uint32_t row, double c) {
    for (std::uint64_t e = design.offset[row]; e < design.offset[row + 1]; ++e) {
      double& d = difference[design.column[e]];
      diagonal[design.column[e]] += c * d * d;
      d = 0;
    }
  };
  for (std::size_t k = 0; k < j.first.size(); ++k) {
    add(j.first[k], 1);
    add(j.second[k], -1);
    collect(j.first[k], curvature.pair[k]);
    collect(j.second[k], curvature.pair[k]);
  }
  // A rating's threshold and a thumb's intercept take the mean row's part.
  for (const std::uint32_t row : problem.active_rows()) {
    for (std::uint64_t e = design.offset[row]; e < design.offset[row + 1]; ++e) {
      mean[design.column[e]] += design.value[e] / static_cast<double>(problem.active_rows().size());
    }
  }
  const auto absolute = [&](std::uint32_t row, double c) {
    for (std::uint64_t e = design.offset[row]; e < design.offset[row + 1]; ++e) {
      const double d = design.value[e] - mean[design.column[e]];
      diagonal[design.column[e]] += c * d * d;
    }
  };
  for (std::size_t i = 0; i < j.rated.size(); ++i) absolute(j.rated[i], curvature.rating[i]);
  for (std::size_t i = 0; i < j.thumbed.size(); ++i) absolute(j.thumbed[i], curvature.thumb[i]);
  model.variance.assign(columns, 0.0f);
  model.mean_row.assign(columns, 0.0f);
  for (std::size_t c = 0; c < columns; ++c) {
    const bool dropped =
        model.length != LengthUse::kWithLength && c >= design.hashed() && c < design.hashed() + kLengthMeasures;
    if (dropped || scale[c] == 0) continue;
    // The penalty is on the weight of the scaled column, w_raw / scale.
    model.variance[c] = static_cast<float>(1 / (diagonal[c] + penalty / (scale[c] * scale[c])));
    model.mean_row[c] = static_cast<float>(mean[c]);
  }
}

}  // namespace plumb::text
