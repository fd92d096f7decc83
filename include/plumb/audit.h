// plumb/audit.h: outer alignment (does the proxy stand for the goal, and how far may it be pushed) and inner
// alignment (does a policy really serve the goal, for everyone). Both end in verdicts: pass, refuse (shown to
// fail) or inconclusive (the log cannot tell).
//
// The certification half is only read here, once, for candidates that were fixed before.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plumb/optimize.h"

namespace plumb {

enum class Verdict { kPass, kRefuse, kInconclusive };
std::string_view name_of(Verdict verdict);
// Any refuse: refuse; else any inconclusive: inconclusive; else pass. No claims: inconclusive.
Verdict combine(std::span<const Verdict> verdicts);

// A value with its interval, or neither where the log cannot carry them.
struct Measured {
  bool known = false;
  double value = 0, standard_error = 0;
  Interval interval;
  std::string method;  // which interval: "normal", "Hall", "gamma", "bounds"; empty where unknown
  std::string why_not;
};

// ---------------------------------------------------------------------------------------------- outer

struct Surrogacy {
  bool known = false;
  std::string contrast;  // "Mens E-Mail against No E-Mail", "the end of the path against the reference"
  // What the two arms differ by beyond what proxy and context tell, h = E[goal | proxy, context] and
  // r = E[treatment | proxy, context] both fitted without the row's own fold: the mean of
  // (treatment - r) (goal - h) over all rows is the bias, and z is the bias over its standard error (Robinson
  // 1988; errors of h and r enter only as their product). p: two-sided, Bonferroni over `pairs`.
  double z = 0, p = 0;
  // direct: effect on the goal; bias: what of it the proxy does not carry; index: what it does, their
  // difference.
  Measured direct, index, bias;
  std::size_t pairs = 1;  // of actions that were compared; the one that decides is shown
  // Decisions that the answer rests on, those with proxy and goal observed, of so many.
  std::uint64_t rows = 0, of_rows = 0;
  // By the interval of the bias, simultaneous over the pairs. pass: usable (every pair's inside
  // +-minimum_effect); refuse: refuted (one pair's outside).
  Verdict verdict = Verdict::kInconclusive;
  std::string why_not;
};

struct ProxyAudit {
  std::string name;
  Verdict verdict = Verdict::kInconclusive;
  std::string sentence;
  Measured unit_association;    // correlation of proxy and goal over decisions
  Measured effect_association;  // slope of effects on the goal on effects on the proxy, noise removed
  Surrogacy surrogacy;
  GoodhartCurve curve;
  PressurePath path;
};

// What the audits look at. Subsets `all`, `training` and `certification` are registered in the evaluation.
struct AuditContext {
  const DecisionLog& log;
  const Goal& goal;
  const OutcomeModels& models;
  const Evaluation& evaluation;
  std::span<const float> base;         // of the logging policy, a float a row
  std::size_t reference = 0;           // number in the evaluation
  std::vector<std::size_t> constants;  // numbers in the evaluation, by position in log.actions; empty if none
  std::size_t all = 0, training = 0, certification = 0;
  std::uint64_t seed = 1;
  int threads = 1;
};

ProxyAudit audit_proxy(const AuditContext& context, const std::string& proxy, const PressurePath& path,
                       const Signal& signal);

// A policy pushed towards a proxy against one pushed equally hard towards the goal, both learnt on the training
// half, compared by the goal on the certification half, where their pressure is measured too; intervals are
// simultaneous over the proxies. Where they cannot be told apart, the proxy teaches as much as the goal does
// (on this much data).
//
// Equally hard means the same KL to rounding: beta of the policy that could be pushed further is solved for on
// its path. The log's KL is itself estimated, so what the paths' KLs differ by in truth (given that they agree
// here) enters the error: the goal's slope along its path times the sampling error of the difference of KLs;
// what the solution leaves unequal widens the interval by that slope times it.
struct SignalComparison {
  std::string proxy;
  double kl_proxy = 0, kl_goal = 0;  // nats, over the certification half
  // Both policies choose alike, up to rounding, in every decision of the certification half (with two actions
  // and no context equal pressure leaves nothing else): then the difference is exactly 0 and nothing is
  // claimed.
  bool same_policy = false;
  Measured difference;  // goal under the proxy's policy minus under the goal's
};
// paths[0] is the goal's, signals are those of the paths. Proxies without a path are left out.
std::vector<SignalComparison> compare_signals(const AuditContext& context,
                                              const std::vector<PressurePath>& paths,
                                              const std::vector<Signal>& signals);

// What the reward model promises against what people say whom it did not learn from, along the path towards
// what people prefer. Regressional Goodhart in one picture: the promise is what a policy optimizes, `held_out`
// what it gets.
struct PreferenceAudit {
  std::string name;
  PressurePath path;
  // proxy: the model's own promise, without an interval (lower = upper = value); goal: held-out people's
  // preference, with a simultaneous band; peak and harm are theirs.
  GoodhartCurve curve;
  std::string sentence;
};
// REQUIRES: context.models.preference; path and signal are those of the preference (of the goal, where the goal
// wants nothing else).
PreferenceAudit audit_preference(const AuditContext& context, const PressurePath& path);

// The surrogacy test for one contrast of weights: w_high and w_low are importance weights of two policies for
// every decision, rows the decisions to use. All of them are used: what is fitted is cross-fitted over all
// folds, in several assignments of units to folds that do not depend on the split, and averaged, so that
// neither the split nor the folds decide. Public because its numbers have published counterparts.
Surrogacy surrogacy_test(const DecisionLog& log, const Goal& goal, const std::string& proxy,
                         const OutcomeModels& models, std::span<const double> w_high,
                         std::span<const double> w_low, const std::vector<std::uint8_t>& rows, int threads);
// The same for every pair of actions that carry a number, all at once: no pair is chosen by what it shows. What
// is told is the pair that decides: the one most clearly outside of +-minimum_effect where the proxy is
// refuted, else the one whose interval reaches furthest. REQUIRES: log.fixed_actions.
Surrogacy surrogacy_of_actions(const DecisionLog& log, const Goal& goal, const std::string& proxy,
                               const OutcomeModels& models, int threads);

// ---------------------------------------------------------------------------------------------- inner

// A goal's budget is a constraint on what ships: every candidate has a claim of this id, its mean cost a
// decision (which is known from what it chooses: no importance weights) against the budget.
inline constexpr std::string_view kBudgetClaim = "mean cost";

struct ConstraintClaim {
  std::string id;
  Measured measured;  // level or difference from the reference, in the outcome's unit
  double limit = 0, margin = 0;
  Verdict verdict = Verdict::kInconclusive;
  std::uint64_t decisions_needed = 0;
  std::string sentence;
};

struct SegmentClaim {
  std::string segment, level;
  std::uint64_t count = 0;
  Measured gain;                             // of the goal over the reference
  Verdict verdict = Verdict::kInconclusive;  // refuse: harm is proven; never asked to pass
};

struct CandidateClaim {
  std::string name, signal;
  PolicyKind kind = PolicyKind::kReference;
  bool fixed_beforehand = false;  // uses all rows against other fixed ones
  double kl = 0, chi2 = 0;
  Support support;
  Measured goal, versus_reference, versus_best_constant;
  Verdict gain = Verdict::kInconclusive;  // of versus_reference alone
  Verdict verdict = Verdict::kInconclusive;
  std::string reason;
  std::string cap;  // what kept the verdict from being decided, though the intervals decide; usually empty
  std::uint64_t decisions_needed = 0;  // more, to decide what is inconclusive about the gain
  std::vector<ConstraintClaim> constraints;
  std::vector<SegmentClaim> segments;
};

struct PairClaim {  // gain of a over b
  std::string a, b;
  Measured gain;
};

struct Certification {
  std::vector<CandidateClaim> candidates;  // the reference first
  std::vector<PairClaim> pairs;
  std::size_t family_size = 0;
  double critical = 0, alpha = 0;
  std::optional<std::size_t> best_constant, recommended;  // positions in candidates
  Verdict verdict = Verdict::kInconclusive;
  std::string decision;  // "ship", "keep", "experiment"
};

// A policy to certify. rows: decisions it may be certified on when compared as a learnt policy
// (fixed_beforehand: all).
struct Certifiable {
  PolicyPointer policy;
  std::string signal;
  bool fixed_beforehand = false;
};
inline constexpr std::size_t kMostCandidates = 18;  // learnt or from files, beside reference and constants

struct CertificationOptions {
  double alpha = 0.05;
  // Where not empty: sentences why the log can decide nothing. They stop a refusal as they stop a pass.
  std::vector<std::string> caps;
  // By outcome: a sentence why its missing answers leave a claim about it undecided. Such a claim is decided
  // where worst-case bounds do: all that is missing at the worst end of the outcome's range (Manski 1990).
  std::map<std::string, std::string> missing_caps;
  // Share of the log's rows that were rejected while reading: they enter every interval at the worst that the
  // outcomes' ranges allow. REQUIRES: where above 0, every outcome of the goal and of a constraint has a range.
  double rejected_share = 0;
  // Rows for learnt policies; default the certification half. A learnt reference is one, unless it was learnt
  // from no row of this log.
  std::vector<std::uint8_t> unseen;
  bool reference_is_fixed = false;
  std::uint64_t seed = 1;
  int threads = 1;
  bool with_constants = true;  // compare with every constant action where actions are fixed
};

// The reference, every constant action (where the same at most 64 actions are always offered) and the
// candidates, compared all at once: one max-t over all paired gains, refused ones included; each constraint and
// segment level has its own max-t over the candidates, and so has the budget. Recommended is the simplest
// passing policy (constant, table, tree, softmax, priced; ties by the larger lower end) that no other passing
// one beats simultaneously. REQUIRES: at most kMostCandidates candidates.
Certification certify(const DecisionLog& log, const Goal& goal, const OutcomeModels& models,
                      PolicyPointer reference, const std::vector<Certifiable>& candidates,
                      const CertificationOptions& options);

// Of two certifications of the same candidates under different shares of careless answers (plumb/careless.h),
// both of which are possible: intervals cover both, and a verdict is what both say. decisions: of the log;
// where: what `other` supposes, for sentences ("with 40 % of the answers careless").
void widen_over(Certification& into, const Certification& other, const Goal& goal, double decisions,
                const std::string& where);
// Verdicts that `other` does not share are capped for `why`; intervals stay.
void hold_at(Certification& into, const Certification& other, const std::string& why);

}  // namespace plumb
