#include "plumb/balance.h"

#include <algorithm>
#include <cmath>

#include "data/column_cache.h"
#include "plumb/inspect.h"
#include "tests/data/logs_equal.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

// n decisions of two arms with probability p(i) of b; columns: x (normal), k (four levels).
DecisionLog drawn(std::size_t n, std::uint64_t seed,
                  const std::function<double(std::size_t, double, int)>& truth, double stated) {
  Rng rng(seed);
  DecisionLog log;
  log.actions = {"a", "b"};
  log.offset = {0};
  log.fixed_actions = true;
  FeatureColumn x{"x", false, {}, {}, {}}, k{"k", true, {}, {}, {"k0", "k1", "k2", "k3"}};
  for (std::size_t i = 0; i < n; ++i) {
    x.number.push_back(static_cast<float>(rng.normal()));
    k.code.push_back(static_cast<std::uint32_t>(rng.below(4)));
    const bool b = rng.bernoulli(truth(i, static_cast<double>(x.number[i]), static_cast<int>(k.code[i])));
    log.unit.push_back(hash_combine(i, 1));
    log.action.insert(log.action.end(), {0, 1});
    log.offset.push_back(2 * (i + 1));
    log.chosen.push_back(b);
    log.propensity.push_back(b ? stated : 1 - stated);
    log.logged.insert(log.logged.end(), {static_cast<float>(1 - stated), static_cast<float>(stated)});
  }
  log.context = {x, k};
  return log;
}

std::vector<std::string> failing(const DecisionLog& log, const Goal& goal = {}) {
  std::vector<std::string> out;
  for (const BalanceFailure& f : test_balance(log, goal).failures) out.push_back(f.column);
  return out;
}

const Finding& balance_finding(const std::vector<Finding>& findings) {
  return *std::find_if(findings.begin(), findings.end(), [](const Finding& f) { return f.check == "balance"; });
}

// Exact binomial limits at .999 of an error rate of .005: 5 of 200.
TEST(Balance, CallsFewSoundLogsUnsound) {
  for (const double share : {.5, .1}) {
    int alarms = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed)
      alarms += !failing(drawn(
                             400, seed, [&](auto...) { return share; }, share))
                     .empty();
    EXPECT_LE(alarms, 5) << share;
  }
}

TEST(Balance, FindsProbabilitiesThatAreWrongByAColumn) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto by_level = [](std::size_t, double, int k) { return k < 2 ? .8 : .2; };
    EXPECT_EQ(failing(drawn(1000, seed, by_level, .5)), std::vector<std::string>{"k"});
    const auto by_number = [](std::size_t, double x, int) { return std::abs(x) > .7 ? .65 : .35; };  // no trend
    EXPECT_EQ(failing(drawn(2000, seed, by_number, .5)), std::vector<std::string>{"x"});
  }
}

// The worst level's z in closed form: T less its share of the arm's total over its standard deviation; with one
// probability of a half nothing is skewed, and a level's share of the variance is its share of the rows.
TEST(Balance, MeasuresHowFarOffInStandardErrors) {
  const DecisionLog log = drawn(
      1000, 3, [](std::size_t, double, int k) { return k == 1 ? .9 : .4; }, .5);
  const BalanceTest test = test_balance(log, {});
  ASSERT_EQ(test.failures[0].column, "k");
  double total = 0, here = 0, rows = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    const double off = (log.chosen[i] == 1 ? 1.0 : 0.0) - .5;
    total += off;
    if (log.context[1].code[i] == 1) here += off, ++rows;
  }
  const double share = rows / 1000;
  EXPECT_NEAR(test.failures[0].z, (here - share * total) / std::sqrt(rows / 4 * (1 - share)), 1e-6);
  EXPECT_EQ(test.failures[0].level, "k1");
  EXPECT_EQ(test.failures[0].seen, here + rows / 2);
  EXPECT_NEAR(test.failures[0].expected, rows / 2, 1e-9);
}

TEST(Balance, IsTheSameForAnyNumberOfThreads) {
  const DecisionLog log = drawn(
      600, 4, [](std::size_t, double x, int) { return x > 0 ? .56 : .44; }, .5);
  const BalanceTest one = test_balance(log, {}, 1), four = test_balance(log, {}, 4);
  EXPECT_EQ(one.p, four.p);
  EXPECT_EQ(one.largest, four.largest);
  EXPECT_EQ(one.failures.size(), four.failures.size());
}

// A unit of eight rows is one draw: drawn anew row by row its columns would look far off.
TEST(Balance, DrawsUnitsWhereAUnitHasOneArm) {
  int alarms = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    DecisionLog log = drawn(
        800, seed, [](auto...) { return .5; }, .5);
    log.unit_named = true;
    for (std::size_t i = 0; i < 800; ++i) {
      const std::size_t first = i / 8 * 8;
      log.unit[i] = log.unit[first];
      log.chosen[i] = log.chosen[first];
      log.context[0].number[i] = log.context[0].number[first];
      log.context[1].code[i] = log.context[1].code[first];
    }
    const BalanceTest test = test_balance(log, {});
    EXPECT_TRUE(test.by_unit);
    alarms += !test.failures.empty();
  }
  EXPECT_LE(alarms, 3);  // exact binomial limit at .999 of .005 in 50
}

