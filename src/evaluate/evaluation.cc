// Sums of the score table by unit bucket: what a pass over the log (pass.h) brings for each policy becomes
// columns of the Moments, and what its weights can carry.
#include "plumb/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/quad.h"
#include "data/buckets.h"
#include "evaluate/block.h"
#include "evaluate/event_rows.h"
#include "evaluate/pass.h"
#include "evaluate/preference_told.h"
#include "evaluate/support.h"
#include "plumb/learnt.h"
#include "plumb/preferred.h"
#include "policy/table.h"

namespace plumb {
namespace {

constexpr std::size_t kBucketsOfUnits = 1 << 16;  // units hashed at a time
// Bucket sums of the policies that share a pass, a thread: what stays near the processor.
constexpr std::size_t kPassBytes = std::size_t{2} << 20;

}  // namespace

std::string_view name_of(Estimator estimator) {
  switch (estimator) {
    case Estimator::kDr:
      return "dr";
    case Estimator::kIps:
      return "ips";
    case Estimator::kSnips:
      return "snips";
  }
  return "";
}

std::uint64_t least_events(OutcomeKind kind) {
  return kind == OutcomeKind::kAmount ? 100 : kind == OutcomeKind::kBinary ? 20 : 0;
}

std::uint64_t least_events(const OutcomeColumn& column) {
  const bool rare = 2 * column.nonzero_count <= column.observed_count;
  return std::max(least_events(column.kind), rare ? least_events(OutcomeKind::kBinary) : std::uint64_t{0});
}

Evaluation::Evaluation(const DecisionLog& log, const OutcomeModels& models, int threads, bool all_estimators,
                       bool divergences, std::vector<float> estimated_base)
    : log_(log),
      models_(models),
      threads_(threads),
      estimators_(all_estimators ? 3 : 1),
      divergences_(divergences),
      estimated_base_(std::move(estimated_base)),
      base_is_estimate_(log.logged.empty()) {
  const std::size_t n = log.size();
  PLUMB_ASSERT(log.weight.empty() || log.weight.size() == n);
  PLUMB_ASSERT(estimated_base_.empty() || (base_is_estimate_ && estimated_base_.size() == log.action.size()));
  if (base_is_estimate_ && estimated_base_.empty())
    estimated_base_ = probabilities_of(LoggingPolicy(log, threads), log, threads);
  base_ = base_is_estimate_ ? std::span<const float>(estimated_base_) : std::span<const float>(log.logged);
  bucket_.resize(n);
  parallel_blocks((n + kBucketsOfUnits - 1) / kBucketsOfUnits, threads, [&](std::size_t block) {
    const std::size_t begin = block * kBucketsOfUnits, count = std::min(n - begin, kBucketsOfUnits);
    buckets_of({log.unit.data() + begin, count}, {bucket_.data() + begin, count});
  });
  events_ = std::make_shared<EventRows>(event_rows(log, models.outcome));
}

std::size_t Evaluation::add_subset(Subset subset) {
  PLUMB_ASSERT(subset.mask.size() == log_.size());
  std::vector<const OutcomeColumn*> columns;
  for (const std::string& name : models_.outcome) columns.push_back(&log_.outcome(name));
  const std::vector<std::size_t> begin = decision_chunks(log_.size());
  // By chunk: sums by bucket of r over all decisions, then over those that are not immature for each outcome;
  // empty where none is, since it is the same then.
  struct Chunk {
    double rows = 0;
    std::vector<double> all;
    std::vector<std::vector<double>> live;
  };
  std::vector<Chunk> chunks(begin.size() - 1);
  parallel_blocks(chunks.size(), threads_, [&](std::size_t c) {
    Chunk& chunk = chunks[c];
    const auto sum = [&](const auto& counts) {
      std::vector<double> out(kBuckets, 0.0);
      for (std::size_t i = begin[c]; i < begin[c + 1]; ++i) {
        const double r = log_.weight.empty() ? 1.0 : static_cast<double>(log_.weight[i]);
        out[bucket_[i]] += counts(i) ? r : 0.0;
      }
      return out;
    };
    for (std::size_t i = begin[c]; i < begin[c + 1]; ++i) chunk.rows += subset.mask[i] != 0 ? 1 : 0;
    chunk.all = sum([&](std::size_t i) { return subset.mask[i] != 0; });
    for (const OutcomeColumn* column : columns) {
      chunk.live.emplace_back();
      const State* state = column->state.data();
      bool any = false;
      for (std::size_t i = begin[c]; i < begin[c + 1]; ++i) any |= state[i] == State::kImmature;
      if (!any) continue;
      chunk.live.back() =
          sum([&](std::size_t i) { return subset.mask[i] != 0 && state[i] != State::kImmature; });
    }
  });
  SubsetRows rows;
  rows.bucket.assign(kBuckets, 0.0);
  std::vector<std::size_t> counts;
  for (std::size_t j = 0; j < columns.size(); ++j) counts.push_back(moments_.add_sums());
  for (const Chunk& chunk : chunks) {
    rows.rows += chunk.rows;
    for (std::size_t b = 0; b < kBuckets; ++b) {
      rows.bucket[b] += chunk.all[b];
      rows.weight += chunk.all[b];
    }
    for (std::size_t j = 0; j < columns.size(); ++j) {
      const std::span<double> sums = moments_.sums(counts[j]);
      const std::vector<double>& from = chunk.live[j].empty() ? chunk.all : chunk.live[j];
      for (std::size_t b = 0; b < kBuckets; ++b) sums[b] += from[b];
    }
  }
  counts_.push_back(std::move(counts));
  rows_.push_back(std::move(rows));
  subsets_.push_back(std::move(subset));
  return subsets_.size() - 1;
}

std::size_t Evaluation::add_policy(const Policy& policy) {
  const PassPolicy one{{}, &policy, false};
  return add({&one, 1}).front();
}

std::vector<std::size_t> Evaluation::add_policies(std::span<const PolicyPointer> policies) {
  std::vector<PassPolicy> all;
  for (const PolicyPointer& policy : policies) all.push_back({{}, policy.get(), false});
  return add(all);
}

std::size_t Evaluation::add_probabilities(std::span<const float> probabilities, bool is_logging) {
  const PassPolicy one{probabilities, nullptr, is_logging};
  return add({&one, 1}).front();
}

std::vector<std::size_t> Evaluation::add_probabilities_many(
    std::span<const std::span<const float>> probabilities) {
  std::vector<PassPolicy> all;
  for (const std::span<const float> one : probabilities) all.push_back({one, nullptr, false});
  return add(all);
}

std::vector<std::size_t> Evaluation::add(std::span<const PassPolicy> policies) {
  const std::size_t outcomes = models_.outcome.size(), subsets = subsets_.size();
  const PassInput input{log_,     models_,         base_,        base_is_estimate_, bucket_,
                        subsets_, estimators_ > 1, divergences_, threads_,          events_->row};
  const std::size_t width = pass_width(input);
  const std::size_t bytes = std::max<std::size_t>(1, subsets) * kBuckets * width * sizeof(double);
  const std::size_t together = kQuad * std::max<std::size_t>(1, kPassBytes / (kQuad * bytes));
  std::vector<std::size_t> numbers;
  for (std::size_t begin = 0; begin < policies.size(); begin += together) {
    const std::size_t end = std::min(policies.size(), begin + together);
    std::vector<PassPolicy> batch(policies.begin() + static_cast<std::ptrdiff_t>(begin),
                                  policies.begin() + static_cast<std::ptrdiff_t>(end));
    for (PassPolicy& policy : batch) {
      if (policy.policy != nullptr && policy.policy->is_logging()) policy = {base_, nullptr, true};
      if (policy.policy != nullptr && policy.policy->kind() == PolicyKind::kTable)
        policy = {table_of(*policy.policy), nullptr, false};
      PLUMB_ASSERT(policy.policy != nullptr || policy.probabilities.size() == log_.action.size());
    }
    Passed both = policy_pass(input, batch);
    const std::vector<PassSums>& passed = both.sums;
    for (std::size_t p = 0; p < batch.size(); ++p) {
      probe_weight_.push_back(std::move(both.probe_weight[p]));
      PolicySums sums;
      for (std::size_t s = 0; s < subsets; ++s) {
        const PassSums& pass = passed[p * subsets + s];
        const auto column = [&](std::size_t place) {
          const std::size_t id = moments_.add_sums();
          const std::span<double> to = moments_.sums(id);
          for (std::size_t b = 0; b < kBuckets; ++b) to[b] = pass.bucket[b * width + place];
          return id;
        };
        for (std::size_t j = 0; j < outcomes; ++j) {
          const std::size_t place = 1 + j * (estimators_ > 1 ? 3 : 1), count = counts_[s][j];
          sums.columns.push_back(moments_.add_column(column(place), count));
          if (estimators_ == 1) continue;
          const std::size_t ips = column(place + 1), weight = column(place + 2);
          sums.columns.push_back(moments_.add_column(ips, count));
          sums.columns.push_back(moments_.add_column(ips, weight));
        }
        const SubsetSums totals = subset_sums(pass, width, rows_[s].bucket, rows_[s].rows, rows_[s].weight);
        sums.support.push_back(support_of(totals));
        // The logging policy does not diverge from itself, whatever its probabilities are taken to be.
        const bool apart = !batch[p].is_logging && totals.count > 0;
        sums.kl.push_back(apart ? pass.kl / totals.rows_weight : 0);
        sums.chi2.push_back(apart ? pass.chi2 / totals.rows_weight - 1 : 0);
        for (const ObservedSums& seen : pass.observed) {
          sums.events.push_back(seen.events());
          sums.observed_ess.push_back(seen.ess());
          sums.observed_share.push_back(seen.largest_share());
        }
      }
      if (models_.preference || !models_.learnt.empty()) add_errors(batch[p], sums);
      policies_.push_back(std::move(sums));
      numbers.push_back(policies_.size() - 1);
    }
  }
  return numbers;
}

// Errors of what is estimated itself, where an outcome of the goal is.
void Evaluation::add_errors(const PassPolicy& policy, PolicySums& sums) {
  std::vector<float> asked;
  std::span<const float> probabilities = policy.probabilities;
  if (policy.policy != nullptr) {
    asked.resize(log_.action.size());
    policy.policy->probabilities(log_, 0, log_.size(), asked);
    probabilities = asked;
  }
  if (models_.preference) {
    if (policy.is_logging)
      add_level_of_today(sums);
    else
      add_preference_error(probabilities, sums);
  }
  if (models_.learnt.empty()) return;
  std::vector<double> weight(log_.size());
  for (std::size_t i = 0; i < weight.size(); ++i) {
    const double r = log_.weight.empty() ? 1.0 : static_cast<double>(log_.weight[i]);
    weight[i] =
        r *
        (policy.is_logging ? 1.0 : static_cast<double>(probabilities[log_.chosen_row(i)]) / log_.propensity[i]);
  }
  add_learnt_error(weight, sums);
}

// What runs today is the zero of a preference; the decisions of a subset scatter around it, and what they show
// of an action that nobody compared is nothing.
void Evaluation::add_level_of_today(PolicySums& sums) {
  std::vector<float> taken(log_.action.size(), 0.0f);
  for (std::size_t i = 0; i < log_.size(); ++i) taken[log_.chosen_row(i)] = 1.0f;
  for (const Subset& subset : subsets_) {
    PreferenceTold told = preference_told(*models_.preference,
                                          design_shift(log_, models_.map, taken, base_, subset.mask, threads_));
    sums.told.push_back({std::move(told.whole), std::move(told.unseen), {}, {}, {}, {}});
  }
  sums.is_logging = true;
}

// A preference's values come from estimated coefficients: what each bucket of comparisons contributed to their
// error enters the bucket's sum as if the decisions in it had scored that much more.
void Evaluation::add_preference_error(std::span<const float> probabilities, PolicySums& sums) {
  const std::size_t j = models_.preference_index();
  const std::vector<Matrix>& influence = models_.preference->influence;
  for (std::size_t s = 0; s < subsets_.size(); ++s) {
    const std::vector<std::vector<double>> shift =
        design_shift(log_, models_.map, probabilities, base_, subsets_[s].mask, threads_);
    sums.told.push_back(preference_told(*models_.preference, shift));
    const std::size_t at = (s * models_.outcome.size() + j) * estimators_;
    const std::span<double> dr = moments_.numerator_sums(sums.columns[at]);
    for (std::size_t v = 0; v < influence.size(); ++v) {
      for (std::size_t b = 0; b < kBuckets; ++b) {
        const std::span<const double> row = influence[v].row(b);
        double sum = 0;
        for (std::size_t k = 0; k < row.size(); ++k) sum += row[k] * shift[v][k];
        dr[b] += sum;
      }
    }
    if (estimators_ == 1) continue;
    // It is known for every action, so nothing is gained by weighting: all three estimators are the same.
    const std::span<double> ips = moments_.numerator_sums(sums.columns[at + 1]),
                            weight = moments_.denominator_sums(sums.columns[at + 2]);
    const std::span<const double> count = moments_.denominator(sums.columns[at]);
    std::copy(dr.begin(), dr.end(), ips.begin());
    std::copy(count.begin(), count.end(), weight.begin());
  }
}

// A learnt outcome's parameters are estimates: what each bucket contributed to their error moves the values of
// all decisions. The outcome model does not: with right propensities its part has mean zero for any values.
void Evaluation::add_learnt_error(std::span<const double> weight, const PolicySums& sums) {
  for (const auto& learnt : models_.learnt) {
    const std::size_t j = models_.index(learnt->name);
    for (std::size_t s = 0; s < subsets_.size(); ++s) {
      const std::vector<double> error = learnt_error(*learnt, weight, subsets_[s].mask, threads_);
      const std::size_t at = (s * models_.outcome.size() + j) * estimators_;
      for (std::size_t e = 0; e < std::min<std::size_t>(estimators_, 2);
           ++e) {  // SNIPS has the numerator of IPS
        const std::span<double> to = moments_.numerator_sums(sums.columns[at + e]);
        for (std::size_t b = 0; b < kBuckets; ++b) to[b] += error[b];
      }
    }
  }
}

std::size_t Evaluation::column(std::size_t policy, std::size_t outcome, std::size_t subset, Estimator e) const {
  const PolicySums& sums = policies_[policy];
  PLUMB_ASSERT(subset < sums.support.size() && outcome < models_.outcome.size());
  PLUMB_ASSERT(e == Estimator::kDr || estimators_ > 1);
  return sums.columns[(subset * models_.outcome.size() + outcome) * estimators_ + static_cast<std::size_t>(e)];
}

void Evaluation::add_terms(Contrast& contrast, std::size_t policy,
                           std::span<const std::pair<std::size_t, double>> terms, std::size_t subset,
                           double weight, Estimator e) const {
  for (const auto& [outcome, share] : terms) {
    contrast.terms.emplace_back(column(policy, outcome, subset, e), weight * share);
  }
}

const Support& Evaluation::support(std::size_t policy, std::size_t subset) const {
  return policies_[policy].support[subset];
}
Support Evaluation::support(std::size_t policy, std::size_t subset,
                            std::span<const std::pair<std::size_t, double>> terms) const {
  Support out = support(policy, subset);
  for (const auto& [outcome, weight] : terms) {
    const std::size_t at = subset * models_.outcome.size() + outcome;
    limit_to_observed(out, models_.outcome[outcome], policies_[policy].observed_ess[at],
                      policies_[policy].observed_share[at]);
  }
  return out;
}

double Evaluation::events(std::size_t policy, std::size_t outcome, std::size_t subset) const {
  return policies_[policy].events[subset * models_.outcome.size() + outcome];
}
double Evaluation::kl(std::size_t policy, std::size_t subset) const {
  PLUMB_ASSERT(divergences_);
  return policies_[policy].kl[subset];
}
double Evaluation::chi2(std::size_t policy, std::size_t subset) const {
  PLUMB_ASSERT(divergences_);
  return policies_[policy].chi2[subset];
}

Estimates Evaluation::estimate(std::span<const Contrast> contrasts) const {
  return plumb::estimate(moments_, contrasts);
}

}  // namespace plumb
