// What people prefer, as evidence: the reward model, how good it is, and how far it may be pushed.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/study.h"

namespace plumb {
namespace {

using nlohmann::json;

json with_interval(double value, double error, double level) {
  const Interval i = normal_interval(value, error, normal_quantile(0.5 + level / 2), level);
  return {{"value", number_json(value)}, {"lower", number_json(i.lower)}, {"upper", number_json(i.upper)}};
}

// Raters whose answers agree with the model no more than chance, or less; shown, never dropped. Bonferroni over
// all.
json people_json(const PreferenceModel& model, double level) {
  const double z =
      normal_quantile(1 - (1 - level) / (2 * std::max(1.0, static_cast<double>(model.rater.size()))));
  const auto disagrees = [&](const RaterAgreement& r) {
    return r.share + z * 0.5 / std::sqrt(static_cast<double>(r.comparisons)) < 0.5;
  };
  // Two or more who disagree with the model agree with each other: a camp, not people against everyone.
  const bool camp = std::count_if(model.rater.begin(), model.rater.end(), disagrees) >= 2;
  json raters = json::array();
  for (const RaterAgreement& r : model.rater) {
    const double chance = 0.5 / std::sqrt(static_cast<double>(r.comparisons));
    const bool against = disagrees(r);
    if (!against && r.share - normal_quantile(0.95) * chance > 0.5) continue;
    raters.push_back({{"name", r.name},
                      {"comparisons", r.comparisons},
                      {"agreement", r.share},
                      {"note", !against ? "cannot be told from chance"
                               : camp   ? "prefers the opposite, as others do: see bridging (plumb/bridging.h)"
                                        : "answers against everyone"}});
  }
  const std::string sentence =
      model.rater.empty()
          ? fmt::format("No rater gave {} comparisons or more, so single raters cannot be judged.",
                        kLeastOfARater)
          : fmt::format("{} raters gave {} comparisons or more; {} of them stand out.", model.rater.size(),
                        kLeastOfARater, raters.size());
  return {{"judged", model.rater.size()}, {"raters", std::move(raters)}, {"sentence", sentence}};
}

// As a sentence of its own.
std::string as_sentence(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text + ".";
}

// What one of it is, how careless answers bear on it, and what it is traded for.
json unit_json(const Study& study) {
  const std::string& name = study.models.outcome[study.models.preference_index()];
  std::string sentence = fmt::format(
      "One unit of {} is a log-odds of 1 among decided answers, as these people gave them: an option one unit "
      "above "
      "another is preferred by 73 in 100 (1.1 units: by 3 of 4)",
      name);
  double weight = 0;
  std::string others;
  for (const Term& term : study.goal.maximize) {
    if (term.outcome == name)
      weight = term.weight;
    else
      others += (others.empty() ? "" : ", ") + term.outcome;
  }
  if (weight != 0 && !others.empty())
    sentence += fmt::format("; the goal trades one unit of it for {:.3g} {} (beside {})", std::abs(weight),
                            study.goal.unit.empty() ? "of the goal" : study.goal.unit, others);
  const LapseRange& lapses = study.lapses;
  json out{{"sentence", sentence + "."},
           {"careless_sentence",
            as_sentence(lapses.sentence) +
                (lapses.highest > lapses.lowest
                     ? fmt::format(
                           " The curve, training and what `evaluate` says of single policies are at {:.0f} %.",
                           100 * lapses.point)
                     : "")}};
  out["careless"] =
      lapses.told == LapseRange::Told::kNothing
          ? json()
          : json{{"lower", lapses.lowest},
                 {"value", lapses.told == LapseRange::Told::kChecks ? json(lapses.point) : json()},
                 {"upper", lapses.highest}};
  out["checks"] = {{"answers", lapses.checks}, {"wrong", lapses.wrong}, {"ties", lapses.ties}};
  return out;
}

}  // namespace

json preference_json(const Study& study) {
  const PreferenceModel& model = *study.models.preference;
  const PreferenceQuality& q = model.quality;
  const double level = study.goal.confidence;
  json out = {{"name", study.models.outcome[study.models.preference_index()]},
              {"comparisons", model.comparisons},
              {"raters", model.raters},
              {"rejected", study.feedback_load.rejected},
              {"rejections", study.feedback_load.rejections},
              {"held_out_comparisons", q.comparisons},
              {"held_out_ties", q.ties},
              {"accuracy", with_interval(q.accuracy, q.accuracy_error, level)},
              {"log_loss", with_interval(q.log_loss, q.log_loss_error, level)},
              {"calibration_slope", with_interval(q.slope, q.slope_error, level)},
              {"position", with_interval(q.position, q.position_error, level)}};
  out["sentence"] = fmt::format(
      "Learnt from {} of {} comparisons by {}; of the {} that it did not learn from it is right in "
      "{:.1f} % "
      "(chance is 50), and log-odds higher by 1 came out higher by {:.2f}.",
      model.comparisons - q.comparisons, model.comparisons,
      model.raters == 0 ? "people whom nobody names" : fmt::format("{} raters", model.raters), q.comparisons,
      100 * q.accuracy, q.slope);
  if (model.ties > 0)
    out["sentence"] =
        out["sentence"].get<std::string>() +
        fmt::format(" {} ties beside them do not say who is liked more, and are left out.", model.ties);
  if (study.feedback_load.merged > 0)
    out["sentence"] = out["sentence"].get<std::string>() +
                      fmt::format(" {} records repeat an earlier one with its id or time, and count once.",
                                  study.feedback_load.merged);
  out["unit"] = unit_json(study);
  if (study.feedback_load.rejected > 0) {
    out["sentence"] = out["sentence"].get<std::string>() +
                      fmt::format(" {} of {} records were rejected and taught nothing.",
                                  study.feedback_load.rejected, study.feedback_load.records);
  }
  const double z = normal_quantile(0.5 + level / 2);
  out["people"] = people_json(model, level);
  out["position_sentence"] = std::abs(q.position) > z * q.position_error
                                 ? fmt::format(
                                       "The option shown {} is preferred for its place: by {:.2g} in log-odds; "
                                       "the model allows for it.",
                                       q.position > 0 ? "first" : "second", std::abs(q.position))
                                 : "No preference for the option shown first is found.";
  if (!study.preference) return out;
  const GoodhartCurve& curve = study.preference->curve;
  out["curve"] = json::array();
  for (const CurvePoint& p : curve.points) {
    out["curve"].push_back(curve_point_json(p));
    // The promise of the model is no estimate: it has no interval.
    out["curve"].back()["proxy"] = {{"value", p.proxy}, {"lower", nullptr}, {"upper", nullptr}};
  }
  out["peak"] = peak_json(curve);
  const PressurePath& path = study.preference->path;
  out["end_of_support"] = {{"kl", curve.points.empty() ? 0 : curve.points.back().kl},
                           {"reached", path.end_of_support},
                           {"reason", path.end_reason}};
  out["curve_sentence"] = study.preference->sentence;
  return out;
}

}  // namespace plumb
