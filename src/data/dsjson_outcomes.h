// Outcomes of dsjson: the joined cost of a row, and what was observed one by one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/json_node.h"
#include "data/rows.h"
#include "plumb/goal.h"

namespace plumb {

// For every outcome of the goal where its value stands, by its column: "cost" (`_label_cost`), "reward" (minus
// it), the name of any other number at the top of the row ("_original_label_cost"), else a key of the
// observations' `v`, or "v" where that is a number itself.
class DsjsonOutcomes {
 public:
  explicit DsjsonOutcomes(const Goal& goal);
  void clear();
  // A value at the top of the row; keys that no outcome names are passed over. Throws BadRow.
  void set_cost(const Cell& cell);
  void set_top(std::string_view key, const Cell& cell);
  // `o` or `_o`. Throws BadRow where it is no list of objects.
  void add_observations(JsonNode& list);
  // Some observation says that the action was taken.
  bool action_taken() const { return action_taken_; }
  // Values in the goal's order, NaN where absent. `event`: the row's id, which every observation that names one
  // must name. Throws BadRow.
  void finish(const Cell& event, std::span<double> values);

 private:
  enum class From { kCost, kReward, kTop, kObserved };
  struct Place {
    From from;
    std::string key;
  };
  void observe(std::string_view key, const Cell& cell);
  void read_observation(JsonNode& observation);
  const Goal& goal_;
  std::vector<Place> place_;
  std::vector<Cell> found_;
  Cell cost_;
  std::vector<std::string_view> events_;
  bool action_taken_ = false;
};

}  // namespace plumb
