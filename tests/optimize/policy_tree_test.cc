// The search against exhaustive search, on every kind of column; what it refuses; what it prints.
#include "plumb/policy_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>

namespace plumb {
namespace {

const std::vector<std::string> kActions = {"a", "b", "c", "d", "e", "f", "g", "h"};
std::span<const std::string> actions(std::size_t k) { return {kActions.data(), k}; }

FeatureColumn numbers(const std::string& name, std::vector<float> values) {
  FeatureColumn out;
  out.name = name;
  out.number = std::move(values);
  return out;
}
FeatureColumn levels(const std::string& name, std::vector<std::uint32_t> codes, std::size_t count) {
  FeatureColumn out;
  out.name = name;
  out.is_category = true;
  out.code = std::move(codes);
  for (std::size_t l = 0; l < count; ++l) out.levels.push_back(std::string(1, static_cast<char>('p' + l)));
  return out;
}

struct Made {
  std::vector<FeatureColumn> columns;
  Matrix scores;
};
// Columns 0, 3, 6, ...: distinct numbers; 1, 4, ...: whole numbers with ties; 2, 5, ...: a category.
Made made(std::size_t n, std::size_t d, std::size_t k, std::uint64_t seed) {
  Rng rng = Rng(seed).stream("made");
  Made out;
  for (std::size_t c = 0; c < d; ++c) {
    const std::string name = "x" + std::to_string(c);
    if (c % 3 == 2) {
      std::vector<std::uint32_t> codes(n);
      for (auto& code : codes) code = static_cast<std::uint32_t>(rng.below(3));
      out.columns.push_back(levels(name, codes, 4));  // one level that nobody has
    } else {
      std::vector<float> values(n);
      for (auto& v : values)
        v = c % 3 == 0 ? static_cast<float>(rng.normal()) : static_cast<float>(rng.below(4)) - 1;
      out.columns.push_back(numbers(name, values));
    }
  }
  out.scores = Matrix(n, k);
  for (double& s : out.scores.data) s = rng.normal() + (rng.bernoulli(.1) ? 8 * rng.normal() : 0);
  return out;
}

// Every question that can be asked of some rows, as the set of rows that answer yes.
std::vector<std::vector<std::uint32_t>> every_split(const Made& m, const std::vector<std::uint32_t>& rows) {
  std::vector<std::vector<std::uint32_t>> out;
  for (const FeatureColumn& c : m.columns) {
    std::set<double> asked;
    for (const std::uint32_t i : rows)
      asked.insert(c.is_category ? static_cast<double>(c.code[i]) : c.number[i]);
    for (const double value : asked) {
      std::vector<std::uint32_t> yes;
      for (const std::uint32_t i : rows) {
        if (c.is_category ? c.code[i] == value : c.number[i] <= value) yes.push_back(i);
      }
      if (yes.size() < rows.size()) out.push_back(yes);
    }
  }
  return out;
}
double exhaustive(const Made& m, const std::vector<std::uint32_t>& rows, int depth) {
  double best = -INFINITY;
  for (std::size_t a = 0; a < m.scores.cols; ++a) {
    double sum = 0;
    for (const std::uint32_t i : rows) sum += m.scores(i, a);
    best = std::max(best, sum);
  }
  if (depth == 0) return best;
  for (const std::vector<std::uint32_t>& yes : every_split(m, rows)) {
    std::vector<std::uint32_t> no;
    std::set_difference(rows.begin(), rows.end(), yes.begin(), yes.end(), std::back_inserter(no));
    best = std::max(best, exhaustive(m, yes, depth - 1) + exhaustive(m, no, depth - 1));
  }
  return best;
}

// The mean score of what a tree really does.
double collected(const DecisionTree& tree, const Made& m) {
  const BoundTree bound(tree, m.columns, "test");
  double sum = 0;
  for (std::size_t i = 0; i < m.scores.rows; ++i) sum += m.scores(i, tree.node[bound.leaf(i)].action);
  return sum / static_cast<double>(m.scores.rows);
}

TEST(PolicyTree, EqualsExhaustiveSearchAtEveryDepth) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const std::size_t k = 2 + seed % 4;
    for (int depth = 1; depth <= 3; ++depth) {
      const std::size_t n = depth == 3 ? 14 : depth == 2 ? 40 : 120;
      const Made m = made(n, 4, k, seed);
      std::vector<std::uint32_t> rows(n);
      std::iota(rows.begin(), rows.end(), 0u);
      const TreeSearch found = best_tree(m.columns, m.scores.view(), actions(k), {.depth = depth});
      const double best = exhaustive(m, rows, depth) / static_cast<double>(n);
      EXPECT_NEAR(found.value, best, 1e-12) << seed << " depth " << depth;
      EXPECT_NEAR(collected(found.tree, m), best, 1e-12) << seed << " depth " << depth;
      EXPECT_LE(found.tree.depth(), depth);
    }
  }
}

