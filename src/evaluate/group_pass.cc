#include "evaluate/group_pass.h"

#include <algorithm>

#include "evaluate/divergence.h"

namespace plumb {

GroupPass::GroupPass(const PassInput& input, std::span<const PassPolicy> policies,
                     std::optional<std::size_t> left_out)
    : input_(input),
      policies_(policies),
      left_out_(left_out),
      width_(pass_width(input)),
      terms_each_(input.all_estimators ? 3 : 1),
      terms_(kStrip * width_ * kQuad) {
  PLUMB_ASSERT(!policies.empty() && policies.size() <= kQuad);
  sums.reserve(input.subsets.size());
  for (std::size_t s = 0; s < input.subsets.size(); ++s) sums.emplace_back(input.models.outcome.size(), width_);
}

void GroupPass::add(const DecisionBlock& block) {
  ask(block);
  keep_probes(block);
  for (std::size_t first = 0; first < block.size(); first += kStrip) {
    const std::size_t n = std::min(kStrip, block.size() - first);
    if (add_simple(block, first, n)) continue;
    fill(block, first, n);
    for (std::size_t s = 0; s < sums.size(); ++s) {
      if (s != left_out_) add_strip(block, first, n, s);
    }
  }
  for (std::size_t lane = 0; lane < policies_.size(); ++lane) {
    // The logging policy does not diverge from itself, whatever its probabilities are taken to be.
    if (!policies_[lane].is_logging) add_divergence(block, lane);
  }
}

void GroupPass::ask(const DecisionBlock& block) {
  for (std::size_t lane = 0; lane < kQuad; ++lane) {
    if (lane >= policies_.size()) {
      probabilities_[lane] = probabilities_[0];
      continue;
    }
    const PassPolicy& policy = policies_[lane];
    probabilities_[lane] = policy.probabilities.data() + block.first_row;
    if (policy.policy == nullptr) continue;
    asked_[lane].resize(block.rows());
    policy.policy->probabilities(input_.log, block.begin, block.end, asked_[lane]);
    probabilities_[lane] = asked_[lane].data();
  }
}

void GroupPass::keep_probes(const DecisionBlock& block) {
  const auto begin = std::lower_bound(input_.probes.begin(), input_.probes.end(), block.begin);
  const auto end = std::lower_bound(begin, input_.probes.end(), block.end);
  for (std::size_t lane = 0; lane < policies_.size(); ++lane) {
    std::vector<float>& to = probe_weight[lane];
    for (auto at = begin; at != end; ++at) {
      const std::size_t i = *at - block.begin;
      const double weight = policies_[lane].is_logging
                                ? block.rows_weight[i]
                                : static_cast<double>(probabilities_[lane][block.chosen[i]]) * block.scale[i];
      to.push_back(static_cast<float>(weight));
    }
  }
}

void GroupPass::add_strip(const DecisionBlock& block, std::size_t first, std::size_t n, std::size_t subset) {
  const StripMembers& in = block.members[first / kStrip][subset];
  if (in.all) {
    add_members(block, first, n, sums[subset], [](std::size_t k) { return k; });
  } else if (!in.some.empty()) {
    add_members(block, first, in.some.size(), sums[subset],
                [some = in.some.data()](std::size_t k) -> std::size_t { return some[k]; });
  }
}

template <class Member>
void GroupPass::add_members(const DecisionBlock& block, std::size_t first, std::size_t n, GroupSums& to,
                            const Member& member) const {
  const std::uint16_t* bucket = input_.bucket.data() + block.begin + first;
  const double* terms = terms_.data();
  double* sum_of = to.bucket.data();
  const std::size_t stride = width_ * kQuad;
  Quad total{}, squares{}, most{};
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t i = member(k);
    double* at = sum_of + stride * bucket[i];
    for (std::size_t t = 0; t < stride; t += kQuad)
      store_quad(load_quad(at + t) + load_quad(terms + stride * i + t), at + t);
    const Quad weight = load_quad(terms + stride * i);
    total += weight;
    squares += weight * weight;
    most = larger(most, weight);
  }
  to.weight_squares += squares;
  to.max_weight = larger(to.max_weight, most);
  if (input_.log.weight.empty()) {
    to.plain_squares += squares;
  } else {
    Quad plain{};
    for (std::size_t k = 0; k < n; ++k) {
      const Quad weight = load_quad(terms + stride * member(k));
      plain += weight * weight / quad_of(block.rows_weight[first + member(k)]);
    }
    to.plain_squares += plain;
  }
  for (std::size_t j = 0; j < block.outcomes.size(); ++j) {
    const DecisionBlock::Outcome& outcome = block.outcomes[j];
    const double *seen = outcome.seen.data() + first, *event = outcome.event.data() + first;
    GroupSums::Observed& out = to.observed[j];
    Quad event_sum{}, event_squares{};
    for (std::size_t k = 0; k < n; ++k) {
      const Quad of_event = load_quad(terms + stride * member(k)) * quad_of(event[member(k)]);
      event_sum += of_event;
      event_squares += of_event * of_event;
    }
    out.event_sum += event_sum;
    out.event_squares += event_squares;
    if (outcome.plain[first / kStrip] != 0) {  // every share is the weight
      out.sum += total;
      out.squares += squares;
      out.largest = larger(out.largest, most);
      continue;
    }
    Quad sum{}, sum_squares{}, largest{};
    for (std::size_t k = 0; k < n; ++k) {
      const Quad share = load_quad(terms + stride * member(k)) * quad_of(seen[member(k)]);
      sum += share;
      sum_squares += share * share;
      largest = larger(largest, share);
    }
    out.sum += sum;
    out.squares += sum_squares;
    out.largest = larger(out.largest, largest);
  }
}

void GroupPass::add_divergence(const DecisionBlock& block, std::size_t lane) {
  const float* p = probabilities_[lane];
  for (const DecisionBlock::Never& never : block.never) {
    if (!(p[never.row] > 0)) continue;
    for (std::size_t s = 0; s < sums.size(); ++s) {
      if (s != left_out_ && input_.subsets[s].mask[block.begin + never.decision] != 0)
        sums[s].beyond[lane] = true;
    }
  }
  if (!input_.divergences) return;
  const DivergenceTerms terms = divergence_terms(block, p);
  for (std::size_t s = 0; s < sums.size(); ++s) {
    if (s == left_out_) continue;
    const std::uint8_t* mask = input_.subsets[s].mask.data() + block.begin;
    double kl = 0, chi2 = 0;
    for (std::size_t i = 0; i < block.size(); ++i) {
      kl += mask[i] != 0 ? terms.kl[i] : 0;
      chi2 += mask[i] != 0 ? terms.chi2[i] : 0;
    }
    sums[s].kl[lane] += kl;
    sums[s].chi2[lane] += chi2;
  }
}

}  // namespace plumb
