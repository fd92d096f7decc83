// Copies of votes: under no name they are no further people, under new names they are found.
#include <gtest/gtest.h>

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
  const Feedback once = anonymous(2000, 1), often = anonymous(2000, 5);
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
    EXPECT_NEAR(std::sqrt(b / a), 1, .02) << k;
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

TEST(RepeatedRecords, CountOnceWhereIdOrTimeRepeatsToo) {
  FeedbackReport report;
  const Feedback f = json_feedback(R"({"id":"1","prompt":"p","first":"a","second":"b","answer":"a"}
{"id":"1","prompt":"p","first":"a","second":"b","answer":"a"}
{"id":"2","prompt":"p","first":"a","second":"b","answer":"a"}
{"id":"2","prompt":"p","first":"a","second":"b","answer":"b"}
{"prompt":"p","first":"a","second":"b","answer":"a","time":"2026-05-01T10:00:01Z"}
{"prompt":"p","first":"a","second":"b","answer":"a","time":"2026-05-01T10:00:01Z"}
{"prompt":"p","first":"a","second":"b","answer":"a","time":"2026-05-01"}
{"prompt":"p","first":"a","second":"b","answer":"a","time":"2026-05-01"}
{"prompt":"p","first":"a","second":"b","answer":"a"}
{"prompt":"p","first":"a","second":"b","answer":"a"}
)",
                                   &report);
  EXPECT_EQ(f.first.size(), 8u);
  EXPECT_EQ(report.merged, 2u);
  EXPECT_EQ(report.records, f.judgements() + report.merged);
}

}  // namespace
}  // namespace plumb
