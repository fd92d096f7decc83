// One judgement on its way from a file into columns: what the readers of JSON and of CSV fill and the builder
// takes, and the checks of single values that they share. Everything here throws BadRow.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/rows.h"
#include "plumb/feedback.h"

namespace plumb {

// What a key or a column stands for.
enum Role : std::uint8_t {
  kIdRole,
  kRaterRole,
  kTimeRole,
  kUnitRole,
  kUnitHashRole,
  kWeightRole,
  kShownOrderRole,
  kPromptRole,
  kPromptTextRole,
  kContextRole,
  kOptionsRole,
  kRankingRole,
  kChosenRole,
  kRejectedRole,
  kItemRole,
  kItemTextRole,
  kCompletionRole,
  kUpRole,
  kRatingRole,
  kFirstRole,
  kFirstTextRole,
  kSecondRole,
  kSecondTextRole,
  kAnswerRole,
  kExpectedRole,
  kRoles
};
using RoleSet = std::uint32_t;
constexpr RoleSet bit(Role role) { return RoleSet{1} << role; }

// Which key or column plays which role, by FeedbackOptions::columns and by their own names.
class RoleMap {
 public:
  // Throws Error{kInput} where a role is unknown or mapped twice. `name` is the file's.
  RoleMap(const FeedbackOptions& options, const std::string& name);
  RoleSet roles_of(std::string_view key) const;
  // The name that a role was mapped to; empty where it was not.
  const std::string& mapped(Role role) const { return mapped_[role]; }
  // What messages call a role: the name of its key.
  const std::string& name(Role role) const { return name_[role]; }
  // Throws BadRow where a key that plays no role looks as if it were to name a rater: what is said of raters is
  // not dropped in silence. Files whose keys are mapped are taken at their word.
  void check_unused(std::string_view key) const;

 private:
  bool any_ = false;
  std::array<std::string, kRoles> mapped_, name_;
  std::array<bool, kRoles> off_{};
};

enum class FeedbackForm : std::uint8_t { kOptions, kPair, kComparison, kThumb, kRating };
// The form of a record by the roles that it fills. Throws BadRow where it is none, several or half of one.
FeedbackForm form_of(RoleSet present, const RoleMap& roles);

// A prompt or an item as a record has it. Views live as long as the record.
struct ThingDraft {
  std::string_view name;  // as given; empty: derived from text and features
  std::string_view text;
  bool bare = false;  // `text` may be a name: the whole file tells
  int cells = -1;     // where its features start in RecordDraft::cells; -1: none given
};

struct RecordDraft {
  enum class Kind : std::uint8_t { kComparison, kRanking, kRating, kThumb, kCheck };
  std::uint64_t line = 0;
  std::string_view raw;
  std::optional<std::string_view> id, rater;
  std::optional<std::int64_t> time_us;
  std::optional<std::uint64_t> unit;
  std::optional<float> weight;
  ThingDraft prompt;
  std::vector<ThingDraft> items;
  std::vector<Cell> prompt_cells, cells;
  Kind kind = Kind::kComparison;
  bool order_known = true;  // false: nothing says which of the two was shown first ...
  bool placed = false;      // ... and they stay as they stand; else a hash decides
  Answer answer = Answer::kTie;
  Answer expected = Answer::kTie;   // of a check item
  std::vector<std::uint32_t> rank;  // of every item, 0 the best, without gaps
  double rating = 0;
  bool up = false;

  void clear();
};

// ---------------------------------------------------------------------------------------------- values

// A text that says something: not empty, not only white space, at most kLongestText bytes.
std::string_view checked_text(std::string_view text, std::string_view what);
// A name: a text that is not empty, or a whole number, which `scratch` then holds.
std::string_view checked_name_of(const Cell& cell, std::string_view what, std::string* scratch);
// Whether the order in which two options stand is that in which they were shown: "known" or "unknown".
bool checked_shown_order(const Cell& cell, std::string_view what);
// What was expected of a check item: no tie.
Answer checked_expected(Answer answer, std::string_view what);
// Whether a rater's cell is what tables write where nobody is named (empty, nan, NA, None, null): all of them
// would else be one busy person.
bool names_nobody(const Cell& cell);
// What the report says of them.
std::string nobody_note(std::uint64_t records);
std::int64_t checked_time_of(const Cell& cell, std::string_view what);
std::uint64_t checked_unit_hash(const Cell& cell, std::string_view what);
float checked_weight(const Cell& cell, std::string_view what);
// What messages expect of a rating.
inline constexpr const char* kRatingExpected =
    "a finite number (--reject-up-to SHARE leaves records without one out, and counts them)";
double checked_rating(const Cell& cell, std::string_view what);
bool checked_up(const Cell& cell, std::string_view what);

// ---------------------------------------------------------------------------------------------- dialogues

// Where the prompt ends that two dialogues share: behind the last "\n\nAssistant:" that is common to both and
// the blank that follows it in both. Throws BadRow where they share no such turn.
std::size_t shared_prompt(std::string_view chosen, std::string_view rejected);

enum class Speaker : std::uint8_t { kHuman, kAssistant, kSystem, kTool };
struct Message {
  Speaker speaker = Speaker::kHuman;
  std::string_view content;
  bool operator==(const Message&) const = default;
};
Speaker checked_speaker(std::string_view role, std::string_view what);
// Messages as a prompt: "\n\nHuman: ...\n\nAssistant: ", ending where the assistant is to speak.
std::string prompt_text_of(std::span<const Message> messages);
// Messages as what was said then; the first must be the assistant's. prompt_text_of() followed by this is the
// dialogue.
std::string completion_text_of(std::span<const Message> messages, std::string_view what);

}  // namespace plumb
