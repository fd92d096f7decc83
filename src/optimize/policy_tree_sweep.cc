// Depth 2 for columns with any number of values.
//
// Units cross the root's split in the root's order, from the side that answers no to the side that answers yes.
// For actions a < b and another column, D(t) is the sum of score_a - score_b over the units of one side with
// bin <= t. Splitting that side at t, a for yes and b for no, is worth D(t) + sum of score_b, so the best split
// is the largest D(t) (for b and a the smallest one). A stretch of bins is summed up by its sum and its largest
// and smallest prefix, and stretches are joined in pairs up a tree, so that a unit that crosses renews
// log(bins) stretches. Both sides and all pairs of actions stand side by side in the lanes of a stretch.
//
// A tree over all bins would not fit into a core's cache. So kCrossings units at a time: the bins that they do
// not touch are folded into one stretch before each bin that they do, and the tree stands over those.
//
// And every split of every root is first valued with scores rounded to 32-bit integers, which sum without
// error. Rounding moves a tree's value by at most half a unit a row; the splits that may be the best within
// that, a few, are valued again in double precision.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "optimize/policy_tree_problem.h"

namespace plumb {
namespace {

constexpr double kIntegerRange = 1 << 30;  // no sum of absolute differences of integer scores is larger

constexpr std::size_t kCrossings = 4096;
constexpr std::size_t kTogether =
    4;  // columns whose trees are renewed level by level: none waits for the other

// kLanes numbers that are added and compared at once (a power of two of them): the compiler's own vectors,
// which, other than arrays, stay in registers.
template <class Scalar, int kLanes>
struct LanesOf {
  typedef Scalar type __attribute__((vector_size(kLanes * sizeof(Scalar))));
};

template <class Scalar, int kLanes>
struct Stretch {
  using Lanes = typename LanesOf<Scalar, kLanes>::type;
  Lanes sum = {}, largest = {}, smallest = {};
  void append(const Lanes& value) {
    sum += value;
    largest = largest > sum ? largest : sum;
    smallest = smallest < sum ? smallest : sum;
  }
  void join(const Stretch& a, const Stretch& b) {
    const Lanes start = a.sum, high = start + b.largest, low = start + b.smallest;
    largest = a.largest > high ? a.largest : high;
    smallest = a.smallest < low ? a.smallest : low;
    sum = start + b.sum;
  }
};

// The bins of one column, and the stretch of all of them.
template <class Scalar, int kLanes>
class Prefixes {
 public:
  using Piece = Stretch<Scalar, kLanes>;
  using Lanes = typename Piece::Lanes;
  // All bins empty; memory is kept.
  void start(std::size_t bins) {
    value_.assign(bins, Lanes{});
    place_.assign(bins, kUntouched);
  }
  Lanes& value(std::size_t bin) { return value_[bin]; }

  // All bins, one after another.
  Piece whole() const {
    Lanes sum = {}, largest = {}, smallest = {};
    for (const Lanes& value : value_) {
      sum += value;
      largest = largest > sum ? largest : sum;
      smallest = smallest < sum ? smallest : sum;
    }
    return {sum, largest, smallest};
  }

