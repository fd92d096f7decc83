// The hash of a goal's meaning. Every text goes in with its length and every list with its count, so that no
// two goals share a byte sequence; what is absent goes in as such, so that a default written out hashes like
// one left out.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "goal/parse.h"

namespace plumb {

namespace {

class Meaning {
 public:
  void text(std::string_view value) {
    fmt::format_to(std::back_inserter(bytes_), "{}:{}\n", value.size(), value);
  }
  void number(double value) { fmt::format_to(std::back_inserter(bytes_), "{}\n", value); }
  void whole(std::int64_t value) { fmt::format_to(std::back_inserter(bytes_), "{}\n", value); }
  void maybe(const std::optional<double>& value) {
    whole(value.has_value());
    if (value) number(*value);
  }
  void texts(const std::vector<std::string>& values) {
    whole(static_cast<std::int64_t>(values.size()));
    for (const std::string& value : values) text(value);
  }
  std::uint64_t hash() const { return hash_bytes(bytes_); }

 private:
  std::string bytes_;
};

void add_outcome(Meaning& meaning, const OutcomeSpec& spec) {
  meaning.text(spec.name);
  meaning.text(name_of(spec.kind));
  meaning.whole(spec.observed_after_us.value_or(-1));
  meaning.whole(spec.absent_is_zero);
  meaning.text(spec.asked_column.value_or(""));
  meaning.maybe(spec.asked_rate);
  meaning.maybe(spec.range_lower);
  meaning.maybe(spec.range_upper);
  meaning.text(spec.column);
  if (spec.missing_at_random) meaning.text("outcome.missing");
  if (spec.careless_at_most) {
    meaning.text("outcome.careless_at_most");
    meaning.number(*spec.careless_at_most);
  }
  if (spec.model.empty()) return;
  meaning.text(spec.model);
  meaning.text(spec.transactions);
  meaning.whole(spec.horizon_us.value_or(-1));
  meaning.text(spec.of);
  meaning.texts(spec.surrogates);
  if (spec.surrogacy_assumed) meaning.text("outcome.surrogacy");
  if (spec.customer.empty() && spec.date.empty() && spec.amount.empty()) return;
  for (const std::string& column : {spec.customer, spec.date, spec.amount}) meaning.text(column);
}

void add_constraint(Meaning& meaning, const ConstraintSpec& spec) {
  meaning.text(spec.outcome);
  meaning.maybe(spec.at_most);
  meaning.maybe(spec.at_least);
  meaning.whole(spec.no_worse_than_reference);
  meaning.whole(spec.higher_is_better);
  meaning.text(spec.segment);
  meaning.number(spec.margin);
}

void add_data(Meaning& meaning, const DataSpec& data) {
  for (const std::string* column : {&data.log, &data.id, &data.time, &data.version, &data.unit, &data.action,
                                    &data.propensity_column, &data.propensities}) {
    meaning.text(*column);
  }
  meaning.whole(!data.as_of.empty());
  if (!data.as_of.empty()) meaning.whole(parse_time_us(data.as_of, "goal", "data.as_of"));
  meaning.maybe(data.propensity_number);
  meaning.whole(static_cast<std::int64_t>(data.propensity_by_arm.size()));
  for (const auto& [arm, share] : data.propensity_by_arm) {
    meaning.text(arm);
    meaning.number(share);
  }
  meaning.texts(data.context);
  meaning.texts(data.outcome_files);
  meaning.texts(data.feedback);
  meaning.whole(data.estimand == Estimand::kDeployed);
  meaning.number(data.reject_up_to);
  if (!data.after_action.empty()) {
    meaning.text("data.after_action");
    meaning.texts(data.after_action);
  }
  if (data.decimal != '.') meaning.text("data.decimal");
}

}  // namespace

std::uint64_t hash_of_meaning(const Goal& goal) {
  Meaning meaning;
  meaning.text("plumb goal 1");
  for (const std::string* word : {&goal.name, &goal.intent, &goal.unit, &goal.owner}) meaning.text(*word);
  std::map<std::string, double> terms;
  for (const Term& term : goal.maximize) terms[term.outcome] = term.weight;
  meaning.whole(static_cast<std::int64_t>(terms.size()));
  for (const auto& [outcome, weight] : terms) {
    meaning.text(outcome);
    meaning.number(weight);
  }
  meaning.number(goal.minimum_effect);
  meaning.number(goal.confidence);
  meaning.whole(goal.proof_minimum);
  std::map<std::string, const OutcomeSpec*> outcomes;
  for (const OutcomeSpec& spec : goal.outcomes) outcomes[spec.name] = &spec;
  meaning.whole(static_cast<std::int64_t>(outcomes.size()));
  for (const auto& [name, spec] : outcomes) add_outcome(meaning, *spec);
  meaning.texts(goal.proxies);
  meaning.whole(static_cast<std::int64_t>(goal.constraints.size()));
  for (const ConstraintSpec& spec : goal.constraints) add_constraint(meaning, spec);
  meaning.texts(goal.segments);
  add_data(meaning, goal.data);
  meaning.text(goal.reference);
  meaning.text(goal.family);
  meaning.text(goal.signal);
  meaning.maybe(goal.kl_budget);
  // Keys of later versions go in only where they are used, so that every other goal keeps its hash.
  if (goal.tree_depth) {
    meaning.text("policy.depth");
    meaning.whole(*goal.tree_depth);
  }
  if (goal.outcome_models != Learner::kLinear) {
    meaning.text("policy.outcome_models");
    meaning.text(name_of(goal.outcome_models));
  }
  if (goal.budget) {
    meaning.text("policy.budget");
    meaning.number(*goal.budget);
    meaning.whole(static_cast<std::int64_t>(goal.cost.size()));
    for (const auto& [action, cost] : goal.cost) {
      meaning.text(action);
      meaning.number(cost);
    }
  }
  return meaning.hash();
}

}  // namespace plumb
