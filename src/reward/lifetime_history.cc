// Outcome models that know what a customer did before the decision.
#include <Eigen/Dense>
#include <array>

#include "plumb/learnt.h"
#include "plumb/reward.h"

namespace plumb {
namespace {

// Against histories of which nothing is told apart, relative to the size of their columns.
constexpr double kTinyPenalty = 1e-6;

struct Sums {
  Eigen::MatrixXd square;
  Eigen::VectorXd product;
};

Eigen::VectorXd row_of(const LearntOutcome& learnt, std::size_t i) {
  Eigen::VectorXd x(static_cast<Eigen::Index>(learnt.history_width) + 1);
  x[0] = 1;
  for (std::size_t k = 0; k < learnt.history_width; ++k)
    x[static_cast<Eigen::Index>(k) + 1] = static_cast<double>(learnt.history[i * learnt.history_width + k]);
  return x;
}

// Of the training folds but one; kTrainingFolds: of all of them.
Eigen::VectorXd solve(const std::array<Sums, kTrainingFolds>& by_fold, std::size_t without) {
  Sums sum = by_fold[without == 0 ? 1 : 0];
  for (std::size_t f = without == 0 ? 2 : 1; f < kTrainingFolds; ++f) {
    if (f == without) continue;
    sum.square += by_fold[f].square;
    sum.product += by_fold[f].product;
  }
  const Eigen::VectorXd scale = sum.square.diagonal().cwiseMax(1e-300);
  sum.square.diagonal() += kTinyPenalty * scale;
  return sum.square.ldlt().solve(sum.product);
}

void add_history(const DecisionLog& log, const LearntOutcome& learnt, std::vector<float>& q) {
  const auto width = static_cast<Eigen::Index>(learnt.history_width) + 1;
  std::array<Sums, kTrainingFolds> by_fold;
  for (Sums& s : by_fold) s = {Eigen::MatrixXd::Zero(width, width), Eigen::VectorXd::Zero(width)};
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!log.in_training(i) || learnt.column.state[i] != State::kObserved) continue;
    const Eigen::VectorXd x = row_of(learnt, i);
    Sums& s = by_fold[log.fold[i]];
    s.square += x * x.transpose();
    s.product += x * (learnt.column.value[i] - static_cast<double>(q[log.chosen_row(i)]));
  }
  std::vector<Eigen::VectorXd> coefficient;
  for (std::size_t v = 0; v <= kTrainingFolds; ++v) coefficient.push_back(solve(by_fold, v));
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto add = static_cast<float>(coefficient[variant_of(log, i)].dot(row_of(learnt, i)));
    for (std::uint64_t r = log.offset[i]; r < log.offset[i + 1]; ++r) q[r] += add;
  }
}

}  // namespace

void add_histories(const DecisionLog& log, OutcomeModels& models) {
  for (const auto& learnt : models.learnt) {
    if (learnt->history_width > 0) add_history(log, *learnt, models.q[models.index(learnt->name)]);
  }
}

}  // namespace plumb
