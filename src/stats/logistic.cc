// Penalized logistic regression of several folds' fits at once: the log-loss by lane, and its null model.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/exp_of.h"
#include "plumb/regression.h"
#include "stats/factored.h"
#include "stats/lane_sums.h"
#include "stats/lanes.h"
#include "stats/selection.h"

namespace plumb {
namespace {

using stats::Coefficients;
using stats::FactoredDesign;

constexpr std::size_t kBlock = 256;  // rows whose log-odds stay in the first-level cache
constexpr std::size_t kParts = 32;
constexpr std::size_t kSquareParts = 8;  // for Hessians
constexpr std::size_t kMostLanes = 16;
constexpr std::size_t kMostFolds = 32;
constexpr std::size_t kSample = 20'000;
constexpr const char* kWhere = "logistic";

// Lane l sums over the rows whose fold is in masks[l].
class LogLoss final : public stats::LaneLoss {
 public:
  LogLoss(const FactoredDesign& x, std::span<const double> y, std::span<const std::uint32_t> rows,
          std::span<const std::uint8_t> fold, std::span<const double> weight, std::vector<FoldMask> masks,
          int threads)
      : x_(x),
        y_(y),
        rows_(rows),
        fold_(fold),
        weight_(weight),
        masks_(std::move(masks)),
        threads_(threads),
        parts_(stats::fixed_parts(rows.size(), kBlock, kParts)) {
    PLUMB_ASSERT(!masks_.empty() && masks_.size() <= kMostLanes);
    alike_ = std::all_of(masks_.begin(), masks_.end(), [&](FoldMask m) { return m == masks_[0]; });
  }

  std::size_t parameters() const override { return x_.columns; }
  double size() const {
    if (weight_.empty()) return static_cast<double>(rows_.size());
    double sum = 0;
    for (const std::uint32_t row : rows_) sum += weight_[row];
    return sum;
  }

  std::vector<double> evaluate(std::span<const std::size_t> lanes, std::span<const Coefficients* const> coef,
                               std::vector<Coefficients>* gradient) const override {
    const auto same = [&](const Coefficients* c) { return *c == *coef[0]; };
    if (lanes.size() > 1 && alike_ && std::all_of(coef.begin(), coef.end(), same)) {
      std::vector<Coefficients> one(1);
      const std::vector<double> loss = evaluate(lanes.first(1), coef.first(1), gradient ? &one : nullptr);
      if (gradient) gradient->assign(lanes.size(), one[0]);
      return std::vector<double>(lanes.size(), loss[0]);
    }
    if (lanes.size() == 1) return evaluate_wide<1>(lanes, coef, gradient);
    if (lanes.size() <= 4) return evaluate_wide<4>(lanes, coef, gradient);
    if (lanes.size() <= 8) return evaluate_wide<8>(lanes, coef, gradient);
    return evaluate_wide<kMostLanes>(lanes, coef, gradient);
  }

  bool alike() const override { return alike_; }

  Eigen::MatrixXd curvature(std::size_t lane, const Coefficients& at) const override {
    std::vector<std::uint32_t> in_use;
    for (const std::uint32_t row : rows_) {
      if ((masks_[lane] >> fold_[row] & 1u) != 0) in_use.push_back(row);
    }
    const Coefficients* const point = &at;
    const std::vector<double> theta = stats::images(x_, {&point, 1}, 1);
    const auto parts = stats::fixed_parts(in_use.size(), kBlock, kSquareParts);
    std::vector<std::optional<stats::GroupSquares>> sums(parts.size());
    parallel_blocks(parts.size(), threads_, [&](std::size_t k) {
      const auto rows =
          std::span<const std::uint32_t>(in_use).subspan(parts[k].first, parts[k].second - parts[k].first);
      sums[k].emplace(x_);
      std::vector<double> h(rows.size());
      for (std::size_t i = 0; i < h.size(); ++i)
        stats::lanes_of_row<1>(x_, rows[i], theta.data() + x_.group_of(rows[i]) * x_.slots, &h[i]);
      for (double& odds : h) {
        const double e = exp_of(-std::min(std::abs(odds), 700.0));
        odds = e / ((1 + e) * (1 + e));
      }
      for (std::size_t i = 0; !weight_.empty() && i < h.size(); ++i) h[i] *= weight_[rows[i]];
      sums[k]->add(rows, h.data());
    });
    for (std::size_t k = 1; k < parts.size(); ++k) sums[0]->add(*sums[k]);
    return sums[0]->carried();
  }

