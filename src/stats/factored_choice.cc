// Conditional logit over a factored design: the offered actions of a decision share its context z, so
// utilities, gradients and Hessians are sums over z by action, or by pair of actions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/exp_of.h"
#include "stats/factored.h"
#include "stats/lane_sums.h"
#include "stats/lanes.h"
#include "stats/selection.h"

namespace plumb::stats {
namespace {

constexpr std::size_t kBlock = 32;  // decisions: a product of their normalizers stays finite
constexpr std::size_t kParts = 32;
constexpr std::size_t kSquareParts = 8;
constexpr std::size_t kMostLanes = 16;
constexpr std::size_t kSample = 20'000, kSampleRows = 60'000;
constexpr const char* kWhere = "softmax_regression";

// Sums of w z z' by pair of groups. z z' is symmetric whatever the pair, so its lower triangle is kept.
class PairSquares {
 public:
  explicit PairSquares(const FactoredDesign& z)
      : z_(&z),
        pairs_((z.groups() * (z.groups() + 1) / 2 + kWidth - 1) / kWidth * kWidth),
        sums_(z.slots * z.slots * pairs_, 0.0) {}

  static std::size_t pair(std::size_t g, std::size_t h) {
    return g > h ? g * (g + 1) / 2 + h : h * (h + 1) / 2 + g;
  }

  // Adds the covariance of one decision's features under p (of the groups offered), times weight.
  void add(std::size_t row, std::span<const std::uint32_t> group, const double* p, double weight) {
    which_.clear();
    by_pair_.clear();
    bool every = group.size() == z_->groups();  // in order: then pairs are neighbours
    for (std::size_t a = 0; a < group.size(); ++a) {
      every = every && group[a] == a;
      for (std::size_t b = 0; b < a; ++b) {
        which_.push_back(pair(group[a], group[b]));
        by_pair_.push_back(-weight * p[a] * p[b] * (group[a] == group[b] ? 2 : 1));
      }
      which_.push_back(pair(group[a], group[a]));
      by_pair_.push_back(weight * p[a] * (1 - p[a]));
    }
    if (!every) return add_listed(row);
    by_pair_.resize(pairs_, 0.0);
    switch (pairs_ / kWidth) {
      case 1:
        return add_all<1>(row);
      case 2:
        return add_all<2>(row);
      case 3:
        return add_all<3>(row);
      case 4:
        return add_all<4>(row);
      default:
        return add_all<0>(row);
    }
  }

  void add(const PairSquares& other) {
    for (std::size_t k = 0; k < sums_.size(); ++k) sums_[k] += other.sums_[k];
  }

  Eigen::MatrixXd carried() const {
    const std::size_t m = z_->slots, groups = z_->groups();
    const auto p = static_cast<Eigen::Index>(z_->columns);
    Eigen::MatrixXd out = Eigen::MatrixXd::Zero(p, p);
    std::vector<std::vector<const FactoredDesign::Image*>> of_slot(groups * m);
    for (std::size_t g = 0; g < groups; ++g) {
      for (const auto& image : z_->map[g]) of_slot[g * m + image.slot].push_back(&image);
    }
    for (std::size_t g = 0; g < groups; ++g) {
      for (std::size_t h = 0; h <= g; ++h) {
        for (std::size_t a = 0; a < m; ++a) {
          for (std::size_t b = 0; b < m; ++b) {
            const double value = sums_[(std::max(a, b) * m + std::min(a, b)) * pairs_ + pair(g, h)];
            if (value == 0) continue;
            for (const auto* u : of_slot[g * m + a]) {
              for (const auto* v : of_slot[h * m + b]) {
                const double term = value * (u->factor * v->factor);
                out(u->column, v->column) += term;
                if (g != h) out(v->column, u->column) += term;
              }
            }
          }
        }
      }
    }
    return out;
  }

 private:
  static constexpr std::size_t kWidth = 4;  // pairs side by side

  void add_listed(std::size_t row) {
    for (std::size_t a = z_->start[row]; a < z_->start[row + 1]; ++a) {
      for (std::size_t b = z_->start[row]; b <= a; ++b) {
        const double square = static_cast<double>(z_->value[a]) * static_cast<double>(z_->value[b]);
        double* to = sums_.data() + (std::size_t{z_->slot[a]} * z_->slots + z_->slot[b]) * pairs_;
        for (std::size_t k = 0; k < which_.size(); ++k) to[which_[k]] += square * by_pair_[k];
      }
    }
  }

