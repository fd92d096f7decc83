// The Goodhart rig on real votes: a text reward model learnt from one or two votes a pair is pushed by
// best-of-n over the arguments of a debate; what people want is what the other votes say. The votes of a pair
// are dealt at random: one or two (by turns) teach the proxy, of the others one half are the fresh comparisons
// at checkpoints, from which the peak is predicted, and the rest define the observed peak. The three parts
// share no vote.
//
// What counts, set down before the first run:
//   * Pressure is d, the root of the mean KL of best-of-n from the uniform choice, exact for the finite pool;
//     n = 1 .. 25, the size of the smallest debate.
//   * Gold gain at n: the mean over 24 debates of expected utility at n minus that at 1; utilities are item
//     Bradley-Terry (Davidson's ties) on the part's votes alone.
//   * Predicted peak: fit_curve on the gains at n = 2, 4, 8, 16, 25 as the checkpoints' votes show them, with
//     the covariance between debates (it contains the votes' noise), its inverse's bias for 24 debates taken
//     off; 80 % interval. Beside it, not claimed: the votes' noise alone as covariance, and a prediction from
//     pressures up to n = 8 only.
//   * Observed peak: the n of the highest gain by the rest of the votes. At n = 25 it is censored (the pool
//     ends there): an interval holds it where it reaches the end of the path or beyond. One that is not
//     censored is held where lower <= d <= upper; upper is infinity where no turn is shown. Both are counted
//     apart.
// Two settings. The first is the rig: every pair of every debate has taught the proxy. Its curve never turns
// within a debate (an argument stands in at least 24 pairs, so one vote a pair tells much of it): all peaks are
// censored, and the count shows no more than that no peak is predicted where there is none. The second was
// added after that was seen, and picked from 16 variants run on four resamplings each, for a curve that
// flattens: the proxy has seen 3 % of the pairs and none of the debates that it is used on, and promises
// several times what it gives. audit_pool's form-free set of pressures was added then too. Of the peaks that
// are not censored there the fitted interval holds few; what holds the count up is the censored ones, so claims
// state both.
#include <fmt/format.h>

#include <numeric>

#include "plumb/ensemble.h"
#include "plumb/over_optimization.h"
#include "plumb/pool.h"
#include "plumb/preference.h"
#include "plumb/text_reward.h"
#include "quality/table.h"
#include "quality/ukp.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

constexpr std::size_t kMembers = 5, kResamplings = 100, kQuick = 6;
constexpr double kLevel = 0.8;
constexpr std::array<std::size_t, 5> kCheckpoints = {2, 4, 8, 16, 25}, kEarly = {2, 3, 4, 6, 8};
constexpr std::array<const char*, 4> kObjectives = {"single model", "mean of 5", "worst case of 5",
                                                    "mean - variance"};
constexpr std::array<const char*, 4> kPredictions = {"fitted", "votes' noise alone", "fitted, n <= 8",
                                                     "pool's set"};

struct Debates {
  std::vector<std::vector<std::uint32_t>> argument;  // rows by debate
  std::size_t arguments = 0, most_n = 0;
};

Debates debates_of(const Ukp& u) {
  Debates out;
  out.argument.resize(u.debate.size());
  for (std::size_t i = 0; i < u.argument.size(); ++i)
    out.argument[u.argument_debate[i]].push_back(static_cast<std::uint32_t>(i));
  out.arguments = out.most_n = u.argument.size();
  for (const auto& of_debate : out.argument) out.most_n = std::min(out.most_n, of_debate.size());
  return out;
}

// ---------------------------------------------------------------------------------------------- votes

struct VoteColumns {
  std::vector<std::uint32_t> first, second;
  std::vector<Answer> answer;
  void add(std::uint32_t a, std::uint32_t b, Gold vote) {
    first.push_back(a);
    second.push_back(b);
    answer.push_back(vote == Gold::kFirst    ? Answer::kFirst
                     : vote == Gold::kSecond ? Answer::kSecond
                                             : Answer::kTie);
  }
  ItemVotes view(std::size_t items) const {
    ItemVotes out;
    out.items = items;
    out.first = first;
    out.second = second;
    out.answer = answer;
    return out;
  }
};

struct Deal {
  Judged proxy;
  VoteColumns checkpoint, rest, gold;  // gold: both
};

