// Decisions and purchases on one line of time.
#include "reward/lifetime_rows.h"

#include <algorithm>
#include <numeric>

namespace plumb {
namespace {

bool all_at_midnight(const std::vector<std::int64_t>& times) {
  return std::all_of(times.begin(), times.end(), [](std::int64_t t) { return t % kDayUs == 0; });
}

// Purchases by customer, then by time; begin[c] .. begin[c + 1] are those of customer c.
struct ByCustomer {
  std::vector<std::uint32_t> row;
  std::vector<std::size_t> begin;
};

ByCustomer by_customer(const Transactions& t) {
  ByCustomer out;
  out.row.resize(t.size());
  std::iota(out.row.begin(), out.row.end(), 0u);
  std::stable_sort(out.row.begin(), out.row.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(t.who[a], t.time_us[a]) < std::pair(t.who[b], t.time_us[b]);
  });
  out.begin.assign(t.customer.size() + 1, 0);
  for (const std::uint32_t who : t.who) ++out.begin[who + 1];
  std::partial_sum(out.begin.begin(), out.begin.end(), out.begin.begin());
  return out;
}

double weeks(std::int64_t days) { return static_cast<double>(days) / 7; }

LifetimeRow row_of(const Transactions& t, std::span<const std::uint32_t> purchases, std::int64_t decided_us,
                   std::int64_t last_day, DayOrder order) {
  LifetimeRow out;
  out.known = true;
  const std::int64_t decided = day_of(decided_us), first = day_of(t.time_us[purchases[0]]),
                     middle = decided + (last_day - decided) / 2;
  std::int64_t last = 0;  // day of the last purchase so far
  std::size_t days = 0, at = 0;
  for (; at < purchases.size(); ++at) {
    const std::int64_t time = t.time_us[purchases[at]], day = day_of(time);
    if (order.by_day() ? day > decided : time > decided_us) break;
    out.own_day += day == decided;
    out.before += t.amount[purchases[at]];
    out.before_count += 1;
    if (days == 0 || day != last) ++days;
    last = day;
  }
  const std::int64_t start = days > 0 ? decided : first;
  if (days > 0) {
    out.start.frequency = static_cast<double>(days - 1);
    out.start.recency = weeks(last - first);
    out.start.age = weeks(decided - first);
  }
  out.middle = weeks(std::max<std::int64_t>(0, middle - start));
  out.seen = weeks(std::max<std::int64_t>(0, last_day - start));
  if (days == 0) last = first;
  for (; at < purchases.size(); ++at) {
    const std::uint32_t r = purchases[at];
    const std::int64_t day = day_of(t.time_us[r]);
    out.own_day += day == decided;
    out.spent += t.amount[r];
    if (days == 0 && day == first) continue;
    const bool late = day > middle, another = day != last;
    (late ? out.late_money : out.early_money) += t.amount[r];
    if (another) (late ? out.late : out.early) += 1;
    last = day;
  }
  return out;
}

}  // namespace

std::int64_t day_of(std::int64_t time_us) {
  const std::int64_t day = time_us / kDayUs;
  return time_us % kDayUs < 0 ? day - 1 : day;
}

DayOrder day_order(const DecisionLog& log, const Transactions& t) {
  return {all_at_midnight(log.time_us), all_at_midnight(t.time_us)};
}

std::vector<LifetimeRow> lifetime_rows(const DecisionLog& log, const Transactions& t,
                                       const std::map<std::uint64_t, std::uint32_t>& units, std::int64_t end_us,
                                       DayOrder order) {
  const ByCustomer sorted = by_customer(t);
  const std::int64_t last_day = day_of(end_us - 1);
  std::vector<LifetimeRow> out(log.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto found = units.find(log.unit[i]);
    if (found == units.end()) continue;
    const std::size_t begin = sorted.begin[found->second], end = sorted.begin[found->second + 1];
    out[i] = row_of(t, {sorted.row.data() + begin, end - begin}, log.time_us[i], last_day, order);
  }
  return out;
}

}  // namespace plumb
