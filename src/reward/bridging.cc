// Alternating least squares for intercepts and one factor. Ratings are kept twice, sorted by rater and by item,
// so that either half of a sweep is one pass in which rows are independent.
#include "plumb/bridging.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace plumb {
namespace {

constexpr double kStartSpread = 0.1;  // of random factors

// Ratings by row (rater or item): the other side's number, the value, and how often it counts.
struct Rows {
  std::vector<std::uint64_t> offset;
  std::vector<std::uint32_t> other;
  std::vector<double> value;
};

Rows sort_rows(std::span<const std::uint32_t> row, std::span<const std::uint32_t> other,
               std::span<const double> value, std::size_t rows) {
  Rows out;
  out.offset.assign(rows + 1, 0);
  for (const std::uint32_t r : row) ++out.offset[r + 1];
  std::partial_sum(out.offset.begin(), out.offset.end(), out.offset.begin());
  std::vector<std::uint64_t> next(out.offset.begin(), out.offset.end() - 1);
  out.other.resize(row.size());
  out.value.resize(row.size());
  for (std::size_t k = 0; k < row.size(); ++k) {
    const std::uint64_t at = next[row[k]]++;
    out.other[at] = other[k];
    out.value[at] = value[k];
  }
  return out;
}

struct Side {
  std::vector<double> intercept, factor;
  explicit Side(std::size_t n) : intercept(n, 0.0), factor(n, 0.0) {}
};

struct Fit {
  double mu = 0;
  Side raters, items;
  double loss = 0;
  int sweeps = 0;
  bool converged = false;
};

// The problem with each rater counted `times` times (bootstrap); penalties stay as they are with all counted
// once.
class Factorization {
 public:
  Factorization(const RatingsView& ratings, const BridgingOptions& options)
      : by_rater_(sort_rows(ratings.rater, ratings.item, ratings.value, ratings.raters)),
        by_item_(sort_rows(ratings.item, ratings.rater, ratings.value, ratings.items)),
        options_(options),
        ratings_(static_cast<double>(ratings.value.size())) {
    const auto rated = [](const Rows& rows) {
      std::size_t n = 0;
      for (std::size_t r = 0; r + 1 < rows.offset.size(); ++r) n += rows.offset[r + 1] > rows.offset[r];
      return static_cast<double>(n);
    };
    per_rater_ = ratings_ / rated(by_rater_);
    per_item_ = ratings_ / rated(by_item_);
  }

  void minimize(const std::vector<double>& times, Fit* fit) const {
    fit->converged = false;
    double weight = 0, sum = 0;
    for (std::size_t u = 0; u < times.size(); ++u)
      weight += times[u] * static_cast<double>(by_rater_.offset[u + 1] - by_rater_.offset[u]);
    for (fit->sweeps = 0; fit->sweeps < options_.most_sweeps && !fit->converged;) {
      ++fit->sweeps;
      // Items last: the score then fits the raters that are reported with it.
      double moved = solve_side(by_rater_, fit->mu, fit->items, per_rater_, {}, times, &fit->raters);
      moved = std::max(moved, solve_side(by_item_, fit->mu, fit->raters, per_item_, times, {}, &fit->items));
      sum = 0;
      for (std::size_t u = 0; u < times.size(); ++u)
        for (std::uint64_t k = by_rater_.offset[u]; k < by_rater_.offset[u + 1]; ++k)
          sum += times[u] * (by_rater_.value[k] - predicted(*fit, u, by_rater_.other[k]) + fit->mu);
      const double mu = sum / (weight + options_.intercept_penalty * ratings_);
      moved = std::max(moved, std::abs(mu - fit->mu));
      fit->mu = mu;
      fit->converged = moved <= options_.tolerance;
    }
    fit->loss = loss(times, *fit);
  }

  static double predicted(const Fit& fit, std::size_t u, std::size_t n) {
    return fit.mu + fit.raters.intercept[u] + fit.items.intercept[n] +
           fit.raters.factor[u] * fit.items.factor[n];
  }
  const Rows& by_item() const { return by_item_; }
  const Rows& by_rater() const { return by_rater_; }

