#include "audit/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/claims.h"

namespace plumb {

Comparison::Comparison(const DecisionLog& log, const Goal& goal, const OutcomeModels& models,
                       PolicyPointer reference, const std::vector<Certifiable>& candidates,
                       const CertificationOptions& options)
    : log_(log),
      goal_(goal),
      models_(models),
      options_(options),
      evaluation_(log, models, options.threads),
      terms_(goal_terms(goal, models)) {
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
  const bool reference_fixed = reference->trained_on().empty();
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
  for (const Member& member : members_) policies.push_back(member.policy);
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
  critical_ = family_.critical(options.alpha);

  double highest = -INFINITY;
  for (std::size_t k = 1; k < members_.size(); ++k) {
    if (members_[k].policy->kind() != PolicyKind::kConstant || !describe(k).support.sufficient) continue;
    if (!within_budget(goal, members_[k].name.substr(9))) continue;  // after "constant:"
    if (levels_.value[2 * k] > highest) {
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
  const std::size_t rows = on_all(a, b) ? 0 : 1;
  const Contrast pair{"gain", {{2 * a + rows, 1.0}, {2 * b + rows, -1.0}}};
  const Estimates e = combine(levels_, {&pair, 1});
  Measured out = make_measured(e.value[0], e.standard_error[0], critical_, 1 - options_.alpha);
  widen(out, options_.rejected_share, bounds_of_goal(goal_), true);
  return out;
}

Measured Comparison::level(std::size_t k) const {
  const std::size_t subset = rows_of(k), at = 2 * k + (subset == all_ ? 0 : 1);
  const Support support = evaluation_.support(members_[k].number, subset, terms_);
  if (!support.sufficient) return unknown(support.reason);
  for (const auto& [outcome, weight] : terms_) {
    const std::uint64_t least = least_events(log_.outcome(models_.outcome[outcome]).kind);
    const double events = evaluation_.events(members_[k].number, outcome, subset);
    if (events < static_cast<double>(least)) {
      return unknown(
          fmt::format("too few events: {:.0f} effective non-zero values of {}, {} are needed for a level",
                      events, models_.outcome[outcome], least));
    }
  }
  Measured out;
  out.known = std::isfinite(levels_.value[at]);
  out.value = levels_.value[at];
  out.standard_error = levels_.standard_error[at];
  out.interval = hall_interval(out.value, out.standard_error, levels_.skewness[at],
                               normal_quantile(0.5 + goal_.confidence / 2), goal_.confidence);
  widen(out, options_.rejected_share, bounds_of_goal(goal_), false);
  return out;
}

}  // namespace plumb