Deal deal_votes(const Ukp& u, const std::vector<std::vector<std::uint32_t>>& votes_of_pair,
                std::size_t proxy_votes, Rng rng) {
  Deal out;
  const std::size_t pairs = u.pair.size();
  out.proxy.first = u.first;
  out.proxy.second = u.second;
  out.proxy.first_votes.assign(pairs, 0);
  out.proxy.second_votes = out.proxy.tie_votes = out.proxy.first_votes;
  // A pair is the unit that members resample: debates as units would leave whole debates unseen.
  out.proxy.pair_group.resize(pairs);
  std::iota(out.proxy.pair_group.begin(), out.proxy.pair_group.end(), std::uint64_t{0});
  for (std::size_t p = 0; p < pairs; ++p) {
    std::vector<std::uint32_t> order = votes_of_pair[p];
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
    const bool start = rng.bernoulli(0.5);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Gold vote = u.votes[order[i]].answer;
      if (i < proxy_votes) {
        (vote == Gold::kFirst    ? out.proxy.first_votes
         : vote == Gold::kSecond ? out.proxy.second_votes
                                 : out.proxy.tie_votes)[p] += 1;
        continue;
      }
      ((i % 2 == 0) == start ? out.checkpoint : out.rest).add(u.first[p], u.second[p], vote);
      out.gold.add(u.first[p], u.second[p], vote);
    }
  }
  return out;
}

// ---------------------------------------------------------------------------------------------- proxies

// What the proxy may learn from. Best-of-n is over all debates in every setting.
struct Setting {
  const char* name;
  bool own;        // pairs of the debates that it is used on; else of the other half
                   // of the debates
  double share;    // of pairs, drawn, whose votes it sees
  double penalty;  // weak, on purpose: the model follows single votes
  // How many of kPredictions: pool sets cost more than all else and say nothing of curves that do not bend.
  std::size_t predictions;
};
constexpr std::array<Setting, 2> kSettings = {
    {{"one or two votes on all pairs of all debates", true, 1.0, 1e-4, 3},
     {"one or two votes on 3 % of the pairs of other debates", false, 0.03, 1e-6, 4}}};

void add_pair(Judged& to, const Judged& from, std::size_t p) {
  to.first.push_back(from.first[p]);
  to.second.push_back(from.second[p]);
  to.first_votes.push_back(from.first_votes[p]);
  to.second_votes.push_back(from.second_votes[p]);
  to.tie_votes.push_back(from.tie_votes[p]);
  to.pair_group.push_back(from.pair_group[p]);
}

// Scores of the single model (column 0) and of five members for the arguments in `of`.
void score_into(Matrix& out, const ItemRows& rows, const Judged& judged, const std::vector<bool>& of,
                double penalty, const Rng& rng) {
  TextRewardOptions options;
  options.features = rows.features;
  options.penalties = {penalty};
  const RewardScores single = score(fit_text_reward(rows, judged, options, 1), rows, 1);
  const RewardScores five = score(bootstrap_members(rows, judged, options, kMembers, rng, 1), rows, 1);
  for (std::size_t i = 0; i < out.rows; ++i) {
    if (!of[i]) continue;
    out(i, 0) = single.mean[i];
    for (std::size_t m = 0; m < kMembers; ++m) out(i, 1 + m) = five.members(i, m);
  }
}

Matrix proxy_scores(const Ukp& u, const ItemRows& rows, const Judged& votes, const Setting& setting,
                    const Debates& debates, const Rng& rng) {
  // Halves of the debates, drawn; with `own` there is one part only, which is judged and used.
  std::vector<std::uint8_t> half(debates.argument.size(), 0);
  Rng draw = rng.stream("halves");
  if (!setting.own) {
    std::vector<std::size_t> order(half.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[draw.below(i)]);
    for (std::size_t i = 0; i < order.size() / 2; ++i) half[order[i]] = 1;
  }
  std::vector<bool> seen(u.pair.size());
  for (std::size_t p = 0; p < seen.size(); ++p) seen[p] = draw.bernoulli(setting.share);
  Matrix out(debates.arguments, 1 + kMembers);
  for (std::uint8_t part = 0; part < (setting.own ? 1 : 2); ++part) {
    Judged judged;
    for (std::size_t p = 0; p < u.pair.size(); ++p) {
      if (seen[p] && (half[u.pair_debate[p]] == part) == setting.own) add_pair(judged, votes, p);
    }
    std::vector<bool> of(debates.arguments);
    for (std::size_t i = 0; i < of.size(); ++i) of[i] = half[u.argument_debate[i]] == part;
    score_into(out, rows, judged, of, setting.penalty, rng.stream("part", part));
  }
  return out;
}

