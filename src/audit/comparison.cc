#include "audit/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/ties.h"

namespace plumb {

Comparison::Comparison(const DecisionLog& log, const Goal& goal, const OutcomeModels& models,
                       PolicyPointer reference, const std::vector<Certifiable>& candidates,
                       const CertificationOptions& options)
    : log_(log),
      goal_(goal),
      models_(models),
      options_(options),
      evaluation_(log, models, options.threads),
      terms_(goal_terms(goal, models)),
      missing_(log, goal, models, options.missing_caps, options.threads) {
  const std::size_t n = log.size();
  std::vector<std::uint8_t> every(n, 1), unseen = options.unseen;
  if (unseen.empty()) {
    unseen.resize(n);
    for (std::size_t i = 0; i < n; ++i) unseen[i] = !log.in_training(i);
  }
  all_ = evaluation_.add_subset({"all rows", every});
  unseen_ = evaluation_.add_subset({"certification half", unseen});
  for (const std::string& name : goal.all_segments()) {
    const FeatureColumn* segment = log.segment(name);
    PLUMB_ASSERT(segment != nullptr);
    for (std::size_t level = 0; level < segment->levels.size(); ++level) {
      std::vector<std::uint8_t> in(n), in_unseen(n);
      for (std::size_t i = 0; i < n; ++i) {
        in[i] = segment->code[i] == level;
        in_unseen[i] = in[i] && unseen[i];
      }
      const std::string label = name + " = " + segment->levels[level];
      const std::size_t whole = evaluation_.add_subset({label, std::move(in)});
      slices_.push_back(
          {name, segment->levels[level], whole, evaluation_.add_subset({label, std::move(in_unseen)})});
    }
  }

  const auto add = [&](PolicyPointer policy, std::string name, std::string signal, bool fixed) {
    members_.push_back({std::move(policy), std::move(name), std::move(signal), fixed, 0});
  };
  const bool reference_fixed = options.reference_is_fixed || reference->trained_on().empty();
  add(std::move(reference), "reference", "", reference_fixed);
  if (options.with_constants && log.fixed_actions && log.actions.size() <= kMostIds) {
    for (const std::string& action : log.actions) {
      const PolicyPointer constant = constant_policy(action);
      add(constant, constant->name(), "", true);
    }
  }
  for (const Certifiable& candidate : candidates) {
    const bool constant = candidate.policy->kind() == PolicyKind::kConstant;
    const auto same = [&](const Member& m) { return m.name == candidate.policy->name(); };
    if (constant && std::any_of(members_.begin() + 1, members_.end(), same))
      continue;  // compared anyway; two policies of other kinds may share a name
    add(candidate.policy, candidate.policy->name(), candidate.signal, candidate.fixed_beforehand);
  }
  std::vector<PolicyPointer> policies;
  for (const Member& member : members_) {
    policies.push_back(member.policy);
    missing_.add(member.policy);
  }
  const std::vector<std::size_t> numbers = evaluation_.add_policies(policies);
  for (std::size_t m = 0; m < members_.size(); ++m) members_[m].number = numbers[m];

  std::vector<Contrast> levels;
  for (const Member& member : members_) {
    for (const std::size_t subset : {all_, unseen_}) {
      Contrast c;
      c.id = member.name;
      evaluation_.add_terms(c, member.number, terms_, subset, 1);
      levels.push_back(std::move(c));
    }
  }
  levels_ = evaluation_.estimate(levels);

  std::vector<Contrast> pairs;
  for (std::size_t a = 0; a < members_.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      if (!describe(a).support.sufficient || !describe(b).support.sufficient) continue;
      const std::size_t rows = on_all(a, b) ? 0 : 1;
      pairs.push_back({"gain", {{2 * a + rows, 1.0}, {2 * b + rows, -1.0}}});
    }
  }
  family_ = max_t_distribution(levels_, pairs, Rng(options.seed).stream("certify"), options.threads);

  pairs_.resize(members_.size() * (members_.size() - 1) / 2);
  level_parts_.resize(members_.size());
  parallel_blocks(members_.size(), options.threads, [&](std::size_t a) {
    if (!describe(a).support.sufficient) return;
    level_parts_[a] = contrast_parts(evaluation_, {{{members_[a].number, 1.0}}, terms_, rows_of(a)});
    for (std::size_t b = 0; b < a; ++b) {
      if (!describe(b).support.sufficient) continue;
      pairs_[a * (a - 1) / 2 + b] = contrast_parts(
          evaluation_,
          {{{members_[a].number, 1.0}, {members_[b].number, -1.0}}, terms_, on_all(a, b) ? all_ : unseen_});
    }
  });

