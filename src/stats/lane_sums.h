// A sparse row times L coefficient vectors side by side, and back: the inner loops of fits in lanes.
#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

#include "stats/factored.h"

namespace plumb::stats {

template <std::size_t L>
using Lanes = Eigen::Array<double, static_cast<int>(L), 1>;

// What a part of the rows brings: the loss by lane, and its slope by place and lane.
template <std::size_t L>
struct PartSums {
  std::array<double, L> loss{};
  std::vector<double> slope;
};

// out[l] = sum over the row's entries of value * theta[slot * L + l].
template <std::size_t L>
inline void lanes_of_row(const FactoredDesign& z, std::size_t row, const double* theta, double* out) {
  Lanes<L> sum = Lanes<L>::Zero();
  const std::uint32_t* slot = z.slot.data();
  const float* value = z.value.data();
  for (std::size_t e = z.start[row]; e < z.start[row + 1]; ++e)
    sum += static_cast<double>(value[e]) * Eigen::Map<const Lanes<L>>(theta + slot[e] * L);
  Eigen::Map<Lanes<L>>{out} = sum;
}

// sums[slot * L + l] += value * r[l] over the row's entries.
template <std::size_t L>
inline void add_row_to_lanes(const FactoredDesign& z, std::size_t row, const double* r, double* sums) {
  const Lanes<L> residual = Eigen::Map<const Lanes<L>>(r);
  const std::uint32_t* slot = z.slot.data();
  const float* value = z.value.data();
  for (std::size_t e = z.start[row]; e < z.start[row + 1]; ++e)
    Eigen::Map<Lanes<L>>{sums + slot[e]* L} += static_cast<double>(value[e]) * residual;
}

// The same for any number of lanes that is a multiple of 4.
inline void lanes_of_row(const FactoredDesign& z, std::size_t row, std::size_t lanes, const double* theta,
                         double* out) {
  using Some = Lanes<4>;
  for (std::size_t first = 0; first < lanes; first += 4) {
    Some sum = Some::Zero();
    for (std::size_t e = z.start[row]; e < z.start[row + 1]; ++e)
      sum += static_cast<double>(z.value[e]) * Eigen::Map<const Some>(theta + z.slot[e] * lanes + first);
    Eigen::Map<Some>{out + first} = sum;
  }
}
inline void add_row_to_lanes(const FactoredDesign& z, std::size_t row, std::size_t lanes, const double* r,
                             double* sums) {
  using Some = Lanes<4>;
  for (std::size_t first = 0; first < lanes; first += 4) {
    const Some residual = Eigen::Map<const Some>(r + first);
    for (std::size_t e = z.start[row]; e < z.start[row + 1]; ++e)
      Eigen::Map<Some>{sums + z.slot[e]* lanes + first} += static_cast<double>(z.value[e]) * residual;
  }
}

}  // namespace plumb::stats
