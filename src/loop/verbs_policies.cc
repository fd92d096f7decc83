// gate: the verdict on one policy that exists already; where a policy comes from.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/claims.h"
#include "loop/origin.h"
#include "loop/stages.h"

namespace plumb {
bool is_learnt(PolicyKind kind) {
  return kind == PolicyKind::kSoftmax || kind == PolicyKind::kTree || kind == PolicyKind::kPriced;
}

Origin origin_of(const Policy& policy, const DecisionLog& log, const std::optional<Feedback>& feedback,
                 std::uint64_t seed) {
  Origin out;
  out.unseen.assign(log.size(), 1);
  const TrainedOn& trained = policy.trained_on();
  const bool no_digests =
      is_learnt(policy.kind()) && std::all_of(trained.bucket_digest.begin(), trained.bucket_digest.end(),
                                              [](std::uint64_t d) { return d == 0; });
  if (policy.origin_unknown() || no_digests) {
    out.unknown = true;
    out.sentence = "trained on this log, as far as anyone can tell: " + policy.name() +
                   " does not say what it was learnt from (declare that it was not with --not-trained-here)";
    return out;
  }
  bool people_elsewhere = false;  // comparisons that it learnt from judge rows that it has not seen
  if (feedback && !trained.feedback_digest.empty()) {
    // Every fold: people may stand in others under another split seed.
    const std::vector<std::uint64_t> here = feedback_digests(*feedback, trained.split_seed, (1u << kFolds) - 1);
    const std::size_t compared = trained.feedback_digest.size();
    std::size_t matched = 0;
    for (const std::uint64_t digest : trained.feedback_digest)
      matched += std::binary_search(here.begin(), here.end(), digest);
    if (static_cast<double>(matched) >= kSketchComparisonsShare * static_cast<double>(compared)) {
      out.trained_here = true;
      people_elsewhere = trained.split_seed != seed;
      out.sentence =
          fmt::format("trained on this feedback: {} of {} comparisons that it was learnt from are among these",
                      matched, compared);
    }
  }
  const Overlap overlap = training_overlap(policy, log);
  if (!overlap.trained_here) {
    if (out.trained_here) out.unseen.assign(log.size(), 0);
    return out;
  }
  out.trained_here = true;
  for (std::size_t i = 0; i < log.size(); ++i) out.unseen[i] = !overlap.seen[i] && !people_elsewhere;
  out.sentence =
      fmt::format("trained on this log: {} of {} unit buckets hold the very rows that it was learnt from",
                  overlap.buckets_matched, overlap.buckets_compared);
  if (overlap.buckets_matched == 0) {
    out.sentence = fmt::format("trained on this log: {} of {} rows that it was learnt from are in this file",
                               overlap.rows_matched, overlap.rows_compared);
  }
  return out;
}

Evidence gate(const Goal& goal, const std::string& argument, const RunOptions& options) {
  Study study = read_and_check(goal, options, "gate");
  const PolicyPointer policy =
      policy_from_argument(argument, study.log, goal, options.not_trained_here, study.threads);
  const Origin origin = origin_of(*policy, study.log, study.feedback, study.seed);
  study.policy_origin_declared = policy->kind() == PolicyKind::kTable && options.not_trained_here;
  if (origin.trained_here || origin.unknown) {
    study.policy_note = origin.sentence;
    Certification c;
    c.alpha = study.look.alpha;
    c.decision = "experiment";
    CandidateClaim claim;
    claim.name = policy->name();
    claim.kind = policy->kind();
    claim.reason = origin.sentence;
    const double none = std::nan("");
    claim.kl = claim.chi2 = claim.support.ess = claim.support.max_weight = claim.support.mean_weight = none;
    for (Measured* m : {&claim.goal, &claim.versus_reference, &claim.versus_best_constant})
      *m = unknown(origin.sentence);
    CandidateClaim reference;
    reference.name = "reference";
    reference.support.sufficient = true;
    c.candidates = {reference, claim};
    study.certification = std::move(c);
    return evidence_of(study);
  }
  learn_outcomes(study, options);
  judge(study, {policy});
  give_account(study, {policy}, origin.unseen, origin.unseen);
  return evidence_of(study);
}

}  // namespace plumb
