// plumb/trainable.h: policies that objectives train. A policy answers, scores its answers, and is pushed.
//
// One linear policy serves decisions and rankings: every option of a context has features phi and a base
// measure b, an answer picks options one after the other without putting them back, and
//
//   pi(next option a given those taken)  is proportional to  b(a) exp(theta . phi(a))  over the options left:
//
// with one slot the softmax decision policy, with m slots Plackett-Luce. theta = 0 is the base itself.
//
//   const auto policy = ranking_policy(options, 3);                  // or softmax_policy(options)
//   const auto reference = policy->clone();
//   const auto objective = [](double beta) { return rloo_objective(beta); };
//   Adam adam(0.05);
//   train_online(*policy, *reference, contexts, reward, objective, adam, {.steps = 200}, KlControl(0.1),
//   Rng(7));
//
// Everything is deterministic in its arguments, whatever the number of threads: sequences are worked through in
// blocks whose number depends on how many there are, and blocks are summed in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "plumb/features.h"
#include "plumb/objectives.h"

namespace plumb {

// Answers: token t of sequence i is an option's number within the context of i (for a text: a vocabulary's).
struct Sequences {
  std::vector<std::uint32_t> context;     // a sequence
  std::vector<std::size_t> offset = {0};  // sequences + 1
  std::vector<std::uint32_t> token;
  std::size_t size() const { return context.size(); }
  void add(std::uint32_t in_context, std::span<const std::uint32_t> tokens);
};

// What forward() said, a token each, and what backward() needs besides (the policy's own).
struct Tape {
  std::vector<double> log_prob, entropy, value;
  std::vector<double> state;
  Outputs outputs() const { return {log_prob, entropy, value}; }
};

// Owns parameters and their gradient, which backward() adds to and step() spends. Not thread-safe to change.
class Optimizer;
class Trainable {
 public:
  virtual ~Trainable() = default;
  virtual std::unique_ptr<Trainable> clone() const = 0;  // parameters too, gradient 0
  virtual std::span<double> parameters() = 0;
  virtual std::span<const double> parameters() const = 0;
  virtual std::span<const double> gradient() const = 0;
  // Throws Error{kInput} for a context or option that does not exist, an option taken twice, and scores that
  // are not finite.
  virtual Tape forward(const Sequences& sequences, int threads = 1) const = 0;
  // Adds sum over tokens of cotangent times d output / d parameters. REQUIRES: the tape of these sequences at
  // these parameters; cotangents empty or one a token.
  virtual void backward(const Sequences& sequences, const Tape& tape, const Cotangents& cotangents,
                        int threads = 1) = 0;
  // Moves the parameters by the gradient, and forgets it.
  virtual void step(Optimizer& optimizer) = 0;
  // One answer for each context named; the i-th depends on (rng, i) and the parameters only.
  virtual Sequences sample(std::span<const std::uint32_t> contexts, const Rng& rng, int threads = 1) const = 0;
};

// What may be chosen in each context. "A row" is an option: those of context x are offset[x] .. offset[x + 1]
// - 1.
struct OptionTable {
  std::vector<std::size_t> offset = {0};  // contexts + 1
  Matrix feature;                         // a row: phi
  std::vector<double> log_base;           // a row: log b; empty: 0. Finite, need not be normalized
  Matrix context_feature;                 // a context: for values; empty: an intercept alone
  std::size_t contexts() const { return offset.size() - 1; }
};

// Parameters: theta (width of feature), then for each slot the weights of a value linear in context_feature
// (one intercept where that is empty). Throws Error{kInput} for tables of inconsistent sizes, values that are
// not finite, contexts with fewer options than slots, no slots. Answers may be shorter than `slots`, never
// longer.
std::unique_ptr<Trainable> softmax_policy(std::shared_ptr<const OptionTable> options);
std::unique_ptr<Trainable> ranking_policy(std::shared_ptr<const OptionTable> options, std::size_t slots);

// The offered actions of decisions begin .. end - 1 under a feature map, dense: theta of a softmax_policy on
// them is the theta of SoftmaxParts (policy.h). `base`: probabilities, one float a row of log.action, as of the
// logging policy; exact zeros are refused. The map's constant column moves nothing.
OptionTable option_table(const DecisionLog& log, std::size_t begin, std::size_t end, const FeatureMap& map,
                         std::span<const float> base);

// ---------------------------------------------------------------------------------------------- optimizers

// Moves parameters downhill. Throws Error{kInput} for a gradient that is not finite, and at making for rates
// that are not positive and finite or decays outside [0, 1).
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual void step(std::span<double> parameters, std::span<const double> gradient) = 0;
};
class Sgd final : public Optimizer {  // theta -= rate v, v = momentum v + gradient
 public:
  explicit Sgd(double rate, double momentum = 0);
  void step(std::span<double> parameters, std::span<const double> gradient) override;

