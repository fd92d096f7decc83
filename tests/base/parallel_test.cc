// Every block runs once, whatever the number of threads, and the error that is reported does not depend on
// timing.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <set>
#include <thread>

#include "plumb/base.h"

namespace plumb {
namespace {

TEST(ParallelBlocks, RunsEveryBlockOnce) {
  for (const int threads : {-1, 0, 1, 2, 7, 64}) {
    for (const std::size_t blocks : {0u, 1u, 2u, 100u}) {
      std::vector<std::atomic<int>> runs(blocks);
      parallel_blocks(blocks, threads, [&](std::size_t b) { ++runs[b]; });
      for (const auto& count : runs) EXPECT_EQ(count.load(), 1);
    }
  }
}

TEST(ParallelBlocks, GivesTheSameSumForAnyNumberOfThreads) {
  const auto total = [](int threads) {
    std::vector<double> part(37);
    parallel_blocks(part.size(), threads, [&](std::size_t b) {
      Rng rng = Rng(1).stream("part", b);
      for (int i = 0; i < 1000; ++i) part[b] += rng.normal() * std::exp(rng.normal());
    });
    double sum = 0;
    for (const double p : part) sum += p;
    return sum;
  };
  EXPECT_EQ(total(1), total(2));
  EXPECT_EQ(total(1), total(7));
}

TEST(ParallelBlocks, UsesSeveralThreads) {
  std::array<std::thread::id, 2> who;
  std::atomic<int> arrived{0};
  parallel_blocks(2, 2, [&](std::size_t b) {
    who[b] = std::this_thread::get_id();
    ++arrived;
    while (arrived.load() < 2)
      std::this_thread::yield();  // both blocks run at the same time or this never ends
  });
  EXPECT_NE(who[0], who[1]);
}

TEST(ParallelBlocks, RethrowsTheFirstExceptionByIndex) {
  for (int repeat = 0; repeat < 50; ++repeat) {
    try {
      parallel_blocks(40, 4, [&](std::size_t b) {
        if (b == 11) std::this_thread::yield();
        if (b >= 11) throw Error(Code::kInput, std::to_string(b));
      });
      FAIL() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "11");
    }
  }
}

}  // namespace
}  // namespace plumb
