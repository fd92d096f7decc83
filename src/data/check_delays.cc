// Late records whose outcome has no observed_after: how long they took, and how many decisions are younger.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "data/checks.h"
#include "data/far_times.h"
#include "data/late_summary.h"
#include "data/late_times.h"

namespace plumb {

namespace {

constexpr std::size_t kFewDelays = 20;
constexpr double kMostCome = .95;
constexpr double kDay = 24 * 3600 * 1e6;

// The smallest delay that a share of all does not exceed. REQUIRES: sorted, not empty.
double delay_at(const std::vector<double>& delay, double share) {
  const auto last = static_cast<double>(delay.size() - 1);
  return delay[static_cast<std::size_t>(share * last)];
}

std::string in_days(double us) { return fmt::format("{:.3g} days", us / kDay); }

// Until when records came: as_of, or the latest time of anything, unless that lies apart from all others.
std::int64_t known_until(const DecisionLog& log, const Goal& goal, const LateSummary& late) {
  if (const std::int64_t as_of = stated_as_of(goal); as_of != kNoMoment) return as_of;
  std::vector<std::int64_t> decisions = log.time_us;
  std::sort(decisions.begin(), decisions.end());
  if (const std::optional<FarLatest> far = far_latest(decisions, late.time_us); far && far->far)
    return far->before;
  return late.time_us.empty() ? decisions.back() : std::max(late.time_us.back(), decisions.back());
}

// What the delays of the records say of those that are not there; empty where there are too few, or none to
// come.
std::string still_to_come(const DecisionLog& log, const OutcomeSpec& spec, const std::vector<double>& delay,
                          std::int64_t now) {
  if (delay.size() < kFewDelays) return "";
  const double most = delay_at(delay, kMostCome);
  if (most <= 0) return "";
  // Which share of the records that are still to come is not there yet: those of young decisions.
  double younger = 0, to_come = 0;
  for (const std::int64_t time : log.time_us) {
    const auto age = static_cast<double>(now - time);
    younger += age < most;
    to_come += static_cast<double>(delay.end() - std::upper_bound(delay.begin(), delay.end(), age)) /
               static_cast<double>(delay.size());
  }
  if (younger == 0) return "";
  const auto n = static_cast<double>(log.size());
  return fmt::format(
      "{} comes late: half of its records within {}, 95 % within {}, and {:.2g} % of the decisions are younger "
      "than that, so that about {:.2g} % of its records are still to come; {}. Say how long it takes: "
      "outcome.{}.observed_after = \"{:.0f}d\".",
      spec.name, in_days(delay_at(delay, .5)), in_days(most), 100 * younger / n, 100 * to_come / n,
      spec.absent_is_zero ? "absent = \"zero\" counts them as zero" : "they count as missing", spec.name,
      std::max(1.0, std::ceil(delay.back() / kDay)));
}

}  // namespace

void find_delays(const DecisionLog& log, const Goal& goal, const LateSummary& late, std::vector<Finding>& out) {
  const bool timed = !log.time_us.empty();
  const std::vector<std::string> used = used_outcomes(goal);
  for (const OutcomeColumn& column : log.outcomes) {
    const OutcomeSpec* spec = goal.outcome(column.name);
    if (spec == nullptr || (spec->observed_after_us && timed)) continue;
    const LateValues& of = late.outcome[static_cast<std::size_t>(spec - goal.outcomes.data())];
    // A log without times and late records says nothing of when: what it holds is what there is.
    if (of.count == 0 && !timed) continue;
    // What is not there is zero, and nothing says from when on it would be.
    const bool zeros = column.zero_filled_count > 0;
    std::string sentence =
        timed && of.count > 0 ? still_to_come(log, *spec, of.delay, known_until(log, goal, late)) : "";
    if (sentence.empty() && zeros)
      sentence = fmt::format(
          "{} is absent from {} of {} decisions, and absent = \"zero\" counts them as zero, also where it is "
          "not "
          "known yet: {}.",
          spec->name, column.zero_filled_count, column.observed_count,
          !timed ? "the log has no times to tell which decisions are old enough"
          : of.count > 0
              ? fmt::format(
                    "say how long its late records take, outcome.{}.observed_after = \"30d\" for example",
                    spec->name)
              : fmt::format("say when it is known, outcome.{}.observed_after = \"30d\" for example, or \"0s\" "
                            "where it is known with the decision",
                            spec->name));
    if (sentence.empty()) continue;
    const bool harmful = zeros && std::find(used.begin(), used.end(), spec->name) != used.end();
    out.push_back({"late_outcomes", harmful ? Severity::kCap : Severity::kWarning, std::move(sentence)});
  }
}

}  // namespace plumb
