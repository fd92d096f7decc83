// The fast estimates that plan multipliers are those of the Evaluation.
#include "optimize/tilted_values.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/optimize/tempting_log.h"

namespace plumb {
namespace {

// Answers that were asked for, values that are too young: the cases where the two could part.
DecisionLog patchy_log() {
  auto decisions = tempting_decisions(3000);
  Rng rng(62);
  for (MadeDecision& d : decisions) {
    d.state = {rng.bernoulli(.2) ? State::kImmature : State::kObserved,
               rng.bernoulli(.5) ? State::kObserved : State::kMissing};
  }
  return made_log({"a", "b", "c"}, {{"value"}, {"harm", OutcomeKind::kNumber, .5}}, decisions);
}

std::vector<float> tilt_all(const DecisionLog& log, std::span<const float> base, std::span<const float> score) {
  std::vector<float> out(base.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    const std::size_t first = log.offset[i], k = log.offered(i);
    tilt(base.subspan(first, k), score.subspan(first, k), {out.data() + first, k});
  }
  return out;
}

void expect_equal_to_evaluation(const std::string& reference) {
  Prepared prepared(patchy_log(), tempting_goal(), reference);
  const DecisionLog& log = prepared.log;
  std::vector<std::uint8_t> mask(log.size()), mask_in_training(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    mask[i] = log.segments[0].code[i] == 1;
    mask_in_training[i] = mask[i] && log.in_training(i);
  }
  const std::size_t masked = prepared.evaluation->add_subset({"g1, training", mask_in_training});
  const std::size_t reference_number = prepared.evaluation->add_policy(*prepared.reference);

  const TrainingContext context = prepared.context();
  const TiltedValues values(
      context, {{{{0, 1.0}}, true, nullptr}, {{{1, 1.0}}, false, nullptr}, {{{1, -1.0}}, true, &mask}});
  Rng rng(63);
  for (const double beta : {.3, 2.0}) {
    std::vector<float> score;
    for (std::size_t row = 0; row < log.action.size(); ++row)
      score.push_back(static_cast<float>(beta * rng.normal()));
    double kl = 0;
    const auto fast = values.evaluate(score, &kl);
    const std::size_t number = prepared.evaluation->add_probabilities(tilt_all(log, prepared.base, score));
    const Evaluation& e = *prepared.evaluation;
    const Contrast contrasts[] = {
        {"gain",
         {{e.column(number, 0, prepared.training), 1}, {e.column(reference_number, 0, prepared.training), -1}}},
        {"level", {{e.column(number, 1, prepared.training), 1}}},
        {"masked", {{e.column(number, 1, masked), -1}, {e.column(reference_number, 1, masked), 1}}}};
    const Estimates slow = e.estimate(contrasts);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(fast[k].value, slow.value[k], 1e-9) << contrasts[k].id << " " << reference;
      // One unit a decision: the same but for the units that share a bucket by chance.
      EXPECT_NEAR(fast[k].standard_error / slow.standard_error[k], 1, .12) << contrasts[k].id;
    }
    EXPECT_NEAR(kl, e.kl(number, prepared.training), 1e-6);
  }
}

TEST(TiltedValues, EqualTheEvaluationAgainstTheLoggingPolicy) { expect_equal_to_evaluation("logging"); }
TEST(TiltedValues, EqualTheEvaluationAgainstAnotherReference) { expect_equal_to_evaluation("constant:b"); }

}  // namespace
}  // namespace plumb
