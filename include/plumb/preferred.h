// plumb/preferred.h: what people prefer, as an outcome of the goal. A goal file may declare an outcome of kind
// `preference`; no log holds it. It is learnt from comparisons of actions in contexts (plumb/feedback.h) by a
// linear Bradley-Terry model on the design of the outcome models:
//
//   P(first preferred over second in x) = s(position + theta . (phi(x, first) - phi(x, second))),
//
// and its value for a decision is theta . phi(x, a) minus the mean under the logging policy, in log-odds: 0 is
// what runs today, 1 is preferred to it at odds of e to 1. (Bradley, Terry 1952; Christiano et al. 2017,
// eq. 1.)
//
// What is learnt and what is certified never share a person: units of comparisons fall into the folds of units
// of decisions. Policies are pushed along coefficients learnt on the training half (penalized, cross-fitted).
// Values are stated by coefficients estimated anew, nearly without penalty, on the comparisons of the half that
// is judged; their error enters every interval through the same unit buckets as the decisions' own error, so a
// goal may mix preferences with outcomes, and all intervals stay simultaneous.
//
//   Feedback people = read_feedback("comparisons.jsonl", {}, nullptr);
//   PreferenceModel model = fit_preference(people, log, models.map, split_seed, threads);
//   add_preference(log, models, "preferred", std::make_shared<PreferenceModel>(std::move(model)), base,
//   threads);
//
// People and prompts are both drawn: a value's variance is the largest of the two-way one (by people, plus by
// prompts, less by answers; Cameron, Gelbach and Miller 2011), of people's alone and of prompts' alone, with
// Student's t at the smaller number of the two less one. Where every comparison has a context of its own
// nothing is added.
//
// Nothing is a number that comparisons do not identify: an action that nobody compared, or a feature that never
// differed between two options, has no coefficient, and a value that would need one says so. Values that rest
// on fewer than kLeastEffectiveAnswers effective answers have none either.
//
// It refuses ratings and thumbs (they are on no scale that decisions share), and comparisons that lack a
// feature of the log. That people's log-odds are linear in the features is an assumption; `slope` tests it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plumb/feedback.h"
#include "plumb/reward.h"
#include "plumb/stats.h"

