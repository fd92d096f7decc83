// The reader of judgements in JSON, a record an object. A record is parsed whole (simdjson's DOM: valid JSON
// and UTF-8 to the last byte), its keys are put to their roles, and the form that the roles make is read.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/feedback_answers.h"
#include "data/feedback_builder.h"
#include "data/feedback_known.h"
#include "data/feedback_record.h"
#include "data/json_value.h"

namespace plumb {

// What a value is, in messages.
std::string described(simdjson::dom::element value);

class JsonFeedbackReader {
 public:
  JsonFeedbackReader(const FeedbackOptions& options, const std::string& name, FeedbackBuilder& builder);
  // One record to the builder; `text` is padded, `line` its place. Throws BadRow.
  void read(std::uint64_t line, std::string_view text);
  // The format that the keys of a record are known by, one that is not read as it is; null where none is or
  // where columns are mapped (then what is wrong is the mapping's). `text` as for read().
  const KnownFormat* known(std::string_view text);
  // What a reader of the report should know, when all is read.
  void add_notes() const;

 private:
  // feedback_json.cc: keys to roles, and who judged.
  simdjson::dom::object parse(std::string_view text);
  std::uint32_t number_of(std::size_t position, std::string_view key);
  void gather(simdjson::dom::object object);
  bool has(Role role) const { return (present_ & bit(role)) != 0; }
  // A single value; throws BadRow for lists, objects and (unless allowed) true and false.
  Cell single(Role role, bool allow_bool = false) const;
  Cell answer_cell(Role role) const;
  void read_source();
  void read_form(FeedbackForm form);
  std::string* scratch() { return &scratch_.emplace_back(); }

  // feedback_json_things.cc: prompts and items.
  // Features of an object, in their columns' order; where they start in `cells`.
  int arrange(simdjson::dom::object object, FeatureSet& set, std::vector<Cell>* cells);
  std::vector<Message> messages_of(simdjson::dom::element value, const std::string& what);
  // What a message says: a text, or a list of parts {"type": "text", "text": ...}, joined by line ends.
  std::string_view content_of(simdjson::dom::element message, const std::string& what);
  std::string_view kept(std::string text, const std::string& what);
  // {"id", "text", "features"}, the last for items only.
  ThingDraft object_of(simdjson::dom::object object, const std::string& what, bool features);
  // An option. `textual`: a string is a text for certain, else it may be a name.
  ThingDraft item_of(simdjson::dom::element value, const std::string& what, bool textual);
  // `first` beside `first_text`, and so on: then the one is the name and the other the text.
  void name_and_text(Role name, Role text, ThingDraft& draft);
  ThingDraft shown_item(Role name, Role text);
  ThingDraft judged_item();
  void read_prompt();
  void read_context();

  // feedback_json_ranking.cc: options and their ranking.
  using Reference = std::pair<std::string_view, std::uint32_t>;
  void read_options();
  void read_ranking();
  // By id, else by text, else "first" or "second" of two.
  std::uint32_t option_of(simdjson::dom::element value, const std::string& what);

  // feedback_json_pairs.cc: chosen and rejected.
  void read_pair();
  void read_dialogues(std::string_view chosen, std::string_view rejected);
  // The common start of two lists is the prompt. Beside a prompt they are completions, or repeat it.
  void read_message_lists(simdjson::dom::element chosen, simdjson::dom::element rejected, bool prompted);

  bool accept_nan_;
  RoleMap roles_;
  AnswerCodes answers_;
  FeedbackBuilder& builder_;
  simdjson::dom::parser parser_;
  RoleSet wanted_ = 0;  // roles that were mapped: their keys must be in every record
  Interner key_names_;
  std::vector<RoleSet> key_roles_;
  std::vector<std::uint32_t> guess_;  // the number of the key that stood here in the record before
  std::uint64_t nans_ = 0, nobodies_ = 0;

  // The record in hand.
  RecordDraft draft_;
  RoleSet present_ = 0, seen_ = 0;  // seen: null values too
  std::array<simdjson::dom::element, kRoles> value_;
  std::string without_nan_;
  std::deque<std::string> scratch_;  // growing does not move the others
  std::vector<Message> messages_;    // of the prompt, where it is a list of them
  std::vector<std::pair<std::string_view, Cell>> fields_;
  std::vector<Reference> by_name_, by_text_;
};

}  // namespace plumb
