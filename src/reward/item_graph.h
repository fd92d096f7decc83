// Which items the votes connect, and whether a maximum of the likelihood exists without a prior.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plumb/preference.h"

namespace plumb {

// Items that votes connect in any way share a number; components are numbered by their first item.
std::vector<std::uint32_t> components(const ItemVotes& votes);

// Empty where the likelihood has one maximum (up to a constant a component), else the reason in words.
// `tie_on`: the tie parameter is estimated too. Assumes that b, if estimated, has a prior.
std::string why_no_maximum(const ItemVotes& votes, const std::vector<std::uint32_t>& component, bool tie_on);

}  // namespace plumb
