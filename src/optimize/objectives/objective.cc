// prepare() and loss(): the checks, the weights of items and the split into blocks, which are the same for
// every objective. Items are computed in blocks of fixed size, each writing places of its own, and summed in
// order.
#include <fmt/format.h>

#include "optimize/objectives/kernel.h"
#include "optimize/objectives/rollout.h"

namespace plumb {
namespace {

constexpr std::size_t kItemsInABlock = 512;

void require_column(std::string_view where, std::string_view what, std::span<const double> column,
                    std::size_t expected, bool needed) {
  if (!needed && column.empty()) return;
  if (column.size() != expected)
    refuse(where, what, fmt::format("{} numbers", column.size()), fmt::format("{}, one a token", expected));
  for (std::size_t t = 0; t < column.size(); ++t)
    if (!std::isfinite(column[t]))
      refuse(where, fmt::format("{} of token {}", what, t), fmt::format("{}", column[t]), "a finite number");
}

}  // namespace

void Objective::fill(const Rollout&, Targets&) const {}

std::size_t Objective::items(const Rollout& rollout) const {
  return needs().pairs ? rollout.groups() : rollout.sequences();
}

Targets Objective::prepare(const Rollout& rollout) const {
  const Needs needs_now = needs();
  check_rollout(rollout, needs_now, name());
  Targets targets;
  targets.weight.resize(items(rollout));
  double sum = 0;
  for (std::size_t g = 0; g < rollout.groups(); ++g) {
    const std::size_t begin = rollout.group_begin(g), end = rollout.group_begin(g + 1);
    const double weight = group_weight(rollout, g);
    if (needs_now.pairs) {
      targets.weight[g] = weight;
      sum += weight;
    } else {
      for (std::size_t i = begin; i < end; ++i) targets.weight[i] = weight;
      sum += weight * static_cast<double>(end - begin);
    }
  }
  refuse_overflow(name(), "sum of weights", sum);
  for (double& weight : targets.weight) weight /= sum;
  fill(rollout, targets);
  for (const double a : targets.advantage) refuse_overflow(name(), "advantage", a);
  for (const double v : targets.value_target) refuse_overflow(name(), "value target", v);
  return targets;
}

Loss Objective::loss(const Rollout& rollout, const Targets& targets, const Outputs& outputs,
                     int threads) const {
  return loss(rollout, targets, {0, items(rollout)}, outputs, threads);
}

Loss Objective::loss(const Rollout& rollout, const Targets& targets, ItemRange range, const Outputs& outputs,
                     int threads) const {
  const std::size_t all = items(rollout);
  const Needs needs_now = needs();
  if (range.begin > range.end || range.end > all)
    refuse(name(), "items", fmt::format("{} to {}", range.begin, range.end),
           fmt::format("a range in 0 to {}", all));
  if (targets.weight.size() != all)
    refuse(name(), "targets", fmt::format("those of {} items", targets.weight.size()),
           fmt::format("those of this rollout, {} items", all));
  const auto first_token = [&](std::size_t item) {
    return rollout.offset[needs_now.pairs ? rollout.group_begin(item) : item];
  };
  const std::size_t first = first_token(range.begin), tokens = first_token(range.end) - first;
  require_column(name(), "outputs.log_prob", outputs.log_prob, tokens, needs_now.log_prob);
  require_column(name(), "outputs.entropy", outputs.entropy, tokens, needs_now.entropy);
  require_column(name(), "outputs.value", outputs.value, tokens, needs_now.value);

  Loss loss;
  const std::size_t count = range.end - range.begin;
  loss.item.resize(count);
  if (needs_now.log_prob) loss.cotangent.log_prob.resize(tokens);
  if (needs_now.entropy) loss.cotangent.entropy.resize(tokens);
  if (needs_now.value) loss.cotangent.value.resize(tokens);
  const std::size_t blocks = (count + kItemsInABlock - 1) / kItemsInABlock;
  std::vector<std::size_t> extended(blocks);
  parallel_blocks(blocks, threads, [&](std::size_t b) {
    for (std::size_t k = b * kItemsInABlock; k < std::min(count, (b + 1) * kItemsInABlock); ++k) {
      const std::size_t index = range.begin + k, begin = first_token(index) - first,
                        length = first_token(index + 1) - first - begin;
      const auto in = [&](std::span<const double> column) {
        return column.empty() ? column : column.subspan(begin, length);
      };
      const auto out = [&](std::vector<double>& column) {
        return column.empty() ? std::span<double>() : std::span<double>(column).subspan(begin, length);
      };
      const Item done =
          item(rollout, targets, index, {in(outputs.log_prob), in(outputs.entropy), in(outputs.value)},
               {out(loss.cotangent.log_prob), out(loss.cotangent.entropy), out(loss.cotangent.value)});
      if (!std::isfinite(done.loss))
        refuse(name(), fmt::format("loss of {} {}", needs_now.pairs ? "pair" : "sequence", index),
               fmt::format("{}", done.loss),
               "a finite number: log-probabilities or values are too large to square");
      loss.item[k] = done.loss;
      extended[b] += done.extended;
    }
  });
  for (const double item_loss : loss.item) loss.sum += item_loss;
  for (const std::size_t e : extended) loss.extended += e;
  return loss;
}

}  // namespace plumb
