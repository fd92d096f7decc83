// Policies on blocks of a stream. A block's sums are made on any thread and added in the order of the file, so
// that bytes do not depend on threads.
#include "plumb/stream_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/buckets.h"
#include "evaluate/stream_origin.h"
#include "evaluate/stream_sums.h"
#include "plumb/policy_contrast.h"
#include "plumb/priced_policy.h"
#include "plumb/tree_policy.h"

namespace plumb {

namespace {

void add_names(std::vector<std::string>& to, const std::vector<FeatureMap::Column>& columns) {
  for (const FeatureMap::Column& column : columns)
    if (std::find(to.begin(), to.end(), column.name) == to.end()) to.push_back(column.name);
}

void add_columns(ColumnNames& to, const FeatureMap& map) {
  add_names(to.context, map.context);
  add_names(to.action_features, map.action);
}

void add_contexts(ColumnNames& to, const LearntFrom& from) {
  if (!contexts_tell_rows(from)) return;
  for (const LearntFrom::Column& column : from.column) {
    const bool there = std::find(to.context.begin(), to.context.end(), column.name) != to.context.end();
    if (column.role == TraceRole::kContext && !there) to.context.push_back(column.name);
  }
}

}  // namespace

namespace {

// The outcome that is farthest from 0, and where.
struct Largest {
  double value = 0;
  std::uint16_t bucket = 0;
  std::string row;             // its id, where rows have any
  std::uint64_t position = 0;  // in the block, then in the stream
};

Largest largest_of(const DecisionLog& block, const OutcomeColumn& column,
                   std::span<const std::uint16_t> bucket) {
  Largest out;
  for (std::size_t i = 0; i < column.value.size(); ++i)
    if (std::abs(column.value[i]) > std::abs(out.value))
      out.value = column.value[i], out.position = i, out.bucket = bucket[i];
  if (!block.id.empty()) out.row = block.id[out.position];
  return out;
}

}  // namespace

struct StreamEvaluation::State {
  std::vector<std::string> names;       // of the goal's outcomes
  std::vector<PolicyPointer> policies;  // [0] is empty: the logging policy
  std::optional<LinearOutcomes> models;
  std::vector<std::optional<std::size_t>> model_of;  // by outcome of the goal

  // Of the blocks so far, by policy.
  struct Rows {
    StreamSums sums;
    std::uint64_t sketch_matched = 0;
    StreamFamiliar familiar;
  };
  bool nameless = false;  // no unit is named: contexts are asked
  StreamFamiliar of_models;
  std::vector<Rows> rows;
  std::vector<StreamedOutcome> outcomes;
  std::vector<Largest> largest;  // by outcome
  std::uint64_t decisions = 0;
  bool divergence = true;
  Moments moments;
  bool started = false;

  std::vector<Rows> empty_rows() const {
    return std::vector<Rows>(policies.size(), {StreamSums(names.size(), 1 + 3 * names.size()), 0, {}});
  }
  OutcomeModels predictions(const DecisionLog& block) const;
  std::function<void()> add(const DecisionLog& block);
};

// q of every offered action, by the variant that did not see the row; zero without models.
OutcomeModels StreamEvaluation::State::predictions(const DecisionLog& block) const {
  OutcomeModels out;
  out.outcome = names;
  out.q.assign(names.size(), std::vector<float>(block.action.size(), 0.0f));
  if (!models) return out;
  const BoundFeatures features(models->map, block);
  std::vector<std::vector<LinearScorer>> scorer(names.size());
  for (std::size_t j = 0; j < names.size(); ++j) {
    if (!model_of[j]) continue;
    for (const std::vector<double>& variant : models->linear[*model_of[j]])
      scorer[j].emplace_back(models->map, variant);
  }
  DecisionFeatures decision;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const int fold = fold_of(block.unit[i], models->split_seed);
    decision.load(features, block, i);
    const auto variant = static_cast<std::size_t>(std::min(fold, kTrainingFolds));
    for (std::size_t j = 0; j < names.size(); ++j) {
      if (!model_of[j]) continue;
      const std::span<float> q{out.q[j].data() + block.offset[i], block.offered(i)};
      scorer[j][variant].score(decision, q);
      const OutcomeSpan& span = models->span[*model_of[j]][variant];
      const auto lower = static_cast<float>(span.lower), upper = static_cast<float>(span.upper);
      for (float& expected : q) expected = std::min(std::max(expected, lower), upper);
    }
  }
  return out;
}

