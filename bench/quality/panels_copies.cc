// Copies of votes, against known truth: b is liked no more than a. Do copies make a pass, or another interval;
// are they found under other names; do honest votes keep their numbers and stay uncapped?
#include <fmt/format.h>

#include "plumb/preferred.h"
#include "quality/cells.h"
#include "quality/liked.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

struct Answered {
  bool known = false;
  Interval interval;
  std::vector<std::string> caps;
  bool copied() const {
    return std::any_of(caps.begin(), caps.end(), [](const std::string& cap) {
      return cap.find("copies") != std::string::npos || cap.find("several names") != std::string::npos;
    });
  }
};

Answered answered(const Asked& world) {
  DecisionLog log = world.log();
  assign_folds(log, 1);
  OutcomeModels models = fit_outcome_models(log, {"value"}, 1);
  const auto given = std::make_shared<PreferenceModel>(fit_preference(world.feedback(), models.map, 1, 1));
  add_preference(log, models, "preferred", given, log.logged, 1);
  const ContrastParts parts = b_over_a(log, models);
  Answered out{parts.why_not.empty(), {}, given->caps};
  if (out.known) out.interval = interval_of(parts, normal_quantile(.975), .95);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  Cells cells("panels_copies", argc, argv);
  const std::uint64_t worlds = cells.quick() ? 20 : 400, many = cells.quick() ? 20 : 1000;
  const auto run = [&](const std::string& name, const Asked& world, std::uint64_t n) {
    const Counts c = cells.count(name, n, [&](std::uint64_t seed, Counts& count) {
      Asked mine = world;
      mine.seed = seed;
      const Answered now = answered(mine);
      count["number"] += now.known;
      count["copied"] += now.copied();
      if (!now.known) return;
      const double width = now.interval.upper - now.interval.lower;
      // By the interval alone: a model of a null is right in half of the answers, and is capped for that.
      count["above"] += now.interval.lower > 0;
      count["missed"] += now.interval.lower > world.liked || now.interval.upper < world.liked;
      count["width"] += width;
      if (mine.copies == 1 || mine.renamed) return;
      mine.copies = 1;
      const Interval once = answered(mine).interval;
      count["other width"] += std::abs(width / (once.upper - once.lower) - 1) > .02;
    });
    fmt::print(
        "{:<42} number {:5.0f} above {:4.0f} missed {:4.0f} said to be copies {:4.0f} of {}, width {:.3f}\n",
        name, c.at("number"), c.at("above"), c.at("missed"), c.at("copied"), c.worlds,
        c.at("width") / std::max(1.0, c.at("number")));
    cells.claims.claim(c.at("number") == static_cast<double>(c.worlds), name + ": a number in every world");
    return c;
  };
  Asked world;
  world.liked = 0;
  world.comparisons = 1000;
  world.named = false;
  for (const std::size_t copies : {1, 2, 4, 8}) {
    const std::string name = fmt::format("nobody named, {} copies", copies);
    if (!cells.wants(name)) continue;
    world.copies = copies;
    const Counts c = run(name, world, worlds);
    cells.at_most(name + ": above 0", c.at("above"), c.worlds, .025);
    cells.claims.claim(c.at("other width") == 0, fmt::format("{}: {:.0f} widths are another than of one copy",
                                                             name, c.at("other width")));
  }
  world.copies = 2;
  world.named = world.renamed = true;
  if (cells.wants("copies under other names")) {
    const Counts c = run("copies under other names", world, worlds);
    cells.at_least("copies under other names: found", c.at("copied"), c.worlds, .95);
  }
  const auto honest = [&](const std::string& name, const Asked& mine) {
    if (!cells.wants(name)) return;
    const Counts c = run(name, mine, many);
    cells.at_most(name + ": said to be copies", c.at("copied"), c.worlds, .01);
    cells.at_most(name + ": missed", c.at("missed"), c.worlds, .05);
  };
  world = {};
  honest("people with questions of their own", world);
  world.questions = 100;
  world.answers_a_person = 25;
  honest("60 people asked the same 100 questions", world);
  world.liked = 2;
  honest("the same, and they nearly agree", world);
  world = {};
  world.comparisons = 1000;
  world.questions = 100;
  world.named = false;
  honest("1,000 votes of nobody named, 100 questions", world);
  return cells.close();
}
