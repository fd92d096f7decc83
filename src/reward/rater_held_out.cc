// Foretelling single votes that were left out of the fit.
#include <algorithm>
#include <cmath>

#include "reward/rater_fit.h"

namespace plumb {
namespace {

constexpr double kStrengths[] = {0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64};

// First, second or tie, as the pair's smaller item would have it if it stood first.
std::size_t cell_of(const ItemVotes& votes, std::size_t v) {
  if (votes.answer[v] == Answer::kTie) return 2;
  return (votes.answer[v] == Answer::kFirst) == (votes.first[v] < votes.second[v]) ? 0 : 1;
}

std::vector<std::size_t> number_pairs(const ItemVotes& votes, std::size_t* pairs) {
  std::vector<std::uint64_t> key(votes.first.size());
  for (std::size_t v = 0; v < key.size(); ++v)
    key[v] = static_cast<std::uint64_t>(std::min(votes.first[v], votes.second[v])) << 32 |
             std::max(votes.first[v], votes.second[v]);
  std::vector<std::uint64_t> sorted = key;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  *pairs = sorted.size();
  std::vector<std::size_t> out(key.size());
  for (std::size_t v = 0; v < key.size(); ++v)
    out[v] = static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), key[v]) - sorted.begin());
  return out;
}

struct Shares {
  std::vector<std::array<double, 3>> count;  // by pair
  std::array<double, 3> overall{};
  double strength = 0;
  double log_share(std::size_t pair, std::size_t cell, double k, double without) const {
    const std::array<double, 3>& c = count[pair];
    return std::log((c[cell] - without + k * overall[cell]) / (c[0] + c[1] + c[2] - without + k));
  }
};

Shares count_shares(const ItemVotes& votes, const std::vector<std::size_t>& pair, std::size_t pairs,
                    std::span<const std::uint8_t> fold, int left_out) {
  Shares out;
  out.count.assign(pairs, {});
  double total = 0;
  for (std::size_t v = 0; v < pair.size(); ++v) {
    if (fold[v] == left_out) continue;
    const std::size_t cell = cell_of(votes, v);
    out.count[pair[v]][cell] += 1;
    out.overall[cell] += 1;
    total += 1;
  }
  // First and second are alike, and an answer that never came still has half a vote.
  const double tie = (out.overall[2] + 0.5) / (total + 1);
  out.overall = {(1 - tie) / 2, (1 - tie) / 2, tie};
  double best = 0;
  for (const double k : kStrengths) {
    double sum = 0;
    for (std::size_t v = 0; v < pair.size(); ++v)
      if (fold[v] != left_out) sum += out.log_share(pair[v], cell_of(votes, v), k, 1);
    if (out.strength > 0 && sum <= best) continue;
    best = sum;
    out.strength = k;
  }
  return out;
}

}  // namespace

HeldOutVotes held_out_votes(const RaterVotes& votes, std::span<const std::uint8_t> fold, int folds,
                            const RaterOptions& options) {
  const char* const where = "held_out_votes";
  check_rater_votes(votes, options, where);
  const std::size_t n = votes.rater.size();
  if (folds < 2 || folds > 255) refuse(where, "folds", std::to_string(folds), "2 to 255");
  if (fold.size() != n) refuse(where, "folds of votes", std::to_string(fold.size()), std::to_string(n));
  for (int f = 0; f < folds; ++f) {
    const auto size =
        static_cast<std::size_t>(std::count(fold.begin(), fold.end(), static_cast<std::uint8_t>(f)));
    if (size == 0 || size == n)
      refuse(where, "fold " + std::to_string(f), std::to_string(size) + " votes", "some, not all");
  }
  if (*std::max_element(fold.begin(), fold.end()) >= folds)
    refuse(where, "fold of a vote", std::to_string(*std::max_element(fold.begin(), fold.end())),
           "below " + std::to_string(folds));

  HeldOutVotes out;
  out.shares.assign(n, 0), out.plain.assign(n, 0), out.raters.assign(n, 0);
  std::size_t pairs = 0;
  const std::vector<std::size_t> pair = number_pairs(votes.votes, &pairs);
  RaterOptions alike = options;
  alike.reliability = alike.rater_position = alike.rater_ties = false;
  for (int f = 0; f < folds; ++f) {
    const Shares shares = count_shares(votes.votes, pair, pairs, fold, f);
    out.strength.push_back(shares.strength);
    std::vector<std::uint32_t> first, second, rater;
    std::vector<Answer> answer;
    std::vector<float> weight;
    for (std::size_t v = 0; v < n; ++v) {
      if (fold[v] == f) continue;
      first.push_back(votes.votes.first[v]);
      second.push_back(votes.votes.second[v]);
      answer.push_back(votes.votes.answer[v]);
      rater.push_back(votes.rater[v]);
      if (!votes.votes.weight.empty()) weight.push_back(votes.votes.weight[v]);
    }
    const RaterVotes training{
        {votes.votes.items, first, second, answer, weight, {}, {}, {}, {}}, votes.raters, rater};
    const RaterModel plain = fit_raters(training, alike), raters = fit_raters(training, options);
    if (!raters.exists)
      refuse(where, "training votes of fold " + std::to_string(f), raters.why, "votes with a maximum");
    for (std::size_t v = 0; v < n; ++v) {
      if (fold[v] != f) continue;
      const auto a = static_cast<std::size_t>(votes.votes.answer[v]);
      out.shares[v] = shares.log_share(pair[v], cell_of(votes.votes, v), shares.strength, 0);
      out.plain[v] = std::log(plain.predict(votes.votes.first[v], votes.votes.second[v], kNoRater)[a]);
      out.raters[v] = std::log(raters.predict(votes.votes.first[v], votes.votes.second[v], votes.rater[v])[a]);
    }
  }
  return out;
}

}  // namespace plumb
