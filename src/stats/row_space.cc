#include "stats/row_space.h"

#include <Eigen/QR>
#include <algorithm>

namespace plumb::stats {
namespace {

using Index = Eigen::Index;

// x without its constant, a column a row of x: what is factorized.
Eigen::MatrixXd transposed(const FactoredDesign& x, int threads) {
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(static_cast<Index>(x.columns) - 1, static_cast<Index>(x.rows()));
  std::vector<std::vector<std::vector<const FactoredDesign::Image*>>> of(x.groups());  // by group and slot
  for (std::size_t g = 0; g < x.groups(); ++g) {
    of[g].resize(x.slots);
    for (const FactoredDesign::Image& image : x.map[g]) {
      if (image.column > 0) of[g][image.slot].push_back(&image);
    }
  }
  parallel_blocks(x.rows(), threads, [&](std::size_t i) {
    const auto& images = of[x.group_of(i)];
    for (std::size_t e = x.start[i]; e < x.start[i + 1]; ++e) {
      for (const FactoredDesign::Image* image : images[x.slot[e]])
        out(static_cast<Index>(image->column) - 1, static_cast<Index>(i)) +=
            image->factor * static_cast<double>(x.value[e]);
    }
  });
  return out;
}

}  // namespace

bool is_wide(const FactoredDesign& x) { return x.columns > x.rows() + 1; }

RowSpace row_space(const FactoredDesign& x, int threads) {
  PLUMB_ASSERT(is_wide(x));
  const auto n = static_cast<Index>(x.rows());
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(transposed(x, threads));
  RowSpace out;
  out.basis = qr.householderQ() * Eigen::MatrixXd::Identity(static_cast<Index>(x.columns) - 1, n);
  const auto r = qr.matrixQR().topRows(n).triangularView<Eigen::Upper>();
  const Eigen::MatrixXd rows = r;  // column i is row i of z
  out.design = compressed(
      x.rows(), x.rows() + 1,
      [&](std::size_t i, std::span<float> z) {
        z[0] = 1;
        for (Index k = 0; k < n; ++k)
          z[static_cast<std::size_t>(k) + 1] = static_cast<float>(rows(k, static_cast<Index>(i)));
      },
      threads);
  return out;
}

std::vector<double> RowSpace::carried(const std::vector<double>& coef) const {
  const auto n = basis.cols();
  PLUMB_ASSERT(static_cast<Index>(coef.size()) == n + 1);
  const Eigen::VectorXd b = basis * Eigen::Map<const Eigen::VectorXd>(coef.data() + 1, n);
  std::vector<double> out{coef[0]};
  out.insert(out.end(), b.data(), b.data() + b.size());
  return out;
}

}  // namespace plumb::stats
