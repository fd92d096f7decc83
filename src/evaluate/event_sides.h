// What the events of one outcome bring to a contrast, on the side of positive and on that of negative weights.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "evaluate/event_rows.h"

namespace plumb {

// One side, by unit totals: all that a unit brings counts as one event.
struct EventSide {
  double sum = 0, squares = 0;
  WeightedQuantile weight;  // of units, whether anything happened to them or not
  bool holds_anything() const { return weight.total() > 0 || sum > 0; }
  double effective_events() const { return squares > 0 ? sum * sum / squares : 0; }
};

// One term of a contrast on the rows of a subset. A row's weight is the sum over policies of scale * w, over
// the probability that the outcome was asked for; scale holds the policy's weight, the term's, and what the
// sums are divided by, so that everything below is in units of the contrast's value.
class EventTerm {
 public:
  struct Share {
    std::span<const float> weight;  // of a policy, by position in EventRows::row
    double scale = 0;
  };
  // REQUIRES: the outcome is countable. Keeps references.
  EventTerm(const DecisionLog& log, const OutcomeColumn& column, const EventRows& rows,
            const EventRows::Outcome& outcome, const std::vector<std::uint8_t>& mask, std::vector<Share> shares)
      : log_(log), column_(column), rows_(rows), outcome_(outcome), mask_(mask), shares_(std::move(shares)) {}

  // Sums and squares of both sides: [0] positive, [1] negative.
  std::array<EventSide, 2> sides() const;
  // The same, with the weights of the sample.
  void weigh(std::array<EventSide, 2>& sides) const;
  // What events bring, by bucket.
  std::vector<double> brought(std::span<const std::uint16_t> bucket) const;

 private:
  double weight_at(std::uint32_t at) const;
  double event_at(std::uint32_t at) const {
    return weight_at(at) * (column_.value[rows_.row[at]] - outcome_.origin);
  }
  // Adds up value(at) over the rows of each unit, apart by sign, and tells `done` of each unit's two sums.
  template <class Wanted, class Value, class Done>
  void by_unit(const std::vector<std::uint32_t>& positions, const Wanted& wanted, const Value& value,
               const Done& done) const;

  const DecisionLog& log_;
  const OutcomeColumn& column_;
  const EventRows& rows_;
  const EventRows::Outcome& outcome_;
  const std::vector<std::uint8_t>& mask_;
  std::vector<Share> shares_;
};

}  // namespace plumb