namespace plumb {

// How the model learnt on the training half does on the comparisons of the certification half, which nobody
// learnt from. Standard errors are clustered on units.
struct PreferenceQuality {
  std::uint64_t comparisons = 0, ties = 0, units = 0;  // decided ones; ties are beside them
  double accuracy = 0, accuracy_error = 0;             // .5 is chance
  double log_loss = 0, log_loss_error = 0;             // nats; log 2 is chance
  double slope = 0, slope_error = 0;                   // of log-odds on predicted log-odds: 1 where calibrated
  double position = 0, position_error = 0;             // log-odds by which the option shown first is preferred
  // False where the slope is shown to be below a half: the answers do not follow the features as the model has
  // it. (A slope above 1 is what a penalty leaves.)
  bool calibrated() const { return !(slope + 2 * slope_error < 0.5); }
};

// How often a rater agrees with models that did not see the rater's answers.
struct RaterAgreement {
  std::string name;
  std::uint64_t comparisons = 0;
  double share = 0,
         standard_error = 0;  // of decided ones; .5 is chance; the error is that of a coin of this share
};
inline constexpr std::size_t kLeastOfARater = 20;  // comparisons; a rater with fewer is not told from chance

// What comparisons say of a sum shift . coefficients (design_shift), linear in the shift so that differences of
// policies are judged as a whole: B against A keeps its number where nobody compared C.
struct ComparisonSupport {
  // kSupportSketch random sums with signs: of the whole shift, and of its part in directions in which no two
  // options that were compared differ. The ratio of their lengths is the share that nothing is known of.
  Matrix whole, unseen;
  // kBuckets x width: what the answers of a bucket (a person's to a prompt) would contribute to the error if
  // they were drawn from the model. Unlike `influence` it is not 0 where a single comparison decides a
  // coefficient, which fits it.
  Matrix drawn;
  // As PreferenceModel::influence, by prompt (context) and by a person's answers to a prompt instead of by
  // person.
  Matrix by_prompt, by_answer;
};
inline constexpr std::size_t kSupportSketch = 32;
inline constexpr double kMostUnseen = 0.002;          // of a shift's length; more has no number
inline constexpr double kLeastEffectiveAnswers = 20;  // behind a value; fewer have no number

struct PreferenceModel {
  // Coefficients in the design of the outcome models, by variant (see variant_of). `learnt`: penalized, from
  // the training half, variant v < kTrainingFolds without fold v. `estimate`: nearly unpenalized and
  // without the first-order bias of maximum likelihood (Firth 1993); variant v from the comparisons of training
  // fold v alone, variant kTrainingFolds from those of the certification half. So no row is judged by
  // comparisons that pushed a policy.
  std::vector<std::vector<double>> learnt, estimate;
  // By variant: what each unit bucket of comparisons contributed to the error of `estimate`, kBuckets x width;
  // columns sum to zero.
  std::vector<Matrix> influence;
  std::vector<ComparisonSupport> support;  // by variant, of `estimate`
  // Actions of the log that fewer than kLeastEffectiveAnswers comparisons of the certification half hold, and
  // how many do.
  std::vector<std::pair<std::string, std::uint64_t>> hardly_compared;
  PreferenceQuality quality;
  double lapse = 0;  // share of answers that are taken for coins in `estimate`; 0: as these people answered
  std::uint64_t comparisons = 0, ties = 0, raters = 0;  // decided comparisons; ties are beside them
  std::vector<RaterAgreement> rater;  // with kLeastOfARater comparisons or more, in the feedback's order
  std::vector<std::uint64_t> training_digest;  // of the training half, at most kSketchComparisons
  std::vector<std::string> caps;               // why no verdict can be better than inconclusive; usually empty
  std::vector<std::string> notes;
};

inline constexpr std::size_t kLeastComparisons = 200;  // in each half; fewer cap the verdict
// In the certification half, a varying column of the design: below, intervals fall short of their level.
inline constexpr std::size_t kComparisonsAColumn = 20;
inline constexpr std::size_t kLeastPeople = 30;  // units in each half
inline constexpr double kLeastDoubt = 0.08;      // mean p (1 - p); with less the scale cannot be told

// REQUIRES: map was made for `log`. Rankings count as all their pairs, each with weight 1 / (their number of
// items
// - 1). Throws Error{kInput}: no comparisons at all, ratings or thumbs, features of the log that the feedback
// lacks. Deterministic; same bytes for any number of threads.
PreferenceModel fit_preference(const Feedback& feedback, const FeatureMap& map, std::uint64_t split_seed,
                               int threads);

// The same comparisons with the values, and what is known of them, as they are where a share `lapse` of the
// answers is a coin; what is learnt for policies stays as it was. REQUIRES: model == fit_preference(feedback,
// map, split_seed), lapse in [0, 1).
PreferenceModel at_lapse(const PreferenceModel& model, const Feedback& feedback, const FeatureMap& map,
                         std::uint64_t split_seed, double lapse, int threads);

// The largest lapse rate up to `wanted`, in steps of .02, that the answers of the certification half allow:
// where people are nearly of one mind, few can have been coins. A larger one fits them worse (likelihood ratio
// beyond that of p = .001), or leaves so little doubt that the scale cannot be told.
double most_lapse(const Feedback& feedback, const FeatureMap& map, std::uint64_t split_seed, double wanted,
                  int threads);

// Why what was said need not hold in the contexts that are served; usually empty. Caps where more than 5 % of
// the log's contexts have a value (a tenth of a number's values, more of them where fewer than 100 contexts
// were asked in; a level) that comparisons hardly ever come near; where the comparisons of an action, weighted
// to the log's contexts (logistic regression on the context's columns and squares), are effectively fewer than
// 400 or a quarter of them (and contexts are not alike: four fifths and more); where squares of the context's
// numbers, by action, are shown to belong into the model (score test, p < .001 both clustered on units and
// clustered on prompts). Holes that only combinations of columns show are not looked for.
std::vector<std::string> served_caps(const Feedback& feedback, const DecisionLog& log, const FeatureMap& map,
                                     std::uint64_t split_seed, int threads);

// Digests of the comparisons of some folds (bit f: fold f), ascending, each once. How a policy says what it was
// learnt from: it keeps the kSketchComparisons smallest, which nothing that is added to the feedback changes.
std::vector<std::uint64_t> feedback_digests(const Feedback& feedback, std::uint64_t split_seed,
                                            std::uint32_t folds);
inline constexpr std::size_t kSketchComparisons = 2048;
inline constexpr double kSketchComparisonsShare = 0.05;  // found again: learnt from this feedback

// Makes the preference an outcome of log and models: observed in every decision, its value the model's. `base`:
// the logging policy's probability of every offered action.
void add_preference(DecisionLog& log, OutcomeModels& models, const std::string& name,
                    std::shared_ptr<const PreferenceModel> model, std::span<const float> base, int threads);
// The same outcome with another model's values. REQUIRES: add_preference was called.
void restate_preference(DecisionLog& log, OutcomeModels& models, std::shared_ptr<const PreferenceModel> model,
                        std::span<const float> base, int threads);

// sum over the decisions with mask[i] (r times each) of E_pi phi - E_base phi, by variant: what multiplies
// `influence` to give the preference's part of the error of a policy's value.
std::vector<std::vector<double>> design_shift(const DecisionLog& log, const FeatureMap& map,
                                              std::span<const float> probabilities, std::span<const float> base,
                                              const std::vector<std::uint8_t>& mask, int threads);

}  // namespace plumb
