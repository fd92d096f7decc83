// Active selection of pairs: how many votes does it save, and do weighted sums over what was asked stay
// unbiased?
//
// Derived up front. In a world of utilities with standard deviation sigma, a random pair's vote carries
// E p (1 - p) of Fisher information, at f ~ N(0, 2 sigma^2); no vote carries more than 1/4. Error^2 falls with
// information, so choosing by how sure a vote is can save at most the factor (1/4) / E p (1 - p), of which the
// `uniform` share of draws saves nothing. (Linear rewards have no such ceiling: there, pairs also differ in how
// far apart their features lie.) Items that are ordered wrongly are near ties, so near ties are what the order
// needs; the distance between far items is a chain of them, so less is saved on it. What learning where the
// ties are costs is not derived. Hence the claims: fewer votes at equal error of the order in at least 90 of
// 100 worlds; for utilities only that the mean factor's interval is above 1. A world's errors are means over
// rounds of asking.
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <numeric>

#include "data/csv.h"
#include "plumb/active.h"
#include "quality/table.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

constexpr std::array<double, 5> kPriorVariances = {0.0625, 0.25, 1, 4, 16};

// A pool with an answer for each entry, as if everybody had been asked, and the utilities to be learnt.
struct World {
  PairPool pool;
  std::vector<double> answer;       // what the entry's vote would say: 1 first, 0 second, .5 tie
  std::vector<double> probability;  // of "first", where it is known
  std::vector<double> utility;      // an item
  std::vector<float> features;      // items x columns; empty: an item model
  std::size_t columns = 0;
  DesignView design() const { return {features.data(), utility.size(), columns}; }
};

void ask_everybody(World& world, Rng& rng) {
  world.answer.clear();
  world.probability.clear();
  for (std::size_t k = 0; k < world.pool.size(); ++k) {
    world.probability.push_back(
        sigmoid(world.utility[world.pool.first[k]] - world.utility[world.pool.second[k]]));
    world.answer.push_back(rng.bernoulli(world.probability.back()) ? 1 : 0);
  }
}

constexpr double kItemSpread = 1.5;
constexpr std::size_t kVotes = 400;

World item_world(const Rng& seed) {
  constexpr std::uint32_t kItems = 40;
  World out;
  Rng rng = seed.stream("utilities");
  for (std::uint32_t i = 0; i < kItems; ++i) out.utility.push_back(kItemSpread * rng.normal());
  for (std::uint32_t i = 0; i < kItems; ++i) {
    for (std::uint32_t j = i + 1; j < kItems; ++j) {
      for (int times = 0; times < 3; ++times) {
        const bool swap = rng.bernoulli(0.5);
        out.pool.first.push_back(swap ? j : i);
        out.pool.second.push_back(swap ? i : j);
      }
    }
  }
  return out;
}

// Utilities linear in 20 features; with `bend`, of a curve that no linear reward can follow.
World linear_world(const Rng& seed, double bend) {
  constexpr std::uint32_t kItems = 300;
  constexpr std::size_t kColumns = 20, kPairs = 3000;
  World out;
  out.columns = kColumns;
  Rng rng = seed.stream("utilities");
  std::vector<double> theta(kColumns);
  for (double& t : theta) t = 0.4 * rng.normal();
  for (std::uint32_t i = 0; i < kItems; ++i) {
    double u = 0;
    for (std::size_t c = 0; c < kColumns; ++c) {
      const double x = rng.normal();
      out.features.push_back(static_cast<float>(x));
      u += theta[c] * static_cast<double>(out.features.back());
      if (c == 0) u += bend * x * x;
    }
    out.utility.push_back(u);
  }
  while (out.pool.size() < kPairs) {
    const auto i = static_cast<std::uint32_t>(rng.below(kItems)),
               j = static_cast<std::uint32_t>(rng.below(kItems));
    if (i == j) continue;
    out.pool.first.push_back(i);
    out.pool.second.push_back(j);
  }
  return out;
}

// ---------------------------------------------------------------------------------------------- asking

struct Fit {
  ItemBelief items;
  LinearBelief linear;
  std::vector<double> utility;  // posterior mean, an item
};

