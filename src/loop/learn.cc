// What outcomes and people to expect: models, the score table, constant actions.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/claims.h"
#include "loop/origin.h"
#include "loop/stages.h"

namespace plumb {

void learn_preference(Study& study) {
  auto model = std::make_shared<PreferenceModel>(
      fit_preference(*study.feedback, study.models.map, study.seed, study.threads));
  study.caps.insert(study.caps.end(), model->caps.begin(), model->caps.end());
  add_preference(study.log, study.models, study.goal.preference()->name, std::move(model), study.base,
                 study.threads);
}

void learn_outcomes(Study& study, const RunOptions& options) {
  const DecisionLog& log = study.log;
  tell(options, "learning outcomes", 0, 1);
  auto learnt = learn_columns(study);
  study.models =
      fit_outcome_models(log, modelled_outcomes(study.goal), study.threads, study.goal.outcome_models);
  study.models.learnt = std::move(learnt);
  study.logging = std::make_shared<LoggingPolicy>(log, study.threads);
  study.reference =
      study.goal.reference == "logging"
          ? study.logging
          : policy_from_argument("reference", log, study.goal, options.not_trained_here, study.threads);
  if (study.verb != "gate" && study.verb != "evaluate") mind_reference(study, options);
  study.base = probabilities_of(*study.logging, log, study.threads);
  test_indices(study);
  if (study.feedback) learn_preference(study);
  study.evaluation = std::make_unique<Evaluation>(log, study.models, study.threads, false, true,
                                                  log.logged.empty() ? study.base : std::vector<float>{});
  std::vector<std::uint8_t> every(log.size(), 1), training(log.size()), certification(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    training[i] = log.in_training(i);
    certification[i] = !log.in_training(i) && (study.reference_seen.empty() || !study.reference_seen[i]);
  }
  study.all = study.evaluation->add_subset({"all rows", std::move(every)});
  study.training_rows = study.evaluation->add_subset({"training half", std::move(training)});
  study.certification_rows = study.evaluation->add_subset({"certification half", std::move(certification)});
  std::vector<PolicyPointer> policies{study.reference};
  if (log.fixed_actions && log.actions.size() <= kMostIds) {
    for (const std::string& action : log.actions) policies.push_back(constant_policy(action));
  }
  const std::vector<std::size_t> numbers = study.evaluation->add_policies(policies);
  study.reference_number = numbers.front();
  study.constants.assign(numbers.begin() + 1, numbers.end());
  tell(options, "learning outcomes", 1, 1);
}

void summarize_constants(Study& study) {
  const DecisionLog& log = study.log;
  const auto terms = goal_terms(study.goal, study.models);
  const double level = study.goal.confidence;
  double least_error = INFINITY;
  for (std::size_t a = 0; a < study.constants.size(); ++a) {
    const std::size_t number = study.constants[a];
    ConstantSummary out;
    out.name = "constant:" + log.actions[a];
    double sum = 0, seen = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (log.chosen_action(i) != a) continue;
      out.count += 1;
      double goal = 0;
      bool observed = true;
      for (const Term& term : study.goal.maximize) {
        const OutcomeColumn& column = log.outcome(term.outcome);
        observed = observed && column.state[i] == State::kObserved;
        goal += term.weight * column.value[i];
      }
      if (!observed) continue;
      const double weight = log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]);
      sum += weight * goal;
      seen += weight;
    }
    out.arm_mean = seen > 0 ? sum / seen : std::nan("");
    const Support support = study.evaluation->support(number, study.all, terms);
    Contrast value{"level", {}}, gain{"gain", {}};
    study.evaluation->add_terms(value, number, terms, study.all, 1);
    study.evaluation->add_terms(gain, number, terms, study.all, 1);
    study.evaluation->add_terms(gain, study.reference_number, terms, study.all, -1);
    const Contrast both[] = {value, gain};
    const Estimates e = study.evaluation->estimate(both);
    bool enough = true;
    for (const auto& [outcome, weight] : terms) {
      enough = enough && study.evaluation->events(number, outcome, study.all) >=
                             static_cast<double>(least_events(log.outcome(study.models.outcome[outcome]).kind));
    }
    if (!support.sufficient || !enough) {
      out.value = unknown(support.sufficient ? "too few events for a level" : support.reason);
    } else {
      out.value = make_measured(e.value[0], e.standard_error[0], 1, level);
      out.value.interval = hall_interval(e.value[0], e.standard_error[0], e.skewness[0],
                                         normal_quantile(0.5 + level / 2), level);
    }
    if (support.sufficient && e.standard_error[1] > 0) least_error = std::min(least_error, e.standard_error[1]);
    study.constant_summaries.push_back(std::move(out));
  }
  if (study.constants.empty()) {
    // Without fixed actions: a policy with half of the decisions effective, against the reference.
    Contrast value{"level", {}};
    study.evaluation->add_terms(value, study.reference_number, terms, study.all, 1);
    least_error = study.evaluation->estimate({&value, 1}).standard_error[0];
  }
  // With 80 % power: two-sided test at the goal's confidence.
  const double errors = normal_quantile(0.5 + level / 2) + normal_quantile(0.8);
  if (std::isfinite(least_error)) study.detectable_effect = errors * least_error;
}

}  // namespace plumb
