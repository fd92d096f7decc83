// Reading what a run certified: a foreign file until it is checked, member by member.
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "audit/claims.h"
#include "plumb/monitor.h"

namespace plumb {
namespace {

using nlohmann::json;

const json& member(const json& parent, const char* key, const std::string& path) {
  if (!parent.is_object() || !parent.contains(key)) refuse(path, key, "nothing", "a member of the evidence");
  return parent[key];
}

std::string text_of(const json& parent, const char* key, const std::string& path) {
  const json& value = member(parent, key, path);
  if (!value.is_string()) refuse(path, key, value.dump().substr(0, 40), "a text");
  return value.get<std::string>();
}

std::uint64_t hash_of(const json& parent, const char* key, const std::string& path) {
  const std::string digits = text_of(parent, key, path);
  std::uint64_t out = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, out, 16);
  if (digits.size() != 16 || error != std::errc() || stopped != end)
    refuse(path, key, '"' + digits.substr(0, 40) + '"', "16 hexadecimal digits");
  return out;
}

}  // namespace

Certificate parse_certificate(std::string_view text, const std::string& path) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded() || !document.is_object())
    refuse(path, "evidence", "text that is no JSON object", "the evidence of an align run");
  const json& version = member(document, "evidence_version", path);
  if (version != 1) refuse(path, "evidence_version", version.dump().substr(0, 40), "1");
  const std::string decision = text_of(document, "decision", path);
  if (decision != "ship")
    refuse(path, "decision", '"' + decision.substr(0, 40) + '"', "\"ship\": nothing else was certified");
  Certificate out;
  const json& recommended = member(document, "recommended", path);
  out.policy = text_of(recommended, "policy", path);
  out.file = text_of(recommended, "file", path);
  if (out.file.empty() || out.file.find('/') != std::string::npos || out.file.find('\0') != std::string::npos)
    refuse(path, "recommended.file", '"' + out.file.substr(0, 40) + '"', "the plain name of a policy file");
  const json& provenance = member(document, "provenance", path);
  out.goal_hash = hash_of(provenance, "goal_hash", path);
  out.log_digest = hash_of(provenance, "log_digest", path);
  const json& seed = member(provenance, "split_seed", path);
  if (!seed.is_number_unsigned()) refuse(path, "split_seed", seed.dump().substr(0, 40), "a whole number >= 0");
  out.split_seed = seed.get<std::uint64_t>();
  out.gain = unknown("the run states no gain of it");
  const json& candidates = member(document, "candidates", path);
  if (!candidates.is_array()) refuse(path, "candidates", candidates.dump().substr(0, 40), "a list");
  for (const json& c : candidates) {
    if (text_of(c, "name", path) != out.policy) continue;
    const json& gain = member(c, "versus_reference", path);
    double number[3];
    bool known = true;
    for (const int k : {0, 1, 2}) {
      const json& value = member(gain, k == 0 ? "value" : k == 1 ? "lower" : "upper", path);
      known = known && value.is_number();
      if (known) number[k] = value.get<double>();
    }
    if (!known) continue;
    out.gain = Measured{};
    out.gain.known = std::isfinite(number[0]) && std::isfinite(number[1]) && std::isfinite(number[2]);
    out.gain.value = number[0];
    out.gain.interval = {number[1], number[2], 0};
  }
  return out;
}

}  // namespace plumb
