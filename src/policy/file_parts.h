// What the files of all learnt policies share: metadata, feature schemas, and what a policy was learnt from.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/safetensors.h"
#include "plumb/policy.h"

namespace plumb {

inline constexpr const char* kPolicyFormat = "plumb policy 2";
inline constexpr const char* kFirstPolicyFormat = "plumb policy 1";  // without origin.*: read, never written

// All readers throw Error{kInput} naming `path`, what was found and expected; nlohmann's exceptions may pass.
const std::string& metadata_of(const Tensors& tensors, const std::string& key, const std::string& path);
double divergence_of(const Tensors& tensors, const std::string& path);  // metadata.kl, >= 0

nlohmann::json feature_map_json(const FeatureMap& map);
// Widths are recomputed from the columns and must agree: a file that lies about them would read out of bounds.
FeatureMap feature_map_from(const nlohmann::json& json, const std::string& path);

// Scores are floats: larger parameters than any that training gives would overflow them.
void check_parameter(double value, const std::string& path, const char* what);
std::vector<double> numbers_of(const Tensors& tensors, const std::string& name, std::size_t size,
                               const std::string& path);

void write_trained_on(Tensors& out, const TrainedOn& trained);
TrainedOn trained_on_from(const Tensors& tensors, const std::string& path);

// Each kind reads its own (tree_file.cc, priced_file.cc).
PolicyPointer tree_policy_from(const Tensors& tensors, const std::string& path);
PolicyPointer priced_policy_from(const Tensors& tensors, const std::string& path);

}  // namespace plumb
