// The probabilities of a policy that is a table, where they lie: nothing needs to be copied to read them.
#pragma once

#include <span>

#include "plumb/policy.h"

namespace plumb {

// Empty for every other policy.
std::span<const float> table_of(const Policy& policy);

}  // namespace plumb
