// Sums over the blocks of a stream are those of the log in memory.
#include "plumb/stream_evaluation.h"

#include <fmt/core.h>

#include "tests/data/small_logs.h"

namespace plumb {
namespace {

std::string log_text(int rows, bool dropped) {
  std::string text;
  const Rng root(3);
  for (int i = 0; i < rows; ++i) {
    Rng rng = root.stream("row", static_cast<std::uint64_t>(i));
    const double p = 0.3 + 0.1 * static_cast<double>(rng.below(3));
    const bool first = rng.bernoulli(p);
    const int age = static_cast<int>(rng.below(50));
    text += fmt::format(
        R"({{"_label_cost":{},"_label_probability":{},"_label_Action":{},"EventId":"e{}","a":[{}],"p":[{},{}],"pdrop":{},)"
        R"("c":{{"who":"u{}","age":{},"_multi":[{{"_tag":"a"}},{{"_tag":"b"}}]}}}})"
        "\n",
        -static_cast<int>(rng.below(4)) - age / 20, first ? p : 1 - p, first ? 1 : 2, i, first ? "1,2" : "2,1",
        first ? p : 1 - p, first ? 1 - p : p, dropped && age > 25 ? 0.5 : 0, i / 2, age);
  }
  return text;
}

TEST(StreamEvaluation, IsTheEvaluationOfTheLogInMemoryWithAndWithoutRowWeights) {
  Goal goal;
  goal.maximize = {{1.0, "reward"}};
  goal.outcomes = {outcome_spec("reward", OutcomeKind::kNumber)};
  goal.data.unit = "who";
  goal.data.context = {"age"};
  for (const bool dropped : {false, true}) {
    const TemporaryFile file("log.dsjson", log_text(1500, dropped));
    DecisionLog log = read_log(file.path(), goal, nullptr);
    EXPECT_EQ(log.weight.empty(), !dropped);
    assign_folds(log, 1);
    const OutcomeModels models = fit_outcome_models(log, {"reward"}, 1);
    Evaluation memory(log, models, 1, true);
    const std::size_t all = memory.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
    const std::vector<PolicyPointer> policies{constant_policy("a"), uniform_policy()};
    const LinearOutcomes linear = parse_outcome_models(outcome_model_bytes(models, 1), "models");
    std::string first_bytes;
    for (const int threads : {1, 3}) {
      StreamEvaluation stream(goal, policies, linear);
      StreamOptions options;
      options.threads = threads;
      options.block_bytes = 20000;
      options.columns = stream.columns();
      EXPECT_EQ(stream.columns().context, std::vector<std::string>{"age"});
      stream_log(file.path(), goal, options, stream.work());
      EXPECT_EQ(stream.decisions(), log.size());
      const std::pair<std::size_t, double> term{0, 2.0};
      std::string bytes;
      for (std::size_t p = 0; p < policies.size(); ++p) {
        const std::size_t number = threads == 1 ? memory.add_policy(*policies[p]) : p;
        const Support here = stream.support(p + 1, {&term, 1}), there = memory.support(number, all, {&term, 1});
        EXPECT_EQ(here.sufficient, there.sufficient) << here.reason;
        EXPECT_NEAR(here.ess, there.ess, 1e-9 * there.ess);
        EXPECT_NEAR(here.mean_weight, there.mean_weight, 1e-12);
        for (const Estimator e : {Estimator::kDr, Estimator::kIps, Estimator::kSnips}) {
          Contrast a{"a", {}}, b{"b", {}};
          stream.add_terms(a, p + 1, {&term, 1}, 1, e);
          memory.add_terms(b, number, {&term, 1}, all, 1, e);
          const Estimates x = stream.estimate({&a, 1}), y = memory.estimate({&b, 1});
          EXPECT_NEAR(x.value[0], y.value[0], 1e-9);
          EXPECT_NEAR(x.standard_error[0], y.standard_error[0], 1e-9);
          bytes += fmt::format("{} {} ", x.value[0], x.standard_error[0]);
        }
      }
      if (threads == 1) first_bytes = bytes;
      EXPECT_EQ(bytes, first_bytes);
    }
  }
}

// One age of 10^30 and one reward of 999999999 among 1,500.
TEST(StreamEvaluation, KeepsBoundsAndSpansInFilesAndNamesTheDecisionThatDecides) {
  Goal goal;
  goal.maximize = {{1.0, "reward"}};
  goal.outcomes = {outcome_spec("reward", OutcomeKind::kNumber)};
  goal.data.unit = "who";
  goal.data.context = {"age"};
  std::string text = log_text(1500, false);
  const std::size_t first = text.find("\"age\":") + 6;
  text.replace(first, text.find(',', first) - first, "1e30");
  const TemporaryFile file("log.dsjson", text);
  DecisionLog log = read_log(file.path(), goal, nullptr);
  assign_folds(log, 1);
  const OutcomeModels models = fit_outcome_models(log, {"reward"}, 1);
  const LinearOutcomes linear = parse_outcome_models(outcome_model_bytes(models, 1), "models");
  EXPECT_EQ(linear.map.context[0].high, models.map.context[0].high);
  EXPECT_EQ(linear.map.context[0].lowest, models.map.context[0].lowest);
  EXPECT_LT(linear.map.context[0].high, 1000);
  ASSERT_EQ(linear.span.size(), 1u);
  for (std::size_t v = 0; v <= kTrainingFolds; ++v) EXPECT_EQ(linear.span[0][v].upper, models.span[0][v].upper);
  const auto decides = [&](const std::string& path) {
    StreamEvaluation stream(goal, {constant_policy("a")}, linear);
    StreamOptions options;
    options.block_bytes = 20000;
    options.columns = stream.columns();
    stream_log(path, goal, options, stream.work());
    Contrast level{"level", {}};
    const std::pair<std::size_t, double> term{0, 1.0};
    stream.add_terms(level, 1, {&term, 1}, 1, Estimator::kDr);
    EXPECT_LT(std::abs(stream.estimate({&level, 1}).value[0]), 1e8);
    return stream.one_decides(level);
  };
  EXPECT_EQ(decides(file.path()), "");
  std::size_t at = text.find("\"EventId\":\"e700\"");  // of an event that chose "a"
  while (text.substr(text.rfind("_label_Action", at), 16).back() != '1') at = text.find("\"EventId\"", at + 9);
  const std::size_t cost = text.rfind("\"_label_cost\":", at) + 14;
  text.replace(cost, text.find(',', cost) - cost, "-999999999");
  const TemporaryFile one("one.dsjson", text);
  const std::string sentence = decides(one.path());
  EXPECT_NE(sentence.find("one customer decides this: decision e7"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("reward = 999999999"), std::string::npos) << sentence;
}

TEST(StreamEvaluation, RefusesModelsAndPoliciesThatDoNotFit) {
  Goal goal;
  goal.maximize = {{1.0, "reward"}};
  goal.outcomes = {outcome_spec("reward", OutcomeKind::kNumber)};
  LinearOutcomes models;
  models.outcome = {"click"};
  EXPECT_NE(refusal([&] { StreamEvaluation(goal, {}, models); }).find("reward: found no model of it"),
            std::string::npos);
  EXPECT_NE(
      refusal([&] { StreamEvaluation(goal, {table_policy("t", {}, true)}, std::nullopt); }).find("a table"),
      std::string::npos);
  for (const char* bytes : {"", "12345678", "x"})
    EXPECT_FALSE(refusal([&] { parse_outcome_models(bytes, "models.safetensors"); }).empty());
}

}  // namespace
}  // namespace plumb
