// Penalized logistic regression: the log-loss as a ConvexLoss, and its null model.
#include <fmt/format.h>

#include <Eigen/Core>
#include <cmath>
#include <optional>

#include "plumb/regression.h"
#include "stats/selection.h"

namespace plumb {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::size_t kBlock = 256;  // 256 rows x 90 columns of doubles stay in the second-level cache
constexpr std::size_t kParts = 32;
constexpr std::size_t kSample = 20'000;
constexpr const char* kWhere = "logistic";

class LogLoss final : public stats::ConvexLoss {
 public:
  LogLoss(DesignView x, std::span<const double> y, std::span<const std::uint32_t> rows,
          std::span<const double> weight, int threads)
      : x_(x),
        y_(y),
        rows_(rows),
        weight_(weight),
        threads_(threads),
        parts_(stats::fixed_parts(rows.size(), kBlock, kParts)) {}

  std::size_t parameters() const override { return x_.cols; }
  double size() const override {
    if (weight_.empty()) return static_cast<double>(rows_.size());
    double sum = 0;
    for (const std::uint32_t row : rows_) sum += weight_[row];
    return sum;
  }

  double evaluate(std::span<const double> coef, std::span<double> gradient) const override {
    const Eigen::VectorXd b = Eigen::Map<const Eigen::VectorXd>(coef.data(), p());
    std::vector<double> loss(parts_.size(), 0.0);
    std::vector<Eigen::VectorXd> slope(parts_.size());
    parallel_blocks(parts_.size(), threads_, [&](std::size_t k) {
      Eigen::VectorXd sum = Eigen::VectorXd::Zero(p()), residual(static_cast<Eigen::Index>(kBlock));
      each_block(k, b, [&](const auto& block, const Eigen::VectorXd& log_odds, std::size_t begin) {
        const Eigen::Index n = block.rows();
        for (Eigen::Index i = 0; i < n; ++i) {
          const double y = y_[rows_[begin + static_cast<std::size_t>(i)]];
          const double weight = weight_of(begin + static_cast<std::size_t>(i));
          loss[k] += weight * (log1p_exp(log_odds[i]) - y * log_odds[i]);
          residual[i] = weight * (sigmoid(log_odds[i]) - y);
        }
        if (!gradient.empty()) sum.noalias() += block.transpose() * residual.head(n);
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

  Matrix curvature(std::span<const double> coef) const override {
    const Eigen::VectorXd b = Eigen::Map<const Eigen::VectorXd>(coef.data(), p());
    std::vector<Eigen::MatrixXd> sums(parts_.size());
    parallel_blocks(parts_.size(), threads_, [&](std::size_t k) {
      Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(p(), p());
      each_block(k, b, [&](auto&& block, const Eigen::VectorXd& log_odds, std::size_t begin) {
        for (Eigen::Index i = 0; i < block.rows(); ++i) {
          const double weight = weight_of(begin + static_cast<std::size_t>(i));
          block.row(i) *= std::sqrt(weight * sigmoid(log_odds[i]) * sigmoid(-log_odds[i]));
        }
        sum.template selfadjointView<Eigen::Lower>().rankUpdate(block.transpose());
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

  double weight_of(std::size_t k) const { return weight_.empty() ? 1.0 : weight_[rows_[k]]; }

  // Calls task(block of rows, their log-odds, index of the first) for the blocks of part k, in order.
  template <class Task>
  void each_block(std::size_t k, const Eigen::VectorXd& b, const Task& task) const {
    RowMatrix block(static_cast<Eigen::Index>(kBlock), p());
    Eigen::VectorXd log_odds(static_cast<Eigen::Index>(kBlock));
    for (std::size_t begin = parts_[k].first; begin < parts_[k].second; begin += kBlock) {
      const std::size_t n = std::min(kBlock, parts_[k].second - begin);
      stats::load_rows(x_, rows_.subspan(begin, n), block.data());
      auto used = block.topRows(static_cast<Eigen::Index>(n));
      log_odds.head(used.rows()).noalias() = used * b;
      task(used, log_odds, begin);
    }
  }

  DesignView x_;
  std::span<const double> y_;
  std::span<const std::uint32_t> rows_;
  std::span<const double> weight_;  // by row of x; empty: 1
  int threads_;
  std::vector<std::pair<std::size_t, std::size_t>> parts_;
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

LinearFit logistic(DesignView x, std::span<const double> y01, std::span<const std::uint32_t> rows,
                   std::span<const std::uint8_t> fold, FoldMask use, int threads,
                   std::span<const double> weight) {
  PLUMB_ASSERT(weight.empty() || weight.size() == x.rows);
  PLUMB_ASSERT(x.cols > 0 && y01.size() == x.rows && fold.size() == x.rows);
  std::vector<std::uint32_t> in_use;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const std::uint32_t row = rows[k];
    PLUMB_ASSERT(row < x.rows && fold[row] < 32 && (k == 0 || rows[k - 1] < row));
    if ((use >> fold[row] & 1u) == 0) continue;
    if (!(y01[row] >= 0 && y01[row] <= 1)) {
      refuse(kWhere, fmt::format("y row {}", row), fmt::format("{}", y01[row]), "a number in [0, 1]");
    }
    PLUMB_ASSERT(x(row, 0) == 1.0f);
    in_use.push_back(row);
  }
  if (in_use.size() < 2)
    refuse(kWhere, "rows in the folds used", fmt::format("{}", in_use.size()), "2 or more");
  stats::refuse_non_finite(x, in_use, kWhere);

  const auto split = stats::split_inner(in_use, fold, (in_use.size() + kSample - 1) / kSample);
  const LogLoss inner(x, y01, split.fit, weight, threads), held_out(x, y01, split.held_out, weight, threads),
      all(x, y01, split.all, weight, threads);
  const Share total = share(y01, split.all, weight), fitted = share(y01, split.fit, weight);
  if (total.one_class()) {
    std::vector<double> coef = null_model(x.cols, total);
    const double loss = held_out.evaluate(coef, {}) / held_out.size();
    return {std::move(coef), 0, loss};
  }
  if (fitted.one_class()) return stats::select_and_fit(nullptr, held_out, all, 1, null_model(x.cols, total));
  return stats::select_and_fit(&inner, held_out, all, 1, null_model(x.cols, fitted));
}

}  // namespace plumb
