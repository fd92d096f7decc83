// One cell decides nothing. Context cells are overwritten with numbers that no column would hold by itself:
// does anything change? Outcome cells likewise: is the row named? And how often does the rule that names a row
// speak on logs in which nothing is wrong?
#include <fmt/format.h>

#include <optional>

#include "quality/cells.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

constexpr std::size_t kRows = 6000;

enum class Shape { kNormal, kLognormal, kRare };  // of the context column; kRare: 99 of 100 are 0

struct World {
  OutcomeKind kind = OutcomeKind::kNumber;
  Shape shape = Shape::kNormal;
  bool stated = true;        // the probability of every action stands in the log, else only the chosen one's
  std::size_t cells = 0;     // of the context that are overwritten
  double value = 0;          // with what; 0: with numbers from 20 to 10^12, of both signs
  std::size_t outcomes = 0;  // of the outcome that are overwritten
  std::size_t rows = kRows;
  std::uint64_t seed = 1;
};

double draw_context(Shape shape, Rng& rng) {
  if (shape == Shape::kNormal) return rng.normal();
  if (shape == Shape::kLognormal) return std::exp(rng.normal());
  return rng.bernoulli(.01) ? 1 + static_cast<double>(rng.below(3)) : 0;
}

double draw_outcome(OutcomeKind kind, double signal, Rng& rng) {
  switch (kind) {
    case OutcomeKind::kBinary:
      return rng.bernoulli(1 / (1 + std::exp(.8 - signal))) ? 1 : 0;
    case OutcomeKind::kCount: {
      double n = 0;
      for (double at = rng.exponential(); at < std::exp(.5 * signal); at += rng.exponential()) ++n;
      return n;
    }
    case OutcomeKind::kAmount:
      return rng.bernoulli(.3) ? std::exp(.4 * signal + .8 * rng.normal()) : 0;
    default:
      return signal + .5 * rng.normal();
  }
}

// Three arms with probabilities that move with the context; the outcome does too. The same world without cells
// has the same decisions and outcomes.
DecisionLog log_of(const World& world, std::optional<std::size_t>* first_outcome = nullptr) {
  DecisionLog log;
  log.source = "one cell";
  log.fixed_actions = true;
  log.actions = {"a", "b", "c"};
  log.offset = {0};
  FeatureColumn x, z;
  x.name = "x";
  z.name = "z";
  OutcomeColumn y;
  y.name = "y";
  y.kind = world.kind;
  const Rng root(world.seed);
  for (std::size_t i = 0; i < world.rows; ++i) {
    Rng rng = root.stream("decision", i);
    const double context = draw_context(world.shape, rng), other = rng.normal();
    const double tilt = std::min(2.0, std::max(-2.0, context));
    std::vector<double> mu{std::exp(-.5 * tilt), std::exp(.5 * tilt), 1};
    const double sum = mu[0] + mu[1] + mu[2];
    for (double& m : mu) m /= sum;
    const std::size_t arm = rng.categorical(mu);
    log.chosen.push_back(static_cast<std::uint32_t>(arm));
    for (std::uint32_t a = 0; a < 3; ++a) {
      log.action.push_back(a);
      if (world.stated) log.logged.push_back(static_cast<float>(mu[a]));
    }
    log.propensity.push_back(static_cast<double>(static_cast<float>(mu[arm])));
    log.offset.push_back(log.action.size());
    log.unit.push_back(hash_combine(i, 11));
    x.number.push_back(static_cast<float>(context));
    z.number.push_back(static_cast<float>(other));
    y.value.push_back(draw_outcome(world.kind, tilt + .3 * other + (arm == 1 ? .2 : 0), rng));
  }
  Rng rng = root.stream("cells");
  for (std::size_t k = 0; k < world.cells; ++k) {
    const double size = world.value != 0 ? world.value : std::pow(10, 1.3 + 10.7 * rng.uniform());
    const bool negative = world.value == 0 && rng.bernoulli(.5);
    x.number[rng.below(world.rows)] = static_cast<float>(negative ? -size : size);
  }
  for (std::size_t k = 0; k < world.outcomes; ++k) {
    const std::size_t i = rng.below(world.rows);
    y.value[i] = 999999999;
    if (k == 0 && first_outcome != nullptr) *first_outcome = i;
  }
  y.state.assign(world.rows, State::kObserved);
  y.observed_count = world.rows;
  y.nonzero_count = static_cast<std::uint64_t>(
      std::count_if(y.value.begin(), y.value.end(), [](double value) { return value != 0; }));
  log.context = {std::move(x), std::move(z)};
  log.outcomes.push_back(std::move(y));
  digest_rows(log);
  assign_folds(log, 1);
  return log;
}