Fit fit(const World& world, std::span<const std::size_t> asked, std::span<const double> weight) {
  PairVotes votes;
  for (const std::size_t k : asked) {
    votes.asked.first.push_back(world.pool.first[k]);
    votes.asked.second.push_back(world.pool.second[k]);
    votes.share.push_back(world.answer[k]);
  }
  votes.weight.assign(weight.begin(), weight.end());
  Fit out;
  const std::size_t items = world.utility.size();
  // The prior's variance by the evidence of the votes themselves.
  const std::vector<std::uint32_t> one_block(items, 0);
  double best = -INFINITY;
  for (const double prior : kPriorVariances) {
    if (world.columns == 0) {
      ItemBelief found = item_belief(items, one_block, votes, prior);
      if (found.log_evidence > best) best = found.log_evidence, out.items = std::move(found);
    } else {
      LinearBelief found = linear_belief(world.design(), votes, prior);
      if (found.log_evidence > best) best = found.log_evidence, out.linear = std::move(found);
    }
  }
  if (world.columns == 0) {
    out.utility = out.items.mean;
    return out;
  }
  out.utility.assign(items, 0.0);
  for (std::size_t i = 0; i < items; ++i)
    for (std::size_t c = 0; c < world.columns; ++c)
      out.utility[i] += out.linear.mean[c] * static_cast<double>(world.features[i * world.columns + c]);
  return out;
}

// Root mean square difference of utilities, levels taken out.
double utility_error(std::span<const double> found, std::span<const double> truth) {
  const double n = static_cast<double>(truth.size());
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) sum += found[i] - truth[i];
  for (std::size_t i = 0; i < truth.size(); ++i) squares += std::pow(found[i] - truth[i] - sum / n, 2);
  return std::sqrt(squares / n);
}

// Share of the pairs of items that stand in the wrong order.
double order_error(std::span<const double> found, std::span<const double> truth) {
  double wrong = 0, pairs = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    for (std::size_t j = i + 1; j < truth.size(); ++j) {
      if (truth[i] == truth[j]) continue;
      ++pairs;
      wrong += (found[i] > found[j]) != (truth[i] > truth[j]);
    }
  }
  return wrong / pairs;
}

// Entries asked, in order, with the conditional probability of each.
struct Asked {
  std::vector<std::size_t> entry;
  std::vector<double> probability;
};

