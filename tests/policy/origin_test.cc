// Who has seen what: units, ids and contexts, each told for itself, whatever an export changed.
#include "plumb/origin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/safetensors.h"
#include "policy/origin_file.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

constexpr std::uint64_t kSplitSeed = 1;

struct Drawn {
  std::uint64_t people = 1, week = 1;
  std::size_t n = 1200;
  bool coarse = false;  // one context of five values
};

DecisionLog draw(const Drawn& how) {
  Rng who = Rng(how.people).stream("who", 0), what = Rng(how.week).stream("what", how.people);
  std::vector<MadeDecision> decisions(how.n);
  for (std::size_t i = 0; i < how.n; ++i) {
    std::vector<double> x;
    if (how.coarse) {
      x = {static_cast<double>(who.below(5))};
    } else {
      x = {who.normal(), 20 + 5 * who.normal(), static_cast<double>(who.below(3))};
    }
    decisions[i] = {how.people * 1000000 + i,
                    {.5, .5},
                    static_cast<std::uint32_t>(what.below(2)),
                    {what.normal()},
                    {},
                    x,
                    0};
    if (how.coarse) decisions[i].value[0] = static_cast<double>(what.below(2));
  }
  DecisionLog log = made_log({"a", "b"}, {{"y"}}, decisions);
  for (std::size_t i = 0; i < log.size(); ++i)
    log.id.push_back("d" + std::to_string(how.people) + "." + std::to_string(how.week) + "." +
                     std::to_string(i));
  digest_rows(log);
  return log;
}

TrainedOn trained_on(const DecisionLog& log) {
  TrainedOn out;
  std::vector<std::uint8_t> use(log.size());
  for (std::size_t i = 0; i < use.size(); ++i) use[i] = fold_of(log.unit[i], kSplitSeed) < kTrainingFolds;
  out.split_seed = kSplitSeed;
  out.folds = (1u << kTrainingFolds) - 1;
  out.bucket_digest = bucket_digests(log, use);
  out.learnt_from =
      std::make_shared<LearntFrom>(learnt_from(log, use, origin_salt(kSplitSeed, 5, log_digest(log))));
  return out;
}

std::vector<std::uint8_t> training_half(const DecisionLog& log) {
  std::vector<std::uint8_t> out;
  for (const std::uint64_t unit : log.unit) out.push_back(fold_of(unit, kSplitSeed) < kTrainingFolds);
  return out;
}

// Neither unit nor id: a row's text is its unit, and `file` is how it is written.
DecisionLog unnamed(DecisionLog log, std::uint64_t file) {
  log.unit_named = false;
  log.id.clear();
  std::fill(log.unit.begin(), log.unit.end(), 0);
  digest_rows(log);
  for (std::size_t i = 0; i < log.size(); ++i)
    log.unit[i] = hash_combine(log.row_digest[i], hash_combine(file, i));
  digest_rows(log);
  return log;
}

DecisionLog without_names(DecisionLog log) {
  log.unit_named = false;
  for (std::size_t i = 0; i < log.size(); ++i) log.unit[i] = hash_bytes(log.id[i]);
  digest_rows(log);
  return log;
}

TEST(Origin, UnitsAreKnownWhateverElseTheirRowsSay) {
  const DecisionLog log = draw({});
  const TrainedOn trained = trained_on(log);
  const std::vector<std::uint8_t> half = training_half(log);
  DecisionLog later = draw({1, 2});
  for (float& x : later.context[0].number) x += 1;
  later.outcomes[0].name = "revenue";
  digest_rows(later);
  const Familiar found = familiar_rows(trained, later, 1);
  EXPECT_EQ(found.seen, half);
  EXPECT_FALSE(found.everything || found.untold);
  EXPECT_EQ(found.by_unit, static_cast<std::uint64_t>(std::count(half.begin(), half.end(), 1)));
  EXPECT_NE(found.sentence.find("of 1200 decisions are of units that it learnt from and are left out"),
            std::string::npos)
      << found.sentence;
}

TEST(Origin, AnotherSplitSeedOfTheLogChangesNothing) {
  DecisionLog log = draw({});
  const TrainedOn trained = trained_on(log);
  assign_folds(log, 77);
  EXPECT_EQ(familiar_rows(trained, log, 1).seen, training_half(log));
}

TEST(Origin, IdsNameRowsWhereNoUnitIsNamed) {
  const DecisionLog log = draw({});
  const Familiar found = familiar_rows(trained_on(log), without_names(log), 1);
  EXPECT_EQ(found.seen, training_half(log));
  EXPECT_EQ(found.by_unit, 0u);
  EXPECT_GT(found.by_id, 500u);
}

TEST(Origin, IdsThatWereCountedAnewAreToldApart) {
  const DecisionLog log = draw({});
  const TrainedOn trained = trained_on(log);
  DecisionLog other = without_names(draw({2}));
  other.id = log.id;
  const Familiar found = familiar_rows(trained, other, 1);
  EXPECT_FALSE(found.any()) << found.sentence;
  EXPECT_FALSE(found.untold);
  EXPECT_NE(found.sentence.find("counted anew"), std::string::npos) << found.sentence;
}

