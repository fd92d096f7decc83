// Comparisons against the contexts of the log: are they asked where they are served, and is the model a line
// there?
#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>

#include "plumb/preferred.h"
#include "plumb/regression.h"
#include "reward/compared_pairs.h"
#include "reward/pairwise.h"

namespace plumb {
namespace {

constexpr std::size_t kMostRows = 20000;  // of the log: enough to know its contexts
constexpr std::size_t kMostBins = 10;
constexpr std::size_t kContextsABin = 10;  // different ones that were asked in: fewer miss a bin by chance
constexpr double kNoneNear = 0.05;         // of a bin's own share: fewer comparisons are none near
constexpr double kMostUnserved = 0.05;     // of the log's contexts without a comparison near
constexpr double kAlike = 0.8;             // effective share from which contexts are alike enough
constexpr double kLeastShare = 0.25, kLeastOfAnArm = 400;
constexpr double kBends = 0.001;  // p of a test of curvature

// Rows of features, and which of its columns are a number's; the others are levels.
struct Contexts {
  Matrix row;
  std::vector<std::string> name;  // by column
  std::vector<std::uint8_t> is_number;
};

std::vector<std::size_t> every_kth(std::size_t n) {
  const std::size_t step = std::max<std::size_t>(1, (n + kMostRows - 1) / kMostRows);
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < n; i += step) out.push_back(i);
  return out;
}

Contexts contexts_of(const FeatureMap& map, const DecisionLog& log, const std::vector<std::size_t>& rows) {
  Contexts out;
  out.row = Matrix(rows.size(), map.context_width);
  const BoundFeatures features(map, log);
  std::vector<float> c(map.context_width);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    features.context(rows[r], c);
    for (std::size_t k = 0; k < c.size(); ++k) out.row(r, k) = static_cast<double>(c[k]);
  }
  for (const FeatureMap::Column& column : map.context) {
    for (std::size_t k = 0; k < column.width(); ++k) {
      const bool level = column.is_category && !column.hashed;
      out.name.push_back(level ? fmt::format("{} = {}", column.name, column.levels[k]) : column.name);
      out.is_number.push_back(!column.is_category);
    }
  }
  PLUMB_ASSERT(out.name.size() == map.context_width);
  return out;
}

struct Unserved {
  double share = 0;  // of the log's rows with a value that hardly any comparison comes near
  std::string most;  // the column that most of them have it in
};

// How many different contexts comparisons were made in.
std::size_t different(const std::vector<std::size_t>& prompts) {
  std::vector<std::size_t> sorted = prompts;
  std::sort(sorted.begin(), sorted.end());
  return static_cast<std::size_t>(std::unique(sorted.begin(), sorted.end()) - sorted.begin());
}

// By tenths of the log's values of a number (larger parts where few contexts were asked in), and by level.
Unserved unserved_of(const Contexts& served, const Contexts& asked, std::size_t contexts) {
  const std::size_t bins = std::clamp<std::size_t>(contexts / kContextsABin, 2, kMostBins);
  const std::size_t n = served.row.rows, m = asked.row.rows;
  std::vector<std::uint8_t> without(n, 0);
  Unserved out;
  double most = 0;
  for (std::size_t k = 0; k < served.row.cols; ++k) {
    std::vector<double> edges;  // upper ends of bins
    if (served.is_number[k]) {
      std::vector<double> sorted(n);
      for (std::size_t r = 0; r < n; ++r) sorted[r] = served.row(r, k);
      std::sort(sorted.begin(), sorted.end());
      for (std::size_t b = 1; b < bins; ++b) edges.push_back(sorted[b * n / bins]);
      edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    } else {
      edges = {0.5};
    }
    const auto bin_of = [&](double x) {
      return static_cast<std::size_t>(std::lower_bound(edges.begin(), edges.end(), x) - edges.begin());
    };
    std::vector<double> in_log(edges.size() + 1, 0.0), in_asked(edges.size() + 1, 0.0);
    for (std::size_t r = 0; r < n; ++r) in_log[bin_of(served.row(r, k))] += 1 / static_cast<double>(n);
    for (std::size_t r = 0; r < m; ++r) in_asked[bin_of(asked.row(r, k))] += 1 / static_cast<double>(m);
    double here = 0;
    for (std::size_t r = 0; r < n; ++r) {
      const std::size_t b = bin_of(served.row(r, k));
      const bool none = in_asked[b] < kNoneNear * in_log[b];
      without[r] |= none;
      here += none;
    }
    if (here > most) most = here, out.most = served.name[k];
  }
  for (const std::uint8_t w : without) out.share += w / static_cast<double>(n);
  return out;
}