std::function<void()> StreamEvaluation::State::add(const DecisionLog& block) {
  const std::size_t n = block.size();
  std::vector<std::uint16_t> bucket(n);
  buckets_of(block.unit, bucket);
  const OutcomeModels q = predictions(block);
  auto here = std::make_shared<std::vector<Rows>>(empty_rows());
  const bool logged = !block.logged.empty();
  // Where the log does not say mu of every action, divergences are not known; what stands in for it is not
  // told.
  std::vector<float> base = block.logged;
  if (!logged) {
    for (std::size_t i = 0; i < n; ++i)
      base.insert(base.end(), block.offered(i), 1.0f / static_cast<float>(block.offered(i)));
  }
  const std::vector<Subset> all{{"all rows", std::vector<std::uint8_t>(n, 1)}};
  const PassInput input{
      block, q, base, !logged, bucket, all, /*all_estimators=*/true, /*divergences=*/false, /*threads=*/1};
  std::vector<PassPolicy> asked{{base, nullptr, /*is_logging=*/true}};
  for (std::size_t p = 1; p < policies.size(); ++p) asked.push_back({{}, policies[p].get(), false});
  std::vector<PassSums> sums = policy_pass(input, asked).sums;
  for (std::size_t p = 0; p < policies.size(); ++p) {
    Rows& row = (*here)[p];
    // The rows are the same for every policy: counted once.
    if (p == 0) {
      row.sums.count(block, bucket, all[0].mask);
    } else {
      row.sums.count_as((*here)[0].sums);
    }
    row.sums.pass = std::move(sums[p]);
    if (p > 0 && policies[p]->trained_on().learnt_from)
      row.familiar = familiar_in(*policies[p]->trained_on().learnt_from, block, nameless);
    const auto& sketch = p > 0 ? policies[p]->trained_on().sketch : std::vector<std::uint64_t>();
    if (sketch.empty()) continue;
    for (const std::uint64_t row_here : block.row_fingerprint)
      row.sketch_matched += std::binary_search(sketch.begin(), sketch.end(), row_here);
  }
  StreamFamiliar to_models;
  if (models && models->learnt_from) to_models = familiar_in(*models->learnt_from, block, nameless);
  auto outcome = std::make_shared<std::vector<StreamedOutcome>>();
  std::vector<Largest> most;
  for (const OutcomeColumn& c : block.outcomes) most.push_back(largest_of(block, c, bucket));
  for (const OutcomeColumn& c : block.outcomes) {
    double sum = 0;
    for (const double value : c.value) sum += value;  // 0 where it is not observed
    outcome->push_back({c.name, c.kind, c.observed_count, c.missing_count, c.immature_count, sum});
  }
  return [this, here, outcome, n, logged, to_models, most] {
    largest.resize(most.size());
    for (std::size_t j = 0; j < most.size(); ++j) {
      if (!(std::abs(most[j].value) > std::abs(largest[j].value))) continue;
      largest[j] = most[j];
      largest[j].position += decisions;
    }
    decisions += n;
    add_familiar(of_models, to_models);
    divergence = divergence && logged;
    for (std::size_t p = 0; p < rows.size(); ++p) {
      rows[p].sums.add((*here)[p].sums);
      rows[p].sketch_matched += (*here)[p].sketch_matched;
      add_familiar(rows[p].familiar, (*here)[p].familiar);
    }
    for (std::size_t j = 0; j < outcome->size(); ++j) {
      const StreamedOutcome& from = (*outcome)[j];
      if (j == outcomes.size()) outcomes.push_back({from.name, from.kind, 0, 0, 0, 0});
      outcomes[j].observed += from.observed;
      outcomes[j].missing += from.missing;
      outcomes[j].immature += from.immature;
      outcomes[j].sum += from.sum;
    }
  };
}

