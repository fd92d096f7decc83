// worlds/output.h (private to worlds): a text file, plain or gzip-compressed, written aside and then renamed,
// so that no reader ever sees half of it; made of blocks that are formatted in parallel and written in order.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace plumb {

// Appends `value`, a multiple of 10^-decimals, as the shortest decimal: 12, 12.5, -0.0312.
void append_decimal(std::string& out, double value, int decimals);
// The nearest multiple of 10^-decimals; never minus zero. It is the double that reading append_decimal's text
// gives.
double rounded(double value, int decimals);

// Writes `head`, then the text that format(block, out) appends for block 0 ... blocks - 1. A path that ends in
// .gz is compressed. Throws Error{kEnvironment} where the file cannot be written, and then leaves nothing
// behind.
void write_blocks(const std::string& path, std::string_view head, std::size_t blocks,
                  const std::function<void(std::size_t block, std::string& out)>& format);

// Threads that worlds use; their results do not depend on it.
int world_threads();

}  // namespace plumb
