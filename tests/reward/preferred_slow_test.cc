// Intervals of a policy's value by what people prefer hold the truth as often as they say, also where each
// person compared several times and persons differ.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/evaluate.h"
#include "tests/reward/asked_people.h"

namespace plumb {
namespace {

// How many of 300 intervals (95 %) of action b against what was logged hold the truth, on these rows.
int covered(AskedPeople people, bool certification_only) {
  int count = 0;
  for (people.seed = 1; people.seed <= 300; ++people.seed) {
    const AskedPeople::Run run = people.run();
    Evaluation evaluation(run.log, run.models, 1);
    std::vector<std::uint8_t> mask(run.log.size(), 1);
    for (std::size_t i = 0; certification_only && i < mask.size(); ++i) mask[i] = !run.log.in_training(i);
    const std::size_t rows = evaluation.add_subset({"rows", mask});
    const std::size_t reference = evaluation.add_policy(LoggingPolicy(run.log, 1));
    const std::size_t b = evaluation.add_policy(*constant_policy("b"));
    const std::size_t j = run.models.preference_index();
    const Contrast gain{"gain",
                        {{evaluation.column(b, j, rows), 1}, {evaluation.column(reference, j, rows), -1}}};
    const Estimates e = evaluation.estimate({&gain, 1});
    count += std::abs(e.value[0] - AskedPeople::gain_of_b()) < 1.96 * e.standard_error[0];
  }
  return count;
}

// 99.8 % of binomial(300, .95) lies in 272 ... 296.
TEST(PreferenceIntervals, CoverAtTheirLevel) {
  AskedPeople people;
  people.decisions = 600;
  people.comparisons = 1200;
  for (const bool half : {true, false}) {
    const int held = covered(people, half);
    EXPECT_GE(held, 272);
    EXPECT_LE(held, 296);
  }
}

// 30 columns that vary, some 20 comparisons of the certification half a column: where the verdict is just not
// capped. Plain maximum likelihood would overstate every log-odds by about a twentieth here.
TEST(PreferenceIntervals, CoverWhereTheDesignIsWide) {
  AskedPeople people;
  people.decisions = 600;
  people.comparisons = 1400;
  people.idle = 8;
  for (const bool half : {true, false}) {
    const int held = covered(people, half);
    EXPECT_GE(held, 272);
    EXPECT_LE(held, 297);
  }
}

TEST(PreferenceIntervals, CoverWherePersonsCompareOftenAndDiffer) {
  AskedPeople people;
  people.decisions = 600;
  people.comparisons = 3000;
  people.each = 10;
  people.taste = .5;
  const int held = covered(people, true);
  EXPECT_GE(held,
            268);  // tastes that differ flatten the curve a little: the linear model is then an approximation
  EXPECT_LE(held, 297);
}

}  // namespace
}  // namespace plumb
