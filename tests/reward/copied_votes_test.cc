// Copies of votes: under no name they are no further people, under new names they are found.
#include <gtest/gtest.h>

#include <functional>

#include "reward/compared_pairs.h"
#include "tests/data/feedback_equal.h"
#include "tests/reward/asked_people.h"

namespace plumb {
namespace {

// Votes of nobody named, each about a context of its own, so many times each.
Feedback anonymous(std::size_t comparisons, std::size_t copies) {
  AskedPeople asked;
  asked.comparisons = comparisons;
  const Feedback once = asked.feedback();
  Feedback out = once;
  for (auto* column : {&out.first, &out.second}) column->clear();
  out.answer.clear();
  out.comparison = {};
  for (std::size_t c = 0; c < comparisons; ++c) {
    for (std::size_t k = 0; k < copies; ++k) {
      out.first.push_back(once.first[c]);
      out.second.push_back(once.second[c]);
      out.answer.push_back(once.answer[c]);
      out.comparison.unit.push_back(hash_combine(c, k + 11));
      out.comparison.unnamed.push_back(1);
      out.comparison.rater.push_back(kNoRater);
      out.comparison.time_us.push_back(kNoTime);
      out.comparison.line.push_back(out.first.size());
    }
  }
  return out;
}

TEST(UnnamedVotes, AreOneUnitAQuestionSoThatCopiesChangeNoError) {
  const FeatureMap map = fit_outcome_models(AskedPeople{}.log(), {"y"}, 1).map;
  // Few, so that leverages matter.
  const Feedback once = anonymous(800, 1), often = anonymous(800, 5);
  const std::vector<Judged> judged = all_pairs(often);
  EXPECT_EQ(judged[0].unit, judged[4].unit);
  EXPECT_NE(judged[4].unit, judged[5].unit);
  const PreferenceModel one = fit_preference(once, map, 1, 1), five = fit_preference(often, map, 1, 1);
  const std::size_t v = kTrainingFolds;  // the half that certifies
  for (std::size_t k = 0; k < map.width(); ++k) {
    double a = 0, b = 0;
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
      a += one.influence[v](bucket, k) * one.influence[v](bucket, k);
      b += five.influence[v](bucket, k) * five.influence[v](bucket, k);
    }
    if (a == 0) continue;
    EXPECT_NEAR(std::sqrt(b / a), 1, .012) << k;
  }
}

TEST(UnnamedVotes, OnAFewQuestionsCannotBeToldFromCopies) {
  std::string text;
  Rng rng(3);
  for (std::size_t k = 0; k < 400; ++k)
    text += std::string("{\"prompt\":\"p") + std::to_string(rng.below(20)) +
            R"(","first":"a","second":"b","answer":")" + (rng.bernoulli(.6) ? "a" : "b") + "\"}\n";
  EXPECT_NE(unnamed_cap(json_feedback(text)).find("only 20 different questions"), std::string::npos);
  EXPECT_EQ(unnamed_cap(anonymous(150, 3)), "");
  EXPECT_EQ(unnamed_cap(AskedPeople{}.feedback()), "");  // they have units
}

// Everybody named, `each` answers a person; and once more under other names.
Feedback named(std::size_t comparisons, std::size_t each, bool renamed) {
  Feedback f = anonymous(comparisons, renamed ? 2 : 1);
  for (std::size_t c = 0; c < f.first.size(); ++c) {
    const std::size_t original = renamed ? c / 2 : c;
    const std::size_t person = original / each * 2 + (renamed ? c % 2 : 0);
    while (f.rater.size() <= person) f.rater.push_back("r" + std::to_string(f.rater.size()));
    f.comparison.rater[c] = static_cast<std::uint32_t>(person);
    f.comparison.unit[c] = hash_bytes(f.rater[person]);
    f.comparison.unnamed[c] = 0;
  }
  return f;
}

bool speaks_of_copies(const PreferenceModel& model) {
  for (const std::string& cap : model.caps)
    if (cap.find("copies") != std::string::npos || cap.find("several names") != std::string::npos) return true;
  return false;
}

TEST(CopiedVotes, AreFoundUnderOtherNamesAndHonestOnesAreNot) {
  const FeatureMap map = fit_outcome_models(AskedPeople{}.log(), {"y"}, 1).map;
  for (const std::size_t each : {1, 40}) {
    EXPECT_TRUE(speaks_of_copies(fit_preference(named(2000, each, true), map, 1, 1))) << each;
    EXPECT_FALSE(speaks_of_copies(fit_preference(named(2000, each, false), map, 1, 1))) << each;
  }
}

// 60 votes on 12 questions, their ids and times made by `of(vote)`, in the file `times` times.
std::uint64_t merged(const std::function<std::string(int)>& of, int times, std::uint64_t* kept) {
  std::string text;
  for (int time = 0; time < times; ++time)
    for (int k = 0; k < 60; ++k)
      text += R"({"prompt":"p)" + std::to_string(k % 12) + R"(","first":"a","second":"b","answer":")" +
              (k * 7 % 5 < 3 ? "a" : "b") + "\"" + of(k) + "}\n";
  FeedbackReport report;
  *kept = json_feedback(text, &report).first.size();
  EXPECT_EQ(report.records, *kept + report.merged);
  return report.merged;
}

