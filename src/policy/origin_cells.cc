#include "policy/origin_cells.h"

#include <charconv>
#include <cmath>

#include "base/hash_words.h"

namespace plumb {
namespace {

constexpr std::uint64_t kNothing = 0x6e6f7468696e67u;  // "nothing"
constexpr double kDigitsKept = 1e4;                    // after the first: five digits
constexpr double kFineSteps = 1e3, kCoarseSteps = 20;  // of a standard deviation

// The first five digits, whatever the sign and the power of ten: cents and euros agree.
std::uint64_t first_digits(double value) {
  const double size = std::abs(value);
  if (!(size > 0)) return 0;
  const double power = std::pow(10.0, std::floor(std::log10(size)));
  auto digits = static_cast<std::uint64_t>(std::llround(size / power * kDigitsKept));
  while (digits >= static_cast<std::uint64_t>(10 * kDigitsKept)) digits /= 10;
  return digits;
}

std::uint64_t hashed(std::uint64_t word, std::uint64_t salt) {
  return hashing::hash_two_words(word, salt, 0x63656c6cu);  // "cell"
}

std::uint64_t in_parts(std::uint64_t digits, std::uint64_t fine, std::uint64_t coarse, std::uint64_t salt) {
  return (hashed(digits, salt) & 0xffffffffu) << kDigits | (hashed(fine, salt) & 0xffffu) << kStandardized |
         (hashed(coarse, salt) & 0xffffu) << kCoarse;
}
std::uint64_t in_parts(std::uint64_t word, std::uint64_t salt) { return in_parts(word, word, word, salt); }

// Steps from the column's mean.
std::uint64_t steps_of(double z, double steps) {
  return std::abs(z * steps) < 9e15 ? static_cast<std::uint64_t>(std::llround(z * steps)) : kNothing;
}

// A level that reads as a number is one: a hole in a column of numbers makes a category of it.
std::uint64_t level_cell(const std::string& level, std::uint64_t salt) {
  double value = 0;
  const auto [end, error] = std::from_chars(level.data(), level.data() + level.size(), value);
  const bool is_number =
      !level.empty() && error == std::errc{} && end == level.data() + level.size() && std::isfinite(value);
  const std::uint64_t word = is_number ? first_digits(value) : hash_bytes(level);
  return in_parts(word, salt);
}

}  // namespace

std::uint64_t salted(std::uint64_t hash, std::uint64_t salt) {
  return hashing::hash_two_words(hash, salt, 0x6e616d65u);  // "name"
}

std::uint64_t cell_term(std::uint64_t cell, std::uint64_t part, std::size_t place) {
  const std::uint64_t width = part == kDigits ? 0xffffffffu : 0xffffu;
  return hashing::finish(((cell >> part) & width) + (place + 1) * hashing::kFirst);
}

std::vector<std::uint64_t> action_digests(const DecisionLog& log, std::uint64_t salt) {
  std::vector<std::uint64_t> out;
  for (const std::string& name : log.actions) out.push_back(salted(hash_bytes(name), salt));
  return out;
}

bool TracedColumn::known(std::size_t row) const {
  return outcome_ == nullptr || outcome_->state[row] == State::kObserved;
}

double TracedColumn::number(std::size_t row) const {
  if (outcome_ != nullptr) return outcome_->value[row];
  if (time_ != nullptr) return static_cast<double>((*time_)[row]);
  return static_cast<double>(feature_->number[row]);
}

void TracedColumn::take_moments(std::size_t rows) {
  if (!level_.empty() || rows == 0) return;
  double count = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    if (!known(i) || !std::isfinite(number(i))) continue;
    count += 1;
    sum += number(i);
  }
  if (count == 0) return;
  mean_ = sum / count;
  for (std::size_t i = 0; i < rows; ++i) {
    if (!known(i) || !std::isfinite(number(i))) continue;
    const double off = number(i) - mean_;
    squares += off * off;
  }
  scale_ = std::sqrt(squares / count);
  if (!std::isfinite(mean_) || !std::isfinite(scale_)) mean_ = scale_ = 0;
}

std::uint64_t TracedColumn::cell(std::size_t row) const {
  if (!level_.empty()) return level_[feature_->code[row]];
  if (!known(row)) return in_parts(kNothing, salt_);
  const double value = number(row);
  if (!std::isfinite(value)) return in_parts(kNothing, salt_);
  // Microseconds differ in their last digits: no five of them are enough.
  if (time_ != nullptr) {
    const auto word = static_cast<std::uint64_t>((*time_)[row]);
    return in_parts(word, salt_);
  }
  const double z = scale_ > 0 ? (value - mean_) / scale_ : 0;
  return in_parts(first_digits(value), steps_of(z, kFineSteps), steps_of(z, kCoarseSteps), salt_);
}

std::vector<TracedColumn> traced_columns(const DecisionLog& log, std::uint64_t salt) {
  std::vector<TracedColumn> out;
  const auto add = [&](const FeatureColumn& column, TraceRole role) {
    for (const TracedColumn& there : out)
      if (there.name() == column.name) return;  // a segment that is a context
    TracedColumn made(column.name, role, salt);
    made.feature_ = &column;
    for (const std::string& level : column.levels) made.level_.push_back(level_cell(level, salt));
    if (column.is_category && made.level_.empty()) return;
    if (!column.is_category) made.level_.clear();
    made.take_moments(log.size());
    out.push_back(std::move(made));
  };
  for (const FeatureColumn& column : log.context) add(column, TraceRole::kContext);
  for (const FeatureColumn& column : log.segments) add(column, TraceRole::kOther);
  for (const FeatureColumn& column : log.unnamed) add(column, TraceRole::kOther);
  for (const OutcomeColumn& column : log.outcomes) {
    TracedColumn made(column.name, TraceRole::kOutcome, salt);
    made.outcome_ = &column;
    made.take_moments(log.size());
    out.push_back(std::move(made));
  }
  if (!log.time_us.empty()) {
    TracedColumn made("time", TraceRole::kOther, salt);
    made.time_ = &log.time_us;
    made.take_moments(log.size());
    out.push_back(std::move(made));
  }
  return out;
}

}  // namespace plumb
