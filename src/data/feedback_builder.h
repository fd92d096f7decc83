// One judgement after the other becomes a Feedback: interns prompts, items and raters, checks what needs other
// records, fills columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/feedback_alike.h"
#include "data/feedback_features.h"
#include "data/feedback_record.h"

namespace plumb {

// The name of a prompt or an item that was given none: a short text itself, else a hash of text and features.
// `features` is the digest of its features, 0 where it has none.
std::string derived_name(std::string_view text, std::uint64_t features);

// Items by prompt and name: open addressing over codes, the names stay in the Feedback.
class ItemIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffu;
  std::uint32_t find(const Feedback& feedback, std::uint32_t prompt, std::string_view name) const;
  // REQUIRES: find() gave kNone, and the item has been appended to `feedback` as `code`.
  void insert(const Feedback& feedback, std::uint32_t code);

 private:
  std::vector<std::uint64_t> hashes_;  // of every item
  std::vector<std::uint32_t> table_;   // code + 1, 0 is free
};

class FeedbackBuilder {
 public:
  explicit FeedbackBuilder(std::string source);
  FeatureSet& context() { return context_; }
  FeatureSet& features() { return features_; }

  // Records have numbers, no lines: messages say "record 3" where they would say line 3.
  void by_record() { bad_rows_.by_record(); }
  void start_record();
  void add(const RecordDraft& record);  // throws BadRow, and then nothing was added
  std::string where(std::uint64_t line) const { return bad_rows_.where(line); }
  void bad(std::uint64_t line, const BadRow& bad) {
    bad_rows_.add(line, bad);
    alike_.add(line, bad);
  }
  void note(std::string sentence) { notes_.push_back(std::move(sentence)); }

  // Throws Error{kInput} where too many records are bad or none is left.
  Feedback finish(const FeedbackOptions& options, FeedbackReport* report);

 private:
  // A prompt or item of the record in hand, found or to be made.
  struct Place {
    std::string own_name;   // a derived name
    std::string_view name;  // given or derived
    std::uint32_t code = ItemIndex::kNone;
  };
  void place_prompt(const RecordDraft& record);
  void place_item(const RecordDraft& record, const ThingDraft& draft, Place& place);
  void check_known(const char* what, const ThingDraft& draft, const Place& place, const std::string& text,
                   bool name_only_so_far, std::uint64_t line) const;
  void check_distinct(const RecordDraft& record);
  std::span<const Cell> cells_of(const ThingDraft& draft, const std::vector<Cell>& cells,
                                 const FeatureSet& set) const;
  std::uint32_t commit_prompt(const RecordDraft& record);
  std::uint32_t commit_item(const RecordDraft& record, std::size_t at, std::uint32_t prompt);
  void add_check(const RecordDraft& record);
  void commit_source(const RecordDraft& record, JudgementSource& source);
  std::uint64_t unit_of(const RecordDraft& record);
  void settle_bare_names();

  Feedback feedback_;
  BadRows bad_rows_;
  AlikeRows alike_;
  std::uint64_t records_ = 0;
  std::vector<std::string> notes_;
  FeatureSet context_{"context"}, features_{"features"};
  Interner prompts_, raters_;
  ItemIndex items_;
  std::vector<std::uint64_t> prompt_line_, item_line_, prompt_digest_, item_digest_;
  std::vector<std::uint8_t> prompt_bare_, item_bare_;
  bool spaced_prompts_ = false, spaced_items_ = false;  // a bare one that is no name
  bool weighted_ = false;
  std::uint64_t raw_hash_ = 0;  // of the record in hand, where something depends on it
  std::unordered_map<std::uint64_t, std::uint64_t>
      times_seen_;  // of records that nothing names, by their bytes

  Place prompt_place_;
  std::vector<Place> item_places_;
  std::vector<std::string_view> sorted_;
};

}  // namespace plumb
