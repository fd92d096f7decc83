// Who comes and what is offered: standardized differences of means, a column at a time, and all of them at once
// by a classifier (Lopez-Paz, Oquab 2017).
#include <cmath>
#include <numeric>

#include "audit/claims.h"
#include "monitor/families.h"

namespace plumb {
namespace {

constexpr double kLeastRows = 20;  // of both logs together, that hold a level: rarer ones say nothing

// One number a decision: a context column, a level of one, or the mean of a feature over what is offered.
struct Quantity {
  std::string group, what;
  bool is_share = false;
  double mean = 0, scale = 1;  // back to the column's own unit
};

void describe(const std::vector<FeatureMap::Column>& columns, const char* group, std::vector<Quantity>& out,
              std::vector<std::size_t>& position) {
  std::size_t at = 0;
  for (const FeatureMap::Column& column : columns) {
    for (std::size_t k = 0; k < column.width() && !column.hashed; ++k) {
      if (column.is_category) {
        out.push_back({group, column.name + " = " + column.levels[k], true, 0, 1});
      } else {
        out.push_back({group, column.name, false, column.mean, column.scale});
      }
      position.push_back(at + k);
    }
    at += column.width();
  }
}

}  // namespace

ShiftFamily ask_family(const TwoLogs& logs, std::vector<Question> questions, const Moments& moments,
                       const std::string& stream) {
  ShiftFamily out;
  std::vector<Contrast> contrasts;
  for (const Question& q : questions) {
    if (!q.moved.terms.empty()) contrasts.push_back(q.moved);
  }
  const Estimates e = estimate(moments, contrasts);
  const MaxT max_t = max_t_distribution(e, Rng(logs.seed).stream(stream), logs.threads);
  out.size = max_t.family;
  out.critical = max_t.critical(logs.alpha);
  std::size_t k = 0;
  for (Question& q : questions) {
    if (!q.moved.terms.empty()) {
      q.shift.moved = make_measured(e.value[k], e.standard_error[k], out.critical, 1 - logs.alpha);
      const Interval& i = q.shift.moved.interval;
      q.shift.shown = q.shift.moved.known && (i.lower > 0 || i.upper < 0);
      ++k;
    }
    out.shifts.push_back(std::move(q.shift));
  }
  return out;
}

std::size_t ShiftFamily::shown() const {
  std::size_t out = 0;
  for (const Shift& s : shifts) out += s.shown;
  return out;
}

ShiftFamily compare_contexts(const TwoLogs& logs) {
  const DecisionLog& both = logs.both;
  const FeatureMap& map = logs.map;
  std::vector<Quantity> quantities;
  std::vector<std::size_t> context_at, offered_at;
  describe(map.context, "context", quantities, context_at);
  // Where the same actions are always offered, what is offered cannot move.
  if (!both.fixed_actions) describe(map.action, "offered", quantities, offered_at);
  const std::size_t count = quantities.size();

  Moments moments;
  const std::size_t counts[2] = {moments.add_sums(), moments.add_sums()};
  std::vector<std::size_t> sums[2], columns[2];
  for (std::size_t k = 0; k < count; ++k) {
    for (const int log : {0, 1}) {
      sums[log].push_back(moments.add_sums());
      columns[log].push_back(moments.add_column(sums[log].back(), counts[log]));
    }
  }
  // The classifier's score, where it was not learnt.
  std::size_t score_counts[2], score_sums[2], score_columns[2];
  for (const int log : {0, 1}) {
    score_counts[log] = moments.add_sums();
    score_sums[log] = moments.add_sums();
    score_columns[log] = moments.add_column(score_sums[log], score_counts[log]);
  }
  const BoundFeatures features(map, both);
  std::vector<float> c(map.context_width), b(map.extended_width);
  std::vector<double> value(count);
  double scored = 0, score_sum = 0, score_squares = 0;
  for (std::size_t i = 0; i < both.size(); ++i) {
    const int log = logs.is_later(i) ? 1 : 0;
    const std::size_t bucket = logs.bucket[i];
    features.context(i, c);
    for (std::size_t k = 0; k < context_at.size(); ++k) value[k] = c[context_at[k]];
    if (!offered_at.empty()) {
      std::fill(value.begin() + static_cast<std::ptrdiff_t>(context_at.size()), value.end(), 0.0);
      const double share = 1 / static_cast<double>(both.offered(i));
      for (std::size_t row = both.offset[i]; row < both.offset[i + 1]; ++row) {
        features.action(row, b);
        for (std::size_t k = 0; k < offered_at.size(); ++k)
          value[context_at.size() + k] += share * b[offered_at[k]];
      }
    }
    moments.sums(counts[log])[bucket] += 1;
    for (std::size_t k = 0; k < count; ++k) moments.sums(sums[log][k])[bucket] += value[k];
    if (!logs.scored[i]) continue;
    moments.sums(score_counts[log])[bucket] += 1;
    moments.sums(score_sums[log])[bucket] += logs.density.score[i];
    scored += 1;
    score_sum += logs.density.score[i];
    score_squares += logs.density.score[i] * logs.density.score[i];
  }

  const auto total = [&](std::size_t id) {
    const auto s = moments.sums(id);
    return std::accumulate(s.begin(), s.end(), 0.0);
  };
  const double n[2] = {total(counts[0]), total(counts[1])};
  std::vector<Question> questions;
  Question all;
  all.shift.group = "context";
  all.shift.what = "all of them together";
  all.shift.then = all.shift.now = std::nan("");
  const double score_variance = score_squares / scored - score_sum / scored * (score_sum / scored);
  if (score_variance > 1e-12) {
    const double unit = 1 / std::sqrt(score_variance);
    all.moved = {"all", {{score_columns[1], unit}, {score_columns[0], -unit}}};
  } else {
    all.shift.moved = unknown("nothing tells the later decisions from the first");
  }
  questions.push_back(std::move(all));
  for (std::size_t k = 0; k < count; ++k) {
    const Quantity& quantity = quantities[k];
    const double held[2] = {total(sums[0][k]), total(sums[1][k])};
    Question q;
    q.shift.group = quantity.group;
    q.shift.what = quantity.what;
    q.shift.then = quantity.mean + quantity.scale * held[0] / n[0];
    q.shift.now = quantity.mean + quantity.scale * held[1] / n[1];
    double unit = 1;
    if (quantity.is_share) {
      const double share = (q.shift.then + q.shift.now) / 2;
      if (held[0] + held[1] < kLeastRows) {
        q.shift.moved = unknown("too rare: fewer than 20 decisions of both logs together");
        questions.push_back(std::move(q));
        continue;
      }
      if (share >= 1) {
        q.shift.moved = unknown("it never varies");
        questions.push_back(std::move(q));
        continue;
      }
      unit = 1 / std::sqrt(share * (1 - share));
    }
    q.moved = {quantity.what, {{columns[1][k], unit}, {columns[0][k], -unit}}};
    questions.push_back(std::move(q));
  }
  return ask_family(logs, std::move(questions), moments, "monitor contexts");
}

}  // namespace plumb
