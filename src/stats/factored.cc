#include "stats/factored.h"

#include <algorithm>
#include <cmath>

namespace plumb::stats {
namespace {
constexpr std::size_t kBlock = 256;      // rows of a dense block
constexpr std::size_t kRowBlock = 4096;  // rows compressed by a thread
constexpr std::size_t kLongRow = 128;    // slots
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
}  // namespace

FactoredDesign compressed(std::size_t rows, std::size_t slots,
                          const std::function<void(std::size_t, std::span<float>)>& fill, int threads) {
  FactoredDesign out;
  out.columns = out.slots = slots;
  // Blocks find their own entries, which are then put behind each other.
  struct Block {
    std::vector<std::uint32_t> slot;
    std::vector<float> value;
  };
  std::vector<Block> blocks((rows + kRowBlock - 1) / kRowBlock);
  out.start.resize(rows + 1);
  parallel_blocks(blocks.size(), threads, [&](std::size_t k) {
    Block& block = blocks[k];
    std::vector<float> z(slots);
    std::size_t at = 0;
    for (std::size_t i = k * kRowBlock; i < std::min(rows, (k + 1) * kRowBlock); ++i) {
      std::fill(z.begin(), z.end(), 0.0f);
      fill(i, z);
      if (block.slot.size() < at + slots + 1) {
        block.slot.resize(2 * at + slots + 1);
        block.value.resize(block.slot.size());
      }
      // An entry is written wherever it may stand and kept by moving on: no branch.
      const std::size_t before = at;
      for (std::size_t j = 0; j < slots; ++j) {
        block.slot[at] = static_cast<std::uint32_t>(j);
        block.value[at] = z[j];
        at += z[j] != 0;
      }
      out.start[i + 1] = at - before;
    }
    block.slot.resize(at);
    block.value.resize(at);
  });
  for (std::size_t i = 0; i < rows; ++i) out.start[i + 1] += out.start[i];
  out.slot.resize(out.start.back());
  out.value.resize(out.start.back());
  parallel_blocks(blocks.size(), threads, [&](std::size_t k) {
    const auto at = static_cast<std::ptrdiff_t>(out.start[k * kRowBlock]);
    std::copy(blocks[k].slot.begin(), blocks[k].slot.end(), out.slot.begin() + at);
    std::copy(blocks[k].value.begin(), blocks[k].value.end(), out.value.begin() + at);
  });
  out.map.resize(1);
  for (std::uint32_t c = 0; c < slots; ++c) out.map[0].push_back({c, c, 1.0});
  return out;
}

FactoredDesign factored(DesignView x, std::span<const std::uint32_t> rows, int threads) {
  std::vector<std::uint8_t> listed(x.rows, 0);
  for (const std::uint32_t row : rows) listed[row] = 1;
  return compressed(
      x.rows, x.cols,
      [&](std::size_t row, std::span<float> z) {
        if (listed[row]) std::copy_n(x.data + row * x.stride, x.cols, z.begin());
      },
      threads);
}

std::vector<double> images(const FactoredDesign& design, std::span<const std::vector<double>* const> coef,
                           std::size_t width) {
  std::vector<double> out(design.groups() * design.slots * width, 0.0);
  for (std::size_t g = 0; g < design.groups(); ++g) {
    for (const auto& image : design.map[g]) {
      double* to = out.data() + (g * design.slots + image.slot) * width;
      for (std::size_t l = 0; l < coef.size(); ++l) to[l] += image.factor * (*coef[l])[image.column];
    }
  }
  return out;
}

std::vector<double> carried(const FactoredDesign& design, std::span<const double> sums, std::size_t lane,
                            std::size_t width) {
  std::vector<double> out(design.columns, 0.0);
  for (std::size_t g = 0; g < design.groups(); ++g) {
    for (const auto& image : design.map[g])
      out[image.column] += image.factor * sums[(g * design.slots + image.slot) * width + lane];
  }
  return out;
}

GroupSquares::GroupSquares(const FactoredDesign& design)
    : design_(&design),
      // Where a quarter of the places are filled, blocks of full rows are the faster way, and of several groups
      // where rows are long: a group's rows must be gathered first.
      dense_((design.groups() == 1 || design.slots >= kLongRow) && design.rows() > 0 &&
             4 * design.start.back() > design.rows() * design.slots),
      sums_(design.groups() * design.slots * design.slots, 0.0) {}

void GroupSquares::add(std::span<const std::uint32_t> rows, const double* h) {
  const std::size_t m = design_->slots;
  if (!dense_) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      double* to = sums_.data() + design_->group_of(rows[i]) * m * m;
      const std::size_t begin = design_->start[rows[i]], end = design_->start[rows[i] + 1];
      const std::uint32_t* slot = design_->slot.data();
      const float* value = design_->value.data();
      for (std::size_t a = begin; a < end; ++a) {
        const double scaled = h[i] * static_cast<double>(value[a]);
        double* row = to + slot[a] * m;
        for (std::size_t b = begin; b <= a; ++b) row[slot[b]] += scaled * static_cast<double>(value[b]);
      }
    }
    return;
  }
  std::vector<std::vector<std::uint32_t>> members(design_->groups());  // places in `rows`
  for (std::size_t i = 0; i < rows.size(); ++i)
    members[design_->group_of(rows[i])].push_back(static_cast<std::uint32_t>(i));
  for (std::size_t g = 0; g < members.size(); ++g) add_dense(g, rows, members[g], h);
}

