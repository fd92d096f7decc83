// "At most 20 % of customers get a mail": does the trained policy keep to it in truth, on customers that no log
// holds, and does it earn more than sending as many mails at random? First the library's own function, then the
// whole way from the goal file's keys to what ships: a policy that certification let through must keep the
// budget, and where it pays certification must let one through.
#include <fmt/format.h>

#include "plumb/budget.h"
#include "quality/table.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

constexpr double kBudget = 0.2;
constexpr std::uint64_t kContexts = 200000;

struct Result {
  double share = 0, value = 0, random = 0, promised = 0, error = 0;
};

Result replicate(const Goal& goal, const CampaignOptions& world, const Truths& truths, double none,
                 double best) {
  DecisionLog log = campaign_log(world, goal);
  assign_folds(log, world.seed);
  const OutcomeModels models = fit_outcome_models(log, {"spend"}, 1);
  const LoggingPolicy logging(log, 1);
  std::vector<float> base(log.action.size());
  logging.probabilities(log, 0, log.size(), base);
  Evaluation evaluation(log, models, 1);
  const std::size_t training = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  const TrainingContext context{log,     goal,     models, evaluation, evaluation.add_policy(logging),
                                logging, training, base,   logging,    world.seed,
                                1};
  const BudgetPolicy found =
      train_budget(context, {{{"none", 0}, {"mail_a", 1}, {"mail_b", 1}}, kBudget, 0.99});
  Result out;
  out.value = truths.of(*found.policy)[0];
  out.promised = found.over_random;
  out.error = found.over_random_error;
  const DecisionLog& contexts = truths.contexts();
  std::vector<float> p(contexts.action.size());
  found.policy->probabilities(contexts, 0, contexts.size(), p);
  for (std::size_t row = 0; row < p.size(); ++row) {
    if (contexts.actions[contexts.action[row]] != "none")
      out.share += p[row] / static_cast<double>(contexts.size());
  }
  out.random = none + kBudget * (best - none);  // the better mail, though nobody at random knows which
  return out;
}

// What ships from a goal file with costs and a budget, and whether it keeps to it in truth.
struct Shipped {
  bool ships = false, broken = false, better = false;
  double share = 0, value = 0;
};

