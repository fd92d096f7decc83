// Newton's method in lock step. A pass over the rows for all lanes costs about as much as a Hessian, so a
// Hessian is renewed where steps with the last one shrink the predicted decrease by less than kSlow.
#include "stats/lanes.h"

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>

namespace plumb::stats {
namespace {

constexpr int kMostSteps = 400;
constexpr int kMostHalvings = 40;
constexpr double kSlow = 0.05;
constexpr int kPatience = 3;

struct Lane {
  double penalty = 0;
  Coefficients b, trial, gradient;
  double value = 0, trial_value = 0, decrease = 0;
  double before = 0;  // the decrease that the last step was to bring; 0 before the first
  double length = 1;
  int halvings = 0;
  Eigen::VectorXd direction;
  Eigen::LLT<Eigen::MatrixXd> factor;
  bool moved = false;  // the first Hessian was found wanting
  bool exact = false;  // the Hessian is that of b
  bool stepping = false, done = false;

  // The decrease that the next step leaves to those after it: convergence is linear or better.
  double left() const { return before > decrease ? decrease * (decrease / before) : decrease; }
};

class Descent {
 public:
  Descent(const LaneLoss& loss, std::span<const double> penalty, std::size_t unpenalized,
          std::vector<Coefficients> start, double tolerance)
      : loss_(loss), unpenalized_(unpenalized), tolerance_(tolerance), lanes_(start.size()) {
    for (std::size_t l = 0; l < lanes_.size(); ++l) {
      lanes_[l].penalty = penalty[l];
      lanes_[l].b = std::move(start[l]);
    }
  }

  std::vector<Coefficients> run(FirstHessian first) {
    std::vector<std::size_t> all(lanes_.size());
    for (std::size_t l = 0; l < all.size(); ++l) all[l] = l;
    std::vector<Coefficients> gradient = evaluate(all, &Lane::b, &Lane::value);
    for (const std::size_t l : all) take_gradient(lanes_[l], gradient[l]);
    for (const std::size_t l : all) {
      factorize(lanes_[l], first.of[first.of.size() == 1 ? 0 : l]);
      lanes_[l].exact = first.exact;
    }
    for (int step = 0; step < kMostSteps; ++step) {
      std::vector<std::size_t> active;
      for (const std::size_t l : all) {
        if (!lanes_[l].done) active.push_back(l);
      }
      if (active.empty()) break;
      aim(active);
      std::erase_if(active, [&](std::size_t l) { return lanes_[l].done; });
      if (active.empty()) break;
      gradient = evaluate(active, &Lane::trial, &Lane::trial_value);
      for (std::size_t k = 0; k < active.size(); ++k) judge(active[k], gradient[k]);
    }
    std::vector<Coefficients> out;
    for (Lane& lane : lanes_) out.push_back(std::move(lane.b));
    return out;
  }

 private:
  Eigen::Map<const Eigen::VectorXd> view(const Coefficients& c) const {
    return {c.data(), static_cast<Eigen::Index>(c.size())};
  }

  // Values (with the penalty) go into the lanes; gradients, without it, are returned.
  std::vector<Coefficients> evaluate(const std::vector<std::size_t>& which, Coefficients Lane::*at,
                                     double Lane::*value) {
    std::vector<const Coefficients*> points;
    for (const std::size_t l : which) points.push_back(&(lanes_[l].*at));
    std::vector<Coefficients> gradient(which.size());
    const std::vector<double> sums = loss_.evaluate(which, points, &gradient);
    for (std::size_t k = 0; k < which.size(); ++k) {
      Lane& lane = lanes_[which[k]];
      double squares = 0;
      for (std::size_t j = unpenalized_; j < points[k]->size(); ++j) {
        squares += (*points[k])[j] * (*points[k])[j];
        gradient[k][j] += lane.penalty * (*points[k])[j];
      }
      lane.*value = sums[k] + lane.penalty / 2 * squares;
    }
    return gradient;
  }

  void take_gradient(Lane& lane, Coefficients& gradient) { lane.gradient.swap(gradient); }

  void factorize(Lane& lane, const Eigen::MatrixXd& curvature) {
    Eigen::MatrixXd system = curvature;
    const auto free = static_cast<Eigen::Index>(unpenalized_);
    system.diagonal().tail(system.rows() - free).array() += lane.penalty;
    // Far out on separable data every weight can underflow; the direction must exist all the same.
    system.diagonal().head(free).array() += 1e-10 * lane.penalty;
    lane.factor.compute(system);
    PLUMB_ASSERT(lane.factor.info() == Eigen::Success);
  }

