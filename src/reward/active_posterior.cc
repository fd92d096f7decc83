// Laplace posteriors of Bradley-Terry votes under a Gaussian prior: what selection starts from, and what its
// rank-one steps are checked against.
#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>

#include "plumb/active.h"
#include "reward/active_pool.h"

namespace plumb {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr const char* kWhere = "votes";
constexpr int kMostSteps = 200;
constexpr double kDecrement = 1e-20;  // squared distance to the mode, in posterior standard deviations

Eigen::Index index(std::size_t n) { return static_cast<Eigen::Index>(n); }

void check_votes(const PairVotes& votes, std::size_t items) {
  active::check_pairs(votes.asked, items, kWhere);
  const std::size_t n = votes.asked.size();
  active::check_length(kWhere, "share", votes.share.size(), n);
  if (!votes.weight.empty()) active::check_length(kWhere, "weight", votes.weight.size(), n);
  for (std::size_t k = 0; k < n; ++k) {
    if (!(votes.share[k] >= 0 && votes.share[k] <= 1))
      refuse(kWhere, fmt::format("share of vote {}", k), fmt::format("{}", votes.share[k]),
             "a number in [0, 1]");
    if (!votes.weight.empty() && !(votes.weight[k] >= 0 && std::isfinite(votes.weight[k])))
      refuse(kWhere, fmt::format("weight of vote {}", k), fmt::format("{}", votes.weight[k]), "a number >= 0");
  }
}

void check_prior(double prior_variance) {
  if (!(prior_variance > 0 && std::isfinite(prior_variance)))
    refuse(kWhere, "prior variance", fmt::format("{}", prior_variance), "a number > 0");
}

// What one vote adds to the loss and to its first two derivatives in f = u_first - u_second.
struct Term {
  double loss = 0, slope = 0, curvature = 0;
};
Term term(const PairVotes& votes, std::size_t k, double f) {
  const double a = active::slope(votes.asked, k), weight = votes.weight.empty() ? 1.0 : votes.weight[k];
  const double log_odds = active::shift(votes.asked, k) + a * f, p = sigmoid(log_odds);
  return {weight * (log1p_exp(log_odds) - votes.share[k] * log_odds), weight * a * (p - votes.share[k]),
          weight * a * a * p * sigmoid(-log_odds)};
}

struct Mode {
  Eigen::VectorXd at;
  RowMatrix covariance;
  double log_evidence = 0;
};

// Minimizes loss(theta) + |theta|^2 / (2 prior_variance). evaluate(theta, gradient, hessian) adds the votes'
// part to the last two and returns its loss; null pointers where only the loss is wanted.
template <class Evaluate>
Mode laplace(std::size_t parameters, double prior_variance, const Evaluate& evaluate) {
  const Eigen::Index n = index(parameters);
  Eigen::VectorXd theta = Eigen::VectorXd::Zero(n), gradient(n);
  RowMatrix hessian(n, n);
  const auto objective = [&](const Eigen::VectorXd& at, Eigen::VectorXd* g, RowMatrix* h) {
    if (g) *g = at / prior_variance;
    if (h) {
      h->setZero();
      h->diagonal().setConstant(1 / prior_variance);
    }
    return evaluate(at, g, h) + at.squaredNorm() / (2 * prior_variance);
  };
  for (int step = 0; step < kMostSteps; ++step) {
    const double value = objective(theta, &gradient, &hessian);
    const Eigen::VectorXd direction = hessian.llt().solve(gradient);
    const double decrement = gradient.dot(direction);
    double length = 1;
    // Far from the mode a whole step can overshoot; near it the loss has no digits left to judge by.
    if (decrement > 1e-6) {
      while (length > 1e-10 &&
             objective(theta - length * direction, nullptr, nullptr) > value - 1e-4 * length * decrement)
        length /= 2;
    }
    theta -= length * direction;
    if (decrement < kDecrement) break;
  }
  const double loss = objective(theta, &gradient, &hessian);
  const Eigen::LLT<RowMatrix> factor = hessian.llt();
  // log N(mode; 0, prior) + log-likelihood + log det(2 pi covariance) / 2: the powers of 2 pi cancel.
  const double half_log_det = RowMatrix(factor.matrixL()).diagonal().array().log().sum();
  return {theta, factor.solve(RowMatrix::Identity(n, n)),
          -loss - half_log_det - static_cast<double>(n) / 2 * std::log(prior_variance)};
}

Matrix symmetric(const RowMatrix& from) {
  const auto n = static_cast<std::size_t>(from.rows());
  Matrix out(n, n);
  Eigen::Map<RowMatrix>(out.data.data(), from.rows(), from.cols()) = (from + from.transpose()) / 2;
  return out;
}

}  // namespace