struct Answer {
  bool known = false;
  double gain = 0, error = 0, width = 0;
  std::string why;  // nothing is decided
};

// Arm b against arm a, as gate compares them.
Answer asked(const DecisionLog& log, std::uint64_t seed) {
  const Goal goal = parse_goal(
      fmt::format("[goal]\nmaximize = \"y\"\n[outcome.y]\nkind = \"{}\"\n", name_of(log.outcomes[0].kind)));
  const OutcomeModels models = fit_outcome_models(log, {"y"}, 1);
  CertificationOptions how;
  how.seed = seed;
  const Certification c = certify(log, goal, models, constant_policy("a"), {}, how);
  Answer out;
  for (const CandidateClaim& claim : c.candidates) {
    if (claim.name != "constant:b") continue;
    const Measured& gain = claim.versus_reference;
    out.known = gain.known;
    out.gain = gain.value;
    out.error = gain.standard_error;
    out.width = gain.interval.upper - gain.interval.lower;
    out.why = !claim.support.sufficient ? claim.support.reason : !gain.known ? gain.why_not : claim.cap;
  }
  return out;
}

const char* word(Shape shape) {
  return shape == Shape::kNormal ? "normal" : shape == Shape::kLognormal ? "lognormal" : "99 % zeros";
}

void context_cells(Cells& table, std::uint64_t worlds) {
  std::printf("%-62s %6s %6s %6s\n", "context cells", "capped", "wide", "far");
  for (const bool stated : {true, false}) {
    for (const Shape shape : {Shape::kNormal, Shape::kLognormal, Shape::kRare}) {
      for (const OutcomeKind kind :
           {OutcomeKind::kBinary, OutcomeKind::kCount, OutcomeKind::kAmount, OutcomeKind::kNumber}) {
        for (const std::size_t cells : {1, 3, 30}) {
          for (const double value : {0.0, 100.0, 999999999.0}) {
            if (table.quick() &&
                (value == 100 || cells == 3 || shape == Shape::kRare || stated == (cells == 1)))
              continue;
            const std::string name = fmt::format("{}, {}, {} x {}, {}", name_of(kind), word(shape), cells,
                                                 value == 0 ? "any size" : fmt::format("{:.0f}", value),
                                                 stated ? "stated" : "only of the chosen");
            if (!table.wants(name)) continue;
            const Counts c = table.count(name, worlds, [&](std::uint64_t seed, Counts& one) {
              World world{.kind = kind, .shape = shape, .stated = stated, .seed = seed};
              const Answer clean = asked(log_of(world), seed);
              world.cells = cells;
              world.value = value;
              const Answer with = asked(log_of(world), seed);
              const bool capped = !with.why.empty() && clean.why.empty();
              one["capped"] += capped;
              if (!with.known || !clean.known) return;
              one["wide"] += with.width > 1.2 * clean.width;
              one["far"] += std::abs(with.gain - clean.gain) > .5 * clean.error;
            });
            std::printf("%-62s %6.0f %6.0f %6.0f\n", name.c_str(), c.at("capped"), c.at("wide"), c.at("far"));
            std::fflush(stdout);
            table.at_most(name + ": capped", c.at("capped"), worlds, .01);
            table.at_most(name + ": wider than 1.2 times", c.at("wide"), worlds, .03);
            table.at_most(name + ": moved by half an error", c.at("far"), worlds, .03);
          }
        }
      }
    }
  }
}

