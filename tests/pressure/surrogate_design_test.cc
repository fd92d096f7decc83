// The surrogate index is neither shrunk nor flattered.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "pressure/surrogate_design.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

TEST(SurrogateDesign, IsRightOnAverageForThoseWhoVisited) {
  const std::string path = data_folder() + "/hillstrom/hillstrom.csv.gz";
  if (data_folder().empty() || !std::filesystem::exists(path)) GTEST_SKIP();
  const Goal goal = read_goal(std::string(PLUMB_SOURCE_DIR) + "/examples/hillstrom/goal.toml");
  DecisionLog log = read_log(path, goal, nullptr);
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    assign_folds(log, seed);
    std::vector<std::uint8_t> training(log.size());
    for (std::size_t i = 0; i < log.size(); ++i) training[i] = log.in_training(i);
    OutcomeModels models;
    models.map = make_feature_map(log, training);
    const SurrogateDesign design(log, goal, {"visit"}, models, 2);
    const auto h = design.unseen(design.fit(design.goal_value()));
    double n = 0, sum = 0, squares = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (log.outcome("visit").value[i] == 0) continue;
      const double residual = design.goal_value()[i] - h[i];
      n += 1, sum += residual, squares += residual * residual;
    }
    EXPECT_LT(std::abs(sum / n), 2.5 * std::sqrt(squares) / n) << "seed " << seed;
  }
}

}  // namespace
}  // namespace plumb
