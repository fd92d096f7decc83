// Problems so small that every answer and every group of answers can be listed: expectations are exact sums, a
// batch carries the probability of each group as its weight, and there is no sampling noise in what is learnt.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "plumb/trainable.h"

namespace plumb {

using Distribution = std::vector<double>;

// Answers of one context: all options of a softmax policy, or all rankings of m slots of a ranking policy.
struct Enumerable {
  std::shared_ptr<const OptionTable> table;
  std::size_t slots = 1;
  std::vector<std::vector<std::uint32_t>> answers;

  std::unique_ptr<Trainable> policy() const {
    return slots == 1 ? softmax_policy(table) : ranking_policy(table, slots);
  }
};

// One indicator feature an option, so that every softmax (every Plackett-Luce) is in the class.
inline Enumerable enumerable(const Distribution& reference, std::size_t slots = 1) {
  const std::size_t k = reference.size();
  auto table = std::make_shared<OptionTable>();
  table->offset = {0, k};
  table->feature = Matrix(k, k);
  for (std::size_t a = 0; a < k; ++a) {
    table->feature(a, a) = 1;
    table->log_base.push_back(std::log(reference[a]));
  }
  Enumerable out{table, slots, {}};
  std::vector<std::uint32_t> taken;
  const std::function<void()> extend = [&] {
    if (taken.size() == slots) {
      out.answers.push_back(taken);
      return;
    }
    for (std::uint32_t a = 0; a < k; ++a) {
      if (std::find(taken.begin(), taken.end(), a) != taken.end()) continue;
      taken.push_back(a);
      extend();
      taken.pop_back();
    }
  };
  extend();
  return out;
}

// Groups of answers by their numbers, as sequences; weights are filled by weigh().
struct Listed {
  std::vector<std::vector<std::size_t>> groups;
  Sequences sequences;
  Rollout rollout;
};

inline Listed listed(const Enumerable& problem, std::vector<std::vector<std::size_t>> groups) {
  Listed out;
  out.groups = std::move(groups);
  out.rollout.group = {0};
  for (const auto& group : out.groups) {
    for (const std::size_t a : group) out.sequences.add(0, problem.answers[a]);
    out.rollout.group.push_back(out.sequences.size());
  }
  out.rollout.offset = out.sequences.offset;
  return out;
}

// Every ordered group of n answers: n = 1 lists the answers.
inline Listed all_groups(const Enumerable& problem, std::size_t n) {
  std::vector<std::vector<std::size_t>> groups = {{}};
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<std::vector<std::size_t>> longer;
    for (const auto& group : groups)
      for (std::size_t a = 0; a < problem.answers.size(); ++a) {
        longer.push_back(group);
        longer.back().push_back(a);
      }
    groups = std::move(longer);
  }
  return listed(problem, std::move(groups));
}

// Every ordered pair of different answers, chosen first.
inline Listed all_pairs(const Enumerable& problem) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t a = 0; a < problem.answers.size(); ++a)
    for (std::size_t b = 0; b < problem.answers.size(); ++b)
      if (a != b) groups.push_back({a, b});
  return listed(problem, std::move(groups));
}

inline void reward(Listed& batch, const std::vector<double>& of_answer) {
  for (const auto& group : batch.groups)
    for (const std::size_t a : group) batch.rollout.reward.push_back(of_answer[a]);
}

// The probability of every answer.
inline Distribution probabilities(const Enumerable& problem, const Trainable& policy) {
  Sequences all;
  for (const auto& answer : problem.answers) all.add(0, answer);
  const Tape tape = policy.forward(all);
  Distribution p;
  for (std::size_t i = 0; i < all.size(); ++i) {
    double sum = 0;
    for (std::size_t t = all.offset[i]; t < all.offset[i + 1]; ++t) sum += tape.log_prob[t];
    p.push_back(std::exp(sum));
  }
  return p;
}

inline void weigh(Listed& batch, const Distribution& p) {
  batch.rollout.weight.clear();
  for (const auto& group : batch.groups) {
    double product = 1;
    for (const std::size_t a : group) product *= p[a];
    batch.rollout.weight.push_back(product);
  }
}

inline double largest(std::span<const double> values) {
  double out = 0;
  for (const double v : values) out = std::max(out, std::abs(v));
  return out;
}

// Exact gradient descent on-policy: each step weighs the groups by the policy's own probabilities. Stops where
// the largest entry of the gradient is below `tolerance`; says so if it never is and tolerance > 0.
inline Distribution descend(const Enumerable& problem, Listed batch, const Objective& objective, bool on_policy,
                            double rate, std::size_t steps, double tolerance = 1e-13) {
  const auto policy = problem.policy();
  const auto reference = problem.policy();
  batch.rollout.reference_log_prob = reference->forward(batch.sequences).log_prob;
  Sgd sgd(rate);
  for (std::size_t s = 0; s < steps; ++s) {
    if (on_policy) weigh(batch, probabilities(problem, *policy));
    const Tape tape = policy->forward(batch.sequences);
    batch.rollout.old_log_prob = tape.log_prob;
    batch.rollout.old_value = tape.value;
    const Targets targets = objective.prepare(batch.rollout);
    const Loss loss = objective.loss(batch.rollout, targets, tape.outputs());
    policy->backward(batch.sequences, tape, loss.cotangent);
    if (largest(policy->gradient()) < tolerance) return probabilities(problem, *policy);
    policy->step(sgd);
  }
  EXPECT_EQ(tolerance, 0) << objective.name() << " has not converged";
  return probabilities(problem, *policy);
}

// reference exp(r/beta)/Z.
inline Distribution tilted(const Distribution& reference, const std::vector<double>& r, double beta) {
  Distribution p(reference.size());
  double sum = 0;
  for (std::size_t a = 0; a < p.size(); ++a) sum += p[a] = reference[a] * std::exp(r[a] / beta);
  for (double& each : p) each /= sum;
  return p;
}

inline void expect_near(const Distribution& found, const Distribution& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t a = 0; a < found.size(); ++a)
    EXPECT_NEAR(found[a], expected[a], tolerance) << "answer " << a;
}

// The zero of a function that rises through it between low and high.
inline double zero_of(const std::function<double(double)>& f, double low, double high) {
  for (int i = 0; i < 200; ++i) (f((low + high) / 2) < 0 ? low : high) = (low + high) / 2;
  return (low + high) / 2;
}

}  // namespace plumb
