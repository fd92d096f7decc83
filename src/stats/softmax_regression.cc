// Conditional logit: the log-loss of choices among offered rows as a ConvexLoss. The constant cancels within a
// decision and is left out of the parameters.
#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "plumb/regression.h"
#include "stats/selection.h"

namespace plumb {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::size_t kBlock = 64;  // decisions
constexpr std::size_t kParts = 32;
constexpr std::size_t kSample = 20'000, kSampleRows = 60'000;
constexpr std::size_t kWide = 1024;  // columns
constexpr const char* kWhere = "softmax_regression";

// Columns that differ within one of the decisions: only they tell choices apart. REQUIRES: finite rows.
std::vector<std::uint32_t> varying(DesignView x, std::span<const std::uint64_t> offset,
                                   std::span<const std::uint32_t> decisions) {
  std::vector<std::uint8_t> differs(x.cols, 0);
  for (const std::uint32_t d : decisions) {
    const float* const first = x.data + offset[d] * x.stride;
    for (std::uint64_t r = offset[d] + 1; r < offset[d + 1]; ++r) {
      const float* const row = x.data + r * x.stride;
      for (std::size_t c = 0; c < x.cols; ++c) differs[c] |= row[c] != first[c];
    }
  }
  std::vector<std::uint32_t> out;
  for (std::size_t c = 0; c < x.cols; ++c) {
    if (differs[c]) out.push_back(static_cast<std::uint32_t>(c));
  }
  return out;
}

class ChoiceLoss final : public stats::ConvexLoss {
 public:
  ChoiceLoss(DesignView x, std::span<const std::uint64_t> offset, std::span<const std::uint32_t> chosen,
             std::span<const std::uint32_t> decisions, std::span<const double> weight, int threads)
      : x_(x),
        offset_(offset),
        chosen_(chosen),
        decisions_(decisions),
        weight_(weight),
        threads_(threads),
        parts_(stats::fixed_parts(decisions.size(), kBlock, kParts)) {}

  std::size_t parameters() const override { return x_.cols; }
  double size() const override {
    double sum = 0;
    for (const std::uint32_t d : decisions_) sum += weight_of(d);
    return sum;
  }

  double evaluate(std::span<const double> coef, std::span<double> gradient) const override {
    const Eigen::VectorXd b = Eigen::Map<const Eigen::VectorXd>(coef.data(), p());
    std::vector<double> loss(parts_.size(), 0.0);
    std::vector<Eigen::VectorXd> slope(parts_.size());
    parallel_blocks(parts_.size(), threads_, [&](std::size_t k) {
      Eigen::VectorXd sum = Eigen::VectorXd::Zero(p());
      each_block(k, b, [&](RowMatrix& block, Eigen::VectorXd& share, std::size_t begin, std::size_t end) {
        Eigen::Index row = 0;
        for (std::size_t d = begin; d < end; ++d) {
          const auto offered = static_cast<Eigen::Index>(offered_of(decisions_[d]));
          const auto pick = row + static_cast<Eigen::Index>(chosen_[decisions_[d]]);
          const double utility = share[pick];
          const double weight = weight_of(decisions_[d]);
          loss[k] += weight * (to_probabilities(share, row, offered) - utility);
          share[pick] -= 1;
          if (!weight_.empty()) share.segment(row, offered) *= weight;
          row += offered;
        }
        if (!gradient.empty()) sum.noalias() += block.topRows(row).transpose() * share.head(row);
      });
      slope[k] = std::move(sum);
    });
    double total = 0;
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(p());
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      total += loss[k];
      sum += slope[k];
    }
    std::copy(sum.data(), sum.data() + gradient.size(), gradient.begin());
    return total;
  }

  // Sum over decisions of the covariance of the features under the model's probabilities.
  Matrix curvature(std::span<const double> coef) const override {
    const Eigen::VectorXd b = Eigen::Map<const Eigen::VectorXd>(coef.data(), p());
    std::vector<Eigen::MatrixXd> sums(parts_.size());
    parallel_blocks(parts_.size(), threads_, [&](std::size_t k) {
      Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(p(), p());
      Eigen::RowVectorXd mean(p());
      each_block(k, b, [&](RowMatrix& block, Eigen::VectorXd& share, std::size_t begin, std::size_t end) {
        Eigen::Index row = 0;
        for (std::size_t d = begin; d < end; ++d) {
          const auto offered = static_cast<Eigen::Index>(offered_of(decisions_[d]));
          to_probabilities(share, row, offered);
          mean.setZero();
          for (Eigen::Index j = row; j < row + offered; ++j) mean += share[j] * block.row(j);
          for (Eigen::Index j = row; j < row + offered; ++j) {
            block.row(j) = std::sqrt(weight_of(decisions_[d]) * share[j]) * (block.row(j) - mean);
          }
          row += offered;
        }
        sum.template selfadjointView<Eigen::Lower>().rankUpdate(block.topRows(row).transpose());
      });
      sums[k] = std::move(sum);
    });
    Eigen::MatrixXd total = Eigen::MatrixXd::Zero(p(), p());
    for (const Eigen::MatrixXd& sum : sums) total += sum;
    Matrix result(x_.cols, x_.cols);
    Eigen::Map<RowMatrix>(result.data.data(), p(), p()) = total.selfadjointView<Eigen::Lower>();
    return result;
  }

