// What every objective must do, one suite for all of them.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "plumb/objectives.h"

namespace plumb {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Case {
  const char* name;
  ObjectivePointer objective;
};

std::vector<Case> cases() {
  std::vector<Case> out = {
      {"Dpo", dpo_objective(.3)},
      {"RobustDpo", robust_dpo_objective(.3, .1)},
      {"ConservativeDpo", conservative_dpo_objective(.3, .1)},
      {"Ipo", ipo_objective(.2)},
      {"IpoAveraged", ipo_objective(.2, true)},
      {"Hinge", hinge_objective(.3)},
      {"Orpo", orpo_objective(.4)},
      {"Simpo", simpo_objective(2, .5)},
      {"BradleyTerry", bradley_terry_objective()},
      {"BradleyTerryCentred", bradley_terry_objective(.05)},
      {"Kto", kto_objective({.beta = .3, .desirable_weight = 1.2, .undesirable_weight = .8})},
      {"Rloo", rloo_objective(.1)},
      {"RlooWithoutKl", rloo_objective(0)},
      {"ReinforceWithoutBaseline", reinforce_objective({.beta = .1, .baseline = Baseline::kNone})},
      {"ReinforceMean", reinforce_objective({.beta = .1})},
      {"ReinforceValue", reinforce_objective({.beta = .1, .baseline = Baseline::kValue})},
      {"Grpo", grpo_objective()},
      {"GrpoClipHigher", grpo_objective({.beta = .2, .epsilon_high = .4, .reduction = Reduction::kToken})},
      {"GrpoGroupTokens",
       grpo_objective({.beta = .2, .reduction = Reduction::kGroupToken, .kl = KlEstimator::kK2})},
      {"DrGrpo", grpo_objective(
                     {.beta = 0, .divide_by_std = false, .reduction = Reduction::kMaxLength, .max_length = 9})},
      {"GrpoK1", grpo_objective({.beta = .2, .kl = KlEstimator::kK1})},
      {"Ppo", ppo_objective({.gamma = .99, .value_weight = .5, .entropy_weight = .02})},
      {"PpoPlain", ppo_objective({.beta = 0, .value_clip = kInfinity})},
      {"BestOfN", best_of_n_objective()},
      {"BestOfTwo", best_of_n_objective(2)},
  };
  return out;
}

// A rollout with every column, and outputs near the old ones, some beyond the clips.
struct Batch {
  Rollout rollout;
  std::vector<double> log_prob, entropy, value;
  Outputs outputs() const { return {log_prob, entropy, value}; }
};

Batch make_batch(const Objective& objective, std::size_t groups, std::uint64_t seed = 5) {
  Batch b;
  Rng rng = Rng(seed).stream(objective.name());
  b.rollout.group = {0};
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t size = objective.needs().pairs ? 2 : 2 + rng.below(4);
    for (std::size_t i = 0; i < size; ++i) {
      b.rollout.offset.push_back(b.rollout.offset.back() + 1 + rng.below(6));
      b.rollout.reward.push_back(rng.normal());
      b.rollout.desirable.push_back(rng.bernoulli(.5));
    }
    b.rollout.group.push_back(b.rollout.offset.size() - 1);
    b.rollout.weight.push_back(.5 + rng.uniform());
    b.rollout.margin.push_back(.3 * rng.normal());
  }
  b.rollout.kl_log_ratio = {.2, -.1, .4};
  for (std::size_t t = 0; t < b.rollout.tokens(); ++t) {
    const double old = -.6 - rng.exponential();
    b.rollout.old_log_prob.push_back(old);
    b.rollout.reference_log_prob.push_back(old + .4 * rng.normal());
    b.rollout.old_value.push_back(rng.normal());
    b.log_prob.push_back(std::min(old + .3 * rng.normal(), -.05));
    b.entropy.push_back(rng.exponential());
    b.value.push_back(b.rollout.old_value.back() + .3 * rng.normal());
  }
  return b;
}

