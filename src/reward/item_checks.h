// What every fit of item votes begins with.
#pragma once

#include <vector>

#include "reward/item_objective.h"

namespace plumb {

// Throw Error{kInput}, naming `where`.
void check_votes(const ItemVotes& votes, Ties ties, const char* where);
void check_options(const ItemOptions& options, const char* where);

// `component`: from components(); used where there is no prior.
Penalties item_penalties(const ItemVotes& votes, const ItemOptions& options,
                         const std::vector<std::uint32_t>& component);
// Equal items, and the tie parameter that goes with them; where no tie parameter is estimated the value that
// rules ties out.
std::vector<double> start_of(const ItemVotes& votes, const Penalties& penalties, Ties ties);
// Without a tie in the votes the tie models are Bradley-Terry.
inline Ties plain_of(Ties ties) { return ties == Ties::kHalf ? Ties::kHalf : Ties::kRefuse; }

}  // namespace plumb