// Blocks of full rows, each row times the root of its h: `places` of `rows`, which are all of group g.
void GroupSquares::add_dense(std::size_t g, std::span<const std::uint32_t> rows,
                             std::span<const std::uint32_t> places, const double* h) {
  const std::size_t m = design_->slots;
  block_.resize(static_cast<Eigen::Index>(kBlock), static_cast<Eigen::Index>(m));
  Eigen::Map<RowMatrix> sum(sums_.data() + g * m * m, static_cast<Eigen::Index>(m),
                            static_cast<Eigen::Index>(m));
  for (std::size_t first = 0; first < places.size(); first += kBlock) {
    const std::size_t n = std::min(kBlock, places.size() - first);
    auto used = block_.topRows(static_cast<Eigen::Index>(n));
    used.setZero();
    for (std::size_t i = 0; i < n; ++i) {
      const double root = std::sqrt(h[places[first + i]]);
      const std::uint32_t row = rows[places[first + i]];
      for (std::size_t a = design_->start[row]; a < design_->start[row + 1]; ++a) {
        used(static_cast<Eigen::Index>(i), design_->slot[a]) = root * static_cast<double>(design_->value[a]);
      }
    }
    sum.selfadjointView<Eigen::Lower>().rankUpdate(used.transpose());
  }
}

void GroupSquares::add(const GroupSquares& other) {
  for (std::size_t k = 0; k < sums_.size(); ++k) sums_[k] += other.sums_[k];
}

Eigen::MatrixXd GroupSquares::carried() const {
  const std::size_t m = design_->slots;
  const auto p = static_cast<Eigen::Index>(design_->columns);
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(p, p);
  std::vector<std::vector<const FactoredDesign::Image*>> of_slot(m);
  for (std::size_t g = 0; g < design_->groups(); ++g) {
    for (auto& list : of_slot) list.clear();
    for (const auto& image : design_->map[g]) of_slot[image.slot].push_back(&image);
    const double* sum = sums_.data() + g * m * m;
    for (std::size_t a = 0; a < m; ++a) {
      for (std::size_t b = 0; b <= a; ++b) {
        const double value = sum[a * m + b];
        if (value == 0) continue;
        for (const auto* u : of_slot[a]) {
          for (const auto* v : of_slot[b]) {
            const double term = value * (u->factor * v->factor);
            out(u->column, v->column) += term;
            if (a != b) out(v->column, u->column) += term;
          }
        }
      }
    }
  }
  return out;
}

}  // namespace plumb::stats
