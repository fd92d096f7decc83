// plumb/text_reward.h: reward models that read what people judged: a text, named features, or both.
//
// An item becomes a sparse row phi: hashed word and character n-grams, twelve surface measures of the text, and
// the item's own features. The reward is linear, r = w . phi, and is learnt from comparisons (Bradley-Terry,
// with ties), ratings (cumulative logit) and thumbs (logistic), all on one scale: a difference of 1 is log-odds
// of 1. Only differences mean anything; scores are centred on the texts that a model was fitted on.
//
// Longer texts win most comparisons of people, so a model that has learnt length alone looks good. What is done
// with length is therefore always said (LengthUse) and nothing else may hide it: a hashed row has the same size
// whatever the length of its text, and length stands in columns of its own.
//
//   TextRewardOptions options;                              // words 1..2, 2^18 columns, length as a feature
//   ItemRows rows = text_rows(texts, options.features, threads);
//   TextReward model = fit_text_reward(rows, judged, options, threads);     // or train_one_pass(...)
//   RewardScores s = score(model, rows, threads);           // plumb/ensemble.h: mean, standard error, members
//
// Not for: rewards that need the words' order beyond n-grams, facts, or what a prompt asks for (a prompt
// cancels in a difference). Everything here is deterministic: the same bytes for any number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plumb/base.h"
#include "plumb/feedback.h"
#include "plumb/preference.h"