TEST(Origin, ContextsTellWhereNothingNamesTheRows) {
  const DecisionLog log = draw({});
  const TrainedOn trained = trained_on(log);
  const std::vector<std::uint8_t> half = training_half(log);
  // As it was but for another outcome: exactly the rows that were learnt from.
  DecisionLog added = log;
  added.outcomes.push_back(added.outcomes[0]);
  added.outcomes.back().name = "z";
  Familiar found = familiar_rows(trained, unnamed(added, 2), 1);
  EXPECT_EQ(found.seen, half) << found.sentence;
  EXPECT_FALSE(found.everything);
  // A later week of the same people: contexts, not actions.
  EXPECT_EQ(familiar_rows(trained, unnamed(draw({1, 2}), 3), 1).seen, half);
}

// No change of one column is an escape. What cannot be told row by row judges nothing.
TEST(Origin, OneColumnThatChangedIsNoEscape) {
  const DecisionLog log = draw({});
  const TrainedOn trained = trained_on(log);
  const std::vector<std::pair<const char*, std::function<void(DecisionLog&)>>> changes{
      {"scaled by no power of ten",
       [](DecisionLog& l) {
         for (float& x : l.context[1].number) x = 32 + 1.8f * x;
       }},
      {"in cents",
       [](DecisionLog& l) {
         for (float& x : l.context[1].number) x *= 100;
       }},
      {"renamed", [](DecisionLog& l) { l.context[1].name = "other"; }},
      {"dropped", [](DecisionLog& l) { l.context.erase(l.context.begin() + 1); }},
      {"rounded",
       [](DecisionLog& l) {
         for (float& x : l.context[1].number) x = std::round(x);
       }},
      {"added",
       [](DecisionLog& l) {
         l.context.push_back(l.context[0]);
         l.context.back().name = "new";
         for (std::size_t i = 0; i < l.size(); ++i) l.context.back().number[i] = static_cast<float>(i % 97);
       }},
      {"outcome in other words",
       [](DecisionLog& l) {
         for (double& y : l.outcomes[0].value) y = y > 0;
       }},
      {"actions renamed",
       [](DecisionLog& l) {
         l.actions = {"control", "mail"};
       }},
  };
  for (const auto& [name, change] : changes) {
    DecisionLog changed = log;
    change(changed);
    const Familiar found = familiar_rows(trained, unnamed(changed, 4), 1);
    EXPECT_TRUE(found.any()) << name << ": " << found.sentence;
    if (!found.everything) {
      EXPECT_EQ(found.seen, training_half(log)) << name;
    }
  }
}

// Every number column rounded, names gone: only the coarse way is left.
TEST(Origin, RoundingEveryColumnIsNoEscape) {
  const DecisionLog log = draw({});
  const TrainedOn trained = trained_on(log);
  for (const float digits : {100.0f, 10.0f}) {
    DecisionLog rounded = log;
    for (FeatureColumn& column : rounded.context)
      for (float& x : column.number) x = std::round(x * digits) / digits;
    for (double& y : rounded.outcomes[0].value) y = std::round(y);
    const Familiar found = familiar_rows(trained, unnamed(rounded, 6), 1);
    EXPECT_TRUE(found.any()) << digits << ": " << found.sentence;
  }
}

// Size: new logs of the same population, twenty ways of comparing each; 4.5 errors leave 3e-6 a way.
TEST(Origin, NewLogsOfTheSamePopulationAreNotAccused) {
  int accused = 0, untold = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const DecisionLog log = draw({seed, 1, 400});
    const Familiar found = familiar_rows(trained_on(log), unnamed(draw({seed + 1000, 1, 400}), 5), 1);
    accused += found.any();
    untold += found.untold;
  }
  EXPECT_EQ(accused, 0);
  EXPECT_EQ(untold, 0);
}

TEST(Origin, ContextsThatAreTooCoarseTellNothing) {
  const DecisionLog log = draw({1, 1, 1200, true});
  const TrainedOn trained = trained_on(log);
  const Familiar same = familiar_rows(trained, unnamed(log, 6), 1);
  EXPECT_TRUE(same.untold) << same.sentence;
  const Familiar other = familiar_rows(trained, unnamed(draw({2, 1, 1200, true}), 7), 1);
  EXPECT_TRUE(other.untold || other.by_row > 0) << other.sentence;
  // Names tell.
  EXPECT_FALSE(familiar_rows(trained, draw({2, 1, 1200, true}), 1).untold);
}

TEST(Origin, MoreUnitsThanAreKeptGoByTheirFolds) {
  const DecisionLog log = draw({});
  TrainedOn trained = trained_on(log);
  LearntFrom sketch = *trained.learnt_from;
  sketch.units.count = kMostDigests + 1;
  sketch.units.digest.resize(50);
  trained.learnt_from = std::make_shared<LearntFrom>(sketch);
  // The same units a week later, as other contexts show them: names alone tell.
  DecisionLog later = draw({1, 2});
  later.context = draw({3}).context;
  digest_rows(later);
  EXPECT_EQ(familiar_rows(trained, later, 1).seen, training_half(log));
  EXPECT_FALSE(familiar_rows(trained, draw({2}), 1).any());
}

