#include "reward/preference_support.h"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <string_view>

#include "plumb/regression.h"

namespace plumb {
namespace {

using Index = Eigen::Index;

double random_sign(std::size_t a, std::size_t b) {
  return hash_combine(a * 0x9e3779b97f4a7c15, b) >> 63 ? 1.0 : -1.0;
}

// Directions of the fit about which comparisons say less than the penalty does; a column each.
Eigen::MatrixXd unseen_directions(const PairFit& fit, double penalty) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(fit.curvature);
  Index unseen = 0;
  while (unseen < solver.eigenvalues().size() && solver.eigenvalues()[unseen] <= 2 * penalty) ++unseen;
  return solver.eigenvectors().leftCols(unseen);
}

}  // namespace

ComparisonSupport comparison_support(const Pairs& pairs, const PairFit& fit, double penalty,
                                     const std::vector<std::size_t>& column, std::size_t width) {
  ComparisonSupport out;
  out.whole = out.unseen = Matrix(kSupportSketch, width);
  const Eigen::MatrixXd directions = unseen_directions(fit, penalty);
  // Of the design's columns: those that never vary are unseen, the others by their part in the directions.
  std::vector<std::size_t> place(width, 0);  // in the fit; 0: the column never varies
  for (std::size_t k = 0; k < column.size(); ++k) place[column[k]] = k + 1;
  for (std::size_t r = 0; r < kSupportSketch; ++r) {
    Eigen::VectorXd signs(directions.cols());
    for (Index d = 0; d < directions.cols(); ++d)
      signs[d] = random_sign(r, width + static_cast<std::size_t>(d));
    const Eigen::VectorXd by_column = directions * signs;
    for (std::size_t k = 0; k < width; ++k) {
      out.whole(r, k) = random_sign(r, k);
      out.unseen(r, k) = place[k] == 0 ? random_sign(r, k) : by_column[static_cast<Index>(place[k])];
    }
  }
  // What answers would move the coefficients by if they were drawn from the model; those that one person, or
  // nobody named, gives alike to one prompt are one.
  const std::vector<std::uint32_t>& answer_of = pairs.answer_of.empty() ? pairs.bucket : pairs.answer_of;
  PairMatrix scores = PairMatrix::Zero(static_cast<Index>(kBuckets), pairs.design.cols());
  const Eigen::VectorXd log_odds = pairs.design * fit.coef;
  for (Index r = 0; r < pairs.design.rows(); ++r) {
    const auto row = static_cast<std::size_t>(r);
    const double spread = std::sqrt(fit.link.pull(log_odds[r]) * fit.link.slope(log_odds[r]));
    const auto* bytes = reinterpret_cast<const char*>(pairs.design.row(r).data());
    const std::string_view compared(bytes, sizeof(double) * static_cast<std::size_t>(pairs.design.cols()));
    const std::uint64_t said =
        hash_combine(hash_combine(answer_of[row], pairs.answer[r] > 0.5), hash_bytes(compared));
    const std::size_t slot = (answer_of[row] + (pairs.answer[r] > 0.5 ? kBuckets / 2 : 0)) % kBuckets;
    scores.row(static_cast<Index>(slot)) +=
        random_sign(said, 1) * pairs.weight[r] * spread * pairs.design.row(r);
  }
  const PairMatrix moved = fit.curvature.ldlt().solve(scores.transpose()).transpose();
  out.drawn = Matrix(kBuckets, width);
  for (std::size_t b = 0; b < kBuckets; ++b)
    for (std::size_t k = 0; k < column.size(); ++k)
      out.drawn(b, column[k]) = moved(static_cast<Index>(b), static_cast<Index>(k + 1));
  // Of drawn people and of drawn prompts: what they contribute beside one another.
  if (pairs.prompt.empty()) return out;
  const auto spread = [&](const PairMatrix& influence) {
    Matrix to(kBuckets, width);
    for (std::size_t b = 0; b < kBuckets; ++b)
      for (std::size_t k = 0; k < column.size(); ++k)
        to(b, column[k]) = influence(static_cast<Index>(b), static_cast<Index>(k + 1));
    return to;
  };
  out.by_prompt = spread(pair_influence(pairs, fit, pairs.prompt));
  out.by_answer = spread(pair_influence(pairs, fit, pairs.answer_of));
  return out;
}

}  // namespace plumb
