// Customer lifetime value, against known truth: is a verdict false where an effect fades, turns or was never
// there, and are honest effects found nearly as often as by a t test on what was seen?
//
// The world: customers first buy in weeks 0 to 24, are decided about (a or b, half each) in weeks 24 to 28, and
// the file ends after 52: 26 weeks are seen after a typical decision, 26 more are asked for. Rates are BG/NBD's
// (Gamma(1.2, 8 weeks), leaving Beta(.8, 2.5)), an amount is 30 in the mean. From the decision on b's rate is
// multiplied by `effect` at this time since the decision. Seasonal: all rates times 1 + .3 sin(2 pi week / 52).
// Heterogeneous: two sorts of customers, of whom a third buys four times as often; effects differ by customer
// (lognormal, .5) around the mean. The true gain is a mean over 200,000 customers of a and b each, beyond the
// file's end, on the same draws.
#include <cmath>
#include <numbers>

#include "loop/stages.h"
#include "plumb/learnt.h"
#include "quality/cells.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

constexpr double kEnd = 52, kHorizon = 26;  // weeks

enum class Effect { kNone, kConstant, kFades, kTurns, kAtOnce, kSooner };

struct World {
  const char* name = "";
  Effect effect = Effect::kNone;
  double size = 1;  // of the effect at the decision; kAtOnce, kSooner: share of customers
  bool seasonal = false, heterogeneous = false;
  std::size_t customers = 3000;
  double minimum = 1;  // of the goal
  bool quick = false;  // also in a quick run
};

// b's rate over a's, `week` after the decision.
double ratio_at(const World& world, double week) {
  switch (world.effect) {
    case Effect::kConstant:
      return world.size;
    case Effect::kFades:
      return 1 + (world.size - 1) * std::exp2(-week / 8);
    case Effect::kTurns:
      return week < 8 ? world.size : world.size > 1.5 ? .6 : 2 - world.size;
    default:
      return 1;
  }
}

struct Customer {
  double decided = 0;
  std::vector<double> week, amount;  // of every purchase up to the horizon
};

// One customer under one arm. Equal streams for both arms: what does not depend on the arm is the same.
Customer draw(const World& world, bool b, const Rng& stream) {
  Rng rng = stream.stream("customer"), buys = stream.stream("buys"), pays = stream.stream("pays");
  Customer out;
  const double first = 24 * rng.uniform();
  out.decided = 24 + 4 * rng.uniform();
  double rate = rng.gamma(1.2) / 8, personal = rng.normal();
  const double leaves = rng.beta(.8, 2.5), nu = rng.gamma(4) / 15;
  if (world.heterogeneous) rate = (rng.bernoulli(1. / 3) ? .24 : .06) * (.5 + rng.uniform());
  const double most = std::max(1.0, 2.5 * world.size);  // of ratio and season: thinned
  const auto add = [&](double week) {
    out.week.push_back(week);
    out.amount.push_back(pays.gamma(6) / nu);
  };
  add(first);
  bool extra =
      b && (world.effect == Effect::kAtOnce || world.effect == Effect::kSooner) && rng.uniform() < world.size;
  bool skip = false;
  double now = first;
  while (true) {
    double next = now + buys.exponential() / (rate * most);
    const double kept = buys.uniform();
    if (extra && next > out.decided) {  // still there at the decision: buys within a day
      extra = false;
      skip = world.effect == Effect::kSooner;
      now = out.decided + buys.uniform() / 7;
      add(now);
      if (buys.uniform() < leaves) return out;
      continue;
    }
    now = next;
    if (now >= kEnd + kHorizon) return out;
    double ratio = world.seasonal ? 1 + .3 * std::sin(2 * std::numbers::pi * now / 52) : 1;
    if (b && now > out.decided) {
      double effect = ratio_at(world, now - out.decided);
      if (world.heterogeneous) effect = 1 + (effect - 1) * std::exp(.5 * personal - .125);
      ratio *= effect;
    }
    if (kept >= ratio / most) continue;
    if (skip) {  // it came sooner
      skip = false;
      continue;
    }
    add(now);
    if (buys.uniform() < leaves) return out;
  }
}

double spent(const Customer& c, double from, double to) {
  double sum = 0;
  for (std::size_t k = 0; k < c.week.size(); ++k) sum += c.week[k] > from && c.week[k] < to ? c.amount[k] : 0;
  return sum;
}

// By blocks of customers, a seed each.
double true_gain(Cells& cells, const World& world) {
  constexpr std::size_t kEach = 1000;
  const Counts c = cells.count(
      fmt::format("truth, {}", world.name), cells.quick() ? 20 : 200, [&](std::uint64_t seed, Counts& count) {
        for (std::size_t k = 0; k < kEach; ++k) {
          const Rng stream = Rng(77).stream("truth", seed * kEach + k);
          const Customer a = draw(world, false, stream), b = draw(world, true, stream);
          count["gain"] += spent(b, b.decided, kEnd + kHorizon) - spent(a, a.decided, kEnd + kHorizon);
        }
      });
  return c.at("gain") / static_cast<double>(c.worlds * kEach);
}

