// Training a softmax policy from Vowpal Wabbit's text, decisions a second: reading the file or its column
// cache, learning from the log in memory (outcome models, pressure paths, the pressure and multipliers that
// certification can carry), and what the policy is truly worth. Writes what it found to plumb.csv in the
// folder; vw_training.py runs vw on the same files and puts both beside each other.
//
//   softmax_training --folder FOLDER [--decisions 200000] [--threads 2] [--repeats 3]
//
// The world: five context numbers and two categories, three actions drawn with known probabilities, a click
// whose probability is known for every action. Writes train.vw, test.vw and test_truth.csv (expected clicks by
// action) into the folder. Half of the training file is plumb's certification half, from which it learns
// nothing.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>

#include "loop/stages.h"
#include "plumb/plumb.h"

using namespace plumb;

namespace {

constexpr std::size_t kActions = 3, kNumbers = 5, kTestDecisions = 50000;
const char* const kChannels[] = {"web", "phone", "shop"};
const char* const kRegions[] = {"north", "south", "east", "west"};

struct Decision {
  double x[kNumbers];
  std::size_t channel, region, chosen;
  double mu[kActions], click[kActions];  // probabilities
  bool clicked;
};

Decision draw(std::uint64_t seed, std::uint64_t i) {
  Rng rng = Rng(seed).stream("softmax_training", i);
  Decision d;
  for (double& x : d.x) x = std::round(1000 * rng.normal()) / 1000;
  d.channel = rng.below(3);
  d.region = rng.below(4);
  const double tilt = .2 * std::tanh(d.x[0]);
  d.mu[0] = .4 + tilt, d.mu[1] = .4 - tilt, d.mu[2] = .2;
  const double lift[kActions] = {.6 * d.x[0] + (d.channel == 0 ? .5 : 0),
                                 -.6 * d.x[1] + (d.region == 2 ? .7 : 0),
                                 .5 * d.x[2] - .3 * d.x[3] + (d.channel == 2 ? .6 : -.2)};
  for (std::size_t a = 0; a < kActions; ++a) d.click[a] = 1 / (1 + std::exp(1.4 - .3 * d.x[4] - lift[a]));
  d.chosen = rng.categorical(d.mu);
  d.clicked = rng.bernoulli(d.click[d.chosen]);
  return d;
}

void write_vw(const std::string& path, std::uint64_t seed, std::size_t n) {
  std::ofstream out(path);
  fmt::memory_buffer line;
  for (std::size_t i = 0; i < n; ++i) {
    const Decision d = draw(seed, i);
    line.clear();
    fmt::format_to(std::back_inserter(line), "shared 'd{}|c", i);
    for (std::size_t k = 0; k < kNumbers; ++k)
      fmt::format_to(std::back_inserter(line), " x{}:{:.3f}", k, d.x[k]);
    fmt::format_to(std::back_inserter(line), " channel={} region={}\n", kChannels[d.channel],
                   kRegions[d.region]);
    for (std::size_t a = 0; a < kActions; ++a) {
      if (a == d.chosen) fmt::format_to(std::back_inserter(line), "0:{}:{:.6f} ", d.clicked ? -1 : 0, d.mu[a]);
      fmt::format_to(std::back_inserter(line), "|a id=a{}\n", a);
    }
    line.push_back('\n');
    out.write(line.data(), static_cast<std::streamsize>(line.size()));
  }
  if (!out.flush()) environment_error(path, "cannot be written");
}

Goal goal_of(const std::string& folder) {
  const std::string path = folder + "/goal.toml";
  std::ofstream(path) << R"([goal]
name = "clicks"
maximize = "reward"
unit = "clicks per decision"
minimum_effect = 0.001
[outcome.reward]
kind = "binary"
[data]
log = "train.vw"
action = "a.id"
context = ["c.x0", "c.x1", "c.x2", "c.x3", "c.x4", "c.channel", "c.region"]
)";
  return read_goal(path);
}

