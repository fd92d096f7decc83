// What the seed decides: nothing that a verdict rests on. Equal pressure (the same policy is no difference, a
// real one is claimed, no family is wider than Bonferroni's), the surrogacy test (its level, and the same
// answer whatever the split and whatever the customers are called), and how verdicts vary over seeds on real
// data and in both worlds.
#include <cstdlib>
#include <filesystem>

#include "quality/cells.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

// A log of half and half without or with one context number, decision by decision.
struct Row {
  bool b = false;
  double x = 0, proxy = 0, goal = 0;
};
DecisionLog log_of(const std::vector<Row>& rows, bool context, std::uint64_t names = 0) {
  DecisionLog log;
  log.source = "made";
  log.actions = {"a", "b"};
  log.fixed_actions = log.unit_named = true;
  log.offset.push_back(0);
  OutcomeColumn proxy, goal;
  proxy.name = "proxy";
  goal.name = "goal";
  FeatureColumn x;
  x.name = "x";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    log.unit.push_back(hash_combine(i, 77 + names));
    log.action.insert(log.action.end(), {0, 1});
    log.logged.insert(log.logged.end(), {.5f, .5f});
    log.offset.push_back(log.action.size());
    log.chosen.push_back(rows[i].b ? 1 : 0);
    log.propensity.push_back(.5);
    x.number.push_back(static_cast<float>(rows[i].x));
    proxy.value.push_back(rows[i].proxy);
    goal.value.push_back(rows[i].goal);
    for (OutcomeColumn* column : {&proxy, &goal}) {
      column->state.push_back(State::kObserved);
      ++column->observed_count;
      column->nonzero_count += column->value.back() != 0;
    }
  }
  if (context) log.context.push_back(std::move(x));
  log.outcomes = {proxy, goal};
  assign_folds(log, 1);
  digest_rows(log);
  return log;
}

Goal goal_of(double minimum_effect, bool context) {
  return parse_goal(
      fmt::format("[goal]\nmaximize = \"goal\"\nminimum_effect = {}\n[outcome.goal]\nkind = "
                  "\"number\"\n[outcome.proxy]\nkind = \"number\"\n[proxies]\ncandidates = "
                  "[\"proxy\"]\n[data]\nlog = \"made\"\naction = \"arm\"\npropensity = 0.5\ncontext "
                  "= {}\n",
                  minimum_effect, context ? "[\"x\"]" : "[]"));
}

// Arm b is better by .3 of a standard deviation; the proxy ranks the arms alike, or the other way round.
std::vector<Row> two_arms(std::uint64_t seed, bool alike) {
  Rng rng = Rng(seed).stream("two arms", 0);
  std::vector<Row> out(6000);
  for (Row& row : out) {
    row.b = rng.bernoulli(.5);
    row.goal = 10 + .3 * row.b + rng.normal();
    row.proxy = rng.bernoulli(.3 + (alike ? .06 : -.06) * row.b);
  }
  return out;
}

void equal_pressure(Cells& cells) {
  const Goal goal = goal_of(.05, false);
  for (const bool alike : {true, false}) {
    const std::string cell = alike ? "two arms ranked alike" : "two arms ranked the other way round";
    if (!cells.wants(cell)) continue;
    const std::uint64_t worlds = cells.quick() ? 6 : 100;
    const Counts c = cells.count(cell, worlds, [&](std::uint64_t seed, Counts& count) {
      const Study study = run_study(goal, log_of(two_arms(seed, alike), false), run_options(seed, 1));
      const SignalComparison& one = study.comparisons.at(0);
      count["same"] += one.same_policy;
      count["better"] += one.difference.known && one.difference.interval.lower > 0;
      count["worse"] += one.difference.known && one.difference.interval.upper < 0;
      const Certification& found = *study.certification;
      const bool ships = found.recommended && found.candidates[*found.recommended].name == "constant:b";
      count["ships"] += ships;
      const double all = static_cast<double>(found.family_size);
      count["wide"] += found.critical > normal_quantile(1 - found.alpha / (2 * std::max(1.0, all))) + 1e-9;
      count["critical"] += found.critical;
    });
    std::printf(
        "%-40s same %3.0f, better %3.0f, worse %3.0f, b ships %3.0f, mean critical value %.3f, of %zu\n",
        cell.c_str(), c.at("same"), c.at("better"), c.at("worse"), c.at("ships"),
        c.at("critical") / static_cast<double>(worlds), static_cast<std::size_t>(worlds));
    if (alike) {
      cells.claims.claim(c.at("better") + c.at("worse") == 0, "the same policy is never a difference");
      cells.at_least("ranked alike, the winner ships", c.at("ships"), worlds, .99);
    } else {
      cells.at_least("ranked the other way round, claimed as worse", c.at("worse"), worlds, .95);
      cells.claims.claim(c.at("better") == 0, "and never as better");
    }
    cells.claims.claim(c.at("wide") == 0, cell + ": no critical value above Bonferroni's");
  }
}

