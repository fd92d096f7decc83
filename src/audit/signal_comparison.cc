// Training on a proxy against training on the goal, at exactly equal pressure.
#include <algorithm>
#include <cmath>
#include <optional>

#include "audit/claims.h"
#include "plumb/audit.h"

namespace plumb {
namespace {

// Probabilities are floats, and so are scores: policies whose probabilities differ by no more are the same.
constexpr double kSameProbability = 1e-5;
constexpr double kSlopeStep = 0.05;  // of beta, for the slope of the goal along its path

// The tilts of the base towards one signal, in doubles, on the decisions of one subset.
class Tilts {
 public:
  Tilts(const AuditContext& context, const Signal& signal, const std::vector<std::uint8_t>& mask)
      : context_(context), score_(signal.score), mask_(mask) {}

  // Probabilities of every row (zero for decisions outside the subset), and by unit bucket the sum of KL.
  struct At {
    std::vector<float> p;
    std::vector<double> kl_sums;
    double kl = 0, slope = 0;  // mean over the subset, and its derivative by beta
  };
  At at(double beta, bool with_probabilities) const {
    const DecisionLog& log = context_.log;
    constexpr std::size_t kBlock = 2048;
    const std::size_t blocks = (log.size() + kBlock - 1) / kBlock;
    At out;
    if (with_probabilities) out.p.assign(log.action.size(), 0.0f);
    std::vector<double> kl(log.size(), 0.0), slope(log.size(), 0.0);
    parallel_blocks(blocks, context_.threads, [&](std::size_t block) {
      for (std::size_t i = block * kBlock; i < std::min(log.size(), (block + 1) * kBlock); ++i) {
        if (mask_[i]) tilt_one(i, beta, out.p, kl[i], slope[i]);
      }
    });
    out.kl_sums.assign(kBuckets, 0.0);
    double total = 0, slopes = 0, count = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (!mask_[i]) continue;
      const double weight = log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]);
      out.kl_sums[bucket_of(log.unit[i])] += weight * kl[i];
      total += weight * kl[i];
      slopes += weight * slope[i];
      count += weight;
    }
    out.kl = total / count;
    out.slope = slopes / count;
    return out;
  }

  // The beta below `high` at which the mean KL is `kl`: Newton's method kept inside a shrinking bracket (KL
  // rises with beta).
  double beta_of(double kl, double high) const {
    double low = 0, beta = high;
    for (int step = 0; step < 100; ++step) {
      const At here = at(beta, false);
      const double miss = here.kl - kl;
      if (std::abs(miss) <= 1e-12 * kl) break;
      (miss > 0 ? high : low) = beta;
      const double next = beta - miss / here.slope;
      beta = here.slope > 0 && next > low && next < high ? next : 0.5 * (low + high);
      if (high - low <= 1e-15 * high) break;
    }
    return beta;
  }

 private:
  void tilt_one(std::size_t i, double beta, std::vector<float>& p, double& kl, double& slope) const {
    const DecisionLog& log = context_.log;
    const std::size_t first = log.offset[i], end = log.offset[i + 1];
    double most = -INFINITY, total = 0, mean = 0, square = 0;
    for (std::size_t row = first; row < end; ++row) {
      if (context_.base[row] > 0) most = std::max(most, static_cast<double>(score_[row]));
    }
    // Scores less the highest: KL = beta E[s] - log E_base exp(beta s), its derivative beta Var[s].
    for (std::size_t row = first; row < end; ++row) {
      if (!(context_.base[row] > 0)) continue;
      const double s = static_cast<double>(score_[row]) - most,
                   w = static_cast<double>(context_.base[row]) * std::exp(beta * s);
      total += w;
      mean += w * s;
      square += w * s * s;
    }
    double base = 0;
    for (std::size_t row = first; row < end; ++row) base += static_cast<double>(context_.base[row]);
    mean /= total;
    square /= total;
    kl = std::max(0.0, beta * mean - std::log(total / base));
    slope = beta * std::max(0.0, square - mean * mean);
    if (p.empty()) return;
    for (std::size_t row = first; row < end; ++row) {
      if (!(context_.base[row] > 0)) continue;
      const double s = static_cast<double>(score_[row]) - most;
      p[row] = static_cast<float>(static_cast<double>(context_.base[row]) * std::exp(beta * s) / total);
    }
  }

  const AuditContext& context_;
  std::span<const float> score_;
  const std::vector<std::uint8_t>& mask_;
};