Shipped align_once(const Goal& goal, const CampaignOptions& world, const Truths& truths, double none,
                   double best) {
  RunOptions options;
  options.seed = world.seed;
  Study study = check_in_memory(goal, campaign_log(world, goal), LoadReport{}, options, "align");
  learn_outcomes(study, options);
  lay_paths(study, options);
  train_policies(study, options);
  certify_candidates(study, options);
  Shipped out;
  const auto recommended = study.certification->recommended;
  if (!recommended) return out;
  const std::string& name = study.certification->candidates[*recommended].name;
  PolicyPointer policy = name.starts_with("constant:") ? constant_policy(name.substr(9)) : nullptr;
  for (const Candidate& c : study.training->candidates) {
    if (c.policy->name() == name) policy = c.policy;
  }
  const DecisionLog& contexts = truths.contexts();
  std::vector<float> p(contexts.action.size());
  policy->probabilities(contexts, 0, contexts.size(), p);
  for (std::size_t row = 0; row < p.size(); ++row) {
    if (contexts.actions[contexts.action[row]] != "none")
      out.share += p[row] / static_cast<double>(contexts.size());
  }
  out.ships = true;
  out.broken = out.share > *goal.budget;
  out.value = truths.of(*policy)[0];
  out.better = out.value > none + out.share * (best - none);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const int n = options.quick ? 20 : 200;
  const Goal goal = read_goal(source_path("examples/campaign/goal.toml"));
  std::printf("%-44s %10s %10s %10s %10s %10s\n", "campaign, 20 % of customers may get a mail", "mailed",
              "at most", "respected", "value", "at random");
  Claims claims;
  const std::pair<double, double> worlds[] = {{0.4, 0.6}, {0.0, 0.0}};
  for (const auto& [effect, personal] : worlds) {
    CampaignOptions fresh;
    fresh.effect = effect;
    fresh.personal = personal;
    fresh.decisions = kContexts;
    fresh.seed = 900000;
    const std::vector<std::string> outcomes = {"spend"};
    const Truths truths(campaign_log(fresh, goal), campaign_expected(fresh, outcomes));
    const double none = truths.of(*constant_policy("none"))[0];
    const double best =
        std::max(truths.of(*constant_policy("mail_a"))[0], truths.of(*constant_policy("mail_b"))[0]);
    std::vector<Result> results(static_cast<std::size_t>(n));
    parallel_blocks(results.size(), options.threads, [&](std::size_t k) {
      CampaignOptions mine = fresh;
      mine.decisions = 40000;
      mine.seed = options.first_seed + k;
      results[k] = replicate(goal, mine, truths, none, best);
    });
    int respected = 0, better = 0;
    double share = 0, most = 0, value = 0, square = 0, random = 0;
    for (const Result& r : results) {
      respected += r.share <= kBudget;
      better += r.value > r.random;
      share += r.share / n;
      most = std::max(most, r.share);
      value += r.value / n;
      random += r.random / n;
      square += (r.value - r.random) * (r.value - r.random) / n;
    }
    std::printf("%-44s %10.4f %10.4f %6d/%d %10.4f %10.4f\n",
                fmt::format("effect {} EUR, personal {} EUR", effect, personal).c_str(), share, most, respected,
                n, value, random);
    std::fflush(stdout);
    claims.claim(respected * 20 >= n * 19,
                 fmt::format("effect {}: the budget is respected in {} of {} (at least 19 of 20)", effect,
                             respected, n));
    if (effect == 0) continue;
    const double error = std::sqrt(std::max(0.0, square - (value - random) * (value - random)) / n);
    claims.claim(
        value - random > 3 * error,
        fmt::format("effect {}: {:+.4f} EUR a customer over random allocation (standard error {:.4f}), better "
                    "in {} of {}",
                    effect, value - random, error, better, n));
  }
  std::printf("\n%-44s %10s %10s %10s %10s\n", "the goal file, 40,000 customers", "ships", "broken", "mailed",
              "beats chance");
  Goal whole = read_goal(source_path("examples/campaign/budget.toml"));
  // The budget alone: that enough customers have unsubscribed to tell their share takes a larger log.
  whole.constraints.clear();
  whole.segments.clear();
  whole.proxies.clear();
  const int runs = options.quick ? 20 : 100;
  const std::pair<double, double> strong[] = {{0.8, 0.8}, {0.0, 0.0}};
  for (const auto& [effect, personal] : strong) {
    CampaignOptions fresh;
    fresh.effect = effect;
    fresh.personal = personal;
    fresh.decisions = kContexts;
    fresh.seed = 900000;
    const std::vector<std::string> outcomes = {"spend"};
    const Truths truths(campaign_log(fresh, whole), campaign_expected(fresh, outcomes));
    const double none = truths.of(*constant_policy("none"))[0];
    const double best =
        std::max(truths.of(*constant_policy("mail_a"))[0], truths.of(*constant_policy("mail_b"))[0]);
    std::vector<Shipped> results(static_cast<std::size_t>(runs));
    parallel_blocks(results.size(), options.threads, [&](std::size_t k) {
      CampaignOptions mine = fresh;
      mine.decisions = 40000;
      mine.seed = options.first_seed + k;
      results[k] = align_once(whole, mine, truths, none, best);
    });
    int ships = 0, broken = 0, better = 0;
    double share = 0;
    for (const Shipped& r : results) {
      ships += r.ships;
      broken += r.broken;
      better += r.better;
      share += r.share;
    }
    std::printf("%-44s %7d/%d %10d %10.4f %10d\n",
                fmt::format("effect {} EUR, personal {} EUR", effect, personal).c_str(), ships, runs, broken,
                ships > 0 ? share / ships : 0, better);
    std::fflush(stdout);
    claims.claim(broken * 20 <= runs,
                 fmt::format("effect {}: what ships breaks the budget in {} of {} (at most 1 of 20)", effect,
                             broken, runs));
    if (effect == 0) {
      claims.claim(ships * 20 <= runs,
                   fmt::format("no effect: something ships in {} of {} (at most 1 of 20)", ships, runs));
      continue;
    }
    claims.claim(better * 20 >= ships * 19 && ships > 0,
                 fmt::format("effect {}: what ships beats spending as much at random in {} of {} (19 of 20)",
                             effect, better, ships));
  }
  return claims.close();
}
