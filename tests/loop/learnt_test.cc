// Goals whose outcomes are learnt, through the whole loop: from files to the verdict.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plumb/plumb.h"
#include "tests/reward/early_and_late.h"
#include "tests/reward/newcomers.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class LearntGoal : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("plumb_learnt_" + std::to_string(::getpid()));
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }
  std::string path(const std::string& name) const { return (directory_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }

  // The older decisions are 59 days old, the others one.
  Goal early(const EarlyAndLate& world, bool assumed = false) const {
    const DecisionLog log = early_and_late(world);
    std::string csv = "user,at,x,arm,dwell,click,late\n";
    for (std::size_t i = 0; i < log.size(); ++i) {
      const bool seen = log.outcomes[2].state[i] == State::kObserved;
      csv += "u" + std::to_string(i) + (seen ? ",2026-01-01," : ",2026-02-28,") +
             std::to_string(log.context[0].number[i]) + "," + log.actions[log.chosen[i]] + "," +
             std::to_string(log.outcomes[0].value[i]) + "," +
             std::to_string(static_cast<int>(log.outcomes[1].value[i])) + "," +
             (seen ? std::to_string(log.outcomes[2].value[i]) : "") + "\n";
    }
    write("log.csv", csv);
    std::string goal = R"([goal]
maximize = "index"
minimum_effect = 0.3
[outcome.dwell]
kind = "number"
[outcome.click]
kind = "binary"
[outcome.late]
kind = "number"
observed_after = "30d"
[outcome.index]
kind = "number"
model = "surrogate_index"
of = "late"
from = ["dwell", "click"]
[proxies]
candidates = ["click"]
[data]
log = "log.csv"
unit = "user"
time = "at"
as_of = "2026-03-01"
action = "arm"
propensity = { a = 0.5, b = 0.5 }
context = ["x"]
)";
    const std::string after = "from = [\"dwell\", \"click\"]\n";
    if (assumed) goal.insert(goal.find(after) + after.size(), "surrogacy = \"assumed\"\n");
    write("goal.toml", goal);
    return read_goal(path("goal.toml"));
  }

  Goal lifetime(std::size_t customers, double faster) const {
    const Newcomers world = newcomers(customers, faster, 4);
    const auto seconds = [](std::int64_t us) {
      const std::time_t t = static_cast<std::time_t>(us / 1000000);
      std::tm utc{};
      gmtime_r(&t, &utc);
      char out[40];
      std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%S", &utc);
      return std::string(out);
    };
    std::string csv = "customer,at,x,arm\n", bought = "customer,date,amount\n";
    for (std::size_t i = 0; i < world.log.size(); ++i) {
      csv += world.transactions.customer[i] + "," + seconds(world.log.time_us[i]) + "," +
             std::to_string(world.log.context[0].number[i]) + "," + world.log.actions[world.log.chosen[i]] +
             "\n";
    }
    for (std::size_t r = 0; r < world.transactions.size(); ++r) {
      bought += world.transactions.customer[world.transactions.who[r]] + "," +
                seconds(world.transactions.time_us[r]) + "," + std::to_string(world.transactions.amount[r]) +
                "\n";
    }
    write("log.csv", csv);
    write("bought.csv", bought);
    write("goal.toml", R"([goal]
maximize = "clv"
minimum_effect = 5
unit = "EUR per customer"
[outcome.clv]
kind = "amount"
model = "bg_nbd"
transactions = "bought.csv"
horizon = "182d"
[data]
log = "log.csv"
unit = "customer"
time = "at"
as_of = "2026-10-08"
action = "arm"
propensity = { a = 0.5, b = 0.5 }
context = ["x"]
[policy]
reference = "constant:a"
)");
    return read_goal(path("goal.toml"));
  }

  static const json* assumption(const json& document, const std::string& name) {
    for (const json& a : document.at("assumptions")) {
      if (a.at("name") == name) return &a;
    }
    return nullptr;
  }
  static const json& candidate(const json& document, const std::string& name) {
    for (const json& c : document.at("candidates")) {
      if (c.at("name") == name) return c;
    }
    return document.at("candidates").at(0);
  }
  fs::path directory_;
};

