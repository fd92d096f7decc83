// What every objective refuses in a rollout.
#pragma once

#include <string_view>

#include "plumb/objectives.h"

namespace plumb {

// Throws Error{kInput} for offsets that do not ascend, empty sequences or groups, groups of another size than
// `needs` says, columns that are missing or of the wrong length, NaN, infinity, negative weights.
void check_rollout(const Rollout& rollout, const Needs& needs, std::string_view objective);

}  // namespace plumb
