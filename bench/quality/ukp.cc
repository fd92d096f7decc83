// Real judgements, UKP convincing arguments: does a reward model learn more than "the longer one", on debates
// that it has not seen; how good is it by agreement of the raters and by difference of length; what is left of
// it where it may not see length. Six folds of whole debates, the two sides of one question always together;
// everything is chosen by inner folds of the training debates. The raters' reliability against the published
// competence.
#include "quality/ukp.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "plumb/ensemble.h"
#include "plumb/raters.h"
#include "quality/table.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

constexpr int kOuterFolds = 6;

// "ban-plastic-water-bottles_yes-emergencies-only" and "..._no-bad-for-the-economy" are one question.
std::string question(const std::string& debate) { return debate.substr(0, debate.rfind('_')); }

bool decided(const Ukp& u, std::size_t p) { return u.gold[p] == Gold::kFirst || u.gold[p] == Gold::kSecond; }

double right(double difference, Gold gold) {
  return difference == 0 ? 0.5 : (difference > 0) == (gold == Gold::kFirst) ? 1 : 0;
}

// Shares of votes of the pairs outside the held-out fold; groups are questions.
Judged training(const Ukp& u, const std::vector<std::uint64_t>& group, const std::vector<int>& fold, int held) {
  Judged j;
  for (std::size_t p = 0; p < u.pair.size(); ++p) {
    const double all = u.first_votes[p] + u.second_votes[p] + u.tie_votes[p];
    if (fold[p] == held || all == 0) continue;
    j.first.push_back(u.first[p]);
    j.second.push_back(u.second[p]);
    j.first_votes.push_back(u.first_votes[p] / all);
    j.second_votes.push_back(u.second_votes[p] / all);
    j.tie_votes.push_back(u.tie_votes[p] / all);
    j.pair_group.push_back(group[p]);
  }
  return j;
}

struct Mean {
  double value = 0, error = 0;
  std::size_t count = 0, clusters = 0;
};

// Mean of x over the listed pairs; error clustered by group.
Mean clustered_mean(const std::vector<double>& x, const std::vector<std::size_t>& pairs,
                    const std::vector<std::uint64_t>& group) {
  Mean out;
  out.count = pairs.size();
  for (const std::size_t p : pairs) out.value += x[p] / static_cast<double>(pairs.size());
  std::map<std::uint64_t, double> sums;
  for (const std::size_t p : pairs) sums[group[p]] += x[p] - out.value;
  double squares = 0;
  for (const auto& [g, sum] : sums) squares += sum * sum;
  const double clusters = static_cast<double>(sums.size());
  out.clusters = sums.size();
  out.error = std::sqrt(squares * clusters / (clusters - 1)) / static_cast<double>(pairs.size());
  return out;
}

// Student's t at .975, for intervals that few clusters carry; 15 degrees: 2.131.
double t_975(std::size_t degrees) {
  // Cornish and Fisher's expansion around the normal quantile, good to .002 from 10 degrees on.
  const double z = normal_quantile(0.975), n = static_cast<double>(degrees), z3 = z * z * z, z5 = z3 * z * z;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n);
}

std::vector<TextRewardOptions> candidates(bool quick) {
  std::vector<TextRewardOptions> out;
  const auto add = [&](int words, int from, int to, double surface) {
    TextRewardOptions o;
    o.features.words = words;
    o.features.characters_from = from;
    o.features.characters_to = to;
    o.features.surface_weight = surface;
    o.penalties = quick ? std::vector<double>{1e-3, 1e-2} : std::vector<double>{3e-4, 1e-3, 3e-3, 1e-2, 3e-2};
    o.inner_folds = quick ? 3 : 5;
    out.push_back(o);
  };
  add(1, 0, 0, 0.3);
  add(2, 0, 0, 0.3);
  if (quick) return out;
  add(2, 0, 0, 1);
  add(2, 0, 0, 0.1);
  add(0, 2, 5, 0.3);
  add(2, 2, 4, 0.3);
  return out;
}

std::string described(const TextRewardOptions& o) {
  const char* const length[] = {"with length", "controlled", "blind"};
  std::string out = o.features.words > 0 ? fmt::format("words 1..{}", o.features.words) : std::string();
  if (o.features.characters_to > 0) {
    out += fmt::format("{}characters {}..{}", out.empty() ? "" : ", ", o.features.characters_from,
                       o.features.characters_to);
  }
  return fmt::format("{}, surface {}, {}, penalty {:g}", out, o.features.surface_weight,
                     length[static_cast<int>(o.length)], o.penalties[0]);
}

