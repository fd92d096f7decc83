// Judgements in CSV and TSV: a row a judgement. The header says the form of all of them.
#include <fmt/core.h>

#include <algorithm>

#include "data/csv.h"
#include "data/feedback_answers.h"
#include "data/feedback_builder.h"
#include "data/feedback_known.h"
#include "data/feedback_readers.h"
#include "data/feedback_record.h"

namespace plumb {

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

class CsvFeedbackReader {
 public:
  // Throws Error{kInput} where the header does not make a form.
  CsvFeedbackReader(const CsvTable& table, const FeedbackOptions& options, const std::string& name)
      : table_(table), roles_(options, name), answers_(options, roles_, name) {
    column_.fill(kNone);
    try {
      map_columns();
    } catch (const BadRow& bad) {
      const KnownFormat* format = options.columns.empty() ? known_format(table.columns()) : nullptr;
      if (format != nullptr) refuse(name + ":1", "form", format->name, format->way_out);
      refuse(name + ":1", bad.what, bad.found, bad.expected);
    }
  }
  const std::string& unused() const { return unused_; }
  std::string answers_note() const { return answers_.note(); }
  std::uint64_t nobodies() const { return nobodies_; }

  // Throws BadRow.
  void read(RecordDraft& draft) {
    draft.clear();
    table_.check_row();
    draft.line = table_.record().line();
    draft.raw = table_.record().raw();
    read_source(draft);
    if (has(kPromptRole) || has(kPromptTextRole)) draft.prompt = thing(kPromptRole, kPromptTextRole);
    switch (form_) {
      case FeedbackForm::kOptions:
        break;  // refused with the header
      case FeedbackForm::kPair:
        return read_pair(draft);
      case FeedbackForm::kComparison:
        draft.kind = RecordDraft::Kind::kComparison;
        draft.items.push_back(thing(kFirstRole, kFirstTextRole));
        draft.items.push_back(thing(kSecondRole, kSecondTextRole));
        draft.answer = answers_.read(cell(kAnswerRole), draft.items, roles_.name(kAnswerRole));
        if (!filled(kExpectedRole)) return;
        draft.kind = RecordDraft::Kind::kCheck;
        draft.expected =
            checked_expected(answers_.read(cell(kExpectedRole), draft.items, roles_.name(kExpectedRole)),
                             roles_.name(kExpectedRole));
        return;
      case FeedbackForm::kThumb:
        draft.kind = RecordDraft::Kind::kThumb;
        draft.items.push_back(judged());
        draft.up = checked_up(cell(kUpRole), roles_.name(kUpRole));
        return;
      case FeedbackForm::kRating:
        draft.kind = RecordDraft::Kind::kRating;
        draft.items.push_back(judged());
        draft.rating = checked_rating(cell(kRatingRole), roles_.name(kRatingRole));
        return;
    }
  }

 private:
  void map_columns() {
    RoleSet present = 0;
    for (std::size_t c = 0; c < table_.columns().size(); ++c) {
      const std::string& name = table_.columns()[c];
      const RoleSet set = roles_.roles_of(name);
      if (set == 0) {
        roles_.check_unused(name);
        unused_ += (unused_.empty() ? "" : ", ") + shown(name);
      }
      for (std::size_t r = 0; r < kRoles; ++r) {
        if ((set & bit(static_cast<Role>(r))) == 0) continue;
        if (column_[r] != kNone)
          throw BadRow{"header", shown(table_.columns()[column_[r]]) + " and " + shown(name), "one of them"};
        column_[r] = c;
        present |= bit(static_cast<Role>(r));
      }
    }
    for (std::size_t r = 0; r < kRoles; ++r) {
      const std::string& mapped = roles_.mapped(static_cast<Role>(r));
      if (!mapped.empty()) table_.column(mapped, "columns");  // throws, with the nearest name
    }
    if (present & (bit(kOptionsRole) | bit(kRankingRole) | bit(kContextRole)))
      throw BadRow{"header", "options, ranking or context", "JSON lines for rankings and features"};
    if (has(kUnitRole) && has(kUnitHashRole)) throw BadRow{"unit", "unit and unit_hash", "one of them"};
    form_ = form_of(present, roles_);
  }

