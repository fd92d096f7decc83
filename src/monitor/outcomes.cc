// Outcomes given contexts and action: weighted residuals of the first log's models in either log, the first
// re-weighted to the later contexts. What the residuals of the goal say is the part of the gain that went by
// outcomes; what is left of its change went by contexts.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "audit/claims.h"
#include "monitor/decision_terms.h"
#include "monitor/families.h"
#include "plumb/evaluate.h"

namespace plumb {
namespace {

// The sums of one policy's value of one outcome, in parts: sum_a pi q ("direct") and w o/s (y - q)
// ("residual").
struct ValueColumns {
  std::size_t direct_then, direct_now, residual_then, residual_carried, residual_now;
};

enum class Part { kThen, kCarried, kNow, kByContexts, kByOutcomes };

void add_part(Contrast& c, const ValueColumns& v, Part part, double weight) {
  const auto add = [&](std::size_t column, double w) { c.terms.emplace_back(column, w); };
  const bool then = part == Part::kThen || part == Part::kByContexts;
  const double sign = part == Part::kByContexts ? -1 : 1;
  if (then) {
    add(v.direct_then, sign * weight);
    add(v.residual_then, sign * weight);
  }
  if (part == Part::kCarried || part == Part::kByContexts) {
    add(v.direct_now, weight);
    add(v.residual_carried, weight);
  }
  if (part == Part::kNow) add(v.direct_now, weight);
  if (part == Part::kNow || part == Part::kByOutcomes) add(v.residual_now, weight);
  if (part == Part::kByOutcomes) add(v.residual_carried, -weight);
}

// A column's numerator over its denominator, 0 over nothing.
double ratio_of(const Moments& moments, std::size_t column) {
  double numerator = 0, denominator = 0;
  for (const double x : moments.numerator(column)) numerator += x;
  for (const double x : moments.denominator(column)) denominator += x;
  return denominator != 0 ? numerator / denominator : 0;
}

class Values {
 public:
  Values(const TwoLogs& logs, const OutcomeModels& models) : logs_(logs), models_(models) {}

  std::size_t add_policy(bool base_is_estimate, PolicyRows rows) {
    terms_.push_back(decision_terms(logs_.both, models_, logs_.base, base_is_estimate, rows.probabilities,
                                    rows.is_logging, logs_.threads));
    return terms_.size() - 1;
  }

  ValueColumns columns(std::size_t policy, std::size_t outcome, const std::vector<std::uint8_t>* slice) {
    const DecisionTerms& t = terms_[policy];
    const OutcomeColumn& column = logs_.both.outcome(models_.outcome[outcome]);
    const std::size_t n = logs_.both.size();
    enum Sum { kCount1, kCount2, kRatio, kDirect1, kDirect2, kResidual1, kCarried, kResidual2, kSums };
    std::array<std::size_t, kSums> id;
    for (std::size_t& s : id) s = moments_.add_sums();
    for (std::size_t i = 0; i < n; ++i) {
      if (!logs_.compared[i] || column.state[i] == State::kImmature || (slice && !(*slice)[i])) continue;
      const std::size_t at = outcome * n + i, b = logs_.bucket[i];
      const double residual = t.residual[at], direct = t.direct[at];
      if (logs_.is_later(i)) {
        moments_.sums(id[kCount2])[b] += 1;
        moments_.sums(id[kDirect2])[b] += direct;
        moments_.sums(id[kResidual2])[b] += residual;
      } else {
        moments_.sums(id[kCount1])[b] += 1;
        moments_.sums(id[kRatio])[b] += logs_.density.ratio[i];
        moments_.sums(id[kDirect1])[b] += direct;
        moments_.sums(id[kResidual1])[b] += residual;
        moments_.sums(id[kCarried])[b] += logs_.density.ratio[i] * residual;
      }
    }
    const std::size_t carried = moments_.add_column(id[kCarried], id[kRatio]);
    carried_.push_back(
        {id[kCarried],
         {[this, &column, slice](std::size_t i) {
            return logs_.compared[i] && column.state[i] != State::kImmature && (!slice || (*slice)[i]);
          },
          [this, policy, outcome, n](std::size_t i) { return terms_[policy].residual[outcome * n + i]; },
          ratio_of(moments_, carried)}});
    return {moments_.add_column(id[kDirect1], id[kCount1]), moments_.add_column(id[kDirect2], id[kCount2]),
            moments_.add_column(id[kResidual1], id[kCount1]), carried,
            moments_.add_column(id[kResidual2], id[kCount2])};
  }

