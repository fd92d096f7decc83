// Training loops: a fixed batch, or answers sampled anew in each step. Both are the same pass.
#include <fmt/format.h>

#include "plumb/trainable.h"

namespace plumb {
namespace {

// Mean over sequences of the sum of k3 over tokens.
double mean_kl(const std::vector<std::size_t>& offset, const std::vector<double>& log_prob,
               const std::vector<double>& reference) {
  double sum = 0;
  for (std::size_t t = 0; t < log_prob.size(); ++t)
    sum += kl_estimate(KlEstimator::kK3, log_prob[t], reference[t]).value;
  return sum / static_cast<double>(offset.size() - 1);
}

void remember(Rollout& rollout, Tape& tape) {
  rollout.old_log_prob = tape.log_prob;
  rollout.old_value = tape.value;
}

Loss push(Trainable& policy, const Sequences& sequences, const Tape& tape, const Rollout& rollout,
          const Objective& objective, const Targets& targets, Optimizer& optimizer, int threads) {
  Loss loss = objective.loss(rollout, targets, tape.outputs(), threads);
  policy.backward(sequences, tape, loss.cotangent, threads);
  policy.step(optimizer);
  return loss;
}

}  // namespace

void Sequences::add(std::uint32_t in_context, std::span<const std::uint32_t> tokens) {
  context.push_back(in_context);
  token.insert(token.end(), tokens.begin(), tokens.end());
  offset.push_back(token.size());
}

Loss train_pass(Trainable& policy, const Sequences& sequences, const Rollout& rollout,
                const Objective& objective, const Targets& targets, Optimizer& optimizer, int threads) {
  return push(policy, sequences, policy.forward(sequences, threads), rollout, objective, targets, optimizer,
              threads);
}

std::vector<TrainingStep> train_offline(Trainable& policy, const Trainable& reference,
                                        const Sequences& sequences, Rollout rollout, const Objective& objective,
                                        Optimizer& optimizer, std::size_t steps, int threads,
                                        const StopWhen& stop) {
  rollout.offset = sequences.offset;
  rollout.reference_log_prob = reference.forward(sequences, threads).log_prob;
  std::vector<TrainingStep> history;
  for (std::size_t s = 0; s < steps; ++s) {
    Tape tape = policy.forward(sequences, threads);
    remember(rollout, tape);
    const Targets targets = objective.prepare(rollout);
    const Loss loss = push(policy, sequences, tape, rollout, objective, targets, optimizer, threads);
    TrainingStep now;
    now.step = s;
    now.loss = loss.sum;
    now.extended = loss.extended;
    history.push_back(now);
    if (stop && stop(now)) break;
  }
  return history;
}

std::vector<TrainingStep> train_online(Trainable& policy, const Trainable& reference,
                                       std::span<const std::uint32_t> contexts, const RewardOf& reward,
                                       const ObjectiveAt& objective, Optimizer& optimizer,
                                       const OnlineOptions& options, KlControl control, const Rng& rng,
                                       const StopWhen& stop) {
  if (options.samples == 0 || options.epochs == 0 || contexts.empty())
    refuse("train_online", "options",
           fmt::format("{} contexts, {} samples, {} epochs", contexts.size(), options.samples, options.epochs),
           "at least one of each");
  std::vector<std::uint32_t> asked;
  asked.reserve(contexts.size() * options.samples);
  Rollout rollout;
  rollout.group = {0};
  for (const std::uint32_t x : contexts) {
    asked.insert(asked.end(), options.samples, x);
    rollout.group.push_back(asked.size());
  }
  std::vector<TrainingStep> history;
  for (std::size_t s = 0; s < options.steps; ++s) {
    const Sequences sequences = policy.sample(asked, rng.stream("online", s), options.threads);
    Tape tape = policy.forward(sequences, options.threads);
    remember(rollout, tape);
    rollout.offset = sequences.offset;
    rollout.reference_log_prob = reference.forward(sequences, options.threads).log_prob;
    rollout.reward = reward(sequences);
    TrainingStep now;
    now.step = s;
    now.beta = control.beta();
    const ObjectivePointer at = objective(control.beta());
    const Targets targets = at->prepare(rollout);
    double reward_sum = 0;
    for (const double r : rollout.reward) reward_sum += r;
    now.reward = reward_sum / static_cast<double>(rollout.reward.size());
    now.kl = mean_kl(rollout.offset, rollout.old_log_prob, rollout.reference_log_prob);
    for (std::size_t e = 0; e < options.epochs; ++e) {
      const Loss loss = e == 0
                            ? push(policy, sequences, tape, rollout, *at, targets, optimizer, options.threads)
                            : train_pass(policy, sequences, rollout, *at, targets, optimizer, options.threads);
      if (e == 0) now.loss = loss.sum;
      now.extended += loss.extended;
    }
    control.observe(*now.kl, static_cast<double>(sequences.size()));
    history.push_back(now);
    if (stop && stop(now)) break;
  }
  return history;
}

}  // namespace plumb
