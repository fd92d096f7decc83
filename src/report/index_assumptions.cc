#include "report/index_assumptions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

LearntAssumption of_surrogacy(const LearntOutcome& learnt, const IndexSurrogacy& tested) {
  const bool any =
      std::any_of(tested.tests.begin(), tested.tests.end(), [](const Surrogacy& s) { return s.known; });
  const std::string test =
      any ? fmt::format("where both are seen, what the index misses of an effect, held against +-{:.3g}, is {}",
                        tested.usable,
                        tested.verdict == Verdict::kPass     ? "shown to lie within"
                        : tested.verdict == Verdict::kRefuse ? "shown to lie outside"
                                                             : "shown neither to lie within nor outside")
          : "no test of it was possible";
  if (learnt.assumed) {
    return {"surrogacy of " + tested.index, tested.verdict == Verdict::kRefuse ? "failed" : "declared",
            fmt::format(
                "The action changes {} through what the index is made of alone, assumed by the goal file; {}; "
                "where {} is not seen, nothing can tell.",
                learnt.of, test, learnt.of)};
  }
  return {"what " + tested.index + " misses", any ? "tested" : "untestable",
          fmt::format(
              "Surrogacy is not assumed: what {} misses of {} is taken from the {:.0f} % of the decisions in "
              "which {} is seen, and stands in every value and interval; {}.",
              tested.index, learnt.of, 100 * learnt.seen_share, learnt.of, test)};
}

LearntAssumption of_change(const LearntOutcome& learnt) {
  const IndexChange& change = learnt.change;
  const std::string name = learnt.name + " holds at every date";
  if (!change.known)
    return {name, "declared",
            fmt::format("What {} is made of is worth the same at every date: not tested, {}.", learnt.name,
                        change.why_not)};
  if (change.found) {
    return {name, "failed",
            fmt::format(
                "Where {} is seen, what {} is made of changes in worth with the date (z = {:.1f}, {:.1f} is "
                "chance): intervals hold both a change that goes on and one that has ended.",
                learnt.of, learnt.name, change.z, change.critical)};
  }
  return {name, "tested",
          fmt::format(
              "Where {} is seen, what {} is made of is not shown to change in worth with the date (z = {:.1f}, "
              "{:.1f} would show it). Values and intervals have {:.0f} % of the change that may be there, "
              "continued to every date.",
              learnt.of, learnt.name, change.z, change.critical, 100 * change.carried)};
}

// The gain among decisions whose late outcome is not seen would have to be off by the nearer end of the
// interval over their share.
LearntAssumption of_unseen(const LearntOutcome& learnt, const IndexSurrogacy& tested) {
  const double unseen = 1 - learnt.seen_share;
  std::string turned;
  for (std::size_t k = 0; k < tested.parts.size(); ++k) {
    const Interval& gain = tested.parts[k].gain.interval;
    if (!tested.parts[k].gain.known || !(unseen > 0) || (gain.lower <= 0 && gain.upper >= 0)) continue;
    const double nearer = gain.lower > 0 ? gain.lower : -gain.upper;
    turned += fmt::format("; the gain of {} would no longer be shown were it {} there by {:.3g} than foretold",
                          tested.tests[k].contrast, gain.lower > 0 ? "smaller" : "larger", nearer / unseen);
  }
  return {"nothing changes where " + learnt.of + " is not seen yet", "declared",
          fmt::format("A change that begins among the {:.0f} % of decisions in which {} is not seen cannot be "
                      "found{}.",
                      100 * unseen, learnt.of, turned)};
}

}  // namespace

std::vector<LearntAssumption> index_assumptions(const Study& study) {
  std::vector<LearntAssumption> out;
  for (const IndexSurrogacy& tested : study.index_tests) {
    const LearntOutcome& learnt = *study.models.learnt_named(tested.index);
    out.push_back(of_surrogacy(learnt, tested));
    out.push_back(of_change(learnt));
    if (learnt.seen_share < 1) out.push_back(of_unseen(learnt, tested));
  }
  return out;
}

}  // namespace plumb