// The batch with its groups in the order `order`, sequences within a group kept.
Batch reordered(const Batch& b, const std::vector<std::size_t>& order) {
  Batch out;
  out.rollout.group = {0};
  out.rollout.kl_log_ratio = b.rollout.kl_log_ratio;
  for (const std::size_t g : order) {
    for (std::size_t i = b.rollout.group[g]; i < b.rollout.group[g + 1]; ++i) {
      for (std::size_t t = b.rollout.offset[i]; t < b.rollout.offset[i + 1]; ++t) {
        out.rollout.old_log_prob.push_back(b.rollout.old_log_prob[t]);
        out.rollout.reference_log_prob.push_back(b.rollout.reference_log_prob[t]);
        out.rollout.old_value.push_back(b.rollout.old_value[t]);
        out.log_prob.push_back(b.log_prob[t]);
        out.entropy.push_back(b.entropy[t]);
        out.value.push_back(b.value[t]);
      }
      out.rollout.offset.push_back(out.log_prob.size());
      out.rollout.reward.push_back(b.rollout.reward[i]);
      out.rollout.desirable.push_back(b.rollout.desirable[i]);
    }
    out.rollout.group.push_back(out.rollout.offset.size() - 1);
    out.rollout.weight.push_back(b.rollout.weight[g]);
    out.rollout.margin.push_back(b.rollout.margin[g]);
  }
  return out;
}

std::size_t first_token(const Objective& objective, const Rollout& rollout, std::size_t item) {
  return rollout.offset[objective.needs().pairs ? rollout.group[item] : item];
}

class ObjectiveContract : public testing::TestWithParam<Case> {
 protected:
  const Objective& objective() const { return *GetParam().objective; }
  // Expects an Error whose message names the objective and holds `part`.
  void expect_refused(const std::function<void()>& act, const std::string& part) const {
    try {
      act();
      ADD_FAILURE() << GetParam().name << ": nothing refused, expected " << part;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kInput);
      EXPECT_NE(std::string(e.what()).find(objective().name()), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find("expected"), std::string::npos) << e.what();
    }
  }
  void expect_rollout_refused(const std::function<void(Rollout&)>& spoil, const std::string& part) const {
    Batch b = make_batch(objective(), 4);
    spoil(b.rollout);
    expect_refused([&] { objective().prepare(b.rollout); }, part);
  }
};

TEST_P(ObjectiveContract, SlopesEqualCentralFiniteDifferences) {
  for (const std::uint64_t seed : {5u, 6u, 7u}) {
    Batch b = make_batch(objective(), 7, seed);
    const Targets targets = objective().prepare(b.rollout);  // constants: KTO's z0, advantages
    const Loss loss = objective().loss(b.rollout, targets, b.outputs());
    ASSERT_GT(std::abs(loss.sum), 1e-6);
    EXPECT_EQ(loss.extended, 0u);
    double largest = 0;
    const auto compare = [&](std::vector<double>& column, const std::vector<double>& slope, const char* name) {
      for (std::size_t t = 0; t < slope.size(); ++t) {
        const double at = column[t], h = 1e-5;
        column[t] = at + h;
        const double up = objective().loss(b.rollout, targets, b.outputs()).sum;
        column[t] = at - h;
        const double down = objective().loss(b.rollout, targets, b.outputs()).sum;
        column[t] = at;
        EXPECT_NEAR(slope[t], (up - down) / (2 * h), 1e-6 * std::max(1.0, std::abs(slope[t])))
            << name << " " << t;
        largest = std::max(largest, std::abs(slope[t]));
      }
    };
    const Needs needs = objective().needs();
    EXPECT_EQ(loss.cotangent.log_prob.size(), needs.log_prob ? b.rollout.tokens() : 0);
    EXPECT_EQ(loss.cotangent.entropy.size(), needs.entropy ? b.rollout.tokens() : 0);
    EXPECT_EQ(loss.cotangent.value.size(), needs.value ? b.rollout.tokens() : 0);
    compare(b.log_prob, loss.cotangent.log_prob, "log_prob");
    compare(b.entropy, loss.cotangent.entropy, "entropy");
    compare(b.value, loss.cotangent.value, "value");
    EXPECT_GT(largest, 1e-4);  // slopes well above the tolerance were compared
  }
}