// What each objective pushes, a column an objective. A reward says nothing of differences between debates, so
// members are centred within each before they are compared.
Matrix pushed_scores(const Matrix& scores, const Debates& debates) {
  RewardScores five;
  five.members = Matrix(debates.arguments, kMembers);
  five.mean.assign(debates.arguments, 0.0);
  five.standard_error = five.mean;
  for (const auto& items : debates.argument) {
    for (std::size_t m = 0; m < kMembers; ++m) {
      double centre = 0;
      for (const std::uint32_t i : items) centre += scores(i, 1 + m) / static_cast<double>(items.size());
      for (const std::uint32_t i : items) five.members(i, m) = scores(i, 1 + m) - centre;
    }
    for (const std::uint32_t i : items) {
      double mean = 0, square = 0;
      for (const double s : five.members.row(i)) mean += s / kMembers;
      for (const double s : five.members.row(i)) square += (s - mean) * (s - mean) / (kMembers - 1);
      five.mean[i] = mean;
      five.standard_error[i] = std::sqrt(square);
    }
  }
  const std::array<std::vector<double>, 3> columns = {combine_members(five, MemberRule::kMean),
                                                      combine_members(five, MemberRule::kWorstCase),
                                                      combine_members(five, MemberRule::kUncertaintyWeighted)};
  Matrix out(debates.arguments, 1 + columns.size());
  for (std::size_t i = 0; i < out.rows; ++i) {
    out(i, 0) = scores(i, 0);
    for (std::size_t k = 0; k < columns.size(); ++k) out(i, 1 + k) = columns[k][i];
  }
  return out;
}

// ---------------------------------------------------------------------------------------------- best of n

// Row n - 1: what best-of-n adds to each argument's probability; and the pressure.
struct Tilts {
  Matrix shift;
  std::vector<double> d;
};
Tilts best_of_n_tilts(const std::vector<double>& proxy, const Debates& debates) {
  Tilts out;
  out.shift = Matrix(debates.most_n, debates.arguments);
  out.d.assign(debates.most_n, 0.0);
  const auto groups = static_cast<double>(debates.argument.size());
  for (const auto& items : debates.argument) {
    std::vector<double> of_items;
    for (const std::uint32_t i : items) of_items.push_back(proxy[i]);
    const auto size = static_cast<double>(items.size());
    for (std::size_t n = 1; n <= debates.most_n; ++n) {
      const std::vector<double> p = best_of_n_probabilities(of_items, n);
      for (std::size_t k = 0; k < items.size(); ++k) out.shift(n - 1, items[k]) = p[k] - 1 / size;
      out.d[n - 1] += best_of_n(of_items, of_items, n).kl / groups;
    }
  }
  // At n = 1 the choice is uniform; rounding must not make a pressure of it.
  out.d[0] = 0;
  for (double& d : out.d) d = std::sqrt(d);
  return out;
}

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// The mean over debates of the expected utility's gain, by n.
std::vector<double> gains(const Tilts& tilts, const std::vector<double>& utility, const Debates& debates) {
  std::vector<double> out(tilts.d.size());
  for (std::size_t n = 0; n < out.size(); ++n)
    out[n] = dot(tilts.shift.row(n), utility) / static_cast<double>(debates.argument.size());
  return out;
}

Matrix covariance_of_debates(const Tilts& tilts, const std::vector<double>& utility, const Debates& debates,
                             std::span<const std::size_t> at) {
  const std::size_t groups = debates.argument.size(), k = at.size();
  Matrix value(groups, k);
  std::vector<double> mean(k, 0.0);
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t c = 0; c < k; ++c) {
      for (const std::uint32_t i : debates.argument[g]) value(g, c) += tilts.shift(at[c] - 1, i) * utility[i];
      mean[c] += value(g, c) / static_cast<double>(groups);
    }
  }
  // The inverse of a sample covariance with G - 1 degrees is too large by (G - 1) / (G - k - 2) (Wishart).
  const auto size = static_cast<double>(groups);
  const double scale = 1 / (size * (size - static_cast<double>(k) - 2));
  Matrix out(k, k);
  for (std::size_t a = 0; a < k; ++a) {
    for (std::size_t b = 0; b < k; ++b) {
      for (std::size_t g = 0; g < groups; ++g)
        out(a, b) += scale * ((value(g, a) - mean[a]) * (value(g, b) - mean[b]));
    }
  }
  return out;
}

