// A goal for a log that has none: from the options that describe it, the rest guessed from its columns.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "plumb/inspect.h"

namespace plumb::cli {

struct Described {
  std::optional<std::string> action, propensity, unit, decimal;
  std::vector<std::string> outcomes;
  std::vector<std::string> columns;  // "role=name"
  bool any() const { return action || propensity || unit || decimal || !outcomes.empty() || !columns.empty(); }
};

// Adds --action, --propensity, --unit, --outcome, --column and --decimal.
void add_described(CLI::App& verb, Described& described);

struct GuessedLog {
  LogSketch sketch;
  LogRoles roles;
};

// Throws where the log does not say what was chosen or what came of it, and names the option that can. The
// whole log is read: columns that are out of balance with the action are left out of the context.
GuessedLog guess_log(const std::string& path, const Described& described, int threads);
// Throws where no propensity was given nor found: nothing can be estimated without one.
void require_propensity(const GuessedLog& log);
// What the log was read as, for a person.
std::string reading_of(const GuessedLog& log);
// The same as a JSON object.
std::string reading_json(const GuessedLog& log);

}  // namespace plumb::cli
