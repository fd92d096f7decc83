// From sums of weights to what they can carry.
#pragma once

#include "plumb/evaluate.h"

namespace plumb {

// Sums over the rows of a subset for one policy. r is how many decisions a row stands for, w its importance
// weight.
struct SubsetSums {
  double count = 0;            // rows
  double rows_weight = 0;      // sum of r
  double weight = 0;           // sum of r w
  double weight_squares = 0;   // sum of (r w)^2
  double plain_squares = 0;    // sum of r w^2
  double max_weight = 0;       // largest r w
  bool beyond = false;         // takes an action that the logging policy never takes
  double weight_error = 0;     // standard error of the mean weight, clustered on units
  double effective_units = 0;  // (sum of buckets' weights)^2 / sum of their squares
};

Support support_of(const SubsetSums& sums);
// A policy's support for the value of an outcome: enough effective decisions in which it was observed are
// needed too, and none that carries too much.
void limit_to_observed(Support& support, const std::string& outcome, double ess, double largest_share);

}  // namespace plumb