Matrix covariance_of_votes(const Tilts& tilts, const ItemPosterior& posterior, const Debates& debates,
                           std::span<const std::size_t> at) {
  const auto groups = static_cast<double>(debates.argument.size());
  Matrix out(at.size(), at.size());
  for (std::size_t a = 0; a < at.size(); ++a) {
    const std::vector<double> solved = posterior.solve(tilts.shift.row(at[a] - 1));
    for (std::size_t b = 0; b < at.size(); ++b)
      out(a, b) = dot(solved, tilts.shift.row(at[b] - 1)) / (groups * groups);
  }
  for (std::size_t a = 0; a < at.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) out(a, b) = out(b, a) = (out(a, b) + out(b, a)) / 2;
  }
  return out;
}

// ---------------------------------------------------------------------------------------------- one resampling

struct Run {
  std::vector<double> d, proxy,
      gold;  // by n; gold by all votes that the proxy did not see
  std::size_t observed_n = 1;
  double observed_d = 0, end_d = 0;
  std::array<PredictedPeak, kPredictions.size()> predicted;
  std::array<bool, kPredictions.size()> misfit{};
  std::vector<double> observed;  // gain by n, by the rest of the votes
  bool censored() const { return observed_n == d.size(); }
  bool holds(std::size_t prediction) const {
    const PredictedPeak& peak = predicted[prediction];
    return censored() ? peak.upper >= end_d : peak.lower <= observed_d && observed_d <= peak.upper;
  }
  // The part of the path's pressures that the interval takes up.
  double taken(std::size_t prediction) const {
    const PredictedPeak& peak = predicted[prediction];
    return std::max(0.0, std::min(peak.upper, end_d) - std::min(std::max(peak.lower, 0.0), end_d)) / end_d;
  }
  // Stopping at the predicted peak (at the end where no turn is shown): the share of the observed peak's
  // gain.
  double kept(std::size_t prediction) const {
    const PredictedPeak& peak = predicted[prediction];
    std::size_t n = d.size();
    while (peak.shown && n > 1 && d[n - 1] > peak.d) --n;
    return observed[n - 1] / observed[observed_n - 1];
  }
};

ItemOptions gold_options() {
  ItemOptions out;
  out.ties = Ties::kDavidson;
  return out;
}

Pool pool_of(const Ukp& u, const Debates& debates, const std::vector<double>& proxy,
             const std::vector<double>& gold) {
  Pool out;
  for (std::size_t g = 0; g < debates.argument.size(); ++g) {
    out.prompt.push_back(u.debate[g]);
    for (const std::uint32_t i : debates.argument[g]) {
      out.candidate.push_back(u.argument[i]);
      out.proxy.push_back(proxy[i]);
      out.goal.push_back(gold[i]);
    }
    out.offset.push_back(out.candidate.size());
  }
  return out;
}

PredictedPeak peak_of_pool(const Pool& pool, const Rng& rng) {
  const PoolAudit audit = audit_pool(pool, kLevel, rng, 1);
  PredictedPeak out;
  out.shown = !audit.peak.censored;
  out.d = std::sqrt(audit.peak.kl);
  out.lower = std::sqrt(std::max(0.0, audit.peak.kl_lower));
  if (out.shown) out.upper = std::sqrt(audit.peak.kl_upper);
  return out;
}

