// RLHF end to end on the newsfeed world: the goal contains what readers prefer, learnt from 10,000 comparisons
// beside 100,000 decisions. Does the loop pass policies, and do those that pass truly raise the readers'
// utility? Beside it, what the intervals of the preference's part are worth: how often they hold the truth.
#include <fmt/format.h>

#include "quality/table.h"

using namespace plumb;
using namespace plumb::quality;

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const Goal goal = read_goal(source_path("examples/newsfeed/preference.toml"));
  const std::uint64_t seeds = options.quick ? 2 : 20, decisions = 100000, comparisons = 10000;
  const std::uint64_t contexts = options.quick ? 20000 : 50000;
  const std::vector<std::string> outcomes = {"value_90d", "preferred", "polarization"};
  std::printf(
      "rlhf, %lu seeds of %lu decisions and %lu comparisons; truths by simulation of %lu fresh contexts\n",
      seeds, decisions, comparisons, contexts);
  std::printf("%4s | %8s %6s | %-10s %-24s | %8s %8s | %9s %9s %9s\n", "seed", "accuracy", "slope", "decision",
              "recommended", "gain", "lower", "value", "utility", "polariz.");
  int passed = 0, wrong = 0;
  for (std::uint64_t k = 0; k < seeds; ++k) {
    const std::uint64_t seed = options.first_seed + k;
    NewsfeedOptions world;
    world.decisions = decisions;
    world.seed = seed;
    const RunOptions run = run_options(seed, options.threads);
    const Study study =
        run_study(goal, newsfeed_log(world, goal), run, true, newsfeed_feedback(world, comparisons));
    NewsfeedOptions fresh = world;
    fresh.decisions = contexts;
    fresh.seed = seed + 1000000;
    const Truths truths(newsfeed_log(fresh, goal), newsfeed_expected(fresh, outcomes));
    const std::vector<double> reference = truths.of(*study.logging);
    const Certification& c = *study.certification;
    const PreferenceQuality& q = study.models.preference->quality;
    std::string recommended = "reference";
    double gain = 0, lower = 0;
    std::vector<double> truth = reference;
    if (c.recommended) {
      const CandidateClaim& best = c.candidates[*c.recommended];
      recommended = best.name;
      gain = best.versus_reference.value;
      lower = best.versus_reference.interval.lower;
      for (const Candidate& candidate : study.training->candidates) {
        if (candidate.policy->name() == recommended) truth = truths.of(*candidate.policy);
      }
      ++passed;
      wrong += !(truth[1] > reference[1]);
    }
    std::printf("%4lu | %8.3f %6.2f | %-10s %-24s | %+8.3f %+8.3f | %+9.3f %+9.3f %+9.4f\n", seed, q.accuracy,
                q.slope, c.decision.c_str(), recommended.c_str(), gain, lower, truth[0] - reference[0],
                truth[1] - reference[1], truth[2] - reference[2]);
    std::fflush(stdout);
  }
  Claims claims;
  const int n = static_cast<int>(seeds), least = n * 16 / 20;
  claims.claim(passed >= least, fmt::format("a policy passes in {} of {} (at least {})", passed, n, least));
  claims.claim(wrong <= n / 20,
               fmt::format("{} of the passed do not raise the readers' utility (at most {})", wrong, n / 20));
  return claims.close();
}
