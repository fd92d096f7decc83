#include "goal/keys.h"

#include <algorithm>
#include <array>

namespace plumb {
namespace {

constexpr auto kKeys = std::to_array<GoalKey>({
    {"goal", "name", "text", "none"},
    {"goal", "intent", "text", "none"},
    {"goal", "maximize", "an outcome, or a weighted sum of outcomes", "required"},
    {"goal", "unit", "text", "none"},
    {"goal", "minimum_effect", "number >= 0", "0"},
    {"goal", "confidence", "number from 0.5 to 0.999", "0.95"},
    {"goal", "proof", "\"minimum\"", "none"},
    {"goal", "owner", "text", "none"},

    {"outcome", "kind", "\"binary\", \"rating\", \"count\", \"amount\", \"number\" or \"preference\"",
     "required"},
    {"outcome", "column", "a column's name", "the outcome's name"},
    {"outcome", "range", "[lower, upper]", "none"},
    {"outcome", "observed_after", "a duration", "none"},
    {"outcome", "absent", "\"zero\" or \"missing\"", "\"missing\""},
    {"outcome", "asked", "a column's name, or number in (0, 1]", "none"},
    {"outcome", "missing", "\"at_random\"", "none"},
    {"outcome", "model", "\"bg_nbd\" or \"surrogate_index\"", "none"},
    {"outcome", "transactions", "a file's name", "none"},
    {"outcome", "horizon", "a duration", "none"},
    {"outcome", "customer", "a column's name", "found by name"},
    {"outcome", "date", "a column's name", "found by name"},
    {"outcome", "amount", "a column's name", "found by name"},
    {"outcome", "of", "an outcome's name", "none"},
    {"outcome", "from", "names of outcomes", "none"},
    {"outcome", "surrogacy", "\"assumed\"", "none"},
    {"outcome", "careless_at_most", "number from 0 to 0.5", "none"},

    {"proxies", "candidates", "names of outcomes", "none"},

    {"constraint", "outcome", "an outcome's name", "required"},
    {"constraint", "at_most", "number", "none"},
    {"constraint", "at_least", "number", "none"},
    {"constraint", "no_worse_than", "\"reference\"", "none"},
    {"constraint", "better", "\"higher\" or \"lower\"", "none"},
    {"constraint", "segment", "a column's name", "none"},
    {"constraint", "margin", "number >= 0", "0"},

    {"audit", "segments", "names of columns", "none"},

    {"data", "log", "a file's name", "none"},
    {"data", "id", "a column's name", "none"},
    {"data", "time", "a column's name", "none"},
    {"data", "as_of", "a UTC date or time", "the latest time in the log"},
    {"data", "version", "a column's name", "none"},
    {"data", "unit", "a column's name", "none"},
    {"data", "action", "a column's name", "none"},
    {"data", "propensity", "a column's name, number in (0, 1], or a table of one number an action", "none"},
    {"data", "propensities", "a column's name, or a prefix and *", "none"},
    {"data", "context", "names of columns, or prefixes and *", "none"},
    {"data", "after_action", "names of columns, or prefixes and *", "none"},
    {"data", "decimal", "\".\" or \",\"", "\".\""},
    {"data", "outcomes", "names of files", "none"},
    {"data", "feedback", "names of files", "none"},
    {"data", "estimand", "\"one_decision\" or \"deployed\"", "\"one_decision\""},
    {"data", "reject_up_to", "number in [0, 1)", "0"},

    {"policy", "reference", "\"logging\", \"uniform\", \"constant:ACTION\" or a policy file", "\"logging\""},
    {"policy", "family", "\"softmax\", \"tree\", \"constant\", \"table\" or \"language_model\"", "\"softmax\""},
    {"policy", "outcome_models", "\"linear\" or \"boosted\"", "\"linear\""},
    {"policy", "depth", "1, 2 or 3", "what held-out folds choose"},
    {"policy", "costs", "a table of one number >= 0 an action", "none"},
    {"policy", "budget", "number >= 0", "none"},

    {"optimize", "signal", "\"auto\", \"goal\", \"index\", a proxy or a reward model's file", "\"auto\""},
    {"optimize", "kl_budget", "\"auto\" or number > 0", "\"auto\""},
});

}  // namespace

std::span<const GoalKey> goal_keys() { return kKeys; }

std::vector<std::string> known_keys(std::string_view table) {
  std::vector<std::string> out;
  for (const GoalKey& key : kKeys) {
    if (!table.empty() && key.table == table) out.emplace_back(key.key);
    if (table.empty() && std::find(out.begin(), out.end(), key.table) == out.end()) out.emplace_back(key.table);
  }
  return out;
}

}  // namespace plumb
