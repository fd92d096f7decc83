// Constraints and segments: one family of simultaneous intervals over the candidates for each, then Holm over
// all proofs of harm to one candidate.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/comparison.h"
#include "audit/limit_sentence.h"

namespace plumb {

Comparison::Family Comparison::ask(std::span<const std::pair<std::size_t, double>> terms, bool difference,
                                   const Slice* slice, const std::string& stream) const {
  Family out;
  std::vector<Contrast> contrasts;
  for (std::size_t k = difference ? 1 : 0; k < members_.size(); ++k) {
    const bool all = rows_of(k) == all_;
    const std::size_t subset = slice ? (all ? slice->all : slice->unseen) : rows_of(k);
    if (!evaluation_.support(members_[k].number, subset, terms).sufficient) continue;
    if (difference && !evaluation_.support(members_[0].number, subset, terms).sufficient) continue;
    PolicyContrast c{{{members_[k].number, 1.0}}, {terms.begin(), terms.end()}, subset};
    if (difference) c.policies.emplace_back(members_[0].number, -1.0);
    out.member.push_back(k);
    out.parts.push_back(contrast_parts(evaluation_, c));
    contrasts.push_back(as_columns(evaluation_, c));
  }
  out.max_t =
      max_t_distribution(evaluation_.estimate(contrasts), Rng(options_.seed).stream(stream), options_.threads);
  for (const ContrastParts& parts : out.parts) count_without_events(parts, out.max_t);
  return out;
}

void Comparison::judge_constraint(const ConstraintSpec& spec, const Slice* slice,
                                  std::vector<CandidateClaim>& claims,
                                  std::vector<std::vector<double>>& p_values) const {
  const std::size_t outcome = models_.index(spec.outcome);
  const bool difference = spec.no_worse_than_reference;
  const double sign = spec.at_least || (difference && spec.higher_is_better) ? -1 : 1;
  const double limit = spec.at_most ? *spec.at_most : spec.at_least ? *spec.at_least : 0;
  const std::string id = slice ? fmt::format("{} = {}", spec.id(), slice->level) : spec.id();
  const std::vector<std::pair<std::size_t, double>> terms{{outcome, 1.0}};
  const Family family = ask(terms, difference, slice, "constraint:" + id);
  const double critical = family.max_t.critical(options_.alpha);

  for (std::size_t k = 0; k < claims.size(); ++k) {
    ConstraintClaim claim;
    claim.id = id;
    claim.limit = limit;
    claim.margin = spec.margin;
    double p = 1;
    const auto at = std::find(family.member.begin(), family.member.end(), k);
    const bool all = rows_of(k) == all_;
    const std::size_t subset = slice ? (all ? slice->all : slice->unseen) : rows_of(k);
    if (difference && k == 0) {
      claim.measured = unknown("it is the reference");
      claim.verdict = Verdict::kPass;
    } else if (at == family.member.end()) {
      claim.measured = unknown(evaluation_.support(members_[k].number, subset, terms).reason);
    } else {
      const auto position = static_cast<std::size_t>(at - family.member.begin());
      const ContrastParts& parts = family.parts[position];
      claim.measured = make_measured(parts, critical, 1 - options_.alpha);
      if (!claim.measured.known && !difference) {
        const double events = std::max(evaluation_.events(members_[k].number, outcome, subset), 1.0);
        claim.decisions_needed = static_cast<std::uint64_t>(
            std::ceil(static_cast<double>(log_.size()) * std::max(0.0, kFewestAmounts / events - 1)));
      }
      if (claim.measured.known) {
        const RejectedRows rows =
            rejected(k, difference ? 0 : k, bounds_of(goal_, spec.outcome), difference, subset);
        claim.measured.interval = rows.widened(claim.measured.interval);
        const double boundary = limit + sign * spec.margin;
        const double room = sign * (boundary - parts.value);  // negative: the estimate violates
        if (inside_limit(claim.measured, sign, limit, spec.margin)) claim.verdict = Verdict::kPass;
        const double without = rows.limit_without(boundary, sign > 0);
        if (sign * (without - parts.value) < 0) p = family.max_t.p_value(critical_to_reach(parts, without));
        if (claim.verdict != Verdict::kPass) {
          claim.decisions_needed =
              parts.sides.empty() ? decisions_needed(static_cast<double>(log_.size()),
                                                     critical * claim.measured.standard_error, std::abs(room))
                                  : further_decisions(log_.size(), parts, boundary, boundary, critical);
        }
        if (const std::string* why = missing_.cap(terms)) {
          const bool decided = claim.verdict == Verdict::kPass || p <= options_.alpha;
          const Measured bounded =
              settle_missing(k, terms, difference, subset, claim.measured, {sign, without, &parts}, family, p);
          const bool passes = inside_limit(bounded, sign, limit, spec.margin), harms = p <= options_.alpha;
          claim.verdict = passes ? Verdict::kPass : Verdict::kInconclusive;
          if (passes || harms) claim.measured = bounded;
          if (decided && !passes && !harms) claims[k].cap = *why;
        }
        if (!parts.one_decides.empty()) {
          if (claim.verdict == Verdict::kPass || p <= options_.alpha) claims[k].cap = parts.one_decides;
          claim.verdict = Verdict::kInconclusive;
          p = 1;
        }
      }
    }
    claims[k].constraints.push_back(std::move(claim));
    p_values[k].push_back(p);
  }
}

void Comparison::judge_constraints_and_segments(std::vector<CandidateClaim>& claims) const {
  std::vector<std::vector<double>> constraint_p(claims.size()), segment_p(claims.size());
  for (const ConstraintSpec& spec : goal_.constraints) {
    if (spec.segment.empty()) {
      judge_constraint(spec, nullptr, claims, constraint_p);
      continue;
    }
    for (const Slice& slice : slices_) {
      if (slice.segment == spec.segment) judge_constraint(spec, &slice, claims, constraint_p);
    }
  }
  if (goal_.budget) judge_budget(claims, constraint_p);
  for (const Slice& slice : slices_) {
    if (std::find(goal_.segments.begin(), goal_.segments.end(), slice.segment) == goal_.segments.end())
      continue;
    const Family family = ask(terms_, true, &slice, "segment:" + slice.segment + "=" + slice.level);
    const double critical = family.max_t.critical(options_.alpha);
    for (std::size_t k = 1; k < claims.size(); ++k) {
      SegmentClaim claim;
      claim.segment = slice.segment;
      claim.level = slice.level;
      const std::size_t subset = rows_of(k) == all_ ? slice.all : slice.unseen;
      claim.count = static_cast<std::uint64_t>(evaluation_.support(members_[k].number, subset).count);
      double p = 1;
      const auto at = std::find(family.member.begin(), family.member.end(), k);
      if (at == family.member.end()) {
        claim.gain = unknown(evaluation_.support(members_[k].number, subset, terms_).reason);
      } else {
        const auto position = static_cast<std::size_t>(at - family.member.begin());
        const ContrastParts& parts = family.parts[position];
        claim.gain = make_measured(parts, critical, 1 - options_.alpha);
        if (claim.gain.known) {
          const RejectedRows rows = rejected(k, 0, bounds_of_goal(goal_), true, subset);
          claim.gain.interval = rows.widened(claim.gain.interval);
          const double without = rows.limit_without(0, false);
          if (parts.value < without) p = family.max_t.p_value(critical_to_reach(parts, without));
          if (missing_.cap(terms_))
            claim.gain = settle_missing(k, terms_, true, subset, claim.gain, {-1, without, &parts}, family, p);
          if (!parts.one_decides.empty()) p = 1;
        }
      }
      claims[k].segments.push_back(std::move(claim));
      segment_p[k].push_back(p);
    }
  }
  // The reference too: what runs today may break a limit.
  for (std::size_t k = 0; k < claims.size(); ++k) {
    std::vector<double> p = constraint_p[k];
    p.insert(p.end(), segment_p[k].begin(), segment_p[k].end());
    const std::vector<bool> harm = holm(p, options_.alpha);
    for (std::size_t c = 0; c < claims[k].constraints.size(); ++c) {
      ConstraintClaim& claim = claims[k].constraints[c];
      if (harm[c]) claim.verdict = Verdict::kRefuse;
      claim.sentence = sentence_of(goal_, claim);
    }
    for (std::size_t s = 0; s < claims[k].segments.size(); ++s) {
      SegmentClaim& claim = claims[k].segments[s];
      if (harm[constraint_p[k].size() + s]) {
        claim.verdict = Verdict::kRefuse;
      } else if (claim.gain.known && claim.gain.interval.lower > 0) {
        claim.verdict = Verdict::kPass;
      }
    }
  }
}

}  // namespace plumb