  // kTimes: pairs_ / kWidth where it is known, so that the loop over pairs is laid out; 0: any.
  template <std::size_t kTimes>
  void add_all(std::size_t row) {
    using Some = Eigen::Array<double, kTimes == 0 ? Eigen::Dynamic : static_cast<int>(kTimes * kWidth), 1>;
    const auto n = static_cast<Eigen::Index>(pairs_);
    const Some by_pair = Eigen::Map<const Some>(by_pair_.data(), n);
    for (std::size_t a = z_->start[row]; a < z_->start[row + 1]; ++a) {
      double* to = sums_.data() + std::size_t{z_->slot[a]} * z_->slots * pairs_;
      const double value = z_->value[a];
      for (std::size_t b = z_->start[row]; b <= a; ++b)
        Eigen::Map<Some>(to + z_->slot[b] * pairs_, n) += value * static_cast<double>(z_->value[b]) * by_pair;
    }
  }

  const FactoredDesign* z_;
  std::size_t pairs_;         // padded to whole widths
  std::vector<double> sums_;  // slots x slots x pairs
  std::vector<std::size_t> which_;
  std::vector<double> by_pair_;
};

// All lanes sum over the same decisions.
class ChoiceLoss final : public LaneLoss {
 public:
  ChoiceLoss(const FactoredDesign& z, const Offers& offers, std::span<const std::uint32_t> decisions,
             std::span<const double> weight, int threads)
      : z_(z),
        offers_(offers),
        decisions_(decisions),
        weight_(weight),
        threads_(threads),
        parts_(fixed_parts(decisions.size(), kBlock, kParts)) {
    const auto every = [&](std::uint32_t d) {
      const auto group = offers_.of(d);
      for (std::size_t a = 0; a < group.size(); ++a) {
        if (group[a] != a) return false;
      }
      return group.size() == z_.groups();
    };
    alike_ = std::all_of(decisions.begin(), decisions.end(), every);
  }

  std::size_t parameters() const override { return z_.columns; }
  double size() const {
    double sum = 0;
    for (const std::uint32_t d : decisions_) sum += weight_of(d);
    return sum;
  }

  std::vector<double> evaluate(std::span<const std::size_t> lanes, std::span<const Coefficients* const> coef,
                               std::vector<Coefficients>* gradient) const override {
    const auto same = [&](const Coefficients* c) { return *c == *coef[0]; };
    if (lanes.size() > 1 && std::all_of(coef.begin(), coef.end(), same)) {
      std::vector<Coefficients> one(1);
      const std::vector<double> loss = evaluate(lanes.first(1), coef.first(1), gradient ? &one : nullptr);
      if (gradient) gradient->assign(lanes.size(), one[0]);
      return std::vector<double>(lanes.size(), loss[0]);
    }
    if (lanes.size() == 1) return evaluate_wide<1>(coef, gradient);
    if (lanes.size() <= 4) return evaluate_wide<4>(coef, gradient);
    if (lanes.size() <= 8) return evaluate_wide<8>(coef, gradient);
    return evaluate_wide<kMostLanes>(coef, gradient);
  }

  bool alike() const override { return true; }

  Eigen::MatrixXd curvature(std::size_t, const Coefficients& at) const override {
    const Coefficients* const point = &at;
    const std::vector<double> theta = images(z_, {&point, 1}, 1);
    const auto parts = fixed_parts(decisions_.size(), kBlock, kSquareParts);
    std::vector<std::optional<PairSquares>> sums(parts.size());
    parallel_blocks(parts.size(), threads_, [&](std::size_t k) {
      sums[k].emplace(z_);
      std::vector<double> p;
      for (std::size_t i = parts[k].first; i < parts[k].second; ++i) {
        const std::uint32_t d = decisions_[i];
        const auto group = offers_.of(d);
        p.resize(group.size());
        double most = -INFINITY, total = 0;
        for (std::size_t a = 0; a < p.size(); ++a) {
          const double* t = theta.data() + group[a] * z_.slots;
          p[a] = 0;
          for (std::size_t e = z_.start[d]; e < z_.start[d + 1]; ++e)
            p[a] += static_cast<double>(z_.value[e]) * t[z_.slot[e]];
          most = std::max(most, p[a]);
        }
        for (double& x : p) total += x = exp_of(std::max(x - most, -700.0));
        for (double& x : p) x /= total;
        sums[k]->add(d, group, p.data(), weight_of(d));
      }
    });
    for (std::size_t k = 1; k < parts.size(); ++k) sums[0]->add(*sums[k]);
    return sums[0]->carried();
  }

 private:
  double weight_of(std::size_t d) const { return weight_.empty() ? 1.0 : weight_[d]; }

