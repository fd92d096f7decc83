// Joint standard errors. The expected information of (utilities, position, tie) and of raters' triples is
//   [ U   R_1' R_2' ... ]
//   [ R_1 Q_1           ]      Q_r a 3 x 3 block a rater, R_r its rows of the items that the rater judged.
//   [ R_2     Q_2       ]
// Raters are eliminated: S = U - sum_r R_r' Q_r^-1 R_r is inverted as a whole, and rater r's covariance is
// Q_r^-1 + Q_r^-1 R_r S^-1 R_r' Q_r^-1.
#include <algorithm>
#include <cmath>

#include "reward/rater_fit.h"
#include "reward/vote_terms.h"

namespace plumb {
namespace {

struct RaterPart {
  std::vector<Eigen::Index> columns;                  // of U that the rater's votes touch
  Eigen::Matrix<double, 3, Eigen::Dynamic> rows;      // R_r in those columns
  Eigen::Matrix3d inverse = Eigen::Matrix3d::Zero();  // Q_r^-1, 0 for what is off
};

// What one vote says: curvature in (d, t), and how d depends on the utilities and on the rater's reliability.
struct Seen {
  double dd = 0, dt = 0, tt = 0, slope = 1, difference = 0;
};

}  // namespace

void add_errors(const RaterVotes& votes, const RaterOptions& options, RaterModel* model) {
  const ItemVotes& columns = votes.votes;
  const RaterSetting setting = rater_setting(*model, options);
  const VotesByRater own = votes_by_rater(votes);
  const auto n = static_cast<Eigen::Index>(columns.items);
  const bool joint = can_invert(votes);
  const auto see = [&](std::size_t v) {
    const std::uint32_t r = votes.rater[v];
    Seen out;
    out.difference = model->utility[columns.first[v]] - model->utility[columns.second[v]];
    double d = out.difference + setting.position, t = setting.tie;
    if (r != kNoRater) {
      out.slope = model->reliability[r];
      d += (out.slope - 1) * out.difference + model->lean[r];
      t += model->rater_tie[r];
    }
    const VoteTerms terms = vote_terms(setting.ties, d, t, columns.answer[v]);
    const double w = columns.weight.empty() ? 1.0 : static_cast<double>(columns.weight[v]);
    out.dd = w * terms.curve_dd, out.dt = w * terms.curve_dt, out.tt = w * terms.curve_tt;
    return out;
  };

  const Penalties penalties = rater_model_penalties(votes, options, model->utility_sd);
  Eigen::MatrixXd information;
  if (joint) {
    information = Eigen::MatrixXd::Zero(n + 2, n + 2);
    information.diagonal().head(n).array() += penalties.utility;
    for (std::size_t v = 0; v < columns.first.size(); ++v) {
      const Seen seen = see(v);
      const Eigen::Index at[3] = {columns.first[v], columns.second[v], n};
      const double along[3] = {seen.slope, -seen.slope, 1};
      for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 3; ++b) information(at[a], at[b]) += along[a] * along[b] * seen.dd;
        information(at[a], n + 1) += along[a] * seen.dt;
        information(n + 1, at[a]) += along[a] * seen.dt;
      }
      information(n + 1, n + 1) += seen.tt;
    }
    information(n, n) += penalties.position;
    const bool on[2] = {penalties.position_on, penalties.tie_on};
    for (Eigen::Index k = 0; k < 2; ++k) {
      if (on[k]) continue;
      information.row(n + k).setZero();
      information.col(n + k).setZero();
      information(n + k, n + k) = 1;
    }
  }

  std::vector<RaterPart> parts(votes.raters);
  for (std::size_t r = 0; r < votes.raters; ++r) {
    RaterPart& part = parts[r];
    Eigen::Matrix3d q = Eigen::Matrix3d::Zero();
    for (Eigen::Index k = 0; k < 3; ++k) q(k, k) = setting.penalty[static_cast<std::size_t>(k)];
    const std::span<const std::uint32_t> mine{own.vote.data() + own.offset[r],
                                              own.offset[r + 1] - own.offset[r]};
    if (joint) {
      for (const std::uint32_t v : mine) {
        part.columns.push_back(columns.first[v]);
        part.columns.push_back(columns.second[v]);
      }
      if (penalties.position_on) part.columns.push_back(n);
      if (penalties.tie_on) part.columns.push_back(n + 1);
      std::sort(part.columns.begin(), part.columns.end());
      part.columns.erase(std::unique(part.columns.begin(), part.columns.end()), part.columns.end());
      part.rows.setZero(3, static_cast<Eigen::Index>(part.columns.size()));
    }
    for (const std::uint32_t v : mine) {
      const Seen seen = see(v);
      const Eigen::Vector3d by_d(seen.difference, 1, 0), by_t(0, 0, 1);
      const Eigen::Vector3d pull_d = seen.dd * by_d + seen.dt * by_t, pull_t = seen.dt * by_d + seen.tt * by_t;
      q += by_d * pull_d.transpose() + by_t * pull_t.transpose();
      if (!joint) continue;
      const auto column = [&](Eigen::Index c) {
        return std::lower_bound(part.columns.begin(), part.columns.end(), c) - part.columns.begin();
      };
      part.rows.col(column(columns.first[v])) += seen.slope * pull_d;
      part.rows.col(column(columns.second[v])) -= seen.slope * pull_d;
      if (penalties.position_on) part.rows.col(column(n)) += pull_d;
      if (penalties.tie_on) part.rows.col(column(n + 1)) += pull_t;
    }
    for (Eigen::Index k = 0; k < 3; ++k) {
      if (setting.on[static_cast<std::size_t>(k)]) continue;
      q.row(k).setZero();
      q.col(k).setZero();
      q(k, k) = 1;
      if (joint) part.rows.row(k).setZero();
    }
    part.inverse = q.inverse();
    for (Eigen::Index k = 0; k < 3; ++k)
      if (!setting.on[static_cast<std::size_t>(k)]) part.inverse(k, k) = 0;
    if (!joint) continue;
    const Eigen::MatrixXd explained = part.rows.transpose() * part.inverse * part.rows;
    for (Eigen::Index a = 0; a < explained.rows(); ++a)
      for (Eigen::Index b = 0; b < explained.cols(); ++b)
        information(part.columns[static_cast<std::size_t>(a)], part.columns[static_cast<std::size_t>(b)]) -=
            explained(a, b);
  }

  Eigen::MatrixXd covariance;
  if (joint) {
    covariance = information.llt().solve(Eigen::MatrixXd::Identity(n + 2, n + 2));
    model->utility_error.resize(columns.items);
    for (Eigen::Index i = 0; i < n; ++i)
      model->utility_error[static_cast<std::size_t>(i)] = std::sqrt(covariance(i, i));
    model->position_error = penalties.position_on ? std::sqrt(covariance(n, n)) : 0;
    model->tie_error = penalties.tie_on ? std::sqrt(covariance(n + 1, n + 1)) : 0;
  }
  model->joint_errors = joint;
  std::vector<double>* const errors[3] = {&model->reliability_error, &model->lean_error,
                                          &model->rater_tie_error};
  for (std::vector<double>* e : errors) e->assign(votes.raters, 0);
  for (std::size_t r = 0; r < votes.raters; ++r) {
    const RaterPart& part = parts[r];
    Eigen::Matrix3d own_covariance = part.inverse;
    if (joint) {
      Eigen::MatrixXd inner(part.rows.cols(), part.rows.cols());
      for (Eigen::Index a = 0; a < inner.rows(); ++a)
        for (Eigen::Index b = 0; b < inner.cols(); ++b)
          inner(a, b) =
              covariance(part.columns[static_cast<std::size_t>(a)], part.columns[static_cast<std::size_t>(b)]);
      const Eigen::Matrix<double, 3, Eigen::Dynamic> weighed = part.inverse * part.rows;
      own_covariance += weighed * inner * weighed.transpose();
    }
    for (Eigen::Index k = 0; k < 3; ++k) (*errors[k])[r] = std::sqrt(own_covariance(k, k));
  }
}

}  // namespace plumb
