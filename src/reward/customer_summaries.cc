// From transactions to what the models need of a customer.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plumb/lifetime_value.h"

namespace plumb {
namespace {

std::int64_t day_of(std::int64_t time_us) {
  const std::int64_t day = time_us / kDayUs;
  return time_us % kDayUs < 0 ? day - 1 : day;
}

// Rows by customer, then by day.
std::vector<std::uint32_t> by_customer(const Transactions& t) {
  std::vector<std::uint32_t> rows(t.size());
  std::iota(rows.begin(), rows.end(), 0u);
  std::stable_sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(t.who[a], day_of(t.time_us[a])) < std::pair(t.who[b], day_of(t.time_us[b]));
  });
  return rows;
}

}  // namespace

std::vector<CustomerSummary> summarize(const Transactions& t, std::int64_t end_us, std::int64_t period_us) {
  if (period_us <= 0) refuse(t.source, "period", fmt::format("{} us", period_us), "a time > 0");
  const std::vector<std::uint32_t> rows = by_customer(t);
  const double days_a_period = static_cast<double>(period_us) / static_cast<double>(kDayUs);
  const std::int64_t last_day = day_of(end_us - 1);
  std::vector<CustomerSummary> out;
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    std::int64_t first = 0, last = 0;
    std::size_t days = 0;
    double spend = 0;
    for (; end < rows.size() && t.who[rows[end]] == t.who[rows[begin]]; ++end) {
      if (t.time_us[rows[end]] >= end_us) continue;
      const std::int64_t day = day_of(t.time_us[rows[end]]);
      if (days == 0) first = day;
      if (days == 0 || day != last) ++days;
      last = day;
      if (day != first && !t.amount.empty()) spend += t.amount[rows[end]];
    }
    if (days == 0) continue;
    CustomerSummary c;
    c.customer = t.customer[t.who[rows[begin]]];
    c.frequency = static_cast<double>(days - 1);
    c.recency = static_cast<double>(last - first) / days_a_period;
    c.age = static_cast<double>(last_day - first) / days_a_period;
    c.mean_spend = days > 1 ? spend / c.frequency : 0;
    out.push_back(std::move(c));
  }
  if (out.empty()) refuse(t.source, "end", "no purchase before it", "a date after the first purchase");
  std::sort(out.begin(), out.end(),
            [](const CustomerSummary& a, const CustomerSummary& b) { return a.customer < b.customer; });
  return out;
}

std::uint64_t purchases_between(const Transactions& t, std::int64_t begin_us, std::int64_t end_us) {
  const std::vector<std::uint32_t> rows = by_customer(t);
  std::uint64_t count = 0;
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    bool known = false;  // bought before begin_us: rows are by day, so earlier ones were seen
    std::int64_t last = 0;
    bool counted = false;
    for (; end < rows.size() && t.who[rows[end]] == t.who[rows[begin]]; ++end) {
      const std::int64_t time = t.time_us[rows[end]];
      known |= time < begin_us;
      if (!known || time < begin_us || time >= end_us) continue;
      if (!counted || day_of(time) != last) ++count;
      counted = true;
      last = day_of(time);
    }
  }
  return count;
}

}  // namespace plumb
