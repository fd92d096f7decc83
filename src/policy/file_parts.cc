// What the files of all learnt policies share.
#include "policy/file_parts.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <tuple>

#include "plumb/base.h"
#include "policy/origin_file.h"

namespace plumb {
namespace {

nlohmann::json columns_json(const std::vector<FeatureMap::Column>& columns) {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& c : columns) {
    out.push_back({{"name", c.name},
                   {"category", c.is_category},
                   {"levels", c.levels},
                   {"hashed", c.hashed},
                   {"mean", c.mean},
                   {"scale", c.scale}});
    // JSON has no infinity: a side without a bound is left out, as in files from before there were bounds.
    if (std::isfinite(c.low)) out.back()["low"] = {c.low, c.lowest};
    if (std::isfinite(c.high)) out.back()["high"] = {c.high, c.highest};
  }
  return out;
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
    for (const auto& [key, bound, taken] :
         {std::tuple{"low", &column.low, &column.lowest}, std::tuple{"high", &column.high, &column.highest}}) {
      if (!c.contains(key)) continue;
      *bound = c.at(key).at(0).get<double>();
      *taken = c.at(key).at(1).get<double>();
    }
    out.push_back(std::move(column));
  }
  return out;
}

std::uint64_t word(const Tensors& tensors, const char* key, int base, const std::string& path) {
  const std::string& text = metadata_of(tensors, key, path);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size())
    refuse(path, std::string("metadata.") + key, text, base == 16 ? "hexadecimal digits" : "an integer >= 0");
  return value;
}

}  // namespace

const std::string& metadata_of(const Tensors& tensors, const std::string& key, const std::string& path) {
  const auto found = tensors.metadata.find(key);
  if (found == tensors.metadata.end()) refuse(path, "metadata." + key, "nothing", "a policy file of plumb");
  return found->second;
}

double divergence_of(const Tensors& tensors, const std::string& path) {
  const std::string& text = metadata_of(tensors, "kl", path);
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  const double kl = json.is_number() ? json.get<double>() : -1;
  if (!(kl >= 0) || !std::isfinite(kl)) refuse(path, "metadata.kl", text, "a number >= 0");
  return kl;
}

nlohmann::json feature_map_json(const FeatureMap& map) {
  return {{"context", columns_json(map.context)},
          {"action", columns_json(map.action)},
          {"ids", map.ids},
          {"context_width", map.context_width},
          {"action_width", map.action_width},
          {"extended_width", map.extended_width},
          {"cross_columns", map.cross_columns},
          {"numbers", map.numbers}};
}

FeatureMap feature_map_from(const nlohmann::json& json, const std::string& path) {
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
  for (const auto* columns : {&map.context, &map.action})
    for (const auto& c : *columns)
      fits = fits && c.scale >= 1e-30 && c.scale <= 1e30 && std::abs(c.mean) <= 1e30 && c.low <= c.lowest &&
             c.lowest <= c.highest && c.highest <= c.high;
  if (!fits)
    refuse(path, "feature schema", "widths that do not agree with its columns", "a schema as plumb writes it");
  return map;
}

void check_parameter(double value, const std::string& path, const char* what) {
  constexpr double kLargest = 1e9;
  if (std::abs(value) > kLargest) refuse(path, what, std::to_string(value), "parameters below 1e9");
}

std::vector<double> numbers_of(const Tensors& tensors, const std::string& name, std::size_t size,
                               const std::string& path) {
  const auto found = tensors.f64.find(name);
  const std::size_t have = found == tensors.f64.end() ? 0 : found->second.size();
  if (have != size) {
    refuse(path, "tensor " + name, std::to_string(have) + " numbers",
           std::to_string(size) + ", as the schema says");
  }
  return size == 0 ? std::vector<double>{} : found->second;
}

void write_trained_on(Tensors& out, const TrainedOn& trained) {
  out.metadata["goal_hash"] = hex(trained.goal_hash);
  out.metadata["log_digest"] = hex(trained.log_digest);
  out.metadata["split_seed"] = std::to_string(trained.split_seed);
  out.metadata["folds"] = std::to_string(trained.folds);
  out.u64["bucket_digest"] = trained.bucket_digest;
  if (!trained.sketch.empty()) out.u64["sketch"] = trained.sketch;
  if (!trained.feedback_digest.empty()) out.u64["feedback_digest"] = trained.feedback_digest;
  if (trained.learnt_from) write_origin(out, *trained.learnt_from);
}

TrainedOn trained_on_from(const Tensors& tensors, const std::string& path) {
  TrainedOn out;
  out.goal_hash = word(tensors, "goal_hash", 16, path);
  out.log_digest = word(tensors, "log_digest", 16, path);
  out.split_seed = word(tensors, "split_seed", 10, path);
  const std::uint64_t folds = word(tensors, "folds", 10, path);
  if (folds == 0 || folds >= (1u << kFolds))
    refuse(path, "metadata.folds", metadata_of(tensors, "folds", path), "the folds it was trained on, as bits");
  out.folds = static_cast<std::uint32_t>(folds);
  const auto digests = tensors.u64.find("bucket_digest");
  if (digests == tensors.u64.end() || digests->second.size() != kBuckets)
    refuse(path, "tensor bucket_digest", "not there whole", std::to_string(kBuckets) + " words");
  out.bucket_digest = digests->second;
  if (const auto sketch = tensors.u64.find("sketch"); sketch != tensors.u64.end()) out.sketch = sketch->second;
  if (const auto people = tensors.u64.find("feedback_digest"); people != tensors.u64.end()) {
    if (people->second.empty() || !std::is_sorted(people->second.begin(), people->second.end()))
      refuse(path, "tensor feedback_digest", "empty or not ascending", "digests of comparisons, ascending");
    out.feedback_digest = people->second;
  }
  out.learnt_from = origin_from(tensors, path);
  return out;
}

}  // namespace plumb
