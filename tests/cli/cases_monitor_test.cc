// What monitor says of later logs that are the certificate's own, in units that are other ones, with other
// arms.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cases.h"
#include "plumb/base.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

TEST(MonitorCases, TheCertificatesRowsWithoutIdsAreNoLaterLog) {
  const Folder folder;
  PLUMB_CASE("time/monitor_same_rows_no_ids", folder);
  const Result result = folder.plumb({"monitor", "goal.toml", "later.csv", "--policy", "constant:B"});
  EXPECT_EQ(result.status, 2) << result.out;
  EXPECT_TRUE(
      contains(result.err, "later.csv: rows: found 5999 of 5999 that stand in the certificate's log too"))
      << result.err;
}

struct Shop {
  std::uint64_t seed = 1;
  int rows = 1200, from = 0;
  double unit = 1;      // of the outcome
  bool ids = false;     // a column that the goal does not name
  int decimals = 6;     // of the context
  bool coarse = false;  // contexts and outcomes of few values
  bool third = false;   // an arm C in a fifth of the rows
  bool backwards = false;
};

std::string shop(const Shop& s) {
  std::string out = s.ids ? "row,a,p,x,town,spend\n" : "a,p,x,town,spend\n";
  const Rng root(s.seed);
  for (int k = 0; k < s.rows; ++k) {
    const int i = s.from + (s.backwards ? s.rows - 1 - k : k);
    Rng rng = root.stream("row", static_cast<std::uint64_t>(i));
    const double x = rng.normal();
    const bool b = rng.bernoulli(.5), c = s.third && i % 5 == 0;
    const double spend = std::exp(2 + (b ? .4 : 0) + .3 * rng.normal());
    const auto town = rng.below(3);
    if (s.ids) out += fmt::format("n{},", k);
    out += fmt::format("{},{},{:.{}f},t{},{:.2f}\n",
                       c   ? "C"
                       : b ? "B"
                           : "A",
                       s.third ? (c ? .2 : .4) : .5, s.coarse ? std::round(x) : x, s.decimals, town,
                       s.unit * (s.coarse ? std::round(spend / 4) : spend));
  }
  return out;
}

constexpr const char* kShop = R"([goal]
maximize = "spend"
minimum_effect = 0.1
[outcome.spend]
kind = "amount"
[data]
log = "log.csv"
action = "a"
propensity = "p"
context = ["x", "town"]
[policy]
reference = "constant:A"
)";

class MonitorShop : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.write("goal.toml", kShop);
    folder_.write("log.csv", shop({}));
  }
  Result monitor(const Shop& later) {
    folder_.write("later.csv", shop(later));
    return folder_.plumb({"monitor", "goal.toml", "later.csv", "--policy", "constant:B"});
  }
  Folder folder_;
};

TEST_F(MonitorShop, OldRowsAreRefusedHoweverTheyAreExported) {
  Shop again;
  again.rows = 1100;
  again.backwards = true;
  const auto refused = [&](const char* what) {
    const Result result = monitor(again);
    EXPECT_EQ(result.status, 2) << what << result.out;
    EXPECT_TRUE(contains(result.err, "stand in the certificate's log too, by ")) << what << result.err;
  };
  refused("shuffled");
  again.ids = true;
  refused("a column of row numbers");
  again.decimals = 3;
  refused("rounded");
  again.rows = 600;
  again.unit = 100;
  refused("half of the rows, in cents");
}

TEST_F(MonitorShop, ALaterLogStandsAndOtherUnitsArmsAndContentsAreNamed) {
  Shop later;
  later.seed = 2;
  Result result = monitor(later);
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_FALSE(contains(result.out, "cannot tell whether these rows are new")) << result.out;

  for (const double unit : {100.0, 0.01}) {
    later.unit = unit;
    result = monitor(later);
    EXPECT_EQ(result.status, 3) << result.out;
    EXPECT_TRUE(contains(result.out, "spend is not what it was")) << result.out;
  }
  later.unit = 1;
  later.third = true;
  result = monitor(later);
  EXPECT_TRUE(contains(result.out, "ctions that the certificate's log never took: C (240 of 1200"))
      << result.out;

  Shop coarse;
  coarse.coarse = true;
  folder_.write("log.csv", shop(coarse));
  later.third = false;
  later.coarse = true;
  result = monitor(later);
  EXPECT_EQ(result.status, 0) << result.out;
  EXPECT_TRUE(contains(result.out, "annot tell whether these rows are new")) << result.out;
}

}  // namespace
}  // namespace plumb
