// evaluate and gate: verbs about policies that exist already.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/claims.h"
#include "loop/origin.h"
#include "loop/policy_estimates.h"
#include "loop/stages.h"

namespace plumb {
Evidence gate(const Goal& goal, const std::string& argument, const RunOptions& options) {
  Study study = read_and_check(goal, options, "gate");
  const PolicyPointer policy =
      policy_from_argument(argument, study.log, goal, options.not_trained_here, study.threads);
  const PolicyPointer reference = reference_file(study, options);
  const Judges judges = judges_of(study, *policy, reference.get(), options);
  study.policy_origin_declared = options.not_trained_here && policy->kind() != PolicyKind::kConstant;
  say_origin(study, judges);
  if (judges.none) {
    study.policy_note = judges.why;
    Certification c;
    c.alpha = study.look.alpha;
    c.decision = "experiment";
    CandidateClaim claim;
    claim.name = policy->name();
    claim.kind = policy->kind();
    claim.reason = judges.why;
    const double none = std::nan("");
    claim.kl = claim.chi2 = claim.support.ess = claim.support.max_weight = claim.support.mean_weight = none;
    for (Measured* m : {&claim.goal, &claim.versus_reference, &claim.versus_best_constant})
      *m = unknown(judges.why);
    CandidateClaim today;
    today.name = "reference";
    today.support.sufficient = true;
    c.candidates = {today, claim};
    study.certification = std::move(c);
    return evidence_of(study);
  }
  const std::string key = hex(policy_content(*policy, study.log));
  learn_outcomes(study, options);
  open_look(study, key);
  CertificationOptions how;
  how.alpha = study.look.alpha;
  how.caps = study.caps;
  how.missing_caps = study.missing_caps;
  how.rejected_share = study.rejected_share;
  how.seed = study.seed;
  how.threads = study.threads;
  how.with_constants = false;
  how.unseen = judges.unseen;
  how.reference_is_fixed = judges.reference_is_fixed;
  study.certification =
      certify(study.log, goal, study.models, study.reference, {{policy, "", judges.left_out == 0}}, how);
  if (judges.left_out > 0) {
    for (CandidateClaim& claim : study.certification->candidates)
      if (claim.name == policy->name() && claim.kind != PolicyKind::kReference)
        claim.reason += fmt::format("; {}", fmt::join(judges.notes, "; "));
  }
  give_account(study, {policy}, judges.unseen, judges.unseen);
  close_look(study, key);
  return evidence_of(study);
}

Evidence evaluate(const Goal& goal, const std::vector<std::string>& arguments, const RunOptions& options) {
  Study study = read_and_check(goal, options, "evaluate");
  learn_outcomes(study, options);
  const DecisionLog& log = study.log;
  const auto terms = goal_terms(goal, study.models);
  for (const std::string& argument : arguments) {
    const PolicyPointer policy =
        policy_from_argument(argument, log, goal, options.not_trained_here, study.threads);
    const PolicyPointer reference_of_file = reference_file(study, options);
    const Judges judges = judges_of(study, *policy, reference_of_file.get(), options);
    study.policy_origin_declared |= options.not_trained_here && policy->kind() != PolicyKind::kConstant;
    say_origin(study, judges);
    Evaluation evaluation(log, study.models, study.threads, true, false);
    const std::size_t rows = evaluation.add_subset(
        {judges.left_out > 0 && !judges.unknown ? "rows that it was not trained on" : "all rows",
         judges.unknown ? std::vector<std::uint8_t>(log.size(), 1) : judges.unseen});
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
      const std::string cap = judges.none ? judges.why : cap_of_goal(study);
      if (out.verdict != Verdict::kInconclusive && !cap.empty()) {
        out.verdict = Verdict::kInconclusive;
        out.reason = cap;
      } else if (judges.left_out > 0) {
        out.reason += fmt::format("; {}", fmt::join(judges.notes, "; "));
      }
    }
    give_account(study, {policy}, judges.unseen, judges.unseen);
    study.policies.push_back(std::move(out));
  }
  return evidence_of(study);
}

}  // namespace plumb
