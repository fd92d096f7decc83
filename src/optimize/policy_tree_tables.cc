// Depth 2 and 3 for columns with few bins.
//
// For every pair of columns stands a table of score sums by pair of bins: all that the best two levels of
// questions need to know. A unit that crosses the root's split of a tree of depth 3 is added to the tables of
// one side and taken from those of the other.
#include <algorithm>
#include <cmath>

#include "optimize/policy_tree_problem.h"

namespace plumb {
namespace {

class PairTables {
 public:
  explicit PairTables(const TreeProblem& problem) : problem_(&problem) {
    for (std::size_t c = 0; c < problem.columns.size(); ++c) {
      for (std::size_t e = c + 1; e < problem.columns.size(); ++e) {
        begin_.push_back(size_);
        size_ += std::size_t{problem.columns[c].bins} * problem.columns[e].bins * problem.actions;
      }
    }
    single_.resize(problem.columns.size());
    for (std::size_t c = 0; c < single_.size(); ++c)
      single_[c].assign(problem.columns[c].bins * problem.actions, 0.0);
    cell_.assign(size_, 0.0);
    total_.assign(problem.actions, 0.0);
    bin_.resize(problem.columns.size());
  }

  void add(std::size_t row, double sign) {
    const std::size_t k = problem_->actions, d = problem_->columns.size();
    const double* score = &problem_->score[row * k];
    for (std::size_t c = 0; c < d; ++c) bin_[c] = problem_->columns[c].bin[row];
    for (std::size_t a = 0; a < k; ++a) total_[a] += sign * score[a];
    std::size_t pair = 0;
    for (std::size_t c = 0; c < d; ++c) {
      double* alone = &single_[c][bin_[c] * k];
      for (std::size_t a = 0; a < k; ++a) alone[a] += sign * score[a];
      for (std::size_t e = c + 1; e < d; ++e, ++pair) {
        double* cell = &cell_[begin_[pair] + (std::size_t{bin_[c]} * problem_->columns[e].bins + bin_[e]) * k];
        for (std::size_t a = 0; a < k; ++a) cell[a] += sign * score[a];
      }
    }
  }

  // The best root of depth 2.
  BestSplit best_root() const {
    const std::size_t d = problem_->columns.size();
    BestSplit out;
    out.value = -INFINITY;
    for (std::size_t root = 0; root < d; ++root) {
      const std::size_t splits = problem_->columns[root].bins - 1;
      std::vector<double> yes(splits, -INFINITY), no(splits, -INFINITY);
      for (std::size_t other = 0; other < d; ++other) sides(root, other, yes, no);
      for (std::size_t s = 0; s < splits; ++s) {
        const double value = yes[s] + no[s];
        if (out.column < 0 || value > out.value + problem_->slack)
          out = {value, static_cast<std::int64_t>(root), static_cast<std::uint32_t>(s)};
      }
    }
    return out;
  }

 private:
  // The sums of the units in bin `b` of root and bin `e` of other.
  const double* at(std::size_t root, std::size_t other, std::size_t b, std::size_t e) const {
    const std::size_t d = problem_->columns.size(), k = problem_->actions;
    const bool turned = root > other;
    const std::size_t low = turned ? other : root, high = turned ? root : other;
    const std::size_t pair = low * (2 * d - low - 1) / 2 + (high - low - 1);
    const std::size_t row = turned ? e : b, column = turned ? b : e;
    return &cell_[begin_[pair] + (row * problem_->columns[high].bins + column) * k];
  }

  // What either side of each split of `root` collects when it splits by `other`: raises yes and no to it.
  void sides(std::size_t root, std::size_t other, std::vector<double>& yes, std::vector<double>& no) const {
    const std::size_t k = problem_->actions, bins = problem_->columns[other].bins;
    std::vector<double> inside(bins * k, 0.0);  // of the yes side, by bin of other
    std::vector<double> sum(k, 0.0), prefix(k), rest(k);
    for (std::size_t s = 0; s < yes.size(); ++s) {
      const double* alone = &single_[root][s * k];
      for (std::size_t a = 0; a < k; ++a) sum[a] += alone[a];
      if (root == other) {
        for (std::size_t a = 0; a < k; ++a) inside[s * k + a] = alone[a];
      } else {
        for (std::size_t e = 0; e < bins; ++e) {
          const double* cell = at(root, other, s, e);
          for (std::size_t a = 0; a < k; ++a) inside[e * k + a] += cell[a];
        }
      }
      std::fill(prefix.begin(), prefix.end(), 0.0);
      std::fill(rest.begin(), rest.end(), 0.0);
      double best_yes = -INFINITY, best_no = -INFINITY;
      for (std::size_t e = 0; e < bins; ++e) {
        const double* all = &single_[other][e * k];
        double low_yes = -INFINITY, high_yes = -INFINITY, low_no = -INFINITY, high_no = -INFINITY;
        for (std::size_t a = 0; a < k; ++a) {
          prefix[a] += inside[e * k + a];
          rest[a] += all[a] - inside[e * k + a];
          low_yes = std::max(low_yes, prefix[a]);
          high_yes = std::max(high_yes, sum[a] - prefix[a]);
          low_no = std::max(low_no, rest[a]);
          high_no = std::max(high_no, total_[a] - sum[a] - rest[a]);
        }
        best_yes = std::max(best_yes, low_yes + high_yes);
        best_no = std::max(best_no, low_no + high_no);
      }
      yes[s] = std::max(yes[s], best_yes);
      no[s] = std::max(no[s], best_no);
    }
  }

  const TreeProblem* problem_;
  std::size_t size_ = 0;
  std::vector<std::size_t> begin_;           // of every pair's table
  std::vector<double> cell_, total_;         // total: by action
  std::vector<std::vector<double>> single_;  // by column: bins x actions
  std::vector<std::uint32_t> bin_;
};

}  // namespace

std::size_t table_cells(const TreeProblem& problem) {
  std::size_t out = 0;
  for (std::size_t c = 0; c < problem.columns.size(); ++c) {
    for (std::size_t e = c + 1; e < problem.columns.size(); ++e)
      out += std::size_t{problem.columns[c].bins} * problem.columns[e].bins * problem.actions;
  }
  return out;
}

BestSplit tables_depth_2(const TreeProblem& problem) {
  PairTables tables(problem);
  for (std::size_t i = 0; i < problem.rows; ++i) tables.add(i, 1);
  return tables.best_root();
}

BestSplit tables_depth_3(const TreeProblem& problem, int threads) {
  PairTables everyone(problem);
  for (std::size_t i = 0; i < problem.rows; ++i) everyone.add(i, 1);
  std::vector<BestSplit> best(problem.columns.size());
  parallel_blocks(problem.columns.size(), threads, [&](std::size_t root) {
    const SplitColumn& at = problem.columns[root];
    std::vector<std::vector<std::uint32_t>> members(at.bins);
    for (std::uint32_t i = 0; i < problem.rows; ++i) members[at.bin[i]].push_back(i);
    PairTables yes(problem), no = everyone;
    for (std::uint32_t s = 0; s + 1 < at.bins; ++s) {
      for (const std::uint32_t row : members[s]) {
        yes.add(row, 1);
        no.add(row, -1);
      }
      const double value = yes.best_root().value + no.best_root().value;
      if (best[root].column < 0 || value > best[root].value + problem.slack)
        best[root] = {value, static_cast<std::int64_t>(root), s};
    }
  });
  BestSplit out;
  for (const BestSplit& b : best) {
    if (b.column >= 0 && (out.column < 0 || b.value > out.value + problem.slack)) out = b;
  }
  return out;
}

}  // namespace plumb
