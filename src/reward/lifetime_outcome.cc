// Customer lifetime value as an outcome: what came after the decision, and what of late purchases is to be
// expected beyond the end of the file, by half and, where the log carries it, by action.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "plumb/learnt.h"
#include "plumb/reward.h"
#include "reward/lifetime_change.h"
#include "reward/lifetime_join.h"
#include "reward/lifetime_pace.h"
#include "reward/lifetime_rows.h"

namespace plumb {
namespace {

constexpr double kStep = 1e-3;                // of central differences, in logarithms
constexpr std::size_t kWidth = 5;             // log r, alpha, a, b; log pace
constexpr std::size_t kHalves = 2;            // training, certification
constexpr std::size_t kRowsForSlopes = 2048;  // slopes only carry errors: some rows tell them well enough
constexpr double kUsualHistory = 0.98;
constexpr double kChangeLevel = 0.02;  // of the test for an effect that changes, all actions together

using Rows = std::vector<const LifetimeRow*>;

std::int64_t end_of_day(std::int64_t time_us) { return (day_of(time_us) + 1) * kDayUs; }

std::int64_t end_of(const DecisionLog& log, const Goal& goal, const Transactions& t) {
  const std::size_t last =
      static_cast<std::size_t>(std::max_element(t.time_us.begin(), t.time_us.end()) - t.time_us.begin());
  const std::size_t latest =
      static_cast<std::size_t>(std::max_element(log.time_us.begin(), log.time_us.end()) - log.time_us.begin());
  if (goal.data.as_of.empty()) return end_of_day(std::max(t.time_us[last], log.time_us[latest]));
  const std::int64_t end = parse_time_us(goal.data.as_of, "goal", "data.as_of");
  const auto after = [&](const std::string& where, const std::string& what, std::int64_t time) {
    refuse(where, what,
           fmt::format("a time {:.2f} days after data.as_of",
                       static_cast<double>(time - end) / static_cast<double>(kDayUs)),
           "none at or after " + goal.data.as_of);
  };
  if (t.time_us[last] >= end)
    after(fmt::format("{}: transaction {}", t.source, last + 1), "date", t.time_us[last]);
  if (log.time_us[latest] > end) after(log.source, goal.data.time, log.time_us[latest]);
  return end;
}

// The model of one half's customers.
struct Half {
  std::string name;
  std::vector<CustomerSummary> customers;
  std::vector<std::uint64_t> unit;
  BgNbd model;
  Matrix influence;  // kBuckets x 4
};

std::vector<Half> fit_halves(const Transactions& t, std::int64_t end_us, std::uint64_t split_seed,
                             int threads) {
  std::vector<Half> out(kHalves);
  out[0].name = "training half";
  out[1].name = "certification half";
  for (CustomerSummary& s : summarize(t, end_us)) {
    const std::uint64_t unit = hash_bytes(s.customer);
    Half& half = out[fold_of(unit, split_seed) < kTrainingFolds ? 0 : 1];
    half.customers.push_back(std::move(s));
    half.unit.push_back(unit);
  }
  parallel_blocks(kHalves, threads, [&](std::size_t h) {
    Half& half = out[h];
    half.model = fit_bg_nbd(half.customers);
    if (!half.model.known) return;
    const Matrix by_customer = influence(half.model, half.customers);
    half.influence = Matrix(kBuckets, 4);
    for (std::size_t c = 0; c < half.customers.size(); ++c) {
      for (std::size_t k = 0; k < 4; ++k) half.influence(bucket_of(half.unit[c]), k) += by_customer(c, k);
    }
  });
  return out;
}

// One action's customers in one half: their pace, and what a late purchase stands for.
struct Group {
  std::size_t half = 0;
  Rows rows;  // of the action
  std::vector<std::size_t> decision;
  bool paced = false;  // else the half's own pace
  double log_pace = 0;
  WindowSums sums;                     // of all decisions of the half, at this pace
  double factor = 0;                   // future over late
  std::array<double, kWidth> slope{};  // of the factor
  double ratio_slope = 0;              // d log(late / early) / d log pace
  Matrix influence;                    // kBuckets x kWidth
};

double factor_of(const WindowSums& sums) { return sums.late > 0 ? sums.future / sums.late : 0; }

// Every k-th row, so that at most kRowsForSlopes are left.
Rows some_of(const Rows& rows) {
  const std::size_t step = (rows.size() + kRowsForSlopes - 1) / kRowsForSlopes;
  Rows out;
  for (std::size_t i = 0; i < rows.size(); i += std::max<std::size_t>(1, step)) out.push_back(rows[i]);
  return out;
}

void add_influence(const Half& half, const DecisionLog& log, const Pace& pace, Group& group) {
  group.influence = Matrix(kBuckets, kWidth);
  std::vector<double> own(kBuckets, 0.0);
  if (pace.known) {
    const std::vector<double> parts = pace_influence(half.model.parameters, group.rows, pace);
    for (std::size_t k = 0; k < parts.size(); ++k) own[bucket_of(log.unit[group.decision[k]])] += parts[k];
  }
  std::array<double, kWidth> sum{};
  for (std::size_t b = 0; b < kBuckets; ++b) {
    for (std::size_t k = 0; k < 4; ++k) {
      group.influence(b, k) = half.influence(b, k);
      if (pace.known) own[b] -= pace.by_model[k] / pace.slope * half.influence(b, k);
    }
    group.influence(b, 4) = own[b];
    for (std::size_t k = 0; k < kWidth; ++k) sum[k] += group.influence(b, k);
  }
  for (std::size_t b = 0; b < kBuckets; ++b) {
    for (std::size_t k = 0; k < kWidth; ++k) group.influence(b, k) -= sum[k] / static_cast<double>(kBuckets);
  }
}

void measure(const Half& half, const DecisionLog& log, const Rows& of_half, const Pace& whole, double horizon,
             Group& group) {
  const BgNbdParameters& p = half.model.parameters;
  Pace pace = pace_of(p, group.rows);
  group.paced = pace.known;
  group.log_pace = pace.known ? pace.log_pace : whole.known ? whole.log_pace : 0;
  add_influence(half, log, pace, group);
  group.sums = expected_in_windows(p, of_half, std::exp(group.log_pace), horizon);
  group.factor = factor_of(group.sums);
  const Rows some = some_of(of_half);
  const std::array<double, kWidth> at = {std::log(p.r), std::log(p.alpha), std::log(p.a), std::log(p.b),
                                         group.log_pace};
  for (std::size_t k = 0; k < kWidth; ++k) {
    std::array<WindowSums, 2> sums;
    for (const int side : {0, 1}) {
      auto x = at;
      x[k] += side == 0 ? -kStep : kStep;
      sums[static_cast<std::size_t>(side)] = expected_in_windows(
          {std::exp(x[0]), std::exp(x[1]), std::exp(x[2]), std::exp(x[3])}, some, std::exp(x[4]), horizon);
    }
    group.slope[k] = (factor_of(sums[1]) - factor_of(sums[0])) / (2 * kStep);
    if (k == 4 && sums[0].early > 0 && sums[0].late > 0)
      group.ratio_slope =
          (std::log(sums[1].late / sums[1].early) - std::log(sums[0].late / sums[0].early)) / (2 * kStep);
  }
}

// By half, then by action (or one for all).
std::vector<Group> groups_of(const DecisionLog& log, const std::vector<Half>& halves,
                             const std::vector<LifetimeRow>& rows, bool by_action, double horizon,
                             int threads) {
  const std::size_t actions = by_action ? log.actions.size() : 1;
  std::vector<Group> out(kHalves * actions);
  std::vector<Rows> of_half(kHalves);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].known) continue;
    const std::size_t half = log.in_training(i) ? 0 : 1;
    Group& group = out[half * actions + (by_action ? log.chosen_action(i) : 0)];
    group.rows.push_back(&rows[i]);
    group.decision.push_back(i);
    of_half[half].push_back(&rows[i]);
  }
  std::vector<Pace> whole(kHalves);
  parallel_blocks(kHalves, threads,
                  [&](std::size_t h) { whole[h] = pace_of(halves[h].model.parameters, of_half[h]); });
  parallel_blocks(out.size(), threads, [&](std::size_t g) {
    const std::size_t h = g / actions;
    out[g].half = h;
    measure(halves[h], log, of_half[h], whole[h], horizon, out[g]);
  });
  return out;
}

