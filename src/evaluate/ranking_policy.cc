// Policies that fill slots: what they say of rankings, slot by slot, and rankings drawn from them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluate/ranking_checks.h"

namespace plumb {
namespace {

// Softmax over the items left, by the scores of the slot; with one column every slot has the same scores.
class ScoredRankings final : public SlotPolicy {
 public:
  ScoredRankings(const char* where, std::vector<std::size_t> offset, Matrix score)
      : offset_(std::move(offset)), score_(std::move(score)) {
    check_offered(where, offset_, 1);
    check_length(where, "scores, rows of offered items", score_.rows, offset_.back());
    check_length(where, "score elements", score_.data.size(), score_.rows * score_.cols);
    if (score_.cols == 0) refuse(where, "scores", "0 slots", "at least 1");
    for (std::size_t row = 0; row < score_.rows; ++row) {
      for (const double s : std::as_const(score_).row(row)) {
        if (!std::isfinite(s))
          refuse(where, fmt::format("row {}: score", row), fmt::format("{}", s), "a finite number");
      }
    }
  }

  std::vector<double> next(std::size_t decision, std::span<const std::uint32_t> above) const override {
    PLUMB_ASSERT(decision + 1 < offset_.size());
    const std::size_t first = offset_[decision], k = offset_[decision + 1] - first;
    PLUMB_ASSERT(above.size() < k);
    std::vector<bool> left(k, true);
    for (const std::uint32_t a : above) {
      PLUMB_ASSERT(a < k && left[a]);
      left[a] = false;
    }
    const std::size_t slot = score_.cols == 1 ? 0 : above.size();
    if (slot >= score_.cols)
      refuse("factored_rankings", "slot", fmt::format("{}", slot),
             fmt::format("one of the {} that have scores", score_.cols));
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::size_t a = 0; a < k; ++a) {
      if (left[a]) largest = std::max(largest, score_(first + a, slot));
    }
    std::vector<double> p(k, 0.0);
    for (std::size_t a = 0; a < k; ++a) {
      if (left[a]) p[a] = std::exp(score_(first + a, slot) - largest);
      sum += p[a];
    }
    for (double& x : p) x /= sum;
    return p;
  }

  std::span<const std::size_t> offset() const override { return offset_; }

 private:
  std::vector<std::size_t> offset_;
  Matrix score_;
};

// Adds the probability of every item at every slot from above.size() on, given that `above` was shown, which
// has probability `p`. `into`: the rows of this decision's items.
void add_marginals(const SlotPolicy& policy, std::size_t decision, std::vector<std::uint32_t>& above, double p,
                   BasicMatrixView<double> into) {
  const std::size_t slot = above.size();
  const std::vector<double> next = next_probabilities(policy, decision, above);
  for (std::size_t a = 0; a < next.size(); ++a) {
    const double joint = p * next[a];
    if (joint == 0) continue;
    into(a, slot) += joint;
    if (slot + 1 == into.cols) continue;
    above.push_back(static_cast<std::uint32_t>(a));
    add_marginals(policy, decision, above, joint, into);
    above.pop_back();
  }
}

void check_slots(const char* where, const SlotPolicy& policy, std::size_t slots) {
  if (slots == 0) refuse(where, "slots", "0", "at least 1");
  check_offered(where, policy.offset(), slots);
}

}  // namespace

void for_decisions(std::size_t n, int threads, const std::function<void(std::size_t)>& task) {
  parallel_blocks((n + kRankingBlock - 1) / kRankingBlock, threads, [&](std::size_t block) {
    for (std::size_t i = block * kRankingBlock; i < std::min(n, (block + 1) * kRankingBlock); ++i) task(i);
  });
}

std::vector<double> next_probabilities(const SlotPolicy& policy, std::size_t decision,
                                       std::span<const std::uint32_t> above) {
  constexpr const char* kWhere = "ranking policy";
  std::vector<double> next = policy.next(decision, above);
  const auto offset = policy.offset();
  check_length(kWhere, ranking_place(decision, above.size()) + ": next", next.size(),
               offset[decision + 1] - offset[decision]);
  double sum = 0;
  for (const double p : next) {
    if (!(p >= 0 && p <= 1))
      refuse(kWhere, ranking_place(decision, above.size()) + ": next", fmt::format("{}", p),
             "a probability in [0, 1]");
    sum += p;
  }
  for (const std::uint32_t a : above) {
    if (next[a] != 0)
      refuse(kWhere, ranking_place(decision, above.size()) + ": next",
             fmt::format("{} for item {}, which stands above", next[a], a), "0");
  }
  if (std::abs(sum - 1) > kRankingAgreement)
    refuse(kWhere, ranking_place(decision, above.size()) + ": sum of next", fmt::format("{}", sum), "1");
  return next;
}

