// Private to reward: what a customer's summary may hold.
#pragma once

#include <span>

#include "plumb/lifetime_value.h"

namespace plumb {

// Throws Error{kInput} with the customer, as plumb/lifetime_value.h states.
void check_customers(std::span<const CustomerSummary> customers);

}  // namespace plumb
