// plumb/plumb.h: the verbs. Each takes a goal and answers with Evidence: one JSON document (docs/evidence.md),
// what a terminal shows of it, and the files that belong to it. src/loop.cc has align(), the whole loop in one
// function: read it first.
//
//   Evidence e = align(read_goal("goal.toml"), RunOptions{});
//   write_run("run", run_files(e));              // evidence.json, report.html, policies, all or nothing
//
// Every verb throws Error for unusable input, is deterministic in (goal, log, seed), whatever the number of
// threads, and writes nothing itself but looks, where they are counted (gate, evaluate, align): goal.lock,
// plumb.looks.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plumb/goal.h"

namespace plumb {

// Where the columns of a log are kept beside it, as LOG.plumb-columns, so that the next run need not parse it:
// for logs of kCachedBytes and more, for all, for none. A cache is used only where the log, its late outcomes
// and what the goal says of reading them are, byte by byte, those it was written for; else it is written anew.
enum class CacheUse { kLargeLogs, kAlways, kNever };
inline constexpr std::uint64_t kCachedBytes = std::uint64_t{256} << 20;

struct RunOptions {
  std::string log;         // instead of the goal file's [data] log
  std::uint64_t seed = 1;  // the split seed: which units learn and which certify
  int threads = 1;
  Progress progress;  // may be empty
  CacheUse cache = CacheUse::kLargeLogs;
  std::function<void(std::string_view)> message;  // told of the cache, in sentences; may be empty
  // align, evaluate, gate: declare that policies and the reference were not learnt from this log, where their
  // files do not say (tables; contexts too coarse to tell).
  bool not_trained_here = false;
};

struct Evidence {
  std::string json;  // the document, two-space indented, one trailing newline
  std::string text;  // for a terminal: a sentence first, then tables
  // align, gate: "ship" | "keep" | "experiment"; monitor: "stands" | "revoked" | "undecided"
  std::string decision;
  std::string verdict;  // "pass" | "refuse" | "inconclusive"; empty where the verb has none
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
// The exact best-of-n curve of a table of candidates (prompt, candidate, proxy, goal), of one list that of
// fractions kept: plumb/pool.h. Needs no goal file. `columns`: role and column, as PoolOptions has them. The
// verdict is the proxy's: refuse where the goal is shown to fall while the proxy rises.
Evidence audit_pool_file(const std::string& path, const RunOptions& options,
                         const std::vector<std::pair<std::string, std::string>>& columns = {});
// Learns policies on the training half; files holds policy.safetensors, the one that the held-out folds chose.
Evidence train(const Goal& goal, const RunOptions& options);
// Value, interval and support of policies (POLICY arguments, see policy_from_argument), and gate's verdict on
// each.
Evidence evaluate(const Goal& goal, const std::vector<std::string>& policies, const RunOptions& options);
// The same on a log of any length, which is not held in memory: IPS and SNIPS, and DR where `models` names a
// file of outcome models that `train` or `align` wrote ("": none). Policies are files, constant:NAME, uniform,
// reference or logging; feedback and tables are refused. A stream is valued, not checked (check_log,
// plumb/data.h): it gives no verdict, and a policy whose file says that it was learnt from
// rows of this file (told by their sketch) gets no number.
Evidence evaluate_stream(const Goal& goal, const std::vector<std::string>& policies, const std::string& models,
                         const RunOptions& options);
// Inner alignment of one policy: the verdict. A policy learnt from rows of this log is inconclusive.
Evidence gate(const Goal& goal, const std::string& policy, const RunOptions& options);
// The whole loop: check, audit, train, certify, decide.
Evidence align(const Goal& goal, const RunOptions& options);

// What `monitor` watches: the policy that align recommended in a run directory, or any other.
struct Certified {
  std::string run = "plumb-run";  // its evidence.json and its policy file
  std::string policy;             // where not empty, instead of `run`: a POLICY argument, but no table
  std::string as_of;              // of the later log, as in the goal file; empty: the latest time in it
};
// Does a certificate still hold out there? The goal (or options.log) names the log of the certificate, `later`
// one of other decisions. plumb/monitor.h says what is compared and what revokes. The split seed is that of the
// certificate, whatever options.seed says, where the run or the policy names one. goal.lock is checked against
// the first log, and not written: the later log is nobody's certification half. Throws Error{kInput} also where
// the run is of another goal or log, and where the goal wants what people prefer, which no decision log shows.
Evidence monitor(const Goal& goal, const std::string& later, const Certified& certified,
                 const RunOptions& options);

// evidence.json, report.html and the evidence's own files, ready for write_run().
std::map<std::string, std::string> run_files(const Evidence& evidence);

}  // namespace plumb
