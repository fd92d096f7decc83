// Learnt policies as safetensors: parameters as tensors, everything else as metadata.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/open_file.h"
#include "data/safetensors.h"
#include "plumb/policy.h"
#include "plumb/priced_policy.h"
#include "plumb/tree_policy.h"
#include "policy/file_parts.h"

namespace plumb {

std::string policy_bytes(const SoftmaxPolicy& policy) {
  const SoftmaxParts& parts = policy.parts();
  Tensors out;
  out.metadata = {{"format", kPolicyFormat},
                  {"kind", "softmax"},
                  {"name", policy.name()},
                  {"base", parts.base_theta.empty() ? "logged propensities" : "model"},
                  {"signal", parts.signal},
                  {"kl", nlohmann::json(parts.kl).dump()},
                  {"schema", feature_map_json(parts.map).dump()},
                  {"version", std::string(version())}};
  out.f64["theta"] = parts.theta;
  if (!parts.base_theta.empty()) {
    out.metadata["base_schema"] = feature_map_json(parts.base_map).dump();
    out.f64["base_theta"] = parts.base_theta;
  }
  write_trained_on(out, parts.trained_on);
  return write_tensors(out);
}

std::string policy_bytes(const Policy& policy) {
  if (const auto* softmax = dynamic_cast<const SoftmaxPolicy*>(&policy)) return policy_bytes(*softmax);
  if (const auto* tree = dynamic_cast<const TreePolicy*>(&policy)) return policy_bytes(*tree);
  const auto* priced = dynamic_cast<const PricedPolicy*>(&policy);
  PLUMB_ASSERT(priced != nullptr);
  return policy_bytes(*priced);
}

std::string constant_policy_bytes(const std::string& action) {
  Tensors out;
  out.metadata = {
      {"format", kPolicyFormat}, {"kind", "constant"}, {"action", action}, {"version", std::string(version())}};
  return write_tensors(out);
}

namespace {

PolicyPointer softmax_policy_from(const Tensors& tensors, const std::string& path) {
  const auto meta = [&](const char* key) -> const std::string& { return metadata_of(tensors, key, path); };
  SoftmaxParts parts;
  parts.map = feature_map_from(nlohmann::json::parse(meta("schema")), path);
  parts.theta = numbers_of(tensors, "theta", parts.map.width(), path);
  for (const double t : parts.theta) check_parameter(t, path, "theta");
  if (meta("base") != "model" && meta("base") != "logged propensities") {
    refuse(path, "metadata.base", meta("base"), "model or logged propensities");
  }
  if (meta("base") == "model") {
    parts.base_map = feature_map_from(nlohmann::json::parse(meta("base_schema")), path);
    parts.base_theta = numbers_of(tensors, "base_theta", parts.base_map.width(), path);
    for (const double t : parts.base_theta) check_parameter(t, path, "base_theta");
  }
  parts.signal = meta("signal");
  parts.kl = divergence_of(tensors, path);
  parts.trained_on = trained_on_from(tensors, path);
  return std::make_shared<SoftmaxPolicy>(meta("name"), std::move(parts));
}

}  // namespace

PolicyPointer parse_policy(std::string_view bytes, const std::string& path) {
  const Tensors tensors = parse_tensors(bytes, path);
  const std::string& format = metadata_of(tensors, "format", path);
  if (format != kPolicyFormat && format != kFirstPolicyFormat)
    refuse(path, "metadata.format", format, kPolicyFormat);
  const std::string& kind = metadata_of(tensors, "kind", path);
  try {
    if (kind == "constant") return constant_policy(metadata_of(tensors, "action", path));
    if (kind == "softmax") return softmax_policy_from(tensors, path);
    if (kind == "tree") return tree_policy_from(tensors, path);
    if (kind == "priced") return priced_policy_from(tensors, path);
  } catch (const nlohmann::json::exception& e) {
    refuse(path, "feature schema", e.what(), "a schema as plumb writes it");
  }
  refuse(path, "metadata.kind", kind, "softmax, tree, priced or constant");
}

PolicyPointer read_policy(const std::string& path) {
  return parse_policy(file_bytes(path, "policy file", Streams::kYes), path);
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
      refuse("POLICY", argument, "no such action in " + log.source,
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
