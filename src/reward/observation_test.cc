// Estimated probabilities of being observed against who was.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/features.h"
#include "plumb/stats.h"
#include "reward/observation_cells.h"
#include "reward/observation_model.h"

namespace plumb {
namespace {

constexpr std::size_t kQuantiles = 10;
constexpr std::size_t kMostCrossed = 10;     // columns that are crossed with each other
constexpr std::size_t kMostArmsCrossed = 8;  // more actions than this, and crossed cells are not told by action
constexpr double kLeastVariance = 5;         // of the count of observed decisions in a cell
constexpr double kMostSkewness = .7;         // of a comparison
constexpr double kSilent =
    1;  // fewer expected than this by the model itself: it says that there are no answers
constexpr std::size_t kMostRechecked = 64;  // comparisons that are summed by unit

// Sums over the decisions of one cell; r: how many decisions a row stands for.
struct Cell {
  double rows = 0, observed = 0, expected = 0, stands_for = 0;  // sums of r, r o, r s, r o/s
  double variance = 0, third = 0;                               // of sum r (o - s)
  double weighted_variance = 0, weighted_third = 0;             // of sum r (o/s - 1)
  std::uint64_t count = 0, seen = 0;

  void add(double r, double s, bool is_seen) {
    rows += r, expected += r * s;
    ++count;
    if (is_seen) observed += r, stands_for += r / s, ++seen;
    const double v = r * r * s * (1 - s), t = v * r * (1 - 2 * s);
    variance += v, third += t;
    weighted_variance += v / (s * s), weighted_third += t / (s * s * s);
  }
  void add(const Cell& other) {
    rows += other.rows, observed += other.observed, expected += other.expected;
    stands_for += other.stands_for, variance += other.variance, third += other.third;
    weighted_variance += other.weighted_variance, weighted_third += other.weighted_third;
    count += other.count, seen += other.seen;
  }
};

// A sum in standard errors, on a normal scale: where it is skewed towards the side on which it lies, the tail
// is heavier than the normal one (the first term of Cornish and Fisher); the lighter tail gets no credit.
double normal_score(double sum, double variance, double third) {
  const double z = sum / std::sqrt(variance), skewness = third / (variance * std::sqrt(variance));
  const double corrected = z - skewness / 6 * (z * z - 1);
  if (std::abs(z) <= 1) return z;
  return z > 0 ? std::max(0.0, std::min(z, corrected)) : std::min(0.0, std::max(z, corrected));
}

struct Comparison {
  std::size_t cut = 0, cell = 0;
  int arm = -1;  // -1: all
  bool weighted = false;
  double z = 0;
};

class Test {
 public:
  Test(const DecisionLog& log, const OutcomeColumn& column, const std::vector<double>& asked, bool stated,
       int threads)
      : log_(log), column_(column), asked_(asked), stated_(stated), threads_(threads) {
    arms_ = log.actions.size() <= kMostIds ? log.actions.size() : 0;
    if (arms_ < 2) arms_ = 0;
  }

  ObservationTest run() {
    make_cuts();
    std::vector<Found> each(cuts_.size());
    parallel_blocks(cuts_.size(), threads_, [&](std::size_t c) { compare(c, each[c]); });
    for (const Found& one : each) {
      found_.insert(found_.end(), one.comparisons.begin(), one.comparisons.end());
      silent_.insert(silent_.end(), one.silent.begin(), one.silent.end());
    }
    ObservationTest out;
    out.comparisons = found_.size();
    if (found_.empty()) return out;
    critical_ = -normal_quantile(kObservationAlarm / (2 * static_cast<double>(found_.size())));
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Comparison& a, const Comparison& b) { return std::abs(a.z) > std::abs(b.z); });
    for (std::size_t k = 0; k < std::min(found_.size(), kMostRechecked); ++k) {
      if (std::abs(found_[k].z) <= critical_) break;
      if (log_.unit_named && std::abs(by_unit(found_[k])) <= critical_) continue;
      out.failed = true;
      out.sentence = sentence_of(found_[k]);
      return out;
    }
    if (!stated_) find_silent(out);  // what is stated may be small anywhere
    return out;
  }

