// The four answers of a report's first screen, and what they are made of.
#pragma once

#include <string>

#include "report/study.h"

namespace plumb {

// The best candidate that is neither refused nor what runs today, by its estimate; nullptr where there is none
// with a number.
const CandidateClaim* best_undecided(const Certification& certification);

// Where what ships was trained on a proxy that is refused as a goal: that it is both, in one sentence with a
// leading blank. Else empty.
std::string trained_on_what_is_not_trusted(const Study& study);

}  // namespace plumb
