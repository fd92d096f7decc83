#include "reward/rater_opinions.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace plumb {

Opinions opinions_of(const RaterVotes& votes) {
  struct Row {
    std::uint64_t pair;
    std::uint32_t rater, vote;
  };
  const ItemVotes& v = votes.votes;
  std::vector<Row> rows;
  for (std::size_t k = 0; k < v.first.size(); ++k) {
    if (votes.rater[k] == kNoRater || v.answer[k] == Answer::kTie) continue;
    const std::uint64_t low = std::min(v.first[k], v.second[k]), high = std::max(v.first[k], v.second[k]);
    rows.push_back({low << 32 | high, votes.rater[k], static_cast<std::uint32_t>(k)});
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tie(a.rater, a.pair, a.vote) < std::tie(b.rater, b.pair, b.vote);
  });
  std::vector<std::uint64_t> pairs(rows.size());
  std::transform(rows.begin(), rows.end(), pairs.begin(), [](const Row& row) { return row.pair; });
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());

  Opinions out;
  out.raters = votes.raters, out.items = v.items;
  for (const std::uint64_t pair : pairs) {
    out.lower.push_back(static_cast<std::uint32_t>(pair >> 32));
    out.upper.push_back(static_cast<std::uint32_t>(pair));
  }
  out.offset.assign(votes.raters + 1, 0);
  for (const Row& row : rows) {
    ++out.offset[row.rater + 1];
    const auto at = std::lower_bound(pairs.begin(), pairs.end(), row.pair) - pairs.begin();
    const bool lower_first = v.first[row.vote] < v.second[row.vote];
    out.pair.push_back(static_cast<std::uint32_t>(at));
    out.lower_first.push_back(lower_first);
    out.lower_won.push_back((v.answer[row.vote] == Answer::kFirst) == lower_first ? 1 : -1);
  }
  std::partial_sum(out.offset.begin(), out.offset.end(), out.offset.begin());
  return out;
}

// An item that nobody else judged has share 0.
double Consensus::item_part(std::uint32_t pair) const {
  const auto share = [&](std::uint32_t item) {
    const double judged = judged_[item] - own_judged_[item];
    return judged > 0 ? (won_[item] - own_won_[item]) / judged : 0;
  };
  return share(opinions_->lower[pair]) - share(opinions_->upper[pair]);
}

void Consensus::add_own(std::size_t rater, double sign) {
  const Opinions& o = *opinions_;
  for (std::uint64_t k = o.offset[rater]; k < o.offset[rater + 1]; ++k) {
    const std::uint32_t lower = o.lower[o.pair[k]], upper = o.upper[o.pair[k]];
    own_won_[lower] += sign * o.lower_won[k], own_won_[upper] -= sign * o.lower_won[k];
    own_judged_[lower] += sign, own_judged_[upper] += sign;
  }
}

Consensus::Consensus(const Opinions& opinions, std::vector<std::uint8_t> counts)
    : opinions_(&opinions),
      counts_(std::move(counts)),
      won_(opinions.items, 0),
      judged_(opinions.items, 0),
      own_won_(opinions.items, 0),
      own_judged_(opinions.items, 0),
      pair_won_(opinions.pairs(), 0),
      pair_votes_(opinions.pairs(), 0) {
  const Opinions& o = opinions;
  PLUMB_ASSERT(counts_.size() == o.raters);
  for (std::size_t r = 0; r < o.raters; ++r) {
    for (std::uint64_t k = o.offset[r]; counts_[r] != 0 && k < o.offset[r + 1]; ++k) {
      const std::uint32_t p = o.pair[k];
      const double y = o.lower_won[k];
      won_[o.lower[p]] += y, won_[o.upper[p]] -= y;
      ++judged_[o.lower[p]], ++judged_[o.upper[p]];
      pair_won_[p] += y, ++pair_votes_[p];
    }
  }
  // b and kappa from votes whose rater is left out of h.
  std::vector<double> h(o.pair.size(), 0);
  double hy = 0, hh = 0, votes = 0;
  for (std::size_t r = 0; r < o.raters; ++r) {
    if (counts_[r] == 0) continue;
    add_own(r, 1);
    for (std::uint64_t k = o.offset[r]; k < o.offset[r + 1]; ++k) {
      h[k] = item_part(o.pair[k]);
      hy += h[k] * o.lower_won[k], hh += h[k] * h[k], ++votes;
    }
    add_own(r, -1);
  }
  slope_ = hh > 0 ? std::max(0.0, hy / hh) : 0;
  std::vector<double> sum(o.pairs(), 0), squares(o.pairs(), 0);
  for (std::size_t r = 0; r < o.raters; ++r) {
    for (std::uint64_t k = o.offset[r]; counts_[r] != 0 && k < o.offset[r + 1]; ++k) {
      const double e = o.lower_won[k] - slope_ * h[k];
      sum[o.pair[k]] += e, squares[o.pair[k]] += e * e;
    }
  }
  double products = 0, counted = 0, all_squares = 0;
  for (std::size_t p = 0; p < o.pairs(); ++p) {
    products += sum[p] * sum[p] - squares[p];
    counted += pair_votes_[p] * (pair_votes_[p] - 1);
    all_squares += squares[p];
  }
  const double between = counted > 0 ? products / counted : 0;
  const double noise = votes > 0 ? all_squares / votes - between : 0;
  strength_ = between > 0 && noise > 0 ? between / noise : 0;
}

template <class OfPair>
std::vector<double> Consensus::by_opinion(std::size_t rater, OfPair of_pair) {
  const Opinions& o = *opinions_;
  const std::uint64_t begin = o.offset[rater], end = o.offset[rater + 1];
  const bool counted = counts_[rater] != 0;
  if (counted) add_own(rater, 1);
  std::vector<double> out(end - begin);
  for (std::uint64_t k = begin, next = begin; k < end; k = next) {
    const std::uint32_t p = o.pair[k];
    double won = pair_won_[p], votes = pair_votes_[p];
    for (next = k; next < end && o.pair[next] == p; ++next)
      if (counted) won -= o.lower_won[next], --votes;
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(k - begin),
              out.begin() + static_cast<std::ptrdiff_t>(next - begin), of_pair(p, won, votes));
  }
  if (counted) add_own(rater, -1);
  return out;
}

std::vector<double> Consensus::without(std::size_t rater) {
  return by_opinion(rater, [&](std::uint32_t p, double won, double votes) {
    const double by_items = slope_ * item_part(p);
    return by_items + (won - votes * by_items) * strength_ / (1 + votes * strength_);
  });
}

std::vector<double> Consensus::majority_without(std::size_t rater) {
  return by_opinion(
      rater, [&](std::uint32_t p, double won, double votes) { return won != 0 ? won / votes : item_part(p); });
}

}  // namespace plumb
