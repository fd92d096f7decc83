#include "evaluate/pass.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "evaluate/group_pass.h"

namespace plumb {
namespace {

constexpr std::size_t kLeastChunk = 16384, kMostChunks = 16;

std::size_t block_end(const DecisionLog& log, std::size_t from, std::size_t end) {
  std::size_t n = std::min(kDecisionBlock, end - from);
  while (n > kStrip && log.offset[from + n] - log.offset[from] > kMostRows)
    n = (n / 2 + kStrip - 1) / kStrip * kStrip;
  return from + n;
}

// A subset that is all of the log, and two that share it out: its sums are theirs together.
struct Whole {
  std::size_t whole, part, rest;
};

std::optional<Whole> whole_of(std::span<const Subset> subsets) {
  const auto is_all = [](const Subset& s) {
    return std::all_of(s.mask.begin(), s.mask.end(), [](std::uint8_t m) { return m != 0; });
  };
  const auto share_out = [](const Subset& a, const Subset& b) {
    return std::equal(a.mask.begin(), a.mask.end(), b.mask.begin(),
                      [](std::uint8_t x, std::uint8_t y) { return (x != 0) != (y != 0); });
  };
  for (std::size_t whole = 0; whole < subsets.size(); ++whole) {
    if (!is_all(subsets[whole])) continue;
    for (std::size_t part = 0; part < subsets.size(); ++part) {
      for (std::size_t rest = part + 1; rest < subsets.size(); ++rest) {
        if (part != whole && rest != whole && share_out(subsets[part], subsets[rest]))
          return Whole{whole, part, rest};
      }
    }
  }
  return std::nullopt;
}

std::vector<GroupPass> groups_of(const PassInput& input, std::span<const PassPolicy> policies,
                                 const std::optional<Whole>& whole) {
  std::vector<GroupPass> out;
  for (std::size_t first = 0; first < policies.size(); first += kQuad)
    out.emplace_back(input, policies.subspan(first, std::min(kQuad, policies.size() - first)),
                     whole ? std::optional(whole->whole) : std::nullopt);
  return out;
}

// Positions of the policies in the order in which they go through the log: the logging policy last,
// since a group of it alone costs less.
std::vector<std::size_t> pass_order(std::span<const PassPolicy> policies) {
  std::vector<std::size_t> out(policies.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  std::stable_partition(out.begin(), out.end(), [&](std::size_t p) { return !policies[p].is_logging; });
  return out;
}

// What the decisions from begin to end bring, by group of policies and subset.
std::vector<GroupPass> pass_chunk(const PassInput& input, std::span<const PassPolicy> policies,
                                  const std::optional<Whole>& whole, std::size_t begin, std::size_t end) {
  std::vector<GroupPass> out = groups_of(input, policies, whole);
  DecisionBlock block(input);
  for (std::size_t from = begin, to = begin; from < end; from = to) {
    to = block_end(input.log, from, end);
    block.load(from, to);
    for (GroupPass& group : out) group.add(block);
  }
  return out;
}

}  // namespace

void merge(PassSums& into, const PassSums& from) {
  for (std::size_t k = 0; k < into.bucket.size(); ++k) into.bucket[k] += from.bucket[k];
  into.weight_squares += from.weight_squares;
  into.plain_squares += from.plain_squares;
  into.max_weight = std::max(into.max_weight, from.max_weight);
  into.kl += from.kl;
  into.chi2 += from.chi2;
  into.beyond = into.beyond || from.beyond;
  for (std::size_t j = 0; j < into.observed.size(); ++j) {
    ObservedSums& a = into.observed[j];
    const ObservedSums& b = from.observed[j];
    a.sum += b.sum;
    a.squares += b.squares;
    a.largest = std::max(a.largest, b.largest);
    a.event_sum += b.event_sum;
    a.event_squares += b.event_squares;
  }
}

SubsetSums subset_sums(const PassSums& pass, std::size_t width, std::span<const double> rows_by_bucket,
                       double rows, double rows_weight) {
  SubsetSums out;
  out.count = rows;
  out.rows_weight = rows_weight;
  out.weight_squares = pass.weight_squares;
  out.plain_squares = pass.plain_squares;
  out.max_weight = pass.max_weight;
  out.beyond = pass.beyond;
  for (std::size_t b = 0; b < kBuckets; ++b) out.weight += pass.bucket[b * width];
  if (rows == 0) return out;
  const double mean = out.weight / rows_weight;
  double squares = 0, error = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    const double weight = pass.bucket[b * width], left = weight - mean * rows_by_bucket[b];
    squares += weight * weight;
    error += left * left;
  }
  out.weight_error = std::sqrt(error) / rows_weight;
  out.effective_units = squares > 0 ? out.weight * out.weight / squares : 0;
  return out;
}

std::size_t pass_width(const PassInput& input) {
  return 1 + input.models.outcome.size() * (input.all_estimators ? 3 : 1);
}

std::vector<std::size_t> decision_chunks(std::size_t n) {
  const std::size_t least = std::max(kLeastChunk, (n + kMostChunks - 1) / kMostChunks);
  const std::size_t size = (least + kDecisionBlock - 1) / kDecisionBlock * kDecisionBlock;
  std::vector<std::size_t> out;
  for (std::size_t begin = 0; begin < n; begin += size) out.push_back(begin);
  out.push_back(n);
  return out;
}

Passed policy_pass(const PassInput& input, std::span<const PassPolicy> asked) {
  const std::vector<std::size_t> order = pass_order(asked);
  std::vector<PassPolicy> policies;
  for (const std::size_t p : order) policies.push_back(asked[p]);
  const std::optional<Whole> whole = whole_of(input.subsets);
  const std::vector<std::size_t> begin = decision_chunks(input.log.size());
  std::vector<std::vector<GroupPass>> chunk(begin.size() - 1);
  parallel_blocks(chunk.size(), input.threads, [&](std::size_t c) {
    chunk[c] = pass_chunk(input, policies, whole, begin[c], begin[c + 1]);
  });
  if (chunk.empty()) chunk.push_back(groups_of(input, policies, whole));
  Passed out;
  out.sums.resize(policies.size() * input.subsets.size());
  out.probe_weight.resize(policies.size());
  parallel_blocks(chunk[0].size(), input.threads, [&](std::size_t g) {
    std::vector<GroupSums>& sums = chunk[0][g].sums;
    for (std::size_t c = 1; c < chunk.size(); ++c) {
      for (std::size_t s = 0; s < sums.size(); ++s) sums[s].add(chunk[c][g].sums[s]);
    }
    if (whole) {
      sums[whole->whole] = sums[whole->part];
      sums[whole->whole].add(sums[whole->rest]);
    }
    for (std::size_t p = kQuad * g; p < std::min(policies.size(), kQuad * (g + 1)); ++p) {
      for (std::size_t s = 0; s < sums.size(); ++s)
        out.sums[order[p] * sums.size() + s] = sums[s].of_lane(p % kQuad);
      std::vector<float>& weight = out.probe_weight[order[p]];
      for (const std::vector<GroupPass>& part : chunk) {
        const std::vector<float>& from = part[g].probe_weight[p % kQuad];
        weight.insert(weight.end(), from.begin(), from.end());
      }
    }
  });
  return out;
}

}  // namespace plumb
