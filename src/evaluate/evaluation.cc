// Sums of the score table by unit bucket. A policy is one pass: terms by decision (parallel over blocks of
// decisions), then bucket sums (parallel over groups of buckets, each in decision order), so bytes do not
// depend on threads.
#include "plumb/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluate/terms.h"
#include "plumb/learnt.h"
#include "plumb/preferred.h"

namespace plumb {
namespace {

constexpr std::size_t kBucketGroup = 64;

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

Evaluation::Evaluation(const DecisionLog& log, const OutcomeModels& models, int threads, bool all_estimators)
    : log_(log), models_(models), threads_(threads), estimators_(all_estimators ? 3 : 1) {
  base_.resize(log.action.size());
  const LoggingPolicy logging(log, threads);
  base_is_estimate_ = logging.is_estimate();
  logging.probabilities(log, 0, log.size(), base_);
  // Decisions by bucket: counting sort, stable in decision number.
  bucket_begin_.assign(kBuckets + 1, 0);
  bucket_.resize(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    bucket_[i] = static_cast<std::uint32_t>(bucket_of(log.unit[i]));
    ++bucket_begin_[bucket_[i] + 1];
  }
  for (std::size_t b = 0; b < kBuckets; ++b) bucket_begin_[b + 1] += bucket_begin_[b];
  order_.resize(log.size());
  std::vector<std::size_t> next(bucket_begin_.begin(), bucket_begin_.end() - 1);
  for (std::size_t i = 0; i < log.size(); ++i) order_[next[bucket_[i]]++] = static_cast<std::uint32_t>(i);
}

std::size_t Evaluation::add_subset(Subset subset) {
  PLUMB_ASSERT(subset.mask.size() == log_.size());
  std::vector<std::size_t> counts;
  for (std::size_t j = 0; j < models_.outcome.size(); ++j) {
    const OutcomeColumn& column = log_.outcome(models_.outcome[j]);
    const std::size_t id = moments_.add_sums();
    const auto sums = moments_.sums(id);
    for (std::size_t b = 0; b < kBuckets; ++b) {
      for (std::size_t k = bucket_begin_[b]; k < bucket_begin_[b + 1]; ++k) {
        const std::size_t i = order_[k];
        sums[b] += subset.mask[i] && column.state[i] != State::kImmature ? 1 : 0;
      }
    }
    counts.push_back(id);
  }
  counts_.push_back(std::move(counts));
  subsets_.push_back(std::move(subset));
  return subsets_.size() - 1;
}

std::size_t Evaluation::add_policy(const Policy& policy) {
  if (policy.is_logging()) return add_probabilities(base_, true);
  std::vector<float> probabilities(log_.action.size());
  const std::size_t blocks = (log_.size() + kDecisionBlock - 1) / kDecisionBlock;
  parallel_blocks(blocks, threads_, [&](std::size_t block) {
    const std::size_t begin = block * kDecisionBlock, end = std::min(log_.size(), begin + kDecisionBlock);
    const std::size_t first = log_.offset[begin], last = log_.offset[end];
    policy.probabilities(log_, begin, end, {probabilities.data() + first, last - first});
  });
  return add_probabilities(probabilities);
}

std::size_t Evaluation::add_probabilities(std::span<const float> probabilities, bool is_logging) {
  const std::size_t n = log_.size(), outcomes = models_.outcome.size();
  PLUMB_ASSERT(probabilities.size() == log_.action.size());
  const PolicyTerms terms = policy_terms(log_, models_, base_, base_is_estimate_, probabilities, is_logging,
                                         estimators_ > 1, threads_);

  PolicySums sums;
  for (std::size_t s = 0; s < subsets_.size(); ++s) {
    for (std::size_t j = 0; j < outcomes; ++j) {
      const std::size_t dr = moments_.add_sums();
      sums.columns.push_back(moments_.add_column(dr, counts_[s][j]));
      if (estimators_ > 1) {
        const std::size_t ips = moments_.add_sums(), weight = moments_.add_sums();
        sums.columns.push_back(moments_.add_column(ips, counts_[s][j]));
        sums.columns.push_back(moments_.add_column(ips, weight));
      }
    }
  }
  parallel_blocks(kBuckets / kBucketGroup, threads_, [&](std::size_t group) {
    for (std::size_t b = group * kBucketGroup; b < (group + 1) * kBucketGroup; ++b) {
      for (std::size_t s = 0; s < subsets_.size(); ++s) {
        const std::vector<std::uint8_t>& mask = subsets_[s].mask;
        for (std::size_t j = 0; j < outcomes; ++j) {
          double dr = 0, ips = 0, weight = 0;
          for (std::size_t k = bucket_begin_[b]; k < bucket_begin_[b + 1]; ++k) {
            const std::size_t i = order_[k];
            if (!mask[i]) continue;
            dr += terms.dr[j * n + i];
            if (estimators_ == 1) continue;
            ips += terms.ips[j * n + i];
            weight += terms.observed_weight[j * n + i];
          }
          const std::size_t at = (s * outcomes + j) * estimators_;
          moments_.numerator_sums(sums.columns[at])[b] = dr;
          if (estimators_ == 1) continue;
          moments_.numerator_sums(sums.columns[at + 1])[b] = ips;
          moments_.denominator_sums(sums.columns[at + 2])[b] = weight;
        }
      }
    }
  });
  if (models_.preference && !is_logging) add_preference_error(probabilities, sums);
  add_learnt_error(terms.weight, sums);
  for (std::size_t s = 0; s < subsets_.size(); ++s) {
    const SubsetSums totals = subset_sums(terms, subsets_[s].mask, bucket_);
    sums.support.push_back(support_of(totals));
    sums.kl.push_back(totals.count > 0 ? totals.kl / totals.count : 0);
    sums.chi2.push_back(totals.count > 0 ? totals.chi2 / totals.count - 1 : 0);
    for (std::size_t j = 0; j < outcomes; ++j) {
      const ObservedSums seen = observed_sums(terms, log_.outcome(models_.outcome[j]), subsets_[s].mask);
      sums.events.push_back(seen.events);
      sums.observed_ess.push_back(seen.ess);
      sums.observed_share.push_back(seen.largest_share);
    }
  }
  policies_.push_back(std::move(sums));
  return policies_.size() - 1;
}

// A preference's values come from estimated coefficients: what each bucket of comparisons contributed to their
// error enters the bucket's sum as if the decisions in it had scored that much more.
void Evaluation::add_preference_error(std::span<const float> probabilities, const PolicySums& sums) {
  const std::size_t j = models_.preference_index();
  const std::vector<Matrix>& influence = models_.preference->influence;
  for (std::size_t s = 0; s < subsets_.size(); ++s) {
    const std::vector<std::vector<double>> shift =
        design_shift(log_, models_.map, probabilities, base_, subsets_[s].mask, threads_);
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
  if (!out.sufficient) return out;
  for (const auto& [outcome, weight] : terms) {
    const std::size_t at = subset * models_.outcome.size() + outcome;
    const std::string& name = models_.outcome[outcome];
    const double ess = policies_[policy].observed_ess[at], share = policies_[policy].observed_share[at];
    out.ess = std::min(out.ess, ess);
    if (ess < kLeastEss) {
      out.sufficient = false;
      out.reason =
          fmt::format("{} is observed in {:.1f} effective decisions, {:.0f} are needed", name, ess, kLeastEss);
    } else if (share > kLargestShare) {
      out.sufficient = false;
      out.reason = fmt::format("one observed value of {} carries {:.0f} % of all weight", name, 100 * share);
    }
  }
  return out;
}

double Evaluation::events(std::size_t policy, std::size_t outcome, std::size_t subset) const {
  return policies_[policy].events[subset * models_.outcome.size() + outcome];
}
double Evaluation::kl(std::size_t policy, std::size_t subset) const { return policies_[policy].kl[subset]; }
double Evaluation::chi2(std::size_t policy, std::size_t subset) const { return policies_[policy].chi2[subset]; }

Estimates Evaluation::estimate(std::span<const Contrast> contrasts) const {
  return plumb::estimate(moments_, contrasts);
}

}  // namespace plumb
