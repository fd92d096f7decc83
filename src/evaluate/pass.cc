#include "evaluate/pass.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "base/log_of.h"
#include "evaluate/block.h"

namespace plumb {
namespace {

constexpr std::size_t kLeastChunk = 16384, kMostChunks = 16;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Eight sums side by side, added up in one order: what a vector unit does with neighbours.
template <class Term>
double lane_sum(std::size_t n, const Term& term) {
  std::array<double, 8> lane{};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t l = 0; l < 8; ++l) lane[l] += term(i + l);
  }
  for (std::size_t l = 0; i < n; ++i, ++l) lane[l] += term(i);
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

template <class Term>
double lane_max(std::size_t n, const Term& term) {
  std::array<double, 8> lane{};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t l = 0; l < 8; ++l) lane[l] = std::max(lane[l], term(i + l));
  }
  for (std::size_t l = 0; i < n; ++i, ++l) lane[l] = std::max(lane[l], term(i));
  return *std::max_element(lane.begin(), lane.end());
}

using Strip = std::array<double, kStrip>;

// What the decisions of a strip contribute for one policy, each times r.
struct StripTerms {
  Strip weight, kl, chi2;
  struct Outcome {
    Strip dr, ips, seen;
  };
  std::vector<Outcome> outcome;
  std::vector<float> transposed;  // offered x kStrip
};

// kl, chi2 and the direct parts gain what actions with probabilities p bring: n neighbours in every array.
// Without a branch: beyond the base's support they become larger than anything else can (see kBeyond), and a p
// of 0 adds 0 wherever it stands.
void add_action(std::size_t n, const float* __restrict p, const double* __restrict log_base,
                const double* __restrict inverse_base, double* __restrict kl, double* __restrict chi2) {
  for (std::size_t i = 0; i < n; ++i) {
    const double x = p[i];
    kl[i] += x * (log_of(x) - log_base[i]);
    chi2[i] += x * x * inverse_base[i];
  }
}

void add_direct(std::size_t n, const float* __restrict p, const float* __restrict q,
                double* __restrict direct) {
  for (std::size_t i = 0; i < n; ++i) direct[i] += static_cast<double>(p[i]) * static_cast<double>(q[i]);
}

template <std::size_t kOffered>
void transpose(std::size_t n, const float* __restrict p, float* __restrict out) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t a = 0; a < kOffered; ++a) out[a * kStrip + i] = p[i * kOffered + a];
  }
}

void transpose(std::size_t offered, std::size_t n, const float* p, float* out) {
  switch (offered) {
    case 2:
      return transpose<2>(n, p, out);
    case 3:
      return transpose<3>(n, p, out);
    case 4:
      return transpose<4>(n, p, out);
    default:
      for (std::size_t a = 0; a < offered; ++a) {
        for (std::size_t i = 0; i < n; ++i) out[a * kStrip + i] = p[i * offered + a];
      }
  }
}

// A subset that is all of the log, and two that share it out: its sums are theirs together.
struct Whole {
  std::size_t whole, part, rest;
};
std::optional<Whole> whole_of(std::span<const Subset> subsets) {
  const auto is_all = [](const Subset& s) {
    return std::all_of(s.mask.begin(), s.mask.end(), [](std::uint8_t m) { return m != 0; });
  };
  const auto share_out = [](const Subset& a, const Subset& b) {
    for (std::size_t i = 0; i < a.mask.size(); ++i) {
      if ((a.mask[i] != 0) == (b.mask[i] != 0)) return false;
    }
    return true;
  };
  for (std::size_t whole = 0; whole < subsets.size(); ++whole) {
    if (!is_all(subsets[whole])) continue;
    for (std::size_t part = 0; part < subsets.size(); ++part) {
      for (std::size_t rest = part + 1; rest < subsets.size(); ++rest) {
        if (part != whole && rest != whole && share_out(subsets[part], subsets[rest]))
          return Whole{whole, part, rest};
      }
    }
  }
  return std::nullopt;
}

class Pass {
 public:
  Pass(const PassInput& input, std::span<const PassPolicy> policies)
      : input_(input), policies_(policies), width_(pass_width(input)), whole_(whole_of(input.subsets)) {}

