// Buckets of many units at once.
#pragma once

#include <span>

#include "plumb/data.h"

namespace plumb {

// out[i] = bucket_of(unit[i]). REQUIRES: as many places as units.
void buckets_of(std::span<const std::uint64_t> unit, std::span<std::uint16_t> out);

}  // namespace plumb
