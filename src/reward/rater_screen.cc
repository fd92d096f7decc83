// What each rater's votes show: position, camps, then reliable, against everyone or like chance. Every rater is
// compared with a consensus that the rater had no part in.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "reward/rater_fit.h"
#include "reward/rater_groups.h"
#include "reward/rater_tests.h"

namespace plumb {
namespace {

constexpr double kPlaceShare = 0.8, kPlaceNull = 0.55;
constexpr double kLean = 0.25;
constexpr double kWeak = 0.85;  // good raters differ: this much of the middle one's strength is no coin's
constexpr std::size_t kMostCamps = 4;
constexpr std::uint64_t kLeastToGroup = 10;  // opinions; camps can show where no member alone can
constexpr std::uint64_t kHalvesSeed = 1;  // of the halves for the test of camps: one partition, always the same

// One rater against one consensus.
struct Against {
  std::uint64_t decided = 0, agreed = 0, first = 0;
  std::uint64_t crossed = 0, stayed = 0;  // consensus prefers the place that the rater takes less often; of
                                          // these, how many took the usual place all the same
  double expected = 0;
  double p = 1;          // two-sided, of independence
  double z = 0;          // that, as a normal quantile with the sign of the association
  double inflation = 1;  // of the variance, by votes on one pair that vary together
};

// `only`: opinions that count, empty for all.
Against compare(const Opinions& o, std::size_t r, const std::vector<double>& consensus,
                const std::vector<std::uint8_t>& only = {}) {
  const std::uint64_t begin = o.offset[r], end = o.offset[r + 1];
  Against out;
  std::uint64_t both = 0, preferred_first = 0;
  const auto counts = [&](std::uint64_t k) {
    return consensus[k - begin] != 0 && (only.empty() || only[k - begin] != 0);
  };
  for (std::uint64_t k = begin; k < end; ++k) {
    if (!counts(k)) continue;
    const double c = consensus[k - begin];
    const bool prefers_first = (c > 0) == (o.lower_first[k] != 0);
    ++out.decided;
    out.agreed += (c > 0) == (o.lower_won[k] > 0);
    out.first += o.took_first(k);
    preferred_first += prefers_first;
    both += prefers_first && o.took_first(k);
    const double strength = std::min(1.0, std::abs(c));
    out.expected += (1 + strength) / 2;
  }
  if (out.decided == 0) return out;
  const double n = static_cast<double>(out.decided), agreed = static_cast<double>(out.agreed);
  // How much more votes on one pair vary together than apart, about the rater's mean.
  const double mean = 2 * agreed / n - 1;
  double clustered = 0;
  for (std::uint64_t k = begin, next = begin; k < end; k = next) {
    double sum = 0;
    for (next = k; next < end && o.pair[next] == o.pair[k]; ++next)
      if (counts(next)) sum += ((consensus[next - begin] > 0) == (o.lower_won[next] > 0) ? 1 : -1) - mean;
    clustered += sum * sum;
  }
  out.inflation = std::max(1.0, clustered / n);
  out.p = fisher_two_sided(both, preferred_first, out.first, out.decided);
  const double association =
      static_cast<double>(both) * n - static_cast<double>(preferred_first) * static_cast<double>(out.first);
  const double z = out.p < 1 ? -normal_quantile(std::max(1e-300, out.p / 2)) / std::sqrt(out.inflation) : 0;
  out.z = association > 0 ? z : association < 0 ? -z : 0;
  out.p = std::min(1.0, 2 * normal_cdf(-z));
  const bool usual_first = 2 * out.first >= out.decided;
  for (std::uint64_t k = begin; k < end; ++k) {
    if (!counts(k)) continue;
    const bool prefers_first = (consensus[k - begin] > 0) == (o.lower_first[k] != 0);
    out.crossed += prefers_first != usual_first;
    out.stayed += prefers_first != usual_first && o.took_first(k) == usual_first;
  }
  return out;
}

std::vector<std::uint8_t> takers_of_a_place(const Opinions& o, const std::vector<std::uint32_t>& tested,
                                            double alpha) {
  Consensus everyone(o, std::vector<std::uint8_t>(o.raters, 1));
  std::vector<double> p;
  for (const std::uint32_t r : tested) {
    std::uint64_t first = 0;
    const std::uint64_t n = o.offset[r + 1] - o.offset[r];
    for (std::uint64_t k = o.offset[r]; k < o.offset[r + 1]; ++k) first += o.took_first(k);
    const std::uint64_t usual = std::max(first, n - first);
    bool stays = static_cast<double>(usual) >= kPlaceShare * static_cast<double>(n);
    if (stays) {
      const Against a = compare(o, r, everyone.majority_without(r));
      stays = a.crossed > 0 && binomial_upper_tail(a.stayed, a.crossed, 0.5) <= alpha;
    }
    p.push_back(stays ? std::min(1.0, 2 * binomial_upper_tail(usual, n, kPlaceNull)) : 1);
  }
  const std::vector<bool> rejected = holm(p, alpha);
  std::vector<std::uint8_t> out(o.raters, 0);
  for (std::size_t k = 0; k < tested.size(); ++k) out[tested[k]] = rejected[k] ? 1 : 0;
  return out;
}

// Camps of raters, each a list; one list where there are none.
using Camps = std::vector<std::vector<std::uint32_t>>;

Camps divide(const Opinions& o, const std::vector<std::uint32_t>& raters, double alpha, const Rng& rng) {
  Camps camps{raters};
  for (std::size_t k = 0; k < camps.size() && camps.size() < kMostCamps;) {
    const auto side = two_groups(o, camps[k], alpha, rng.stream("camps", camps.size()));
    if (!side) {
      ++k;
      continue;
    }
    Camps parts(2);
    for (std::size_t i = 0; i < side->size(); ++i) parts[(*side)[i]].push_back(camps[k][i]);
    camps[k] = std::move(parts[0]);
    camps.push_back(std::move(parts[1]));
  }
  return camps;
}

// A rater against the consensus of each camp.
struct Compared {
  std::vector<Against> by_camp;
  std::size_t best = 0;
  double p_place = 1;  // that best is no better than the next, on pairs on which these two differ
  double p_coin = 1;
  bool placed = false;
};

std::vector<Compared> compare_all(const Opinions& o, const Camps& camps,
                                  const std::vector<std::uint32_t>& tested, double alpha) {
  std::vector<Consensus> consensus;
  for (const std::vector<std::uint32_t>& camp : camps) {
    std::vector<std::uint8_t> counts(o.raters, 0);
    for (const std::uint32_t r : camp) counts[r] = 1;
    consensus.emplace_back(o, std::move(counts));
  }
  std::vector<Compared> out(tested.size());
  std::vector<double> place(tested.size(), 1);
  for (std::size_t k = 0; k < tested.size(); ++k) {
    const std::uint32_t r = tested[k];
    Compared& c = out[k];
    std::vector<std::vector<double>> says;
    for (Consensus& one : consensus) {
      says.push_back(one.without(r));
      c.by_camp.push_back(compare(o, r, says.back()));
    }
    std::size_t next = 0;
    double smallest = 1;
    for (std::size_t g = 0; g < camps.size(); ++g) {
      if (c.by_camp[g].z > c.by_camp[c.best].z) c.best = g;
      smallest = std::min(smallest, c.by_camp[g].p);
    }
    c.p_coin = std::min(1.0, static_cast<double>(camps.size()) * smallest);
    if (camps.size() == 1) continue;
    next = c.best == 0 ? 1 : 0;
    for (std::size_t g = 0; g < camps.size(); ++g)
      if (g != c.best && c.by_camp[g].z > c.by_camp[next].z) next = g;
    std::vector<std::uint8_t> differ(says[0].size());
    for (std::size_t i = 0; i < differ.size(); ++i) differ[i] = says[c.best][i] * says[next][i] < 0;
    const Against there = compare(o, r, says[c.best], differ);
    c.p_place = there.z > 0 ? std::min(1.0, static_cast<double>(camps.size() - 1) * there.p) : 1;
    place[k] = c.p_place;
  }
  const std::vector<bool> placed = holm(place, alpha);
  for (std::size_t k = 0; k < tested.size(); ++k) out[k].placed = placed[k];
  return out;
}

// Camps that two or more raters can be placed in; all others are none.
bool enough_placed(const std::vector<Compared>& compared, std::size_t camps) {
  std::vector<std::size_t> members(camps, 0);
  for (const Compared& c : compared) members[c.best] += c.placed;
  return *std::min_element(members.begin(), members.end()) >= 2;
}

std::vector<bool> coins_rejected(const std::vector<Compared>& compared, double alpha) {
  std::vector<double> p;
  for (const Compared& c : compared) p.push_back(c.p_coin);
  return holm(p, alpha);
}

// By how much the middle rater exceeds what is expected of all together: coins among them lower that.
double middle_strength(const std::vector<Compared>& compared) {
  std::vector<double> strength;
  for (const Compared& c : compared) {
    const Against& a = c.by_camp[c.best];
    const double half = static_cast<double>(a.decided) / 2;
    if (a.expected > half) strength.push_back((static_cast<double>(a.agreed) - half) / (a.expected - half));
  }
  if (strength.empty()) return 0;
  const auto middle = strength.begin() + static_cast<std::ptrdiff_t>(strength.size() / 2);
  std::nth_element(strength.begin(), middle, strength.end());
  return std::max(0.0, *middle);
}

// The probability that somebody kWeak times as strong as the middle rater agrees with this consensus so little,
// or, `reversed`, disagrees so little.
double below_others(const Against& a, double middle, bool reversed) {
  if (a.decided == 0) return 1;
  const double n = static_cast<double>(a.decided), excess = kWeak * middle * (a.expected / n - 0.5);
  const auto sided = static_cast<double>(reversed ? a.decided - a.agreed : a.agreed);
  return binomial_lower_tail(sided / a.inflation, n / a.inflation, std::min(1.0, 0.5 + excess));
}

// Camps whose placed members hold the opposite of what the largest says: it tells more of what they say than a
// few of them do.
std::vector<bool> opposite_camps(const std::vector<Compared>& compared, std::size_t camps,
                                 std::size_t largest) {
  std::vector<double> agreed(camps, 0), expected(camps, 0);
  for (const Compared& c : compared) {
    const Against& a = c.by_camp[largest];
    const double half = static_cast<double>(a.decided) / 2;
    if (c.placed) agreed[c.best] += static_cast<double>(a.agreed) - half, expected[c.best] += a.expected - half;
  }
  std::vector<bool> out(camps);
  for (std::size_t g = 0; g < camps; ++g) out[g] = g != largest && agreed[g] < -expected[g] / 2;
  return out;
}

// Whether anybody votes like rater tested[against], who is against the consensus: somebody else leans against
// it more than coins do (at kLean over the panel, so that members of a camp too weak to be found stay unnamed),
// or agrees with that rater on equal pairs.
bool has_fellow(const Opinions& o, const std::vector<std::uint32_t>& tested,
                const std::vector<Compared>& compared, std::size_t against, double alpha) {
  const std::uint32_t r = tested[against];
  const double others = std::max(1.0, static_cast<double>(tested.size()) - 1);
  for (std::size_t q = 0; q < tested.size(); ++q)
    if (q != against && normal_cdf(compared[q].by_camp[0].z) < kLean / others) return true;
  std::vector<int> mine(o.pairs(), 0);
  for (std::uint64_t k = o.offset[r]; k < o.offset[r + 1]; ++k) mine[o.pair[k]] += o.lower_won[k];
  const double critical = normal_quantile(1 - alpha / std::max(1.0, static_cast<double>(o.raters) - 1));
  for (std::size_t q = 0; q < o.raters; ++q) {
    double sum = 0, n = 0;
    for (std::uint64_t k = o.offset[q], next = k; q != r && k < o.offset[q + 1]; k = next) {
      int theirs = 0;
      for (next = k; next < o.offset[q + 1] && o.pair[next] == o.pair[k]; ++next) theirs += o.lower_won[next];
      const int product = mine[o.pair[k]] * theirs;
      sum += (product > 0) - (product < 0), n += product != 0;
    }
    if (n > 0 && sum > critical * std::sqrt(n)) return true;
  }
  return false;
}

}  // namespace

std::string_view name_of(RaterKind kind) {
  switch (kind) {
    case RaterKind::kReliable:
      return "reliable";
    case RaterKind::kUnclear:
      return "too few votes to say";
    case RaterKind::kLikeChance:
      return "like chance";
    case RaterKind::kAgainst:
      return "against everyone";
    case RaterKind::kPosition:
      return "takes one place";
  }
  return "";
}

RaterScreen screen_raters(const RaterVotes& votes, const RaterOptions& options, const RaterModel& model,
                          double level) {
  check_rater_votes(votes, options, "screen_raters");
  if (!(level > 0 && level < 1)) refuse("screen_raters", "level", std::to_string(level), "between 0 and 1");
  PLUMB_ASSERT(model.exists && model.reliability.size() == votes.raters);
  const double alpha = 1 - level, critical = normal_quantile(0.5 + level / 2);
  const Opinions o = opinions_of(votes);
  RaterScreen out;
  out.notes.resize(votes.raters);
  for (const std::uint32_t r : votes.rater)
    if (r != kNoRater) ++out.notes[r].votes;
  std::vector<std::uint32_t> tested;
  for (std::uint32_t r = 0; r < votes.raters; ++r) {
    RaterNote& note = out.notes[r];
    note.rater = r;
    note.reliability = model.reliability[r];
    note.interval = normal_interval(note.reliability, model.reliability_error[r], critical, level);
    for (std::uint64_t k = o.offset[r]; k < o.offset[r + 1]; ++k) note.first += o.took_first(k);
    if (o.offset[r + 1] - o.offset[r] >= kLeastOpinions) tested.push_back(r);
  }

  const std::vector<std::uint8_t> taker = takers_of_a_place(o, tested, alpha);
  std::vector<std::uint32_t> everyone, grouped;
  for (std::uint32_t r = 0; r < votes.raters; ++r) {
    if (taker[r] != 0) continue;
    everyone.push_back(r);
    if (o.offset[r + 1] - o.offset[r] >= kLeastToGroup) grouped.push_back(r);
  }
  std::erase_if(tested, [&](std::uint32_t r) { return taker[r] != 0; });
  const auto size = [&](std::uint32_t r) { return o.offset[r + 1] - o.offset[r]; };
  std::stable_sort(grouped.begin(), grouped.end(), [&](auto a, auto b) { return size(a) > size(b); });
  if (grouped.size() > kMostGrouped) grouped.resize(kMostGrouped);
  std::sort(grouped.begin(), grouped.end());
  out.camps.looked_at = grouped.size();
  if (grouped.size() < 4)
    out.camps.why = std::to_string(grouped.size()) + " raters have " + std::to_string(kLeastToGroup) +
                    " decided votes or more, 4 needed";

  // Half of the error for camps by groups, the other by those who stand against the rest.
  Camps camps = divide(o, grouped, alpha / 2, Rng(kHalvesSeed));
  std::vector<Compared> compared;
  if (camps.size() > 1) compared = compare_all(o, camps, tested, alpha);
  if (camps.size() == 1 || !enough_placed(compared, camps.size())) {
    camps = {everyone};
    compared = compare_all(o, camps, tested, alpha);
    const std::vector<bool> rejected = coins_rejected(compared, alpha);
    std::size_t against = 0;
    Camps sides(2);
    for (std::size_t k = 0; k < tested.size(); ++k) {
      against += rejected[k] && compared[k].by_camp[0].z < 0;
      if (std::abs(compared[k].by_camp[0].z) > 1) sides[compared[k].by_camp[0].z < 0].push_back(tested[k]);
    }
    if (against >= 2 && sides[0].size() >= 2) {
      std::vector<Compared> of_sides = compare_all(o, sides, tested, alpha);
      if (enough_placed(of_sides, 2)) camps = std::move(sides), compared = std::move(of_sides);
    }
  }
  const std::vector<bool> rejected = coins_rejected(compared, alpha);

  // The largest camp first.
  std::vector<std::size_t> order(camps.size()), number(camps.size()), members(camps.size(), 0);
  for (const Compared& c : compared) members[c.best] += c.placed;
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return members[a] > members[b]; });
  for (std::size_t k = 0; k < order.size(); ++k) {
    number[order[k]] = k;
    if (camps.size() > 1) out.camps.members.push_back(members[order[k]]);
  }

  const double middle = middle_strength(compared);
  // Below the people of every camp.
  std::vector<double> below;
  const std::vector<bool> opposite = opposite_camps(compared, camps.size(), order[0]);
  for (const Compared& c : compared) {
    double p = 0;
    for (std::size_t g = 0; g < camps.size(); ++g)
      p = std::max(p, below_others(c.by_camp[opposite[g] ? order[0] : g], middle, opposite[g]));
    below.push_back(p);
  }
  const std::vector<bool> low = holm(below, alpha);
  for (std::size_t k = 0; k < tested.size(); ++k) {
    RaterNote& note = out.notes[tested[k]];
    const Compared& c = compared[k];
    const Against& a = c.by_camp[c.best];
    note.decided = a.decided, note.agreed = a.agreed, note.expected = a.expected, note.p_coin = c.p_coin;
    if (c.placed) note.camp = static_cast<std::uint32_t>(number[c.best]);
    if (rejected[k]) {
      if (a.z > 0)
        note.kind = RaterKind::kReliable;
      else if (camps.size() == 1 && !has_fellow(o, tested, compared, k, alpha))
        note.kind = RaterKind::kAgainst;
    } else if (low[k]) {
      note.kind = RaterKind::kLikeChance;
    }
  }
  // Those who were not tested, for what their votes are worth.
  Consensus all(o, [&] {
    std::vector<std::uint8_t> counts(votes.raters, 0);
    for (const std::uint32_t r : everyone) counts[r] = 1;
    return counts;
  }());
  for (std::uint32_t r = 0; r < votes.raters; ++r) {
    RaterNote& note = out.notes[r];
    if (taker[r] != 0) note.kind = RaterKind::kPosition;
    if (note.decided > 0) continue;
    const Against a = compare(o, r, all.without(r));
    note.decided = a.decided, note.agreed = a.agreed, note.expected = a.expected, note.p_coin = a.p;
  }
  return out;
}

}  // namespace plumb