  std::vector<PassSums> zeros() const {
    std::vector<PassSums> out(policies_.size() * input_.subsets.size());
    for (PassSums& sums : out) {
      sums.bucket.assign(kBuckets * width_, 0.0);
      sums.observed.resize(input_.models.outcome.size());
    }
    return out;
  }

  std::vector<PassSums> chunk(std::size_t begin, std::size_t end) const {
    std::vector<PassSums> out = zeros();
    DecisionBlock block(input_);
    StripTerms terms;
    terms.outcome.resize(input_.models.outcome.size());
    std::vector<float> asked;
    for (std::size_t from = begin, to = begin; from < end; from = to) {
      to = block_end(from, end);
      block.load(from, to);
      const std::size_t rows = input_.log.offset[block.end] - block.first_row;
      for (std::size_t p = 0; p < policies_.size(); ++p) {
        const PassPolicy& policy = policies_[p];
        const float* probabilities = policy.probabilities.data() + block.first_row;
        if (policy.policy != nullptr) {
          asked.resize(rows);
          policy.policy->probabilities(input_.log, block.begin, block.end, asked);
          probabilities = asked.data();
        }
        for (std::size_t first = 0; first < block.end - block.begin; first += kStrip) {
          const std::size_t n = std::min(kStrip, block.end - block.begin - first);
          fill(block, first, n, probabilities, policy.is_logging, terms);
          for (std::size_t s = 0; s < input_.subsets.size(); ++s) {
            if (!whole_ || s != whole_->whole)
              add(block, first, n, s, terms, out[p * input_.subsets.size() + s]);
          }
        }
      }
    }
    for (std::size_t p = 0; whole_ && p < policies_.size(); ++p) {
      PassSums* of = out.data() + p * input_.subsets.size();
      merge(of[whole_->whole], of[whole_->part]);
      merge(of[whole_->whole], of[whole_->rest]);
    }
    return out;
  }

 private:
  std::size_t block_end(std::size_t from, std::size_t end) const {
    const std::vector<std::uint64_t>& offset = input_.log.offset;
    std::size_t n = std::min(kDecisionBlock, end - from);
    while (n > kStrip && offset[from + n] - offset[from] > kMostRows)
      n = (n / 2 + kStrip - 1) / kStrip * kStrip;
    return from + n;
  }

  void fill(const DecisionBlock& block, std::size_t first, std::size_t n, const float* probabilities,
            bool is_logging, StripTerms& terms) const {
    const std::size_t outcomes = terms.outcome.size();
    std::fill_n(terms.kl.begin(), n, 0.0);
    std::fill_n(terms.chi2.begin(), n, 0.0);
    for (StripTerms::Outcome& outcome : terms.outcome) std::fill_n(outcome.dr.begin(), n, 0.0);
    if (block.offered > 0) {
      const std::size_t k = block.offered;
      if (terms.transposed.size() < k * kStrip) terms.transposed.resize(k * kStrip);
      transpose(k, n, probabilities + first * k, terms.transposed.data());
      for (std::size_t a = 0; a < k; ++a) {
        const float* p = terms.transposed.data() + a * kStrip;
        const std::size_t at = a * (block.end - block.begin) + first;
        if (!is_logging)
          add_action(n, p, block.log_base.data() + at, block.inverse_base.data() + at, terms.kl.data(),
                     terms.chi2.data());
        for (std::size_t j = 0; j < outcomes; ++j)
          add_direct(n, p, block.q[j].data() + at, terms.outcome[j].dr.data());
      }
    } else {
      for (std::size_t i = 0; i < n; ++i) {
        const std::size_t decision = block.begin + first + i;
        const std::size_t from = input_.log.offset[decision] - block.first_row,
                          to = input_.log.offset[decision + 1] - block.first_row;
        for (std::size_t row = from; row < to; ++row) {
          if (!is_logging)
            add_action(1, probabilities + row, block.log_base.data() + row, block.inverse_base.data() + row,
                       terms.kl.data() + i, terms.chi2.data() + i);
          for (std::size_t j = 0; j < outcomes; ++j)
            add_direct(1, probabilities + row, block.q[j].data() + row, terms.outcome[j].dr.data() + i);
        }
      }
    }
    const double* r = block.rows_weight.data() + first;
    const double* scale = block.scale.data() + first;
    for (std::size_t i = 0; i < n; ++i) {
      terms.weight[i] =
          is_logging ? r[i] : static_cast<double>(probabilities[block.chosen[first + i]]) * scale[i];
      // An action that the logging policy never takes is out of support: both divergences are infinite.
      terms.kl[i] = r[i] * (terms.kl[i] > kBeyond ? kInfinity : std::max(0.0, terms.kl[i]));
      terms.chi2[i] = r[i] * (is_logging ? 1 : terms.chi2[i] > kBeyond ? kInfinity : terms.chi2[i]);
    }
    for (std::size_t j = 0; j < outcomes; ++j) {
      const DecisionBlock::Outcome& from = block.outcomes[j];
      StripTerms::Outcome& to = terms.outcome[j];
      // What the logging policy earned is in the log; a model of its probabilities would add an error that no
      // interval holds.
      if (is_logging && input_.base_is_estimate) std::copy_n(from.direct.data() + first, n, to.dr.begin());
      const double *live = from.live.data() + first, *residual = from.residual.data() + first;
      for (std::size_t i = 0; i < n; ++i) to.dr[i] = live[i] * to.dr[i] + terms.weight[i] * residual[i];
      if (!input_.all_estimators) continue;
      const double *value = from.value.data() + first, *seen = from.seen.data() + first;
      for (std::size_t i = 0; i < n; ++i) {
        to.ips[i] = terms.weight[i] * value[i];
        to.seen[i] = terms.weight[i] * seen[i];
      }
    }
  }

