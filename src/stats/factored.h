// A design whose rows are short. Row i of x is T_g z_i: z_i a sparse row of `slots` places (a context), T_g the
// linear map of the row's group g (the action that was taken). Whatever is linear or quadratic in x is summed
// in z by group, and carried over to the columns of x once at the end:
//
//   x . b = z . (T_g' b),    sum r x = sum_g T_g (sum_{i in g} r z),    sum h x x' = sum_g T_g (...) T_g'.
//
// Any design is one with a single group and T = identity: then only its zeros are saved.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "plumb/regression.h"

namespace plumb::stats {

struct FactoredDesign {
  std::size_t columns = 0;           // of x
  std::size_t slots = 0;             // of z
  std::vector<std::uint64_t> start;  // rows + 1: where the row's entries begin
  std::vector<std::uint32_t> slot;   // of an entry, ascending within a row
  std::vector<float> value;          // of an entry
  std::vector<std::uint32_t> group;  // of a row; empty: all in group 0
  struct Image {
    std::uint32_t column;
    std::uint32_t slot;
    double factor;
  };
  std::vector<std::vector<Image>> map;  // by group: x[column] += factor * z[slot]

  std::size_t rows() const { return start.size() - 1; }
  std::size_t groups() const { return map.size(); }
  std::size_t group_of(std::size_t row) const { return group.empty() ? 0 : group[row]; }
};

// Rows of z as `fill` writes them, called once a row with zeros in `slots` places. One group, T = identity.
FactoredDesign compressed(std::size_t rows, std::size_t slots,
                          const std::function<void(std::size_t, std::span<float>)>& fill, int threads);

// The listed rows of x; other rows are left empty. REQUIRES: the listed rows are finite.
FactoredDesign factored(DesignView x, std::span<const std::uint32_t> rows, int threads);

// T_g' b of several b side by side: out[(g * slots + slot) * width + lane], from coef[lane] of design.columns.
std::vector<double> images(const FactoredDesign& design, std::span<const std::vector<double>* const> coef,
                           std::size_t width);
// sum_g T_g s_g, with s laid out as images() has it; of one lane.
std::vector<double> carried(const FactoredDesign& design, std::span<const double> sums, std::size_t lane,
                            std::size_t width);

// What plumb::logistic does, for several sets of folds at once: each chooses its penalty on its own folds, then
// all are fitted together. A fit depends on nothing in the folds outside its set, to the last bit. Refuses what
// it refuses, but for features that are not finite. REQUIRES: the first slot is the constant 1 of every group
// and column 0.
std::vector<LinearFit> logistic(const FactoredDesign& x, std::span<const double> y01,
                                std::span<const std::uint32_t> rows, std::span<const std::uint8_t> fold,
                                std::span<const FoldMask> use, int threads,
                                std::span<const double> weight = {});

// What was offered in every decision, by group of the design that holds the decisions' contexts.
struct Offers {
  std::vector<std::uint64_t> offset;  // decisions + 1
  std::vector<std::uint32_t> group;   // of an offered row
  std::vector<std::uint32_t> chosen;  // slot within the decision's offers
  std::span<const std::uint32_t> of(std::size_t decision) const {
    return std::span(group).subspan(offset[decision], offset[decision + 1] - offset[decision]);
  }
};

// What plumb::softmax_regression does. Rows of z are the decisions' contexts; z.group is not read. Refuses what
// it refuses, but for features that are not finite.
LinearFit softmax_regression(FactoredDesign z, const Offers& offers, std::span<const std::uint8_t> fold,
                             FoldMask use, int threads, std::span<const double> weight = {});

// X'X, X'y and the rest by fold, as plumb::fold_sums_many has them.
std::vector<FoldSums> fold_sums_many(const FactoredDesign& x, std::span<const std::span<const double>> ys,
                                     std::span<const std::uint32_t> rows, std::span<const std::uint8_t> fold,
                                     int folds, int threads, std::span<const double> weight = {});

// Sums of h z z' by group, lower triangles.
class GroupSquares {
 public:
  explicit GroupSquares(const FactoredDesign& design);
  // Adds rows with their h >= 0, in order.
  void add(std::span<const std::uint32_t> rows, const double* h);
  void add(const GroupSquares& other);
  Eigen::MatrixXd carried() const;  // columns x columns, full

 private:
  void add_dense(std::size_t g, std::span<const std::uint32_t> rows, std::span<const std::uint32_t> places,
                 const double* h);

  const FactoredDesign* design_;
  bool dense_;
  std::vector<double> sums_;  // by group: slots x slots
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> block_;
};

}  // namespace plumb::stats