TEST(PolicyTree, EqualsExhaustiveSearchWithUpToEightActions) {
  for (std::size_t k = 2; k <= kMostTreeActions; ++k) {
    const Made m = made(30, 3, k, 90 + k);
    std::vector<std::uint32_t> rows(30);
    std::iota(rows.begin(), rows.end(), 0u);
    const TreeSearch found = best_tree(m.columns, m.scores.view(), actions(k), {.depth = 2});
    EXPECT_NEAR(found.value, exhaustive(m, rows, 2) / 30, 1e-12) << k;
  }
}

// Depth 2 by brute force over pairs of sorted columns, fast enough for more units than a chunk of crossings
// holds.
double slow_depth_2(const std::vector<FeatureColumn>& columns, const Matrix& scores) {
  const std::size_t n = scores.rows, k = scores.cols;
  double best = -INFINITY;
  std::vector<std::vector<std::uint32_t>> order(columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    order[c].resize(n);
    std::iota(order[c].begin(), order[c].end(), 0u);
    std::stable_sort(order[c].begin(), order[c].end(), [&](std::uint32_t a, std::uint32_t b) {
      return columns[c].number[a] < columns[c].number[b];
    });
  }
  for (const FeatureColumn& root : columns) {
    std::set<float> cuts(root.number.begin(), root.number.end());
    cuts.erase(std::prev(cuts.end()));
    for (const float cut : cuts) {
      double sides = 0;
      for (const bool yes : {true, false}) {
        std::vector<double> total(k, 0.0);
        for (std::size_t i = 0; i < n; ++i) {
          if ((root.number[i] <= cut) == yes)
            for (std::size_t a = 0; a < k; ++a) total[a] += scores(i, a);
        }
        double side = *std::max_element(total.begin(), total.end());
        for (std::size_t c = 0; c < columns.size(); ++c) {
          std::vector<double> prefix(k, 0.0);
          for (std::size_t r = 0; r < n; ++r) {
            const std::uint32_t i = order[c][r];
            if ((root.number[i] <= cut) != yes) continue;
            for (std::size_t a = 0; a < k; ++a) prefix[a] += scores(i, a);
            bool last = true;  // of its value, among the rows of this side
            for (std::size_t later = r + 1; later < n; ++later) {
              const std::uint32_t j = order[c][later];
              if ((root.number[j] <= cut) != yes) continue;
              last = columns[c].number[j] != columns[c].number[i];
              break;
            }
            if (!last) continue;
            double low = -INFINITY, high = -INFINITY;
            for (std::size_t a = 0; a < k; ++a) {
              low = std::max(low, prefix[a]);
              high = std::max(high, total[a] - prefix[a]);
            }
            side = std::max(side, low + high);
          }
        }
        sides += side;
      }
      best = std::max(best, sides);
    }
  }
  return best;
}

