// Learnt policies as safetensors: parameters as tensors, everything else as metadata.
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "data/safetensors.h"
#include "plumb/policy.h"

namespace plumb {
namespace {

constexpr const char* kFormat = "plumb policy 1";

nlohmann::json columns_json(const std::vector<FeatureMap::Column>& columns) {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& c : columns) {
    out.push_back({{"name", c.name},
                   {"category", c.is_category},
                   {"levels", c.levels},
                   {"hashed", c.hashed},
                   {"mean", c.mean},
                   {"scale", c.scale}});
  }
  return out;
}

nlohmann::json map_json(const FeatureMap& map) {
  return {{"context", columns_json(map.context)},
          {"action", columns_json(map.action)},
          {"ids", map.ids},
          {"context_width", map.context_width},
          {"action_width", map.action_width},
          {"extended_width", map.extended_width},
          {"cross_columns", map.cross_columns},
          {"numbers", map.numbers}};
}

std::vector<FeatureMap::Column> columns_from(const nlohmann::json& json) {
  std::vector<FeatureMap::Column> out;
  for (const auto& c : json) {
    FeatureMap::Column column;
    column.name = c.at("name").get<std::string>();
    column.is_category = c.at("category").get<bool>();
    column.levels = c.at("levels").get<std::vector<std::string>>();
    column.hashed = c.at("hashed").get<bool>();
    column.mean = c.at("mean").get<double>();
    column.scale = c.at("scale").get<double>();
    out.push_back(std::move(column));
  }
  return out;
}

// Widths are recomputed from the columns and must agree: a file that lies about them would read out of bounds.
FeatureMap map_from(const nlohmann::json& json, const std::string& path) {
  FeatureMap map;
  map.context = columns_from(json.at("context"));
  map.action = columns_from(json.at("action"));
  map.ids = json.at("ids").get<std::vector<std::string>>();
  map.numbers = json.at("numbers").get<std::vector<std::size_t>>();
  map.context_width = json.at("context_width").get<std::size_t>();
  map.action_width = json.at("action_width").get<std::size_t>();
  map.extended_width = json.at("extended_width").get<std::size_t>();
  map.cross_columns = json.at("cross_columns").get<std::size_t>();
  std::size_t context = 0, action = map.ids.size();
  for (const auto& c : map.context) context += c.width();
  for (const auto& c : map.action) action += c.width();
  const std::size_t products = map.numbers.size() * (map.numbers.size() + 1) / 2;
  bool fits = context == map.context_width && action == map.action_width &&
              (map.extended_width == action || map.extended_width == action + products) &&
              map.cross_columns <= context * action && (map.cross_columns > 0 || context * action == 0);
  for (const std::size_t n : map.numbers) fits = fits && n < action;
  for (const auto& c : map.context)
    fits = fits && c.scale >= 1e-30 && c.scale <= 1e30 && std::abs(c.mean) <= 1e30;
  for (const auto& c : map.action)
    fits = fits && c.scale >= 1e-30 && c.scale <= 1e30 && std::abs(c.mean) <= 1e30;
  if (!fits)
    refuse(path, "feature schema", "widths that do not agree with its columns", "a schema as plumb writes it");
  return map;
}

// Scores are floats: larger parameters than any that training gives would overflow them.
void check_size(double value, const std::string& path, const char* what) {
  constexpr double kLargest = 1e9;
  if (std::abs(value) > kLargest) refuse(path, what, std::to_string(value), "parameters below 1e9");
}

std::vector<double> tensor(const Tensors& tensors, const std::string& name, std::size_t size,
                           const std::string& path) {
  const auto found = tensors.f64.find(name);
  const std::size_t have = found == tensors.f64.end() ? 0 : found->second.size();
  if (have != size) {
    refuse(path, "tensor " + name, std::to_string(have) + " numbers",
           std::to_string(size) + ", as the schema says");
  }
  return size == 0 ? std::vector<double>{} : found->second;
}

}  // namespace

std::string policy_bytes(const SoftmaxPolicy& policy) {
  const SoftmaxParts& parts = policy.parts();
  Tensors out;
  out.metadata = {{"format", kFormat},
                  {"kind", "softmax"},
                  {"name", policy.name()},
                  {"base", parts.base_theta.empty() ? "logged propensities" : "model"},
                  {"signal", parts.signal},
                  {"kl", nlohmann::json(parts.kl).dump()},
                  {"goal_hash", hex(parts.trained_on.goal_hash)},
                  {"log_digest", hex(parts.trained_on.log_digest)},
                  {"split_seed", std::to_string(parts.trained_on.split_seed)},
                  {"folds", std::to_string(parts.trained_on.folds)},
                  {"schema", map_json(parts.map).dump()},
                  {"version", std::string(version())}};
  out.f64["theta"] = parts.theta;
  if (!parts.base_theta.empty()) {
    out.metadata["base_schema"] = map_json(parts.base_map).dump();
    out.f64["base_theta"] = parts.base_theta;
  }
  out.u64["bucket_digest"] = parts.trained_on.bucket_digest;
  if (!parts.trained_on.sketch.empty()) out.u64["sketch"] = parts.trained_on.sketch;
  if (!parts.trained_on.feedback_digest.empty()) out.u64["feedback_digest"] = parts.trained_on.feedback_digest;
  return write_tensors(out);
}

std::string constant_policy_bytes(const std::string& action) {
  Tensors out;
  out.metadata = {
      {"format", kFormat}, {"kind", "constant"}, {"action", action}, {"version", std::string(version())}};
  return write_tensors(out);
}

