#include "reward/pairwise.h"

#include <algorithm>
#include <cmath>

#include "plumb/regression.h"

namespace plumb {
namespace {

constexpr Eigen::Index kParts = 16;  // fixed, so that sums do not depend on threads
constexpr int kMostSteps = 60;

std::pair<Eigen::Index, Eigen::Index> part(Eigen::Index rows, std::size_t k) {
  const auto at = static_cast<Eigen::Index>(k);
  const Eigen::Index begin = rows * at / kParts;
  return {begin, rows * (at + 1) / kParts - begin};
}

double loss_at(const Pairs& pairs, double penalty, const Eigen::VectorXd& coef) {
  const Eigen::VectorXd losses = pair_losses(pairs, coef);
  return pairs.weight.dot(losses) + penalty / 2 * coef.tail(coef.size() - 1).squaredNorm();
}

struct Derivatives {
  Eigen::VectorXd gradient;
  Eigen::MatrixXd curvature;
};

Derivatives derivatives(const Pairs& pairs, double penalty, const Eigen::VectorXd& coef, int threads,
                        PairLink link = {}) {
  const Eigen::Index p = pairs.design.cols(), n = pairs.design.rows();
  std::vector<Derivatives> parts(kParts);
  parallel_blocks(kParts, threads, [&](std::size_t k) {
    const auto [begin, count] = part(n, k);
    Derivatives& out = parts[k];
    PairMatrix rows = pairs.design.middleRows(begin, count);
    const Eigen::VectorXd log_odds = rows * coef;
    Eigen::VectorXd residual(count);
    for (Eigen::Index r = 0; r < count; ++r) {
      const double weight = pairs.weight[begin + r] * link.pull(log_odds[r]);
      residual[r] = weight * (link.chance(log_odds[r]) - pairs.answer[begin + r]);
    }
    out.gradient = rows.transpose() * residual;
    for (Eigen::Index r = 0; r < count; ++r) {
      rows.row(r) *= std::sqrt(pairs.weight[begin + r] * link.pull(log_odds[r]) * link.slope(log_odds[r]));
    }
    out.curvature = Eigen::MatrixXd::Zero(p, p);
    out.curvature.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
  });
  Derivatives total{Eigen::VectorXd::Zero(p), Eigen::MatrixXd::Zero(p, p)};
  for (const Derivatives& d : parts) {
    total.gradient += d.gradient;
    total.curvature += d.curvature;
  }
  total.gradient.tail(p - 1) += penalty * coef.tail(p - 1);
  total.curvature.diagonal().tail(p - 1).array() += penalty;
  total.curvature = Eigen::MatrixXd(total.curvature.selfadjointView<Eigen::Lower>());
  return total;
}

}  // namespace

Pairs pairs_in(const Pairs& pairs, std::uint32_t folds) {
  std::vector<Eigen::Index> rows;
  for (std::size_t r = 0; r < pairs.size(); ++r) {
    if (folds >> pairs.fold[r] & 1u) rows.push_back(static_cast<Eigen::Index>(r));
  }
  Pairs out;
  out.design = pairs.design(rows, Eigen::all);
  out.answer = pairs.answer(rows);
  out.weight = pairs.weight(rows);
  for (const Eigen::Index r : rows) {
    out.fold.push_back(pairs.fold[static_cast<std::size_t>(r)]);
    out.bucket.push_back(pairs.bucket[static_cast<std::size_t>(r)]);
    if (!pairs.copies.empty()) out.copies.push_back(pairs.copies[static_cast<std::size_t>(r)]);
    if (pairs.prompt.empty()) continue;
    out.prompt.push_back(pairs.prompt[static_cast<std::size_t>(r)]);
    out.answer_of.push_back(pairs.answer_of[static_cast<std::size_t>(r)]);
  }
  return out;
}

Eigen::VectorXd pair_losses(const Pairs& pairs, const Eigen::VectorXd& coef) {
  Eigen::VectorXd out = pairs.design * coef;
  for (Eigen::Index r = 0; r < out.size(); ++r) out[r] = log1p_exp(out[r]) - pairs.answer[r] * out[r];
  return out;
}

double curvature_scale(const Pairs& pairs) {
  const Eigen::Index p = pairs.design.cols();
  if (p < 2) return 1;
  double sum = 0;
  for (Eigen::Index r = 0; r < pairs.design.rows(); ++r) {
    sum += 0.25 * pairs.weight[r] * pairs.design.row(r).tail(p - 1).squaredNorm();
  }
  return std::max(sum / static_cast<double>(p - 1), 1e-12);
}

PairFit fit_pairs(const Pairs& pairs, double penalty, Eigen::VectorXd start, int threads) {
  PLUMB_ASSERT(penalty > 0 && pairs.design.rows() > 0);
  PairFit fit;
  fit.coef = start.size() == 0 ? Eigen::VectorXd::Zero(pairs.design.cols()) : std::move(start);
  const double tolerance = 1e-10 * pairs.weight.sum();
  double loss = loss_at(pairs, penalty, fit.coef);
  for (int step = 0; step < kMostSteps; ++step) {
    Derivatives d = derivatives(pairs, penalty, fit.coef, threads);
    // The position effect has no penalty; where all answers agree its curvature vanishes as it runs away.
    d.curvature(0, 0) += 1e-9 * pairs.weight.sum();
    const Eigen::VectorXd direction = d.curvature.ldlt().solve(-d.gradient);
    const double promised = -0.5 * d.gradient.dot(direction);
    fit.curvature = std::move(d.curvature);
    if (!(promised > tolerance)) break;
    double scale = 1, next = loss_at(pairs, penalty, fit.coef + direction);
    for (int half = 0; half < 30 && !(next <= loss); ++half) {
      scale /= 2;
      next = loss_at(pairs, penalty, fit.coef + scale * direction);
    }
    if (!(next <= loss)) break;
    fit.coef += scale * direction;
    loss = next;
  }
  return fit;
}

PairFit fit_pairs_unbiased(const Pairs& pairs, double penalty, int threads, PairLink link) {
  PLUMB_ASSERT(penalty > 0 && pairs.design.rows() > 0);
  const Eigen::Index n = pairs.design.rows();
  PairFit fit;
  fit.link = link;
  fit.coef = Eigen::VectorXd::Zero(pairs.design.cols());
  fit.hat.resize(n);
  for (int step = 0; step < kMostSteps; ++step) {
    Derivatives d = derivatives(pairs, penalty, fit.coef, threads, link);
    const Eigen::LLT<Eigen::MatrixXd> factor(d.curvature);
    const Eigen::VectorXd log_odds = pairs.design * fit.coef;
    std::vector<Eigen::VectorXd> parts(kParts);
    parallel_blocks(kParts, threads, [&](std::size_t k) {
      const auto [begin, count] = part(n, k);
      Eigen::MatrixXd rows = pairs.design.middleRows(begin, count).transpose();
      factor.matrixL().solveInPlace(rows);
      Eigen::VectorXd pull(count);
      for (Eigen::Index r = 0; r < count; ++r) {
        const double at = log_odds[begin + r];
        const double hat = pairs.weight[begin + r] * link.pull(at) * link.slope(at) * rows.col(r).squaredNorm();
        fit.hat[begin + r] = hat;
        pull[r] = hat * (0.5 - sigmoid(at));
      }
      parts[k] = pairs.design.middleRows(begin, count).transpose() * pull;
    });
    Eigen::VectorXd gradient = d.gradient;
    for (const Eigen::VectorXd& p : parts) gradient -= p;
    Eigen::VectorXd direction = factor.solve(-gradient);
    fit.curvature = std::move(d.curvature);
    const double decrease = direction.dot(fit.curvature * direction);
    if (!(decrease > 1e-12 * pairs.weight.sum())) break;
    // Far from the optimum the modified score is no descent to rely on: no log-odds moves by more than this.
    const double largest = (pairs.design * direction).cwiseAbs().maxCoeff();
    fit.coef += std::min(1.0, 3 / largest) * direction;
  }
  return fit;
}

PairMatrix pair_influence(const Pairs& pairs, const PairFit& fit) {
  return pair_influence(pairs, fit, pairs.bucket);
}

PairMatrix pair_influence(const Pairs& pairs, const PairFit& fit, const std::vector<std::uint32_t>& buckets) {
  PairMatrix scores = PairMatrix::Zero(static_cast<Eigen::Index>(kBuckets), pairs.design.cols());
  std::vector<std::uint8_t> used(kBuckets, 0);
  const Eigen::VectorXd log_odds = pairs.design * fit.coef;
  for (Eigen::Index r = 0; r < pairs.design.rows(); ++r) {
    const std::uint32_t bucket = buckets[static_cast<std::size_t>(r)];
    const double together =
        pairs.copies.empty() ? 1 : static_cast<double>(pairs.copies[static_cast<std::size_t>(r)]);
    const double left = fit.hat.size() > 0 ? std::max(0.1, 1 - fit.hat[r] * together) : 1;
    const double residual =
        fit.link.pull(log_odds[r]) * (pairs.answer[r] - fit.link.chance(log_odds[r])) / left;
    scores.row(bucket) += pairs.weight[r] * residual * pairs.design.row(r);
    used[bucket] = 1;
  }
  const auto count = std::count(used.begin(), used.end(), std::uint8_t{1});
  if (count == 0) return scores;
  // At the penalized optimum scores sum to penalty times coef, not to zero.
  const Eigen::RowVectorXd mean = scores.colwise().sum() / static_cast<double>(count);
  for (std::size_t b = 0; b < kBuckets; ++b) {
    if (used[b]) scores.row(static_cast<Eigen::Index>(b)) -= mean;
  }
  if (count > 1) scores *= std::sqrt(static_cast<double>(count) / static_cast<double>(count - 1));
  return fit.curvature.ldlt().solve(scores.transpose()).transpose();
}

}  // namespace plumb
