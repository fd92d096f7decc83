// Balance of columns against what was chosen: how often sound logs are called unsound, and how often logs are
// found whose probabilities are wrong by a column, or one of whose columns was moved by the action.
#include <filesystem>

#include "data/checks.h"
#include "plumb/balance.h"
#include "plumb/inspect.h"
#include "quality/cells.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

enum class How { kHalf, kTenth, kContextual, kUnits, kEpsilonGreedy, kChosenOnly };

// Twenty columns: normal, skewed and counted numbers, one with gaps, categories of 5, 50 and 500 levels,
// constants.
std::vector<FeatureColumn> mixed_columns(Rng& rng, std::size_t n) {
  std::vector<FeatureColumn> out;
  const auto number = [&](const std::function<double()>& draw) {
    FeatureColumn column{fmt::format("x{}", out.size()), false, {}, {}, {}};
    for (std::size_t i = 0; i < n; ++i) column.number.push_back(static_cast<float>(draw()));
    out.push_back(std::move(column));
  };
  const auto category = [&](std::size_t levels) {
    FeatureColumn column{fmt::format("x{}", out.size()), true, {}, {}, {}};
    for (std::size_t l = 0; l < levels; ++l) column.levels.push_back(fmt::format("l{}", l));
    // Few levels hold most rows, as in life.
    for (std::size_t i = 0; i < n; ++i)
      column.code.push_back(
          static_cast<std::uint32_t>(std::pow(rng.uniform(), 2) * static_cast<double>(levels)));
    out.push_back(std::move(column));
  };
  for (int k = 0; k < 4; ++k) number([&] { return rng.normal(); });
  for (int k = 0; k < 2; ++k) number([&] { return std::exp(2 * rng.normal()); });
  for (int k = 0; k < 2; ++k) number([&] { return std::floor(3 * rng.exponential()); });
  number([&] { return rng.bernoulli(.2) ? 1.0 : 0.0; });
  number([&] { return rng.bernoulli(.1) ? std::nan("") : rng.normal(); });
  for (int k = 0; k < 3; ++k) category(5);
  for (int k = 0; k < 3; ++k) category(50);
  for (int k = 0; k < 2; ++k) category(500);
  number([] { return 1.0; });
  category(1);
  return out;
}

// A log without decisions: arms a, b, ... of all rows, columns and one outcome.
DecisionLog blank(Rng& rng, std::size_t n, std::size_t arms) {
  DecisionLog log;
  log.source = "simulated";
  for (std::size_t a = 0; a < arms; ++a) log.actions.push_back(std::string(1, static_cast<char>('a' + a)));
  log.fixed_actions = true;
  log.context = mixed_columns(rng, n);
  log.offset.push_back(0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::uint32_t a = 0; a < arms; ++a) log.action.push_back(a);
    log.offset.push_back((i + 1) * arms);
    log.unit.push_back(hash_combine(i, 7));
  }
  log.fold.assign(n, 0);
  OutcomeColumn y;
  y.name = "y";
  for (std::size_t i = 0; i < n; ++i) y.value.push_back(rng.normal());
  y.state.assign(n, State::kObserved);
  y.observed_count = y.nonzero_count = n;
  log.outcomes.push_back(std::move(y));
  return log;
}

void decide(DecisionLog& log, std::span<const double> mu, std::size_t chosen) {
  for (const double m : mu) log.logged.push_back(static_cast<float>(m));
  log.chosen.push_back(static_cast<std::uint32_t>(chosen));
  log.propensity.push_back(mu[chosen]);
}

