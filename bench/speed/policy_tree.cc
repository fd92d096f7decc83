// The exact search for a policy tree: units, columns of distinct numbers, depth, split points, threads; three
// actions. Beside it what no search of depth 2 can do without: reading every column's scores once in every
// column's order.
#include "plumb/policy_tree.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>

using namespace plumb;

namespace {

struct World {
  World(std::size_t units, std::size_t count) : scores(units, 3) {
    Rng rng(3);
    for (std::size_t c = 0; c < count; ++c) {
      FeatureColumn column;
      column.name = "x" + std::to_string(c);
      for (std::size_t i = 0; i < units; ++i) column.number.push_back(static_cast<float>(rng.normal()));
      columns.push_back(std::move(column));
    }
    for (std::size_t i = 0; i < units; ++i) {
      for (std::size_t a = 0; a < 3; ++a) scores(i, a) = 3 * rng.normal();
      scores(i, 1) += columns[0].number[i] > .5f ? 1 : 0;
      scores(i, 2) += columns[3].number[i] < -.3f ? 1 : 0;
    }
  }
  std::vector<FeatureColumn> columns;
  Matrix scores;
};

void Search(benchmark::State& state) {
  const World world(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  const std::vector<std::string> actions = {"a", "b", "c"};
  TreeOptions options;
  options.depth = static_cast<int>(state.range(2));
  options.split_points = static_cast<std::size_t>(state.range(3));
  options.threads = static_cast<int>(state.range(4));
  for (auto _ : state)
    benchmark::DoNotOptimize(best_tree(world.columns, world.scores.view(), actions, options));
}
BENCHMARK(Search)
    ->ArgNames({"units", "columns", "depth", "points", "threads"})
    ->Args({100000, 20, 1, 0, 2})
    ->Args({100000, 20, 2, 0, 2})
    ->Args({100000, 20, 2, 64, 2})
    ->Args({100000, 20, 3, 16, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void PairsOfColumnsOnce(benchmark::State& state) {
  const World world(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  std::vector<std::uint32_t> order(world.scores.rows);
  std::iota(order.begin(), order.end(), 0u);
  const std::vector<float>& by = world.columns[0].number;
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return by[a] < by[b]; });
  for (auto _ : state) {
    double sum = 0;
    for (std::size_t pair = 0; pair < world.columns.size() * world.columns.size(); ++pair) {
      for (const std::uint32_t i : order) sum += world.scores(i, 0) + world.scores(i, 1) + world.scores(i, 2);
    }
    benchmark::DoNotOptimize(sum);
  }
}
BENCHMARK(PairsOfColumnsOnce)->Args({100000, 20})->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
