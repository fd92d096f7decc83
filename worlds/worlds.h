// worlds/worlds.h: simulated worlds with known truth. They use base to policy, never the estimators that they
// test.
//
// A world draws a decision log as a real system would have written it (noisy features, a logging policy with
// known probabilities, late and rare outcomes) and knows what no log knows: the expected outcome of every
// action in every context, hence the true value of any policy.
//
//   NewsfeedOptions options;  options.decisions = 100000;  options.seed = 3;
//   DecisionLog log = newsfeed_log(options, goal);
//   Truth truth = newsfeed_truth(options, policy, {"click", "value_90d"}, /*contexts=*/50000);
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "plumb/data.h"
#include "plumb/feedback.h"

namespace plumb {

struct NewsfeedOptions {
  std::uint64_t decisions = 100000;
  std::uint64_t seed = 1;
  double harm = 2.0;     // H, the harm of outrage; 0 removes it
  double signal = 0.45;  // kappa, how strongly h moves value_90d; 0: no policy differs in value
  double asked = 0.05;   // share of decisions asked whether they were satisfied
  int decisions_per_reader = 1;
  int offered = 10;
  // What may have changed by the time of a later log. Defaults leave the world, byte for byte, as it was.
  double rage = 0.06;   // share of items that rage, for all to see in `outrage`
  double bait = 0;      // in [0, 1]: rage that hides behind relevance, and that the logged `outrage` misses
  double appetite = 1;  // how much relevance and quality do readers good; below 0 they do harm
  double young = 0;     // share of young readers, the other bands in equal parts; 0: a third each
  int weeks_later = 0;  // when the log begins, after 2025-09-01
};

struct CampaignOptions {
  std::uint64_t decisions = 40000;  // customers times decisions a customer
  std::uint64_t seed = 1;
  // How much arm "mail_b" lifts the mean of spend over "none", EUR a decision; 0: exact null.
  double effect = 0.0;
  // EUR a decision by which effects differ by channel: + for web and - for phone under mail_b, the other way
  // round under mail_a; means stay. 0: the same for everyone. |personal| <= .8, effect + |personal| <= 1.6 and
  // effect - |personal| >= -.8, else a probability would leave [0, 1].
  double personal = 0.0;
  // The two mails lift visits by .05 together; this share of it belongs to mail_b, the arm that lifts spend,
  // the rest to mail_a. 1: visits point to the better arm, 0: to the wrong one.
  double proxy_usefulness = 0.5;
  int decisions_per_customer = 1;
  std::vector<double> probabilities = {1.0 / 3, 1.0 / 3, 1.0 / 3};  // of none, mail_a, mail_b
};

// Probabilities that a policy gives to the offered actions of a decision of `log` (rows
// offset[i]..offset[i+1]).
using PolicyProbabilities = std::function<void(const DecisionLog& log, std::size_t i, std::span<double> out)>;

// True expected outcome a decision under a policy, by simulation of contexts that no log holds; outcomes are
// integrated out exactly given the latent variables, so only contexts vary.
struct Truth {
  std::vector<std::string> outcome;
  std::vector<double> value;           // mean over contexts
  std::vector<double> standard_error;  // of that mean
  double kl_from_logging = 0;          // nats, mean over contexts
};

// An item's `match` is the reader's seen interests times the item's topic, plus noise of standard deviation .8:
// with it the path towards learnt clicks gains, turns and harms as it did on the prototype (REFERENCE: +.08,
// -.04, -.49 EUR at KL .1, .5 and the end). Decisions lie in the eight weeks from 2025-09-01, so as_of
// "2026-03-01" finds every value_90d old enough. A reader's decisions share interests, ideology, age and taste.
//
// The log in memory, as reading the file that newsfeed_write makes would give it (same columns, names, states,
// digits): outcomes click, dwell, satisfied, value_90d, complaint, polarization. `goal` selects context,
// segments and outcomes, as for a file.
DecisionLog newsfeed_log(const NewsfeedOptions& options, const Goal& goal);
void newsfeed_write(const NewsfeedOptions& options,
                    const std::string& path);  // native JSON lines; .gz compresses
// What readers say when they are shown two of the items that one of the world's decisions offered: JSON lines
// in the native form of feedback, `comparisons` of them, each by the reader of a decision drawn at random. The
// first item is preferred with probability sigmoid(h(first) - h(second)); there are no ties. The in-memory form
// is what reading the file gives.
Feedback newsfeed_feedback(const NewsfeedOptions& options, std::uint64_t comparisons);
void newsfeed_write_feedback(const NewsfeedOptions& options, std::uint64_t comparisons,
                             const std::string& path);
// Written aside, then renamed. All throw Error{kInput} where an option is out of range or the goal names what
// the world lacks, Error{kEnvironment} where a file cannot be written. Same bytes for any number of threads.
//
// Expected outcomes of every offered action of every decision of a log drawn with `options` (its own latent
// variables): a row of `log.action` by outcome; "preferred" is h, the readers' utility. For truths of many
// policies on the same contexts: draw a fresh log with another seed, call this once, then average by policy.
Matrix newsfeed_expected(const NewsfeedOptions& options, std::span<const std::string> outcomes);
Truth newsfeed_truth(const NewsfeedOptions& options, const PolicyProbabilities& policy,
                     std::span<const std::string> outcomes, std::uint64_t contexts, const Goal& goal);

// Three arms none, mail_a, mail_b; outcomes visit, spend (bought by .8 %, skewed), unsubscribe; context columns
// recency, past_spend, channel, region; unit column customer, action column arm. The goal file declares the
// probabilities and names the columns, as for any CSV log. Whether a customer is one of the 5 % that buy at
// all, and how much at a time, is shared by its decisions; campaign_expected integrates it out, given what the
// log shows. Its arms are in the log's order: mail_a, mail_b, none.
DecisionLog campaign_log(const CampaignOptions& options, const Goal& goal);
void campaign_write(const CampaignOptions& options, const std::string& path);  // CSV; .gz compresses
Matrix campaign_expected(const CampaignOptions& options, std::span<const std::string> outcomes);
Truth campaign_truth(const CampaignOptions& options, const PolicyProbabilities& policy,
                     std::span<const std::string> outcomes, std::uint64_t contexts, const Goal& goal);

}  // namespace plumb
