// Predictions lie where the outcome can lie, and rows of a fold are held by what the others saw.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "plumb/reward.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

// One context that explains the outcome so well that a line leaves its range in the tails.
DecisionLog steep(OutcomeKind kind, double outlying) {
  std::vector<MadeDecision> decisions;
  for (std::uint64_t i = 0; i < 1200; ++i) {
    Rng rng = Rng(5).stream("decision", i);
    MadeDecision d;
    d.unit = i;
    d.mu = {.5, .5};
    d.chosen = rng.bernoulli(.5) ? 1 : 0;
    const double x = 3 * rng.normal();
    d.x = {i == 7 ? outlying : x};
    const double y = std::clamp(x, -1.0, 1.0) + .1 * rng.normal();
    d.value = {kind == OutcomeKind::kBinary  ? (y > 0 ? 1.0 : 0.0)
               : kind == OutcomeKind::kCount ? std::max(0.0, std::round(2 * y))
                                             : y};
    decisions.push_back(d);
  }
  return made_log({"a", "b"}, {{"y", kind}}, decisions);
}

TEST(OutcomeSpan, HoldsEveryPredictionToWhatItsVariantSaw) {
  for (const OutcomeKind kind : {OutcomeKind::kBinary, OutcomeKind::kCount, OutcomeKind::kNumber}) {
    for (const double outlying : {0.5, 1e9}) {
      const DecisionLog log = steep(kind, outlying);
      const OutcomeModels models = fit_outcome_models(log, {"y"}, 1);
      ASSERT_EQ(models.span.size(), 1u);
      bool at_an_end = false;
      for (std::size_t i = 0; i < log.size(); ++i) {
        // The least and the largest value of the training rows outside the decision's own fold, by a second
        // look.
        double least = kind == OutcomeKind::kBinary ? 0 : 1e300,
               most = kind == OutcomeKind::kBinary ? 1 : -1e300;
        for (std::size_t k = 0; k < log.size() && kind != OutcomeKind::kBinary && i < 40; ++k) {
          if (!log.in_training(k) || log.fold[k] == log.fold[i]) continue;
          least = std::min(least, log.outcomes[0].value[k]);
          most = std::max(most, log.outcomes[0].value[k]);
        }
        const OutcomeSpan& span = models.span[0][variant_of(log, i)];
        if (i < 40) {
          EXPECT_EQ(span.lower, least);
          EXPECT_EQ(span.upper, most);
        }
        for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
          const float q = models.q[0][row];
          EXPECT_GE(q, static_cast<float>(span.lower));
          EXPECT_LE(q, static_cast<float>(span.upper));
          at_an_end |= q == static_cast<float>(span.upper) || q == static_cast<float>(span.lower);
        }
      }
      if (kind != OutcomeKind::kBinary) {
        EXPECT_TRUE(at_an_end);  // the line would have left it
      }
    }
  }
}

}  // namespace
}  // namespace plumb