// Three arms of which the chosen one's probability alone is stated.
TEST(Balance, WeighsChoicesWhereOtherProbabilitiesAreUnknown) {
  const auto log_of = [](std::uint64_t seed, bool wrong) {
    DecisionLog log = drawn(
        3000, seed, [](auto...) { return .5; }, .5);
    Rng rng(seed + 1000);
    log.actions = {"a", "b", "c"};
    log.action.clear(), log.logged.clear();
    for (std::size_t i = 0; i < 3000; ++i) {
      const bool high = log.context[0].number[i] > 0;
      const double mu[3] = {high ? .5 : .2, .3, high ? .2 : .5};
      log.action.insert(log.action.end(), {0, 1, 2});
      log.offset[i + 1] = 3 * (i + 1);
      log.chosen[i] = static_cast<std::uint32_t>(rng.categorical(mu));
      log.propensity[i] = wrong ? 1.0 / 3 + (i % 2 ? .01 : -.01) : mu[log.chosen[i]];
    }
    return log;
  };
  int alarms = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const BalanceTest test = test_balance(log_of(seed, false), {});
    EXPECT_FALSE(test.redrawn);
    EXPECT_EQ(test.arms, 3u);
    alarms += !test.failures.empty();
    EXPECT_TRUE(test_balance(log_of(seed, true), {}).fails("x"));
  }
  EXPECT_LE(alarms, 3);
}

// A log as a file: mail by `past`, `visit` moved by it, neither named.
std::string mail_csv(bool randomized, const std::string& extra = "") {
  Rng rng(5);
  std::string out = "customer,arm,past,note" + extra + ",spend\n";
  for (int i = 0; i < 600; ++i) {
    const double past = 100 * rng.uniform();
    const bool mail = randomized ? rng.bernoulli(.5) : past > 50;
    out += "c" + std::to_string(i) + (mail ? ",mail," : ",none,") + std::to_string(past) + ",n" +
           std::to_string(i) +
           (extra.empty()               ? ""
            : mail == rng.bernoulli(.9) ? ",1"
                                        : ",0") +
           "," + std::to_string(rng.normal()) + "\n";
  }
  return out;
}

Goal mail_goal(const std::string& more = "") {
  return parse_goal(
      "goal.maximize = \"spend\"\noutcome.spend.kind = \"number\"\ndata.unit = \"customer\"\n"
      "data.action = \"arm\"\ndata.propensity = 0.5\n" +
      more);
}

TEST(Balance, LooksAtColumnsThatTheGoalDoesNotName) {
  const DecisionLog log = csv_log(mail_csv(false), mail_goal());
  ASSERT_EQ(log.unnamed.size(), 2u);
  EXPECT_EQ(failing(log, mail_goal()), std::vector<std::string>{"past"});
  const std::vector<Finding> findings = check_log(log, mail_goal());
  EXPECT_EQ(balance_finding(findings).severity, Severity::kCap);
  EXPECT_NE(balance_finding(findings).sentence.find("data.after_action = [\"past\"]"), std::string::npos);
  const Goal said = mail_goal("data.after_action = [\"past\"]");
  EXPECT_EQ(failing(csv_log(mail_csv(false), said), said), std::vector<std::string>{});
}

TEST(Balance, NamesColumnsThatTheActionMoved) {
  EXPECT_EQ(failing(csv_log(mail_csv(true, ",score"), mail_goal()), mail_goal()),
            std::vector<std::string>{"score"});
  // Named like an outcome and not in the context: known to come after.
  const BalanceTest left_out = test_balance(csv_log(mail_csv(true, ",visit"), mail_goal()), mail_goal());
  EXPECT_TRUE(left_out.failures.empty());
  EXPECT_EQ(left_out.outcomes, std::vector<std::string>{"visit"});
  const Goal named = mail_goal("data.context = [\"visit\"]");
  EXPECT_EQ(failing(csv_log(mail_csv(true, ",visit"), named), named), std::vector<std::string>{"visit"});
}

TEST(Balance, FindsUnnamedKeysOfJsonLines) {
  Rng rng(6);
  std::string text;
  for (int i = 0; i < 400; ++i) {
    const int vip = rng.bernoulli(.3);
    const bool b = rng.bernoulli(vip ? .9 : .3);
    text += R"({"actions":[{"id":"a"},{"id":"b"}],"chosen":")" + std::string(b ? "b" : "a") +
            R"(","propensities":[0.5,0.5],"score":)" + std::to_string(rng.normal()) + R"(,"context":{"age":)" +
            std::to_string(rng.below(50)) + R"(,"vip":)" + std::to_string(vip) +
            R"(},"outcomes":{"click":0}})" + "\n";
  }
  Goal goal = jsonl_goal();
  goal.data.context = {"age"};
  const DecisionLog log = jsonl_log(text, goal);
  ASSERT_EQ(log.unnamed.size(), 2u);
  EXPECT_EQ(failing(log, goal), std::vector<std::string>{"vip"});
}