TEST_F(LearntGoal, AYoungLogDecidesByItsSurrogateIndex) {
  EarlyAndLate world;
  world.decisions = 12000;
  world.mature = 0.4;
  world.noise = 2;
  const Goal goal = early(world);
  const Evidence evidence = align(goal, RunOptions{});
  const json document = json::parse(evidence.json);
  EXPECT_EQ(evidence.decision, "ship") << document.at("headline");
  const json& b = candidate(document, "constant:b").at("versus_reference");  // the reference is half a, half b
  EXPECT_LE(b.at("lower").get<double>(), kCarried / 2);
  EXPECT_GE(b.at("upper").get<double>(), kCarried / 2);
  ASSERT_EQ(document.at("learnt").size(), 1u);
  EXPECT_EQ(document.at("learnt")[0].at("surrogacy").at("verdict"), "pass");
  ASSERT_NE(assumption(document, "what index misses"), nullptr);
  EXPECT_EQ(assumption(document, "what index misses")->at("status"), "tested");
  EXPECT_NE(assumption(document, "nothing changes where late is not seen yet"), nullptr);
  EXPECT_NE(assumption(document, "comparability of index"), nullptr);
  // A proxy that the index is made of is no news about it.
  EXPECT_TRUE(document.at("audit").at("proxies")[0].at("surrogacy").at("z").is_null());
  EXPECT_NE(evidence.text.find("Outcomes that are learnt"), std::string::npos);
  RunOptions seven;
  seven.threads = 7;
  EXPECT_EQ(align(goal, seven).json, evidence.json);
}

TEST_F(LearntGoal, WhatAnIndexMissesIsInTheGainAndCapsWhereSurrogacyIsAssumed) {
  EarlyAndLate world;
  world.decisions = 12000;
  world.mature = 0.4;
  world.noise = 2;
  world.direct = -2;  // b is harmful: the early outcomes say the contrary
  const json document = json::parse(align(early(world), RunOptions{}).json);
  const json& b = candidate(document, "constant:b").at("versus_reference");
  EXPECT_LE(b.at("lower").get<double>(), (kCarried + world.direct) / 2);
  EXPECT_GE(b.at("upper").get<double>(), (kCarried + world.direct) / 2);
  EXPECT_LT(b.at("upper").get<double>(), 0);
  const Evidence assumed = align(early(world, true), RunOptions{});
  const json capped = json::parse(assumed.json);
  EXPECT_EQ(assumed.decision, "experiment");
  EXPECT_EQ(assumption(capped, "surrogacy of index")->at("status"), "failed");
  EXPECT_NE(capped.at("headline").get<std::string>().find("index does not stand for late"), std::string::npos)
      << capped.at("headline");
}

TEST_F(LearntGoal, RewardSaysWhatWasLearntAndHowGoodItIs) {
  EarlyAndLate world;
  world.decisions = 4000;
  world.mature = 0.5;
  world.noise = 2;
  const Evidence evidence = reward(early(world), RunOptions{});
  const json document = json::parse(evidence.json);
  EXPECT_EQ(document.at("verb"), "reward");
  EXPECT_TRUE(evidence.verdict.empty());
  ASSERT_EQ(document.at("models").size(), 2u);
  for (const json& model : document.at("models")) {
    const json& r = model.at("reliability");
    EXPECT_EQ(r.at("bins").size(), 10u);
    EXPECT_LE(r.at("slope").at("lower").get<double>(), r.at("slope").at("upper").get<double>());
    EXPECT_EQ(r.contains("log_loss"), model.at("outcome") == "click");
  }
  EXPECT_NE(evidence.text.find("Outcome models, on decisions that they did not see"), std::string::npos);
  const std::string page = run_files(evidence).at("report.html");
  EXPECT_NE(page.find("What was learnt"), std::string::npos);
  EXPECT_NE(page.find("What came of index against what was predicted"), std::string::npos);
}

