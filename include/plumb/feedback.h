// plumb/feedback.h: what people said. Comparisons (with ties), rankings, ratings and thumbs, read, checked and
// counted; nothing is learnt here.
//
// A prompt is what was asked or the situation that people judged in (a text, features, or nothing); an item is
// one thing judged under a prompt (a text, features, or a mere name). A judgement says which items a rater saw,
// in which order, and what the rater said. Judgements of one file may be of different forms. Nothing is
// repaired: a bad record is refused with file, line, what was found and what was expected, or (where a share of
// them is allowed) counted.
//
//   FeedbackReport report;
//   Feedback f = read_feedback("comparisons.jsonl.gz", {}, &report);
//   f.text[f.first[0]];                 // the item shown first in comparison 0
//
// Not for decision logs: those are plumb/data.h. Reading is deterministic and may be done from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plumb/data.h"

namespace plumb {

inline constexpr std::uint32_t kNoRater = 0xffffffffu;
inline constexpr std::int64_t kNoTime = INT64_MIN;
inline constexpr std::size_t kLongestText = 1 << 20;  // bytes of one text; a longer one is refused

enum class Answer : std::uint8_t { kFirst, kSecond, kTie };

// Who judged, when and where it stands; one an entry of each form.
struct JudgementSource {
  std::vector<std::uint32_t> rater;   // indexes Feedback::rater; kNoRater where nobody said
  std::vector<std::int64_t> time_us;  // kNoTime where nobody said
  std::vector<std::uint64_t> unit;    // what intervals cluster on: hash of `unit`, else rater, else the record
  std::vector<std::uint64_t> line;    // of the file
  std::vector<float> weight;          // 1 / probability of having been asked; empty: all 1
};

struct Feedback {
  std::string source;  // the path, for messages

  // Prompts: text "" where a prompt is only a name or features.
  std::vector<std::string> prompt, prompt_text;
  // Items: name (unique within a prompt), text ("" where an item is only a name), prompt.
  std::vector<std::string> item, text;
  std::vector<std::uint32_t> item_prompt;
  std::vector<std::string> rater;

  // Features, where the records carry them: a row a prompt, a row an item. Empty otherwise.
  std::vector<FeatureColumn> context, features;

  // Comparisons, in the order in which the options were shown.
  std::vector<std::uint32_t> first, second;  // items of the same prompt, never the same item
  std::vector<Answer> answer;
  JudgementSource comparison;

  // Rankings of three or more items, ragged: entries ranking_offset[r] .. ranking_offset[r + 1] - 1, in the
  // order shown; rank 0 is best, equal ranks are ties. (A ranking of two is a comparison.)
  std::vector<std::uint64_t> ranking_offset = {0};
  std::vector<std::uint32_t> ranking_item, ranking_rank;
  JudgementSource ranking;

  // Ratings: a number an item.
  std::vector<std::uint32_t> rated;
  std::vector<double> rating;
  JudgementSource rating_source;

  // Thumbs.
  std::vector<std::uint32_t> thumbed;
  std::vector<std::uint8_t> up;
  JudgementSource thumb;

  std::size_t judgements() const { return first.size() + ranking.rater.size() + rating.size() + up.size(); }
};

// How a file is to be understood. Column names apply to CSV/TSV and rename keys of JSON lines.
struct FeedbackOptions {
  bool accept_nan = false;  // bare NaN in JSON reads as null
  double reject_up_to = 0;  // share of bad records tolerated, counted
  // CSV/TSV: prompt, first, second, answer (first|second|tie, a|b|tie, 1|2|0), rater, time, unit, item, rating,
  // up; role -> column. Roles that are not mapped are looked for under their own names.
  std::vector<std::pair<std::string, std::string>> columns;
};

// Where every record went; records == judgements' records + rejected.
struct FeedbackReport {
  std::uint64_t bytes = 0, records = 0, rejected = 0;
  std::vector<std::string> rejections;  // the first five, "file:line: what: found, expected"
  std::vector<std::string> notes;
};

// Reads one file; format by name and content: .jsonl, .json (an array of objects), .csv, .tsv, each also .gz.
//
// JSON records, told apart by their keys (all may have `id`, `rater`, `time_us` or `time`, `unit`, `context`,
// `weight`):
//   {"context":..., "options":[...], "ranking":[...]}   options: names, texts, or
//   {"id","text","features":{...}};
//       ranking: best first, by the options' ids (or the texts, or "first"/"second"); an inner list is a tie.
//       Two options: a comparison. context: a text or an object of features.
//   {"prompt", "chosen", "rejected"}                    texts, message lists [{"role","content"}], or
//   {"chosen", "rejected"}                              dialogues ("\n\nHuman: ...\n\nAssistant: ..."): the
//   common
//       start of the two is the prompt. Shown order unknown: chosen stands first in half of the records, by a
//       hash of the record, so that position carries nothing.
//   {"prompt", "completion", "label": true|false}       a thumb
//   {"prompt", "completion", "rating": 4}               a rating
//   {"prompt", "first", "second", "answer": "first"|"second"|"tie"}
// Refused: unknown forms, option lists of one, a ranking that names an unknown option, twice or not all of
// them, a vote for both, items compared with themselves, empty texts, texts beyond kLongestText, invalid UTF-8,
// raters that are not text or whole numbers. Throws Error{kInput} with the first five and the count;
// Error{kEnvironment} where the file cannot be read.
Feedback read_feedback(const std::string& path, const FeedbackOptions& options, FeedbackReport* report);
// The same of bytes in memory; `name` (with its ending) stands for the path.
Feedback parse_feedback(std::string_view bytes, const std::string& name, const FeedbackOptions& options,
                        FeedbackReport* report);

// The native JSON lines of this feedback, one judgement a line; reading them gives the same feedback.
std::string write_feedback(const Feedback& feedback);

// Prompts as decisions whose offered actions are their items: what BoundFeatures and policies can score.
// Decision d is prompt d; row `row_of_item[item]` of the log is the item. Carries context and features, no
// outcomes; propensities are 1 / offered and mean nothing. REQUIRES: every prompt has an item.
struct FeedbackDecisions {
  DecisionLog log;
  std::vector<std::uint32_t> row_of_item;
};
FeedbackDecisions as_decisions(const Feedback& feedback);

}  // namespace plumb