 private:
  Eigen::Index p() const { return static_cast<Eigen::Index>(x_.cols); }
  double weight_of(std::size_t d) const { return weight_.empty() ? 1.0 : weight_[d]; }
  std::size_t offered_of(std::size_t d) const { return static_cast<std::size_t>(offset_[d + 1] - offset_[d]); }

  // Turns utilities into probabilities in place; returns their log-sum-exp.
  static double to_probabilities(Eigen::VectorXd& share, Eigen::Index first, Eigen::Index count) {
    double most = share[first], sum = 0;
    for (Eigen::Index j = first; j < first + count; ++j) most = std::max(most, share[j]);
    for (Eigen::Index j = first; j < first + count; ++j) sum += share[j] = std::exp(share[j] - most);
    for (Eigen::Index j = first; j < first + count; ++j) share[j] /= sum;
    return most + std::log(sum);
  }

  // Calls task(rows of the block's decisions, their utilities, first decision, one past the last), in order.
  template <class Task>
  void each_block(std::size_t k, const Eigen::VectorXd& b, const Task& task) const {
    RowMatrix block;
    Eigen::VectorXd utility;
    std::vector<std::uint32_t> rows;
    for (std::size_t begin = parts_[k].first; begin < parts_[k].second; begin += kBlock) {
      const std::size_t end = std::min(begin + kBlock, parts_[k].second);
      rows.clear();
      for (std::size_t d = begin; d < end; ++d) {
        for (std::uint64_t r = offset_[decisions_[d]]; r < offset_[decisions_[d] + 1]; ++r) {
          rows.push_back(static_cast<std::uint32_t>(r));
        }
      }
      const auto n = static_cast<Eigen::Index>(rows.size());
      if (block.rows() < n) {
        block.resize(n, p());
        utility.resize(n);
      }
      stats::load_rows(x_, rows, block.data());
      utility.head(n).noalias() = block.topRows(n) * b;
      task(block, utility, begin, end);
    }
  }

  DesignView x_;  // without the constant
  std::span<const std::uint64_t> offset_;
  std::span<const std::uint32_t> chosen_;
  std::span<const std::uint32_t> decisions_;
  std::span<const double> weight_;  // by decision; empty: 1
  int threads_;
  std::vector<std::pair<std::size_t, std::size_t>> parts_;
};

}  // namespace

LinearFit softmax_regression(DesignView x, std::span<const std::uint64_t> offset,
                             std::span<const std::uint32_t> chosen, std::span<const std::uint8_t> fold,
                             FoldMask use, int threads, std::span<const double> weight) {
  PLUMB_ASSERT(weight.empty() || weight.size() == chosen.size());
  PLUMB_ASSERT(x.cols > 0 && x.rows < (std::uint64_t{1} << 32) && offset.size() == chosen.size() + 1 &&
               fold.size() == chosen.size() && offset.front() == 0 && offset.back() == x.rows);
  std::vector<std::uint32_t> in_use, rows;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    PLUMB_ASSERT(fold[i] < 32 && offset[i] < offset[i + 1] && chosen[i] < offset[i + 1] - offset[i]);
    if ((use >> fold[i] & 1u) == 0) continue;
    in_use.push_back(static_cast<std::uint32_t>(i));
    for (std::uint64_t r = offset[i]; r < offset[i + 1]; ++r) rows.push_back(static_cast<std::uint32_t>(r));
  }
  if (in_use.size() < 2)
    refuse(kWhere, "decisions in the folds used", fmt::format("{}", in_use.size()), "2 or more");
  stats::refuse_non_finite(x, rows, kWhere);

  const std::size_t stride =
      std::max((in_use.size() + kSample - 1) / kSample,
               std::min((rows.size() + kSampleRows - 1) / kSampleRows, in_use.size() / 2));
  const auto split = stats::split_inner(in_use, fold, stride);
  // A wide design is mostly what is known of the decision: equal for all that was offered, it has coefficient
  // 0.
  if (x.cols > kWide) {
    const std::vector<std::uint32_t> columns = varying(x, offset, in_use);
    if (columns.size() + 1 < x.cols) {
      std::vector<float> narrow;
      for (std::size_t r = 0; r < x.rows; ++r) {
        narrow.push_back(1);
        for (const std::uint32_t c : columns) narrow.push_back(x(r, c));
      }
      LinearFit fit = softmax_regression({narrow.data(), x.rows, columns.size() + 1}, offset, chosen, fold, use,
                                         threads, weight);
      std::vector<double> coef(x.cols, 0.0);
      for (std::size_t k = 0; k < columns.size(); ++k) coef[columns[k]] = fit.coef[k + 1];
      fit.coef = std::move(coef);
      return fit;
    }
  }
  const DesignView features(x.data + 1, x.rows, x.cols - 1, x.stride);
  const ChoiceLoss inner(features, offset, chosen, split.fit, weight, threads),
      held_out(features, offset, chosen, split.held_out, weight, threads),
      all(features, offset, chosen, split.all, weight, threads);
  LinearFit fit = stats::select_and_fit(&inner, held_out, all, 0, std::vector<double>(features.cols, 0.0));
  fit.coef.insert(fit.coef.begin(), 0.0);
  return fit;
}

}  // namespace plumb
