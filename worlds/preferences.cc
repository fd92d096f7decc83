#include "worlds/preferences.h"

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

constexpr double kFirstCamp = 0.6;      // share of people
constexpr double kQualityLength = 0.3;  // correlation
constexpr double kOwn = 0.3;            // standard deviation of an item's own utility
constexpr double kTaste = 0.15;         // of a rater's own weights
constexpr double kReferenceTilt = 0.3;  // the reference is not uniform: log-probabilities N(0, .3^2)
constexpr double kRare = 0.1,
                 kShown = 0.01;  // share of the catalogue far out in a feature; odds of being shown
constexpr double kFarOut = 4.5, kFarSpread = 0.7;  // their mean and spread in the feature
constexpr double kTurn = 2, kHarm = 4;             // cost a unit of the feature beyond the turn
// Weights of both camps but for topic_1, in the order of the features.
constexpr double kWeight[PreferencesWorld::kFeatures] = {0.6, 0.0, 0.4, -0.3, 0.2, 0.0, 0.0, 0.0};
constexpr double kIntensityWeight[] = {0.6, 1.0, 0.4};  // default, extremal, shared bias
constexpr double kCampTopic = 0.5;                      // + for camp 0, - for camp 1

// Draws by the cumulative sums of `p`.
class Draw {
 public:
  explicit Draw(std::span<const double> p) : cumulative_(p.size()) {
    double sum = 0;
    for (std::size_t i = 0; i < p.size(); ++i) cumulative_[i] = sum += p[i];
  }
  std::uint32_t operator()(Rng& rng) const {
    const double u = rng.uniform() * cumulative_.back();
    const auto at = std::upper_bound(cumulative_.begin(), cumulative_.end(), u);
    return static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(
        at - cumulative_.begin(), static_cast<std::ptrdiff_t>(cumulative_.size()) - 1));
  }

 private:
  std::vector<double> cumulative_;
};

std::vector<PreferencesRater> people(std::size_t count, double position_bias, double length_bias, Rng rng) {
  std::vector<PreferencesRater> out(count);
  for (PreferencesRater& r : out) {
    r.camp = rng.bernoulli(kFirstCamp) ? 0 : 1;
    r.reliability = rng.beta(6, 1.5);
    r.position_bias = position_bias * 2 * rng.uniform();
    r.length_bias = length_bias * 2 * rng.uniform();
    for (std::size_t j = 0; j < PreferencesWorld::kFeatures; ++j) r.taste.push_back(kTaste * rng.normal());
  }
  return out;
}

void check(bool holds, const char* what, double found, const char* expected) {
  if (!holds) refuse("preferences world", what, std::to_string(found), expected);
}

}  // namespace

const std::vector<std::string>& PreferencesWorld::feature_names() {
  static const std::vector<std::string> names = {"quality", "topic_1", "topic_2",  "topic_3",
                                                 "topic_4", "length",  "flattery", "intensity"};
  return names;
}

PreferencesWorld::PreferencesWorld(const PreferencesOptions& options) : options_(options) {
  const std::size_t n = options.items;
  check(n >= 10, "items", static_cast<double>(n), "at least 10");
  check(options.raters >= 1, "raters", static_cast<double>(options.raters), "at least 1");
  check(std::isfinite(options.length_bias) && std::isfinite(options.position_bias), "bias", NAN,
        "finite numbers");
  const Rng rng = Rng(options.seed).stream("preferences");
  features_ = Matrix(n, kFeatures);
  Rng draws = rng.stream("items");
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < kFeatures; ++j) features_(i, j) = draws.normal();
    features_(i, kLength) = kQualityLength * features_(i, 0) +
                            std::sqrt(1 - kQualityLength * kQualityLength) * features_(i, kLength);
    const bool rare = draws.bernoulli(kRare);
    const bool intense = rare && options.variant == PreferencesVariant::kExtremal;
    const bool endless = rare && options.variant == PreferencesVariant::kSharedBias;
    if (intense) features_(i, kIntensity) = kFarOut + kFarSpread * features_(i, kIntensity);
    if (endless) features_(i, kLength) = kFarOut + kFarSpread * features_(i, kLength);
    double shared = kOwn * draws.normal();
    for (std::size_t j = 0; j < kFeatures; ++j) shared += kWeight[j] * features_(i, j);
    shared += kIntensityWeight[static_cast<int>(options.variant)] * features_(i, kIntensity);
    const auto beyond = [&](std::size_t j) { return std::max(0.0, features_(i, j) - kTurn); };
    if (options.variant == PreferencesVariant::kExtremal) shared -= kHarm * beyond(kIntensity);
    const double hidden = options.variant == PreferencesVariant::kSharedBias ? kHarm * beyond(kLength) : 0;
    hidden_cost_.push_back(hidden);
    utility_[0].push_back(shared - hidden + kCampTopic * features_(i, 1));
    utility_[1].push_back(shared - hidden - kCampTopic * features_(i, 1));
    gold_.push_back(kFirstCamp * utility_[0][i] + (1 - kFirstCamp) * utility_[1][i]);
    reference_.push_back(std::exp(kReferenceTilt * draws.normal()) * (intense || endless ? kShown : 1));
    total += reference_.back();
  }
  for (double& p : reference_) p /= total;
  training_raters_ = people(options.raters, options.position_bias, options.length_bias, rng.stream("taught"));
  panel_raters_ =
      people(options.raters, options.position_bias,
             options.variant == PreferencesVariant::kSharedBias ? options.length_bias : 0, rng.stream("panel"));
}

