#include "monitor/comparable.h"

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

// Contexts are kept as floats: a number of seven digits errs in its eighth.
constexpr double kFloatError = 1e-7;

double power_of_ten(int k) { return std::pow(10.0, k); }

bool is_multiple(double value, int decimals) {
  const double steps = value * power_of_ten(decimals);
  return std::abs(steps - std::round(steps)) <= kFloatError * std::abs(steps) + 1e-9;
}

// The decimals at which a number has so many significant digits.
int decimals_of(double value, int digits) {
  return digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(value))));
}

double rounded(double value, Precision to) {
  if (!std::isfinite(value) || value == 0) return value;
  if (to.decimals < kFullPrecision) {
    const double unit = power_of_ten(to.decimals);
    value = std::round(value * unit) / unit;
  }
  if (to.digits < kFullPrecision && value != 0) {
    const double unit = power_of_ten(decimals_of(value, to.digits));
    value = std::round(value * unit) / unit;
  }
  return value;
}

double spread_of(const std::vector<double>& numbers) {
  double count = 0, sum = 0, squares = 0;
  for (const double x : numbers) {
    if (!std::isfinite(x)) continue;
    count += 1;
    sum += x;
    squares += x * x;
  }
  return count > 0 ? std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count))) : 0;
}

void round_both(std::vector<double>& first, std::vector<double>& later) {
  const Precision a = precision_of(first), b = precision_of(later);
  const double spread[2] = {spread_of(first), spread_of(later)};
  int power = 0;  // one unit of the first log is ten to this many of the later one's
  if (spread[0] > 0 && spread[1] > 0) {
    const double exact = std::log10(spread[1] / spread[0]);
    if (std::abs(exact) < 12 && std::abs(exact - std::round(exact)) < 0.05)
      power = static_cast<int>(std::round(exact));
  }
  Precision to;
  to.digits = std::min(a.digits, b.digits);
  const int in_first = b.decimals >= kFullPrecision ? kFullPrecision : b.decimals + power;
  to.decimals = std::min(a.decimals, in_first);
  for (double& x : first) x = rounded(x, to);
  if (to.decimals < kFullPrecision) to.decimals -= power;
  for (double& x : later) x = rounded(x, to);
}

void round_both(FeatureColumn& first, FeatureColumn& later) {
  if (first.is_category || later.is_category) return;
  std::vector<double> a(first.number.begin(), first.number.end()), b(later.number.begin(), later.number.end());
  round_both(a, b);
  for (std::size_t i = 0; i < a.size(); ++i) first.number[i] = static_cast<float>(a[i]);
  for (std::size_t i = 0; i < b.size(); ++i) later.number[i] = static_cast<float>(b[i]);
}

FeatureColumn rows_of(const FeatureColumn& column, const std::vector<std::size_t>& rows) {
  FeatureColumn out;
  out.name = column.name;
  out.is_category = column.is_category;
  out.levels = column.levels;
  for (const std::size_t i : rows) {
    if (column.is_category) {
      out.code.push_back(column.code[i]);
    } else {
      out.number.push_back(column.number[i]);
    }
  }
  return out;
}

}  // namespace

Precision precision_of(const std::vector<double>& numbers) {
  Precision out;
  for (const double x : numbers) {
    if (!std::isfinite(x) || x == 0) continue;
    while (out.decimals < kFullPrecision && !is_multiple(x, out.decimals)) ++out.decimals;
    while (out.digits < kFullPrecision && !is_multiple(x, decimals_of(x, out.digits))) ++out.digits;
    if (out.decimals == kFullPrecision && out.digits == kFullPrecision) break;
  }
  return out;
}

DecisionLog comparable_rows(const DecisionLog& log, const std::vector<std::size_t>& rows) {
  DecisionLog out;
  out.source = log.source;
  out.unit_named = log.unit_named;
  out.actions = log.actions;
  out.offset.push_back(0);
  for (const std::size_t i : rows) {
    out.unit.push_back(log.unit[i]);
    if (!log.id.empty()) out.id.push_back(log.id[i]);
    if (!log.time_us.empty()) out.time_us.push_back(log.time_us[i]);
    out.action.push_back(log.chosen_action(i));
    out.chosen.push_back(0);
    out.offset.push_back(out.action.size());
    out.propensity.push_back(log.propensity[i]);
    out.row_digest.push_back(log.row_digest[i]);
  }
  for (const FeatureColumn& column : log.context) out.context.push_back(rows_of(column, rows));
  for (const FeatureColumn& column : log.segments) out.segments.push_back(rows_of(column, rows));
  for (const FeatureColumn& column : log.unnamed) out.unnamed.push_back(rows_of(column, rows));
  for (const OutcomeColumn& column : log.outcomes) {
    OutcomeColumn taken;
    taken.name = column.name;
    taken.kind = column.kind;
    for (const std::size_t i : rows) {
      taken.value.push_back(column.value[i]);
      taken.state.push_back(column.state[i]);
    }
    out.outcomes.push_back(std::move(taken));
  }
  return out;
}

void put_to_one_precision(DecisionLog& first, DecisionLog& later) {
  const auto pair_up = [](std::vector<FeatureColumn>& a, std::vector<FeatureColumn>& b) {
    for (FeatureColumn& one : a)
      for (FeatureColumn& other : b)
        if (one.name == other.name) round_both(one, other);
  };
  pair_up(first.context, later.context);
  pair_up(first.unnamed, later.unnamed);
  for (OutcomeColumn& one : first.outcomes)
    for (OutcomeColumn& other : later.outcomes)
      if (one.name == other.name) round_both(one.value, other.value);
}

}  // namespace plumb
