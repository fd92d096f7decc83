// The hash is pinned (folds depend on it), tells short strings apart and spreads every input bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "plumb/base.h"

namespace plumb {
namespace {

TEST(Hash, NeverChangesBetweenVersions) {
  EXPECT_EQ(hex(hash_bytes("")), "0f2fca42d5b24d9b");
  EXPECT_EQ(hex(hash_bytes("u7")), "c3090fa4ce6f810b");
  EXPECT_EQ(hex(hash_bytes("a longer name than eight bytes", 5)), "36a68d5605c0c38a");
  EXPECT_EQ(hex(hash_combine(1, 2)), "42d9c28b30bfe6ff");
}

TEST(Hash, TellsLengthsSeedsAndOrderApart) {
  using std::string_view_literals::operator""sv;
  std::set<std::uint64_t> seen = {hash_bytes(""sv),         hash_bytes("\0"sv),         hash_bytes("\0\0"sv),
                                  hash_bytes("", 1),        hash_bytes("a"sv),          hash_bytes("a\0"sv),
                                  hash_bytes("abcdefgh"sv), hash_bytes("abcdefgh\0"sv), hash_combine(1, 2),
                                  hash_combine(2, 1),       hash_combine(0, 0)};
  EXPECT_EQ(seen.size(), 11u);
}

TEST(Hash, HasNoCollisionAmongAMillionNames) {
  std::vector<std::uint64_t> all;
  for (int i = 0; i < 500000; ++i) {
    all.push_back(hash_bytes("u" + std::to_string(i)));
    all.push_back(hash_bytes("a customer " + std::to_string(i)));
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

TEST(Hash, ChangesHalfOfItsBitsWhenOneInputBitChanges) {
  for (const std::size_t length : {1u, 3u, 8u, 13u, 24u}) {
    for (std::size_t bit = 0; bit < 8 * length; ++bit) {
      int changed = 0;
      for (int i = 0; i < 400; ++i) {
        std::string text(length, ' ');
        for (std::size_t c = 0; c < length; ++c) text[c] = static_cast<char>(hash_combine(i, c) & 0xff);
        const std::uint64_t before = hash_bytes(text);
        text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
        changed += std::popcount(before ^ hash_bytes(text));
      }
      // 25,600 bits, of which half change: standard deviation 80 (bits within a hash are not quite
      // independent).
      EXPECT_NEAR(changed, 12800, 640) << length << " " << bit;
    }
  }
}

TEST(Hash, FillsBucketsEvenlyInHighAndInLowBits) {
  std::vector<double> low(256), high(256);
  constexpr int kNames = 256 * 400;
  for (int i = 0; i < kNames; ++i) {
    const std::uint64_t h = hash_bytes("u" + std::to_string(i));
    low[h & 255] += 1;
    high[h >> 56] += 1;
  }
  for (const auto& cells : {low, high}) {
    double chi2 = 0;
    for (const double count : cells) chi2 += (count - 400) * (count - 400) / 400;
    EXPECT_NEAR(chi2, 255, 5 * std::sqrt(2 * 255.0));
  }
}

TEST(Hash, CombineMixesBothWords) {
  for (int bit = 0; bit < 64; ++bit) {
    int first = 0, second = 0;
    for (std::uint64_t i = 0; i < 400; ++i) {
      const std::uint64_t a = hash_combine(i, 17), b = hash_combine(i, 23), flip = std::uint64_t{1} << bit;
      first += std::popcount(hash_combine(a, b) ^ hash_combine(a ^ flip, b));
      second += std::popcount(hash_combine(a, b) ^ hash_combine(a, b ^ flip));
    }
    EXPECT_NEAR(first, 12800, 640) << bit;
    EXPECT_NEAR(second, 12800, 640) << bit;
  }
}

TEST(Hash, HexHasSixteenDigits) {
  EXPECT_EQ(hex(0), "0000000000000000");
  EXPECT_EQ(hex(0xfedcba9876543210u), "fedcba9876543210");
}

}  // namespace
}  // namespace plumb
