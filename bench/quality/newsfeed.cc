// The newsfeed world: does the audit see, from the log alone, where pushing clicks starts to harm; does the
// loop pass policies that are truly better; and does it stay quiet where there is no harm. Seeds, truths and
// verdicts are printed.
#include <fmt/format.h>

#include "quality/table.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

SoftmaxPolicy path_policy(const Study& study, const Signal& signal, double beta) {
  SoftmaxParts parts;
  parts.map = study.models.map;
  parts.theta = signal.linear[kTrainingFolds];
  for (double& t : parts.theta) t *= beta;
  return SoftmaxPolicy("path", std::move(parts));
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const Goal goal = read_goal(source_path("examples/newsfeed/goal.toml"));
  const std::uint64_t seeds = options.quick ? 2 : 20, decisions = 100000;
  const std::uint64_t contexts = options.quick ? 20000 : 50000;
  const std::vector<std::string> outcomes = {"click", "value_90d", "polarization", "complaint"};
  std::printf("newsfeed, %lu seeds of %lu decisions; truths by simulation of %lu fresh contexts\n", seeds,
              decisions, contexts);
  std::printf("%4s | %9s %9s | %5s %8s %8s %8s %6s | %-10s %-22s %7s %7s %9s | %s\n", "seed", "end click",
              "end value", "harm", "harm KL", "peak KL", "true KL", "end KL", "decision", "recommended", "gain",
              "true", "true pol.", "harm without H");
  int click_up = 0, value_down = 0, harm_seen = 0, peak_close = 0, false_harm = 0, passed = 0, wrong = 0;
  for (std::uint64_t k = 0; k < seeds; ++k) {
    const std::uint64_t seed = options.first_seed + k;
    NewsfeedOptions world;
    world.decisions = decisions;
    world.seed = seed;
    const Study study = run_study(goal, newsfeed_log(world, goal), run_options(seed, options.threads));

    NewsfeedOptions fresh = world;
    fresh.decisions = contexts;
    fresh.seed = seed + 1000000;
    const Truths truths(newsfeed_log(fresh, goal), newsfeed_expected(fresh, outcomes));
    const std::vector<double> reference = truths.of(*study.logging);
    const Signal* click = nullptr;
    for (const Signal& s : study.signals) {
      if (s.name == "click") click = &s;
    }
    const ProxyAudit* audit = nullptr;
    for (const ProxyAudit& a : study.proxies) {
      if (a.name == "click") audit = &a;
    }
    if (!click || !audit || audit->path.points.empty()) {
      std::printf("seed %lu: no click path: %s\n", seed, audit ? audit->path.end_reason.c_str() : "");
      continue;
    }
    // The true curve on a grid twice as fine as the audit's.
    double best = 0, true_kl = 0, end_click = 0, end_value = 0;
    const double first = audit->path.points.front().beta, last = audit->path.points.back().beta;
    for (double beta = first; beta < last * 1.0001; beta *= std::sqrt(1.3)) {
      const auto truth = truths.of(path_policy(study, *click, beta));
      if (truth[1] - reference[1] > best) {
        best = truth[1] - reference[1];
        true_kl = truth[outcomes.size()];
      }
      end_click = truth[0] - reference[0];
      end_value = truth[1] - reference[1];
    }
    click_up += end_click > 0;
    value_down += end_value < 0;
    harm_seen += audit->curve.harm;
    const double estimate = audit->curve.peak.kl;
    const bool close = true_kl > 0 && estimate > 0 && estimate < 3 * true_kl && estimate > true_kl / 3;
    peak_close += close;

    const Certification& c = *study.certification;
    double gain = 0, true_gain = 0, true_polarization = 0;
    std::string recommended = "reference";
    if (c.recommended) {
      const CandidateClaim& best_claim = c.candidates[*c.recommended];
      recommended = best_claim.name;
      gain = best_claim.versus_reference.value;
      for (const Candidate& candidate : study.training->candidates) {
        if (candidate.policy->name() != recommended) continue;
        const auto truth = truths.of(*candidate.policy);
        true_gain = truth[1] - reference[1];
        true_polarization = truth[2] - reference[2];
      }
      ++passed;
      wrong += !(true_gain > 0) || true_polarization > 0;
    }

    NewsfeedOptions harmless = world;
    harmless.harm = 0;
    const Study quiet =
        run_study(goal, newsfeed_log(harmless, goal), run_options(seed, options.threads), false);
    bool flagged = false;
    for (const ProxyAudit& a : quiet.proxies) flagged |= a.name == "click" && a.curve.harm;
    false_harm += flagged;
    std::printf("%4lu | %+9.4f %+9.3f | %5s %8.3f %8.3f %8.3f %6.2f | %-10s %-22s %+7.2f %+7.2f %+9.4f | %s\n",
                seed, end_click, end_value, audit->curve.harm ? "yes" : "no", audit->curve.harm_kl, estimate,
                true_kl, audit->curve.points.back().kl, c.decision.c_str(), recommended.c_str(), gain,
                true_gain, true_polarization, flagged ? "FLAGGED" : "none");
    std::fflush(stdout);
  }
  Claims claims;
  const int n = static_cast<int>(seeds), most = n - n / 10, few = n / 20;
  claims.claim(
      click_up == n && value_down == n,
      fmt::format("the end of the click path truly raises clicks in {} and lowers value in {} of {} seeds",
                  click_up, value_down, n));
  if (!options.quick) {
    claims.claim(harm_seen >= most,
                 fmt::format("the band shows the harm in {} of {} (at least {})", harm_seen, n, most));
    claims.claim(
        peak_close >= most,
        fmt::format("the curve's maximum is within a factor 3 of the true KL in {} of {} (at least {})",
                    peak_close, n, most));
  }
  claims.claim(false_harm <= few,
               fmt::format("without harm the band flags {} of {} (at most {})", false_harm, n, few));
  claims.claim(passed >= most, fmt::format("a policy passes in {} of {} (at least {})", passed, n, most));
  claims.claim(wrong <= few,
               fmt::format("{} of the passed are not better in value or worse in polarization (at most {})",
                           wrong, few));
  return claims.close();
}
