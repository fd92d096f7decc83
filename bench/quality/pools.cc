// Pools of candidates: is harm said where the proxy says nothing of the goal, does the joint band hold the true
// curve, is there a band where there should be, is a proxy that halves the goal found, and is the peak in its
// set?
#include <fmt/format.h>

#include <functional>

#include "plumb/pool.h"
#include "quality/cells.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

constexpr std::size_t kSize = 16;

struct PoolGoal {
  const char* name;
  // Of a candidate with this proxy, whose prompt has this level (0 on average).
  std::function<double(double proxy, double level, Rng& rng)> draw;
  // Mean of the goal by proxy, where it depends on it.
  std::function<double(double proxy)> mean;
  std::size_t given_from = 0;  // prompts from which a band must be given; 0: never
};

double binary(double rate, double level, Rng& rng) {
  return rng.bernoulli(std::min(.9, rate * std::exp(level - (level == 0 ? 0 : .5)))) ? 1 : 0;
}

std::vector<PoolGoal> independent() {
  const auto flat = [](double) { return 0.0; };
  return {
      {"binary 1 %", [](double, double level, Rng& rng) { return binary(.01, level, rng); }, flat, 0},
      {"binary 10 %", [](double, double level, Rng& rng) { return binary(.1, level, rng); }, flat, 40},
      {"normal", [](double, double level, Rng& rng) { return level + rng.normal(); }, flat, 20},
      {"lognormal 1", [](double, double level, Rng& rng) { return std::exp(.5 * level + rng.normal()); }, flat,
       40},
      {"lognormal 1.5",
       [](double, double level, Rng& rng) { return std::exp(.5 * level + 1.5 * rng.normal()); }, flat, 0},
  };
}

Pool pool_of(const PoolGoal& goal, std::size_t prompts, bool clustered, std::uint64_t seed) {
  Pool out;
  out.source = "world";
  const Rng root(seed);
  for (std::size_t p = 0; p < prompts; ++p) {
    Rng rng = root.stream("prompt", p);
    const double level = clustered ? rng.normal() : 0;
    out.prompt.push_back(fmt::format("p{}", p));
    for (std::size_t c = 0; c < kSize; ++c) {
      out.candidate.push_back(fmt::format("c{}", c));
      out.proxy.push_back(rng.normal());
      out.goal.push_back(goal.draw(out.proxy.back(), level, rng));
    }
    out.offset.push_back(out.candidate.size());
  }
  return out;
}

// The mean of f over the largest of n standard normal draws, by Simpson's rule.
double of_largest(std::size_t n, const std::function<double(double)>& f) {
  constexpr int kSteps = 4000;
  const double step = 16.0 / kSteps, m = static_cast<double>(n);
  double out = 0;
  for (int k = 0; k <= kSteps; ++k) {
    const double x = -8 + k * step, weight = k == 0 || k == kSteps ? 1 : k % 2 == 1 ? 4 : 2;
    const double density = std::exp(-.5 * x * x) / std::sqrt(2 * M_PI);
    out += weight * m * std::pow(normal_cdf(x), m - 1) * density * f(x);
  }
  return out * step / 3;
}

// A band misses where the true curve, of proxy or goal, is outside of it anywhere.
void one_pool(const std::vector<double>& goal_gain, const std::vector<double>& proxy_gain, const Pool& pool,
              std::uint64_t seed, Counts& count) {
  const PoolAudit audit = audit_pool(pool, .95, Rng(seed), 1);
  count["harm"] += audit.harm;
  if (audit.inconclusive || !audit.why_not.empty()) {
    count["silent"] += 1;
    count["silent, no reason"] += audit.why_not.empty();
  }
  if (audit.inconclusive) return;
  count["given"] += audit.why_not.empty();
  count["band"] += 1;
  bool missed = false;
  for (const PoolPoint& point : audit.points) {
    const double g = goal_gain[point.n - 1], u = proxy_gain[point.n - 1];
    missed |= g < point.goal_interval.lower || g > point.goal_interval.upper;
    missed |= u < point.proxy_interval.lower || u > point.proxy_interval.upper;
  }
  count["missed"] += missed;

  std::size_t best = 0;
  for (std::size_t k = 1; k < goal_gain.size(); ++k)
    if (goal_gain[k] > goal_gain[best]) best = k;
  count["peak missed"] += best + 1 < audit.peak_n_lower || best + 1 > audit.peak_n_upper;
}

struct TrueCurve {
  std::vector<double> goal, proxy;
};

