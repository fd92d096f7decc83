// plumb/evaluate.h: the value of a policy that did not collect the data.
//
// One currency, the score table. For decision i, outcome j and action a
//
//   G_j(i, a) = q_j(x_i, a) + 1{a = a_i}/p_i * o_ij/s_ij * (y_ij - q_j(x_i, a_i)),
//
// with q the outcome model that did not see row i, p the logged propensity, o whether the outcome was observed
// and s the probability that it was asked for. The doubly robust value of pi is the mean over decisions of
// sum_a pi(a given x_i) G_j(i, a) (Dudik et al. 2011): unbiased where propensities and asking rates are right,
// whatever q is. IPS puts q = 0; SNIPS divides by the mean weight. Immature decisions are left out of an
// outcome's sums. A row that stands for r decisions (log.weight) counts r times in numerators and denominators.
//
//   Evaluation e(log, models, threads);
//   const std::size_t all = e.add_subset({"all", mask});
//   const std::size_t p = e.add_policy(policy);        // one pass over the log
//   Contrast gain{"gain", {{e.column(p, j, all), 1}, {e.column(reference, j, all), -1}}};
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "plumb/policy.h"
#include "plumb/reward.h"
#include "plumb/stats.h"

namespace plumb {

struct PassPolicy;      // evaluate/pass.h
struct EventRows;       // evaluate/event_rows.h
struct ContrastParts;   // plumb/policy_contrast.h
struct PolicyContrast;  // the same

enum class Estimator { kDr, kIps, kSnips };
std::string_view name_of(Estimator estimator);

// What the weights of a policy look like on the rows of a subset. Where rows stand for several decisions, a row
// weighs r w: dropping rows from a log costs effective size, it never adds any.
struct Support {
  double ess = 0;           // (sum r w)^2 / sum (r w)^2
  double max_weight = 0;    // largest r w
  double mean_weight = 0;   // sum r w / sum r
  double chi2 = 0;          // sum r w^2 / sum r minus 1, from the weights
  double count = 0;         // rows: the decisions that the log holds
  bool sufficient = false;  // can carry a number at all
  std::string reason;       // why not
};
inline constexpr double kLeastEss = 100;        // fewer effective decisions carry no number
inline constexpr double kLeastUnits = 30;       // nor do fewer effective units
inline constexpr double kLargestShare = 0.05;   // of all weight on one decision
inline constexpr double kMeanWeightErrors = 5;  // standard errors that the mean weight may stray from 1

// The rows that a column sums over: mask[i] != 0. Name for messages and reports ("all", "certification",
// "age_band=old").
struct Subset {
  std::string name;
  std::vector<std::uint8_t> mask;
};

// What the comparisons behind a preference tell of one policy on one subset: its shift from the logging policy
// through ComparisonSupport (plumb/preferred.h), linear in the policy.
struct PreferenceTold {
  std::vector<double> whole, unseen;                    // by variant and sketch
  std::vector<double> drawn;                            // by bucket
  std::vector<double> by_person, by_prompt, by_answer;  // by bucket
};

// Sums for any number of policies, outcomes and subsets over one log. Not thread-safe; adds are parallel
// inside. The same bytes for any number of threads, and for a policy added alone or beside others.
class Evaluation {
 public:
  // Keeps references to log and models: they must outlive it. REQUIRES: models.outcome covers `outcomes`.
  // IPS and SNIPS columns are kept only where `all_estimators`; kl() and chi2() are there only where
  // `divergences`: they take as long as everything else. estimated_base: a float a row, what LoggingPolicy(log)
  // gives where the log does not state its probabilities; empty: it is fitted here.
  Evaluation(const DecisionLog& log, const OutcomeModels& models, int threads, bool all_estimators = false,
             bool divergences = true, std::vector<float> estimated_base = {});

  // Outcomes by position in models.outcome. Subsets are registered once.
  std::size_t add_subset(Subset subset);
  const Subset& subset(std::size_t s) const { return subsets_[s]; }
  std::size_t subset_count() const { return subsets_.size(); }

