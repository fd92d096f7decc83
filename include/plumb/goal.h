// plumb/goal.h: the goal file. What is wanted, what can be measured now, what must never happen, and how sure
// one must be, all written down before the data is looked at.
//
// parse_goal refuses anything that it does not understand: unknown keys are errors that name the nearest known
// key, numbers out of range are errors with file and line. Every artefact carries Goal::hash.
//
//   Goal goal = read_goal("goal.toml");
//   goal.maximize[0].outcome;   // "value_90d", weight 1
//
// Everything here is pure except reading and writing files; equal text gives equal goals. Functions may be
// called from any thread; no object is shared.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plumb/base.h"

namespace plumb {

// kPreference is in no column: it is what people prefer, learnt from [data] feedback (plumb/preferred.h).
enum class OutcomeKind { kBinary, kRating, kCount, kAmount, kNumber, kPreference };
std::string_view name_of(OutcomeKind kind);

struct OutcomeSpec {
  std::string name;  // letters, digits and _: what `maximize` can name
  OutcomeKind kind = OutcomeKind::kNumber;
  std::optional<std::int64_t> observed_after_us;  // younger rows are immature
  bool absent_is_zero = false;                    // else an absent record is missing
  std::optional<std::string> asked_column;        // probability of being asked: a column ...
  std::optional<double> asked_rate;               // ... or a number in (0, 1]
  // missing = "at_random": who answers depends on nothing but action and context, declared.
  bool missing_at_random = false;
  std::optional<double> range_lower, range_upper;
  std::string column;  // where it is read from; the name where not given (`column = `)
  // Outcomes that are in no column but learnt: "" (read from the log), "bg_nbd" (what a customer will still
  // spend, from a file of transactions), "surrogate_index" (what early outcomes foretell of a late one).
  std::string model;
  std::string transactions;                // bg_nbd: the file ...
  std::string customer, date, amount;      // ... and its columns; empty: found by name
  std::optional<std::int64_t> horizon_us;  // bg_nbd: how far it looks
  std::string of;                          // surrogate_index: the late outcome ...
  std::vector<std::string> surrogates;     // ... and the early ones
  bool surrogacy_assumed = false;          // declared: they carry the whole effect on it
  // preference: at most this share of answers was given without looking, declared
  std::optional<double> careless_at_most;
  int line = 0;
};

struct Term {  // weight * outcome
  double weight = 1;
  std::string outcome;
};

struct ConstraintSpec {
  std::string outcome;
  std::optional<double> at_most, at_least;  // a level ... (exactly one of the three is set)
  bool no_worse_than_reference = false;     // ... or against the reference
  // Direction: `no_worse_than = "reference"` needs to know which way is worse. An outcome that `maximize`
  // contains with a positive weight is worse when lower, with a negative one when higher; a preference when
  // lower, unless `better` says otherwise; any other needs `better`. A `better` that contradicts `maximize`, or
  // none where it is needed, is refused. True for at_least, false for at_most.
  bool higher_is_better = false;
  std::string segment;     // empty: everyone; else every level must be proven
  double margin = 0;       // >= 0, in the outcome's unit
  std::string id() const;  // "polarization", "value_90d by age_band"; unique within a goal
  int line = 0;
};

enum class Estimand { kOneDecision, kDeployed };

// [policy] outcome_models: "linear", or "boosted" (trees; only in a build with XGBoost, else refused).
enum class Learner { kLinear, kBoosted };
std::string_view name_of(Learner learner);

struct DataSpec {
  std::string log, id, time, version, unit, action, propensity_column, propensities;
  std::string as_of;                                // a date or time in UTC, ISO 8601; empty: the latest time
  std::optional<double> propensity_number;          // one number for every decision
  std::map<std::string, double> propensity_by_arm;  // one number an arm, sum 1 within 1e-3, as written
  std::vector<std::string> context;                 // column names; a trailing * matches by prefix
  // Columns that are made after the choice: known to be, left out of guessed contexts and of balance tests.
  std::vector<std::string> after_action;
  char decimal = '.';                      // of numbers in CSV files: '.' or ','
  std::vector<std::string> outcome_files;  // late outcomes, joined by id
  std::vector<std::string> feedback;
  Estimand estimand = Estimand::kOneDecision;
  double reject_up_to = 0;
};

struct Goal {
  std::string path;  // where it was read; "" for text, set by read_goal
  // [goal]
  std::string name, intent, unit, owner;
  std::string maximize_text;
  std::vector<Term> maximize;  // parsed from maximize_text, at least one
  double minimum_effect = 0;   // > 0 or 0
  double confidence = 0.95;    // in [0.5, 0.999]
  bool proof_minimum = false;  // proof = "minimum": the lower end must reach minimum_effect
  // the rest
  std::vector<OutcomeSpec> outcomes;  // in file order
  std::vector<std::string> proxies;
  std::vector<ConstraintSpec> constraints;
  std::vector<std::string> segments;  // [audit] segments, shown
  DataSpec data;
  std::string reference = "logging";  // logging | constant:<action> | uniform | a policy file
  std::string family = "softmax";     // softmax | tree | constant | table | language_model
  Learner outcome_models = Learner::kLinear;
  std::optional<int> tree_depth;  // family = "tree": 1 to 3; empty: the depth that held-out folds choose
  // Cost of every action, and the mean cost a decision that a policy may have at most; empty: no budget.
  std::map<std::string, double> cost;
  std::optional<double> budget;
  std::string signal = "auto";      // auto | goal | one of the proxies | a reward model's .safetensors
  std::optional<double> kl_budget;  // nats; empty: "auto"
  std::uint64_t hash = 0;           // of the file's meaning: comments, order of keys and spaces do not count

