#include "tests/data/small_logs.h"

namespace plumb {
namespace {

DecisionLog small_log() {
  return jsonl_log(
      R"({"id":"d1","context":{"age":1.5,"city":"Bonn"},"actions":[{"id":"a"},{"id":"b"}],"chosen":"a","propensity":0.5,"outcomes":{"click":1}}
{"id":"d2","context":{"age":2,"city":"Ulm"},"actions":[{"id":"c"},{"id":"a"}],"chosen":"a","propensity":0.5,"outcomes":{"click":1}}
)",
      jsonl_goal());
}

std::vector<float> table(std::string_view text, const DecisionLog& log, const char* name = "t.csv") {
  return policy_table_from(TextSource::from_memory(text, name), log);
}

const std::vector<float> kExpected = {.25f, .75f, 0.f, 1.f};

TEST(PolicyTable, IsReadByIdFromCsvAndJsonLines) {
  const DecisionLog log = small_log();
  EXPECT_EQ(table("action,id,probability\nb,d1,.75\na,d2,1\na,d1,.25\n", log), kExpected);
  EXPECT_EQ(table("id\taction\tprobability\nd1\tb\t.75\nd2\ta\t1\nd1\ta\t.25\nd2\tc\t0\n", log), kExpected);
  EXPECT_EQ(table("{\"id\":\"d2\",\"probabilities\":{\"a\":1}}\n{\"id\":\"d1\",\"probabilities\":{\"a\":0.25,"
                  "\"b\":0.75}}\n",
                  log, "t.jsonl"),
            kExpected);
  EXPECT_EQ(table("{\"id\":\"d2\",\"action\":\"a\",\"probability\":1}\n{\"id\":\"d1\",\"action\":\"a\","
                  "\"probability\":0.25}\n"
                  "{\"id\":\"d1\",\"action\":\"b\",\"probability\":0.75}\n",
                  log, "t.jsonl"),
            kExpected);
}

TEST(PolicyTable, IsReadByContextColumns) {
  const DecisionLog log = small_log();
  EXPECT_EQ(table("city,age,action,probability\nBonn,1.50,a,.25\nBonn,1.5,b,.75\nUlm,2,a,1\nKiel,9,a,1\n", log),
            kExpected);
  EXPECT_NE(refusal([&] {
              table("town,action,probability\nBonn,a,1\n", log);
            }).find("t.csv:2: key: found column \"town\""),
            std::string::npos);
}

TEST(PolicyTable, TakesRowNumbersFromOneWhereTheLogHasNoIds) {
  Goal goal = csv_goal();
  const DecisionLog log = csv_log("arm,p,age,region,spend\na,.5,1,n,1\nb,.5,2,s,2\n", goal);
  EXPECT_EQ(table("id,action,probability\n1,b,1\n2,a,1\n", log), (std::vector<float>{0, 1, 1, 0}));
}

TEST(PolicyTable, IsRefusedWithThePlace) {
  const DecisionLog log = small_log();
  const auto message = [&](const char* text) { return refusal([&] { table(text, log); }); };
  EXPECT_EQ(message("id,action,probability\nd2,a,1\nd1,a,.25\nd1,b,.7\n"),
            "t.csv:3: decision \"d1\": found probabilities that sum to 0.95, expected 1 (within 1e-6)");
  EXPECT_EQ(message("id,action,probability\nd1,a,.25\nd1,b,.75\n"),
            "t.csv: decision \"d2\": found no row, expected a probability for every offered action");
  // c exists, but d1 never offered it.
  EXPECT_EQ(message("id,action,probability\nd1,a,.5\nd1,c,.5\nd2,a,1\n"),
            "t.csv:3: decision \"d1\": found probability 0.5 for \"c\", which was not offered, expected "
            "probability for offered actions only");
  EXPECT_NE(message("id,action,probability\nd1,a,.5\nd1,z,.5\nd2,a,1\n")
                .find("t.csv:3: action: found \"z\" with probability 0.5, which was never offered"),
            std::string::npos);
  EXPECT_NE(message("id,action,probability\nd1,a,.5\nd1,b,.5\nd1,a,.5\nd2,a,1\n")
                .find("t.csv:4: action: found \"a\" again, first in line 2"),
            std::string::npos);
  EXPECT_NE(message("id,action,probability\nd1,a,1.5\n")
                .find("t.csv:2: probability: found 1.5, expected a number in [0, 1]"),
            std::string::npos);
  EXPECT_NE(message("id,action\nd1,a\n").find("t.csv:2: probability: found nothing"), std::string::npos);
}

}  // namespace
}  // namespace plumb
