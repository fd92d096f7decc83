// Columns of judgements. A record is placed first (which prompt and items it means, whether it contradicts what
// stands already) and committed only when nothing can fail any more.
#include "data/feedback_builder.h"
#include "data/feedback_merge.h"

#include <fmt/core.h>

#include <algorithm>

namespace plumb {

namespace {

// Texts up to here are their own name; also the longest bare option that is taken for a name.
constexpr std::size_t kLongestName = 64;

bool is_no_name(std::string_view bare) {
  return bare.size() > kLongestName || bare.find_first_of(" \t\r\n") != std::string_view::npos;
}

}  // namespace

std::string derived_name(std::string_view text, std::uint64_t features) {
  if (features == 0) return text.size() <= kLongestName ? std::string(text) : hex(hash_bytes(text));
  return hex(hash_combine(hash_bytes(text), features));
}

std::uint32_t ItemIndex::find(const Feedback& feedback, std::uint32_t prompt, std::string_view name) const {
  if (table_.empty()) return kNone;
  const std::uint64_t hash = hash_combine(prompt, hash_bytes(name));
  const std::size_t mask = table_.size() - 1;
  for (std::size_t slot = hash & mask; table_[slot] != 0; slot = (slot + 1) & mask) {
    const std::uint32_t code = table_[slot] - 1;
    if (hashes_[code] == hash && feedback.item_prompt[code] == prompt && feedback.item[code] == name)
      return code;
  }
  return kNone;
}

void ItemIndex::insert(const Feedback& feedback, std::uint32_t code) {
  hashes_.push_back(hash_combine(feedback.item_prompt[code], hash_bytes(feedback.item[code])));
  const auto put = [this](std::uint32_t which) {
    const std::size_t mask = table_.size() - 1;
    std::size_t slot = hashes_[which] & mask;
    while (table_[slot] != 0) slot = (slot + 1) & mask;
    table_[slot] = which + 1;
  };
  if (2 * hashes_.size() > table_.size()) {
    table_.assign(std::max<std::size_t>(64, 2 * table_.size()), 0);
    for (std::uint32_t which = 0; which < code; ++which) put(which);
  }
  put(code);
}

FeedbackBuilder::FeedbackBuilder(std::string source) : bad_rows_(source) {
  feedback_.source = std::move(source);
}

void FeedbackBuilder::start_record() {
  ++records_;
  context_.start_record();
  features_.start_record();
}

std::span<const Cell> FeedbackBuilder::cells_of(const ThingDraft& draft, const std::vector<Cell>& cells,
                                                const FeatureSet& set) const {
  if (draft.cells < 0) return {};
  return std::span(cells).subspan(static_cast<std::size_t>(draft.cells), set.width());
}

// What a record says of a known prompt or item must agree with what was said before; a text may come later
// than a name.
void FeedbackBuilder::check_known(const char* what, const ThingDraft& draft, const Place& place,
                                  const std::string& text, bool name_only_so_far, std::uint64_t line) const {
  if (draft.text.empty() || draft.text == text || name_only_so_far) return;
  throw BadRow{what,
               fmt::format("{} with another text than in {} {}", shown(place.name), bad_rows_.place(), line),
               "one text a name"};
}

void FeedbackBuilder::place_prompt(const RecordDraft& record) {
  const ThingDraft& draft = record.prompt;
  const auto cells = cells_of(draft, record.prompt_cells, context_);
  const std::uint64_t digest = cells.empty() ? 0 : context_.digest(cells);
  Place& place = prompt_place_;
  place.own_name = draft.name.empty() ? derived_name(draft.text, digest) : std::string();
  place.name = draft.name.empty() ? std::string_view(place.own_name) : draft.name;
  place.code = prompts_.find(place.name);
  if (place.code == Interner::kNone) {
    if (cells.empty() && context_.width() > 0)
      context_.missing(place.name.empty() ? "a record without a prompt" : place.name);
    return;
  }
  const std::uint32_t p = place.code;
  if (!draft.bare)
    check_known("prompt", draft, place, feedback_.prompt_text[p],
                feedback_.prompt_text[p].empty() || prompt_bare_[p], prompt_line_[p]);
  if (!cells.empty() && digest != prompt_digest_[p])
    throw BadRow{
        "context",
        fmt::format("other values for {} than in {} {}", shown(place.name), bad_rows_.place(), prompt_line_[p]),
        "one context a prompt"};
}

void FeedbackBuilder::place_item(const RecordDraft& record, const ThingDraft& draft, Place& place) {
  const auto cells = cells_of(draft, record.cells, features_);
  const std::uint32_t prompt = prompt_place_.code;
  place.code = ItemIndex::kNone;
  if (draft.bare && prompt != Interner::kNone) {
    // A bare option is first of all the name of an item that is there.
    place.name = draft.text;
    place.code = items_.find(feedback_, prompt, draft.text);
    if (place.code != ItemIndex::kNone) return;
  }
  const std::uint64_t digest = cells.empty() ? 0 : features_.digest(cells);
  place.own_name = draft.name.empty() ? derived_name(draft.text, digest) : std::string();
  place.name = draft.name.empty() ? std::string_view(place.own_name) : draft.name;
  if (prompt != Interner::kNone) place.code = items_.find(feedback_, prompt, place.name);
  if (place.code == ItemIndex::kNone) {
    if (cells.empty() && features_.width() > 0) features_.missing(place.name);
    return;
  }
  const std::uint32_t i = place.code;
  check_known("options", draft, place, feedback_.text[i], feedback_.text[i].empty() || item_bare_[i],
              item_line_[i]);
  if (!cells.empty() && digest != item_digest_[i])
    throw BadRow{
        "features",
        fmt::format("other values for {} than in {} {}", shown(place.name), bad_rows_.place(), item_line_[i]),
        "one set of features an item"};
}

void FeedbackBuilder::check_distinct(const RecordDraft& record) {
  sorted_.clear();
  for (std::size_t i = 0; i < record.items.size(); ++i) sorted_.push_back(item_places_[i].name);
  std::sort(sorted_.begin(), sorted_.end());
  const auto twice = std::adjacent_find(sorted_.begin(), sorted_.end());
  if (twice != sorted_.end()) throw BadRow{"options", shown(*twice) + " twice", "different items"};
}

std::uint32_t FeedbackBuilder::commit_prompt(const RecordDraft& record) {
  const ThingDraft& draft = record.prompt;
  std::uint32_t p = prompt_place_.code;
  if (p == Interner::kNone) {
    const auto cells = cells_of(draft, record.prompt_cells, context_);
    p = prompts_.intern(prompt_place_.name);
    feedback_.prompt_text.emplace_back(draft.text);
    prompt_line_.push_back(record.line);
    prompt_digest_.push_back(cells.empty() ? 0 : context_.digest(cells));
    prompt_bare_.push_back(draft.bare);
    context_.add(cells, record.line);
  } else if (!draft.bare && !draft.text.empty() && (feedback_.prompt_text[p].empty() || prompt_bare_[p])) {
    feedback_.prompt_text[p] = draft.text;
    prompt_bare_[p] = false;
  }
  if (draft.bare && is_no_name(draft.text)) spaced_prompts_ = true;
  return p;
}

std::uint32_t FeedbackBuilder::commit_item(const RecordDraft& record, std::size_t at, std::uint32_t prompt) {
  const ThingDraft& draft = record.items[at];
  const Place& place = item_places_[at];
  if (draft.bare && is_no_name(draft.text)) spaced_items_ = true;
  if (place.code != ItemIndex::kNone) {
    const std::uint32_t i = place.code;
    if (!draft.bare && !draft.text.empty() && (feedback_.text[i].empty() || item_bare_[i])) {
      feedback_.text[i] = draft.text;
      item_bare_[i] = false;
    }
    return i;
  }
  const auto cells = cells_of(draft, record.cells, features_);
  const auto i = static_cast<std::uint32_t>(feedback_.item.size());
  feedback_.item.emplace_back(place.name);
  feedback_.text.emplace_back(draft.text);
  feedback_.item_prompt.push_back(prompt);
  items_.insert(feedback_, i);
  item_line_.push_back(record.line);
  item_digest_.push_back(cells.empty() ? 0 : features_.digest(cells));
  item_bare_.push_back(draft.bare);
  features_.add(cells, record.line);
  return i;
}

// What intervals cluster on. Records that nothing names: their bytes and how often they stood before, so that
// the units do not depend on the order of records.
std::uint64_t FeedbackBuilder::unit_of(const RecordDraft& record) {
  if (record.unit) return *record.unit;
  if (record.rater) return hash_bytes(*record.rater);
  if (record.id) return hash_bytes(*record.id);
  return hash_combine(raw_hash_, times_seen_[raw_hash_]++);
}

void FeedbackBuilder::commit_source(const RecordDraft& record, JudgementSource& source) {
  source.unit.push_back(unit_of(record));
  source.unnamed.push_back(!record.unit && !record.rater);
  if (record.id) {
    source.id.resize(source.unit.size());
    source.id.back() = *record.id;
  }
  source.rater.push_back(record.rater ? raters_.intern(*record.rater) : kNoRater);
  source.time_us.push_back(record.time_us.value_or(kNoTime));
  source.line.push_back(record.line);
  if (record.weight) source.weight.push_back(*record.weight);
}

// Nothing that a check item holds is a prompt or an item that anybody's taste is learnt of.
void FeedbackBuilder::add_check(const RecordDraft& record) {
  const auto words = [](const ThingDraft& draft) {
    return std::string(draft.text.empty() ? draft.name : draft.text);
  };
  Feedback::Checks& to = feedback_.checks;
  const std::string first = words(record.items[0]), second = words(record.items[1]);
  if (first == second) throw BadRow{"options", shown(first) + " twice", "different items"};
  raw_hash_ = hash_bytes(record.raw);
  to.prompt.push_back(words(record.prompt));
  to.first.push_back(first);
  to.second.push_back(second);
  to.answer.push_back(record.answer);
  to.expected.push_back(record.expected);
  commit_source(record, to.source);
  to.source.weight.clear();
}

void FeedbackBuilder::add(const RecordDraft& record) {
  if (record.kind == RecordDraft::Kind::kCheck) return add_check(record);
  place_prompt(record);
  if (item_places_.size() < record.items.size()) item_places_.resize(record.items.size());
  for (std::size_t i = 0; i < record.items.size(); ++i) place_item(record, record.items[i], item_places_[i]);
  check_distinct(record);
  const bool any_before = feedback_.judgements() > 0;
  if (any_before && weighted_ != record.weight.has_value())
    throw BadRow{"weight", weighted_ ? "none" : "one",
                 weighted_ ? "one, as in the records before" : "none, as in the records before"};

  // From here on nothing throws: the record is in.
  weighted_ = record.weight.has_value();
  const bool nameless = !record.unit && !record.rater && !record.id;
  raw_hash_ = nameless || !record.order_known ? hash_bytes(record.raw) : 0;
  const std::uint32_t prompt = commit_prompt(record);
  std::uint32_t item = 0;
  switch (record.kind) {
    case RecordDraft::Kind::kComparison: {
      // The order of a preferred pair is unknown; a hash of the record carries nothing of the answer.
      const bool turned = !record.order_known && !record.placed && (raw_hash_ & 1) != 0;
      const std::size_t front = turned ? 1 : 0;
      feedback_.first.push_back(commit_item(record, front, prompt));
      feedback_.second.push_back(commit_item(record, 1 - front, prompt));
      feedback_.answer.push_back(turned ? Answer::kSecond : record.answer);
      feedback_.order_known.push_back(record.order_known);
      commit_source(record, feedback_.comparison);
      break;
    }
    case RecordDraft::Kind::kRanking:
      for (std::size_t i = 0; i < record.items.size(); ++i) {
        item = commit_item(record, i, prompt);
        feedback_.ranking_item.push_back(item);
        feedback_.ranking_rank.push_back(record.rank[i]);
      }
      feedback_.ranking_offset.push_back(feedback_.ranking_item.size());
      commit_source(record, feedback_.ranking);
      break;
    case RecordDraft::Kind::kRating:
      item = commit_item(record, 0, prompt);
      feedback_.rated.push_back(item);
      feedback_.rating.push_back(record.rating);
      commit_source(record, feedback_.rating_source);
      break;
    case RecordDraft::Kind::kCheck:
      break;  // never here
    case RecordDraft::Kind::kThumb:
      item = commit_item(record, 0, prompt);
      feedback_.thumbed.push_back(item);
      feedback_.up.push_back(record.up ? 1 : 0);
      commit_source(record, feedback_.thumb);
      break;
  }
}

// Bare strings are names where none of the file's has a space or is long; else all of them are texts.
void FeedbackBuilder::settle_bare_names() {
  const auto settle = [this](const std::vector<std::uint8_t>& bare, bool spaced, std::vector<std::string>& text,
                             const char* what) {
    if (spaced || std::find(bare.begin(), bare.end(), 1) == bare.end()) return;
    for (std::size_t i = 0; i < bare.size(); ++i)
      if (bare[i]) text[i].clear();
    notes_.push_back(fmt::format("The {} are read as names, not as texts: none has a space.", what));
  };
  settle(prompt_bare_, spaced_prompts_, feedback_.prompt_text, "prompts that are bare words");
  settle(item_bare_, spaced_items_, feedback_.text, "options that are bare words");
}

Feedback FeedbackBuilder::finish(const FeedbackOptions& options, FeedbackReport* report) {
  if (options.reject_up_to == 0 && alike_.several())
    throw Error(Code::kInput, alike_.message(bad_rows_.where(alike_.first_line()), records_));
  bad_rows_.refuse_beyond(options.reject_up_to, records_);
  if (feedback_.judgements() == 0 && !feedback_.checks.answer.empty() && !options.checks_alone)
    refuse(feedback_.source, "records", fmt::format("{} check items alone", feedback_.checks.answer.size()),
           "at least one judgement beside them");
  if (feedback_.judgements() == 0 && feedback_.checks.answer.empty())
    refuse(feedback_.source, "records", records_ ? "no usable record" : "no records", "at least one judgement");
  settle_bare_names();
  const std::uint64_t merged = merge_repeats(feedback_);
  if (merged > 0)
    notes_.push_back(fmt::format(
        "{} record{} an earlier one (the same answer to the same options, with the same id or time) and "
        "count{} once with it.",
        merged, merged == 1 ? " repeats" : "s repeat", merged == 1 ? "s" : ""));
  feedback_.prompt = prompts_.take_names();
  feedback_.rater = raters_.take_names();
  feedback_.context = context_.finish(&notes_);
  feedback_.features = features_.finish(&notes_);
  if (report != nullptr) {
    report->records = records_;
    report->rejected = bad_rows_.count();
    report->merged = merged;
    report->rejections = bad_rows_.first();
    report->notes = std::move(notes_);
  }
  return std::move(feedback_);
}

}  // namespace plumb
