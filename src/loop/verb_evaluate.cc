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
PolicyEstimates estimate(const Study& study, const Policy& policy, const Judges& judges) {
  const DecisionLog& log = study.log;
  const auto terms = goal_terms(study.goal, study.models);
  Evaluation evaluation(log, study.models, study.threads, true, false);
  const std::size_t rows = evaluation.add_subset(
      {judges.left_out > 0 && !judges.unknown ? "rows that it was not trained on" : "all rows",
       judges.unknown ? std::vector<std::uint8_t>(log.size(), 1) : judges.unseen});
  const std::size_t number = evaluation.add_policy(policy);
  PolicyEstimates out;
  out.rows = evaluation.subset(rows).name;
  out.support = evaluation.support(number, rows, terms);
  const double level = study.goal.confidence;
  for (const Estimator estimator : {Estimator::kIps, Estimator::kSnips, Estimator::kDr}) {
    Measured value = unknown(out.support.reason);
    if (out.support.sufficient)
      value = make_measured(contrast_parts(evaluation, {{{number, 1.0}}, terms, rows, estimator}),
                            normal_quantile(0.5 + level / 2), level);
    value.interval.level = level;
    out.estimates.push_back({estimator, value});
  }
  return out;
}

}  // namespace

Evidence evaluate(const Goal& goal, const std::vector<std::string>& arguments, const RunOptions& options) {
  Study study = read_and_check(goal, options, "evaluate");
  learn_outcomes(study, options);
  const PolicyPointer reference_of_file = reference_file(study, options);
  std::vector<Judgeable> judged;
  std::vector<std::uint64_t> content;          // of `judged`
  std::vector<std::optional<std::size_t>> at;  // in `judged`, by argument
  const std::uint64_t reference = policy_content(*study.reference, study.log);
  for (const std::string& argument : arguments) {
    const PolicyPointer policy =
        policy_from_argument(argument, study.log, goal, options.not_trained_here, study.threads);
    const Judges judges = judges_of(study, *policy, reference_of_file.get(), options);
    study.policy_origin_declared |= options.not_trained_here && policy->kind() != PolicyKind::kConstant;
    say_origin(study, judges);
    PolicyEstimates out = estimate(study, *policy, judges);
    out.name = is_learnt(policy->kind()) || policy->is_logging() ? argument : policy->name();
    const std::uint64_t mine = policy_content(*policy, study.log);
    at.emplace_back();
    if (mine == reference) {
      out.reason = "it is the reference";
    } else if (policy->is_logging()) {
      out.reason = "it is what wrote the log";
    } else if (judges.none) {
      out.verdict = Verdict::kInconclusive;
      out.reason = judges.why;
    } else {
      const auto same = std::find(content.begin(), content.end(), mine);  // asked for twice, judged once
      at.back() = static_cast<std::size_t>(same - content.begin());
      if (same == content.end()) {
        judged.push_back({policy, judges});
        content.push_back(mine);
      }
    }
    give_account(study, {policy}, judges.unseen, judges.unseen);
    study.policies.push_back(std::move(out));
  }
  if (judged.size() > kMostCandidates)
    refuse("evaluate", "POLICY", fmt::format("{} policies", judged.size()),
           fmt::format("at most {} that are judged together", kMostCandidates));
  if (judged.empty()) return evidence_of(study);
  judge(study, judged, options);
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
