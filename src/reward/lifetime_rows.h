// Private to reward: decisions about customers, and what the file of purchases says before and after each.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "plumb/data.h"
#include "plumb/lifetime_value.h"

namespace plumb {

// Which purchases come after a decision. One at a later time does; where decisions or purchases carry dates
// without times of the day, their order within a day is not known, and all of a decision's own day come before
// it: what the decision caused on its own day is then not counted, but nothing counts that may have caused it.
struct DayOrder {
  bool decisions_dated = false, purchases_dated = false;  // all are at midnight
  bool by_day() const { return decisions_dated || purchases_dated; }
};
DayOrder day_order(const DecisionLog& log, const Transactions& transactions);

// A decision. Its time up to the end of the file is halved: what was bought in the first half is early, in the
// second late. Times in weeks, whole days.
struct LifetimeRow {
  bool known = false;     // its customer stands in the file
  CustomerSummary start;  // at the decision; at the first purchase where that comes later
  double middle = 0;      // from the start to the end of the first half; 0 where the start comes later
  double seen = 0;        // from the start to the end of the file
  double spent = 0;       // money after the decision
  // Days with a purchase again, and their money: without the day of the first purchase of all, which the model
  // takes as the customer's beginning.
  double early = 0, late = 0, early_money = 0, late_money = 0;
  double before = 0, before_count = 0;  // purchases before the decision: their money, and how many
  double own_day = 0;                   // purchases of the decision's own day
};

// One a decision. `units`: the hash of a customer's name (as DecisionLog::unit) to its index in the file.
std::vector<LifetimeRow> lifetime_rows(const DecisionLog& log, const Transactions& transactions,
                                       const std::map<std::uint64_t, std::uint32_t>& units, std::int64_t end_us,
                                       DayOrder order);

std::int64_t day_of(std::int64_t time_us);  // UTC days since 1970

}  // namespace plumb
