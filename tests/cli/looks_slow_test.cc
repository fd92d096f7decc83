// Twenty runs at once, fifty rounds, about half of them killed at a random moment.
#include "tests/cli/looks_storm.h"

namespace plumb {
namespace {

TEST(LooksInAStorm, AreNeitherLostNorChargedTwice) {
  const Folder folder;
  LooksStorm storm(folder);
  storm.round(20, 200);
  const auto start = std::chrono::steady_clock::now();
  storm.round(20, 1);
  const auto took = std::chrono::steady_clock::now() - start;
  // Kills are spread over the time that a round takes on this machine.
  const int longest = std::max(100, static_cast<int>(took / std::chrono::milliseconds(1)));
  for (int round = 2; round < 50; ++round) {
    storm.round(20, longest);
    if (HasFailure()) FAIL() << "in round " << round;
  }
  storm.end();
  RecordProperty("verdicts", static_cast<int>(storm.verdicts()));
  std::printf("%zu verdicts shown, %zu runs killed, %zu looks counted\n", storm.verdicts(), storm.killed(),
              storm.looks());
  EXPECT_GT(storm.killed(), 100u);
  EXPECT_GT(storm.verdicts(), 300u);
}

}  // namespace
}  // namespace plumb
