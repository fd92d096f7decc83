// What the monitor refuses, and what it finds of policies' and logs' origins.
#include <gtest/gtest.h>

#include "plumb/origin.h"
#include "tests/monitor/two_worlds.h"

namespace plumb {
namespace {

template <class Act>
void refused(const Act& act, const std::string& message) {
  try {
    act();
    ADD_FAILURE() << "not refused: " << message;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kInput);
    EXPECT_NE(std::string(e.what()).find(message), std::string::npos) << e.what();
  }
}

MadeWorld small(std::uint64_t seed) {
  MadeWorld world;
  world.n = 1200;
  world.seed = seed;
  return world;
}

TEST(MonitorRefuses, ALogThatIsTheCertificatesOwn) {
  const DecisionLog log = small(1).log();
  refused([&] { monitored(log, log, made_certificate_goal()); },
          "made-1.csv: rows: found the very decisions of the certificate's log, expected decisions that came");
  // Without names of units, too.
  DecisionLog bare = log;
  bare.unit_named = false;
  refused([&] { require_other_rows(bare, bare); }, "the very decisions");
}

TEST(MonitorRefuses, RowsOfTheCertificatesLog) {
  const DecisionLog first = small(1).log();
  DecisionLog later = small(2).log();
  later.row_digest[7] = first.row_digest[3];
  later.row_digest[9] = first.row_digest[5];
  refused([&] { require_other_rows(first, later); },
          "made-2.csv: rows: found 2 of 1200 that stand in the certificate's log too, the first of them "
          "decision 8");
  // Rows of few columns and no names repeat by chance.
  later.unit_named = false;
  require_other_rows(first, later);
}

TEST(MonitorRefuses, OtherColumns) {
  const DecisionLog first = small(1).log();
  const Goal goal = made_certificate_goal();
  DecisionLog later = small(2).log();
  later.context[1].name = "x9";
  refused([&] { monitored(first, later, goal); },
          "made-2.csv: x9: found a new context column, expected the columns of the certificate's log, and no");
  later = small(2).log();
  later.context.erase(later.context.begin() + 1);
  refused([&] { monitored(first, later, goal); }, "made-2.csv: x1: found no such context column");
  later = small(2).log();
  later.context[1].is_category = true;
  later.context[1].code.assign(later.size(), 0);
  later.context[1].levels = {"0"};
  refused([&] { monitored(first, later, goal); },
          "made-2.csv: x1: found categories, expected numbers, as in the certificate's log");
}

TEST(MonitorRefuses, ATableOfProbabilities) {
  const DecisionLog first = small(1).log(), later = small(2).log();
  refused(
      [&] {
        monitored(first, later, made_certificate_goal(),
                  table_policy("t.csv", std::vector<float>(first.action.size(), 0.5f), true));
      },
      "POLICY: t.csv: found a table of probabilities, which belongs to one log, expected a policy file");
}

PolicyPointer learnt_on(const DecisionLog& log) {
  SoftmaxParts parts;
  std::vector<std::uint8_t> use(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) use[i] = log.in_training(i);
  parts.map = make_feature_map(log, use);
  parts.theta.assign(parts.map.width(), 0.0);
  parts.theta[1 + parts.map.context_width + 1] = 1;  // the action b
  parts.trained_on.split_seed = 1;
  parts.trained_on.folds = (1u << kTrainingFolds) - 1;
  parts.trained_on.bucket_digest = bucket_digests(log, use);
  parts.trained_on.learnt_from = std::make_shared<LearntFrom>(learnt_from(log, use, 5));
  return std::make_shared<SoftmaxPolicy>("softmax:goal", std::move(parts));
}

TEST(MonitorRefuses, ToJudgeAPolicyByTheRowsThatItWasLearntFrom) {
  const DecisionLog first = small(1).log(), later = small(2).log();
  const Monitoring m = monitored(first, later, made_certificate_goal(), learnt_on(later));
  EXPECT_EQ(m.verdict, Verdict::kInconclusive);
  EXPECT_NE(m.reason.find("learnt from rows of the later log"), std::string::npos);
  // Learnt on the first, as it should be: its certification half is compared.
  const Monitoring right = monitored(first, later, made_certificate_goal(), learnt_on(first));
  EXPECT_EQ(right.verdict, Verdict::kPass) << right.reason;
  std::uint64_t half = 0;
  for (std::size_t i = 0; i < first.size(); ++i) half += !first.in_training(i);
  EXPECT_EQ(right.compared_decisions, half);
}

TEST(MonitorRefuses, ToCountCustomersWhoComeAgainAsNewOnes) {
  const DecisionLog first = small(1).log();
  DecisionLog later = small(2).log();
  later.unit = first.unit;
  assign_folds(later, 1);
  digest_rows(later);
  std::uint64_t taught = 0;
  for (std::size_t i = 0; i < first.size(); ++i) taught += first.in_training(i);
  const Monitoring m = monitored(first, later, made_certificate_goal(), learnt_on(first));
  EXPECT_NE(m.reason.find(std::to_string(taught) + " of " + std::to_string(later.size()) +
                          " decisions are of units that it learnt from and do not judge it"),
            std::string::npos)
      << m.reason;
  EXPECT_EQ(m.verdict, Verdict::kPass) << m.reason;
}

constexpr const char* kRun = R"({"evidence_version": 1, "decision": "ship",
 "recommended": {"policy": "softmax:goal", "file": "policy.safetensors"},
 "provenance": {"goal_hash": "00000000000000ff", "log_digest": "0000000000000010", "split_seed": 7},
 "candidates": [{"name": "reference", "versus_reference": {"value": null, "lower": null, "upper": null}},
                {"name": "softmax:goal", "versus_reference": {"value": 2, "lower": 1, "upper": 3}}]})";

