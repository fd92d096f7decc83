// The monitor: both logs put together, three families of shifts, the claims on the later log, the verdict.
#include "plumb/monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/claims.h"
#include "monitor/density_ratio.h"
#include "monitor/families.h"
#include "monitor/joined_log.h"
#include "monitor/shared_rows.h"
#include "plumb/origin.h"

namespace plumb {
namespace {

// Of the first log, then of the later one.
std::vector<float> in_both(const Policy& on_first, const Policy& on_later, const MonitorInput& input) {
  std::vector<float> out = probabilities_of(on_first, input.first, input.how.threads);
  const std::vector<float> later = probabilities_of(on_later, input.later, input.how.threads);
  out.insert(out.end(), later.begin(), later.end());
  return out;
}

// Is the policy made from what the log states of its own logging policy?
bool tilts_logged(const Policy& policy) {
  const auto* softmax = dynamic_cast<const SoftmaxPolicy*>(&policy);
  return policy.is_logging() || (softmax && softmax->parts().base_theta.empty());
}

// What a policy was learnt from, of a log.
Familiar known_to(const Policy& policy, const DecisionLog& log, int threads) {
  if (!policy.trained_on().empty()) return familiar_rows(policy.trained_on(), log, threads);
  Familiar nothing;
  nothing.seen.assign(log.size(), 0);
  return nothing;
}

void check(const MonitorInput& input) {
  PLUMB_ASSERT(input.policy && input.reference && input.later_reference);
  for (const Policy* p : {input.policy.get(), input.reference.get()}) {
    if (p->kind() != PolicyKind::kTable) continue;
    refuse("POLICY", p->name(), "a table of probabilities, which belongs to one log",
           "a policy file, constant:NAME, uniform or logging");
  }
  require_other_rows(input.first, input.later);
}

TwoLogs put_together(const MonitorInput& input) {
  TwoLogs out;
  out.both = joined_log(input.first, input.later);
  out.first_count = input.first.size();
  out.alpha = input.how.alpha;
  out.seed = input.how.seed;
  out.threads = input.how.threads;
  const std::size_t n = out.both.size();
  const Familiar seen = known_to(*input.policy, input.first, input.how.threads),
                 reference_seen = known_to(*input.reference, input.first, input.how.threads);
  out.bucket.resize(n);
  out.compared.assign(n, 1);
  out.scored.assign(n, 1);
  for (std::size_t i = 0; i < n; ++i) {
    out.bucket[i] = static_cast<std::uint32_t>(bucket_of(out.both.unit[i]));
    if (i < out.first_count) {
      out.compared[i] =
          !input.first.in_training(i) && !seen.everything && !seen.seen[i] && !reference_seen.seen[i];
      out.scored[i] = !input.first.in_training(i);
    } else {
      out.scored[i] = !input.later.in_training(i - out.first_count);
    }
  }
  return out;
}

// The first log's models for the later log alone.
OutcomeModels later_models(const OutcomeModels& joined, std::size_t first_rows) {
  OutcomeModels out;
  out.outcome = joined.outcome;
  out.method = joined.method;
  out.calibration = joined.calibration;
  out.map = joined.map;
  for (const std::vector<float>& q : joined.q)
    out.q.emplace_back(q.begin() + static_cast<std::ptrdiff_t>(first_rows), q.end());
  return out;
}

// One entry a constraint, or a level of its segment that both logs know.
std::vector<Slice> slices_of(const MonitorInput& input) {
  std::vector<Slice> out;
  for (std::size_t c = 0; c < input.goal.constraints.size(); ++c) {
    const ConstraintSpec& spec = input.goal.constraints[c];
    if (spec.segment.empty()) {
      out.push_back({spec.id(), c, {}});
      continue;
    }
    const FeatureColumn *before = input.first.segment(spec.segment), *after = input.later.segment(spec.segment);
    PLUMB_ASSERT(before && after);
    for (std::size_t level = 0; level < after->levels.size(); ++level) {
      const auto at = std::find(before->levels.begin(), before->levels.end(), after->levels[level]);
      if (at == before->levels.end()) continue;
      const auto code = static_cast<std::uint32_t>(at - before->levels.begin());
      Slice slice{fmt::format("{} = {}", spec.id(), after->levels[level]), c, {}};
      for (const std::uint32_t k : before->code) slice.rows.push_back(k == code);
      for (const std::uint32_t k : after->code) slice.rows.push_back(k == level);
      out.push_back(std::move(slice));
    }
  }
  return out;
}

// Whether the later log's claim on what the shift is about passes; a claim that is not there does not.
bool claim_passes(const Shift& shift, const CandidateClaim& claim) {
  if (shift.what == "gain") return claim.gain == Verdict::kPass;
  for (const ConstraintClaim& c : claim.constraints) {
    if (c.id == shift.what) return c.verdict == Verdict::kPass;
  }
  return false;
}

std::string sentence_of(const Shift& shift) {
  const Interval& i = shift.moved.interval;
  if (shift.what == "gain") {
    return fmt::format(
        "outcomes moved, given contexts and action, and took {:.4g} of the gain, between {:.4g} "
        "and {:.4g}",
        -shift.moved.value, -i.upper, -i.lower);
  }
  return fmt::format(
      "outcomes moved, given contexts and action, and {} with them by {:+.4g}, between {:+.4g} "
      "and {:+.4g}",
      shift.what, shift.moved.value, i.lower, i.upper);
}

// Does the goal, or a constraint of it, speak of the outcome?
bool is_claimed(const Goal& goal, const std::string& outcome) {
  for (const Term& term : goal.maximize)
    if (term.outcome == outcome) return true;
  for (const ConstraintSpec& spec : goal.constraints)
    if (spec.outcome == outcome) return true;
  return false;
}

// (a) and (b) of the header.
void judge(const MonitorInput& input, Monitoring& m) {
  const CandidateClaim& claim = m.claims.candidates[1];
  if (claim.support.sufficient && claim.gain == Verdict::kRefuse)
    m.harms.push_back(judge_gain(input.goal, claim.versus_reference, m.claims.critical,
                                 static_cast<double>(input.later.size()))
                          .reason);
  for (const ConstraintClaim& c : claim.constraints) {
    if (c.verdict == Verdict::kRefuse) m.harms.push_back(c.sentence);
  }
  for (const SegmentClaim& s : claim.segments) {
    if (s.verdict != Verdict::kRefuse) continue;
    m.harms.push_back(
        fmt::format("{} = {} is shown to lose {:.4g} under it", s.segment, s.level, -s.gain.value));
  }
  std::string fell;  // shown, and the claim passes all the same
  for (const Shift& shift : m.outcomes.shifts) {
    if (!shift.harmful || !claim.support.sufficient) continue;
    if (!input.how.missing_caps.empty() || !input.first_cap.empty())
      continue;  // (b) rests on what is seen alone
    if (claim_passes(shift, claim)) {
      fell += "; " + sentence_of(shift) + ", and the claim still passes";
    } else {
      m.harms.push_back(sentence_of(shift) + ", and the later log does not show that the claim still holds");
    }
  }
  m.reason = claim.reason + fell;
  const auto scale = std::find_if(m.scales.begin(), m.scales.end(),
                                  [&](const ScaleMove& s) { return is_claimed(input.goal, s.outcome); });
  if (!m.cap.empty()) {
    m.verdict = Verdict::kInconclusive;
    m.reason = m.cap;
    m.harms.clear();
  } else if (!m.harms.empty()) {
    m.verdict = Verdict::kRefuse;
    m.reason = fmt::format("{}", fmt::join(m.harms, "; "));
  } else {
    m.verdict = claim.verdict;
    if (m.verdict == Verdict::kPass && scale != m.scales.end()) {
      m.verdict = Verdict::kInconclusive;
      m.reason = scale->sentence;
    }
  }
  for (const Finding& f : m.findings)
    if (m.reason.find(f.sentence) == std::string::npos) m.reason += "; " + f.sentence;
}

// Leaves out what stands in the first log, too: it says nothing of what came later.
void leave_out(const SharedRows& shared, const MonitorInput& input, Monitoring& m) {
  m.shared_decisions = shared.count;
  if (shared.share > kMostShared) {
    refuse(input.later.source, "rows",
           fmt::format("{} of {} that stand in the certificate's log too, by {}", shared.count,
                       input.later.size(), shared.by),
           "decisions that came after the certificate's");
  }
  m.cap = shared.cap;
  if (!shared.sentence.empty())
    m.findings.push_back({"same_rows", shared.cap.empty() ? Severity::kWarning : Severity::kCap,
                          shared.cap.empty() && !shared.untold ? shared.sentence + ", and are left out"
                          : shared.cap.empty()                 ? shared.sentence
                                                               : shared.cap});
}

}  // namespace

Monitoring monitor_logs(const MonitorInput& input) {
  check(input);
  const int threads = input.how.threads;
  Monitoring m;
  m.policy = input.policy->name();
  m.kind = input.policy->kind();
  m.first_decisions = input.first.size();
  const Familiar later = known_to(*input.policy, input.later, threads),
                 later_reference = known_to(*input.later_reference, input.later, threads);
  for (const Familiar* known : {&later, &later_reference}) {
    const Policy& policy = known == &later ? *input.policy : *input.later_reference;
    const bool rows = known->by_id + known->by_row > 0 || training_overlap(policy, input.later).trained_here;
    if (!known->everything && !rows) continue;
    m.cap = m.reason = fmt::format("{} was learnt from rows of the later log, which so cannot judge it ({})",
                                   known == &later ? "the policy" : "the reference", known->sentence);
    return m;
  }
  const SharedRows shared = shared_rows(input.first, input.later, threads);
  leave_out(shared, input, m);
  for (Finding& finding : only_in_one(input.first, input.later)) m.findings.push_back(std::move(finding));
  // Customers who come again: those that it learnt from do not judge it.
  std::vector<std::uint8_t> unseen(input.later.size(), 1);
  std::int64_t learnt = 0;
  for (std::size_t i = 0; i < unseen.size(); ++i) {
    const bool known = later.seen[i] || later_reference.seen[i];
    learnt += known;
    unseen[i] = !known && !shared.seen[i];
  }
  const auto judges = std::count(unseen.begin(), unseen.end(), 1);
  if (judges == 0) {
    m.cap = m.reason =
        "every decision of the later log is of a unit that the policy or the reference was learnt from, or "
        "one of the certificate's";
    return m;
  }
  TwoLogs logs = put_together(input);
  for (std::size_t i = 0; i < input.later.size(); ++i)
    if (shared.seen[i]) logs.compared[logs.first_count + i] = 0;
  m.compared_decisions = static_cast<std::uint64_t>(std::count(
      logs.compared.begin(), logs.compared.begin() + static_cast<std::ptrdiff_t>(logs.first_count), 1));

  // One set of models for both logs, learnt on the first's training half.
  const OutcomeModels models =
      fit_outcome_models(logs.both, input.outcomes, threads, input.goal.outcome_models);
  logs.map = models.map;
  // A column that moved as a whole must show: what lies beyond the first log's bounds stays there.
  for (auto* columns : {&logs.map.context, &logs.map.action})
    for (FeatureMap::Column& column : *columns) column.lowest = column.low, column.highest = column.high;
  std::vector<std::uint8_t> fold = input.first.fold;
  fold.insert(fold.end(), input.later.fold.begin(), input.later.fold.end());
  logs.density = density_ratio(logs.both, logs.first_count, logs.map, fold, logs.bucket, threads);
  const LoggingPolicy first_logging(input.first, threads), later_logging(input.later, threads);
  logs.base = in_both(first_logging, later_logging, input);
  const std::vector<float> policy = in_both(*input.policy, *input.policy, input),
                           reference = in_both(*input.reference, *input.later_reference, input);

  m.contexts = compare_contexts(logs);
  double sum = 0, squares = 0, largest = 0;
  for (std::size_t i = 0; i < logs.first_count; ++i) {
    if (!logs.compared[i]) continue;
    sum += logs.density.ratio[i];
    squares += logs.density.ratio[i] * logs.density.ratio[i];
    largest = std::max(largest, logs.density.ratio[i]);
  }
  m.carried_ess = squares > 0 && std::isfinite(squares) ? sum * sum / squares : 0;
  const bool carries = m.carried_ess >= kLeastEss && largest <= kLargestShare * sum;
  const std::vector<float> first_model = first_logging_model(logs);
  m.logging = logging_move(logs, first_model, carries, policy);
  if (carries) {
    m.choices = compare_choices(logs, first_model);
    const bool estimate = logs.both.logged.empty();
    OutcomeParts parts = compare_outcomes(logs, input.goal, models, estimate, {policy, false},
                                          {reference, input.reference->is_logging()}, slices_of(input));
    m.outcomes = std::move(parts.family);
    m.then = parts.then;
    m.carried = parts.carried;
    m.by_contexts = parts.by_contexts;
    m.by_outcomes = parts.by_outcomes;
  } else {
    const std::string why = fmt::format(
        "contexts moved so far that the first log, re-weighted to the later ones, has {:.1f} effective "
        "decisions of {}, {:.0f} are needed, none with more than {:.0f} % of all weight",
        m.carried_ess, m.compared_decisions, kLeastEss, 100 * kLargestShare);
    m.choices.why_not = m.outcomes.why_not = why;
    for (Measured* part : {&m.then, &m.carried, &m.by_contexts, &m.by_outcomes}) *part = unknown(why);
  }

  // The claims, by the gate's own arithmetic, on every row of the later log.
  CertificationOptions how = input.how;
  how.unseen = unseen;
  how.reference_is_fixed = later_reference.count() == 0;
  how.with_constants = false;
  m.claims =
      certify(input.later, input.goal, later_models(models, input.first.action.size()), input.later_reference,
              {{input.policy, "", static_cast<std::size_t>(judges) == unseen.size()}}, how);
  m.now = m.claims.candidates[1].versus_reference;
  if (m.logging.another_policy && (tilts_logged(*input.policy) || tilts_logged(*input.reference))) {
    m.cap = fmt::format(
        "another policy wrote the later log ({:.3g} nats from the first one's, where the certified policy "
        "stood "
        "at {:.3g}), and a gain over it is not the one that was certified: name the reference of then in the "
        "goal file",
        m.logging.kl, m.logging.certified_kl);
  }
  if (m.cap.empty() && !input.how.caps.empty()) m.cap = input.how.caps.front();
  m.scales = moved_scales(logs, input.outcomes, carries);
  for (const ScaleMove& scale : m.scales) {
    const bool caps = scale.unit && is_claimed(input.goal, scale.outcome);
    m.findings.push_back({"outcome_scale", caps ? Severity::kCap : Severity::kWarning, scale.sentence});
    if (caps && m.cap.empty()) m.cap = scale.sentence;
  }
  judge(input, m);
  if (later.count() + later_reference.count() > 0)
    m.reason += fmt::format("; {} of {} decisions are of units that it learnt from and do not judge it", learnt,
                            unseen.size());
  return m;
}

}  // namespace plumb
