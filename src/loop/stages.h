// The stages of the loop, one function each: they fill a Study in the order in which data travels.
#pragma once

#include <map>

#include "plumb/plumb.h"
#include "report/study.h"

namespace plumb {

// Tells the caller's progress callback, where there is one.
void tell(const RunOptions& options, const char* stage, std::uint64_t done, std::uint64_t total);
// Every outcome that a number is asked of: the goal's, the proxies, the constraints', each once. Those that
// have an outcome model: all but what people prefer. Those that the log holds: nothing that is learnt.
std::vector<std::string> modelled_outcomes(const Goal& goal);
std::vector<std::string> logged_outcomes(const Goal& goal);

// The log, or its columns as an earlier run left them (RunOptions::cache).
DecisionLog read_or_recall(const std::string& path, const Goal& goal, const RunOptions& options,
                           LoadReport* report);
Study read_and_check(const Goal& goal, const RunOptions& options, const std::string& verb);
// The same for a log that is in memory already (simulated worlds, other programs).
Study check_in_memory(const Goal& goal, DecisionLog log, LoadReport load, const RunOptions& options,
                      const std::string& verb, std::optional<Feedback> feedback = std::nullopt,
                      std::map<std::string, Transactions> transactions = {});
// Outcomes that are used and missing in some decisions, nobody having said with what probability they were
// asked: their probabilities of being observed are estimated (OutcomeColumn::asked) and tested. By outcome why
// what is missing keeps claims about it from being decided, where something does: nobody declared it to be
// missing at random, the estimate fails its test, or stated probabilities are contradicted. Nothing is done,
// and nothing costs, where nothing is missing. REQUIRES: folds were assigned.
struct MissingFound {
  std::map<std::string, std::string> caps;
  std::vector<Finding> findings;
};
MissingFound explain_missing(DecisionLog& log, const Goal& goal, int threads);
// Why nothing about the goal (and about `outcome` besides) is decided where no bounds are asked; empty where
// something may be.
std::string cap_of_goal(const Study& study, const std::string& outcome = "");
// Adds the goal's learnt outcomes to the log as columns, and says what they were learnt from.
std::vector<std::shared_ptr<const LearntOutcome>> learn_columns(Study& study);
// After the outcome models: does a surrogate index carry the effect, where that can be seen?
void test_indices(Study& study);
// How the outcome models stand to what came.
void measure_reliability(Study& study);
void learn_preference(Study& study);  // REQUIRES: study.feedback
// Freezes goal, log and split seed in goal.lock (or holds them against the one that is there); from now on
// looks at this log are counted, whatever goal asks. REQUIRES: the goal was read from a file.
void lock_goal(const Study& study, const RunOptions& options);
// What may be spent on this question: read, decided and written under one lock, before it is asked. Then its
// verdict, before it is shown. docs/decisions/looks-belong-to-the-log.md.
void open_look(Study& study, const std::string& question, const RunOptions& options);
void close_look(const Study& study, const RunOptions& options);
// Which decisions are judged by, as part of a question: n bytes, hashed.
std::string digest_of_rows(const std::vector<std::uint8_t>& rows);
void learn_outcomes(Study& study, const RunOptions& options);
void summarize_constants(Study& study);
void lay_paths(Study& study, const RunOptions& options);
void audit_proxies(Study& study, const RunOptions& options);
// What the reward model promises against what people say; nothing where the goal asks for no preference.
void audit_people(Study& study);
void train_policies(Study& study, const RunOptions& options);
// How far policies and the proxies' paths are from the reference and from what the log did.
void measure_distances(Study& study);
// What trees do and what a budget's policies spend and earn, on decisions that they have not seen.
void give_account(Study& study, const std::vector<PolicyPointer>& policies,
                  const std::vector<std::uint8_t>& seen, const std::vector<std::uint8_t>& unseen);
// What every certification of this study shares: what may be spent, and what the log cannot tell.
// What the feedback's answers allow of careless ones.
LapseRange lapses_of(const Study& study);
// certify, at every share of careless answers that is possible where the goal holds a preference.
Certification certify_at_every_lapse(Study& study, const std::vector<Certifiable>& candidates,
                                     const CertificationOptions& options);
CertificationOptions certification_options(const Study& study);
void certify_candidates(Study& study, const RunOptions& options);
// The later log's study, with everything that the monitor found. `first` and `later` were read for one goal;
// their folds are assigned here. `later_as_of`: what the later log was read with in place of the goal's as_of.
Study monitor_in_memory(const Goal& goal, DecisionLog first, DecisionLog later, LoadReport load,
                        const PolicyPointer& policy, const RunOptions& options,
                        const std::string& later_as_of = "");
Evidence evidence_of(Study& study);

}  // namespace plumb
