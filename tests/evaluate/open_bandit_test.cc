// The Open Bandit logs (Saito et al. 2020), men's campaign, 10,000 rows by a uniform and 10,000 by a sampling
// policy. Expected numbers were computed apart from plumb, from the definitions: each log's click rate is the
// other direction's truth.
#include "tests/data/small_logs.h"

#include <cmath>
#include <map>

#include "plumb/evaluate.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

class OpenBandit : public testing::Test {
 protected:
  void SetUp() override {
    if (data_folder().empty() || !std::filesystem::exists(data_folder() + "/open-bandit/bts_men.csv.gz"))
      GTEST_SKIP() << "no open-bandit/bts_men.csv.gz (PLUMB_DATA)";
    goal_.maximize = {{1.0, "click"}};
    goal_.outcomes = {outcome_spec("click", OutcomeKind::kBinary)};
    goal_.data.action = "item_id";
    goal_.data.propensity_column = "propensity_score";
    goal_.data.context = {"position"};
    goal_.segments = {"position"};
    sampler_ = read("bts_men.csv.gz");
    uniform_ = read("random_men.csv.gz");
  }
  DecisionLog read(const std::string& name) {
    DecisionLog log = read_log(data_folder() + "/open-bandit/" + name, goal_, nullptr);
    assign_folds(log, 1);
    return log;
  }
  static double click_rate(const DecisionLog& log) {
    double sum = 0;
    for (const double y : log.outcomes[0].value) sum += y;
    return sum / static_cast<double>(log.size());
  }
  Goal goal_;
  DecisionLog sampler_, uniform_;
};

// w = (1/34) / propensity, over all rows and positions together.
TEST_F(OpenBandit, FromTheSamplersLogTheUniformPolicyHasThePublishedWeights) {
  const OutcomeModels models = made_models(sampler_, [](auto, auto, auto) { return 0.0; });
  Evaluation evaluation(sampler_, models, 2, true);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(sampler_.size(), 1)});
  const std::size_t policy = evaluation.add_policy(*uniform_policy());
  const Support& support = evaluation.support(policy, all);
  EXPECT_NEAR(support.ess, 655.7, .05);
  EXPECT_NEAR(support.max_weight, 178.25, .005);
  const Contrast level{"ips", {{evaluation.column(policy, 0, all, Estimator::kIps), 1.0}}};
  const double ips = evaluation.estimate({&level, 1}).value[0], truth = click_rate(uniform_);
  EXPECT_NEAR(truth, .0046, 1e-9);
  EXPECT_NEAR(std::abs(ips - truth) / truth, .346, .0005);
}

// pi(item given position): how often the sampler showed the item at that position; w = 34 pi.
TEST_F(OpenBandit, FromTheUniformLogTheSamplersFrequenciesGiveThePublishedValue) {
  ASSERT_EQ(uniform_.actions, sampler_.actions);
  std::map<std::string, std::vector<double>> shown;
  std::map<std::string, double> total;
  const FeatureColumn& there = *sampler_.segment("position");
  for (std::size_t i = 0; i < sampler_.size(); ++i) {
    const std::string& position = there.levels[there.code[i]];
    shown[position].resize(sampler_.actions.size());
    shown[position][sampler_.chosen_action(i)] += 1;
    total[position] += 1;
  }
  const FeatureColumn& here = *uniform_.segment("position");
  std::vector<float> pi;
  for (std::size_t i = 0; i < uniform_.size(); ++i) {
    const std::string& position = here.levels[here.code[i]];
    for (const double count : shown[position]) pi.push_back(static_cast<float>(count / total[position]));
  }
  const OutcomeModels models = made_models(uniform_, [](auto, auto, auto) { return 0.0; });
  Evaluation evaluation(uniform_, models, 2, true);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(uniform_.size(), 1)});
  const std::size_t policy = evaluation.add_policy(*table_policy("frequencies", pi, true));
  const Contrast level{"ips", {{evaluation.column(policy, 0, all, Estimator::kIps), 1.0}}};
  const Estimates e = evaluation.estimate({&level, 1});
  const double truth = click_rate(sampler_);
  EXPECT_NEAR(e.value[0], .00566, .000005);
  EXPECT_NEAR(std::abs(e.value[0] - truth) / truth, .18, .005);
  // z over both logs' errors: .77 with one unit a row; units are hashed into buckets here.
  const double own = std::sqrt(truth * (1 - truth) / static_cast<double>(sampler_.size()));
  EXPECT_NEAR(std::abs(e.value[0] - truth) / std::hypot(e.standard_error[0], own), .77, .05);
}

}  // namespace
}  // namespace plumb
