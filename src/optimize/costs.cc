// Costs by name and the log's actions: every action has one, and every one an action.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/budget.h"

namespace plumb {

std::vector<double> action_costs(const std::map<std::string, double>& cost,
                                 const std::vector<std::string>& actions, const std::string& where,
                                 const std::string& what) {
  for (const auto& [name, number] : cost) {
    if (std::find(actions.begin(), actions.end(), name) != actions.end()) continue;
    const std::string nearest = nearest_name(name, actions);
    refuse(where, what + " of " + name, "no such action",
           nearest.empty() ? "an action of the log" : "an action of the log, perhaps " + nearest);
  }
  std::vector<double> out;
  for (const std::string& action : actions) {
    const auto found = cost.find(action);
    if (found == cost.end())
      refuse(where, what, "none for " + action, "the cost of every action, 0 where it is free");
    if (!(found->second >= 0) || !std::isfinite(found->second))
      refuse(where, what + " of " + action, fmt::format("{}", found->second), "a finite number >= 0");
    out.push_back(found->second);
  }
  return out;
}

}  // namespace plumb
