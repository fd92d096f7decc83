// The monitor on the newsfeed world. A policy is certified on one log; then come later ones: from the same
// world, from one where harm was planted (items bait readers with hidden rage; readers turn away from what they
// liked), from one with another mix of contexts only. How often is the certificate revoked, and how often is
// planted harm shown? Truths of the policy's gain stand beside the answers.
//
// Before that, on small made logs: rows of the first log in another dress, later logs that are ones, outcomes
// in another unit, new arms and levels (monitor_rows.h).
#include <fmt/format.h>

#include <chrono>

#include "quality/monitor_rows.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

struct Later {
  const char* name;
  bool harm = false;  // planted
  bool mix = false;   // contexts only
  void (*change)(NewsfeedOptions&);
};

const Later kLater[] = {
    {"unchanged", false, false, [](NewsfeedOptions&) {}},
    {"younger readers", false, true, [](NewsfeedOptions& o) { o.young = 0.6; }},
    {"more visible rage", false, false, [](NewsfeedOptions& o) { o.rage = 0.2; }},
    {"angrier items", true, false, [](NewsfeedOptions& o) { o.bait = 1; }},
    {"changed readers", true, false, [](NewsfeedOptions& o) { o.appetite = -0.5; }},
};
constexpr std::size_t kLaters = std::size(kLater);

struct LaterCounts {
  int certificates = 0, broken = 0, stands = 0, revoked = 0, undecided = 0, shown = 0, contexts = 0,
      choices = 0, carried = 0;
};

std::string written(const Measured& m) {
  return m.known ? fmt::format("{:+.2f} [{:+.2f}, {:+.2f}]", m.value, m.interval.lower, m.interval.upper)
                 : std::string("no number");
}

}  // namespace

