// Missing outcomes, against known truth: do intervals cover where being observed depends on action and context,
// is a wrong model of that found, is nothing decided where nobody knows why answers are missing, and is
// everything decided where that cannot matter?
//
// The world: x normal, a plan of three levels, arms a and b half and half, y binary with
// P(y = 1) = .1 + .7 sigmoid(.8 x - .3 + .5 [pro]) and `effect` more for b, so that the true gain is the effect
// exactly. Observed with probability sigmoid(c + .8 x - .6 [b] + .5 [pro]), c such that a given share is
// missing.
#include "plumb/regression.h"
#include "quality/cells.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

enum class Why { kLogistic, kSquare, kCross, kStep, kSatisfied };

struct World {
  std::size_t rows = 20000;
  double missing = .5, effect = 0;
  Why why = Why::kLogistic;
  bool curved = false;    // the outcome too goes by what the observation goes by
  double satisfied = .5;  // kSatisfied: how much as often the satisfied of b are observed
};

double pro(std::uint32_t plan) { return plan == 2 ? 1 : 0; }

// Log-odds of being observed without their constant.
double tendency(Why why, double x, double z, std::uint32_t plan, bool b) {
  const double arm = b ? -.6 : 0;
  switch (why) {
    case Why::kLogistic:
    case Why::kSatisfied:
      return .8 * x + arm + .5 * pro(plan);
    case Why::kSquare:
      return .9 * (x * x - 1) + arm;
    case Why::kCross:
      return 1.2 * x * z + arm;
    case Why::kStep:
      return (std::abs(x) < .7 ? 1.8 : 0) + arm;
  }
  return 0;
}

// The constant that makes `share` missing, by bisection over a fixed sample.
double constant_for(const World& world) {
  Rng rng = Rng(977).stream("observed");
  std::vector<double> odds;
  for (int i = 0; i < 20000; ++i) {
    const double x = rng.normal(), z = rng.normal();
    odds.push_back(tendency(world.why, x, z, static_cast<std::uint32_t>(i % 3), i % 2 == 0));
  }
  double low = -20, high = 20;
  for (int step = 0; step < 60; ++step) {
    const double c = (low + high) / 2;
    double seen = 0;
    for (const double o : odds) seen += sigmoid(c + o);
    (seen / static_cast<double>(odds.size()) < 1 - world.missing ? low : high) = c;
  }
  return (low + high) / 2;
}

struct Drawn {
  DecisionLog log;
  std::vector<double> observed;  // the true probability
};

Drawn draw(const World& world, double constant, std::uint64_t seed) {
  Rng rng = Rng(seed).stream("missing");
  Drawn out;
  DecisionLog& log = out.log;
  log.source = "world";
  log.actions = {"a", "b"};
  log.fixed_actions = true;
  log.propensity_declared = true;
  log.offset.push_back(0);
  log.context = {
      {"x", false, {}, {}, {}}, {"z", false, {}, {}, {}}, {"plan", true, {}, {}, {"free", "plus", "pro"}}};
  OutcomeColumn y;
  y.name = "y";
  y.kind = OutcomeKind::kBinary;
  for (std::size_t i = 0; i < world.rows; ++i) {
    const double x = rng.normal(), z = rng.normal();
    const auto plan = static_cast<std::uint32_t>(rng.below(3));
    const bool b = rng.bernoulli(.5);
    const double bend = !world.curved ? 0 : world.why == Why::kCross ? x * z : std::abs(x) < .7 ? 1.5 : -.5;
    const double expected = .1 + .7 * sigmoid(.8 * x - .3 + .5 * pro(plan) + bend) + (b ? world.effect : 0);
    const bool value = rng.bernoulli(expected);
    double seen = sigmoid(constant + tendency(world.why, x, z, plan, b));
    if (world.why == Why::kSatisfied) seen = (1 - world.missing) * (b && value ? world.satisfied : 1);
    const bool is_seen = rng.bernoulli(seen);
    out.observed.push_back(seen);
    log.unit.push_back(hash_combine(seed, i));
    for (std::uint32_t a = 0; a < 2; ++a) {
      log.action.push_back(a);
      log.logged.push_back(.5f);
    }
    log.offset.push_back(log.action.size());
    log.chosen.push_back(b ? 1 : 0);
    log.propensity.push_back(.5);
    log.context[0].number.push_back(static_cast<float>(x));
    log.context[1].number.push_back(static_cast<float>(z));
    log.context[2].code.push_back(plan);
    y.state.push_back(is_seen ? State::kObserved : State::kMissing);
    y.value.push_back(is_seen && value ? 1 : 0);
    ++(is_seen ? y.observed_count : y.missing_count);
    y.nonzero_count += is_seen && value;
  }
  y.asked_known = y.missing_count == 0;
  log.outcomes.push_back(std::move(y));
  digest_rows(log);
  return out;
}

