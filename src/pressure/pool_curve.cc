#include "pressure/pool_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluate/contribution_spread.h"
#include "evaluate/event_rows.h"
#include "evaluate/event_sides.h"
#include "pressure/pool_weights.h"
#include "stats/event_limits.h"

namespace plumb {
namespace {

constexpr double kGrowth = 1.1;  // of n beyond kDensePoints
constexpr double kLargeShare = 0.05;

// What the goals of a pool are like.
EventRows::Outcome goal_of(const Pool& pool) {
  OutcomeColumn column;
  column.name = "goal";
  column.value = pool.goal;
  column.state.assign(pool.goal.size(), State::kObserved);
  column.observed_count = pool.goal.size();
  const auto all = [&](const auto& is) { return std::all_of(pool.goal.begin(), pool.goal.end(), is); };
  column.kind = all([](double y) { return y == 0 || y == 1; })               ? OutcomeKind::kBinary
                : all([](double y) { return y >= 0 && y == std::floor(y); }) ? OutcomeKind::kCount
                                                                             : OutcomeKind::kNumber;
  return describe_outcome(column);
}

// One prompt's part of a difference.
struct PromptPart {
  double value = 0;
  double within = 0;           // variance that the goals' spread within the prompt gives, whatever the proxy
  double side[2] = {0, 0};     // what events bring by positive, by negative weight
  double alone[2] = {0, 0};    // sums of the squares of what each event brings
  double weight = 0;           // of all positive weights (that of the negative ones is the same)
  double largest[2] = {0, 0};  // weight of one candidate, positive, negative
};

PromptPart part_of(std::span<const double> goal, std::span<const double> at, std::span<const double> base,
                   const EventRows::Outcome& outcome) {
  PromptPart out;
  const auto n = static_cast<double>(goal.size());
  double mean = 0, spread = 0, squares = 0;
  for (const double y : goal) mean += (y - goal[0]) / n;
  for (std::size_t c = 0; c < goal.size(); ++c) {
    const double y = goal[c] - goal[0], w = at[c] - base[c];
    spread += (y - mean) * (y - mean) / (n - 1);
    squares += w * w;
    out.value += w * y;
    const double brought = std::abs(w * (goal[c] - outcome.origin));
    out.side[w < 0] += brought;
    out.alone[w < 0] += brought * brought;
    out.weight += std::max(0.0, w);
    out.largest[w < 0] = std::max(out.largest[w < 0], std::abs(w));
  }
  out.within = spread * squares;
  return out;
}

// One side's events over all prompts. A prompt holds many candidates, so its events are no rare ones: their
// variance is that of its totals, or what they would give alone where that is more.
EventSide side_of(const std::vector<PromptPart>& parts, std::size_t points, std::size_t k, int s) {
  const std::size_t prompts = parts.size() / points;
  const auto count = static_cast<double>(prompts);
  EventSide out;
  double alone = 0, spread = 0;
  for (std::size_t p = 0; p < prompts; ++p) {
    const PromptPart& part = parts[p * points + k];
    out.sum += part.side[s] / count;
    alone += part.alone[s] / (count * count);
  }
  for (std::size_t p = 0; p < prompts; ++p) {
    const double off = (parts[p * points + k].side[s] - out.sum) / count;
    spread += off * off * count / (count - 1);
  }
  out.squares = std::max(alone, spread);
  // One more event weighs what a candidate weighs, times as many as come together; without any event nobody
  // knows how many do, and it may be all of a prompt's.
  for (std::size_t p = 0; p < prompts; ++p) {
    const PromptPart& part = parts[p * points + k];
    out.weight.add((alone > 0 ? std::min(part.weight, part.largest[s] * out.squares / alone) : part.weight) /
                   count);
  }
  return out;
}

void add_sides(const std::vector<PromptPart>& parts, std::size_t points, std::size_t k,
               const EventRows::Outcome& outcome, ContrastParts& out) {
  const EventSide sides[2] = {side_of(parts, points, k, 0), side_of(parts, points, k, 1)};
  const double events[2] = {sides[0].effective_events(), sides[1].effective_events()};
  // Fewer than for policies do where events are alike: the error of all candidates' events is known to it.
  const double enough = outcome.amounts ? kFewEvents : kFewCommonEvents;
  if (std::min(events[0], events[1]) >= enough) return;
  if (outcome.amounts && events[0] + events[1] < kFewestAmounts) {
    out.why_not = fmt::format(
        "too few events: {:.0f} effective goals other than {:g}, {:.0f} are needed where they differ in size",
        events[0] + events[1], outcome.origin, kFewestAmounts);
    return;
  }
  for (const int s : {0, 1})
    out.sides.push_back({sides[s].sum, sides[s].squares, sides[s].weight.above(kLargeShare) * outcome.large,
                         (s == 0 ? 1 : -1) * outcome.sign, events[s], s == 0});
}

struct Within {
  double error = 0, degrees = 1;
};

// Of variances by prompt, their sum; degrees as a variance has that varies so much (Satterthwaite).
Within pooled_of(const std::vector<double>& variance) {
  const auto count = static_cast<double>(variance.size());
  double sum = 0, spread = 0;
  for (const double v : variance) sum += v;
  for (const double v : variance) spread += (v - sum / count) * (v - sum / count) * count / (count - 1);
  return {std::sqrt(sum), spread > 0 ? std::clamp(2 * sum * sum / spread, 1.0, 1e6) : 1e6};
}

}  // namespace

std::vector<std::size_t> numbers_up_to(std::size_t most) {
  std::vector<std::size_t> out{1};
  for (std::size_t n = 2; n <= most;) {
    out.push_back(n);
    if (n == most) break;
    n = n < kDensePoints ? n + 1 : static_cast<std::size_t>(std::ceil(static_cast<double>(n) * kGrowth));
    n = std::min(n, most);
  }
  return out;
}

std::vector<BestOfN> pool_values(const Pool& pool, std::span<const std::size_t> numbers, int threads) {
  const std::size_t prompts = pool.prompt.size(), k = numbers.size();
  std::vector<BestOfN> out(prompts * k);
  parallel_blocks(prompts, threads, [&](std::size_t p) {
    const std::size_t first = pool.offset[p], size = pool.offset[p + 1] - first;
    const Matrix weight = best_of_n_weights(std::span(pool.proxy).subspan(first, size), numbers);
    for (std::size_t j = 0; j < k; ++j) {
      // Differences from the first candidate, so that what is the same for all has no rounding to be tested.
      BestOfN& best = out[p * k + j];
      for (std::size_t c = 0; c < size; ++c) {
        const double w = weight(j, c);
        best.proxy += w * (pool.proxy[first + c] - pool.proxy[first]);
        best.goal += w * (pool.goal[first + c] - pool.goal[first]);
        if (w > 0) best.kl += w * std::log(w * static_cast<double>(size));
      }
      best.kl = numbers[j] == 1 ? 0 : std::max(0.0, best.kl);
      best.proxy += pool.proxy[first];
      best.goal += pool.goal[first];
    }
  });
  return out;
}

std::vector<ContrastParts> pool_goal_parts(const Pool& pool, std::span<const std::size_t> numbers,
                                           std::size_t base, int threads) {
  const std::size_t prompts = pool.prompt.size(), points = numbers.size();
  const auto count = static_cast<double>(prompts);
  const EventRows::Outcome outcome = goal_of(pool);
  std::vector<PromptPart> parts(prompts * points);
  parallel_blocks(prompts, threads, [&](std::size_t p) {
    const std::size_t first = pool.offset[p], size = pool.offset[p + 1] - first;
    const Matrix weight = best_of_n_weights(std::span(pool.proxy).subspan(first, size), numbers);
    for (std::size_t k = 0; k < points; ++k)
      parts[p * points + k] =
          part_of(std::span(pool.goal).subspan(first, size), weight.row(k), weight.row(base), outcome);
  });
  std::vector<ContrastParts> out(points);
  std::vector<double> influence(prompts), within(prompts);
  for (std::size_t k = 0; k < points; ++k) {
    if (k == base) continue;
    ContrastParts& one = out[k];
    for (std::size_t p = 0; p < prompts; ++p) one.value += parts[p * points + k].value / count;
    for (std::size_t p = 0; p < prompts; ++p) {
      influence[p] = (parts[p * points + k].value - one.value) / count;
      within[p] = parts[p * points + k].within / (count * count);
    }
    const Spread spread = spread_of(influence);
    const Within pooled = pooled_of(within);
    one.standard_error = std::max(spread.error, pooled.error);
    // The variance by prompts rests on few of them; that within prompts does not. The first's degrees count
    // only where it is larger than its own error explains.
    const double explained = 1 + 2 * std::sqrt(2 / spread.degrees);
    const bool by_prompts = spread.error * spread.error > explained * pooled.error * pooled.error;
    if (outcome.countable) add_sides(parts, points, k, outcome, one);
    if (!one.sides.empty() || !one.why_not.empty()) continue;
    one.rest_error = one.standard_error;
    one.skewness = one.rest_skewness = spread.skewness;
    one.degrees = one.rest_degrees = by_prompts ? std::min(spread.degrees, count - 1) : pooled.degrees;
    if (outcome.tail_sigma > kHeaviestTail && spread.five > kFewShare)
      one.why_not = fmt::format(
          "a few prompts decide this: five of them are {:.0f} % of its variance, and larger goals are still to "
          "come (a tail like that of a lognormal with sigma {:.2f}; above {:.2f} no interval holds)",
          100 * spread.five, outcome.tail_sigma, kHeaviestTail);
  }
  return out;
}

}  // namespace plumb
