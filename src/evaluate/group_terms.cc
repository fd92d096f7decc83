// What the decisions of a strip contribute for four policies, kept for the subsets to pick from.
#include <algorithm>

#include "evaluate/group_pass.h"
#include "evaluate/offered.h"

namespace plumb {

void GroupPass::fill(const DecisionBlock& block, std::size_t first, std::size_t n) {
  for (std::size_t lane = 0; lane < policies_.size(); ++lane) {
    if (!policies_[lane].is_logging) {
      fill_weighted(block, first, n);
      break;
    }
  }
  for (std::size_t lane = 0; lane < policies_.size(); ++lane) {
    if (policies_[lane].is_logging) fill_logging(block, first, n, lane);
  }
}

void GroupPass::fill_weighted(const DecisionBlock& block, std::size_t first, std::size_t n) {
  interleave_rows(block, first, n);
  offered_switch(block.offered, [&]<std::size_t kOffered>() { fill_offered<kOffered>(block, first, n); });
}

void GroupPass::interleave_rows(const DecisionBlock& block, std::size_t first, std::size_t n) {
  const std::size_t from = block.row[first], rows = block.row[first + n] - from;
  if (rows_.size() < kQuad * rows) rows_.resize(kQuad * rows);
  std::array<const float*, kQuad> column = probabilities_;
  for (const float*& p : column) p += from;
  interleave(rows, column, rows_.data());
}

// kOffered 0: as many as each decision has.
template <std::size_t kOffered>
void GroupPass::fill_offered(const DecisionBlock& block, std::size_t first, std::size_t n) {
  const std::size_t strip_row = block.row[first], stride = width_ * kQuad;
  const float* rows = rows_.data();
  const std::uint32_t *chosen = block.chosen.data() + first, *row = block.row.data() + first;
  const double* scale = block.scale.data() + first;
  double* terms = terms_.data();
  // Buckets are visited in no order: by the time the terms are there, their places should be near.
  const std::uint16_t* bucket = input_.bucket.data() + block.begin + first;
  const double* place = sums.empty() ? nullptr : sums[0].bucket.data();
  const auto weigh = [&](std::size_t i) {
    return load_wide(rows + kQuad * (chosen[i] - strip_row)) * quad_of(scale[i]);
  };
  for (std::size_t i = 0; i < n; ++i) {
    __builtin_prefetch(place + stride * bucket[i], 1);
    store_quad(weigh(i), terms + stride * i);
  }
  for (std::size_t j = 0; j < block.outcomes.size(); ++j) {
    const DecisionBlock::Outcome& outcome = block.outcomes[j];
    const double *part = outcome.part.data() + strip_row, *residual = outcome.residual.data() + first,
                 *value = outcome.value.data() + first, *seen = outcome.seen.data() + first;
    double* to = terms + kQuad * (1 + terms_each_ * j);
    const bool all = terms_each_ > 1;
    for (std::size_t i = 0; i < n; ++i) {
      const Quad weight = load_quad(terms + stride * i);
      const std::size_t begin = kOffered > 0 ? kOffered * i : row[i] - strip_row,
                        end = kOffered > 0 ? begin + kOffered : row[i + 1] - strip_row;
      Quad direct{};
      for (std::size_t k = begin; k < end; ++k) direct += load_wide(rows + kQuad * k) * quad_of(part[k]);
      store_quad(direct + weight * quad_of(residual[i]), to + stride * i);
      if (!all) continue;
      store_quad(weight * quad_of(value[i]), to + stride * i + kQuad);
      store_quad(weight * quad_of(seen[i]), to + stride * i + 2 * kQuad);
    }
  }
}

// What the logging policy earned is in the log; a model of its probabilities would add an error that no
// interval holds, so where they are estimated the direct part is that of the chosen action.
double GroupPass::logged_part(const DecisionBlock& block, const DecisionBlock::Outcome& outcome, std::size_t i,
                              const float* p) const {
  if (input_.base_is_estimate) return outcome.part[block.chosen[i]];
  double direct = 0;
  for (std::size_t row = block.row[i]; row < block.row[i + 1]; ++row)
    direct += static_cast<double>(p[row]) * outcome.part[row];
  return direct;
}

// The logging policy's weight is r.
void GroupPass::fill_logging(const DecisionBlock& block, std::size_t first, std::size_t n, std::size_t lane) {
  const float* p = probabilities_[lane];
  for (std::size_t i = first; i < first + n; ++i) {
    double* to = terms_.data() + kQuad * width_ * (i - first) + lane;
    const double r = block.rows_weight[i];
    to[0] = r;
    for (std::size_t j = 0; j < block.outcomes.size(); ++j) {
      const DecisionBlock::Outcome& outcome = block.outcomes[j];
      double* term = to + kQuad * (1 + terms_each_ * j);
      term[0] = logged_part(block, outcome, i, p) + r * outcome.residual[i];
      if (terms_each_ == 1) continue;
      term[kQuad] = r * outcome.value[i];
      term[2 * kQuad] = r * outcome.seen[i];
    }
  }
}

}  // namespace plumb