const InnerResult& lowest(const std::vector<InnerResult>& results) {
  return *std::min_element(results.begin(), results.end(),
                           [](const InnerResult& a, const InnerResult& b) { return a.loss < b.loss; });
}

// The option and penalty of the lowest held-out loss among features first, ways to treat length second.
TextRewardOptions choose(const std::vector<ItemRows>& rows, const Judged& judged,
                         std::vector<TextRewardOptions> options, int threads, std::size_t* features) {
  std::vector<const ItemRows*> designs;
  for (const ItemRows& r : rows) designs.push_back(&r);
  InnerResult best = lowest(inner_results(designs, judged, options, threads));
  *features = best.option;
  TextRewardOptions chosen = options[best.option];
  chosen.penalties = {best.penalty};
  std::vector<TextRewardOptions> lengths(3, chosen);
  lengths[1].length = LengthUse::kControlled;
  lengths[2].length = LengthUse::kBlind;
  const std::vector<const ItemRows*> same(3, designs[*features]);
  return lengths[lowest(inner_results(same, judged, lengths, threads)).option];
}

struct Differences {
  std::vector<double> chosen, defaults, blind;  // of every pair, by a model that did not see its debate
};

Differences held_out_differences(const Ukp& u, const std::vector<std::uint64_t>& group, const Options& options,
                                 bool print) {
  const std::vector<int> fold = group_folds(group, kOuterFolds);
  const std::vector<TextRewardOptions> tried = candidates(options.quick);
  std::vector<ItemRows> rows;
  for (const TextRewardOptions& o : tried) rows.push_back(text_rows(u.text, o.features, options.threads));
  TextRewardOptions defaults;
  if (options.quick) defaults.penalties = {1e-3, 1e-2};
  const ItemRows default_rows = text_rows(u.text, defaults.features, options.threads);
  Differences out;
  out.chosen.assign(u.pair.size(), 0.0);
  out.defaults = out.blind = out.chosen;
  for (int held = 0; held < kOuterFolds; ++held) {
    const Judged judged = training(u, group, fold, held);
    std::size_t features = 0;
    const TextRewardOptions chosen = choose(rows, judged, tried, options.threads, &features);
    TextRewardOptions blind = chosen;
    blind.length = LengthUse::kBlind;
    const auto record = [&](const TextReward& model, const ItemRows& design, std::vector<double>& into) {
      const std::vector<double> r = score(model, design, options.threads).mean;
      for (std::size_t p = 0; p < u.pair.size(); ++p) {
        if (fold[p] == held) into[p] = r[u.first[p]] - r[u.second[p]];
      }
    };
    record(fit_text_reward(rows[features], judged, chosen, options.threads), rows[features], out.chosen);
    record(fit_text_reward(rows[features], judged, blind, options.threads), rows[features], out.blind);
    record(fit_text_reward(default_rows, judged, defaults, options.threads), default_rows, out.defaults);
    if (print) std::printf("fold %d: %s\n", held + 1, described(chosen).c_str());
    std::fflush(stdout);
  }
  return out;
}

double log_ratio(const Ukp& u, std::size_t p) {
  return std::log(static_cast<double>(u.text[u.first[p]].size()) /
                  static_cast<double>(u.text[u.second[p]].size()));
}

void print_calibration(const Ukp& u, const std::vector<double>& difference) {
  HeldOutComparisons h;
  h.topics = u.debate;
  for (std::size_t p = 0; p < u.pair.size(); ++p) {
    if (u.first_votes[p] + u.second_votes[p] + u.tie_votes[p] == 0) continue;
    h.difference.push_back(difference[p]);
    h.first_votes.push_back(u.first_votes[p]);
    h.second_votes.push_back(u.second_votes[p]);
    h.tie_votes.push_back(u.tie_votes[p]);
    h.log_length_ratio.push_back(log_ratio(u, p));
    h.topic.push_back(u.pair_debate[p]);
  }
  std::printf("\nVotes of all pairs against the chosen model, majorities for accuracy\n");
  std::printf("%-34s %6s %16s %7s %7s %9s %14s\n", "", "pairs", "accuracy", "longer", "Brier", "log loss",
              "slope");
  double lowest_topic = 1, highest_topic = 0;
  for (const CalibrationLine& line : reward_calibration(h)) {
    if (line.by == "topic") {
      if (!line.enough) continue;
      lowest_topic = std::min(lowest_topic, line.accuracy);
      highest_topic = std::max(highest_topic, line.accuracy);
      continue;
    }
    const std::string name = line.by == "all" ? "all" : line.by + " " + line.level;
    if (!line.enough) {
      std::printf("%-34s %6lu  too few\n", name.c_str(), line.comparisons);
      continue;
    }
    std::printf("%-34s %6lu %8.3f +- %.3f %7.3f %7.3f %9.3f %7.2f +- %.2f\n", name.c_str(), line.comparisons,
                line.accuracy, line.accuracy_error, line.longer_accuracy, line.brier, line.log_loss, line.slope,
                line.slope_error);
  }
  std::printf("accuracy by debate side: %.3f to %.3f\n", lowest_topic, highest_topic);
}