// Both halves together.
std::vector<ModelRatio> ratios_of(const std::vector<Group>& groups, std::size_t actions) {
  std::vector<ModelRatio> out(actions);
  for (std::size_t a = 0; a < actions; ++a) {
    const Group &one = groups[a], &other = groups[actions + a];
    const double early = one.sums.early + other.sums.early, late = one.sums.late + other.sums.late;
    out[a].influence.assign(kBuckets, 0.0);
    if (!(early > 0) || !(late > 0)) continue;
    out[a].log_ratio = std::log(late / early);
    for (const Group* g : {&one, &other}) {
      for (std::size_t b = 0; b < kBuckets; ++b)
        out[a].influence[b] += g->sums.late / late * g->ratio_slope * g->influence(b, 4);
    }
  }
  return out;
}

// The calendar's error, relative to what is expected: as wide a normal error as widens forecast_purchases'
// interval, whose part for the calendar is Student's. Empty where the file is too short for backtests.
std::optional<double> calendar_error(const Transactions& t, std::int64_t end_us, double periods, double level,
                                     std::vector<double>& backtests) {
  try {
    const Forecast f = forecast_purchases(t, end_us, periods, level);
    backtests = f.backtests;
    const double z = normal_quantile(0.5 + level / 2), half = f.interval.upper - f.expected;
    const double own = f.process_error * f.process_error + f.parameter_error * f.parameter_error;
    return std::sqrt(std::max(0.0, half * half / (z * z) - own)) / f.expected;
  } catch (const Error& e) {
    if (e.code() != Code::kInput) throw;
    return std::nullopt;
  }
}

