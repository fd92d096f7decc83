// Rows of the certificate's log in the later one, whatever their names; and later logs that are ones.
#include "monitor/shared_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "monitor/comparable.h"
#include "monitor/content_counts.h"
#include "monitor/same_decisions.h"
#include "monitor/too_alike.h"
#include "tests/monitor/two_worlds.h"

namespace plumb {
namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

// Nothing names rows: units are the rows' own.
DecisionLog nameless(DecisionLog log) {
  log.unit_named = false;
  for (std::size_t i = 0; i < log.size(); ++i) log.unit[i] = hash_combine(hash_bytes(log.source), i);
  assign_folds(log, 1);
  digest_rows(log);
  return log;
}

DecisionLog made(std::uint64_t seed, std::size_t n = 1500) {
  MadeWorld world;
  world.seed = seed;
  world.n = n;
  return nameless(world.log());
}

// Without its first row, from the end.
DecisionLog turned(const DecisionLog& log, std::size_t rows) {
  std::vector<MadeDecision> decisions;
  for (std::size_t k = 0; k < rows; ++k) {
    const std::size_t i = log.size() - 1 - k;
    MadeDecision d;
    d.unit = 900000000 + k;
    d.mu = {log.logged[2 * i], log.logged[2 * i + 1]};
    d.chosen = log.chosen[i];
    d.value = {log.outcomes[0].value[i], log.outcomes[1].value[i]};
    d.x = {log.context[0].number[i], log.context[1].number[i]};
    d.group = log.segments[0].code[i];
    decisions.push_back(std::move(d));
  }
  DecisionLog out = made_log(log.actions, kMade, decisions, true);
  out.segments[0].levels = log.segments[0].levels;
  out.context.push_back(out.segments[0]);
  out.source = "again.csv";
  return nameless(std::move(out));
}

void refused(const DecisionLog& first, const DecisionLog& later, const char* what) {
  try {
    const Monitoring m = monitored(first, later, made_certificate_goal());
    ADD_FAILURE() << what << ": " << m.reason;
  } catch (const Error& e) {
    EXPECT_TRUE(contains(e.what(), "stand in the certificate's log too, by ")) << what << ": " << e.what();
  }
}

TEST(SharedRows, AreRefusedWithoutIdsInAnyDress) {
  const DecisionLog first = made(1);
  refused(first, turned(first, first.size() - 1), "the same rows");
  refused(first, turned(first, first.size() / 2), "half of the rows");

  DecisionLog later = turned(first, first.size() - 1);
  for (float& x : later.context[0].number) x = std::round(1000 * x) / 1000;
  digest_rows(later);
  refused(first, later, "rounded");
  for (float& x : later.context[0].number) x *= 100;
  for (double& y : later.outcomes[0].value) y *= 2;
  digest_rows(later);
  refused(first, later, "rounded and scaled, the outcome scaled");

  later = turned(first, first.size() - 1);
  for (std::size_t i = 0; i < later.size(); ++i) {
    later.context[0].number[i] = static_cast<float>(Rng(7).stream("x", i).normal());
    later.outcomes[1].value[i] = 0.1 * Rng(7).stream("y", i).normal();
  }
  digest_rows(later);
  refused(first, later, "half of the columns are others");

  later = turned(first, first.size() - 1);
  for (std::size_t i = 0; i < later.size(); ++i)
    for (const std::size_t j : {0, 1})
      later.outcomes[j].value[i] *= 0.9 + 0.2 * Rng(7).stream("y", i).uniform();
  digest_rows(later);
  refused(first, later, "outcomes moved a little");

  later = turned(first, first.size() - 1);
  for (std::size_t i = 0; i < later.size(); ++i) later.id.push_back("e" + std::to_string(i));
  later.unit_named = true;
  DecisionLog named = first;
  named.unit_named = true;
  digest_rows(later);
  digest_rows(named);
  refused(named, later, "other names");
}

TEST(SharedRows, AFewAreCountedAndLeftOut) {
  const DecisionLog first = made(1, 3000);
  DecisionLog later = made(2, 3000);
  constexpr std::size_t kOld = 100;
  for (std::size_t i = 0; i < kOld; ++i) {
    for (std::size_t c : {0, 1}) later.context[c].number[i] = first.context[c].number[i];
    later.context[2].code[i] = later.segments[0].code[i] = first.segments[0].code[i];
    later.chosen[i] = first.chosen[i];
    for (std::size_t j : {0, 1}) later.outcomes[j].value[i] = first.outcomes[j].value[i];
  }
  digest_rows(later);
  const Monitoring m = monitored(first, later, made_certificate_goal());
  EXPECT_EQ(m.shared_decisions, kOld);
  EXPECT_EQ(m.verdict, Verdict::kPass) << m.reason;
  EXPECT_TRUE(contains(m.reason, "100 of 3000 decisions stand in the certificate's log too")) << m.reason;
  EXPECT_TRUE(contains(m.reason, "are left out")) << m.reason;
  // What is left answers as a log without them does.
  const DecisionLog rest = turned(later, later.size() - kOld);
  const Monitoring without = monitored(first, rest, made_certificate_goal());
  EXPECT_EQ(without.shared_decisions, 0u);
  EXPECT_NEAR(m.now.value, without.now.value, 1e-6);
  EXPECT_NE(m.now.value, 0);
}

TEST(SharedRows, AreNotSeenInALaterLog) {
  for (const std::uint64_t seed : {2, 3, 4}) {
    const SharedRows shared = shared_rows(made(1), made(seed), 1);
    EXPECT_EQ(shared.count, 0u);
    EXPECT_EQ(shared.sentence, "");
  }
}

// Their contexts stand in both logs to the last digit; what was decided and what came of it is new.
TEST(SharedRows, CustomersWhoComeAgainMadeNoOldDecisions) {
  const DecisionLog first = made(1);
  DecisionLog later = made(2);
  later.context = first.context;
  later.segments = first.segments;
  digest_rows(later);
  const SharedRows shared = shared_rows(first, later, 1);
  EXPECT_EQ(shared.count, 0u);
  EXPECT_TRUE(shared.come_again);
  EXPECT_EQ(shared.cap, "");
}

TEST(SharedRows, NobodyCanTellWhereContentsRepeatAndNothingNamesThem) {
  const auto coarse = [](std::uint64_t seed) {
    DecisionLog log = made(seed);
    for (std::size_t c : {0, 1})
      for (float& x : log.context[c].number) x = std::round(x);
    for (std::size_t j : {0, 1})
      for (double& y : log.outcomes[j].value) y = std::round(y);
    digest_rows(log);
    return log;
  };
  const Monitoring m = monitored(coarse(1), coarse(2), made_certificate_goal());
  EXPECT_TRUE(contains(m.reason, "cannot tell whether these rows are new")) << m.reason;
  EXPECT_EQ(m.cap, "");
  EXPECT_EQ(m.verdict, Verdict::kPass) << m.reason;
  DecisionLog named[2] = {coarse(1), coarse(2)};
  for (DecisionLog& log : named) log.unit_named = true;
  EXPECT_FALSE(shared_rows(named[0], named[1], 1).untold);
}

// The oracle counts by maps.
TEST(ContentCounts, AreThoseOfAMap) {
  Rng rng(3);
  std::vector<std::uint64_t> first, later;
  for (int k = 0; k < 500; ++k) first.push_back(rng.below(300));
  for (int k = 0; k < 700; ++k) later.push_back(rng.below(400));
  std::map<std::uint64_t, std::pair<std::size_t, std::size_t>> times;
  for (const std::uint64_t c : first) ++times[c].first;
  for (const std::uint64_t c : later) ++times[c].second;
  ContentCounts expected;
  for (const auto& [content, t] : times)
    if (t.first <= 3 && t.second <= 3) ++expected.stands[t.first][t.second];
  EXPECT_EQ(count_contents(first, later).stands, expected.stands);
}

// Two logs of their own populations each, from next to no chance meetings to next to nothing else: the bound
// holds for all of them.
TEST(ContentCounts, AreExplainedByChanceWhateverThePopulations) {
  for (const std::uint64_t contents : {20, 300, 3000, 100000}) {
    for (const double lean : {1.0, 3.0}) {  // the later log leans to the first contents
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Rng rng = Rng(seed).stream("contents", contents);
        std::vector<std::uint64_t> first, later;
        const auto draw = [&](double power) {
          return static_cast<std::uint64_t>(static_cast<double>(contents) * std::pow(rng.uniform(), power));
        };
        for (int k = 0; k < 2000; ++k) first.push_back(draw(2));
        for (int k = 0; k < 2000; ++k) later.push_back(draw(2 * lean));
        EXPECT_FALSE(shared_beyond_chance(count_contents(first, later))) << contents << " " << lean;
        // A tenth of the later log is the first one's: shown where contents tell rows apart.
        for (int k = 0; k < 200; ++k) later[k] = first[k];
        if (contents < 100000) continue;
        EXPECT_TRUE(shared_beyond_chance(count_contents(first, later))) << seed;
      }
    }
  }
}

