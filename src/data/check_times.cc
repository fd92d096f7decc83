// Whether the times in a log and in its late records can carry what rests on them: as_of, which decides who is
// old enough, and observed_after, which decides what counts.
#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <chrono>

#include "data/checks.h"
#include "data/far_times.h"
#include "data/late_summary.h"
#include "data/late_times.h"

namespace plumb {

namespace {

constexpr double kRareError = .001;  // level of the tests whose failure caps a verdict
// Values dated before their decision may be left out: three of them at least, by number, or what they hold.
constexpr std::uint64_t kFewBefore = 3;
constexpr double kShareBefore = .005, kSizeBefore = .05;
constexpr double kMuchBeyond = .05;
// Between them no times that were read rightly: seconds, milliseconds and eight digits all fall before 1971.
constexpr std::int64_t kBeginOf1971 = 31'536'000'000'000, kBeginOf1980 = 315'532'800'000'000;
constexpr double kFewDoubtful = .005;  // so few of the rows hardly move a mean, whatever they hold

double number(std::uint64_t count) { return static_cast<double>(count); }

std::string in_days(std::int64_t us) {
  return fmt::format("{:.3g} days", static_cast<double>(us) / static_cast<double>(kDayUs));
}

std::string date_of(std::int64_t us) {
  using namespace std::chrono;
  const sys_time<microseconds> time{microseconds(us)};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<seconds>(time - day)};
  return fmt::format("{}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

// The probability that of events which fall on `rows` and on `other_rows` at the same rate so few fall on
// `rows`.
double so_few(std::uint64_t events, double rows, std::uint64_t other_events, double other_rows) {
  const std::uint64_t all = events + other_events;
  if (all == 0 || rows <= 0 || other_rows <= 0) return 1;
  return boost::math::cdf(boost::math::binomial(number(all), rows / (rows + other_rows)), number(events));
}

struct Reader {
  const DecisionLog& log;
  const Goal& goal;
  const LateSummary& late;
  std::vector<std::string> used;
  std::vector<Finding>& out;

  bool is_used(const OutcomeSpec& spec) const {
    return std::find(used.begin(), used.end(), spec.name) != used.end();
  }
  // What nothing uses stops nothing.
  Severity cap(const OutcomeSpec& spec) const { return is_used(spec) ? Severity::kCap : Severity::kWarning; }
};

// Decisions that count as old enough only because the log's latest time is what it is.
struct Doubtful {
  std::uint64_t rows = 0, events = 0, other_rows = 0, other_events = 0;
};

Doubtful doubtful_rows(const Reader& r, const OutcomeSpec& spec, const FarLatest& far) {
  const OutcomeColumn& column = r.log.outcome(spec.name);
  Doubtful out;
  for (std::size_t i = 0; i < r.log.size(); ++i) {
    if (column.state[i] == State::kImmature || r.log.time_us[i] > far.before) continue;
    const bool event = column.state[i] == State::kObserved && column.value[i] != 0;
    const bool doubtful = r.log.time_us[i] + *spec.observed_after_us > far.before;
    ++(doubtful ? out.rows : out.other_rows);
    (doubtful ? out.events : out.other_events) += event;
  }
  return out;
}

// as_of is the latest time in the log. Where that lies apart from everything else, and rows are old enough by
// it alone, it is doubtful: by its distance, or because those rows have fewer events than the older ones.
void find_far_as_of(const Reader& r, std::int64_t now_us) {
  if (!r.goal.data.as_of.empty() || r.log.time_us.empty()) return;
  std::vector<std::int64_t> decisions = r.log.time_us;
  std::sort(decisions.begin(), decisions.end());
  const bool any = std::any_of(r.goal.outcomes.begin(), r.goal.outcomes.end(), [&](const OutcomeSpec& spec) {
    return spec.observed_after_us && spec.model.empty() && r.is_used(spec);
  });
  if (!any) return;
  const std::string hint =
      decisions.back() > now_us ? " By the clock of this machine it lies in the future." : "";
  const std::optional<FarLatest> far = far_latest(decisions, r.late.time_us);
  bool said = false;
  for (const OutcomeSpec& spec : r.goal.outcomes) {
    if (!far || !spec.observed_after_us || !spec.model.empty() || !r.is_used(spec)) continue;
    const Doubtful rows = doubtful_rows(r, spec, *far);
    const bool fewer = rows.rows > 0 && so_few(rows.events, number(rows.rows), rows.other_events,
                                               number(rows.other_rows)) <= kRareError;
    const bool few = number(rows.rows) <= kFewDoubtful * number(rows.rows + rows.other_rows);
    if (few || !(far->far || fewer)) continue;
    r.out.push_back(
        {"as_of", Severity::kCap,
         fmt::format(
             "as_of is taken from the log, whose latest time, {}, lies {} after everything else that is "
             "dated, which ends at {} and spans {}; {} decisions count as old enough for {} by it alone "
             "({} of them have events, of {} older ones {}). A mistyped time would make what is not known "
             "yet count: state data.as_of.{}",
             date_of(far->latest), in_days(far->gap), date_of(far->before), in_days(far->span), rows.rows,
             spec.name, rows.events, rows.other_rows, rows.other_events, hint)});
    said = true;
  }
  if (!said && !hint.empty())
    r.out.push_back(
        {"as_of", Severity::kInfo,
         fmt::format("as_of is taken from the log's latest time, {}.{}", date_of(decisions.back()), hint)});
}

// A stated as_of that lies beyond everything dated: said, and doubted where rows that are old enough by it
// alone have fewer events than the older ones.
void find_late_as_of(const Reader& r, std::int64_t as_of) {
  const auto [first, last] = std::minmax_element(r.log.time_us.begin(), r.log.time_us.end());
  FarLatest all;
  all.before = r.late.time_us.empty() ? *last : std::max(*last, r.late.time_us.back());
  all.span = all.before - *first;
  all.gap = as_of - all.before;
  if (as_of > kBeginOf1980 && *last < kBeginOf1971) {
    r.out.push_back(
        {"as_of", Severity::kCap,
         fmt::format("every decision is dated before 1971, the last one {}, and as_of is {}: times are read as "
                     "microseconds since 1970. Write them so, or as ISO 8601 times.",
                     date_of(*last), date_of(as_of))});
    return;
  }
  if (all.gap <= all.span) return;
  bool said = false;
  for (const OutcomeSpec& spec : r.goal.outcomes) {
    if (!spec.observed_after_us || !spec.model.empty() || !r.is_used(spec)) continue;
    const Doubtful rows = doubtful_rows(r, spec, all);
    if (rows.rows == 0 ||
        so_few(rows.events, number(rows.rows), rows.other_events, number(rows.other_rows)) > kRareError)
      continue;
    said = true;
    r.out.push_back(
        {"as_of", Severity::kCap,
         fmt::format(
             "as_of, {}, lies {} after everything dated, and {} decisions count as old enough for {} by "
             "it alone: {} of them have events, of {} older ones {}. What is not known yet counts: state "
             "the day up to which outcomes were collected.",
             date_of(as_of), in_days(all.gap), rows.rows, spec.name, rows.events, rows.other_rows,
             rows.other_events)});
  }
  if (!said)
    r.out.push_back({"as_of", Severity::kWarning,
                     fmt::format("as_of, {}, lies {} after everything dated, which spans {}.", date_of(as_of),
                                 in_days(all.gap), in_days(all.span))});
}

// Decisions after as_of; an as_of that nothing can be held against. Returns their number.
std::uint64_t find_after_as_of(const Reader& r) {
  const std::int64_t as_of = stated_as_of(r.goal);
  if (as_of == kNoMoment) return 0;
  if (r.log.time_us.empty()) {
    r.out.push_back({"as_of", Severity::kWarning,
                     "as_of is stated, but the log has no times: no decision is left out by it."});
    return 0;
  }
  const auto after = static_cast<std::uint64_t>(
      std::count_if(r.log.time_us.begin(), r.log.time_us.end(), [&](std::int64_t t) { return t > as_of; }));
  if (after > 0)
    r.out.push_back({"as_of", Severity::kWarning,
                     fmt::format("{} of {} decisions are later than as_of, {}, and are left out.", after,
                                 r.log.size(), date_of(as_of))});
  if (after == 0 && r.log.size() > 0) find_late_as_of(r, as_of);
  return after;
}

// Late records without times, where as_of or a window asks for them.
void find_undated(const Reader& r, std::uint64_t after_as_of) {
  if (r.late.undated == 0 || !needs_late_times(r.goal)) return;
  const bool stated = !r.goal.data.as_of.empty();
  const bool used = std::any_of(r.goal.outcomes.begin(), r.goal.outcomes.end(), [&](const OutcomeSpec& spec) {
    const auto j = static_cast<std::size_t>(&spec - r.goal.outcomes.data());
    return r.is_used(spec) && r.late.outcome[j].undated > 0 && (stated || spec.observed_after_us);
  });
  const bool may_count = stated && after_as_of > 0;
  bool misnamed = false;
  std::string where;
  for (const LateSummary::Undated& file : r.late.files) {
    where += fmt::format(
        " {} has no column named {} (its columns: {}){}.", file.file, fmt::join(late_time_names(r.goal), ", "),
        fmt::join(file.columns, ", "),
        file.times.empty() ? "" : fmt::format("; times seem to stand in {}", fmt::join(file.times, ", ")));
    misnamed |= !file.times.empty();
  }
  r.out.push_back(
      {"late_times", used && (may_count || misnamed) ? Severity::kCap : Severity::kWarning,
       fmt::format(
           "{} of {} late records have no time: whether they came {} is not known, and they count.{}{}",
           r.late.undated, r.late.records,
           stated ? "after as_of, or later than observed_after," : "later than observed_after", where,
           may_count ? " The log has decisions that are later than as_of, so that records may be, too." : "")});
}

// Values dated before their decision, and those that came later than the window.
void find_misdated(const Reader& r) {
  for (std::size_t j = 0; j < r.goal.outcomes.size(); ++j) {
    const OutcomeSpec& spec = r.goal.outcomes[j];
    const LateValues& of = r.late.outcome[j];
    if (of.before > 0) {
      const double share = number(of.before) / number(of.count);
      const double size = of.size > 0 ? of.size_before / of.size : 0;
      const bool much = (of.before >= kFewBefore && share > kShareBefore) || size > kSizeBefore;
      r.out.push_back(
          {"late_before", much ? r.cap(spec) : Severity::kWarning,
           fmt::format(
               "{} of {} late values of {} ({:.2g} %) are dated before their own decision, which they "
               "cannot have followed: they are left out. Other clocks, time zones or ids that were used "
               "twice may have made them.",
               of.before, of.count, spec.name, 100 * share)});
    }
    if (of.at_once > 0)
      r.out.push_back(
          {"late_before", Severity::kInfo,
           fmt::format("{} of {} late values of {} are dated up to a minute before their own decision, "
                       "as two clocks may differ: they count.",
                       of.at_once, of.count, spec.name)});
    if (of.beyond > 0) {
      const auto percent = [](std::uint64_t part, std::uint64_t all) {
        return all == 0 ? 0.0 : 100 * number(part) / number(all);
      };
      const double share = percent(of.beyond, of.older + of.younger);
      r.out.push_back(
          {"observed_after",
           share > 100 * kMuchBeyond && r.is_used(spec) ? Severity::kWarning : Severity::kInfo,
           fmt::format("{} of {} dated late values of {} ({:.2g} %) came later than {} after their decision "
                       "({:.2g} % of the older half of the decisions, {:.2g} % of the younger): they are left "
                       "out of all decisions, so that {} is what is seen within observed_after.",
                       of.beyond, of.older + of.younger, spec.name, share, in_days(*spec.observed_after_us),
                       percent(of.beyond_older, of.older), percent(of.beyond_younger, of.younger), spec.name)});
    }
  }
}

}  // namespace

void find_times(const DecisionLog& log, const Goal& goal, const LateSummary& late, std::int64_t now_us,
                std::vector<Finding>& out) {
  const Reader r{log, goal, late, used_outcomes(goal), out};
  find_far_as_of(r, now_us);
  const std::uint64_t after_as_of = find_after_as_of(r);
  find_undated(r, after_as_of);
  find_misdated(r);
}

}  // namespace plumb
