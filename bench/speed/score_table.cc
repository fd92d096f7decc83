// The score table at size, against the time that memory takes: decisions with three actions, policies given as
// tables of probabilities, values of all and their contrasts over 4,096 unit buckets; then with the max-t
// bootstrap over all pairs.
//
//   score_table [--decisions 10000000] [--policies 20] [--threads 2] [--repeats 5]
//
// The floor: every byte that the job cannot do without is read once, by plain sums with as many threads, in the
// same process: probabilities of the policies and of the logging policy, the outcome model, outcome and its
// state, propensity, chosen slot, unit and the rows' offsets. Floor, table and table with bootstrap take turns;
// medians count. What the job allocates it allocates anew each time.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <numeric>
#include <string>

#include "plumb/evaluate.h"
#include "policy/table.h"

using namespace plumb;

namespace {

constexpr std::size_t kActions = 3, kGeneratedBlock = 1 << 16;

struct Case {
  DecisionLog log;
  OutcomeModels models;
  std::vector<PolicyPointer> policies;  // tables
};

// Outcome 1 in five; units that come back now and then.
Case make_case(std::size_t n, std::size_t policies, int threads) {
  Case out;
  DecisionLog& log = out.log;
  log.source = "made";
  log.actions = {"a", "b", "c"};
  log.fixed_actions = log.unit_named = true;
  const std::size_t rows = n * kActions;
  log.unit.resize(n);
  log.offset.resize(n + 1);
  log.action.resize(rows);
  log.logged.resize(rows);
  log.chosen.resize(n);
  log.propensity.resize(n);
  OutcomeColumn y;
  y.name = "y";
  y.kind = OutcomeKind::kBinary;
  y.value.resize(n);
  y.state.assign(n, State::kObserved);
  y.observed_count = n;
  out.models.outcome = {"y"};
  out.models.q.assign(1, std::vector<float>(rows));
  std::vector<std::vector<float>> tables(policies, std::vector<float>(rows));
  parallel_blocks((n + kGeneratedBlock - 1) / kGeneratedBlock, threads, [&](std::size_t block) {
    Rng rng = Rng(5).stream("score_table", block);
    for (std::size_t i = block * kGeneratedBlock; i < std::min(n, (block + 1) * kGeneratedBlock); ++i) {
      log.unit[i] = hash_combine(rng.below(n), 1);
      log.offset[i] = i * kActions;
      const double e = .1 + .5 * rng.uniform();
      const double mu[kActions] = {e, .9 - e, .1};
      log.chosen[i] = static_cast<std::uint32_t>(rng.categorical(mu));
      log.propensity[i] = mu[log.chosen[i]];
      y.value[i] = rng.bernoulli(.15 + .05 * log.chosen[i]) ? 1 : 0;
      for (std::uint32_t a = 0; a < kActions; ++a) {
        log.action[i * kActions + a] = a;
        log.logged[i * kActions + a] = static_cast<float>(mu[a]);
        out.models.q[0][i * kActions + a] = static_cast<float>(.15 + .05 * a);
      }
      for (std::vector<float>& policy : tables) {
        const double u = rng.uniform(), v = rng.uniform();
        const double p[kActions] = {std::min(u, v), std::abs(u - v), 1 - std::max(u, v)};
        for (std::size_t a = 0; a < kActions; ++a) policy[i * kActions + a] = static_cast<float>(p[a]);
      }
    }
  });
  log.offset[n] = rows;
  log.outcomes.push_back(std::move(y));
  for (std::vector<float>& table : tables)
    out.policies.push_back(table_policy("table", std::move(table), /*not_trained_here=*/true));
  return out;
}

// Sums of the words of memory, and how many bytes those were.
class Floor {
 public:
  template <class Column>
  void add(const Column& column) {
    using T = typename Column::value_type;
    const std::size_t words = column.size() * sizeof(T) / 8;
    for (std::size_t begin = 0; begin < words; begin += kWords)
      parts_.push_back(
          {reinterpret_cast<const char*>(column.data()) + 8 * begin, std::min(kWords, words - begin)});
    bytes_ += 8 * words;
  }
  std::size_t bytes() const { return bytes_; }
  std::uint64_t read(int threads) const {
    std::vector<std::uint64_t> sum(parts_.size());
    parallel_blocks(parts_.size(), threads, [&](std::size_t p) {
      std::uint64_t lane[8] = {};
      const auto* words = reinterpret_cast<const std::uint64_t*>(parts_[p].first);
      std::size_t i = 0;
      for (; i + 8 <= parts_[p].second; i += 8) {
        for (std::size_t l = 0; l < 8; ++l) lane[l] += words[i + l];
      }
      for (; i < parts_[p].second; ++i) lane[0] += words[i];
      sum[p] = std::accumulate(lane, lane + 8, std::uint64_t{0});
    });
    return std::accumulate(sum.begin(), sum.end(), std::uint64_t{0});
  }

