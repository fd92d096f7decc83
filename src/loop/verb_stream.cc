// evaluate on a stream: policies on a log that is not held in memory.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "audit/claims.h"
#include "loop/policy_estimates.h"
#include "loop/stages.h"
#include "plumb/stream_evaluation.h"

namespace plumb {
namespace {

constexpr std::size_t kLogging = 0;  // of StreamEvaluation

// A POLICY argument that needs no log: nullptr for the logging policy.
PolicyPointer streamed_policy(const std::string& argument, const Goal& goal) {
  if (argument == "reference") {
    const std::filesystem::path beside = std::filesystem::path(goal.path).parent_path() / goal.reference;
    const bool named =
        goal.reference == "logging" || goal.reference == "uniform" || goal.reference.starts_with("constant:");
    return streamed_policy(!named && std::filesystem::exists(beside) ? beside.string() : goal.reference, goal);
  }
  if (argument == "logging") return nullptr;
  if (argument == "uniform") return uniform_policy();
  if (argument.starts_with("constant:")) return constant_policy(argument.substr(9));
  for (const char* end : {".csv", ".tsv", ".jsonl", ".csv.gz", ".tsv.gz", ".jsonl.gz"})
    if (std::string_view(argument).ends_with(end))
      refuse("POLICY", argument, "a table", "a policy file: a table's rows belong to a log in memory");
  return read_policy(argument);
}

// The goal's terms by position among the outcomes that a log holds.
std::vector<std::pair<std::size_t, double>> streamed_terms(const Goal& goal) {
  const Goal held = goal.without_preference();
  std::vector<std::pair<std::size_t, double>> out;
  for (const Term& term : goal.maximize) {
    for (std::size_t j = 0; j < held.outcomes.size(); ++j)
      if (held.outcomes[j].name == term.outcome) out.emplace_back(j, term.weight);
  }
  if (out.size() != goal.maximize.size())
    refuse(goal.path, "goal.maximize", "an outcome that is learnt",
           "outcomes of the log: what is learnt from other "
           "files is held in memory");
  return out;
}

}  // namespace

Evidence evaluate_stream(const Goal& goal, const std::vector<std::string>& arguments,
                         const std::string& models_path, const RunOptions& options) {
  const auto terms = streamed_terms(goal);
  std::vector<PolicyPointer> policies;
  std::vector<std::size_t> number;  // of every argument, then of the reference
  std::vector<std::string> wanted = arguments;
  wanted.push_back("reference");
  for (const std::string& argument : wanted) {
    PolicyPointer policy = streamed_policy(argument, goal);
    number.push_back(policy ? policies.size() + 1 : kLogging);
    if (policy) policies.push_back(std::move(policy));
  }
  std::optional<LinearOutcomes> models;
  if (!models_path.empty()) models = read_outcome_models(models_path);
  StreamEvaluation evaluation(goal, policies, std::move(models));

  // The log's digest takes all rows in memory; the goal's hash does not.
  if (const auto lock = goal.path.empty() ? std::nullopt : read_lock(goal))
    verify_lock(*lock, goal, lock->log_digest);

  Study study;
  study.verb = "evaluate";
  study.goal = goal;
  study.seed = options.seed;
  study.threads = std::max(1, options.threads);
  study.log.source = find_log(goal, options.log);
  StreamOptions how;
  how.threads = study.threads;
  how.columns = evaluation.columns();
  how.fingerprints = evaluation.wants_fingerprints();
  how.progress = options.progress;
  study.load = stream_log(study.log.source, goal, how, evaluation.work());
  study.load.notes.push_back(
      "The log was read as a stream: it was not held in memory, and columns that no policy "
      "and no model reads were left out.");
  if (goal.outcome_models != Learner::kLinear && evaluation.has_models())
    study.load.notes.push_back(fmt::format(
        "The doubly robust values are those of the linear outcome models in {}: a stream applies no "
        "others. The goal's are {}, so that a log in memory gives other values and intervals, of the "
        "same policies' worth.",
        models_path, name_of(goal.outcome_models)));
  study.streamed = Streamed{evaluation.decisions(), evaluation.outcomes()};
  if (study.load.rejected > 0)
    study.caps.push_back(
        fmt::format("{} rows were rejected, and a stream does not bound what they hold", study.load.rejected));

  // One pass estimates no probabilities of being observed, and without them what is missing counts as known.
  std::string gaps;
  for (const auto& [outcome, weight] : terms) {
    const StreamedOutcome& column = evaluation.outcomes()[outcome];
    const OutcomeSpec& spec = *goal.outcome(column.name);
    if (column.missing == 0 || spec.asked_column || spec.asked_rate) continue;
    gaps = fmt::format("{} is missing in {} decisions and nobody said with what probability it was asked",
                       column.name, column.missing);
    study.caps.push_back(gaps);
  }

  const std::size_t reference = number.back();
  const StreamFamiliar to_models = evaluation.familiar_models();
  const bool misplaced = to_models.misplaced;
  const std::string misplaced_models = fmt::format(
      "{} of {} decisions have contexts that the outcome models were learnt from, and no unit or row names "
      "them: "
      "their predictions are of rows that they saw",
      to_models.by_context, evaluation.decisions());
  const Estimator best =
      evaluation.has_models() && !misplaced && gaps.empty() ? Estimator::kDr : Estimator::kSnips;
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    const std::size_t p = number[k];
    PolicyEstimates out;
    const bool learnt = p != kLogging && policies[p - 1]->kind() != PolicyKind::kConstant &&
                        policies[p - 1]->kind() != PolicyKind::kUniform;
    out.name = p == kLogging || learnt ? arguments[k] : policies[p - 1]->name();
    out.rows = "all rows";
    out.support = evaluation.support(p, terms);
    const double matched = static_cast<double>(evaluation.sketch_matched(p)),
                 looked_for = static_cast<double>(evaluation.sketch_size(p));
    if (looked_for > 0 && matched >= kSketchShare * looked_for) {
      out.support.sufficient = false;
      out.support.reason = fmt::format(
          "trained on this log: {} of {} rows that it was learnt from are in this file, and a stream does not "
          "tell "
          "them from the others",
          matched, looked_for);
    }
    for (const std::size_t q : {p, reference}) {
      const StreamFamiliar familiar = evaluation.familiar(q);
      if (!familiar.any || !out.support.sufficient) continue;
      out.support.sufficient = false;
      out.support.reason = fmt::format(
          "{}trained on this log: {} of {} decisions are of units that it learnt from, {} have contexts that "
          "it "
          "learnt from, and a stream does not leave them out: without --stream they are",
          q == p ? "" : "the reference was ", familiar.by_unit, evaluation.decisions(), familiar.by_context);
    }
    std::string few;
    for (const auto& [outcome, weight] : terms) {
      const StreamedOutcome& column = evaluation.outcomes()[outcome];
      const std::string why = too_few_events(column.name, column.kind, evaluation.effective_events(p, outcome));
      if (!why.empty()) few = why;
    }
    std::vector<Estimator> estimators{Estimator::kIps, Estimator::kSnips};
    if (evaluation.has_models()) estimators.push_back(Estimator::kDr);
    for (const Estimator estimator : estimators) {
      Measured value = unknown(out.support.sufficient ? few : out.support.reason);
      if (estimator == Estimator::kDr && misplaced) {
        value = unknown(misplaced_models);
      } else if (out.support.sufficient && !gaps.empty() && estimator != Estimator::kSnips) {
        value = unknown(gaps + "; a log in memory has it estimated");
      } else if (out.support.sufficient && few.empty()) {
        Contrast level{"level", {}};
        evaluation.add_terms(level, p, terms, 1, estimator);
        value = level_of(evaluation.estimate({&level, 1}), goal);
      }
      value.interval.level = goal.confidence;
      out.estimates.push_back({estimator, value});
    }
    if (!out.support.sufficient) {
      out.reason = out.support.reason;
    } else if (p == reference) {
      out.reason = "it is the reference";
    } else if (!few.empty()) {
      out.reason = few + "; a log in memory gets an interval that holds with few";
    } else {
      Contrast gain{"gain", {}};
      evaluation.add_terms(gain, p, terms, 1, best);
      evaluation.add_terms(gain, reference, terms, -1, best);
      const Measured found = level_of(evaluation.estimate({&gain, 1}), goal);
      if (found.known)
        out.reason = fmt::format("against the reference it gains {:.4g}, between {:.4g} and {:.4g}; ",
                                 found.value, found.interval.lower, found.interval.upper);
      if (const std::string one = evaluation.one_decides(gain); !one.empty()) out.reason += one + "; ";
      out.reason +=
          "a stream is valued, not judged: `plumb gate` holds a policy against limits, segments and looks";
      if (!study.caps.empty()) out.reason += "; " + study.caps.front();
    }
    study.policies.push_back(std::move(out));
  }
  return evidence_of(study);
}

}  // namespace plumb
