#include "data/implied.h"

namespace plumb {

std::vector<float> implied_probabilities(const DecisionLog& log) {
  for (std::size_t i = 0; i < log.size(); ++i)
    if (log.offered(i) != 2) return {};
  std::vector<float> out(log.action.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    out[log.chosen_row(i)] = static_cast<float>(log.propensity[i]);
    out[log.offset[i] + 1 - log.chosen[i]] = static_cast<float>(1 - log.propensity[i]);
  }
  return out;
}

}  // namespace plumb
