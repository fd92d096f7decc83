// Decisions of a log as options with dense features.
#include <fmt/format.h>

#include <cmath>

#include "plumb/trainable.h"

namespace plumb {

OptionTable option_table(const DecisionLog& log, std::size_t begin, std::size_t end, const FeatureMap& map,
                         std::span<const float> base) {
  if (begin > end || end > log.size())
    refuse(log.source, "decisions", fmt::format("{} to {}", begin, end),
           fmt::format("a range in 0 to {}", log.size()));
  if (base.size() != log.offset.back())
    refuse(log.source, "base probabilities", fmt::format("{}", base.size()),
           fmt::format("{}, one an offered action", log.offset.back()));
  const BoundFeatures features(map, log);
  const std::size_t first = log.offset[begin], rows = log.offset[end] - first;
  OptionTable table;
  table.feature = Matrix(rows, map.width());
  table.context_feature = Matrix(end - begin, 1 + map.context_width);
  table.log_base.resize(rows);
  std::vector<float> phi(map.width()), context(map.context_width);
  for (std::size_t i = begin; i < end; ++i) {
    features.context(i, context);
    table.context_feature(i - begin, 0) = 1;
    std::copy(context.begin(), context.end(), table.context_feature.row(i - begin).begin() + 1);
    for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
      if (!(base[row] > 0 && base[row] <= 1))
        refuse(log.source, fmt::format("base probability in decision {}", i + 1), fmt::format("{}", base[row]),
               "a number in (0, 1]");
      features.design(i, row, phi);
      std::copy(phi.begin(), phi.end(), table.feature.row(row - first).begin());
      table.log_base[row - first] = std::log(static_cast<double>(base[row]));
    }
    table.offset.push_back(log.offset[i + 1] - first);
  }
  return table;
}

}  // namespace plumb
