// Where a policy comes from, and which rows of a log it has not seen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/study.h"

namespace plumb {

// What is known of a policy's origin, and the rows that it has not seen.
struct Origin {
  bool trained_here = false, unknown = false;
  std::string sentence;
  std::vector<std::uint8_t> unseen;
};

// Kinds that are learnt here and whose files say from what.
bool is_learnt(PolicyKind kind);
Origin origin_of(const Policy& policy, const DecisionLog& log, const std::optional<Feedback>& feedback,
                 std::uint64_t seed);

}  // namespace plumb