  bool has(Role role) const { return column_[role] != kNone; }
  std::string_view field(Role role) const { return table_.field(column_[role]); }
  Cell cell(Role role) const { return table_.cell(column_[role]); }
  bool filled(Role role) const { return has(role) && !field(role).empty(); }
  std::string_view text(Role role) const { return checked_text(field(role), roles_.name(role)); }

  void read_source(RecordDraft& draft) {
    if (filled(kIdRole)) draft.id = text(kIdRole);
    if (filled(kRaterRole)) {
      if (names_nobody(cell(kRaterRole)))
        ++nobodies_;
      else
        draft.rater = text(kRaterRole);
    }
    if (filled(kTimeRole)) draft.time_us = checked_time_of(cell(kTimeRole), roles_.name(kTimeRole));
    if (filled(kUnitRole)) draft.unit = hash_bytes(text(kUnitRole));
    if (filled(kUnitHashRole)) draft.unit = checked_unit_hash(cell(kUnitHashRole), roles_.name(kUnitHashRole));
    if (has(kWeightRole)) draft.weight = checked_weight(cell(kWeightRole), roles_.name(kWeightRole));
    if (has(kShownOrderRole)) {
      draft.order_known = checked_shown_order(cell(kShownOrderRole), roles_.name(kShownOrderRole));
      draft.placed = !draft.order_known;
    }
  }

  // A name beside its text, a text, or a word that may be either.
  ThingDraft thing(Role name, Role words) const {
    ThingDraft draft;
    if (has(words)) {
      draft.text = text(words);
      if (has(name)) draft.name = text(name);
    } else {
      draft.text = text(name);
      draft.bare = true;
    }
    return draft;
  }
  ThingDraft judged() const {
    if (!has(kCompletionRole)) return thing(kItemRole, kItemTextRole);
    ThingDraft draft;
    draft.text = text(kCompletionRole);
    return draft;
  }

  void read_pair(RecordDraft& draft) const {
    draft.kind = RecordDraft::Kind::kComparison;
    draft.answer = Answer::kFirst;
    draft.order_known = false;
    std::string_view chosen = text(kChosenRole), rejected = text(kRejectedRole);
    if (!has(kPromptRole) && !has(kPromptTextRole)) {
      if (chosen == rejected)
        throw BadRow{roles_.name(kChosenRole), "the same dialogue as rejected", "two different ones"};
      const std::size_t prompt = shared_prompt(chosen, rejected);
      draft.prompt.text = checked_text(chosen.substr(0, prompt), "prompt");
      chosen = checked_text(chosen.substr(prompt), roles_.name(kChosenRole));
      rejected = checked_text(rejected.substr(prompt), roles_.name(kRejectedRole));
    }
    draft.items.resize(2);
    draft.items[0].text = chosen;
    draft.items[1].text = rejected;
  }

  const CsvTable& table_;
  RoleMap roles_;
  AnswerCodes answers_;
  FeedbackForm form_ = FeedbackForm::kComparison;
  std::array<std::size_t, kRoles> column_{};
  std::string unused_;
  std::uint64_t nobodies_ = 0;
};

}  // namespace

Feedback csv_feedback_from(const TextSource& source, const FeedbackOptions& options, FeedbackReport* report) {
  CsvTable table(source.text(), source.name());
  FeedbackBuilder builder(source.name());
  CsvFeedbackReader reader(table, options, source.name());
  RecordDraft draft;
  while (table.next()) {
    builder.start_record();
    try {
      reader.read(draft);
      builder.add(draft);
    } catch (const BadRow& bad) {
      builder.bad(table.record().line(), bad);
    }
  }
  if (!reader.answers_note().empty()) builder.note(reader.answers_note());
  if (reader.nobodies() > 0) builder.note(nobody_note(reader.nobodies()));
  if (!reader.unused().empty()) builder.note("Columns that are not used: " + reader.unused() + ".");
  return builder.finish(options, report);
}

}  // namespace plumb