// Under independence the chance is uniform or, where cells are rare, larger: its lower tail is no fatter. A
// copy without its last row has next to none.
TEST(TooAlike, IsACopyAndNoDraw) {
  int low = 0;
  constexpr int kWorlds = 400;
  for (std::uint64_t seed = 1; seed <= kWorlds; ++seed) {
    Rng rng(seed);
    std::vector<std::uint64_t> stratum[2], cell[2];
    for (int log : {0, 1}) {
      for (int k = 0; k < 600; ++k) {
        stratum[log].push_back(rng.below(5));
        cell[log].push_back(2 * rng.below(2) +
                            rng.bernoulli(0.1 + 0.1 * static_cast<double>(stratum[log].back())));
      }
    }
    low += chance_of_agreement(stratum[0], cell[0], stratum[1], cell[1]) < 0.05;
    std::vector<std::uint64_t> again[2] = {stratum[0], cell[0]};
    for (auto& column : again) {
      std::reverse(column.begin(), column.end());
      column.pop_back();
    }
    EXPECT_LT(chance_of_agreement(stratum[0], cell[0], again[0], again[1]), 1e-8);
  }
  EXPECT_LE(low, 34);  // binomial(400, .05), 99.9 %
}

TEST(TooAlike, ACopyIsFoundWhereNoRowCanBeTold) {
  DecisionLog first = made(1);
  for (std::size_t c : {0, 1})
    for (float& x : first.context[c].number) x = x > 0 ? 1.0f : 0.0f;
  for (std::size_t j : {0, 1})
    for (double& y : first.outcomes[j].value) y = y > 0.5 ? 1 : 0;
  digest_rows(first);
  const Monitoring m = monitored(first, turned(first, first.size() - 1), made_certificate_goal());
  EXPECT_EQ(m.verdict, Verdict::kInconclusive);
  EXPECT_TRUE(contains(m.reason, "the later log seems to be the certificate's own")) << m.reason;
}

