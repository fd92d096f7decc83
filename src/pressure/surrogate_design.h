// Regressions on (proxies, context) for every decision: the surrogate index, and the treatment given both.
#pragma once

#include <string>
#include <vector>

#include "plumb/pressure.h"
#include "plumb/regression.h"

namespace plumb {

class SurrogateDesign {
 public:
  SurrogateDesign(const DecisionLog& log, const Goal& goal, const std::vector<std::string>& proxies,
                  const OutcomeModels& models, int threads);
  // Observed proxies and goal; 1 where a row can be used.
  const std::vector<std::uint8_t>& use() const { return use_; }
  const std::vector<double>& goal_value() const { return goal_; }
  std::size_t training_count() const { return rows_.size(); }
  // Ridge of target (n) on the design, by variant: variant x n predictions. REQUIRES: training_count() >= 100.
  std::vector<std::vector<double>> fit(std::span<const double> target) const;
  // For every decision the prediction of the variant that did not see it.
  std::vector<double> unseen(const std::vector<std::vector<double>>& by_variant) const;

 private:
  // n x width; proxies scaled by what the folds in `seen` hold.
  std::vector<float> design(FoldMask seen, std::size_t width) const;
  const DecisionLog& log_;
  const OutcomeModels& models_;
  int threads_;
  std::vector<const OutcomeColumn*> proxies_;
  std::vector<std::uint8_t> use_;
  std::vector<double> goal_;
  std::vector<std::uint32_t> rows_;  // training decisions that are used
};

}  // namespace plumb