// Batches of `batch` until `votes` are in; before each, the model is fitted to the answers so far.
Asked ask(const World& world, std::size_t votes, std::size_t batch, const SelectionOptions& options,
          const Rng& rng) {
  Asked out;
  std::vector<std::size_t> left(world.pool.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (std::size_t b = 0; out.entry.size() < votes; ++b) {
    const Fit now = fit(world, out.entry, {});
    PairPool pool;
    for (const std::size_t k : left) {
      pool.first.push_back(world.pool.first[k]);
      pool.second.push_back(world.pool.second[k]);
    }
    const std::size_t count = std::min(batch, votes - out.entry.size());
    const auto next = world.columns == 0 ? select_pairs(now.items, pool, count, options, rng.stream("batch", b))
                                         : select_pairs(now.linear, world.design(), pool, count, options,
                                                        rng.stream("batch", b));
    std::vector<std::uint8_t> gone(left.size(), 0);
    for (const SelectedPair& s : next) {
      out.entry.push_back(left[s.entry]);
      out.probability.push_back(s.probability);
      gone[s.entry] = 1;
    }
    std::size_t kept = 0;
    for (std::size_t k = 0; k < left.size(); ++k)
      if (!gone[k]) left[kept++] = left[k];
    left.resize(kept);
  }
  return out;
}

std::vector<std::size_t> at_random(std::size_t pool, std::size_t votes, Rng rng) {
  std::vector<std::size_t> out(pool);
  std::iota(out.begin(), out.end(), std::size_t{0});
  for (std::size_t k = 0; k < votes; ++k) std::swap(out[k], out[k + rng.below(pool - k)]);
  out.resize(votes);
  return out;
}

// ---------------------------------------------------------------------------------------------- saving

// How many votes bring the error down to `level`, by a parabola through log error over log votes: the first
// crossing of the noisy curve itself would come too early. Beyond the curve's ends: the end.
double votes_at(std::span<const double> votes, std::span<const double> error, double level) {
  const std::size_t n = votes.size();
  std::array<std::vector<double>, 3> basis;  // 1, x, x^2 by Gram-Schmidt; each with its powers' coefficients
  std::array<std::array<double, 3>, 3> powers{};
  std::array<double, 3> curve{};
  for (std::size_t d = 0; d < 3; ++d) {
    powers[d][d] = 1;
    for (std::size_t k = 0; k < n; ++k)
      basis[d].push_back(std::pow(std::log(votes[k] / votes[0]), static_cast<double>(d)));
    const auto dot = [&](std::span<const double> a, std::span<const double> b) {
      return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
    };
    for (std::size_t e = 0; e < d; ++e) {
      const double share = dot(basis[d], basis[e]) / dot(basis[e], basis[e]);
      for (std::size_t k = 0; k < n; ++k) basis[d][k] -= share * basis[e][k];
      for (std::size_t c = 0; c < 3; ++c) powers[d][c] -= share * powers[e][c];
    }
    double along = 0;
    for (std::size_t k = 0; k < n; ++k) along += basis[d][k] * std::log(error[k]);
    for (std::size_t c = 0; c < 3; ++c) curve[c] += along / dot(basis[d], basis[d]) * powers[d][c];
  }
  const double end = std::log(votes.back() / votes.front());
  constexpr int kSteps = 2000;
  for (int s = 0; s <= kSteps; ++s) {
    const double x = end * s / kSteps;
    if (curve[0] + x * (curve[1] + x * curve[2]) <= std::log(level)) return votes[0] * std::exp(x);
  }
  return votes.back();
}

struct Saving {
  // Votes that random selection needs for one of the active ones, at equal error; active votes are fitted
  // without their weights, then with them.
  double utilities = 0, order = 0, weighted_utilities = 0, weighted_order = 0;
  double error_active = 0, error_random = 0;  // of utilities, at the same number of votes
};

// Errors are averaged over `repeats` rounds of asking in the same world, then compared.
Saving saving(World world, std::size_t votes, std::size_t repeats, const SelectionOptions& options,
              const Rng& rng, bool redraw) {
  std::vector<double> grid;
  for (double n = 0.25 * static_cast<double>(votes); n < 4.01 * static_cast<double>(votes); n *= std::sqrt(2.0))
    if (n <= static_cast<double>(world.pool.size())) grid.push_back(std::round(n));
  std::vector<double> random_utilities(grid.size(), 0.0), random_order(grid.size(), 0.0);
  double active_utilities = 0, active_order = 0, weighted_utilities = 0, weighted_order = 0;
  const double share = 1 / static_cast<double>(repeats);
  Saving out;
  for (std::size_t r = 0; r < repeats; ++r) {
    const Rng repeat = rng.stream("repeat", r);
    Rng answers = repeat.stream("answers");
    if (redraw) ask_everybody(world, answers);
    const Asked active = ask(world, votes, votes / 10, options, repeat.stream("active"));
    const Fit found = fit(world, active.entry, {});
    active_utilities += share * utility_error(found.utility, world.utility);
    active_order += share * order_error(found.utility, world.utility);
    const Fit weighted = fit(world, active.entry, selection_weights(world.pool.size(), active.probability));
    weighted_utilities += share * utility_error(weighted.utility, world.utility);
    weighted_order += share * order_error(weighted.utility, world.utility);
    const auto random =
        at_random(world.pool.size(), static_cast<std::size_t>(grid.back()), repeat.stream("random"));
    for (std::size_t g = 0; g < grid.size(); ++g) {
      const Fit f = fit(world, std::span(random).first(static_cast<std::size_t>(grid[g])), {});
      random_utilities[g] += share * utility_error(f.utility, world.utility);
      random_order[g] += share * order_error(f.utility, world.utility);
      if (grid[g] == static_cast<double>(votes)) out.error_random = random_utilities[g];
    }
  }
  out.error_active = active_utilities;
  const auto needed = [&](std::span<const double> random, double level) {
    return votes_at(grid, random, level) / static_cast<double>(votes);
  };
  out.utilities = needed(random_utilities, active_utilities);
  out.order = needed(random_order, active_order);
  out.weighted_utilities = needed(random_utilities, weighted_utilities);
  out.weighted_order = needed(random_order, weighted_order);
  return out;
}

struct Mean {
  double value = 0, error = 0;
  explicit Mean(std::span<const double> x) {
    const double n = static_cast<double>(x.size());
    for (const double v : x) value += v / n;
    for (const double v : x) error += (v - value) * (v - value);
    error = n > 1 ? std::sqrt(error / (n - 1) / n) : 0;
  }
};

template <class Pick>
std::vector<double> collect(const std::vector<Saving>& from, Pick pick) {
  std::vector<double> out;
  for (const Saving& s : from) out.push_back(pick(s));
  return out;
}

Mean log_mean(std::vector<double> ratios) {
  for (double& r : ratios) r = std::log(r);
  return Mean(ratios);
}

double lowest(const std::vector<double>& ratios) {
  const Mean mean = log_mean(ratios);
  return std::exp(mean.value - 1.96 * mean.error);
}

// exp of the mean log with its 95 % interval over worlds.
std::string factor(const std::vector<double>& ratios) {
  const Mean mean = log_mean(ratios);
  return fmt::format("{:.2f} [{:.2f}, {:.2f}]", std::exp(mean.value), std::exp(mean.value - 1.96 * mean.error),
                     std::exp(mean.value + 1.96 * mean.error));
}

std::vector<Saving> savings(const Options& options, std::uint64_t seeds, bool linear,
                            const SelectionOptions& select) {
  std::vector<Saving> out(seeds);
  parallel_blocks(seeds, options.threads, [&](std::size_t s) {
    const Rng rng = Rng(options.first_seed + s).stream(linear ? "linear" : "items");
    const World world = linear ? linear_world(rng, 0) : item_world(rng);
    out[s] = saving(world, kVotes, options.quick ? 3 : 12, select, rng, true);
  });
  return out;
}

// (1/4) / E p (1 - p) for utilities of this standard deviation.
double ceiling(double spread) { return 0.25 / vote_information(0, 2 * spread * spread).curvature; }

void saved_votes(const Options& options, Claims& claims) {
  const std::uint64_t seeds = options.quick ? 10 : 100;
  fmt::print(
      "\nVotes that random selection needs for one active vote, at the error that {} active votes reach; {} "
      "worlds\n",
      kVotes, seeds);
  fmt::print("{:>8} {:>9} {:>8} | {:>18} {:>18} {:>8} | {:>18} | {:>17}\n", "world", "sharpness", "uniform",
             "utilities", "order of items", "ceiling", "order, weighted", "error act., rand.");
  for (const bool linear : {false, true}) {
    const auto line = [&](const SelectionOptions& select, const std::vector<Saving>& found) {
      fmt::print("{:>8} {:>9} {:>8} | {:>18} {:>18} {:>8} | {:>18} | {:>8.3f} {:>8.3f}\n",
                 linear ? "linear" : "items", select.sharpness, select.uniform,
                 factor(collect(found, [](const Saving& s) { return s.utilities; })),
                 factor(collect(found, [](const Saving& s) { return s.order; })),
                 linear ? "" : fmt::format("{:.2f}", ceiling(kItemSpread)),
                 factor(collect(found, [](const Saving& s) { return s.weighted_order; })),
                 Mean(collect(found, [](const Saving& s) { return s.error_active; })).value,
                 Mean(collect(found, [](const Saving& s) { return s.error_random; })).value);
      std::fflush(stdout);
    };
    const std::vector<Saving> found = savings(options, seeds, linear, {});
    line({}, found);
    if (!options.quick) {
      for (const SelectionOptions& other : {SelectionOptions{0.2, 4, 1}, SelectionOptions{0.2, 32, 1},
                                            SelectionOptions{0.5, 16, 1}, SelectionOptions{1, 16, 1}})
        line(other, savings(options, seeds / 10, linear, other));
    }
    const std::string name = linear ? "linear" : "items";
    const auto order = collect(found, [](const Saving& s) { return s.order; });
    const auto count = std::count_if(order.begin(), order.end(), [](double ratio) { return ratio > 1; });
    // Ten worlds are too few to count: there the mean is judged.
    if (options.quick)
      claims.claim(lowest(order) > 1, name + ": fewer votes at equal error of the order, interval above 1");
    else
      claims.claim(
          static_cast<std::uint64_t>(count) * 10 >= seeds * 9,
          fmt::format("{}: fewer votes at equal error of the order in {} of {} worlds (at least nine in ten)",
                      name, count, seeds));
    if (!options.quick)
      claims.claim(lowest(collect(found, [](const Saving& s) { return s.utilities; })) > 1,
                   name + ": fewer votes at equal error of utilities, interval above 1");
  }
}

// ---------------------------------------------------------------------------------------------- unbiased

// How often people side with the truly better item, over the pool: what an agreement rate would be told as.
void unbiased(const Options& options, Claims& claims) {
  const std::uint64_t rounds = options.quick ? 150 : 600;
  const double asked = static_cast<double>(kVotes);
  fmt::print(
      "\nMean over the pool of \"the better item wins\", estimated from {} active votes; {} rounds. Bias (its "
      "standard error), spread of an estimate\n",
      kVotes, rounds);
  for (const bool linear : {false, true}) {
    // sum w y / M; sum w y / sum w; sum y / M; sum y / M of random selection
    std::array<std::vector<double>, 4> estimate;
    for (auto& e : estimate) e.resize(rounds);
    parallel_blocks(rounds, options.threads, [&](std::size_t r) {
      const Rng rng = Rng(options.first_seed + r).stream(linear ? "unbiased linear" : "unbiased items");
      World world = linear ? linear_world(rng, 0) : item_world(rng);
      Rng answers = rng.stream("answers");
      ask_everybody(world, answers);
      const auto better_wins = [&](std::size_t k, double first) {
        return world.probability[k] >= 0.5 ? first : 1 - first;
      };
      double truth = 0;
      for (std::size_t k = 0; k < world.pool.size(); ++k) truth += better_wins(k, world.probability[k]);
      truth /= static_cast<double>(world.pool.size());
      const Asked active = ask(world, kVotes, kVotes / 10, {}, rng.stream("active"));
      const auto weight = selection_weights(world.pool.size(), active.probability);
      double sum = 0, weights = 0, plain = 0, uniform = 0;
      for (std::size_t m = 0; m < kVotes; ++m) {
        const double y = better_wins(active.entry[m], world.answer[active.entry[m]]);
        sum += weight[m] * y;
        weights += weight[m];
        plain += y;
      }
      for (const std::size_t k : at_random(world.pool.size(), kVotes, rng.stream("random")))
        uniform += better_wins(k, world.answer[k]);
      const double found[] = {sum / asked, sum / weights, plain / asked, uniform / asked};
      for (std::size_t e = 0; e < 4; ++e) estimate[e][r] = found[e] - truth;
    });
    const char* const world_name = linear ? "linear" : "items";
    const char* const names[] = {"weighted", "weighted, by the sum of weights", "unweighted",
                                 "random selection"};
    for (std::size_t e = 0; e < 4; ++e) {
      const Mean m(estimate[e]);
      fmt::print("  {:<7} {:<32} {:+.4f} (se {:.4f})  spread {:.4f}\n", world_name, names[e], m.value, m.error,
                 m.error * std::sqrt(static_cast<double>(rounds)));
    }
    std::fflush(stdout);
    const Mean m(estimate[0]);
    // Three standard errors: a true claim falls short by luck in 3 of 1,000 tables.
    claims.claim(
        std::abs(m.value) < 3 * m.error,
        fmt::format("{}: the weighted mean's bias {:+.4f} is within three of its standard errors ({:.4f})",
                    world_name, m.value, m.error));
  }
}

// Fits of a reward that is not linear: which of them predicts votes over the whole pool?
void misspecified(const Options& options) {
  const std::uint64_t rounds = options.quick ? 10 : 100;
  std::array<std::vector<double>, 3> loss;
  for (auto& l : loss) l.resize(rounds);
  parallel_blocks(rounds, options.threads, [&](std::size_t r) {
    const Rng rng = Rng(options.first_seed + r).stream("bent");
    World world = linear_world(rng, 0.8);
    Rng answers = rng.stream("answers");
    ask_everybody(world, answers);
    const auto pool_loss = [&](const Fit& f, const Fit& best) {
      double out = 0;
      for (std::size_t k = 0; k < world.pool.size(); ++k) {
        const auto one = [&](const Fit& g) {
          const double log_odds = g.utility[world.pool.first[k]] - g.utility[world.pool.second[k]];
          return log1p_exp(log_odds) - world.probability[k] * log_odds;
        };
        out += (one(f) - one(best)) / static_cast<double>(world.pool.size());
      }
      return out;
    };
    World known = world;  // the best linear reward there is: fitted to every entry's probability
    known.answer = known.probability;
    std::vector<std::size_t> all(world.pool.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    const Fit best = fit(known, all, {});
    const Asked active = ask(world, kVotes, kVotes / 10, {}, rng.stream("active"));
    loss[0][r] =
        pool_loss(fit(world, active.entry, selection_weights(world.pool.size(), active.probability)), best);
    loss[1][r] = pool_loss(fit(world, active.entry, {}), best);
    loss[2][r] = pool_loss(fit(world, at_random(world.pool.size(), kVotes, rng.stream("random")), {}), best);
  });
  fmt::print(
      "\nA utility that no linear reward can follow: log-loss over the pool above the best linear reward's, "
      "{} votes (for information)\n",
      kVotes);
  const char* const names[] = {"active, weighted", "active, unweighted", "random"};
  for (std::size_t k = 0; k < 3; ++k) {
    const Mean m(loss[k]);
    fmt::print("  {:<20} {:.4f} (se {:.4f})\n", names[k], m.value, m.error);
  }
}

// ---------------------------------------------------------------------------------------------- real votes

std::string inflate(const std::string& path) {
  std::string out;
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file) environment_error(path, "cannot be read");
  std::array<char, 1 << 16> buffer;
  for (int n = 0; (n = gzread(file, buffer.data(), buffer.size())) > 0;)
    out.append(buffer.data(), static_cast<std::size_t>(n));
  gzclose(file);
  return out;
}

// A world a debate: entries are the votes that were cast, truth is the fit to all of them.
std::vector<World> debates(const std::string& folder) {
  struct Pair {
    std::string topic, a, b;
  };
  std::map<std::string, Pair> pairs;
  const std::string pair_text = inflate(folder + "/pairs.tsv.gz"),
                    vote_text = inflate(folder + "/votes.tsv.gz");
  CsvTable pair_table(pair_text, "pairs.tsv");
  const std::size_t id = pair_table.column("pair", "pair"), topic = pair_table.column("topic", "topic"),
                    a = pair_table.column("a", "a"), b = pair_table.column("b", "b");
  while (pair_table.next())
    pairs[std::string(pair_table.field(id))] = {std::string(pair_table.field(topic)),
                                                std::string(pair_table.field(a)),
                                                std::string(pair_table.field(b))};
  std::map<std::string, World> worlds;
  std::map<std::string, std::map<std::string, std::uint32_t>> items;
  CsvTable votes(vote_text, "votes.tsv");
  const std::size_t pair = votes.column("pair", "pair"), vote = votes.column("vote", "vote");
  while (votes.next()) {
    const Pair& p = pairs.at(std::string(votes.field(pair)));
    auto& names = items[p.topic];
    const auto number = [&](const std::string& name) {
      return names.try_emplace(name, static_cast<std::uint32_t>(names.size())).first->second;
    };
    World& world = worlds[p.topic];
    world.pool.first.push_back(number(p.a));
    world.pool.second.push_back(number(p.b));
    const std::string_view said = votes.field(vote);
    world.answer.push_back(said == "a" ? 1 : said == "b" ? 0 : 0.5);
  }
  std::vector<World> out;
  for (auto& [name, world] : worlds) {
    world.utility.assign(items[name].size(), 0.0);
    std::vector<std::size_t> all(world.pool.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    world.utility = fit(world, all, {}).utility;
    out.push_back(std::move(world));
  }
  return out;
}

void real_votes(const Options& options) {
  const char* const data = std::getenv("PLUMB_DATA");
  const std::string folder = data ? std::string(data) + "/ukp-convincing-arguments" : "";
  if (folder.empty() || !std::filesystem::exists(folder)) {
    fmt::print("\nReal votes: skipped, PLUMB_DATA names no folder with ukp-convincing-arguments\n");
    return;
  }
  const std::vector<World> worlds = debates(folder);
  const std::size_t count = options.quick ? 6 : worlds.size();
  std::vector<Saving> found(count);
  parallel_blocks(count, options.threads, [&](std::size_t d) {
    found[d] = saving(worlds[d], kVotes, options.quick ? 2 : 4, {}, Rng(options.first_seed).stream("debate", d),
                      false);
  });
  double spread = 0;
  for (const World& w : worlds)
    spread += utility_error(std::vector<double>(w.utility.size(), 0.0), w.utility) /
              static_cast<double>(worlds.size());
  fmt::print(
      "\nReal votes, {} debates, an item model each; truth is the fit to all of a debate's votes (for "
      "information)\n",
      count);
  fmt::print(
      "  votes that random selection needs for one of {} active votes: utilities {}, order {}; spread of "
      "utilities {:.2f}, for which the ceiling is {:.2f}\n",
      kVotes, factor(collect(found, [](const Saving& s) { return s.utilities; })),
      factor(collect(found, [](const Saving& s) { return s.order; })), spread, ceiling(spread));
  fmt::print("  fitted with their weights: utilities {}, order {}\n",
             factor(collect(found, [](const Saving& s) { return s.weighted_utilities; })),
             factor(collect(found, [](const Saving& s) { return s.weighted_order; })));
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  Claims claims;
  saved_votes(options, claims);
  unbiased(options, claims);
  misspecified(options);
  real_votes(options);
  return claims.close();
}
