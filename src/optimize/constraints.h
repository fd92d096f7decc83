// Lagrange multipliers: the least penalties that bring a tilt inside its constraints on the training half.
#pragma once

#include <vector>

#include "optimize/tilted_values.h"

namespace plumb {

class ConstrainedTilt {
 public:
  explicit ConstrainedTilt(const TrainingContext& context);
  struct Solution {
    std::vector<double> lambda;           // by constraint, >= 0
    std::vector<Multiplier> multipliers;  // what is reported
    double gain = 0, standard_error = 0, kl = 0;
  };
  // At a fixed beta.
  Solution solve(const Signal& signal, double beta, bool with_multipliers = true) const;
  // theta of the softmax policy, from the models of the whole training half.
  std::vector<double> coefficients(const Signal& signal, double beta, const std::vector<double>& lambda) const;

 private:
  struct Limit {
    std::size_t outcome = 0;
    double harm_sign = 1;                 // +1: worse when higher
    double bound = 0, margin = 0;         // harm_sign * value <= bound (+ margin when certified)
    std::vector<std::size_t> quantities;  // one, or one a segment level
  };
  struct Reading {
    std::vector<double> violation;  // by constraint, worst level; <= 0 is met
    double gain = 0, standard_error = 0, kl = 0;
  };
  Reading read(const Signal& signal, double beta, const std::vector<double>& lambda, bool with_slack) const;
  bool bring_inside(const Signal& signal, double beta, bool with_slack, std::vector<double>& lambda) const;

  const TrainingContext& context_;
  std::vector<Limit> limits_;
  std::vector<std::vector<std::uint8_t>> masks_;
  std::vector<TiltedValues> values_;  // one element; made after masks_
};

}  // namespace plumb
