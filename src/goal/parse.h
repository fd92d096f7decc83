// The three steps of parse_goal that stand in files of their own.
#pragma once

#include <string>

#include "goal/toml_tree.h"
#include "plumb/goal.h"

namespace plumb {

// What no single key can show: names that refer to nothing, names that collide, contradictions. `root` gives
// lines. Also settles ConstraintSpec::higher_is_better where the file did not say it.
void check_goal(Goal& goal, const TomlValue& root, const std::string& path);

// Hash of the meaning: fields in a fixed order, outcomes by name, terms by outcome; no path, no lines, no
// layout.
std::uint64_t hash_of_meaning(const Goal& goal);

}  // namespace plumb