TrueCurve truth_of(const PoolGoal& goal) {
  TrueCurve out;
  for (std::size_t n = 1; n <= kSize; ++n) {
    out.goal.push_back(of_largest(n, goal.mean) - of_largest(1, goal.mean));
    out.proxy.push_back(of_largest(n, [](double x) { return x; }));
  }
  return out;
}

// The steepness at which the best of 16 has half of the goal's rate.
double halving() {
  double low = 0, high = 5;
  for (int k = 0; k < 60; ++k) {
    const double c = .5 * (low + high);
    (of_largest(kSize, [&](double x) { return .2 * normal_cdf(-c * x); }) > .05 ? low : high) = c;
  }
  return low;
}

}  // namespace

int main(int argc, char** argv) {
  Cells cells("pools", argc, argv);
  const std::uint64_t worlds = cells.quick() ? 60 : 2000;
  std::printf("%-44s %6s %6s %6s %6s\n", "cell", "harm", "given", "band", "missed");
  for (const PoolGoal& goal : independent()) {
    const TrueCurve truth = truth_of(goal);
    for (const std::size_t prompts : {20, 40, 100}) {
      for (const bool clustered : {false, true}) {
        const std::string name =
            fmt::format("{}, {} prompts{}", goal.name, prompts, clustered ? ", clustered" : "");
        if (!cells.wants(name) || (cells.quick() && (prompts != 40 || clustered))) continue;
        const Counts c = cells.count(name, worlds, [&](std::uint64_t seed, Counts& one) {
          one_pool(truth.goal, truth.proxy, pool_of(goal, prompts, clustered, seed), seed, one);
        });
        std::printf("%-44s %6.0f %6.0f %6.0f %6.0f\n", name.c_str(), c.at("harm"), c.at("given"), c.at("band"),
                    c.at("missed"));
        std::fflush(stdout);
        cells.at_most(name + ": harm is said", c.at("harm"), worlds, .025);
        const auto bands = static_cast<std::uint64_t>(c.at("band"));
        if (bands > 0)
          cells.claims.claim(c.at("missed") <= .07 * c.at("band") ||
                                 c.at("missed") <= static_cast<double>(most_explained(.05, bands)),
                             fmt::format("{}: {:.0f} of {} bands missed", name, c.at("missed"), bands));
        if (goal.given_from > 0 && prompts >= goal.given_from)
          cells.at_least(name + ": given", c.at("given"), worlds, .95);
        cells.claims.claim(c.at("silent, no reason") == 0, name + ": silence has a reason");
      }
    }
  }
  const double steep = halving();
  const PoolGoal half{
      "a proxy that halves 10 %",
      [=](double x, double, Rng& rng) { return rng.bernoulli(.2 * normal_cdf(-steep * x)) ? 1.0 : 0.0; },
      [=](double x) { return .2 * normal_cdf(-steep * x); }, 0};
  const auto inside = [](double x) { return .5 * x - 2 * std::max(0.0, x - .8); };
  const PoolGoal interior{
      "peak inside", [=](double x, double level, Rng& rng) { return level + inside(x) + .3 * rng.normal(); },
      inside, 0};
  const auto rising = [](double x) { return .5 * x; };
  const PoolGoal end{"peak at the end",
                     [=](double x, double level, Rng& rng) { return level + rising(x) + .3 * rng.normal(); },
                     rising, 0};
  for (const PoolGoal* goal : {&half, &interior, &end}) {
    const TrueCurve truth = truth_of(*goal);
    for (const std::size_t prompts : {40, 100, 400}) {
      const std::string name = fmt::format("{}, {} prompts", goal->name, prompts);
      if (!cells.wants(name) || (cells.quick() && prompts != 100)) continue;
      const Counts c = cells.count(name, worlds, [&](std::uint64_t seed, Counts& one) {
        one_pool(truth.goal, truth.proxy, pool_of(*goal, prompts, goal != &half, seed), seed, one);
      });
      std::printf("%-44s %6.0f %6.0f %6.0f %6.0f\n", name.c_str(), c.at("harm"), c.at("given"), c.at("band"),
                  c.at("missed"));
      std::fflush(stdout);
      cells.claims.claim(c.at("missed") <= .07 * c.at("band"),
                         fmt::format("{}: {:.0f} bands missed", name, c.at("missed")));
      cells.claims.claim(
          c.at("peak missed") <= .07 * c.at("band"),
          fmt::format("{}: the peak is outside of its set in {:.0f}", name, c.at("peak missed")));
      if (goal == &half && prompts >= 100) cells.at_least(name + ": found", c.at("harm"), worlds, .8);
    }
  }
  return cells.close();
}
