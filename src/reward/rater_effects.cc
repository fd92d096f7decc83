// A rater's log-likelihood is concave in (reliability, lean, tie), since d and t are linear in them.
#include "reward/rater_effects.h"

#include <cmath>
#include <numeric>

#include "reward/vote_lanes.h"

namespace plumb {
namespace {

constexpr int kMostSteps = 50;
constexpr double kStandardErrors = 1e-9;

struct RaterTerms {
  double value = 0;
  Eigen::Vector3d gradient = Eigen::Vector3d::Zero();
  Eigen::Matrix3d curvature = Eigen::Matrix3d::Zero();
};

// `difference`: of the two utilities, by vote.
RaterTerms terms_of(const OwnVotes& own, std::span<const double> difference, const RaterSetting& setting,
                    const std::array<double, 3>& effects) {
  VoteLanes lanes;
  double value = 0, by[3] = {}, uu = 0, u1 = 0, ut = 0, dd = 0, dt = 0, tt = 0;
  const double lean = setting.position + effects[1], tie = setting.tie + effects[2];
  for (std::size_t from = 0; from < difference.size(); from += kLanes) {
    const std::size_t n = std::min(kLanes, difference.size() - from);
    for (std::size_t k = 0; k < n; ++k)
      lanes.set(k, effects[0] * difference[from + k] + lean, tie, own.answer[from + k]);
    fill_terms(setting.ties, n, lanes);
    for (std::size_t k = 0; k < n; ++k) {
      const double w = own.weight.empty() ? 1.0 : static_cast<double>(own.weight[from + k]);
      const double u = difference[from + k], by_d = w * lanes.by_d[k], curve = w * lanes.dd[k],
                   mixed = w * lanes.dt[k];
      value += w * lanes.log_p[k];
      by[0] += u * by_d, by[1] += by_d, by[2] += w * lanes.by_t[k];
      uu += u * u * curve, u1 += u * curve, ut += u * mixed;
      dd += curve, dt += mixed, tt += w * lanes.tt[k];
    }
  }
  RaterTerms out;
  out.value = value;
  out.gradient << by[0], by[1], by[2];
  out.curvature << uu, u1, ut, u1, dd, dt, ut, dt, tt;
  for (Eigen::Index k = 0; k < 3; ++k) {
    const auto index = static_cast<std::size_t>(k);
    const double off = effects[index] - kRaterMean[index];
    out.value -= setting.penalty[index] / 2 * off * off;
    out.gradient(k) -= setting.penalty[index] * off;
    out.curvature(k, k) += setting.penalty[index];
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
  for (const std::uint32_t v : out.vote) {
    out.first.push_back(votes.votes.first[v]);
    out.second.push_back(votes.votes.second[v]);
    out.answer.push_back(votes.votes.answer[v]);
    if (!votes.votes.weight.empty()) out.weight.push_back(votes.votes.weight[v]);
  }
  return out;
}

OwnVotes VotesByRater::of(std::size_t rater) const {
  const std::size_t from = offset[rater], size = offset[rater + 1] - from;
  const auto part = [&](const auto& column) {
    return std::span(column).subspan(column.empty() ? 0 : from, column.empty() ? 0 : size);
  };
  return {part(first), part(second), part(answer), part(weight)};
}

Eigen::Matrix3d fit_rater(const OwnVotes& own, const RaterSetting& setting, std::array<double, 3>* effects) {
  std::vector<double> difference(own.first.size());
  for (std::size_t k = 0; k < difference.size(); ++k)
    difference[k] = setting.utility[own.first[k]] - setting.utility[own.second[k]];
  RaterTerms here = terms_of(own, difference, setting, *effects);
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
      there = terms_of(own, difference, setting, trial);
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
