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
  std::vector<std::uint64_t> unit;    // what intervals cluster on: hash of `unit`, else rater, id, the record
  std::vector<std::string> id;        // as given; shorter where the last ones have none, empty where none has
  std::vector<std::uint8_t> unnamed;  // 1 where only the record or its id is the unit: it may be a copy
  std::vector<std::uint64_t> line;    // of the file; of a JSON array the number of the record
  std::vector<float> weight;          // 1 / probability of having been asked, up to a factor; empty: all 1
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
  // One a comparison: 0 where the record does not hold which of the two was shown first (chosen and rejected),
  // and a hash of the record placed them: nothing is to be said of places then. Empty: all are known.
  std::vector<std::uint8_t> order_known;
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

  // Check items: comparisons whose right answer is known beforehand and says nothing of anybody's taste. They
  // are in none of the columns above; what they are made of is kept as it was written.
  struct Checks {
    std::vector<std::string> prompt, first, second;
    std::vector<Answer> answer, expected;
    JudgementSource source;
  } checks;

  std::size_t judgements() const { return first.size() + ranking.rater.size() + rating.size() + up.size(); }
};

// How a file is to be understood.
struct FeedbackOptions {
  bool checks_alone = false;  // check items without a judgement beside them are a file: another holds those
  bool accept_nan = false;    // bare NaN in JSON reads as null
  double reject_up_to = 0;    // share of bad records tolerated, counted; in [0, 1)
  // Role -> key of JSON or column of CSV/TSV; a role that is not mapped is looked for under its own name, one
  // that is mapped to "" is left out. Roles are the keys below. A mapped key must be in every record.
  std::vector<std::pair<std::string, std::string>> columns;
  // What codes mean that the file writes for an answer: {"0", kFirst}, {"1", kSecond}.
  std::vector<std::pair<std::string, Answer>> answers;
};
// Every role that `columns` may name.
std::vector<std::string> feedback_roles();

// Where every record went; records == judgements' records + check items + rejected + merged.
struct FeedbackReport {
  std::uint64_t bytes = 0, records = 0, rejected = 0;
  std::uint64_t merged = 0;             // those that repeat an earlier one together with its id or time
  std::vector<std::string> rejections;  // the first five, "file:line: what: found, expected"
  std::vector<std::string> notes;
};

// Reads one file; format by name, else by content: .jsonl, .json (an array of objects, or a line each), .csv,
// .tsv, each also .gz.
//
// JSON records, told apart by their keys:
//   {"context", "options":[...], "ranking":[...]}   ranking: best first, by the options' ids (else their texts,
//       else "first" and "second" of two); a list inside is a tie. Two options: a comparison.
//   {"prompt", "chosen", "rejected"}                texts, objects, or message lists [{"role","content"}],
//       content a text or a list of parts {"type":"text","text":...}, which are joined by line ends
//   {"chosen", "rejected"}                          dialogues ("\n\nHuman: ...\n\nAssistant: ...") or message
//       lists: their common start is the prompt, up to the last "\n\nAssistant: " in common, so that prompt and
//       item together are the dialogue again; message lists become such dialogues. Shown order unknown: chosen
//       stands first in half of the records, by a hash of the record, so that position carries nothing.
//   {"prompt", "completion", "label": true|false}   a thumb
//   {"prompt", "completion", "rating": 4}           a rating
//   {"prompt", "first", "second", "answer": "first"|"second"|"tie"}    also a, b, draw, equal, the name of
//       the column that won, the number or letter that it ends in (response_0, response_1), the name or text of
//       the item that won (no whole number up to 3: it may be a code); other codes, and codes that these
//       understand differently, need `answers`
// A comparison with `expected` is a check item: the answer that whoever reads it gives ("first", "second", or
// as `answer` is written). It counts as no comparison; wrong ones tell how careless people were
// (plumb/careless.h). A comparison may have `shown_order`: "unknown" where the first need not have been shown
// first. All may have `id`, `rater`, `time_us` (or `time`, ISO 8601), `unit`, `weight` (all records or none)
// and `context`: a text (the prompt), or an object of features of the prompt. `prompt`: a text, a message list,
// a whole number (a name) or {"id","text"}. Options, first, second: {"id","text","features"}, a whole number (a
// name) or a string. `item` may stand for completion, with the same values as first; `first_text`,
// `second_text`, `item_text` and `prompt_text` beside the bare role make that the name. `unit_hash` (16
// hexadecimal digits) is what write_feedback puts for `unit`, whose name is not kept.
//   A string among options, first, second and item (CSV: prompt too) is a text if any of the file's has a space
// or is longer than 64 bytes, else a name; a note in the report says so. It also names an item that an earlier
// record gave an id. Items and prompts without an id are named by their text where that is short, else by a
// hash of text and features. Features (numbers, texts, true and false): every prompt, or every item, has the
// same keys; numbers and texts mixed make a category.
//
// CSV and TSV have the same roles but context, options and ranking, a row a judgement, one form a file.
//
// A rater that is empty, nan, NaN, NA, N/A, None or null is nobody; a note counts them. A file of a form that
// many people have but that is not read as it is (Chatbot Arena, SHP, ...: docs/feedback.md) is refused by one
// line that names it and the way out.
//
// Refused: unknown forms, records of two forms, option lists of one, a ranking that names an unknown option, an
// option twice or not all of them, a vote for both, items compared with themselves, an id with another text or
// other features than before, empty texts (white space is empty), texts beyond kLongestText, invalid UTF-8,
// raters that are not text or whole numbers, keys that look like a rater's but are not `rater` (where nothing
// is mapped). Other keys that play no role are listed in the notes. Throws Error{kInput} with the first five
// and the count, or in one line with what was found where all are of one kind; Error{kEnvironment} where the
// file cannot be read. `report` may be null.
Feedback read_feedback(const std::string& path, const FeedbackOptions& options, FeedbackReport* report);
// The same of bytes in memory; `name` (with its ending) stands for the path.
Feedback parse_feedback(std::string_view bytes, const std::string& name, const FeedbackOptions& options,
                        FeedbackReport* report);

// The native JSON lines of this feedback, one judgement a line, each complete in itself, in the order of
// JudgementSource::line. Reading what was written of feedback that was read gives the same feedback but for
// `source` and `line`. Judgements only: prompts and items that nobody judged are not written.
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
