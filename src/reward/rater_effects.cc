// A rater's log-likelihood is concave in (reliability, lean, tie), since d and t are linear in them.
#include "reward/rater_effects.h"

#include <cmath>
#include <numeric>

#include "reward/vote_terms.h"

namespace plumb {
namespace {

constexpr int kMostSteps = 50;
constexpr double kStandardErrors = 1e-9;

struct RaterTerms {
  double value = 0;
  Eigen::Vector3d gradient = Eigen::Vector3d::Zero();
  Eigen::Matrix3d curvature = Eigen::Matrix3d::Zero();
};

RaterTerms terms_of(const ItemVotes& votes, std::span<const std::uint32_t> own, const RaterSetting& setting,
                    const std::array<double, 3>& effects) {
  RaterTerms out;
  for (const std::uint32_t v : own) {
    const double u = setting.utility[votes.first[v]] - setting.utility[votes.second[v]];
    const VoteTerms vote = vote_terms(setting.ties, effects[0] * u + setting.position + effects[1],
                                      setting.tie + effects[2], votes.answer[v]);
    const double w = votes.weight.empty() ? 1.0 : static_cast<double>(votes.weight[v]);
    out.value += w * vote.log_p;
    out.gradient += w * Eigen::Vector3d(u * vote.by_d, vote.by_d, vote.by_t);
    out.curvature(0, 0) += w * u * u * vote.curve_dd;
    out.curvature(0, 1) += w * u * vote.curve_dd;
    out.curvature(0, 2) += w * u * vote.curve_dt;
    out.curvature(1, 1) += w * vote.curve_dd;
    out.curvature(1, 2) += w * vote.curve_dt;
    out.curvature(2, 2) += w * vote.curve_tt;
  }
  for (Eigen::Index k = 0; k < 3; ++k) {
    const auto index = static_cast<std::size_t>(k);
    const double off = effects[index] - kRaterMean[index];
    out.value -= setting.penalty[index] / 2 * off * off;
    out.gradient(k) -= setting.penalty[index] * off;
    out.curvature(k, k) += setting.penalty[index];
    for (Eigen::Index j = 0; j < k; ++j) out.curvature(k, j) = out.curvature(j, k);
  }
  for (Eigen::Index k = 0; k < 3; ++k) {
    if (setting.on[static_cast<std::size_t>(k)]) continue;
    out.gradient(k) = 0;
    out.curvature.row(k).setZero();
    out.curvature.col(k).setZero();
    out.curvature(k, k) = 1;
  }
  return out;
}

}  // namespace

VotesByRater votes_by_rater(const RaterVotes& votes) {
  VotesByRater out;
  out.offset.assign(votes.raters + 1, 0);
  for (const std::uint32_t r : votes.rater)
    if (r != kNoRater) ++out.offset[r + 1];
  std::partial_sum(out.offset.begin(), out.offset.end(), out.offset.begin());
  std::vector<std::uint64_t> next(out.offset.begin(), out.offset.end() - 1);
  out.vote.resize(out.offset.back());
  for (std::size_t v = 0; v < votes.rater.size(); ++v)
    if (votes.rater[v] != kNoRater) out.vote[next[votes.rater[v]]++] = static_cast<std::uint32_t>(v);
  return out;
}

Eigen::Matrix3d fit_rater(const ItemVotes& votes, std::span<const std::uint32_t> own,
                          const RaterSetting& setting, std::array<double, 3>* effects) {
  RaterTerms here = terms_of(votes, own, setting, *effects);
  for (int step = 0; step < kMostSteps; ++step) {
    const Eigen::Vector3d move = here.curvature.llt().solve(here.gradient);
    const double slope = here.gradient.dot(move);
    if (slope < kStandardErrors * kStandardErrors) break;
    double length = 1;
    std::array<double, 3> trial{};
    RaterTerms there;
    for (int halving = 0; halving < 60; ++halving, length /= 2) {
      for (std::size_t k = 0; k < 3; ++k)
        trial[k] = (*effects)[k] + length * move(static_cast<Eigen::Index>(k));
      there = terms_of(votes, own, setting, trial);
      if (there.value >= here.value + 1e-4 * length * slope - 1e-13 * std::abs(here.value)) break;
    }
    *effects = trial;
    here = there;
  }
  Eigen::Matrix3d inverse = here.curvature.inverse();
  for (Eigen::Index k = 0; k < 3; ++k)
    if (!setting.on[static_cast<std::size_t>(k)]) inverse(k, k) = 0;
  return inverse;
}

}  // namespace plumb
