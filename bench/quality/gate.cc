// The gate's error and its power. Where no policy differs in truth, how often does align() pass one (selection
// among all candidates included)? With a true gain of four certification standard errors, how often does it
// pass it?
#include <fmt/format.h>

#include <atomic>

#include "quality/table.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

struct Answers {
  int passed = 0, kept = 0, undecided = 0, failed = 0;
};

Answers replicate(const Goal& goal, const Options& options, int replications,
                  const std::function<DecisionLog(std::uint64_t)>& draw) {
  std::vector<char> answer(static_cast<std::size_t>(replications), 'f');
  parallel_blocks(answer.size(), options.threads, [&](std::size_t k) {
    const std::uint64_t seed = options.first_seed + k;
    const Study study = run_study(goal, draw(seed), run_options(seed, 1));
    const std::string& decision = study.certification->decision;
    answer[k] = decision == "ship" ? 's' : decision == "keep" ? 'k' : 'e';
  });
  Answers out;
  for (const char a : answer) {
    out.passed += a == 's';
    out.kept += a == 'k';
    out.undecided += a == 'e';
    out.failed += a == 'f';
  }
  return out;
}

void print(const char* what, const Answers& a, int n) {
  std::printf("%-60s %6d %6d %6d %6d\n", what, a.passed, a.kept, a.undecided, n);
  std::fflush(stdout);
}

// The standard error of the gain of mail_b over what was logged, on all rows, averaged over a few logs.
double certification_error(const Goal& goal, const CampaignOptions& world) {
  double sum = 0;
  constexpr int kLogs = 10;
  for (int k = 0; k < kLogs; ++k) {
    CampaignOptions mine = world;
    mine.seed = 5000000 + static_cast<std::uint64_t>(k);
    DecisionLog log = campaign_log(mine, goal);
    assign_folds(log, 1);
    const OutcomeModels models = fit_outcome_models(log, {"spend"}, 1);
    Evaluation e(log, models, 1);
    const std::size_t all = e.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
    const std::size_t mail = e.add_policy(*constant_policy("mail_b")),
                      logging = e.add_policy(LoggingPolicy(log, 1));
    const Contrast gain{"gain", {{e.column(mail, 0, all), 1.0}, {e.column(logging, 0, all), -1.0}}};
    sum += e.estimate({&gain, 1}).standard_error[0] / kLogs;
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const int n = options.quick ? 10 : 500;
  const Goal campaign = read_goal(source_path("examples/campaign/goal.toml"));
  const Goal newsfeed = read_goal(source_path("examples/newsfeed/goal.toml"));
  std::printf("%-60s %6s %6s %6s %6s\n", "", "ship", "keep", "exper.", "of");
  Claims claims;
  const int allowed = options.quick ? 2 : n / 20;

  const Answers null_campaign = replicate(campaign, options, n, [&](std::uint64_t seed) {
    CampaignOptions world;
    world.seed = seed;
    return campaign_log(world, campaign);
  });
  print("campaign, 40,000 decisions, no policy differs", null_campaign, n);
  claims.claim(null_campaign.passed <= allowed,
               fmt::format("campaign: {} false passes of {} (at most {})", null_campaign.passed, n, allowed));

  const Answers null_newsfeed = replicate(newsfeed, options, n, [&](std::uint64_t seed) {
    NewsfeedOptions world;
    world.decisions = 20000;
    world.signal = 0;
    world.seed = seed;
    return newsfeed_log(world, newsfeed);
  });
  print("newsfeed, 20,000 decisions, no policy differs in value", null_newsfeed, n);
  claims.claim(null_newsfeed.passed <= allowed,
               fmt::format("newsfeed: {} false passes of {} (at most {})", null_newsfeed.passed, n, allowed));

  // A gain over the logging policy of four standard errors: mail_b adds `effect` to one arm of three, so
  // everyone on it gains two thirds. The error grows with the effect: once more with the error at that effect.
  CampaignOptions world;
  for (int k = 0; k < 3; ++k) world.effect = 1.5 * 4 * certification_error(campaign, world);
  const int power_n = options.quick ? 10 : 200;
  const Answers power = replicate(campaign, options, power_n, [&](std::uint64_t seed) {
    CampaignOptions mine = world;
    mine.seed = seed;
    return campaign_log(mine, campaign);
  });
  print(fmt::format("campaign, a true gain of 4 standard errors (effect {:.3f})", world.effect).c_str(), power,
        power_n);
  const int least = options.quick ? 5 : power_n * 8 / 10;
  claims.claim(power.passed >= least,
               fmt::format("power: {} of {} pass (at least {})", power.passed, power_n, least));
  return claims.close();
}
