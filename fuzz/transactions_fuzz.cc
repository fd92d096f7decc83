// Any bytes as a file of transactions: transactions that summaries can be made of, or plumb::Error, never
// anything else.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "plumb/lifetime_value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const plumb::Transactions t =
        plumb::parse_transactions({reinterpret_cast<const char*>(data), size}, "fuzz.csv", {});
    PLUMB_ASSERT(t.time_us.size() == t.size() && (t.amount.empty() || t.amount.size() == t.size()));
    for (const std::uint32_t who : t.who) PLUMB_ASSERT(who < t.customer.size());
    std::int64_t last = t.time_us[0];
    for (const std::int64_t time : t.time_us) last = std::max(last, time);
    const auto customers = plumb::summarize(t, last + 1);
    PLUMB_ASSERT(customers.size() == t.customer.size());
    plumb::log_likelihood({1, 1, 1, 1}, customers);  // every summary is one that a customer can have
    plumb::fit_bg_nbd(customers);
  } catch (const plumb::Error& error) {
    if (error.code() == plumb::Code::kInternal) throw;
  }
  return 0;
}