 private:
  // Ridge regression of each row's residuals on (1, factor of the other side). `other_times` weighs single
  // ratings by their rater, `own_times` whole rows (which changes how they stand to the penalty).
  double solve_side(const Rows& rows, double mu, const Side& other, double per_row,
                    std::span<const double> other_times, std::span<const double> own_times, Side* own) const {
    double moved = 0;
    for (std::size_t r = 0; r + 1 < rows.offset.size(); ++r) {
      double n = 0, f = 0, ff = 0, y = 0, fy = 0;
      for (std::uint64_t k = rows.offset[r]; k < rows.offset[r + 1]; ++k) {
        const std::uint32_t o = rows.other[k];
        const double w = other_times.empty() ? 1 : other_times[o], x = other.factor[o];
        const double rest = rows.value[k] - mu - other.intercept[o];
        n += w, f += w * x, ff += w * x * x, y += w * rest, fy += w * x * rest;
      }
      // A rater drawn several times stands for as many raters, each with a penalty of their own.
      const bool drawn = own_times.empty() || own_times[r] > 0;
      const double a = n + options_.intercept_penalty * per_row, d = ff + options_.factor_penalty * per_row;
      const double determinant = a * d - f * f;
      const double intercept = drawn ? (d * y - f * fy) / determinant : 0;
      const double factor = drawn ? (a * fy - f * y) / determinant : 0;
      moved = std::max({moved, std::abs(intercept - own->intercept[r]), std::abs(factor - own->factor[r])});
      own->intercept[r] = intercept;
      own->factor[r] = factor;
    }
    return moved;
  }

  double loss(const std::vector<double>& times, const Fit& fit) const {
    double total = options_.intercept_penalty * ratings_ * fit.mu * fit.mu;
    for (std::size_t u = 0; u < times.size(); ++u) {
      const double i = fit.raters.intercept[u], f = fit.raters.factor[u];
      total += times[u] * per_rater_ * (options_.intercept_penalty * i * i + options_.factor_penalty * f * f);
      for (std::uint64_t k = by_rater_.offset[u]; k < by_rater_.offset[u + 1]; ++k) {
        const double off = by_rater_.value[k] - predicted(fit, u, by_rater_.other[k]);
        total += times[u] * off * off;
      }
    }
    for (std::size_t n = 0; n < fit.items.intercept.size(); ++n) {
      const double i = fit.items.intercept[n], f = fit.items.factor[n];
      total += per_item_ * (options_.intercept_penalty * i * i + options_.factor_penalty * f * f);
    }
    return total;
  }

  Rows by_rater_, by_item_;
  const BridgingOptions& options_;
  double ratings_, per_rater_ = 0, per_item_ = 0;
};

// The split of raters into two sides with the least sum of squares within (two means in one dimension,
// exactly), each counted `times` times: a factor above `split` is of the upper side.
struct Sides {
  double split = 0, midpoint = 0;
};
Sides two_sides(const std::vector<double>& factor, const std::vector<double>& times, const Rows& by_rater) {
  std::vector<std::size_t> order;
  for (std::size_t u = 0; u < factor.size(); ++u)
    if (times[u] > 0 && by_rater.offset[u + 1] > by_rater.offset[u]) order.push_back(u);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return factor[a] != factor[b] ? factor[a] < factor[b] : a < b;
  });
  double total = 0, count = 0;
  for (const std::size_t u : order) total += times[u] * factor[u], count += times[u];
  Sides best;
  if (count > 0) best.split = best.midpoint = total / count;
  double most = -1, below = 0, below_count = 0;
  for (std::size_t k = 0; k + 1 < order.size(); ++k) {
    below += times[order[k]] * factor[order[k]], below_count += times[order[k]];
    if (factor[order[k]] == factor[order[k + 1]]) continue;
    const double mean_below = below / below_count, mean_above = (total - below) / (count - below_count);
    const double between =
        below_count * (count - below_count) * (mean_above - mean_below) * (mean_above - mean_below);
    if (between <= most) continue;
    most = between;
    best = {(factor[order[k]] + factor[order[k + 1]]) / 2, (mean_below + mean_above) / 2};
  }
  return best;
}

std::vector<double> scores(const Fit& fit, double midpoint) {
  std::vector<double> out(fit.items.intercept);
  for (std::size_t n = 0; n < out.size(); ++n) out[n] += midpoint * fit.items.factor[n];
  return out;
}

void check(const RatingsView& ratings, const BridgingOptions& options) {
  const char* const where = "fit_bridging";
  if (ratings.rater.size() != ratings.value.size() || ratings.item.size() != ratings.value.size())
    refuse(where, "ratings", "columns of different length", "rater, item and value of one length");
  if (ratings.value.empty()) refuse(where, "ratings", "none", "some");
  for (std::size_t k = 0; k < ratings.value.size(); ++k)
    if (ratings.rater[k] >= ratings.raters || ratings.item[k] >= ratings.items ||
        !std::isfinite(ratings.value[k]))
      refuse(where, "rating " + std::to_string(k),
             "rater " + std::to_string(ratings.rater[k]) + ", item " + std::to_string(ratings.item[k]) + ", " +
                 std::to_string(ratings.value[k]),
             "numbers below " + std::to_string(ratings.raters) + " and " + std::to_string(ratings.items) +
                 ", a finite value");
  for (const double penalty : {options.intercept_penalty, options.factor_penalty})
    if (!(penalty > 0) || !std::isfinite(penalty))
      refuse(where, "penalty", std::to_string(penalty), "a finite number > 0");
  if (options.starts < 1 || options.replicates < 0)
    refuse(where, "starts, replicates",
           std::to_string(options.starts) + ", " + std::to_string(options.replicates), "1 or more, 0 or more");
}

}  // namespace

