// What a Goal knows of itself: names, and where things are found in it.
#include "plumb/goal.h"

#include <algorithm>

namespace plumb {

std::string_view name_of(Learner learner) { return learner == Learner::kBoosted ? "boosted" : "linear"; }

std::string_view name_of(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kBinary:
      return "binary";
    case OutcomeKind::kRating:
      return "rating";
    case OutcomeKind::kCount:
      return "count";
    case OutcomeKind::kAmount:
      return "amount";
    case OutcomeKind::kNumber:
      return "number";
    case OutcomeKind::kPreference:
      return "preference";
  }
  PLUMB_ASSERT(false);
  return {};
}

std::string ConstraintSpec::id() const { return segment.empty() ? outcome : outcome + " by " + segment; }

const OutcomeSpec* Goal::outcome(std::string_view wanted) const {
  for (const OutcomeSpec& spec : outcomes) {
    if (spec.name == wanted) return &spec;
  }
  return nullptr;
}

const OutcomeSpec* Goal::preference() const {
  for (const OutcomeSpec& spec : outcomes) {
    if (spec.kind == OutcomeKind::kPreference) return &spec;
  }
  return nullptr;
}

Goal Goal::without_preference() const {
  Goal out = *this;
  std::erase_if(out.outcomes, [](const OutcomeSpec& spec) {
    return spec.kind == OutcomeKind::kPreference || !spec.model.empty();
  });
  return out;
}

std::vector<std::string> Goal::all_segments() const {
  std::vector<std::string> all;
  const auto add = [&](const std::string& segment) {
    if (!segment.empty() && std::find(all.begin(), all.end(), segment) == all.end()) all.push_back(segment);
  };
  for (const ConstraintSpec& constraint : constraints) add(constraint.segment);
  for (const std::string& segment : segments) add(segment);
  return all;
}

}  // namespace plumb