  // A Hessian at the middle one of `asking` for all of them.
  void move_common(const std::vector<std::size_t>& asking) {
    const Coefficients& at = lanes_[asking[asking.size() / 2]].b;
    const Eigen::MatrixXd curvature = loss_.curvature(asking[asking.size() / 2], at);
    for (const std::size_t l : asking) {
      Lane& lane = lanes_[l];
      lane.moved = true;
      lane.exact = lane.b == at;
      factorize(lane, curvature);
    }
  }

  void own_hessian(Lane& lane, std::size_t l) {
    factorize(lane, loss_.curvature(l, lane.b));
    lane.moved = true;
    lane.exact = true;
  }

  // Directions and trial points of the active lanes; those that are at their minimum are done.
  void aim(const std::vector<std::size_t>& active) {
    std::vector<std::size_t> asking;
    for (const std::size_t l : active) {
      Lane& lane = lanes_[l];
      if (lane.stepping) continue;
      direct(lane);
      if (lane.exact || lane.left() <= tolerance_ || lane.before == 0 || lane.decrease <= kSlow * lane.before)
        continue;
      if (loss_.alike() && !lane.moved) {
        asking.push_back(l);
      } else {
        own_hessian(lane, l);
        direct(lane);
      }
    }
    if (!asking.empty()) {
      move_common(asking);
      for (const std::size_t l : asking) direct(lanes_[l]);
    }
    for (const std::size_t l : active) {
      Lane& lane = lanes_[l];
      const bool last = lane.left() <= tolerance_;
      if (!(lane.decrease > 0)) {
        lane.done = true;
        continue;
      }
      lane.stepping = true;
      lane.trial.resize(lane.b.size());
      for (std::size_t j = 0; j < lane.b.size(); ++j)
        lane.trial[j] = lane.b[j] + lane.length * lane.direction[static_cast<Eigen::Index>(j)];
      if (last) {
        lane.b = lane.trial;
        lane.done = true;
      }
    }
  }

  void direct(Lane& lane) {
    lane.direction = lane.factor.solve(-view(lane.gradient));
    lane.decrease = -view(lane.gradient).dot(lane.direction);
    lane.length = 1;
    lane.halvings = 0;
  }

  void judge(std::size_t l, Coefficients& gradient) {
    Lane& lane = lanes_[l];
    const bool descends =
        lane.trial_value <= lane.value - 1e-4 * lane.length * lane.decrease + 1e-13 * std::abs(lane.value);
    if (descends) {
      lane.b.swap(lane.trial);
      take_gradient(lane, gradient);
      lane.value = lane.trial_value;
      lane.before = lane.decrease;
      lane.exact = false;
      lane.stepping = false;
    } else if (!lane.exact) {
      own_hessian(lane, l);
      lane.stepping = false;
    } else if (++lane.halvings < kMostHalvings) {
      lane.length /= 2;
    } else {
      lane.done = true;  // the value's own rounding is all that is left
    }
  }

  const LaneLoss& loss_;
  std::size_t unpenalized_;
  double tolerance_;
  std::vector<Lane> lanes_;
};

}  // namespace

std::vector<Coefficients> minimize_lanes(const LaneLoss& loss, std::span<const double> penalty,
                                         std::size_t unpenalized, std::vector<Coefficients> start,
                                         double tolerance, FirstHessian first) {
  PLUMB_ASSERT(penalty.size() == start.size());
  if (start.empty() || loss.parameters() == 0) return start;
  return Descent(loss, penalty, unpenalized, std::move(start), tolerance).run(first);
}

std::size_t best_penalty(std::span<const double> held_out_loss) {
  std::size_t best = held_out_loss.size() - 1;
  double least = std::numeric_limits<double>::infinity();
  int worse = 0;
  for (std::size_t k = held_out_loss.size(); k-- > 0 && worse < kPatience;) {
    if (held_out_loss[k] < least) {
      least = held_out_loss[k];
      best = k;
      worse = 0;
    } else {
      ++worse;
    }
  }
  return best;
}

double penalty_scale(const Eigen::MatrixXd& curvature, std::size_t unpenalized) {
  const auto penalized = curvature.rows() - static_cast<Eigen::Index>(unpenalized);
  if (penalized <= 0) return 1.0;
  const double sum = curvature.diagonal().tail(penalized).sum();
  return sum > 0 ? sum / static_cast<double>(penalized) : 1.0;
}

}  // namespace plumb::stats
