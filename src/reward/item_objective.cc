// Sums over votes by fixed blocks of pairs, then over pairs by item, each item's in the order of its pairs: the
// same bytes for any number of threads. The blocks depend on the data alone.
#include "reward/item_objective.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "reward/vote_lanes.h"

namespace plumb {
namespace {

constexpr std::size_t kVotesPerBlock = 8192, kItemsPerBlock = 2048;
constexpr std::size_t kEntriesPerBlock = 16384;  // of rankings
constexpr std::size_t kMostBlocks = 16;
constexpr std::uint8_t kLowerFirst = 4, kAnswer = 3;

// Adding up blocks of rankings costs items x blocks: a block should have several entries an item.
std::size_t ranking_block_count(const ItemVotes& votes) {
  const std::size_t judged = votes.ranking_item.size();
  if (judged == 0) return 0;
  return std::clamp<std::size_t>(std::min(judged / kEntriesPerBlock, judged / (4 * votes.items + 1)), 1,
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
      pairs_(votes),
      ranking_blocks_(ranking_block_count(votes)) {
  sort_votes();
  sort_rankings();
  ranking_sums_.assign(ranking_blocks_, std::vector<double>(size()));
  ranking_diagonals_.assign(ranking_blocks_, std::vector<double>(size()));
  ranking_value_.assign(ranking_blocks_, 0);
  sums_.resize(pairs_.size());
  side_curve_.assign(pairs_.side.size(), 0);
  row_b_.assign(items(), 0);
  row_t_.assign(items(), 0);
  gradient_.assign(size(), 0);
  diagonal_.assign(size(), 1);
}

void ItemObjective::sort_votes() {
  const std::size_t n = votes_.first.size();
  shown_.resize(n);
  if (!raters_.rater.empty()) rater_.resize(n);
  if (!votes_.weight.empty()) weight_.resize(n);
  for (std::size_t k = 0; k < n; ++k) {
    const std::uint32_t v = pairs_.vote[k];
    shown_[k] = static_cast<std::uint8_t>(votes_.answer[v]) |
                static_cast<std::uint8_t>(votes_.first[v] < votes_.second[v] ? kLowerFirst : 0);
    if (!rater_.empty()) rater_[k] = raters_.rater[v];
    if (!weight_.empty()) weight_[k] = votes_.weight[v];
    const bool new_pair = k == 0 || pairs_.pair[k] != pairs_.pair[k - 1];
    if (new_pair && (k == 0 || k - first_vote_.back() >= kVotesPerBlock)) {
      first_vote_.push_back(k);
      first_pair_.push_back(pairs_.pair[k]);
    }
  }
  vote_blocks_.resize(first_vote_.size());
  first_vote_.push_back(n);
  first_pair_.push_back(pairs_.size());
  item_blocks_.resize((items() + kItemsPerBlock - 1) / kItemsPerBlock);
}

void ItemObjective::gather_effects() {
  effect_.resize(raters_.slope.size());
  for (std::size_t r = 0; r < effect_.size(); ++r)
    effect_[r] = {raters_.slope[r], raters_.lean[r], raters_.tie[r], 0};
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

ItemObjective::BorderSums ItemObjective::vote_block(std::size_t block, std::span<const double> x) {
  const std::size_t to = first_vote_[block + 1];
  std::fill(sums_.begin() + static_cast<std::ptrdiff_t>(first_pair_[block]),
            sums_.begin() + static_cast<std::ptrdiff_t>(first_pair_[block + 1]), PairSums());
  const double b = x[position()], t = x[tie()];
  VoteLanes lanes;
  std::array<double, kLanes> slope;  // of d in the utility of the pair's lower item
  BorderSums all;
  for (std::size_t from = first_vote_[block]; from < to; from += kLanes) {
    const std::size_t n = std::min(kLanes, to - from);
    for (std::size_t k = 0; k < n; ++k) {
      const std::size_t v = from + k;
      const std::uint32_t p = pairs_.pair[v];
      double lean = b, tie_here = t;
      slope[k] = (shown_[v] & kLowerFirst) != 0 ? 1 : -1;
      if (!rater_.empty() && rater_[v] != kNoRater) {
        const std::array<double, 4>& effect = effect_[rater_[v]];
        slope[k] *= effect[0];
        lean += effect[1];
        tie_here += effect[2];
      }
      lanes.set(k, slope[k] * (x[pairs_.lower[p]] - x[pairs_.upper[p]]) + lean, tie_here,
                static_cast<Answer>(shown_[v] & kAnswer));
    }
    fill_terms(ties_, n, lanes);
    for (std::size_t k = 0; k < n; ++k) {
      const double w = weight_.empty() ? 1.0 : static_cast<double>(weight_[from + k]), a = slope[k];
      const double by_d = w * lanes.by_d[k], dd = w * lanes.dd[k], dt = w * lanes.dt[k];
      PairSums& sums = sums_[pairs_.pair[from + k]];
      sums.pull += a * by_d;
      sums.curve += a * a * dd;
      sums.position += a * dd;
      sums.tie += a * dt;
      all.value += w * lanes.log_p[k];
      all.by_b += by_d;
      all.by_t += w * lanes.by_t[k];
      all.bb += dd;
      all.bt += dt;
      all.tt += w * lanes.tt[k];
    }
  }
  return all;
}

// Gradient and diagonal of a block of items, and what products with the curvature need of them.
void ItemObjective::item_block(std::size_t block, std::span<const double> x) {
  const std::size_t end = std::min(items(), (block + 1) * kItemsPerBlock);
  for (std::size_t i = block * kItemsPerBlock; i < end; ++i) {
    double pull = 0, curve = 0, by_b = 0, by_t = 0;
    for (std::uint64_t s = pairs_.offset[i]; s < pairs_.offset[i + 1]; ++s) {
      const PairSums& sums = sums_[pairs_.side[s] >> 1];
      const double sign = (pairs_.side[s] & 1) != 0 ? -1 : 1;
      pull += sign * sums.pull;
      curve += side_curve_[s] = sums.curve;
      by_b += sign * sums.position;
      by_t += sign * sums.tie;
    }
    for (std::size_t b = 0; b < ranking_blocks_; ++b)
      pull += ranking_sums_[b][i], curve += ranking_diagonals_[b][i];
    gradient_[i] = pull - penalties_.utility * x[i];
    diagonal_[i] = curve + penalties_.utility;
    if (diagonal_[i] <= 0) diagonal_[i] = 1;  // an item without votes and without a prior
    row_b_[i] = by_b;
    row_t_[i] = by_t;
  }
}

// Entry j of a ranking is left in every group that starts at or before its own: with c_g the size of group g
// and S_g the sum of e^u over what is left there, its gradient is 1 - e^u_j sum_g c_g / S_g.
double ItemObjective::ranking_block(std::size_t block, std::span<const double> x) {
  const auto [from_ranking, to_ranking] = part(ranked_.offset.size() - 1, block, ranking_blocks_);
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
      ranking_sums_[block][ranked_.item[j]] += w * (1 - exp_u_[j] * chosen);
      ranking_diagonals_[block][ranked_.item[j]] += w * exp_u_[j] * (chosen - exp_u_[j] * squares);
    }
  }
  return total;
}

ItemObjective::BorderSums ItemObjective::multiply_block(std::size_t block, std::span<const double> v,
                                                        std::vector<double>* out) const {
  const std::size_t end = std::min(items(), (block + 1) * kItemsPerBlock);
  const double vb = v[position()], vt = penalties_.tie_on ? v[tie()] : 0;
  BorderSums all;
  for (std::size_t i = block * kItemsPerBlock; i < end; ++i) {
    const double own = v[i];
    double sum = 0;
    for (std::uint64_t s = pairs_.offset[i]; s < pairs_.offset[i + 1]; ++s)
      sum += side_curve_[s] * (own - v[pairs_.other[s]]);
    for (std::size_t b = 0; b < ranking_blocks_; ++b) sum += ranking_sums_[b][i];
    (*out)[i] = sum + row_b_[i] * vb + row_t_[i] * vt + penalties_.utility * own;
    all.by_b += row_b_[i] * own;
    all.by_t += row_t_[i] * own;
  }
  return all;
}

void ItemObjective::multiply_rankings(std::size_t block, std::span<const double> v) {
  const auto [from_ranking, to_ranking] = part(ranked_.offset.size() - 1, block, ranking_blocks_);
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
      ranking_sums_[block][ranked_.item[j]] += ranked_.weight[r] * exp_u_[j] * (along * chosen - means);
    }
  }
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
  gather_effects();
  parallel_blocks(vote_blocks_.size(), threads_,
                  [&](std::size_t block) { vote_blocks_[block] = vote_block(block, x); });
  parallel_blocks(ranking_blocks_, threads_, [&](std::size_t block) {
    std::fill(ranking_sums_[block].begin(), ranking_sums_[block].end(), 0.0);
    std::fill(ranking_diagonals_[block].begin(), ranking_diagonals_[block].end(), 0.0);
    ranking_value_[block] = ranking_block(block, x);
  });
  parallel_blocks(item_blocks_.size(), threads_, [&](std::size_t block) { item_block(block, x); });
  border_ = {};
  for (const BorderSums& block : vote_blocks_) {
    border_.value += block.value;
    border_.by_b += block.by_b, border_.by_t += block.by_t;
    border_.bb += block.bb, border_.bt += block.bt, border_.tt += block.tt;
  }
  log_likelihood_ = std::accumulate(ranking_value_.begin(), ranking_value_.end(), border_.value);
  double squares = 0;
  for (std::size_t i = 0; i < items(); ++i) squares += x[i] * x[i];
  double total = log_likelihood_ - penalties_.utility / 2 * squares;
  if (penalties_.utility == 0) centre_gradient();
  const auto border = [&](std::size_t i, bool on, double by, double curve, double penalty, double mean) {
    const double off = x[i] - mean;
    gradient_[i] = on ? by - penalty * off : 0;
    diagonal_[i] = on ? curve + penalty : 1;
    if (on) total -= penalty / 2 * off * off;
  };
  border(position(), penalties_.position_on, border_.by_b, border_.bb, penalties_.position, 0);
  border(tie(), penalties_.tie_on, border_.by_t, border_.tt, penalties_.tie, penalties_.tie_mean);
  return total;
}

void ItemObjective::multiply(std::span<const double> v, std::vector<double>* out) {
  out->resize(size());
  parallel_blocks(ranking_blocks_, threads_, [&](std::size_t block) {
    std::fill(ranking_sums_[block].begin(), ranking_sums_[block].end(), 0.0);
    multiply_rankings(block, v);
  });
  parallel_blocks(item_blocks_.size(), threads_,
                  [&](std::size_t block) { item_blocks_[block] = multiply_block(block, v, out); });
  double by_b = 0, by_t = 0;
  for (const BorderSums& block : item_blocks_) by_b += block.by_b, by_t += block.by_t;
  const double vb = v[position()], vt = penalties_.tie_on ? v[tie()] : 0;
  by_b += (border_.bb + penalties_.position) * vb + border_.bt * vt;
  by_t += (border_.tt + penalties_.tie) * vt + border_.bt * vb;
  (*out)[position()] = penalties_.position_on ? by_b : 0;
  (*out)[tie()] = penalties_.tie_on ? by_t : 0;
}

}  // namespace plumb