Goal goal_of(const World& world) {
  return parse_goal(fmt::format(
      "[goal]\nmaximize = \"clv\"\nminimum_effect = {}\n[outcome.clv]\nkind = \"amount\"\nmodel = \"bg_nbd\"\n"
      "transactions = \"t.csv\"\nhorizon = \"182d\"\n[data]\nlog = \"world\"\nunit = \"customer\"\ntime = "
      "\"time\"\n"
      "as_of = \"2024-12-30\"\naction = \"arm\"\npropensity = 0.5\ncontext = [\"x\"]\n"
      "[policy]\nreference = \"constant:a\"\n",
      world.minimum));
}

struct Answer {
  Verdict verdict = Verdict::kInconclusive;
  bool capped = false;
  double gain = 0, lower = 0, upper = 0;
  double seen_z = 0;
  bool seen_passes = false;  // Welch's t on what was spent before the end
};

Answer ask(const World& world, std::uint64_t seed) {
  const std::int64_t begin = parse_time_us("2024-01-01", "", "");
  const Rng rng = Rng(seed).stream("lifetime outcomes");
  DecisionLog log;
  Transactions t;
  log.source = "world";
  t.source = "t.csv";
  log.actions = {"a", "b"};
  log.fixed_actions = log.unit_named = log.propensity_declared = true;
  log.offset.push_back(0);
  log.context = {{"x", false, {}, {}, {}}};
  std::array<double, 2> n{}, sum{}, squares{};
  for (std::size_t i = 0; i < world.customers; ++i) {
    const Rng stream = rng.stream("customer", i);
    Rng own = stream.stream("arm");
    const bool b = own.bernoulli(.5);
    const Customer c = draw(world, b, stream);
    const std::string name = fmt::format("c{}", i);
    t.customer.push_back(name);
    for (std::size_t k = 0; k < c.week.size(); ++k) {
      if (c.week[k] >= kEnd) continue;
      t.who.push_back(static_cast<std::uint32_t>(i));
      t.time_us.push_back(begin + static_cast<std::int64_t>(c.week[k] * static_cast<double>(kWeekUs)));
      t.amount.push_back(c.amount[k]);
    }
    log.unit.push_back(hash_bytes(name));
    log.time_us.push_back(begin + static_cast<std::int64_t>(c.decided * static_cast<double>(kWeekUs)));
    log.action.insert(log.action.end(), {0, 1});
    log.logged.insert(log.logged.end(), {.5f, .5f});
    log.offset.push_back(log.action.size());
    log.chosen.push_back(b ? 1 : 0);
    log.propensity.push_back(.5);
    log.context[0].number.push_back(static_cast<float>(own.normal()));
    const double seen = spent(c, c.decided, kEnd);
    n[b] += 1;
    sum[b] += seen;
    squares[b] += seen * seen;
  }
  digest_rows(log);
  Answer out;
  double variance = 0;
  for (const int k : {0, 1}) {
    const auto a = static_cast<std::size_t>(k);
    variance += (squares[a] / n[a] - sum[a] / n[a] * sum[a] / n[a]) / (n[a] - 1);
  }
  out.seen_z = (sum[1] / n[1] - sum[0] / n[0]) / std::sqrt(variance);
  out.seen_passes = out.seen_z > 1.96;
  const Goal goal = goal_of(world);
  LoadReport load;
  load.rows_read = load.decisions = log.size();
  Study study = check_in_memory(goal, std::move(log), load, run_options(seed, 1), "gate", std::nullopt,
                                {{"clv", std::move(t)}});
  auto learnt = learn_columns(study);
  OutcomeModels models = fit_outcome_models(study.log, {"clv"}, 1);
  models.learnt = std::move(learnt);
  add_histories(study.log, models);
  CertificationOptions how;
  how.caps = study.caps;
  how.seed = seed;
  how.with_constants = false;
  const CandidateClaim claim =
      certify(study.log, goal, models, constant_policy("a"), {{constant_policy("b"), "", true}}, how)
          .candidates[1];
  out.verdict = claim.verdict;
  out.capped = !study.caps.empty();
  out.gain = claim.versus_reference.value;
  out.lower = claim.versus_reference.interval.lower;
  out.upper = claim.versus_reference.interval.upper;
  return out;
}

