// Customer lifetime value as an outcome: what came after the decision, and what the models expect beyond the
// end of the file, by half and, where the log carries it, by action.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "plumb/learnt.h"
#include "plumb/reward.h"

namespace plumb {
namespace {

constexpr double kStep = 1e-4;      // of central differences, in logarithms
constexpr std::size_t kWidth = 7;   // log r, alpha, a, b; log p, q, gamma
constexpr std::size_t kHalves = 2;  // training, certification

constexpr std::uint32_t kNobody = static_cast<std::uint32_t>(-1);

// A customer of the file: its history, whose it is, and where it belongs.
struct Customer {
  CustomerSummary summary;
  std::uint64_t unit = 0;
  std::uint32_t half = 0;
  std::uint32_t action = kNobody;  // the one action that it had; kNobody: none
};

std::int64_t end_of_day(std::int64_t time_us) {
  std::int64_t day = time_us / kDayUs;
  if (time_us % kDayUs < 0) --day;
  return (day + 1) * kDayUs;
}

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

// The fits of one half's customers (of one action), or of all of the half.
struct Group {
  std::string name;
  std::vector<std::uint32_t> members;  // customers
  BgNbd purchases;
  GammaGamma spend;
  std::string why_not;
};

double value_at(const std::array<double, kWidth>& x, const CustomerSummary& c, double purchases) {
  GammaGamma at;
  at.known = true;
  at.p = std::exp(x[4]);
  at.q = std::exp(x[5]);
  at.gamma = std::exp(x[6]);
  return purchases * expected_spend(at, c);
}

std::vector<CustomerSummary> summaries_of(const std::vector<Customer>& customers, const Group& group) {
  std::vector<CustomerSummary> out;
  for (const std::uint32_t c : group.members) out.push_back(customers[c].summary);
  return out;
}

void fit_group(const std::vector<Customer>& customers, Group& group) {
  const std::vector<CustomerSummary> members = summaries_of(customers, group);
  group.purchases = fit_bg_nbd(members);
  group.spend = fit_gamma_gamma(members);
  group.why_not = group.purchases.known ? group.spend.why_not : group.purchases.why_not;
  if (group.purchases.known && group.spend.known && !(group.spend.q > 1 + 2 * kStep))
    group.why_not = fmt::format("amounts have so heavy a tail (Gamma-Gamma q = {:.2f}) that they have no mean",
                                group.spend.q);
}

// Groups by half and action where that can be, else by half.
std::vector<Group> group_customers(const DecisionLog& log, const std::vector<Customer>& customers,
                                   bool by_action, int threads) {
  const std::size_t actions = by_action ? log.actions.size() : 1;
  std::vector<Group> out(kHalves * actions);
  for (std::size_t g = 0; g < out.size(); ++g) {
    out[g].name = g / actions == 0 ? "training half" : "certification half";
    if (by_action) out[g].name += ", " + log.actions[g % actions];
  }
  for (std::uint32_t c = 0; c < customers.size(); ++c) {
    if (by_action && customers[c].action == kNobody) continue;
    out[customers[c].half * actions + (by_action ? customers[c].action : 0)].members.push_back(c);
  }
  parallel_blocks(out.size(), threads, [&](std::size_t g) { fit_group(customers, out[g]); });
  return out;
}

bool all_fitted(const std::vector<Group>& groups) {
  return std::all_of(groups.begin(), groups.end(), [](const Group& g) { return g.why_not.empty(); });
}

// What every customer is expected to spend, and how that depends on the parameters.
struct Expected {
  std::vector<double> value;                      // by customer
  std::vector<std::array<double, kWidth>> slope;  // by customer
  std::vector<std::uint32_t> group;               // by customer
};

void expect(const std::vector<Customer>& customers, const Group& group, std::uint32_t number, double periods,
            Expected& out) {
  const std::vector<CustomerSummary> members = summaries_of(customers, group);
  const BgNbdParameters& m = group.purchases.parameters;
  const std::array<double, kWidth> at = {std::log(m.r),
                                         std::log(m.alpha),
                                         std::log(m.a),
                                         std::log(m.b),
                                         std::log(group.spend.p),
                                         std::log(group.spend.q),
                                         std::log(group.spend.gamma)};
  const auto values = [&](const std::array<double, kWidth>& x) {
    const std::vector<Purchases> purchases =
        expected_purchases({std::exp(x[0]), std::exp(x[1]), std::exp(x[2]), std::exp(x[3])}, members, periods);
    std::vector<double> v(members.size());
    for (std::size_t k = 0; k < v.size(); ++k) v[k] = value_at(x, members[k], purchases[k].mean);
    return v;
  };
  const std::vector<double> here = values(at);
  for (std::size_t k = 0; k < here.size(); ++k) {
    out.value[group.members[k]] = here[k];
    out.group[group.members[k]] = number;
  }
  for (std::size_t j = 0; j < kWidth; ++j) {
    auto above = at, below = at;
    above[j] += kStep;
    below[j] -= kStep;
    const std::vector<double> up = values(above), down = values(below);
    for (std::size_t k = 0; k < here.size(); ++k)
      out.slope[group.members[k]][j] = (up[k] - down[k]) / (2 * kStep);
  }
}

Matrix influence_by_bucket(const std::vector<Customer>& customers, const Group& group) {
  const std::vector<CustomerSummary> members = summaries_of(customers, group);
  const Matrix buys = influence(group.purchases, members), spends = influence(group.spend, members);
  Matrix out(kBuckets, kWidth);
  std::array<double, kWidth> sum{};
  for (std::size_t k = 0; k < members.size(); ++k) {
    const std::span<double> to = out.row(bucket_of(customers[group.members[k]].unit));
    for (std::size_t j = 0; j < kWidth; ++j) {
      const double part = j < 4 ? buys(k, j) : spends(k, j - 4);
      to[j] += part;
      sum[j] += part;
    }
  }
  for (std::size_t b = 0; b < kBuckets; ++b) {
    for (std::size_t j = 0; j < kWidth; ++j) out(b, j) -= sum[j] / static_cast<double>(kBuckets);
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

// The file's customers by name, each with its half and its action.
std::vector<Customer> customers_of(const DecisionLog& log, const Transactions& t, std::int64_t end_us,
                                   std::uint64_t split_seed, std::map<std::uint64_t, std::uint32_t>& number) {
  std::vector<Customer> out;
  for (CustomerSummary& s : summarize(t, end_us)) {
    Customer c;
    c.unit = hash_bytes(s.customer);
    c.half = fold_of(c.unit, split_seed) < kTrainingFolds ? 0 : 1;
    c.summary = std::move(s);
    number[c.unit] = static_cast<std::uint32_t>(out.size());
    out.push_back(std::move(c));
  }
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto found = number.find(log.unit[i]);
    if (found != number.end() && out[found->second].action == kNobody)
      out[found->second].action = log.chosen_action(i);
  }
  return out;
}

bool one_action_each(const DecisionLog& log, const std::vector<Customer>& customers,
                     const std::map<std::uint64_t, std::uint32_t>& number) {
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto found = number.find(log.unit[i]);
    if (found != number.end() && customers[found->second].action != log.chosen_action(i)) return false;
  }
  return true;
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
  const std::int64_t end_us = end_of(log, goal, t);
  const double periods = static_cast<double>(*spec.horizon_us) / static_cast<double>(kWeekUs);
  std::map<std::uint64_t, std::uint32_t> number;
  const std::vector<Customer> customers = customers_of(log, t, end_us, split_seed, number);

  bool by_action =
      log.fixed_actions && log.actions.size() <= kMostIds && one_action_each(log, customers, number);
  std::vector<Group> groups = group_customers(log, customers, by_action, threads);
  if (by_action && !all_fitted(groups)) {
    by_action = false;
    groups = group_customers(log, customers, by_action, threads);
  }
  for (const Group& group : groups) {
    if (group.why_not.empty()) continue;
    refuse(t.source, title, fmt::format("{} ({})", group.why_not, group.name),
           "customers enough in each half for a model of when they buy and what they spend");
  }
  Expected expected;
  expected.value.assign(customers.size(), 0.0);
  expected.slope.assign(customers.size(), {});
  expected.group.assign(customers.size(), 0);
  LearntOutcome out;
  out.name = spec.name;
  out.model = spec.model;
  out.width = kWidth;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    expect(customers, groups[g], static_cast<std::uint32_t>(g), periods, expected);
    out.influence.push_back(influence_by_bucket(customers, groups[g]));
    out.rows += groups[g].members.size();
    out.group_name.push_back(groups[g].name);
    out.purchases.push_back(groups[g].purchases);
    out.spend.push_back(groups[g].spend);
  }
  const std::optional<double> calendar = calendar_error(t, end_us, periods, goal.confidence, out.backtests);