  template <std::size_t L>
  std::vector<double> evaluate_wide(std::span<const Coefficients* const> coef,
                                    std::vector<Coefficients>* gradient) const {
    std::vector<double> theta = images(z_, coef, L);
    if (alike_) theta = side_by_side(theta, L);
    std::vector<PartSums<L>> sums(parts_.size());
    parallel_blocks(parts_.size(), threads_, [&](std::size_t k) {
      if (gradient) sums[k].slope.assign(theta.size(), 0.0);
      add_part<L>(parts_[k], theta, sums[k]);
    });
    std::vector<double> loss(coef.size(), 0.0), slope(gradient ? theta.size() : 0, 0.0);
    for (const PartSums<L>& part : sums) {
      for (std::size_t l = 0; l < loss.size(); ++l) loss[l] += part.loss[l];
      for (std::size_t k = 0; k < slope.size(); ++k) slope[k] += part.slope[k];
    }
    if (gradient && alike_) slope = by_group(slope, L);
    for (std::size_t l = 0; gradient && l < coef.size(); ++l) (*gradient)[l] = stats::carried(z_, slope, l, L);
    return loss;
  }

  // Where all groups are offered, their lanes lie side by side, a slot after the other, padded to whole widths:
  // a decision is then one row times one matrix.
  std::size_t lanes_of_all(std::size_t lanes) const { return (z_.groups() * lanes + 3) / 4 * 4; }
  std::vector<double> side_by_side(const std::vector<double>& theta, std::size_t lanes) const {
    const std::size_t width = lanes_of_all(lanes);
    std::vector<double> out(z_.slots * width, 0.0);
    for (std::size_t g = 0; g < z_.groups(); ++g) {
      for (std::size_t slot = 0; slot < z_.slots; ++slot)
        std::copy_n(theta.data() + (g * z_.slots + slot) * lanes, lanes, out.data() + slot * width + g * lanes);
    }
    return out;
  }
  std::vector<double> by_group(const std::vector<double>& sums, std::size_t lanes) const {
    const std::size_t width = lanes_of_all(lanes);
    std::vector<double> out(z_.groups() * z_.slots * lanes);
    for (std::size_t g = 0; g < z_.groups(); ++g) {
      for (std::size_t slot = 0; slot < z_.slots; ++slot)
        std::copy_n(sums.data() + slot * width + g * lanes, lanes, out.data() + (g * z_.slots + slot) * lanes);
    }
    return out;
  }

  // Utilities of a decision's offers, and their residuals back into `slope`.
  template <std::size_t L>
  void utilities(std::uint32_t d, std::span<const std::uint32_t> group, const double* theta, double* u) const {
    if (alike_) return lanes_of_row(z_, d, lanes_of_all(L), theta, u);
    for (std::size_t a = 0; a < group.size(); ++a)
      lanes_of_row<L>(z_, d, theta + group[a] * z_.slots * L, u + a * L);
  }
  template <std::size_t L>
  void add_residuals(std::uint32_t d, std::span<const std::uint32_t> group, const double* u,
                     double* slope) const {
    if (alike_) return add_row_to_lanes(z_, d, lanes_of_all(L), u, slope);
    for (std::size_t a = 0; a < group.size(); ++a)
      add_row_to_lanes<L>(z_, d, u + a * L, slope + group[a] * z_.slots * L);
  }

  template <std::size_t L>
  void add_part(std::pair<std::size_t, std::size_t> part, const std::vector<double>& theta,
                PartSums<L>& sums) const {
    std::vector<double> buffer;
    for (std::size_t begin = part.first; begin < part.second; begin += kBlock) {
      const std::size_t end = std::min(begin + kBlock, part.second);
      const auto size_of = [&](std::size_t offered) { return alike_ ? lanes_of_all(L) : offered * L; };
      std::size_t size = 0;
      for (std::size_t i = begin; i < end; ++i) size += size_of(offers_.of(decisions_[i]).size());
      if (buffer.size() < size) buffer.resize(size);

      // Utilities less the largest of the decision, and the loss but for the normalizer's logarithm.
      std::array<double, L> loss{}, product;
      product.fill(1);
      double* u = buffer.data();
      for (std::size_t i = begin; i < end; ++i) {
        const std::uint32_t d = decisions_[i];
        const auto group = offers_.of(d);
        std::array<double, L> most;
        most.fill(-INFINITY);
        utilities<L>(d, group, theta.data(), u);
        for (std::size_t a = 0; a < group.size(); ++a) {
          for (std::size_t l = 0; l < L; ++l) most[l] = std::max(most[l], u[a * L + l]);
        }
        const double weight = weight_of(d);
        const double* picked = u + offers_.chosen[d] * L;
        for (std::size_t l = 0; l < L; ++l) loss[l] += weight * (most[l] - picked[l]);
        for (std::size_t a = 0; a < group.size(); ++a) {
          for (std::size_t l = 0; l < L; ++l) u[a * L + l] = std::max(u[a * L + l] - most[l], -700.0);
        }
        u += size_of(group.size());
      }
      for (std::size_t k = 0; k < size; ++k) buffer[k] = exp_of(buffer[k]);

      // The logarithm of a product of normalizers: each is at most what is offered, and a block has few.
      u = buffer.data();
      for (std::size_t i = begin; i < end; ++i) {
        const std::uint32_t d = decisions_[i];
        const auto group = offers_.of(d);
        const double weight = weight_of(d);
        std::array<double, L> total{};
        for (std::size_t a = 0; a < group.size(); ++a) {
          for (std::size_t l = 0; l < L; ++l) total[l] += u[a * L + l];
        }
        if (weight_.empty()) {
          for (std::size_t l = 0; l < L; ++l) product[l] *= total[l];
        } else {
          for (std::size_t l = 0; l < L; ++l) loss[l] += weight * log_of(total[l]);
        }
        if (!sums.slope.empty()) {
          for (std::size_t l = 0; l < L; ++l) total[l] = weight / total[l];
          for (std::size_t a = 0; a < group.size(); ++a) {
            for (std::size_t l = 0; l < L; ++l) u[a * L + l] *= total[l];
          }
          for (std::size_t l = 0; l < L; ++l) u[offers_.chosen[d] * L + l] -= weight;
          add_residuals<L>(d, group, u, sums.slope.data());
        }
        u += size_of(group.size());
      }
      for (std::size_t l = 0; l < L; ++l) sums.loss[l] += loss[l] + log_of(product[l]);
    }
  }