  for (const ContrastParts& parts : pairs_) count_without_events(parts, family_);
  critical_ = family_.critical(options.alpha);

  double highest = -INFINITY;
  for (std::size_t k = 1; k < members_.size(); ++k) {
    if (members_[k].policy->kind() != PolicyKind::kConstant || !describe(k).support.sufficient) continue;
    if (!within_budget(goal, members_[k].name.substr(9))) continue;  // after "constant:"
    if (exceeds(levels_.value[2 * k], highest, levels_.standard_error[2 * k])) {
      highest = levels_.value[2 * k];
      best_constant_ = k;
    }
  }
}

CandidateClaim Comparison::describe(std::size_t k) const {
  CandidateClaim out;
  const Member& member = members_[k];
  out.name = member.name;
  out.signal = member.signal;
  out.kind = k == 0 ? PolicyKind::kReference : member.policy->kind();
  out.fixed_beforehand = member.fixed;
  out.support = evaluation_.support(member.number, rows_of(k), terms_);
  out.kl = evaluation_.kl(member.number, rows_of(k));
  out.chi2 = evaluation_.chi2(member.number, rows_of(k));
  return out;
}

Measured Comparison::gain(std::size_t a, std::size_t b) const {
  for (const std::size_t k : {a, b}) {
    const Support support = evaluation_.support(members_[k].number, on_all(a, b) ? all_ : unseen_, terms_);
    if (!support.sufficient) return unknown(support.reason);
  }
  if (a == b) return make_measured(0, 0, critical_, 1 - options_.alpha);
  const std::size_t subset = on_all(a, b) ? all_ : unseen_;
  Measured out = make_measured(pair(std::max(a, b), std::min(a, b)), critical_, 1 - options_.alpha);
  if (!out.known) return out;
  if (a < b) out = negated(std::move(out));
  out.interval = rejected(a, b, bounds_of_goal(goal_), true, subset).widened(out.interval);
  return out;
}

RejectedRows Comparison::rejected(std::size_t a, std::size_t b, const Bounds& bounds, bool difference,
                                  std::size_t subset) const {
  const double largest = std::max(evaluation_.support(members_[a].number, subset).max_weight,
                                  evaluation_.support(members_[b].number, subset).max_weight);
  return {options_.rejected_share, bounds, largest, difference};
}

std::uint64_t Comparison::decisions_for_few(std::size_t k) const {
  const ContrastParts& parts = pair(k, 0);
  if (parts.sides.empty()) return 0;
  return further_decisions(log_.size(), parts, goal_.proof_minimum ? goal_.minimum_effect : 0,
                           goal_.minimum_effect, critical_);
}

std::string Comparison::too_few_of_both(std::size_t a, std::size_t b) const {
  const std::size_t subset = on_all(a, b) ? all_ : unseen_;
  for (const auto& [outcome, weight] : terms_) {
    const bool asks = least_events(log_.outcome(models_.outcome[outcome])) > 0;
    const double least = asks ? kFewestAmounts : 0;
    const double mine = evaluation_.events(members_[a].number, outcome, subset),
                 theirs = evaluation_.events(members_[b].number, outcome, subset);
    if (mine >= least || theirs >= least) continue;
    return fmt::format(
        "both rest on too few events: {:.0f} and {:.0f} effective non-zero values of {}, {:.0f} are needed on "
        "one "
        "side",
        mine, theirs, models_.outcome[outcome], least);
  }
  return "";
}

Measured Comparison::level(std::size_t k) const {
  const std::size_t subset = rows_of(k);
  const Support support = evaluation_.support(members_[k].number, subset, terms_);
  if (!support.sufficient) return unknown(support.reason);
  Measured out = make_measured(level_parts_[k], normal_quantile(0.5 + goal_.confidence / 2), goal_.confidence);
  out.interval = rejected(k, k, bounds_of_goal(goal_), false, subset).widened(out.interval);
  return out;
}

}  // namespace plumb