  // Begins crossings of `rows`, one after another: then raise_tree, then put and renew, then end_crossings.
  // Returns how many leaves the tree must have.
  std::size_t begin_crossings(std::span<const std::uint32_t> rows, const std::vector<std::uint32_t>& bin) {
    for (const std::uint32_t row : rows) place_[bin[row]] = 0;
    touched_.clear();
    current_.clear();
    before_.clear();
    Lanes sum = {}, largest = {}, smallest = {};
    for (std::uint32_t b = 0; b < value_.size(); ++b) {
      if (place_[b] == kUntouched) {
        sum += value_[b];
        largest = largest > sum ? largest : sum;
        smallest = smallest < sum ? smallest : sum;
      } else {
        place_[b] = static_cast<std::uint32_t>(touched_.size());
        touched_.push_back(b);
        current_.push_back(value_[b]);
        before_.push_back({sum, largest, smallest});
        sum = largest = smallest = Lanes{};
      }
    }
    before_.push_back({sum, largest, smallest});
    leaf_.clear();
    for (const std::uint32_t row : rows) leaf_.push_back(place_[bin[row]]);
    return before_.size();
  }
  void raise_tree(std::size_t leaves) {  // a power of two
    leaves_ = leaves;
    node_.assign(2 * leaves_, Piece{});
    for (std::size_t k = 0; k < touched_.size(); ++k) {
      node_[leaves_ + k] = before_[k];
      node_[leaves_ + k].append(current_[k]);
    }
    node_[leaves_ + touched_.size()] = before_.back();
    for (std::size_t at = leaves_ - 1; at >= 1; --at) renew(at);
  }
  // The k-th row crosses; returns its leaf, above which every node has to be renewed.
  std::size_t put(std::size_t k, const Lanes& step) {
    const std::size_t leaf = leaf_[k];
    const Lanes value = current_[leaf] + step;
    current_[leaf] = value;
    Piece piece = before_[leaf];
    piece.append(value);
    node_[leaves_ + leaf] = piece;
    return leaves_ + leaf;
  }
  void renew(std::size_t at) { node_[at].join(node_[2 * at], node_[2 * at + 1]); }
  const Piece& stretch() const { return node_[1]; }
  void end_crossings() {
    for (std::size_t k = 0; k < touched_.size(); ++k) {
      value_[touched_[k]] = current_[k];
      place_[touched_[k]] = kUntouched;
    }
  }

 private:
  static constexpr std::uint32_t kUntouched = ~std::uint32_t{0};
  std::vector<Lanes> value_;
  std::vector<std::uint32_t> place_;    // of a bin among those touched
  std::vector<std::uint32_t> touched_;  // ascending
  std::vector<std::uint32_t> leaf_;     // place of the bin of every row that crosses
  std::vector<Lanes> current_;          // values of the bins that are touched
  std::vector<Piece> before_;           // the bins between one that is touched and the one before it
  std::size_t leaves_ = 1;
  std::vector<Piece> node_;
};

// Rows in the order of a column's bins, and where each bin begins.
struct Order {
  std::vector<std::uint32_t> row;
  std::vector<std::size_t> begin;
};
Order order_of(const SplitColumn& column) {
  Order out;
  out.begin.assign(column.bins + 1, 0);
  for (const std::uint32_t bin : column.bin) ++out.begin[bin + 1];
  for (std::size_t b = 0; b < column.bins; ++b) out.begin[b + 1] += out.begin[b];
  out.row.resize(column.bin.size());
  std::vector<std::size_t> next(out.begin.begin(), out.begin.end() - 1);
  for (std::uint32_t i = 0; i < column.bin.size(); ++i) out.row[next[column.bin[i]]++] = i;
  return out;
}

// The best that one side can collect, from its sums by action and its prefixes by pair.
template <class Sum, class Scalar>
Sum best_side(const Sum* total, std::size_t actions, const Scalar* largest, const Scalar* smallest) {
  Sum best = *std::max_element(total, total + actions);
  std::size_t pair = 0;
  for (std::size_t a = 0; a < actions; ++a) {
    for (std::size_t b = a + 1; b < actions; ++b, ++pair)
      best = std::max({best, total[b] + largest[pair], total[a] - smallest[pair]});
  }
  return best;
}

// kLanes >= actions (actions - 1): the pairs of the yes side, then those of the no side. Sum: of scores.
template <class Scalar, class Sum, int kLanes>
class Sweep {
 public:
  // `score`: rows x actions.
  Sweep(const TreeProblem& problem, const std::vector<Scalar>& score)
      : problem_(problem), k_(problem.actions), pairs_(k_ * (k_ - 1) / 2), score_(score) {
    step_.assign(problem.rows, Lanes{});
    start_.assign(problem.rows, Lanes{});
    all_.assign(k_, 0);
    for (std::size_t i = 0; i < problem.rows; ++i) {
      const Scalar* mine = &score[i * k_];
      std::size_t pair = 0;
      for (std::size_t a = 0; a < k_; ++a) {
        all_[a] += mine[a];
        for (std::size_t b = a + 1; b < k_; ++b, ++pair) {
          step_[i][pair] = mine[a] - mine[b];
          step_[i][pair + pairs_] = mine[b] - mine[a];
          start_[i][pair + pairs_] = mine[a] - mine[b];
        }
      }
    }
  }

