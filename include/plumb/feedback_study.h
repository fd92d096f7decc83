// plumb/feedback_study.h: what a file of feedback holds and what can be said of the people in it, before
// anything is learnt from it: repeated and contradictory judgements, agreement, position and length, raters who
// vote like chance or against everyone, camps of raters, and how few votes carry a result.
//
// Everything is shown, nothing is dropped. Who judged and what was judged are both draws: a share or an alpha
// comes with an interval over new people and new items (variance by person + by item - by cell, never less than
// either alone: Cameron, Gelbach and Miller 2011), and with fewer than kLeastClusters of either there is no
// number. Where nobody is named people are unknown and items alone are clusters, so that copies of votes change
// no interval. A preference for the longer text or for the first place is measured here, not explained: longer
// may be better.
//
//   FeedbackReport report;
//   Feedback f = read_feedback("votes.jsonl", {}, &report);
//   FeedbackCheck check = check_feedback(f);
//   FeedbackStats stats = feedback_stats(f, {});
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
inline constexpr std::uint64_t kLeastTurned = 10;

// A share of comparisons that are no ties.
struct VoteShare {
  bool known = false;  // false: `why` says it
  std::string why;
  double share = 0;
  // On the logit scale, over new people and new items, or over new items alone where people are 0; quantile of
  // Student's t with the smaller effective number less 1 degrees.
  Interval interval;
  std::uint64_t votes = 0, clusters = 0;  // clusters: the smaller number of people and items
  std::uint64_t people = 0, items = 0;    // people: 0 where the file names none
  // 1 / sum of squared shares of the votes: one person with two thirds of them is about two people.
  double effective_people = 0, effective_items = 0;
  bool by_prompt = false;  // items are prompts, not pairs
  // Not empty: a few people made most of these votes, so the share says what they want; `capped` names them.
  std::string capped;
};

// Of votes with yes[k] in {0, 1} by person[k] on item[k], equal numbers being the same one. `person` empty:
// people are unknown. Each vote weighs the same. `level` in (0, 1); lengths are equal.
VoteShare crossed_share(std::span<const std::uint8_t> yes, std::span<const std::uint64_t> person,
                        std::span<const std::uint64_t> item, double level);
// Each person weighs the same: the mean of people's own shares. REQUIRES: people are known.
VoteShare share_by_person(std::span<const std::uint8_t> yes, std::span<const std::uint64_t> person,
                          std::span<const std::uint64_t> item, double level);
// crossed_share over one kind of clusters alone.
VoteShare clustered_share(std::span<const std::uint8_t> yes, std::span<const std::uint64_t> unit, double level);

struct FormAgreement {
  std::string form;  // "comparisons", "rankings", "ratings", "thumbs"
  Scale scale = Scale::kNominal;
  // Comparisons: a unit a pair, values which of the two won, ties between; rankings: the same of the pairs that
  // they imply, without an interval, since those of one ranking depend on each other; ratings and thumbs: a
  // unit an item. One person counts once a unit, by the first judgement.
  Agreement agreement;
  // What the interval ranges over: new people and new units, or new units alone (where fewer than
  // kLeastClusters people are named, "these people" or "people unknown"). Linearized, on the scale of log(1 -
  // alpha).
  std::string over;
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
  std::size_t most_results =
      5;                      // prompts, by number of comparisons, for which the carrying votes are looked for
  bool orders_drawn = false;  // declared: chance decided which option was shown first
  int threads = 1;
};

struct FeedbackStats {
  std::vector<FormAgreement> agreement;
  VoteShare first, longer;                      // what stood first won; the longer text (in characters) won
  VoteShare first_by_person, longer_by_person;  // the same with each person weighing the same
  // Why no effect of the place is told: the file does not hold the order (then `first` has no number), or
  // orders were not drawn: fewer than kLeastTurned pairs were shown both ways, so that order and items cannot
  // be told apart. Empty: it is told.
  std::string place_why;
  std::uint64_t pairs_turned = 0;    // pairs shown both ways, among comparisons whose order the file holds
  std::vector<RaterSummary> raters;  // in the order of Feedback::rater
  std::string raters_why;            // why no rater model is there; empty where it is
  RaterCamps camps;                  // where it is
  std::optional<RaterModel> model;
  std::vector<CarriedResult> carried;
  std::string carried_why;  // why that is empty
};

// Throws Error{kInput} for options out of range.
FeedbackStats feedback_stats(const Feedback& feedback, const StatsOptions& options);

}  // namespace plumb
