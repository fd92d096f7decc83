// Bradley-Terry with 1 million votes on 10,000 items, beside the time of one pass over the same votes that does
// nothing but what every method must: read two utilities and an answer, add to two sums. A fit is a few Newton
// steps of a few such passes each, with an exponential in some of them.
#include <benchmark/benchmark.h>

#include "plumb/preference.h"
#include "plumb/regression.h"

namespace {

using namespace plumb;

constexpr std::size_t kItems = 10000, kVotes = 1000000;

struct World {
  World() : first(kVotes), second(kVotes), answer(kVotes), tied(kVotes) {
    Rng rng(1);
    std::vector<double> utility(kItems);
    for (double& u : utility) u = rng.normal();
    for (std::size_t v = 0; v < kVotes; ++v) {
      first[v] = static_cast<std::uint32_t>(rng.below(kItems));
      second[v] = static_cast<std::uint32_t>((first[v] + 1 + rng.below(kItems - 1)) % kItems);
      answer[v] =
          rng.bernoulli(sigmoid(utility[first[v]] - utility[second[v]])) ? Answer::kFirst : Answer::kSecond;
      tied[v] = rng.uniform() < 0.2 ? Answer::kTie : answer[v];
    }
  }
  ItemVotes votes(bool ties) const { return {kItems, first, second, ties ? tied : answer, {}, {}, {}, {}, {}}; }
  std::vector<std::uint32_t> first, second;
  std::vector<Answer> answer, tied;
};

const World& world() {
  static const World made;
  return made;
}

void OnePass(benchmark::State& state) {
  const World& w = world();
  const std::vector<double> utility(kItems, 0.5);
  std::vector<double> sum(kItems, 0.0);
  for (auto _ : state) {
    for (std::size_t v = 0; v < kVotes; ++v) {
      const double d = utility[w.first[v]] - utility[w.second[v]] + static_cast<double>(w.answer[v]);
      sum[w.first[v]] += d;
      sum[w.second[v]] -= d;
    }
    benchmark::DoNotOptimize(sum.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(kVotes) * state.iterations());
}

void Fit(benchmark::State& state, Ties ties, double prior_sd) {
  const ItemOptions options{.ties = ties, .prior_sd = prior_sd, .threads = static_cast<int>(state.range(0))};
  int steps = 0;
  for (auto _ : state) {
    const ItemFit fit = fit_items(world().votes(ties != Ties::kRefuse), options);
    benchmark::DoNotOptimize(fit.utility.data());
    steps = fit.steps;
  }
  state.counters["newton_steps"] = steps;
  state.SetItemsProcessed(static_cast<std::int64_t>(kVotes) * state.iterations());
}

BENCHMARK(OnePass)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Fit, bradley_terry, Ties::kRefuse, 1.0)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(Fit, maximum_likelihood, Ties::kRefuse, kNoPrior)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(Fit, davidson, Ties::kDavidson, 1.0)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(Fit, rao_kupper, Ties::kRaoKupper, 1.0)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
