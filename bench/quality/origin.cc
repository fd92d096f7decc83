// Who has seen what. A policy that was learnt from a log, gated on that log after it was exported again, on
// later rows of the same units, or as the reference: how often does the gate pass or refuse what differs from
// nothing in truth? And on truly new logs: does it pass as often as the same policy that was fixed beforehand?
//
// The null world: units with contexts that never change and tastes that contexts do not predict. What is learnt
// from a unit serves that unit, and nobody else, so that rows of known units flatter.
#include <fmt/format.h>
#include <cmath>

#include "loop/origin.h"
#include "plumb/origin.h"
#include "plumb/tree_policy.h"
#include "quality/cells.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

constexpr std::size_t kContexts = 6;

struct World {
  std::size_t units = 1500;
  std::uint64_t population = 1;  // who they are: contexts and tastes
  std::uint64_t week = 1;        // what they were offered and did
  double taste = 1, effect = 0;  // effect: of a1 where x0 is above 0; the opposite below
};

std::string goal_text(const std::string& family, const std::string& outcome, const std::string& more) {
  return fmt::format(
      "goal.maximize=\"{0}\"\ngoal.minimum_effect=0\noutcome.{0}.kind=\"number\"\n{1}data.log=\"log.csv\"\n"
      "data.action=\"a\"\ndata.propensity=0.5\ndata.unit=\"u\"\ndata.context=[\"x*\"]\npolicy.family=\"{2}\"\n",
      outcome, more, family);
}

// Digests, and what a file's rows look like: from all that the log says.
void finish(DecisionLog& log, std::uint64_t file) {
  digest_rows(log);
  log.row_fingerprint.clear();
  for (const std::uint64_t row : log.row_digest) log.row_fingerprint.push_back(hash_combine(row, file));
}

DecisionLog draw(const World& world) {
  const Rng who = Rng(world.population).stream("who", 0),
            what = Rng(world.week).stream("what", world.population);
  DecisionLog log;
  log.source = "log.csv";
  log.actions = {"a0", "a1"};
  log.fixed_actions = log.unit_named = log.propensity_declared = true;
  log.offset.push_back(0);
  log.context.resize(kContexts);
  for (std::size_t c = 0; c < kContexts; ++c) log.context[c].name = "x" + std::to_string(c);
  log.outcomes.resize(1);
  log.outcomes[0].name = "y";
  for (std::size_t i = 0; i < world.units; ++i) {
    Rng unit = who.stream("unit", i), row = what.stream("row", i);
    double x0 = 0;
    for (std::size_t c = 0; c < kContexts; ++c) {
      const double x = unit.normal();
      if (c == 0) x0 = x;
      log.context[c].number.push_back(static_cast<float>(x));
    }
    const double taste = world.taste * unit.normal();
    const bool second = row.uniform() < .5;
    for (std::uint32_t a = 0; a < 2; ++a) {
      log.action.push_back(a);
      log.logged.push_back(.5f);
    }
    log.offset.push_back(log.action.size());
    log.chosen.push_back(second);
    log.propensity.push_back(.5);
    log.id.push_back(fmt::format("d{}.{}.{}", world.population, world.week, i));
    log.unit.push_back(hash_bytes(fmt::format("u{}.{}", world.population, i)));
    const double sign = second ? .5 : -.5;
    const double value = sign * (taste + (x0 > 0 ? world.effect : -world.effect)) + .5 * row.normal();
    log.outcomes[0].value.push_back(value);
    log.outcomes[0].state.push_back(State::kObserved);
    log.outcomes[0].nonzero_count += value != 0;
  }
  log.outcomes[0].observed_count = world.units;
  finish(log, 1);
  return log;
}