// How much more often the log has a comparison's context than comparisons have, by a logistic regression on
// numbers, their squares and levels.
std::vector<double> served_weights(const Contexts& served, const Contexts& asked, int threads) {
  const std::size_t n = served.row.rows, m = asked.row.rows, width = served.row.cols;
  std::vector<std::size_t> squared;
  for (std::size_t k = 0; k < width; ++k)
    if (served.is_number[k]) squared.push_back(k);
  const std::size_t p = 1 + width + squared.size();
  std::vector<float> x((n + m) * p);
  std::vector<double> y(n + m, 0.0);
  std::vector<std::uint8_t> fold(n + m);
  std::vector<std::uint32_t> rows(n + m);
  for (std::size_t r = 0; r < n + m; ++r) {
    const std::span<const double> c = r < n ? served.row.row(r) : asked.row.row(r - n);
    float* to = x.data() + r * p;
    to[0] = 1;
    for (std::size_t k = 0; k < width; ++k) to[1 + k] = static_cast<float>(c[k]);
    for (std::size_t s = 0; s < squared.size(); ++s)
      to[1 + width + s] = static_cast<float>(c[squared[s]] * c[squared[s]]);
    y[r] = r < n ? 1 : 0;
    fold[r] = static_cast<std::uint8_t>(hash_combine(r, 0x5e7) % 2);
    rows[r] = static_cast<std::uint32_t>(r);
  }
  const DesignView design{x.data(), n + m, p};
  const LinearFit fit = logistic(design, y, rows, fold, 3u, threads);
  std::vector<double> out(m);
  for (std::size_t r = 0; r < m; ++r) {
    double log_odds = 0;
    for (std::size_t k = 0; k < p; ++k) log_odds += fit.coef[k] * static_cast<double>(x[(n + r) * p + k]);
    out[r] = std::exp(std::clamp(log_odds, -20.0, 20.0));
  }
  return out;
}

// P of rows of scores whose sum has mean 0, clustered: Hotelling's T^2 by its F distribution, which knows how
// few the clusters are. 1 where they are too few for the columns.
double score_p(const Eigen::MatrixXd& scores, const std::vector<std::uint32_t>& cluster) {
  const Eigen::Index columns = scores.cols();
  Eigen::MatrixXd by_cluster = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(kBuckets), columns);
  std::vector<std::uint8_t> used(kBuckets, 0);
  for (Eigen::Index r = 0; r < scores.rows(); ++r) {
    const std::uint32_t c = cluster[static_cast<std::size_t>(r)];
    by_cluster.row(c) += scores.row(r);
    used[c] = 1;
  }
  const auto count = static_cast<double>(std::count(used.begin(), used.end(), std::uint8_t{1}));
  const Eigen::VectorXd sum = by_cluster.colwise().sum(), mean = sum / count;
  for (std::size_t c = 0; c < kBuckets; ++c)
    if (used[c] != 0) by_cluster.row(static_cast<Eigen::Index>(c)) -= mean.transpose();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> variance(by_cluster.transpose() * by_cluster);
  const double largest = variance.eigenvalues()[columns - 1];
  double statistic = 0, degrees = 0;
  for (Eigen::Index k = 0; k < columns; ++k) {
    const double value = variance.eigenvalues()[k];
    if (!(value > 1e-8 * largest)) continue;
    const double along = variance.eigenvectors().col(k).dot(sum);
    statistic += along * along / value;
    degrees += 1;
  }
  if (degrees == 0 || count < degrees + 2) return 1;
  statistic *= (count - 1) / count;
  const boost::math::fisher_f distribution(degrees, count - degrees);
  const double f = statistic * (count - degrees) / (degrees * (count - 1));
  return boost::math::cdf(boost::math::complement(distribution, f));
}