  // Puts the ratio's error into what it carried over. To be called once, when all columns are there.
  void add_ratio_error() {
    std::vector<DensityRatio::Carried> means;
    for (const auto& [sums, mean] : carried_) means.push_back(mean);
    const std::vector<std::vector<double>> error = logs_.density.error_of(means, logs_.threads);
    for (std::size_t k = 0; k < error.size(); ++k) {
      const std::span<double> to = moments_.sums(carried_[k].first);
      for (std::size_t b = 0; b < kBuckets; ++b) to[b] += error[k][b];
    }
  }

  // Why the policy's value of the outcome cannot be compared; empty where it can.
  std::string trouble(std::size_t policy, std::size_t outcome, const std::vector<std::uint8_t>* slice) const {
    const DecisionTerms& t = terms_[policy];
    const OutcomeColumn& column = logs_.both.outcome(models_.outcome[outcome]);
    double sum[2] = {0, 0}, squares[2] = {0, 0}, largest[2] = {0, 0}, event[2] = {0, 0}, event2[2] = {0, 0};
    for (std::size_t i = 0; i < logs_.both.size(); ++i) {
      if (!logs_.compared[i] || column.state[i] != State::kObserved || (slice && !(*slice)[i])) continue;
      const int log = logs_.is_later(i) ? 1 : 0;
      const double plain = t.weight[i] * (log == 1 ? 1 : logs_.density.ratio[i]);
      const double w = plain / (column.asked.empty() ? 1.0 : column.asked[i]);
      sum[log] += w;
      squares[log] += w * w;
      largest[log] = std::max(largest[log], w);
      if (column.value[i] == 0) continue;
      event[log] += plain;
      event2[log] += plain * plain;
    }
    double events = 0;
    for (const int log : {0, 1}) {
      const double ess = squares[log] > 0 ? sum[log] * sum[log] / squares[log] : 0;
      const char* which = log == 0 ? "the first log, re-weighted," : "the later log";
      if (ess < kLeastEss)
        return fmt::format("{} has {:.1f} effective decisions with {}, {:.0f} are needed", which, ess,
                           column.name, kLeastEss);
      if (largest[log] > kLargestShare * sum[log])
        return fmt::format("in {} one decision carries {:.0f} % of all weight", which,
                           100 * largest[log] / sum[log]);
      if (event2[log] > 0) events = std::max(events, event[log] * event[log] / event2[log]);
    }
    const double least = static_cast<double>(least_events(column));
    if (events < least)
      return fmt::format(
          "too few events: {:.0f} effective non-zero values of {} in either log, {:.0f} are "
          "needed",
          events, column.name, least);
    return {};
  }
  const DecisionTerms& terms(std::size_t policy) const { return terms_[policy]; }
  const Moments& moments() const { return moments_; }

