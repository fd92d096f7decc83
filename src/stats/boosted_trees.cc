// What boosted trees by XGBoost need, by its C interface. Left out of builds without it (no_boosted_trees.cc).
#include "stats/boosted_trees.h"

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace plumb::stats {
namespace {

// Its errors are several lines, a stack trace among them; the first says what is wrong, behind the time of day.
void check(int status) {
  if (status == 0) return;
  std::string_view message = XGBGetLastError();
  message = message.substr(0, message.find('\n'));
  if (const std::size_t time = message.find("] "); message.starts_with('[') && time != message.npos)
    message.remove_prefix(time + 2);
  environment_error("XGBoost", message);
}

// What a library prints is settled by thread: set for as long as this lives, then as it was before.
class Quiet {
 public:
  Quiet() {
    const char* before = nullptr;
    check(XGBGetGlobalConfig(&before));
    before_ = before;
    check(XGBSetGlobalConfig(R"({"verbosity": 0})"));
  }
  ~Quiet() { XGBSetGlobalConfig(before_.c_str()); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  std::string before_;
};

using Handle = std::shared_ptr<void>;

// A view of numbers in the form that the library reads.
template <class T>
std::string view_of(const std::vector<T>& numbers, std::string_view type) {
  return fmt::format(R"({{"data": [{}, true], "shape": [{}], "typestr": "{}", "version": 3}})",
                     reinterpret_cast<std::uintptr_t>(numbers.data()), numbers.size(), type);
}

Handle matrix_of(const BoostRows& rows) {
  const SparseRows& x = rows.x;
  PLUMB_ASSERT(x.rows() > 0 && x.columns > 0 && rows.y.size() == x.rows() && rows.weight.size() == x.rows());
  DMatrixHandle handle = nullptr;
  check(XGDMatrixCreateFromCSR(view_of(x.start, "<u8").c_str(), view_of(x.column, "<u4").c_str(),
                               view_of(x.value, "<f4").c_str(), x.columns, R"({"missing": NaN, "nthread": 1})",
                               &handle));
  Handle out(handle, XGDMatrixFree);
  check(XGDMatrixSetFloatInfo(handle, "label", rows.y.data(), rows.y.size()));
  check(XGDMatrixSetFloatInfo(handle, "weight", rows.weight.data(), rows.weight.size()));
  return out;
}

// `known`: the matrices that it will learn from or predict for, whose predictions it may keep.
Handle booster_for(std::span<const DMatrixHandle> known, double start, BoostLoss loss,
                   const BoostSettings& settings) {
  PLUMB_ASSERT(loss == BoostLoss::kSquared || (start > 0 && start < 1));
  BoosterHandle handle = nullptr;
  check(XGBoosterCreate(known.data(), known.size(), &handle));
  Handle out(handle, XGBoosterFree);
  const std::pair<const char*, std::string> parameters[] = {
      {"booster", "gbtree"},
      {"objective", loss == BoostLoss::kSquared ? "reg:squarederror" : "binary:logistic"},
      {"tree_method", "hist"},
      {"base_score", fmt::format("{}", static_cast<float>(start))},
      {"eta", fmt::format("{}", settings.rate)},
      {"max_depth", fmt::format("{}", settings.depth)},
      {"lambda", fmt::format("{}", settings.penalty)},
      {"min_child_weight", fmt::format("{}", settings.least_weight)},
      {"nthread", "1"},
      {"seed", "0"}};
  for (const auto& [name, value] : parameters) check(XGBoosterSetParam(handle, name, value.c_str()));
  return out;
}

// Of a prediction before the link: the prediction itself, or log-odds.
double loss_of(const BoostRows& rows, std::span<const float> margin, BoostLoss loss) {
  double sum = 0;
  for (std::size_t r = 0; r < margin.size(); ++r) {
    const double m = margin[r], y = rows.y[r];
    const double one = loss == BoostLoss::kSquared
                           ? (y - m) * (y - m)
                           : std::max(m, 0.0) + std::log1p(std::exp(-std::abs(m))) - y * m;
    sum += static_cast<double>(rows.weight[r]) * one;
  }
  return sum;
}

}  // namespace

bool can_boost() { return true; }

std::size_t choose_rounds(const BoostRows& fit, const BoostRows& held_out, double start, BoostLoss loss,
                          const BoostSettings& settings) {
  const Quiet quiet;
  const Handle from = matrix_of(fit), judge = matrix_of(held_out);
  const DMatrixHandle known[] = {from.get(), judge.get()};
  const Handle booster = booster_for(known, start, loss, settings);
  const float margin = static_cast<float>(loss == BoostLoss::kSquared ? start : std::log(start / (1 - start)));
  double least = loss_of(held_out, std::vector<float>(held_out.y.size(), margin), loss);
  std::size_t best = 0;
  for (std::size_t round = 1; round <= settings.most_rounds && round - best <= settings.patience; ++round) {
    check(XGBoosterUpdateOneIter(booster.get(), static_cast<int>(round - 1), from.get()));
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* margins = nullptr;
    check(XGBoosterPredictFromDMatrix(
        booster.get(), judge.get(),
        R"({"type": 1, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false})",
        &shape, &dimensions, &margins));
    PLUMB_ASSERT(dimensions == 1 && shape[0] == held_out.y.size());
    const double now = loss_of(held_out, {margins, held_out.y.size()}, loss);
    if (!(now < least)) continue;
    least = now;
    best = round;
  }
  return best;
}

BoostedTrees::BoostedTrees(const BoostRows& rows, double start, BoostLoss loss, std::size_t rounds,
                           const BoostSettings& settings)
    : start_(start) {
  if (rounds == 0) return;
  const Quiet quiet;
  const Handle matrix = matrix_of(rows);
  const DMatrixHandle known[] = {matrix.get()};
  booster_ = booster_for(known, start, loss, settings);
  for (std::size_t round = 0; round < rounds; ++round)
    check(XGBoosterUpdateOneIter(booster_.get(), static_cast<int>(round), matrix.get()));
}

void BoostedTrees::predict(const SparseRows& x, std::span<float> out) const {
  PLUMB_ASSERT(out.size() == x.rows());
  if (!booster_) {
    std::fill(out.begin(), out.end(), static_cast<float>(start_));
    return;
  }
  if (out.empty()) return;
  const Quiet quiet;
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* predicted = nullptr;
  check(XGBoosterPredictFromCSR(
      booster_.get(), view_of(x.start, "<u8").c_str(), view_of(x.column, "<u4").c_str(),
      view_of(x.value, "<f4").c_str(), x.columns,
      R"({"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false, "cache_id": 0, "missing": NaN})",
      nullptr, &shape, &dimensions, &predicted));
  PLUMB_ASSERT(dimensions == 1 && shape[0] == out.size());
  std::copy_n(predicted, out.size(), out.begin());
}

}  // namespace plumb::stats