  // Adds the strip's terms to one subset's sums.
  void add(const DecisionBlock& block, std::size_t first, std::size_t n, std::size_t s, const StripTerms& terms,
           PassSums& sums) const {
    const StripMembers& in = block.members[first / kStrip][s];
    if (in.all) {
      add_buckets(block, first, n, terms, sums, [](std::size_t k) { return k; });
      add_sums(block, first, n, terms.weight, terms.kl, terms.chi2, sums);
    } else if (!in.some.empty()) {
      add_buckets(block, first, in.some.size(), terms, sums,
                  [some = in.some.data()](std::size_t k) -> std::size_t { return some[k]; });
      // Zeros for who is not in the subset keep neighbours neighbours.
      Strip weight, kl, chi2;
      for (Strip* strip : {&weight, &kl, &chi2}) std::fill_n(strip->begin(), n, 0.0);
      for (const std::uint16_t i : in.some) {
        weight[i] = terms.weight[i];
        kl[i] = terms.kl[i];
        chi2[i] = terms.chi2[i];
      }
      add_sums(block, first, n, weight, kl, chi2, sums);
    }
  }

  template <class Member>
  void add_buckets(const DecisionBlock& block, std::size_t first, std::size_t n, const StripTerms& terms,
                   PassSums& sums, const Member& member) const {
    const std::uint16_t* bucket = input_.bucket.data() + block.begin + first;
    const bool all_estimators = input_.all_estimators;
    const double* w = terms.weight.data();
    if (terms.outcome.size() == 1 && !all_estimators) {
      const double* dr = terms.outcome[0].dr.data();
      for (std::size_t k = 0; k < n; ++k) {
        const std::size_t i = member(k);
        double* to = sums.bucket.data() + std::size_t{2} * bucket[i];
        to[0] += w[i];
        to[1] += dr[i];
      }
      return;
    }
    for (std::size_t k = 0; k < n; ++k) {
      const std::size_t i = member(k);
      double* to = sums.bucket.data() + width_ * bucket[i];
      *to++ += w[i];
      for (const StripTerms::Outcome& outcome : terms.outcome) {
        *to++ += outcome.dr[i];
        if (!all_estimators) continue;
        *to++ += outcome.ips[i];
        *to++ += outcome.seen[i];
      }
    }
  }