StreamEvaluation::StreamEvaluation(const Goal& goal, std::vector<PolicyPointer> policies,
                                   std::optional<LinearOutcomes> models)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  for (const OutcomeSpec& spec : goal.without_preference().outcomes) state.names.push_back(spec.name);
  state.policies.push_back(nullptr);
  state.nameless = goal.data.unit.empty();
  for (PolicyPointer& policy : policies) {
    if (policy->kind() == PolicyKind::kTable || policy->kind() == PolicyKind::kReference)
      refuse("POLICY", policy->name(), "a table",
             "a policy that chooses by features: a table's rows belong to a "
             "log in memory");
    state.policies.push_back(std::move(policy));
  }
  if (models) {
    for (const std::string& name : state.names) {
      const auto found = std::find(models->outcome.begin(), models->outcome.end(), name);
      const bool maximized = std::any_of(goal.maximize.begin(), goal.maximize.end(),
                                         [&](const Term& term) { return term.outcome == name; });
      if (found == models->outcome.end() && maximized)
        refuse("outcome models", name, "no model of it", "a model of every outcome that the goal maximizes");
      state.model_of.emplace_back();
      if (found != models->outcome.end())
        state.model_of.back() = static_cast<std::size_t>(found - models->outcome.begin());
    }
    models->span.resize(models->outcome.size(), std::vector<OutcomeSpan>(kTrainingFolds + 1));
    state.models = std::move(models);
  }
  state.rows = state.empty_rows();
}

StreamEvaluation::~StreamEvaluation() = default;

ColumnNames StreamEvaluation::columns() const {
  ColumnNames out;
  if (state_->models) {
    add_columns(out, state_->models->map);
    if (state_->nameless && state_->models->learnt_from) add_contexts(out, *state_->models->learnt_from);
  }
  for (const PolicyPointer& policy : state_->policies) {
    if (state_->nameless && policy && policy->trained_on().learnt_from)
      add_contexts(out, *policy->trained_on().learnt_from);
    if (const auto* softmax = dynamic_cast<const SoftmaxPolicy*>(policy.get())) {
      add_columns(out, softmax->parts().map);
      add_columns(out, softmax->parts().base_map);
    } else if (const auto* priced = dynamic_cast<const PricedPolicy*>(policy.get())) {
      add_columns(out, priced->parts().map);
    } else if (const auto* tree = dynamic_cast<const TreePolicy*>(policy.get())) {
      for (const DecisionTree::Column& column : tree->parts().tree.columns)
        if (std::find(out.context.begin(), out.context.end(), column.name) == out.context.end())
          out.context.push_back(column.name);
    }
  }
  return out;
}

bool StreamEvaluation::wants_fingerprints() const {
  return std::any_of(state_->policies.begin(), state_->policies.end(), [](const PolicyPointer& policy) {
    return policy && !policy->trained_on().sketch.empty();
  });
}

BlockWork StreamEvaluation::work() {
  PLUMB_ASSERT(!state_->started);
  state_->started = true;
  return [state = state_.get()](const DecisionLog& block) { return state->add(block); };
}