double linear(double x, double s) { return s + .8 * x; }
// Saturates where the proxy tells the arms apart: lines miss the goal and the treatment in the same places.
double bent(double x, double s) { return 3 * std::tanh(1.5 * (s - .5 - .5 * x)) + x * x; }

// Arm b raises the proxy by 1, which carries everything but `direct`; noise of standard deviation `noise`.
std::vector<Row> carried_world(std::size_t n, std::uint64_t seed, double direct, double noise,
                               double (*worth)(double, double)) {
  Rng rng = Rng(seed).stream("carried", 0);
  std::vector<Row> out(n);
  for (Row& row : out) {
    row.b = rng.bernoulli(.5);
    row.x = rng.normal();
    row.proxy = row.b + .5 * row.x + rng.normal();
    row.goal = worth(row.x, row.proxy) + direct * row.b + noise * rng.normal();
  }
  return out;
}

Surrogacy tested(const Goal& goal, DecisionLog log, std::uint64_t split, int threads) {
  assign_folds(log, split);
  std::vector<std::uint8_t> training(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) training[i] = log.in_training(i);
  OutcomeModels models;
  models.map = make_feature_map(log, training);
  return surrogacy_of_actions(log, goal, "proxy", models, threads);
}

struct Worth {
  const char* name;
  double (*of)(double, double);
};
constexpr Worth kWorths[] = {{"linear", linear}, {"not linear", bent}};

void level_of_surrogacy(Cells& cells) {
  const Goal goal = goal_of(.3, true);
  for (const Worth& worth : kWorths) {
    for (const std::size_t n : {1000u, 4000u}) {
      const std::string cell = fmt::format("surrogacy carried, {}, {} rows", worth.name, n);
      if (!cells.wants(cell)) continue;
      const std::uint64_t worlds = cells.quick() ? 40 : 1000;
      const Counts c = cells.count(cell, worlds, [&](std::uint64_t seed, Counts& count) {
        const Surrogacy s = tested(goal, log_of(carried_world(n, seed, 0, 1, worth.of), true), seed, 1);
        count["known"] += s.known;
        count["rejected"] += s.known && s.p < .05;
        count["outside"] += s.known && (s.bias.interval.lower > 0 || s.bias.interval.upper < 0);
        count["width"] += s.bias.interval.upper - s.bias.interval.lower;
      });
      std::printf("%-40s rejected %4.0f, interval without 0 %4.0f, number %4.0f of %zu, mean width %.3f\n",
                  cell.c_str(), c.at("rejected"), c.at("outside"), c.at("known"),
                  static_cast<std::size_t>(worlds), c.at("width") / static_cast<double>(worlds));
      cells.at_most(cell, c.at("rejected"), worlds, .05);
    }
  }
}

struct Spread {
  double n = 0, sum = 0, squares = 0, least = INFINITY, most = -INFINITY;
  void add(double x) {
    n += 1, sum += x, squares += x * x;
    least = std::min(least, x), most = std::max(most, x);
  }
  double mean() const { return n > 0 ? sum / n : 0; }
  double deviation() const { return n > 1 ? std::sqrt(std::max(0.0, (squares - sum * sum / n) / (n - 1))) : 0; }
};

