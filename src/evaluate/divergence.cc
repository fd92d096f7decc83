#include "evaluate/divergence.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/log_of.h"

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kRows = 1024;  // at a time: what they bring stays in the first cache

// What n neighbouring rows bring to both divergences. Where the base is 0 and p is not, the caller puts
// infinity.
void row_terms(std::size_t n, const float* __restrict p, const double* __restrict log_base,
               const double* __restrict inverse_base, double* __restrict kl, double* __restrict chi2) {
  for (std::size_t k = 0; k < n; ++k) {
    const double x = p[k];
    kl[k] = x * (log_of(x) - log_base[k]);
    chi2[k] = x * x * inverse_base[k];
  }
}

}  // namespace

DivergenceTerms divergence_terms(const DecisionBlock& block, const float* p) {
  const std::size_t n = block.size();
  DivergenceTerms out;
  out.kl.assign(n, 0.0);
  out.chi2.assign(n, 0.0);
  std::vector<double> kl(kRows), chi2(kRows);
  std::size_t i = 0;
  for (std::size_t first = 0; first < block.rows(); first += kRows) {
    const std::size_t end = std::min(block.rows(), first + kRows);
    row_terms(end - first, p + first, block.log_base.data() + first, block.inverse_base.data() + first,
              kl.data(), chi2.data());
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