int main(int argc, char** argv) {
  Cells cells("monitor", argc, argv);
  old_rows(cells, cells.quick() ? 1 : 400);
  new_rows(cells, cells.quick() ? 2 : 1000);
  scales(cells, cells.quick() ? 1 : 60);
  moved(cells, cells.quick() ? 1 : 400);
  if (!cells.wants("newsfeed")) return cells.close();
  Options options;
  options.quick = cells.quick();
  options.threads = cells.threads();
  const Goal goal = read_goal(source_path("examples/newsfeed/goal.toml"));
  const int wanted = options.quick ? 1 : 20;
  const std::uint64_t decisions = 100000, later_decisions = 50000, contexts = options.quick ? 20000 : 50000;
  const std::vector<std::string> outcomes = {"value_90d", "polarization", "complaint"};
  const auto begin = std::chrono::steady_clock::now();
  std::printf(
      "monitor, certificates from %lu decisions, later logs of %lu; truths by simulation of %lu fresh "
      "contexts\n",
      decisions, later_decisions, contexts);
  std::printf("%4s %-18s | %7s %7s %8s %-6s | %-12s %-5s | %-22s %-22s %-22s | %3s %3s | %s\n", "seed",
              "later log", "gain", "pol.", "compl.", "truly", "verdict", "shown", "now", "by contexts",
              "by outcomes", "ctx", "cho", "reason");
  LaterCounts counts[kLaters];
  int certificates = 0, tried = 0;
  for (std::uint64_t seed = options.first_seed; certificates < wanted && tried < 3 * wanted; ++seed, ++tried) {
    NewsfeedOptions world;
    world.decisions = decisions;
    world.seed = seed;
    const DecisionLog first = newsfeed_log(world, goal);
    const Study study = run_study(goal, first, run_options(seed, options.threads));
    const Certification& c = *study.certification;
    if (!c.recommended) {
      std::printf("%4lu no certificate: %s\n", seed, c.decision.c_str());
      continue;
    }
    ++certificates;
    const std::string& name = c.candidates[*c.recommended].name;
    PolicyPointer policy;
    for (const Candidate& candidate : study.training->candidates) {
      if (candidate.policy->name() == name) policy = candidate.policy;
    }
    std::printf("%4lu %-18s | %s, certified %s\n", seed, "certificate", name.c_str(),
                written(c.candidates[*c.recommended].versus_reference).c_str());
    for (std::size_t k = 0; k < kLaters; ++k) {
      NewsfeedOptions later = world;
      later.decisions = later_decisions;
      later.seed = seed + 2000000;
      later.weeks_later = 12;
      kLater[k].change(later);
      NewsfeedOptions fresh = later;
      fresh.decisions = contexts;
      fresh.seed = seed + 1000000;
      const Truths truths(newsfeed_log(fresh, goal), newsfeed_expected(fresh, outcomes));
      const std::vector<double> reference = truths.of(*study.logging), truth = truths.of(*policy);
      LoadReport load;
      load.rows_read = load.decisions = later_decisions;
      const Study answer = monitor_in_memory(goal, first, newsfeed_log(later, goal), load, policy,
                                             run_options(seed, options.threads));
      const Monitoring& m = answer.monitor->found;
      bool shown = m.verdict == Verdict::kRefuse;
      for (const Shift& s : m.outcomes.shifts) shown = shown || s.harmful;
      // In truth: not worth shipping any more, or beyond a limit.
      const bool broken = truth[0] - reference[0] < goal.minimum_effect ||
                          truth[1] - reference[1] > goal.constraints[0].margin ||
                          truth[2] - reference[2] > goal.constraints[1].margin;
      LaterCounts& n = counts[k];
      n.certificates += 1;
      n.broken += broken;
      n.stands += m.verdict == Verdict::kPass;
      n.revoked += m.verdict == Verdict::kRefuse;
      n.undecided += m.verdict == Verdict::kInconclusive;
      n.shown += shown;
      n.contexts += m.contexts.shown() > 0;
      n.choices += m.choices.shown() > 0;
      n.carried +=
          m.by_outcomes.known && (m.by_outcomes.interval.lower > 0 || m.by_outcomes.interval.upper < 0);
      std::printf("%4lu %-18s | %+7.2f %+7.4f %+8.5f %-6s | %-12s %-5s | %-22s %-22s %-22s | %3zu %3zu | %s\n",
                  seed, kLater[k].name, truth[0] - reference[0], truth[1] - reference[1],
                  truth[2] - reference[2], broken ? "broken" : "holds", std::string(name_of(m.verdict)).c_str(),
                  shown ? "yes" : "no", written(m.now).c_str(), written(m.by_contexts).c_str(),
                  written(m.by_outcomes).c_str(), m.contexts.shown(), m.choices.shown(),
                  m.reason.substr(0, 150).c_str());
      std::fflush(stdout);
    }
  }
  std::printf("\n%-18s %6s %6s %7s %9s %6s %9s %8s %9s %6s\n", "later log", "broken", "stands", "revoked",
              "undecided", "shown", "contexts", "choices", "outcomes", "of");
  for (std::size_t k = 0; k < kLaters; ++k) {
    const LaterCounts& n = counts[k];
    std::printf("%-18s %6d %6d %7d %9d %6d %9d %8d %9d %6d\n", kLater[k].name, n.broken, n.stands, n.revoked,
                n.undecided, n.shown, n.contexts, n.choices, n.carried, n.certificates);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%d certificates of %d logs, %.0f s on %d threads\n", certificates, tried, seconds,
              options.threads);
  Claims& claims = cells.claims;
  claims.claim(certificates == wanted, fmt::format("{} certificates (wanted {})", certificates, wanted));
  const int few = wanted / 20, most = wanted - wanted / 10;
  for (std::size_t k = 0; k < kLaters; ++k) {
    const LaterCounts& n = counts[k];
    if (kLater[k].harm) {
      claims.claim(n.shown >= most,
                   fmt::format("{}: planted harm is shown in {} of {} (at least {}), {} revoked",
                               kLater[k].name, n.shown, n.certificates, most, n.revoked));
    } else if (kLater[k].mix) {
      claims.claim(n.certificates - n.revoked >= most,
                   fmt::format("{}: {} of {} are not revoked (at least {})", kLater[k].name,
                               n.certificates - n.revoked, n.certificates, most));
    } else if (k == 0) {
      claims.claim(n.revoked <= few, fmt::format("{}: {} of {} are revoked (at most {})", kLater[k].name,
                                                 n.revoked, n.certificates, few));
    }
  }
  return cells.close();
}
