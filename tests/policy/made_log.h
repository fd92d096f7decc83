// Logs that are made in memory, a decision at a time, and outcome models written by hand: for tests that know
// every number that goes in.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "plumb/reward.h"

namespace plumb {

struct MadeDecision {
  std::uint64_t unit = 0;
  std::vector<double> mu;     // of every action, sums to one
  std::uint32_t chosen = 0;   // position in mu
  std::vector<double> value;  // by outcome
  std::vector<State> state;   // by outcome; empty: all observed
  std::vector<double> x;      // context numbers x0, x1, ...; the same count in every decision
  std::uint32_t group = 0;    // level "g0", "g1", ... of the segment "group"
};

struct MadeOutcome {
  std::string name;
  OutcomeKind kind = OutcomeKind::kNumber;
  double asked = 0;  // probability of being asked; 0: always observed
};

// Every decision offers every action; folds by split seed 1. `with_logged`: the log states mu of every action.
inline DecisionLog made_log(const std::vector<std::string>& actions, const std::vector<MadeOutcome>& outcomes,
                            const std::vector<MadeDecision>& decisions, bool with_logged = true) {
  DecisionLog log;
  log.source = "made.csv";
  log.actions = actions;
  log.fixed_actions = true;
  log.unit_named = true;
  log.offset.push_back(0);
  for (const MadeOutcome& outcome : outcomes) {
    log.outcomes.emplace_back();
    log.outcomes.back().name = outcome.name;
    log.outcomes.back().kind = outcome.kind;
  }
  FeatureColumn group;
  group.name = "group";
  group.is_category = true;
  for (std::size_t c = 0; c < decisions.front().x.size(); ++c) {
    log.context.emplace_back();
    log.context.back().name = "x" + std::to_string(c);
  }
  for (const MadeDecision& d : decisions) {
    log.unit.push_back(hash_combine(d.unit, 77));
    for (std::uint32_t a = 0; a < actions.size(); ++a) {
      log.action.push_back(a);
      if (with_logged) log.logged.push_back(static_cast<float>(d.mu[a]));
    }
    log.offset.push_back(log.action.size());
    log.chosen.push_back(d.chosen);
    log.propensity.push_back(d.mu[d.chosen]);
    for (std::size_t c = 0; c < d.x.size(); ++c) log.context[c].number.push_back(static_cast<float>(d.x[c]));
    while (group.levels.size() <= d.group) group.levels.push_back("g" + std::to_string(group.levels.size()));
    group.code.push_back(d.group);
    for (std::size_t j = 0; j < outcomes.size(); ++j) {
      OutcomeColumn& column = log.outcomes[j];
      const State state = d.state.empty() ? State::kObserved : d.state[j];
      column.state.push_back(state);
      column.value.push_back(state == State::kObserved ? d.value[j] : 0);
      if (outcomes[j].asked > 0) column.asked.push_back(outcomes[j].asked);
      column.observed_count += state == State::kObserved;
      column.missing_count += state == State::kMissing;
      column.immature_count += state == State::kImmature;
      column.nonzero_count += column.value.back() != 0;
    }
  }
  log.segments.push_back(std::move(group));
  assign_folds(log, 1);
  digest_rows(log);
  return log;
}

// Models that nobody learnt: q(outcome, decision, slot). `map` and coefficients stay empty.
inline OutcomeModels made_models(const DecisionLog& log,
                                 const std::function<double(std::size_t, std::size_t, std::size_t)>& q) {
  OutcomeModels models;
  for (std::size_t j = 0; j < log.outcomes.size(); ++j) {
    models.outcome.push_back(log.outcomes[j].name);
    models.method.push_back(Method::kConstant);
    models.calibration.emplace_back();
    models.q.emplace_back();
    for (std::size_t i = 0; i < log.size(); ++i) {
      for (std::size_t a = 0; a < log.offered(i); ++a)
        models.q.back().push_back(static_cast<float>(q(j, i, a)));
    }
    models.direction.push_back(models.q.back());
  }
  return models;
}

// A goal that maximizes one outcome of a made log.
inline Goal made_goal(const std::string& maximize, const std::vector<MadeOutcome>& outcomes,
                      double minimum_effect = 0) {
  Goal goal;
  goal.maximize = {{1.0, maximize}};
  goal.maximize_text = maximize;
  goal.minimum_effect = minimum_effect;
  for (const MadeOutcome& outcome : outcomes) {
    OutcomeSpec spec;
    spec.name = spec.column = outcome.name;
    spec.kind = outcome.kind;
    goal.outcomes.push_back(std::move(spec));
  }
  return goal;
}

}  // namespace plumb
