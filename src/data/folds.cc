// Units to folds and buckets, by hashes that do not know of each other.
#include <array>

#include "plumb/data.h"

namespace plumb {

namespace {

constexpr std::uint64_t kBucketSeed = 0x6275636b6574u;  // "bucket"
constexpr std::uint64_t kFoldSeed = 0x666f6c64u;        // "fold"

std::uint64_t hash_words(std::uint64_t a, std::uint64_t b, std::uint64_t seed) {
  std::array<char, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(a >> (8 * i));
    bytes[8 + i] = static_cast<char>(b >> (8 * i));
  }
  return hash_bytes({bytes.data(), bytes.size()}, seed);
}

}  // namespace

std::size_t bucket_of(std::uint64_t unit) { return hash_words(unit, 0, kBucketSeed) % kBuckets; }

int fold_of(std::uint64_t unit, std::uint64_t split_seed) {
  return static_cast<int>(hash_words(unit, split_seed, kFoldSeed) % kFolds);
}

void assign_folds(DecisionLog& log, std::uint64_t split_seed) {
  log.fold.resize(log.size());
  for (std::size_t i = 0; i < log.size(); ++i)
    log.fold[i] = static_cast<std::uint8_t>(fold_of(log.unit[i], split_seed));
}

}  // namespace plumb
