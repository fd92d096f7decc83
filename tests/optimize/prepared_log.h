// A log with everything that training and auditing want: models, logging policy, sums, signals and paths.
#pragma once

#include <memory>
#include <vector>

#include "plumb/audit.h"
#include "plumb/optimize.h"
#include "tests/policy/made_log.h"

namespace plumb {

struct Prepared {
  Prepared(DecisionLog made, Goal wanted, const std::string& reference_name = "logging")
      : log(std::move(made)), goal(std::move(wanted)) {
    std::vector<std::string> outcomes;
    for (const OutcomeSpec& spec : goal.outcomes) outcomes.push_back(spec.name);
    models = fit_outcome_models(log, outcomes, 2);
    logging = std::make_shared<LoggingPolicy>(log, 2);
    reference = policy_from_argument(reference_name, log, goal, true, 2);
    base.resize(log.action.size());
    logging->probabilities(log, 0, log.size(), base);
    evaluation = std::make_unique<Evaluation>(log, models, 2);
    std::vector<std::uint8_t> every(log.size(), 1), in_training(log.size()), held_out(log.size());
    for (std::size_t i = 0; i < log.size(); ++i) {
      in_training[i] = log.in_training(i);
      held_out[i] = !log.in_training(i);
    }
    all = evaluation->add_subset({"all rows", every});
    training = evaluation->add_subset({"training half", in_training});
    certification = evaluation->add_subset({"certification half", held_out});
    reference_number = evaluation->add_policy(*reference);
    if (log.fixed_actions) {
      for (const std::string& action : log.actions)
        constants.push_back(evaluation->add_policy(*constant_policy(action)));
    }
  }
  Prepared(const Prepared&) = delete;

  void lay_paths() {
    signals = make_signals(log, goal, models, 2);
    for (const Signal& signal : signals) paths.push_back(pressure_path(*evaluation, log, base, signal, all, 2));
  }
  TrainingContext context() const {
    return {log, goal, models, *evaluation, reference_number, *reference, training, base, *logging, 1, 2};
  }
  AuditContext audit_context() const {
    return {log,       goal, models,   *evaluation,   base, reference_number,
            constants, all,  training, certification, 1,    2};
  }
  Training train() {
    if (paths.empty()) lay_paths();
    return train_candidates(context(), signals, paths);
  }
  const Signal& signal(const std::string& name) const {
    for (const Signal& s : signals) {
      if (s.name == name) return s;
    }
    throw std::logic_error("no signal " + name);
  }

  DecisionLog log;
  Goal goal;
  OutcomeModels models;
  std::shared_ptr<const LoggingPolicy> logging;
  PolicyPointer reference;
  std::vector<float> base;
  std::unique_ptr<Evaluation> evaluation;
  std::size_t all = 0, training = 0, certification = 0, reference_number = 0;
  std::vector<std::size_t> constants;
  std::vector<Signal> signals;
  std::vector<PressurePath> paths;
};

}  // namespace plumb
