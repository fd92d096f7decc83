// Feedback compared column by column, but for where it came from.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "plumb/feedback.h"
#include "tests/data/small_logs.h"

namespace plumb {

inline void expect_same(const JudgementSource& a, const JudgementSource& b) {
  EXPECT_EQ(a.rater, b.rater);
  EXPECT_EQ(a.time_us, b.time_us);
  EXPECT_EQ(a.unnamed, b.unnamed);
  EXPECT_EQ(a.id, b.id);
  ASSERT_EQ(a.unit.size(), b.unit.size());
  // A record that nothing names is its own unit, by its bytes.
  for (std::size_t k = 0; k < a.unit.size(); ++k)
    EXPECT_TRUE(a.unit[k] == b.unit[k] || (!a.unnamed.empty() && a.unnamed[k] != 0)) << k;
  EXPECT_EQ(a.weight, b.weight);
}

inline void expect_same(const std::vector<FeatureColumn>& a, const std::vector<FeatureColumn>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t c = 0; c < a.size(); ++c) {
    EXPECT_EQ(a[c].name, b[c].name);
    EXPECT_EQ(a[c].is_category, b[c].is_category);
    EXPECT_EQ(a[c].number, b[c].number);
    EXPECT_EQ(a[c].code, b[c].code);
    EXPECT_EQ(a[c].levels, b[c].levels);
  }
}

inline void expect_same(const Feedback& a, const Feedback& b) {
  EXPECT_EQ(a.prompt, b.prompt);
  EXPECT_EQ(a.prompt_text, b.prompt_text);
  EXPECT_EQ(a.item, b.item);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.item_prompt, b.item_prompt);
  EXPECT_EQ(a.order_known, b.order_known);
  EXPECT_EQ(a.checks.prompt, b.checks.prompt);
  EXPECT_EQ(a.checks.first, b.checks.first);
  EXPECT_EQ(a.checks.second, b.checks.second);
  EXPECT_EQ(a.checks.answer, b.checks.answer);
  EXPECT_EQ(a.checks.expected, b.checks.expected);
  expect_same(a.checks.source, b.checks.source);
  EXPECT_EQ(a.rater, b.rater);
  expect_same(a.context, b.context);
  expect_same(a.features, b.features);
  EXPECT_EQ(a.first, b.first);
  EXPECT_EQ(a.second, b.second);
  EXPECT_EQ(a.answer, b.answer);
  EXPECT_EQ(a.ranking_offset, b.ranking_offset);
  EXPECT_EQ(a.ranking_item, b.ranking_item);
  EXPECT_EQ(a.ranking_rank, b.ranking_rank);
  EXPECT_EQ(a.rated, b.rated);
  EXPECT_EQ(a.rating, b.rating);
  EXPECT_EQ(a.thumbed, b.thumbed);
  EXPECT_EQ(a.up, b.up);
  expect_same(a.comparison, b.comparison);
  expect_same(a.ranking, b.ranking);
  expect_same(a.rating_source, b.rating_source);
  expect_same(a.thumb, b.thumb);
}

inline Feedback json_feedback(std::string_view text, FeedbackReport* report = nullptr) {
  return parse_feedback(text, "f.jsonl", {}, report);
}
inline Feedback csv_feedback(std::string_view text, const FeedbackOptions& options = {},
                             FeedbackReport* report = nullptr) {
  return parse_feedback(text, "f.csv", options, report);
}

}  // namespace plumb
