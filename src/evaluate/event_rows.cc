#include "evaluate/event_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "plumb/policy_contrast.h"
#include "stats/event_limits.h"

namespace plumb {
namespace {

constexpr unsigned kDropped = 19;  // digits of a float: sixteen bins an octave remain

std::vector<double> observed_values(const OutcomeColumn& column) {
  std::vector<double> out;
  out.reserve(column.observed_count);
  for (std::size_t i = 0; i < column.value.size(); ++i)
    if (column.state[i] == State::kObserved) out.push_back(column.value[i]);
  return out;
}

// How heavy the tails are of what is no count of events.
void describe_spread(std::vector<double> values, EventRows::Outcome& out) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  out.middle = *middle;
  for (double& v : values) v = std::abs(v - out.middle);
  out.outlying = outlying_size(values);
  out.tail_sigma = lognormal_sigma(tail_index(values), values.size());
}

// Whether a row's unit is one of the sample, by the unit alone.
bool is_sampled(std::uint64_t unit, std::size_t rows) {
  if (rows <= kWholeSample) return true;
  const double share = static_cast<double>(kWholeSample) / static_cast<double>(rows);
  return static_cast<double>(hash_combine(unit, 0x5eed) >> 11) <
         share * static_cast<double>(std::uint64_t{1} << 53);
}

}  // namespace

EventRows::Outcome describe_outcome(const OutcomeColumn& column) {
  EventRows::Outcome out;
  const std::vector<double> values = observed_values(column);
  if (values.empty()) return out;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double lowest = *low, highest = *high, n = static_cast<double>(values.size());
  const auto share_of = [&](double v) {
    return static_cast<double>(std::count(values.begin(), values.end(), v)) / n;
  };
  const double at_lowest = share_of(lowest), at_highest = lowest == highest ? 0 : share_of(highest);
  if (at_lowest <= 0.5 && at_highest <= 0.5) {
    describe_spread(values, out);
    return out;
  }
  out.countable = true;
  if (at_highest > 0.5) out.origin = highest, out.sign = -1;
  if (at_lowest > 0.5) out.origin = lowest, out.sign = 1;
  // A column that never moved off one value: off which side it will be is not known, but for the kinds that
  // say.
  if (lowest == highest && column.kind == OutcomeKind::kBinary && lowest == 1) out.sign = -1;
  std::vector<double> events;
  double sum = 0, squares = 0;
  bool whole = true;
  for (const double y : values) {
    const double event = out.sign * (y - out.origin);
    if (event == 0) continue;
    events.push_back(event);
    sum += event;
    squares += event * event;
    whole = whole && event == std::floor(event);
  }
  out.middle = out.origin;
  out.share = static_cast<double>(events.size()) / n;
  const bool equal = events.empty() || *std::min_element(events.begin(), events.end()) ==
                                           *std::max_element(events.begin(), events.end());
  if (!events.empty()) out.large = squares / sum;
  const double variation = sum > 0 ? static_cast<double>(events.size()) * squares / (sum * sum) - 1 : 0;
  const bool money = column.kind == OutcomeKind::kAmount || column.kind == OutcomeKind::kNumber;
  // A handful of counts varies by more than its mean now and then; it takes many to say that they do.
  const bool counted = column.kind == OutcomeKind::kCount && static_cast<double>(events.size()) < kFewEvents;
  const bool vary = variation > 1 && !counted;
  out.amounts = events.empty() ? money : !equal && (column.kind == OutcomeKind::kAmount || !whole || vary);
  out.outlying = outlying_size(events);
  out.tail_sigma = equal ? 0 : lognormal_sigma(tail_index(events), events.size());
  return out;
}

void WeightedQuantile::add(double value) {
  if (!(value > 0)) return;
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> kDropped;
  bin_[bits] += value;
  total_ += value;
  largest_ = std::max(largest_, value);
}

double WeightedQuantile::above(double share) const {
  if (!(total_ > 0)) return 0;
  double left = total_ * share;
  for (std::size_t k = bin_.size(); k-- > 0;) {
    left -= bin_[k];
    if (left < 0) {
      const auto edge = std::bit_cast<float>(static_cast<std::uint32_t>(k + 1) << kDropped);
      return std::isfinite(edge) ? std::min(static_cast<double>(edge), largest_) : largest_;
    }
  }
  return 0;
}

EventRows event_rows(const DecisionLog& log, const std::vector<std::string>& outcomes) {
  EventRows out;
  const std::size_t n = log.size();
  std::vector<std::uint8_t> sampled(n), wanted(n);
  for (std::size_t i = 0; i < n; ++i) wanted[i] = sampled[i] = is_sampled(log.unit[i], n);
  std::vector<const OutcomeColumn*> columns;
  for (const std::string& name : outcomes) {
    const OutcomeColumn& column = log.outcome(name);
    columns.push_back(&column);
    EventRows::Outcome one = describe_outcome(column);
    for (std::size_t i = 0; i < n && std::isfinite(one.outlying); ++i)
      wanted[i] |= column.state[i] == State::kObserved && std::abs(column.value[i] - one.middle) > one.outlying;
    if (one.countable) {
      for (std::size_t i = 0; i < n; ++i)
        wanted[i] |= column.state[i] == State::kObserved && column.value[i] != one.origin;
    }
    out.outcomes.push_back(std::move(one));
  }
  for (std::size_t i = 0; i < n; ++i)
    if (wanted[i] != 0) out.row.push_back(static_cast<std::uint32_t>(i));
  // Units together, each where its first row stands.
  std::vector<std::uint32_t> order(out.row.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto unit_of = [&](std::uint32_t at) { return log.unit[out.row[at]]; };
  const bool named = log.unit_named;  // else every row is its own unit
  if (named)
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return unit_of(a) < unit_of(b); });
  for (const std::uint32_t at : order)
    if (sampled[out.row[at]] != 0) out.sample.push_back(at);
  for (std::size_t j = 0; j < columns.size(); ++j) {
    if (!out.outcomes[j].countable) continue;
    for (const std::uint32_t at : order) {
      const std::size_t i = out.row[at];
      if (columns[j]->state[i] == State::kObserved && columns[j]->value[i] != out.outcomes[j].origin)
        out.outcomes[j].event.push_back(at);
    }
  }
  return out;
}

}  // namespace plumb
