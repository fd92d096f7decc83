// Private to audit and loop: does a surrogate index carry the effect of the action, where the late outcome is
// seen?
#pragma once

#include <vector>

#include "plumb/audit.h"
#include "plumb/learnt.h"

namespace plumb {

// The same contrast on all decisions with all surrogates: the gain as values have it is what the index
// foretells plus what it misses where the late outcome is seen (nothing, where surrogacy is assumed).
struct IndexParts {
  Measured gain, foretold, missed;
  // The gain if what early outcomes are worth goes on changing in a straight line as it may have where the late
  // outcome is seen. Unknown where the gain has all of that in it.
  Measured going_on;
  // A gain that leans to one side, which such a change could turn.
  bool turns() const;
};

struct IndexSurrogacy {
  std::string index;  // its name
  // One a contrast: the best action by the index against every other (the index is a function of early outcomes
  // and context, so what it misses has no part in that choice); where actions are
  // not fixed, the logging policy tilted towards the index against itself. direct: the effect on the late
  // outcome; index: on the index; bias: what the index misses. Known where both arms carry a number.
  std::vector<Surrogacy> tests;
  std::vector<IndexParts> parts;  // of each test
  Verdict verdict =
      Verdict::kInconclusive;  // refuse: one bias is shown to lie outside +-usable; pass: all inside
  double usable = 0;           // in units of the late outcome
};

// On all decisions whose late outcome and surrogates are seen, each with the index of the fit that did not see
// its fold; Bonferroni over the contrasts; the error of the index's coefficients is in the intervals of its
// bias and effect. `usable`: the goal's minimum_effect over the weight that `maximize` gives the index (1 where
// it gives none). base: of the logging policy, a float a row. REQUIRES: learnt.model == "surrogate_index" and
// it is in models.
IndexSurrogacy index_surrogacy(const DecisionLog& log, const Goal& goal, const OutcomeModels& models,
                               const LearntOutcome& learnt, std::span<const float> base, int threads);

}  // namespace plumb
