// Few events: do intervals cover, is there a number where there should be, how wide are they, and what ships?
// Truth: no arm differs, or by a stated effect. Three contrasts a world: the last arm against the first,
// against what was logged, and a softmax policy against what was logged.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "plumb/policy_contrast.h"
#include "quality/arms_log.h"
#include "quality/cells.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

// Miettinen and Nurminen (1985): the score interval of a difference of two proportions, a width to compare
// with.
double score_width(double x1, double n1, double x0, double n0, double critical) {
  const double d = x1 / n1 - x0 / n0;
  const auto z = [&](double delta) {
    const double n = n1 + n0;
    // Maximum likelihood under p1 - p0 = delta, by the cubic's trigonometric root, for p0.
    const double l3 = n, l2 = (n1 + 2 * n0) * delta - n - (x1 + x0);
    const double l1 = (n0 * delta - n - 2 * x0) * delta + x1 + x0, l0 = x0 * delta * (1 - delta);
    const double q = std::pow(l2, 3) / std::pow(3 * l3, 3) - l1 * l2 / (6 * l3 * l3) + l0 / (2 * l3);
    const double inside = l2 * l2 / std::pow(3 * l3, 2) - l1 / (3 * l3);
    const double p = (q > 0 ? 1 : -1) * std::sqrt(std::max(inside, 0.0));
    const double angle = p != 0 ? (M_PI + std::acos(std::clamp(q / std::pow(p, 3), -1.0, 1.0))) / 3 : M_PI / 3;
    const double p0 = std::clamp(2 * p * std::cos(angle) - l2 / (3 * l3), 0.0, 1.0);
    const double p1 = std::clamp(p0 + delta, 0.0, 1.0);
    const double v = (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * n / (n - 1);
    return v > 0 ? (d - delta) / std::sqrt(v) : (d > delta ? 1e9 : d < delta ? -1e9 : 0);
  };
  const auto solve = [&](double inner, double outer) {
    for (int k = 0; k < 60; ++k) {
      const double middle = 0.5 * (inner + outer);
      (std::abs(z(middle)) < critical ? inner : outer) = middle;
    }
    return inner;
  };
  return solve(d, 1) - solve(d, -1);
}

struct World {
  std::string name;
  ArmsWorld arms;
};

std::vector<World> grid(bool quick) {
  std::vector<World> out;
  const auto add = [&](std::string name, ArmsWorld world) {
    out.push_back({std::move(name), std::move(world)});
  };
  const auto two = [](double share, double rate, std::size_t n) {
    ArmsWorld w;
    w.decisions = n;
    w.share = {1 - share, share};
    w.rate = {rate, rate};
    return w;
  };
  if (quick) {
    add("binary .003, share .1, 2000", two(.1, .003, 2000));
    ArmsWorld amounts = two(.5, .03, 5000);
    amounts.draws = Draws::kAmount;
    add("amount .03, share .5, 5000", amounts);
    return out;
  }
  for (const std::size_t n : {500, 2000, 5000, 20000}) {
    for (const double share : {.05, .1, .2, .5}) {
      if (share * static_cast<double>(n) < 95) continue;
      for (const double rate : {.001, .003, .01, .03}) {
        const std::string tail = fmt::format("{}, share {}, {}", rate, share, n);
        add("binary " + tail, two(share, rate, n));
        ArmsWorld context = two(share, rate, n);
        context.by_context = true;
        add("binary by context " + tail, context);
        if (n < 2000) continue;
        ArmsWorld counts = two(share, rate, n);
        counts.draws = Draws::kCount;
        add("count " + tail, counts);
        ArmsWorld amounts = two(share, rate, n);
        amounts.draws = Draws::kAmount;
        add("amount " + tail, amounts);
        ArmsWorld units = two(share, rate, n);
        units.rows_each = 5;
        add("units of five rows " + tail, units);
        ArmsWorld terms = two(share, rate, n);
        terms.second_rate = .6;
        add("satisfied - 20 complaint " + tail, terms);
      }
    }
  }
  return out;
}

// Probabilities that lean towards the last arm where x is high: a softmax policy of the logged probabilities.
std::vector<float> leaning(const DecisionLog& log) {
  std::vector<float> out(log.action.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    const std::size_t first = log.offset[i], k = log.offered(i);
    double sum = 0;
    for (std::size_t a = 0; a < k; ++a) {
      const double lean = a + 1 == k ? 0.8 * std::tanh(static_cast<double>(log.context[0].number[i])) : 0;
      out[first + a] = static_cast<float>(static_cast<double>(log.logged[first + a]) * std::exp(lean));
      sum += static_cast<double>(out[first + a]);
    }
    for (std::size_t a = 0; a < k; ++a)
      out[first + a] = static_cast<float>(static_cast<double>(out[first + a]) / sum);
  }
  return out;
}

void one_world(const ArmsWorld& world, std::uint64_t seed, Counts& count) {
  ArmsWorld mine = world;
  mine.seed = seed;
  const DecisionLog log = arms_log(mine);
  const Goal goal = arms_goal(mine, 0);
  std::vector<std::string> names;
  for (const OutcomeSpec& spec : goal.outcomes) names.push_back(spec.name);
  const OutcomeModels models = fit_outcome_models(log, names, 1);
  Evaluation e(log, models, 1, false, false);
  const std::size_t all = e.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  const auto terms = goal_terms(goal, models);
  const double z = normal_quantile(.975);
  const std::size_t last = e.add_policy(*constant_policy(log.actions.back())),
                    first = e.add_policy(*constant_policy(log.actions.front())),
                    logging = e.add_probabilities(log.logged, true),
                    softmax = e.add_probabilities(leaning(log));
  const std::pair<const char*, PolicyContrast> asked[] = {
      {"arm", {{{last, 1.0}, {first, -1.0}}, terms, all}},
      {"log", {{{last, 1.0}, {logging, -1.0}}, terms, all}},
      {"soft", {{{softmax, 1.0}, {logging, -1.0}}, terms, all}},
  };
  const double ess = e.support(last, all, terms).sufficient ? e.support(last, all).ess : 0;
  for (const auto& [name, contrast] : asked) {
    const std::string at = name;
    if (ess < kLeastEss && at != "soft") continue;
    count[at + " asked"] += 1;
    const ContrastParts parts = contrast_parts(e, contrast);
    double events[2] = {INFINITY, INFINITY};
    for (const auto& side : parts.sides)
      events[side.sign < 0] = std::min(events[side.sign < 0], side.effective_events);
    const double fewest = std::min(events[0], events[1]);
    if (!parts.why_not.empty()) {
      if (fewest >= kFewEvents) count[at + " silent"] += 1;
      continue;
    }
    count[at + " number"] += 1;
    const Interval i = interval_of(parts, z, .95);
    count[at + " miss"] += i.lower > 0 || i.upper < 0;
    const double normal = 2 * z * parts.standard_error;
    if (fewest >= 20 && ess >= .5 * static_cast<double>(log.size()) && normal > 0) {
      count[at + " ratio n"] += 1;
      count[at + " ratio"] += (i.upper - i.lower) / normal;
    }
    if (at == "arm" && world.draws == Draws::kBinary && !world.by_context && world.rows_each == 1 &&
        world.second_rate == 0) {
      double n[2] = {0, 0}, x[2] = {0, 0};
      for (std::size_t k = 0; k < log.size(); ++k) {
        n[log.chosen[k]] += 1;
        x[log.chosen[k]] += log.outcomes[0].value[k];
      }
      count["score width"] += score_width(x[1], n[1], x[0], n[0], z);
      count["width"] += i.upper - i.lower;
      if (x[1] == 0) {
        count["zero"] += 1;
        const ContrastParts level = contrast_parts(e, {{{last, 1.0}}, terms, all});
        count["zero too low"] += interval_of(level, z, .95).upper < 3 / ess;
      }
    }
  }
}

// Many equal arms and a rare complaint: what align's certification says of constants.
void many_arms(double better, double minimum_effect, std::uint64_t seed, Counts& count) {
  ArmsWorld world;
  world.decisions = 10000;
  world.share.assign(46, 1.0 / 46);
  world.rate.assign(46, .004);
  world.rate[7] = .004 - better;
  world.sign = -1;
  world.draws = Draws::kBinary;
  world.seed = seed;
  DecisionLog log = arms_log(world);
  for (double& y : log.outcomes[0].value) y = -y;
  const Goal goal = parse_goal(
      fmt::format("[goal]\nmaximize = \"-1.0 * y\"\nminimum_effect = {}\n[outcome.y]\nkind = \"binary\"\n",
                  minimum_effect));
  digest_rows(log);
  const OutcomeModels models = fit_outcome_models(log, {"y"}, 1);
  CertificationOptions how;
  const Certification c = certify(log, goal, models, std::make_shared<LoggingPolicy>(log, 1), {}, how);
  count["ship"] += c.decision == "ship";
  for (const CandidateClaim& claim : c.candidates)
    count["better refused"] += claim.name == "constant:a7" && claim.verdict == Verdict::kRefuse;
  bool missed = false;
  for (const PairClaim& pair : c.pairs) {
    const double truth = (pair.a == "constant:a7" ? better : 0) - (pair.b == "constant:a7" ? better : 0);
    missed |= truth < pair.gain.interval.lower || truth > pair.gain.interval.upper;
  }
  count["family missed"] += missed;
  count["numbers"] += static_cast<double>(c.pairs.size());
}

void power(std::uint64_t seed, Counts& count) {
  ArmsWorld world;
  world.decisions = 2000;
  world.rate = {.01, .03};
  world.seed = seed;
  const DecisionLog log = arms_log(world);
  const OutcomeModels models = fit_outcome_models(log, {"y"}, 1);
  Evaluation e(log, models, 1, false, false);
  const std::size_t all = e.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  const std::size_t b = e.add_policy(*constant_policy("a1")), a = e.add_policy(*constant_policy("a0"));
  const ContrastParts parts = contrast_parts(e, {{{b, 1.0}, {a, -1.0}}, {{0, 1.0}}, all});
  count["shown"] += parts.why_not.empty() && interval_of(parts, normal_quantile(.975), .95).lower > 0;
}

// The real propensities of Open Bandit's sampler, with clicks that no action changes: the true gain of every
// arm is 0, which is all that a minimum effect of 0 asks.
DecisionLog open_bandit() {
  const char* folder = std::getenv("PLUMB_DATA");
  const std::string path = std::string(folder == nullptr ? "" : folder) + "/open-bandit/bts_men.csv.gz";
  if (folder == nullptr || !std::filesystem::exists(path)) return {};
  const Goal goal = parse_goal(
      "[goal]\nmaximize = \"click\"\n[outcome.click]\nkind = \"binary\"\n[data]\naction = "
      "\"item_id\"\npropensity = "
      "\"propensity_score\"\ncontext = [\"position\"]\n");
  DecisionLog log = read_log(path, goal, nullptr);
  assign_folds(log, 1);
  return log;
}

void clicks_that_nothing_changes(const DecisionLog& sampler, std::uint64_t seed, Counts& count) {
  DecisionLog log = sampler;
  OutcomeColumn& click = log.outcomes[0];
  const Rng root = Rng(seed).stream("clicks");
  click.nonzero_count = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    click.value[i] = root.stream("row", i).bernoulli(.0055) ? 1 : 0;
    click.nonzero_count += click.value[i] != 0;
  }
  digest_rows(log);
  const Goal goal = parse_goal("[goal]\nmaximize = \"click\"\n[outcome.click]\nkind = \"binary\"\n");
  const OutcomeModels models = fit_outcome_models(log, {"click"}, 1);
  CertificationOptions how;
  how.seed = seed;
  const Certification c = certify(log, goal, models, std::make_shared<LoggingPolicy>(log, 1), {}, how);
  for (const CandidateClaim& claim : c.candidates) {
    if (claim.kind == PolicyKind::kReference) continue;
    count["numbers"] += claim.versus_reference.known;
    count["refused " + claim.name] += claim.verdict == Verdict::kRefuse;
    count["refused"] += claim.verdict == Verdict::kRefuse;
  }
  count["ship"] += c.decision == "ship";
}