 private:
  void make_cuts() {
    std::vector<const FeatureColumn*> columns;
    for (const FeatureColumn& c : log_.context) columns.push_back(&c);
    for (const FeatureColumn& c : log_.segments) {
      const auto same = [&](const FeatureColumn* other) { return other->name == c.name; };
      if (std::none_of(columns.begin(), columns.end(), same)) columns.push_back(&c);
    }
    // What the goal does not name may still be what decides who answers. A column in which a level says who
    // answered was filled in by answering.
    for (const FeatureColumn& c : log_.unnamed)
      if (!tells_who_answered(c)) columns.push_back(&c);
    Cut everyone;
    everyone.cell.assign(log_.size(), 0);
    everyone.name.push_back("");
    everyone.whole_column = true;
    cuts_.push_back(std::move(everyone));
    simple_ = columns.size() + 2;
    cuts_.resize(simple_);
    parallel_blocks(columns.size() + 1, threads_, [&](std::size_t c) {
      cuts_[c + 1] = c < columns.size() ? cut_column(*columns[c], kQuantiles)
                                        : cut_numbers(stated_ ? "stated probability" : "estimated probability",
                                                      asked_, kQuantiles);
      cuts_[c + 1].whole_column = c < columns.size();
    });
    const std::size_t crossed = stated_ ? 0 : std::min(columns.size(), kMostCrossed);
    std::vector<Cut> coarse;
    for (std::size_t c = 0; c < crossed; ++c) coarse.push_back(cut_coarsely(*columns[c]));
    for (std::size_t a = 0; a < crossed; ++a) {
      for (std::size_t b = 0; b < a; ++b) cuts_.push_back(cross_cuts(coarse[b], coarse[a]));
    }
  }

  bool tells_who_answered(const FeatureColumn& column) const {
    constexpr std::uint64_t kFew = 20;
    const Cut cut = cut_column(column, kQuantiles);
    std::vector<std::uint64_t> rows(cut.name.size(), 0), seen(cut.name.size(), 0);
    for (std::size_t i = 0; i < log_.size(); ++i) {
      if (column_.state[i] == State::kImmature) continue;
      ++rows[cut.cell[i]];
      seen[cut.cell[i]] += column_.state[i] == State::kObserved ? 1 : 0;
    }
    for (std::size_t c = 0; c < rows.size(); ++c)
      if (rows[c] >= kFew && (seen[c] == 0 || seen[c] == rows[c])) return true;
    return false;
  }

  double rows_of(std::size_t i) const {
    return log_.weight.empty() ? 1.0 : static_cast<double>(log_.weight[i]);
  }

  struct Silent {
    std::size_t cut, cell;
    int arm;
    std::uint64_t count;
  };
  struct Found {
    std::vector<Comparison> comparisons;
    std::vector<Silent> silent;
  };

  void compare(std::size_t c, Found& found) const {
    const Cut& cut = cuts_[c];
    const std::size_t cells = cut.name.size();
    const std::size_t arms = c < simple_ || arms_ <= kMostArmsCrossed ? arms_ : 0;
    std::vector<Cell> sums(std::max<std::size_t>(arms, 1) * cells);
    for (std::size_t i = 0; i < log_.size(); ++i) {
      if (column_.state[i] == State::kImmature) continue;
      const std::size_t arm = arms > 0 ? log_.chosen_action(i) : 0;
      sums[arm * cells + cut.cell[i]].add(rows_of(i), asked_[i], column_.state[i] == State::kObserved);
    }
    for (std::size_t cell = 0; cell < cells; ++cell) {
      Cell all;
      for (std::size_t arm = 0; arm < std::max<std::size_t>(arms, 1); ++arm) {
        const Cell& one = sums[arm * cells + cell];
        all.add(one);
        if (arms == 0) continue;
        judge(c, cell, static_cast<int>(arm), one, found);
      }
      judge(c, cell, -1, all, found);
    }
  }

  void judge(std::size_t c, std::size_t cell, int arm, const Cell& sum, Found& found) const {
    if (cuts_[c].whole_column && sum.seen == 0 && sum.count > 0 && sum.expected < kSilent)
      found.silent.push_back({c, cell, arm, sum.count});
    const auto add = [&](bool weighted, double total, double variance, double third) {
      if (!(variance > 0) || std::abs(third) > kMostSkewness * variance * std::sqrt(variance)) return;
      found.comparisons.push_back({c, cell, arm, weighted, normal_score(total, variance, third)});
    };
    if (!(sum.variance >= kLeastVariance)) return;
    // An estimate has an error of its own: half of the rows are scored by a fit on as many others, which moves
    // against what it is compared with.
    const double own = stated_ ? 1 : 2;
    add(false, sum.observed - sum.expected, own * sum.variance, sum.third);
    add(true, sum.stands_for - sum.rows, own * sum.weighted_variance, sum.weighted_third);
  }

