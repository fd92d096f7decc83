#include "loop/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "audit/claims.h"
#include "plumb/report.h"

namespace plumb {
namespace {

constexpr double kMicrosecondsAWeek = 7.0 * 24 * 3600 * 1e6;

void tell(const RunOptions& options, const char* stage, std::uint64_t done, std::uint64_t total) {
  if (options.progress) options.progress(stage, done, total);
}

// Every outcome that a number is asked of: the goal's, the proxies, the constraints', each once.
std::vector<std::string> needed_outcomes(const Goal& goal) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& name) {
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  };
  for (const Term& term : goal.maximize) add(term.outcome);
  for (const std::string& proxy : goal.proxies) add(proxy);
  for (const ConstraintSpec& constraint : goal.constraints) add(constraint.outcome);
  return out;
}

// What a look is: repeating it spends nothing, anything else does. Policies count by what they do, not by their
// names.
std::string look_key(const Study& study, const std::string& policy_key) {
  return fmt::format("{}:{}:{}:{}:{}:{}", hex(study.goal.hash), hex(study.digest), study.seed, study.verb,
                     hex(policy_content(*study.reference, study.log)), policy_key);
}

std::string file_name(const std::string& policy) {
  std::string out;
  for (const char c : policy)
    out += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ? c : '-';
  return out + ".safetensors";
}

}  // namespace

Study read_and_check(const Goal& goal, const RunOptions& options, const std::string& verb) {
  tell(options, "reading", 0, 1);
  LoadReport load;
  DecisionLog log = read_log(find_log(goal, options.log), goal, &load);
  tell(options, "reading", 1, 1);
  // A goal that was changed after it was locked is an error for every verb.
  if (const auto lock = goal.path.empty() ? std::nullopt : read_lock(goal))
    verify_lock(*lock, goal, log_digest(log));
  return check_in_memory(goal, std::move(log), std::move(load), options, verb);
}

