#include "data/feedback_alike.h"

#include <fmt/format.h>

#include <algorithm>

namespace plumb {

namespace {
constexpr std::size_t kMostFound = 8, kMostLines = 5;
constexpr std::size_t kFoundLength = 60;  // of all that was found together, the first excepted
}  // namespace

void AlikeRows::add(std::uint64_t line, const BadRow& bad) {
  if (count_++ == 0) {
    what_ = bad.what;
    expected_ = bad.expected;
  } else if (bad.what != what_ || bad.expected != expected_) {
    alike_ = false;
  }
  if (!alike_) return;
  if (lines_.size() < kMostLines) lines_.push_back(line);
  if (found_.size() <= kMostFound && std::find(found_.begin(), found_.end(), bad.found) == found_.end())
    found_.push_back(bad.found);
}

std::string AlikeRows::message(const std::string& where, std::uint64_t rows) const {
  std::string found = found_.front();
  for (std::size_t i = 1; i < found_.size(); ++i) {
    if (i == kMostFound || found.size() + found_[i].size() > kFoundLength) {
      found += ", ...";
      break;
    }
    found += ", " + found_[i];
  }
  std::string rest;
  if (count_ < rows)
    rest = fmt::format(": {}{}", fmt::join(lines_, ", "), count_ > lines_.size() ? ", ..." : "");
  return fmt::format("{}: {}: found {} ({} of {} rows{}), expected {}", where, what_, found, count_, rows, rest,
                     expected_);
}

}  // namespace plumb