  // What the splits `stops` (ascending) of column `root` are worth, both sides split once more at their best.
  std::vector<Sum> values(std::size_t root, std::span<const std::uint32_t> stops) const {
    const Order order = order_of(problem_.columns[root]);
    std::vector<Sum> yes_sum(stops.size() * k_), no_sum(stops.size() * k_), sum(k_, 0);
    std::size_t next = 0;
    for (std::size_t s = 0; s < stops.size(); ++s) {
      for (; next < order.begin[stops[s] + 1]; ++next) {
        for (std::size_t a = 0; a < k_; ++a) sum[a] += score_[order.row[next] * k_ + a];
      }
      for (std::size_t a = 0; a < k_; ++a) {
        yes_sum[s * k_ + a] = sum[a];
        no_sum[s * k_ + a] = all_[a] - sum[a];
      }
    }
    // Without a further split: the best action of either side.
    std::vector<Sum> yes(stops.size()), no(stops.size());
    for (std::size_t s = 0; s < stops.size(); ++s) {
      yes[s] = *std::max_element(&yes_sum[s * k_], &yes_sum[s * k_] + k_);
      no[s] = *std::max_element(&no_sum[s * k_], &no_sum[s * k_] + k_);
    }
    std::vector<Lanes> step(order.row.size());  // in the order of crossing
    for (std::size_t r = 0; r < step.size(); ++r) step[r] = step_[order.row[r]];
    std::vector<Prefixes<Scalar, kLanes>> prefixes(kTogether);
    for (std::size_t first = 0; first < problem_.columns.size(); first += kTogether) {
      const std::span<const SplitColumn> others(&problem_.columns[first],
                                                std::min(kTogether, problem_.columns.size() - first));
      for (std::size_t g = 0; g < others.size(); ++g) {
        prefixes[g].start(others[g].bins);
        for (std::size_t i = 0; i < problem_.rows; ++i) prefixes[g].value(others[g].bin[i]) += start_[i];
      }
      const auto raise = [&](std::size_t s, const Stretch<Scalar, kLanes>& all) {
        std::array<Scalar, kLanes> high, low;
        std::memcpy(high.data(), &all.largest, sizeof high);
        std::memcpy(low.data(), &all.smallest, sizeof low);
        yes[s] = std::max(yes[s], best_side(&yes_sum[s * k_], k_, high.data(), low.data()));
        no[s] = std::max(no[s], best_side(&no_sum[s * k_], k_, high.data() + pairs_, low.data() + pairs_));
      };
      next = 0;
      for (std::size_t s = 0, after = 0; s < stops.size(); s = after) {
        const auto end = [&](std::size_t stop) { return order.begin[stops[stop] + 1]; };
        for (after = s + 1; after < stops.size() && end(after) - next <= kCrossings;) ++after;
        if (after == s + 1) {
          for (std::size_t g = 0; g < others.size(); ++g) {
            for (std::size_t r = next; r < end(s); ++r)
              prefixes[g].value(others[g].bin[order.row[r]]) += step[r];
            raise(s, prefixes[g].whole());
          }
          next = end(s);
          continue;
        }
        std::size_t leaves = 1;
        for (std::size_t g = 0; g < others.size(); ++g)
          leaves = std::max(
              leaves, prefixes[g].begin_crossings({&order.row[next], end(after - 1) - next}, others[g].bin));
        leaves = std::bit_ceil(leaves);
        for (std::size_t g = 0; g < others.size(); ++g) prefixes[g].raise_tree(leaves);
        const std::size_t begin = next;
        for (std::size_t stop = s; stop < after; ++stop) {
          for (; next < end(stop); ++next) {
            std::array<std::size_t, kTogether> at{};
            for (std::size_t g = 0; g < others.size(); ++g) at[g] = prefixes[g].put(next - begin, step[next]);
            for (std::size_t width = leaves; width > 1; width /= 2) {
              for (std::size_t g = 0; g < others.size(); ++g) prefixes[g].renew(at[g] /= 2);
            }
          }
          for (std::size_t g = 0; g < others.size(); ++g) raise(stop, prefixes[g].stretch());
        }
        for (std::size_t g = 0; g < others.size(); ++g) prefixes[g].end_crossings();
      }
    }
    for (std::size_t s = 0; s < stops.size(); ++s) yes[s] += no[s];
    return yes;
  }

