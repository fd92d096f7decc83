// What check_feedback counts and says.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "plumb/feedback_study.h"

namespace plumb {
namespace {

FeedbackCheck checked(const std::string& lines) {
  FeedbackReport report;
  return check_feedback(parse_feedback(lines, "votes.jsonl", {}, &report));
}

const Finding* find(const FeedbackCheck& check, const std::string& name) {
  for (const Finding& f : check.findings)
    if (f.check == name) return &f;
  return nullptr;
}

std::string vote(const std::string& first, const std::string& second, const std::string& answer,
                 const std::string& rater = "", const std::string& prompt = "p") {
  return R"({"prompt":")" + prompt + R"(","first":")" + first + R"(","second":")" + second + R"(","answer":")" +
         answer + (rater.empty() ? "" : R"(","rater":")" + rater) + "\"}\n";
}

// Twelve raters, each of whom judges three pairs once, without ties.
std::string clean() {
  std::string out;
  for (int r = 0; r < 12; ++r) {
    const std::string rater = "r" + std::to_string(r);
    out += vote("a", "b", r % 3 ? "first" : "second", rater) + vote("c", "b", "first", rater) +
           vote("a", "c", "second", rater);
  }
  return out;
}

TEST(CheckFeedback, HasNothingToMindInACleanFile) {
  const FeedbackCheck check = checked(clean());
  EXPECT_TRUE(check.findings.empty()) << check.findings.front().sentence;
  EXPECT_EQ(check.prompts, 1u);
  EXPECT_EQ(check.items, 3u);
  EXPECT_EQ(check.raters, 12u);
  EXPECT_EQ(check.comparisons, 36u);
  EXPECT_EQ(check.pairs, 3u);
  EXPECT_EQ(check.pairs_judged_again, 3u);
  EXPECT_EQ(check.pairs_disputed, 1u);
  EXPECT_EQ(check.repeated + check.contradictions + check.twins + check.prompts_apart + check.unnamed, 0u);
}

TEST(CheckFeedback, CountsRepetitionsAndContradictionsOfOnePersonInEitherOrder) {
  // r1 says a above b twice more, once with the places swapped; r4 says it, and then b above a; a tie
  // contradicts nothing.
  const FeedbackCheck check = checked(clean() + vote("a", "b", "first", "r1") + vote("b", "a", "second", "r1") +
                                      vote("b", "a", "first", "r4") + vote("c", "b", "tie", "r2"));
  EXPECT_EQ(check.repeated, 2u);
  EXPECT_EQ(check.contradictions, 1u);
  EXPECT_EQ(check.ties, 1u);
  ASSERT_NE(find(check, "repeated"), nullptr);
  EXPECT_EQ(find(check, "repeated")->severity, Severity::kWarning);
  EXPECT_NE(find(check, "contradictions")->sentence.find("1 times"), std::string::npos);
}

TEST(CheckFeedback, KnowsAPairWhoeverStoodFirst) {
  const FeedbackCheck against = checked(vote("a", "b", "first", "x") + vote("b", "a", "first", "x"));
  EXPECT_EQ(against.repeated, 0u);
  EXPECT_EQ(against.contradictions, 1u);
  EXPECT_EQ(against.pairs, 1u);
  EXPECT_EQ(against.pairs_disputed, 1u);
  const FeedbackCheck alike = checked(vote("a", "b", "first", "x") + vote("b", "a", "second", "x"));
  EXPECT_EQ(alike.repeated, 1u);
  EXPECT_EQ(alike.contradictions + alike.pairs_disputed, 0u);
}

TEST(CheckFeedback, DoesNotTakeTwoPeopleOfDifferentMindForAContradiction) {
  EXPECT_EQ(checked(vote("a", "b", "first", "x") + vote("a", "b", "second", "y")).contradictions, 0u);
  EXPECT_EQ(checked(vote("a", "b", "first", "x") + vote("a", "b", "first", "y")).repeated, 0u);
  EXPECT_EQ(checked(vote("a", "b", "first", "x") + vote("a", "b", "first", "x", "q")).repeated, 0u);
}

TEST(CheckFeedback, KnowsTheOtherForms) {
  const std::string rating = R"({"prompt":"p","completion":"a","rating":4,"rater":"x"})"
                             "\n";
  const std::string other = R"({"prompt":"p","completion":"a","rating":2,"rater":"x"})"
                            "\n";
  const std::string up = R"({"prompt":"p","completion":"b","label":true,"rater":"x"})"
                         "\n";
  const std::string down = R"({"prompt":"p","completion":"b","label":false,"rater":"x"})"
                           "\n";
  const std::string ranked = R"({"context":"p","options":["a","b","c"],"ranking":["a","b","c"],"rater":"x"})"
                             "\n";
  const std::string shown_otherwise =
      R"({"context":"p","options":["c","b","a"],"ranking":["a","b","c"],"rater":"x"})"
      "\n";
  const std::string reversed = R"({"context":"p","options":["a","b","c"],"ranking":["c","b","a"],"rater":"x"})"
                               "\n";
  FeedbackCheck check = checked(rating + rating + other + up + down + ranked + shown_otherwise);
  EXPECT_EQ(check.ratings, 3u);
  EXPECT_EQ(check.thumbs, 2u);
  EXPECT_EQ(check.rankings, 2u);
  EXPECT_EQ(check.repeated, 2u);        // the rating, and the ranking shown in another order
  EXPECT_EQ(check.contradictions, 2u);  // the ratings, the thumbs
  EXPECT_EQ(checked(ranked + reversed).contradictions, 1u);
}

TEST(CheckFeedback, SaysWhatCannotBeTold) {
  const FeedbackCheck check =
      checked(vote("a", "b", "tie") + vote("c", "d", "tie") + vote("a", "b", "tie", "", "q"));
  ASSERT_NE(find(check, "no_raters"), nullptr);
  EXPECT_EQ(check.unnamed, 3u);
  EXPECT_NE(find(check, "all_ties"), nullptr);
  EXPECT_NE(find(check, "judged_once"), nullptr);
  ASSERT_NE(find(check, "apart"), nullptr);  // under p nothing connects a, b with c, d
  EXPECT_EQ(check.prompts_apart, 1u);
  EXPECT_EQ(find(checked(clean()), "apart"), nullptr);
  EXPECT_NE(find(checked(vote("a", "b", "first", "x")), "few_raters"), nullptr);
  EXPECT_NE(find(checked(vote("a", "b", "first", "x") + vote("a", "b", "first")), "some_raters"), nullptr);
}

TEST(CheckFeedback, FindsItemsThatAreTheSameText) {
  const std::string twin =
      R"({"prompt":"p","first":{"id":"a","text":"same words"},"second":{"id":"b","text":"same words"},"answer":"first","rater":"x"})"
      "\n";
  EXPECT_EQ(checked(twin).twins, 1u);
  EXPECT_NE(find(checked(twin), "twins"), nullptr);
}

}  // namespace
}  // namespace plumb
