// Reading members of the evidence. Absent and null are the same: nothing was said. A member of another type
// than the schema's is refused by name; nothing is guessed.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace plumb::report {

using Json = nlohmann::json;

const Json& member(const Json& parent, const char* key);            // null where absent
const Json& object(const Json& parent, const char* key);            // an object, empty where absent
const Json& list(const Json& parent, const char* key);              // an array, empty where absent
std::string text(const Json& parent, const char* key);              // "" where absent
bool flag(const Json& parent, const char* key);                     // false where absent
std::optional<double> number(const Json& parent, const char* key);  // empty where absent, null or not finite

// A value with its interval; any part may be missing.
struct Range {
  std::optional<double> value, lower, upper;
  bool whole() const { return value && lower && upper; }
  bool any() const { return value || lower || upper; }
};
Range range(const Json& parent, const char* key);
// The same, of an object that has value, lower and upper itself.
Range range_of(const Json& object);

// REQUIRES for every page: an object of version 1 (or of no version). Throws Error{kInput}.
void require_evidence(const Json& evidence);

// The proxies: `audit.proxies`, or the top level's where the verb is audit.
const Json& proxies_of(const Json& evidence);

}  // namespace plumb::report