 private:
  const TwoLogs& logs_;
  const OutcomeModels& models_;
  std::vector<DecisionTerms> terms_;
  Moments moments_;
  std::vector<std::pair<std::size_t, DensityRatio::Carried>> carried_;  // numerator's sums, the mean
};

}  // namespace

OutcomeParts compare_outcomes(const TwoLogs& logs, const Goal& goal, const OutcomeModels& models,
                              bool base_is_estimate, PolicyRows policy, PolicyRows reference,
                              const std::vector<Slice>& slices) {
  Values values(logs, models);
  const std::size_t logging = values.add_policy(base_is_estimate, {logs.base, true});
  const std::size_t certified = values.add_policy(base_is_estimate, policy);
  const std::size_t ref = reference.is_logging ? logging : values.add_policy(base_is_estimate, reference);

  std::vector<Question> questions;
  std::vector<std::array<Contrast, 2>> ends;  // then (carried over) and now, by question
  const auto ask = [&](std::string group, std::string what, const std::string& trouble, const auto& part_of) {
    Question q;
    q.shift.group = std::move(group);
    q.shift.what = std::move(what);
    std::array<Contrast, 2> both;
    part_of(both[0], Part::kCarried);
    part_of(both[1], Part::kNow);
    if (trouble.empty()) {
      part_of(q.moved, Part::kByOutcomes);
    } else {
      q.shift.moved = unknown(trouble);
    }
    questions.push_back(std::move(q));
    ends.push_back(std::move(both));
  };

  std::string gain_trouble;
  std::vector<std::array<ValueColumns, 2>> goal_columns;
  for (const Term& term : goal.maximize) {
    const std::size_t j = models.index(term.outcome);
    for (const std::size_t p : {certified, ref})
      if (gain_trouble.empty()) gain_trouble = values.trouble(p, j, nullptr);
    goal_columns.push_back({values.columns(certified, j, nullptr), values.columns(ref, j, nullptr)});
  }
  const auto gain = [&](Contrast& c, Part part) {
    for (std::size_t k = 0; k < goal_columns.size(); ++k) {
      add_part(c, goal_columns[k][0], part, goal.maximize[k].weight);
      add_part(c, goal_columns[k][1], part, -goal.maximize[k].weight);
    }
  };
  ask("claim", "gain", gain_trouble, gain);
  for (const Slice& slice : slices) {
    const ConstraintSpec& spec = goal.constraints[slice.spec];
    const std::size_t j = models.index(spec.outcome);
    const std::vector<std::uint8_t>* rows = spec.segment.empty() ? nullptr : &slice.rows;
    const ValueColumns own = values.columns(certified, j, rows);
    std::string trouble = values.trouble(certified, j, rows);
    if (!spec.no_worse_than_reference) {
      ask("claim", slice.constraint, trouble, [&](Contrast& c, Part part) { add_part(c, own, part, 1); });
      continue;
    }
    if (trouble.empty()) trouble = values.trouble(ref, j, rows);
    const ValueColumns other = values.columns(ref, j, rows);
    ask("claim", slice.constraint, trouble, [&](Contrast& c, Part part) {
      add_part(c, own, part, 1);
      add_part(c, other, part, -1);
    });
  }
  const std::size_t claims = questions.size();
  for (std::size_t j = 0; j < models.outcome.size(); ++j) {
    for (const std::size_t p : {logging, certified}) {
      const ValueColumns own = values.columns(p, j, nullptr);
      ask(p == logging ? "as logged" : "certified policy", models.outcome[j], values.trouble(p, j, nullptr),
          [&](Contrast& c, Part part) { add_part(c, own, part, 1); });
    }
  }
  values.add_ratio_error();
  // The other part of the gain's change shares the band.
  Question contexts;
  contexts.shift.group = "contexts";
  contexts.shift.what = "gain";
  if (gain_trouble.empty()) {
    gain(contexts.moved, Part::kByContexts);
  } else {
    contexts.shift.moved = unknown(gain_trouble);
  }
  questions.push_back(std::move(contexts));

  std::vector<Contrast> levels;
  for (std::array<Contrast, 2>& both : ends) {
    levels.push_back(std::move(both[0]));
    levels.push_back(std::move(both[1]));
  }
  Contrast then{"then", {}};
  gain(then, Part::kThen);
  levels.push_back(std::move(then));
  const Estimates e = estimate(values.moments(), levels);

  OutcomeParts out;
  out.family = ask_family(logs, std::move(questions), values.moments(), "monitor outcomes");
  for (std::size_t k = 0; k < ends.size(); ++k) {
    Shift& s = out.family.shifts[k];
    s.then = s.moved.known ? e.value[2 * k] : std::nan("");
    s.now = s.moved.known ? e.value[2 * k + 1] : std::nan("");
    if (k >= claims || !s.shown) continue;
    bool lower_is_worse = true;  // the gain
    if (k > 0) {
      const ConstraintSpec& spec = goal.constraints[slices[k - 1].spec];
      lower_is_worse = spec.at_least.has_value() || (spec.no_worse_than_reference && spec.higher_is_better);
    }
    s.harmful = lower_is_worse ? s.moved.value < 0 : s.moved.value > 0;
  }
  out.by_outcomes = out.family.shifts[0].moved;
  out.by_contexts = out.family.shifts.back().moved;
  out.family.shifts.back().then = e.value.back();
  out.family.shifts.back().now = gain_trouble.empty() ? e.value[0] : std::nan("");
  const double z = normal_quantile(1 - logs.alpha / 2);
  const auto measured = [&](std::size_t k) {
    return make_measured(e.value[k], e.standard_error[k], z, 1 - logs.alpha);
  };
  std::vector<std::uint8_t> first_rows(logs.both.size(), 0);
  for (std::size_t i = 0; i < logs.first_count; ++i) first_rows[i] = logs.compared[i];
  const Support support = support_on(values.terms(certified), first_rows, logs.bucket);
  out.then = support.sufficient ? measured(e.value.size() - 1) : unknown(support.reason);
  out.carried = gain_trouble.empty() ? measured(0) : unknown(gain_trouble);
  out.now = e.value[1];
  return out;
}

}  // namespace plumb
