// Keys to their roles. They stand in nearly the same order in every record, so the roles of a key are first
// guessed from its position.
#include "data/feedback_json.h"

#include <fmt/core.h>

#include <bit>

#include "data/feedback_readers.h"

namespace plumb {

namespace dom = simdjson::dom;

namespace {

const char* expected_of(Role role) {
  switch (role) {
    case kIdRole:
    case kRaterRole:
    case kUnitRole:
      return "a text or a whole number";
    case kTimeRole:
      return "microseconds since 1970 or an ISO 8601 time";
    case kAnswerRole:
      return kAnswerExpected;
    case kUpRole:
      return "true or false";
    default:
      return "one value";
  }
}

// The keys of an object as paths; lists are looked through, their first element stands for all.
void collect_paths(dom::element value, const std::string& prefix, int depth, std::vector<std::string>* paths) {
  dom::array list;
  dom::object object;
  if (!value.get(list)) {
    if (list.begin() != list.end()) collect_paths(*list.begin(), prefix, depth, paths);
  } else if (!value.get(object)) {
    for (const auto& [key, inside] : object) {
      paths->push_back(prefix + std::string(key));
      if (depth > 1) collect_paths(inside, prefix + std::string(key) + ".", depth - 1, paths);
    }
  }
}

}  // namespace

std::string described(dom::element value) {
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  if (value.is_bool()) return bool(value) ? "true" : "false";
  return shown(json_cell(value));
}

JsonFeedbackReader::JsonFeedbackReader(const FeedbackOptions& options, const std::string& name,
                                       FeedbackBuilder& builder)
    : accept_nan_(options.accept_nan),
      roles_(options, name),
      answers_(options, roles_, name),
      builder_(builder) {
  for (std::size_t role = 0; role < kRoles; ++role)
    if (!roles_.mapped(static_cast<Role>(role)).empty()) wanted_ |= bit(static_cast<Role>(role));
}

void JsonFeedbackReader::read(std::uint64_t line, std::string_view text) {
  draft_.clear();
  scratch_.clear();
  messages_.clear();
  draft_.line = line;
  draft_.raw = text;
  JsonFeedbackReader::gather(parse(text));
  JsonFeedbackReader::read_source();
  JsonFeedbackReader::read_prompt();
  constexpr RoleSet kJudged = bit(kItemRole) | bit(kItemTextRole) | bit(kCompletionRole);
  if ((seen_ & ~present_ & bit(kRatingRole)) && (present_ & kJudged) && !has(kUpRole))
    throw BadRow{roles_.name(kRatingRole), "null", kRatingExpected};
  JsonFeedbackReader::read_form(form_of(present_, roles_));
  builder_.add(draft_);
}

const KnownFormat* JsonFeedbackReader::known(std::string_view text) {
  constexpr int kDeepestKey = 4;
  if (wanted_ != 0) return nullptr;
  std::vector<std::string> paths;
  try {
    for (const auto& [key, value] : parse(text)) {
      paths.emplace_back(key);
      collect_paths(value, std::string(key) + ".", kDeepestKey - 1, &paths);
    }
  } catch (const BadRow&) {
    return nullptr;  // no JSON: that is what is wrong
  }
  return known_format(paths);
}

void JsonFeedbackReader::add_notes() const {
  std::string unused;
  for (std::size_t number = 0, shown_so_far = 0; number < key_roles_.size(); ++number) {
    if (key_roles_[number] != 0) continue;
    if (++shown_so_far > 12) {
      unused += ", ...";
      break;
    }
    unused += (unused.empty() ? "" : ", ") + shown(key_names_.name(static_cast<std::uint32_t>(number)));
  }
  if (!answers_.note().empty()) builder_.note(answers_.note());
  if (!unused.empty()) builder_.note("Keys that are not used: " + unused + ".");
  if (nobodies_ > 0) builder_.note(nobody_note(nobodies_));
  if (nans_ > 0)
    builder_.note(fmt::format("{} {} NaN, read as null.", nans_, nans_ == 1 ? "record holds" : "records hold"));
}

dom::object JsonFeedbackReader::parse(std::string_view text) {
  constexpr const char* kOneALine = "one JSON object a line";
  // Most records hold no NaN at all, in strings or out of them.
  const bool maybe_nan = text.find("NaN") != std::string_view::npos;
  if (maybe_nan && accept_nan_ && has_bare_nan(text, &without_nan_)) {
    ++nans_;
    without_nan_.reserve(without_nan_.size() + TextSource::kPadding);
    text = without_nan_;
  }
  try {
    return parse_json_line(parser_, text);
  } catch (BadRow& bad) {
    if (maybe_nan && !accept_nan_ && has_bare_nan(text, nullptr))
      throw BadRow{"JSON", "NaN as a value",
                   "finite numbers or null (the option accept_nan reads NaN as null)"};
    if (bad.expected == kOneALine) bad.expected = "one JSON object a record";
    throw;
  }
}

std::uint32_t JsonFeedbackReader::number_of(std::size_t position, std::string_view key) {
  if (position < guess_.size() && key_names_.name(guess_[position]) == key) return guess_[position];
  if (position >= guess_.size()) guess_.resize(position + 1, 0);
  return guess_[position] = key_names_.intern(key);
}

// Every value to its role; null is nothing.
void JsonFeedbackReader::gather(dom::object object) {
  present_ = 0;
  seen_ = 0;
  std::size_t position = 0;
  for (const auto& [key, value] : object) {
    const std::uint32_t number = number_of(position++, key);
    if (number == key_roles_.size()) key_roles_.push_back(roles_.roles_of(key));
    const RoleSet set = key_roles_[number];
    if (set == 0) {
      roles_.check_unused(key);
      continue;
    }
    for (std::size_t r = 0; r < kRoles; ++r) {
      const auto role = static_cast<Role>(r);
      if ((set & bit(role)) == 0) continue;
      if (seen_ & bit(role)) throw BadRow{std::string(key), "a second value", "one value a record"};
      seen_ |= bit(role);
      if (value.is_null()) continue;
      present_ |= bit(role);
      value_[r] = value;
    }
  }
  for (std::size_t r = 0; r < kRoles; ++r) {
    const auto role = static_cast<Role>(r);
    if ((wanted_ & bit(role) & ~seen_) == 0) continue;
    std::vector<std::string> keys;
    for (const auto& field : object) keys.emplace_back(field.key);
    throw BadRow{"columns", "no key " + shown(roles_.mapped(role)), expected_name(roles_.mapped(role), keys)};
  }
}

Cell JsonFeedbackReader::single(Role role, bool allow_bool) const {
  const dom::element value = value_[role];
  Cell cell = json_cell(value);
  if (cell.kind == Cell::Kind::kOther || (value.is_bool() && !allow_bool))
    throw BadRow{roles_.name(role), described(value), expected_of(role)};
  return cell;
}

// True and false are words here, as tables write them: no numbers, which might be a column's.
Cell JsonFeedbackReader::answer_cell(Role role) const {
  const dom::element value = value_[role];
  return value.is_bool() ? csv_cell(bool(value) ? "true" : "false") : single(role);
}

void JsonFeedbackReader::read_source() {
  if (has(kIdRole)) draft_.id = checked_name_of(single(kIdRole), roles_.name(kIdRole), scratch());
  if (has(kRaterRole)) {
    const Cell rater = single(kRaterRole);
    if (names_nobody(rater))
      ++nobodies_;
    else
      draft_.rater = checked_name_of(rater, roles_.name(kRaterRole), scratch());
  }
  if (has(kTimeRole)) draft_.time_us = checked_time_of(single(kTimeRole), roles_.name(kTimeRole));
  if (has(kUnitRole) && has(kUnitHashRole)) throw BadRow{"unit", "unit and unit_hash", "one of them"};
  if (has(kUnitRole))
    draft_.unit = hash_bytes(checked_name_of(single(kUnitRole), roles_.name(kUnitRole), scratch()));
  if (has(kUnitHashRole)) draft_.unit = checked_unit_hash(single(kUnitHashRole), roles_.name(kUnitHashRole));
  if (has(kWeightRole)) draft_.weight = checked_weight(single(kWeightRole), roles_.name(kWeightRole));
  if (has(kShownOrderRole)) {
    draft_.order_known = checked_shown_order(single(kShownOrderRole), roles_.name(kShownOrderRole));
    draft_.placed = !draft_.order_known;
  }
}

void JsonFeedbackReader::read_form(FeedbackForm form) {
  switch (form) {
    case FeedbackForm::kOptions:
      return JsonFeedbackReader::read_options();
    case FeedbackForm::kPair:
      return JsonFeedbackReader::read_pair();
    case FeedbackForm::kComparison:
      draft_.kind = RecordDraft::Kind::kComparison;
      draft_.items.push_back(shown_item(kFirstRole, kFirstTextRole));
      draft_.items.push_back(shown_item(kSecondRole, kSecondTextRole));
      draft_.answer = answers_.read(answer_cell(kAnswerRole), draft_.items, roles_.name(kAnswerRole));
      if (!has(kExpectedRole)) return;
      draft_.kind = RecordDraft::Kind::kCheck;
      draft_.expected =
          checked_expected(answers_.read(answer_cell(kExpectedRole), draft_.items, roles_.name(kExpectedRole)),
                           roles_.name(kExpectedRole));
      return;
    case FeedbackForm::kThumb:
      draft_.kind = RecordDraft::Kind::kThumb;
      draft_.items.push_back(judged_item());
      draft_.up = checked_up(single(kUpRole, /*allow_bool=*/true), roles_.name(kUpRole));
      return;
    case FeedbackForm::kRating:
      draft_.kind = RecordDraft::Kind::kRating;
      draft_.items.push_back(judged_item());
      draft_.rating = checked_rating(single(kRatingRole), roles_.name(kRatingRole));
      return;
  }
}

Feedback json_feedback_from(const TextSource& source, const FeedbackOptions& options, FeedbackReport* report) {
  const std::string_view text = source.text();
  std::string_view name = source.name();
  if (name.ends_with(".gz")) name.remove_suffix(3);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool array = first != std::string_view::npos && text[first] == '[' && !name.ends_with(".jsonl") &&
                     !name.ends_with(".ndjson");
  FeedbackBuilder builder(source.name());
  // Elements of a list may all stand in one line: their number says which is meant.
  if (array) builder.by_record();
  JsonFeedbackReader reader(options, source.name(), builder);
  bool settled = false;  // a record was read, or seen to be of no known format
  for (JsonRecords records(text, array, source.name()); records.next();) {
    builder.start_record();
    const std::uint64_t place = array ? records.number() : records.line();
    try {
      reader.read(place, records.record());
    } catch (const BadRow& bad) {
      if (!settled)
        if (const KnownFormat* format = reader.known(records.record()))
          refuse(builder.where(place), "form", format->name, format->way_out);
      builder.bad(place, bad);
    }
    settled = true;
  }
  reader.add_notes();
  return builder.finish(options, report);
}

}  // namespace plumb