  const FactoredDesign& z_;
  const Offers& offers_;
  std::span<const std::uint32_t> decisions_;
  std::span<const double> weight_;  // by decision; empty: 1
  int threads_;
  std::vector<std::pair<std::size_t, std::size_t>> parts_;
  bool alike_;  // every decision offers all groups in order
};

}  // namespace

LinearFit softmax_regression(FactoredDesign z, const Offers& offers, std::span<const std::uint8_t> fold,
                             FoldMask use, int threads, std::span<const double> weight) {
  const std::size_t n = offers.chosen.size();
  PLUMB_ASSERT(weight.empty() || weight.size() == n);
  PLUMB_ASSERT(z.columns > 1 && z.rows() == n && offers.offset.size() == n + 1 && fold.size() == n);
  // The constant cancels within a decision.
  for (auto& images : z.map) {
    std::erase_if(images, [](const auto& image) { return image.column == 0; });
    for (auto& image : images) --image.column;
  }
  --z.columns;
  std::vector<std::uint32_t> in_use;
  std::size_t rows = 0;
  for (std::size_t i = 0; i < n; ++i) {
    PLUMB_ASSERT(fold[i] < 32 && offers.chosen[i] < offers.of(i).size());
    if ((use >> fold[i] & 1u) == 0) continue;
    in_use.push_back(static_cast<std::uint32_t>(i));
    rows += offers.of(i).size();
  }
  if (in_use.size() < 2)
    refuse(kWhere, "decisions in the folds used", fmt::format("{}", in_use.size()), "2 or more");
  const std::size_t stride = std::max((in_use.size() + kSample - 1) / kSample,
                                      std::min((rows + kSampleRows - 1) / kSampleRows, in_use.size() / 2));
  const InnerSplit split = split_inner(in_use, fold, stride);
  const ChoiceLoss inner(z, offers, split.fit, weight, threads),
      held_out(z, offers, split.held_out, weight, threads), all(z, offers, split.all, weight, threads);

  const auto grid = penalty_grid();
  const Coefficients zero(z.columns, 0.0);
  const Eigen::MatrixXd first = inner.curvature(0, zero);
  const double scale = penalty_scale(first, 0);
  std::vector<double> penalty;
  for (const double relative : grid) penalty.push_back(relative * scale);
  std::vector<Coefficients> path = minimize_lanes(
      inner, penalty, 0, std::vector<Coefficients>(grid.size(), zero), kPathTolerance, {{&first, 1}, true});
  std::vector<std::size_t> lanes(path.size());
  std::iota(lanes.begin(), lanes.end(), std::size_t{0});
  std::vector<const Coefficients*> points;
  for (const Coefficients& c : path) points.push_back(&c);
  std::vector<double> loss = held_out.evaluate(lanes, points, nullptr);
  for (double& l : loss) l /= held_out.size();
  const std::size_t best = best_penalty(loss);
  LinearFit fit{{}, penalty[best], loss[best]};
  // That of the sample, scaled up, is as good a start as one of all decisions.
  const Eigen::MatrixXd near = inner.curvature(0, path[best]) * (all.size() / inner.size());
  fit.coef = minimize_lanes(all, {&fit.penalty, 1}, 0, {std::move(path[best])}, kFinalTolerance,
                            {{&near, 1}, false})[0];
  fit.coef.insert(fit.coef.begin(), 0.0);
  return fit;
}

}  // namespace plumb::stats
