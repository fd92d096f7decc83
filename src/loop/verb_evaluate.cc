// evaluate: what policies are worth, and the verdict on each.
#include <fmt/format.h>

#include <algorithm>

#include "audit/claims.h"
#include "loop/origin.h"
#include "loop/policy_estimates.h"
#include "loop/stages.h"

namespace plumb {

namespace {

// IPS, SNIPS and DR of the goal, on rows that the policy has not seen.
PolicyEstimates estimate(const Study& study, const Policy& policy, const Origin& origin) {
  const DecisionLog& log = study.log;
  const auto terms = goal_terms(study.goal, study.models);
  Evaluation evaluation(log, study.models, study.threads, true, false);
  const std::size_t rows = evaluation.add_subset(
      {origin.trained_here ? "rows that it was not trained on" : "all rows", origin.unseen});
  const std::size_t number = evaluation.add_policy(policy);
  PolicyEstimates out;
  out.rows = evaluation.subset(rows).name;
  out.support = evaluation.support(number, rows, terms);
  std::string few;
  for (const auto& [outcome, weight] : terms) {
    const OutcomeColumn& column = log.outcome(study.models.outcome[outcome]);
    const std::string why = too_few_events(column.name, column.kind, evaluation.events(number, outcome, rows));
    if (!why.empty()) few = why;
  }
  for (const Estimator estimator : {Estimator::kIps, Estimator::kSnips, Estimator::kDr}) {
    Measured value = unknown(out.support.sufficient ? few : out.support.reason);
    if (out.support.sufficient && few.empty()) {
      Contrast level{"level", {}};
      evaluation.add_terms(level, number, terms, rows, 1, estimator);
      value = level_of(evaluation.estimate({&level, 1}), study.goal);
    }
    value.interval.level = study.goal.confidence;
    out.estimates.push_back({estimator, value});
  }
  return out;
}

}  // namespace

Evidence evaluate(const Goal& goal, const std::vector<std::string>& arguments, const RunOptions& options) {
  Study study = read_and_check(goal, options, "evaluate");
  learn_outcomes(study, options);
  std::vector<PolicyPointer> judged;
  std::vector<std::uint64_t> content;          // of `judged`
  std::vector<std::optional<std::size_t>> at;  // in `judged`, by argument
  const std::uint64_t reference = policy_content(*study.reference, study.log);
  for (const std::string& argument : arguments) {
    const PolicyPointer policy =
        policy_from_argument(argument, study.log, goal, options.not_trained_here, study.threads);
    const Origin origin = origin_of(*policy, study.log, study.feedback, study.seed);
    study.policy_origin_declared |= policy->kind() == PolicyKind::kTable && options.not_trained_here;
    PolicyEstimates out = estimate(study, *policy, origin);
    out.name = is_learnt(policy->kind()) || policy->is_logging() ? argument : policy->name();
    const std::uint64_t mine = policy_content(*policy, study.log);
    at.emplace_back();
    if (mine == reference) {
      out.reason = "it is the reference";
    } else if (policy->is_logging()) {
      out.reason = "it is what wrote the log";
    } else if (origin.trained_here || origin.unknown) {
      out.verdict = Verdict::kInconclusive;
      out.reason = origin.sentence;
    } else {
      const auto same = std::find(content.begin(), content.end(), mine);  // asked for twice, judged once
      at.back() = static_cast<std::size_t>(same - content.begin());
      if (same == content.end()) {
        judged.push_back(policy);
        content.push_back(mine);
      }
    }
    give_account(study, {policy}, origin.unseen, origin.unseen);
    study.policies.push_back(std::move(out));
  }
  if (judged.size() > kMostCandidates)
    refuse("evaluate", "POLICY", fmt::format("{} policies", judged.size()),
           fmt::format("at most {} that are judged together", kMostCandidates));
  if (judged.empty()) return evidence_of(study);
  judge(study, judged);
  for (std::size_t k = 0; k < study.policies.size(); ++k) {
    if (!at[k]) continue;
    PolicyEstimates& out = study.policies[k];
    out.claim = study.certification->candidates[*at[k] + 1];
    out.verdict = out.claim->verdict;
    out.reason = out.claim->reason;
  }
  return evidence_of(study);
}

}  // namespace plumb
