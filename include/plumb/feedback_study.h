// plumb/feedback_study.h: what a file of feedback holds and what can be said of the people in it, before
// anything is learnt from it: repeated and contradictory judgements, agreement, position and length, raters who
// vote like chance or against everyone, camps of raters, and how few votes carry a result.
//
// Everything is shown, nothing is dropped. A share comes with its interval, whose clusters are the units of
// JudgementSource (what the file names, else the rater, else the record); with fewer than kLeastClusters there
// is no number. A preference for the longer text or for the first place is measured here, not explained: longer
// may be better.
//
//   FeedbackReport report;
//   Feedback f = read_feedback("votes.jsonl", {}, &report);
//   FeedbackCheck check = check_feedback(f);
//   FeedbackStats stats = feedback_stats(f, {}, Rng(1));
//
// Pure functions; the same bytes for any number of threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plumb/agreement.h"
#include "plumb/base.h"
#include "plumb/data.h"
#include "plumb/feedback.h"
#include "plumb/raters.h"
#include "plumb/stats.h"

namespace plumb {

// ---------------------------------------------------------------------------------------------- check

// What is there. A pair is two items of a prompt in any order; judgements by nobody named count as one person's
// when repetitions are looked for, since nothing tells them apart.
struct FeedbackCheck {
  std::uint64_t prompts = 0, items = 0, raters = 0;  // raters: named ones
  std::uint64_t comparisons = 0, ties = 0, rankings = 0, ratings = 0, thumbs = 0;
  std::uint64_t unnamed = 0;   // judgements without a rater
  std::uint64_t repeated = 0;  // judgements that repeat an earlier one: same person, same items, same answer
  // Groups of judgements of one person on the same items that cannot all hold: the one wins, the other wins;
  // different ratings, thumbs or rankings.
  std::uint64_t contradictions = 0;
  std::uint64_t pairs = 0;               // compared
  std::uint64_t pairs_judged_again = 0;  // of those, by two comparisons or more
  std::uint64_t pairs_disputed = 0;      // of those, with wins for either side
  std::uint64_t twins = 0;               // items whose text another item of the prompt has too
  std::uint64_t prompts_apart = 0;  // prompts whose compared or ranked items no chain of judgements connects
  std::vector<Finding> findings;    // what to mind; never kCap: a feedback file has no verdict
};
FeedbackCheck check_feedback(const Feedback& feedback);

// ---------------------------------------------------------------------------------------------- stats

inline constexpr std::uint64_t kLeastClusters = 10;

// A share of comparisons that are no ties.
struct VoteShare {
  bool known = false;  // false: `why` says it
  std::string why;
  double share = 0;
  // On the logit scale, cluster-robust, quantile of Student's t with clusters - 1 degrees.
  Interval interval;
  std::uint64_t votes = 0, clusters = 0;
};

// Of votes with yes[k] in {0, 1} by unit[k], clusters being equal units. `level` in (0, 1).
VoteShare clustered_share(std::span<const std::uint8_t> yes, std::span<const std::uint64_t> unit, double level);

struct FormAgreement {
  std::string form;  // "comparisons", "rankings", "ratings", "thumbs"
  Scale scale = Scale::kNominal;
  // Comparisons: a unit a pair, values which of the two won, ties between; rankings: the same of the pairs that
  // they imply, without an interval, since those of one ranking depend on each other; ratings and thumbs: a
  // unit an item. One person counts once a unit, by the first judgement.
  Agreement agreement;
};
std::string_view name_of(Scale scale);

// One person in numbers.
struct RaterSummary {
  std::string name;
  std::uint64_t comparisons = 0, ties = 0, rankings = 0, ratings = 0, thumbs = 0, ups = 0;
  std::uint64_t first = 0;        // comparisons won by what stood first
  double rating_mean = 0;         // where there are ratings
  std::optional<RaterNote> note;  // where the rater model could be fitted
};

// How few votes hold up that a prompt's best item is better than the next one, by plumb/preference.h.
struct CarriedResult {
  std::uint32_t prompt = 0, best = 0, next = 0;
  std::uint64_t comparisons = 0;  // under the prompt
  Fragility fragility;            // votes are numbers of the feedback's comparisons
};

struct StatsOptions {
  double level = 0.95;
  int replicates = 2000;  // of the agreement's bootstrap
  std::size_t most_results =
      5;  // prompts, by number of comparisons, for which the carrying votes are looked for
  int threads = 1;
};

struct FeedbackStats {
  std::vector<FormAgreement> agreement;
  VoteShare first, longer;           // what stood first won; the longer text (in characters) won
  std::vector<RaterSummary> raters;  // in the order of Feedback::rater
  std::string raters_why;            // why no rater model is there; empty where it is
  RaterCamps camps;                  // where it is
  std::optional<RaterModel> model;
  std::vector<CarriedResult> carried;
  std::string carried_why;  // why that is empty
};

// Throws Error{kInput} for options out of range. Replicates draw from rng.stream("agreement", form).
FeedbackStats feedback_stats(const Feedback& feedback, const StatsOptions& options, const Rng& rng);

}  // namespace plumb
