// plumb/plumb.h: the verbs. Each takes a goal and answers with Evidence: one JSON document (docs/evidence.md),
// what a terminal shows of it, and the files that belong to it. src/loop.cc has align(), the whole loop in one
// function: read it first.
//
//   Evidence e = align(read_goal("goal.toml"), RunOptions{});
//   write_run("run", run_files(e));              // evidence.json, report.html, policies, all or nothing
//
// Every verb throws Error for unusable input, is deterministic in (goal, log, seed), whatever the number of
// threads, and writes nothing itself but looks into goal.lock where there is one (gate and align).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plumb/goal.h"

namespace plumb {

struct RunOptions {
  std::string log;         // instead of the goal file's [data] log
  std::uint64_t seed = 1;  // the split seed: which units learn and which certify
  int threads = 1;
  Progress progress;              // may be empty
  bool not_trained_here = false;  // evaluate, gate: declare that POLICY tables were not learnt from this log
};

struct Evidence {
  std::string json;      // the document, two-space indented, one trailing newline
  std::string text;      // for a terminal: a sentence first, then tables
  std::string decision;  // align, gate: "ship" | "keep" | "experiment"
  std::string verdict;   // "pass" | "refuse" | "inconclusive"; empty where the verb has none
  std::map<std::string, std::string> files;  // policies by file name, bytes
};

// What is in the log: columns, propensities, overlap, every constant action with its interval, the effect that
// this log could detect, what is wrong with log or goal.
Evidence check(const Goal& goal, const RunOptions& options);
// Freezes goal, log digest and split seed into goal.lock. Throws where a lock exists that says otherwise.
Evidence check_and_lock(const Goal& goal, const RunOptions& options);
// What was learnt for every outcome that the goal asks of: its model, how it stands to what came on rows that
// it did not see, outcomes that are learnt themselves (plumb/learnt.h) and what people prefer. No verdict.
Evidence reward(const Goal& goal, const RunOptions& options);
// Outer alignment: every proxy's associations, surrogacy test and Goodhart curve.
Evidence audit(const Goal& goal, const RunOptions& options);
// The exact best-of-n curve of a table of candidates (prompt, candidate, proxy, goal): plumb/pool.h. Needs no
// goal file. The verdict is the proxy's: refuse where the goal is shown to fall while the proxy rises.
Evidence audit_pool_file(const std::string& path, const RunOptions& options);
// Learns policies on the training half; files holds policy.safetensors, the one that the held-out folds chose.
Evidence train(const Goal& goal, const RunOptions& options);
// Value, interval, support and segments of policies (POLICY arguments, see policy_from_argument).
Evidence evaluate(const Goal& goal, const std::vector<std::string>& policies, const RunOptions& options);
// Inner alignment of one policy: the verdict. A policy learnt from rows of this log is inconclusive.
Evidence gate(const Goal& goal, const std::string& policy, const RunOptions& options);
// The whole loop: check, audit, train, certify, decide.
Evidence align(const Goal& goal, const RunOptions& options);

// evidence.json, report.html and the evidence's own files, ready for write_run().
std::map<std::string, std::string> run_files(const Evidence& evidence);

}  // namespace plumb
