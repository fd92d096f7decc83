// plumb/stream_evaluation.h: the value of policies on a log that is not held in memory.
//
// The sums of plumb/evaluate.h (IPS, SNIPS and, where outcome models were fitted before, the doubly robust
// estimate), added block by block: 4,096 unit buckets whatever the length of the log. Models are precomputed:
// linear models of every outcome, by training fold, so that rows of the log that they were fitted on are scored
// by the variant that did not see them. They are linear whatever the goal's outcome_models are: with other
// models the doubly robust estimate is another number with another error, and no less valid.
//
//   StreamEvaluation e(goal, {constant_policy("mail_a")}, read_outcome_models("models.safetensors"));
//   LoadReport load = stream_log(path, goal, {.threads = 2, .columns = e.columns()}, e.work());
//   Contrast level{"level", {}};
//   e.add_terms(level, 1, goal_terms, 1, Estimator::kDr);
//
// A stream is valued, not checked: what check_log finds in a log, and which rows a policy was learnt from,
// takes all rows at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plumb/evaluate.h"
#include "plumb/stream.h"

namespace plumb {

// Linear models of outcomes that were fitted on a log before, as `train` and `align` write them.
struct LinearOutcomes {
  std::vector<std::string> outcome;
  FeatureMap map;
  // By outcome and variant, as OutcomeModels::linear: variant v < kTrainingFolds did not see training fold v.
  std::vector<std::vector<std::vector<double>>> linear;
  // By outcome and variant, as OutcomeModels::span: predictions are held to it. Infinite for files without it.
  std::vector<std::vector<OutcomeSpan>> span;
  std::uint64_t split_seed = 1;                   // of those folds
  std::shared_ptr<const LearntFrom> learnt_from;  // empty in files of format 1
};
// A safetensors file: outcomes, feature schema, coefficients of OutcomeModels::linear (which stand beside
// boosted trees too), split seed, what they were learnt from (plumb/origin.h; may be nullptr). What people
// prefer is left out.
std::string outcome_model_bytes(const OutcomeModels& models, std::uint64_t split_seed,
                                const LearntFrom* learnt_from = nullptr);
// Throws Error with file, what was found and expected for anything that is not one.
LinearOutcomes read_outcome_models(const std::string& path);
LinearOutcomes parse_outcome_models(std::string_view bytes, const std::string& path);

struct StreamedOutcome {
  std::string name;
  OutcomeKind kind = OutcomeKind::kNumber;
  std::uint64_t observed = 0, missing = 0, immature = 0;
  double sum = 0;
};

// Decisions of the stream that a policy or the models were learnt from.
struct StreamFamiliar {
  std::uint64_t by_unit = 0;  // of known units (or rows, where no unit is named)
  std::uint64_t by_context =
      0;  // with known contexts, where contexts tell row from row and units are not named
  bool any = false;
  // Rows that the models saw stand in other folds than then: predictions are no longer of rows left out.
  bool misplaced = false;
};

class StreamEvaluation {
 public:
  // The logging policy is always policy 0, whatever else is asked. Policies must be softmax, tree, priced,
  // constant or uniform ones: a table's rows belong to one log in memory. Throws Error{kInput} where the models
  // lack an outcome that the goal maximizes.
  StreamEvaluation(const Goal& goal, std::vector<PolicyPointer> policies, std::optional<LinearOutcomes> models);
  ~StreamEvaluation();
  StreamEvaluation(const StreamEvaluation&) = delete;
  StreamEvaluation& operator=(const StreamEvaluation&) = delete;

  // The feature columns that policies and models read.
  ColumnNames columns() const;
  // Whether rows must be told apart: some policy was learnt from a log.
  bool wants_fingerprints() const;
  // For stream_log, once.
  BlockWork work();

  // What follows holds when the stream has ended. Outcomes by position in the goal's outcomes (without what
  // people prefer); policies as they were given, from 1 on.
  std::uint64_t decisions() const;
  const std::vector<StreamedOutcome>& outcomes() const;
  // Rows of the policy's training sketch that the stream held (plumb/policy.h), and how many were looked for.
  std::uint64_t sketch_matched(std::size_t policy) const;
  std::uint64_t sketch_size(std::size_t policy) const;
  StreamFamiliar familiar(std::size_t policy) const;
  StreamFamiliar familiar_models() const;
  // As Evaluation::support: the policy's, and whether enough of the combination of outcomes was observed.
  Support support(std::size_t policy, std::span<const std::pair<std::size_t, double>> terms) const;
  double effective_events(std::size_t policy, std::size_t outcome) const;
  bool has_models() const;
  // Where the log has no probabilities of the actions that were not chosen: no KL.
  bool knows_divergence() const;
  // weight * value of a policy, for contrasts. kDr needs models.
  void add_terms(Contrast& contrast, std::size_t policy, std::span<const std::pair<std::size_t, double>> terms,
                 double weight, Estimator e) const;
  Estimates estimate(std::span<const Contrast> contrasts) const;
  // Where one of the 4,096 groups of units brings more than kOneShare of the variance
  // (plumb/policy_contrast.h): a sentence with its share, which names the decision if the largest outcome of
  // the stream is in that group. Rows are not held, so it is one customer in all likelihood, not for certain.
  // Empty where none does.
  std::string one_decides(const Contrast& contrast) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace plumb
