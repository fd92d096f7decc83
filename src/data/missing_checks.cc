// Outcomes that are not observed everywhere: whether somebody said why, whether that fits, and whether it goes
// by action.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "data/checks.h"
#include "plumb/stats.h"

namespace plumb {
namespace {

constexpr double kFarInErrors = 4;       // a count this many standard errors from what is stated contradicts it
constexpr std::size_t kFewActions = 64;  // by action only where there are few
constexpr double kLeastVariance = 5;     // of a count: below, its error is not normal
constexpr std::size_t kFewChosen = 30;
constexpr double kRareError = .001;  // level at which shares by action are said to differ

// Share of decisions that would be observed were every decision this action, against every other action: one
// over the propensity makes the contexts of an action those of all.
struct ShareByAction {
  std::string action;
  double share = 0, others = 0, z = 0;
};

// By action, where the same few are always offered; empty where nothing can be compared.
std::vector<ShareByAction> shares_by_action(const DecisionLog& log, const OutcomeColumn& outcome) {
  const std::size_t actions = log.actions.size();
  if (!log.fixed_actions || actions < 2 || actions > kFewActions) return {};
  std::vector<std::size_t> times(actions, 0);
  Moments moments;
  std::vector<std::size_t> seen, all;
  for (std::size_t a = 0; a < actions; ++a) {
    seen.push_back(moments.add_sums());
    all.push_back(moments.add_sums());
  }
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (outcome.state[i] == State::kImmature) continue;
    const std::size_t a = log.chosen_action(i), b = bucket_of(log.unit[i]);
    const double r = log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]), w = r / log.propensity[i];
    moments.sums(all[a])[b] += w;
    if (outcome.state[i] == State::kObserved) moments.sums(seen[a])[b] += w;
    ++times[a];
  }
  std::vector<std::size_t> column, compared;
  for (std::size_t a = 0; a < actions; ++a) {
    column.push_back(moments.add_column(seen[a], all[a]));
    if (times[a] >= kFewChosen) compared.push_back(a);
  }
  if (compared.size() < 2) return {};
  std::vector<Contrast> contrasts;
  for (const std::size_t a : compared) {
    contrasts.push_back({"share", {{column[a], 1.0}}});
    contrasts.push_back({"others", {}});
    for (const std::size_t other : compared) {
      if (other != a)
        contrasts.back().terms.emplace_back(column[other], 1 / static_cast<double>(compared.size() - 1));
    }
  }
  const Estimates e = estimate(moments, contrasts);
  std::vector<ShareByAction> out;
  for (std::size_t k = 0; k < compared.size(); ++k) {
    const double share = e.value[2 * k], others = e.value[2 * k + 1];
    // Actions share no decision, so errors add up; a share of exactly 0 or 1 has an error like one of a row
    // more.
    const double n = static_cast<double>(times[compared[k]]), least = 1 / ((n + 1) * (n + 1));
    const double variance = e.standard_error[2 * k] * e.standard_error[2 * k] +
                            e.standard_error[2 * k + 1] * e.standard_error[2 * k + 1];
    out.push_back({log.actions[compared[k]], share, others, (share - others) / std::sqrt(variance + least)});
  }
  return out;
}

void find_unequal_shares(const DecisionLog& log, const OutcomeColumn& outcome, bool is_used,
                         std::vector<Finding>& out) {
  std::vector<ShareByAction> shares = shares_by_action(log, outcome);
  if (shares.empty()) return;
  const auto far = [](const ShareByAction& a, const ShareByAction& b) { return std::abs(a.z) < std::abs(b.z); };
  const ShareByAction& most = *std::max_element(shares.begin(), shares.end(), far);
  const double critical = -normal_quantile(kRareError / (2 * static_cast<double>(shares.size())));
  if (std::abs(most.z) <= critical) return;
  // Stated rates may differ by action on purpose.
  const Severity severity = is_used && outcome.asked.empty() ? Severity::kWarning : Severity::kInfo;
  out.push_back(
      {"observed_shares", severity,
       fmt::format("{} is observed in {:.1f} % of decisions after {} and in {:.1f} % after the other "
                   "actions, alike in context ({:.1f} standard errors): who is observed goes by action.",
                   outcome.name, 100 * most.share, most.action, 100 * most.others, std::abs(most.z))});
}

}  // namespace