void add(const World& world, double truth, std::uint64_t seed, Counts& count) {
  const Answer answer = ask(world, seed);
  count["pass"] += answer.verdict == Verdict::kPass;
  count["refuse"] += answer.verdict == Verdict::kRefuse;
  count["capped"] += answer.capped;
  count["miss"] += truth < answer.lower || truth > answer.upper;
  count["miss uncapped"] += !answer.capped && (truth < answer.lower || truth > answer.upper);
  count["seen z"] += answer.seen_z;
  count["z"] += answer.gain / (answer.upper - answer.lower) * 2 * 1.96;
  count["seen"] += answer.seen_passes;
  count["gain"] += answer.gain;
  count["width"] += answer.upper - answer.lower;
}

Counts cell(Cells& cells, const World& world, double truth, std::uint64_t worlds) {
  const Counts c = cells.count(world.name, worlds,
                               [&](std::uint64_t seed, Counts& count) { add(world, truth, seed, count); });
  const auto n = static_cast<double>(c.worlds);
  std::printf("%-40s %8.2f %8.2f %8.2f %7.0f %7.0f %7.0f %7.0f %7.0f %7.0f %6.2f %6.2f\n", world.name, truth,
              c.at("gain") / n, c.at("width") / n, c.at("pass"), c.at("refuse"), c.at("seen"), c.at("capped"),
              c.at("miss"), c.at("miss uncapped"), c.at("z") / n, c.at("seen z") / n);
  return c;
}

}  // namespace

int main(int argc, char** argv) {
  // --worlds N: so many worlds in every cell, for a look in between.
  std::uint64_t asked = 0;
  std::vector<char*> rest{argv[0]};
  for (int k = 1; k < argc; ++k) {
    if (std::string_view(argv[k]) == "--worlds" && k + 1 < argc) {
      asked = std::strtoull(argv[++k], nullptr, 10);
    } else {
      rest.push_back(argv[k]);
    }
  }
  Cells cells("lifetime_outcomes", static_cast<int>(rest.size()), rest.data());
  std::printf("%-40s %8s %8s %8s %7s %7s %7s %7s %7s %7s\n", "world", "truth", "mean", "width", "pass",
              "refuse", "t seen", "capped", "miss", "uncapped");
  const std::vector<World> doubtful = {
      {"no effect", Effect::kNone, 1, false, false, 3000, 1, true},
      {"no effect, seasonal", Effect::kNone, 1, true, false, 3000, 1},
      {"no effect, heterogeneous", Effect::kNone, 1, false, true, 3000, 1},
      {"boost of .6 that fades", Effect::kFades, 1.6, false, false, 3000, 1},
      {"boost of .6 that fades, seasonal", Effect::kFades, 1.6, true, false, 3000, 1},
      {"boost of 1 that turns", Effect::kTurns, 2, false, false, 3000, 1},
      {"boost of .3 that turns", Effect::kTurns, 1.3, false, false, 3000, 1, true},
      {"boost of .3 that turns, heterogeneous", Effect::kTurns, 1.3, false, true, 3000, 1},
      {"a purchase more at once", Effect::kAtOnce, .5, false, false, 3000, 1},
      {"the next purchase at once", Effect::kSooner, .5, false, false, 3000, 1}};
  const std::vector<World> honest = {{"constant", Effect::kConstant, 1.3, false, false, 3000, 1, true},
                                     {"constant, seasonal", Effect::kConstant, 1.3, true, false, 3000, 1},
                                     {"constant, heterogeneous", Effect::kConstant, 1.3, false, true, 3000, 1}};
  const std::uint64_t few = asked > 0       ? asked
                            : cells.quick() ? 5
                                            : 400,
                      many = asked > 0       ? asked
                             : cells.quick() ? 5
                                             : 2000;
  for (const World& world : doubtful) {
    if (!cells.wants(world.name) || (cells.quick() && !world.quick)) continue;
    const double truth = true_gain(cells, world);
    const Counts c = cell(cells, world, truth, few);
    // A pass says that there is a gain, a refusal that it is below the one worth shipping.
    const double wrong = (truth <= 0 ? c.at("pass") : 0) + (truth >= world.minimum ? c.at("refuse") : 0);
    cells.at_most(fmt::format("{}: false verdicts", world.name), wrong, c.worlds, .025);
    cells.at_most(fmt::format("{}: truth outside of an interval that is not capped", world.name),
                  c.at("miss uncapped"), c.worlds, .05);
  }
  for (const World& world : honest) {
    if (!cells.wants(world.name) || (cells.quick() && !world.quick)) continue;
    const double truth = true_gain(cells, world);
    const Counts c = cell(cells, world, truth, many);
    cells.at_most(fmt::format("{}: truth outside of the interval", world.name), c.at("miss"), c.worlds, .07);
    if (cells.quick()) continue;
    cells.at_least(fmt::format("{}: no cap", world.name), static_cast<double>(c.worlds) - c.at("capped"),
                   c.worlds, .95);
    cells.at_least(fmt::format("{}: passes, of what a t test on spending passes", world.name), c.at("pass"),
                   static_cast<std::uint64_t>(c.at("seen")), .8);
  }
  return cells.close();
}
