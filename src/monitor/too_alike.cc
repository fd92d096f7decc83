#include "monitor/too_alike.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <tuple>

namespace plumb {

double chance_of_agreement(const std::vector<std::uint64_t>& first_stratum,
                           const std::vector<std::uint64_t>& first_cell,
                           const std::vector<std::uint64_t>& later_stratum,
                           const std::vector<std::uint64_t>& later_cell) {
  std::vector<std::tuple<std::uint64_t, std::uint64_t, int>> rows;  // stratum, cell, log
  for (std::size_t i = 0; i < first_stratum.size(); ++i) rows.emplace_back(first_stratum[i], first_cell[i], 0);
  for (std::size_t i = 0; i < later_stratum.size(); ++i) rows.emplace_back(later_stratum[i], later_cell[i], 1);
  std::sort(rows.begin(), rows.end());
  double statistic = 0, freedom = 0;
  for (std::size_t from = 0, to = 0; from < rows.size(); from = to) {
    double size[2] = {0, 0};
    for (; to < rows.size() && std::get<0>(rows[to]) == std::get<0>(rows[from]); ++to)
      size[std::get<2>(rows[to])] += 1;
    if (size[0] == 0 || size[1] == 0) continue;
    double cells = 0;
    for (std::size_t at = from, end = from; at < to; at = end) {
      double count[2] = {0, 0};
      for (; end < to && std::get<1>(rows[end]) == std::get<1>(rows[at]); ++end)
        count[std::get<2>(rows[end])] += 1;
      const double off = count[0] * size[1] - count[1] * size[0];
      statistic += off * off / (size[0] * size[1] * (count[0] + count[1]));
      cells += 1;
    }
    freedom += cells - 1;
  }
  return freedom > 0 ? boost::math::cdf(boost::math::chi_squared(freedom), statistic) : 1;
}

}  // namespace plumb