// Score test, clustered on units and on prompts (the larger p), of squares of the context's numbers by action
// beside the model's own columns (Rao 1948; White 1982 for its variance). p; 1 where there is nothing to test.
double curvature_p(const ComparedPairs& compared, const Contexts& asked, const Feedback& feedback,
                   const FeatureMap& map, int threads) {
  std::vector<std::size_t> numbers;
  for (std::size_t k = 0; k < asked.is_number.size(); ++k)
    if (asked.is_number[k]) numbers.push_back(k);
  const Pairs& pairs = compared.pairs;
  const auto n = static_cast<Eigen::Index>(pairs.size());
  const auto added = static_cast<Eigen::Index>(numbers.size() * map.ids.size());
  if (added == 0 || n < 20 * added) return 1;
  PairMatrix z = PairMatrix::Zero(n, added);
  for (Eigen::Index r = 0; r < n; ++r) {
    const auto row = static_cast<std::size_t>(r);
    for (std::size_t i = 0; i < map.ids.size(); ++i) {
      const double first = feedback.item[compared.first[row]] == map.ids[i],
                   second = feedback.item[compared.second[row]] == map.ids[i];
      if (first == second) continue;
      for (std::size_t k = 0; k < numbers.size(); ++k) {
        const double c = asked.row(row, numbers[k]);
        z(r, static_cast<Eigen::Index>(i * numbers.size() + k)) = (first - second) * (c * c - 1);
      }
    }
  }
  const PairFit fit = fit_pairs(pairs, 1e-4 * curvature_scale(pairs), {}, threads);
  const Eigen::VectorXd log_odds = pairs.design * fit.coef;
  Eigen::VectorXd weight(n), residual(n);
  for (Eigen::Index r = 0; r < n; ++r) {
    const double share = sigmoid(log_odds[r]);
    weight[r] = pairs.weight[r] * share * (1 - share);
    residual[r] = pairs.weight[r] * (pairs.answer[r] - share);
  }
  // What the model's own columns leave of the squares.
  const Eigen::MatrixXd own = fit.curvature.ldlt().solve(pairs.design.transpose() * weight.asDiagonal() * z);
  const Eigen::MatrixXd left = z - pairs.design * own;
  const Eigen::MatrixXd scores = residual.asDiagonal() * left;
  return std::max(score_p(scores, pairs.bucket), score_p(scores, pairs.prompt));
}

}  // namespace

std::vector<std::string> served_caps(const Feedback& feedback, const DecisionLog& log, const FeatureMap& map,
                                     std::uint64_t split_seed, int threads) {
  if (map.context_width == 0 || log.size() == 0) return {};
  const ComparedPairs compared = compared_pairs(feedback, map, split_seed);
  const std::size_t m = compared.pairs.size();
  std::vector<std::size_t> prompts(m);
  for (std::size_t r = 0; r < m; ++r) prompts[r] = feedback.item_prompt[compared.first[r]];
  const FeedbackDecisions decisions = as_decisions(feedback);
  const Contexts served = contexts_of(map, log, every_kth(log.size())),
                 asked = contexts_of(map, decisions.log, prompts);
  std::vector<std::string> out;
  const Unserved unserved = unserved_of(served, asked, different(prompts));
  if (unserved.share > kMostUnserved)
    out.push_back(fmt::format(
        "{:.0f} % of the log's contexts have no comparison near (most of them by {}): what people prefer there "
        "was not asked",
        100 * unserved.share, unserved.most));
  const std::vector<double> weight = served_weights(served, asked, threads);
  for (const std::string& id : map.ids) {
    double count = 0, sum = 0, squares = 0;
    for (std::size_t r = 0; r < m; ++r) {
      if (feedback.item[compared.first[r]] != id && feedback.item[compared.second[r]] != id) continue;
      count += 1;
      sum += weight[r];
      squares += weight[r] * weight[r];
    }
    const double effective = squares > 0 ? sum * sum / squares : 0;
    if (count == 0 || effective >= kAlike * count) continue;
    if (effective >= kLeastOfAnArm && effective >= kLeastShare * count) continue;
    out.push_back(fmt::format(
        "the comparisons of {} were made in other contexts than the log's: of {:.0f} about {:.0f} count there, "
        "{:.0f} and {:.0f} % of them are needed",
        id, count, effective, kLeastOfAnArm, 100 * kLeastShare));
    break;
  }
  const double p = curvature_p(compared, asked, feedback, map, threads);
  if (p < kBends)
    out.push_back(fmt::format(
        "people's preferences bend with the context (squares of its numbers by action, p {:.1g}), so a line "
        "through the comparisons does not say what is preferred in the log's contexts",
        p));
  return out;
}

}  // namespace plumb
