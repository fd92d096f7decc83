// How far policies are from what runs today, in words that need no logarithm: in how many decisions they would
// choose otherwise. That is total variation: the mean over decisions of half the sum of |p - q| over the
// offered actions, the least share of decisions in which two who draw from p and q differ. It is computed, not
// bounded from KL.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "loop/stages.h"

namespace plumb {
namespace {

constexpr std::size_t kBlock = 2048;
constexpr double kOneLottery = 1e-6;  // probabilities that differ by less are the same

// The mean over decisions of what `differs` says of decision i.
template <class Differs>
double mean_over(const DecisionLog& log, int threads, const Differs& differs) {
  std::vector<double> sum((log.size() + kBlock - 1) / kBlock, 0.0), weight(sum.size(), 0.0);
  parallel_blocks(sum.size(), threads, [&](std::size_t block) {
    for (std::size_t i = block * kBlock; i < std::min(log.size(), (block + 1) * kBlock); ++i) {
      const double w = log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]);
      sum[block] += w * differs(i);
      weight[block] += w;
    }
  });
  return std::accumulate(sum.begin(), sum.end(), 0.0) / std::accumulate(weight.begin(), weight.end(), 0.0);
}

double half_l1(std::span<const float> p, std::span<const float> q) {
  double sum = 0;
  for (std::size_t a = 0; a < p.size(); ++a)
    sum += std::abs(static_cast<double>(p[a]) - static_cast<double>(q[a]));
  return 0.5 * sum;
}

double between(const DecisionLog& log, std::span<const float> p, std::span<const float> q, int threads) {
  return mean_over(log, threads, [&](std::size_t i) {
    const std::size_t first = log.offset[i], k = log.offered(i);
    return half_l1(p.subspan(first, k), q.subspan(first, k));
  });
}

// What the path's policy of pressure `beta` chooses, a float a row.
std::vector<float> tilted(const Study& study, const Signal& signal, float beta) {
  const DecisionLog& log = study.log;
  std::vector<float> out(log.action.size());
  parallel_blocks((log.size() + kBlock - 1) / kBlock, study.threads, [&](std::size_t block) {
    std::vector<float> score;
    for (std::size_t i = block * kBlock; i < std::min(log.size(), (block + 1) * kBlock); ++i) {
      const std::size_t first = log.offset[i], k = log.offered(i);
      score.resize(k);
      for (std::size_t a = 0; a < k; ++a) score[a] = beta * signal.score[first + a];
      tilt(std::span<const float>(study.base).subspan(first, k), score, {out.data() + first, k});
    }
  });
  return out;
}

// Of the path's point nearest to this pressure, from the log's own policy.
std::optional<double> at_kl(const Study& study, const Signal& signal, const PressurePath& path, double kl) {
  if (path.points.empty() || !(kl > 0)) return std::nullopt;
  const PathPoint* nearest = &path.points.front();
  for (const PathPoint& point : path.points) {
    if (std::abs(point.kl - kl) < std::abs(nearest->kl - kl)) nearest = &point;
  }
  return between(study.log, tilted(study, signal, static_cast<float>(nearest->beta)), study.base,
                 study.threads);
}

// The shares of a lottery that is the same for everybody; empty where it is not, or is only estimated.
std::vector<double> one_lottery(const Study& study) {
  const DecisionLog& log = study.log;
  if (!log.fixed_actions || study.logging->is_estimate()) return {};
  std::vector<double> least(log.actions.size(), 1.0), most(log.actions.size(), 0.0);
  for (std::size_t row = 0; row < log.action.size(); ++row) {
    const double p = study.base[row];
    least[log.action[row]] = std::min(least[log.action[row]], p);
    most[log.action[row]] = std::max(most[log.action[row]], p);
  }
  for (std::size_t a = 0; a < most.size(); ++a)
    if (most[a] - least[a] > kOneLottery) return {};
  return most;
}

}  // namespace

void measure_distances(Study& study) {
  study.todays_shares = one_lottery(study);
  const std::vector<float> today = probabilities_of(*study.reference, study.log, study.threads);
  if (study.training) {
    for (const Candidate& candidate : study.training->candidates)
      study.otherwise[candidate.policy->name()] = between(
          study.log, probabilities_of(*candidate.policy, study.log, study.threads), today, study.threads);
  }
  if (study.certification && study.certification->recommended) {
    const std::string& name = study.certification->candidates[*study.certification->recommended].name;
    if (name.starts_with("constant:"))
      study.otherwise[name] =
          between(study.log, probabilities_of(*constant_policy(name.substr(9)), study.log, study.threads),
                  today, study.threads);
  }
  for (const ProxyAudit& audit : study.proxies) {
    for (const Signal& signal : study.signals) {
      if (signal.name != audit.name || audit.path.points.empty()) continue;
      study.reach[audit.name] = {at_kl(study, signal, audit.path, audit.curve.peak.kl),
                                 at_kl(study, signal, audit.path, audit.curve.harm ? audit.curve.harm_kl : 0),
                                 at_kl(study, signal, audit.path, audit.path.points.back().kl)};
    }
  }
}

}  // namespace plumb
