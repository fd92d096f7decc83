// Digests of decoded rows. They depend on what a row says, not on how its file was written: names instead of
// codes, values instead of digits.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "data/checks.h"
#include "data/readers.h"

namespace plumb {

namespace {

// -0 is 0, and one missing number is as good as another.
std::uint64_t bits_of(float value) {
  return std::bit_cast<std::uint32_t>(std::isnan(value) ? std::numeric_limits<float>::quiet_NaN()
                                                        : value + 0.0f);
}

// Names of columns and levels are hashed once, not once a row.
struct HashedColumn {
  const FeatureColumn* column;
  std::uint64_t name;
  std::vector<std::uint64_t> level;
  std::uint64_t at(std::size_t row) const {
    const std::uint64_t value = column->is_category ? level[column->code[row]] : bits_of(column->number[row]);
    return hash_combine(name, value);
  }
};

std::vector<std::uint64_t> hash_all(const std::vector<std::string>& names) {
  std::vector<std::uint64_t> out;
  out.reserve(names.size());
  for (const std::string& name : names) out.push_back(hash_bytes(name));
  return out;
}

std::vector<HashedColumn> hash_columns(const std::vector<FeatureColumn>& columns, std::uint64_t seed) {
  std::vector<HashedColumn> out;
  for (const FeatureColumn& column : columns)
    out.push_back({&column, hash_bytes(column.name, seed), hash_all(column.levels)});
  return out;
}

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value + 0.0); }

// Digests of all rows, without what names them where asked.
std::vector<std::uint64_t> digests_of(const DecisionLog& log, bool ids, bool units, int threads) {
  const auto context = hash_columns(log.context, 1), features = hash_columns(log.action_features, 2),
             segments = hash_columns(log.segments, 3);
  const auto actions = hash_all(log.actions), versions = hash_all(log.policy_version);
  std::vector<std::uint64_t> outcomes;
  for (const OutcomeColumn& outcome : log.outcomes) outcomes.push_back(hash_bytes(outcome.name, 4));
  std::vector<std::uint64_t> out(log.size());
  constexpr std::size_t kBlock = 4096;
  parallel_blocks((log.size() + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    for (std::size_t i = block * kBlock; i < std::min(log.size(), (block + 1) * kBlock); ++i) {
      std::uint64_t h =
          hash_combine(units ? log.unit[i] : 0, !ids || log.id.empty() ? 0 : hash_bytes(log.id[i]));
      const auto mix = [&h](std::uint64_t word) { h = hash_combine(h, word); };
      mix(log.time_us.empty() ? 0 : static_cast<std::uint64_t>(log.time_us[i]));
      mix(log.version.empty() ? 0 : versions[log.version[i]]);
      mix(log.chosen[i]);
      mix(bits_of(log.propensity[i]));
      if (!log.weight.empty()) mix(bits_of(static_cast<double>(log.weight[i])));
      for (std::uint64_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
        mix(actions[log.action[row]]);
        if (!log.logged.empty()) mix(std::bit_cast<std::uint32_t>(log.logged[row]));
        for (const HashedColumn& column : features) mix(column.at(row));
      }
      for (const HashedColumn& column : context) mix(column.at(i));
      for (const HashedColumn& column : segments) mix(column.at(i));
      for (std::size_t j = 0; j < outcomes.size(); ++j) {
        const OutcomeColumn& outcome = log.outcomes[j];
        mix(hash_combine(outcomes[j], static_cast<std::uint64_t>(outcome.state[i])));
        mix(bits_of(outcome.value[i]));
        if (!outcome.asked.empty()) mix(bits_of(outcome.asked[i]));
      }
      out[i] = h;
    }
  });
  return out;
}

}  // namespace

void digest_rows(DecisionLog& log) { digest_rows(log, 1); }

void digest_rows(DecisionLog& log, int threads) {
  log.row_digest = digests_of(log, /*ids=*/true, /*units=*/true, threads);
}

std::vector<std::uint64_t> content_digests(const DecisionLog& log, bool units, int threads) {
  return digests_of(log, /*ids=*/false, units, threads);
}

// Sums do not depend on order, and two equal rows do not cancel as they would under exclusive or.
std::vector<std::uint64_t> bucket_digests(const DecisionLog& log, const std::vector<std::uint8_t>& use) {
  PLUMB_ASSERT(use.size() == log.size() && log.row_digest.size() == log.size());
  std::vector<std::uint64_t> sum(kBuckets, 0), count(kBuckets, 0);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!use[i]) continue;
    const std::size_t bucket = bucket_of(log.unit[i]);
    sum[bucket] += hash_combine(log.row_digest[i], 1);
    ++count[bucket];
  }
  for (std::size_t b = 0; b < kBuckets; ++b) {
    sum[b] = count[b] == 0 ? 0 : hash_combine(sum[b], count[b]);
    if (count[b] != 0 && sum[b] == 0) sum[b] = 1;
  }
  return sum;
}

std::uint64_t log_digest(const DecisionLog& log) {
  std::uint64_t sum = 0;
  for (const std::uint64_t row : log.row_digest) sum += hash_combine(row, 2);
  return hash_combine(sum, log.size());
}

}  // namespace plumb
