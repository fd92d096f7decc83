// Whether comparisons tell a value, and what drawn prompts add to its variance, by hand.
#include "evaluate/preference_told.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(DrawnPrompts, AddWhatTheTwoWayVarianceHasBeyondPeoples) {
  PreferenceTold told;
  told.by_person = {1, -1, 1, -1};  // 4
  told.by_prompt = {3, -3, 0};      // 18
  told.by_answer = {1, 1, -1, -1};  // 4
  const std::vector<std::pair<const PreferenceTold*, double>> one{{&told, 1.0}};
  EXPECT_NEAR(drawn_prompts(one).added, 4 + 18 - 4 - 4, 1e-12);
  EXPECT_EQ(drawn_prompts(one).clusters, 2);
  told.by_prompt = {.1, -.1, 0};  // prompts have less than answers alone: people's variance stays
  EXPECT_NEAR(drawn_prompts(one).added, 0, 1e-12);
  const std::vector<std::pair<const PreferenceTold*, double>> twice{{&told, 2.0}, {nullptr, -1.0}};
  told.by_prompt = {3, -3, 0};
  EXPECT_NEAR(drawn_prompts(twice).added, 4 * 14, 1e-12);
}

TEST(NotTold, SaysWhatWasNotComparedAndHowFewAnswersThereAre) {
  PreferenceModel model;
  model.hardly_compared = {{"C", 0}, {"D", 3}};
  PreferenceTold told;
  told.whole = {1, 0};
  told.unseen = {0.1, 0};
  told.drawn.assign(100, 0.1);
  const std::vector<std::pair<const PreferenceTold*, double>> one{{&told, 1.0}};
  EXPECT_EQ(not_told(model, one), "nobody compared C, D was compared 3 times, and this rests on it");
  told.unseen = {0.001, 0};
  EXPECT_EQ(not_told(model, one), "");
  told.drawn.assign(10, 0.1);
  EXPECT_NE(not_told(model, one).find("it rests on 10 effective answers, 20 are needed"), std::string::npos);
  // The same policy twice is no shift, whatever is not known of it.
  PreferenceTold other = told;
  const std::vector<std::pair<const PreferenceTold*, double>> equal{{&told, 1.0}, {&other, -1.0}};
  EXPECT_EQ(not_told(model, equal), "");
}

}  // namespace
}  // namespace plumb
