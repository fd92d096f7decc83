#include "audit/feedback_shares.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>
#include <tuple>

#include "stats/two_way.h"

namespace plumb {
namespace {

// Variance of the log-odds of a share by leaving out one cluster at a time (Tukey's jackknife); 0 where the
// votes without one of them are all alike. Log-odds bend: with ten items and a share of .8 the linearized
// variance alone is too small.
double jackknife_variance(std::span<const std::uint8_t> yes, std::span<const std::uint64_t> cluster,
                          std::span<const double> weight, double share) {
  std::vector<std::uint32_t> order(cluster.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tie(cluster[a], a) < std::tie(cluster[b], b);
  });
  const double whole = std::log(share / (1 - share));
  double squares = 0, clusters = 0;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end, ++clusters) {
    double own = 0, ayes = 0;
    for (end = begin; end < order.size() && cluster[order[end]] == cluster[order[begin]]; ++end) {
      own += weight[order[end]];
      ayes += weight[order[end]] * yes[order[end]];
    }
    const double left = (share - ayes) / (1 - own);
    if (!(left > 1e-12 && left < 1 - 1e-12)) return 0;
    const double moved = std::log(left / (1 - left)) - whole;
    squares += moved * moved;
  }
  return squares * (clusters - 1) / clusters;
}

// The mean of `yes` by weights, which sum to 1.
VoteShare share_of(std::span<const std::uint8_t> yes, std::span<const std::uint64_t> person,
                   std::span<const std::uint64_t> item, std::span<const double> weight, double level) {
  PLUMB_ASSERT(yes.size() == item.size() && (person.empty() || person.size() == yes.size()));
  if (!(level > 0 && level < 1)) refuse("share", "level", fmt::format("{}", level), "a number in (0, 1)");
  VoteShare out;
  out.votes = yes.size();
  if (yes.empty()) {
    out.why = "no votes";
    return out;
  }
  double p = 0;
  for (std::size_t k = 0; k < yes.size(); ++k) p += weight[k] * yes[k];
  const auto ayes = static_cast<std::size_t>(std::count(yes.begin(), yes.end(), std::uint8_t{1}));
  std::vector<double> influence(yes.size());
  for (std::size_t k = 0; k < yes.size(); ++k) influence[k] = weight[k] * (yes[k] - p);
  const stats::TwoWay v = stats::two_way_variance(influence, person, item);
  const stats::ClusterCount people = stats::count_clusters(person,
                                                           person.empty() ? std::span<const double>() : weight),
                            items = stats::count_clusters(item, weight);
  out.people = people.clusters;
  out.items = items.clusters;
  out.effective_people = people.effective;
  out.effective_items = items.effective;
  out.clusters = person.empty() ? out.items : std::min(out.people, out.items);
  if (out.clusters < kLeastClusters)
    out.why = person.empty() ? fmt::format("inconclusive: {} votes on {} items, {} needed", out.votes,
                                           out.items, kLeastClusters)
                             : fmt::format("inconclusive: {} votes by {} people on {} items, {} of both needed",
                                           out.votes, out.people, out.items, kLeastClusters);
  else if (ayes == 0 || ayes == yes.size())
    out.why = fmt::format("inconclusive: all {} votes are alike", out.votes);
  else if (!(v.variance > 0 && std::isfinite(v.variance)))
    out.why = "inconclusive: every person and every item is split alike, so no error can be computed";
  if (!out.why.empty()) return out;
  // Of the logit: by two-way clustering, linearized or by leaving out clusters, whichever says more.
  const double slope = p * (1 - p);
  double variance = v.variance / (slope * slope);
  const double by_item = jackknife_variance(yes, item, weight, p);
  if (person.empty()) {
    variance = std::max(variance, by_item);
  } else {
    const double by_person = jackknife_variance(yes, person, weight, p);
    const double by_vote = (v.people + v.items - v.both) / (slope * slope);
    variance = std::max({variance, by_item, by_person, by_item + by_person - by_vote});
  }
  const double error = std::sqrt(variance);
  // Of clusters of unequal size the effective ones count.
  const double least = person.empty() ? items.effective : std::min(people.effective, items.effective);
  const double t = boost::math::quantile(boost::math::students_t(std::max(1.0, least - 1)), (1 + level) / 2);
  const double logit = std::log(p / (1 - p));
  const auto back = [](double x) { return 1 / (1 + std::exp(-x)); };
  out.known = true;
  out.share = p;
  out.interval = {back(logit - t * error), back(logit + t * error), level};
  return out;
}

}  // namespace