std::string tally(const std::map<std::string, int>& counts) {
  std::string out;
  for (const auto& [word, times] : counts)
    out += fmt::format("{}{} x {}", out.empty() ? "" : ", ", word, times);
  return out.empty() ? "-" : out;
}

// One log whose own z is about 4: the direct effect is four standard errors (2 noise / sqrt n, over what is
// left of the treatment beside the proxy).
void one_log(Cells& cells) {
  const std::size_t n = cells.quick() ? 6000 : 60000;
  const int seeds = cells.quick() ? 5 : 20;
  const double noise = 4, direct = 4 * 2 * noise / std::sqrt(.8 * static_cast<double>(n));
  for (const Worth& worth : kWorths) {
    const std::string cell = fmt::format("one log of {}, {}", n, worth.name);
    if (!cells.wants(cell)) continue;
    const std::vector<Row> rows = carried_world(n, 1, direct, noise, worth.of);
    // Half of it would be worth having: the interval of the bias lies above.
    const Goal goal = goal_of(.4 * direct, true);
    Spread split, names;
    std::map<std::string, int> by_split, by_names;
    for (int seed = 1; seed <= seeds; ++seed) {
      const Surrogacy s = tested(goal, log_of(rows, true), static_cast<std::uint64_t>(seed), cells.threads());
      split.add(s.z);
      ++by_split[std::string(name_of(s.verdict))];
      const Surrogacy t =
          tested(goal, log_of(rows, true, static_cast<std::uint64_t>(seed)), 1, cells.threads());
      names.add(t.z);
      ++by_names[std::string(name_of(t.verdict))];
    }
    std::printf(
        "%-40s splits: z %.3f (deviation %.4f), %s; other names, so other folds: z %.3f (deviation %.4f), %s\n",
        cell.c_str(), split.mean(), split.deviation(), tally(by_split).c_str(), names.mean(), names.deviation(),
        tally(by_names).c_str());
    cells.claims.claim(by_split.size() == 1, cell + ": the same verdict for every split");
    cells.claims.claim(split.deviation() <= .1,
                       fmt::format("{}: z varies by {:.4f} over splits (at most .1)", cell, split.deviation()));
    const double room = cells.quick() ? .3 : .1;  // a tenth of the rows: folds move z three times as much
    cells.claims.claim(
        names.deviation() <= room,
        fmt::format("{}: and by {:.4f} over assignments of folds (at most {})", cell, names.deviation(), room));
  }
}

// Verdicts of whole runs of align over seeds of the split, the log staying as it is.
void verdicts(Cells& cells, const std::string& name, const Goal& goal, const std::function<DecisionLog()>& read,
              int seeds) {
  if (!cells.wants(name)) return;
  struct Found {
    std::map<std::string, int> audit, surrogacy;
    Spread z;
  };
  std::map<std::string, Found> proxies;
  std::map<std::string, int> decision, recommended, comparison;
  for (int seed = 1; seed <= seeds; ++seed) {
    const Study study = run_study(goal, read(), run_options(static_cast<std::uint64_t>(seed), cells.threads()));
    for (const ProxyAudit& a : study.proxies) {
      Found& found = proxies[a.name];
      ++found.audit[std::string(name_of(a.verdict))];
      ++found.surrogacy[a.surrogacy.known ? std::string(name_of(a.surrogacy.verdict)) : "no number"];
      if (a.surrogacy.known) found.z.add(a.surrogacy.z);
    }
    for (const SignalComparison& c : study.comparisons) {
      const std::string said = !c.difference.known               ? "no number"
                               : c.same_policy                   ? "the same policy"
                               : c.difference.interval.lower > 0 ? "better"
                               : c.difference.interval.upper < 0 ? "worse"
                                                                 : "not told apart";
      ++comparison[c.proxy + " " + said];
    }
    ++decision[study.certification->decision];
    const auto& best = study.certification->recommended;
    ++recommended[best ? study.certification->candidates[*best].name : "nothing"];
  }
  std::printf("%s, %d seeds: decision %s; recommended %s\n", name.c_str(), seeds, tally(decision).c_str(),
              tally(recommended).c_str());
  for (const auto& [proxy, found] : proxies) {
    std::printf("    %-12s audit %s; surrogacy %s; z %.3f (deviation %.4f, %.3f to %.3f)\n", proxy.c_str(),
                tally(found.audit).c_str(), tally(found.surrogacy).c_str(), found.z.mean(), found.z.deviation(),
                found.z.n > 0 ? found.z.least : 0, found.z.n > 0 ? found.z.most : 0);
  }
  if (!comparison.empty())
    std::printf("    trained on a proxy instead of the goal: %s\n", tally(comparison).c_str());
  std::fflush(stdout);
  for (const auto& [proxy, found] : proxies) {
    if (name.starts_with("newsfeed")) continue;  // its contrast is a path, which the training half laid
    cells.claims.claim(found.surrogacy.size() <= 1, fmt::format("{}, {}: one surrogacy verdict", name, proxy));
    cells.claims.claim(found.z.deviation() <= .1, fmt::format("{}, {}: z varies by {:.4f} (at most .1)", name,
                                                              proxy, found.z.deviation()));
  }
  if (name.starts_with("newsfeed") && !cells.quick()) {
    int worse = 0;
    for (const auto& [said, times] : comparison) worse += said == "click worse" ? times : 0;
    cells.at_least(name + ": training on clicks is shown to be worse", worse, static_cast<std::uint64_t>(seeds),
                   .9);
  }
}