void resample(const Ukp& u, const Debates& debates, const ItemRows& rows, const Deal& deal,
              const Setting& setting, const Rng& rng, std::array<Run, kObjectives.size()>& runs,
              std::array<PoolAudit, kObjectives.size()>* audit) {
  const Matrix pushed = pushed_scores(proxy_scores(u, rows, deal.proxy, setting, debates, rng), debates);
  const ItemOptions options = gold_options();
  const ItemVotes checkpoint = deal.checkpoint.view(debates.arguments);
  const ItemFit fresh = fit_items(checkpoint, options);
  const ItemPosterior posterior(checkpoint, options, fresh);
  const ItemFit rest = fit_items(deal.rest.view(debates.arguments), options),
                gold = fit_items(deal.gold.view(debates.arguments), options);
  for (std::size_t k = 0; k < kObjectives.size(); ++k) {
    std::vector<double> proxy(debates.arguments);
    for (std::size_t i = 0; i < proxy.size(); ++i) proxy[i] = pushed(i, k);
    if (audit)
      (*audit)[k] = audit_pool(pool_of(u, debates, proxy, gold.utility), 0.95, rng.stream("band", k), 1);
    const Tilts tilts = best_of_n_tilts(proxy, debates);
    Run& run = runs[k];
    run.d = tilts.d;
    run.proxy = gains(tilts, proxy, debates);
    run.gold = gains(tilts, gold.utility, debates);
    run.observed = gains(tilts, rest.utility, debates);
    const auto highest = std::max_element(run.observed.begin(), run.observed.end());
    run.observed_n = static_cast<std::size_t>(highest - run.observed.begin()) + 1;
    run.observed_d = tilts.d[run.observed_n - 1];
    run.end_d = tilts.d.back();
    const std::vector<double> seen = gains(tilts, fresh.utility, debates);
    const auto predict = [&](std::size_t j, std::span<const std::size_t> at, const Matrix& covariance) {
      std::vector<double> d, value;
      for (const std::size_t n : at) {
        d.push_back(tilts.d[n - 1]);
        value.push_back(seen[n - 1]);
      }
      const FittedCurve curve = fit_curve(d, value, covariance, kLevel);
      run.predicted[j] = curve.peak;
      run.misfit[j] = curve.misfit;
    };
    predict(0, kCheckpoints, covariance_of_debates(tilts, fresh.utility, debates, kCheckpoints));
    predict(1, kCheckpoints, covariance_of_votes(tilts, posterior, debates, kCheckpoints));
    predict(2, kEarly, covariance_of_debates(tilts, fresh.utility, debates, kEarly));
    if (setting.predictions > 3)
      run.predicted[3] = peak_of_pool(pool_of(u, debates, proxy, fresh.utility), rng.stream("set", k));
  }
}

// ---------------------------------------------------------------------------------------------- the tables

using Runs = std::vector<std::array<Run, kObjectives.size()>>;

void print_curves(const Runs& runs, const std::array<PoolAudit, kObjectives.size()>& audit) {
  std::printf(
      "gain over the uniform choice, log-odds. Left: the first resampling with its 95 %% simultaneous band by "
      "debate;\nright: mean over resamplings, spread one standard deviation\n");
  for (std::size_t k = 0; k < kObjectives.size(); ++k) {
    std::printf("%s\n  %4s %6s | %7s %7s %17s | %7s %7s %7s\n", kObjectives[k], "n", "d", "proxy", "gold",
                "band", "proxy", "gold", "spread");
    for (const std::size_t n : {2, 3, 4, 6, 8, 12, 16, 20, 25}) {
      double proxy = 0, gold = 0, square = 0;
      const auto count = static_cast<double>(runs.size());
      for (const auto& run : runs) {
        proxy += run[k].proxy[n - 1] / count;
        gold += run[k].gold[n - 1] / count;
      }
      for (const auto& run : runs) square += (run[k].gold[n - 1] - gold) * (run[k].gold[n - 1] - gold);
      const PoolPoint& point = audit[k].points.at(n - 2);
      std::printf("  %4zu %6.3f | %+7.3f %+7.3f [%+7.3f,%+7.3f] | %+7.3f %+7.3f %7.3f\n", n,
                  std::sqrt(point.kl), point.proxy, point.goal, point.goal_interval.lower,
                  point.goal_interval.upper, proxy, gold, std::sqrt(square / (count - 1)));
    }
  }
}

struct Count {
  std::size_t held = 0, held_censored = 0, censored = 0, turned = 0, held_turned = 0, misfit = 0;
  double taken = 0, kept = 0;
};
Count count(const Runs& runs, std::size_t objective, std::size_t prediction) {
  Count out;
  for (const auto& of_all : runs) {
    const Run& run = of_all[objective];
    const bool shown = run.predicted[prediction].shown;
    out.held += run.holds(prediction);
    out.censored += run.censored();
    out.held_censored += run.censored() && run.holds(prediction);
    out.turned += shown;
    out.held_turned += shown && run.holds(prediction);
    out.misfit += run.misfit[prediction];
    out.kept += run.kept(prediction) / static_cast<double>(runs.size());
    out.taken += run.taken(prediction) / static_cast<double>(runs.size());
  }
  return out;
}