TEST(Origin, NeitherRowsInAnotherOrderNorThreadsChangeIt) {
  const DecisionLog log = draw({});
  std::vector<std::uint8_t> every(log.size(), 1);
  DecisionLog turned = log;
  const auto turn = [](auto& values) { std::reverse(values.begin(), values.end()); };
  turn(turned.unit);
  turn(turned.id);
  turn(turned.chosen);
  turn(turned.propensity);
  for (FeatureColumn& c : turned.context) turn(c.number);
  turn(turned.outcomes[0].value);
  digest_rows(turned);
  const LearntFrom a = learnt_from(log, every, 3), b = learnt_from(turned, every, 3);
  EXPECT_EQ(a.units.digest, b.units.digest);
  EXPECT_EQ(a.contexts.digest, b.contexts.digest);
  EXPECT_EQ(a.action, b.action);
  const TrainedOn trained = trained_on(log);
  const Familiar one = familiar_rows(trained, unnamed(turned, 8), 1),
                 three = familiar_rows(trained, unnamed(turned, 8), 3);
  EXPECT_EQ(one.seen, three.seen);
  EXPECT_EQ(one.sentence, three.sentence);
}

TEST(OriginFile, KeepsWhatWasLearntFromAndRefusesWhatItIsNot) {
  const LearntFrom from = *trained_on(draw({})).learnt_from;
  Tensors tensors;
  write_origin(tensors, from);
  const std::string bytes = write_tensors(tensors);
  const auto read = origin_from(parse_tensors(bytes, "p"), "p");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->salt, from.salt);
  EXPECT_EQ(read->units.digest, from.units.digest);
  EXPECT_EQ(read->ids.digest, from.ids.digest);
  EXPECT_EQ(read->contexts.digest, from.contexts.digest);
  EXPECT_EQ(read->cell, from.cell);
  EXPECT_EQ(read->action, from.action);
  EXPECT_EQ(read->id, from.id);
  ASSERT_EQ(read->column.size(), from.column.size());
  for (std::size_t c = 0; c < from.column.size(); ++c) {
    EXPECT_EQ(read->column[c].name, from.column[c].name);
    EXPECT_EQ(read->column[c].role, from.column[c].role);
    EXPECT_EQ(read->column[c].scale, from.column[c].scale);
  }
  EXPECT_EQ(origin_from(Tensors{}, "p"), nullptr);
  Tensors unsorted = tensors, missing = tensors, words = tensors;
  std::swap(unsorted.u64["origin.units"].front(), unsorted.u64["origin.units"].back());
  missing.u64.erase("origin.sample_cell");
  words.metadata["origin"] = "{\"salt\":\"x\"}";
  for (const Tensors& lie : {unsorted, missing, words}) EXPECT_THROW(origin_from(lie, "p"), Error);
}

TEST(OriginFile, PoliciesCarryItAndThoseOfFormatOneAreRead) {
  const DecisionLog log = draw({});
  SoftmaxParts parts;
  parts.map = make_feature_map(log, std::vector<std::uint8_t>(log.size(), 1));
  parts.theta.assign(parts.map.width(), 0.0);
  parts.trained_on = trained_on(log);
  const std::string bytes = policy_bytes(SoftmaxPolicy("softmax:goal", std::move(parts)));
  const PolicyPointer policy = parse_policy(bytes, "p");
  ASSERT_TRUE(policy->trained_on().learnt_from);
  EXPECT_EQ(familiar_rows(policy->trained_on(), log, 1).seen, training_half(log));
  Tensors old = parse_tensors(bytes, "p");
  EXPECT_EQ(old.metadata["format"], "plumb policy 2");
  old.metadata["format"] = "plumb policy 1";
  old.metadata.erase("origin");
  std::erase_if(old.u64, [](const auto& tensor) { return tensor.first.starts_with("origin."); });
  const PolicyPointer first = parse_policy(write_tensors(old), "p");
  EXPECT_FALSE(first->trained_on().learnt_from);
  EXPECT_EQ(familiar_rows(first->trained_on(), log, 1).seen, training_half(log));
}

// A file of format 1 keeps buckets alone: which were used tells units of a small log, in any export.
TEST(OriginFile, AFormatThatKeptLessIsJudgedByWhatItKeeps) {
  const DecisionLog log = draw({});
  TrainedOn trained = trained_on(log);
  trained.learnt_from = nullptr;
  DecisionLog cents = log;
  for (double& y : cents.outcomes[0].value) y *= 100;
  digest_rows(cents);
  const Familiar found = familiar_rows(trained, cents, 1);
  EXPECT_EQ(found.seen, training_half(log)) << found.sentence;
  EXPECT_NE(found.sentence.find("format 1"), std::string::npos);
  int accused = 0;
  for (std::uint64_t seed = 2; seed <= 60; ++seed) {
    const Familiar other = familiar_rows(trained, draw({seed}), 1);
    accused += other.any() || other.untold;
  }
  EXPECT_EQ(accused, 0);
}

}  // namespace
}  // namespace plumb
