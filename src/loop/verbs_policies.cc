// gate: the verdict on one policy that exists already; where a policy comes from.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/claims.h"
#include "loop/origin.h"
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
  learn_outcomes(study, options);
  judge(study, {{policy, judges}}, options);
  give_account(study, {policy}, judges.unseen, judges.unseen);
  return evidence_of(study);
}

}  // namespace plumb
