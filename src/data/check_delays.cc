// Late records whose outcome has no observed_after: how long they took, and how many decisions are younger.
#include <fmt/core.h>

#include <algorithm>

#include "data/checks.h"
#include "data/late_outcomes.h"
#include "data/log_builder.h"

namespace plumb {

namespace {

constexpr std::size_t kFewDelays = 20;
constexpr double kMostCome = .95, kHarmful = .005;
constexpr double kDay = 24 * 3600 * 1e6;

// The smallest delay that a share of all does not exceed. REQUIRES: sorted, not empty.
double delay_at(const std::vector<double>& delay, double share) {
  const auto last = static_cast<double>(delay.size() - 1);
  return delay[static_cast<std::size_t>(share * last)];
}

std::string in_days(double us) { return fmt::format("{:.3g} days", us / kDay); }

// By outcome: how long after its decision every record came. Also the latest time of any record.
struct Delays {
  std::vector<std::vector<double>> of;
  std::int64_t latest = kNoTime;
};

Delays read_delays(const DecisionLog& log, const Goal& goal, std::int64_t as_of) {
  Delays out;
  out.of.resize(goal.outcomes.size());
  Interner ids;
  ids.reserve(log.size());
  for (const std::string& id : log.id) ids.intern(id);
  for (const std::string& file : goal.data.outcome_files) {
    for_each_late_record(TextSource::read(find_beside(goal, log.source, file, "data.outcomes")), goal, as_of,
                         [&](const LateRecord& record) {
                           if (!record.time_us) return;
                           out.latest = std::max(out.latest, *record.time_us);
                           const std::uint32_t row = ids.find(record.id);
                           if (record.later || row == Interner::kNone) return;
                           for (const auto& [j, y] : record.values)
                             out.of[j].push_back(static_cast<double>(*record.time_us - log.time_us[row]));
                         });
  }
  for (std::vector<double>& delay : out.of) std::sort(delay.begin(), delay.end());
  return out;
}

}  // namespace

void find_delays(const DecisionLog& log, const Goal& goal, std::vector<Finding>& out) {
  const auto unbounded = [](const OutcomeSpec& spec) { return !spec.observed_after_us; };
  // A log that no file holds has no records either.
  if (goal.data.outcome_files.empty() || log.time_us.empty() || log.id.empty() || log.row_fingerprint.empty() ||
      std::none_of(goal.outcomes.begin(), goal.outcomes.end(), unbounded))
    return;
  const std::int64_t as_of =
      goal.data.as_of.empty()
          ? kNoTime
          : parse_time_us(goal.data.as_of, goal.path.empty() ? "goal" : goal.path, "data.as_of");
  const Delays delays = read_delays(log, goal, as_of);
  const std::int64_t now =
      as_of != kNoTime ? as_of
                       : std::max(delays.latest, *std::max_element(log.time_us.begin(), log.time_us.end()));
  for (std::size_t j = 0; j < goal.outcomes.size(); ++j) {
    const OutcomeSpec& spec = goal.outcomes[j];
    const std::vector<double>& delay = delays.of[j];
    if (spec.observed_after_us || delay.size() < kFewDelays) continue;
    const double most = delay_at(delay, kMostCome);
    if (most <= 0) continue;
    // Which share of the records that are still to come is not there yet: those of young decisions.
    double younger = 0, to_come = 0;
    for (const std::int64_t time : log.time_us) {
      const auto age = static_cast<double>(now - time);
      younger += age < most;
      to_come += static_cast<double>(delay.end() - std::upper_bound(delay.begin(), delay.end(), age)) /
                 static_cast<double>(delay.size());
    }
    if (younger == 0) continue;
    const auto n = static_cast<double>(log.size());
    const bool zeros = spec.absent_is_zero, harmful = zeros && to_come / n > kHarmful;
    out.push_back(
        {"late_outcomes", harmful ? Severity::kCap : Severity::kWarning,
         fmt::format(
             "{} comes late: half of its records within {}, 95 % within {}, and {:.2g} % of the decisions are "
             "younger "
             "than that, so that about {:.2g} % of its records are still to come; {}. Say how long it takes: "
             "outcome.{}.observed_after = \"{:.0f}d\".",
             spec.name, in_days(delay_at(delay, .5)), in_days(most), 100 * younger / n, 100 * to_come / n,
             zeros ? "absent = \"zero\" counts them as zero" : "they count as missing", spec.name,
             std::max(1.0, std::ceil(delay.back() / kDay)))});
  }
}

}  // namespace plumb
