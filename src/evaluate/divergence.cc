#include "evaluate/divergence.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/log_of.h"

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kRows = 1024;  // at a time: what they bring stays in the first cache

// What n neighbouring rows bring to both divergences. A base of 0 counts as the smallest positive float here,
// so that nothing is infinite where p is 0 too; where it is not, the caller puts infinity.
void row_terms(std::size_t n, const float* __restrict p, const float* __restrict base, double* __restrict kl,
               double* __restrict chi2) {
  for (std::size_t k = 0; k < n; ++k) {
    const double x = p[k], mu = std::max(static_cast<double>(base[k]),
                                         static_cast<double>(std::numeric_limits<float>::denorm_min()));
    kl[k] = x * (log_of(x) - log_of(mu));
    chi2[k] = x * x / mu;
  }
}

}  // namespace

DivergenceTerms divergence_terms(const PassInput& input, const DecisionBlock& block, const float* p) {
  const float* base = input.base.data() + block.first_row;
  const std::size_t n = block.size();
  DivergenceTerms out;
  out.kl.assign(n, 0.0);
  out.chi2.assign(n, 0.0);
  std::vector<double> kl(kRows), chi2(kRows);
  std::size_t i = 0;
  for (std::size_t first = 0; first < block.rows(); first += kRows) {
    const std::size_t end = std::min(block.rows(), first + kRows);
    row_terms(end - first, p + first, base + first, kl.data(), chi2.data());
    for (std::size_t row = first; row < end; ++row) {
      while (row >= block.row[i + 1]) ++i;
      out.kl[i] += kl[row - first];
      out.chi2[i] += chi2[row - first];
    }
  }
  for (const DecisionBlock::Never& never : block.never) {
    if (p[never.row] > 0) out.kl[never.decision] = out.chi2[never.decision] = kInfinity;
  }
  for (i = 0; i < n; ++i) {
    out.kl[i] = block.rows_weight[i] * std::max(0.0, out.kl[i]);
    out.chi2[i] *= block.rows_weight[i];
  }
  return out;
}

}  // namespace plumb