 private:
  static constexpr std::size_t kWords = 1 << 17;
  std::vector<std::pair<const char*, std::size_t>> parts_;
  std::size_t bytes_ = 0;
};

struct Answer {
  double largest = 0, critical = 0;
};

// Levels of every policy and the reference on all rows; all pairs are linear in them.
Answer score(const Case& c, int threads, bool bootstrap) {
  Evaluation evaluation(c.log, c.models, threads, false, false);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(c.log.size(), 1)});
  std::vector<PolicyPointer> policies = c.policies;
  policies.push_back(std::make_shared<LoggingPolicy>(c.log, threads));
  const std::vector<std::size_t> numbers = evaluation.add_policies(policies);
  std::vector<Contrast> levels, pairs;
  for (std::size_t a = 0; a < numbers.size(); ++a) {
    levels.push_back({"level", {{evaluation.column(numbers[a], 0, all), 1.0}}});
    for (std::size_t b = 0; b < a; ++b) pairs.push_back({"gain", {{a, 1.0}, {b, -1.0}}});
  }
  const Estimates e = evaluation.estimate(levels);
  Answer out;
  const Estimates gains = combine(e, pairs);
  for (std::size_t k = 0; k < pairs.size(); ++k)
    out.largest = std::max(out.largest, std::abs(gains.value[k]) / gains.standard_error[k]);
  if (bootstrap) out.critical = max_t_distribution(e, pairs, Rng(9), threads).critical(.05);
  return out;
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::size_t> option = {
      {"--decisions", 10'000'000}, {"--policies", 20}, {"--threads", 2}, {"--repeats", 5}};
  for (int k = 1; k + 1 < argc; k += 2) {
    const std::string value = argv[k + 1];
    const auto found = option.find(argv[k]);
    if (found == option.end() ||
        std::from_chars(value.data(), value.data() + value.size(), found->second).ec != std::errc() ||
        found->second == 0) {
      fmt::print(stderr,
                 "score_table: {} {}: found, expected --decisions, --policies, --threads or --repeats N\n",
                 argv[k], value);
      return 2;
    }
  }
  const int threads = static_cast<int>(option["--threads"]);
  const Case c = make_case(option["--decisions"], option["--policies"], threads);
  Floor floor;
  for (const PolicyPointer& policy : c.policies) floor.add(table_of(*policy));
  floor.add(c.log.logged);
  floor.add(c.models.q[0]);
  floor.add(c.log.outcomes[0].value);
  floor.add(c.log.outcomes[0].state);
  floor.add(c.log.propensity);
  floor.add(c.log.chosen);
  floor.add(c.log.unit);
  floor.add(c.log.offset);

  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds[3];
  std::uint64_t kept = 0;
  Answer answer;
  for (std::size_t repeat = 0; repeat < option["--repeats"]; ++repeat) {
    for (std::size_t what = 0; what < 3; ++what) {
      const auto start = Clock::now();
      if (what == 0) {
        kept += floor.read(threads);
      } else {
        answer = score(c, threads, what == 2);
      }
      seconds[what].push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
  }
  const double read = median(seconds[0]), table = median(seconds[1]), whole = median(seconds[2]);
  fmt::print("{} decisions, {} policies, {} threads (sum {:x})\n", option["--decisions"], option["--policies"],
             threads, kept);
  fmt::print("| what | seconds | GB/s | times the floor |\n|---|---|---|---|\n");
  const double gigabytes = 1e-9 * static_cast<double>(floor.bytes());
  fmt::print("| floor: {:.2f} GB read once | {:.3f} | {:.1f} | 1.00 |\n", gigabytes, read, gigabytes / read);
  fmt::print("| score table, all contrasts | {:.3f} | {:.1f} | {:.2f} |\n", table, gigabytes / table,
             table / read);
  fmt::print("| with the bootstrap | {:.3f} | {:.1f} | {:.2f} |\n", whole, gigabytes / whole, whole / read);
  fmt::print("bootstrap: {:.2f} times the table without; largest |t| {:.1f}, critical {:.3f}\n", whole / table,
             answer.largest, answer.critical);
  const bool holds = table <= 3 * read && whole <= 1.5 * table;
  fmt::print("{}\n",
             holds ? "holds" : "falls short: at most 3 times the floor, and 1.5 times that with the bootstrap");
  return holds ? 0 : 1;
}
