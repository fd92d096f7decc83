// What missing outcomes leave of a claim.
#include <algorithm>

#include "audit/claims.h"
#include "audit/comparison.h"

namespace plumb {

Measured Comparison::sure_gain(std::size_t a, std::size_t b) const {
  const Measured out = gain(a, b);
  if (missing_.cap(terms_) == nullptr || !out.known) return out;
  const std::vector<std::uint8_t>& rows = evaluation_.subset(on_all(a, b) ? all_ : unseen_).mask;
  return at_worst(out, missing_.worst(terms_, a, b, rows), critical_);
}

void Comparison::settle_missing(std::size_t k, CandidateClaim& claim, GainVerdict& gain) const {
  if (gain.verdict == Verdict::kInconclusive) return;
  const std::size_t subset = on_all(k, 0) ? all_ : unseen_;
  const std::vector<std::uint8_t>& rows = evaluation_.subset(subset).mask;
  const std::string* why = missing_.cap(terms_);
  if (why == nullptr) {
    const Interval& i = claim.versus_reference.interval;
    const double room = gain.verdict == Verdict::kRefuse
                            ? goal_.minimum_effect - i.upper
                            : i.lower - (goal_.proof_minimum ? goal_.minimum_effect : 0);
    gain.reason += missing_.how_far(terms_, k, 0, rows, room);
    return;
  }
  const Measured bounded = at_worst(claim.versus_reference, missing_.worst(terms_, k, 0, rows), critical_);
  GainVerdict settled = judge_gain(goal_, bounded, critical_, static_cast<double>(log_.size()));
  if (settled.verdict == Verdict::kInconclusive) {
    claim.cap = *why;
    settled.reason = gain.reason + ", were what is missing like what is seen; but " + *why;
    settled.decisions_needed = 0;  // more of the same would leave as much unseen
  } else {
    claim.versus_reference = bounded;
    settled.reason += ", " + missing_.whatever(terms_);
  }
  gain = settled;
}

Measured Comparison::settle_missing(std::size_t k, MissingBounds::Terms terms, bool difference,
                                    std::size_t subset, const Measured& measured, const Harm& harm,
                                    const Family& family, double& p) const {
  const std::optional<std::size_t> other = difference ? std::optional<std::size_t>(0) : std::nullopt;
  const WorstCase worst = missing_.worst(terms, k, other, evaluation_.subset(subset).mask);
  // The kindest that what is missing could be to the candidate: harm that is proven there is proven.
  const bool higher_is_worse = harm.sign > 0;
  const double shift = higher_is_worse ? std::min(0.0, worst.lower_shift) : std::max(0.0, worst.upper_shift);
  const double error = higher_is_worse ? worst.lower_error : worst.upper_error;
  const double limit = harm.limit - shift, value = harm.parts->value;
  p = 1;
  if (harm.sign * (value - limit) > 0 && measured.standard_error > 0) {
    // The interval's end lies error * critical further out: of the same end, so much less critical.
    const double share = measured.standard_error / (measured.standard_error + error);
    p = family.max_t.p_value(share * critical_to_reach(*harm.parts, limit));
  }
  return at_worst(measured, worst, family.max_t.critical(options_.alpha));
}

}  // namespace plumb