DecisionLog picked(const DecisionLog& log, const std::vector<std::size_t>& rows) {
  DecisionLog out = log;
  const std::size_t n = rows.size();
  const auto take = [&](auto& to, const auto& from) {
    to.clear();
    for (const std::size_t i : rows) to.push_back(from[i]);
  };
  take(out.unit, log.unit);
  if (!log.id.empty()) take(out.id, log.id);
  take(out.chosen, log.chosen);
  take(out.propensity, log.propensity);
  for (std::size_t c = 0; c < log.context.size(); ++c) take(out.context[c].number, log.context[c].number);
  for (std::size_t j = 0; j < log.outcomes.size(); ++j) {
    take(out.outcomes[j].value, log.outcomes[j].value);
    take(out.outcomes[j].state, log.outcomes[j].state);
    out.outcomes[j].observed_count = n;
    out.outcomes[j].nonzero_count = n;
  }
  out.action.resize(2 * n);
  out.logged.resize(2 * n);
  out.offset.resize(n + 1);
  finish(out, 1);
  return out;
}

DecisionLog joined(const DecisionLog& a, const DecisionLog& b) {
  DecisionLog out = a;
  const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(out.unit, b.unit);
  append(out.id, b.id);
  append(out.chosen, b.chosen);
  append(out.propensity, b.propensity);
  append(out.action, b.action);
  append(out.logged, b.logged);
  for (std::size_t i = 1; i < b.offset.size(); ++i) out.offset.push_back(a.offset.back() + b.offset[i]);
  for (std::size_t c = 0; c < kContexts; ++c) append(out.context[c].number, b.context[c].number);
  append(out.outcomes[0].value, b.outcomes[0].value);
  append(out.outcomes[0].state, b.outcomes[0].state);
  out.outcomes[0].observed_count += b.size();
  out.outcomes[0].nonzero_count += b.size();
  finish(out, 1);
  return out;
}

// ------------------------------------------------------------------ exports of the same rows

DecisionLog with_another_outcome(DecisionLog log, std::uint64_t seed) {
  Rng rng = Rng(seed).stream("another", 0);
  OutcomeColumn z = log.outcomes[0];
  z.name = "z";
  z.kind = OutcomeKind::kBinary;
  z.nonzero_count = 0;
  for (double& value : z.value) {
    value = rng.uniform() < .3;
    z.nonzero_count += value != 0;
  }
  log.outcomes.push_back(std::move(z));
  finish(log, 2);
  return log;
}

// Euros in cents, as another program prints them.
DecisionLog scaled(DecisionLog log) {
  for (double& value : log.outcomes[0].value) value = std::stod(fmt::format("{:.5g}", 100 * value));
  finish(log, 3);
  return log;
}

DecisionLog renamed(DecisionLog log) {
  log.outcomes[0].name = "revenue";
  finish(log, 4);
  return log;
}

DecisionLog shuffled(const DecisionLog& log, std::uint64_t seed, std::size_t keep) {
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t i = 0; i < log.size(); ++i) order.emplace_back(hash_combine(seed, i), i);
  std::sort(order.begin(), order.end());
  std::vector<std::size_t> rows;
  for (std::size_t k = 0; k < keep; ++k) rows.push_back(order[k].second);
  return picked(log, rows);
}

// No unit, no id: a row's unit is its text.
DecisionLog unnamed(DecisionLog log, std::uint64_t file) {
  log.unit_named = false;
  log.id.clear();
  for (std::size_t i = 0; i < log.size(); ++i) log.unit[i] = 0;
  digest_rows(log);
  for (std::size_t i = 0; i < log.size(); ++i) log.unit[i] = hash_combine(log.row_digest[i], file);
  finish(log, file);
  return log;
}

DecisionLog with_scaled_context(DecisionLog log) {
  for (float& x : log.context[kContexts - 1].number) x = 3 + .37f * x;
  finish(log, 5);
  return log;
}

// Every number of the context to one decimal.
DecisionLog rounded(DecisionLog log) {
  for (FeatureColumn& column : log.context)
    for (float& x : column.number) x = std::round(10 * x) / 10;
  finish(log, 6);
  return log;
}

