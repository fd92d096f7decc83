// Options and their ranking: every option once, best first, a list inside is a tie.
#include "data/feedback_json.h"

#include <fmt/core.h>

#include <algorithm>

namespace plumb {

namespace dom = simdjson::dom;

namespace {

using Reference = std::pair<std::string_view, std::uint32_t>;

const Reference* find(const std::vector<Reference>& sorted, std::string_view word) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), Reference{word, 0});
  return at != sorted.end() && at->first == word ? &*at : nullptr;
}

}  // namespace

void JsonFeedbackReader::read_options() {
  const std::string& what = roles_.name(kOptionsRole);
  dom::array options;
  if (value_[kOptionsRole].get(options))
    throw BadRow{what, described(value_[kOptionsRole]), "a list of two or more options"};
  for (const dom::element option : options) draft_.items.push_back(item_of(option, what, false));
  if (draft_.items.size() < 2)
    throw BadRow{what, draft_.items.empty() ? "an empty list" : "a list of one", "two or more options"};
  JsonFeedbackReader::read_ranking();
  draft_.kind = draft_.items.size() == 2 ? RecordDraft::Kind::kComparison : RecordDraft::Kind::kRanking;
  if (draft_.items.size() > 2) return;
  draft_.answer = draft_.rank[0] == draft_.rank[1]  ? Answer::kTie
                  : draft_.rank[0] < draft_.rank[1] ? Answer::kFirst
                                                    : Answer::kSecond;
}

void JsonFeedbackReader::read_ranking() {
  const std::string& what = roles_.name(kRankingRole);
  dom::array ranking;
  if (value_[kRankingRole].get(ranking))
    throw BadRow{what, described(value_[kRankingRole]), "a list of the options, best first"};
  by_name_.clear();
  by_text_.clear();
  for (std::uint32_t i = 0; i < draft_.items.size(); ++i) {
    const ThingDraft& item = draft_.items[i];
    if (!item.name.empty()) by_name_.emplace_back(item.name, i);
    if (!item.text.empty()) by_text_.emplace_back(item.text, i);
  }
  std::sort(by_name_.begin(), by_name_.end());
  std::sort(by_text_.begin(), by_text_.end());
  constexpr std::uint32_t kUnranked = 0xffffffffu;
  draft_.rank.assign(draft_.items.size(), kUnranked);
  std::uint32_t rank = 0;
  std::size_t named = 0;
  const auto put = [&](dom::element value) {
    const std::uint32_t option = option_of(value, what);
    if (draft_.rank[option] != kUnranked) throw BadRow{what, described(value) + " twice", "every option once"};
    draft_.rank[option] = rank;
    ++named;
  };
  for (const dom::element place : ranking) {
    dom::array tied;
    if (!place.get(tied)) {
      if (tied.size() == 0) throw BadRow{what, "an empty list inside", "options that tie"};
      for (const dom::element value : tied) put(value);
    } else {
      put(place);
    }
    ++rank;
  }
  if (named != draft_.items.size())
    throw BadRow{what, fmt::format("{} of {} options", named, draft_.items.size()),
                 "every option once (those that nobody told apart as one list at the end: a tie)"};
}

std::uint32_t JsonFeedbackReader::option_of(dom::element value, const std::string& what) {
  if (!value.is_string() && !value.is_int64() && !value.is_uint64())
    throw BadRow{what, described(value), "an option's id or text"};
  const std::string_view word = checked_name_of(json_cell(value), what, scratch());
  if (const Reference* named = find(by_name_, word)) return named->second;
  if (const Reference* said = find(by_text_, word)) return said->second;
  if (draft_.items.size() == 2 && word == "first") return 0;
  if (draft_.items.size() == 2 && word == "second") return 1;
  std::vector<std::string> candidates;
  for (const auto& [name, option] : by_name_) candidates.emplace_back(name);
  for (const auto& [text, option] : by_text_)
    if (text.size() <= 64) candidates.emplace_back(text);
  if (!value.is_string() && !by_text_.empty())
    throw BadRow{
        what, shown(word) + ", which is no option",
        "options by id or text (a place in the list is no name: give ids, as in {\"id\": 1, \"text\": ...})"};
  throw BadRow{what, shown(word) + ", which is no option", expected_name(word, candidates)};
}

}  // namespace plumb
