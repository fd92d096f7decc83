// Draws from a pool by expected information, one entry after the other.
//
// Invariants of State: variance_[k] is the variance of entry k's log-odds under the covariance shrunk by all
// that was taken; score_[k] is (information / cost / reference_)^sharpness, 0 where taken; probability_ belongs
// to score_ and left_.
#include "plumb/active.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reward/active_belief.h"

namespace plumb {
namespace {

constexpr double kStale = 1e-2;  // relative change of a variance up to which the information is kept
constexpr double kSharpest = 32;
constexpr std::size_t kEntryBlock = 512;

}  // namespace

class PairSelector::State {
 public:
  State(std::unique_ptr<active::Belief> belief, const PairPool& pool, const SelectionOptions& options)
      : belief_(std::move(belief)), pool_(pool), options_(options), left_(pool.size()) {
    if (pool.size() == 0) refuse("pool", "pairs", "none", "one or more");
    if (!(options.uniform > 0 && options.uniform <= 1))
      refuse("selection", "uniform", fmt::format("{}", options.uniform), "a number in (0, 1]");
    if (!(options.sharpness >= 0 && options.sharpness <= kSharpest))
      refuse("selection", "sharpness", fmt::format("{}", options.sharpness),
             fmt::format("a number in [0, {}]", kSharpest));
    const std::size_t n = pool.size();
    mean_.resize(n);
    variance_.resize(n);
    for (std::size_t k = 0; k < n; ++k) {
      const double a = active::slope(pool, k);
      mean_[k] = active::shift(pool, k) + a * belief_->mean(pool.first[k], pool.second[k]);
      variance_[k] = a * a * belief_->variance(pool.first[k], pool.second[k]);
      // A pair that cannot be told apart has variance 0 up to rounding; less than that is no covariance.
      if (variance_[k] < -1e-9 * (1 + a * a))
        refuse("belief", fmt::format("variance of pair {}", k), fmt::format("{}", variance_[k]),
               "a number >= 0");
      variance_[k] = std::max(variance_[k], 0.0);
    }
    scored_at_.assign(n, -1.0);
    information_.assign(n, 0.0);
    score_.assign(n, 0.0);
    probability_.assign(n, 0.0);
    taken_.assign(n, 0);
    for (std::size_t k = 0; k < n; ++k) stale_.push_back(static_cast<std::uint32_t>(k));
    renew();
  }

  void take(std::size_t entry) {
    PLUMB_ASSERT(entry < pool_.size() && !taken_[entry]);
    const std::uint32_t first = pool_.first[entry], second = pool_.second[entry];
    const double slope = active::slope(pool_, entry);
    // In units of the utilities' difference f: log-odds have slope^2 times its variance.
    const double h = vote_information(mean_[entry], variance_[entry]).curvature;
    const double amount = slope * slope * h / (1 + h * variance_[entry]);
    taken_[entry] = 1;
    --left_;
    score_[entry] = 0;
    const active::Blocks& blocks = belief_->blocks();
    const std::span<const double> to_pair = belief_->covariances(first, second);
    stale_.clear();
    for (const std::uint32_t k : blocks.entries(blocks.block[first])) {
      const double a = active::slope(pool_, k);
      const double c = a * (to_pair[blocks.place[pool_.first[k]]] - to_pair[blocks.place[pool_.second[k]]]);
      variance_[k] = std::max(variance_[k] - amount * c * c, 0.0);
      if (!taken_[k] && variance_[k] < scored_at_[k] * (1 - kStale)) stale_.push_back(k);
    }
    belief_->shrink(first, second, amount);
    renew();
  }

  std::size_t draw(Rng& rng) const {
    PLUMB_ASSERT(left_ > 0);
    double target = rng.uniform();
    std::size_t last = 0;
    for (std::size_t k = 0; k < probability_.size(); ++k) {
      if (taken_[k]) continue;
      last = k;
      target -= probability_[k];
      if (target < 0) break;
    }
    return last;  // the last one left where rounding leaves a rest
  }

  std::size_t left() const { return left_; }
  std::span<const double> probability() const { return probability_; }
  std::span<const double> information() const { return information_; }
  std::span<const double> variance() const { return variance_; }

 private:
  double gain(std::size_t k) const { return information_[k] / active::cost(pool_, k); }

