// Units to folds and buckets, by hashes that do not know of each other.
#include "base/hash_words.h"
#include "data/buckets.h"
#include "plumb/data.h"

namespace plumb {

namespace {

constexpr std::uint64_t kBucketSeed = 0x6275636b6574u;  // "bucket"
constexpr std::uint64_t kFoldSeed = 0x666f6c64u;        // "fold"

}  // namespace

std::size_t bucket_of(std::uint64_t unit) { return hashing::hash_two_words(unit, 0, kBucketSeed) % kBuckets; }

void buckets_of(std::span<const std::uint64_t> unit, std::span<std::uint16_t> out) {
  static_assert(kBuckets <= 65536);
  for (std::size_t i = 0; i < unit.size(); ++i) out[i] = static_cast<std::uint16_t>(bucket_of(unit[i]));
}

int fold_of(std::uint64_t unit, std::uint64_t split_seed) {
  return static_cast<int>(hashing::hash_two_words(unit, split_seed, kFoldSeed) % kFolds);
}

void assign_folds(DecisionLog& log, std::uint64_t split_seed) {
  log.fold.resize(log.size());
  for (std::size_t i = 0; i < log.size(); ++i)
    log.fold[i] = static_cast<std::uint8_t>(fold_of(log.unit[i], split_seed));
}

}  // namespace plumb
