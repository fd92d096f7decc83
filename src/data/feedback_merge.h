// Comparisons that stand twice in a file.
#pragma once

#include "plumb/feedback.h"

namespace plumb {

// Takes out comparisons, and check items, that repeat an earlier one together with what identifies records: the
// same answer of the same person, or of nobody named, to the same options under the same prompt, with the same
// id, or where none has an id with the same time. An id or time identifies records only if hardly any of those
// that stand twice holds two that differ: an id of the question, a day, or the one time of an export is shared
// by votes of different people. Returns how many were taken out.
std::uint64_t merge_repeats(Feedback& feedback);

}  // namespace plumb
