// Private to reward: options checked, counts turned into the surface measures.
#pragma once

#include <array>
#include <string>

#include "reward/text_tokens.h"

namespace plumb::text {

// Throws Error{kInput} where an option is out of its range.
void check_features(const TextFeatures& features, const std::string& where = "text features");
void measures(const Counts& counts, std::array<float, kSurfaceMeasures>& out);

}  // namespace plumb::text
