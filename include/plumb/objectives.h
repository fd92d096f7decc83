// plumb/objectives.h: what a policy is trained to do, as losses with derivatives. Training itself: trainable.h.
//
// A policy answers with sequences of tokens: a decision is a sequence of length one, a ranking of m slots one
// of length m, a text of T tokens one of length T. An objective knows nothing else of the policy: it sees the
// log-probabilities of the tokens (for some also entropies and values) and gives back a loss and its
// derivatives by them, the cotangents, which the policy pushes back into its parameters.
//
//   const ObjectivePointer objective = dpo_objective(0.1);
//   const Targets targets = objective->prepare(rollout);                     // once, over the whole batch
//   const Loss loss = objective->loss(rollout, targets, {.log_prob = now});  // loss.sum,
//   loss.cotangent.log_prob const Loss part = objective->loss(rollout, targets, {0, 8}, {.log_prob =
//   now_of_the_first_8});
//   // part.item and part.cotangent are bit for bit what `loss` holds for these items.
//
// All losses are minimized. What needs the whole batch (advantages, baselines, KTO's z0, counts) is computed by
// prepare(), as constants; the loss is then a sum over items, an item being a sequence or a pair, and any split
// of the batch between items gives the same terms (docs/decisions/objectives-are-separable.md). Everything here
// is thread-safe to call, deterministic, and the same for any number of threads.
//
// Refused, as Error{kInput}: NaN and infinity in any column, columns of the wrong length, columns that are
// missing, sequences without tokens, groups without sequences, options out of range. No log-probability is too
// low: where a log-ratio exceeds kLargestLogRatio, exp is continued linearly, and Loss::extended counts it.
// A loss that overflows a double all the same (a square of 1e300) is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "plumb/base.h"

namespace plumb {

// ---------------------------------------------------------------------------------------------- what is seen

// A batch: B sequences, ragged columns. "A token" means one element a token: offset.back() of them.
struct Rollout {
  std::vector<std::size_t> offset = {0};  // B + 1: tokens of sequence i are offset[i] .. offset[i + 1] - 1
  // G + 1: sequences of group g, consecutive; a pair is a group of two, the chosen one first; the completions
  // of one prompt are a group. Empty: every sequence is a group of its own.
  std::vector<std::size_t> group;
  std::vector<double> weight;              // a group, >= 0, not all 0; empty: 1. Enumerated expectations use it
  std::vector<double> reference_log_prob;  // a token: of the reference policy
  std::vector<double> old_log_prob;        // a token: of the policy when the batch was sampled or prepared
  std::vector<double> old_value;           // a token: value before the token, when sampled
  std::vector<double> reward;              // a sequence, larger is better
  std::vector<std::uint8_t> desirable;     // a sequence, 0 or 1: thumbs
  std::vector<double> margin;              // a group: by how much the chosen one is better; empty: 0
  std::vector<double> kl_log_ratio;  // KTO: log-ratios of mismatched completions, any number; may be empty
  std::size_t sequences() const { return offset.size() - 1; }
  std::size_t tokens() const { return offset.back(); }
  std::size_t groups() const { return group.empty() ? sequences() : group.size() - 1; }
  std::size_t group_begin(std::size_t g) const { return group.empty() ? g : group[g]; }
};

// What the policy says now, a token each; columns that the objective does not need may be empty.
struct Outputs {
  std::span<const double> log_prob = {};  // nats, of the token that stands there
  std::span<const double> entropy = {};   // nats, of the distribution that the token was drawn from
  std::span<const double> value = {};  // expected return before the token; a reward model's score at the last
};

// Which columns an objective reads.
struct Needs {
  bool reference_log_prob = false, old_log_prob = false, old_value = false, reward = false, desirable = false;
  bool pairs = false;                                    // every group has two sequences, and is one item
  std::size_t smallest_group = 1;                        // GRPO, RLOO: 2
  bool log_prob = true, entropy = false, value = false;  // of Outputs
};

// What prepare() found: constants of the batch.
struct Targets {
  std::vector<double> weight;        // an item: normalizer times weight; multiplies its sum over tokens
  std::vector<double> advantage;     // a sequence (RLOO, GRPO, REINFORCE) or a token (PPO)
  std::vector<double> value_target;  // a token (PPO) or a sequence, for its first token (REINFORCE)
  double kl = 0;                     // KTO's z0
};

struct ItemRange {
  std::size_t begin = 0, end = 0;
};

struct Cotangents {  // d loss / d output, a token of the items that were asked for; empty where not needed
  std::vector<double> log_prob, entropy, value;
};

struct Loss {
  double sum = 0;            // of `item`, in order
  std::vector<double> item;  // an item each, weights included
  Cotangents cotangent;
  std::size_t extended = 0;  // tokens whose log-ratio exceeded kLargestLogRatio
};

// e^80 still fits a float, so cotangents do. Beyond, exp(x) is e^80 (1 + x - 80).
inline constexpr double kLargestLogRatio = 80;

class Objective {
 public:
  virtual ~Objective() = default;
  virtual std::string_view name() const = 0;
  virtual Needs needs() const = 0;

