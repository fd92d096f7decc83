#include "reward/active_belief.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace plumb::active {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Design = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>, 0,
                          Eigen::OuterStride<>>;

constexpr const char* kWhere = "belief";
constexpr std::size_t kRowBlock = 4096;
constexpr std::size_t kWorthThreads = 1 << 19;  // multiplications below which threads cost more than they bring

Eigen::Index index(std::size_t n) { return static_cast<Eigen::Index>(n); }

void check_mean(std::span<const double> mean) {
  for (std::size_t k = 0; k < mean.size(); ++k) {
    if (!std::isfinite(mean[k]))
      refuse(kWhere, fmt::format("mean {}", k), fmt::format("{}", mean[k]), "a finite number");
  }
}

void check_covariance(const Matrix& s, std::size_t expected, const std::string& what) {
  if (s.rows != expected || s.cols != expected)
    refuse(kWhere, what, fmt::format("{} x {}", s.rows, s.cols), fmt::format("{0} x {0}", expected));
  double largest = 0;
  for (const double x : s.data) {
    if (!std::isfinite(x)) refuse(kWhere, what, fmt::format("{}", x), "finite numbers");
    largest = std::max(largest, std::abs(x));
  }
  for (std::size_t r = 0; r < expected; ++r) {
    for (std::size_t c = 0; c < r; ++c) {
      if (std::abs(s(r, c) - s(c, r)) > 1e-9 * largest)
        refuse(kWhere, what, fmt::format("({}, {}) = {} and ({}, {}) = {}", r, c, s(r, c), c, r, s(c, r)),
               "a symmetric matrix");
    }
  }
}

class ItemsApart final : public Belief {
 public:
  ItemsApart(const ItemBelief& posterior, const PairPool& pool) : posterior_(posterior) {
    check_mean(posterior_.mean);
    check_length(kWhere, "block", posterior_.block.size(), posterior_.mean.size());
    check_pairs(pool, posterior_.mean.size(), "pool");
    blocks_ = group(posterior_.block, pool, "pool");
    check_length(kWhere, "covariance", posterior_.covariance.size(), blocks_.count());
    for (std::size_t b = 0; b < blocks_.count(); ++b)
      check_covariance(posterior_.covariance[b], blocks_.items(b).size(),
                       fmt::format("covariance of block {}", b));
  }
  const Blocks& blocks() const override { return blocks_; }
  double mean(std::uint32_t first, std::uint32_t second) const override {
    return posterior_.mean[first] - posterior_.mean[second];
  }
  double variance(std::uint32_t first, std::uint32_t second) const override {
    const Matrix& s = posterior_.covariance[posterior_.block[first]];
    const std::size_t i = blocks_.place[first], j = blocks_.place[second];
    return s(i, i) - s(i, j) - s(j, i) + s(j, j);
  }
  std::span<const double> covariances(std::uint32_t first, std::uint32_t second) override {
    const Matrix& s = posterior_.covariance[posterior_.block[first]];
    const auto a = s.row(blocks_.place[first]), b = s.row(blocks_.place[second]);
    to_pair_.resize(s.rows);
    for (std::size_t k = 0; k < s.rows; ++k) to_pair_[k] = a[k] - b[k];
    return to_pair_;
  }
  void shrink(std::uint32_t first, std::uint32_t, double amount) override {
    Matrix& s = posterior_.covariance[posterior_.block[first]];
    for (std::size_t r = 0; r < s.rows; ++r) {
      const double step = amount * to_pair_[r];
      const auto row = s.row(r);
      for (std::size_t c = 0; c < s.rows; ++c) row[c] -= step * to_pair_[c];
    }
  }

 private:
  ItemBelief posterior_;
  Blocks blocks_;
  std::vector<double> to_pair_;
};

class LinearReward final : public Belief {
 public:
  LinearReward(const LinearBelief& posterior, DesignView items, const PairPool& pool, int threads)
      : threads_(items.rows * items.cols < kWorthThreads ? 1 : threads),
        rows_(items.rows),
        columns_(items.cols) {
    check_design(items);
    check_mean(posterior.mean);
    check_length(kWhere, "mean", posterior.mean.size(), columns_);
    check_covariance(posterior.covariance, columns_, "covariance");
    check_pairs(pool, rows_, "pool");
    items_.resize(rows_ * columns_);
    for (std::size_t i = 0; i < rows_; ++i) {
      const auto row = items.row(i);
      std::copy(row.begin(), row.end(), items_.begin() + static_cast<std::ptrdiff_t>(i * columns_));
    }
    covariance_ =
        Eigen::Map<const RowMatrix>(posterior.covariance.data.data(), index(columns_), index(columns_));
    const std::vector<std::uint32_t> one_block(rows_, 0);
    blocks_ = group(one_block, pool, "pool");
    utility_.resize(index(rows_));
    to_pair_.resize(index(rows_));
    spread_.resize(index(rows_), index(columns_));
    const Eigen::VectorXd theta = Eigen::Map<const Eigen::VectorXd>(posterior.mean.data(), index(columns_));
    each_block([&](Eigen::Index begin, Eigen::Index count, const RowMatrix& rows) {
      utility_.segment(begin, count).noalias() = rows * theta;
      spread_.middleRows(begin, count).noalias() = rows * covariance_;
    });
  }
  const Blocks& blocks() const override { return blocks_; }
  double mean(std::uint32_t first, std::uint32_t second) const override {
    return utility_[first] - utility_[second];
  }
  // As it was at the start: later variances are kept up by whoever shrinks.
  double variance(std::uint32_t first, std::uint32_t second) const override {
    return (spread_.row(first) - spread_.row(second)).dot(difference(first, second));
  }
  std::span<const double> covariances(std::uint32_t first, std::uint32_t second) override {
    step_.noalias() = covariance_ * difference(first, second).transpose();
    each_block([&](Eigen::Index begin, Eigen::Index count, const RowMatrix& rows) {
      to_pair_.segment(begin, count).noalias() = rows * step_;
    });
    return {to_pair_.data(), rows_};
  }
  void shrink(std::uint32_t, std::uint32_t, double amount) override {
    covariance_.noalias() -= amount * step_ * step_.transpose();
  }

 private:
  Eigen::RowVectorXd difference(std::uint32_t first, std::uint32_t second) const {
    const Design x(items_.data(), index(rows_), index(columns_), Eigen::OuterStride<>(index(columns_)));
    return x.row(first).cast<double>() - x.row(second).cast<double>();
  }
  template <class Task>
  void each_block(const Task& task) const {
    const Design x(items_.data(), index(rows_), index(columns_), Eigen::OuterStride<>(index(columns_)));
    parallel_blocks((rows_ + kRowBlock - 1) / kRowBlock, threads_, [&](std::size_t b) {
      const std::size_t begin = b * kRowBlock, count = std::min(kRowBlock, rows_ - begin);
      task(index(begin), index(count), RowMatrix(x.middleRows(index(begin), index(count)).cast<double>()));
    });
  }

  int threads_;
  std::size_t rows_, columns_;
  std::vector<float> items_;
  RowMatrix covariance_, spread_;  // spread: items times covariance
  Eigen::VectorXd utility_, to_pair_, step_;
  Blocks blocks_;
};

}  // namespace

std::unique_ptr<Belief> believe(const ItemBelief& posterior, const PairPool& pool) {
  return std::make_unique<ItemsApart>(posterior, pool);
}

std::unique_ptr<Belief> believe(const LinearBelief& posterior, DesignView items, const PairPool& pool,
                                int threads) {
  return std::make_unique<LinearReward>(posterior, items, pool, threads);
}

}  // namespace plumb::active
