// monitor: a later log against the one of a certificate.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "audit/claims.h"
#include "data/checks.h"
#include "loop/stages.h"
#include "plumb/monitor.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path, const char* expected) {
  std::error_code failed;
  const bool is_file = fs::is_regular_file(path, failed);  // before it is opened: a named pipe would wait
  std::ifstream in;
  if (is_file) in.open(path, std::ios::binary);
  if (!is_file || !in) environment_error(path.string(), fmt::format("cannot be opened, expected {}", expected));
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void require_no_preference(const Goal& goal) {
  const std::vector<std::string> needed = needed_outcomes(goal), logged = logged_outcomes(goal);
  for (const std::string& name : needed) {
    if (std::find(logged.begin(), logged.end(), name) != logged.end()) continue;
    refuse(goal.path.empty() ? "the goal" : goal.path, "outcome." + name, "an outcome that is learnt",
           "outcomes that a later log shows: no later feedback and no later transactions are compared");
  }
}

// What moved is told by plain means of rows.
void require_equal_rows(const DecisionLog& log) {
  if (!log.weight.empty())
    refuse(log.source, "pdrop", "rows that were dropped at several rates", "rows that all count alike");
}

}  // namespace

Study monitor_in_memory(const Goal& goal, DecisionLog first, DecisionLog later, LoadReport load,
                        const PolicyPointer& policy, const RunOptions& options,
                        const std::string& later_as_of) {
  require_no_preference(goal);
  require_equal_rows(first);
  require_equal_rows(later);
  assign_folds(first, options.seed);
  const MissingFound first_missing = explain_missing(first, goal, std::max(1, options.threads));
  // The goal's as_of belongs to the first log: no decision of the later one is held against it.
  Goal later_goal = goal;
  later_goal.data.as_of = later_as_of;
  Study study = check_in_memory(later_goal, std::move(later), std::move(load), options, "monitor");
  study.goal = goal;
  tell(options, "comparing logs", 0, 1);
  study.reference = policy_from_argument("reference", study.log, goal, true, study.threads);
  CertificationOptions how;
  how.alpha = 1 - goal.confidence;
  how.caps = study.caps;
  how.missing_caps = study.missing_caps;
  how.rejected_share = study.rejected_share;
  how.seed = study.seed;
  how.threads = study.threads;
  MonitorSummary summary;
  summary.first_log = first.source;
  summary.first_digest = log_digest(first);
  summary.certified = unknown("no run was named");
  const MonitorInput input{first,
                           study.log,
                           goal,
                           logged_outcomes(goal),
                           policy,
                           policy_from_argument("reference", first, goal, true, study.threads),
                           study.reference,
                           how,
                           first_missing.caps.empty() ? "" : first_missing.caps.begin()->second};
  summary.found = monitor_logs(input);
  for (const Finding& finding : summary.found.findings) study.findings.push_back(finding);
  study.certification = summary.found.claims;
  study.monitor = std::move(summary);
  tell(options, "comparing logs", 1, 1);
  return study;
}

Evidence monitor(const Goal& goal, const std::string& later, const Certified& certified,
                 const RunOptions& options) {
  require_no_preference(goal);
  if (!certified.as_of.empty()) parse_time_us(certified.as_of, "monitor", "--as-of");
  RunOptions run = options;
  std::optional<Certificate> certificate;
  const fs::path directory(certified.run);
  const std::string evidence = (directory / "evidence.json").string();
  PolicyPointer policy;
  if (certified.policy.empty()) {
    certificate = parse_certificate(read_text(evidence, "the evidence of an align run"), evidence);
    if (certificate->goal_hash != goal.hash) {
      refuse(evidence, "goal_hash", hex(certificate->goal_hash),
             hex(goal.hash) + ", the goal file's: it was changed, or the run is of another goal");
    }
    run.seed = certificate->split_seed;
    policy = read_policy((directory / certificate->file).string());
  }
  tell(options, "reading", 0, 2);
  const std::string path = find_log(goal, options.log);
  LoadReport first_load, load;
  DecisionLog first = read_or_recall(path, goal, options, &first_load);
  if (const auto lock = goal.path.empty() ? std::nullopt : read_lock(goal))
    verify_lock(*lock, goal, log_digest(first));
  if (certificate && certificate->log_digest != log_digest(first)) {
    refuse(path, "log_digest", hex(log_digest(first)),
           hex(certificate->log_digest) + ", of the log that " + evidence + " was made from");
  }
  tell(options, "reading", 1, 2);
  // Late outcomes of the later log have had until its own end to arrive.
  Goal later_goal = goal;
  later_goal.data.as_of = certified.as_of;
  DecisionLog later_log = read_or_recall(later, later_goal, options, &load);
  tell(options, "reading", 2, 2);
  if (!policy) {
    policy = policy_from_argument(certified.policy, later_log, goal, true, std::max(1, options.threads));
    if (!policy->trained_on().empty()) run.seed = policy->trained_on().split_seed;
  }
  Study study = monitor_in_memory(goal, std::move(first), std::move(later_log), std::move(load), policy, run,
                                  certified.as_of);
  if (certificate) {
    study.monitor->certified = certificate->gain;
    study.monitor->certified.interval.level = goal.confidence;
  }
  return evidence_of(study);
}

}  // namespace plumb