// Purchases to be expected after the decision, at the pace before it; times what a purchase was worth so far;
// money so far, and its root. All are cut at kUsualHistory's quantile: spending is skewed, and what a few
// customers spend before must not decide what is foretold of others.
void add_history(const DecisionLog& log, const std::vector<Half>& halves, const std::vector<LifetimeRow>& rows,
                 double horizon, LearntOutcome& out) {
  constexpr std::size_t kColumns = 4;
  out.history_width = kColumns;
  out.history.assign(rows.size() * kColumns, 0.0f);
  double money = 0, purchases = 0;
  for (const LifetimeRow& row : rows) {
    money += row.before;
    purchases += row.before_count;
  }
  const double usual = purchases > 0 ? money / purchases : 0;
  for (std::size_t h = 0; h < halves.size(); ++h) {
    std::vector<std::size_t> at;
    std::vector<CustomerSummary> start;
    std::vector<double> periods;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!rows[i].known || rows[i].before_count == 0 || log.in_training(i) != (h == 0)) continue;
      at.push_back(i);
      start.push_back(rows[i].start);
      periods.push_back(rows[i].seen + horizon);
    }
    const std::vector<double> expected = expected_purchases(halves[h].model.parameters, start, periods);
    for (std::size_t k = 0; k < at.size(); ++k) {
      const LifetimeRow& row = rows[at[k]];
      // Amounts of few purchases are drawn towards the usual one, as if one more had been that.
      const double worth = (row.before + usual) / (row.before_count + 1);
      const std::array<double, kColumns> columns = {expected[k], expected[k] * worth, row.before,
                                                    std::sqrt(row.before)};
      for (std::size_t j = 0; j < kColumns; ++j)
        out.history[at[k] * kColumns + j] = static_cast<float>(columns[j]);
    }
  }
  for (std::size_t j = 0; j < kColumns; ++j) {
    std::vector<float> column;
    for (std::size_t i = 0; i < rows.size(); ++i) column.push_back(out.history[i * kColumns + j]);
    const auto at =
        column.begin() + static_cast<std::ptrdiff_t>(kUsualHistory * static_cast<double>(rows.size() - 1));
    std::nth_element(column.begin(), at, column.end());
    for (std::size_t i = 0; i < rows.size(); ++i)
      out.history[i * kColumns + j] = std::min(out.history[i * kColumns + j], *at);
  }
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Is the time since the decisions long enough to foretell the horizon, and does the effect last?
void judge(LearntOutcome& out, double weeks, double horizon, bool by_action) {
  const auto cap = [&](const std::string& why) { out.caps.push_back(out.name + ": " + why); };
  std::string untested;
  if (!by_action) untested = "actions are not the same few in every decision";
  for (const EffectOverTime& e : out.effects) {
    if (!e.known && untested.empty()) untested = e.why_not;
  }
  if (weeks < kLeastLifetimeWeeks) {
    cap(fmt::format(
        "typical decisions lie {:.1f} weeks before the end of the purchases, {:.0f} are needed to tell "
        "whether an effect lasts",
        weeks, kLeastLifetimeWeeks));
  } else if (horizon > kMostHorizons * weeks) {
    cap(fmt::format(
        "it looks {:.1f} weeks ahead, more than {:.0f} times the {:.1f} weeks that are seen after typical "
        "decisions",
        horizon, kMostHorizons, weeks));
  } else if (!untested.empty()) {
    cap("whether effects last is not tested: " + untested);
  }
  std::string tested;
  bool changes = false;
  for (const EffectOverTime& e : out.effects) {
    if (!e.known) continue;
    const std::string seen = fmt::format(
        "in the first half of the time since the decision customers of {} spent {:+.3g} a decision against "
        "those of "
        "{}, in the second half {:+.3g}, where {:+.3g} would follow from an effect that lasts (standard error "
        "{:.2g}; "
        "z = {:.1f} in money, {:.1f} in purchases)",
        e.action, e.early, e.against, e.late, e.foretold, e.error, e.z_money, e.z_purchases);
    tested += " " + seen + ".";
    tested[tested.size() - seen.size() - 1] = 'I';
    if (e.p >= kChangeLevel) continue;
    changes = true;
    cap("the effect changes with time since the decision: " + seen +
        ", so that what is still to come is not foretold by it");
  }
  const bool short_of = weeks < kLeastLifetimeWeeks || horizon > kMostHorizons * weeks;
  out.assumptions.push_back(
      {"effects that last",
       changes                         ? "failed"
       : untested.empty() && !short_of ? "tested"
                                       : "untestable",
       fmt::format(
           "What is still to come is foretold from the second half of the {:.1f} weeks since typical "
           "decisions.{} An effect that fades or turns after the end of the purchases makes the gain too "
           "large (of a loss: the loss), one that grows makes it too small; nothing in the file can show "
           "what begins after its last date.",
           weeks, untested.empty() ? tested : tested + " Not tested: " + untested + ".")});
}

