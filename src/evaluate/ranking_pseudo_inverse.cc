// Weights of the pseudo-inverse estimator: for any logging policy by summing over its rankings, for uniform
// rankings in closed form.
//
// Pairs of slot l and item a are numbered l * k + a. Every ranking with mu(A) > 0 has its indicator in the
// range of G, so any solution z of G z = q gives the same weights on the log, and the least one (by the
// pseudo-inverse) is as good as any.
#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <cmath>

#include "evaluate/ranking_checks.h"

namespace plumb {
namespace {

constexpr double kZeroEigenvalue = 1e-10;  // of the largest
constexpr double kResidual = 1e-6;         // of q outside the range of G: its entries are probabilities

// Adds mu(A) 1_A 1_A^T over all rankings that begin with `above`.
void add_rankings(const SlotPolicy& mu, std::size_t decision, std::size_t slots,
                  std::vector<std::uint32_t>& above, double p, Eigen::MatrixXd& g) {
  const std::vector<double> next = next_probabilities(mu, decision, above);
  const std::size_t k = next.size();
  for (std::size_t a = 0; a < k; ++a) {
    const double joint = p * next[a];
    if (joint == 0) continue;
    above.push_back(static_cast<std::uint32_t>(a));
    if (above.size() < slots) {
      add_rankings(mu, decision, slots, above, joint, g);
    } else {
      for (std::size_t l = 0; l < slots; ++l) {
        for (std::size_t j = 0; j < slots; ++j)
          g(static_cast<Eigen::Index>(l * k + above[l]), static_cast<Eigen::Index>(j * k + above[j])) += joint;
      }
    }
    above.pop_back();
  }
}

}  // namespace

SlateWeights slate_weights(const RankingLog& log, const SlotPolicy& mu, const Matrix& marginals, int threads) {
  constexpr const char* kWhere = "slate_weights";
  check_ranking_log(log);
  check_same_offers(kWhere, mu.offset(), log.offset);
  check_marginals(kWhere, log, marginals);
  const std::size_t n = log.size(), m = log.slots;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t k = log.offset[i + 1] - log.offset[i];
    if (k * m > kMostSlotItems || beginnings(k, m, kMostBeginnings) > kMostBeginnings)
      refuse(kWhere, ranking_place(i), fmt::format("{} items in {} slots", k, m),
             fmt::format("at most {} pairs of slot and item and {} rankings", kMostSlotItems, kMostBeginnings));
  }
  const std::vector<double> shown = ranking_probabilities(mu, log, threads).ranking;
  for (std::size_t i = 0; i < n; ++i) {
    if (shown[i] == 0)
      refuse(kWhere, ranking_place(i) + ": shown", "a ranking that the logging policy never shows",
             "one that it does");
    const std::vector<double>& logged = log.logged.ranking;
    if (!logged.empty() && std::abs(logged[i] - shown[i]) > kRankingAgreement * shown[i])
      refuse(kWhere, ranking_place(i) + ": ranking probability", fmt::format("{}", logged[i]),
             fmt::format("that of the logging policy given, {}", shown[i]));
  }
  SlateWeights out;
  out.weight.resize(n);
  std::vector<std::uint8_t> unsupported(n, 0);
  for_decisions(n, threads, [&](std::size_t i) {
    const std::size_t first = log.offset[i], k = log.offset[i + 1] - first;
    const auto pairs = static_cast<Eigen::Index>(k * m);
    Eigen::MatrixXd g = Eigen::MatrixXd::Zero(pairs, pairs);
    std::vector<std::uint32_t> above;
    add_rankings(mu, i, m, above, 1, g);
    Eigen::VectorXd q(pairs);
    for (std::size_t l = 0; l < m; ++l) {
      for (std::size_t a = 0; a < k; ++a) q[static_cast<Eigen::Index>(l * k + a)] = marginals(first + a, l);
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(g);
    PLUMB_ASSERT(solver.info() == Eigen::Success);
    const Eigen::VectorXd& lambda = solver.eigenvalues();
    Eigen::VectorXd along = solver.eigenvectors().transpose() * q;
    double outside = 0;
    for (Eigen::Index e = 0; e < pairs; ++e) {
      if (lambda[e] > kZeroEigenvalue * lambda[pairs - 1]) {
        along[e] /= lambda[e];
      } else {
        outside += along[e] * along[e];
        along[e] = 0;
      }
    }
    const Eigen::VectorXd z = solver.eigenvectors() * along;
    unsupported[i] = std::sqrt(outside) > kResidual;
    double weight = 0;
    for (std::size_t l = 0; l < m; ++l) weight += z[static_cast<Eigen::Index>(l * k + log.shown[i * m + l])];
    out.weight[i] = weight;
  });
  for (const std::uint8_t u : unsupported) out.unsupported += u;
  return out;
}

SlateWeights uniform_slate_weights(const RankingLog& log, const Matrix& marginals) {
  constexpr const char* kWhere = "uniform_slate_weights";
  check_ranking_log(log);
  check_marginals(kWhere, log, marginals);
  const std::size_t m = log.slots;
  const auto slots = static_cast<double>(m);
  const auto check = [&](const std::string& place, double p, double uniform) {
    if (std::abs(p - uniform) > kRankingAgreement * uniform)
      refuse(kWhere, place, fmt::format("{}", p), fmt::format("{}, as of uniform rankings", uniform));
  };
  SlateWeights out;
  out.weight.resize(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    const std::size_t first = log.offset[i];
    const auto k = static_cast<double>(log.offset[i + 1] - first);
    double at = 0, anywhere = 0, whole = 1;
    for (std::size_t l = 0; l < m; ++l) {
      const double left = k - static_cast<double>(l);
      whole /= left;
      if (!log.logged.conditional.empty())
        check(ranking_place(i, l) + ": conditional probability", log.logged.conditional[i * m + l], 1 / left);
      if (!log.logged.position.empty())
        check(ranking_place(i, l) + ": position probability", log.logged.position[i * m + l], 1 / k);
      const std::size_t row = first + log.shown[i * m + l];
      at += marginals(row, l);
      for (std::size_t j = 0; j < m; ++j) anywhere += marginals(row, j);
    }
    if (!log.logged.ranking.empty())
      check(ranking_place(i) + ": ranking probability", log.logged.ranking[i], whole);
    out.weight[i] = k > slots ? (k - 1) * at + (k - 1) / (k - slots) * anywhere - (slots - 1) * k / (k - slots)
                              : (k - 1) * at - (k - 2);
  }
  return out;
}

}  // namespace plumb
