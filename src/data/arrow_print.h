// Values of Arrow's columns as text: what fingerprints are of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "data/arrow_column.h"

namespace plumb {

// Each appends to `out`. Floats: the shortest text that reads back as the same float of this width.
void print_arrow_float(double value, int width, std::string* out);
void print_arrow_integer(std::int64_t value, bool is_signed, std::string* out);
// 2024-05-01, or 2024-05-01T12:30:00.5Z. Returns the time in microseconds; none, and the bare number printed,
// beyond the years that times may have (LogBuilder::checked_time).
std::optional<std::int64_t> print_arrow_time(std::int64_t value, const ArrowType& type, std::string* out);

}  // namespace plumb