TEST(RepeatedRecords, CountOnceWhereIdsOrTimesTellRecordsApart) {
  std::uint64_t kept = 0;
  const auto id = [](int k) { return R"(,"id":"v)" + std::to_string(k) + "\""; };
  const auto time = [](int k) {
    return R"(,"time":"2026-05-01T10:)" + std::to_string(10 + k / 2) + ":" + (k % 2 == 0 ? "07" : "31") + "Z\"";
  };
  EXPECT_EQ(merged(id, 1, &kept), 0u);
  EXPECT_EQ(merged(id, 3, &kept), 120u);
  EXPECT_EQ(kept, 60u);
  EXPECT_EQ(merged(time, 2, &kept), 60u);
  // The id of the question, a day, the one time of an export: votes of different people share them.
  EXPECT_EQ(merged([](int k) { return R"(,"id":"q)" + std::to_string(k % 12) + "\""; }, 2, &kept), 0u);
  EXPECT_EQ(merged([](int k) { return R"(,"time":"2026-05-0)" + std::to_string(1 + k % 9) + "\""; }, 1, &kept),
            0u);
  EXPECT_EQ(merged([](int) { return std::string(R"(,"time":"2026-05-01T10:00:00Z")"); }, 1, &kept), 0u);
  EXPECT_EQ(merged([](int) { return std::string(); }, 2, &kept), 0u);
}

// People of one mind on what the model does not see are no copies: what they agree on with others says so.
TEST(CopiedVotes, AreNotSuspectedWherePeopleAgreeOnWhatTheModelMisses) {
  AskedPeople asked;
  asked.comparisons = 1200;
  const Feedback once = asked.feedback();
  Rng rng(5);
  Feedback f = once;
  f.comparison = {};
  f.first.clear();
  f.second.clear();
  f.answer.clear();
  for (int r = 0; r < 135; ++r) f.rater.push_back("r" + std::to_string(r));
  for (std::size_t c = 0; c < 1200; ++c) {
    const bool a = hash_combine(c, 17) % 10 < 6;  // everybody sees it, no feature does
    // Two who had the same forty questions, and somebody else.
    for (int k = 0; k < 3; ++k) {
      f.first.push_back(once.first[c]);
      f.second.push_back(once.second[c]);
      f.answer.push_back(a ? Answer::kFirst : Answer::kSecond);
      const auto rater =
          static_cast<std::uint32_t>(k < 2 ? c / 40 * 2 + static_cast<std::size_t>(k) : 60 + rng.below(75));
      f.comparison.rater.push_back(rater);
      f.comparison.unit.push_back(hash_bytes(f.rater[rater]));
      f.comparison.unnamed.push_back(0);
      f.comparison.time_us.push_back(kNoTime);
      f.comparison.line.push_back(f.first.size());
    }
  }
  const FeatureMap map = fit_outcome_models(AskedPeople{}.log(), {"y"}, 1).map;
  EXPECT_FALSE(speaks_of_copies(fit_preference(f, map, 1, 1)));
}

}  // namespace
}  // namespace plumb