// ------------------------------------------------------------------ stages on logs in memory

PolicyPointer learnt(const Goal& goal, const DecisionLog& log, std::uint64_t seed) {
  LoadReport load;
  load.rows_read = load.decisions = log.size();
  const RunOptions options = run_options(seed, 1);
  Study study = check_in_memory(goal, log, load, options, "train");
  learn_outcomes(study, options);
  lay_paths(study, options);
  train_policies(study, options);
  if (study.training->candidates.empty()) return nullptr;
  return study.training->candidates[study.training->chosen].policy;
}

struct Gated {
  Verdict verdict = Verdict::kInconclusive;
  bool number = false;
  std::uint64_t left_out = 0;
};

Gated gated(const Goal& goal, const DecisionLog& log, std::uint64_t seed, const PolicyPointer& policy,
            const PolicyPointer& reference = nullptr, bool declared = false) {
  LoadReport load;
  load.rows_read = load.decisions = log.size();
  RunOptions options = run_options(seed, 1);
  options.not_trained_here = declared;
  Study study = check_in_memory(goal, log, load, options, "gate");
  const Judges judges = judges_of(study, *policy, reference.get(), options);
  Gated out;
  out.left_out = judges.left_out;
  if (judges.none) return out;
  learn_outcomes(study, options);
  CertificationOptions how;
  how.caps = study.caps;
  how.seed = seed;
  how.with_constants = false;
  how.unseen = judges.unseen;
  how.reference_is_fixed = judges.reference_is_fixed;
  const Certification c = certify(study.log, goal, study.models, reference ? reference : study.reference,
                                  {{policy, "", judges.left_out == 0}}, how);
  out.verdict = c.candidates[1].verdict;
  out.number = c.candidates[1].versus_reference.known;
  return out;
}

// The same choices, learnt from nowhere.
PolicyPointer as_fixed(const PolicyPointer& policy) {
  if (const auto* softmax = dynamic_cast<const SoftmaxPolicy*>(policy.get())) {
    SoftmaxParts parts = softmax->parts();
    parts.trained_on = {};
    return std::make_shared<SoftmaxPolicy>(policy->name(), std::move(parts));
  }
  const auto* tree = dynamic_cast<const TreePolicy*>(policy.get());
  PLUMB_ASSERT(tree != nullptr);
  TreeParts parts = tree->parts();
  parts.trained_on = {};
  return std::make_shared<TreePolicy>(policy->name(), std::move(parts));
}

struct Goals {
  Goal plain, another, renamed;
  explicit Goals(const std::string& family)
      : plain(parse_goal(goal_text(family, "y", ""), "")),
        another(parse_goal(goal_text(family, "y", "outcome.z.kind=\"binary\"\n"), "")),
        renamed(parse_goal(goal_text(family, "revenue", ""), "")) {}
};

void enter(Counts& count, const std::string& what, const Gated& gate) {
  count["pass: " + what] += gate.verdict == Verdict::kPass;
  count["refuse: " + what] += gate.verdict == Verdict::kRefuse;
  count["number: " + what] += gate.number;
  count["left out: " + what] += static_cast<double>(gate.left_out);
}

const std::vector<std::string> kExports{
    "as it was", "another seed",     "an outcome added", "cents",      "renamed",
    "shuffled",  "half of the rows", "a context scaled", "later rows", "later rows and new units"};
const std::vector<std::string> kUnnamed{"as it was",        "an outcome added", "cents",
                                        "renamed",          "half of the rows", "a context scaled",
                                        "contexts rounded", "later rows"};

