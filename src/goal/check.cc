// What concerns several tables of a goal file at once: every name must refer to something that is declared, and
// nothing may be known when choosing that only the future shows.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "goal/parse.h"
#include "goal/section.h"

namespace plumb {

namespace {

class Checker {
 public:
  Checker(Goal& goal, const TomlValue& root, const std::string& path) : goal_(goal), root_(root), path_(path) {
    for (const OutcomeSpec& spec : goal.outcomes) outcome_names_.push_back(spec.name);
  }

  void check() {
    for (const Term& term : goal_.maximize) {
      expect_outcome(term.outcome, at_line(key_line("goal", "maximize")), "goal.maximize");
    }
    for (std::size_t i = 0; i < goal_.proxies.size(); ++i) {
      expect_outcome(goal_.proxies[i], item("proxies", "candidates", i), "proxies.candidates");
    }
    for (std::size_t i = 0; i < goal_.constraints.size(); ++i) check_constraint(i);
    check_preference();
    for (const OutcomeSpec& spec : goal_.outcomes) check_learnt(spec);
    check_what_is_known_when_choosing();
    check_signal();
    check_policy();
  }

 private:
  std::string at_line(int line) const { return fmt::format("{}:{}", path_, line); }
  int key_line(std::string_view table, std::string_view key) const {
    const TomlValue* value = root_.at(table);
    const TomlMember* member = value == nullptr ? nullptr : value->member(key);
    return member == nullptr ? 1 : member->line;
  }
  std::string item(std::string_view table, std::string_view key, std::size_t i) const {
    return at_line(root_.at(table)->at(key)->items[i].line);
  }

  void expect_outcome(const std::string& name, const std::string& where, std::string_view what) const {
    if (goal_.outcome(name) != nullptr) return;
    refuse(where, what, fmt::format("the unknown outcome \"{}\"", name), expect_one_of(name, outcome_names_));
  }

  void check_constraint(std::size_t i) {
    ConstraintSpec& spec = goal_.constraints[i];
    const TomlValue& table = root_.at("constraint")->items[i];
    const auto where = [&](std::string_view key) {
      const TomlMember* member = table.member(key);
      return at_line(member == nullptr ? table.line : member->line);
    };
    expect_outcome(spec.outcome, where("outcome"), "constraint.outcome");
    for (std::size_t j = 0; j < i; ++j) {
      if (goal_.constraints[j].id() != spec.id()) continue;
      refuse(where("outcome"), "constraint", fmt::format("a second constraint on {}", spec.id()),
             fmt::format("one, as in line {}", goal_.constraints[j].line));
    }
    if (spec.at_most) check_limit(spec, *spec.at_most, where("at_most"), "constraint.at_most");
    if (spec.at_least) check_limit(spec, *spec.at_least, where("at_least"), "constraint.at_least");
    if (spec.no_worse_than_reference)
      settle_direction(spec, table.member("better") != nullptr, where("better"));
  }

  void check_limit(const ConstraintSpec& spec, double limit, const std::string& where,
                   std::string_view what) const {
    const OutcomeKind kind = goal_.outcome(spec.outcome)->kind;
    const bool any_real =
        kind == OutcomeKind::kNumber || kind == OutcomeKind::kRating || kind == OutcomeKind::kPreference;
    if (!any_real && limit < 0) refuse(where, what, fmt::format("{}", limit), "a number >= 0");
    if (kind == OutcomeKind::kBinary && limit > 1) {
      refuse(where, what, fmt::format("{}", limit),
             fmt::format("a share in [0, 1], {} is binary", spec.outcome));
    }
  }

