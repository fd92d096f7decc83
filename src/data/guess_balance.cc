// Guessed contexts against what was chosen: a column that an action may have moved is no context to guess.
#include <algorithm>

#include "plumb/balance.h"
#include "plumb/goal.h"
#include "plumb/inspect.h"

namespace plumb {

LogRoles balanced_roles(const std::string& path, const LogSketch& sketch, LogRoles roles, int threads) {
  if (roles.propensity.empty() && !roles.propensity_number && roles.propensities.empty()) return roles;
  const Goal goal = parse_goal(goal_text(sketch, roles, "", "guess"), "goal guessed from " + path);
  BalanceTest test;
  try {
    test = test_balance(read_log(path, goal, nullptr, threads), goal, threads);
  } catch (const Error& error) {
    // A log with rows that cannot be used is refused, with their places, by whoever reads it by this goal.
    if (error.code() != Code::kInput) throw;
    return roles;
  }
  for (const BalanceFailure& failure : test.failures) {
    if (failure.column.empty()) continue;
    std::erase(roles.context, failure.column);
    roles.unbalanced.push_back(failure.column);
  }
  return roles;
}

}  // namespace plumb