  const OutcomeSpec* outcome(std::string_view name) const;  // nullptr where there is none
  const OutcomeSpec* preference() const;  // the outcome of kind preference; nullptr where there is none
  // The same goal with the outcomes alone that a decision log can hold: no preference, nothing learnt.
  Goal without_preference() const;
  // Every segment column, of constraints and of [audit], each once, in order.
  std::vector<std::string> all_segments() const;
};

// The goal that `text` (TOML 1.0, UTF-8) states; `path` is for messages only. Refused: what is not TOML,
// unknown keys, wrong types, numbers out of range, names that refer to nothing (each with the nearest name),
// outcomes among what is known when choosing, contradictions. Throws Error{kInput} "goal.toml:12:
// constraint.at_most: found -0.3, expected a number >= 0".
Goal parse_goal(std::string_view text, const std::string& path = "goal.toml");
// The same from a file. Throws Error{kEnvironment} where it is missing or cannot be read.
Goal read_goal(const std::string& path);

// The path of the log: `override_path` where given, else data.log as an absolute path, else the first that
// exists of FOLDER/data.log, $PLUMB_DATA/data.log and $PLUMB_DATA/NAME/data.log, where FOLDER holds the goal
// file and is called NAME. Throws Error{kEnvironment} with every place that was tried, Error{kInput} where no
// log is named at all.
std::string find_log(const Goal& goal, const std::string& override_path);

// The path of a file that data.outcomes or data.feedback (`what`) names: as it is where absolute, else beside
// the log, else beside the goal file. Throws Error{kEnvironment} where it is in neither place.
std::string find_beside(const Goal& goal, const std::string& log, const std::string& name,
                        std::string_view what);

// "90d", "12h", "30m", "45s" (whole numbers >= 0) in microseconds; else throws Error{kInput} with `where` and
// `what`.
std::int64_t parse_duration_us(std::string_view text, std::string_view where, std::string_view what);
// ISO 8601 date or date-time in microseconds since 1970: UTC unless it ends in an offset ("+02:00"), at most
// six digits of a second. Throws as above.
std::int64_t parse_time_us(std::string_view text, std::string_view where, std::string_view what);

// ---------------------------------------------------------------------------------------------- the lock

// goal.lock, beside the goal file: freezes goal, log and split seed, and keeps this goal's looks; those of all
// goals are counted by log (docs/decisions/looks-belong-to-the-log.md). The k-th spends alpha / (k (k + 1)).
//
//   Lock lock = *read_lock(goal);  verify_lock(lock, goal, log_digest(log));
//   double alpha = alpha_for_look(lock, key, 1 - goal.confidence);   // ... the verdict at this alpha ...
//   record_look(lock, key, alpha, "pass");  write_lock(lock, goal);  // before the verdict is shown
struct Look {
  std::string key;   // goal hash, log digest, seed, options: repeating it spends nothing
  double alpha = 0;  // what this look spends, in (0, 1)
  std::string verdict;
};
struct Lock {
  std::uint64_t goal_hash = 0, log_digest = 0, split_seed = 1;
  std::vector<Look> looks;
};
// goal.toml has goal.lock, guarded.toml has guarded.lock beside it. REQUIRES: the goal was read from a file.
std::string lock_path(const Goal& goal);
std::optional<Lock> read_lock(const Goal& goal);  // empty where there is none; throws where it cannot be read
// Throws Error{kInput} where the goal or the log changed since the lock was written.
void verify_lock(const Lock& lock, const Goal& goal, std::uint64_t log_digest);
// Written aside, then renamed. Throws Error{kEnvironment} where the disk refuses, Error{kInput} where the lock
// on disk holds looks that this one does not: looks are never forgotten.
void write_lock(const Lock& lock, const Goal& goal);
// The alpha that a look named `key` may spend: its own where it was made before, else alpha / (k (k + 1)) for
// the k-th new one. Does not record it. REQUIRES: alpha = 1 - confidence in (0, 1).
double alpha_for_look(const Lock& lock, const std::string& key, double alpha);
// Adds a look that spent `alpha` (what alpha_for_look returned); a key that is there already is left as it is.
void record_look(Lock& lock, const std::string& key, double alpha, const std::string& verdict);

}  // namespace plumb