TEST_P(ObjectiveContract, AnySplitGivesTheSameTermsAndCotangents) {
  const Batch b = make_batch(objective(), 20);
  const Targets targets = objective().prepare(b.rollout);
  const Loss whole = objective().loss(b.rollout, targets, b.outputs());
  const std::size_t items = objective().items(b.rollout);
  for (const std::vector<std::size_t>& cuts : std::vector<std::vector<std::size_t>>{
           {0, 1, items}, {0, 7, 7, 12, items}, {0, items / 2, items - 1, items}}) {
    Loss joined;
    const auto append = [](std::vector<double>& to, const std::vector<double>& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    for (std::size_t c = 0; c + 1 < cuts.size(); ++c) {
      const std::size_t begin = first_token(objective(), b.rollout, cuts[c]),
                        count = first_token(objective(), b.rollout, cuts[c + 1]) - begin;
      const auto slice = [&](const std::vector<double>& column) {
        return std::span<const double>(column).subspan(begin, count);
      };
      const Loss part = objective().loss(b.rollout, targets, {cuts[c], cuts[c + 1]},
                                         {slice(b.log_prob), slice(b.entropy), slice(b.value)});
      append(joined.item, part.item);
      append(joined.cotangent.log_prob, part.cotangent.log_prob);
      append(joined.cotangent.entropy, part.cotangent.entropy);
      append(joined.cotangent.value, part.cotangent.value);
    }
    EXPECT_EQ(joined.item, whole.item);
    EXPECT_EQ(joined.cotangent.log_prob, whole.cotangent.log_prob);
    EXPECT_EQ(joined.cotangent.entropy, whole.cotangent.entropy);
    EXPECT_EQ(joined.cotangent.value, whole.cotangent.value);
    EXPECT_EQ(std::accumulate(joined.item.begin(), joined.item.end(), 0.0), whole.sum);
  }
}

TEST_P(ObjectiveContract, OrderOfGroupsDoesNotMatter) {
  const Batch b = make_batch(objective(), 12);
  std::vector<std::size_t> order(12);
  for (std::size_t g = 0; g < 12; ++g) order[g] = (g * 5 + 3) % 12;
  const Batch other = reordered(b, order);
  const Loss mine = objective().loss(b.rollout, objective().prepare(b.rollout), b.outputs());
  const Loss theirs = objective().loss(other.rollout, objective().prepare(other.rollout), other.outputs());
  EXPECT_NEAR(mine.sum, theirs.sum, 1e-12);
  std::size_t k = 0;
  for (const std::size_t g : order) {
    const std::size_t begin = objective().needs().pairs ? g : b.rollout.group[g],
                      end = objective().needs().pairs ? g + 1 : b.rollout.group[g + 1];
    for (std::size_t i = begin; i < end; ++i, ++k) EXPECT_NEAR(mine.item[i], theirs.item[k], 1e-12);
  }
  EXPECT_EQ(k, theirs.item.size());
}

TEST_P(ObjectiveContract, ThreadsDoNotMatter) {
  const Batch b = make_batch(objective(), 1500);
  const Targets targets = objective().prepare(b.rollout);
  const Loss one = objective().loss(b.rollout, targets, b.outputs(), 1);
  const Loss three = objective().loss(b.rollout, targets, b.outputs(), 3);
  EXPECT_EQ(one.sum, three.sum);
  EXPECT_EQ(one.item, three.item);
  EXPECT_EQ(one.cotangent.log_prob, three.cotangent.log_prob);
  EXPECT_EQ(one.cotangent.entropy, three.cotangent.entropy);
  EXPECT_EQ(one.cotangent.value, three.cotangent.value);
}

TEST_P(ObjectiveContract, ExtremeLogProbabilitiesStayFinite) {
  // Every mixture of -1e4 and nearly 0 among policy, old policy and reference.
  for (unsigned pattern = 0; pattern < 8; ++pattern) {
    Batch b = make_batch(objective(), 6);
    for (std::size_t t = 0; t < b.rollout.tokens(); ++t) {
      const unsigned low = (pattern + static_cast<unsigned>(t)) % 8;
      b.log_prob[t] = (low & 1u) ? -1e4 : -1e-9;
      b.rollout.old_log_prob[t] = (low & 2u) ? -1e4 : -1e-9;
      b.rollout.reference_log_prob[t] = (low & 4u) ? -1e4 : -1e-9;
      b.value[t] *= 1e4;
    }
    const Loss loss = objective().loss(b.rollout, objective().prepare(b.rollout), b.outputs());
    EXPECT_TRUE(std::isfinite(loss.sum)) << pattern;
    for (const double x : loss.item) EXPECT_TRUE(std::isfinite(x)) << pattern;
    for (const auto* column : {&loss.cotangent.log_prob, &loss.cotangent.entropy, &loss.cotangent.value})
      for (const double x : *column) EXPECT_LT(std::abs(x), std::numeric_limits<float>::max()) << pattern;
  }
}

TEST_P(ObjectiveContract, EqualWeightsAreNoWeights) {
  Batch b = make_batch(objective(), 9);
  b.rollout.weight.assign(9, 3.0);
  const double with = objective().loss(b.rollout, objective().prepare(b.rollout), b.outputs()).sum;
  b.rollout.weight.clear();
  const double without = objective().loss(b.rollout, objective().prepare(b.rollout), b.outputs()).sum;
  EXPECT_NEAR(with, without, 1e-12);
}

TEST_P(ObjectiveContract, RefusesRolloutsThatCannotBeUsed) {
  const Needs needs = objective().needs();
  struct Column {
    const char* name;
    bool needed;
    std::function<std::vector<double>&(Rollout&)> in;
  };
  const std::vector<Column> columns = {
      {"reference_log_prob", needs.reference_log_prob, [](Rollout & r) -> auto& {return r.reference_log_prob;
}
}  // namespace
, {"old_log_prob", needs.old_log_prob, [](Rollout& r) -> auto& {return r.old_log_prob;
}  // namespace plumb
}
, {"old_value", needs.old_value, [](Rollout& r) -> auto& {return r.old_value;
}
}
, {"reward", needs.reward, [](Rollout& r) -> auto& {return r.reward;
}
}
, {"weight", false, [](Rollout& r) -> auto& {return r.weight;
}
}
, {"margin", false, [](Rollout& r) -> auto& {return r.margin;
}
}
,
}
;
for (const Column& column : columns) {
  // What is given must be right even where this objective would not read it.
  expect_rollout_refused([&](Rollout& r) { column.in(r)[2] = kNan; }, column.name);
  expect_rollout_refused([&](Rollout& r) { column.in(r)[2] = kInfinity; }, column.name);
  expect_rollout_refused([&](Rollout& r) { column.in(r).pop_back(); }, column.name);
  if (column.needed) expect_rollout_refused([&](Rollout& r) { column.in(r).clear(); }, column.name);
}
expect_rollout_refused([](Rollout& r) { r.kl_log_ratio[1] = kNan; }, "kl_log_ratio");
if (needs.desirable) expect_rollout_refused([](Rollout& r) { r.desirable.clear(); }, "desirable");
expect_rollout_refused([](Rollout& r) { r.desirable.pop_back(); }, "desirable");
expect_rollout_refused([](Rollout& r) { r.desirable[1] = 2; }, "desirable of sequence 1");
expect_rollout_refused([](Rollout& r) { r.weight[1] = -1; }, "weight of group 1");
expect_rollout_refused([](Rollout& r) { r.weight.assign(4, 0); }, "weight");
expect_rollout_refused([](Rollout& r) { r.offset[1] = 0; }, "sequence 0");  // no tokens
expect_rollout_refused([](Rollout& r) { std::swap(r.offset[1], r.offset[2]); }, "sequence 1");
expect_rollout_refused([](Rollout& r) { r.offset = {0}; }, "sequence");
expect_rollout_refused([](Rollout& r) { r.group.insert(r.group.begin() + 1, 0); }, "group 0");  // empty group
expect_rollout_refused(
    [](Rollout& r) {
      r.group.pop_back();
      r.weight.pop_back();
      r.margin.pop_back();
    },
    "groups");
if (needs.pairs || needs.smallest_group > 1) {
  expect_rollout_refused([](Rollout& r) { r.group.clear(); }, "groups");
  expect_rollout_refused([](Rollout& r) { r.group[1] = 1; }, "group 0");  // a group of one
}
}

TEST_P(ObjectiveContract, RefusesOutputsThatCannotBeUsed) {
  const Batch b = make_batch(objective(), 4);
  const Targets targets = objective().prepare(b.rollout);
  const Needs needs = objective().needs();
  const auto with = [&](const Outputs& outputs) {
    return [&, outputs] { objective().loss(b.rollout, targets, outputs); };
  };
  struct Column {
    const char* name;
    bool needed;
    std::span<const double> Outputs::*in;
  };
  for (const Column& column : {Column{"outputs.log_prob", needs.log_prob, &Outputs::log_prob},
                               Column{"outputs.entropy", needs.entropy, &Outputs::entropy},
                               Column{"outputs.value", needs.value, &Outputs::value}}) {
    Outputs outputs = b.outputs();
    std::vector<double> bad((outputs.*column.in).begin(), (outputs.*column.in).end());
    for (const double value : {kNan, -kInfinity}) {
      bad[1] = value;
      outputs.*column.in = bad;
      expect_refused(with(outputs), column.name);
    }
    outputs.*column.in = std::span<const double>(bad).first(bad.size() - 1);
    expect_refused(with(outputs), column.name);
    outputs.*column.in = {};
    if (column.needed)
      expect_refused(with(outputs), column.name);
    else
      EXPECT_NO_THROW(with(outputs)());
  }
  const std::size_t items = objective().items(b.rollout);
  expect_refused([&] { objective().loss(b.rollout, targets, {1, items + 1}, b.outputs()); }, "items");
  expect_refused([&] { objective().loss(b.rollout, targets, {2, 1}, b.outputs()); }, "items");
  const Batch more = make_batch(objective(), 5);
  expect_refused([&] { objective().loss(more.rollout, targets, more.outputs()); }, "targets");
}

INSTANTIATE_TEST_SUITE_P(Every, ObjectiveContract, testing::ValuesIn(cases()),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(ObjectiveOptions, OutOfRangeAreRefused) {
  for (const double beta : {0.0, -.1, kNan, kInfinity}) {
    EXPECT_THROW(dpo_objective(beta), Error);
    EXPECT_THROW(ipo_objective(beta), Error);
    EXPECT_THROW(hinge_objective(beta), Error);
    EXPECT_THROW(orpo_objective(beta), Error);
    EXPECT_THROW(simpo_objective(beta, 0), Error);
    EXPECT_THROW(kto_objective({.beta = beta}), Error);
  }
  for (const double rate : {-.1, .5, kNan}) {
    EXPECT_THROW(robust_dpo_objective(.1, rate), Error);
    EXPECT_THROW(conservative_dpo_objective(.1, rate), Error);
  }
  for (const double negative : {-.1, kNan, kInfinity}) {
    EXPECT_THROW(simpo_objective(1, negative), Error);
    EXPECT_THROW(bradley_terry_objective(negative), Error);
    EXPECT_THROW(rloo_objective(negative), Error);
    EXPECT_THROW(reinforce_objective({.beta = negative}), Error);
    EXPECT_THROW(grpo_objective({.beta = negative}), Error);
    EXPECT_THROW(grpo_objective({.epsilon_low = negative}), Error);
    EXPECT_THROW(ppo_objective({.beta = negative}), Error);
    EXPECT_THROW(ppo_objective({.gamma = negative}), Error);
    EXPECT_THROW(KlControl{negative}, Error);
    EXPECT_THROW(KlControl(negative, 6, 100), Error);
    EXPECT_THROW(KlControl(.1, negative, 100), Error);
  }
  EXPECT_THROW(ppo_objective({.lambda = 1.1}), Error);
  EXPECT_THROW(ppo_objective({.value_clip = kNan}), Error);
  EXPECT_THROW(grpo_objective({.reduction = Reduction::kMaxLength}), Error);
  EXPECT_THROW(best_of_n_weights(std::vector<double>{1, 2}, 3), Error);
  EXPECT_THROW(best_of_n_weights(std::vector<double>{1, kNan}, 1), Error);
  EXPECT_THROW(gae(std::vector<double>{1}, std::vector<double>{1, 2}, 1, 1), Error);
}

TEST(ObjectiveOptions, WhatABatchBreaksIsRefusedWithItsPlace) {
  Batch b = make_batch(*best_of_n_objective(), 3);
  EXPECT_THROW(best_of_n_objective(9)->prepare(b.rollout), Error);
  EXPECT_THROW(grpo_objective({.reduction = Reduction::kMaxLength, .max_length = 1})->prepare(b.rollout),
               Error);
  // A certain sequence has no finite odds.
  const ObjectivePointer orpo = orpo_objective(.1);
  Batch pairs = make_batch(*orpo, 2);
  const Targets targets = orpo->prepare(pairs.rollout);
  for (std::size_t t = 0; t < pairs.rollout.offset[1]; ++t) pairs.log_prob[t] = 0;
  EXPECT_THROW(orpo->loss(pairs.rollout, targets, pairs.outputs()), Error);
  // Squares that overflow are an error, never an infinite loss.
  const ObjectivePointer ipo = ipo_objective(.1);
  pairs.log_prob[0] = -1e300;
  EXPECT_THROW(ipo->loss(pairs.rollout, ipo->prepare(pairs.rollout), pairs.outputs()), Error);
}

TEST(ObjectiveOptions, LogRatiosBeyondTheLargestAreCounted) {
  Rollout rollout;
  rollout.offset = {0, 2, 4};
  rollout.group = {0, 2};
  rollout.reward = {1, 0};
  rollout.old_log_prob = {-100, -1, -1, -1};
  rollout.reference_log_prob = {-1, -1, -1, -1};
  const ObjectivePointer grpo = grpo_objective();
  const std::vector<double> log_prob = {-1, -1, -1, -200};
  const Loss loss = grpo->loss(rollout, grpo->prepare(rollout), {.log_prob = log_prob});
  EXPECT_EQ(loss.extended, 2u);  // the ratio of the first token, k3 of the last
}

}  // namespace
}  // namespace plumb
