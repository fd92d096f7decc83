// What is asked most, terms and sums in one loop: one outcome, observed everywhere, over all rows.
#include <algorithm>

#include "evaluate/group_pass.h"
#include "evaluate/offered.h"

namespace plumb {
namespace {

constexpr std::size_t kAhead = 16;  // decisions, at which a bucket's sums are asked for

}  // namespace

bool GroupPass::add_simple(const DecisionBlock& block, std::size_t first, std::size_t n) {
  const std::size_t strip = first / kStrip;
  if (sums.size() != 1 || width_ != 2 || !input_.log.weight.empty() || !block.members[strip][0].all ||
      block.outcomes[0].plain[strip] == 0)
    return false;
  const auto is_logging = [](const PassPolicy& policy) { return policy.is_logging; };
  if (std::all_of(policies_.begin(), policies_.end(), is_logging)) {
    add_simple_logging(block, first, n);
    return true;
  }
  if (std::any_of(policies_.begin(), policies_.end(), is_logging)) return false;
  interleave_rows(block, first, n);
  offered_switch(block.offered,
                 [&]<std::size_t kOffered>() { add_simple_weighted<kOffered>(block, first, n); });
  return true;
}

// Four streams of probabilities are more than hardware follows closely: the next strip's are asked for here.
template <std::size_t kOffered>
void GroupPass::add_simple_weighted(const DecisionBlock& block, std::size_t first, std::size_t n) {
  const std::size_t strip_row = block.row[first], last = block.size() - 1;
  const float* rows = rows_.data();
  const std::uint32_t *chosen = block.chosen.data() + first, *row = block.row.data() + first;
  const DecisionBlock::Outcome& outcome = block.outcomes[0];
  const double *scale = block.scale.data() + first, *part = outcome.part.data() + strip_row,
               *residual = outcome.residual.data() + first, *event = outcome.event.data() + first;
  const std::uint16_t* bucket = input_.bucket.data() + block.begin;
  double* place = sums[0].bucket.data();
  Quad total{}, squares{}, most{}, event_sum{}, event_squares{};
  std::array<const float*, kQuad> next = probabilities_;
  for (const float*& p : next) p += first + n < block.size() ? block.row[first + n] : 0;
  for (std::size_t i = 0; i < n; ++i) {
    __builtin_prefetch(place + 2 * kQuad * bucket[std::min(first + i + kAhead, last)], 1);
    const std::size_t begin = kOffered > 0 ? kOffered * i : row[i] - strip_row,
                      end = kOffered > 0 ? begin + kOffered : row[i + 1] - strip_row;
    if (i % 4 == 0) {
      for (const float* p : next) __builtin_prefetch(p + begin);
    }
    const Quad weight = load_wide(rows + kQuad * (chosen[i] - strip_row)) * quad_of(scale[i]);
    Quad value{};
    for (std::size_t k = begin; k < end; ++k) value += load_wide(rows + kQuad * k) * quad_of(part[k]);
    value += weight * quad_of(residual[i]);
    double* at = place + 2 * kQuad * bucket[first + i];
    store_quad(load_quad(at) + weight, at);
    store_quad(load_quad(at + kQuad) + value, at + kQuad);
    const Quad square = weight * weight, is_event = quad_of(event[i]);
    total += weight;
    squares += square;
    most = larger(most, weight);
    event_sum += weight * is_event;
    event_squares += square * is_event;
  }
  GroupSums& to = sums[0];
  to.weight_squares += squares;
  to.plain_squares += squares;
  to.max_weight = larger(to.max_weight, most);
  GroupSums::Observed& seen = to.observed[0];
  seen.sum += total;
  seen.squares += squares;
  seen.largest = larger(seen.largest, most);
  seen.event_sum += event_sum;
  seen.event_squares += event_squares;
}

// The same where every policy of the group is the logging policy.
void GroupPass::add_simple_logging(const DecisionBlock& block, std::size_t first, std::size_t n) {
  const DecisionBlock::Outcome& outcome = block.outcomes[0];
  const std::uint16_t* bucket = input_.bucket.data() + block.begin;
  double* place = sums[0].bucket.data();
  double events = 0;
  for (std::size_t i = first; i < first + n; ++i) {
    const double value = logged_part(block, outcome, i, probabilities_[0]) + outcome.residual[i];
    double* at = place + 2 * kQuad * bucket[i];
    for (std::size_t lane = 0; lane < policies_.size(); ++lane) {
      at[lane] += 1;
      at[kQuad + lane] += value;
    }
    events += outcome.event[i];
  }
  const Quad count = quad_of(static_cast<double>(n));
  GroupSums& to = sums[0];
  to.weight_squares += count;
  to.plain_squares += count;
  to.max_weight = larger(to.max_weight, quad_of(1));
  GroupSums::Observed& seen = to.observed[0];
  seen.sum += count;
  seen.squares += count;
  seen.largest = larger(seen.largest, quad_of(1));
  seen.event_sum += quad_of(events);
  seen.event_squares += quad_of(events);
}

}  // namespace plumb
