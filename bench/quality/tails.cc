// Skewed outcomes and few units: no arm differs in truth. How often does any interval of a certification's
// family miss, how often is there a number, and does the diagnostic of the tail speak where no interval holds?
#include <fmt/format.h>

#include "quality/arms_log.h"
#include "quality/cells.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

struct Shape {
  const char* name;
  Draws draws;
  double sigma;
};
constexpr Shape kShapes[] = {{"normal", Draws::kNormal, 1},
                             {"t(3)", Draws::kStudent3, 1},
                             {"lognormal 1", Draws::kLognormal, 1},
                             {"lognormal 1.5", Draws::kLognormal, 1.5},
                             {"lognormal 2", Draws::kLognormal, 2}};

void one_world(const ArmsWorld& world, std::uint64_t seed, Counts& count) {
  ArmsWorld mine = world;
  mine.seed = seed;
  const DecisionLog log = arms_log(mine);
  const Goal goal = parse_goal("[goal]\nmaximize = \"y\"\n[outcome.y]\nkind = \"number\"\n");
  const OutcomeModels models = fit_outcome_models(log, {"y"}, 1);
  CertificationOptions how;
  how.seed = seed;
  const Certification c = certify(log, goal, models, std::make_shared<LoggingPolicy>(log, 1), {}, how);
  bool missed = false, silent = false, tail = false, any = false;
  const auto look = [&](const Measured& gain, bool supported) {
    any = any || supported;
    silent = silent || (supported && !gain.known);
    tail = tail || gain.why_not.find("a few units decide") != std::string::npos;
    missed = missed || (gain.known && (gain.interval.lower > 0 || gain.interval.upper < 0));
  };
  const auto supported = [&](const std::string& name) {
    for (const CandidateClaim& claim : c.candidates)
      if (claim.name == name) return claim.support.sufficient;
    return false;
  };
  for (const PairClaim& pair : c.pairs) look(pair.gain, true);
  for (const CandidateClaim& claim : c.candidates) {
    if (claim.kind == PolicyKind::kReference) continue;
    look(claim.versus_reference, supported(claim.name));
    count["shipped"] += claim.verdict == Verdict::kPass;
  }
  count["asked"] += any;
  count["missed"] += missed;
  count["silent"] += silent;
  count["tail"] += tail;
}

std::size_t rarest(const ArmsWorld& world) {
  double least = 1;
  for (const double share : world.share)
    if (share * static_cast<double>(world.decisions) >= kLeastEss) least = std::min(least, share);
  return static_cast<std::size_t>(least * static_cast<double>(world.decisions));
}

}  // namespace

int main(int argc, char** argv) {
  Cells cells("tails", argc, argv);
  const std::uint64_t worlds = cells.quick() ? 40 : 400;
  const std::vector<std::vector<double>> shares = {{.5, .5}, {.7, .2, .1}, {.7, .2, .08, .02}};
  std::printf("%-56s %6s %6s %6s %6s %7s\n", "cell", "asked", "missed", "silent", "tail", "shipped");
  for (const Shape& shape : kShapes) {
    for (const double sign : {1.0, -1.0}) {
      if (sign < 0 && shape.draws != Draws::kLognormal) continue;  // the others are symmetric
      for (const std::vector<double>& share : shares) {
        for (const std::size_t n : {4000, 20000}) {
          for (const std::size_t units : {0, 300, 80}) {
            if (cells.quick() && (n > 4000 || share.size() != 4 || units == 300)) continue;
            ArmsWorld world;
            world.decisions = n;
            world.share = share;
            world.rate.assign(share.size(), 1);
            world.draws = shape.draws;
            world.sigma = shape.sigma;
            world.sign = sign;
            world.units = units;
            const std::string name =
                fmt::format("{}{}, {} arms, {} rows, {}", sign < 0 ? "cost, " : "", shape.name, share.size(), n,
                            units == 0 ? "own units" : fmt::format("{} units", units));
            if (!cells.wants(name)) continue;
            const Counts c = cells.count(name, worlds,
                                         [&](std::uint64_t seed, Counts& one) { one_world(world, seed, one); });
            std::printf("%-56s %6.0f %6.0f %6.0f %6.0f %7.0f\n", name.c_str(), c.at("asked"), c.at("missed"),
                        c.at("silent"), c.at("tail"), c.at("shipped"));
            std::fflush(stdout);
            cells.at_most(name + ": family missed", c.at("missed"), worlds, .05);
            const bool must = shape.draws != Draws::kLognormal || shape.sigma <= 1 ||
                              (shape.sigma <= 1.5 && rarest(world) >= 1000);
            if (must) cells.at_most(name + ": no number", c.at("silent"), worlds, .01);
          }
        }
      }
    }
  }
  return cells.close();
}