void null_world(const Goals& goals, std::uint64_t seed, Counts& count) {
  World world;
  world.population = seed;
  const DecisionLog log = draw(world);
  const PolicyPointer policy = learnt(goals.plain, log, seed);
  if (!policy) return;
  count["learnt"] += 1;
  World later = world, others = world;
  later.week = 2;
  others.population = seed + 1000000;
  const DecisionLog week2 = draw(later);
  const std::size_t n = log.size();
  enter(count, "had nobody told", gated(goals.plain, log, seed, as_fixed(policy), nullptr, true));
  enter(count, "as it was", gated(goals.plain, log, seed, policy));
  enter(count, "another seed", gated(goals.plain, log, seed + 7, policy));
  enter(count, "an outcome added", gated(goals.another, with_another_outcome(log, seed), seed, policy));
  enter(count, "cents", gated(goals.plain, scaled(log), seed, policy));
  enter(count, "renamed", gated(goals.renamed, renamed(log), seed, policy));
  enter(count, "shuffled", gated(goals.plain, shuffled(log, seed, n), seed, policy));
  enter(count, "half of the rows", gated(goals.plain, shuffled(log, seed, n / 2), seed, policy));
  enter(count, "a context scaled", gated(goals.plain, with_scaled_context(log), seed, policy));
  enter(count, "later rows", gated(goals.plain, week2, seed, policy));
  enter(count, "later rows and new units", gated(goals.plain, joined(week2, draw(others)), seed, policy));

  const auto nameless = [&](const std::string& what, const Goal& goal, const DecisionLog& exported) {
    enter(count, "unnamed, " + what, gated(goal, exported, seed, policy));
  };
  nameless("as it was", goals.plain, unnamed(log, 11));
  nameless("an outcome added", goals.another, unnamed(with_another_outcome(log, seed), 12));
  nameless("cents", goals.plain, unnamed(scaled(log), 13));
  nameless("renamed", goals.renamed, unnamed(renamed(log), 14));
  nameless("half of the rows", goals.plain, unnamed(shuffled(log, seed, n / 2), 15));
  nameless("a context scaled", goals.plain, unnamed(with_scaled_context(log), 16));
  nameless("contexts rounded", goals.plain, unnamed(rounded(log), 19));
  nameless("later rows", goals.plain, unnamed(week2, 17));

  // The policy is what runs today, and an arm is to replace it: no better and no worse for anyone else.
  const PolicyPointer arm = constant_policy("a1");
  enter(count, "reference, same seed", gated(goals.plain, log, seed, arm, policy));
  enter(count, "reference, another seed", gated(goals.plain, log, seed + 7, arm, policy));
  enter(count, "reference, unnamed and cents", gated(goals.plain, unnamed(scaled(log), 18), seed, arm, policy));
  enter(count, "reference, later rows", gated(goals.plain, week2, seed, arm, policy));
}

// A true gain, and logs of other units: named, unnamed, beside the old ones.
void true_world(const Goals& goals, std::uint64_t seed, Counts& count) {
  World world;
  world.population = seed;
  world.effect = .14;
  const DecisionLog log = draw(world);
  const PolicyPointer policy = learnt(goals.plain, log, seed);
  if (!policy) return;
  count["learnt"] += 1;
  const PolicyPointer fixed = as_fixed(policy);
  World others = world;
  others.population = seed + 1000000;
  const DecisionLog fresh = draw(others);
  enter(count, "new, fixed", gated(goals.plain, fresh, seed, fixed, nullptr, true));
  enter(count, "new", gated(goals.plain, fresh, seed, policy));
  enter(count, "new, unnamed", gated(goals.plain, unnamed(fresh, 21), seed, policy));
  DecisionLog counted = fresh;  // ids begin anew in every export
  counted.id = log.id;
  finish(counted, 22);
  enter(count, "new, ids counted anew", gated(goals.plain, counted, seed, policy));
  enter(count, "new beside old", gated(goals.plain, joined(log, fresh), seed, policy));
  // What new beside old may show: the new rows and the half of the old ones that nobody learnt from.
  std::vector<std::size_t> unseen;
  const DecisionLog both = joined(log, fresh);
  for (std::size_t i = 0; i < both.size(); ++i)
    if (i >= log.size() || fold_of(both.unit[i], seed) >= kTrainingFolds) unseen.push_back(i);
  enter(count, "unseen rows alone, fixed",
        gated(goals.plain, picked(both, unseen), seed, fixed, nullptr, true));
}

}  // namespace