Goal goal_of(bool declared, double minimum_effect = 0) {
  return parse_goal(
      fmt::format("goal.maximize = \"y\"\ngoal.minimum_effect = {}\noutcome.y.kind = \"binary\"\n{}"
                  "data.log = \"world\"\ndata.action = \"arm\"\ndata.propensity = 0.5\n"
                  "data.context = [\"x\", \"z\", \"plan\"]\npolicy.reference = \"constant:a\"\n",
                  minimum_effect, declared ? "outcome.y.missing = \"at_random\"\n" : ""));
}

// What `gate GOAL constant:b` says of a log in memory.
CandidateClaim gated(const Goal& goal, DecisionLog log, std::uint64_t seed) {
  LoadReport load;
  load.rows_read = load.decisions = log.size();
  Study study = check_in_memory(goal, std::move(log), load, run_options(seed, 1), "gate");
  const OutcomeModels models = fit_outcome_models(study.log, {"y"}, 1);
  CertificationOptions how;
  how.caps = study.caps;
  how.missing_caps = study.missing_caps;
  how.seed = seed;
  how.with_constants = false;
  return certify(study.log, goal, models, constant_policy("a"), {{constant_policy("b"), "", true}}, how)
      .candidates[1];
}

// The gain of b over a by every estimator, with the observation model alone: no checks, no verdict.
void cover(const World& world, double constant, bool halves, std::uint64_t seed, Counts& count) {
  Drawn drawn = draw(world, constant, seed);
  DecisionLog& log = drawn.log;
  const Goal goal = goal_of(true);
  assign_folds(log, seed);
  const MissingFound found = explain_missing(log, goal, 1);
  count["capped"] += !found.caps.empty();
  const auto estimate = [&](const DecisionLog& of) {
    const OutcomeModels models = fit_outcome_models(of, {"y"}, 1);
    Evaluation e(of, models, 1, true, false);
    const std::size_t all = e.add_subset({"all", std::vector<std::uint8_t>(of.size(), 1)});
    std::vector<std::uint8_t> certification(of.size());
    for (std::size_t i = 0; i < of.size(); ++i) certification[i] = !of.in_training(i);
    const std::size_t half = e.add_subset({"half", certification});
    const std::size_t a = e.add_policy(*constant_policy("a")), b = e.add_policy(*constant_policy("b"));
    const std::vector<std::pair<std::size_t, double>> terms{{0, 1.0}};
    const bool known = e.support(a, all, terms).sufficient && e.support(b, all, terms).sufficient;
    std::vector<Contrast> contrasts;
    for (const std::size_t rows : {all, half}) {
      for (const Estimator est : {Estimator::kDr, Estimator::kIps, Estimator::kSnips}) {
        contrasts.push_back({"gain", {}});
        e.add_terms(contrasts.back(), b, terms, rows, 1, est);
        e.add_terms(contrasts.back(), a, terms, rows, -1, est);
      }
    }
    return std::pair(known, e.estimate(contrasts));
  };
  const auto [known, e] = estimate(log);
  if (!known) return;
  ++count["number"];
  const double z = normal_quantile(.975);
  const char* names[] = {"dr", "ips", "snips", "dr half", "ips half", "snips half"};
  for (std::size_t k = 0; k < (halves ? 6u : 3u); ++k)
    count[std::string("miss ") + names[k]] += std::abs(e.value[k] - world.effect) > z * e.standard_error[k];
  count["bias"] += e.value[0] - world.effect;
  DecisionLog stated = log;
  stated.outcomes[0].asked = drawn.observed;
  stated.outcomes[0].asked_estimated = false;
  const auto [also, s] = estimate(stated);
  if (!also) return;
  const double ratio = e.standard_error[0] / s.standard_error[0];
  ++count["both"];
  count["within"] += ratio >= .9 && ratio <= 1.1;
  count["ratio"] += ratio;
  count["miss stated"] += std::abs(s.value[0] - world.effect) > z * s.standard_error[0];
}

