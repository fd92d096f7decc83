#include <cmath>
#include <map>

#include "tests/data/small_logs.h"

namespace plumb {
namespace {

TEST(Folds, AreEvenAndDependOnTheSplitSeed) {
  constexpr int kUnits = 80000;
  std::vector<int> count(kFolds, 0);
  int moved = 0;
  for (int u = 0; u < kUnits; ++u) {
    const std::uint64_t unit = hash_bytes(std::to_string(u));
    ++count[fold_of(unit, 1)];
    moved += fold_of(unit, 1) != fold_of(unit, 2);
  }
  // Binomial(80000, 1/8): standard deviation 93.5; five of them.
  for (const int c : count) EXPECT_NEAR(c, kUnits / kFolds, 5 * 93.5);
  EXPECT_NEAR(moved, kUnits * 7.0 / 8, 5 * 93.5);
}

TEST(Buckets, AreEvenAndIndependentOfFolds) {
  constexpr int kUnits = 400000;
  std::vector<int> count(kBuckets, 0);
  // Fold against parity of the bucket: 16 cells.
  std::map<std::pair<int, int>, int> cell;
  for (int u = 0; u < kUnits; ++u) {
    const std::uint64_t unit = hash_bytes(std::to_string(u));
    ++count[bucket_of(unit)];
    ++cell[{fold_of(unit, 7), static_cast<int>(bucket_of(unit) % 2)}];
  }
  double chi_squared = 0;
  const double expected = kUnits / static_cast<double>(kBuckets);
  for (const int c : count) chi_squared += (c - expected) * (c - expected) / expected;
  EXPECT_NEAR(chi_squared, kBuckets - 1, 5 * std::sqrt(2.0 * kBuckets));
  for (const auto& [key, c] : cell) EXPECT_NEAR(c, kUnits / 16.0, 5 * std::sqrt(kUnits / 16.0));
}

const std::string kHeader = "arm,p,age,region,spend\n";
const std::string kOne = "b,0.5,30,north,1\n", kTwo = "a,0.5,31,south,0\n", kThree = "a,0.5,7,south,2\n";

std::vector<std::uint64_t> digests(const DecisionLog& log) {
  return bucket_digests(log, std::vector<std::uint8_t>(log.size(), 1));
}

TEST(Digests, DoNotDependOnOrderOrOnHowTheFileIsWritten) {
  const DecisionLog log = csv_log(kHeader + kOne + kTwo + kThree + kOne, csv_goal());
  const DecisionLog turned = csv_log(kHeader + kThree + kOne + kOne + kTwo, csv_goal());
  EXPECT_EQ(log_digest(log), log_digest(turned));
  EXPECT_EQ(digests(log), digests(turned));
  const TextSource packed = TextSource::from_memory(gzip(kHeader + kOne + kTwo + kThree + kOne), "log.csv.gz");
  EXPECT_EQ(log_digest(log), log_digest(csv_log_from(packed, csv_goal(), nullptr)));
  const std::string crlf =
      "arm,p,age,region,spend\r\nb,0.5,30,north,1\r\na,0.5,31,south,0\r\na,0.5,7,south,2\r\nb,0.5,30,north,"
      "1\r\n";
  EXPECT_EQ(log_digest(log), log_digest(csv_log(crlf, csv_goal())));
}

TEST(Digests, ChangeWithAnyValueAndKeepTheOtherBuckets) {
  const DecisionLog log = csv_log(kHeader + kOne + kTwo + kThree, csv_goal());
  for (const char* other : {"a,0.5,8,south,2\n", "b,0.5,7,south,2\n", "a,0.25,7,south,2\n", "a,0.5,7,north,2\n",
                            "a,0.5,7,south,3\n"}) {
    const DecisionLog changed = csv_log(kHeader + kOne + kTwo + other, csv_goal());
    EXPECT_NE(log_digest(log), log_digest(changed)) << other;
    EXPECT_EQ(digests(log)[bucket_of(log.unit[0])], digests(changed)[bucket_of(log.unit[0])]) << other;
  }
  // A row more changes one bucket at most.
  const auto before = digests(log),
             after = digests(csv_log(kHeader + kOne + kTwo + kThree + "b,0.5,50,west,9\n", csv_goal()));
  int different = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) different += before[b] != after[b];
  EXPECT_EQ(different, 1);
}

TEST(Digests, AreZeroForBucketsThatAreNotUsed) {
  const DecisionLog log = csv_log(kHeader + kOne + kTwo + kThree, csv_goal());
  const auto digest = bucket_digests(log, {0, 1, 0});
  for (std::size_t b = 0; b < kBuckets; ++b) EXPECT_EQ(digest[b] != 0, b == bucket_of(log.unit[1]));
}

}  // namespace
}  // namespace plumb
