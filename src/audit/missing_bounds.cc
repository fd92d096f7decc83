#include "audit/missing_bounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/claims.h"

namespace plumb {
namespace {

constexpr double kSpans = 10;  // of what was observed: the range of an outcome of which nobody stated one

}  // namespace

Measured at_worst(const Measured& measured, const WorstCase& worst, double critical) {
  Measured out = measured;
  if (!out.known) return out;
  out.interval.lower += std::min(0.0, worst.lower_shift) - critical * worst.lower_error;
  out.interval.upper += std::max(0.0, worst.upper_shift) + critical * worst.upper_error;
  out.method = "bounds";
  return out;
}

MissingBounds::MissingBounds(const DecisionLog& log, const Goal& goal, const OutcomeModels& models,
                             const std::map<std::string, std::string>& caps, int threads)
    : log_(log), models_(models), threads_(threads) {
  for (const std::string& name : models.outcome) {
    gaps_.emplace_back();
    const OutcomeSpec* spec = goal.outcome(name);
    if (spec == nullptr || !spec->model.empty() || spec->kind == OutcomeKind::kPreference) continue;
    const OutcomeColumn& column = log.outcome(name);
    const auto cap = caps.find(name);
    if (cap == caps.end() && !column.asked_estimated) continue;  // nothing is in doubt
    Gap found;
    found.column = &column;
    found.cap = cap == caps.end() ? nullptr : &cap->second;
    double least = INFINITY, most = -INFINITY;
    for (std::size_t i = 0; i < log.size(); ++i) {
      found.missing += column.state[i] == State::kMissing;
      if (column.state[i] != State::kObserved) continue;
      least = std::min(least, column.value[i]);
      most = std::max(most, column.value[i]);
    }
    const Bounds stated = bounds_of(goal, name);
    found.assumed = !stated.known;
    // Values that are all the same have no span: nothing bounds what is missing.
    const double margin = most > least ? (kSpans - 1) / 2 * (most - least) : INFINITY;
    found.lowest = stated.known ? stated.lowest : least - margin;
    found.highest = stated.known ? stated.highest : most + margin;
    gaps_.back() = found;
    any_ = true;
  }
}

void MissingBounds::add(const PolicyPointer& policy) {
  members_.emplace_back();
  if (!any_) return;
  Weights& to = members_.back();
  if (policy->is_logging()) {
    to.one = true;
    return;
  }
  if (policy->kind() == PolicyKind::kConstant && log_.fixed_actions) {
    const std::string name = policy->name().substr(9);  // after "constant:"
    const auto at = std::find(log_.actions.begin(), log_.actions.end(), name);
    to.action = static_cast<std::uint32_t>(at - log_.actions.begin());
    return;
  }
  const std::vector<float> probability = probabilities_of(*policy, log_, threads_);
  to.of.resize(log_.size());
  for (std::size_t i = 0; i < log_.size(); ++i)
    to.of[i] = static_cast<float>(static_cast<double>(probability[log_.chosen_row(i)]) / log_.propensity[i]);
}

double MissingBounds::weight(std::size_t member, std::size_t i) const {
  const Weights& from = members_[member];
  if (from.one) return 1;
  if (from.action) return log_.chosen_action(i) == *from.action ? 1 / log_.propensity[i] : 0;
  return static_cast<double>(from.of[i]);
}

const std::string* MissingBounds::cap(Terms terms) const {
  for (const auto& [outcome, weight] : terms) {
    if (const Gap* g = gap(outcome); g && g->cap && weight != 0) return g->cap;
  }
  return nullptr;
}

WorstCase MissingBounds::worst(Terms terms, std::size_t a, std::optional<std::size_t> b,
                               const Rows& rows) const {
  Moments moments;
  Contrast lower{"lower", {}}, upper{"upper", {}};
  for (const auto& [outcome, share] : terms) {
    const Gap* g = gap(outcome);
    if (g == nullptr || g->cap == nullptr || share == 0) continue;
    const OutcomeColumn& column = *g->column;
    if (!std::isfinite(g->highest - g->lowest)) return {-INFINITY, 0, INFINITY, 0};
    const std::size_t low = moments.add_sums(), high = moments.add_sums(), count = moments.add_sums();
    const std::span<double> to_low = moments.sums(low), to_high = moments.sums(high), n = moments.sums(count);
    for (std::size_t i = 0; i < log_.size(); ++i) {
      if (!rows[i] || column.state[i] == State::kImmature) continue;
      const double r = log_.weight.empty() ? 1.0 : static_cast<double>(log_.weight[i]);
      const std::size_t bucket = bucket_of(log_.unit[i]);
      n[bucket] += r;
      const double d = share * (weight(a, i) - (b ? weight(*b, i) : 0.0));
      if (d == 0) continue;
      const double q = static_cast<double>(models_.q[outcome][log_.chosen_row(i)]);
      if (column.state[i] == State::kObserved) {
        // What the estimate gives an observed value beyond itself, since it stands for others too.
        const double extra =
            column.asked.empty() ? 0.0 : r * d * (1 / column.asked[i] - 1) * (column.value[i] - q);
        to_low[bucket] -= extra;
        to_high[bucket] -= extra;
      } else {
        to_low[bucket] += r * d * ((d > 0 ? g->lowest : g->highest) - q);
        to_high[bucket] += r * d * ((d > 0 ? g->highest : g->lowest) - q);
      }
    }
    lower.terms.emplace_back(moments.add_column(low, count), 1.0);
    upper.terms.emplace_back(moments.add_column(high, count), 1.0);
  }
  if (lower.terms.empty()) return {};
  const Contrast both[] = {lower, upper};
  const Estimates e = estimate(moments, both);
  return {e.value[0], e.standard_error[0], e.value[1], e.standard_error[1]};
}

std::string MissingBounds::whatever(Terms terms) const {
  std::string out;
  for (const auto& [outcome, weight] : terms) {
    const Gap* g = gap(outcome);
    if (g == nullptr || g->cap == nullptr || weight == 0) continue;
    const bool one = g->missing == 1;
    out += fmt::format("{}whatever the {} of {} {}, from {:.4g} to {:.4g}{}", out.empty() ? "" : " and ",
                       one ? "missing value" : fmt::format("{} missing values", g->missing), g->column->name,
                       one ? "is" : "are", g->lowest, g->highest,
                       g->assumed ? " (assumed: ten times the span of what was seen)" : "");
  }
  return out;
}

std::string MissingBounds::how_far(Terms terms, std::size_t a, std::optional<std::size_t> b, const Rows& rows,
                                   double room) const {
  std::string out;
  for (const auto& [outcome, share] : terms) {
    const Gap* g = gap(outcome);
    if (g == nullptr || g->cap != nullptr || share == 0) continue;
    double moved = 0, n = 0;
    for (std::size_t i = 0; i < log_.size(); ++i) {
      if (!rows[i] || g->column->state[i] == State::kImmature) continue;
      const double r = log_.weight.empty() ? 1.0 : static_cast<double>(log_.weight[i]);
      n += r;
      if (g->column->state[i] == State::kMissing)
        moved += r * std::abs(share * (weight(a, i) - (b ? weight(*b, i) : 0.0)));
    }
    if (!(moved > 0)) continue;
    const double distance = room * n / moved;
    out += distance >= g->highest - g->lowest
               ? fmt::format("; nothing that the missing values of {} could be changes that", g->column->name)
               : fmt::format(
                     "; the missing values of {} would have to lie {:.3g} from what action and context "
                     "let expect, the worse way for either policy, to change that",
                     g->column->name, distance);
  }
  return out;
}

}  // namespace plumb
