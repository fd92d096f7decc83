// Names of customers that do not meet, purchases that stand twice, purchases of a decision's own day.
#include <gtest/gtest.h>

#include "plumb/learnt.h"
#include "reward/lifetime_rows.h"
#include "tests/reward/decided_customers.h"

namespace plumb {
namespace {

Newcomers customers() {
  DecidedCustomers made;
  made.count = 1000;
  return decided_customers(made, 7);
}

LearntOutcome learn(const Newcomers& world) {
  return learn_lifetime_value(world.log, world.goal, world.goal.outcomes[0], world.transactions, 1, 1);
}

std::string refusal(const Newcomers& world) {
  try {
    learn(world);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kInput);
    return e.what();
  }
  return "accepted";
}

void rename_file(Newcomers& world, const std::function<std::string(const std::string&, std::size_t)>& name) {
  for (std::size_t c = 0; c < world.transactions.customer.size(); ++c)
    world.transactions.customer[c] = name(world.transactions.customer[c], c);
}
void rename_log(Newcomers& world, const std::function<std::string(std::size_t)>& name) {
  for (std::size_t i = 0; i < world.log.size(); ++i) world.log.unit[i] = hash_bytes(name(i));
  assign_folds(world.log, 1);
}

TEST(LifetimeJoin, NamesInAnotherSpellingAreAnErrorThatShowsBoth) {
  for (const bool zero : {false, true}) {
    Newcomers world = customers();
    world.goal.outcomes[0].absent_is_zero = zero;
    rename_file(world, [](const std::string& n, std::size_t) { return n + " "; });
    EXPECT_NE(refusal(world).find("found 0 of the log's 1000 customers"), std::string::npos) << refusal(world);
    EXPECT_NE(refusal(world).find("the file's \"c0 \" is the log's \"c0\""), std::string::npos)
        << refusal(world);
    world = customers();
    world.goal.outcomes[0].absent_is_zero = zero;
    rename_file(world, [](const std::string&, std::size_t c) { return "C" + std::to_string(c); });
    EXPECT_NE(refusal(world).find("the file's \"C0\" is the log's \"c0\""), std::string::npos)
        << refusal(world);
    rename_log(world, [](std::size_t i) { return std::string(i < 10 ? "00000" : "0000") + std::to_string(i); });
    rename_file(world, [](const std::string&, std::size_t c) { return std::to_string(c); });
    EXPECT_NE(refusal(world).find("the file's \"0\" is the log's \"000000\""), std::string::npos)
        << refusal(world);
    rename_log(world, [](std::size_t i) { return std::to_string(i); });
    rename_file(world, [](const std::string& n, std::size_t) { return n + ".0"; });
    EXPECT_NE(refusal(world).find("the file's \"0.0\" is the log's \"0\""), std::string::npos)
        << refusal(world);
  }
}

TEST(LifetimeJoin, OtherCustomersAreAnErrorToo) {
  Newcomers world = customers();
  world.goal.outcomes[0].absent_is_zero = true;
  rename_file(world, [](const std::string&, std::size_t c) {
    return c < 5 ? "c" + std::to_string(c) : "other" + std::to_string(c);
  });
  EXPECT_NE(refusal(world).find("found 5 of the log's 1000 customers"), std::string::npos) << refusal(world);
}

// A twentieth of the names ends in a blank: of these customers no purchase would count.
TEST(LifetimeJoin, SomeInAnotherSpellingAreAnErrorAFewAFinding) {
  Newcomers world = customers();
  world.goal.outcomes[0].absent_is_zero = true;
  rename_file(world, [](const std::string& n, std::size_t c) { return c % 20 == 0 ? n + " " : n; });
  EXPECT_NE(refusal(world).find("found 950 of the log's 1000 customers"), std::string::npos) << refusal(world);
  world = customers();
  world.goal.outcomes[0].absent_is_zero = true;
  rename_file(world, [](const std::string& n, std::size_t c) { return c == 20 ? n + " " : n; });
  const LearntOutcome clv = learn(world);
  ASSERT_EQ(clv.findings.size(), 1u);
  EXPECT_EQ(clv.findings[0].check, "customers_spelt_otherwise");
  EXPECT_NE(clv.findings[0].sentence.find("999 of the log's 1000 customers"), std::string::npos)
      << clv.findings[0].sentence;
}

// Prospects of whom a few percent ever buy: the file knows no others, and nothing is wrong.
TEST(LifetimeJoin, CustomersWhoNeverBoughtAreNoError) {
  Newcomers world = customers();
  world.goal.outcomes[0].absent_is_zero = true;
  DecisionLog& log = world.log;
  for (std::size_t i = 1000; i < 15000; ++i) {
    log.unit.push_back(hash_bytes("prospect" + std::to_string(i)));
    log.time_us.push_back(log.time_us[i % 1000]);
    log.action.insert(log.action.end(), {0, 1});
    log.logged.insert(log.logged.end(), {0.5f, 0.5f});
    log.offset.push_back(log.action.size());
    log.chosen.push_back(i % 2);
    log.propensity.push_back(0.5);
    log.context[0].number.push_back(0);
  }
  assign_folds(log, 1);
  const LearntOutcome clv = learn(world);
  EXPECT_TRUE(clv.findings.empty());
  EXPECT_EQ(clv.column.value[5000], 0);
}

TEST(LifetimeJoin, PurchasesThatStandTwiceAreFound) {
  Newcomers world = customers();
  Transactions& t = world.transactions;
  for (const std::size_t r : {7u, 9u}) {
    t.who.push_back(t.who[r]);
    t.time_us.push_back(t.time_us[r]);
    t.amount.push_back(t.amount[r]);
  }
  t.who.push_back(t.who[11]);  // a cent more: another purchase
  t.time_us.push_back(t.time_us[11]);
  t.amount.push_back(t.amount[11] + 0.02);
  const LearntOutcome clv = learn(world);
  ASSERT_EQ(clv.findings.size(), 1u);
  EXPECT_EQ(clv.findings[0].check, "repeated_purchases");
  EXPECT_NE(clv.findings[0].sentence.find("clv: 2 of "), std::string::npos) << clv.findings[0].sentence;
  EXPECT_NE(clv.findings[0].sentence.find("\"" + t.customer[t.who[7]] + "\""), std::string::npos)
      << clv.findings[0].sentence;
}

// The same purchases an hour after the decisions, with and without times of the day.
TEST(LifetimeOrder, PurchasesOfTheDayCountAsBeforeWhereDatesHaveNoTimes) {
  Newcomers timed = customers();
  Transactions& t = timed.transactions;
  for (std::uint32_t i = 0; i < 100; ++i) {
    timed.log.time_us[i] -= timed.log.time_us[i] % kDayUs - 3600000000;
    t.who.push_back(i);
    t.time_us.push_back(timed.log.time_us[i] + 3600000000);
    t.amount.push_back(1000);
  }
  Newcomers dated = timed;
  for (std::int64_t& time : dated.log.time_us) time -= time % kDayUs;
  const LearntOutcome after = learn(timed), before = learn(dated);
  EXPECT_TRUE(after.findings.empty());
  ASSERT_EQ(before.findings.size(), 1u);
  EXPECT_EQ(before.findings[0].check, "purchases_on_the_day");
  EXPECT_NE(before.findings[0].sentence.find("Decisions have dates without times"), std::string::npos)
      << before.findings[0].sentence;
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_GE(after.column.value[i], 1000) << i;
    EXPECT_LT(before.column.value[i], after.column.value[i] - 900) << i;
  }
  // The count is of all purchases on the day, on either side of the decision.
  std::size_t own_day = 0;
  for (std::size_t r = 0; r < t.size(); ++r)
    own_day += day_of(t.time_us[r]) == day_of(timed.log.time_us[t.who[r]]);
  EXPECT_NE(before.findings[0].sentence.find(std::to_string(own_day) + " purchases lie on the own day"),
            std::string::npos)
      << before.findings[0].sentence;
}

}  // namespace
}  // namespace plumb