void describe_order(const std::vector<LifetimeRow>& rows, DayOrder order, LearntOutcome& out) {
  double own_day = 0, decisions = 0;
  for (const LifetimeRow& row : rows) {
    own_day += row.own_day;
    decisions += row.own_day > 0;
  }
  if (!order.by_day() || own_day == 0) return;
  const char* who = !order.purchases_dated  ? "Decisions have"
                    : order.decisions_dated ? "Decisions and purchases have"
                                            : "Purchases have";
  out.findings.push_back(
      {"purchases_on_the_day", Severity::kWarning,
       fmt::format(
           "{} dates without times: {:.0f} purchases lie on the own day of {:.0f} decisions. For {} they count "
           "as before the decision: what it caused on that day is not in the outcome.",
           who, own_day, decisions, out.name)});
}

}  // namespace

LearntOutcome learn_lifetime_value(const DecisionLog& log, const Goal& goal, const OutcomeSpec& spec,
                                   const Transactions& t, std::uint64_t split_seed, int threads) {
  const std::string title = "outcome." + spec.name;
  if (t.size() == 0) refuse(t.source, "transactions", "none", "at least one");
  if (t.amount.empty()) refuse(t.source, "amount", "no such column", "what every transaction was worth");
  if (!log.unit_named)
    refuse(log.source, "data.unit", "no unit", "the customer of every decision, as in " + t.source);
  if (log.time_us.empty()) refuse(log.source, "data.time", "no times", "when every decision was made");
  LearntOutcome out;
  out.name = spec.name;
  out.model = spec.model;
  out.width = kWidth;
  const std::int64_t end_us = end_of(log, goal, t);
  check_join(log, goal, spec, t, out.findings);
  find_repeated(t, spec.name, out.findings);
  const double horizon = static_cast<double>(*spec.horizon_us) / static_cast<double>(kWeekUs);

  const std::vector<Half> halves = fit_halves(t, end_us, split_seed, threads);
  for (const Half& half : halves) {
    if (half.model.known) continue;
    refuse(t.source, title, fmt::format("{} ({})", half.model.why_not, half.name),
           "customers enough in each half for a model of when they buy");
  }
  std::map<std::uint64_t, std::uint32_t> units;
  for (std::uint32_t c = 0; c < t.customer.size(); ++c) units[hash_bytes(t.customer[c])] = c;
  const DayOrder order = day_order(log, t);
  const std::vector<LifetimeRow> rows = lifetime_rows(log, t, units, end_us, order);
  describe_order(rows, order, out);

  const bool by_action = log.fixed_actions && log.actions.size() <= kMostIds;
  const std::size_t actions = by_action ? log.actions.size() : 1;
  const std::vector<Group> groups = groups_of(log, halves, rows, by_action, horizon, threads);
  for (const Half& half : halves) {
    out.rows += half.customers.size();
    out.group_name.push_back(half.name);
    out.purchases.push_back(half.model);
  }
  for (const Group& group : groups) out.influence.push_back(group.influence);
  if (by_action) out.effects = effects_over_time(log, rows, ratios_of(groups, actions));
  const std::optional<double> calendar = calendar_error(t, end_us, horizon, goal.confidence, out.backtests);

  add_history(log, halves, rows, horizon, out);

  OutcomeColumn& column = out.column;
  column.name = spec.name;
  column.kind = spec.kind;
  column.value.assign(log.size(), 0.0);
  column.state.assign(log.size(), State::kObserved);
  column.observed_count = log.size();
  out.group.assign(log.size(), 0);
  out.slope.assign(log.size() * kWidth, 0.0f);
  out.common.assign(log.size(), 0.0f);
  std::vector<double> weeks(log.size());
  double spent = 0, future = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    weeks[i] = static_cast<double>(end_us - log.time_us[i]) / static_cast<double>(kWeekUs);
    const std::size_t g = (log.in_training(i) ? 0 : 1) * actions + (by_action ? log.chosen_action(i) : 0);
    const double late = rows[i].late_money, to_come = groups[g].factor * late;
    column.value[i] = rows[i].spent + to_come;
    column.nonzero_count += column.value[i] != 0;
    out.group[i] = static_cast<std::uint32_t>(g);
    for (std::size_t k = 0; k < kWidth; ++k)
      out.slope[i * kWidth + k] = static_cast<float>(late * groups[g].slope[k]);
    if (calendar) out.common[i] = static_cast<float>(*calendar * to_come);
    spent += rows[i].spent;
    future += to_come;
  }
  out.sentence = fmt::format(
      "{} is what a customer spent after the decision and what is expected of it in the {:.0f} days after the "
      "end of "
      "the transactions ({:.0f} % of all): its purchases of the later half of the time since the decision, "
      "times what "
      "BG/NBD expects to come for each, from {} customers{}",
      spec.name, horizon * 7, spent + future > 0 ? 100 * future / (spent + future) : 0, out.rows,
      by_action ? ", each action at a pace of its own." : ", at one pace for all actions.");
  judge(out, median(std::move(weeks)), horizon, by_action);
  out.assumptions.push_back(
      {"a pace of buying for each action", "untestable",
       "Customers buy at their own rates, times the action's pace from the decision on, until they leave after "
       "a "
       "purchase, as BG/NBD has it; what a purchase is worth stays what it was in the later half."});
  std::string drift =
      "The file is too short to ask what earlier forecasts missed: no error of the calendar is in "
      "any interval.";
  if (calendar) {
    drift = fmt::format(
        "Earlier forecasts were asked for: counted over foretold {:.2f}. An error of {:.1f} % of what "
        "is still to come, the same for all actions, is in every interval.",
        fmt::join(out.backtests, ", "), 100 * *calendar);
  }
  out.assumptions.push_back({"the calendar", calendar ? "tested" : "declared", drift});
  if (spec.absent_is_zero) {
    out.assumptions.push_back({"customers without transactions", "declared",
                               "They are taken to spend nothing, then as now (absent = \"zero\")."});
  }
  return out;
}

}  // namespace plumb
