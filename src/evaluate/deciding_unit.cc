#include "evaluate/deciding_unit.h"

#include <fmt/format.h>

#include <cmath>
#include <unordered_map>

#include "plumb/policy_contrast.h"

namespace plumb {
namespace {

constexpr double kOneRow =
    0.5;  // of a unit's contribution: below, it is the unit that stands out and not a row

double weight_of(const DecidingInput& in, const DecidingTerm& term, std::uint32_t at) {
  double out = 0;
  for (const EventTerm::Share& share : term.shares) out += share.scale * static_cast<double>(share.weight[at]);
  return term.column->asked.empty() ? out : out / term.column->asked[in.rows.row[at]];
}

double contribution(const DecidingInput& in, const DecidingTerm& term, std::uint32_t at) {
  const std::size_t i = in.rows.row[at];
  if (term.column->state[i] != State::kObserved) return 0;
  const double expected = term.q.empty() ? 0.0 : static_cast<double>(term.q[in.log.chosen_row(i)]);
  return weight_of(in, term, at) * (term.column->value[i] - expected);
}

struct Unit {
  double sum = 0, largest = 0;  // of rows' contributions
  std::size_t rows = 0;
  std::uint32_t at = 0;  // of the largest, in EventRows::row
  std::size_t term = 0;  // of the largest
};

// The unit of this bucket that brings most.
Unit largest_unit(const DecidingInput& in, std::size_t bucket) {
  std::unordered_map<std::uint64_t, Unit> units;
  for (std::uint32_t at = 0; at < in.rows.row.size(); ++at) {
    const std::size_t i = in.rows.row[at];
    if (in.bucket[i] != bucket || in.mask[i] == 0) continue;
    Unit& unit = units[in.log.unit_named ? in.log.unit[i] : i];
    ++unit.rows;
    for (std::size_t t = 0; t < in.terms.size(); ++t) {
      const double c = contribution(in, in.terms[t], at);
      unit.sum += c;
      if (std::abs(c) > std::abs(unit.largest)) unit.largest = c, unit.at = at, unit.term = t;
    }
  }
  Unit out;
  for (const auto& [name, unit] : units) {
    const double more = std::abs(unit.sum) - std::abs(out.sum);
    if (more > 0 || (more == 0 && unit.at < out.at)) out = unit;
  }
  return out;
}

// Effective outcomes: of those that are events, or of all that were observed, by their weights.
double effective_outcomes(const DecidingInput& in, const DecidingTerm& term) {
  double sum = 0, squares = 0;
  const bool events = term.outcome->countable;
  for (const std::uint32_t at : events ? term.outcome->event : in.rows.sample) {
    const std::size_t i = in.rows.row[at];
    if (in.mask[i] == 0 || term.column->state[i] != State::kObserved) continue;
    const double w = std::abs(weight_of(in, term, at));
    sum += w;
    squares += w * w;
  }
  return squares > 0 ? sum * sum / squares : 0;
}

}  // namespace

std::string one_decides(const DecidingInput& in) {
  double squares = 0, most = 0;
  std::size_t bucket = 0;
  for (std::size_t b = 0; b < in.influence.size(); ++b) {
    const double square = in.influence[b] * in.influence[b];
    squares += square;
    if (square > most) most = square, bucket = b;
  }
  const double error = std::sqrt(squares);
  const bool clear = std::abs(in.value) > kClearGain * error;
  const auto decides = [&](double part) {
    return part * part > kOneShare * squares || (clear && std::abs(part) > kOneShare * std::abs(in.value));
  };
  if (!decides(std::sqrt(most))) return "";
  const Unit unit = largest_unit(in, bucket);
  if (unit.rows == 0 || !decides(unit.sum)) return "";
  const DecidingTerm& term = in.terms[unit.term];
  const std::size_t i = in.rows.row[unit.at];
  const double y = term.column->value[i];
  if (std::abs(unit.largest) > kOneRow * std::abs(unit.sum)) {
    const bool outlying = std::abs(y - term.outcome->middle) > term.outcome->outlying;
    const bool sound = term.outcome->tail_sigma <= kLightTail && effective_outcomes(in, term) >= kManyWeights;
    if (!outlying && !sound) return "";
  }
  const std::string row =
      in.log.id.empty() ? fmt::format("decision {}", i + 1) : fmt::format("decision {}", in.log.id[i]);
  return fmt::format("one customer decides this: {} ({} = {}){} brings {:.0f} % of the variance", row,
                     term.column->name, y,
                     unit.rows == 1 ? "" : fmt::format(" with {} more of its unit", unit.rows - 1),
                     100 * std::min(1.0, unit.sum * unit.sum / squares));
}

}  // namespace plumb
