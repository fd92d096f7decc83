// Hunter's MM algorithm for Bradley-Terry, the slow reference.
#include "plumb/preference.h"
#include "reward/item_checks.h"

namespace plumb {

std::vector<double> bradley_terry_mm(const ItemVotes& votes, int steps) {
  check_votes(votes, Ties::kHalf, "bradley_terry_mm");
  if (votes.ranking_offset.size() > 1) refuse("bradley_terry_mm", "rankings", "some", "comparisons only");
  const auto weight = [&](std::size_t v) {
    return votes.weight.empty() ? 1.0 : static_cast<double>(votes.weight[v]);
  };
  std::vector<double> wins(votes.items, 0), strength(votes.items, 1.0 / static_cast<double>(votes.items)),
      against;
  for (std::size_t v = 0; v < votes.first.size(); ++v) {
    const double share = votes.answer[v] == Answer::kTie ? 0.5 : votes.answer[v] == Answer::kFirst ? 1 : 0;
    wins[votes.first[v]] += weight(v) * share;
    wins[votes.second[v]] += weight(v) * (1 - share);
  }
  for (int step = 0; step < steps; ++step) {
    against.assign(votes.items, 0);
    for (std::size_t v = 0; v < votes.first.size(); ++v) {
      const double sum = strength[votes.first[v]] + strength[votes.second[v]];
      if (sum == 0) continue;  // both never won: they stay at 0
      against[votes.first[v]] += weight(v) / sum;
      against[votes.second[v]] += weight(v) / sum;
    }
    double total = 0;
    for (std::size_t i = 0; i < votes.items; ++i) {
      strength[i] = against[i] > 0 ? wins[i] / against[i] : strength[i];
      total += strength[i];
    }
    for (double& s : strength) s /= total;
  }
  return strength;
}

}  // namespace plumb