std::unique_ptr<SlotPolicy> plackett_luce(std::vector<std::size_t> offset, std::vector<double> score) {
  Matrix column;
  column.rows = score.size();
  column.cols = 1;
  column.data = std::move(score);
  return std::make_unique<ScoredRankings>("plackett_luce", std::move(offset), std::move(column));
}

std::unique_ptr<SlotPolicy> factored_rankings(std::vector<std::size_t> offset, Matrix score) {
  if (score.cols == 1)  // one column would be read as Plackett-Luce, of any length
    refuse("factored_rankings", "scores", "1 slot", "at least 2; plackett_luce has one score an item");
  return std::make_unique<ScoredRankings>("factored_rankings", std::move(offset), std::move(score));
}

RankingProbabilities ranking_probabilities(const SlotPolicy& policy, const RankingLog& log, int threads) {
  check_ranking_log(log);
  check_same_offers("ranking_probabilities", policy.offset(), log.offset);
  RankingProbabilities out;
  out.ranking.resize(log.size());
  out.conditional.assign(log.shown.size(), 0.0);
  for_decisions(log.size(), threads, [&](std::size_t i) {
    const auto shown = std::span(log.shown).subspan(i * log.slots, log.slots);
    double whole = 1;
    for (std::size_t l = 0; l < log.slots; ++l) {
      const double p = next_probabilities(policy, i, shown.first(l))[shown[l]];
      out.conditional[i * log.slots + l] = p;
      whole *= p;
      // Below a beginning that the policy never shows there is nothing to ask; 0 keeps every weight 0. (A long
      // ranking's own probability may be 0 by underflow: its conditionals still count.)
      if (p == 0) break;
    }
    out.ranking[i] = whole;
  });
  return out;
}

Matrix slot_marginals(const SlotPolicy& policy, std::size_t slots, int threads) {
  constexpr const char* kWhere = "slot_marginals";
  check_slots(kWhere, policy, slots);
  const auto offset = policy.offset();
  for (std::size_t i = 0; i + 1 < offset.size(); ++i) {
    const std::size_t k = offset[i + 1] - offset[i];
    if (beginnings(k, slots - 1, kMostBeginnings) > kMostBeginnings)
      refuse(kWhere, ranking_place(i), fmt::format("{} items in {} slots", k, slots),
             fmt::format("at most {} ways to fill all slots but the last", kMostBeginnings));
  }
  Matrix out(offset.back(), slots);
  for_decisions(offset.size() - 1, threads, [&](std::size_t i) {
    const BasicMatrixView<double> into(out.data.data() + offset[i] * slots, offset[i + 1] - offset[i], slots);
    std::vector<std::uint32_t> above;
    add_marginals(policy, i, above, 1, into);
    // Sums of probabilities may pass 1 by rounding.
    for (std::size_t a = 0; a < into.rows; ++a) {
      for (double& p : into.row(a)) p = std::min(p, 1.0);
    }
  });
  return out;
}

std::vector<double> position_probabilities(const RankingLog& log, const Matrix& marginals) {
  check_ranking_log(log);
  check_marginals("position_probabilities", log, marginals);
  std::vector<double> out(log.shown.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    for (std::size_t l = 0; l < log.slots; ++l)
      out[i * log.slots + l] = marginals(log.offset[i] + log.shown[i * log.slots + l], l);
  }
  return out;
}

std::vector<std::uint32_t> sample_rankings(const SlotPolicy& policy, std::size_t slots, const Rng& rng,
                                           int threads) {
  check_slots("sample_rankings", policy, slots);
  const std::size_t n = policy.offset().size() - 1;
  std::vector<std::uint32_t> shown(n * slots);
  for_decisions(n, threads, [&](std::size_t i) {
    Rng own = rng.stream("ranking", i);
    const auto row = std::span(shown).subspan(i * slots, slots);
    for (std::size_t l = 0; l < slots; ++l)
      row[l] = static_cast<std::uint32_t>(own.categorical(next_probabilities(policy, i, row.first(l))));
  });
  return shown;
}

}  // namespace plumb
