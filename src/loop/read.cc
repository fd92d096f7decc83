// The first stage: reading a goal's log and feedback, checking them, splitting units into folds.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <filesystem>

#include "audit/claims.h"
#include "data/checks.h"
#include "data/column_cache.h"
#include "loop/stages.h"
#include "plumb/budget.h"

namespace plumb {
namespace {

constexpr double kMicrosecondsAWeek = 7.0 * 24 * 3600 * 1e6;

bool asks_preference(const Goal& goal) { return modelled_outcomes(goal).size() < needed_outcomes(goal).size(); }

// The transactions of every lifetime value that a number is asked of, by the outcome's name.
std::map<std::string, Transactions> read_all_transactions(const Goal& goal, const std::string& log) {
  std::map<std::string, Transactions> out;
  for (const std::string& name : needed_outcomes(goal)) {
    const OutcomeSpec& spec = *goal.outcome(name);
    if (spec.model != "bg_nbd") continue;
    out[name] =
        read_transactions(find_beside(goal, log, spec.transactions, "outcome." + name + ".transactions"),
                          {spec.customer, spec.date, spec.amount});
  }
  return out;
}

// All feedback files of a goal as one.
Feedback read_all_feedback(const Goal& goal, const std::string& log, FeedbackReport* report) {
  FeedbackOptions how;
  how.reject_up_to = goal.data.reject_up_to;
  how.checks_alone = goal.data.feedback.size() > 1;
  std::vector<Feedback> parts;
  for (const std::string& name : goal.data.feedback) {
    FeedbackReport one;
    parts.push_back(read_feedback(find_beside(goal, log, name, "data.feedback"), how, &one));
    report->bytes += one.bytes;
    report->records += one.records;
    report->rejected += one.rejected;
    report->merged += one.merged;
    report->rejections.insert(report->rejections.end(), one.rejections.begin(), one.rejections.end());
    report->notes.insert(report->notes.end(), one.notes.begin(), one.notes.end());
  }
  if (parts.size() == 1) return std::move(parts.front());
  std::string together;
  for (const Feedback& part : parts) together += write_feedback(part);
  how.checks_alone = false;
  how.reject_up_to = 0;  // every record was accepted where it stood; together they must still agree
  Feedback out = parse_feedback(
      together, fmt::format("{} together.jsonl", fmt::join(goal.data.feedback, " and ")), how, nullptr);
  out.source = fmt::format("{}", fmt::join(goal.data.feedback, ", "));
  return out;
}

std::uint64_t digest_of(const DecisionLog& log, const std::optional<Feedback>& feedback,
                        const std::map<std::string, Transactions>& transactions) {
  std::uint64_t digest = log_digest(log);
  if (feedback) digest = hash_combine(digest, hash_bytes(write_feedback(*feedback)));
  for (const auto& [name, t] : transactions) {
    digest = hash_combine(digest, hash_bytes(name));
    for (std::size_t r = 0; r < t.size(); ++r) {
      digest = hash_combine(digest, hash_bytes(t.customer[t.who[r]]));
      digest = hash_combine(digest, static_cast<std::uint64_t>(t.time_us[r]));
      if (!t.amount.empty()) digest = hash_combine(digest, std::bit_cast<std::uint64_t>(t.amount[r]));
    }
  }
  return digest;
}

}  // namespace

DecisionLog read_or_recall(const std::string& path, const Goal& goal, const RunOptions& options,
                           LoadReport* report) {
  const int threads = std::max(1, options.threads);
  std::error_code unknown;
  const bool is_file = std::filesystem::is_regular_file(path, unknown);
  const std::uint64_t size = is_file ? std::filesystem::file_size(path, unknown) : 0;
  const bool cached =
      options.cache == CacheUse::kAlways || (options.cache == CacheUse::kLargeLogs && size >= kCachedBytes);
  if (!is_file || !cached) return read_log(path, goal, report, threads);
  const auto say = [&](const std::string& sentence) {
    if (options.message) options.message(sentence);
  };
  const std::string cache = cache_path(path);
  const std::uint64_t key = cache_key(path, goal, threads);
  CacheRead found = read_column_cache(cache, key, threads);
  if (found.log) {
    say(fmt::format("Columns are those of {}, which belongs to this log.", cache));
    *report = std::move(found.report);
    return std::move(*found.log);
  }
  if (!found.why_not.empty()) say(fmt::format("{} is not used and written anew: {}.", cache, found.why_not));
  DecisionLog log = read_log(path, goal, report, threads);
  // A log that was replaced while it was read has columns that belong to no digest.
  if (cache_key(path, goal, threads) != key) {
    say("No columns are kept for the next run: the log changed while it was read.");
    return log;
  }
  try {
    write_column_cache(cache, log, *report, key, threads);
    say(fmt::format("Columns are kept in {} for the next run.", cache));
  } catch (const Error& error) {
    say(fmt::format("No columns are kept for the next run: {}.", error.what()));
  }
  return log;
}

// Needed outcomes that have an outcome model: all but what people prefer.
std::vector<std::string> modelled_outcomes(const Goal& goal) {
  std::vector<std::string> out = needed_outcomes(goal);
  std::erase_if(out,
                [&](const std::string& name) { return goal.outcome(name)->kind == OutcomeKind::kPreference; });
  return out;
}

// Those of them that the log holds: nothing that is learnt.
std::vector<std::string> logged_outcomes(const Goal& goal) {
  std::vector<std::string> out = modelled_outcomes(goal);
  std::erase_if(out, [&](const std::string& name) { return !goal.outcome(name)->model.empty(); });
  return out;
}

Study read_and_check(const Goal& goal, const RunOptions& options, const std::string& verb) {
  tell(options, "reading", 0, 1);
  LoadReport load;
  const std::string path = find_log(goal, options.log);
  DecisionLog log = read_or_recall(path, goal, options, &load);
  std::optional<Feedback> feedback;
  FeedbackReport feedback_load;
  if (asks_preference(goal)) feedback = read_all_feedback(goal, path, &feedback_load);
  std::map<std::string, Transactions> transactions = read_all_transactions(goal, path);
  tell(options, "reading", 1, 1);
  // A goal that was changed after it was locked is an error for every verb.
  if (const auto lock = goal.path.empty() ? std::nullopt : read_lock(goal))
    verify_lock(*lock, goal, digest_of(log, feedback, transactions));
  Study study = check_in_memory(goal, std::move(log), std::move(load), options, verb, std::move(feedback),
                                std::move(transactions));
  study.feedback_load = std::move(feedback_load);
  return study;
}

Study check_in_memory(const Goal& goal, DecisionLog log, LoadReport load, const RunOptions& options,
                      const std::string& verb, std::optional<Feedback> feedback,
                      std::map<std::string, Transactions> transactions) {
  if (goal.family != "softmax" && goal.family != "tree" && goal.family != "constant") {
    refuse(goal.path, "policy.family", goal.family, "softmax, tree or constant: this version trains no other");
  }
  if (goal.budget) action_costs(goal.cost, log.actions, goal.path, "policy.costs");  // refused before any work
  const bool learns = logged_outcomes(goal).size() < needed_outcomes(goal).size();
  if (!log.weight.empty() && (goal.budget || learns)) {
    refuse(log.source, "pdrop", "rows that were dropped at several rates",
           "rows that all count alike: budgets and learnt outcomes do not weigh rows");
  }
  if (goal.data.estimand == Estimand::kDeployed && verb != "check") {
    refuse(goal.path, "data.estimand", "deployed", "one_decision: this version estimates no other");
  }
  Study study;
  study.verb = verb;
  study.goal = goal;
  study.seed = options.seed;
  study.threads = std::max(1, options.threads);
  study.log = std::move(log);
  study.load = std::move(load);
  assign_folds(study.log, options.seed);
  std::vector<std::size_t> in_fold(kFolds, 0);
  for (const std::uint8_t fold : study.log.fold) ++in_fold[fold];
  if (const auto least = std::min_element(in_fold.begin(), in_fold.end()); *least < 2) {
    refuse(study.log.source, "units",
           fmt::format("so few that fold {} of {} holds {} decisions", least - in_fold.begin() + 1, kFolds,
                       *least),
           "decisions of enough units for every fold to hold some (a few hundred units at least)");
  }
  study.feedback = std::move(feedback);
  study.transactions = std::move(transactions);
  study.digest = digest_of(study.log, study.feedback, study.transactions);
  tell(options, "checking", 0, 1);
  study.findings = check_log(study.log, goal, std::max(1, options.threads));
  for (const Finding& f : study.findings) {
    if (f.severity != Severity::kCap) continue;
    study.caps.push_back(f.sentence);  // part of longer sentences: without its full stop
    if (study.caps.back().ends_with('.')) study.caps.back().pop_back();
  }
  if (study.log.actions.size() > kMostIds && study.log.action_features.empty()) {
    study.findings.push_back(
        {"many_actions", Severity::kWarning,
         fmt::format("There are {} actions: more than {} are told apart by their features only, "
                     "and the log has none, so no policy can be learnt and constants are not "
                     "compared; `plumb gate GOAL constant:NAME` judges one.",
                     study.log.actions.size(), kMostIds)});
  }
  MissingFound missing = explain_missing(study.log, goal, study.threads);
  study.missing_caps = std::move(missing.caps);
  study.findings.insert(study.findings.end(), missing.findings.begin(), missing.findings.end());
  if (study.load.rejected > 0) {
    // Rejected rows enter at the worst case of the ranges; where one is not declared nothing bounds them.
    study.rejected_share = static_cast<double>(study.load.rejected) / static_cast<double>(study.load.rows_read);
    bool bounded = bounds_of_goal(goal).known;
    for (const ConstraintSpec& c : goal.constraints) bounded = bounded && bounds_of(goal, c.outcome).known;
    if (!bounded) {
      study.caps.push_back(fmt::format(
          "{} rows were rejected and nothing bounds what they hold: give every outcome of the goal and of the "
          "constraints a range",
          study.load.rejected));
    }
  }
  if (!study.log.time_us.empty()) {
    const auto [first, last] = std::minmax_element(study.log.time_us.begin(), study.log.time_us.end());
    study.weeks = static_cast<double>(*last - *first) / kMicrosecondsAWeek;
  }
  study.look.alpha = 1 - goal.confidence;
  tell(options, "checking", 1, 1);
  return study;
}

}  // namespace plumb