TEST_F(LearntGoal, LifetimeValueDecidesFromTransactions) {
  const Goal goal = lifetime(4000, 2);
  const Evidence evidence = align(goal, RunOptions{});
  const json document = json::parse(evidence.json);
  const Newcomers world = newcomers(4000, 2, 4);
  double truth = 0;
  for (std::size_t i = 0; i < world.log.size(); ++i)
    truth += (world.expected_b[i] - world.expected[i]) / static_cast<double>(world.log.size());
  const json& b = candidate(document, "constant:b").at("versus_reference");
  EXPECT_LE(b.at("lower").get<double>(), truth);
  EXPECT_GE(b.at("upper").get<double>(), truth);
  EXPECT_EQ(evidence.decision, "ship") << document.at("headline");
  EXPECT_EQ(document.at("learnt")[0].at("fits").size(), 2u);
  const json& effect = document.at("learnt")[0].at("effects")[0];
  EXPECT_EQ(effect.at("action"), effect.at("against") == "a" ? "b" : "a");
  EXPECT_GT(effect.at("p").get<double>(), 0.02);
  EXPECT_EQ(document.at("learnt")[0].at("backtests").size(), 4u);
  ASSERT_NE(assumption(document, "effects that last"), nullptr);
  EXPECT_EQ(assumption(document, "effects that last")->at("status"), "tested");
  ASSERT_NE(assumption(document, "the calendar"), nullptr);
  EXPECT_EQ(assumption(document, "the calendar")->at("status"), "tested");
}

TEST_F(LearntGoal, TransactionsAreReadFromTheColumnsThatTheGoalNames) {
  const Goal found = lifetime(1500, 1);
  const json by_name = json::parse(align(found, RunOptions{}).json);
  // Beside them columns whose names would have been taken.
  std::ifstream in(path("bought.csv"), std::ios::binary);
  std::string line, text = "id,buyer,date,value,day bought,paid\n";
  std::getline(in, line);
  while (std::getline(in, line)) {
    const std::size_t a = line.find(','), b = line.find(',', a + 1);
    text += "7," + line.substr(0, a) + ",2020-01-01,-3," + line.substr(a + 1, b - a - 1) + "," +
            line.substr(b + 1) + "\n";
  }
  write("bought.csv", text);
  std::ifstream goal_in(path("goal.toml"), std::ios::binary);
  const std::string goal{std::istreambuf_iterator<char>(goal_in), {}};
  const auto with = [&](const std::string& keys) {
    const std::string after = "horizon = \"182d\"\n";
    std::string out = goal;
    write("goal.toml", out.insert(out.find(after) + after.size(), keys));
    return align(read_goal(path("goal.toml")), RunOptions{});
  };
  const std::string buyer = "customer = \"buyer\"\n", day = "date = \"day bought\"\n",
                    paid = "amount = \"paid\"\n";
  const json by_key = json::parse(with(buyer + day + paid).json);
  EXPECT_EQ(by_key.at("learnt"), by_name.at("learnt"));
  EXPECT_EQ(by_key.at("candidates"), by_name.at("candidates"));
  try {
    with(buyer + day + "amount = \"pai\"\n");
    FAIL() << "a column that is not there was accepted";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("amount: found no column \"pai\", expected the name of a column, "
                                         "perhaps paid"),
              std::string::npos)
        << e.what();
  }
  EXPECT_THROW(with(day + paid), Error);  // the customers' numbers are not the log's
  try {
    with("customer = \"date\"\n" + paid);
    FAIL() << "one column was taken for two things";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("customer: found column \"date\", which is taken for the date"),
              std::string::npos)
        << e.what();
  }
}

TEST_F(LearntGoal, ALockNoticesOtherTransactions) {
  const Goal goal = lifetime(1500, 1);
  check_and_lock(goal, RunOptions{});
  std::ifstream in(path("bought.csv"), std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  in.close();
  write("bought.csv", text + "c0,2026-10-01,5\n");
  EXPECT_THROW(align(goal, RunOptions{}), Error);
  write("bought.csv", text + "c0,2026-13-01,5\n");
  try {
    align(goal, RunOptions{});
    FAIL() << "a date that is none was accepted";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("bought.csv:"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace plumb
