// plumb/next_pairs.h: which pairs to ask next, from files: the votes that are in, a pool of what may be asked,
// and plumb/active.h between them.
//
//   AskPool pool = read_ask_pool("pool.jsonl", {});
//   NextPairs next = next_pairs(feedback, pool, 50, {}, Rng(seed));
//   std::string lines = write_next(pool, next);      // JSON lines to hand out, without answers
//
// What is believed: utilities by items and prompts. Features and texts take no part, so items without votes are
// known by the prior alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plumb/active.h"
#include "plumb/feedback.h"
#include "plumb/raters.h"

namespace plumb {

// Pairs that may be asked. A record is {"prompt", "first", "second"} as in plumb/feedback.h, without an answer,
// with `rater` where it is known who would be asked, and `cost` (a number > 0; all records or none).
struct AskPool {
  Feedback pairs;            // its comparisons, in the order of the file; their answers mean nothing
  std::vector<double> cost;  // a record; empty: 1
};

// JSON lines, a JSON array, CSV or TSV, each also gzip. Throws Error{kInput} as read_feedback, with file and
// line, and where a record has an answer, a cost that is no number > 0, or only some have a cost. Nothing is
// tolerated: options.reject_up_to is not used, since probabilities are those of the whole pool.
AskPool read_ask_pool(const std::string& path, const FeedbackOptions& options);
AskPool parse_ask_pool(std::string_view bytes, const std::string& name, const FeedbackOptions& options);

struct NextPairs {
  std::vector<SelectedPair> pairs;  // entries are records of the pool
  std::size_t pool = 0;             // records of the pool
  // What the belief was made of.
  double prior_sd = 0;
  std::uint64_t votes = 0;          // comparisons, and those that rankings imply
  std::optional<RaterModel> model;  // where two raters or more are named
  RaterCamps camps;                 // of the raters; where found, all count alike
  double position = 0;              // log-odds of what stands first, for everybody
  std::size_t new_items = 0;        // items of the pool that nobody has compared
};

// Believed: Bradley-Terry utilities (ties as half a vote), with reliability, position and lean by
// plumb/raters.h where two or more raters are named, else a common position and the prior's spread by the
// evidence of the votes. Nobody counts the other way round but who is found to vote against everyone
// (screen_raters): where camps are found all raters count alike, and elsewhere a reliability below 0 of anybody
// else is taken as 0. A ranking of k counts as its k (k - 1) / 2 pairs at weight 2 / k. Weights of the votes
// are not used: which pair was asked depended on earlier answers only, so the likelihood needs none, and
// weights would make it less precise. A pool's rater who has not voted yet is an average one. Items are the
// same where prompt and name are, or prompt and text. Throws Error{kInput} where the same name stands for two
// texts, and as select_pairs.
NextPairs next_pairs(const Feedback& votes, const AskPool& pool, std::size_t count,
                     const SelectionOptions& options, const Rng& rng);

// A JSON line a pair, in the order drawn: prompt, first, second, rater as read_feedback reads them back once an
// `answer` is added, and `draw`, `pool`, `probability`, `information` (nats), `weight` (selection_weights() of
// this batch alone). Keep the probabilities: after a further batch from the same pool weights are computed
// anew.
std::string write_next(const AskPool& pool, const NextPairs& next);

}  // namespace plumb