PolicyPointer parse_policy(std::string_view bytes, const std::string& path) {
  const Tensors tensors = parse_tensors(bytes, path);
  const auto meta = [&](const std::string& key) -> const std::string& {
    const auto found = tensors.metadata.find(key);
    if (found == tensors.metadata.end()) refuse(path, "metadata." + key, "nothing", "a policy file of plumb");
    return found->second;
  };
  if (meta("format") != kFormat) refuse(path, "metadata.format", meta("format"), kFormat);
  if (meta("kind") == "constant") return constant_policy(meta("action"));
  if (meta("kind") != "softmax") refuse(path, "metadata.kind", meta("kind"), "softmax or constant");
  try {
    SoftmaxParts parts;
    parts.map = map_from(nlohmann::json::parse(meta("schema")), path);
    parts.theta = tensor(tensors, "theta", parts.map.width(), path);
    for (const double t : parts.theta) check_size(t, path, "theta");
    if (meta("base") != "model" && meta("base") != "logged propensities") {
      refuse(path, "metadata.base", meta("base"), "model or logged propensities");
    }
    if (meta("base") == "model") {
      parts.base_map = map_from(nlohmann::json::parse(meta("base_schema")), path);
      parts.base_theta = tensor(tensors, "base_theta", parts.base_map.width(), path);
      for (const double t : parts.base_theta) check_size(t, path, "base_theta");
    }
    parts.signal = meta("signal");
    const nlohmann::json kl = nlohmann::json::parse(meta("kl"), nullptr, false);
    parts.kl = kl.is_number() ? kl.get<double>() : -1;
    if (!(parts.kl >= 0) || !std::isfinite(parts.kl)) refuse(path, "metadata.kl", meta("kl"), "a number >= 0");
    const auto word = [&](const char* key, int base) {
      const std::string& text = meta(key);
      std::uint64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
      if (error != std::errc{} || end != text.data() + text.size()) {
        refuse(path, std::string("metadata.") + key, text,
               base == 16 ? "hexadecimal digits" : "an integer >= 0");
      }
      return value;
    };
    parts.trained_on.goal_hash = word("goal_hash", 16);
    parts.trained_on.log_digest = word("log_digest", 16);
    parts.trained_on.split_seed = word("split_seed", 10);
    const std::uint64_t folds = word("folds", 10);
    if (folds == 0 || folds >= (1u << kFolds)) {
      refuse(path, "metadata.folds", meta("folds"), "the folds it was trained on, as bits");
    }
    parts.trained_on.folds = static_cast<std::uint32_t>(folds);
    const auto digests = tensors.u64.find("bucket_digest");
    if (digests == tensors.u64.end() || digests->second.size() != kBuckets) {
      refuse(path, "tensor bucket_digest", "not there whole", std::to_string(kBuckets) + " words");
    }
    parts.trained_on.bucket_digest = digests->second;
    if (const auto sketch = tensors.u64.find("sketch"); sketch != tensors.u64.end()) {
      parts.trained_on.sketch = sketch->second;
    }
    if (const auto people = tensors.u64.find("feedback_digest"); people != tensors.u64.end()) {
      if (people->second.size() != kBuckets) {
        refuse(path, "tensor feedback_digest", std::to_string(people->second.size()) + " words",
               std::to_string(kBuckets));
      }
      parts.trained_on.feedback_digest = people->second;
    }
    return std::make_shared<SoftmaxPolicy>(meta("name"), std::move(parts));
  } catch (const nlohmann::json::exception& e) {
    refuse(path, "feature schema", e.what(), "a schema as plumb writes it");
  }
}

PolicyPointer read_policy(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path))
    environment_error(path, "cannot be opened: expected a policy file");
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return parse_policy(bytes, path);
}

PolicyPointer policy_from_argument(const std::string& argument, const DecisionLog& log, const Goal& goal,
                                   bool not_trained_here, int threads) {
  const auto ends_with = [&](std::string_view end) { return std::string_view(argument).ends_with(end); };
  if (argument == "logging") return std::make_shared<LoggingPolicy>(log, threads);
  if (argument == "reference") {
    if (goal.reference == "reference") refuse(goal.path, "policy.reference", "reference", "a policy");
    // Beside the goal file, as the log is; elsewhere only where it is not there.
    const std::filesystem::path beside = std::filesystem::path(goal.path).parent_path() / goal.reference;
    const bool is_file = goal.reference != "logging" && goal.reference != "uniform" &&
                         !goal.reference.starts_with("constant:") && std::filesystem::exists(beside);
    return policy_from_argument(is_file ? beside.string() : goal.reference, log, goal, not_trained_here,
                                threads);
  }
  if (argument == "uniform") return uniform_policy();
  if (argument.starts_with("constant:")) {
    const std::string action = argument.substr(9);
    if (std::find(log.actions.begin(), log.actions.end(), action) == log.actions.end()) {
      const std::string nearest = nearest_name(action, log.actions);
      refuse("POLICY", argument, "no such action in the log",
             nearest.empty() ? "an action of the log" : "an action of the log, perhaps constant:" + nearest);
    }
    return constant_policy(action);
  }
  for (const char* end : {".csv", ".tsv", ".jsonl", ".csv.gz", ".tsv.gz", ".jsonl.gz"}) {
    if (ends_with(end)) return table_policy(argument, read_policy_table(argument, log, goal), not_trained_here);
  }
  return read_policy(argument);
}

}  // namespace plumb