// Mean expected clicks under probabilities, and where only the most probable action is taken.
std::pair<double, double> true_values(const Policy& policy, const DecisionLog& log, std::uint64_t seed) {
  std::vector<float> p(log.action.size());
  policy.probabilities(log, 0, log.size(), p);
  double mixed = 0, greedy = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const Decision d = draw(seed, i);
    std::size_t best = log.offset[i];
    for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
      const auto a = static_cast<std::size_t>(log.actions[log.action[row]].back() - '0');
      mixed += p[row] * d.click[a];
      if (p[row] > p[best]) best = row;
    }
    greedy += d.click[static_cast<std::size_t>(log.actions[log.action[best]].back() - '0')];
  }
  const double n = static_cast<double>(log.size());
  return {mixed / n, greedy / n};
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder;
  std::size_t decisions = 200000, repeats = 3;
  RunOptions options;
  options.threads = 2;
  for (int k = 1; k + 1 < argc; k += 2) {
    const std::string name = argv[k];
    if (name == "--folder") folder = argv[k + 1];
    if (name == "--decisions") decisions = std::strtoull(argv[k + 1], nullptr, 10);
    if (name == "--threads") options.threads = std::atoi(argv[k + 1]);
    if (name == "--repeats") repeats = std::strtoull(argv[k + 1], nullptr, 10);
  }
  if (folder.empty() || decisions == 0 || options.threads < 1 || repeats == 0) {
    fmt::print(stderr, "usage: softmax_training --folder FOLDER [--decisions N] [--threads N] [--repeats N]\n");
    return 2;
  }
  constexpr std::uint64_t kTrain = 1, kTest = 2;
  write_vw(folder + "/train.vw", kTrain, decisions);
  write_vw(folder + "/test.vw", kTest, kTestDecisions);
  std::ofstream truth(folder + "/test_truth.csv");
  double logged = 0, best = 0;
  for (std::size_t i = 0; i < kTestDecisions; ++i) {
    const Decision d = draw(kTest, i);
    truth << fmt::format("{},{},{}\n", d.click[0], d.click[1], d.click[2]);
    for (std::size_t a = 0; a < kActions; ++a) logged += d.mu[a] * d.click[a] / kTestDecisions;
    best += *std::max_element(d.click, d.click + kActions) / kTestDecisions;
  }
  truth.close();

  const Goal goal = goal_of(folder);
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  std::vector<double> reading, from_cache, learning, models, paths, training;
  std::pair<double, double> value;
  for (std::size_t repeat = 0; repeat < repeats; ++repeat) {
    auto start = Clock::now();
    options.cache = CacheUse::kNever;
    Study study = read_and_check(goal, options, "train");
    reading.push_back(since(start));
    options.cache = CacheUse::kAlways;
    if (repeat == 0) read_and_check(goal, options, "train");  // writes it
    start = Clock::now();
    read_and_check(goal, options, "train");
    from_cache.push_back(since(start));
    start = Clock::now();
    learn_outcomes(study, options);
    models.push_back(since(start));
    auto mark = Clock::now();
    lay_paths(study, options);
    paths.push_back(since(mark));
    mark = Clock::now();
    train_policies(study, options);
    training.push_back(since(mark));
    learning.push_back(since(start));
    if (repeat + 1 < repeats) continue;
    LoadReport report;
    const DecisionLog test = read_log(folder + "/test.vw", goal, &report);
    const Training& trained = study.training.value();
    if (trained.candidates.empty()) {
      fmt::print(stderr, "softmax_training: {}\n", trained.sentence);
      return 1;
    }
    value = true_values(*trained.candidates[trained.chosen].policy, test, kTest);
  }
  const double n = static_cast<double>(decisions), learn = median(learning);
  const std::pair<const char*, double> rows[] = {
      {"read text and check", median(reading)},
      {"read cache and check", median(from_cache)},
      {"learn: outcome models and constants", median(models)},
      {"learn: pressure paths", median(paths)},
      {"learn: train", median(training)},
      {"learn, from memory", learn},
      {"read cache and learn", median(from_cache) + learn},
      {"read text and learn", median(reading) + learn},
  };
  fmt::print("{} decisions, {} threads\n| what | seconds | decisions a second |\n|---|---|---|\n", decisions,
             options.threads);
  std::ofstream table(folder + "/plumb.csv");
  for (const auto& [what, seconds] : rows) {
    fmt::print("| {} | {:.3f} | {:.0f} |\n", what, seconds, n / seconds);
    table << fmt::format("\"{}\",{:.6f},{:.5f}\n", what, seconds, value.first);
  }
  if (!table.flush()) environment_error(folder + "/plumb.csv", "cannot be written");
  fmt::print(
      "true value on {} fresh contexts: logged {:.4f}, softmax {:.4f}, its first choice {:.4f}, the best there "
      "is {:.4f}\n",
      kTestDecisions, logged, value.first, value.second, best);
  return 0;
}
