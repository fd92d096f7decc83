// What chooses: features of the chosen action against what the first log's policy would have chosen in the very
// same decision. Contexts and offers that moved do not count, as far as a model of that policy carries.
#include <cmath>
#include <numeric>

#include "audit/claims.h"
#include "monitor/families.h"

namespace plumb {
namespace {

constexpr double kLeastChosen = 20;  // of both logs together: an action that is rarer says nothing

}  // namespace

std::vector<float> first_logging_model(TwoLogs& logs) {
  std::vector<float> logged;
  std::swap(logged, logs.both.logged);  // what the log states is the later policy's in later rows
  const LoggingPolicy model(logs.both, logs.threads);
  std::vector<float> out(logs.both.action.size());
  constexpr std::size_t kBlock = 2048;
  const std::size_t n = logs.both.size();
  parallel_blocks((n + kBlock - 1) / kBlock, logs.threads, [&](std::size_t block) {
    const std::size_t begin = block * kBlock, end = std::min(n, begin + kBlock);
    const std::size_t first = logs.both.offset[begin], last = logs.both.offset[end];
    model.probabilities(logs.both, begin, end, {out.data() + first, last - first});
  });
  std::swap(logged, logs.both.logged);
  return out;
}

ShiftFamily compare_choices(const TwoLogs& logs, std::span<const float> first_model) {
  const DecisionLog& both = logs.both;
  const FeatureMap& map = logs.map;
  struct Column {
    std::string what;
    bool is_share;
    double mean, scale;
  };
  std::vector<Column> columns;
  for (const FeatureMap::Column& column : map.action) {
    for (std::size_t k = 0; k < column.width(); ++k) {
      const std::string level = column.hashed        ? " (hashed " + std::to_string(k) + ")"
                                : column.is_category ? " = " + column.levels[k]
                                                     : "";
      columns.push_back({column.name + level, column.is_category, column.mean, column.scale});
    }
  }
  for (const std::string& id : map.ids) columns.push_back({id, true, 0, 1});
  ShiftFamily nothing;
  nothing.why_not = "actions have neither few names nor features";
  if (columns.empty()) return nothing;

  Moments moments;
  const std::size_t weights[2] = {moments.add_sums(), moments.add_sums()};
  std::vector<std::size_t> sums[2], ratio[2];
  for (std::size_t k = 0; k < columns.size(); ++k) {
    for (const int log : {0, 1}) {
      sums[log].push_back(moments.add_sums());
      ratio[log].push_back(moments.add_column(sums[log].back(), weights[log]));
    }
  }
  std::vector<double> plain[2], chosen_count(columns.size(), 0.0), expected(columns.size());
  double n[2] = {0, 0};
  for (const int log : {0, 1}) plain[log].assign(columns.size(), 0.0);
  const BoundFeatures features(map, both);
  std::vector<float> b(map.extended_width), chosen(map.extended_width);
  for (std::size_t i = 0; i < both.size(); ++i) {
    if (!logs.compared[i]) continue;
    const int log = logs.is_later(i) ? 1 : 0;
    const double weight = log == 1 ? 1 : logs.density.ratio[i];
    std::fill(expected.begin(), expected.end(), 0.0);
    for (std::size_t row = both.offset[i]; row < both.offset[i + 1]; ++row) {
      features.action(row, b);
      for (std::size_t k = 0; k < expected.size(); ++k)
        expected[k] += static_cast<double>(first_model[row]) * b[k];
    }
    features.action(both.chosen_row(i), chosen);
    n[log] += 1;
    moments.sums(weights[log])[logs.bucket[i]] += weight;
    for (std::size_t k = 0; k < columns.size(); ++k) {
      moments.sums(sums[log][k])[logs.bucket[i]] += weight * (chosen[k] - expected[k]);
      plain[log][k] += chosen[k];
      chosen_count[k] += columns[k].is_share ? chosen[k] : kLeastChosen;
    }
  }
  std::vector<Question> questions;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    Question q;
    q.shift.group = "chosen";
    q.shift.what = columns[k].what;
    q.shift.then = columns[k].mean + columns[k].scale * plain[0][k] / n[0];
    q.shift.now = columns[k].mean + columns[k].scale * plain[1][k] / n[1];
    double unit = 1;
    if (columns[k].is_share) {
      const double share = (q.shift.then + q.shift.now) / 2;
      unit = share > 0 && share < 1 ? 1 / std::sqrt(share * (1 - share)) : 1;
    }
    if (chosen_count[k] < kLeastChosen) {
      q.shift.moved = unknown("too rare: chosen in fewer than 20 decisions of both logs together");
    } else {
      q.moved = {columns[k].what, {{ratio[1][k], unit}, {ratio[0][k], -unit}}};
    }
    questions.push_back(std::move(q));
  }
  return ask_family(logs, std::move(questions), moments, "monitor choices");
}

LoggingMove logging_move(const TwoLogs& logs, std::span<const float> first_model, bool weigh,
                         std::span<const float> policy) {
  const DecisionLog& both = logs.both;
  Moments moments;
  std::size_t weights[2], sums[2], column[2];
  for (const int log : {0, 1}) {
    weights[log] = moments.add_sums();
    sums[log] = moments.add_sums();
    column[log] = moments.add_column(sums[log], weights[log]);
  }
  double certified = 0, count = 0;
  for (std::size_t i = 0; i < both.size(); ++i) {
    if (!logs.compared[i]) continue;
    const int log = logs.is_later(i) ? 1 : 0;
    const double weight = log == 1 || !weigh ? 1 : logs.density.ratio[i];
    double kl = 0, own = 0;
    for (std::size_t row = both.offset[i]; row < both.offset[i + 1]; ++row) {
      const double mu = logs.base[row], model = first_model[row], pi = policy[row];
      if (mu > 0) kl += mu * std::log(mu / std::max(model, 1e-30));
      if (pi > 0) own += pi * std::log(pi / std::max(mu, 1e-30));
    }
    moments.sums(weights[log])[logs.bucket[i]] += weight;
    moments.sums(sums[log])[logs.bucket[i]] += weight * kl;
    if (log == 0) {
      certified += own;
      count += 1;
    }
  }
  const Contrast moved{"moved", {{column[1], 1.0}, {column[0], -1.0}}};
  const Estimates e = estimate(moments, {&moved, 1});
  LoggingMove out;
  out.kl = e.value[0];
  out.standard_error = e.standard_error[0];
  out.certified_kl = count > 0 ? certified / count : 0;
  const double sure = out.kl - normal_quantile(1 - logs.alpha / 2) * out.standard_error;
  out.another_policy = sure > kMovedShare * out.certified_kl;
  return out;
}

}  // namespace plumb
