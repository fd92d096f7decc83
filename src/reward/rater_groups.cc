#include "reward/rater_groups.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "reward/rater_tests.h"

namespace plumb {
namespace {

constexpr int kMostPasses = 50;
constexpr int kBoth = 2;  // halves

// One rater's opinion of one pair: the sign of their votes' sum.
struct Cell {
  std::uint32_t pair, who;
  std::int8_t sign;
  std::uint8_t half;
};

std::vector<Cell> cells_of(const Opinions& o, const std::vector<std::uint32_t>& raters, const Rng& rng) {
  std::vector<Cell> out;
  for (std::uint32_t who = 0; who < raters.size(); ++who) {
    Rng draw = rng.stream("half", raters[who]);
    const std::uint64_t end = o.offset[raters[who] + 1];
    for (std::uint64_t k = o.offset[raters[who]], next = k; k < end; k = next) {
      int sum = 0;
      for (next = k; next < end && o.pair[next] == o.pair[k]; ++next) sum += o.lower_won[next];
      const auto half = static_cast<std::uint8_t>(draw.below(2));
      if (sum != 0) out.push_back({o.pair[k], who, static_cast<std::int8_t>(sum > 0 ? 1 : -1), half});
    }
  }
  std::sort(out.begin(), out.end(),
            [](const Cell& a, const Cell& b) { return std::tie(a.pair, a.who) < std::tie(b.pair, b.who); });
  return out;
}

using Sides = std::vector<std::uint8_t>;

// Sums of products of opinions on equal pairs, and how many there are, by two raters.
struct Agreement {
  Eigen::MatrixXd sum, count;
  Eigen::VectorXd cells;
};

Agreement agreement_of(const std::vector<Cell>& cells, std::size_t raters, int half) {
  const auto n = static_cast<Eigen::Index>(raters);
  Agreement out{Eigen::MatrixXd::Zero(n, n), Eigen::MatrixXd::Zero(n, n), Eigen::VectorXd::Zero(n)};
  std::vector<std::pair<Eigen::Index, double>> here;
  for (std::size_t begin = 0, end = 0; begin < cells.size(); begin = end) {
    here.clear();
    for (end = begin; end < cells.size() && cells[end].pair == cells[begin].pair; ++end)
      if (half == kBoth || cells[end].half == half)
        here.emplace_back(static_cast<Eigen::Index>(cells[end].who), static_cast<double>(cells[end].sign));
    for (const auto& [a, x] : here) {
      ++out.cells(a);
      for (const auto& [b, y] : here) {
        if (a == b) continue;
        out.sum(a, b) += x * y, out.count(a, b) += 1;
      }
    }
  }
  return out;
}

// Each rater's mean agreement with the other members of either group.
struct Pull {
  double sum[2] = {0, 0}, count[2] = {0, 0};
  double mean(int g) const { return count[g] > 0 ? sum[g] / count[g] : 0; }
  // How much more with group g, in standard errors of coins.
  double towards(int g) const {
    const double weight = count[0] > 0 && count[1] > 0 ? count[0] * count[1] / (count[0] + count[1]) : 0;
    return (mean(g) - mean(1 - g)) * std::sqrt(weight);
  }
};

// Moves raters to the group that they agree with more until nobody moves. Returns how much better members fit
// their own group, or -infinity where a group has fewer than two.
double settle(const Agreement& agreement, Sides& side) {
  const auto n = static_cast<Eigen::Index>(side.size());
  std::vector<Pull> pull(side.size());
  for (Eigen::Index r = 0; r < n; ++r)
    for (Eigen::Index q = 0; q < n; ++q) {
      pull[static_cast<std::size_t>(r)].sum[side[static_cast<std::size_t>(q)]] += agreement.sum(r, q);
      pull[static_cast<std::size_t>(r)].count[side[static_cast<std::size_t>(q)]] += agreement.count(r, q);
    }
  bool moved = true;
  for (int pass = 0; pass < kMostPasses && moved; ++pass) {
    moved = false;
    for (std::size_t r = 0; r < side.size(); ++r) {
      const int from = side[r], to = 1 - from;
      if (pull[r].mean(to) <= pull[r].mean(from)) continue;
      moved = true;
      side[r] = static_cast<std::uint8_t>(to);
      for (std::size_t q = 0; q < side.size(); ++q) {
        const auto a = static_cast<Eigen::Index>(q), b = static_cast<Eigen::Index>(r);
        pull[q].sum[from] -= agreement.sum(a, b), pull[q].count[from] -= agreement.count(a, b);
        pull[q].sum[to] += agreement.sum(a, b), pull[q].count[to] += agreement.count(a, b);
      }
    }
  }
  const auto second = std::count(side.begin(), side.end(), std::uint8_t{1});
  if (second < 2 || n - second < 2) return -std::numeric_limits<double>::infinity();
  double fit = 0;
  for (std::size_t r = 0; r < side.size(); ++r) fit += pull[r].towards(side[r]);
  return fit;
}

std::optional<Sides> learn(const std::vector<Cell>& cells, std::size_t raters, int half) {
  const Agreement agreement = agreement_of(cells, raters, half);
  const Eigen::VectorXd scale = agreement.cells.array().max(1).rsqrt();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solved(
      Eigen::MatrixXd(scale.asDiagonal() * agreement.sum * scale.asDiagonal()));
  const auto n = static_cast<Eigen::Index>(raters);
  Sides best;
  double best_fit = -std::numeric_limits<double>::infinity();
  for (Eigen::Index v = n - 1; v >= std::max<Eigen::Index>(0, n - 3); --v) {
    const Eigen::VectorXd direction = solved.eigenvectors().col(v);
    const double top = direction.maxCoeff(), bottom = direction.minCoeff();
    // By sign, and those who stand out on either end.
    for (const double cut : {0.0, top / 2, bottom / 2}) {
      Sides side(raters);
      for (Eigen::Index r = 0; r < n; ++r) side[static_cast<std::size_t>(r)] = direction(r) > cut ? 1 : 0;
      const double fit = settle(agreement, side);
      if (fit > best_fit) best_fit = fit, best = side;
    }
  }
  if (best.empty()) return std::nullopt;
  return best;
}

// The largest of the three probabilities, on the cells of the other half.
double crossing_p(const std::vector<Cell>& cells, const Sides& side, int learnt) {
  struct Sum {
    double sum = 0, squares = 0;
    std::uint64_t n = 0;
    void add(double x) { sum += x, squares += x * x, ++n; }
  };
  std::array<Sum, 3> sums;  // between, within 0, within 1
  for (std::size_t begin = 0, end = 0; begin < cells.size(); begin = end) {
    double known[2] = {0, 0}, seen[2] = {0, 0}, count[2] = {0, 0};
    for (end = begin; end < cells.size() && cells[end].pair == cells[begin].pair; ++end) {
      const int g = side[cells[end].who];
      if (cells[end].half == learnt)
        known[g] += cells[end].sign;
      else
        seen[g] += cells[end].sign, ++count[g];
    }
    if (known[0] * known[1] >= 0) continue;
    if (count[0] > 0 && count[1] > 0) sums[0].add(-seen[0] * seen[1]);
    for (std::size_t g = 0; g < 2; ++g)
      if (count[g] > 1) sums[1 + g].add(seen[g] * seen[g] - count[g]);
  }
  double p = 0;
  for (const Sum& s : sums) p = std::max(p, positive_sum_p(s.sum, s.squares, s.n));
  return p;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> two_groups(const Opinions& opinions,
                                                    const std::vector<std::uint32_t>& raters, double alpha,
                                                    const Rng& rng) {
  PLUMB_ASSERT(raters.size() <= kMostGrouped);
  if (raters.size() < 4) return std::nullopt;
  const std::vector<Cell> cells = cells_of(opinions, raters, rng);
  double p = 1;
  for (int half = 0; half < 2; ++half) {
    const std::optional<Sides> side = learn(cells, raters.size(), half);
    if (side) p = std::min(p, 2 * crossing_p(cells, *side, half));
  }
  if (p > alpha) return std::nullopt;
  return learn(cells, raters.size(), kBoth);
}

}  // namespace plumb
