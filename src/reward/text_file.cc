// Reward models as safetensors. Only columns that carry something are stored; all other hashed columns have
// weight 0 and one variance, that of an n-gram which nobody has seen.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/open_file.h"
#include "data/safetensors.h"
#include "plumb/text_reward.h"
#include "reward/text_measures.h"

namespace plumb {
namespace {

constexpr const char* kFormat = "plumb reward model 1";
constexpr const char* kLengthNames[] = {"with length", "controlled", "blind"};
constexpr const char* kTiesNames[] = {"refuse", "half", "davidson", "rao-kupper"};
constexpr const char* kKinds[] = {"fit", "one pass", "bootstrap", "laplace", "average"};

template <std::size_t kCount>
std::size_t index_of(const char* const (&names)[kCount], const std::string& name, const std::string& path,
                     const char* what) {
  std::string known;
  for (std::size_t k = 0; k < kCount; ++k) {
    if (name == names[k]) return k;
    known += std::string(k == 0 ? "" : ", ") + names[k];
  }
  refuse(path, what, name, "one of " + known);
}

nlohmann::json schema_json(const TextReward& m) {
  return {{"bits", m.features.bits},
          {"words", m.features.words},
          {"characters_from", m.features.characters_from},
          {"characters_to", m.features.characters_to},
          {"word_weight", m.features.word_weight},
          {"character_weight", m.features.character_weight},
          {"surface_weight", m.features.surface_weight},
          {"surface", m.features.surface},
          {"numbers", m.numbers}};
}

void read_schema(const nlohmann::json& json, const std::string& path, TextReward& m) {
  TextFeatures& f = m.features;
  f.bits = json.at("bits").get<int>();
  f.words = json.at("words").get<int>();
  f.characters_from = json.at("characters_from").get<int>();
  f.characters_to = json.at("characters_to").get<int>();
  f.word_weight = json.at("word_weight").get<double>();
  f.character_weight = json.at("character_weight").get<double>();
  f.surface_weight = json.at("surface_weight").get<double>();
  f.surface = json.at("surface").get<bool>();
  m.numbers = json.at("numbers").get<std::vector<std::string>>();
  text::check_features(f, path);
  if (m.numbers.size() > 65'536)
    refuse(path, "feature schema", "more than 65,536 numbers", "a schema of plumb");
}

float narrow(double value, const std::string& path, const char* what) {
  constexpr double kLargest = 1e30;
  if (!(std::abs(value) <= kLargest)) refuse(path, what, fmt::format("{}", value), "numbers below 1e30");
  return static_cast<float>(value);
}

}  // namespace

std::string reward_bytes(const TextReward& m) {
  const std::size_t hashed = std::size_t{1} << m.features.bits;
  const bool laplace = !m.variance.empty();
  float unseen = 0;
  for (std::size_t c = 0; laplace && c < hashed; ++c) unseen = std::max(unseen, m.variance[c]);
  Tensors out;
  auto& columns = out.u64["columns"];
  auto &weight = out.f64["weight"], &variance = out.f64["variance"], &mean_row = out.f64["mean_row"];
  for (std::size_t c = 0; c < m.columns(); ++c) {
    bool carries = c >= hashed || (laplace && (m.variance[c] != unseen || m.mean_row[c] != 0));
    for (std::size_t k = 0; k < m.members; ++k) carries = carries || m.weight[c * m.members + k] != 0;
    if (!carries) continue;
    columns.push_back(c);
    for (std::size_t k = 0; k < m.members; ++k)
      weight.push_back(static_cast<double>(m.weight[c * m.members + k]));
    if (!laplace) continue;
    variance.push_back(static_cast<double>(m.variance[c]));
    mean_row.push_back(static_cast<double>(m.mean_row[c]));
  }
  out.f64["center"] = m.center;
  out.f64["thresholds"] = m.thresholds;
  out.f64["scalars"] = {m.penalty, m.held_out_loss, m.tie, m.thumb_intercept, static_cast<double>(unseen)};
  out.metadata = {{"format", kFormat},
                  {"kind", m.kind},
                  {"length", kLengthNames[static_cast<std::size_t>(m.length)]},
                  {"ties", kTiesNames[static_cast<std::size_t>(m.ties)]},
                  {"uncertainty", laplace ? "laplace" : "members"},
                  {"members", std::to_string(m.members)},
                  {"judgements", std::to_string(m.judgements)},
                  {"goal_hash", hex(m.goal_hash)},
                  {"schema", schema_json(m).dump()},
                  {"version", std::string(version())}};
  return write_tensors(out);
}

TextReward parse_reward(std::string_view bytes, const std::string& path) {
  const Tensors tensors = parse_tensors(bytes, path);
  const auto meta = [&](const std::string& key) -> const std::string& {
    const auto found = tensors.metadata.find(key);
    if (found == tensors.metadata.end()) {
      refuse(path, "metadata." + key, "nothing", "a reward model of plumb");
    }
    return found->second;
  };
  if (meta("format") != kFormat) refuse(path, "metadata.format", meta("format"), kFormat);
  const auto word = [&](const char* key, int base) {
    const std::string& text = meta(key);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) {
      refuse(path, std::string("metadata.") + key, text, base == 16 ? "hexadecimal digits" : "an integer >= 0");
    }
    return value;
  };
  TextReward m;
  try {
    read_schema(nlohmann::json::parse(meta("schema")), path, m);
  } catch (const nlohmann::json::exception& e) {
    refuse(path, "feature schema", e.what(), "a schema as plumb writes it");
  }
  m.kind = kKinds[index_of(kKinds, meta("kind"), path, "metadata.kind")];
  m.length = static_cast<LengthUse>(index_of(kLengthNames, meta("length"), path, "metadata.length"));
  m.ties = static_cast<Ties>(index_of(kTiesNames, meta("ties"), path, "metadata.ties"));
  m.judgements = word("judgements", 10);
  m.goal_hash = word("goal_hash", 16);
  m.members = word("members", 10);
  if (m.members < 1 || m.members > 256 || m.columns() * m.members > kMostWeights) {
    refuse(path, "metadata.members", meta("members"),
           fmt::format("1 to 256, and at most {} weights", kMostWeights));
  }
  if (meta("uncertainty") != "laplace" && meta("uncertainty") != "members") {
    refuse(path, "metadata.uncertainty", meta("uncertainty"), "laplace or members");
  }
  const bool laplace = meta("uncertainty") == "laplace";
  const auto stored = tensors.u64.find("columns");
  const std::vector<std::uint64_t> columns =
      stored == tensors.u64.end() ? std::vector<std::uint64_t>{} : stored->second;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    if (columns[k] >= m.columns() || (k > 0 && columns[k] <= columns[k - 1])) {
      refuse(path, "tensor columns", std::to_string(columns[k]), "columns of the schema, ascending, each once");
    }
  }
  const auto numbers = [&](const char* name, std::size_t size) {
    const auto found = tensors.f64.find(name);
    const std::size_t have = found == tensors.f64.end() ? 0 : found->second.size();
    if (have != size) {
      refuse(path, std::string("tensor ") + name, std::to_string(have) + " numbers", std::to_string(size));
    }
    return size == 0 ? std::vector<double>{} : found->second;
  };
  const std::vector<double> weight = numbers("weight", columns.size() * m.members);
  const std::vector<double> variance = numbers("variance", laplace ? columns.size() : 0);
  const std::vector<double> mean_row = numbers("mean_row", laplace ? columns.size() : 0);
  const std::vector<double> scalars = numbers("scalars", 5);
  m.center = numbers("center", m.members);
  const auto thresholds = tensors.f64.find("thresholds");
  if (thresholds != tensors.f64.end()) m.thresholds = thresholds->second;
  for (std::size_t k = 1; k < m.thresholds.size(); ++k) {
    if (!(m.thresholds[k] > m.thresholds[k - 1]))
      refuse(path, "tensor thresholds", "not ascending", "ascending numbers");
  }
  m.penalty = scalars[0];
  m.held_out_loss = scalars[1];
  m.tie = scalars[2];
  m.thumb_intercept = scalars[3];
  const std::size_t hashed = std::size_t{1} << m.features.bits;
  m.weight.assign(m.columns() * m.members, 0.0f);
  if (laplace) {
    m.variance.assign(m.columns(), 0.0f);
    std::fill_n(m.variance.begin(), hashed, narrow(scalars[4], path, "unseen variance"));
    m.mean_row.assign(m.columns(), 0.0f);
  }
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const std::size_t c = columns[k];
    for (std::size_t j = 0; j < m.members; ++j) {
      m.weight[c * m.members + j] = narrow(weight[k * m.members + j], path, "tensor weight");
    }
    if (!laplace) continue;
    m.variance[c] = narrow(variance[k], path, "tensor variance");
    m.mean_row[c] = narrow(mean_row[k], path, "tensor mean_row");
  }
  for (const float v : m.variance) {
    if (v < 0) refuse(path, "tensor variance", fmt::format("{}", v), "numbers >= 0");
  }
  return m;
}

TextReward read_reward(const std::string& path) {
  return parse_reward(file_bytes(path, "reward model", Streams::kYes), path);
}

}  // namespace plumb
