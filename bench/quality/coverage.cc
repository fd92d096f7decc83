// Coverage on the campaign world: how often 95 % intervals hold the truth, for doubly robust and
// importance-weighted estimates, of differences between arms and of levels; with several decisions a customer,
// with and without the unit.
#include <fmt/format.h>

#include <array>

#include "audit/claims.h"
#include "quality/table.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

struct Counts {
  int covered = 0, asked = 0, refused = 0;
};
// [estimator dr, ips][difference, level]
using Table = std::array<std::array<Counts, 2>, 2>;

constexpr double kZ = 1.959963984540054;

Table one_replication(const Goal& goal, const CampaignOptions& world, const std::vector<double>& truth,
                      bool with_unit) {
  DecisionLog log = campaign_log(world, goal);
  if (!with_unit) {
    for (std::size_t i = 0; i < log.size(); ++i) log.unit[i] = hash_bytes("row " + std::to_string(i));
  }
  assign_folds(log, 1);
  const OutcomeModels models = fit_outcome_models(log, {"spend"}, 1);
  Evaluation evaluation(log, models, 1, true);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  std::vector<std::size_t> policies;
  for (const std::string& action : log.actions)
    policies.push_back(evaluation.add_policy(*constant_policy(action)));
  Table table{};
  const std::size_t estimators = 2;
  for (std::size_t e = 0; e < estimators; ++e) {
    const Estimator estimator = e == 0 ? Estimator::kDr : Estimator::kIps;
    // The first two arms: their difference, and the level of the first.
    const std::size_t a = evaluation.column(policies[0], 0, all, estimator);
    const std::size_t b = evaluation.column(policies[1], 0, all, estimator);
    const Contrast contrasts[] = {{"difference", {{a, 1.0}, {b, -1.0}}}, {"level", {{a, 1.0}}}};
    const Estimates estimates = evaluation.estimate(contrasts);
    const Interval difference = normal_interval(estimates.value[0], estimates.standard_error[0], kZ, 0.95);
    const double true_difference = truth[0] - truth[1];
    ++table[e][0].asked;
    table[e][0].covered += difference.lower <= true_difference && true_difference <= difference.upper;
    if (evaluation.events(policies[0], 0, all) < static_cast<double>(least_events(OutcomeKind::kAmount))) {
      ++table[e][1].refused;
      continue;
    }
    const Interval level =
        hall_interval(estimates.value[1], estimates.standard_error[1], estimates.skewness[1], kZ, 0.95);
    ++table[e][1].asked;
    table[e][1].covered += level.lower <= truth[0] && truth[0] <= level.upper;
  }
  return table;
}

Table replicate(const Goal& goal, const CampaignOptions& world, int replications, bool with_unit,
                const Options& options) {
  // The truth by arm, on many contexts.
  CampaignOptions large = world;
  large.decisions = 400000;
  large.seed = 987654321;
  const std::vector<std::string> spend = {"spend"};
  const DecisionLog contexts = campaign_log(large, goal);
  const Matrix expected = campaign_expected(large, spend);
  std::vector<double> truth(contexts.actions.size(), 0.0);
  for (std::size_t row = 0; row < contexts.action.size(); ++row) {
    truth[contexts.action[row]] += expected(row, 0) / static_cast<double>(contexts.size());
  }
  std::vector<Table> tables(static_cast<std::size_t>(replications));
  parallel_blocks(tables.size(), options.threads, [&](std::size_t k) {
    CampaignOptions mine = world;
    mine.seed = options.first_seed + k;
    tables[k] = one_replication(goal, mine, truth, with_unit);
  });
  Table sum{};
  for (const Table& t : tables) {
    for (std::size_t e = 0; e < 2; ++e) {
      for (std::size_t q = 0; q < 2; ++q) {
        sum[e][q].covered += t[e][q].covered;
        sum[e][q].asked += t[e][q].asked;
        sum[e][q].refused += t[e][q].refused;
      }
    }
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const Goal goal = read_goal(source_path("examples/campaign/goal.toml"));
  const int replications = options.quick ? 60 : 500;
  std::printf("campaign, %d replications of 40,000 decisions, nominal 95 %%\n", replications);
  std::printf("%-44s %-4s %-10s %8s %8s %8s\n", "setting", "", "of", "covered", "asked", "too few");
  Claims claims;
  // Four binomial standard errors below 95 % for reduced runs, the band for the full one.
  const auto inside = [&](const Counts& c) {
    if (c.asked == 0) return true;
    const double n = c.asked, rate = c.covered / n;
    if (!options.quick) return rate >= 458.0 / 500 && rate <= 489.0 / 500;
    return rate >= 0.95 - 4 * std::sqrt(0.95 * 0.05 / n);
  };
  struct Setting {
    const char* name;
    int per_customer;
    bool with_unit, claimed;
  };
  for (const Setting& s : {Setting{"one decision a customer", 1, true, true},
                           Setting{"20 decisions a customer, unit named", 20, true, true},
                           Setting{"20 decisions a customer, unit not named", 20, false, false}}) {
    CampaignOptions world;
    world.decisions_per_customer = s.per_customer;
    world.effect = 0.3;
    const Table table = replicate(goal, world, replications, s.with_unit, options);
    for (std::size_t e = 0; e < 2; ++e) {
      for (std::size_t q = 0; q < 2; ++q) {
        const Counts& c = table[e][q];
        const char *estimator = e == 0 ? "DR" : "IPS", *what = q == 0 ? "difference" : "level";
        std::printf("%-44s %-4s %-10s %8d %8d %8d\n", s.name, estimator, what, c.covered, c.asked, c.refused);
        if (s.claimed) {
          claims.claim(inside(c), fmt::format("{}: {} {} covers in {} of {}", s.name, estimator, what,
                                              c.covered, c.asked));
        }
      }
    }
    std::fflush(stdout);
  }
  return claims.close();
}
