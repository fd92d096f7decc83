// The certification procedure: candidates that were fixed before are compared, all at once, on rows that they
// have not seen. The order of the file is the order of the argument: sums, gains, constraints, segments,
// verdicts, recommendation.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/claims.h"
#include "audit/comparison.h"
#include "base/digits.h"
#include "plumb/audit.h"
#include "plumb/ties.h"

namespace plumb {
namespace {

int simplicity(PolicyKind kind) { return static_cast<int>(kind); }

std::optional<std::size_t> recommend(const Certification& c, const Comparison& comparison) {
  std::optional<std::size_t> best;
  for (std::size_t k = 1; k < c.candidates.size(); ++k) {
    const CandidateClaim& claim = c.candidates[k];
    if (claim.verdict != Verdict::kPass) continue;
    bool beaten = false;
    for (std::size_t other = 1; other < c.candidates.size() && !beaten; ++other) {
      if (other == k || c.candidates[other].verdict != Verdict::kPass) continue;
      const Measured over = comparison.sure_gain(other, k);
      // A gain of the last digit with an interval around it is a tie.
      const double level = claim.goal.known ? claim.goal.value : 0;
      beaten = over.known && over.interval.lower > 0 && exceeds(level + over.value, level);
    }
    if (beaten) continue;
    if (!best) {
      best = k;
      continue;
    }
    const CandidateClaim& current = c.candidates[*best];
    const int a = simplicity(claim.kind), b = simplicity(current.kind);
    if (a < b ||
        (a == b && exceeds(claim.versus_reference.interval.lower, current.versus_reference.interval.lower,
                           current.versus_reference.standard_error))) {
      best = k;
    }
  }
  return best;
}

void decide(Certification& c, const Comparison& comparison) {
  c.recommended = recommend(c, comparison);
  if (c.recommended) {
    c.verdict = Verdict::kPass;
    c.decision = "ship";
    return;
  }
  std::vector<Verdict> others;
  for (std::size_t k = 1; k < c.candidates.size(); ++k) others.push_back(c.candidates[k].verdict);
  const bool all_refused = !others.empty() && std::all_of(others.begin(), others.end(),
                                                          [](Verdict v) { return v == Verdict::kRefuse; });
  c.verdict = all_refused ? Verdict::kRefuse : Verdict::kInconclusive;
  c.decision = all_refused ? "keep" : "experiment";
}

// What a policy costs is its own affair, whatever the log is worth: the budget's claim stays as it is.
void cap_limits(CandidateClaim& claim) {
  for (ConstraintClaim& constraint : claim.constraints) {
    if (constraint.id != kBudgetClaim) constraint.verdict = Verdict::kInconclusive;
  }
  for (SegmentClaim& segment : claim.segments) segment.verdict = Verdict::kInconclusive;
}

// What makes a log unable to tell makes it unable to refuse as well.
void cap(CandidateClaim& claim, const std::string& why) {
  if (claim.verdict != Verdict::kInconclusive) {
    claim.cap = why;
    claim.reason += "; but " + why;
  }
  claim.verdict = claim.gain = Verdict::kInconclusive;
  cap_limits(claim);
}

// An arm or a policy that is the reference under another name: it gains nothing, without any chance in it, and
// chooses the same everywhere.
bool is_what_runs_today(const DecisionLog& log, const CandidateClaim& claim, const Policy& reference,
                        const std::vector<Certifiable>& candidates) {
  const Measured& gain = claim.versus_reference;
  if (!gain.known || gain.value != 0 || gain.standard_error != 0) return false;
  const std::uint64_t wanted = policy_content(reference, log);
  for (const Certifiable& candidate : candidates) {
    if (candidate.policy->name() == claim.name && policy_content(*candidate.policy, log) == wanted) return true;
  }
  return claim.kind == PolicyKind::kConstant &&
         policy_content(*constant_policy(claim.name.substr(9)), log) == wanted;
}

}  // namespace

Certification certify(const DecisionLog& log, const Goal& goal, const OutcomeModels& models,
                      PolicyPointer reference, const std::vector<Certifiable>& candidates,
                      const CertificationOptions& options) {
  PLUMB_ASSERT(candidates.size() <= kMostCandidates);
  const PolicyPointer today = reference;
  const Comparison comparison(log, goal, models, std::move(reference), candidates, options);
  Certification out;
  out.alpha = options.alpha;
  out.family_size = comparison.family_size();
  out.critical = comparison.critical();
  out.best_constant = comparison.best_constant();

  for (std::size_t k = 0; k < comparison.size(); ++k) {
    CandidateClaim claim = comparison.describe(k);
    if (k > 0) {
      claim.versus_reference = comparison.gain(k, 0);
      claim.goal = comparison.level(k);
      if (out.best_constant && *out.best_constant != k) {
        claim.versus_best_constant = comparison.gain(k, *out.best_constant);
      } else {
        claim.versus_best_constant =
            unknown(out.best_constant ? "it is the best constant" : "actions are not fixed");
      }
    } else {
      claim.versus_reference = unknown("it is the reference");
      claim.goal = comparison.level(0);
      claim.versus_best_constant =
          out.best_constant ? comparison.gain(0, *out.best_constant) : unknown("actions are not fixed");
    }
    out.candidates.push_back(std::move(claim));
  }
  comparison.judge_constraints_and_segments(out.candidates);

  for (std::size_t k = 0; k < out.candidates.size(); ++k) {
    CandidateClaim& claim = out.candidates[k];
    if (k == 0) {
      claim.reason = "it is what runs today";  // and has no verdict: it is what is kept where nothing is better
      if (!options.caps.empty()) cap_limits(claim);
      continue;
    }
    if (!claim.support.sufficient) {
      claim.verdict = Verdict::kInconclusive;
      claim.reason = "the log cannot carry a number: " + claim.support.reason;
      continue;
    }
    GainVerdict gain = judge_gain(goal, claim.versus_reference, out.critical, static_cast<double>(log.size()));
    if (gain.decisions_needed > 0 && claim.versus_reference.method == "gamma")
      gain.decisions_needed = comparison.decisions_for_few(k);
    comparison.settle_missing(k, claim, gain);
    claim.gain = gain.verdict;
    claim.decisions_needed = gain.decisions_needed;
    claim.reason = gain.reason;
    if (is_what_runs_today(log, claim, *today, candidates)) {
      claim.kind = PolicyKind::kReference;
      claim.verdict = gain.verdict;  // refused, so that it does not stand in the way of "keep"; nobody shows it
      claim.reason = "it is what runs today";
      continue;
    }
    std::vector<Verdict> verdicts{gain.verdict};
    if (const std::string few = comparison.too_few_of_both(k, 0);
        gain.verdict == Verdict::kPass && !few.empty()) {
      verdicts.front() = Verdict::kInconclusive;
      claim.reason += "; but " + few;
    }
    const std::string one = comparison.one_decides(k);
    if (!one.empty()) {
      verdicts.front() = claim.gain = Verdict::kInconclusive;
      claim.decisions_needed = 0;
      if (claim.reason.find(one) == std::string::npos) claim.reason += "; " + one;
    }
    for (const ConstraintClaim& constraint : claim.constraints) {
      verdicts.push_back(constraint.verdict);
      if (constraint.verdict != Verdict::kPass) claim.reason += "; " + constraint.sentence;
    }
    for (const SegmentClaim& segment : claim.segments) {
      if (segment.verdict != Verdict::kRefuse) continue;
      verdicts.push_back(Verdict::kRefuse);
      claim.reason += fmt::format(
          "; {} = {} is shown to lose {}", segment.segment, segment.level,
          written(-segment.gain.value, -segment.gain.interval.upper, -segment.gain.interval.lower, {0.0})
              .value);
    }
    claim.verdict = combine(verdicts);
    if (!options.caps.empty()) cap(claim, options.caps.front());
    if (!one.empty() && claim.verdict == Verdict::kInconclusive && claim.cap.empty()) claim.cap = one;
  }
  for (std::size_t a = 1; a < out.candidates.size(); ++a) {
    for (std::size_t b = 1; b < a; ++b) {
      const Measured gain = comparison.gain(a, b);
      if (gain.known) out.pairs.push_back({out.candidates[a].name, out.candidates[b].name, gain});
    }
  }
  decide(out, comparison);
  return out;
}

}  // namespace plumb
