// The scale of what people prefer, against known truth: a log-odds of .5 in decided answers, with ties by
// Davidson and with answers that are coins. Is what these people gave covered as they gave it, is .5 covered
// where check items or a true bound tell how many coins there are, and does a goal that trades preferences for
// another unit decide nothing that the coins would turn?
#include <fmt/format.h>

#include "loop/stages.h"
#include "plumb/careless.h"
#include "plumb/preferred.h"
#include "plumb/regression.h"
#include "quality/cells.h"
#include "quality/liked.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

constexpr double kLiked = .5;

// b over a, from the lowest end at any lapse of the range to the highest.
struct Answered {
  bool known = false;
  Interval interval;
};

Answered answered(const Asked& world, std::optional<double> declared) {
  DecisionLog log = world.log();
  assign_folds(log, 1);
  OutcomeModels models = fit_outcome_models(log, {"value"}, 1);
  const Feedback people = world.feedback();
  const auto given = std::make_shared<PreferenceModel>(fit_preference(people, models.map, 1, 1));
  add_preference(log, models, "preferred", given, log.logged, 1);
  const LapseRange lapses = lapse_range(people, declared);
  Answered out;
  for (const double lapse : {lapses.lowest, lapses.highest}) {
    restate_preference(log, models,
                       std::make_shared<PreferenceModel>(at_lapse(*given, people, models.map, 1, lapse, 1)),
                       log.logged, 1);
    const ContrastParts parts = b_over_a(log, models);
    if (!parts.why_not.empty()) return {};
    const Interval i = interval_of(parts, normal_quantile(.975), .95);
    if (out.known) {
      out.interval.lower = std::min(out.interval.lower, i.lower);
      out.interval.upper = std::max(out.interval.upper, i.upper);
    } else {
      out = {true, i};
    }
  }
  return out;
}

// What goal `value + weight * preferred` says of b against a, declared or not.
Verdict mixed(const Asked& world, double weight, std::optional<double> declared) {
  const Goal goal =
      parse_goal(fmt::format("goal.maximize = \"value + {} * preferred\"\n"
                             "policy.reference = \"constant:a\"\n"
                             "outcome.value.kind = \"number\"\n"
                             "outcome.preferred.kind = \"preference\"\n{}"
                             "data.feedback = [\"votes\"]\n"
                             "data.context = [\"x\"]\n",
                             weight,
                             declared ? fmt::format("outcome.preferred.careless_at_most = {}\n", *declared)
                                      : std::string()),
                 "goal.toml");
  LoadReport load;
  load.rows_read = load.decisions = world.decisions;
  RunOptions options;
  options.seed = 1;
  options.threads = 1;
  Study study = check_in_memory(goal, world.log(), load, options, "gate", world.feedback());
  learn_outcomes(study, options);
  CertificationOptions how;
  how.caps = study.caps;
  how.with_constants = false;
  return certify_at_every_lapse(study, {{constant_policy("b"), "", true}}, how).candidates[1].verdict;
}

}  // namespace

int main(int argc, char** argv) {
  Cells cells("panels_scale", argc, argv);
  const std::uint64_t worlds = cells.quick() ? 40 : 2000, few = cells.quick() ? 10 : 200;
  const auto cover = [&](const std::string& name, const Asked& world, std::optional<double> declared,
                         double truth) {
    if (!cells.wants(name)) return;
    const Counts c = cells.count(name, worlds, [&](std::uint64_t seed, Counts& count) {
      Asked mine = world;
      mine.seed = seed;
      const Answered now = answered(mine, declared);
      count["number"] += now.known;
      if (!now.known) return;
      count["missed"] += truth < now.interval.lower || truth > now.interval.upper;
      count["width"] += now.interval.upper - now.interval.lower;
    });
    fmt::print("{:<46} number {:6.0f} missed {:5.0f} of {}, mean width {:.3f}\n", name, c.at("number"),
               c.at("missed"), c.worlds, c.at("width") / std::max(1.0, c.at("number")));
    cells.claims.claim(c.at("number") == static_cast<double>(c.worlds), name + ": a number in every world");
    cells.claims.claim(c.at("missed") <= .07 * c.at("number") ||
                           c.at("missed") <= static_cast<double>(most_explained(.05, c.worlds)),
                       fmt::format("{}: {:.0f} missed", name, c.at("missed")));
  };
  Asked world;
  for (const double ties : {0.0, .3}) {
    world.ties = ties;
    cover(fmt::format("no coins, ties {}", ties), world, {}, kLiked);
  }
  for (const double careless : {.2, .5}) {
    world = {};
    world.careless = careless;
    const double given = (1 - careless) * sigmoid(kLiked) + careless / 2;
    cover(fmt::format("coins {}, as answered", careless), world, {}, std::log(given / (1 - given)));
    cover(fmt::format("coins {}, bound declared", careless), world, careless, kLiked);
    world.checks = 300;
    cover(fmt::format("coins {}, 300 check items", careless), world, {}, kLiked);
  }
  world = {};
  if (cells.wants("bound of 0")) {
    const Counts c = cells.count("bound of 0", few, [&](std::uint64_t seed, Counts& count) {
      Asked mine;
      mine.seed = seed;
      const Interval plain = answered(mine, {}).interval, zero = answered(mine, 0.0).interval;
      count["plain"] += plain.upper - plain.lower;
      count["zero"] += zero.upper - zero.lower;
    });
    cells.claims.claim(c.at("zero") <= 1.05 * c.at("plain"),
                       fmt::format("bound of 0: {:.3f} as wide as without", c.at("zero") / c.at("plain")));
  }
  // b costs .5 and is liked by .5, for which 1.5 is paid a unit: it gains .25. As half of the answers are coins
  // it seems to be liked by .246, and to lose.
  const auto trade = [&](const std::string& name, double effect, double weight, double careless,
                         std::optional<double> declared, const std::function<void(const Counts&)>& claims) {
    if (!cells.wants(name)) return;
    const Counts c = cells.count(name, few, [&](std::uint64_t seed, Counts& count) {
      Asked mine;
      mine.decisions = mine.comparisons = 6000;
      mine.effect = effect;
      mine.careless = careless;
      mine.seed = seed;
      const Verdict verdict = mixed(mine, weight, declared);
      count["pass"] += verdict == Verdict::kPass;
      count["refuse"] += verdict == Verdict::kRefuse;
    });
    fmt::print("{:<46} pass {:5.0f} refuse {:5.0f} of {}\n", name, c.at("pass"), c.at("refuse"), c.worlds);
    claims(c);
  };
  trade("trade that coins turn", -.5, 1.5, .5, {}, [&](const Counts& c) {
    cells.claims.claim(c.at("refuse") == 0 && c.at("pass") == 0,
                       fmt::format("trade that coins turn: {:.0f} verdicts", c.at("pass") + c.at("refuse")));
  });
  trade("trade that coins turn, no coins declared", -.5, 1.5, 0, 0.0, [&](const Counts& c) {
    cells.claims.claim(c.at("pass") >= .8 * static_cast<double>(c.worlds),
                       fmt::format("no coins declared: {:.0f} passed", c.at("pass")));
  });
  trade("trade that no coins turn", .3, 1, .2, {}, [&](const Counts& c) {
    cells.claims.claim(c.at("pass") >= .95 * static_cast<double>(c.worlds),
                       fmt::format("trade that no coins turn: {:.0f} passed", c.at("pass")));
  });
  return cells.close();
}
