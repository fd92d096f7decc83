#include "report/reading.h"

#include <cmath>

#include "plumb/base.h"

namespace plumb::report {
namespace {

[[noreturn]] void wrong_type(const char* key, const Json& found, const char* expected) {
  refuse("evidence", key, std::string("a value of type ") + found.type_name(), expected);
}

}  // namespace

const Json& member(const Json& parent, const char* key) {
  static const Json kNull;
  if (parent.is_null()) return kNull;
  if (!parent.is_object()) wrong_type(key, parent, "an object that holds it");
  const auto found = parent.find(key);
  return found == parent.end() ? kNull : *found;
}

const Json& object(const Json& parent, const char* key) {
  static const Json kEmpty = Json::object();
  const Json& m = member(parent, key);
  if (m.is_null()) return kEmpty;
  if (!m.is_object()) wrong_type(key, m, "an object");
  return m;
}

const Json& list(const Json& parent, const char* key) {
  static const Json kEmpty = Json::array();
  const Json& m = member(parent, key);
  if (m.is_null()) return kEmpty;
  if (!m.is_array()) wrong_type(key, m, "an array");
  return m;
}

std::string text(const Json& parent, const char* key) {
  const Json& m = member(parent, key);
  if (m.is_null()) return {};
  if (!m.is_string()) wrong_type(key, m, "a string");
  return m.get<std::string>();
}

bool flag(const Json& parent, const char* key) {
  const Json& m = member(parent, key);
  if (m.is_null()) return false;
  if (!m.is_boolean()) wrong_type(key, m, "true or false");
  return m.get<bool>();
}

std::optional<double> number(const Json& parent, const char* key) {
  const Json& m = member(parent, key);
  if (m.is_null()) return {};
  if (!m.is_number()) wrong_type(key, m, "a number or null");
  const double value = m.get<double>();
  if (!std::isfinite(value)) return {};
  return value;
}

Range range_of(const Json& o) { return {number(o, "value"), number(o, "lower"), number(o, "upper")}; }

Range range(const Json& parent, const char* key) { return range_of(object(parent, key)); }

void require_evidence(const Json& evidence) {
  if (!evidence.is_object()) wrong_type("document", evidence, "an object");
  const Json& v = member(evidence, "evidence_version");
  if (!v.is_null() && v != 1) refuse("evidence", "evidence_version", v.dump(), "1");
}

const Json& proxies_of(const Json& evidence) {
  return evidence.contains("proxies") ? list(evidence, "proxies") : list(object(evidence, "audit"), "proxies");
}

}  // namespace plumb::report