 private:
  double rate_, momentum_;
  std::vector<double> velocity_;
};
class Adam final : public Optimizer {  // Kingma, Ba 2014 (arXiv 1412.6980), algorithm 1
 public:
  explicit Adam(double rate, double decay1 = 0.9, double decay2 = 0.999, double epsilon = 1e-8);
  void step(std::span<double> parameters, std::span<const double> gradient) override;

 private:
  double rate_, decay1_, decay2_, epsilon_, power1_ = 1, power2_ = 1;
  std::vector<double> mean_, square_;
};

// ---------------------------------------------------------------------------------------------- training

// What a step looked like, before the parameters moved.
struct TrainingStep {
  std::size_t step = 0;
  double loss = 0;           // of the first pass over the batch
  std::size_t extended = 0;  // Loss::extended
  // Online only, means over the sampled answers: the reward without KL; KL from the reference, nats a sequence,
  // by k3 over tokens (an estimate, >= 0); and the coefficient in force.
  std::optional<double> reward, kl, beta;
};
// Asked after each step; true ends the training.
using StopWhen = std::function<bool(const TrainingStep&)>;

// One pass: forward, loss, backward, step. The loss before the step. `rollout` must be prepared for these
// sequences.
Loss train_pass(Trainable& policy, const Sequences& sequences, const Rollout& rollout,
                const Objective& objective, const Targets& targets, Optimizer& optimizer, int threads = 1);

// On a fixed batch (pairs, thumbs, best-of-n): each step fills old_log_prob and old_value with the policy's,
// and prepares again. The rollout's offset and reference_log_prob are filled from the sequences and the
// reference.
std::vector<TrainingStep> train_offline(Trainable& policy, const Trainable& reference,
                                        const Sequences& sequences, Rollout rollout, const Objective& objective,
                                        Optimizer& optimizer, std::size_t steps, int threads = 1,
                                        const StopWhen& stop = {});

struct OnlineOptions {
  std::size_t steps = 100;
  std::size_t samples = 8;  // answers a context and step, one group
  std::size_t epochs = 1;  // passes over each batch; more than one only for objectives with a ratio (GRPO, PPO)
  int threads = 1;
};
// Rewards of answers, one a sequence.
using RewardOf = std::function<std::vector<double>(const Sequences&)>;
// The objective at a KL coefficient: [](double beta) { return ppo_objective({.beta = beta}); }.
using ObjectiveAt = std::function<ObjectivePointer(double beta)>;
// On answers sampled anew in each step, by stream ("online", step) of rng. `control` sees the measured KL of
// each step.
std::vector<TrainingStep> train_online(Trainable& policy, const Trainable& reference,
                                       std::span<const std::uint32_t> contexts, const RewardOf& reward,
                                       const ObjectiveAt& objective, Optimizer& optimizer,
                                       const OnlineOptions& options, KlControl control, const Rng& rng,
                                       const StopWhen& stop = {});

}  // namespace plumb
