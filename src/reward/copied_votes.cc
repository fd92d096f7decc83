#include "reward/copied_votes.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <tuple>

#include "plumb/regression.h"

namespace plumb {
namespace {

constexpr double kByChance = 1e-6;
constexpr std::size_t kLeastShared = 30;  // questions that several people had
constexpr double kNearlyAll = 0.98;
constexpr std::size_t kLeastVotes = 5;  // of a person whose votes are held against another's as a whole

struct Vote {
  std::uint64_t question;  // prompt and the two options, whatever their order
  std::uint32_t rater;
  bool lower;    // the answer is for the option with the lower number
  double alike;  // chance that two people answer it alike, after the model
};

std::vector<Vote> named_votes(const Feedback& f, const std::vector<Judged>& judged,
                              const ComparedPairs& comparisons, const PreferenceModel& model) {
  std::vector<Vote> out;
  for (std::size_t r = 0; r < judged.size(); ++r) {
    const Judged& j = judged[r];
    if (j.rater == kNoRater) continue;
    const std::uint8_t fold = comparisons.pairs.fold[r];
    const auto& coef = model.learnt[fold < kTrainingFolds ? fold : static_cast<std::size_t>(kTrainingFolds)];
    double log_odds = 0;
    for (std::size_t k = 0; k < comparisons.column.size(); ++k)
      log_odds += coef[comparisons.column[k]] *
                  comparisons.pairs.design(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(k + 1));
    const double p = sigmoid(log_odds);
    const std::uint32_t low = std::min(j.first, j.second), high = std::max(j.first, j.second);
    const std::uint64_t question = hash_combine(hash_combine(f.item_prompt[low], low), high);
    out.push_back({question, j.rater, (j.answer > 0.5) == (j.first == low), p * p + (1 - p) * (1 - p)});
  }
  return out;
}

// By question, what chance has it that two people answer it alike? Where five or more did, by their answers;
// else what the model says, or where people with other questions agree more than that, by how often these do: a
// model that misses what people see would take their agreement for copies.
void mind_agreement(std::vector<Vote>& votes, const std::vector<std::uint64_t>& asked) {
  std::sort(votes.begin(), votes.end(), [](const Vote& a, const Vote& b) {
    return std::tie(a.question, a.rater) < std::tie(b.question, b.rater);
  });
  constexpr std::size_t kOwn = 5, kPairs = 30;
  double alike = 0, pairs = 0;
  const auto each = [&](const auto& question) {
    for (std::size_t begin = 0, end = 0; begin < votes.size(); begin = end) {
      for (end = begin; end < votes.size() && votes[end].question == votes[begin].question;) ++end;
      question(begin, end);
    }
  };
  each([&](std::size_t begin, std::size_t end) {
    if (end - begin >= kOwn) return;
    for (std::size_t a = begin; a < end; ++a)
      for (std::size_t b = begin; b < a; ++b) {
        if (asked[votes[a].rater] == asked[votes[b].rater]) continue;
        ++pairs;
        alike += votes[a].lower == votes[b].lower;
      }
  });
  const double others = pairs >= kPairs ? alike / pairs : 0;
  each([&](std::size_t begin, std::size_t end) {
    double lower = 0.5;
    for (std::size_t k = begin; k < end; ++k) lower += votes[k].lower;
    const double share = lower / static_cast<double>(end - begin + 1);
    for (std::size_t k = begin; k < end; ++k)
      votes[k].alike =
          end - begin >= kOwn ? share * share + (1 - share) * (1 - share) : std::max(votes[k].alike, others);
  });
}

// Two people who gave all the same answers to all the same questions, more of them than agree by chance.
std::string same_person_twice(const Feedback& f, std::vector<Vote> votes) {
  std::sort(votes.begin(), votes.end(), [](const Vote& a, const Vote& b) {
    return std::tie(a.rater, a.question, a.lower) < std::tie(b.rater, b.question, b.lower);
  });
  struct Person {
    std::uint64_t said;
    std::uint32_t rater;
    std::size_t votes;
    double log_chance;
  };
  std::vector<Person> people;
  for (std::size_t begin = 0, end = 0; begin < votes.size(); begin = end) {
    Person one{0, votes[begin].rater, 0, 0};
    for (end = begin; end < votes.size() && votes[end].rater == one.rater; ++end) {
      one.said = hash_combine(one.said, hash_combine(votes[end].question, votes[end].lower));
      one.log_chance += std::log(votes[end].alike);
      ++one.votes;
    }
    if (one.votes >= kLeastVotes) people.push_back(one);
  }
  const auto pairs = static_cast<double>(std::max<std::size_t>(1, people.size() * people.size()));
  std::sort(people.begin(), people.end(), [](const Person& a, const Person& b) {
    return std::tie(a.said, a.rater) < std::tie(b.said, b.rater);
  });
  std::size_t copies = 0;
  const Person* shown = nullptr;
  for (std::size_t k = 1; k < people.size(); ++k) {
    if (people[k].said != people[k - 1].said || !(people[k].log_chance < std::log(kByChance / pairs))) continue;
    ++copies;
    if (shown == nullptr) shown = &people[k];
  }
  if (shown == nullptr) return "";
  return fmt::format(
      "{} and {} gave the same {} answers to the same questions{}: votes of one person may stand under several "
      "names",
      f.rater[(shown - 1)->rater], f.rater[shown->rater], shown->votes,
      copies > 1 ? fmt::format(", and {} more such pairs are there", copies - 1) : "");
}

// Questions that several people had, nearly all of which were answered alike.
std::string answered_alike(std::vector<Vote> votes) {
  std::sort(votes.begin(), votes.end(), [](const Vote& a, const Vote& b) {
    return std::tie(a.question, a.rater) < std::tie(b.question, b.rater);
  });
  std::size_t shared = 0, alike = 0;
  double expected = 0;
  for (std::size_t begin = 0, end = 0; begin < votes.size(); begin = end) {
    bool same = true;
    for (end = begin; end < votes.size() && votes[end].question == votes[begin].question; ++end)
      same = same && votes[end].lower == votes[begin].lower;
    if (votes[end - 1].rater == votes[begin].rater) continue;
    ++shared;
    alike += same;
    expected += votes[begin].alike;  // of two: that of more is less
  }
  if (shared < kLeastShared || static_cast<double>(alike) < kNearlyAll * static_cast<double>(shared)) return "";
  const boost::math::binomial chance(static_cast<double>(shared), expected / static_cast<double>(shared));
  if (!(boost::math::cdf(boost::math::complement(chance, static_cast<double>(alike) - 1)) < kByChance))
    return "";
  return fmt::format(
      "of {} questions that several people had, {} were answered alike by all of them, where {:.0f} are to be "
      "expected: "
      "the votes may be copies under other names",
      shared, alike, expected);
}

}  // namespace

std::string copied_cap(const Feedback& f, const std::vector<Judged>& judged, const ComparedPairs& comparisons,
                       const PreferenceModel& model) {
  std::vector<Vote> votes = named_votes(f, judged, comparisons, model);
  // What each had to answer, whatever the order: copies of a person had the same.
  std::vector<std::uint64_t> asked(f.rater.size(), 0);
  for (const Vote& v : votes) asked[v.rater] += hash_combine(v.question, 0x715);
  mind_agreement(votes, asked);
  const std::string twice = same_person_twice(f, votes);
  if (!twice.empty()) return twice;
  // Of those who had the same questions as somebody else.
  std::vector<std::uint64_t> sorted;
  for (const std::uint64_t a : asked)
    if (a != 0) sorted.push_back(a);
  std::sort(sorted.begin(), sorted.end());
  std::erase_if(votes, [&](const Vote& v) {
    const auto [begin, end] = std::equal_range(sorted.begin(), sorted.end(), asked[v.rater]);
    return end - begin < 2;
  });
  return answered_alike(std::move(votes));
}

}  // namespace plumb