TEST(PolicyTree, IsExactWhereUnitsCrossInSeveralChunks) {
  // The best root is the long column, far behind the first 4,096 units: what matters before it is `few`, after
  // it `other`.
  constexpr std::size_t kUnits = 4400;
  Rng rng = Rng(3).stream("chunks");
  std::vector<float> few(kUnits), many(kUnits), other(kUnits);
  Matrix scores(kUnits, 3);
  for (std::size_t i = 0; i < kUnits; ++i) {
    few[i] = static_cast<float>(rng.below(30));
    many[i] = static_cast<float>(rng.normal());
    other[i] = static_cast<float>(rng.below(9));
    const bool good = many[i] > 1.75f ? other[i] < 4 : few[i] > 11;
    for (std::size_t a = 0; a < 3; ++a) scores(i, a) = rng.normal();
    scores(i, 1) += (good ? 1 : -1) * (many[i] > 1.75f ? 20 : 1);
  }
  const std::vector<FeatureColumn> columns = {numbers("few", few), numbers("many", many),
                                              numbers("other", other)};
  const TreeSearch found = best_tree(columns, scores.view(), actions(3), {.depth = 2});
  EXPECT_NEAR(found.value, slow_depth_2(columns, scores) / kUnits, 1e-12);
  EXPECT_EQ(found.tree.columns[static_cast<std::size_t>(found.tree.node[0].column)].name, "many");
  EXPECT_NEAR(found.tree.node[0].threshold, 1.75, .05);
}

TEST(PolicyTree, EqualsExhaustiveSearchWhereOneScoreDwarfsTheOthers) {
  // Rounded to integers the small scores hardly tell splits apart: what decides is the second look.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Made m = made(40, 7, 3, seed);
    m.columns = {m.columns[0], m.columns[3], m.columns[6]};  // distinct numbers: no tables
    m.scores(7, 1) = 3e9;
    std::vector<std::uint32_t> rows(40);
    std::iota(rows.begin(), rows.end(), 0u);
    const TreeSearch found = best_tree(m.columns, m.scores.view(), actions(3), {.depth = 2});
    EXPECT_NEAR(found.value, exhaustive(m, rows, 2) / 40, 3e9 * 1e-12) << seed;
  }
}

TEST(PolicyTree, OfDepth3IsTheSameByTablesAndByEveryRoot) {
  // Few values: tables. The same ranks spread over more columns than tables are worth: every root.
  constexpr std::size_t kUnits = 160;
  Rng rng = Rng(8).stream("depth 3");
  Made m;
  for (int c = 0; c < 3; ++c) {
    std::vector<float> values(kUnits);
    for (float& v : values) v = static_cast<float>(rng.below(5));
    m.columns.push_back(numbers("x" + std::to_string(c), values));
  }
  m.scores = Matrix(kUnits, 3);
  for (double& s : m.scores.data) s = rng.normal();
  std::vector<std::uint32_t> rows(kUnits);
  std::iota(rows.begin(), rows.end(), 0u);
  EXPECT_NEAR(best_tree(m.columns, m.scores.view(), actions(3), {.depth = 3}).value,
              exhaustive(m, rows, 3) / kUnits, 1e-12);
}

TEST(PolicyTree, WithSplitPointsIsTheBestOfTheTreesThatSplitThere) {
  Made m;
  std::vector<float> values(100);
  std::iota(values.begin(), values.end(), 1.0f);
  m.columns = {numbers("x", values)};
  m.scores = Matrix(100, 2);
  for (std::size_t i = 0; i < 100; ++i) m.scores(i, 1) = i < 30 ? -1 : 1;
  const TreeSearch exact = best_tree(m.columns, m.scores.view(), actions(2), {.depth = 1});
  EXPECT_EQ(exact.tree.node[0].threshold, 30);
  EXPECT_NEAR(exact.value, .7, 1e-12);
  // Quarters: x <= 25 is the best place, five units go astray.
  const TreeSearch rough = best_tree(m.columns, m.scores.view(), actions(2), {.depth = 1, .split_points = 3});
  EXPECT_EQ(rough.tree.node[0].threshold, 25.5);
  EXPECT_NEAR(rough.value, .65, 1e-12);
}