std::string changed(const std::string& from, const std::string& to) {
  std::string text = kRun;
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::logic_error(from);
  return text.replace(at, from.size(), to);
}

TEST(Certificate, IsReadFromARunsEvidence) {
  const Certificate c = parse_certificate(kRun, "run/evidence.json");
  EXPECT_EQ(c.policy, "softmax:goal");
  EXPECT_EQ(c.file, "policy.safetensors");
  EXPECT_EQ(c.goal_hash, 255u);
  EXPECT_EQ(c.log_digest, 16u);
  EXPECT_EQ(c.split_seed, 7u);
  ASSERT_TRUE(c.gain.known);
  EXPECT_EQ(c.gain.value, 2);
  EXPECT_EQ(c.gain.interval.lower, 1);
  EXPECT_EQ(c.gain.interval.upper, 3);
}

TEST(Certificate, IsRefusedWithThePlaceWhereItIsNone) {
  const auto bad = [](const std::string& text, const std::string& message) {
    refused([&] { parse_certificate(text, "run/evidence.json"); }, "run/evidence.json: " + message);
  };
  bad("", "evidence: found text that is no JSON object");
  bad("[1]", "evidence: found text that is no JSON object");
  bad(changed("\"evidence_version\": 1", "\"evidence_version\": 2"), "evidence_version: found 2, expected 1");
  bad(changed("ship", "keep"), "decision: found \"keep\", expected \"ship\"");
  bad(changed("\"policy.safetensors\"", "null"), "file: found null, expected a text");
  bad(changed("policy.safetensors", "../policy"),
      "recommended.file: found \"../policy\", expected the plain name");
  bad(changed("00000000000000ff", "ff"), "goal_hash: found \"ff\", expected 16 hexadecimal digits");
  bad(changed("\"split_seed\": 7", "\"split_seed\": -7"), "split_seed: found -7, expected a whole number >= 0");
  bad(changed("provenance", "provenence"), "provenance: found nothing, expected a member of the evidence");
  bad(changed("\"value\": 2,", ""), "value: found nothing, expected a member of the evidence");
}

}  // namespace
}  // namespace plumb