 private:
  Eigen::Index p() const { return static_cast<Eigen::Index>(x_.columns); }
  double weight_of(std::uint32_t row) const { return weight_.empty() ? 1.0 : weight_[row]; }

  template <std::size_t L>
  std::vector<double> evaluate_wide(std::span<const std::size_t> lanes,
                                    std::span<const Coefficients* const> coef,
                                    std::vector<Coefficients>* gradient) const {
    const std::vector<double> theta = stats::images(x_, coef, L);
    std::vector<double> member(kMostFolds * L, 0.0);
    for (std::size_t f = 0; f < kMostFolds; ++f) {
      for (std::size_t l = 0; l < lanes.size(); ++l) member[f * L + l] = masks_[lanes[l]] >> f & 1u ? 1 : 0;
    }
    std::vector<stats::PartSums<L>> sums(parts_.size());
    parallel_blocks(parts_.size(), threads_, [&](std::size_t k) {
      if (gradient) sums[k].slope.assign(theta.size(), 0.0);
      if (weight_.empty()) {
        add_part<L, false>(parts_[k], theta, member, sums[k]);
      } else {
        add_part<L, true>(parts_[k], theta, member, sums[k]);
      }
    });
    std::vector<double> loss(lanes.size(), 0.0), slope(gradient ? theta.size() : 0, 0.0);
    for (const stats::PartSums<L>& part : sums) {
      for (std::size_t l = 0; l < lanes.size(); ++l) loss[l] += part.loss[l];
      for (std::size_t k = 0; k < slope.size(); ++k) slope[k] += part.slope[k];
    }
    for (std::size_t l = 0; gradient && l < lanes.size(); ++l) (*gradient)[l] = stats::carried(x_, slope, l, L);
    return loss;
  }

  template <std::size_t L, bool kWeighted>
  void add_part(std::pair<std::size_t, std::size_t> part, const std::vector<double>& theta,
                const std::vector<double>& member, stats::PartSums<L>& sums) const {
    std::vector<double> buffer(kBlock * L);
    for (std::size_t begin = part.first; begin < part.second; begin += kBlock) {
      const std::size_t n = std::min(kBlock, part.second - begin);
      for (std::size_t i = 0; i < n; ++i) {
        const std::uint32_t row = rows_[begin + i];
        stats::lanes_of_row<L>(x_, row, theta.data() + x_.group_of(row) * x_.slots * L, buffer.data() + i * L);
      }
      // log(1 + e) summed as the logarithm of a product: its factors are at most 2, and a block has 256.
      std::array<double, L> loss{}, product;
      product.fill(1);
      for (std::size_t i = 0; i < n; ++i) {
        const std::uint32_t row = rows_[begin + i];
        const double y = y_[row], weight = weight_of(row);
        const double* __restrict in = member.data() + std::size_t{fold_[row]} * L;
        double* __restrict x = buffer.data() + i * L;
        for (std::size_t l = 0; l < L; ++l) {
          const double odds = x[l], e = exp_of(-std::min(std::abs(odds), 700.0)), u = 1 + e;
          const double share = (odds >= 0 ? 1.0 : e) / u, counts = in[l] * weight;
          loss[l] += counts * (std::max(odds, 0.0) - y * odds);
          if (kWeighted) {
            loss[l] += counts * (log_of(u) + (e - (u - 1)) / u);
          } else {
            product[l] *= 1 + in[l] * e;
          }
          x[l] = counts * (share - y);
        }
      }
      for (std::size_t l = 0; l < L; ++l) sums.loss[l] += loss[l] + log_of(product[l]);
      if (sums.slope.empty()) continue;
      for (std::size_t i = 0; i < n; ++i) {
        const std::uint32_t row = rows_[begin + i];
        stats::add_row_to_lanes<L>(x_, row, buffer.data() + i * L,
                                   sums.slope.data() + x_.group_of(row) * x_.slots * L);
      }
    }
  }