  // Adds a policy: one pass. Its columns exist for every outcome and registered subset. Returns its number.
  std::size_t add_policy(const Policy& policy);
  // The same for several, in order: the log is read once for as many of them as the caches hold sums of.
  std::vector<std::size_t> add_policies(std::span<const PolicyPointer> policies);
  // The same for probabilities that no Policy object stands behind (a point of a pressure path): a float a row.
  std::size_t add_probabilities(std::span<const float> probabilities, bool is_logging = false);
  std::vector<std::size_t> add_probabilities_many(std::span<const std::span<const float>> probabilities);

  // Columns of the Moments, for contrasts. REQUIRES: subset registered before the policy was added.
  std::size_t column(std::size_t policy, std::size_t outcome, std::size_t subset,
                     Estimator e = Estimator::kDr) const;
  // weight * (sum over goal terms) for one policy.
  void add_terms(Contrast& contrast, std::size_t policy, std::span<const std::pair<std::size_t, double>> terms,
                 std::size_t subset, double weight, Estimator e = Estimator::kDr) const;

  const Support& support(std::size_t policy, std::size_t subset) const;
  // The same for the value of a combination of outcomes: also wants enough decisions in which they were
  // observed.
  Support support(std::size_t policy, std::size_t subset,
                  std::span<const std::pair<std::size_t, double>> terms) const;
  // How many non-zero outcomes stand behind the policy's value, effectively: (sum r w)^2 / sum (r w)^2 over
  // decisions with a non-zero observed outcome.
  double events(std::size_t policy, std::size_t outcome, std::size_t subset) const;
  // KL(policy, base) in nats and E pi^2/base - 1, means over the decisions of the subset.
  double kl(std::size_t policy, std::size_t subset) const;
  double chi2(std::size_t policy, std::size_t subset) const;

  Estimates estimate(std::span<const Contrast> contrasts) const;

 private:
  friend ContrastParts contrast_parts(const Evaluation& evaluation, const PolicyContrast& contrast);

  struct PolicySums {
    std::vector<std::size_t> columns;  // [(subset * outcomes + outcome) * estimators + estimator]
    std::vector<Support> support;      // by subset
    std::vector<double> kl, chi2;
    // subset * outcomes + outcome
    std::vector<double> events, observed_ess, observed_share;
    std::vector<PreferenceTold> told;  // by subset; empty without a preference
    bool is_logging = false;           // its `told` says what its own level rests on; in contrasts it is the 0
  };
  std::vector<std::size_t> add(std::span<const PassPolicy> policies);
  void add_errors(const PassPolicy& policy, PolicySums& sums);
  void add_level_of_today(PolicySums& sums);
  void add_preference_error(std::span<const float> probabilities, PolicySums& sums);
  // weight: r w of every decision.
  void add_learnt_error(std::span<const double> weight, const PolicySums& sums);

  const DecisionLog& log_;
  const OutcomeModels& models_;
  int threads_;
  std::size_t estimators_;
  bool divergences_;
  std::vector<float> estimated_base_;  // empty where the log states its probabilities
  std::span<const float> base_;        // of the logging policy, a row an offered action
  bool base_is_estimate_ = false;
  std::vector<std::uint16_t> bucket_;  // of every decision
  std::vector<Subset> subsets_;
  // By subset and outcome: the sums over decisions that are not immature, denominators.
  std::vector<std::vector<std::size_t>> counts_;
  struct SubsetRows {
    std::vector<double> bucket;  // sum of r
    double rows = 0, weight = 0;
  };
  std::vector<SubsetRows> rows_;  // by subset
  Moments moments_;
  std::vector<PolicySums> policies_;
  std::shared_ptr<const EventRows> events_;
  std::vector<std::vector<float>> probe_weight_;  // by policy: r w of the rows of events_
};

// Why comparisons do not tell by how much people prefer `policy` to `reference` on the rows of `mask`; empty
// where they do, or where the models hold no preference. base: of the logging policy, a float a row.
std::string gain_not_told(const DecisionLog& log, const OutcomeModels& models, const Policy& policy,
                          const Policy& reference, std::span<const float> base,
                          const std::vector<std::uint8_t>& mask, int threads);

// Fewer non-zero outcomes than this, and a level's interval is not given (differences neither): 100 for
// amounts, 20 for binary outcomes, 0 for other kinds.
std::uint64_t least_events(OutcomeKind kind);
// The same by what the column holds: of any kind, where no more than half of what was observed is not 0, at
// least 20.
std::uint64_t least_events(const OutcomeColumn& column);

}  // namespace plumb
