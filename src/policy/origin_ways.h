// One way of comparing a sample of rows with those of a log, while it is counted.
#pragma once

#include <string>
#include <vector>

#include "policy/origin_match.h"

namespace plumb {

// Which rows of the log were met with each of the keys that are looked for.
class KeyTable {
 public:
  KeyTable() : key_(kSize), state_(kSize, kFree), unit_(kSize, 0) {}
  // Asks for a key; the answers stand under the number that is returned.
  std::size_t add(std::uint64_t key);
  void meet(std::uint64_t key, std::uint64_t unit);
  bool met(std::size_t at) const { return state_[at] >= kMetOne; }
  bool met_two_units(std::size_t at) const { return state_[at] == kMetTwo; }

 private:
  static constexpr std::size_t kSize = 8192;  // a power of two; sample and control fill a quarter
  static_assert(kSize >= 4 * kTracedRows);
  enum State : std::uint8_t { kFree, kWanted, kMetOne, kMetTwo };
  std::vector<std::uint64_t> key_;
  std::vector<State> state_;
  std::vector<std::uint64_t> unit_;
};

struct Way {
  std::string by;
  KeyTable table;
  std::vector<std::size_t> sample, control;  // places in the table
  bool only_finds = false;                   // that it finds nothing says nothing
};

// The shares that were met, against each other.
SampleMatch judged(const Way& way);

}  // namespace plumb
