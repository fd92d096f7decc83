// Doubly robust estimates for many tilts of the base over the training half, fast: only the outcomes that are
// asked for, only these rows. Standard errors are those of independent decisions; certification clusters, this
// only plans.
#pragma once

#include <vector>

#include "plumb/optimize.h"

namespace plumb {

// A mean over the training rows with mask[i] != 0: of the tilted policy, less the reference where `difference`.
struct Quantity {
  std::vector<std::pair<std::size_t, double>> terms;  // outcomes of the models with weights
  bool difference = true;
  const std::vector<std::uint8_t>* mask = nullptr;  // n; nullptr: every training row
};
struct QuantityValue {
  double value = 0, standard_error = 0;
};

class TiltedValues {
 public:
  TiltedValues(const TrainingContext& context, std::vector<Quantity> quantities);
  // score: a float a row of the log (only training rows are read), already times beta. Also measures KL.
  std::vector<QuantityValue> evaluate(std::span<const float> score, double* kl) const;

 private:
  const TrainingContext& context_;
  std::vector<Quantity> quantities_;
  std::vector<const OutcomeColumn*> columns_;  // by position in the models
  std::vector<std::uint32_t> decisions_;       // of the training half
  std::vector<double> reference_;              // quantity x decision: its terms
};

}  // namespace plumb