  const FactoredDesign& x_;
  std::span<const double> y_;
  std::span<const std::uint32_t> rows_;
  std::span<const std::uint8_t> fold_;
  std::span<const double> weight_;  // by row of x; empty: 1
  std::vector<FoldMask> masks_;
  int threads_;
  std::vector<std::pair<std::size_t, std::size_t>> parts_;
  bool alike_;
};

struct Share {
  double sum = 0, count = 0;
  bool one_class() const { return sum <= 0 || sum >= count; }
};
Share share(std::span<const double> y, std::span<const std::uint32_t> rows, std::span<const double> weight) {
  Share result;
  for (const std::uint32_t row : rows) {
    const double w = weight.empty() ? 1.0 : weight[row];
    result.sum += w * y[row];
    result.count += w;
  }
  return result;
}

// The constant-only model; half a success and half a failure are added only where one of the two never occurs.
std::vector<double> null_model(std::size_t p, const Share& share) {
  const double extra = share.one_class() ? 0.5 : 0.0;
  std::vector<double> coef(p, 0.0);
  coef[0] = std::log((share.sum + extra) / (share.count - share.sum + extra));
  return coef;
}

}  // namespace

double sigmoid(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1 + e);
}

double log1p_exp(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

namespace stats {

std::vector<LinearFit> logistic(const FactoredDesign& x, std::span<const double> y01,
                                std::span<const std::uint32_t> rows, std::span<const std::uint8_t> fold,
                                std::span<const FoldMask> use, int threads, std::span<const double> weight) {
  PLUMB_ASSERT(weight.empty() || weight.size() == x.rows());
  PLUMB_ASSERT(x.columns > 0 && y01.size() == x.rows() && fold.size() == x.rows());
  FoldMask any = 0;
  for (const FoldMask mask : use) any |= mask;
  std::vector<std::uint32_t> seen;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const std::uint32_t row = rows[k];
    PLUMB_ASSERT(row < x.rows() && fold[row] < kMostFolds && (k == 0 || rows[k - 1] < row));
    if ((any >> fold[row] & 1u) == 0) continue;
    if (!(y01[row] >= 0 && y01[row] <= 1))
      refuse(kWhere, fmt::format("y row {}", row), fmt::format("{}", y01[row]), "a number in [0, 1]");
    seen.push_back(row);
  }

  const auto grid = penalty_grid();
  std::vector<LinearFit> fits(use.size());
  std::vector<std::uint8_t> is_fitted(use.size(), 0);
  std::vector<Eigen::MatrixXd> hessian(use.size());
  const auto size_of = [&](std::span<const std::uint32_t> some) {
    return LogLoss(x, y01, some, fold, weight, {~FoldMask{0}}, 1).size();
  };
  // Each set of folds walks its own path; passes over the few rows that choose are too short to share out.
  const int inner_threads = (threads + static_cast<int>(use.size()) - 1) / static_cast<int>(use.size());
  parallel_blocks(use.size(), threads, [&](std::size_t m) {
    std::vector<std::uint32_t> in_use;
    for (const std::uint32_t row : seen) {
      if ((use[m] >> fold[row] & 1u) != 0) in_use.push_back(row);
    }
    if (in_use.size() < 2)
      refuse(kWhere, "rows in the folds used", fmt::format("{}", in_use.size()), "2 or more");
    const auto split = split_inner(in_use, fold, (in_use.size() + kSample - 1) / kSample);
    const std::vector<FoldMask> side_by_side(grid.size(), use[m]);
    const LogLoss inner(x, y01, split.fit, fold, weight, side_by_side, inner_threads),
        held_out(x, y01, split.held_out, fold, weight, side_by_side, inner_threads);
    const auto judged = [&](const std::vector<Coefficients>& coef) {
      std::vector<std::size_t> lanes(coef.size());
      std::iota(lanes.begin(), lanes.end(), std::size_t{0});
      std::vector<const Coefficients*> points;
      for (const Coefficients& c : coef) points.push_back(&c);
      std::vector<double> loss = held_out.evaluate(lanes, points, nullptr);
      for (double& l : loss) l /= held_out.size();
      return loss;
    };
    LinearFit& fit = fits[m];
    const Share total = share(y01, split.all, weight), fitted = share(y01, split.fit, weight);
    if (total.one_class()) {
      fit.coef = null_model(x.columns, total);
      fit.held_out_loss = judged({fit.coef})[0];
      return;
    }
    is_fitted[m] = 1;
    fit.coef = null_model(x.columns, fitted.one_class() ? total : fitted);
    if (fitted.one_class() || x.columns == 1) {
      // Nothing can be chosen: the strongest penalty.
      const LogLoss all(x, y01, split.all, fold, weight, {use[m]}, inner_threads);
      hessian[m] = all.curvature(0, fit.coef);
      fit.held_out_loss = judged({fit.coef})[0];
      if (x.columns > 1) {
        fit.penalty = grid.back() * penalty_scale(hessian[m], 1);
      }
      return;
    }
    const Eigen::MatrixXd first = inner.curvature(0, fit.coef);
    const double scale = penalty_scale(first, 1);
    std::vector<double> penalty;
    for (const double relative : grid) penalty.push_back(relative * scale);
    std::vector<Coefficients> path =
        minimize_lanes(inner, penalty, 1, std::vector<Coefficients>(grid.size(), fit.coef), kPathTolerance,
                       {{&first, 1}, true});
    const std::vector<double> loss = judged(path);
    const std::size_t best = best_penalty(loss);
    fit = {std::move(path[best]), penalty[best], loss[best]};
    // That of the sample, scaled up, is as good a start as one of all rows.
    hessian[m] = inner.curvature(0, fit.coef) * (size_of(split.all) / size_of(split.fit));
  });

  std::vector<std::size_t> fitted_lanes;
  for (std::size_t m = 0; m < use.size(); ++m) {
    if (is_fitted[m]) fitted_lanes.push_back(m);
  }

  for (std::size_t first = 0; first < fitted_lanes.size(); first += kMostLanes) {
    const std::size_t count = std::min(kMostLanes, fitted_lanes.size() - first);
    std::vector<FoldMask> masks;
    std::vector<double> penalty;
    std::vector<Coefficients> start;
    std::vector<Eigen::MatrixXd> curvature;
    for (std::size_t l = 0; l < count; ++l) {
      LinearFit& fit = fits[fitted_lanes[first + l]];
      masks.push_back(use[fitted_lanes[first + l]]);
      penalty.push_back(fit.penalty);
      start.push_back(std::move(fit.coef));
      curvature.push_back(std::move(hessian[fitted_lanes[first + l]]));
    }
    const LogLoss all(x, y01, seen, fold, weight, std::move(masks), threads);
    start = minimize_lanes(all, penalty, 1, std::move(start), kFinalTolerance, {curvature, false});
    for (std::size_t l = 0; l < count; ++l) fits[fitted_lanes[first + l]].coef = std::move(start[l]);
  }
  return fits;
}

}  // namespace stats

LinearFit logistic(DesignView x, std::span<const double> y01, std::span<const std::uint32_t> rows,
                   std::span<const std::uint8_t> fold, FoldMask use, int threads,
                   std::span<const double> weight) {
  PLUMB_ASSERT(x.cols > 0 && fold.size() == x.rows);
  std::vector<std::uint32_t> in_use;
  for (const std::uint32_t row : rows) {
    PLUMB_ASSERT(row < x.rows && fold[row] < kMostFolds);
    if ((use >> fold[row] & 1u) == 0) continue;
    in_use.push_back(row);
    PLUMB_ASSERT(x(row, 0) == 1.0f);
  }
  stats::refuse_non_finite(x, in_use, kWhere);
  return stats::logistic(stats::factored(x, in_use, threads), y01, rows, fold, {&use, 1}, threads, weight)[0];
}

}  // namespace plumb
