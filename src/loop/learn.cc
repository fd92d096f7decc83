// What outcomes and people to expect: models, the score table, constant actions.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/claims.h"
#include "audit/comparison.h"
#include "loop/origin.h"
#include "loop/stages.h"

namespace plumb {

void learn_preference(Study& study) {
  auto model = std::make_shared<PreferenceModel>(
      fit_preference(*study.feedback, study.models.map, study.seed, study.threads));
  study.caps.insert(study.caps.end(), model->caps.begin(), model->caps.end());
  const std::vector<std::string> served =
      served_caps(*study.feedback, study.log, study.models.map, study.seed, study.threads);
  study.caps.insert(study.caps.end(), served.begin(), served.end());
  study.lapses = lapses_of(study);
  if (!study.lapses.cap.empty()) study.caps.push_back(study.lapses.cap);
  if (study.lapses.point > 0)
    model = std::make_shared<PreferenceModel>(
        at_lapse(*model, *study.feedback, study.models.map, study.seed, study.lapses.point, study.threads));
  add_preference(study.log, study.models, study.goal.preference()->name, std::move(model), study.base,
                 study.threads);
}

void learn_outcomes(Study& study, const RunOptions& options) {
  const DecisionLog& log = study.log;
  tell(options, "learning outcomes", 0, 1);
  auto learnt = learn_columns(study);
  study.models =
      fit_outcome_models(log, modelled_outcomes(study.goal), study.threads, study.goal.outcome_models);
  study.models.learnt = std::move(learnt);
  add_histories(log, study.models);
  study.logging = std::make_shared<LoggingPolicy>(log, study.threads);
  study.reference =
      study.goal.reference == "logging"
          ? study.logging
          : policy_from_argument("reference", log, study.goal, options.not_trained_here, study.threads);
  if (study.verb != "gate" && study.verb != "evaluate") mind_reference(study, options);
  study.base = probabilities_of(*study.logging, log, study.threads);
  test_indices(study);
  if (study.feedback) learn_preference(study);
  study.evaluation = std::make_unique<Evaluation>(log, study.models, study.threads, false, true,
                                                  log.logged.empty() ? study.base : std::vector<float>{});
  std::vector<std::uint8_t> every(log.size(), 1), training(log.size()), certification(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    training[i] = log.in_training(i);
    certification[i] = !log.in_training(i) && (study.reference_seen.empty() || !study.reference_seen[i]);
  }
  study.all = study.evaluation->add_subset({"all rows", std::move(every)});
  study.training_rows = study.evaluation->add_subset({"training half", std::move(training)});
  study.certification_rows = study.evaluation->add_subset({"certification half", std::move(certification)});
  std::vector<PolicyPointer> policies{study.reference};
  if (log.fixed_actions && log.actions.size() <= kMostIds) {
    for (const std::string& action : log.actions) policies.push_back(constant_policy(action));
  }
  const std::vector<std::size_t> numbers = study.evaluation->add_policies(policies);
  study.reference_number = numbers.front();
  study.constants.assign(numbers.begin() + 1, numbers.end());
  tell(options, "learning outcomes", 1, 1);
}

namespace {

constexpr double kPower = 0.8;  // with which an effect that "can be shown" is shown

// The plain mean of the goal where the action was taken, and how often it was.
void add_arm(const Study& study, std::size_t action, ConstantSummary& out) {
  const DecisionLog& log = study.log;
  double sum = 0, seen = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log.chosen_action(i) != action) continue;
    out.count += 1;
    double goal = 0;
    bool observed = true;
    for (const Term& term : study.goal.maximize) {
      const OutcomeColumn& column = log.outcome(term.outcome);
      observed = observed && column.state[i] == State::kObserved;
      goal += term.weight * column.value[i];
    }
    if (!observed) continue;
    const double weight = log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]);
    sum += weight * goal;
    seen += weight;
  }
  out.arm_mean = seen > 0 ? sum / seen : std::nan("");
}