namespace plumb {

// ---------------------------------------------------------------------------------------------- rows

// What a text is turned into. Words are runs of ASCII letters and digits and of all other code points, except
// spaces, dashes and quotes of Unicode's general punctuation, U+00A0 and U+3000 to U+3002; an apostrophe (also
// U+2019) between two of them belongs to the word. ASCII letters are lower-cased, no others. Character n-grams
// are of code points, never of parts of one, with every run of separators read as one space. An n-gram is
// hashed to a column and a sign (Weinberger et al. 2009), for ever the same. Columns 0 .. 2^bits - 1 are
// hashed.
struct TextFeatures {
  int bits = 18;                               // 4 .. 24
  int words = 2;                               // word n-grams of 1 .. words; 0: none; at most 4
  int characters_from = 0, characters_to = 0;  // character n-grams of from .. to; 0: none; at most 8
  // Each family's part of a row (signed counts by column) is scaled to this length; surface measures and
  // numbers have it as their standard deviation (numbers: 1). So the one penalty weighs families against each
  // other.
  double word_weight = 1, character_weight = 1, surface_weight = 0.3;
  bool surface = true;  // the twelve measures below; the length ones must be there unless this is false
};
// The surface measures, in order; the first kLengthMeasures are length. Logarithms are of 1 + count.
inline constexpr std::size_t kSurfaceMeasures = 12, kLengthMeasures = 4;
extern const std::array<const char*, kSurfaceMeasures> kSurfaceNames;

// Sparse rows: the non-zero entries of row i are offset[i] .. offset[i + 1] - 1, columns ascending. First the
// hashed columns, then the surface measures (where features.surface), then the named numbers.
struct ItemRows {
  TextFeatures features;
  std::vector<std::string> numbers;  // names of the named number columns, in order
  std::vector<std::uint64_t> offset = {0};
  std::vector<std::uint32_t> column;
  std::vector<float> value;
  std::size_t rows() const { return offset.size() - 1; }
  std::size_t hashed() const { return std::size_t{1} << features.bits; }
  std::size_t surface() const { return features.surface ? kSurfaceMeasures : 0; }
  std::size_t columns() const { return hashed() + surface() + numbers.size(); }
};

// Rows of texts. Surface measures stand raw: models standardize them. REQUIRES: options in their ranges, else
// Error{kInput}. Texts may hold any bytes: what is no UTF-8 counts as U+FFFD, one a byte.
ItemRows text_rows(std::span<const std::string> texts, const TextFeatures& features, int threads);
// The same with the items' features (one row an item): numbers get a column each (the value as it is), a
// category level is hashed as "name=level". `texts` may be empty where every item has only features: `surface`
// and the n-grams must then be off. Throws Error{kInput} where lengths differ.
ItemRows item_rows(std::span<const std::string> texts, std::span<const FeatureColumn> columns,
                   const TextFeatures& features, int threads);

// ---------------------------------------------------------------------------------------------- judgements

// What people said about rows. Weights are votes (or shares of votes): a loss is summed with them. `group` is
// what inner folds and bootstraps keep together (a topic, a prompt, a rater); judgements of one group never
// stand on both sides of a fold. All arrays of a form have its length.
struct Judged {
  std::vector<std::uint32_t> first, second;  // comparisons: rows
  std::vector<double> first_votes, second_votes, tie_votes;
  std::vector<std::uint64_t> pair_group;
  std::vector<std::uint32_t> rated, level;  // ratings: row; 0 .. levels - 1
  std::uint32_t levels = 0;
  std::vector<double> rating_weight;
  std::vector<std::uint64_t> rating_group;
  std::vector<std::uint32_t> thumbed;  // thumbs: row
  std::vector<std::uint8_t> up;
  std::vector<double> thumb_weight;
  std::vector<std::uint64_t> thumb_group;
};

// Every judgement of a feedback file; rows are its items, the group is hash of the prompt's name. Rankings
// become their pairs, each of weight 1 / (m - 1) for m items. Distinct rating values become levels, ascending;
// more than 20 of them are refused.
Judged judged_rows(const Feedback& feedback);

// ---------------------------------------------------------------------------------------------- the model

// What is done with length. kWithLength: a feature like others. kControlled: the length measures take part in
// the fit and are left out of the score, so that words are not credited with the length they come with; the
// score may still rise with length. kBlind: as kControlled, and the score is made orthogonal to the length
// measures on the fitted rows (their least-squares share is subtracted, which is the same as fitting every
// column residualized on length, with length itself as a nuisance: Frisch, Waugh, Lovell). Then the score's
// correlation with log words and log characters is 0 on those rows and about 0 on others like them. The last
// two need TextFeatures::surface.
enum class LengthUse : std::uint8_t { kWithLength, kControlled, kBlind };

struct TextRewardOptions {
  TextFeatures features;
  LengthUse length = LengthUse::kWithLength;
  // plumb/preference.h, with d = r_first - r_second: kRefuse refuses ties; kHalf is half a vote each way;
  // Davidson's nu or Rao and Kupper's t is fitted.
  Ties ties = Ties::kHalf;
  double margin = 0;     // >= 0: the loss of a comparison is -log s(r_chosen - r_rejected - margin); with kHalf
  double centering = 0;  // >= 0: adds centering (r_first + r_second)^2 a vote (Eisenstein et al. 2023)
  // |w|^2 times penalty / 2 times the sum of all weights is added to the summed loss. More than one: chosen by
  // the held-out loss of inner folds, in which whole groups are held out.
  std::vector<double> penalties = {1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1};
  int inner_folds = 5;
};

inline constexpr std::size_t kMostWeights = std::size_t{1} << 27;  // of a model: columns times members

// A reward model: r = sum over columns of weight * value, minus center; one set of weights a member.
struct TextReward {
  TextFeatures features;
  std::vector<std::string> numbers;
  LengthUse length = LengthUse::kWithLength;
  Ties ties = Ties::kHalf;
  std::string kind = "fit";      // fit, one pass, bootstrap, laplace, average
  double penalty = 0;            // what was added to every diagonal of the curvature
  double held_out_loss = 0;      // mean loss a unit of weight on inner folds; 0 where nothing was chosen
  std::uint64_t goal_hash = 0;   // of the goal that it was learnt for, 0: none
  std::uint64_t judgements = 0;  // how many it was fitted on
  std::size_t members = 1;
  std::vector<float> weight;   // columns x members, row-major: a column's members stand together
  std::vector<double> center;  // a member
  // Diagonal Laplace posterior of the first member: variances of weights and mean row (0 where a column is not
  // in the fitted rows). Empty where members speak instead.
  std::vector<float> variance, mean_row;
  double tie = 0;                  // Davidson's nu, or Rao and Kupper's t; 0: none
  std::vector<double> thresholds;  // ratings: level k or lower has log-odds thresholds[k] - r; ascending
  double thumb_intercept = 0;      // log-odds of a thumb up at r = 0
  std::size_t columns() const {
    return (std::size_t{1} << features.bits) + (features.surface ? kSurfaceMeasures : 0) + numbers.size();
  }
};

// Penalized maximum likelihood by L-BFGS: the gap of the penalized loss to its minimum is at most 1e-8 a unit
// of weight. Dense columns are standardized on the judged rows. REQUIRES: rows made with options.features, else
// Error{kInput}; Error{kInput} too where nothing is judged, a row does not exist, a weight is negative or not
// finite, or an option is out of its range. With several penalties and fewer than two groups: refused.
TextReward fit_text_reward(const ItemRows& rows, const Judged& judged, const TextRewardOptions& options,
                           int threads);

// What inner folds say of several options and all their penalties; nothing else is looked at.
struct InnerResult {
  std::size_t option = 0;
  double penalty = 0;
  double loss = 0, accuracy = 0;  // held out, a unit of weight; accuracy over comparisons, ties left out
};
// Held-out results of every (option, penalty); rows[k] are made with options[k].features. In order of options
// and then penalties; the best has the lowest loss, the earlier where equal.
std::vector<InnerResult> inner_results(std::span<const ItemRows* const> rows, const Judged& judged,
                                       std::span<const TextRewardOptions> options, int threads);

// Which of `folds` each group belongs to: groups, heaviest first, go to the lightest fold. Deterministic.
std::vector<int> group_folds(std::span<const std::uint64_t> group, int folds);

// ---------------------------------------------------------------------------------------------- one pass

// One comparison of two texts; weights are votes. The bytes are somebody else's (a mapped file, strings).
struct TextPair {
  std::string_view first, second;
  float first_votes = 1, second_votes = 0, tie_votes = 0;  // ties count half each way
};

struct OnePassOptions {
  TextFeatures features;
  LengthUse length = LengthUse::kWithLength;
  double margin = 0;
  double rate = 1;  // AdaGrad's step, in units of a weight
  double prior_precision =
      1.0;  // of the Laplace posterior (with the squared gradients as information); not in the fit
};

// Bradley-Terry on texts read once, in order: AdaGrad (Duchi, Hazan, Singer 2011), by shards. In every round
// eight shards start at the same weights, each takes its own share of the next comparisons in order, and their
// moves are averaged by column, weighted by the squared gradients that a shard saw there (iterative parameter
// mixing, McDonald, Hall, Mann 2010; by column, so that what only one shard saw is not diluted). Rounds grow
// from 512 to 32,768 comparisons, more where there are more than 2^18 columns. Dense columns are standardized,
// scores centred and length treated on the first 16,384 texts. No penalty: one pass of small steps is what
// regularizes, so for less than some 100,000 comparisons fit_text_reward is better. Memory: 16 bytes a column
// and shard. Throws Error{kInput} for options out of range and votes that are negative or not finite, or none
// at all.
TextReward train_one_pass(std::span<const TextPair> pairs, const OnePassOptions& options, int threads);

// ---------------------------------------------------------------------------------------------- how good it is

// Comparisons that a model did not see, an entry each. `topic` may hold any grouping: it is what intervals
// cluster on.
struct HeldOutComparisons {
  std::vector<double> difference;                            // r_first - r_second
  std::vector<double> first_votes, second_votes, tie_votes;  // ties count half each way
  std::vector<double> log_length_ratio;                      // log(words of first / words of second)
  std::vector<std::uint32_t> topic;                          // indexes topics
  std::vector<std::string> topics;
};

// One line of the table. Per vote: Brier score (p - y)^2 and log loss -log p(y), p = s(difference). Accuracy:
// share of comparisons with a majority whose side the difference takes (half where it is 0). slope: of the
// logistic regression of votes on the difference through the origin; 1 where differences are calibrated, below
// 1 where they are too bold. Standard errors are by linearization, clustered on topics. `enough` is false where
// fewer than 30 comparisons or (all but the lines by topic, which have no standard errors) fewer than 5 topics
// are behind it: then numbers are not to be shown.
struct CalibrationLine {
  std::string by, level;  // "all", "agreement" of the votes, "length ratio" (longer over shorter), "topic"
  std::uint64_t comparisons = 0, topics = 0;
  bool enough = false;
  double accuracy = 0, accuracy_error = 0, brier = 0, log_loss = 0, slope = 0, slope_error = 0;
  double longer_accuracy = 0;  // of "the longer one", for comparison
};
// Throws Error{kInput} where arrays differ in length, or numbers are not finite, or votes are negative or none.
std::vector<CalibrationLine> reward_calibration(const HeldOutComparisons& held_out);

// ---------------------------------------------------------------------------------------------- files

// A reward model as safetensors: metadata (format, kind, feature schema, goal hash, how it was fitted), tensors
// of the columns that carry something. Reading gives the same model, bit for bit, and refuses anything else
// with Error{kInput} naming what was found and expected; Error{kEnvironment} where the file cannot be read.
std::string reward_bytes(const TextReward& model);
TextReward parse_reward(std::string_view bytes, const std::string& path);
TextReward read_reward(const std::string& path);

}  // namespace plumb