  // The objective says which way its own outcomes are worse, a preference is worse when lower; of all others
  // the guard must say it: counting the wrong way would ship what it is there to stop.
  void settle_direction(ConstraintSpec& spec, bool said, const std::string& where) const {
    const auto term = std::find_if(goal_.maximize.begin(), goal_.maximize.end(),
                                   [&](const Term& t) { return t.outcome == spec.outcome && t.weight != 0; });
    if (term == goal_.maximize.end()) {
      if (said) return;
      if (goal_.outcome(spec.outcome)->kind != OutcomeKind::kPreference)
        refuse(at_line(spec.line), "constraint.better",
               fmt::format("nothing, and goal.maximize does not say whether {} is better higher or lower",
                           spec.outcome),
               "one of these two lines in this [[constraint]]:\nbetter = \"higher\"\nbetter = \"lower\"");
      spec.higher_is_better = true;
      return;
    }
    const bool wanted_higher = term->weight > 0;
    if (said && spec.higher_is_better != wanted_higher) {
      refuse(where, "constraint.better", spec.higher_is_better ? "\"higher\"" : "\"lower\"",
             fmt::format("\"{}\", as maximize says", wanted_higher ? "higher" : "lower"));
    }
    spec.higher_is_better = wanted_higher;
  }

  // What people prefer is learnt from feedback, on one scale.
  void check_preference() const {
    const OutcomeSpec* found = goal_.preference();
    if (found == nullptr) return;
    for (const OutcomeSpec& spec : goal_.outcomes) {
      if (spec.kind != OutcomeKind::kPreference || &spec == found) continue;
      refuse(at_line(spec.line), "outcome." + spec.name, "a second preference",
             fmt::format("one, as in line {}: all feedback is learnt on one scale", found->line));
    }
    if (goal_.data.feedback.empty()) {
      refuse(at_line(found->line), "outcome." + found->name, "a preference without data.feedback",
             "feedback = [\"comparisons.jsonl\"] in [data], to learn it from");
    }
  }

  // A learnt outcome is learnt from what is read: from outcomes that the log holds, or by customer and time.
  void check_learnt(const OutcomeSpec& spec) const {
    const auto where = [&](std::string_view key) {
      return at_line(root_.at("outcome")->at(spec.name)->member(key)->line);
    };
    const std::string title = "outcome." + spec.name + ".";
    const auto expect_read = [&](std::string_view key, const std::string& name) {
      expect_outcome(name, where(key), title + std::string(key));
      const OutcomeSpec* found = goal_.outcome(name);
      if (found->model.empty() && found->kind != OutcomeKind::kPreference) return;
      refuse(where(key), title + std::string(key), quoted(name) + ", which is learnt itself",
             "an outcome that the log holds");
    };
    if (spec.model == "surrogate_index") {
      expect_read("of", spec.of);
      for (const std::string& name : spec.surrogates) {
        expect_read("from", name);
        if (name != spec.of) continue;
        refuse(where("from"), title + "from", quoted(name) + ", which is what the index stands for",
               "outcomes that come before it");
      }
    }
    if (spec.model == "bg_nbd") {
      for (const auto& [key, column] :
           {std::pair("unit", &goal_.data.unit), std::pair("time", &goal_.data.time)}) {
        if (!column->empty()) continue;
        refuse(where("model"), title + "model", fmt::format("\"bg_nbd\" without data.{}", key),
               fmt::format("{} in [data]: {}", key,
                           std::string_view(key) == "unit" ? "whose transactions they are"
                                                           : "what was bought after the decision counts"));
      }
    }
  }

  // Context and segments are known before the choice; outcomes and the choice itself are not.
  void check_what_is_known_when_choosing() const {
    for (const OutcomeSpec& spec : goal_.outcomes) {
      if (spec.kind == OutcomeKind::kPreference || !spec.model.empty()) continue;  // stands in no column
      for (std::size_t i = 0; i < goal_.data.context.size(); ++i) {
        if (!matches(goal_.data.context[i], spec.column)) continue;
        refuse(item("data", "context", i), "data.context",
               fmt::format("\"{}\", which holds the outcome {}", goal_.data.context[i], spec.name),
               "columns that are known when choosing");
      }
      for (const std::string& segment : goal_.all_segments()) {
        if (segment != spec.column && segment != spec.name) continue;
        refuse(at_line(segment_line(segment)), "segment", fmt::format("\"{}\", which is an outcome", segment),
               "a column that is known when choosing");
      }
      check_roles(spec);
    }
    for (std::size_t i = 0; i < goal_.data.context.size(); ++i) {
      for (const std::string& after : goal_.data.after_action) {
        if (!matches(after, goal_.data.context[i])) continue;
        refuse(item("data", "context", i), "data.context",
               quoted(goal_.data.context[i]) + ", which data.after_action says is made after the choice",
               "columns that are known when choosing");
      }
    }
    for (std::size_t i = 0; i < goal_.data.context.size(); ++i) {
      if (goal_.data.action.empty() || goal_.data.context[i] != goal_.data.action) continue;
      refuse(item("data", "context", i), "data.context", quoted(goal_.data.action) + ", which is the action",
             "columns that are known when choosing");
    }
  }