// The least true gain that gate would pass with kPower, where an interval reaches `below` below its estimate:
// its lower end must come out above 0 (proof = "minimum": at the minimum effect), the estimate above the
// minimum.
double detectable(const Goal& goal, double below, double standard_error) {
  const double slack = normal_quantile(kPower) * standard_error, least = goal.minimum_effect;
  return std::max((goal.proof_minimum ? least : 0) + below, least) + slack;
}

// The same where few events were seen: more of them, as a gain would bring them, have a larger error, and a
// gain that would take fewer than none does not exist.
double detectable_with_few(const Goal& goal, const ContrastParts& parts, double critical) {
  double gain = goal.minimum_effect;
  for (int step = 0; step < 60; ++step) {
    const auto then = as_if(parts, gain);
    if (!then) return INFINITY;
    double squares = then->rest_error * then->rest_error;
    for (const ContrastParts::Side& side : then->sides) squares += side.squares;
    const double below = then->value - interval_of(*then, critical, 0).lower;
    gain = detectable(goal, below, std::sqrt(squares));
  }
  return gain;
}

}  // namespace

void summarize_constants(Study& study) {
  const DecisionLog& log = study.log;
  CertificationOptions how = certification_options(study);  // gate's arithmetic
  how.alpha = 1 - study.goal.confidence;
  const bool compared = !study.constants.empty();
  double least = INFINITY;
  if (compared) {
    const Certification all = certify_at_every_lapse(study, {}, how);
    // Where missing outcomes are in doubt, what decides is the gain with them at their worst.
    const bool doubt = std::any_of(study.goal.maximize.begin(), study.goal.maximize.end(),
                                   [&](const Term& term) { return study.missing_caps.contains(term.outcome); });
    std::optional<Comparison> sure;
    if (doubt) sure.emplace(log, study.goal, study.models, study.reference, std::vector<Certifiable>{}, how);
    for (std::size_t a = 0; a < study.constants.size(); ++a) {
      ConstantSummary out;
      out.name = "constant:" + log.actions[a];
      add_arm(study, a, out);
      const CandidateClaim& claim = all.candidates[a + 1];
      PLUMB_ASSERT(claim.name == out.name);
      out.value = claim.goal;
      const Measured gain = sure ? sure->sure_gain(a + 1, 0) : claim.versus_reference;
      if (gain.known && claim.kind != PolicyKind::kReference) {
        double mine = detectable(study.goal, gain.value - gain.interval.lower, gain.standard_error);
        if (claim.versus_reference.method == "gamma") {
          const PolicyContrast contrast{{{study.constants[a], 1.0}, {study.reference_number, -1.0}},
                                        goal_terms(study.goal, study.models),
                                        study.all};
          mine = std::max(
              mine, detectable_with_few(study.goal, contrast_parts(*study.evaluation, contrast), all.critical));
        }
        if (mine < least) study.detectable_action = log.actions[a];
        least = std::min(least, mine);
      }
      study.constant_summaries.push_back(std::move(out));
    }
  } else {
    // Without fixed actions: as if another policy's value were as uncertain as the reference's.
    const auto terms = goal_terms(study.goal, study.models);
    if (study.evaluation->support(study.reference_number, study.all, terms).sufficient) {
      Contrast value{"level", {}};
      study.evaluation->add_terms(value, study.reference_number, terms, study.all, 1);
      const double error = study.evaluation->estimate({&value, 1}).standard_error[0];
      Measured gain =
          make_measured(0, error, normal_quantile(0.5 + study.goal.confidence / 2), study.goal.confidence);
      const double largest = study.evaluation->support(study.reference_number, study.all).max_weight;
      const RejectedRows rejected{study.rejected_share, bounds_of_goal(study.goal), largest, true};
      gain.interval = rejected.widened(gain.interval);
      if (gain.known) least = detectable(study.goal, -gain.interval.lower, error);
    }
  }
  if (study.caps.empty() && std::isfinite(least)) study.detectable_effect = least;
}

}  // namespace plumb