std::uint64_t StreamEvaluation::decisions() const { return state_->decisions; }
const std::vector<StreamedOutcome>& StreamEvaluation::outcomes() const { return state_->outcomes; }
std::uint64_t StreamEvaluation::sketch_matched(std::size_t policy) const {
  return state_->rows[policy].sketch_matched;
}
std::uint64_t StreamEvaluation::sketch_size(std::size_t policy) const {
  return policy == 0 ? 0 : state_->policies[policy]->trained_on().sketch.size();
}
StreamFamiliar StreamEvaluation::familiar(std::size_t policy) const {
  if (policy == 0 || !state_->policies[policy]->trained_on().learnt_from) return {};
  return judged_familiar(state_->rows[policy].familiar, *state_->policies[policy]->trained_on().learnt_from,
                         state_->decisions);
}
StreamFamiliar StreamEvaluation::familiar_models() const {
  if (!state_->models || !state_->models->learnt_from) return {};
  return judged_familiar(state_->of_models, *state_->models->learnt_from, state_->decisions);
}
bool StreamEvaluation::has_models() const { return state_->models.has_value(); }
bool StreamEvaluation::knows_divergence() const { return state_->divergence; }

Support StreamEvaluation::support(std::size_t policy,
                                  std::span<const std::pair<std::size_t, double>> terms) const {
  const StreamSums& sums = state_->rows[policy].sums;
  Support out = sums.support();
  for (const auto& [outcome, weight] : terms) {
    const ObservedSums& seen = sums.pass.observed[outcome];
    limit_to_observed(out, state_->names[outcome], seen.ess(), seen.largest_share());
  }
  return out;
}

double StreamEvaluation::effective_events(std::size_t policy, std::size_t outcome) const {
  return state_->rows[policy].sums.pass.observed[outcome].events();
}

void StreamEvaluation::add_terms(Contrast& contrast, std::size_t policy,
                                 std::span<const std::pair<std::size_t, double>> terms, double weight,
                                 Estimator e) const {
  PLUMB_ASSERT(e != Estimator::kDr || has_models());
  Moments& moments = state_->moments;
  const StreamSums& sums = state_->rows[policy].sums;
  const auto column = [&](std::size_t place) {
    const std::size_t id = moments.add_sums();
    const std::span<double> to = moments.sums(id);
    for (std::size_t b = 0; b < kBuckets; ++b) to[b] = sums.pass.bucket[b * sums.width + place];
    return id;
  };
  for (const auto& [outcome, share] : terms) {
    const std::size_t place =
        1 + 3 * outcome;  // of the doubly robust sums, then those of IPS and of its weights
    const std::size_t numerator = column(e == Estimator::kDr ? place : place + 1);
    std::size_t denominator = 0;
    if (e == Estimator::kSnips) {
      denominator = column(place + 2);
    } else {
      denominator = moments.add_sums();
      std::copy(sums.live[outcome].begin(), sums.live[outcome].end(), moments.sums(denominator).begin());
    }
    contrast.terms.emplace_back(moments.add_column(numerator, denominator), weight * share);
  }
}

Estimates StreamEvaluation::estimate(std::span<const Contrast> contrasts) const {
  return plumb::estimate(state_->moments, contrasts);
}

std::string StreamEvaluation::one_decides(const Contrast& contrast) const {
  const Estimates estimates = estimate({&contrast, 1});
  double squares = 0, most = 0;
  std::size_t bucket = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    const double square = estimates.influence(b, 0) * estimates.influence(b, 0);
    squares += square;
    if (square > most) most = square, bucket = b;
  }
  if (!(most > kOneShare * squares)) return "";
  const double share = 100 * most / squares;
  for (std::size_t j = 0; j < state_->largest.size(); ++j) {
    const Largest& one = state_->largest[j];
    if (one.bucket != bucket || one.value == 0) continue;
    return fmt::format("one customer decides this: decision {} ({} = {}) brings {:.0f} % of the variance",
                       one.row.empty() ? std::to_string(one.position + 1) : one.row, state_->names[j],
                       one.value, share);
  }
  return fmt::format("one of {} groups of units brings {:.0f} % of the variance: one customer may decide this",
                     kBuckets, share);
}

}  // namespace plumb