// ------------------------------------------------------------------------------------------ raters

struct VoteColumns {
  std::vector<std::uint32_t> first, second, rater, pair;
  std::vector<Answer> answer;
  RaterVotes view(const Ukp& u) const {
    RaterVotes out;
    out.votes.items = u.text.size();
    out.votes.first = first;
    out.votes.second = second;
    out.votes.answer = answer;
    out.raters = u.rater.size();
    out.rater = rater;
    return out;
  }
};

VoteColumns columns_of(const Ukp& u, std::uint32_t debates) {
  VoteColumns out;
  for (const Ukp::Vote& v : u.votes) {
    if (u.pair_debate[v.pair] >= debates) continue;
    out.first.push_back(u.first[v.pair]);
    out.second.push_back(u.second[v.pair]);
    out.rater.push_back(v.rater);
    out.pair.push_back(v.pair);
    out.answer.push_back(v.answer == Gold::kFirst    ? Answer::kFirst
                         : v.answer == Gold::kSecond ? Answer::kSecond
                                                     : Answer::kTie);
  }
  return out;
}

// Ranks, equal values sharing their mean.
std::vector<double> ranks(const std::vector<double>& x) {
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  std::vector<double> out(x.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t j = i;
    while (j < order.size() && x[order[j]] == x[order[i]]) ++j;
    for (std::size_t k = i; k < j; ++k) out[order[k]] = static_cast<double>(i + j - 1) / 2;
    i = j;
  }
  return out;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double n = static_cast<double>(a.size());
  const double ma = std::accumulate(a.begin(), a.end(), 0.0) / n,
               mb = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
    ab += (a[i] - ma) * (b[i] - mb);
  }
  return ab / std::sqrt(aa * bb);
}

