// Was a policy learnt from these rows? Digests of decoded rows by unit bucket must tell, whatever happened to
// the file in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "plumb/policy.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

constexpr std::uint64_t kSplitSeed = 1;
constexpr std::uint32_t kHalf = (1u << kTrainingFolds) - 1;

std::vector<MadeDecision> decisions_of(std::uint64_t seed, std::size_t n = 3000) {
  Rng rng(seed);
  std::vector<MadeDecision> out(n);
  for (std::size_t i = 0; i < n; ++i)
    out[i] = {seed * 1000000 + i / 2, {.5, .5}, static_cast<std::uint32_t>(rng.below(2)), {rng.normal()}, {},
              {rng.normal()},         0};
  return out;
}

DecisionLog log_of(const std::vector<MadeDecision>& decisions) {
  return made_log({"a", "b"}, {{"y"}}, decisions);
}

SoftmaxPolicy trained_on_half(const DecisionLog& log, std::uint64_t split_seed = kSplitSeed) {
  SoftmaxParts parts;
  std::vector<std::uint8_t> use(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) use[i] = fold_of(log.unit[i], split_seed) < kTrainingFolds;
  parts.map = make_feature_map(log, use);
  parts.theta.assign(parts.map.width(), 0.0);
  parts.trained_on.split_seed = split_seed;
  parts.trained_on.folds = kHalf;
  parts.trained_on.bucket_digest = bucket_digests(log, use);
  return {"learnt", std::move(parts)};
}

TEST(TrainingOverlap, KnowsItsOwnLogAndMarksTheTrainingHalf) {
  const DecisionLog log = log_of(decisions_of(1));
  const Overlap overlap = training_overlap(trained_on_half(log), log);
  EXPECT_TRUE(overlap.trained_here);
  EXPECT_EQ(overlap.buckets_matched, overlap.buckets_compared);
  EXPECT_GT(overlap.buckets_compared, 400u);
  for (std::size_t i = 0; i < log.size(); ++i) EXPECT_EQ(overlap.seen[i], log.in_training(i)) << i;
}

TEST(TrainingOverlap, SeesThroughAnotherOrderOfRows) {
  auto decisions = decisions_of(2);
  const SoftmaxPolicy policy = trained_on_half(log_of(decisions));
  std::reverse(decisions.begin(), decisions.end());
  std::rotate(decisions.begin(), decisions.begin() + 700, decisions.end());
  const Overlap overlap = training_overlap(policy, log_of(decisions));
  EXPECT_TRUE(overlap.trained_here);
  EXPECT_EQ(overlap.buckets_matched, overlap.buckets_compared);
}

TEST(TrainingOverlap, SeesThroughAnAddedRowAndAChangedOne) {
  auto decisions = decisions_of(3);
  const SoftmaxPolicy policy = trained_on_half(log_of(decisions));
  decisions.push_back(decisions_of(4, 1)[0]);
  decisions[0].value[0] += 1;
  const Overlap overlap = training_overlap(policy, log_of(decisions));
  EXPECT_TRUE(overlap.trained_here);
  EXPECT_GE(overlap.buckets_matched + 2, overlap.buckets_compared);
}

TEST(TrainingOverlap, SeesASingleSurvivingUnit) {
  const auto mine = decisions_of(5);
  const DecisionLog log = log_of(mine);
  const SoftmaxPolicy policy = trained_on_half(log);
  // A training unit that is alone in its bucket, hidden among ten units from elsewhere.
  std::vector<int> in_bucket(kBuckets, 0);
  for (std::size_t i = 0; i < log.size(); ++i) in_bucket[bucket_of(log.unit[i])] += log.in_training(i);
  auto others = decisions_of(6, 20);
  bool found = false;
  for (std::size_t i = 0; i + 1 < log.size() && !found; i += 2) {
    if (!log.in_training(i) || in_bucket[bucket_of(log.unit[i])] != 2) continue;
    others.push_back(mine[i]);
    others.push_back(mine[i + 1]);
    found = true;
  }
  ASSERT_TRUE(found);
  EXPECT_TRUE(training_overlap(policy, log_of(others)).trained_here);
}

TEST(TrainingOverlap, DoesNotAccuseOtherRowsOfTheSameUnits) {
  auto decisions = decisions_of(7);
  const SoftmaxPolicy policy = trained_on_half(log_of(decisions));
  for (MadeDecision& d : decisions) d.value[0] += 1;  // the next week of the same customers
  const Overlap overlap = training_overlap(policy, log_of(decisions));
  EXPECT_FALSE(overlap.trained_here);
  EXPECT_GT(overlap.buckets_compared, 400u);
  EXPECT_EQ(overlap.buckets_matched, 0u);
}

TEST(TrainingOverlap, GoesByThePolicysOwnSplitNotTheLogs) {
  const DecisionLog log = log_of(decisions_of(8));  // folds by seed 1
  const Overlap overlap = training_overlap(trained_on_half(log, 99), log);
  EXPECT_TRUE(overlap.trained_here);
  for (std::size_t i = 0; i < log.size(); ++i)
    EXPECT_EQ(overlap.seen[i], fold_of(log.unit[i], 99) < kTrainingFolds) << i;
}

// What a file's rows look like whatever the goal reads of them: another outcome, other units, the same rows.
std::vector<std::uint64_t> fingerprints(std::uint64_t seed, std::size_t n) {
  Rng rng(seed);
  std::vector<std::uint64_t> out(n);
  for (std::uint64_t& row : out) row = rng.bits();
  return out;
}

TEST(TrainingOverlap, RecognizesAFileThatAnotherGoalReadsOtherwise) {
  DecisionLog log = log_of(decisions_of(10));
  log.row_fingerprint = fingerprints(1, log.size());
  std::vector<std::uint8_t> use(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) use[i] = log.in_training(i);
  SoftmaxParts parts = trained_on_half(log).parts();
  parts.trained_on.sketch = sketch_rows(log, use);
  EXPECT_EQ(parts.trained_on.sketch.size(),
            std::min(kSketchRows, static_cast<std::size_t>(std::count(use.begin(), use.end(), 1))));
  EXPECT_TRUE(std::is_sorted(parts.trained_on.sketch.begin(), parts.trained_on.sketch.end()));
  const SoftmaxPolicy policy("learnt", parts);

  DecisionLog other = log_of(decisions_of(11));  // other units, other values ...
  other.row_fingerprint = log.row_fingerprint;   // ... read from the same rows
  std::reverse(other.row_fingerprint.begin(), other.row_fingerprint.end());
  const Overlap same_file = training_overlap(policy, other);
  EXPECT_TRUE(same_file.trained_here);
  EXPECT_EQ(same_file.rows_matched, same_file.rows_compared);
  // Folds say nothing where units are named otherwise.
  EXPECT_EQ(std::count(same_file.seen.begin(), same_file.seen.end(), 1), static_cast<long>(other.size()));

  other.row_fingerprint = fingerprints(2, other.size());
  EXPECT_FALSE(training_overlap(policy, other).trained_here);
}

TEST(TrainingOverlap, IsEmptyForPoliciesThatLearntNothing) {
  const DecisionLog log = log_of(decisions_of(9, 50));
  const Overlap overlap = training_overlap(*constant_policy("a"), log);
  EXPECT_FALSE(overlap.trained_here);
  EXPECT_EQ(std::accumulate(overlap.seen.begin(), overlap.seen.end(), 0), 0);
}

}  // namespace
}  // namespace plumb
