// What is not known yet is not zero: the inputs that were answered wrongly, and others of their kinds.
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "cases.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

struct Answer {
  Result result;
  Json json;
};

Answer gated(const Folder& folder) {
  Answer out{folder.plumb({"gate", "goal.toml", "constant:B", "--json", "--quiet"}), {}};
  if (!out.result.out.empty()) out.json = Json::parse(out.result.out);
  return out;
}

// Whether the finding is there with this severity and sentence.
bool says(const Json& evidence, const std::string& severity, const std::string& sentence) {
  return evidence.dump().find(sentence) != std::string::npos &&
         evidence.dump().find(severity) != std::string::npos;
}

TEST(Cases, DecisionsAfterAsOfDoNotCount) {
  const Folder folder;
  PLUMB_CASE("time/decisions_after_as_of", folder);
  const Answer answer = gated(folder);
  EXPECT_EQ(answer.json["verdict"], "inconclusive");
  EXPECT_TRUE(says(answer.json, "cap", "606 of 1500 decisions are later than as_of")) << answer.result.out;
}

TEST(Cases, LateRecordsBeforeTheirDecisionsAreNoOutcomes) {
  const Folder folder;
  PLUMB_CASE("time/late_records_before_decisions", folder);
  const Answer answer = gated(folder);
  EXPECT_NE(answer.result.err.find("1399 values dated before their own decision"), std::string::npos)
      << answer.result.err;
}

TEST(Cases, LateTimesNamedOtherwiseAreFound) {
  const Folder folder;
  PLUMB_CASE("time/late_times_named_otherwise", folder);
  const Answer answer = gated(folder);
  EXPECT_TRUE(says(answer.json, "warning", "2834 records are later than as_of and left out"))
      << answer.result.out;
}

// A log of 60 days, whose late records `late` writes for decision i of day `day`; empty: none.
void write(const Folder& folder, const std::string& goal, const std::string& header,
           const std::function<std::string(int, double, Rng&)>& late) {
  std::string log = "id,time,arm\n", records = header + "\n";
  Rng rng(4);
  for (int i = 0; i < 3000; ++i) {
    const double day = i / 50.;
    log += "d" + std::to_string(i) + "," + std::to_string(1700000000000000 + std::llround(day * 86400e6)) +
           "," + (rng.bernoulli(.5) ? "A" : "B") + "\n";
    const std::string rest = late(i, day, rng);
    if (!rest.empty()) records += "d" + std::to_string(i) + "," + rest + "\n";
  }
  folder.write("log.csv", log);
  folder.write("late.csv", records);
  folder.write("goal.toml",
               "goal.maximize = \"y\"\noutcome.y.kind = \"binary\"\noutcome.y.absent = \"zero\"\n"
               "data.log = \"log.csv\"\ndata.id = \"id\"\ndata.time = \"time\"\ndata.action = \"arm\"\n"
               "data.propensity = 0.5\ndata.outcomes = [\"late.csv\"]\npolicy.reference = \"constant:A\"\n" +
                   goal);
}

std::string at(double day) { return std::to_string(1700000000000000 + std::llround(day * 86400e6)); }

TEST(Cases, OneDateOfAnotherYearCapsUntilAsOfIsStated) {
  const Folder folder;
  const auto late = [](int, double day, Rng& rng) {
    const double came = day + 10 * rng.uniform();
    return rng.bernoulli(.2) && came < 60 ? at(came) + ",1" : "";
  };
  const std::string window = "outcome.y.observed_after = \"10d\"\n";
  write(folder, window, "id,time,y", late);
  EXPECT_EQ(gated(folder).json.dump().find("as_of is taken from the log"), std::string::npos);
  std::ofstream(folder / "log.csv", std::ios::app) << "typo," << at(3700) << ",A\n";
  const Answer far = gated(folder);
  EXPECT_EQ(far.json["verdict"], "inconclusive");
  EXPECT_TRUE(says(far.json, "cap", "as_of is taken from the log, whose latest time, 2033-12-31"))
      << far.result.out;
  write(folder, window + "data.as_of = \"2024-01-13\"\n", "id,time,y", late);
  std::ofstream(folder / "log.csv", std::ios::app) << "typo," << at(3700) << ",A\n";
  EXPECT_EQ(gated(folder).json.dump().find("as_of is taken from the log"), std::string::npos);
}

TEST(Cases, TimesThatNoNameTellsAreNamed) {
  const Folder folder;
  write(folder, "outcome.y.observed_after = \"10d\"\n", "id,paid_at,y",
        [](int i, double day, Rng&) { return i % 5 == 0 ? at(day + 3) + ",1" : ""; });
  const Answer answer = gated(folder);
  EXPECT_EQ(answer.json["verdict"], "inconclusive");
  EXPECT_TRUE(says(answer.json, "cap", "times seem to stand in paid_at")) << answer.result.out;
}

TEST(Cases, DurationsThatNoTimeCanBeAddedToAreRefused) {
  const Folder folder;
  for (const char* duration : {"9999999999999d", "106751991d", "400000d"}) {
    write(folder, std::string("outcome.y.observed_after = \"") + duration + "\"\n", "id,time,y",
          [](int, double day, Rng&) { return at(day) + ",1"; });
    EXPECT_NE(gated(folder).result.err.find(std::string("found \"") + duration +
                                            "\", expected a duration of at most \"365250d\""),
              std::string::npos);
  }
}

}  // namespace
}  // namespace plumb