std::string data_folder() {
  const char* folder = std::getenv("PLUMB_DATA");
  return folder != nullptr ? folder : source_path("../shared/data");
}

void real_data(Cells& cells) {
  const int seeds = cells.quick() ? 2 : 20;
  const std::string hillstrom = data_folder() + "/hillstrom/hillstrom.csv.gz",
                    bandit = data_folder() + "/open-bandit/bts_men.csv.gz";
  if (cells.quick()) {
    std::printf("Real data sets: full runs only.\n");
    return;
  }
  if (std::filesystem::exists(hillstrom)) {
    const Goal goal = read_goal(source_path("examples/hillstrom/goal.toml"));
    const DecisionLog log = read_log(hillstrom, goal, nullptr);
    verdicts(
        cells, "Hillstrom", goal, [&] { return log; }, seeds);
  } else {
    std::printf("Hillstrom: left out, there is no %s (PLUMB_DATA names the folder).\n", hillstrom.c_str());
  }
  if (std::filesystem::exists(bandit)) {
    const Goal goal = parse_goal(
        "[goal]\nmaximize = \"click\"\nminimum_effect = 0.001\n[outcome.click]\nkind = \"binary\"\n[data]\nlog "
        "= "
        "\"bts_men.csv.gz\"\naction = \"item_id\"\npropensity = \"propensity_score\"\ncontext = "
        "[\"position\"]\n");
    const DecisionLog log = read_log(bandit, goal, nullptr);
    verdicts(
        cells, "Open Bandit", goal, [&] { return log; }, seeds);
  } else {
    std::printf("Open Bandit: left out, there is no %s (PLUMB_DATA names the folder).\n", bandit.c_str());
  }
}

void worlds(Cells& cells) {
  const int seeds = cells.quick() ? 2 : 20;
  if (cells.wants("campaign")) {
    const Goal goal = read_goal(source_path("examples/campaign/goal.toml"));
    CampaignOptions mails;
    mails.decisions = cells.quick() ? 4000 : 40000;
    mails.effect = .08;
    const DecisionLog log = campaign_log(mails, goal);
    verdicts(
        cells, "campaign", goal, [&] { return log; }, seeds);
  }
  if (cells.wants("newsfeed")) {
    const Goal goal = read_goal(source_path("examples/newsfeed/goal.toml"));
    NewsfeedOptions readers;
    readers.decisions = cells.quick() ? 4000 : 100000;
    const DecisionLog log = newsfeed_log(readers, goal);
    verdicts(
        cells, "newsfeed", goal, [&] { return log; }, seeds);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Cells cells("seeds", argc, argv);
  equal_pressure(cells);
  level_of_surrogacy(cells);
  one_log(cells);
  worlds(cells);
  real_data(cells);
  return cells.close();
}