// The last point of a path whose policy the certification half can carry by itself.
std::optional<double> last_beta(const AuditContext& context, const PressurePath& path,
                                std::span<const std::pair<std::size_t, double>> goal) {
  std::optional<double> out;
  for (const PathPoint& point : path.points) {
    if (context.evaluation.support(point.policy, context.certification, goal).sufficient) out = point.beta;
  }
  return out;
}

struct Pushed {
  double beta = 0;
  Tilts::At at;
};

bool same_policy(const Pushed& a, const Pushed& b) {
  for (std::size_t row = 0; row < a.at.p.size(); ++row) {
    if (std::abs(static_cast<double>(a.at.p[row]) - static_cast<double>(b.at.p[row])) > kSameProbability)
      return false;
  }
  return true;
}

// Both as hard as the one that can be pushed less, which stays where it is: its own floats are compared.
std::pair<Pushed, Pushed> pushed_equally(const Tilts& proxy, double proxy_beta, const Tilts& goal,
                                         double goal_beta) {
  const double on_proxy = proxy.at(proxy_beta, false).kl, on_goal = goal.at(goal_beta, false).kl;
  if (on_proxy > on_goal) {
    proxy_beta = proxy.beta_of(on_goal, proxy_beta);
  } else if (on_goal > on_proxy) {
    goal_beta = goal.beta_of(on_proxy, goal_beta);
  }
  return {{proxy_beta, proxy.at(proxy_beta, true)}, {goal_beta, goal.at(goal_beta, true)}};
}

// One comparison before it is measured: three policies, of which the third is a step along the goal's path.
struct Asked {
  Pushed proxy, goal, step;
};

}  // namespace