 private:
  using Lanes = typename Stretch<Scalar, kLanes>::Lanes;
  const TreeProblem& problem_;
  std::size_t k_, pairs_;
  const std::vector<Scalar>& score_;
  std::vector<Lanes> start_;  // what a unit adds to its bin at first: it is on the no side
  std::vector<Lanes> step_;   // ... and when it crosses: to the yes side, and from the no side
  std::vector<Sum> all_;
};

// Scores in integers, so small that no sum of their differences leaves 31 bits.
std::vector<std::int32_t> integer_scores(const TreeProblem& problem) {
  const std::size_t k = problem.actions;
  double range = 0;
  std::vector<double> lowest(problem.rows);
  for (std::size_t i = 0; i < problem.rows; ++i) {
    const auto [low, high] = std::minmax_element(&problem.score[i * k], &problem.score[i * k] + k);
    lowest[i] = *low;
    range += *high - *low;
  }
  const double rows = static_cast<double>(problem.rows);
  const double scale = range > 0 ? (kIntegerRange - rows) / range : 0;
  std::vector<std::int32_t> out(problem.score.size());
  // Above each row's own lowest score: that is collected whatever the tree.
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::int32_t>(std::lround((problem.score[i] - lowest[i / k]) * scale));
  return out;
}

template <int kLanes>
BestSplit sweep(const TreeProblem& problem, int threads) {
  const std::size_t d = problem.columns.size();
  std::vector<std::vector<std::uint32_t>> stops(d);
  for (std::size_t c = 0; c < d; ++c) {
    stops[c].resize(problem.columns[c].bins - 1);
    std::iota(stops[c].begin(), stops[c].end(), 0u);
  }
  {
    const std::vector<std::int32_t> score = integer_scores(problem);
    const Sweep<std::int32_t, std::int64_t, kLanes> rough(problem, score);
    std::vector<std::vector<std::int64_t>> value(d);
    parallel_blocks(d, threads, [&](std::size_t root) { value[root] = rough.values(root, stops[root]); });
    std::int64_t best = std::numeric_limits<std::int64_t>::min();
    for (const auto& values : value) {
      for (const std::int64_t v : values) best = std::max(best, v);
    }
    const auto least = best - static_cast<std::int64_t>(problem.rows);
    for (std::size_t c = 0; c < d; ++c)
      std::erase_if(stops[c], [&, k = std::size_t{0}](std::uint32_t) mutable { return value[c][k++] < least; });
  }
  const Sweep<double, double, kLanes> exact(problem, problem.score);
  std::vector<BestSplit> best(d);
  parallel_blocks(d, threads, [&](std::size_t root) {
    const std::vector<double> value = exact.values(root, stops[root]);
    for (std::size_t s = 0; s < value.size(); ++s) {
      if (best[root].column < 0 || value[s] > best[root].value + problem.slack)
        best[root] = {value[s], static_cast<std::int64_t>(root), stops[root][s]};
    }
  });
  BestSplit out;
  for (const BestSplit& b : best) {
    if (b.column >= 0 && (out.column < 0 || b.value > out.value + problem.slack)) out = b;
  }
  return out;
}

}  // namespace

BestSplit sweep_depth_2(const TreeProblem& problem, int threads) {
  switch (problem.actions) {
    case 2:
      return sweep<4>(problem, threads);
    case 3:
      return sweep<8>(problem, threads);
    case 4:
      return sweep<16>(problem, threads);
    case 5:
      return sweep<32>(problem, threads);
    case 6:
      return sweep<32>(problem, threads);
    case 7:
      return sweep<64>(problem, threads);
    default:
      PLUMB_ASSERT(problem.actions == 8);
      return sweep<64>(problem, threads);
  }
}

double sweep_work(const TreeProblem& problem) {
  double levels = 0;
  for (const SplitColumn& c : problem.columns) levels += 4 + std::log2(1 + c.bins / 8.0);
  return static_cast<double>(problem.rows) * static_cast<double>(problem.columns.size()) * levels;
}

}  // namespace plumb