void rater_lines(const Ukp& u, const Options& options, Claims& claims) {
  constexpr std::size_t kFewestVotes = 20;  // of a rater whose reliability is compared
  const VoteColumns columns = columns_of(u, options.quick ? 6 : static_cast<std::uint32_t>(u.debate.size()));
  RaterOptions rater_options;
  rater_options.threads = options.threads;
  const RaterModel model = fit_raters(columns.view(u), rater_options);
  std::vector<std::size_t> votes(u.rater.size(), 0);
  std::vector<double> published(u.rater.size(), 0.0);
  for (const Ukp::Vote& v : u.votes) published[v.rater] = v.competence;
  for (const std::uint32_t r : columns.rater) ++votes[r];
  std::vector<double> reliability, competence;
  for (std::size_t r = 0; r < u.rater.size(); ++r) {
    if (votes[r] < kFewestVotes) continue;
    reliability.push_back(model.reliability[r]);
    competence.push_back(published[r]);
  }
  const double rank_correlation = correlation(ranks(reliability), ranks(competence));
  const double error = 1 / std::sqrt(static_cast<double>(reliability.size()) - 3);  // of Fisher's z
  const double z = std::atanh(rank_correlation);
  std::printf("\nRaters: %zu votes of %zu raters\n", columns.rater.size(), u.rater.size());
  claims.claim(
      std::tanh(z - 1.96 * error) > 0,
      fmt::format("reliability of the {} raters with {} votes or more follows the published competence: rank "
                  "correlation {:.3f} [{:.3f}, {:.3f}]",
                  reliability.size(), kFewestVotes, rank_correlation, std::tanh(z - 1.96 * error),
                  std::tanh(z + 1.96 * error)));

  constexpr int kVoteFolds = 5;
  std::vector<std::uint8_t> fold;
  Rng rng = Rng(options.first_seed).stream("votes held out");
  for (std::size_t v = 0; v < columns.rater.size(); ++v)
    fold.push_back(static_cast<std::uint8_t>(rng.below(kVoteFolds)));
  const HeldOutVotes held = held_out_votes(columns.view(u), fold, kVoteFolds, rater_options);
  std::vector<double> gain, plain_gain;
  std::vector<std::uint64_t> group;
  std::vector<std::size_t> all;
  for (std::size_t v = 0; v < fold.size(); ++v) {
    gain.push_back(held.raters[v] - held.shares[v]);
    plain_gain.push_back(held.raters[v] - held.plain[v]);
    group.push_back(hash_bytes(question(u.debate[u.pair_debate[columns.pair[v]]])));
    all.push_back(v);
  }
  const auto mean = [](const std::vector<double>& x) {
    return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
  };
  std::printf(
      "  log-likelihood of a vote that was held out: counting %.4f, utilities alone %.4f, with raters %.4f\n",
      mean(held.shares), mean(held.plain), mean(held.raters));
  const Mean over_shares = clustered_mean(gain, all, group);
  const double t = t_975(over_shares.clusters - 1);
  claims.claim(over_shares.value - t * over_shares.error > 0,
               fmt::format("held-out votes: with raters above counting by {:.4f} [{:.4f}, {:.4f}] nats a vote",
                           over_shares.value, over_shares.value - t * over_shares.error,
                           over_shares.value + t * over_shares.error));
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
  std::vector<std::uint64_t> group(u.pair.size());
  std::vector<double> longer(u.pair.size());
  std::vector<std::size_t> gold, unanimous, near_equal;
  for (std::size_t p = 0; p < u.pair.size(); ++p) {
    group[p] = hash_bytes(question(u.debate[u.pair_debate[p]]));
    longer[p] = log_ratio(u, p);
    if (!decided(u, p)) continue;
    gold.push_back(p);
    if (u.unanimous(p)) unanimous.push_back(p);
    if (std::abs(longer[p]) < std::log(1.1)) near_equal.push_back(p);
  }
  std::printf(
      "UKP: %zu arguments, %zu pairs (%zu gold, %zu unanimous) of %zu debate sides; six folds of whole "
      "debates\n",
      u.text.size(), u.pair.size(), gold.size(), unanimous.size(), u.debate.size());
  const Differences d = held_out_differences(u, group, options, true);

  const auto rights = [&](const std::vector<double>& difference) {
    std::vector<double> out(u.pair.size(), 0.0);
    for (const std::size_t p : gold) out[p] = right(difference[p], u.gold[p]);
    return out;
  };
  std::printf("\n%-28s %18s %18s %26s\n", "right on held-out debates", "gold", "unanimous",
              "gold, lengths within 10 %");
  const auto line = [&](const char* name, const std::vector<double>& difference) {
    const std::vector<double> x = rights(difference);
    const Mean a = clustered_mean(x, gold, group), b = clustered_mean(x, unanimous, group),
               c = clustered_mean(x, near_equal, group);
    std::printf("%-28s %9.4f +- %.4f %9.4f +- %.4f %9.4f +- %.4f (%zu)\n", name, a.value, a.error, b.value,
                b.error, c.value, c.error, c.count);
    return std::pair{a.value, b.value};
  };
  line("the longer one", longer);
  line("untouched defaults", d.defaults);
  const auto [gold_accuracy, unanimous_accuracy] = line("chosen by inner folds", d.chosen);
  line("the same, blind to length", d.blind);
  if (!options.quick) {
    // Easier: the other side of the question may be among the training debates.
    std::vector<std::uint64_t> side(u.pair.size());
    for (std::size_t p = 0; p < side.size(); ++p) side[p] = hash_bytes(u.debate[u.pair_debate[p]]);
    line("sides held out one by one", held_out_differences(u, side, options, false).chosen);
  }
  std::vector<double> gain = rights(d.chosen);
  const std::vector<double> baseline = rights(longer);
  for (std::size_t p = 0; p < gain.size(); ++p) gain[p] -= baseline[p];
  const Mean paired = clustered_mean(gain, gold, group),
             paired_unanimous = clustered_mean(gain, unanimous, group);
  const double t = t_975(paired.clusters - 1);
  print_calibration(u, d.chosen);

  std::printf("\n");
  Claims claims;
  claims.claim(gold_accuracy >= 0.765, fmt::format("gold pairs {:.4f} (at least .765)", gold_accuracy));
  claims.claim(
      paired.value - t * paired.error > 0,
      fmt::format("above the longer one by {:.4f} [{:.4f}, {:.4f}], clustered by {} debates", paired.value,
                  paired.value - t * paired.error, paired.value + t * paired.error, paired.clusters));
  claims.claim(
      unanimous_accuracy >= 0.885,
      fmt::format("unanimous pairs {:.4f} (at least .885), above the longer one by {:.4f} [{:.4f}, {:.4f}]",
                  unanimous_accuracy, paired_unanimous.value,
                  paired_unanimous.value - t * paired_unanimous.error,
                  paired_unanimous.value + t * paired_unanimous.error));
  rater_lines(u, options, claims);
  return claims.close();
}
