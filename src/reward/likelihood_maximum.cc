// Few parameters, many units: sums are serial and in order, hence the same on every run.
#include "reward/likelihood_maximum.h"

#include <Eigen/Dense>
#include <cmath>

namespace plumb {
namespace {

constexpr double kFarthest = 12;  // logarithms of parameters: beyond, the maximum lies at 0 or infinity
constexpr int kMostSteps = 500, kMostNewtonSteps = 20;
constexpr double kStandardErrors = 1e-6;  // how near to the maximum a fit ends
constexpr double kDifference = 1e-4;      // step of central differences, in logarithms

using Vector = Eigen::VectorXd;

class Total {
 public:
  Total(UnitLikelihood& likelihood, Eigen::Index parameters)
      : likelihood_(likelihood), score_(static_cast<std::size_t>(parameters)) {}
  // Minus the log-likelihood and its gradient, so that both are minimized.
  double operator()(const Vector& x, Vector* gradient) {
    likelihood_.move_to({x.data(), score_.size()});
    gradient->setZero();
    double value = 0;
    for (std::size_t i = 0; i < likelihood_.units(); ++i) {
      const double weight = likelihood_.weight(i);
      value -= weight * likelihood_.unit(i, score_);
      for (std::size_t k = 0; k < score_.size(); ++k)
        (*gradient)[static_cast<Eigen::Index>(k)] -= weight * score_[k];
    }
    return value;
  }
  Eigen::MatrixXd curvature(const Vector& x) {
    Eigen::MatrixXd out(x.size(), x.size());
    Vector above(x.size()), below(x.size());
    for (Eigen::Index k = 0; k < x.size(); ++k) {
      Vector moved = x;
      moved[k] = x[k] + kDifference;
      (*this)(moved, &above);
      moved[k] = x[k] - kDifference;
      (*this)(moved, &below);
      out.col(k) = (above - below) / (2 * kDifference);
    }
    return 0.5 * (out + out.transpose());
  }
  Eigen::MatrixXd squared_scores(const Vector& x) {
    Eigen::MatrixXd out = Eigen::MatrixXd::Zero(x.size(), x.size());
    likelihood_.move_to({x.data(), score_.size()});
    for (std::size_t i = 0; i < likelihood_.units(); ++i) {
      likelihood_.unit(i, score_);
      const Eigen::Map<const Vector> score(score_.data(), x.size());
      out += likelihood_.weight(i) * score * score.transpose();
    }
    return out;
  }
  double count() const {
    double sum = 0;
    for (std::size_t i = 0; i < likelihood_.units(); ++i) sum += likelihood_.weight(i);
    return sum;
  }

 private:
  UnitLikelihood& likelihood_;
  std::vector<double> score_;
};

}  // namespace

LikelihoodMaximum maximize_likelihood(UnitLikelihood& likelihood, std::vector<double> start) {
  const auto n = static_cast<Eigen::Index>(start.size());
  Total total(likelihood, n);
  const double units = std::max(1.0, total.count());
  LikelihoodMaximum out;
  Vector x = Eigen::Map<Vector>(start.data(), n), gradient(n), next(n), next_gradient(n);
  double value = total(x, &gradient);
  Eigen::MatrixXd inverse = Eigen::MatrixXd::Identity(n, n) / units;
  for (int step = 0; step < kMostSteps; ++step) {
    Vector move = -inverse * gradient;
    if (!(move.dot(gradient) < 0)) {
      inverse = Eigen::MatrixXd::Identity(n, n) / units;
      move = -inverse * gradient;
    }
    if (const double longest = move.cwiseAbs().maxCoeff(); longest > 1) move /= longest;  // at most a factor e
    const double slope = move.dot(gradient);
    if (-slope < kStandardErrors * kStandardErrors) break;
    double length = 1, next_value = value;
    bool lower = false;
    for (int halving = 0; halving < 50 && !lower; ++halving, length /= 2) {
      next = x + length * move;
      next_value = total(next, &next_gradient);
      lower = next_value <= value + 1e-4 * length * slope;
    }
    if (!lower) break;  // rounding: Newton's steps decide
    const Vector moved = next - x, turned = next_gradient - gradient;
    if (const double curve = moved.dot(turned); curve > 0) {
      const Eigen::MatrixXd keep = Eigen::MatrixXd::Identity(n, n) - moved * turned.transpose() / curve;
      inverse = keep * inverse * keep.transpose() + moved * moved.transpose() / curve;
    }
    x = next;
    gradient = next_gradient;
    value = next_value;
    if (x.cwiseAbs().maxCoeff() > kFarthest) break;
  }
  Eigen::MatrixXd curvature;
  for (int step = 0; step < kMostNewtonSteps; ++step) {
    if (!(x.cwiseAbs().maxCoeff() <= kFarthest)) {
      out.why_not = "the likelihood rises towards parameters of 0 or infinity: it has no maximum inside";
      return out;
    }
    curvature = total.curvature(x);
    const Eigen::LLT<Eigen::MatrixXd> factor(curvature);
    if (factor.info() != Eigen::Success) {
      out.why_not = "the likelihood is flat at its maximum: the customers do not tell the parameters apart";
      return out;
    }
    const Vector move = -factor.solve(gradient);
    out.found = -move.dot(gradient) < kStandardErrors * kStandardErrors;
    if (out.found) break;
    x += move / std::max(1.0, move.cwiseAbs().maxCoeff());
    value = total(x, &gradient);
  }
  if (!out.found) {
    out.why_not = "no maximum of the likelihood was found";
    return out;
  }
  const Eigen::MatrixXd bread = curvature.inverse();
  const Eigen::MatrixXd sandwich = bread * total.squared_scores(x) * bread;
  out.x.assign(x.data(), x.data() + n);
  out.value = -value;
  out.covariance = Matrix(start.size(), start.size());
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j)
      out.covariance(static_cast<std::size_t>(i), static_cast<std::size_t>(j)) = sandwich(i, j);
  }
  return out;
}

Matrix unit_influence(UnitLikelihood& likelihood, const std::vector<double>& x) {
  const auto n = static_cast<Eigen::Index>(x.size());
  Total total(likelihood, n);
  const Eigen::Map<const Vector> at(x.data(), n);
  const Eigen::MatrixXd bread = total.curvature(at).inverse();
  Matrix out(likelihood.units(), x.size());
  std::vector<double> score(x.size());
  likelihood.move_to(x);
  for (std::size_t i = 0; i < likelihood.units(); ++i) {
    likelihood.unit(i, score);
    const Vector moved = bread * Eigen::Map<const Vector>(score.data(), n);
    std::copy(moved.data(), moved.data() + n, out.row(i).begin());
  }
  return out;
}

double digamma(double x) {
  double sum = 0;
  for (; x < 10; x += 1) sum -= 1 / x;  // recurrence up to where the series holds
  const double y = 1 / (x * x);
  const double series =
      y *
      (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132 - y * 691.0 / 32760)))));
  return sum + std::log(x) - 0.5 / x - series;
}

}  // namespace plumb