VoteShare crossed_share(std::span<const std::uint8_t> yes, std::span<const std::uint64_t> person,
                        std::span<const std::uint64_t> item, double level) {
  const std::vector<double> weight(yes.size(), 1 / static_cast<double>(yes.size()));
  return share_of(yes, person, item, weight, level);
}

VoteShare share_by_person(std::span<const std::uint8_t> yes, std::span<const std::uint64_t> person,
                          std::span<const std::uint64_t> item, double level) {
  PLUMB_ASSERT(person.size() == yes.size());
  std::vector<std::uint32_t> order(person.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return person[a] < person[b]; });
  std::vector<double> weight(yes.size());
  double people = 0;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end, ++people) {
    for (end = begin; end < order.size() && person[order[end]] == person[order[begin]];) ++end;
    for (std::size_t k = begin; k < end; ++k) weight[order[k]] = 1 / static_cast<double>(end - begin);
  }
  for (double& w : weight) w /= people;
  return share_of(yes, person, item, weight, level);
}

VoteShare clustered_share(std::span<const std::uint8_t> yes, std::span<const std::uint64_t> unit,
                          double level) {
  return crossed_share(yes, {}, unit, level);
}

namespace audit {
namespace {

std::uint64_t pair_of(const Feedback& f, std::size_t k) {
  return static_cast<std::uint64_t>(std::min(f.first[k], f.second[k])) << 32 |
         std::max(f.first[k], f.second[k]);
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Who gave each comparison. Raters where the file names any (nobody is somebody new each time); else units,
// where one of them judged different pairs: an id that is repeated with its record is no person. Empty:
// unknown.
std::vector<std::uint64_t> people_of(const Feedback& f) {
  const std::size_t n = f.first.size();
  std::vector<std::uint64_t> out(n);
  bool named = false;
  for (std::size_t k = 0; k < n; ++k) {
    named |= f.comparison.rater[k] != kNoRater;
    out[k] =
        f.comparison.rater[k] != kNoRater ? hash_bytes(f.rater[f.comparison.rater[k]]) : f.comparison.unit[k];
  }
  if (named) return out;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> units;
  for (std::size_t k = 0; k < n; ++k) units.emplace_back(out[k], pair_of(f, k));
  std::sort(units.begin(), units.end());
  for (std::size_t k = 1; k < n; ++k)
    if (units[k].first == units[k - 1].first && units[k].second != units[k - 1].second) return out;
  return {};
}

// What each comparison was about: its prompt where there are kLeastClusters of them or more, else the pair.
std::vector<std::uint64_t> items_of(const Feedback& f, bool* by_prompt) {
  std::vector<std::uint8_t> met(f.prompt.size(), 0);
  for (const std::uint32_t i : f.first) met[f.item_prompt[i]] = 1;
  *by_prompt = static_cast<std::uint64_t>(std::count(met.begin(), met.end(), 1)) >= kLeastClusters;
  std::vector<std::uint64_t> out;
  for (std::size_t k = 0; k < f.first.size(); ++k)
    out.push_back(*by_prompt ? f.item_prompt[f.first[k]] : pair_of(f, k));
  return out;
}

// Pairs shown both ways, among comparisons whose order is known.
std::uint64_t turned(const Feedback& f) {
  std::vector<std::pair<std::uint64_t, std::uint8_t>> shown;
  for (std::size_t k = 0; k < f.first.size(); ++k)
    if (f.order_known.empty() || f.order_known[k]) shown.emplace_back(pair_of(f, k), f.first[k] < f.second[k]);
  std::sort(shown.begin(), shown.end());
  std::uint64_t both = 0;
  for (std::size_t k = 1; k < shown.size(); ++k)
    both += shown[k].first == shown[k - 1].first && shown[k].second != shown[k - 1].second;
  return both;
}

// Votes of one question.
struct Votes {
  std::vector<std::uint8_t> yes;
  std::vector<std::uint64_t> person, item;
  std::vector<std::uint32_t> rater;
};

// Says who made most of the votes, where few people did: they are worth fewer than kLeastClusters equal people,
// or half of the heads, or kLeastClusters of at least twice as many made three quarters.
std::string few_people(const Feedback& f, const Votes& votes, const VoteShare& share) {
  if (share.people == 0) return {};
  std::vector<std::uint64_t> of(f.rater.size(), 0);
  for (const std::uint32_t r : votes.rater)
    if (r != kNoRater) ++of[r];
  std::vector<std::uint32_t> order(of.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return of[a] > of[b]; });
  std::uint64_t made = 0;
  // How many people, the busiest first, made `quarters` quarters of the votes.
  const auto makers = [&](std::uint64_t quarters) {
    std::size_t who = 0;
    for (made = 0; who < order.size() && 4 * made < quarters * share.votes;) made += of[order[who++]];
    return 4 * made < quarters * share.votes ? order.size() + 1 : who;  // the rest is nobody's
  };
  const auto people = static_cast<double>(share.people);
  const std::size_t most = makers(3);
  const bool few = share.effective_people < std::max(static_cast<double>(kLeastClusters), people / 2),
             ten = most <= kLeastClusters && 2 * most <= share.people;
  if (!few && !ten) return {};
  std::size_t who = few ? makers(2) : most;
  if (who > order.size()) who = order.size();
  const std::string names = who == 1 ? f.rater[order[0]] : fmt::format("{} of {} people", who, share.people);
  return fmt::format("{} made {} of {} votes: this counts as {:.1f} people, not {}, and says what they want",
                     names, made, share.votes, share.effective_people, share.people);
}

}  // namespace

void add_shares(const Feedback& f, const StatsOptions& options, FeedbackStats& stats) {
  const double level = options.level;
  bool by_prompt = false;
  const std::vector<std::uint64_t> person = people_of(f), item = items_of(f, &by_prompt);
  std::vector<std::size_t> length;
  for (const std::string& text : f.text) length.push_back(characters(text));
  Votes first, longer;
  const auto add = [&](Votes& votes, std::size_t k, bool yes) {
    votes.yes.push_back(yes);
    if (!person.empty()) votes.person.push_back(person[k]);
    votes.item.push_back(item[k]);
    votes.rater.push_back(f.comparison.rater[k]);
  };
  std::uint64_t unknown_order = 0;
  for (std::size_t k = 0; k < f.first.size(); ++k) {
    const bool known = f.order_known.empty() || f.order_known[k];
    unknown_order += !known;
    if (f.answer[k] == Answer::kTie) continue;
    const bool first_won = f.answer[k] == Answer::kFirst;
    if (known) add(first, k, first_won);
    const std::size_t a = length[f.first[k]], b = length[f.second[k]];
    if (a != b && a != 0 && b != 0) add(longer, k, first_won == (a > b));
  }
  const auto judge = [&](const Votes& votes, VoteShare& by_vote, VoteShare& by_person) {
    by_vote = crossed_share(votes.yes, votes.person, votes.item, level);
    by_vote.by_prompt = by_prompt;
    by_vote.capped = few_people(f, votes, by_vote);
    if (votes.person.empty()) {
      by_person.why = votes.yes.empty() ? by_vote.why : "people are unknown: no rater is named";
      return;
    }
    by_person = share_by_person(votes.yes, votes.person, votes.item, level);
    by_person.by_prompt = by_prompt;
  };
  judge(first, stats.first, stats.first_by_person);
  judge(longer, stats.longer, stats.longer_by_person);
  if (longer.yes.empty() && !f.first.empty())
    stats.longer.why = stats.longer_by_person.why = "no comparison of two texts of different length";
  stats.pairs_turned = turned(f);
  if (!f.first.empty() && unknown_order == f.first.size())
    stats.place_why = stats.first.why = stats.first_by_person.why =
        "the file does not hold which of the two was shown first, so order and items cannot be told apart";
  else if (!options.orders_drawn && stats.pairs_turned < kLeastTurned)
    stats.place_why = fmt::format(
        "order and items cannot be told apart: {} pairs were shown both ways, {} needed (--orders-drawn "
        "where chance decided every order)",
        stats.pairs_turned, kLeastTurned);
}

}  // namespace audit
}  // namespace plumb
