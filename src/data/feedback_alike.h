// Bad records of one kind as one line: a file of another dialect is wrong in every row, and five lines that say
// the same hide what to do about it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/rows.h"

namespace plumb {

class AlikeRows {
 public:
  void add(std::uint64_t line, const BadRow& bad);
  // Whether there are several, all with the same thing wrong and the same thing expected.
  bool several() const { return alike_ && count_ > 1; }
  // "FILE:2: answer: found "A", "B" (6 of 9 rows: 2, 3, 5, 6, 8, ...), expected ...". `where`: the place of the
  // first. REQUIRES: several().
  std::string message(const std::string& where, std::uint64_t rows) const;
  std::uint64_t first_line() const { return lines_.front(); }

 private:
  bool alike_ = true;
  std::uint64_t count_ = 0;
  std::string what_, expected_;
  std::vector<std::string> found_;    // different ones, the first few
  std::vector<std::uint64_t> lines_;  // the first few
};

}  // namespace plumb
