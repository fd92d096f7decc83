// Outcomes that no log holds: learnt here, then columns like any other.
#include <fmt/format.h>

#include <algorithm>

#include "loop/stages.h"
#include "plumb/evaluate.h"

namespace plumb {
namespace {

// Of a change that goes on, intervals that hold so much of it keep their level nearly whatever the change.
constexpr double kMostlyCarried = 0.5;

// The late outcome's events are few where it is seen: the error of what the index misses is that of a normal
// sum, which so few do not make.
std::string too_few_events(const DecisionLog& log, const LearntOutcome& learnt) {
  const OutcomeColumn& late = log.outcome(learnt.of);
  std::uint64_t events = 0, seen = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (late.state[i] != State::kObserved || learnt.column.state[i] != State::kObserved) continue;
    ++seen;
    events += late.value[i] != 0;
  }
  const bool binary = late.kind == OutcomeKind::kBinary;
  const std::uint64_t few = binary ? std::min(events, seen - events) : events, least = least_events(late);
  if (learnt.assumed || few >= 2 * least) return {};
  return fmt::format(
      "{} is {} in {} of the {} decisions in which it is seen, {} are needed to say what {} misses", learnt.of,
      binary && few < events ? "0" : "not 0", few, seen, 2 * least, learnt.name);
}

}  // namespace

std::vector<std::shared_ptr<const LearntOutcome>> learn_columns(Study& study) {
  std::vector<std::shared_ptr<const LearntOutcome>> out;
  DecisionLog& log = study.log;
  for (const std::string& name : modelled_outcomes(study.goal)) {
    const OutcomeSpec& spec = *study.goal.outcome(name);
    if (spec.model.empty()) continue;
    LearntOutcome learnt;
    if (spec.model == "surrogate_index") {
      std::vector<std::uint8_t> training(log.size());
      for (std::size_t i = 0; i < log.size(); ++i) training[i] = log.in_training(i);
      learnt = learn_surrogate_index(log, spec, make_feature_map(log, training), study.threads);
    } else {
      const auto found = study.transactions.find(name);
      if (found == study.transactions.end())
        refuse("outcome." + name, "transactions", "none in memory", "those of " + spec.transactions);
      learnt = learn_lifetime_value(log, study.goal, spec, found->second, study.seed, study.threads);
    }
    study.findings.insert(study.findings.end(), learnt.findings.begin(), learnt.findings.end());
    study.caps.insert(study.caps.end(), learnt.caps.begin(), learnt.caps.end());
    if (std::string few = spec.model == "surrogate_index" ? too_few_events(log, learnt) : std::string();
        !few.empty())
      study.caps.push_back(std::move(few));
    out.push_back(std::make_shared<const LearntOutcome>(std::move(learnt)));
  }
  for (const auto& learnt : out) log.outcomes.push_back(learnt->column);
  return out;
}

void test_indices(Study& study) {
  for (const auto& learnt : study.models.learnt) {
    if (learnt->model != "surrogate_index") continue;
    IndexSurrogacy tested =
        index_surrogacy(study.log, study.goal, study.models, *learnt, study.base, study.threads);
    for (const Surrogacy& s : tested.tests) {
      if (!learnt->assumed || s.verdict != Verdict::kRefuse) continue;
      study.caps.push_back(
          fmt::format("{} does not stand for {}: of the effect of {} it misses {:.3g}, between {:.3g} and "
                      "{:.3g}, on the {} of "
                      "{} decisions in which both are seen",
                      learnt->name, learnt->of, s.contrast, s.bias.value, s.bias.interval.lower,
                      s.bias.interval.upper, s.rows, s.of_rows));
    }
    for (std::size_t k = 0; k < tested.parts.size(); ++k) {
      const IndexParts& parts = tested.parts[k];
      if (learnt->change.carried >= kMostlyCarried || !parts.turns()) continue;
      study.caps.push_back(
          fmt::format("{} is seen of {:.0f} % of the decisions, the older ones: should what {} is made of go "
                      "on changing in "
                      "worth as it may have there, the gain of {} would lie between {:.3g} and {:.3g}",
                      learnt->of, 100 * learnt->seen_share, learnt->name, tested.tests[k].contrast,
                      parts.going_on.interval.lower, parts.going_on.interval.upper));
    }
    study.index_tests.push_back(std::move(tested));
  }
}

void measure_reliability(Study& study) {
  for (std::size_t j = 0; j < study.models.outcome.size(); ++j) {
    if (study.models.method[j] == Method::kBradleyTerry) continue;
    study.reliability[study.models.outcome[j]] =
        reliability_of(study.log, study.models, j, study.goal.confidence);
  }
}

}  // namespace plumb
