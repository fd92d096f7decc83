// What every part of the value of rankings asks of its input.
#pragma once

#include <string>

#include "plumb/ranking.h"

namespace plumb {

std::string ranking_place(std::size_t decision);                    // "decision 3"
std::string ranking_place(std::size_t decision, std::size_t slot);  // "decision 3, slot 1"

// Offsets that begin at 0 and never fall, at least `least` items a decision.
void check_offered(std::string_view where, std::span<const std::size_t> offset, std::size_t least);
// A policy's offered items are the log's.
void check_same_offers(std::string_view where, std::span<const std::size_t> policy,
                       std::span<const std::size_t> log);
void check_length(std::string_view where, std::string_view what, std::size_t found, std::size_t expected);
// Marginals fit the log: sizes, entries in [0, 1], each slot's sum 1.
void check_marginals(std::string_view where, const RankingLog& log, const Matrix& marginals);

// k (k-1) .. (k-l+1), or `most` + 1 where it is larger than `most`.
std::size_t beginnings(std::size_t k, std::size_t l, std::size_t most);

// policy.next(), refused where it is not a distribution over the items that are left: policies come from
// outside.
std::vector<double> next_probabilities(const SlotPolicy& policy, std::size_t decision,
                                       std::span<const std::uint32_t> above);

// Calls task(i) for every decision, by blocks whose number depends on n alone; task writes to places of its
// own.
void for_decisions(std::size_t n, int threads, const std::function<void(std::size_t)>& task);

inline constexpr std::size_t kRankingBlock = 64;  // decisions a block of parallel work

}  // namespace plumb