void print_peaks(const Runs& runs, const Setting& setting) {
  std::printf(
      "\nthe observed peak in the %g %% interval of the predicted one, held of all. Censored: observed at the "
      "pool's\nend; turn: the interval is bounded; path: mean share of the path's pressures in the interval; "
      "kept: mean share\nof the observed peak's gain where the prediction would stop; no fit: no form fits\n",
      100 * kLevel);
  std::printf("  %-16s %-18s | %4s | %8s | %8s | %7s | %5s | %5s | %s\n", "objective", "prediction", "held",
              "censored", "interior", "turn", "path", "kept", "no fit");
  for (std::size_t k = 0; k < kObjectives.size(); ++k) {
    for (std::size_t j = 0; j < setting.predictions; ++j) {
      const Count c = count(runs, k, j);
      std::printf("  %-16s %-18s | %4zu | %3zu of%3zu| %3zu of%3zu| %2zu of%3zu| %.3f | %.3f | %zu\n",
                  kObjectives[k], kPredictions[j], c.held, c.held_censored, c.censored,
                  c.held - c.held_censored, runs.size() - c.censored, c.held_turned, c.turned, c.taken, c.kept,
                  c.misfit);
    }
  }
  std::printf("\n");
}

void make_claims(const Runs& runs, const Setting& setting, bool quick, Claims& claims) {
  const std::size_t size = runs.size();
  for (std::size_t k = 0; k < kObjectives.size(); ++k) {
    const std::string name = fmt::format("{}, {}", setting.own ? "all pairs" : "other debates", kObjectives[k]);
    const auto rises =
        std::count_if(runs.begin(), runs.end(), [&](const auto& run) { return run[k].gold[1] > 0; });
    claims.claim(static_cast<std::size_t>(rises) == size,
                 fmt::format("{}: best of 2 gains in {} of {} resamplings", name, rises, size));
    // A handful of resamplings cannot carry a rate.
    if (quick) continue;
    for (std::size_t j = 0; j < setting.predictions; j += 3) {
      const Count c = count(runs, k, j);
      claims.claim(10 * c.held >= 7 * size,
                   fmt::format("{}: the interval ({}) holds the observed peak in {} of {} (at least {}): "
                               "{} of {} censored, {} of {} interior",
                               name, kPredictions[j], c.held, size, (7 * size + 9) / 10, c.held_censored,
                               c.censored, c.held - c.held_censored, size - c.censored));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const std::string folder = data_folder();
  if (folder.empty()) {
    std::printf("skipped: no data; PLUMB_DATA names the folder that holds ukp-convincing-arguments\n");
    return 0;
  }
  const Ukp u = read_ukp(folder);
  const Debates debates = debates_of(u);
  if (debates.most_n != kCheckpoints.back()) {
    std::printf("falls short: the smallest debate has %zu arguments, 25 expected\n", debates.most_n);
    return 1;
  }
  TextFeatures features;
  features.bits = 15;
  const ItemRows rows = text_rows(u.text, features, options.threads);
  std::vector<std::vector<std::uint32_t>> votes_of_pair(u.pair.size());
  for (std::size_t v = 0; v < u.votes.size(); ++v)
    votes_of_pair[u.votes[v].pair].push_back(static_cast<std::uint32_t>(v));
  const std::size_t resamplings = options.quick ? kQuick : kResamplings;
  std::printf("%zu debates, %zu arguments, %zu pairs, %zu votes; %zu resamplings\n\n", u.debate.size(),
              debates.arguments, u.pair.size(), u.votes.size(), resamplings);
  Claims claims;
  for (const Setting& setting : kSettings) {
    std::printf("the proxy learns from %s\n", setting.name);
    Runs runs(resamplings);
    std::array<PoolAudit, kObjectives.size()> audit;
    parallel_blocks(resamplings, options.threads, [&](std::size_t r) {
      const Rng rng = Rng(options.first_seed).stream("resampling", r);
      const Deal deal = deal_votes(u, votes_of_pair, 1 + r % 2, rng.stream("deal"));
      resample(u, debates, rows, deal, setting, rng, runs[r], r == 0 ? &audit : nullptr);
    });
    print_curves(runs, audit);
    double apart = 0;
    for (std::size_t k = 0; k < kObjectives.size(); ++k) {
      for (const PoolPoint& point : audit[k].points)
        apart = std::max({apart, std::abs(point.goal - runs[0][k].gold[point.n - 1]),
                          std::abs(std::sqrt(point.kl) - runs[0][k].d[point.n - 1])});
    }
    claims.claim(apart < 1e-9, "gains and pressures are audit_pool's to 1e-9");
    print_peaks(runs, setting);
    make_claims(runs, setting, options.quick, claims);
    std::printf("\n");
    std::fflush(stdout);
  }
  return claims.close();
}
