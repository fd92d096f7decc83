// Two logs that agree more closely than two draws ever do.
#pragma once

#include <cstdint>
#include <vector>

namespace plumb {

// How likely it is that rows drawn independently agree so well: within each stratum (what is given: a context)
// the shares of what was decided and came of it are held against each other by Pearson's statistic of
// homogeneity, summed over strata; its lower tail under the chi-squared distribution (cells that are rare have
// less variance than that, so that the tail is no smaller than the truth). 1 where nothing can be compared.
// A log and its copy agree in every cell, and even one column of five levels says so, where no row can be told
// from another. What moved only makes logs agree less. Customers who come again agree in their contexts, which
// are given, and not in what comes of them.
double chance_of_agreement(const std::vector<std::uint64_t>& first_stratum,
                           const std::vector<std::uint64_t>& first_cell,
                           const std::vector<std::uint64_t>& later_stratum,
                           const std::vector<std::uint64_t>& later_cell);

}  // namespace plumb
