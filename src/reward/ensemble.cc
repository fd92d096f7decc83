// Members by resampling whole groups, their averages and the objectives made of them.
#include "plumb/ensemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reward/text_folds.h"
#include "reward/text_model.h"

namespace plumb {
namespace text {

void check_members(const ItemRows& rows, std::size_t members) {
  if (members < 2 || members > kMostMembers || rows.columns() * members > kMostWeights) {
    refuse("ensemble", "members", fmt::format("{} of {} columns", members, rows.columns()),
           fmt::format("a number from 2 to {}, and at most {} weights", kMostMembers, kMostWeights));
  }
}

}  // namespace text

TextReward bootstrap_members(const ItemRows& rows, const Judged& judged, const TextRewardOptions& options,
                             std::size_t members, const Rng& rng, int threads) {
  text::check_members(rows, members);
  text::check_judged(rows, judged, options);
  const text::Groups groups = text::groups_of(judged);
  if (groups.id.size() < 2) refuse("ensemble", "groups", std::to_string(groups.id.size()), "at least two");
  const text::Choice choice = text::choose_penalty(rows, judged, options, threads);
  const text::Problem whole(rows, judged, {}, options);
  std::vector<text::Member> fitted(members);
  parallel_blocks(members, threads, [&](std::size_t m) {
    Rng draws = rng.stream("bootstrap", m);
    std::vector<double> count(groups.id.size(), 0.0);
    for (std::size_t k = 0; k < count.size(); ++k) count[draws.below(count.size())] += 1;
    const text::Problem problem(rows, judged, text::by_group(groups, count), options);
    const std::vector<double> x =
        problem.minimize(problem.start(), choice.penalty * problem.weight(), text::kGap).x;
    // Centred on all rows, not on its own, so that members' scores compare.
    fitted[m] = text::make_member(rows, whole.active_rows(), problem.raw_weights(x), options.length);
  });
  TextReward out = text::schema_of(rows, options);
  out.kind = "bootstrap";
  out.penalty = choice.penalty * whole.weight();
  out.held_out_loss = choice.loss;
  out.judgements = judged.first.size() + judged.rated.size() + judged.thumbed.size();
  text::set_members(out, fitted);
  return out;
}

TextReward average_weights(const TextReward& ensemble) {
  TextReward out = ensemble;
  const std::size_t m = ensemble.members, columns = ensemble.columns();
  out.kind = "average";
  out.members = 1;
  out.weight.assign(columns, 0.0f);
  for (std::size_t c = 0; c < columns; ++c) {
    double sum = 0;
    for (std::size_t k = 0; k < m; ++k) sum += ensemble.weight[c * m + k];
    out.weight[c] = static_cast<float>(sum / static_cast<double>(m));
  }
  double center = 0;
  for (const double c : ensemble.center) center += c;
  out.center = {center / static_cast<double>(m)};
  if (m > 1) {
    out.variance.clear();
    out.mean_row.clear();
  }
  return out;
}

TextReward average_weights(std::span<const TextReward> models) {
  if (models.empty()) refuse("weight average", "models", "none", "at least one");
  TextReward joined = models[0];
  const std::size_t m = models.size(), columns = joined.columns();
  joined.weight.assign(columns * m, 0.0f);
  joined.center.clear();
  for (std::size_t k = 0; k < m; ++k) {
    const TextReward& model = models[k];
    const TextFeatures &a = model.features, &b = joined.features;
    if (model.members != 1 || model.numbers != joined.numbers || model.length != joined.length ||
        a.bits != b.bits || a.words != b.words || a.characters_from != b.characters_from ||
        a.characters_to != b.characters_to || a.word_weight != b.word_weight ||
        a.character_weight != b.character_weight || a.surface != b.surface) {
      refuse("weight average", fmt::format("model {}", k), "another schema or several members",
             "one member, and features and length use as those of the first");
    }
    for (std::size_t c = 0; c < columns; ++c) joined.weight[c * m + k] = model.weight[c];
    joined.center.push_back(model.center[0]);
  }
  joined.members = m;
  joined.variance.clear();
  joined.mean_row.clear();
  return average_weights(joined);
}

std::string_view name_of(MemberRule rule) {
  switch (rule) {
    case MemberRule::kMean:
      return "mean";
    case MemberRule::kWorstCase:
      return "worst case";
    case MemberRule::kUncertaintyWeighted:
      return "uncertainty-weighted";
  }
  PLUMB_ASSERT(false);
  return {};
}

std::vector<double> combine_members(const RewardScores& scores, MemberRule rule, double c) {
  if (!(c >= 0 && std::isfinite(c))) refuse("ensemble", "c", fmt::format("{}", c), "a finite number >= 0");
  if (rule == MemberRule::kUncertaintyWeighted && scores.standard_error.empty()) {
    refuse("ensemble", "scores", "no standard errors", "a model with members or a posterior");
  }
  std::vector<double> out = scores.mean;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (rule == MemberRule::kWorstCase) {
      const std::span<const double> row = scores.members.row(i);
      out[i] = *std::min_element(row.begin(), row.end());
    } else if (rule == MemberRule::kUncertaintyWeighted) {
      out[i] -= c * scores.standard_error[i] * scores.standard_error[i];
    }
  }
  return out;
}

}  // namespace plumb