TEST(PolicyTree, IsTheSameForAnyNumberOfThreads) {
  const Made m = made(3000, 6, 3, 2);
  for (const TreeOptions& options : {TreeOptions{.depth = 2}, TreeOptions{.depth = 3, .split_points = 8}}) {
    std::string printed;
    for (const int threads : {1, 2, 5}) {
      TreeOptions mine = options;
      mine.threads = threads;
      const TreeSearch found = best_tree(m.columns, m.scores.view(), actions(3), mine);
      const std::string now = print_rules(found) + std::to_string(found.value);
      if (printed.empty()) printed = now;
      EXPECT_EQ(printed, now);
    }
  }
}

TEST(PolicyTree, IsNoLargerThanItPays) {
  // One question explains all: deeper searches return it.
  Made m = made(60, 3, 2, 4);
  for (std::size_t i = 0; i < 60; ++i) {
    m.scores(i, 0) = 0;
    m.scores(i, 1) = m.columns[0].number[i] > 0 ? 1 : -1;
  }
  for (int depth = 1; depth <= 3; ++depth) {
    const TreeSearch found = best_tree(m.columns, m.scores.view(), actions(2), {.depth = depth});
    EXPECT_EQ(found.tree.node.size(), 3u) << depth;
  }
  for (double& s : m.scores.data) s = 1;
  EXPECT_EQ(best_tree(m.columns, m.scores.view(), actions(2), {.depth = 3}).tree.node.size(), 1u);
}

TEST(PolicyTree, PrintsItsRulesWithTheirGain) {
  Made m;
  m.columns = {numbers("age", {20, 30, 40, 50, 60, 70}), levels("channel", {0, 1, 0, 1, 0, 1}, 2)};
  m.scores = Matrix(6, 2);
  for (std::size_t i = 0; i < 6; ++i) m.scores(i, 1) = i >= 3 && i % 2 == 1 ? 2 : -1;
  const TreeSearch found = best_tree(m.columns, m.scores.view(), actions(2), {.depth = 2});
  EXPECT_EQ(print_rules(found),
            "age <= 35:                      a          2 of 6  gain +0\n"
            "age > 35 and channel is p:      a          2 of 6  gain +0\n"
            "age > 35 and channel is not p:  b          2 of 6  gain +2\n");
}

TEST(PolicyTree, RefusesWhatItCannotSearch) {
  Made m = made(50, 3, 3, 1);
  const auto refused = [&](const std::function<void()>& call, const std::string& text) {
    try {
      call();
      ADD_FAILURE() << "not refused: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kInput);
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  };
  const auto search = [&](const TreeOptions& options = {}, std::size_t k = 3) {
    best_tree(m.columns, m.scores.view(), actions(k), options);
  };
  refused([&] { search({.depth = 0}); }, "depth: found 0, expected 1 to 3");
  refused([&] { search({.depth = 4}); }, "depth: found 4");
  refused([&] { search({}, 2); }, "scores: found 3 columns, expected 2");
  refused([&] { search({}, 1); }, "actions: found 1, expected 2 to 8");
  m.scores(7, 1) = std::numeric_limits<double>::quiet_NaN();
  refused([&] { search(); }, "scores: found nan");
  m.scores(7, 1) = 0;
  m.columns[0].number[3] = INFINITY;
  refused([&] { search(); }, "column x0: found inf");
  m.columns[0].number.pop_back();
  refused([&] { search(); }, "column x0: found 49 rows, expected 50");
  const Made large = made(20000, 9, 3, 1);
  refused([&] { best_tree(large.columns, large.scores.view(), actions(3), {.depth = 3}); },
          "give split_points");
}

}  // namespace
}  // namespace plumb