ItemBelief item_belief(std::size_t items, std::span<const std::uint32_t> block, const PairVotes& votes,
                       double prior_variance) {
  active::check_length(kWhere, "block", block.size(), items);
  check_votes(votes, items);
  check_prior(prior_variance);
  const active::Blocks blocks = active::group(block, votes.asked, kWhere);
  ItemBelief out;
  out.mean.assign(items, 0.0);
  out.block.assign(block.begin(), block.end());
  out.covariance.resize(blocks.count());
  for (std::size_t b = 0; b < blocks.count(); ++b) {
    const auto members = blocks.items(b);
    const auto entries = blocks.entries(b);
    if (members.empty()) continue;
    const Mode mode = laplace(members.size(), prior_variance, [&](const Eigen::VectorXd& u, auto* g, auto* h) {
      double loss = 0;
      for (const std::uint32_t k : entries) {
        const Eigen::Index i = blocks.place[votes.asked.first[k]], j = blocks.place[votes.asked.second[k]];
        const Term t = term(votes, k, u[i] - u[j]);
        loss += t.loss;
        if (!g) continue;
        (*g)[i] += t.slope;
        (*g)[j] -= t.slope;
        (*h)(i, i) += t.curvature;
        (*h)(j, j) += t.curvature;
        (*h)(i, j) -= t.curvature;
        (*h)(j, i) -= t.curvature;
      }
      return loss;
    });
    for (std::size_t k = 0; k < members.size(); ++k) out.mean[members[k]] = mode.at[index(k)];
    out.covariance[b] = symmetric(mode.covariance);
    out.log_evidence += mode.log_evidence;
  }
  return out;
}

LinearBelief linear_belief(DesignView items, const PairVotes& votes, double prior_variance) {
  check_votes(votes, items.rows);
  check_prior(prior_variance);
  active::check_design(items);
  const std::size_t n = votes.asked.size(), p = items.cols;
  RowMatrix x(index(n), index(p));
  for (std::size_t k = 0; k < n; ++k) {
    const auto first = items.row(votes.asked.first[k]), second = items.row(votes.asked.second[k]);
    for (std::size_t c = 0; c < p; ++c)
      x(index(k), index(c)) = static_cast<double>(first[c]) - static_cast<double>(second[c]);
  }
  Eigen::VectorXd f(index(n)), slope(index(n)), root(index(n));
  const Mode mode = laplace(p, prior_variance, [&](const Eigen::VectorXd& theta, auto* g, auto* h) {
    f.noalias() = x * theta;
    double loss = 0;
    for (std::size_t k = 0; k < n; ++k) {
      const Term t = term(votes, k, f[index(k)]);
      loss += t.loss;
      slope[index(k)] = t.slope;
      root[index(k)] = std::sqrt(t.curvature);
    }
    if (g) {
      g->noalias() += x.transpose() * slope;
      const RowMatrix scaled = root.asDiagonal() * x;
      h->noalias() += scaled.transpose() * scaled;
    }
    return loss;
  });
  LinearBelief out;
  out.mean.assign(mode.at.data(), mode.at.data() + mode.at.size());
  out.covariance = symmetric(mode.covariance);
  out.log_evidence = mode.log_evidence;
  return out;
}

}  // namespace plumb
