// plumb/learnt.h: outcomes that no column holds because they are learnt: what early outcomes foretell of a late
// one (a surrogate index), and what a customer will still spend (BG/NBD). Each becomes a column of the log, a
// number a decision, that the goal may maximize or limit like any other.
//
// Such a number is an estimate. Its parameters are estimated on finitely many units, and that error is common
// to many decisions, so no amount of decisions averages it away. A LearntOutcome therefore carries, beside its
// values, how they depend on the parameters (`slope`) and what every unit bucket contributed to the parameters'
// error (`influence`): the Evaluation adds  sum_i w_i slope_i . influence_b  to the sum of bucket b, so that
// every interval of every contrast holds it (the delta method for an M-estimator, Newey and McFadden 1994,
// section 6).
//
//   LearntOutcome index = learn_surrogate_index(log, *goal.outcome("value_index"), map, threads);
//   log.outcomes.push_back(index.column);              // then fit_outcome_models, which may name it
//   models.learnt.push_back(std::make_shared<LearntOutcome>(std::move(index)));
//
// What is judged is not what it was learnt from: decisions of a training fold get a model of the other training
// folds (index) or of the training half's customers (lifetime value), those of the certification half a model
// of all other folds (index) or of the certification half's own customers (lifetime value). Nothing that a
// policy is trained on has seen the certification half.
#pragma once

#include <string>
#include <vector>

#include "plumb/data.h"
#include "plumb/features.h"
#include "plumb/lifetime_value.h"
#include "plumb/reliability.h"

namespace plumb {

struct OutcomeModels;  // plumb/reward.h

// What must hold for a learnt outcome to mean what it says, and whether it was tested.
struct LearntAssumption {
  std::string name, status, detail;  // status: declared, tested, untestable, failed
};

// Does what early outcomes are worth change with the date, where the late outcome is seen? Asked of effects of
// actions on the index: of the slopes' change, what moves a gain.
struct IndexChange {
  bool known = false;  // else `why_not`: no dates, one date, too few rows
  std::string why_not;
  double z = 0, critical = 0;  // the largest over actions of a straight line and of a last quarter that differs
  bool found = false;
  // Share of the straight line's change, continued to every date, that values have and their errors carry: 1
  // where that costs less than kChangeCost of the error of a gain (and less than half of what early outcomes
  // take off the error that the decisions with a late outcome have alone). Where a change was found values are
  // midway between the line continued and the last quarter kept, and `common` carries half of the difference.
  double carried = 0;
};

// How the effect of an action on what customers spend stands late against early: the time from a decision to
// the end of the transactions, halved.
struct EffectOverTime {
  std::string action, against;
  bool known = false;
  std::string why_not;
  double early = 0, late = 0;           // money a decision more than under `against`, in either half
  double foretold = 0;                  // what `late` would be had the effect lasted as the model has it
  double error = 0;                     // standard error of late - foretold
  double z_money = 0, z_purchases = 0;  // of the change of the ratio between the actions, late against early
  double p = 1;                         // adjusted for both and for all actions
};

struct LearntOutcome {
  std::string name, model;  // "surrogate_index" or "bg_nbd"
  OutcomeColumn column;
  // n: which fit gave the decision its value; not used where the column is not observed.
  std::vector<std::uint32_t> group;
  // n x width: the value's derivative by the parameters of its group.
  std::size_t width = 0;
  std::vector<float> slope;
  std::vector<Matrix> influence;  // by group, kBuckets x width; columns sum to zero
  // n, or empty: what one standard error of a factor that is common to all decisions (the calendar) adds.
  std::vector<float> common;
  std::uint64_t rows = 0;  // decisions (all folds together) or customers that it was learnt from
  std::string sentence;    // what was learnt
  std::vector<LearntAssumption> assumptions;
  std::vector<std::string> caps;  // why no verdict can be better than inconclusive; usually empty
  std::vector<Finding> findings;  // about what it was learnt from