int main(int argc, char** argv) {
  Cells cells("origin", argc, argv);
  const std::uint64_t worlds = cells.quick() ? 6 : 400;
  for (const std::string family : {"tree", "softmax"}) {
    const Goals goals(family);
    if (const std::string cell = family + ", nothing to gain"; cells.wants(cell)) {
      const Counts c =
          cells.count(cell, worlds, [&](std::uint64_t seed, Counts& count) { null_world(goals, seed, count); });
      std::vector<std::string> all = kExports;
      for (const std::string& what : kUnnamed) all.push_back("unnamed, " + what);
      for (const char* what : {"same seed", "another seed", "unnamed and cents", "later rows"})
        all.push_back(std::string("reference, ") + what);
      std::printf("%s: learnt in %.0f of %llu worlds of 1,500 units\n", cell.c_str(), c.at("learnt"),
                  static_cast<unsigned long long>(worlds));
      std::printf("%-36s %6s %6s %8s %10s\n", "", "pass", "refuse", "numbers", "left out");
      all.insert(all.begin(), "had nobody told");
      for (const std::string& what : all)
        std::printf("%-36s %6.0f %6.0f %8.0f %10.1f\n", what.c_str(), c.at("pass: " + what),
                    c.at("refuse: " + what), c.at("number: " + what),
                    c.at("left out: " + what) / c.at("learnt"));
      // The worlds have teeth: judged on all rows, the policy passes on what it was learnt from.
      all.erase(all.begin());
      cells.at_least(family + ", had nobody told: false passes", c.at("pass: had nobody told"), worlds, .25);
      for (const std::string& what : all) {
        cells.at_most(fmt::format("{}, {}: false passes", family, what), c.at("pass: " + what), worlds, .025);
        cells.at_most(fmt::format("{}, {}: false refusals", family, what), c.at("refuse: " + what), worlds,
                      .025);
      }
    }
    if (const std::string cell = family + ", a true gain"; cells.wants(cell)) {
      const Counts c =
          cells.count(cell, worlds, [&](std::uint64_t seed, Counts& count) { true_world(goals, seed, count); });
      std::printf("%s: learnt in %.0f of %llu worlds\n", cell.c_str(), c.at("learnt"),
                  static_cast<unsigned long long>(worlds));
      std::printf("%-36s %6s %6s %8s %10s\n", "", "pass", "refuse", "numbers", "left out");
      for (const char* what : {"new, fixed", "new", "new, unnamed", "new, ids counted anew", "new beside old",
                               "unseen rows alone, fixed"}) {
        const std::string name = what;
        std::printf("%-36s %6.0f %6.0f %8.0f %10.1f\n", what, c.at("pass: " + name), c.at("refuse: " + name),
                    c.at("number: " + name), c.at("left out: " + name) / c.at("learnt"));
      }
      const auto as_often = [&](const std::string& what, const std::string& as, double lost) {
        cells.claims.claim(c.at("pass: " + what) >= c.at("pass: " + as) - lost * static_cast<double>(worlds),
                           fmt::format("{}, {}: {:.0f} pass, {:.0f} as {}", family, what, c.at("pass: " + what),
                                       c.at("pass: " + as), as));
      };
      as_often("new", "new, fixed", 0);
      as_often("new, unnamed", "new, fixed", cells.quick() ? .34 : .03);  // folds are others: another split
      as_often("new, ids counted anew", "new, fixed", 0);
      as_often("new beside old", "unseen rows alone, fixed", cells.quick() ? .34 : .03);
    }
  }
  return cells.close();
}
