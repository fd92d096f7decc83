// worlds/newsfeed.h (private to worlds): one decision of the newsfeed world with everything that no log shows.
//
// Decision i of a world depends on (options, i) only: the reader's stream is named by the reader, the
// decision's by i.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "worlds/worlds.h"

namespace plumb {

inline constexpr std::size_t kInterests = 8;
inline const std::vector<std::string> kNewsfeedOutcomes = {"click",     "dwell",     "satisfied",
                                                           "value_90d", "complaint", "polarization"};
inline const std::vector<std::string> kAgeBands = {"young", "middle", "old"};
enum NewsfeedOutcome { kClick, kDwell, kSatisfied, kValue, kComplaint, kPolarization, kNewsfeedOutcomeCount };

struct NewsfeedReader {
  std::uint64_t index = 0;
  std::array<double, kInterests> interest{};  // u
  std::array<double, kInterests> seen{};      // u with noise, four decimals, as logged
  double ideology = 0;                        // z, four decimals: seen exactly
  std::uint32_t age = 0;                      // 0 young, 1 middle, 2 old
  double age_term = 0, taste = 0;             // of the reader's value, never seen
};

struct NewsfeedItem {
  std::uint32_t id = 0;                                    // 1 ... 100000, distinct within a decision
  double rel = 0, quality = 0, outrage = 0, ideology = 0;  // the truth; ideology (theta) is seen exactly
  double match = 0, seen_quality = 0, seen_outrage = 0;    // as logged, four decimals
  double mu = 0;                                           // logging probability, computed from what is logged
};

struct NewsfeedDecision {
  NewsfeedReader reader;
  std::int64_t time_us = 0;
  int hour = 0;
  std::vector<NewsfeedItem> items;
  std::uint32_t chosen = 0;
  bool asked = false;                                   // whether `satisfied` was asked
  std::array<double, kNewsfeedOutcomeCount> outcome{};  // of the chosen item, as logged
};

// Throws Error{kInput} where an option is out of its range.
void check_options(const NewsfeedOptions& options);
// REQUIRES: checked options, i < options.decisions. Reuses out's storage.
void draw_decision(const NewsfeedOptions& options, std::uint64_t i, NewsfeedDecision& out);
// h, what readers prefer: of two items the first is preferred with probability sigmoid(h(first) - h(second)).
double people_utility(const NewsfeedOptions& options, const NewsfeedReader& reader, const NewsfeedItem& item);
// The JSON of a decision's context and of an item, without what comes before and behind.
void append_context(const NewsfeedDecision& decision, std::string& out);
void append_item(const NewsfeedItem& item, std::string& out);
// E[outcome | reader, item], exact: everything else is integrated out. kNewsfeedOutcomeCount: people_utility.
double expected_outcome(const NewsfeedOptions& options, const NewsfeedReader& reader, const NewsfeedItem& item,
                        std::size_t outcome);
// Decisions a block; blocks are what threads share out.
inline constexpr std::size_t kNewsfeedBlock = 1024;
inline std::size_t newsfeed_blocks(const NewsfeedOptions& options) {
  return static_cast<std::size_t>((options.decisions + kNewsfeedBlock - 1) / kNewsfeedBlock);
}

}  // namespace plumb
