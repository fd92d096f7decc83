// Errors of one form, "where: what: found, expected", and the nearest name for a word that was mistyped.
#include <algorithm>
#include <numeric>

#include "plumb/base.h"

namespace plumb {

namespace {

// Levenshtein distance, one row of the table at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row[b.size()];
}

}  // namespace

void refuse(std::string_view where, std::string_view what, std::string_view found, std::string_view expected) {
  std::string message;
  message.append(where).append(": ").append(what).append(": found ").append(found);
  message.append(", expected ").append(expected);
  throw Error(Code::kInput, message);
}

void environment_error(std::string_view where, std::string_view what) {
  std::string message;
  message.append(where).append(": ").append(what);
  throw Error(Code::kEnvironment, message);
}

void assertion_failed(const char* expression, const char* file, int line) {
  throw Error(Code::kInternal, std::string(file) + ":" + std::to_string(line) +
                                   ": internal error: found not (" + expression + "), expected it to hold");
}

std::string nearest_name(std::string_view word, std::span<const std::string> candidates) {
  // Near: at most a third of the longer word changed, and never more than three characters.
  std::string nearest;
  std::size_t best = 4;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    const std::size_t longer = std::max(word.size(), candidate.size());
    if (distance < best && 3 * distance <= longer) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace plumb
