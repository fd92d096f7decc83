// Which key plays which role, and which form a record has by the roles that it fills.
#include <fmt/core.h>

#include <algorithm>
#include <bit>

#include "data/feedback_record.h"

namespace plumb {

namespace {

struct RoleName {
  std::string_view name;
  Role role;
};
// The first name of a role is the one that messages use.
constexpr RoleName kNames[] = {
    {"id", kIdRole},
    {"rater", kRaterRole},
    {"time_us", kTimeRole},
    {"time", kTimeRole},
    {"unit", kUnitRole},
    {"unit_hash", kUnitHashRole},
    {"weight", kWeightRole},
    {"shown_order", kShownOrderRole},
    {"prompt", kPromptRole},
    {"prompt_text", kPromptTextRole},
    {"context", kContextRole},
    {"options", kOptionsRole},
    {"ranking", kRankingRole},
    {"chosen", kChosenRole},
    {"rejected", kRejectedRole},
    {"item", kItemRole},
    {"item_text", kItemTextRole},
    {"completion", kCompletionRole},
    {"label", kUpRole},
    {"up", kUpRole},
    {"rating", kRatingRole},
    {"first", kFirstRole},
    {"first_text", kFirstTextRole},
    {"second", kSecondRole},
    {"second_text", kSecondTextRole},
    {"answer", kAnswerRole},
    {"expected", kExpectedRole},
};

constexpr RoleSet kOptionsKeys = bit(kOptionsRole) | bit(kRankingRole);
constexpr RoleSet kPairKeys = bit(kChosenRole) | bit(kRejectedRole);
constexpr RoleSet kComparisonKeys =
    bit(kFirstRole) | bit(kFirstTextRole) | bit(kSecondRole) | bit(kSecondTextRole) | bit(kAnswerRole);
constexpr RoleSet kSingleKeys =
    bit(kItemRole) | bit(kItemTextRole) | bit(kCompletionRole) | bit(kUpRole) | bit(kRatingRole);
constexpr RoleSet kFamilies[] = {kOptionsKeys, kPairKeys, kComparisonKeys, kSingleKeys};
constexpr const char* kForms =
    "options and ranking, chosen and rejected, first, second and answer, or completion and label or rating";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

std::vector<std::string> feedback_roles() {
  std::vector<std::string> out;
  for (const RoleName& known : kNames) out.emplace_back(known.name);
  return out;
}

RoleMap::RoleMap(const FeedbackOptions& options, const std::string& name) {
  std::array<bool, kRoles> seen{};
  for (const auto& [role_name, column] : options.columns) {
    const auto found = std::find_if(std::begin(kNames), std::end(kNames),
                                    [&, &wanted = role_name](const RoleName& r) { return r.name == wanted; });
    if (found == std::end(kNames)) {
      refuse(name, "columns", "the role " + shown(role_name), expected_name(role_name, feedback_roles()));
    }
    if (seen[found->role]) refuse(name, "columns", shown(role_name) + " twice", "every role once");
    seen[found->role] = true;
    mapped_[found->role] = column;
    off_[found->role] = column.empty();
    any_ = true;
  }
  for (std::size_t role = 0; role < kRoles; ++role) {
    const auto own = std::find_if(std::begin(kNames), std::end(kNames),
                                  [&](const RoleName& known) { return known.role == role; });
    name_[role] = mapped_[role].empty() ? std::string(own->name) : mapped_[role];
  }
}

RoleSet RoleMap::roles_of(std::string_view key) const {
  RoleSet set = 0;
  for (std::size_t role = 0; role < kRoles; ++role)
    if (!mapped_[role].empty() && mapped_[role] == key) set |= bit(static_cast<Role>(role));
  if (set != 0) return set;
  for (const RoleName& known : kNames)
    if (known.name == key && mapped_[known.role].empty() && !off_[known.role]) set |= bit(known.role);
  return set;
}

void RoleMap::check_unused(std::string_view key) const {
  if (any_) return;
  const std::string word = lower(key);
  static const std::vector<std::string> rater = {"rater"};
  const bool rater_like = word.find("rater") != std::string::npos ||
                          word.find("annotator") != std::string::npos ||
                          (word.size() > 4 && word[0] == 'r' && !nearest_name(word, rater).empty());
  if (rater_like) throw BadRow{"rater", "the unknown key " + shown(key), "\"rater\", or a mapping of columns"};
}

FeedbackForm form_of(RoleSet present, const RoleMap& roles) {
  const auto first_name = [&](RoleSet set) {
    for (std::size_t role = 0; role < kRoles; ++role)
      if (set & bit(static_cast<Role>(role))) return shown(roles.name(static_cast<Role>(role)));
    return std::string("nothing");
  };
  RoleSet family = 0;
  for (const RoleSet keys : kFamilies) {
    if ((present & keys) == 0) continue;
    if (family != 0)
      throw BadRow{"form", fmt::format("{} and {}", first_name(present & family), first_name(present & keys)),
                   "the keys of one form"};
    family = keys;
  }
  if (family == 0) throw BadRow{"form", "no key of a judgement", kForms};
  const auto need = [&](RoleSet any_of, const char* expected) {
    if (present & any_of) return;
    throw BadRow{roles.name(static_cast<Role>(std::countr_zero(any_of))), "nothing", expected};
  };
  if ((present & bit(kExpectedRole)) != 0 && family != kComparisonKeys && family != kSingleKeys)
    throw BadRow{roles.name(kExpectedRole), "a check item that is no comparison of first and second",
                 "first, second, answer and expected"};
  if (family == kOptionsKeys) {
    need(bit(kOptionsRole), "a list of options");
    need(bit(kRankingRole), "a list of the options, best first");
    return FeedbackForm::kOptions;
  }
  if (family == kPairKeys) {
    need(bit(kChosenRole), "what was preferred");
    need(bit(kRejectedRole), "what was not preferred");
    return FeedbackForm::kPair;
  }
  if (family == kComparisonKeys) {
    need(bit(kFirstRole) | bit(kFirstTextRole), "the item shown first");
    need(bit(kSecondRole) | bit(kSecondTextRole), "the item shown second");
    need(bit(kAnswerRole), "\"first\", \"second\" or \"tie\"");
    return FeedbackForm::kComparison;
  }
  if ((present & bit(kCompletionRole)) && (present & (bit(kItemRole) | bit(kItemTextRole))))
    throw BadRow{"form",
                 fmt::format("{} and {}", shown(roles.name(kCompletionRole)), shown(roles.name(kItemRole))),
                 "one of them"};
  need(bit(kCompletionRole) | bit(kItemRole) | bit(kItemTextRole), "what was judged");
  if ((present & bit(kUpRole)) && (present & bit(kRatingRole)))
    throw BadRow{"form", fmt::format("{} and {}", shown(roles.name(kUpRole)), shown(roles.name(kRatingRole))),
                 "one judgement a record"};
  if (present & bit(kUpRole)) return FeedbackForm::kThumb;
  need(bit(kRatingRole), "a number, or a label; --reject-up-to counts records without one");
  return FeedbackForm::kRating;
}

}  // namespace plumb