bool nothing_seen_passes() {
  ArmsWorld world;
  world.decisions = 10000;
  world.rate = {.0, .0};
  world.second_rate = .5;
  DecisionLog log = arms_log(world);
  const Goal goal = parse_goal(
      "[goal]\nmaximize = \"satisfied\"\nminimum_effect = 0\n[outcome.y]\nkind = "
      "\"binary\"\n[outcome.satisfied]\nkind = "
      "\"binary\"\n[[constraint]]\noutcome = \"y\"\nat_most = 0.002\n");
  const OutcomeModels models = fit_outcome_models(log, {"satisfied", "y"}, 1);
  CertificationOptions how;
  how.with_constants = false;
  const Certification c =
      certify(log, goal, models, constant_policy("a0"), {{constant_policy("a1"), "", true}}, how);
  return c.candidates[1].constraints[0].verdict == Verdict::kPass;
}

}  // namespace

int main(int argc, char** argv) {
  Cells cells("rare_events", argc, argv);
  const std::uint64_t worlds = cells.quick() ? 100 : 2000;
  std::printf("%-46s %-5s %6s %6s %6s %7s\n", "cell", "", "asked", "number", "missed", "silent");
  for (const World& world : grid(cells.quick())) {
    if (!cells.wants(world.name)) continue;
    const Counts c = cells.count(world.name, worlds,
                                 [&](std::uint64_t seed, Counts& one) { one_world(world.arms, seed, one); });
    for (const std::string at : {"arm", "log", "soft"}) {
      std::printf("%-46s %-5s %6.0f %6.0f %6.0f %7.0f  x%.2f of normal\n", world.name.c_str(), at.c_str(),
                  c.at(at + " asked"), c.at(at + " number"), c.at(at + " miss"), c.at(at + " silent"),
                  c.at(at + " ratio") / std::max(1.0, c.at(at + " ratio n")));
      std::fflush(stdout);
      const auto n = static_cast<std::uint64_t>(c.at(at + " number"));
      if (n > 0)
        cells.claims.claim(static_cast<double>(n) - c.at(at + " miss") >= .93 * static_cast<double>(n) ||
                               c.at(at + " miss") <= static_cast<double>(most_explained(.05, n)),
                           fmt::format("{} {}: {:.0f} of {} missed", world.name, at, c.at(at + " miss"), n));
      const bool amounts = world.arms.draws == Draws::kAmount;
      const double must = amounts ? c.at(at + " silent") : c.at(at + " asked") - c.at(at + " number");
      cells.claims.claim(must == 0, fmt::format("{} {}: a number where there must be one", world.name, at));
      if (c.at(at + " ratio n") >= 100)
        cells.claims.claim(c.at(at + " ratio") <= 1.6 * c.at(at + " ratio n"),
                           fmt::format("{} {}: {:.2f} times the normal width", world.name, at,
                                       c.at(at + " ratio") / c.at(at + " ratio n")));
    }
    if (c.at("score width") > 0)
      cells.claims.claim(c.at("width") <= 1.15 * c.at("score width"),
                         fmt::format("{}: {:.3f} times the score interval's width", world.name,
                                     c.at("width") / c.at("score width")));
    if (c.at("zero") > 0)
      cells.claims.claim(c.at("zero too low") == 0,
                         fmt::format("{}: an arm without an event ends at 3/ESS or above", world.name));
  }
  const std::uint64_t families = cells.quick() ? 4 : 400;
  if (cells.wants("46 arms")) {
    const Counts equal = cells.count("46 arms, equal", families,
                                     [](std::uint64_t seed, Counts& one) { many_arms(0, .0005, seed, one); });
    cells.at_most("46 equal arms ship", equal.at("ship"), families, .025);
    cells.at_most("46 equal arms: families missed", equal.at("family missed"), families, .05);
    const Counts better = cells.count("46 arms, one better", families, [](std::uint64_t seed, Counts& one) {
      many_arms(.002, .002, seed, one);
    });
    cells.at_most("an arm better by minimum_effect is refused", better.at("better refused"), families, .025);
    cells.at_most("46 arms, one better: families missed", better.at("family missed"), families, .05);
  }
  if (const DecisionLog sampler = open_bandit(); sampler.size() == 0) {
    std::printf("Open Bandit: left out, PLUMB_DATA names no folder that holds it.\n");
  } else {
    const std::uint64_t logs = cells.quick() ? 4 : 100;
    const Counts c =
        cells.count("Open Bandit, clicks that nothing changes", logs,
                    [&](std::uint64_t seed, Counts& one) { clicks_that_nothing_changes(sampler, seed, one); });
    double worst = 0;
    for (const auto& [name, value] : c.sum)
      if (name.starts_with("refused ")) worst = std::max(worst, value);
    std::printf("Open Bandit: %.0f numbers, %.0f refusals in %llu logs, the worst arm %.0f, %.0f shipped\n",
                c.at("numbers"), c.at("refused"), static_cast<unsigned long long>(logs), worst, c.at("ship"));
    cells.claims.claim(worst <= 5,
                       fmt::format("Open Bandit: the arm refused most often is refused {:.0f} times", worst));
  }
  const std::uint64_t draws = cells.quick() ? 100 : 1000;
  const Counts shown = cells.count("power", draws, power);
  cells.at_least("1 % against 3 %, 1,000 a side: shown", shown.at("shown"), draws, cells.quick() ? .75 : .85);
  cells.claims.claim(nothing_seen_passes(), "0 of 5,000 passes at most 0.2 %");
  return cells.close();
}
