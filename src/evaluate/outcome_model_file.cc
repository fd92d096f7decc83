// Linear outcome models as a file: what a stream needs to be doubly robust. Trees are not written.
#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/text_source.h"
#include "plumb/preferred.h"
#include "plumb/stream_evaluation.h"
#include "policy/file_parts.h"
#include "policy/origin_file.h"

namespace plumb {

namespace {

constexpr const char* kFormat = "plumb outcome models 2";
constexpr const char* kFirstFormat = "plumb outcome models 1";  // without origin.*: read, never written
constexpr std::size_t kVariants = kTrainingFolds + 1;

}  // namespace

std::string outcome_model_bytes(const OutcomeModels& models, std::uint64_t split_seed,
                                const LearntFrom* learnt_from) {
  Tensors out;
  nlohmann::json names = nlohmann::json::array();
  for (std::size_t j = 0; j < models.outcome.size(); ++j) {
    if (models.preference && j == models.preference_index()) continue;
    std::vector<double>& coefficients = out.f64["linear." + models.outcome[j]];
    for (const std::vector<double>& variant : models.linear[j])
      coefficients.insert(coefficients.end(), variant.begin(), variant.end());
    if (j < models.span.size()) {
      std::vector<double>& bounds = out.f64["span." + models.outcome[j]];
      for (const OutcomeSpan& span : models.span[j]) bounds.insert(bounds.end(), {span.lower, span.upper});
    }
    names.push_back(models.outcome[j]);
  }
  out.metadata = {{"format", kFormat},
                  {"outcomes", names.dump()},
                  {"schema", feature_map_json(models.map).dump()},
                  {"version", std::string(version())}};
  out.u64["split_seed"] = {split_seed};
  if (learnt_from != nullptr) write_origin(out, *learnt_from);
  return write_tensors(out);
}

LinearOutcomes parse_outcome_models(std::string_view bytes, const std::string& path) {
  const Tensors tensors = parse_tensors(bytes, path);
  LinearOutcomes out;
  try {
    if (const std::string& format = metadata_of(tensors, "format", path);
        format != kFormat && format != kFirstFormat)
      refuse(path, "format", format, kFormat);
    out.map = feature_map_from(nlohmann::json::parse(metadata_of(tensors, "schema", path)), path);
    out.outcome = nlohmann::json::parse(metadata_of(tensors, "outcomes", path)).get<std::vector<std::string>>();
  } catch (const nlohmann::json::exception& e) {
    refuse(path, "metadata", e.what(), "outcomes and a feature schema as JSON");
  }
  const auto seed = tensors.u64.find("split_seed");
  if (seed == tensors.u64.end() || seed->second.size() != 1)
    refuse(path, "split_seed", "nothing", "the seed of the folds that the models were fitted on");
  out.split_seed = seed->second[0];
  out.learnt_from = origin_from(tensors, path);
  const std::size_t width = out.map.width();
  for (const std::string& name : out.outcome) {
    const std::vector<double> all = numbers_of(tensors, "linear." + name, kVariants * width, path);
    for (const double value : all) check_parameter(value, path, "a coefficient");
    std::vector<std::vector<double>> variants;
    for (std::size_t v = 0; v < kVariants; ++v)
      variants.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(v * width),
                            all.begin() + static_cast<std::ptrdiff_t>((v + 1) * width));
    out.linear.push_back(std::move(variants));
    out.span.emplace_back(kVariants);
    if (!tensors.f64.contains("span." + name)) continue;  // written before there were spans
    const std::vector<double> bounds = numbers_of(tensors, "span." + name, 2 * kVariants, path);
    for (std::size_t v = 0; v < kVariants; ++v) {
      out.span.back()[v] = {bounds[2 * v], bounds[2 * v + 1]};
      if (!(bounds[2 * v] <= bounds[2 * v + 1]))
        refuse(path, "tensor span." + name, fmt::format("{} to {}", bounds[2 * v], bounds[2 * v + 1]),
               "the least value an outcome had, then the largest");
    }
  }
  return out;
}

LinearOutcomes read_outcome_models(const std::string& path) {
  return parse_outcome_models(TextSource::read(path).text(), path);
}

}  // namespace plumb