std::vector<SignalComparison> compare_signals(const AuditContext& context,
                                              const std::vector<PressurePath>& paths,
                                              const std::vector<Signal>& signals) {
  PLUMB_ASSERT(paths.size() == signals.size());
  std::vector<SignalComparison> out;
  if (paths.empty() || paths[0].points.empty()) return out;
  PLUMB_ASSERT(paths[0].signal == "goal");
  const auto terms = goal_terms(context.goal, context.models);
  const std::vector<std::uint8_t>& mask = context.evaluation.subset(context.certification).mask;
  const Tilts towards_goal(context, signals[0], mask);
  const std::optional<double> goal_end = last_beta(context, paths[0], terms);
  // Policies that no path holds: sums of their own, on the rows of the comparison alone.
  std::optional<Evaluation> evaluation;
  std::size_t rows = 0;
  std::vector<Asked> asked;
  std::vector<std::size_t> of;  // its comparison
  std::vector<Contrast> contrasts;
  std::vector<PolicyContrast> differences;  // by place in `asked`
  for (const std::string& proxy : context.goal.proxies) {
    for (std::size_t s = 0; s < paths.size(); ++s) {
      if (paths[s].signal != proxy || paths[s].points.empty()) continue;
      SignalComparison comparison;
      comparison.proxy = proxy;
      const std::optional<double> proxy_end = last_beta(context, paths[s], terms);
      if (!goal_end || !proxy_end) {
        comparison.difference = unknown("the certification half by itself carries neither policy");
        out.push_back(std::move(comparison));
        continue;
      }
      auto [on_proxy, on_goal] =
          pushed_equally(Tilts(context, signals[s], mask), *proxy_end, towards_goal, *goal_end);
      comparison.kl_proxy = on_proxy.at.kl;
      comparison.kl_goal = on_goal.at.kl;
      comparison.same_policy = same_policy(on_proxy, on_goal);
      if (comparison.same_policy) {
        comparison.difference = make_measured(0, 0, 1, context.goal.confidence);
        out.push_back(std::move(comparison));
        continue;
      }
      if (!evaluation) {
        evaluation.emplace(context.log, context.models, context.threads, false, false);
        rows = evaluation->add_subset({"certification half", mask});
      }
      const double beta = on_goal.beta * (1 - kSlopeStep);
      Asked one{std::move(on_proxy), std::move(on_goal), {beta, towards_goal.at(beta, true)}};
      const std::vector<std::size_t> number = evaluation->add_probabilities_many(
          std::vector<std::span<const float>>{one.proxy.at.p, one.goal.at.p, one.step.at.p});
      for (Pushed* pushed : {&one.proxy, &one.goal, &one.step}) pushed->at.p = {};
      differences.push_back({{{number[0], 1.0}, {number[1], -1.0}}, terms, rows});
      Contrast rise{proxy, {}};
      evaluation->add_terms(rise, number[1], terms, rows, 1);
      evaluation->add_terms(rise, number[2], terms, rows, -1);
      contrasts.push_back(as_columns(*evaluation, differences.back()));
      contrasts.push_back(std::move(rise));
      asked.push_back(std::move(one));
      of.push_back(out.size());
      out.push_back(std::move(comparison));
    }
  }
  if (asked.empty()) return out;

  // What KLs that agree on these rows differ by in truth: beta of the goal's policy would be another, and so
  // would its value.
  Moments moments;
  std::vector<Contrast> unequal;
  double decisions = 0;
  const std::size_t count = moments.add_sums();
  for (std::size_t i = 0; i < context.log.size(); ++i) {
    if (!mask[i]) continue;
    const double weight = context.log.weight.empty() ? 1.0 : static_cast<double>(context.log.weight[i]);
    moments.sums(count)[bucket_of(context.log.unit[i])] += weight;
    decisions += weight;
  }
  for (const Asked& one : asked) {
    const std::size_t sums = moments.add_sums();
    for (std::size_t b = 0; b < kBuckets; ++b)
      moments.sums(sums)[b] = one.proxy.at.kl_sums[b] - one.goal.at.kl_sums[b];
    unequal.push_back({"KL", {{moments.add_column(sums, count), 1.0}}});
  }
  const Estimates values = evaluation->estimate(contrasts), kl = estimate(moments, unequal);
  Estimates joint = values;  // first the differences as they are
  std::vector<std::size_t> family;
  std::vector<double> slope(asked.size());
  for (std::size_t k = 0; k < asked.size(); ++k) {
    slope[k] = values.value[2 * k + 1] / (asked[k].goal.at.kl - asked[k].step.at.kl);
    double before = 0, after = 0;
    for (std::size_t b = 0; b < kBuckets; ++b) {
      double& s = joint.influence(b, 2 * k);
      before += s * s;
      s -= slope[k] * kl.influence(b, k);
      after += s * s;
    }
    if (before > 0) joint.standard_error[2 * k] *= std::sqrt(after / before);
    joint.terms_error[2 * k] = std::max(joint.terms_error[2 * k], joint.standard_error[2 * k]);
    family.push_back(2 * k);
  }
  const double critical =
      max_t_distribution(joint, family, Rng(context.seed).stream("signals"), context.threads)
          .critical(1 - context.goal.confidence);
  for (std::size_t k = 0; k < asked.size(); ++k) {
    SignalComparison& comparison = out[of[k]];
    comparison.difference =
        make_measured(joint.value[2 * k], joint.standard_error[2 * k], critical, context.goal.confidence);
    comparison.same_policy = joint.equal(2 * k);
    if (comparison.same_policy) continue;
    // Few events: at least the interval that the difference has by itself.
    const Measured own =
        make_measured(contrast_parts(*evaluation, differences[k]), critical, context.goal.confidence);
    if (!own.known) {
      comparison.difference = own;
      continue;
    }
    Interval& i = comparison.difference.interval;
    i.lower = std::min(i.lower, own.interval.lower);
    i.upper = std::max(i.upper, own.interval.upper);
    comparison.difference.method = own.method;
    const double left = std::abs(slope[k] * (comparison.kl_proxy - comparison.kl_goal));
    comparison.difference.interval.lower -= left;
    comparison.difference.interval.upper += left;
  }
  return out;
}

}  // namespace plumb
