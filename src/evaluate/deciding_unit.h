// Whether one unit brings so much to a contrast that it alone decides.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "evaluate/event_sides.h"

namespace plumb {

// One outcome of a contrast: what it is summed with, by policy, and what is expected of it.
struct DecidingTerm {
  const OutcomeColumn* column = nullptr;
  const EventRows::Outcome* outcome = nullptr;
  std::span<const float> q;              // a row an offered action; empty: estimators without a model
  std::vector<EventTerm::Share> shares;  // scale as EventTerm has it
};

struct DecidingInput {
  const DecisionLog& log;
  const EventRows& rows;
  std::span<const std::uint16_t> bucket;  // of every decision
  const std::vector<std::uint8_t>& mask;
  std::vector<DecidingTerm> terms;
  std::span<const double> influence;  // by bucket, of the contrast
  double value = 0;                   // of the contrast
};

// A sentence that names the unit, by plumb/policy_contrast.h; empty where none decides. A unit's contribution
// is the sum over its rows of weight times what the outcome exceeds its expectation by. Costs nothing but a
// look at the buckets unless one of them stands out.
std::string one_decides(const DecidingInput& in);

}  // namespace plumb