TEST(SameDecisions, AreToldByActionsAndOutcomes) {
  Rng rng(5);
  FieldPairs same, other;
  std::vector<OutcomePairs> outcome(1), flipped(1), independent(1), moved(1), unlike(1);
  for (int k = 0; k < 400; ++k) {
    const std::uint64_t a = rng.below(2), b = rng.below(2), y = rng.bernoulli(0.3), z = rng.bernoulli(0.3);
    same.emplace_back(a, a);
    other.emplace_back(a, b);
    outcome[0].cells.emplace_back(y, y);
    flipped[0].cells.emplace_back(y, 1 - y);
    independent[0].cells.emplace_back(y, z);
    // Amounts, half of them 0: times .9 to 1.1, and of a customer who spends alike in both logs.
    const double amount = y == 0 ? 0 : std::exp(rng.normal()), noise = .9 + .2 * rng.uniform();
    const double alike = amount * std::exp(.5 * rng.normal());
    moved[0].cells.emplace_back(hash_combine(1, k), hash_combine(2, k));
    moved[0].values.emplace_back(amount, amount * noise);
    unlike[0].cells.emplace_back(hash_combine(1, k), hash_combine(2, k));
    unlike[0].values.emplace_back(amount, rng.bernoulli(.9) ? alike : 1);
  }
  EXPECT_EQ(same_decisions(same, outcome), Again::kSameDecisions);
  EXPECT_EQ(same_decisions(same, flipped), Again::kSameDecisions);
  EXPECT_EQ(same_decisions(same, {}), Again::kSameDecisions);
  EXPECT_EQ(same_decisions(other, independent), Again::kOtherDecisions);
  EXPECT_EQ(same_decisions(same, moved), Again::kSameDecisions);
  EXPECT_EQ(same_decisions(other, moved), Again::kOtherDecisions);
  EXPECT_EQ(same_decisions(same, unlike), Again::kOtherDecisions);
  // A customer who keeps his arm.
  EXPECT_EQ(same_decisions(same, independent), Again::kOtherDecisions);
  EXPECT_EQ(same_decisions(FieldPairs(400, {1, 1}), {}), Again::kCannotTell);
}

TEST(Comparable, PrecisionIsTheDecimalsAndDigitsOfAll) {
  EXPECT_EQ(precision_of({100, 2500}).decimals, -2);
  EXPECT_EQ(precision_of({1.5, 2.25, 0, 7}).decimals, 2);
  EXPECT_EQ(precision_of({1.23e5, 4.56e-3}).digits, 3);
  EXPECT_EQ(precision_of({0.1234567, 2}).decimals, kFullPrecision);
  EXPECT_EQ(precision_of({static_cast<double>(0.345f), 12.5}).decimals, 3);  // a float is no worse
}

}  // namespace
}  // namespace plumb
