// One certification for several shares of careless answers: what holds at each of them holds.
#include <fmt/format.h>

#include <algorithm>

#include "audit/claims.h"
#include "audit/limit_sentence.h"
#include "plumb/audit.h"

namespace plumb {
namespace {

// The interval that covers both; no number where one of them has none.
void cover(Measured& into, const Measured& other) {
  if (!into.known) return;
  if (!other.known) {
    into = other;
    return;
  }
  into.interval.lower = std::min(into.interval.lower, other.interval.lower);
  into.interval.upper = std::max(into.interval.upper, other.interval.upper);
  into.standard_error = std::max(into.standard_error, other.standard_error);
}

void agree(Verdict& into, Verdict other) {
  if (into != other) into = Verdict::kInconclusive;
}

// As certify decides, where verdicts were taken back: what was recommended stays if it still passes.
void decide_again(Certification& c) {
  const auto passes = [&](std::size_t k) { return c.candidates[k].verdict == Verdict::kPass; };
  if (c.recommended && !passes(*c.recommended)) c.recommended.reset();
  bool refused = c.candidates.size() > 1;
  for (std::size_t k = 1; k < c.candidates.size(); ++k) {
    refused = refused && c.candidates[k].verdict == Verdict::kRefuse;
    if (c.recommended || !passes(k)) continue;
    c.recommended = k;
  }
  c.verdict = c.recommended ? Verdict::kPass : refused ? Verdict::kRefuse : Verdict::kInconclusive;
  c.decision = c.recommended ? "ship" : refused ? "keep" : "experiment";
}

void replace(std::string& text, const std::string& before, const std::string& after) {
  const std::size_t at = before.empty() ? std::string::npos : text.find(before);
  if (at != std::string::npos) text.replace(at, before.size(), after);
}

void cover(CandidateClaim& into, const CandidateClaim& other, const Goal& goal, double critical,
           double decisions, const std::string& where) {
  const Verdict decided = into.verdict;
  const std::string before = judge_gain(goal, into.versus_reference, critical, decisions).reason;
  cover(into.goal, other.goal);
  cover(into.versus_reference, other.versus_reference);
  cover(into.versus_best_constant, other.versus_best_constant);
  replace(into.reason, before, judge_gain(goal, into.versus_reference, critical, decisions).reason);
  agree(into.gain, other.gain);
  agree(into.verdict, other.verdict);
  for (std::size_t k = 0; k < into.constraints.size(); ++k) {
    ConstraintClaim& claim = into.constraints[k];
    const std::string said = sentence_of(goal, claim);
    cover(claim.measured, other.constraints[k].measured);
    agree(claim.verdict, other.constraints[k].verdict);
    const std::string now = sentence_of(goal, claim);
    replace(claim.sentence, said, now);
    replace(into.reason, said, now);
  }
  for (std::size_t k = 0; k < into.segments.size(); ++k) {
    cover(into.segments[k].gain, other.segments[k].gain);
    agree(into.segments[k].verdict, other.segments[k].verdict);
  }
  if (decided != into.verdict) into.reason += fmt::format("; {} this would not be decided so", where);
}

}  // namespace

void widen_over(Certification& into, const Certification& other, const Goal& goal, double decisions,
                const std::string& where) {
  PLUMB_ASSERT(into.candidates.size() == other.candidates.size());
  for (std::size_t k = 0; k < into.candidates.size(); ++k)
    cover(into.candidates[k], other.candidates[k], goal, into.critical, decisions, where);
  if (into.best_constant != other.best_constant)
    for (CandidateClaim& claim : into.candidates)
      claim.versus_best_constant = unknown("which constant is best depends on how careless people were");
  for (std::size_t k = 0; k < into.pairs.size(); ++k) {
    const auto same = std::find_if(other.pairs.begin(), other.pairs.end(), [&](const PairClaim& p) {
      return p.a == into.pairs[k].a && p.b == into.pairs[k].b;
    });
    cover(into.pairs[k].gain,
          same == other.pairs.end() ? unknown("it has no number at another lapse rate") : same->gain);
  }
  decide_again(into);
}

void hold_at(Certification& into, const Certification& other, const std::string& why) {
  PLUMB_ASSERT(into.candidates.size() == other.candidates.size());
  for (std::size_t k = 1; k < into.candidates.size(); ++k) {
    CandidateClaim& claim = into.candidates[k];
    if (claim.verdict == other.candidates[k].verdict || claim.verdict == Verdict::kInconclusive) continue;
    claim.cap = why;
    claim.reason += "; but " + why;
    claim.verdict = claim.gain = Verdict::kInconclusive;
  }
  decide_again(into);
}

}  // namespace plumb
