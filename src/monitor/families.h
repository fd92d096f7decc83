// What the three families of shifts look at, and how each becomes simultaneous intervals.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "monitor/density_ratio.h"
#include "plumb/features.h"
#include "plumb/monitor.h"

namespace plumb {

// Both logs as one, with everything that compares them. Decisions below first_count are the first log's.
struct TwoLogs {
  DecisionLog both;
  std::size_t first_count = 0;
  FeatureMap map;                     // of the first log's training half
  std::vector<std::uint32_t> bucket;  // by decision: a unit that stands in both logs stays one cluster
  std::vector<std::uint8_t>
      compared;                      // by decision: of the first log, those that nothing learnt from; all later
  std::vector<std::uint8_t> scored;  // by decision: those that the density ratio was not learnt from
  DensityRatio density;              // of contexts, later to first
  std::vector<float> base;           // a row an offered action: the logging policy of the row's log
  double alpha = 0.05;
  std::uint64_t seed = 1;
  int threads = 1;
  bool is_later(std::size_t i) const { return i >= first_count; }
};

// A shift with the contrast that measures it; no terms: nothing is measured, shift.moved says why.
struct Question {
  Shift shift;
  Contrast moved;
};
// One max-t over all that are measured. Values of `then` and `now` are the caller's.
ShiftFamily ask_family(const TwoLogs& logs, std::vector<Question> questions, const Moments& moments,
                       const std::string& stream);

ShiftFamily compare_contexts(const TwoLogs& logs);
// The model of the first log's logging policy on all rows: fitted on its training half alone, from what was
// chosen, whatever the logs state.
std::vector<float> first_logging_model(TwoLogs& logs);
ShiftFamily compare_choices(const TwoLogs& logs, std::span<const float> first_model);
LoggingMove logging_move(const TwoLogs& logs, std::span<const float> first_model, bool weigh,
                         std::span<const float> policy);

// The parts of the gain, and the outcomes' family.
struct OutcomeParts {
  ShiftFamily family;
  Measured then, carried, by_contexts, by_outcomes;
  double now = 0;  // with the first log's models: equals the claim's value
};
// `policy` and `reference`: probabilities, a row an offered action; `slices` by constraint that names a
// segment: one entry a level, its name and the decisions in it.
struct Slice {
  std::string constraint;          // ConstraintSpec::id, for segments "id = level"
  std::size_t spec = 0;            // position in goal.constraints
  std::vector<std::uint8_t> rows;  // by decision
};
struct PolicyRows {
  std::span<const float> probabilities;
  bool is_logging = false;
};
OutcomeParts compare_outcomes(const TwoLogs& logs, const Goal& goal, const OutcomeModels& models,
                              bool base_is_estimate, PolicyRows policy, PolicyRows reference,
                              const std::vector<Slice>& slices);

// Outcomes of which in every arm mean or spread is off by kScaleFactor. `outcomes`: those to look at.
std::vector<ScaleMove> moved_scales(const TwoLogs& logs, const std::vector<std::string>& outcomes,
                                    bool carries);
// Arms and levels that only one of the logs has.
std::vector<Finding> only_in_one(const DecisionLog& first, const DecisionLog& later);

}  // namespace plumb