  // The index: the late outcome, and how well it is foretold on rows of the training half that the model did
  // not see.
  std::string of;
  Reliability reliability;
  bool assumed = false;  // surrogacy was declared: `missed` is zero everywhere
  // n: what of the value the late outcome of the decision itself adds to what is foretold, 0 where it is not
  // seen; and by how much it lowers the value's derivative (its slope counts 1 - held times). Empty: nothing.
  std::vector<double> missed;
  std::vector<float> held;
  double seen_share = 0;               // of decisions with all surrogates, those whose late outcome is seen
  std::vector<double> seen_influence;  // kBuckets: of its logarithm
  IndexChange change;
  // By action, where actions are fixed: what a change that goes on in a straight line adds to a bucket's sum of
  // value over propensity beyond what `change.carried` has, errors in it. Empty where all of it is carried.
  std::vector<std::vector<double>> further;
  // The lifetime value: the fits by half, what earlier forecasts missed (counted over foretold), whether
  // effects last.
  std::vector<std::string> group_name;
  std::vector<BgNbd> purchases;
  std::vector<double> backtests;
  std::vector<EffectOverTime> effects;
  // n x history_width, or empty: what stood in the file before each decision, for add_histories.
  std::size_t history_width = 0;
  std::vector<float> history;
};

// ---------------------------------------------------------------------------------------------- surrogate
// index

// What early outcomes foretell of a late one, h(s, x) = E[Y | S = s, X = x]: Y the late outcome spec.of, S the
// early ones spec.surrogates, X the context (Athey, Chetty, Imbens, Kang 2019, "The surrogate index"), h linear
// in the surrogates with slopes that vary linearly with the context. h is fitted by least squares where Y and
// all of S are observed, each row weighted by one over the probability that it was asked for, nearly without
// penalty so that it has no bias of its own. Errors of coefficients are robust to unequal variance (residuals
// over sqrt(1 - leverage), as HC2).
//
// The value of a decision is  h(s, x) + held (Y - h(s, x)),  held = 1 / P(Y is seen | S is) where Y is seen and
// 0 elsewhere: what h foretells of everybody, and what it misses where that can be seen, counted for those of
// whom it cannot (Kallus and Mao 2020, "On the role of surrogates in the efficient estimation of treatment
// effects", equation 5; Angelopoulos et al. 2023, "Prediction-powered inference"). So an effect on Y that does
// not go through S is in every mean and gain, with its error: surrogacy is not assumed, it only makes errors
// small. With a right h the variance of a mean is R2/n + (1 - R2)/(m n) of Y's, m the share seen. With
// spec.surrogacy_assumed the value is h(s, x) alone (index_surrogacy tests it where Y is seen).
//
// Change over time: where decisions have dates h's level and slopes may move with them. A straight line's
// change, continued to every date, enters values and errors as far as it costs at most kChangeCost of the error
// of a gain (all of it, mostly, where more than about a third of the dates are seen); a change that is found
// (`change`) beyond that by an error that holds the line continued and the last quarter kept, both.
//
// Assumed: decisions whose Y is seen are, but for the date, like those whose is not (comparability; declared);
// nothing changes that is seen nowhere.
//
// REQUIRES: folds assigned; map made for `log`; spec.model == "surrogate_index". The column is observed where
// all surrogates are, immature where one of them is, else missing. Caps: fewer than kIndexRowsAColumn rows a
// column of the design; surrogates or Y that are missing while nobody said with what probability. Throws
// Error{kInput} where a fold's fit has fewer than kLeastIndexRows rows. The same bytes for any number of
// threads.
LearntOutcome learn_surrogate_index(const DecisionLog& log, const OutcomeSpec& spec, const FeatureMap& map,
                                    int threads);
inline constexpr std::size_t kLeastIndexRows = 100;
inline constexpr std::size_t kIndexRowsAColumn = 20;
inline constexpr double kChangeCost = 0.05;  // of the standard error of a gain

// ---------------------------------------------------------------------------------------------- lifetime value

// The value of a decision about a customer (the decision's unit) is
//
//   what the customer spent after the decision and before END  +  F x what it spent late,
//
// money, not discounted; END is data.as_of, or the end of the last day of log and transactions. Late is the
// second half of the time from the decision to END, without the customer's first purchase. F is what BG/NBD
// (plumb/lifetime_value.h) expects in [END, END + horizon) over what it expects late, all decisions of a half
// together, so that on average over an action's decisions the second part is what the customers will still
// spend. A single customer's part is noisy on purpose: whatever an action did to rates, to amounts or to who
// stays, the late purchases show it, no model draws customers of different actions towards each other, and the
// error of the difference between actions stands in the spread of the values.
//
// The model is fitted to all customers of a half; from the decision on their time runs at a pace of the
// action's own (see reward/lifetime_pace.h), such that as many purchases are expected after the decisions as
// came. F depends on it since who buys sooner leaves sooner. Its parameters' errors enter by customers'
// influence on them. Customers of the file that the log does not know take part in the model.
//
// A purchase comes after the decision where its time is later. Where decisions or purchases carry dates without
// times of the day, all purchases of a decision's own day come before it (a finding counts them).
//
// What is extrapolated is tested: has the effect of each action late the size that it had early
// (EffectOverTime; learn from the first half, foretell the difference in the second)? A level of .02 for all
// actions together. What the calendar does beyond the model is measured by forecast_purchases' backtests; it is
// taken as one factor common to all customers (`common`), a normal error of the size that gives
// forecast_purchases its interval.
//
// Caps: an effect that changes; an effect that cannot be tested (fewer than 20 purchases again of an action in
// a half; actions that differ between decisions); decisions that typically (median) lie fewer than
// kLeastLifetimeWeeks before END; a horizon above kMostHorizons times that. Assumed beside: effects go on after
// END as in the late half, and nobody buys for the first time after END.
//
// REQUIRES: folds assigned with split_seed; spec.model == "bg_nbd"; log.unit_named. Throws Error{kInput}: no
// amounts, no times in the log, a transaction or decision after END, customers that are (almost) none of the
// log's or are so under another spelling, a customer of the log without a transaction (unless
// spec.absent_is_zero: then its value is 0), too few customers who bought again for any model.
LearntOutcome learn_lifetime_value(const DecisionLog& log, const Goal& goal, const OutcomeSpec& spec,
                                   const Transactions& transactions, std::uint64_t split_seed, int threads);
inline constexpr double kLeastLifetimeWeeks = 13, kMostHorizons = 2;

// What customers did before the decision foretells much of what they do after it, under any action. Adds it to
// the outcome models (`q`) of learnt outcomes with a history: the same number for all actions of a decision, by
// least squares of what the models miss on the history; for a training fold from the other training folds, for
// the certification half from the training half. Doubly robust estimates stay as right as they were, whatever
// it says, and become as much sharper as it foretells. To be called once, after fit_outcome_models. REQUIRES:
// models.learnt are columns of `log`.
void add_histories(const DecisionLog& log, OutcomeModels& models);

// ---------------------------------------------------------------------------------------------- its error

// What the error of the parameters adds to every bucket's sum of weight_i * value_i over the decisions with
// mask[i] that are observed, each over the probability of being asked; kBuckets numbers that sum to zero.
// Linear in `weight`. part: of the whole value, or of what is foretold (value less `missed`). The same bytes
// for any number of threads.
enum class LearntPart { kValue, kForetold };
std::vector<double> learnt_error(const LearntOutcome& learnt, std::span<const double> weight,
                                 const std::vector<std::uint8_t>& mask, int threads,
                                 LearntPart part = LearntPart::kValue);

}  // namespace plumb