DecisionLog sound_log(How how, std::size_t n, std::uint64_t seed) {
  Rng rng = Rng(seed).stream("sound", static_cast<std::uint64_t>(how));
  const bool three = how == How::kContextual || how == How::kChosenOnly;
  const std::size_t arms = three ? 3 : how == How::kEpsilonGreedy ? 5 : 2;
  DecisionLog log = blank(rng, n, arms);
  std::vector<double> mu(arms), sum(arms, 0), count(arms, 1);
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (how == How::kHalf) mu = {.5, .5};
    if (how == How::kTenth || how == How::kUnits) mu = {.9, .1};
    if (three) {
      const double x = log.context[0].number[i], w = log.context[10].code[i];
      double total = 0;
      for (std::size_t a = 0; a < arms; ++a)
        total += mu[a] = std::exp(.7 * static_cast<double>(a) * x - .2 * w);
      for (double& m : mu) m = .05 + .85 * m / total;
    }
    if (how == How::kEpsilonGreedy) {
      std::size_t best = 0;
      for (std::size_t a = 1; a < arms; ++a)
        if (sum[a] / count[a] > sum[best] / count[best]) best = a;
      mu.assign(arms, .1 / static_cast<double>(arms));
      mu[best] += .9;
    }
    // Units of four rows, one draw each.
    if (how != How::kUnits || i % 4 == 0) chosen = rng.categorical(mu);
    if (how == How::kUnits) log.unit[i] = hash_combine(i / 4, 7);
    if (how == How::kEpsilonGreedy)
      sum[chosen] += rng.bernoulli(.3 + .05 * static_cast<double>(chosen)), ++count[chosen];
    decide(log, mu, chosen);
  }
  if (how == How::kUnits) {
    log.unit_named = true;
    // Most columns are the unit's own.
    for (std::size_t c = 0; c < log.context.size(); ++c) {
      for (std::size_t i = 0; i < n && c % 4 != 0; ++i) {
        FeatureColumn& column = log.context[c];
        if (column.is_category) column.code[i] = column.code[i / 4 * 4];
        if (!column.is_category) column.number[i] = column.number[i / 4 * 4];
      }
    }
  }
  if (how == How::kChosenOnly) log.logged.clear();
  digest_rows(log);
  return log;
}

// Really .8 and .2 by one two-valued column, stated as half and half.
DecisionLog wrong_by_column(std::uint64_t seed) {
  Rng rng = Rng(seed).stream("wrong");
  DecisionLog log = blank(rng, 2000, 2);
  FeatureColumn& x = log.context[12];
  for (std::size_t i = 0; i < log.offset.size() - 1; ++i) {
    x.code[i] = rng.bernoulli(.5) ? 1 : 0;
    const double half[2] = {.5, .5};
    decide(log, half, rng.bernoulli(x.code[i] ? .8 : .2));
  }
  digest_rows(log);
  return log;
}

// Half and half, and one number that the action moved by .2 of its standard deviation.
DecisionLog moved_by_action(std::uint64_t seed) {
  Rng rng = Rng(seed).stream("moved");
  DecisionLog log = blank(rng, 6000, 2);
  for (std::size_t i = 0; i < log.offset.size() - 1; ++i) {
    const double half[2] = {.5, .5};
    const bool b = rng.bernoulli(.5);
    decide(log, half, b);
    log.context[2].number[i] += b ? .2f : 0.0f;
  }
  digest_rows(log);
  return log;
}

// Mail went by past spend, at .8 and .2, and somebody wrote .5.
std::string confounded_csv(std::uint64_t seed) {
  Rng rng = Rng(seed).stream("confounded");
  std::string out = "customer,arm,p,past,age,region,spend\n";
  for (std::size_t i = 0; i < 3000; ++i) {
    const double past = 50 * rng.exponential(), age = 20 + std::floor(50 * rng.uniform());
    const bool mail = rng.bernoulli(past > 35 ? .8 : .2);
    const double spend = .2 * past + 5 * rng.normal();
    out += fmt::format("c{},{},0.5,{:.2f},{},r{},{:.2f}\n", i, mail ? "mail" : "none", past, age, rng.below(4),
                       spend);
  }
  return out;
}

void confounded(std::uint64_t seed, Counts& count) {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("plumb_balance_{}_{}.csv", ::getpid(), seed))
          .string();
  std::ofstream(path) << confounded_csv(seed);
  const LogSketch sketch = inspect_log(path);
  const LogRoles roles = balanced_roles(path, sketch, guess_roles(sketch, {}));
  const Goal goal = parse_goal(goal_text(sketch, roles, path, "confounded"));
  const DecisionLog log = read_log(path, goal, nullptr);
  const BalanceTest test = test_balance(log, goal);
  bool failing = false;
  for (const std::string& name : roles.context) failing = failing || test.fails(name);
  count["failing column in the context"] += failing;
  count["found"] += test.fails("past");
  const Evidence evidence = gate(goal, "constant:mail", run_options(seed, 1));
  count["verdict"] += evidence.verdict != "inconclusive";
  std::filesystem::remove(path);
}