TEST(Balance, UnnamedColumnsChangeNoDigestAndAreBounded) {
  const DecisionLog log = csv_log(mail_csv(true), mail_goal());
  DecisionLog without = log;
  without.unnamed.clear();
  digest_rows(without);
  EXPECT_EQ(without.row_digest, log.row_digest);
  std::string header = "arm,p,age,region,spend", row = "a,.5,1,n,1";
  for (int c = 0; c < 80; ++c) header += ",u" + std::to_string(c), row += ",1";
  EXPECT_EQ(csv_log(header + "\n" + row + "\n", csv_goal()).unnamed.size(), kMostUnnamedColumns);
  std::string many = "arm,p,age,region,spend,text\n";
  for (std::size_t i = 0; i <= kMostUnnamedLevels; ++i) many += "a,.5,1,n,1,t" + std::to_string(i) + "\n";
  EXPECT_TRUE(csv_log(many, csv_goal()).unnamed.empty());
}

TEST(Balance, UnnamedColumnsAreTheSameInBlocksAndInTheCache) {
  const std::string text = mail_csv(true, ",score");
  const TextSource source = TextSource::from_memory(text, "log.csv");
  const DecisionLog want = csv_log_from(source, mail_goal(), nullptr, {.block_bytes = SIZE_MAX});
  ASSERT_EQ(want.unnamed.size(), 3u);
  for (const int threads : {1, 3})
    expect_equal_logs(csv_log_from(source, mail_goal(), nullptr, {.threads = threads, .block_bytes = 1000}),
                      want);
  const CacheRead read = parse_column_cache(column_cache_bytes(want, {}, 7, 1), 7, 1);
  ASSERT_TRUE(read.log) << read.why_not;
  expect_equal_logs(*read.log, want);
}

TEST(Balance, AGuessedContextHoldsNoColumnThatFails) {
  const TemporaryFile file("mail.csv", mail_csv(false));
  const LogSketch sketch = inspect_log(file.path());
  LogRoles given;
  given.propensity_number = .5;
  const LogRoles guessed = guess_roles(sketch, given);
  EXPECT_EQ(guessed.context, std::vector<std::string>{"past"});
  const LogRoles roles = balanced_roles(file.path(), sketch, guessed);
  EXPECT_EQ(roles.context, std::vector<std::string>{});
  EXPECT_EQ(roles.unbalanced, std::vector<std::string>{"past"});
  const std::string text = goal_text(sketch, roles, file.path(), "mail");
  EXPECT_NE(text.find("\n# after_action = [\"past\"]\n"), std::string::npos);
  EXPECT_TRUE(test_balance(read_log(file.path(), parse_goal(text), nullptr), parse_goal(text)).fails("past"));
}

TEST(Propensities, ThatAreAThirdWithinRoundingAreAThird) {
  const auto log_of = [](const Goal& goal, const std::string& p, LoadReport* report) {
    std::string text = "arm,p,spend\n";
    for (int i = 0; i < 30; ++i) text += std::string(1, "abc"[i % 3]) + "," + p + ",1\n";
    return csv_log(text, goal, report);
  };
  Goal goal = csv_goal();
  goal.data.context.clear(), goal.segments.clear();
  const auto expect_third = [&](const Goal& by, const std::string& p) {
    LoadReport report;
    const DecisionLog log = log_of(by, p, &report);
    EXPECT_DOUBLE_EQ(log.propensity[4], 1.0 / 3);
    EXPECT_TRUE(std::any_of(report.notes.begin(), report.notes.end(),
                            [](const std::string& n) { return n.find("1/3") != std::string::npos; }));
  };
  expect_third(goal, "0.3333");
  expect_third(goal, "0.33");
  Goal number = goal;
  number.data.propensity_column.clear();
  number.data.propensity_number = .3333;
  expect_third(number, "1");
  Goal by_arm = goal;
  by_arm.data.propensity_column.clear();
  by_arm.data.propensity_by_arm = {{"a", .3333}, {"b", .3333}, {"c", .3333}};
  expect_third(by_arm, "1");
  by_arm.data.propensity_by_arm = {{"a", .17}, {"b", .333}, {"c", .4975}};  // sums to 1.0005
  LoadReport report;
  EXPECT_NEAR(log_of(by_arm, "1", &report).propensity[0], .17 / 1.0005, 1e-12);
  // One digit is no rounding of a third, and .34 is another number.
  for (const char* p : {"0.3", "0.34"}) EXPECT_EQ(log_of(goal, p, nullptr).propensity[0], std::stod(p));
}

}  // namespace
}  // namespace plumb