  void add_sums(const DecisionBlock& block, std::size_t first, std::size_t n, const Strip& w, const Strip& kl,
                const Strip& chi2, PassSums& sums) const {
    const double squares = lane_sum(n, [&](std::size_t i) { return w[i] * w[i]; });
    sums.weight_squares += squares;
    if (input_.log.weight.empty()) {
      sums.plain_squares += squares;
    } else {
      const double* r = block.rows_weight.data() + first;
      sums.plain_squares += lane_sum(n, [&](std::size_t i) { return w[i] * w[i] / r[i]; });
    }
    sums.max_weight = std::max(sums.max_weight, lane_max(n, [&](std::size_t i) { return w[i]; }));
    sums.kl += lane_sum(n, [&](std::size_t i) { return kl[i]; });
    sums.chi2 += lane_sum(n, [&](std::size_t i) { return chi2[i]; });
    for (std::size_t j = 0; j < block.outcomes.size(); ++j) {
      const double *seen = block.outcomes[j].seen.data() + first,
                   *event = block.outcomes[j].event.data() + first;
      ObservedSums& to = sums.observed[j];
      const auto share = [&](std::size_t i) { return w[i] * seen[i]; };
      const auto of_event = [&](std::size_t i) { return w[i] * event[i]; };
      to.sum += lane_sum(n, share);
      to.squares += lane_sum(n, [&](std::size_t i) { return share(i) * share(i); });
      to.largest = std::max(to.largest, lane_max(n, share));
      to.event_sum += lane_sum(n, of_event);
      to.event_squares += lane_sum(n, [&](std::size_t i) { return of_event(i) * of_event(i); });
    }
  }

  const PassInput& input_;
  std::span<const PassPolicy> policies_;
  std::size_t width_;
  std::optional<Whole> whole_;
};

}  // namespace

void merge(PassSums& into, const PassSums& from) {
  for (std::size_t k = 0; k < into.bucket.size(); ++k) into.bucket[k] += from.bucket[k];
  into.weight_squares += from.weight_squares;
  into.plain_squares += from.plain_squares;
  into.max_weight = std::max(into.max_weight, from.max_weight);
  into.kl += from.kl;
  into.chi2 += from.chi2;
  for (std::size_t j = 0; j < into.observed.size(); ++j) {
    ObservedSums& a = into.observed[j];
    const ObservedSums& b = from.observed[j];
    a.sum += b.sum;
    a.squares += b.squares;
    a.largest = std::max(a.largest, b.largest);
    a.event_sum += b.event_sum;
    a.event_squares += b.event_squares;
  }
}

SubsetSums subset_sums(const PassSums& pass, std::size_t width, std::span<const double> rows_by_bucket,
                       double rows, double rows_weight) {
  SubsetSums out;
  out.count = rows;
  out.rows_weight = rows_weight;
  out.weight_squares = pass.weight_squares;
  out.plain_squares = pass.plain_squares;
  out.max_weight = pass.max_weight;
  out.kl = pass.kl;
  out.chi2 = pass.chi2;
  for (std::size_t b = 0; b < kBuckets; ++b) out.weight += pass.bucket[b * width];
  if (rows == 0) return out;
  const double mean = out.weight / rows_weight;
  double squares = 0, error = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    const double weight = pass.bucket[b * width], left = weight - mean * rows_by_bucket[b];
    squares += weight * weight;
    error += left * left;
  }
  out.weight_error = std::sqrt(error) / rows_weight;
  out.effective_units = squares > 0 ? out.weight * out.weight / squares : 0;
  return out;
}

std::size_t pass_width(const PassInput& input) {
  return 1 + input.models.outcome.size() * (input.all_estimators ? 3 : 1);
}

std::vector<std::size_t> decision_chunks(std::size_t n) {
  const std::size_t least = std::max(kLeastChunk, (n + kMostChunks - 1) / kMostChunks);
  const std::size_t size = (least + kDecisionBlock - 1) / kDecisionBlock * kDecisionBlock;
  std::vector<std::size_t> out;
  for (std::size_t begin = 0; begin < n; begin += size) out.push_back(begin);
  out.push_back(n);
  return out;
}

std::vector<PassSums> policy_pass(const PassInput& input, std::span<const PassPolicy> policies) {
  const Pass pass(input, policies);
  const std::vector<std::size_t> begin = decision_chunks(input.log.size());
  std::vector<std::vector<PassSums>> chunk(begin.size() - 1);
  parallel_blocks(chunk.size(), input.threads,
                  [&](std::size_t c) { chunk[c] = pass.chunk(begin[c], begin[c + 1]); });
  if (chunk.empty()) return pass.zeros();
  parallel_blocks(chunk[0].size(), input.threads, [&](std::size_t k) {
    for (std::size_t c = 1; c < chunk.size(); ++c) merge(chunk[0][k], chunk[c][k]);
  });
  return std::move(chunk[0]);
}

}  // namespace plumb