  // Purchases by customer in the order of their times, so that what came after a decision is one sum.
  std::vector<std::uint32_t> order(t.size());
  for (std::uint32_t r = 0; r < order.size(); ++r) order[r] = r;
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(t.who[a], t.time_us[a]) < std::pair(t.who[b], t.time_us[b]);
  });
  std::map<std::uint64_t, std::pair<std::size_t, std::size_t>> rows_of;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && t.who[order[end]] == t.who[order[begin]]) ++end;
    rows_of[hash_bytes(t.customer[t.who[order[begin]]])] = {begin, end};
  }

  OutcomeColumn& column = out.column;
  column.name = spec.name;
  column.kind = spec.kind;
  column.value.assign(log.size(), 0.0);
  column.state.assign(log.size(), State::kObserved);
  column.observed_count = log.size();
  out.group.assign(log.size(), 0);
  out.slope.assign(log.size() * kWidth, 0.0f);
  out.common.assign(log.size(), 0.0f);
  double before = 0, known = 0;  // share of the histories that lies before the decision
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto found = number.find(log.unit[i]);
    if (found == number.end()) {
      if (spec.absent_is_zero) continue;
      refuse(t.source, title,
             fmt::format("no transaction of the customer of decision {}",
                         log.id.empty() ? std::to_string(i + 1) : log.id[i]),
             "some of every customer of the log, or absent = \"zero\"");
    }
    const std::uint32_t c = found->second;
    const auto [begin, end] = rows_of.at(log.unit[i]);
    double spent = 0;
    for (std::size_t r = end; r-- > begin && t.time_us[order[r]] > log.time_us[i];) spent += t.amount[order[r]];
    column.value[i] = spent + expected.value[c];
    column.nonzero_count += column.value[i] != 0;
    out.group[i] = expected.group[c];
    for (std::size_t k = 0; k < kWidth; ++k)
      out.slope[i * kWidth + k] = static_cast<float>(expected.slope[c][k]);
    if (calendar) out.common[i] = static_cast<float>(*calendar * expected.value[c]);
    const double history = static_cast<double>(end_us - t.time_us[order[begin]]);
    if (history > 0) {
      before += std::clamp(static_cast<double>(log.time_us[i] - t.time_us[order[begin]]) / history, 0.0, 1.0);
      known += 1;
    }
  }
  const double share = known > 0 ? before / known : 0;
  out.sentence = fmt::format(
      "{} is what a customer spent after the decision and what it is expected to spend in the {:.0f} days "
      "after the "
      "end of the transactions, by BG/NBD and Gamma-Gamma from {} customers, {}",
      spec.name, periods * 7, out.rows,
      by_action ? "a model for the customers of each action in each half."
                : "one model for each half: differences between actions are understated.");
  out.assumptions.push_back(
      {"stationary buying", "declared",
       fmt::format(
           "Customers buy at their own constant rates until they leave. {:.0f} % of the histories lie before "
           "the decision: to about that extent its effect on what is still to come is understated.",
           100 * share)});
  out.assumptions.push_back(
      {by_action ? "one model for the customers of an action" : "one model for the customers of all actions",
       "untestable", "Customers differ in their rates and amounts as BG/NBD and Gamma-Gamma have it."});
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
