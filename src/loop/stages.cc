// The stages from pressure paths to evidence.
#include "loop/stages.h"
#include "loop/origin.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "plumb/policy_contrast.h"
#include "plumb/policy_tree.h"
#include "plumb/report.h"
#include "plumb/ties.h"

namespace plumb {
namespace {

// What is aimed at leaves room for certification to show, in nineteen of twenty, that the budget is kept.
constexpr double kBudgetConfidence = 0.95;

std::string file_name(const std::string& policy) {
  std::string out;
  for (const char c : policy)
    out += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ? c : '-';
  return out + ".safetensors";
}

// What a terminal shows while a signal is pushed: the pressure, what the signal promises, and what the goal
// does on rows that it was not learnt from.
std::string live_line(const Study& study, const Signal& signal, const PathPoint& point) {
  const PolicyContrast gain{{{point.policy, 1.0}, {study.reference_number, -1.0}},
                            goal_terms(study.goal, study.models),
                            study.training_rows};
  const ContrastParts parts = contrast_parts(*study.evaluation, gain);
  const std::string pushed =
      fmt::format("pushing {}: {:.3f} nats, proxy {:+.3g}, held out ", signal.name, point.kl, point.promised);
  if (!parts.why_not.empty()) return pushed + "no number";
  const double half = normal_quantile(0.5 + study.goal.confidence / 2) * parts.standard_error;
  return pushed +
         fmt::format("{:+.3g} ({:+.3g} to {:+.3g})", parts.value, parts.value - half, parts.value + half);
}

// The policy that spends the budget comes first: it is what training ships. What was pushed towards a signal
// knows no costs and must show at certification that it keeps to the budget.
void add_budget_policy(Study& study, const TrainingContext& context) {
  BudgetSpec spec;
  spec.cost = study.goal.cost;
  spec.budget = *study.goal.budget;
  spec.confidence = kBudgetConfidence;
  spec.certified_errors = kPlannedCritical;
  study.budget = train_budget(context, spec);
  const BudgetPolicy& found = *study.budget;
  if (study.goal.kl_budget && found.kl > *study.goal.kl_budget) {
    refuse(
        study.goal.path, "optimize.kl_budget", fmt::format("{}", *study.goal.kl_budget),
        fmt::format("auto or at least {:.4g} nats: a budget's policy takes one action in almost every decision",
                    found.kl));
  }
  Candidate candidate;
  candidate.policy = found.policy;
  candidate.signal = "goal";
  candidate.kl = found.kl;
  candidate.gain = found.gain;
  candidate.standard_error = found.gain_error;
  candidate.why_not = found.why_not;
  const double price = 0.5 * (found.allocation.price_low + found.allocation.price_high);
  candidate.multipliers = {{std::string(kBudgetClaim), price, spec.budget - found.allocation.cost, true}};
  study.training->candidates.insert(study.training->candidates.begin(), std::move(candidate));
  study.training->chosen = 0;
  study.training->sentence = found.sentence;
}

AuditContext audit_context(const Study& study) {
  return {study.log,           study.goal,
          study.models,        *study.evaluation,
          study.base,          study.reference_number,
          study.constants,     study.all,
          study.training_rows, study.certification_rows,
          study.seed,          study.threads};
}

// A log that cannot tell neither refuses a proxy nor lets it pass.
void cap_audit(const Study& study, ProxyAudit& audit) {
  const std::string why = cap_of_goal(study, audit.name);
  if (why.empty()) return;
  if (audit.verdict != Verdict::kInconclusive) {
    audit.verdict = Verdict::kInconclusive;
    if (audit.sentence.ends_with('.')) audit.sentence.pop_back();
    audit.sentence += "; but the log cannot tell: " + why + ".";
  }
  audit.surrogacy.verdict = Verdict::kInconclusive;
}

}  // namespace

void tell(const RunOptions& options, const char* stage, std::uint64_t done, std::uint64_t total) {
  if (options.progress) options.progress(stage, done, total);
}

void lay_paths(Study& study, const RunOptions& options) {
  study.signals = make_signals(study.log, study.goal, study.models, study.threads);
  for (std::size_t s = 0; s < study.signals.size(); ++s) {
    tell(options, "laying pressure paths", s, study.signals.size());
    const auto reached = [&](const PathPoint& point) {
      if (!options.progress) return;
      options.progress(live_line(study, study.signals[s], point), s, study.signals.size());
    };
    study.paths.push_back(pressure_path(*study.evaluation, study.log, study.base, study.signals[s], study.all,
                                        study.threads, reached));
  }
  tell(options, "laying pressure paths", study.signals.size(), study.signals.size());
}

void audit_people(Study& study) {
  if (!study.models.preference) return;
  const AuditContext context = audit_context(study);
  const std::string& name = study.models.outcome[study.models.preference_index()];
  for (std::size_t s = study.signals.size(); s-- > 0;) {  // the goal stands first: only where there is no other
    const bool whole = s == 0 && study.goal.maximize.size() == 1 && study.goal.maximize[0].outcome == name;
    if (study.signals[s].name != name && !whole) continue;
    study.preference = audit_preference(context, study.paths[s]);
    return;
  }
}

void audit_proxies(Study& study, const RunOptions& options) {
  const AuditContext context = audit_context(study);
  for (std::size_t k = 0; k < study.goal.proxies.size(); ++k) {
    tell(options, "auditing proxies", k, study.goal.proxies.size());
    const std::string& proxy = study.goal.proxies[k];
    for (std::size_t s = 0; s < study.signals.size(); ++s) {
      if (study.signals[s].name != proxy) continue;
      study.proxies.push_back(audit_proxy(context, proxy, study.paths[s], study.signals[s]));
      cap_audit(study, study.proxies.back());
      break;
    }
  }
  study.comparisons = compare_signals(context, study.paths, study.signals);
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
  if (study.goal.family == "tree") {
    study.training = train_trees(context);
  } else {
    study.training = train_candidates(context, study.signals, study.paths);
    if (study.goal.budget) add_budget_policy(study, context);
  }
  if (study.verb == "train") {
    for (const Candidate& c : study.training->candidates) {
      if (const auto* tree = dynamic_cast<const TreePolicy*>(c.policy.get()))
        study.trees.push_back(
            tree_shares(study.log, *tree, study.evaluation->subset(study.training_rows).mask,
                        "training reads one half of the log; what a rule gains shows on the other"));
    }
  }
  tell(options, "training", 1, 1);
}

CertificationOptions certification_options(const Study& study) {
  CertificationOptions out;
  out.alpha = study.look.alpha;
  out.caps = study.caps;
  out.missing_caps = study.missing_caps;
  out.rejected_share = study.rejected_share;
  out.seed = study.seed;
  out.threads = study.threads;
  return out;
}

void certify_candidates(Study& study, const RunOptions& options) {
  tell(options, "certifying", 0, 1);
  std::vector<Certifiable> candidates;
  if (study.training) {
    // At most kMostCandidates: the chosen one, its cautious form, then the best by what the training half
    // shows.
    std::vector<double> lower, error;
    for (const Candidate& c : study.training->candidates) {
      lower.push_back(c.lower());
      error.push_back(c.standard_error);
    }
    std::vector<std::size_t> order = ranked(lower, error);
    std::stable_partition(order.begin(), order.end(), [&](std::size_t k) {
      return k == study.training->chosen || k + 1 == study.training->candidates.size();
    });
    order.resize(std::min(order.size(), kMostCandidates));
    std::sort(order.begin(), order.end());
    for (const std::size_t k : order) {
      const Candidate& c = study.training->candidates[k];
      candidates.push_back({c.policy, c.signal, false});
    }
  }
  CertificationOptions how = certification_options(study);
  how.unseen = study.evaluation->subset(study.certification_rows).mask;
  how.reference_is_fixed = study.reference_seen.empty();
  study.certification = certify_at_every_lapse(study, candidates, how);
  std::vector<PolicyPointer> policies;
  for (const Certifiable& c : candidates) policies.push_back(c.policy);
  give_account(study, policies, study.evaluation->subset(study.training_rows).mask,
               study.evaluation->subset(study.certification_rows).mask);
  tell(options, "certifying", 1, 1);
}

void give_account(Study& study, const std::vector<PolicyPointer>& policies,
                  const std::vector<std::uint8_t>& seen, const std::vector<std::uint8_t>& unseen) {
  const AccountContext context{study.log, study.goal, study.models, seen, unseen, study.seed, study.threads};
  for (const PolicyPointer& policy : policies) {
    if (const auto* tree = dynamic_cast<const TreePolicy*>(policy.get()))
      study.trees.push_back(tree_account(context, *tree));
  }
  if (!study.goal.budget || policies.empty()) return;
  const std::vector<SpendingAccount> spending = spending_accounts(context, policies);
  study.spending.insert(study.spending.end(), spending.begin(), spending.end());
}

Evidence evidence_of(Study& study) {
  Evidence out;
  if (study.training && (study.verb == "align" || study.verb == "train")) {
    for (const Candidate& c : study.training->candidates)
      out.files[file_name(c.policy->name())] = policy_bytes(*c.policy);
  }
  if ((study.verb == "align" || study.verb == "train") && study.training)
    out.files["outcome-models.safetensors"] =
        outcome_model_bytes(study.models, study.seed, training_origin(study).get());
  if (study.verb == "train" && study.training && !study.training->candidates.empty()) {
    out.files["policy.safetensors"] = policy_bytes(*study.training->candidates[study.training->chosen].policy);
  }
  if (study.verb == "align" && study.certification->recommended) {
    const CandidateClaim& best = study.certification->candidates[*study.certification->recommended];
    if (best.kind == PolicyKind::kConstant)
      out.files["policy.safetensors"] = constant_policy_bytes(best.name.substr(9));
    if (out.files.contains(file_name(best.name)))
      out.files["policy.safetensors"] = out.files[file_name(best.name)];
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
