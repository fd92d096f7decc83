// Problems whose rankings are all listed: expectations over a policy are sums.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plumb/ranking.h"

namespace plumb {

using Ranking = std::vector<std::uint32_t>;

inline std::vector<Ranking> all_rankings(std::size_t k, std::size_t m) {
  std::vector<Ranking> out = {{}};
  for (std::size_t l = 0; l < m; ++l) {
    std::vector<Ranking> longer;
    for (const Ranking& above : out) {
      for (std::uint32_t a = 0; a < k; ++a) {
        if (std::find(above.begin(), above.end(), a) != above.end()) continue;
        longer.push_back(above);
        longer.back().push_back(a);
      }
    }
    out = longer;
  }
  return out;
}

// Every ranking of one context once, as a decision of a unit of its own.
struct Listed {
  std::size_t k = 0, m = 0;
  std::vector<Ranking> rankings;
  std::unique_ptr<SlotPolicy> mu, pi;
  RankingLog log;
  Matrix marginals;  // of pi
  RankingProbabilities target;

  using Reward = std::function<double(std::size_t slot, const Ranking&)>;
  void reward(const Reward& of) {
    for (std::size_t i = 0; i < rankings.size(); ++i) {
      for (std::size_t l = 0; l < m; ++l) log.reward[i * m + l] = of(l, rankings[i]);
    }
  }
  double total(std::size_t i, std::span<const double> alpha) const {
    double sum = 0;
    for (std::size_t l = 0; l < m; ++l) sum += (alpha.empty() ? 1 : alpha[l]) * log.reward[i * m + l];
    return sum;
  }
  double truth(std::span<const double> alpha = {}) const {
    double value = 0;
    for (std::size_t i = 0; i < rankings.size(); ++i) value += target.ranking[i] * total(i, alpha);
    return value;
  }
  double expectation(const RankingEstimate& e) const {
    double value = 0;
    for (std::size_t i = 0; i < rankings.size(); ++i) value += log.logged.ranking[i] * e.score[i];
    return value;
  }
};

// The same items for every ranking in the list: scores repeat.
inline std::vector<std::size_t> offsets(std::size_t n, std::size_t k) {
  std::vector<std::size_t> out = {0};
  for (std::size_t i = 0; i < n; ++i) out.push_back(out.back() + k);
  return out;
}
inline std::unique_ptr<SlotPolicy> repeated(std::size_t n, const Matrix& score) {
  Matrix all(n * score.rows, score.cols);
  for (std::size_t row = 0; row < all.rows; ++row) {
    for (std::size_t l = 0; l < score.cols; ++l) all(row, l) = score(row % score.rows, l);
  }
  const std::vector<std::size_t> offset = offsets(n, score.rows);
  return score.cols == 1 ? plackett_luce(offset, all.data) : factored_rankings(offset, all);
}

inline Matrix random_scores(std::size_t k, std::size_t columns, std::uint64_t seed, double spread = .8) {
  Matrix out(k, columns);
  Rng rng(seed);
  for (double& s : out.data) s = spread * rng.normal();
  return out;
}

inline Listed listed(std::size_t m, const Matrix& mu, const Matrix& pi) {
  Listed out;
  out.k = mu.rows;
  out.m = m;
  out.rankings = all_rankings(out.k, m);
  const std::size_t n = out.rankings.size();
  out.mu = repeated(n, mu);
  out.pi = repeated(n, pi);
  out.log.slots = m;
  out.log.offset = offsets(n, out.k);
  for (const Ranking& ranking : out.rankings)
    out.log.shown.insert(out.log.shown.end(), ranking.begin(), ranking.end());
  out.log.reward.assign(n * m, 0.0);
  for (std::size_t i = 0; i < n; ++i) out.log.unit.push_back(i);
  out.log.logged = ranking_probabilities(*out.mu, out.log);
  out.log.logged.position = position_probabilities(out.log, slot_marginals(*out.mu, m));
  out.marginals = slot_marginals(*out.pi, m);
  out.target = ranking_probabilities(*out.pi, out.log);
  out.target.position = position_probabilities(out.log, out.marginals);
  return out;
}

// Four items, three slots; the logging policy has scores by slot, the target is Plackett-Luce.
inline Listed four_items() { return listed(3, random_scores(4, 3, 1), random_scores(4, 1, 2)); }

inline std::string message_of(const std::function<void()>& task) {
  try {
    task();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInput) << error.what();
    return error.what();
  }
  return "accepted";
}

}  // namespace plumb
