// The design of a fit, and its penalized loss.
#include "reward/text_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/regression.h"
#include "reward/text_measures.h"

namespace plumb::text {
namespace {

constexpr double kNuisanceStrength = 1e-6;  // a unit of weight: keeps levels and ties that nobody used finite
constexpr int kMostSteps = 2000;

void check_weights(std::span<const double> weights, std::size_t expected, const char* what) {
  if (weights.size() != expected) {
    refuse("judged rows", what, std::to_string(weights.size()) + " entries", std::to_string(expected));
  }
  for (const double w : weights) {
    if (!(w >= 0 && w <= 1e12)) refuse("judged rows", what, fmt::format("{}", w), "a finite number >= 0");
  }
}

void check_rows(std::span<const std::uint32_t> rows, std::size_t count, const char* what) {
  for (const std::uint32_t r : rows) {
    if (r >= count) refuse("judged rows", what, fmt::format("row {}", r), fmt::format("a row below {}", count));
  }
}

}  // namespace

void check_judged(const ItemRows& rows, const Judged& j, const TextRewardOptions& options) {
  check_features(options.features);
  const TextFeatures &a = rows.features, &b = options.features;
  if (a.bits != b.bits || a.words != b.words || a.characters_from != b.characters_from ||
      a.characters_to != b.characters_to || a.surface != b.surface) {
    refuse("text reward", "features", "rows made with others", "the options that the rows were made with");
  }
  if (options.length != LengthUse::kWithLength && !options.features.surface) {
    refuse("text reward", "length", "no surface measures", "surface = true where length is controlled");
  }
  if (options.penalties.empty()) refuse("text reward", "penalties", "none", "at least one");
  for (const double p : options.penalties) {
    if (!(p > 0 && p <= 1e6)) refuse("text reward", "penalties", fmt::format("{}", p), "numbers in (0, 1e6]");
  }
  if (options.inner_folds < 2) {
    refuse("text reward", "inner_folds", std::to_string(options.inner_folds), "at least 2");
  }
  for (const double x : {options.margin, options.centering}) {
    if (!(x >= 0 && x <= 1e6))
      refuse("text reward", "margin or centering", fmt::format("{}", x), "a number >= 0");
  }
  if (options.margin > 0 && (options.ties == Ties::kDavidson || options.ties == Ties::kRaoKupper)) {
    refuse("text reward", "margin", "a model of ties", "ties counted half where there is a margin");
  }
  const std::size_t n = rows.rows(), pairs = j.first.size();
  check_rows(j.first, n, "first");
  check_rows(j.second, n, "second");
  check_rows(j.rated, n, "rated");
  check_rows(j.thumbed, n, "thumbed");
  if (j.second.size() != pairs || j.pair_group.size() != pairs || j.rating_group.size() != j.rated.size() ||
      j.level.size() != j.rated.size() || j.thumb_group.size() != j.thumbed.size() ||
      j.up.size() != j.thumbed.size()) {
    refuse("judged rows", "arrays of one form", "different lengths", "an entry a judgement");
  }
  check_weights(j.first_votes, pairs, "first_votes");
  check_weights(j.second_votes, pairs, "second_votes");
  check_weights(j.tie_votes, pairs, "tie_votes");
  for (const double t : j.tie_votes) {
    if (t > 0 && options.ties == Ties::kRefuse)
      refuse("judged rows", "tie_votes", "a tie", "no ties where they are refused");
  }
  check_weights(j.rating_weight, j.rated.size(), "rating_weight");
  check_weights(j.thumb_weight, j.thumbed.size(), "thumb_weight");
  for (const std::uint32_t level : j.level) {
    if (level >= j.levels) refuse("judged rows", "level", std::to_string(level), "a level below `levels`");
  }
  if (!j.rated.empty() && j.levels < 2) refuse("judged rows", "levels", std::to_string(j.levels), "at least 2");
  for (std::size_t k = 0; k < pairs; ++k) {
    if (j.first[k] == j.second[k]) refuse("judged rows", "a comparison", "a row with itself", "two rows");
  }
}

Problem::Problem(const ItemRows& rows, const Judged& judged, Multipliers multipliers,
                 const TextRewardOptions& options)
    : rows_(&rows),
      judged_(&judged),
      options_(&options),
      multipliers_(std::move(multipliers)),
      nuisance_(judged, options.ties),
      weight_(summed_weight(judged, multipliers_)) {
  if (!(weight_ > 0)) refuse("text reward", "judgements", "none of any weight", "at least one");
  const auto takes_part = [](const std::vector<double>& m, std::size_t k) { return m.empty() || m[k] > 0; };
  std::vector<std::uint8_t> judged_row(rows.rows(), 0);
  for (std::size_t k = 0; k < judged.first.size(); ++k) {
    if (takes_part(multipliers_.pair, k)) judged_row[judged.first[k]] = judged_row[judged.second[k]] = 1;
  }
  for (std::size_t k = 0; k < judged.rated.size(); ++k) {
    if (takes_part(multipliers_.rating, k)) judged_row[judged.rated[k]] = 1;
  }
  for (std::size_t k = 0; k < judged.thumbed.size(); ++k) {
    if (takes_part(multipliers_.thumb, k)) judged_row[judged.thumbed[k]] = 1;
  }
  constexpr std::uint32_t kUnused = 0xffffffffu;
  std::vector<std::uint32_t> place(rows.columns(), kUnused);
  for (std::uint32_t i = 0; i < rows.rows(); ++i) {
    if (!judged_row[i]) continue;
    active_.push_back(i);
    for (std::uint64_t e = rows.offset[i]; e < rows.offset[i + 1]; ++e) place[rows.column[e]] = 0;
  }
  for (std::uint32_t c = 0; c < place.size(); ++c) {
    if (place[c] == kUnused) continue;
    place[c] = static_cast<std::uint32_t>(used_.size());
    used_.push_back(c);
  }
  // Dense columns have an entry in every row: mean 0 and the family's weight as their deviation.
  mean_.assign(used_.size(), 0.0);
  scale_.assign(used_.size(), 1.0);
  std::vector<double> sum(used_.size(), 0.0), squares(used_.size(), 0.0);
  for (const std::uint32_t i : active_) {
    for (std::uint64_t e = rows.offset[i]; e < rows.offset[i + 1]; ++e)
      sum[place[rows.column[e]]] += rows.value[e];
  }
  const double n = static_cast<double>(active_.size());
  for (std::size_t c = 0; c < used_.size(); ++c) {
    if (used_[c] >= rows.hashed()) mean_[c] = sum[c] / n;
  }
  for (const std::uint32_t i : active_) {
    for (std::uint64_t e = rows.offset[i]; e < rows.offset[i + 1]; ++e) {
      const std::size_t c = place[rows.column[e]];
      squares[c] += (rows.value[e] - mean_[c]) * (rows.value[e] - mean_[c]);
    }
  }
  for (std::size_t c = 0; c < used_.size(); ++c) {
    if (used_[c] < rows.hashed()) continue;
    const bool surface = used_[c] < rows.hashed() + rows.surface();
    const double deviation = std::sqrt(squares[c] / n);
    const bool constant = deviation <= 1e-9 * (1 + std::abs(mean_[c]));
    scale_[c] = constant ? 0 : (surface ? options.features.surface_weight : 1.0) / deviation;
  }
  for (const std::uint32_t i : active_) {
    for (std::uint64_t e = rows.offset[i]; e < rows.offset[i + 1]; ++e) {
      const std::uint32_t c = place[rows.column[e]];
      column_.push_back(c);
      value_.push_back(static_cast<float>((rows.value[e] - mean_[c]) * scale_[c]));
    }
    offset_.push_back(column_.size());
  }
}

std::vector<double> Problem::start() const {
  std::vector<double> x(used_.size(), 0.0);
  const std::vector<double> nuisance = nuisance_.start();
  x.insert(x.end(), nuisance.begin(), nuisance.end());
  return x;
}

std::vector<double> Problem::rewards(std::span<const double> x) const {
  std::vector<double> out(rows_->rows(), 0.0);
  for (std::size_t i = 0; i < active_.size(); ++i) {
    double sum = 0;
    for (std::uint64_t e = offset_[i]; e < offset_[i + 1]; ++e) sum += value_[e] * x[column_[e]];
    out[active_[i]] = sum;
  }
  return out;
}

void Problem::add_rows(std::span<const double> row_slope, std::span<double> gradient) const {
  for (std::size_t i = 0; i < active_.size(); ++i) {
    const double slope = row_slope[active_[i]];
    if (slope == 0) continue;
    for (std::uint64_t e = offset_[i]; e < offset_[i + 1]; ++e) gradient[column_[e]] += slope * value_[e];
  }
}

double Problem::evaluate(std::span<const double> x, std::span<double> gradient, double penalty) const {
  const std::vector<double> reward = rewards(x);
  std::vector<double> row_slope(reward.size(), 0.0);
  const std::size_t p = used_.size();
  std::fill(gradient.begin(), gradient.end(), 0.0);
  double value = summed_loss(*judged_, multipliers_, *options_, nuisance_, reward, nuisance_of(x), row_slope,
                             gradient.subspan(p));
  add_rows(row_slope, gradient.first(p));
  double squares = 0;
  for (std::size_t c = 0; c < p; ++c) {
    squares += x[c] * x[c];
    gradient[c] += penalty * x[c];
  }
  value += penalty / 2 * squares;
  const double weak = kNuisanceStrength * weight_;
  for (std::size_t c = p; c < x.size(); ++c) {
    value += weak / 2 * x[c] * x[c];
    gradient[c] += weak * x[c];
  }
  return value;
}

Minimum Problem::minimize(std::vector<double> x, double penalty, double gap) const {
  return minimize_smooth(
      [&](std::span<const double> at, std::span<double> g) { return evaluate(at, g, penalty); }, std::move(x),
      penalty, gap * weight_, kMostSteps);
}

std::vector<double> Problem::raw_weights(std::span<const double> x) const {
  std::vector<double> out(rows_->columns(), 0.0);
  for (std::size_t c = 0; c < used_.size(); ++c) out[used_[c]] = x[c] * scale_[c];
  return out;
}

double Problem::shift(std::span<const double> x) const {
  double sum = 0;
  for (std::size_t c = 0; c < used_.size(); ++c) sum += x[c] * scale_[c] * mean_[c];
  return sum;
}

std::vector<double> Problem::from_raw(std::span<const double> raw, std::span<const double> nuisance) const {
  std::vector<double> x = start();
  for (std::size_t c = 0; c < used_.size(); ++c) x[c] = scale_[c] == 0 ? 0 : raw[used_[c]] / scale_[c];
  if (nuisance.size() == nuisance_.size())
    std::copy(nuisance.begin(), nuisance.end(), x.begin() + static_cast<std::ptrdiff_t>(used_.size()));
  return x;
}

}  // namespace plumb::text