Bridging fit_bridging(const RatingsView& ratings, const BridgingOptions& options, const Rng& rng) {
  check(ratings, options);
  const Factorization problem(ratings, options);
  const std::vector<double> once(ratings.raters, 1.0);

  const auto starts = static_cast<std::size_t>(options.starts);
  std::vector<Fit> tried(starts, Fit{0, Side(ratings.raters), Side(ratings.items), 0, 0, false});
  parallel_blocks(starts, options.threads, [&](std::size_t s) {
    Rng draw = rng.stream("start", s);
    for (double& f : tried[s].items.factor) f = kStartSpread * draw.normal();
    problem.minimize(once, &tried[s]);
  });
  Fit best =
      *std::min_element(tried.begin(), tried.end(), [](const Fit& a, const Fit& b) { return a.loss < b.loss; });
  const auto largest = std::max_element(best.raters.factor.begin(), best.raters.factor.end(),
                                        [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (*largest < 0)
    for (std::vector<double>* side : {&best.raters.factor, &best.items.factor})
      for (double& f : *side) f = -f;

  Bridging out;
  out.mu = best.mu;
  out.rater_intercept = best.raters.intercept, out.rater_factor = best.raters.factor;
  out.item_intercept = best.items.intercept, out.item_factor = best.items.factor;
  const Sides sides = two_sides(best.raters.factor, once, problem.by_rater());
  out.midpoint = sides.midpoint;
  out.item_score = scores(best, sides.midpoint);
  out.loss = best.loss, out.sweeps = best.sweeps, out.converged = best.converged;
  out.side_below.assign(ratings.items, 0), out.side_above.assign(ratings.items, 0);
  double with = 0, without = 0;
  for (std::size_t k = 0; k < ratings.value.size(); ++k) {
    const std::uint32_t u = ratings.rater[k], n = ratings.item[k];
    out.side_below[n] += best.raters.factor[u] <= sides.split;
    out.side_above[n] += best.raters.factor[u] > sides.split;
    const double off = ratings.value[k] - Factorization::predicted(best, u, n);
    const double plain = off + best.raters.factor[u] * best.items.factor[n];
    with += off * off, without += plain * plain;
  }
  out.explained = without > 0 ? 1 - with / without : 0;

  const auto replicates = static_cast<std::size_t>(options.replicates);
  if (replicates == 0) return out;
  Matrix drawn(replicates, ratings.items);
  parallel_blocks(replicates, options.threads, [&](std::size_t k) {
    Rng draw = rng.stream("raters", k);
    std::vector<double> times(ratings.raters, 0.0);
    for (std::size_t u = 0; u < ratings.raters; ++u) times[draw.below(ratings.raters)] += 1;
    Fit fit = best;
    problem.minimize(times, &fit);
    const std::vector<double> score =
        scores(fit, two_sides(fit.raters.factor, times, problem.by_rater()).midpoint);
    std::copy(score.begin(), score.end(), drawn.row(k).begin());
  });
  out.item_error.assign(ratings.items, std::numeric_limits<double>::infinity());
  for (std::size_t n = 0; n < ratings.items; ++n) {
    const Rows& rows = problem.by_item();
    const auto from = rows.other.begin() + static_cast<std::ptrdiff_t>(rows.offset[n]);
    const auto to = rows.other.begin() + static_cast<std::ptrdiff_t>(rows.offset[n + 1]);
    if (from == to || std::all_of(from, to, [&](std::uint32_t u) { return u == *from; })) continue;
    double mean = 0, squares = 0;
    for (std::size_t k = 0; k < replicates; ++k) mean += drawn(k, n) / static_cast<double>(replicates);
    for (std::size_t k = 0; k < replicates; ++k) squares += (drawn(k, n) - mean) * (drawn(k, n) - mean);
    out.item_error[n] = std::sqrt(squares / static_cast<double>(std::max<std::size_t>(replicates - 1, 1)));
  }
  return out;
}

}  // namespace plumb
