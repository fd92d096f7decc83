#include "audit/limit_sentence.h"

#include <fmt/format.h>

#include <cmath>

namespace plumb {

namespace {

std::string level_sentence(const ConstraintClaim& claim, const char* side) {
  const Interval& i = claim.measured.interval;
  const std::string margin =
      claim.margin > 0 ? fmt::format(", with a margin of {:.4g}", claim.margin) : std::string();
  return fmt::format("{} is {:.4g}, between {:.4g} and {:.4g}; {} {:.4g} allowed{}", claim.id,
                     claim.measured.value, i.lower, i.upper, side, claim.limit, margin);
}

}  // namespace

std::string limit_sentence(const ConstraintClaim& claim) {
  if (!claim.measured.known) return fmt::format("{}: {}", claim.id, claim.measured.why_not);
  return level_sentence(claim, "at most");
}

std::string limit_sentence(const ConstraintSpec& spec, OutcomeKind kind, const ConstraintClaim& claim) {
  if (!claim.measured.known) return limit_sentence(claim);
  if (!spec.no_worse_than_reference) return level_sentence(claim, spec.at_least ? "at least" : "at most");
  // A change of a share is told in points, so that nobody reads it as a share of the share.
  const bool share = kind == OutcomeKind::kBinary;
  const double scale = share ? 100 : 1, value = claim.measured.value * scale;
  const Interval& i = claim.measured.interval;
  const std::string between = fmt::format("(between {:.3g} and {:.3g})", i.lower * scale, i.upper * scale);
  const bool worse = spec.higher_is_better ? value < 0 : value > 0;
  const char* bad_way = spec.higher_is_better ? "fall" : "rise";
  if (value == 0)
    return fmt::format("{} did not change {}; a {} of at most {:.3g}{} allowed", claim.id, between, bad_way,
                       claim.margin * scale, share ? " points" : "");
  const std::string moved = fmt::format("{} {} by {:.3g}{} {}", claim.id, value < 0 ? "fell" : "rose",
                                        std::abs(value), share ? " points" : "", between);
  if (worse) return fmt::format("{}, at most {:.3g} allowed", moved, claim.margin * scale);
  return fmt::format("{}; a {} of at most {:.3g} allowed", moved, bad_way, claim.margin * scale);
}

}  // namespace plumb
