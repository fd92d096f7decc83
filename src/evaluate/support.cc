#include "evaluate/support.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plumb {

Support support_of(const SubsetSums& sums) {
  Support out;
  out.count = sums.count;
  out.max_weight = sums.max_weight;
  if (sums.count == 0 || sums.weight == 0) {
    out.reason = "no decision of the log is one that the policy would take";
    return out;
  }
  out.ess = sums.weight * sums.weight / sums.weight_squares;
  out.mean_weight = sums.weight / sums.rows_weight;
  out.chi2 = sums.plain_squares / sums.rows_weight - 1;
  const double error = sums.weight_error;
  if (sums.beyond) {
    out.reason = "the policy takes actions that the logging policy never takes";
  } else if (out.ess < kLeastEss) {
    out.reason = fmt::format("the effective sample size is {:.1f} of {:.0f} decisions, {:.0f} are needed",
                             out.ess, sums.count, kLeastEss);
  } else if (sums.effective_units < kLeastUnits) {
    out.reason = fmt::format("the decisions come from {:.1f} effective units, {:.0f} are needed",
                             sums.effective_units, kLeastUnits);
  } else if (sums.max_weight > kLargestShare * sums.weight) {
    out.reason =
        fmt::format("one decision carries {:.0f} % of all weight", 100 * sums.max_weight / sums.weight);
  } else if (std::abs(out.mean_weight - 1) > kMeanWeightErrors * error + 1e-3) {
    out.reason = fmt::format(
        "the mean weight is {:.3f} instead of 1 (standard error {:.3f}): the propensities are wrong",
        out.mean_weight, error);
  } else {
    out.sufficient = true;
  }
  return out;
}

void limit_to_observed(Support& support, const std::string& outcome, double ess, double largest_share) {
  if (!support.sufficient) return;
  support.ess = std::min(support.ess, ess);
  if (ess < kLeastEss) {
    support.sufficient = false;
    support.reason =
        fmt::format("{} is observed in {:.1f} effective decisions, {:.0f} are needed", outcome, ess, kLeastEss);
  } else if (largest_share > kLargestShare) {
    support.sufficient = false;
    support.reason =
        fmt::format("one observed value of {} carries {:.0f} % of all weight", outcome, 100 * largest_share);
  }
}

}  // namespace plumb
