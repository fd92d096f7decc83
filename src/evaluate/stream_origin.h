// What a stream can tell of who has seen its decisions, block by block.
#pragma once

#include "plumb/origin.h"
#include "plumb/stream_evaluation.h"

namespace plumb {

// Contexts hardly repeat among what was learnt from: one that stands in the stream is that row, or its unit.
bool contexts_tell_rows(const LearntFrom& from);
// Counts alone. `nameless`: the stream names no unit, contexts are asked.
StreamFamiliar familiar_in(const LearntFrom& from, const DecisionLog& block, bool nameless);
void add_familiar(StreamFamiliar& to, const StreamFamiliar& block);
// With the verdicts, over a stream of so many decisions.
StreamFamiliar judged_familiar(StreamFamiliar counts, const LearntFrom& from, std::uint64_t decisions);

}  // namespace plumb