  bool in_cell(const Comparison& c, std::size_t i) const {
    return column_.state[i] != State::kImmature && cuts_[c.cut].cell[i] == c.cell &&
           (c.arm < 0 || log_.chosen_action(i) == static_cast<std::uint32_t>(c.arm));
  }

  // The same comparison with the error of sums over units, where that is larger.
  double by_unit(const Comparison& c) const {
    std::vector<double> bucket(kBuckets, 0.0);
    double total = 0, squares = 0, model = 0;
    for (std::size_t i = 0; i < log_.size(); ++i) {
      if (!in_cell(c, i)) continue;
      const double s = asked_[i], o = column_.state[i] == State::kObserved ? 1 : 0, r = rows_of(i);
      const double term = r * (c.weighted ? o / s - 1 : o - s);
      bucket[bucket_of(log_.unit[i])] += term;
      total += term;
      model += r * r * (c.weighted ? (1 - s) / s : s * (1 - s));
    }
    for (const double sum : bucket) squares += sum * sum;
    // Already corrected for skewness: only the ratio of the errors is new.
    return squares > model ? c.z * std::sqrt(model / squares) : c.z;
  }

  std::string where(std::size_t cut, std::size_t cell, int arm) const {
    std::string out = arm < 0 ? "" : "after " + log_.actions[static_cast<std::size_t>(arm)];
    if (const std::string& name = cuts_[cut].name[cell]; !name.empty())
      out += fmt::format("{}where {}", out.empty() ? "" : " ", name);
    return out.empty() ? "in all" : out;
  }

  std::string sentence_of(const Comparison& c) const {
    Cell sum;
    for (std::size_t i = 0; i < log_.size(); ++i) {
      if (in_cell(c, i)) sum.add(rows_of(i), asked_[i], column_.state[i] == State::kObserved);
    }
    return fmt::format(
        "{} {} is observed in {:.0f} of {:.0f} decisions, where {} expect {:.1f} ({:.1f} standard errors away; "
        "weighted by them, those observed stand for {:.0f})",
        column_.name, where(c.cut, c.cell, c.arm), sum.observed, sum.rows,
        stated_ ? "the stated probabilities of being asked"
                : "the probabilities of being observed estimated by action and context",
        sum.expected, std::abs(c.z), sum.stands_for);
  }

  // Cells in which nothing is observed, though as many decisions elsewhere would hardly show nothing.
  void find_silent(ObservationTest& out) const {
    const double share =
        static_cast<double>(std::count(column_.state.begin(), column_.state.end(), State::kObserved)) /
        static_cast<double>(log_.size());
    const Silent* worst = nullptr;
    for (const Silent& s : silent_) {
      const double chance = std::exp(static_cast<double>(s.count) * std::log1p(-std::min(share, 1 - 1e-12)));
      if (chance * static_cast<double>(silent_.size() + found_.size()) > kObservationAlarm) continue;
      if (!worst || s.count > worst->count) worst = &s;
    }
    if (!worst) return;
    out.failed = true;
    out.sentence = fmt::format("{} is never observed {} ({} decisions), and nothing there can stand for it",
                               column_.name, where(worst->cut, worst->cell, worst->arm), worst->count);
  }

  const DecisionLog& log_;
  const OutcomeColumn& column_;
  const std::vector<double>& asked_;
  bool stated_;
  int threads_;
  std::size_t arms_ = 0, simple_ = 0;
  std::vector<Cut> cuts_;
  std::vector<Comparison> found_;
  std::vector<Silent> silent_;
  double critical_ = 0;
};

}  // namespace

ObservationTest test_observation(const DecisionLog& log, const OutcomeColumn& column,
                                 const std::vector<double>& asked, bool stated, int threads) {
  return Test(log, column, asked, stated, threads).run();
}

}  // namespace plumb
