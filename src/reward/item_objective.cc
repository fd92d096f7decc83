// Sums over votes by fixed blocks, each with accumulators of its own that are added in block order: the same
// bytes for any number of threads. The number of blocks depends on the data alone.
#include "reward/item_objective.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "reward/vote_terms.h"

namespace plumb {
namespace {

constexpr std::size_t kVotesPerBlock = 16384;
constexpr std::size_t kMostBlocks = 16;

// Adding up blocks costs items x blocks: a block should have several votes an item.
std::size_t block_count(const ItemVotes& votes) {
  const std::size_t judged = votes.first.size() + votes.ranking_item.size();
  return std::clamp<std::size_t>(std::min(judged / kVotesPerBlock, judged / (4 * votes.items + 1)), 1,
                                 kMostBlocks);
}

std::pair<std::size_t, std::size_t> part(std::size_t n, std::size_t block, std::size_t blocks) {
  return {n * block / blocks, n * (block + 1) / blocks};
}

}  // namespace

ItemObjective::ItemObjective(const ItemVotes& votes, Ties ties, const Penalties& penalties,
                             const RaterEffects& raters, int threads)
    : votes_(votes),
      ties_(ties),
      penalties_(penalties),
      raters_(raters),
      threads_(threads),
      blocks_(block_count(votes)) {
  sums_.assign(blocks_, std::vector<double>(size()));
  diagonals_.assign(blocks_, std::vector<double>(size()));
  block_value_.assign(blocks_, 0);
  block_tt_.assign(blocks_, 0);
  curve_dd_.assign(votes.first.size(), 0);
  if (penalties.tie_on) curve_dt_.assign(votes.first.size(), 0);
  gradient_.assign(size(), 0);
  diagonal_.assign(size(), 1);
  sort_rankings();
}

void ItemObjective::sort_rankings() {
  std::vector<std::uint64_t> order;
  for (std::size_t r = 0; r + 1 < votes_.ranking_offset.size(); ++r) {
    const std::uint64_t from = votes_.ranking_offset[r], to = votes_.ranking_offset[r + 1];
    order.resize(to - from);
    std::iota(order.begin(), order.end(), from);
    std::stable_sort(order.begin(), order.end(), [&](std::uint64_t a, std::uint64_t b) {
      return votes_.ranking_rank[a] < votes_.ranking_rank[b];
    });
    for (std::size_t k = 0; k < order.size(); ++k) {
      const bool starts = k == 0 || votes_.ranking_rank[order[k]] != votes_.ranking_rank[order[k - 1]];
      ranked_.item.push_back(votes_.ranking_item[order[k]]);
      ranked_.group.push_back(starts ? 1 : 0);
      ranked_.behind.push_back(starts ? static_cast<std::uint32_t>(k) : ranked_.behind.back());
      if (!starts) ++ranked_.group[from + ranked_.behind.back()];
    }
    ranked_.offset.push_back(to);
    ranked_.weight.push_back(votes_.ranking_weight.empty() ? 1.0
                                                           : static_cast<double>(votes_.ranking_weight[r]));
  }
  exp_u_.assign(ranked_.item.size(), 0);
  at_risk_.assign(ranked_.item.size(), 0);
}

double ItemObjective::slope(std::size_t v) const {
  if (raters_.rater.empty() || raters_.rater[v] == kNoRater) return 1;
  return raters_.slope[raters_.rater[v]];
}

double ItemObjective::vote_block(std::size_t block, std::span<const double> x) {
  const auto [from, to] = part(votes_.first.size(), block, blocks_);
  double* const sum = sums_[block].data();
  double* const diagonal = diagonals_[block].data();
  const double b = x[position()], t = x[tie()];
  double total = 0, sum_b = 0, sum_t = 0, curve_b = 0, curve_t = 0;
  for (std::size_t v = from; v < to; ++v) {
    const std::uint32_t f = votes_.first[v], s = votes_.second[v];
    double a = 1, d = x[f] - x[s] + b, tie_here = t;
    if (!raters_.rater.empty() && raters_.rater[v] != kNoRater) {
      const std::uint32_t r = raters_.rater[v];
      a = raters_.slope[r];
      d = a * (x[f] - x[s]) + b + raters_.lean[r];
      tie_here += raters_.tie[r];
    }
    const VoteTerms terms = vote_terms(ties_, d, tie_here, votes_.answer[v]);
    const double w = votes_.weight.empty() ? 1.0 : static_cast<double>(votes_.weight[v]);
    total += w * terms.log_p;
    const double pull = w * a * terms.by_d, curve = w * terms.curve_dd;
    sum[f] += pull;
    sum[s] -= pull;
    diagonal[f] += a * a * curve;
    diagonal[s] += a * a * curve;
    curve_dd_[v] = curve;
    sum_b += w * terms.by_d;
    curve_b += curve;
    if (penalties_.tie_on) {
      curve_dt_[v] = w * terms.curve_dt;
      sum_t += w * terms.by_t;
      curve_t += w * terms.curve_tt;
    }
  }
  sum[position()] += sum_b;
  sum[tie()] += sum_t;
  diagonal[position()] += curve_b;
  diagonal[tie()] += curve_t;
  block_tt_[block] = curve_t;
  return total;
}

// Entry j of a ranking is left in every group that starts at or before its own: with c_g the size of group g
// and S_g the sum of e^u over what is left there, its gradient is 1 - e^u_j sum_g c_g / S_g.
double ItemObjective::ranking_block(std::size_t block, std::span<const double> x) {
  const auto [from_ranking, to_ranking] = part(ranked_.offset.size() - 1, block, blocks_);
  double total = 0;
  for (std::size_t r = from_ranking; r < to_ranking; ++r) {
    const std::size_t from = ranked_.offset[r], to = ranked_.offset[r + 1];
    double top = x[ranked_.item[from]];
    for (std::size_t j = from; j < to; ++j) top = std::max(top, x[ranked_.item[j]]);
    double left = 0;
    for (std::size_t j = to; j-- > from;) {
      exp_u_[j] = std::exp(x[ranked_.item[j]] - top);
      left += exp_u_[j];
      at_risk_[j] = left;
    }
    const double w = ranked_.weight[r];
    double chosen = 0, squares = 0;  // sums over groups so far of c / S, c / S^2
    for (std::size_t j = from; j < to; ++j) {
      if (ranked_.group[j] != 0) {
        chosen += ranked_.group[j] / at_risk_[j];
        squares += ranked_.group[j] / (at_risk_[j] * at_risk_[j]);
        total -= w * ranked_.group[j] * (std::log(at_risk_[j]) + top);
      }
      total += w * x[ranked_.item[j]];
      sums_[block][ranked_.item[j]] += w * (1 - exp_u_[j] * chosen);
      diagonals_[block][ranked_.item[j]] += w * exp_u_[j] * (chosen - exp_u_[j] * squares);
    }
  }
  return total;
}

void ItemObjective::multiply_block(std::size_t block, std::span<const double> v) {
  const auto [from, to] = part(votes_.first.size(), block, blocks_);
  double* const sum = sums_[block].data();
  const double vb = v[position()], vt = v[tie()];
  double sum_b = 0, sum_t = 0;
  for (std::size_t k = from; k < to; ++k) {
    const std::uint32_t f = votes_.first[k], s = votes_.second[k];
    const double a = slope(k);
    const double along = a * (v[f] - v[s]) + vb;
    double pull = curve_dd_[k] * along;
    if (penalties_.tie_on) {
      pull += curve_dt_[k] * vt;
      sum_t += curve_dt_[k] * along;
    }
    sum[f] += a * pull;
    sum[s] -= a * pull;
    sum_b += pull;
  }
  sum[position()] += sum_b;
  sum[tie()] += sum_t + block_tt_[block] * vt;
}

void ItemObjective::multiply_rankings(std::size_t block, std::span<const double> v) {
  const auto [from_ranking, to_ranking] = part(ranked_.offset.size() - 1, block, blocks_);
  for (std::size_t r = from_ranking; r < to_ranking; ++r) {
    const std::size_t from = ranked_.offset[r], to = ranked_.offset[r + 1];
    double left = 0;  // sum of e^u v over the whole ranking, then over what is left
    for (std::size_t j = from; j < to; ++j) left += exp_u_[j] * v[ranked_.item[j]];
    double chosen = 0, means = 0, passed = 0;
    for (std::size_t j = from; j < to; ++j) {
      if (ranked_.group[j] != 0) {
        const double mean = (left - passed) / at_risk_[j];
        chosen += ranked_.group[j] / at_risk_[j];
        means += ranked_.group[j] * mean / at_risk_[j];
      }
      const double along = v[ranked_.item[j]];
      passed += exp_u_[j] * along;
      sums_[block][ranked_.item[j]] += ranked_.weight[r] * exp_u_[j] * (along * chosen - means);
    }
  }
}

void ItemObjective::reduce(const std::vector<std::vector<double>>& rows, std::vector<double>* out) const {
  *out = rows[0];
  for (std::size_t b = 1; b < blocks_; ++b)
    for (std::size_t i = 0; i < out->size(); ++i) (*out)[i] += rows[b][i];
}

void ItemObjective::centre_gradient() {
  PLUMB_ASSERT(penalties_.component.size() == items());
  std::vector<double> sum, count;
  for (std::size_t i = 0; i < items(); ++i) {
    const std::uint32_t c = penalties_.component[i];
    if (c >= sum.size()) sum.resize(c + 1), count.resize(c + 1);
    sum[c] += gradient_[i];
    count[c] += 1;
  }
  for (std::size_t i = 0; i < items(); ++i)
    gradient_[i] -= sum[penalties_.component[i]] / count[penalties_.component[i]];
}

double ItemObjective::evaluate(std::span<const double> x) {
  PLUMB_ASSERT(x.size() == size());
  if (ties_ == Ties::kRaoKupper && penalties_.tie_on && x[tie()] <= 0)
    return -std::numeric_limits<double>::infinity();
  parallel_blocks(blocks_, threads_, [&](std::size_t block) {
    std::fill(sums_[block].begin(), sums_[block].end(), 0.0);
    std::fill(diagonals_[block].begin(), diagonals_[block].end(), 0.0);
    block_value_[block] = vote_block(block, x) + ranking_block(block, x);
  });
  log_likelihood_ = std::accumulate(block_value_.begin(), block_value_.end(), 0.0);
  curve_tt_ = std::accumulate(block_tt_.begin(), block_tt_.end(), 0.0);
  reduce(sums_, &gradient_);
  reduce(diagonals_, &diagonal_);
  double total = log_likelihood_;
  const auto penalize = [&](std::size_t i, bool on, double penalty, double mean) {
    const double off = x[i] - mean;
    gradient_[i] = on ? gradient_[i] - penalty * off : 0;
    diagonal_[i] = on ? diagonal_[i] + penalty : 1;
    if (on) total -= penalty / 2 * off * off;
  };
  for (std::size_t i = 0; i < items(); ++i) {
    penalize(i, true, penalties_.utility, 0);
    if (diagonal_[i] <= 0) diagonal_[i] = 1;  // an item without votes and without a prior
  }
  if (penalties_.utility == 0) centre_gradient();
  penalize(position(), penalties_.position_on, penalties_.position, 0);
  penalize(tie(), penalties_.tie_on, penalties_.tie, penalties_.tie_mean);
  return total;
}

void ItemObjective::multiply(std::span<const double> v, std::vector<double>* out) {
  parallel_blocks(blocks_, threads_, [&](std::size_t block) {
    std::fill(sums_[block].begin(), sums_[block].end(), 0.0);
    multiply_block(block, v);
    multiply_rankings(block, v);
  });
  reduce(sums_, out);
  for (std::size_t i = 0; i < items(); ++i) (*out)[i] += penalties_.utility * v[i];
  (*out)[position()] = penalties_.position_on ? (*out)[position()] + penalties_.position * v[position()] : 0;
  (*out)[tie()] = penalties_.tie_on ? (*out)[tie()] + penalties_.tie * v[tie()] : 0;
}

}  // namespace plumb
