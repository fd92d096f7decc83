// The budget: what every candidate costs a decision, one family of simultaneous intervals over the candidates.
#include <cmath>

#include "audit/comparison.h"
#include "audit/costs.h"

namespace plumb {
namespace {

// Probabilities are floats: a policy that spends exactly the budget must not be refused for their last digit.
constexpr double kRounding = 1e-6;

}  // namespace

void Comparison::judge_budget(std::vector<CandidateClaim>& claims,
                              std::vector<std::vector<double>>& p_values) const {
  const double budget = *goal_.budget;
  CostSums costs(log_, goal_, options_.threads);
  for (const std::size_t subset : {all_, unseen_}) costs.add_subset(evaluation_.subset(subset).mask);
  std::vector<Contrast> contrasts;
  for (std::size_t k = 0; k < members_.size(); ++k) {
    const std::size_t first = costs.add_policy(*members_[k].policy);
    contrasts.push_back({members_[k].name, {{first + (rows_of(k) == all_ ? 0 : 1), 1.0}}});
  }
  const Estimates e = costs.estimate(contrasts);
  const MaxT max_t = max_t_distribution(e, Rng(options_.seed).stream("budget"), options_.threads);
  const double critical = max_t.critical(options_.alpha);
  const Bounds bounds{true, costs.lowest(), costs.highest()};
  const double limit = budget + kRounding * costs.highest();

  for (std::size_t k = 0; k < claims.size(); ++k) {
    ConstraintClaim claim;
    claim.id = kBudgetClaim;
    claim.limit = budget;
    const double value = e.value[k], se = is_chance(value, e.standard_error[k]) ? e.standard_error[k] : 0;
    claim.measured = make_measured(value, se, critical, 1 - options_.alpha);
    // What a decision costs is known from what is chosen: no weight makes it more.
    const RejectedRows rows{options_.rejected_share, bounds, 0, false};
    if (claim.measured.known) claim.measured.interval = rows.widened(claim.measured.interval);
    double p = 1;
    if (claim.measured.known) {
      if (inside_limit(claim.measured, 1, limit, 0)) claim.verdict = Verdict::kPass;
      // What has no chance in it is proven by its value.
      if (value > limit) p = se > 0 ? max_t.p_value((value - budget) / se) : 0;
      if (claim.verdict != Verdict::kPass)
        claim.decisions_needed =
            decisions_needed(static_cast<double>(log_.size()), critical * se, std::abs(value - budget));
    }
    claims[k].constraints.push_back(std::move(claim));
    p_values[k].push_back(p);
  }
}

}  // namespace plumb
