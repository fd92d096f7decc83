#include <algorithm>

#include "plumb/pressure.h"
#include "pressure/surrogate_design.h"

namespace plumb {

std::vector<std::pair<std::size_t, double>> goal_terms(const Goal& goal, const OutcomeModels& models) {
  std::vector<std::pair<std::size_t, double>> out;
  for (const Term& term : goal.maximize) out.emplace_back(models.index(term.outcome), term.weight);
  return out;
}

std::vector<Signal> make_signals(const DecisionLog& log, const Goal& goal, const OutcomeModels& models,
                                 int threads) {
  std::vector<Signal> out;
  Signal whole;
  whole.name = "goal";
  whole.score.assign(log.action.size(), 0.0f);
  whole.linear.assign(kTrainingFolds + 1, std::vector<double>(models.map.width(), 0.0));
  for (const auto& [j, weight] : goal_terms(goal, models)) {
    for (std::size_t row = 0; row < whole.score.size(); ++row) {
      whole.score[row] += static_cast<float>(weight) * models.direction[j][row];
    }
    for (std::size_t v = 0; v < whole.linear.size(); ++v) {
      for (std::size_t k = 0; k < whole.linear[v].size(); ++k)
        whole.linear[v][k] += weight * models.linear[j][v][k];
    }
  }
  out.push_back(std::move(whole));
  for (const std::string& proxy : goal.proxies) {
    const std::size_t j = models.index(proxy);
    out.push_back({proxy, models.linear[j], models.direction[j]});
  }
  // What people prefer alone, where the goal wants more than that.
  if (models.preference && goal.maximize.size() > 1) {
    const std::size_t j = models.preference_index();
    const auto same = [&](const Signal& s) { return s.name == models.outcome[j]; };
    if (std::none_of(out.begin(), out.end(), same))
      out.push_back({models.outcome[j], models.linear[j], models.direction[j]});
  }
  if (goal.proxies.empty()) return out;
  const SurrogateDesign design(log, goal, goal.proxies, models, threads);
  if (design.training_count() < 100) return out;
  Direction direction = fit_direction(log, models.map, design.fit(design.goal_value()), design.use(), threads);
  out.push_back({"index", std::move(direction.linear), std::move(direction.score)});
  return out;
}

}  // namespace plumb
