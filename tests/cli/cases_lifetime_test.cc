// Lifetime values whose customers the file of purchases does not know by these names, and effects that do not
// last: the inputs that were answered wrongly once, and one more of each kind.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cases.h"
#include "tests/reward/decided_customers.h"

namespace plumb {
namespace {

using nlohmann::json;

constexpr const char* kGoal = R"([goal]
maximize = "clv"
minimum_effect = 1.0
[outcome.clv]
kind = "amount"
model = "bg_nbd"
transactions = "tx.csv"
horizon = "182d"
absent = "zero"
[data]
log = "log.csv"
time = "time"
as_of = "2026-10-08"
unit = "customer"
action = "arm"
propensity = 0.5
context = ["x"]
[policy]
reference = "constant:a"
)";

std::string written(std::int64_t us) {
  const std::time_t t = static_cast<std::time_t>(us / 1000000);
  std::tm utc{};
  gmtime_r(&t, &utc);
  char out[40];
  std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return out;
}

// The world as files; `name` writes the number of a customer as the log has it.
void write_world(const Folder& folder, const Newcomers& world,
                 const std::function<std::string(std::size_t)>& name) {
  std::string log = "customer,time,arm,x\n", bought = "customer,date,amount\n";
  for (std::size_t i = 0; i < world.log.size(); ++i)
    log += fmt::format("{},{},{},{:.3f}\n", name(i), written(world.log.time_us[i]),
                       world.log.actions[world.log.chosen[i]], world.log.context[0].number[i]);
  const Transactions& t = world.transactions;
  for (std::size_t r = 0; r < t.size(); ++r)
    bought += fmt::format("{},{},{:.2f}\n", t.who[r] + 1, written(t.time_us[r]), t.amount[r]);
  folder.write("log.csv", log);
  folder.write("tx.csv", bought);
  folder.write("goal.toml", kGoal);
}

std::string number(std::size_t i) { return std::to_string(i + 1); }

json gated(const Folder& folder, const std::string& policy, int status) {
  const Result result = folder.plumb({"gate", "goal.toml", policy, "--json"});
  EXPECT_EQ(result.status, status) << result.err;
  const json document = json::parse(result.out, nullptr, false);
  EXPECT_TRUE(document.is_object()) << result.err;
  return document;
}

std::string headline(const json& document) { return document.at("headline").get<std::string>(); }

TEST(NoCustomerMatches, Case) {
  const Folder folder;
  PLUMB_CASE("time/clv_no_customer_matches", folder);
  const Result result = folder.plumb({"gate", "goal.toml", "constant:B"});
  EXPECT_EQ(result.status, 2) << result.out;
  for (const char* part : {"0 of the log's 3000 customers", "\"c2806 \"", "\"c0\"", "in the same spelling"})
    EXPECT_TRUE(contains(result.err, part)) << result.err;
}

TEST(NoCustomerMatches, LeadingZeros) {
  const Folder folder;
  DecidedCustomers made;
  made.count = 600;
  write_world(folder, decided_customers(made, 3), [](std::size_t i) { return fmt::format("{:06}", i + 1); });
  const Result result = folder.plumb({"gate", "goal.toml", "constant:b"});
  EXPECT_EQ(result.status, 2) << result.out;
  for (const char* part :
       {"0 of the log's 600 customers", "\"000001\"", "the file's \"1\" is the log's \"000001\""})
    EXPECT_TRUE(contains(result.err, part)) << result.err;
}

TEST(PullForward, Case) {
  const Folder folder;
  PLUMB_CASE("time/clv_pull_forward", folder);
  const json document = gated(folder, "constant:B", 3);
  EXPECT_EQ(document.at("decision"), "experiment");
  EXPECT_TRUE(contains(headline(document), "weeks before the end of the purchases")) << document.at("headline");
}

// The same with 26 weeks after the decision: long enough to be tested, and found.
TEST(PullForward, LongAgo) {
  const Folder folder;
  DecidedCustomers made;
  made.effect = [](double week) { return week < 8 ? 2 : 0.6; };
  write_world(folder, decided_customers(made, 3), number);
  const json document = gated(folder, "constant:b", 3);
  EXPECT_TRUE(contains(document.at("reasons").dump(), "the effect changes with time since the decision"))
      << document.at("reasons");
  for (const json& a : document.at("assumptions")) {
    if (a.at("name") != "effects that last") continue;
    EXPECT_EQ(a.at("status"), "failed");
    EXPECT_TRUE(contains(a.at("detail").get<std::string>(), "too large") &&
                contains(a.at("detail").get<std::string>(), "too small"))
        << a.at("detail");
  }
}

// Its sound twin is decided.
TEST(PullForward, Lasting) {
  const Folder folder;
  DecidedCustomers made;
  made.count = 3000;
  made.effect = [](double) { return 2; };
  write_world(folder, decided_customers(made, 3), number);
  const json document = gated(folder, "constant:b", 0);
  EXPECT_EQ(document.at("decision"), "ship") << document.at("headline");
}

}  // namespace
}  // namespace plumb