bool capped(const DecisionLog& log, const Goal& goal) {
  const std::vector<Finding> findings = check_log(log, goal);
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& f) { return f.severity == Severity::kCap; });
}

}  // namespace

int main(int argc, char** argv) {
  Cells cells("balance", argc, argv);
  const bool quick = cells.quick();
  const Goal any;
  std::printf("Sound logs of 20 columns: false alarms\n");
  struct Kind {
    const char* name;
    How how;
    std::size_t rows;
  };
  for (const Kind& kind :
       {Kind{"half and half, 4,000", How::kHalf, 4000}, Kind{"share .1, 2,000", How::kTenth, 2000},
        Kind{"share .1, 20,000", How::kTenth, 20000}, Kind{"contextual, 3 arms, 4,000", How::kContextual, 4000},
        Kind{"units of 4 rows and one arm, share .1, 4,000", How::kUnits, 4000},
        Kind{"epsilon-greedy, 5 arms, 4,000", How::kEpsilonGreedy, 4000},
        Kind{"contextual, chosen alone is known, 4,000", How::kChosenOnly, 4000}}) {
    if (!cells.wants(kind.name) || (quick && kind.rows > 4000)) continue;
    const std::uint64_t worlds = quick ? 40 : 1000;
    const Counts c = cells.count(kind.name, worlds, [&](std::uint64_t seed, Counts& count) {
      const BalanceTest test = test_balance(sound_log(kind.how, kind.rows, seed), any);
      count["alarm"] += !test.failures.empty();
      count["tested"] += test.arms > 0;
    });
    cells.at_most(kind.name, c.at("alarm"), c.worlds, .01);
    cells.at_least(fmt::format("{}, tested", kind.name), c.at("tested"), c.worlds, 1);
  }
  std::printf("Unsound logs: found\n");
  if (cells.wants("wrong by a column")) {
    const Counts c =
        cells.count("wrong by a column", quick ? 40 : 1000, [&](std::uint64_t seed, Counts& count) {
          const DecisionLog log = wrong_by_column(seed);
          count["found"] += test_balance(log, any).fails(log.context[12].name);
        });
    cells.at_least(".8 and .2 by one column, stated as .5, 2,000", c.at("found"), c.worlds, .98);
  }
  if (cells.wants("moved by the action")) {
    const Counts c =
        cells.count("moved by the action", quick ? 40 : 1000, [&](std::uint64_t seed, Counts& count) {
          const DecisionLog log = moved_by_action(seed);
          count["found"] += test_balance(log, any).fails(log.context[2].name);
        });
    cells.at_least("a number moved by .2 standard deviations, 6,000", c.at("found"), c.worlds, .95);
  }
  if (cells.wants("confounded")) {
    const Counts c = cells.count("confounded", quick ? 6 : 200, confounded);
    cells.at_most("confounded, guessed goal, gate: a verdict", c.at("verdict"), c.worlds, 0);
    cells.at_most("confounded: a failing column in the guessed context", c.at("failing column in the context"),
                  c.worlds, 0);
    cells.at_least("confounded: past is named", c.at("found"), c.worlds, 1);
  }
  std::printf("All checks of sound logs: no cap\n");
  const Goal campaign = read_goal(source_path("examples/campaign/goal.toml"));
  const Goal newsfeed = read_goal(source_path("examples/newsfeed/goal.toml"));
  if (cells.wants("no cap")) {
    const Counts c = cells.count("no cap, campaign", quick ? 40 : 500, [&](std::uint64_t seed, Counts& count) {
      CampaignOptions world;
      world.decisions = 4000;
      world.seed = seed;
      count["cap"] += capped(campaign_log(world, campaign), campaign);
    });
    cells.at_least("campaign, 4,000", static_cast<double>(c.worlds) - c.at("cap"), c.worlds, .97);
    const Counts d = cells.count("no cap, newsfeed", quick ? 10 : 500, [&](std::uint64_t seed, Counts& count) {
      NewsfeedOptions world;
      world.decisions = 4000;
      world.seed = seed;
      count["cap"] += capped(newsfeed_log(world, newsfeed), newsfeed);
    });
    cells.at_least("newsfeed, 4,000", static_cast<double>(d.worlds) - d.at("cap"), d.worlds, .97);
  }
  return cells.close();
}
