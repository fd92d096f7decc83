// What the two fuzz targets of feedback check of whatever was read: it is whole, and what is written of it
// reads as the same.
#pragma once

#include <algorithm>

#include "plumb/feedback.h"

namespace plumb {

inline void check_source(const JudgementSource& source, std::size_t count, const Feedback& f) {
  PLUMB_ASSERT(source.rater.size() == count && source.time_us.size() == count);
  PLUMB_ASSERT(source.unit.size() == count && source.line.size() == count);
  PLUMB_ASSERT(source.weight.empty() || source.weight.size() == count);
  for (const std::uint32_t rater : source.rater) PLUMB_ASSERT(rater == kNoRater || rater < f.rater.size());
}

inline void check_whole(const Feedback& f) {
  PLUMB_ASSERT(f.prompt.size() == f.prompt_text.size());
  PLUMB_ASSERT(f.item.size() == f.text.size() && f.item.size() == f.item_prompt.size());
  for (const std::uint32_t prompt : f.item_prompt) PLUMB_ASSERT(prompt < f.prompt.size());
  for (const FeatureColumn& column : f.context) PLUMB_ASSERT(column.size() == f.prompt.size());
  for (const FeatureColumn& column : f.features) PLUMB_ASSERT(column.size() == f.item.size());
  PLUMB_ASSERT(f.second.size() == f.first.size() && f.answer.size() == f.first.size());
  for (std::size_t c = 0; c < f.first.size(); ++c) {
    PLUMB_ASSERT(f.first[c] < f.item.size() && f.second[c] < f.item.size() && f.first[c] != f.second[c]);
    PLUMB_ASSERT(f.item_prompt[f.first[c]] == f.item_prompt[f.second[c]]);
  }
  PLUMB_ASSERT(f.ranking_offset.back() == f.ranking_item.size() &&
               f.ranking_rank.size() == f.ranking_item.size());
  for (const std::uint32_t item : f.ranking_item) PLUMB_ASSERT(item < f.item.size());
  check_source(f.comparison, f.first.size(), f);
  check_source(f.ranking, f.ranking_offset.size() - 1, f);
  check_source(f.rating_source, f.rating.size(), f);
  check_source(f.thumb, f.up.size(), f);
}

inline bool same(const JudgementSource& a, const JudgementSource& b) {
  bool units = a.unit.size() == b.unit.size();
  // A record that nothing names, not even an id, is a unit by its bytes.
  for (std::size_t k = 0; units && k < a.unit.size(); ++k)
    units = a.unit[k] == b.unit[k] || (a.unnamed[k] != 0 && (k >= a.id.size() || a.id[k].empty()));
  return units && a.rater == b.rater && a.time_us == b.time_us && a.unnamed == b.unnamed && a.id == b.id &&
         a.weight == b.weight;
}
inline bool same(const std::vector<FeatureColumn>& a, const std::vector<FeatureColumn>& b) {
  bool equal = a.size() == b.size();
  const auto same_number = [](float x, float y) { return x == y || (x != x && y != y); };  // missing ones too
  for (std::size_t c = 0; equal && c < a.size(); ++c)
    equal = a[c].name == b[c].name && a[c].is_category == b[c].is_category &&
            std::equal(a[c].number.begin(), a[c].number.end(), b[c].number.begin(), b[c].number.end(),
                       same_number) &&
            a[c].code == b[c].code && a[c].levels == b[c].levels;
  return equal;
}

inline void check_round_trip(const Feedback& f) {
  const Feedback g = parse_feedback(write_feedback(f), "written.jsonl", {}, nullptr);
  PLUMB_ASSERT(g.prompt == f.prompt && g.prompt_text == f.prompt_text);
  PLUMB_ASSERT(g.item == f.item && g.text == f.text && g.item_prompt == f.item_prompt && g.rater == f.rater);
  PLUMB_ASSERT(same(g.context, f.context) && same(g.features, f.features));
  PLUMB_ASSERT(g.first == f.first && g.second == f.second && g.answer == f.answer);
  PLUMB_ASSERT(g.ranking_offset == f.ranking_offset && g.ranking_item == f.ranking_item);
  PLUMB_ASSERT(g.ranking_rank == f.ranking_rank);
  PLUMB_ASSERT(g.rated == f.rated && g.rating == f.rating && g.thumbed == f.thumbed && g.up == f.up);
  PLUMB_ASSERT(same(g.comparison, f.comparison) && same(g.ranking, f.ranking));
  PLUMB_ASSERT(g.order_known == f.order_known && same(g.checks.source, f.checks.source));
  PLUMB_ASSERT(g.checks.prompt == f.checks.prompt && g.checks.first == f.checks.first &&
               g.checks.second == f.checks.second && g.checks.answer == f.checks.answer &&
               g.checks.expected == f.checks.expected);
  PLUMB_ASSERT(same(g.rating_source, f.rating_source) && same(g.thumb, f.thumb));
}

// Reads bytes under a name. What was read must be whole; that it reads again is asserted outside the catch of
// the first reading, so that a refusal of our own writing is a find.
inline void check_feedback(std::string_view bytes, const std::string& name, const FeedbackOptions& options) {
  Feedback feedback;
  try {
    FeedbackReport report;
    feedback = parse_feedback(bytes, name, options, &report);
    PLUMB_ASSERT(report.records ==
                 feedback.judgements() + feedback.checks.answer.size() + report.rejected + report.merged);
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
    return;
  }
  check_whole(feedback);
  check_round_trip(feedback);
  const FeedbackDecisions decisions = as_decisions(feedback);
  PLUMB_ASSERT(decisions.log.size() == feedback.prompt.size() &&
               decisions.log.action.size() == feedback.item.size());
}

}  // namespace plumb