// Utility as it enters a rater's votes.
double PreferencesWorld::perceived(const PreferencesRater& rater, std::size_t item) const {
  double u = utility_[rater.camp][item] + hidden_cost_[item] + rater.length_bias * features_(item, kLength);
  for (std::size_t j = 0; j < kFeatures; ++j) u += rater.taste[j] * features_(item, j);
  return u;
}

double PreferencesWorld::probability_first(const PreferencesRater& rater, std::size_t first,
                                           std::size_t second) const {
  const double t = perceived(rater, first) - perceived(rater, second) + rater.position_bias;
  return rater.reliability / (1 + std::exp(-t)) + (1 - rater.reliability) / 2;
}

std::vector<PreferenceVote> PreferencesWorld::training_votes(std::size_t count) const {
  Rng rng = Rng(options_.seed).stream("preferences").stream("votes");
  const Draw draw(reference_);
  std::vector<PreferenceVote> out(count);
  for (PreferenceVote& v : out) {
    v.first = draw(rng);
    do {
      v.second = draw(rng);
    } while (v.second == v.first);
    v.rater = static_cast<std::uint32_t>(rng.below(training_raters_.size()));
    v.first_won = rng.bernoulli(probability_first(training_raters_[v.rater], v.first, v.second));
  }
  return out;
}

std::vector<PanelVote> PreferencesWorld::panel_votes(std::span<const double> policy, std::size_t count,
                                                     std::string_view stream, std::uint64_t index) const {
  PLUMB_ASSERT(policy.size() == reference_.size());
  Rng rng = Rng(options_.seed).stream("preferences").stream(stream, index);
  const Draw draw(policy), other(reference_);
  std::vector<PanelVote> out(count);
  for (PanelVote& v : out) {
    do {
      v.item = draw(rng);
      v.other = other(rng);
    } while (v.item == v.other);
    v.rater = static_cast<std::uint32_t>(rng.below(panel_raters_.size()));
    v.shown_first = rng.bernoulli(0.5);
    const PreferencesRater& rater = panel_raters_[v.rater];
    const double first =
        v.shown_first ? probability_first(rater, v.item, v.other) : probability_first(rater, v.other, v.item);
    v.won = rng.bernoulli(first) == v.shown_first;
  }
  return out;
}

std::vector<double> PreferencesWorld::tilted(std::span<const double> score, double beta) const {
  PLUMB_ASSERT(score.size() == reference_.size());
  double largest = -INFINITY, total = 0;
  for (const double s : score) largest = std::max(largest, beta * s);
  std::vector<double> out(score.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = reference_[i] * std::exp(beta * score[i] - largest);
    total += out[i];
  }
  for (double& p : out) p /= total;
  return out;
}

double PreferencesWorld::kl(std::span<const double> policy) const {
  PLUMB_ASSERT(policy.size() == reference_.size());
  double sum = 0;
  for (std::size_t i = 0; i < policy.size(); ++i) {
    if (policy[i] > 0) sum += policy[i] * std::log(policy[i] / reference_[i]);
  }
  return std::max(0.0, sum);
}

double PreferencesWorld::gold_gain(std::span<const double> policy) const {
  PLUMB_ASSERT(policy.size() == reference_.size());
  double sum = 0;
  for (std::size_t i = 0; i < policy.size(); ++i) sum += (policy[i] - reference_[i]) * gold_[i];
  return sum;
}

}  // namespace plumb
