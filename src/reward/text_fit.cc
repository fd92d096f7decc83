// Penalties judged on inner folds of groups, and the fit on everything.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reward/text_folds.h"
#include "reward/text_model.h"

namespace plumb {
namespace text {
namespace {

constexpr double kInnerGap = 1e-6;  // of fits that only judge a penalty

// Sums over the held-out judgements of one fold, by penalty.
struct HeldOut {
  std::vector<double> loss, right, decided;
  double weight = 0;
};

HeldOut judge_fold(const ItemRows& rows, const Judged& judged, const Groups& groups,
                   const std::vector<int>& fold, int held, const TextRewardOptions& options) {
  std::vector<double> in(groups.id.size()), out(groups.id.size());
  for (std::size_t g = 0; g < in.size(); ++g) {
    in[g] = fold[g] != held;
    out[g] = fold[g] == held;
  }
  const Multipliers others = by_group(groups, out);
  const Problem problem(rows, judged, by_group(groups, in), options);
  HeldOut sums;
  sums.weight = summed_weight(judged, others);
  sums.loss.assign(options.penalties.size(), 0.0);
  sums.right = sums.decided = sums.loss;
  // From strong to weak, each started at the last.
  std::vector<std::size_t> order(options.penalties.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return options.penalties[a] > options.penalties[b]; });
  std::vector<double> x = problem.start();
  for (const std::size_t k : order) {
    x = problem.minimize(std::move(x), options.penalties[k] * problem.weight(), kInnerGap).x;
    const std::vector<double> raw = problem.raw_weights(x);
    // Held-out accuracy and loss are those of the score that will be used, length treated as it will be;
    // ratings and thumbs keep their thresholds relative to the fitted rows' mean.
    const Member member = make_member(rows, problem.active_rows(), raw, options.length);
    const double mean = mean_reward(problem, x);
    std::vector<double> reward(rows.rows());
    for (std::size_t i = 0; i < reward.size(); ++i) {
      double sum = 0;
      for (std::uint64_t e = rows.offset[i]; e < rows.offset[i + 1]; ++e) {
        sum += rows.value[e] * member.weight[rows.column[e]];
      }
      reward[i] = sum - member.center + mean;
    }
    sums.loss[k] =
        summed_loss(judged, others, options, problem.nuisance(), reward, problem.nuisance_of(x), {}, {});
    for (std::size_t p = 0; p < judged.first.size(); ++p) {
      if (others.pair[p] == 0) continue;
      const double d = reward[judged.first[p]] - reward[judged.second[p]];
      sums.decided[k] += judged.first_votes[p] + judged.second_votes[p];
      sums.right[k] += d > 0   ? judged.first_votes[p]
                       : d < 0 ? judged.second_votes[p]
                               : (judged.first_votes[p] + judged.second_votes[p]) / 2;
    }
  }
  return sums;
}

}  // namespace

Choice choose_penalty(const ItemRows& rows, const Judged& judged, const TextRewardOptions& options,
                      int threads) {
  if (options.penalties.size() == 1) return {options.penalties[0], 0};
  const ItemRows* const one[] = {&rows};
  const std::vector<InnerResult> results = inner_results(one, judged, {&options, 1}, threads);
  Choice best{results[0].penalty, results[0].loss};
  for (const InnerResult& r : results) {
    if (r.loss < best.loss) best = {r.penalty, r.loss};
  }
  return best;
}

}  // namespace text

std::vector<InnerResult> inner_results(std::span<const ItemRows* const> rows, const Judged& judged,
                                       std::span<const TextRewardOptions> options, int threads) {
  if (rows.size() != options.size() || options.empty()) {
    refuse("inner results", "options", std::to_string(options.size()), "one design an option");
  }
  for (std::size_t k = 0; k < options.size(); ++k) {
    text::check_judged(*rows[k], judged, options[k]);
    if (options[k].inner_folds != options[0].inner_folds) {
      refuse("inner results", "inner_folds", "different numbers", "one for all options");
    }
  }
  const text::Groups groups = text::groups_of(judged);
  if (groups.id.size() < 2) {
    refuse("text reward", "groups", std::to_string(groups.id.size()),
           "at least two, so that a penalty can be chosen on groups that were held out");
  }
  const int folds = std::min(options[0].inner_folds, static_cast<int>(groups.id.size()));
  const std::vector<int> fold = text::folds_of(groups, folds);
  const std::size_t per_option = static_cast<std::size_t>(folds);
  std::vector<text::HeldOut> held(options.size() * per_option);
  parallel_blocks(held.size(), threads, [&](std::size_t b) {
    const std::size_t k = b / per_option;
    held[b] = text::judge_fold(*rows[k], judged, groups, fold, static_cast<int>(b % per_option), options[k]);
  });
  std::vector<InnerResult> out;
  for (std::size_t k = 0; k < options.size(); ++k) {
    for (std::size_t p = 0; p < options[k].penalties.size(); ++p) {
      InnerResult r;
      r.option = k;
      r.penalty = options[k].penalties[p];
      double loss = 0, weight = 0, right = 0, decided = 0;
      for (std::size_t f = 0; f < per_option; ++f) {
        const text::HeldOut& h = held[k * per_option + f];
        loss += h.loss[p];
        weight += h.weight;
        right += h.right[p];
        decided += h.decided[p];
      }
      r.loss = loss / weight;
      r.accuracy = decided > 0 ? right / decided : 0;
      out.push_back(r);
    }
  }
  return out;
}

TextReward fit_text_reward(const ItemRows& rows, const Judged& judged, const TextRewardOptions& options,
                           int threads) {
  text::check_judged(rows, judged, options);
  const text::Choice choice = text::choose_penalty(rows, judged, options, threads);
  const text::Problem problem(rows, judged, {}, options);
  const double penalty = choice.penalty * problem.weight();
  const std::vector<double> x = problem.minimize(problem.start(), penalty, text::kGap).x;
  const text::Member member =
      text::make_member(rows, problem.active_rows(), problem.raw_weights(x), options.length);
  TextReward out = text::schema_of(rows, options);
  out.penalty = penalty;
  out.held_out_loss = choice.loss;
  out.judgements = judged.first.size() + judged.rated.size() + judged.thumbed.size();
  text::set_members(out, {member});
  text::set_nuisance(out, problem, x);
  text::set_laplace(out, problem, rows, x, penalty);
  return out;
}

}  // namespace plumb
