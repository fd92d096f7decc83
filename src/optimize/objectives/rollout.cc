#include "optimize/objectives/rollout.h"

#include <fmt/format.h>

#include <cmath>

namespace plumb {
namespace {

// Offsets from 0, ascending in steps of at least `least` and at most `most`.
void check_offsets(std::string_view where, std::string_view what, const std::vector<std::size_t>& offset,
                   std::size_t least, std::size_t most, std::string_view of) {
  if (offset.size() < 2 || offset.front() != 0)
    refuse(where, what,
           offset.size() < 2 ? "no " + std::string(what) : fmt::format("a start at {}", offset.front()),
           fmt::format("at least one, and offsets that start at 0"));
  for (std::size_t i = 0; i + 1 < offset.size(); ++i) {
    if (offset[i + 1] < offset[i])
      refuse(where, fmt::format("{} {}", what, i), fmt::format("offsets {} and {}", offset[i], offset[i + 1]),
             "ascending offsets");
    const std::size_t size = offset[i + 1] - offset[i];
    if (size < least || size > most)
      refuse(where, fmt::format("{} {}", what, i), fmt::format("{} {}", size, of),
             least == most ? fmt::format("{}", least) : fmt::format("at least {}", least));
  }
}

void check_column(std::string_view where, std::string_view what, std::span<const double> column,
                  std::size_t expected, std::string_view each, bool needed) {
  if (column.empty() && !needed) return;
  if (column.size() != expected)
    refuse(where, what, fmt::format("{} numbers", column.size()), fmt::format("{}, one a {}", expected, each));
  for (std::size_t i = 0; i < column.size(); ++i)
    if (!std::isfinite(column[i]))
      refuse(where, fmt::format("{} of {} {}", what, each, i), fmt::format("{}", column[i]), "a finite number");
}

}  // namespace

void check_rollout(const Rollout& rollout, const Needs& needs, std::string_view objective) {
  constexpr std::size_t kAny = static_cast<std::size_t>(-1);
  check_offsets(objective, "sequence", rollout.offset, 1, kAny, "tokens");
  const std::size_t tokens = rollout.tokens(), sequences = rollout.sequences();
  const std::size_t least = needs.pairs ? 2 : needs.smallest_group;
  if (!rollout.group.empty()) {
    check_offsets(objective, "group", rollout.group, least, needs.pairs ? 2 : kAny, "sequences");
    if (rollout.group.back() != sequences)
      refuse(objective, "groups", fmt::format("{} sequences in groups", rollout.group.back()),
             fmt::format("{}, as there are", sequences));
  } else if (least > 1) {
    refuse(objective, "groups", "none",
           needs.pairs ? std::string("pairs, chosen first")
                       : fmt::format("groups of at least {} sequences", least));
  }
  check_column(objective, "reference_log_prob", rollout.reference_log_prob, tokens, "token",
               needs.reference_log_prob);
  check_column(objective, "old_log_prob", rollout.old_log_prob, tokens, "token", needs.old_log_prob);
  check_column(objective, "old_value", rollout.old_value, tokens, "token", needs.old_value);
  check_column(objective, "reward", rollout.reward, sequences, "sequence", needs.reward);
  check_column(objective, "weight", rollout.weight, rollout.groups(), "group", false);
  check_column(objective, "margin", rollout.margin, rollout.groups(), "group", false);
  check_column(objective, "kl_log_ratio", rollout.kl_log_ratio, rollout.kl_log_ratio.size(), "completion",
               false);
  if ((needs.desirable || !rollout.desirable.empty()) && rollout.desirable.size() != sequences)
    refuse(objective, "desirable", fmt::format("{} labels", rollout.desirable.size()),
           fmt::format("{}, one a sequence", sequences));
  for (std::size_t i = 0; i < rollout.desirable.size(); ++i)
    if (rollout.desirable[i] > 1)
      refuse(objective, fmt::format("desirable of sequence {}", i), fmt::format("{}", rollout.desirable[i]),
             "0 or 1");
  bool any = rollout.weight.empty();
  for (std::size_t g = 0; g < rollout.weight.size(); ++g) {
    if (rollout.weight[g] < 0)
      refuse(objective, fmt::format("weight of group {}", g), fmt::format("{}", rollout.weight[g]),
             "a number >= 0");
    any |= rollout.weight[g] > 0;
  }
  if (!any) refuse(objective, "weight", "no weight above 0", "at least one");
}

}  // namespace plumb
