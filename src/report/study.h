// Everything that one run found out, stage by stage; the evidence document is made from it and from nothing
// else.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "audit/index_surrogacy.h"
#include "plumb/account.h"
#include "plumb/audit.h"
#include "plumb/budget.h"
#include "plumb/careless.h"
#include "plumb/learnt.h"
#include "plumb/monitor.h"
#include "plumb/preferred.h"
#include "plumb/stream_evaluation.h"

namespace plumb {

struct ConstantSummary {
  std::string name;
  double count = 0;
  Measured value;       // doubly robust level of the goal
  double arm_mean = 0;  // plain mean of the goal where the action was taken (SNIPS)
};

struct PolicyEstimates {  // of `evaluate`
  std::string name, rows;
  Support support;
  struct One {
    Estimator estimator = Estimator::kDr;
    Measured value;
  };
  std::vector<One> estimates;
  // What gate says of it: gain over the reference, limits, segments. None of what is not judged: what runs
  // today, what a stream values.
  std::optional<CandidateClaim> claim;
  std::optional<Verdict> verdict;
  std::string reason;
};

// What is told of a log that was read as a stream, where `log` holds its path alone.
struct Streamed {
  std::uint64_t decisions = 0;
  std::vector<StreamedOutcome> outcomes;
};

struct LookSummary {
  bool counted = false;  // there is a lock
  double alpha = 0.05;
  double spent = 0;        // by this look and all before it, whatever goal asked
  std::size_t number = 0;  // of this look
  std::string key;         // what it is counted as
  std::string place;       // where it was counted, as part of a sentence
};

// Points of a proxy's pressure path as shares of decisions in which its policy would choose otherwise than the
// log did: total variation. Unknown where there is no such point.
struct ProxyReach {
  std::optional<double> peak, harm, end;
};

// monitor: what was found, and what it was held against.
struct MonitorSummary {
  Monitoring found;
  std::string first_log;
  std::uint64_t first_digest = 0;
  Measured certified;  // the gain as the run states it; unknown where no run was named
};

struct Study {
  std::string verb;
  Goal goal;
  std::uint64_t seed = 1;
  int threads = 1;

  // data
  DecisionLog log;
  LoadReport load;
  std::optional<Streamed> streamed;
  std::uint64_t decisions() const { return streamed ? streamed->decisions : log.size(); }
  std::vector<Finding> findings;
  double rejected_share = 0;                        // of the rows read
  std::vector<std::string> caps;                    // why nothing can be decided on this log
  std::map<std::string, std::string> missing_caps;  // by outcome: as CertificationOptions has them
  std::uint64_t digest = 0;

  std::optional<Feedback> feedback;  // where the goal asks what people prefer
  FeedbackReport feedback_load;
  LapseRange lapses;                                 // of the feedback's answers
  std::map<std::string, Transactions> transactions;  // of lifetime values, by the outcome's name

  // reward, policy, evaluate
  OutcomeModels models;
  std::shared_ptr<const LoggingPolicy> logging;
  PolicyPointer reference;
  std::vector<float> base;
  std::unique_ptr<Evaluation> evaluation;
  std::size_t all = 0, training_rows = 0, certification_rows = 0, reference_number = 0;
  std::vector<std::size_t> constants;  // numbers in the evaluation, by position in log.actions
  std::vector<ConstantSummary> constant_summaries;
  std::optional<double> detectable_effect;
  std::string detectable_action;  // whose gain that is; empty where actions are not fixed
  std::vector<IndexSurrogacy> index_tests;
  std::map<std::string, Reliability> reliability;  // of outcome models, by outcome; where the verb is reward

  // pressure, audit, optimize
  std::vector<Signal> signals;
  std::vector<PressurePath> paths;
  std::vector<ProxyAudit> proxies;
  std::vector<SignalComparison> comparisons;
  std::optional<PreferenceAudit> preference;
  std::optional<Training> training;
  std::optional<BudgetPolicy> budget;     // where the goal has one and a policy by price was trained
  std::vector<TreeAccount> trees;         // of every tree that was trained or judged
  std::vector<SpendingAccount> spending;  // where the goal has a budget
  std::optional<Certification> certification;
  std::optional<MonitorSummary> monitor;
  std::vector<PolicyEstimates> policies;
  std::string recommended_file;

  LookSummary look;
  std::string policy_note;  // gate: what is known of the policy's origin
  bool policy_origin_declared = false;
  // n, decisions that the reference was learnt from; empty: none, or it was not learnt.
  std::vector<std::uint8_t> reference_seen;
  std::optional<double> weeks;  // that the log spans
  // How often a policy would choose otherwise than the reference (a share of decisions), by the policy's name.
  std::map<std::string, double> otherwise;
  std::map<std::string, ProxyReach> reach;  // by proxy
  std::vector<double> todays_shares;        // of log.actions, where the log chose by one lottery; else empty
};

// The document (docs/evidence.md): what the verb found, nothing that it did not.
nlohmann::json evidence_document(const Study& study);

// Parts of it.
nlohmann::json audit_json(const Study& study);
nlohmann::json trees_json(const Study& study);
nlohmann::json budget_json(const Study& study);      // REQUIRES: study.goal.budget
nlohmann::json preference_json(const Study& study);  // REQUIRES: study.models.preference
nlohmann::json learnt_json(const Study& study);      // of the learnt outcomes
nlohmann::json reliability_json(const Reliability& reliability);
nlohmann::json certification_json(const Certification& certification);  // candidates[] only
nlohmann::json limits_json(const CandidateClaim& claim);
nlohmann::json segments_json(const CandidateClaim& claim);
nlohmann::json monitor_json(const MonitorSummary& monitor);
nlohmann::json monitor_questions_json(const Study& study);
std::string monitor_headline(const Study& study);
nlohmann::json peak_json(const GoodhartCurve& curve);      // nulls where a point has no number
nlohmann::json curve_point_json(const CurvePoint& point);  // no numbers where it has none
nlohmann::json interval_json(const Measured& measured);    // {value, lower, upper}, nulls where unknown
nlohmann::json number_json(double value);                  // null where not finite
// Sentences.
std::string headline(const Study& study);
nlohmann::json questions_json(const Study& study);
nlohmann::json reasons_json(const Study& study);
nlohmann::json assumptions_json(const Study& study);

}  // namespace plumb