namespace {

void add_once(std::vector<std::string>& to, const std::string& name) {
  if (std::find(to.begin(), to.end(), name) == to.end()) to.push_back(name);
}

}  // namespace

std::vector<std::string> needed_outcomes(const Goal& goal) {
  std::vector<std::string> out;
  for (const Term& term : goal.maximize) add_once(out, term.outcome);
  for (const std::string& proxy : goal.proxies) add_once(out, proxy);
  for (const ConstraintSpec& constraint : goal.constraints) add_once(out, constraint.outcome);
  return out;
}

std::vector<std::string> used_outcomes(const Goal& goal) {
  std::vector<std::string> out = needed_outcomes(goal);
  for (std::size_t k = 0; k < out.size(); ++k) {
    const OutcomeSpec* spec = goal.outcome(out[k]);
    if (spec == nullptr || spec->model != "surrogate_index") continue;
    add_once(out, spec->of);
    for (const std::string& surrogate : spec->surrogates) add_once(out, surrogate);
  }
  return out;
}

std::string asked_contradiction(const DecisionLog& log, const OutcomeColumn& outcome) {
  if (outcome.asked.empty() || outcome.asked_estimated) return {};
  // Those who were asked must have answered, whatever action they got: else the probability of being observed
  // is another one. By action where there are few and each was asked and not asked often enough for a normal
  // error.
  const std::size_t actions = log.actions.size() <= kFewActions ? log.actions.size() : 0;
  std::vector<double> seen(actions + 1, 0), expected(actions + 1, 0), variance(actions + 1, 0);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (outcome.state[i] == State::kImmature) continue;
    const double p = outcome.asked[i], is_seen = outcome.state[i] == State::kObserved ? 1 : 0;
    seen[actions] += is_seen, expected[actions] += p, variance[actions] += p * (1 - p);
    if (actions == 0) continue;
    const std::size_t a = log.chosen_action(i);
    seen[a] += is_seen, expected[a] += p, variance[a] += p * (1 - p);
  }
  for (std::size_t a = actions + 1; a-- > 0;) {
    if (a < actions && variance[a] < kLeastVariance) continue;
    if (std::abs(seen[a] - expected[a]) <= kFarInErrors * std::sqrt(variance[a]) + 1e-9 * expected[a]) continue;
    const std::string where = a == actions ? "" : " after " + log.actions[a];
    return fmt::format(
        "{} is observed {} times{}, but its probabilities of being asked add up to {:.1f} (standard error "
        "{:.1f}): some who were asked did not answer, or the probabilities are wrong",
        outcome.name, static_cast<std::uint64_t>(seen[a]), where, expected[a], std::sqrt(variance[a]));
  }
  return {};
}

void find_missing(const DecisionLog& log, const Goal& goal, std::vector<Finding>& out) {
  const std::vector<std::string> used = used_outcomes(goal);
  for (const OutcomeColumn& outcome : log.outcomes) {
    if (outcome.missing_count == 0 && outcome.asked.empty()) continue;
    const bool is_used = std::find(used.begin(), used.end(), outcome.name) != used.end();
    const Severity severity = is_used ? Severity::kWarning : Severity::kInfo;
    const OutcomeSpec* spec = goal.outcome(outcome.name);
    const bool declared = spec != nullptr && spec->missing_at_random;
    const bool unexplained = outcome.asked.empty() && outcome.missing_count > 0;
    if (unexplained && !declared) {
      out.push_back(
          {"asked", severity,
           fmt::format(
               "{} is missing in {} of {} decisions, and the goal file does not say why: intervals take "
               "it to be missing at random given action and context, and {}.",
               outcome.name, outcome.missing_count, log.size(),
               is_used ? "what decides is only what holds at the worst that is missing could be (asked = "
                         "a probability or its column, absent = \"zero\" or missing = \"at_random\" say "
                         "why)"
                       : "nothing rests on it")});
    } else if (unexplained) {
      out.push_back({"asked", Severity::kInfo,
                     fmt::format("{} is missing in {} of {} decisions, at random given action and context, as "
                                 "the goal file declares.",
                                 outcome.name, outcome.missing_count, log.size())});
    }
    if (const std::string wrong = asked_contradiction(log, outcome); !wrong.empty())
      out.push_back({"asked", severity, wrong + "."});
    find_unequal_shares(log, outcome, is_used, out);
  }
}

}  // namespace plumb
