// What a file of feedback holds: counts, repetitions, contradictions, items that no judgement connects.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <numeric>
#include <tuple>

#include "plumb/careless.h"
#include "plumb/feedback_study.h"

namespace plumb {
namespace {

// One judgement as what was judged, by whom, and what was said; for sorting equal ones together.
struct Said {
  std::uint32_t rater = kNoRater;
  std::vector<std::uint64_t> about, answer;
};

// Counts into `check` what one form's judgements repeat and contradict. `clash` says whether two answers of one
// person on the same thing cannot both hold.
template <class Clash>
void count_repetitions(std::vector<Said> said, const Clash& clash, FeedbackCheck& check) {
  const auto subject = [](const Said& s) { return std::tie(s.rater, s.about); };
  std::sort(said.begin(), said.end(), [](const Said& a, const Said& b) {
    return std::tie(a.rater, a.about, a.answer) < std::tie(b.rater, b.about, b.answer);
  });
  for (std::size_t begin = 0, end = 0; begin < said.size(); begin = end) {
    bool contradicted = false;
    for (end = begin + 1; end < said.size() && subject(said[end]) == subject(said[begin]); ++end) {
      if (said[end].answer == said[end - 1].answer)
        ++check.repeated;
      else
        contradicted |= clash(said[begin].answer, said[end].answer);
    }
    check.contradictions += contradicted;
  }
}

void count_comparisons(const Feedback& f, FeedbackCheck& check) {
  std::vector<Said> said;
  std::vector<std::array<std::uint32_t, 3>> pairs;  // lower item, higher item, 0 lower won, 1 tie, 2 higher won
  for (std::size_t k = 0; k < f.first.size(); ++k) {
    const std::uint32_t low = std::min(f.first[k], f.second[k]), high = std::max(f.first[k], f.second[k]);
    const bool low_first = low == f.first[k];
    const std::uint32_t won = f.answer[k] == Answer::kTie                    ? 1u
                              : (f.answer[k] == Answer::kFirst) == low_first ? 0u
                                                                             : 2u;
    check.ties += won == 1;
    pairs.push_back({low, high, won});
    said.push_back({f.comparison.rater[k], {low, high}, {won}});
  }
  // Sorted answers: the group's first and another clash where they are wins of different sides.
  count_repetitions(
      std::move(said), [](const auto& a, const auto& b) { return a[0] == 0 && b[0] == 2; }, check);
  std::sort(pairs.begin(), pairs.end());
  for (std::size_t begin = 0, end = 0; begin < pairs.size(); begin = end) {
    for (end = begin;
         end < pairs.size() && pairs[end][0] == pairs[begin][0] && pairs[end][1] == pairs[begin][1];)
      ++end;
    ++check.pairs;
    check.pairs_judged_again += end - begin > 1;
    check.pairs_disputed += pairs[begin][2] == 0 && pairs[end - 1][2] == 2;
  }
}

void count_other_forms(const Feedback& f, FeedbackCheck& check) {
  const auto differ = [](const auto& a, const auto& b) { return a != b; };
  std::vector<Said> rankings, ratings, thumbs;
  for (std::size_t r = 0; r + 1 < f.ranking_offset.size(); ++r) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> entries;
    for (std::uint64_t e = f.ranking_offset[r]; e < f.ranking_offset[r + 1]; ++e)
      entries.emplace_back(f.ranking_item[e], f.ranking_rank[e]);
    std::sort(entries.begin(), entries.end());
    Said s{f.ranking.rater[r], {}, {}};
    for (const auto& [item, rank] : entries) {
      s.about.push_back(item);
      s.answer.push_back(rank);
    }
    rankings.push_back(std::move(s));
  }
  for (std::size_t k = 0; k < f.rated.size(); ++k)
    ratings.push_back({f.rating_source.rater[k], {f.rated[k]}, {std::bit_cast<std::uint64_t>(f.rating[k])}});
  for (std::size_t k = 0; k < f.thumbed.size(); ++k)
    thumbs.push_back({f.thumb.rater[k], {f.thumbed[k]}, {f.up[k]}});
  count_repetitions(std::move(rankings), differ, check);
  count_repetitions(std::move(ratings), differ, check);
  count_repetitions(std::move(thumbs), differ, check);
}

void count_twins(const Feedback& f, FeedbackCheck& check) {
  std::vector<std::uint32_t> by_text;
  for (std::uint32_t i = 0; i < f.item.size(); ++i)
    if (!f.text[i].empty()) by_text.push_back(i);
  const auto key = [&](std::uint32_t i) { return std::tie(f.item_prompt[i], f.text[i]); };
  std::sort(by_text.begin(), by_text.end(), [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
  for (std::size_t k = 1; k < by_text.size(); ++k) check.twins += key(by_text[k]) == key(by_text[k - 1]);
}

// Prompts whose judged items fall into parts that nothing connects: utilities of different parts have no
// difference.
void count_prompts_apart(const Feedback& f, FeedbackCheck& check) {
  std::vector<std::uint32_t> root(f.item.size());
  std::iota(root.begin(), root.end(), 0u);
  std::vector<std::uint8_t> judged(f.item.size(), 0);
  const auto find = [&](std::uint32_t i) {
    while (root[i] != i) i = root[i] = root[root[i]];
    return i;
  };
  const auto join = [&](std::uint32_t a, std::uint32_t b) {
    judged[a] = judged[b] = 1;
    root[find(a)] = find(b);
  };
  for (std::size_t k = 0; k < f.first.size(); ++k) join(f.first[k], f.second[k]);
  for (std::size_t r = 0; r + 1 < f.ranking_offset.size(); ++r)
    for (std::uint64_t e = f.ranking_offset[r] + 1; e < f.ranking_offset[r + 1]; ++e)
      join(f.ranking_item[e - 1], f.ranking_item[e]);
  std::vector<std::uint32_t> parts(f.prompt.size(), 0);
  for (std::uint32_t i = 0; i < f.item.size(); ++i)
    if (judged[i] && find(i) == i) ++parts[f.item_prompt[i]];
  for (const std::uint32_t p : parts) check.prompts_apart += p > 1;
}

std::uint64_t unnamed(const JudgementSource& source) {
  return static_cast<std::uint64_t>(std::count(source.rater.begin(), source.rater.end(), kNoRater));
}

void find(FeedbackCheck& check) {
  const auto add = [&](const char* name, Severity severity, std::string sentence) {
    check.findings.push_back({name, severity, std::move(sentence)});
  };
  const std::uint64_t all = check.comparisons + check.rankings + check.ratings + check.thumbs;
  const char* const person =
      check.raters == 0 ? "nobody is named, so these may be different people" : "by the same rater";
  if (check.unnamed == all)
    add("no_raters", Severity::kInfo,
        "No rater is named: agreement of raters and their reliability cannot be told, and judgements count by "
        "what was asked unless units are named.");
  else if (check.unnamed > 0)
    add("some_raters", Severity::kWarning,
        fmt::format("{} of {} judgements name no rater; they count as those of average people.", check.unnamed,
                    all));
  if (check.raters > 0 && check.raters < 10)
    add("few_raters", Severity::kWarning,
        fmt::format("{} raters: what these few want is what will be learnt; intervals over raters need 10.",
                    check.raters));
  if (check.repeated > 0)
    add("repeated", Severity::kWarning,
        fmt::format("{} of {} judgements repeat an earlier one on the same items with the same answer ({}).",
                    check.repeated, all, person));
  if (check.contradictions > 0)
    add("contradictions", Severity::kWarning,
        fmt::format("{} times the same items were judged in ways that cannot all hold ({}).",
                    check.contradictions, person));
  if (check.comparisons > 0 && check.ties == check.comparisons)
    add("all_ties", Severity::kWarning, "Every comparison is a tie: nothing can be learnt from them.");
  if (check.pairs > 0 && check.pairs_judged_again == 0)
    add("judged_once", Severity::kInfo, "No pair was compared twice: how far people agree cannot be told.");
  if (check.twins > 0)
    add("twins", Severity::kWarning,
        fmt::format("{} items have the text of another item of their prompt under another name.", check.twins));
  if (check.prompts_apart > 0)
    add("apart", Severity::kInfo,
        fmt::format("Under {} of {} prompts the items fall into parts that no chain of judgements connects: "
                    "utilities of "
                    "different parts cannot be compared without features.",
                    check.prompts_apart, check.prompts));
}

}  // namespace

FeedbackCheck check_feedback(const Feedback& f) {
  FeedbackCheck check;
  check.prompts = f.prompt.size();
  check.items = f.item.size();
  check.raters = f.rater.size();
  check.comparisons = f.first.size();
  check.rankings = f.ranking_offset.size() - 1;
  check.ratings = f.rating.size();
  check.thumbs = f.up.size();
  check.unnamed = unnamed(f.comparison) + unnamed(f.ranking) + unnamed(f.rating_source) + unnamed(f.thumb);
  count_comparisons(f, check);
  count_other_forms(f, check);
  count_twins(f, check);
  count_prompts_apart(f, check);
  find(check);
  if (!f.checks.answer.empty()) {
    std::string said = lapse_range(f, {}).sentence;
    said[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(said[0])));
    check.findings.push_back({"check_items", Severity::kInfo, said + "."});
  }
  return check;
}

}  // namespace plumb