void coverage(Cells& cells) {
  std::printf("%-44s %7s %7s %7s %7s %7s %7s %7s %7s %7s\n", "coverage of the gain (of those with a number)",
              "number", "dr", "ips", "snips", "dr 1/2", "stated", "capped", "width", "of");
  for (const std::size_t rows : {std::size_t{2000}, std::size_t{20000}}) {
    for (const double missing : {.02, .1, .5, .9}) {
      for (const double effect : {0., .05}) {
        if (cells.quick() && (rows == 20000 || effect > 0)) continue;
        const World world{rows, missing, effect, Why::kLogistic, false};
        const std::string name = fmt::format("cover, {} rows, {} missing, effect {}", rows, missing, effect);
        if (!cells.wants(name)) continue;
        const double constant = constant_for(world);
        const std::uint64_t worlds = cells.quick() ? 60 : 2000;
        const Counts c = cells.count(name, worlds, [&](std::uint64_t seed, Counts& count) {
          cover(world, constant, true, seed, count);
        });
        const double n = c.at("number"), both = std::max(1.0, c.at("both"));
        const auto share = [&](const char* what) { return n > 0 ? 1 - c.at(what) / n : 1; };
        std::printf("%-44s %7.0f %7.3f %7.3f %7.3f %7.3f %7.3f %7.0f %7.3f %7llu\n", name.c_str(), n,
                    share("miss dr"), share("miss ips"), share("miss snips"), share("miss dr half"),
                    1 - c.at("miss stated") / both, c.at("capped"), c.at("ratio") / both,
                    static_cast<unsigned long long>(c.worlds));
        std::fflush(stdout);
        if (n > 0) {
          // .93 of those with a number, and a true rate of 5 % is not held against anybody.
          const auto numbers = static_cast<std::uint64_t>(n);
          const double most = std::max(std::floor(.07 * n), static_cast<double>(most_explained(.05, numbers)));
          cells.claims.claim(c.at("miss dr") <= most, fmt::format("{}: missed {:.0f} of {} (at most {:.0f})",
                                                                  name, c.at("miss dr"), numbers, most));
        }
        cells.at_most(name + ": a right model capped", c.at("capped"), c.worlds, .01);
        if (rows == 20000 && missing <= .5) {
          cells.at_least(name + ": numbers", n, c.worlds, 1);
          cells.at_least(name + ": width within a tenth of that with stated probabilities", c.at("within"),
                         c.worlds, .5);
        }
      }
    }
  }
}

void wrong_models(Cells& cells) {
  const std::pair<Why, const char*> kinds[] = {
      {Why::kSquare, "square"}, {Why::kCross, "product"}, {Why::kStep, "step"}};
  for (const auto& [why, what] : kinds) {
    for (const std::size_t rows : {std::size_t{2000}, std::size_t{20000}}) {
      if (cells.quick() && rows == 20000) continue;
      const World world{rows, .5, .05, why, true};
      const std::string name = fmt::format("declared, but observed by a {}, {} rows", what, rows);
      if (!cells.wants(name)) continue;
      const double constant = constant_for(world);
      const Counts c = cells.count(name, cells.quick() ? 20 : 200, [&](std::uint64_t seed, Counts& count) {
        Drawn drawn = draw(world, constant, seed);
        assign_folds(drawn.log, seed);
        count["capped"] += !explain_missing(drawn.log, goal_of(true), 1).caps.empty();
      });
      cells.at_least(name + ": capped", c.at("capped"), c.worlds, .95);
    }
  }
}

