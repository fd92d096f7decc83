// plumb monitor as people run it: the exit status, where it looks for the certificate, what it refuses.
#include <nlohmann/json.hpp>

#include "tests/cli/command.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

// Another mailing to other customers: "b" brings `lift` more than "a".
std::string later_mailing(double lift, double noise) {
  std::string out = "id,customer,mail,p,age,click,spend\n";
  const Rng root(6);
  for (int i = 0; i < 900; ++i) {
    Rng rng = root.stream("row", static_cast<std::uint64_t>(i));
    const char* const mails[] = {"a", "b", "none"};
    const double lifts[] = {0, lift, 1};
    const auto mail = static_cast<std::size_t>(rng.below(3));
    const int age = 20 + static_cast<int>(rng.below(50));
    const bool click = rng.bernoulli(mail == 0 ? 0.6 : 0.3);
    out += "e" + std::to_string(i) + ",k" + std::to_string(i) + "," + mails[mail] + ",0.3333333333333333," +
           std::to_string(age) + "," + (click ? "1" : "0") + "," +
           std::to_string(lifts[mail] + noise * rng.normal()) + "\n";
  }
  return out;
}

class MonitorCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.write("goal.toml", mailing_goal());
    folder_.write("log.csv", mailing(0.5));
    const Result run = folder_.plumb({"align", "goal.toml", "--out", "plumb-run", "--quiet"});
    ASSERT_EQ(run.status, 0) << run.err;
    folder_.write("later.csv", later_mailing(2, 0.5));
  }
  void refused(std::vector<std::string> arguments, const std::string& message) {
    const auto before = folder_.names();
    arguments.insert(arguments.begin(), "monitor");
    arguments.insert(arguments.end(), {"--out", "watch"});
    const Result result = folder_.plumb(arguments);
    EXPECT_EQ(result.status, 2) << message << "\n" << result.out;
    EXPECT_EQ(result.out, "") << message;
    EXPECT_TRUE(contains(result.err, message)) << message << "\n" << result.err;
    EXPECT_EQ(folder_.names(), before) << message;
  }
  Folder folder_;
};

TEST_F(MonitorCommand, SaysItsVerdictByItsStatus) {
  folder_.write("harm.csv", later_mailing(-1, 0.5));
  folder_.write("noisy.csv", later_mailing(2, 60));
  const auto answer = [&](const std::string& log, int status, const char* decision, const char* verdict) {
    const Result result = folder_.plumb({"monitor", "goal.toml", log, "--json"});
    EXPECT_EQ(result.status, status) << log << " " << result.err << result.out;
    const Json document = Json::parse(result.out, nullptr, false);
    ASSERT_TRUE(document.is_object()) << log;
    EXPECT_EQ(document["decision"], decision) << log;
    EXPECT_EQ(document["verdict"], verdict) << log;
    EXPECT_EQ(document["monitor"]["policy"], "constant:b");
  };
  answer("later.csv", 0, "stands", "pass");
  answer("harm.csv", 1, "revoked", "refuse");
  answer("noisy.csv", 3, "undecided", "inconclusive");
}

TEST_F(MonitorCommand, StartsWithASentenceAndKeepsAReportThatCanBeMadeAgain) {
  const Result result = folder_.plumb({"monitor", "goal.toml", "later.csv", "--out", "watch"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(
      result.out.starts_with("stands: The certificate of constant:b stands: in the later log it gains "))
      << result.out.substr(0, 200);
  const std::string page = folder_.read("watch/report.html");
  EXPECT_TRUE(contains(page, "The certificate stands"));
  EXPECT_TRUE(contains(page, "The gain, then and now"));
  const Json run = Json::parse(folder_.read("plumb-run/evidence.json")),
             watch = Json::parse(folder_.read("watch/evidence.json"));
  // What the run certified, and the digest of the log that it did so on.
  for (const Json& c : run["candidates"]) {
    if (c["name"] != "constant:b") continue;
    EXPECT_EQ(watch["monitor"]["gain"]["certified"]["lower"], c["versus_reference"]["lower"]);
  }
  EXPECT_EQ(watch["monitor"]["certificate"]["log_digest"], run["provenance"]["log_digest"]);
  ASSERT_EQ(folder_.plumb({"report", "watch"}).status, 0);
  EXPECT_EQ(folder_.read("watch/report.html"), page);
}

TEST_F(MonitorCommand, WatchesAPolicyWithoutARun) {
  const Result result =
      folder_.plumb({"monitor", "goal.toml", "later.csv", "--policy", "constant:b", "--json", "--quiet"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(Json::parse(result.out)["monitor"]["gain"]["certified"]["value"].is_null());
  refused({"goal.toml", "later.csv", "--policy", "constant:c"}, "constant:c: found no such action in ");
  refused({"goal.toml", "later.csv", "--policy", "constant:b", "--run", "plumb-run"},
          "monitor: --policy: found \"constant:b\", expected none beside --run");
  refused({"goal.toml", "later.csv", "--seed", "2"}, "monitor: --seed: found 2, expected none");
}

TEST_F(MonitorCommand, LeavesTheLockAlone) {
  ASSERT_EQ(folder_.plumb({"check", "goal.toml", "--lock"}).status, 0);
  const std::string lock = folder_.read("goal.lock");
  ASSERT_NE(lock, "");
  EXPECT_EQ(folder_.plumb({"monitor", "goal.toml", "later.csv"}).status, 0);
  EXPECT_EQ(folder_.read("goal.lock"), lock);
}

TEST_F(MonitorCommand, RefusesWhatIsNoCertificateOfThisGoalAndLog) {
  refused({"goal.toml", "later.csv", "--run", "nowhere"},
          "nowhere/evidence.json: cannot be opened, expected the evidence of an align run");
  folder_.write("other.toml", mailing_goal(0.2));
  refused({"other.toml", "later.csv"}, "plumb-run/evidence.json: goal_hash: found ");
  folder_.write("first.csv", mailing(0.6));
  refused({"goal.toml", "later.csv", "--log", "first.csv"}, "first.csv: log_digest: found ");
  folder_.write("high.toml", mailing_goal(50));
  ASSERT_EQ(folder_.plumb({"align", "high.toml", "--out", "kept"}).status, 0);
  refused({"high.toml", "later.csv", "--run", "kept"},
          "kept/evidence.json: decision: found \"keep\", expected \"ship\"");
}

TEST_F(MonitorCommand, RefusesALogThatIsNotALaterOne) {
  refused({"goal.toml", "log.csv"}, "log.csv: rows: found the very decisions of the certificate's log");
  const std::string log = mailing(0.5), later = later_mailing(2, 0.5);
  folder_.write("both.csv", later + log.substr(log.find('\n') + 1));
  refused(
      {"goal.toml", "both.csv"},
      "both.csv: rows: found 900 of 1800 that stand in the certificate's log too, the first of them decision "
      "901 (d0), expected decisions that came after the certificate's");
  std::string without = later;
  without.replace(without.find("age"), 3, "eta");
  folder_.write("without.csv", without);
  refused({"goal.toml", "without.csv"}, "without.csv");
  refused({"goal.toml", "nowhere.csv"}, "nowhere.csv");
  refused({"goal.toml", "later.csv", "--as-of", "soon"}, "monitor: --as-of: found ");
}

}  // namespace
}  // namespace plumb
