// What happened after a decision of a dsjson log.
#include "data/dsjson_outcomes.h"

#include <algorithm>

#include "data/log_builder.h"

namespace plumb {

DsjsonOutcomes::DsjsonOutcomes(const Goal& goal) : goal_(goal), found_(goal.outcomes.size()) {
  for (const OutcomeSpec& spec : goal.outcomes) {
    const std::string& key = spec.column.empty() ? spec.name : spec.column;
    const From from = key == "cost" || key == "_label_cost" ? From::kCost
                      : key == "reward"                     ? From::kReward
                      : key.starts_with('_')                ? From::kTop
                                                            : From::kObserved;
    place_.push_back({from, key});
  }
}

void DsjsonOutcomes::clear() {
  std::fill(found_.begin(), found_.end(), Cell{});
  cost_ = {};
  events_.clear();
  action_taken_ = false;
}

void DsjsonOutcomes::set_cost(const Cell& cell) {
  if (!cost_.absent()) throw BadRow{"_label_cost", "a second value", "every key once"};
  if (cell.kind != Cell::Kind::kNumber && !cell.absent()) throw BadRow{"_label_cost", shown(cell), "a number"};
  cost_ = cell;
}

void DsjsonOutcomes::set_top(std::string_view key, const Cell& cell) {
  for (std::size_t j = 0; j < place_.size(); ++j)
    if (place_[j].from == From::kTop && place_[j].key == key) found_[j] = cell;
}

void DsjsonOutcomes::observe(std::string_view key, const Cell& cell) {
  if (cell.absent()) return;
  for (std::size_t j = 0; j < place_.size(); ++j) {
    if (place_[j].from != From::kObserved || place_[j].key != key) continue;
    // How several would add up to one is the joiner's knowledge, and stands in `_label_cost`.
    if (!found_[j].absent())
      throw BadRow{"o." + std::string(key), "a second observation",
                   "one a decision (\"reward\" names what they were joined to)"};
    found_[j] = cell;
  }
}

void DsjsonOutcomes::read_observation(JsonNode& observation) {
  for (JsonNode& member : observation.children()) {
    const std::string_view key = member.key;
    if (key == "v") {
      if (!member.is_object()) {
        observe("v", member.cell);
      } else {
        for (const JsonNode& one : member.children()) observe(one.key, one.cell);
      }
    } else if (key == "EventId") {
      if (member.cell.kind == Cell::Kind::kText) events_.push_back(member.cell.text);
    } else if (key == "ActionTaken") {
      if (member.type != JsonNode::Type::kBool)
        throw BadRow{"o.ActionTaken", shown(member.cell), "true or false"};
      action_taken_ = action_taken_ || member.cell.number != 0;
    }
  }
}

void DsjsonOutcomes::add_observations(JsonNode& list) {
  if (list.type == JsonNode::Type::kNull) return;
  if (!list.is_array()) throw BadRow{"o", shown(list.cell), "a list of observations"};
  for (JsonNode& observation : list.children()) {
    if (!observation.is_object()) throw BadRow{"o", shown(observation.cell), "observations as objects"};
    read_observation(observation);
  }
}

void DsjsonOutcomes::finish(const Cell& event, std::span<double> values) {
  for (const std::string_view other : events_)
    if (event.kind == Cell::Kind::kText && other != event.text)
      throw BadRow{"o.EventId", shown(other), shown(event.text) + " as the decision's"};
  for (std::size_t j = 0; j < place_.size(); ++j) {
    Cell cell = found_[j];
    if (place_[j].from == From::kCost || place_[j].from == From::kReward) cell = cost_;
    if (cell.absent()) continue;
    // Not -cost: minus zero would be another value than zero in files and digests.
    if (place_[j].from == From::kReward) cell.number = 0.0 - cell.number;
    if (place_[j].from == From::kReward) cell.integer = false;
    values[j] = checked_outcome(cell, goal_.outcomes[j]);
  }
}

}  // namespace plumb
