// The keys of the goal file, in one table: what may stand where. parse.cc reads by it, docs/goal.md is held
// against it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plumb {

struct GoalKey {
  std::string_view table;  // "goal", "outcome" (of [outcome.NAME]), "constraint", ...
  std::string_view key;
  std::string_view takes;     // its type, in words
  std::string_view fallback;  // what holds where it is absent; "required", or "none"
};

// Every key of every table, in the order of the documentation.
std::span<const GoalKey> goal_keys();
// The keys of one table; of "": the tables themselves.
std::vector<std::string> known_keys(std::string_view table);

}  // namespace plumb
