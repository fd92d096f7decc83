// Logs with rows that were recorded twice, and logs whose rows repeat by chance.
#include <algorithm>
#include <cmath>

#include "data/checks.h"
#include "data/late_summary.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

// n rows: an arm, and an outcome that `draw` makes.
DecisionLog rows(std::size_t n, std::uint64_t seed, const std::function<double(Rng&)>& draw) {
  Rng rng(seed);
  DecisionLog log;
  log.actions = {"a", "b"};
  log.offset = {0};
  log.fixed_actions = true;
  OutcomeColumn y;
  y.name = "y";
  for (std::size_t i = 0; i < n; ++i) {
    log.unit.push_back(hash_combine(i, 1));
    log.action.insert(log.action.end(), {0, 1});
    log.offset.push_back(2 * (i + 1));
    log.chosen.push_back(rng.bernoulli(.5));
    log.propensity.push_back(.5);
    y.value.push_back(draw(rng));
    y.state.push_back(State::kObserved);
  }
  log.outcomes = {y};
  return log;
}

// Rows `from` and behind are copies of those `from` places before.
void copy_rows(DecisionLog& log, std::size_t from) {
  for (std::size_t i = from; i < log.size(); ++i) {
    log.chosen[i] = log.chosen[i - from];
    log.outcomes[0].value[i] = log.outcomes[0].value[i - from];
  }
}

// The severity of what is found; nothing where nothing is.
std::optional<Severity> found(const DecisionLog& log) {
  std::vector<Finding> out;
  find_repeats(log, 1, out);
  return out.empty() ? std::nullopt : std::optional(out[0].severity);
}

double normal(Rng& rng) { return rng.normal(); }
double rounded(Rng& rng) { return std::round(100 * rng.normal()) / 100; }
// Prices: a few popular ones, many rare ones.
double price(Rng& rng) { return std::floor(std::exp(5 * rng.uniform() * rng.uniform() * 1.6)) + .99; }
double count(Rng& rng) { return std::floor(4 * rng.exponential()); }
double rare(Rng& rng) { return rng.bernoulli(.02) ? rng.exponential() : 0; }

TEST(Repeats, OfADoubledLogAreACapAlsoWithoutAContext) {
  for (const auto& draw : {normal, rounded, price, rare}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      DecisionLog log = rows(2000, seed, draw);
      copy_rows(log, 1000);
      // 20 contents that repeat because of a rare amount, and two that repeat anyway, prove less than 2^-23.
      if (draw == rare) {
        EXPECT_NE(found(log), Severity::kWarning);
        continue;
      }
      EXPECT_EQ(found(log), Severity::kCap) << seed;
    }
  }
  DecisionLog thrice = rows(1500, 1, normal);
  copy_rows(thrice, 500);
  EXPECT_EQ(found(thrice), Severity::kCap);
}

TEST(Repeats, OfAPartAreAWarningOrACapByWhatTheyDoToVariances) {
  DecisionLog log = rows(20000, 1, normal);
  for (std::size_t i = 0; i < 1400; ++i) log.outcomes[0].value[2 * i] = log.outcomes[0].value[2 * i + 1];
  for (std::size_t i = 0; i < 1400; ++i) log.chosen[2 * i] = log.chosen[2 * i + 1];
  EXPECT_EQ(found(log), Severity::kCap);  // 2,800 rows are pairs: variances 1.14 times too small
  for (std::size_t i = 0; i < 600; ++i) log.outcomes[0].value[2 * i] += 100 + static_cast<double>(i);
  EXPECT_EQ(found(log), Severity::kWarning);  // 1,600: 1.08 times
}

// Each test errs with at most 1e-7: none of 600 may.
TEST(Repeats, ByChanceAreNoNews) {
  for (const auto& draw : {normal, rounded, price, count, rare}) {
    for (const std::size_t n : {300u, 3000u, 30000u})
      for (std::uint64_t seed = 1; seed <= 8; ++seed)
        EXPECT_EQ(found(rows(n, seed, draw)), std::nullopt) << n << " " << seed;
  }
}

TEST(Repeats, OfUnitsThatDifferAreNone) {
  DecisionLog log = rows(2000, 1, normal);
  copy_rows(log, 1000);
  log.unit_named = true;
  EXPECT_EQ(found(log), std::nullopt);
  for (std::size_t i = 1000; i < 2000; ++i) log.unit[i] = log.unit[i - 1000];
  EXPECT_EQ(found(log), Severity::kWarning);  // intervals count units
  // Ids that differ excuse nothing: a file that was written twice may have been numbered anew.
  for (std::size_t i = 0; i < 2000; ++i) log.id.push_back("d" + std::to_string(i));
  EXPECT_EQ(found(log), Severity::kWarning);
  log.unit_named = false;
  EXPECT_EQ(found(log), Severity::kCap);
}

// 400 decisions, a day each; every record `delay` days later unless that is after day 400.
std::vector<Finding> late(double delay, const std::string& more) {
  std::string log = "id,time,arm,p\n", records = "id,time,bought\n";
  Rng rng(3);
  for (int i = 0; i < 400; ++i) {
    const double day = i + .5, came = day + delay * (.5 + .5 * rng.uniform());
    const auto us = [](double d) { return std::to_string(static_cast<std::int64_t>(1.7e15 + d * 86400e6)); };
    log += "d" + std::to_string(i) + "," + us(day) + ",a,1\n";
    if (came < 400) records += "d" + std::to_string(i) + "," + us(came) + ",1\n";
  }
  const TemporaryFile log_file("log.csv", log), late_file("late.csv", records);
  const Goal goal = parse_goal(
      "goal.maximize = \"bought\"\noutcome.bought.kind = \"binary\"\ndata.id = \"id\"\ndata.time = \"time\"\n"
      "data.action = \"arm\"\ndata.propensity = \"p\"\ndata.outcomes = [\"late.csv\"]\n" +
      more);
  std::vector<Finding> out;
  const DecisionLog read = read_log(log_file.path(), goal, nullptr);
  find_delays(read, goal, summarize_late(read, goal), out);
  return out;
}

TEST(LateRecords, AreTimedWhereNoObservedAfterIsSaid) {
  const std::vector<Finding> zeros = late(20, "outcome.bought.absent = \"zero\"\n");
  ASSERT_EQ(zeros.size(), 1u);
  EXPECT_EQ(zeros[0].severity, Severity::kCap);
  // Delays are uniform between 10 and 20 days: half within 15.
  EXPECT_NE(zeros[0].sentence.find("half of its records within 1"), std::string::npos) << zeros[0].sentence;
  EXPECT_NE(zeros[0].sentence.find("observed_after = \"20d\""), std::string::npos) << zeros[0].sentence;
  EXPECT_EQ(late(20, "")[0].severity, Severity::kWarning);
  EXPECT_EQ(late(.5, "outcome.bought.absent = \"zero\"\n").size(), 1u);
  // Every decision has its record: there is nothing that could count as zero.
  EXPECT_EQ(late(.5, "outcome.bought.absent = \"zero\"\n")[0].severity, Severity::kWarning);
  EXPECT_EQ(late(2, "outcome.bought.absent = \"zero\"\n")[0].severity, Severity::kCap);
  EXPECT_EQ(late(.5, "")[0].severity, Severity::kWarning);
  EXPECT_TRUE(late(20, "outcome.bought.observed_after = \"20d\"\n").empty());
}

}  // namespace
}  // namespace plumb
