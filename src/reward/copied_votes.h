// Votes that look like copies of others: under no name, or under new ones.
#pragma once

#include <string>

#include "plumb/preferred.h"
#include "reward/compared_pairs.h"

namespace plumb {

// Why votes may be copies, so that there are fewer people than it seems; empty where nothing speaks for it.
// Named people whose answers to the same questions agree where the model would have them differ: all the
// answers of one are those of another, or nearly every question that several people had was answered alike by
// all of them. judged: those of `comparisons`, by row.
std::string copied_cap(const Feedback& feedback, const std::vector<Judged>& judged,
                       const ComparedPairs& comparisons, const PreferenceModel& model);

}  // namespace plumb