  // Scores the stale entries anew and lays the probabilities.
  void renew() {
    parallel_blocks((stale_.size() + kEntryBlock - 1) / kEntryBlock,
                    stale_.size() > 4 * kEntryBlock ? options_.threads : 1, [&](std::size_t b) {
                      const std::size_t end = std::min(stale_.size(), (b + 1) * kEntryBlock);
                      for (std::size_t s = b * kEntryBlock; s < end; ++s) score(stale_[s]);
                    });
    double best = 0;
    for (std::size_t k = 0; k < taken_.size(); ++k)
      if (!taken_[k]) best = std::max(best, gain(k));
    // Powers of ratios far below 1 would run out of numbers; between 1/2 and 1 of the best is near enough.
    if (best > 0 && !(best <= reference_ && best > reference_ / 2)) {
      reference_ = best;
      for (std::size_t k = 0; k < taken_.size(); ++k)
        score_[k] = taken_[k] ? 0.0 : std::pow(gain(k) / reference_, options_.sharpness);
    }
    double total = 0;
    for (const double s : score_) total += s;
    const double base = left_ > 0 ? 1 / static_cast<double>(left_) : 0;
    for (std::size_t k = 0; k < taken_.size(); ++k) {
      // Where nothing tells anything, or all is equal, the draw is uniform.
      const double share = total > 0 ? score_[k] / total : base;
      probability_[k] = taken_[k] ? 0.0 : options_.uniform * base + (1 - options_.uniform) * share;
    }
  }

  void score(std::size_t k) {
    information_[k] = vote_information(mean_[k], variance_[k]).nats;
    scored_at_[k] = variance_[k];
    score_[k] = reference_ > 0 ? std::pow(gain(k) / reference_, options_.sharpness) : 0.0;
  }

  std::unique_ptr<active::Belief> belief_;
  PairPool pool_;
  SelectionOptions options_;
  std::size_t left_;
  double reference_ = 0;
  std::vector<double> mean_, variance_, scored_at_, information_, score_, probability_;
  std::vector<std::uint8_t> taken_;
  std::vector<std::uint32_t> stale_;
};

PairSelector::PairSelector(const ItemBelief& belief, const PairPool& pool, const SelectionOptions& options)
    : state_(std::make_unique<State>(active::believe(belief, pool), pool, options)) {}
PairSelector::PairSelector(const LinearBelief& belief, DesignView items, const PairPool& pool,
                           const SelectionOptions& options)
    : state_(std::make_unique<State>(active::believe(belief, items, pool, options.threads), pool, options)) {}
PairSelector::~PairSelector() = default;
PairSelector::PairSelector(PairSelector&&) noexcept = default;

std::size_t PairSelector::left() const { return state_->left(); }
std::span<const double> PairSelector::probability() const { return state_->probability(); }
std::span<const double> PairSelector::information() const { return state_->information(); }
std::span<const double> PairSelector::variance() const { return state_->variance(); }
std::size_t PairSelector::draw(Rng& rng) const { return state_->draw(rng); }
void PairSelector::take(std::size_t entry) { state_->take(entry); }

namespace {

std::vector<SelectedPair> select(PairSelector selector, std::size_t count, Rng rng) {
  const std::size_t pool = selector.left();
  if (count == 0 || count > pool)
    refuse("selection", "count", fmt::format("{}", count), fmt::format("1 to {}, the pairs of the pool", pool));
  std::vector<SelectedPair> out;
  std::vector<double> probability;
  for (std::size_t m = 0; m < count; ++m) {
    const std::size_t entry = selector.draw(rng);
    out.push_back({entry, selector.probability()[entry], selector.information()[entry], 0});
    probability.push_back(out.back().probability);
    selector.take(entry);
  }
  const std::vector<double> weight = selection_weights(pool, probability);
  for (std::size_t m = 0; m < count; ++m) out[m].weight = weight[m];
  return out;
}

}  // namespace

std::vector<SelectedPair> select_pairs(const ItemBelief& belief, const PairPool& pool, std::size_t count,
                                       const SelectionOptions& options, Rng rng) {
  return select(PairSelector(belief, pool, options), count, rng);
}

std::vector<SelectedPair> select_pairs(const LinearBelief& belief, DesignView items, const PairPool& pool,
                                       std::size_t count, const SelectionOptions& options, Rng rng) {
  return select(PairSelector(belief, items, pool, options), count, rng);
}

std::vector<double> selection_weights(std::size_t pool, std::span<const double> probability) {
  const std::size_t asked = probability.size();
  PLUMB_ASSERT(asked >= 1 && asked <= pool);
  std::vector<double> out(asked, 1.0);
  const double n = static_cast<double>(pool), last = static_cast<double>(asked);
  for (std::size_t k = 0; k < asked; ++k) {
    if (!(probability[k] > 0 && probability[k] <= 1))
      refuse("selection", fmt::format("probability of draw {}", k + 1), fmt::format("{}", probability[k]),
             "a number in (0, 1]");
    const double m = static_cast<double>(k + 1);
    // All of the pool was asked: every weight is 1.
    if (asked < pool) out[k] = 1 + (n - last) / (n - m) * (1 / ((n - m + 1) * probability[k]) - 1);
  }
  return out;
}

}  // namespace plumb