  // Throws Error{kInput} as the header says. Keep the rollout unchanged until the last loss().
  Targets prepare(const Rollout& rollout) const;
  // A pair for objectives of pairs, else a sequence.
  std::size_t items(const Rollout& rollout) const;
  // Loss of all items, or of a range of them; `outputs` hold the tokens of these items only. REQUIRES: targets
  // of this rollout. Throws Error{kInput} for outputs of the wrong length and for NaN or infinity.
  Loss loss(const Rollout& rollout, const Targets& targets, const Outputs& outputs, int threads = 1) const;
  Loss loss(const Rollout& rollout, const Targets& targets, ItemRange items, const Outputs& outputs,
            int threads = 1) const;

 protected:
  struct CotangentView {  // of one item, zero when given
    std::span<double> log_prob, entropy, value;
  };
  struct Item {
    double loss = 0;
    std::size_t extended = 0;
  };
  // Rollout checked. Fills targets; weight comes filled: the weight of the item's group over their sum.
  virtual void fill(const Rollout& rollout, Targets& targets) const;
  // outputs and cotangent start at the first token of the item.
  virtual Item item(const Rollout& rollout, const Targets& targets, std::size_t index, const Outputs& outputs,
                    const CotangentView& cotangent) const = 0;
};
using ObjectivePointer = std::shared_ptr<const Objective>;

// ---------------------------------------------------------------------------------------------- pairs

// c chosen, r rejected, lp the sum over tokens, ref the reference's, a the mean over tokens, s the logistic
// function, D = (lp_c - ref_c) - (lp_r - ref_r). Each loss is the mean over pairs (by weight). beta > 0.

// -log s(beta D). Rafailov et al. 2023 (arXiv 2305.18290), eq. 7. Optimum on exact Bradley-Terry probabilities:
// pi proportional to pi_ref exp(r/beta).
ObjectivePointer dpo_objective(double beta);
// ((1-e) f(D) - e f(-D))/(1-2e), f DPO's loss: unbiased under labels flipped at rate e in [0, .5). Ray
// Chowdhury et al. 2024 (arXiv 2403.00409).
ObjectivePointer robust_dpo_objective(double beta, double flip_rate);
// (1-e) f(D) + e f(-D): label smoothing, e in [0, .5). Mitchell 2023.
ObjectivePointer conservative_dpo_objective(double beta, double flip_rate);
// (D - 1/(2 beta))^2. Azar et al. 2023 (arXiv 2310.12036), eq. 17; `averaged` takes means over tokens in D
// instead of sums, as TRL does. Optimum on all pairs of a set: D = (2 P(c beats r) - 1)/(2 beta) in least
// squares.
ObjectivePointer ipo_objective(double beta, bool averaged = false);
// max(0, 1 - beta D). Zhao et al. 2023 (SLiC, arXiv 2305.10425), with a reference as in TRL.
ObjectivePointer hinge_objective(double beta);
// -a_c - beta log s(logit e^a_c - logit e^a_r), no reference. Hong et al. 2024 (arXiv 2403.07691), eq. 6 and 7.
// Refuses sequences whose mean log-probability is not below 0: their odds are infinite.
ObjectivePointer orpo_objective(double beta);
// -log s(beta (a_c - a_r) - gamma), gamma >= 0, no reference. Meng et al. 2024 (arXiv 2405.14734), eq. 6.
ObjectivePointer simpo_objective(double beta, double gamma);
// Reward model: -log s(v_c - v_r - margin) + centering (v_c + v_r)^2, v the value at the last token.
// Bradley-Terry; margin as in Touvron et al. 2023 (arXiv 2307.09288), centering as in Eisenstein et al. 2023
// (arXiv 2312.09244).
ObjectivePointer bradley_terry_objective(double centering = 0);

// ---------------------------------------------------------------------------------------------- thumbs

struct KtoOptions {
  double beta = 0.1;
  double desirable_weight = 1, undesirable_weight = 1;
};
// desirable: 1 - s(beta (lp - ref - z0)), undesirable: 1 - s(beta (z0 - lp + ref)), mean over sequences; z0 =
// max(0, mean of kl_log_ratio; where that is empty, weighted mean of old - ref over the batch), a constant in
// derivatives. Ethayarajh et al. 2024 (arXiv 2402.01306).
ObjectivePointer kto_objective(const KtoOptions& options = {});

// ---------------------------------------------------------------------------------------------- rewards

// Mean over sequences of -A lp, A = R - baseline, R = reward - beta (old - ref summed over tokens): KL in the
// reward, a constant in derivatives. On-policy: one step a batch. beta >= 0; 0 needs no reference. Optimum in
// expectation: pi proportional to pi_ref exp(r/beta).
//
// RLOO: the baseline is the mean R of the others in the group. Ahmadian et al. 2024 (arXiv 2402.14740).
ObjectivePointer rloo_objective(double beta);
enum class Baseline {
  kNone,
  kMean,   // of R over the batch, by weight; includes the sequence itself, so scales n samples by 1 - 1/n
  kValue,  // old_value at the first token; learnt by value_weight/2 (v - R)^2
};
struct ReinforceOptions {
  double beta = 0;
  Baseline baseline = Baseline::kMean;
  double value_weight = 0.5;
};
// Williams 1992.
ObjectivePointer reinforce_objective(const ReinforceOptions& options = {});

enum class KlEstimator { kK1, kK2, kK3 };
// What a token's loss is divided by. Published as means over the groups' own means: the same where groups have
// one size.
enum class Reduction {
  kSequence,    // mean over sequences of the mean over tokens: GRPO, Shao et al. 2024 (arXiv 2402.03300), eq. 3
  kToken,       // mean over the batch's tokens: TRL's "dapo"
  kGroupToken,  // mean over groups of the mean over their tokens: DAPO, Yu et al. 2025 (arXiv 2503.14476)
  kMaxLength,   // mean over sequences of the sum over tokens / max_length: Liu et al. 2025 (Dr. GRPO,
                // 2503.20783)
};
struct GrpoOptions {
  double beta = 0.04;         // of the KL term in the loss
  bool divide_by_std = true;  // false: Dr. GRPO
  double epsilon_low = 0.2, epsilon_high = 0.2;
  Reduction reduction = Reduction::kSequence;
  std::size_t max_length = 0;  // kMaxLength: tokens, at least the longest sequence
  KlEstimator kl = KlEstimator::kK3;
};
// A = (r - mean)/(std + 1e-4) in the group, std with n - 1; a token's loss is -min(ratio A, clip(ratio) A) +
// beta KL estimate, ratio = exp(lp - old) clipped to [1 - epsilon_low, 1 + epsilon_high]. Note its optimum: the
// derivative of k3 is that of KL(pi_ref, pi), so without division by std groups of n reach
//   pi = b pi_ref/(lambda - r),  b = beta n/(n - 1),  lambda by normalization: not the exponential tilt.
ObjectivePointer grpo_objective(const GrpoOptions& options = {});

struct PpoOptions {
  double beta = 0.05;  // of k1 in the reward, by token; 0 needs no reference
  double gamma = 1, lambda = 0.95;
  double epsilon = 0.2;
  double value_weight = 0.1;
  double value_clip = 0.2;  // infinity: not clipped
  double entropy_weight = 0;
};
// A token's loss is -min(ratio A, clip(ratio) A) + value_weight/2 max((v - G)^2, (clip(v) - G)^2) -
// entropy_weight H, mean over the batch's tokens; A by gae() of the rewards -beta (old - ref), the sequence's
// reward added at its last token; G = A + old_value; clip(v) within value_clip of old_value. Schulman et al.
// 2017 (arXiv 1707.06347); KL in the reward as in Ouyang et al. 2022 (arXiv 2203.02155). A is not whitened.
ObjectivePointer ppo_objective(const PpoOptions& options = {});

// ---------------------------------------------------------------------------------------------- best of n

// The sequence with the highest reward in each group, the first of equals: best-of-n as a policy.
std::vector<std::size_t> best_of_n(const Rollout& rollout);
// Of N draws, the probability that each is the best of n drawn without replacement: C(k-1, n-1)/C(N, n) for
// rank k from below, shared equally among equals. n in [1, N].
std::vector<double> best_of_n_weights(std::span<const double> reward, std::size_t n);
// Distillation: mean over groups of -sum over its sequences of best_of_n_weights lp; n = 0: of the whole group.
// On groups drawn from the reference the optimum is the best-of-n policy itself.
ObjectivePointer best_of_n_objective(std::size_t n = 0);

// ---------------------------------------------------------------------------------------------- parts

struct ValueAndSlope {
  double value = 0, slope = 0;  // slope by log_prob
};
// Estimates of KL(pi, ref) at a token drawn from pi (Schulman 2020), x = log_prob - reference_log_prob:
// k1 = x, k2 = x^2/2, k3 = exp(-x) + x - 1. In a loss their slopes are not alike: k1's is 0 in expectation,
// k2's is the gradient of KL(pi, ref), k3's that of KL(ref, pi).
ValueAndSlope kl_estimate(KlEstimator estimator, double log_prob, double reference_log_prob);

// Generalized advantage estimation (Schulman et al. 2015, arXiv 1506.02438, eq. 16); value after the end is 0.
// REQUIRES: both spans of the same length. Advantages, one a token.
std::vector<double> gae(std::span<const double> reward, std::span<const double> value, double gamma,
                        double lambda);

// The KL coefficient: fixed, or with a target moved by beta *= 1 + clip(KL/target - 1, -.2, .2) steps/horizon
// (Ziegler et al. 2019, arXiv 1909.08593). Throws Error{kInput} for numbers that are not positive and
// finite.
class KlControl {
 public:
  explicit KlControl(double beta);                        // fixed; 0 is allowed
  KlControl(double beta, double target, double horizon);  // adaptive: target in nats, horizon in steps
  double beta() const { return beta_; }
  // After `steps` episodes with this mean KL, nats a sequence (an estimate may be negative).
  void observe(double kl, double steps);

 private:
  double beta_;
  std::optional<double> target_;
  double horizon_ = 1;
};

}  // namespace plumb
