// evaluate: what policies are worth, and the verdict on each.
#include <fmt/format.h>

#include "audit/claims.h"
#include "loop/origin.h"
#include "loop/policy_estimates.h"
#include "loop/stages.h"

namespace plumb {

Evidence evaluate(const Goal& goal, const std::vector<std::string>& arguments, const RunOptions& options) {
  Study study = read_and_check(goal, options, "evaluate");
  learn_outcomes(study, options);
  const DecisionLog& log = study.log;
  const auto terms = goal_terms(goal, study.models);
  for (const std::string& argument : arguments) {
    const PolicyPointer policy =
        policy_from_argument(argument, log, goal, options.not_trained_here, study.threads);
    const Origin origin = origin_of(*policy, log, study.feedback, study.seed);
    study.policy_origin_declared |= policy->kind() == PolicyKind::kTable && options.not_trained_here;
    Evaluation evaluation(log, study.models, study.threads, true, false);
    const std::size_t rows = evaluation.add_subset(
        {origin.trained_here ? "rows that it was not trained on" : "all rows", origin.unseen});
    const std::size_t number = evaluation.add_policy(*policy),
                      reference = evaluation.add_policy(*study.reference);
    PolicyEstimates out;
    out.name = is_learnt(policy->kind()) || policy->is_logging() ? argument : policy->name();
    out.rows = evaluation.subset(rows).name;
    out.support = evaluation.support(number, rows, terms);
    std::string few;
    for (const auto& [outcome, weight] : terms) {
      const OutcomeColumn& column = log.outcome(study.models.outcome[outcome]);
      const std::string why =
          too_few_events(column.name, column.kind, evaluation.events(number, outcome, rows));
      if (!why.empty()) few = why;
    }
    for (const Estimator estimator : {Estimator::kIps, Estimator::kSnips, Estimator::kDr}) {
      Measured value = unknown(out.support.sufficient ? few : out.support.reason);
      if (out.support.sufficient && few.empty()) {
        Contrast level{"level", {}};
        evaluation.add_terms(level, number, terms, rows, 1, estimator);
        value = level_of(evaluation.estimate({&level, 1}), goal);
      }
      value.interval.level = goal.confidence;
      out.estimates.push_back({estimator, value});
    }
    if (!out.support.sufficient) {
      out.reason = out.support.reason;
    } else if (policy->is_logging()) {
      out.reason = "it is what wrote the log";
    } else {
      Contrast gain{"gain", {}};
      evaluation.add_terms(gain, number, terms, rows, 1);
      evaluation.add_terms(gain, reference, terms, rows, -1);
      judge_alone(goal, evaluation.estimate({&gain, 1}), arguments.size(), static_cast<double>(log.size()),
                  out);
      if (out.verdict == Verdict::kPass && (origin.unknown || !study.caps.empty())) {
        out.verdict = Verdict::kInconclusive;
        out.reason = origin.unknown ? origin.sentence : study.caps.front();
      }
    }
    give_account(study, {policy}, origin.unseen, origin.unseen);
    study.policies.push_back(std::move(out));
  }
  return evidence_of(study);
}

}  // namespace plumb