Study check_in_memory(const Goal& goal, DecisionLog log, LoadReport load, const RunOptions& options,
                      const std::string& verb) {
  if (goal.family != "softmax" && goal.family != "constant") {
    refuse(goal.path, "policy.family", goal.family, "softmax or constant: this version trains no other");
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
  study.digest = log_digest(study.log);
  tell(options, "checking", 0, 1);
  study.findings = check_log(study.log, goal);
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
  for (const std::string& name : needed_outcomes(goal)) {
    if (!study.log.outcome(name).asked_known) {
      study.caps.push_back(name +
                           " is missing for some decisions and nobody said with what probability it was asked");
    }
  }
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

void open_look(Study& study, const std::string& policy_key) {
  if (study.goal.path.empty()) return;  // no file, no lock
  const auto lock = read_lock(study.goal);
  if (!lock) return;
  verify_lock(*lock, study.goal, study.digest);
  if (lock->split_seed != study.seed) {
    refuse(lock_path(study.goal), "split_seed", std::to_string(study.seed),
           std::to_string(lock->split_seed) + ", as it was locked");
  }
  const std::string key = look_key(study, policy_key);
  study.look.counted = true;
  study.look.alpha = alpha_for_look(*lock, key, 1 - study.goal.confidence);
  study.look.number = lock->looks.size() + 1;
  for (std::size_t k = 0; k < lock->looks.size(); ++k) {
    if (lock->looks[k].key == key) study.look.number = k + 1;
  }
}

void close_look(const Study& study, const std::string& policy_key) {
  if (!study.look.counted) return;
  auto lock = read_lock(study.goal);
  if (!lock) return;
  record_look(*lock, look_key(study, policy_key), study.look.alpha,
              std::string(name_of(study.certification->verdict)));
  write_lock(*lock, study.goal);
}

void learn_outcomes(Study& study, const RunOptions& options) {
  const DecisionLog& log = study.log;
  tell(options, "learning outcomes", 0, 1);
  study.models = fit_outcome_models(log, needed_outcomes(study.goal), study.threads);
  study.logging = std::make_shared<LoggingPolicy>(log, study.threads);
  study.reference = policy_from_argument("reference", log, study.goal, options.not_trained_here, study.threads);
  study.base.resize(log.action.size());
  study.logging->probabilities(log, 0, log.size(), study.base);
  study.evaluation = std::make_unique<Evaluation>(log, study.models, study.threads);
  std::vector<std::uint8_t> every(log.size(), 1), training(log.size()), certification(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    training[i] = log.in_training(i);
    certification[i] = !log.in_training(i);
  }
  study.all = study.evaluation->add_subset({"all rows", std::move(every)});
  study.training_rows = study.evaluation->add_subset({"training half", std::move(training)});
  study.certification_rows = study.evaluation->add_subset({"certification half", std::move(certification)});
  study.reference_number = study.evaluation->add_policy(*study.reference);
  if (log.fixed_actions && log.actions.size() <= kMostIds) {
    for (const std::string& action : log.actions) {
      study.constants.push_back(study.evaluation->add_policy(*constant_policy(action)));
    }
  }
  tell(options, "learning outcomes", 1, 1);
}

void summarize_constants(Study& study) {
  const DecisionLog& log = study.log;
  const auto terms = goal_terms(study.goal, study.models);
  const double level = study.goal.confidence;
  double least_error = INFINITY;
  for (std::size_t a = 0; a < study.constants.size(); ++a) {
    const std::size_t number = study.constants[a];
    ConstantSummary out;
    out.name = "constant:" + log.actions[a];
    double sum = 0, seen = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (log.chosen_action(i) != a) continue;
      out.count += 1;
      double goal = 0;
      bool observed = true;
      for (const Term& term : study.goal.maximize) {
        const OutcomeColumn& column = log.outcome(term.outcome);
        observed = observed && column.state[i] == State::kObserved;
        goal += term.weight * column.value[i];
      }
      if (!observed) continue;
      sum += goal;
      seen += 1;
    }
    out.arm_mean = seen > 0 ? sum / seen : std::nan("");
    const Support support = study.evaluation->support(number, study.all, terms);
    Contrast value{"level", {}}, gain{"gain", {}};
    study.evaluation->add_terms(value, number, terms, study.all, 1);
    study.evaluation->add_terms(gain, number, terms, study.all, 1);
    study.evaluation->add_terms(gain, study.reference_number, terms, study.all, -1);
    const Contrast both[] = {value, gain};
    const Estimates e = study.evaluation->estimate(both);
    bool enough = true;
    for (const auto& [outcome, weight] : terms) {
      enough = enough && study.evaluation->events(number, outcome, study.all) >=
                             static_cast<double>(least_events(log.outcome(study.models.outcome[outcome]).kind));
    }
    if (!support.sufficient || !enough) {
      out.value = unknown(support.sufficient ? "too few events for a level" : support.reason);
    } else {
      out.value = make_measured(e.value[0], e.standard_error[0], 1, level);
      out.value.interval = hall_interval(e.value[0], e.standard_error[0], e.skewness[0],
                                         normal_quantile(0.5 + level / 2), level);
    }
    if (support.sufficient && e.standard_error[1] > 0) least_error = std::min(least_error, e.standard_error[1]);
    study.constant_summaries.push_back(std::move(out));
  }
  if (study.constants.empty()) {
    // Without fixed actions: a policy with half of the decisions effective, against the reference.
    Contrast value{"level", {}};
    study.evaluation->add_terms(value, study.reference_number, terms, study.all, 1);
    least_error = study.evaluation->estimate({&value, 1}).standard_error[0];
  }
  // With 80 % power: two-sided test at the goal's confidence.
  const double errors = normal_quantile(0.5 + level / 2) + normal_quantile(0.8);
  if (std::isfinite(least_error)) study.detectable_effect = errors * least_error;
}

void lay_paths(Study& study, const RunOptions& options) {
  study.signals = make_signals(study.log, study.goal, study.models, study.threads);
  for (std::size_t s = 0; s < study.signals.size(); ++s) {
    tell(options, "laying pressure paths", s, study.signals.size());
    study.paths.push_back(
        pressure_path(*study.evaluation, study.log, study.base, study.signals[s], study.all, study.threads));
  }
  tell(options, "laying pressure paths", study.signals.size(), study.signals.size());
}

void audit_proxies(Study& study, const RunOptions& options) {
  const AuditContext context{study.log,           study.goal,
                             study.models,        *study.evaluation,
                             study.base,          study.reference_number,
                             study.constants,     study.all,
                             study.training_rows, study.certification_rows,
                             study.seed,          study.threads};
  for (std::size_t k = 0; k < study.goal.proxies.size(); ++k) {
    tell(options, "auditing proxies", k, study.goal.proxies.size());
    const std::string& proxy = study.goal.proxies[k];
    for (std::size_t s = 0; s < study.signals.size(); ++s) {
      if (study.signals[s].name != proxy) continue;
      study.proxies.push_back(audit_proxy(context, proxy, study.paths[s], study.signals[s]));
      break;
    }
  }
  study.comparisons = compare_signals(context, study.paths);
  tell(options, "auditing proxies", study.goal.proxies.size(), study.goal.proxies.size());
}

void train_policies(Study& study, const RunOptions& options) {
  if (study.goal.family == "constant") {
    study.training = Training{{}, 0, "The goal file asks for constant actions only: nothing is trained."};
    return;
  }
  tell(options, "training", 0, 1);
  const TrainingContext context{
      study.log,        study.goal,          study.models, *study.evaluation, study.reference_number,
      *study.reference, study.training_rows, study.base,   *study.logging,    study.seed,
      study.threads};
  study.training = train_candidates(context, study.signals, study.paths);
  tell(options, "training", 1, 1);
}

void certify_candidates(Study& study, const RunOptions& options) {
  tell(options, "certifying", 0, 1);
  std::vector<Certifiable> candidates;
  if (study.training) {
    // At most kMostCandidates: the chosen one, its cautious form, then the best by what the training half
    // shows.
    std::vector<std::size_t> order;
    for (std::size_t k = 0; k < study.training->candidates.size(); ++k) order.push_back(k);
    const auto rank = [&](std::size_t k) {
      const bool kept = k == study.training->chosen || k + 1 == study.training->candidates.size();
      return std::pair(!kept, -study.training->candidates[k].lower());
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
    order.resize(std::min(order.size(), kMostCandidates));
    std::sort(order.begin(), order.end());
    for (const std::size_t k : order) {
      const Candidate& c = study.training->candidates[k];
      candidates.push_back({c.policy, c.signal, false});
    }
  }
  CertificationOptions how;
  how.alpha = study.look.alpha;
  how.caps = study.caps;
  how.rejected_share = study.rejected_share;
  how.seed = study.seed;
  how.threads = study.threads;
  study.certification = certify(study.log, study.goal, study.models, study.reference, candidates, how);
  tell(options, "certifying", 1, 1);
}

Evidence evidence_of(Study& study) {
  Evidence out;
  if (study.training && (study.verb == "align" || study.verb == "train")) {
    for (const Candidate& c : study.training->candidates)
      out.files[file_name(c.policy->name())] = policy_bytes(*c.policy);
  }
  if (study.verb == "train" && study.training && !study.training->candidates.empty()) {
    out.files["policy.safetensors"] = policy_bytes(*study.training->candidates[study.training->chosen].policy);
  }
  if (study.verb == "align" && study.certification->recommended) {
    const CandidateClaim& best = study.certification->candidates[*study.certification->recommended];
    if (best.kind == PolicyKind::kConstant)
      out.files["policy.safetensors"] = constant_policy_bytes(best.name.substr(9));
    if (best.kind == PolicyKind::kSoftmax) out.files["policy.safetensors"] = out.files[file_name(best.name)];
    if (out.files.contains("policy.safetensors")) study.recommended_file = "policy.safetensors";
  }
  const nlohmann::json document = evidence_document(study);
  out.json = document.dump(2) + "\n";
  out.text = render_text(document);
  if (document.contains("decision")) out.decision = document["decision"].get<std::string>();
  if (document.contains("verdict")) out.verdict = document["verdict"].get<std::string>();
  return out;
}

}  // namespace plumb
