// A design of more columns than rows, turned into the space that its rows span. Fits whose penalty is the same
// in all directions (ridge, penalized logistic regression) have their solution in that space, so a design of n
// rows needs no more than 1 + n columns: x = (1, z Q') with Q orthonormal, and coefficients b of z are Q b of
// x, of the same length and with the same predictions (Hastie, Tibshirani 2004, "Efficient quadratic
// regularization for expression arrays", Biostatistics 5).
#pragma once

#include <Eigen/Core>
#include <vector>

#include "stats/factored.h"

namespace plumb::stats {

struct RowSpace {
  FactoredDesign design;  // 1 + n columns, one group; column 0 is x's constant
  Eigen::MatrixXd basis;  // Q: columns of x but the constant, by n
  // Coefficients of x from those of `design`.
  std::vector<double> carried(const std::vector<double>& coef) const;
};

// True where turning the design is worth its cost.
bool is_wide(const FactoredDesign& x);

// REQUIRES: is_wide(x); column 0 of x is the constant 1. O(columns n^2), one Householder QR.
RowSpace row_space(const FactoredDesign& x, int threads);

}  // namespace plumb::stats