// Five arms, six numbers and four categories of up to 40 levels; observed by some of them, logistic.
void wide_designs(Cells& cells) {
  for (const std::size_t rows : {std::size_t{2000}, std::size_t{20000}}) {
    const std::string name = fmt::format("a right model in a wide design, {} rows", rows);
    if (!cells.wants(name) || (cells.quick() && rows == 20000)) continue;
    const Counts c = cells.count(name, cells.quick() ? 20 : 1000, [&](std::uint64_t seed, Counts& count) {
      DecisionLog log;
      log.source = "world";
      log.fixed_actions = true;
      log.offset.push_back(0);
      const std::size_t levels[] = {3, 5, 12, 40};
      for (int k = 0; k < 6; ++k) log.context.push_back({fmt::format("x{}", k), false, {}, {}, {}});
      for (int k = 0; k < 4; ++k) {
        log.context.push_back({fmt::format("c{}", k), true, {}, {}, {}});
        for (std::size_t l = 0; l < levels[k]; ++l) log.context.back().levels.push_back(fmt::format("l{}", l));
      }
      for (int a = 0; a < 5; ++a) log.actions.push_back(fmt::format("arm{}", a));
      OutcomeColumn y;
      y.name = "y";
      Rng rng = Rng(seed).stream("wide");
      for (std::size_t i = 0; i < rows; ++i) {
        double odds = .3;
        for (int k = 0; k < 6; ++k) {
          log.context[static_cast<std::size_t>(k)].number.push_back(static_cast<float>(rng.normal()));
          odds += .3 * (k % 2) * static_cast<double>(log.context[static_cast<std::size_t>(k)].number.back());
        }
        for (std::size_t k = 0; k < 4; ++k) {
          log.context[6 + k].code.push_back(static_cast<std::uint32_t>(rng.below(levels[k])));
          odds += k < 2 ? .4 * (log.context[6 + k].code.back() == 0 ? 1 : 0) : 0;
        }
        const auto arm = static_cast<std::uint32_t>(rng.below(5));
        odds += .4 * (arm == 0 ? 1 : 0);
        log.unit.push_back(hash_combine(seed, i));
        for (std::uint32_t a = 0; a < 5; ++a) {
          log.action.push_back(a);
          log.logged.push_back(.2f);
        }
        log.offset.push_back(log.action.size());
        log.chosen.push_back(arm);
        log.propensity.push_back(.2);
        const bool seen = rng.bernoulli(sigmoid(odds));
        y.state.push_back(seen ? State::kObserved : State::kMissing);
        y.value.push_back(seen ? rng.normal() : 0);
        ++(seen ? y.observed_count : y.missing_count);
      }
      log.outcomes.push_back(std::move(y));
      assign_folds(log, seed);
      count["capped"] += !explain_missing(log, goal_of(true), 1).caps.empty();
    });
    cells.at_most(name + ": capped", c.at("capped"), c.worlds, .01);
  }
}

void verdicts(Cells& cells) {
  for (const double effect : {0., .08}) {
    const World world{6000, .5, effect, Why::kSatisfied, false};
    const std::string name =
        fmt::format("undeclared, the satisfied answer b half as often, true gain {}", effect);
    if (!cells.wants(name)) continue;
    const Counts c = cells.count(name, cells.quick() ? 10 : 200, [&](std::uint64_t seed, Counts& count) {
      const CandidateClaim claim = gated(goal_of(false, .01), draw(world, 0, seed).log, seed);
      count["pass"] += claim.verdict == Verdict::kPass;
      count["refuse"] += claim.verdict == Verdict::kRefuse;
      count["wrong interval"] +=
          claim.versus_reference.interval.lower > effect || claim.versus_reference.interval.upper < effect;
    });
    const double wrong = effect > 0 ? c.at("refuse") : c.at("pass");
    cells.claims.claim(wrong == 0 && c.at("pass") + c.at("refuse") == 0,
                       fmt::format("{}: {:.0f} passed, {:.0f} refused of {} ({:.0f} intervals miss the truth)",
                                   name, c.at("pass"), c.at("refuse"), c.worlds, c.at("wrong interval")));
  }
  const std::pair<Why, const char*> kinds[] = {{Why::kLogistic, "by action and context"},
                                               {Why::kSatisfied, "by the answer"}};
  for (const auto& [why, what] : kinds) {
    const bool by_answer = why == Why::kSatisfied;
    const World world{20000, by_answer ? .01 : .02, .05, why, false, .98};
    const std::string name = fmt::format("undeclared, 2 percent missing {}, 20000 rows, true gain .05", what);
    if (!cells.wants(name)) continue;
    const double constant = by_answer ? 0 : constant_for(world);
    const Counts c = cells.count(name, cells.quick() ? 6 : 400, [&](std::uint64_t seed, Counts& count) {
      const CandidateClaim claim = gated(goal_of(false), draw(world, constant, seed).log, seed);
      count["pass"] += claim.verdict == Verdict::kPass;
      count["bounds"] += claim.versus_reference.method == "bounds";
      count["miss"] +=
          claim.versus_reference.interval.lower > .05 || claim.versus_reference.interval.upper < .05;
    });
    if (!by_answer)
      cells.at_least(name + ": passed by bounds", std::min(c.at("pass"), c.at("bounds")), c.worlds, .95);
    cells.at_most(name + ": intervals that miss", c.at("miss"), c.worlds, .05);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Cells cells("missing", argc, argv);
  coverage(cells);
  wrong_models(cells);
  wide_designs(cells);
  verdicts(cells);
  return cells.close();
}
