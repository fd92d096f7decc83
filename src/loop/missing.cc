// Missing outcomes: how likely each decision's was to be observed, and what that leaves a log able to decide.
#include <fmt/format.h>

#include <algorithm>

#include "data/checks.h"
#include "loop/stages.h"
#include "reward/observation_model.h"

namespace plumb {
namespace {

// An earlier outcome with the very same gaps, whose probabilities are the same too; nullptr where there is
// none.
const OutcomeColumn* same_gaps(const DecisionLog& log, const std::vector<std::string>& before,
                               const OutcomeColumn& column) {
  for (const std::string& name : before) {
    const OutcomeColumn& other = log.outcome(name);
    if (other.asked_estimated && other.state == column.state) return &other;
  }
  return nullptr;
}

}  // namespace

MissingFound explain_missing(DecisionLog& log, const Goal& goal, int threads) {
  MissingFound out;
  std::vector<std::string> done;
  std::vector<ObservationTest> tests;
  for (const std::string& name : used_outcomes(goal)) {
    const OutcomeSpec* spec = goal.outcome(name);
    if (spec == nullptr || !spec->model.empty() || spec->kind == OutcomeKind::kPreference) continue;
    const auto at = std::find_if(log.outcomes.begin(), log.outcomes.end(),
                                 [&](const OutcomeColumn& c) { return c.name == name; });
    if (at == log.outcomes.end()) continue;
    OutcomeColumn& column = *at;
    if (!column.asked.empty()) {
      if (std::string wrong = asked_contradiction(log, column); !wrong.empty()) {
        out.caps[name] = std::move(wrong);  // check_log has said so
      } else if (column.observed_count < log.size()) {
        const ObservationTest test = test_observation(log, column, column.asked, /*stated=*/true, threads);
        if (!test.failed) continue;
        out.caps[name] = test.sentence;
        out.findings.push_back({"asked", Severity::kWarning,
                                test.sentence +
                                    ": some who were asked did not answer, or the probabilities are "
                                    "wrong."});
      }
      continue;
    }
    const std::size_t missing = count_missing(column);
    if (missing == 0) continue;
    ObservationTest test;
    if (const OutcomeColumn* same = same_gaps(log, done, column)) {
      column.asked = same->asked;
      test = tests[static_cast<std::size_t>(std::find(done.begin(), done.end(), same->name) - done.begin())];
      if (const std::size_t length = same->name.size(); test.failed && test.sentence.starts_with(same->name))
        test.sentence = name + test.sentence.substr(length);
    } else {
      ObservationModel model = fit_observation(log, column, threads);
      column.asked = std::move(model.asked);
      test = std::move(model.test);
    }
    column.asked_estimated = true;
    column.asked_known = spec->missing_at_random && !test.failed;
    if (test.failed) {
      out.caps[name] = test.sentence;
      out.findings.push_back(
          {"observation", Severity::kWarning,
           fmt::format(
               "{}: what is seen does not stand for what is missing, and what decides is only what holds "
               "at the worst that is missing could be.",
               test.sentence)});
    } else {
      if (!spec->missing_at_random) {
        out.caps[name] = fmt::format(
            "{} is missing in {} of {} decisions and nobody said why (missing = \"at_random\" declares that it "
            "depends on nothing but action and context)",
            name, missing, log.size());
      }
      out.findings.push_back(
          {"observation", Severity::kInfo,
           test.comparisons == 0
               ? fmt::format("How likely {} was to be observed is estimated by action and context; with so few "
                             "missing (or observed) the estimate cannot be tested.",
                             name)
               : fmt::format(
                     "How likely {} was to be observed is estimated by action and context; {} comparisons "
                     "of who was observed with who was expected do not contradict it.",
                     name, test.comparisons)});
    }
    done.push_back(name);
    tests.push_back(std::move(test));
  }
  return out;
}

std::string cap_of_goal(const Study& study, const std::string& outcome) {
  if (!study.caps.empty()) return study.caps.front();
  const auto cap = [&](const std::string& name) {
    const auto found = study.missing_caps.find(name);
    return found == study.missing_caps.end() ? std::string() : found->second;
  };
  for (const Term& term : study.goal.maximize) {
    if (std::string why = cap(term.outcome); !why.empty()) return why;
  }
  return cap(outcome);
}

}  // namespace plumb
