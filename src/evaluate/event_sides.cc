#include "evaluate/event_sides.h"

#include <cmath>

namespace plumb {

double EventTerm::weight_at(std::uint32_t at) const {
  double out = 0;
  for (const Share& share : shares_) out += share.scale * static_cast<double>(share.weight[at]);
  return column_.asked.empty() ? out : out / column_.asked[rows_.row[at]];
}

template <class Wanted, class Value, class Done>
void EventTerm::by_unit(const std::vector<std::uint32_t>& positions, const Wanted& wanted, const Value& value,
                        const Done& done) const {
  std::array<double, 2> sum{};
  std::uint64_t unit = 0;
  bool open = false;
  for (const std::uint32_t at : positions) {
    const std::size_t i = rows_.row[at];
    if (mask_[i] == 0 || !wanted(i)) continue;
    // Where no unit is named every row is one.
    if (open && (!log_.unit_named || log_.unit[i] != unit)) {
      done(sum);
      sum = {};
    }
    open = true;
    unit = log_.unit[i];
    const double v = value(at);
    sum[v < 0] += std::abs(v);
  }
  if (open) done(sum);
}

std::array<EventSide, 2> EventTerm::sides() const {
  std::array<EventSide, 2> out;
  by_unit(
      outcome_.event, [](std::size_t) { return true; }, [&](std::uint32_t at) { return event_at(at); },
      [&](const std::array<double, 2>& total) {
        for (std::size_t s = 0; s < 2; ++s) {
          out[s].sum += total[s];
          out[s].squares += total[s] * total[s];
        }
      });
  return out;
}

void EventTerm::weigh(std::array<EventSide, 2>& sides) const {
  by_unit(
      rows_.sample, [&](std::size_t i) { return column_.state[i] == State::kObserved; },
      [&](std::uint32_t at) { return outcome_.sign * weight_at(at); },
      [&](const std::array<double, 2>& total) {
        for (std::size_t s = 0; s < 2; ++s) sides[s].weight.add(total[s]);
      });
}

std::vector<double> EventTerm::brought(std::span<const std::uint16_t> bucket) const {
  std::vector<double> out(kBuckets, 0.0);
  for (const std::uint32_t at : outcome_.event)
    if (mask_[rows_.row[at]] != 0) out[bucket[rows_.row[at]]] += event_at(at);
  return out;
}

}  // namespace plumb
