// worlds/preferences.h: people who compare items of a catalogue; what they want is known exactly.
//
// A catalogue of items with eight features. Two camps of people want different things of one topic and the same
// of everything else; the gold utility of an item is the mean over all people, in log-odds of a careful vote.
// Raters are people with a camp, a taste of their own, a reliability (else they vote by coin), a position bias
// and, where the options say so, a weakness for long items, which is no part of what they want. The raters who
// taught the reward model and the held-out panel are different people. A policy is a distribution over the
// catalogue; its gold value is a sum, nothing is simulated. Like every world it uses base to policy and none of
// the estimators that it tests.
//
//   PreferencesWorld world({.seed = 3, .variant = PreferencesVariant::kExtremal});
//   auto votes = world.training_votes(2000);                       // pairs drawn from the reference
//   auto policy = world.tilted(reward, beta);                      // reference times exp(beta reward)
//   auto fresh = world.panel_votes(policy, 150, "checkpoint", 4);  // its outputs against the reference's
//   world.gold_gain(policy);                                       // exact
//
// Features (columns of features()): quality, topic_1 to topic_4, length, flattery, intensity: normal with unit
// variance, length correlated .3 with quality (careful answers are longer). What people want, by variant:
//
//   default      u = .6 quality +- .5 topic_1 + .4 topic_2 - .3 topic_3 + .2 topic_4 + w intensity + own, w =
//   .6
//                (own: N(0, .3^2) an item, which no feature shows). Linear: the goal has no turn of its own;
//                what over-optimization there is comes from the taught raters' length bias and from noise.
//   extremal     w = 1, and a tenth of the catalogue is far out in intensity, N(4.5, .7^2), where the reference
//                shows it at a hundredth of the usual odds. Beyond 2 each unit of intensity costs 4: what
//                people like in the range that they were asked about, they hate far out.
//   shared bias  w = .4, and that tenth is far out in length instead. Beyond 2 each unit of length costs 4, but
//   no
//                rater, taught or held out, lets that into a vote, and all vote for the longer item: no
//                comparison by these people shows the fall.
//
// The numbers were set so that in every one of the first hundred seeds the extremal path's end has less than
// half of the peak gain, and not by what any stop rule makes of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plumb/base.h"

namespace plumb {

enum class PreferencesVariant { kDefault, kExtremal, kSharedBias };

struct PreferencesOptions {
  std::uint64_t seed = 1;
  PreferencesVariant variant = PreferencesVariant::kDefault;
  std::size_t items = 2000;  // at least 10
  std::size_t raters = 40;   // in each of the two groups, at least 1
  // Log-odds a standard deviation of length by which the taught raters vote for the longer item, mean over
  // raters. The panel has it in the shared-bias variant only.
  double length_bias = 0.3;
  double position_bias = 0.2;  // mean log-odds for what stands first, both groups
};

// A rater as the world knows it; nobody else does.
struct PreferencesRater {
  int camp = 0;            // 0 (share .6) or 1
  double reliability = 1;  // with probability 1 - reliability the vote is a coin's; Beta(6, 1.5)
  double position_bias = 0, length_bias = 0;
  std::vector<double> taste;  // added to the camp's weights, N(0, .15^2) a feature
};

// One vote: the items in the order in which they were shown.
struct PreferenceVote {
  std::uint32_t first = 0, second = 0, rater = 0;
  bool first_won = false;
};
// One vote on a policy's output (`item`) against the reference's, in random order.
struct PanelVote {
  std::uint32_t item = 0, other = 0, rater = 0;
  bool shown_first = false, won = false;  // of `item`
};

class PreferencesWorld {
 public:
  // Throws Error{kInput} where an option is out of range.
  explicit PreferencesWorld(const PreferencesOptions& options);

  static const std::vector<std::string>& feature_names();
  static constexpr std::size_t kLength = 5, kFlattery = 6, kIntensity = 7, kFeatures = 8;
  const Matrix& features() const { return features_; }              // items x kFeatures
  std::span<const double> reference() const { return reference_; }  // probabilities by item
  std::span<const double> gold() const { return gold_; }            // mean utility over people, by item
  std::span<const double> camp_utility(int camp) const { return utility_[static_cast<std::size_t>(camp)]; }
  std::span<const PreferencesRater> training_raters() const { return training_raters_; }
  std::span<const PreferencesRater> panel_raters() const { return panel_raters_; }

  // Probability that a rater of one of the two groups votes for the item shown first.
  double probability_first(const PreferencesRater& rater, std::size_t first, std::size_t second) const;

  // `count` votes of taught raters on pairs of different items drawn from the reference.
  std::vector<PreferenceVote> training_votes(std::size_t count) const;
  // `count` votes of the panel: an item of `policy` against an item of the reference, drawn independently (a
  // pair of the same item is drawn again). Deterministic in (seed, stream, index).
  std::vector<PanelVote> panel_votes(std::span<const double> policy, std::size_t count, std::string_view stream,
                                     std::uint64_t index) const;

  // The policy proportional to reference times exp(beta score), a score an item.
  std::vector<double> tilted(std::span<const double> score, double beta) const;
  double kl(std::span<const double> policy) const;  // from the reference, nats
  // Exact: sum over items of (policy - reference) gold.
  double gold_gain(std::span<const double> policy) const;

 private:
  double perceived(const PreferencesRater& rater, std::size_t item) const;
  PreferencesOptions options_;
  Matrix features_;
  std::vector<double> reference_, gold_, hidden_cost_;
  std::vector<double> utility_[2];
  std::vector<PreferencesRater> training_raters_, panel_raters_;
};

}  // namespace plumb