  void check_roles(const OutcomeSpec& spec) const {
    const DataSpec& data = goal_.data;
    const std::pair<std::string_view, const std::string*> roles[] = {
        {"action", &data.action}, {"unit", &data.unit},       {"id", &data.id},
        {"time", &data.time},     {"version", &data.version}, {"propensity", &data.propensity_column},
    };
    for (const auto& [role, column] : roles) {
      if (*column != spec.column) continue;
      refuse(at_line(key_line("data", role)), fmt::format("data.{}", role),
             fmt::format("{}, which is the column of the outcome {}", quoted(*column), spec.name),
             "a column of its own");
    }
  }

  void check_signal() const {
    if (goal_.signal.ends_with(".safetensors")) return;  // a reward model
    std::vector<std::string> signals = {"auto", "goal", "index"};
    signals.insert(signals.end(), goal_.proxies.begin(), goal_.proxies.end());
    if (std::find(signals.begin(), signals.end(), goal_.signal) != signals.end()) return;
    refuse(at_line(key_line("optimize", "signal")), "optimize.signal", quoted(goal_.signal),
           expect_one_of(goal_.signal, signals));
  }

  // Keys of [policy] that only stand beside others.
  void check_policy() const {
    if (goal_.tree_depth && goal_.family != "tree") {
      refuse(at_line(key_line("policy", "depth")), "policy.depth",
             fmt::format("a depth beside family = {}", quoted(goal_.family)), "family = \"tree\"");
    }
    if (goal_.cost.empty() && !goal_.budget) return;
    if (goal_.cost.empty()) {
      refuse(at_line(key_line("policy", "budget")), "policy.budget", "a budget without costs",
             "costs = { ACTION = NUMBER, ... } beside it");
    }
    if (!goal_.budget) {
      refuse(at_line(key_line("policy", "costs")), "policy.costs", "costs without a budget",
             "budget, the mean cost a decision at most (what an outcome costs belongs into maximize)");
    }
    const std::string budget = at_line(key_line("policy", "budget"));
    const auto cheapest = std::min_element(goal_.cost.begin(), goal_.cost.end(),
                                           [](const auto& a, const auto& b) { return a.second < b.second; });
    if (*goal_.budget < cheapest->second) {
      refuse(
          budget, "policy.budget", fmt::format("{}", *goal_.budget),
          fmt::format("at least {}, the cost of {}, the cheapest action", cheapest->second, cheapest->first));
    }
    if (goal_.family != "softmax" && goal_.family != "tree") {
      refuse(budget, "policy.budget", fmt::format("a budget beside family = {}", quoted(goal_.family)),
             "family = \"tree\", or none: who gets what is chosen by score and price");
    }
    if (goal_.family == "softmax" && goal_.signal != "auto" && goal_.signal != "goal") {
      refuse(at_line(key_line("optimize", "signal")), "optimize.signal",
             quoted(goal_.signal) + " beside policy.budget", "auto or goal: a budget is spent on the goal");
    }
  }

  int segment_line(const std::string& segment) const {
    for (std::size_t i = 0; i < goal_.constraints.size(); ++i) {
      if (goal_.constraints[i].segment == segment) {
        return root_.at("constraint")->items[i].member("segment")->line;
      }
    }
    return key_line("audit", "segments");
  }

  static bool matches(std::string_view pattern, std::string_view column) {
    if (pattern.ends_with('*')) return column.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == column;
  }

  Goal& goal_;
  const TomlValue& root_;
  const std::string& path_;
  std::vector<std::string> outcome_names_;
};

}  // namespace

void check_goal(Goal& goal, const TomlValue& root, const std::string& path) {
  Checker(goal, root, path).check();
}

}  // namespace plumb