void outcome_cells(Cells& table, std::uint64_t worlds) {
  std::printf("%-62s %6s %6s\n", "outcome cells", "named", "beyond");
  for (const OutcomeKind kind : {OutcomeKind::kAmount, OutcomeKind::kCount, OutcomeKind::kNumber}) {
    for (const std::size_t rows : {std::size_t{2000}, kRows}) {
      const std::string name = fmt::format("{}, one outcome of 999999999 in {}", name_of(kind), rows);
      if (!table.wants(name)) continue;
      const Counts c = table.count(name, worlds, [&](std::uint64_t seed, Counts& one) {
        std::optional<std::size_t> row;
        const World world{.kind = kind, .outcomes = 1, .rows = rows, .seed = seed};
        const DecisionLog log = log_of(world, &row);
        if (log.chosen_action(*row) == 2) return;  // arm c is not compared
        const Answer answer = asked(log, seed);
        one["asked"] += 1;
        one["named"] += answer.why.find(fmt::format("decision {} ", *row + 1)) != std::string::npos;
        one["beyond"] += answer.known && std::abs(answer.gain) > 1e9;
      });
      std::printf("%-62s %6.0f %6.0f\n", name.c_str(), c.at("named"), c.at("beyond"));
      std::fflush(stdout);
      table.at_most(name + ": row not named", c.at("asked") - c.at("named"), worlds, .001);
      table.at_most(name + ": gain beyond what was observed", c.at("beyond"), worlds, .001);
    }
  }
}

// Two arms alike, nothing wrong.
DecisionLog sound(const std::string& kind, std::size_t rows, double share, std::uint64_t seed) {
  World world{.kind = kind == "binary"  ? OutcomeKind::kBinary
                      : kind == "count" ? OutcomeKind::kCount
                                        : OutcomeKind::kNumber,
              .rows = rows,
              .seed = seed};
  DecisionLog log = log_of(world);
  OutcomeColumn& y = log.outcomes[0];
  const Rng root(seed);
  y.nonzero_count = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    Rng rng = root.stream("sound", i);
    const double side = 40 / static_cast<double>(rows);  // 20 events on either side
    if (kind == "binary") y.value[i] = rng.bernoulli(side) ? 1 : 0;
    if (kind == "lognormal 1") y.value[i] = std::exp(rng.normal());
    if (kind == "amount, a tenth not 0") y.value[i] = rng.bernoulli(.1) ? std::exp(rng.normal()) : 0;
    y.nonzero_count += y.value[i] != 0;
    const std::vector<double> mu{1 - share, share};
    const std::size_t arm = rng.categorical(mu);
    log.chosen[i] = static_cast<std::uint32_t>(arm);
    log.propensity[i] = static_cast<double>(static_cast<float>(mu[arm]));
  }
  log.actions = {"a", "b"};
  log.action.clear(), log.logged.clear(), log.offset = {0};
  for (std::size_t i = 0; i < rows; ++i) {
    for (const std::uint32_t a : {0u, 1u}) {
      log.action.push_back(a);
      log.logged.push_back(static_cast<float>(a == 1 ? share : 1 - share));
    }
    log.offset.push_back(log.action.size());
  }
  return log;
}

void sound_logs(Cells& table, std::uint64_t worlds) {
  std::printf("%-62s %6s\n", "sound logs", "capped");
  for (const char* kind : {"binary", "count", "number", "lognormal 1", "amount, a tenth not 0"}) {
    for (const std::size_t rows : {500, 2000, 6000, 20000}) {
      for (const double share : {.5, .2}) {
        if (table.quick() && (rows > 2000 || share < .5)) continue;
        const std::string name = fmt::format("{}, {} rows, {:.0f} % in one arm", kind, rows, 100 * share);
        if (!table.wants(name)) continue;
        const Counts c = table.count(name, worlds, [&](std::uint64_t seed, Counts& one) {
          one["capped"] += asked(sound(kind, rows, share, seed), seed).why.starts_with("one customer");
        });
        std::printf("%-62s %6.0f\n", name.c_str(), c.at("capped"));
        std::fflush(stdout);
        table.at_most(name + ": capped", c.at("capped"), worlds, .03);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Cells table("one_cell", argc, argv);
  context_cells(table, table.quick() ? 4 : 400);
  outcome_cells(table, table.quick() ? 20 : 400);
  sound_logs(table, table.quick() ? 60 : 1000);
  return table.close();
}
