// Whether a ranking log can be used: shapes first, then every value, then what columns say about one another.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluate/ranking_checks.h"

namespace plumb {
namespace {

constexpr const char* kWhere = "ranking log";

std::string number(double x) { return fmt::format("{}", x); }

void check_probability(const char* column, const std::string& place, double p) {
  // Written so that NaN is refused too.
  if (!(p > 0 && p <= 1)) refuse(kWhere, place + ": " + column, number(p), "a probability in (0, 1]");
}

bool agree(double a, double b) { return std::abs(a - b) <= kRankingAgreement * std::max(a, b); }

void check_items(const RankingLog& log, std::size_t i) {
  const std::size_t k = log.offset[i + 1] - log.offset[i];
  const auto shown = std::span(log.shown).subspan(i * log.slots, log.slots);
  for (std::size_t l = 0; l < log.slots; ++l) {
    if (shown[l] >= k)
      refuse(kWhere, ranking_place(i, l) + ": shown", fmt::format("item {}", shown[l]),
             fmt::format("one of its {} offered items, 0 to {}", k, k - 1));
    for (std::size_t j = 0; j < l; ++j) {
      if (shown[j] == shown[l])
        refuse(kWhere, ranking_place(i, l) + ": shown",
               fmt::format("item {}, which slot {} shows too", shown[l], j), "no item twice in a ranking");
    }
  }
}

// Columns that are there must tell one story.
void check_agreement(const RankingLog& log, std::size_t i) {
  const RankingProbabilities& mu = log.logged;
  const std::size_t first = i * log.slots;
  double product = 1;
  for (std::size_t l = 0; l < log.slots && !mu.conditional.empty(); ++l) product *= mu.conditional[first + l];
  if (!mu.ranking.empty() && !mu.conditional.empty() && !agree(mu.ranking[i], product))
    refuse(kWhere, ranking_place(i) + ": ranking probability", number(mu.ranking[i]),
           fmt::format("the product of its slots' conditional probabilities, {}", product));
  if (mu.position.empty()) return;
  if (!mu.conditional.empty() && !agree(mu.position[first], mu.conditional[first]))
    refuse(kWhere, ranking_place(i, 0) + ": position probability", number(mu.position[first]),
           fmt::format("that of its first item given nothing, {}", mu.conditional[first]));
  const double whole = !mu.ranking.empty() ? mu.ranking[i] : !mu.conditional.empty() ? product : 0;
  for (std::size_t l = 0; l < log.slots; ++l) {
    if (mu.position[first + l] < whole * (1 - kRankingAgreement))
      refuse(kWhere, ranking_place(i, l) + ": position probability", number(mu.position[first + l]),
             fmt::format("at least the probability of the whole ranking, {}", whole));
  }
}

}  // namespace

std::string ranking_place(std::size_t decision) { return fmt::format("decision {}", decision); }
std::string ranking_place(std::size_t decision, std::size_t slot) {
  return fmt::format("decision {}, slot {}", decision, slot);
}

void check_length(std::string_view where, std::string_view what, std::size_t found, std::size_t expected) {
  if (found != expected) refuse(where, what, fmt::format("{} values", found), fmt::format("{}", expected));
}

void check_offered(std::string_view where, std::span<const std::size_t> offset, std::size_t least) {
  if (offset.empty() || offset.front() != 0)
    refuse(where, "offset", offset.empty() ? "nothing" : fmt::format("{} first", offset.front()), "0 first");
  for (std::size_t i = 0; i + 1 < offset.size(); ++i) {
    if (offset[i + 1] < offset[i])
      refuse(where, ranking_place(i) + ": offset", fmt::format("{} after {}", offset[i + 1], offset[i]),
             "offsets that do not fall");
    if (offset[i + 1] - offset[i] < least)
      refuse(where, ranking_place(i) + ": offered items", fmt::format("{}", offset[i + 1] - offset[i]),
             fmt::format("at least {}, one a slot", least));
  }
}

void check_same_offers(std::string_view where, std::span<const std::size_t> policy,
                       std::span<const std::size_t> log) {
  check_offered(where, policy, 0);
  check_length(where, "decisions of the policy", policy.size() - 1, log.size() - 1);
  for (std::size_t i = 0; i + 1 < log.size(); ++i) {
    if (policy[i + 1] != log[i + 1])
      refuse(where, ranking_place(i) + ": the policy's offered items",
             fmt::format("{}", policy[i + 1] - policy[i]), fmt::format("{}", log[i + 1] - log[i]));
  }
}

void check_marginals(std::string_view where, const RankingLog& log, const Matrix& marginals) {
  if (marginals.rows != log.offset.back() || marginals.cols != log.slots)
    refuse(where, "marginals", fmt::format("{} x {}", marginals.rows, marginals.cols),
           fmt::format("{} x {}, offered items x slots", log.offset.back(), log.slots));
  for (std::size_t i = 0; i < log.size(); ++i) {
    for (std::size_t l = 0; l < log.slots; ++l) {
      double sum = 0;
      for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
        const double q = marginals(row, l);
        if (!(q >= 0 && q <= 1))
          refuse(where, ranking_place(i, l) + ": marginal", number(q), "a probability in [0, 1]");
        sum += q;
      }
      if (!agree(sum, 1)) refuse(where, ranking_place(i, l) + ": sum of marginals", number(sum), "1");
    }
  }
}

std::size_t beginnings(std::size_t k, std::size_t l, std::size_t most) {
  std::size_t count = 1;
  for (std::size_t j = 0; j < l; ++j) {
    if (k <= j) return 0;
    if (count > most / (k - j)) return most + 1;
    count *= k - j;
  }
  return count;
}

void check_ranking_log(const RankingLog& log) {
  if (log.slots == 0) refuse(kWhere, "slots", "0", "at least 1");
  check_offered(kWhere, log.offset, log.slots);
  const std::size_t n = log.size(), cells = n * log.slots;
  const RankingProbabilities& mu = log.logged;
  check_length(kWhere, "shown", log.shown.size(), cells);
  check_length(kWhere, "reward", log.reward.size(), cells);
  check_length(kWhere, "unit", log.unit.size(), n);
  if (!mu.ranking.empty()) check_length(kWhere, "ranking probability", mu.ranking.size(), n);
  if (!mu.conditional.empty()) check_length(kWhere, "conditional probability", mu.conditional.size(), cells);
  if (!mu.position.empty()) check_length(kWhere, "position probability", mu.position.size(), cells);
  if (n == 0) refuse(kWhere, "decisions", "0", "at least 1");
  for (std::size_t i = 0; i < n; ++i) {
    check_items(log, i);
    if (!mu.ranking.empty()) check_probability("ranking probability", ranking_place(i), mu.ranking[i]);
    for (std::size_t l = 0; l < log.slots; ++l) {
      const std::size_t cell = i * log.slots + l;
      if (!std::isfinite(log.reward[cell]))
        refuse(kWhere, ranking_place(i, l) + ": reward", number(log.reward[cell]), "a finite number");
      if (!mu.conditional.empty())
        check_probability("conditional probability", ranking_place(i, l), mu.conditional[cell]);
      if (!mu.position.empty())
        check_probability("position probability", ranking_place(i, l), mu.position[cell]);
    }
    check_agreement(log, i);
  }
}

}  // namespace plumb
