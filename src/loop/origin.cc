#include "loop/origin.h"

#include <fmt/format.h>

#include <algorithm>

#include "plumb/origin.h"

namespace plumb {
namespace {

// What one of the two has seen of the log.
struct Origin {
  std::vector<std::uint8_t> seen;
  bool none = false;     // all of it, or nobody can tell
  bool unknown = false;  // nobody can tell
  bool touched = false;
  std::string sentence;
};

// Comparisons that it learnt from and that are among these: share of them, and whether the people stand in
// other folds here.
struct SamePeople {
  std::size_t matched = 0, compared = 0;
  bool elsewhere = false;
  bool any() const {
    return compared > 0 &&
           static_cast<double>(matched) >= kSketchComparisonsShare * static_cast<double>(compared);
  }
};

SamePeople same_people(const TrainedOn& trained, const Study& study) {
  SamePeople out;
  if (!study.feedback || trained.feedback_digest.empty()) return out;
  // Every fold: people may stand in others under another split seed.
  const std::vector<std::uint64_t> here =
      feedback_digests(*study.feedback, trained.split_seed, (1u << kFolds) - 1);
  out.compared = trained.feedback_digest.size();
  for (const std::uint64_t digest : trained.feedback_digest)
    out.matched += std::binary_search(here.begin(), here.end(), digest);
  out.elsewhere = trained.split_seed != study.seed;
  return out;
}

Origin origin_of(const Study& study, const Policy& policy, const RunOptions& options) {
  Origin out;
  const DecisionLog& log = study.log;
  out.seen.assign(log.size(), 0);
  const TrainedOn& trained = policy.trained_on();
  const bool no_digests =
      is_learnt(policy.kind()) && std::all_of(trained.bucket_digest.begin(), trained.bucket_digest.end(),
                                              [](std::uint64_t d) { return d == 0; });
  if (policy.origin_unknown() || (no_digests && !options.not_trained_here)) {
    out.none = out.unknown = true;
    out.sentence = "trained on this log, as far as anyone can tell: " + policy.name() +
                   " does not say what it was learnt from (declare that it was not with --not-trained-here)";
    return out;
  }
  if (trained.empty() || no_digests) return out;
  const SamePeople people = same_people(trained, study);
  Familiar found = familiar_rows(trained, log, study.threads);
  if (found.untold && options.not_trained_here) {
    found.untold = false;
    found.sentence =
        "nothing tells what it learnt from; declared not to be these decisions (--not-trained-here)";
  }
  out.seen = std::move(found.seen);
  out.touched = found.any() || people.any();
  out.sentence = found.sentence;
  if (people.any()) {
    out.sentence = fmt::format(
        "trained on this feedback: {} of {} comparisons that it was learnt from are among these{}{}",
        people.matched, people.compared, out.sentence.empty() ? "" : "; ", out.sentence);
    // What it has not seen is valued by people whom it learnt from, or (under another split) by some of them.
    out.none = true;
    if (people.elsewhere || !found.any()) out.seen.assign(log.size(), 1);
  }
  if (found.everything || found.untold) {
    out.none = true;
    out.unknown = found.untold;
    if (found.everything) out.seen.assign(log.size(), 1);
    out.sentence =
        (found.everything ? "trained on this log: " : "trained on this log, as far as anyone can tell: ") +
        out.sentence;
  }
  return out;
}

}  // namespace

PolicyPointer reference_file(const Study& study, const RunOptions& options) {
  const std::string& named = study.goal.reference;
  if (named == "logging" || named == "uniform" || named.starts_with("constant:")) return nullptr;
  return policy_from_argument("reference", study.log, study.goal, options.not_trained_here, study.threads);
}

bool is_learnt(PolicyKind kind) {
  return kind == PolicyKind::kSoftmax || kind == PolicyKind::kTree || kind == PolicyKind::kPriced;
}

Judges judges_of(const Study& study, const Policy& policy, const Policy* reference, const RunOptions& options) {
  Judges out;
  const std::size_t n = study.log.size();
  out.unseen.assign(n, 1);
  const auto enter = [&](const Origin& origin, const std::string& called) {
    for (std::size_t i = 0; i < n; ++i) out.unseen[i] = out.unseen[i] && !origin.seen[i];
    if (origin.sentence.empty()) return;
    const std::string sentence = called.empty() ? origin.sentence : called + ": " + origin.sentence;
    if (origin.none && !out.none) {
      out.none = true;
      out.unknown = origin.unknown;
      out.why = sentence;
    }
    out.notes.push_back(sentence);
  };
  enter(origin_of(study, policy, options), "");
  if (reference != nullptr) {
    const Origin origin = origin_of(study, *reference, options);
    out.reference_is_fixed = !origin.touched && !origin.none;
    enter(origin, "the reference (" + reference->name() + ")");
  }
  out.left_out = static_cast<std::uint64_t>(std::count(out.unseen.begin(), out.unseen.end(), 0));
  if (!out.none && out.left_out == n) {
    out.none = true;
    out.why = fmt::format("trained on this log: {}", fmt::join(out.notes, "; "));
  }
  return out;
}

void mind_reference(Study& study, const RunOptions& options) {
  const PolicyPointer reference = reference_file(study, options);
  if (!reference) return;
  const Origin origin = origin_of(study, *reference, options);
  if (origin.sentence.empty()) return;
  const std::string sentence = "the reference (" + reference->name() + "): " + origin.sentence;
  bool judged = false;  // the certification half holds decisions that it has not seen
  for (std::size_t i = 0; i < study.log.size(); ++i)
    judged = judged || (!study.log.in_training(i) && !origin.seen[i]);
  if (origin.none || !judged) {
    study.caps.push_back(sentence);
    study.findings.push_back({"origin", Severity::kCap, sentence});
    return;
  }
  study.findings.push_back({"origin", Severity::kInfo, sentence});
  if (origin.touched) study.reference_seen = origin.seen;
}

std::shared_ptr<const LearntFrom> training_origin(const Study& study) {
  if (study.training) {
    for (const Candidate& c : study.training->candidates)
      if (c.policy->trained_on().learnt_from) return c.policy->trained_on().learnt_from;
  }
  std::vector<std::uint8_t> use(study.log.size());
  for (std::size_t i = 0; i < use.size(); ++i) use[i] = study.log.in_training(i);
  return std::make_shared<LearntFrom>(
      learnt_from(study.log, use, origin_salt(study.seed, study.goal.hash, log_digest(study.log))));
}

void say_origin(Study& study, const Judges& judges) {
  for (const std::string& note : judges.notes) {
    const bool there = std::any_of(study.findings.begin(), study.findings.end(),
                                   [&](const Finding& f) { return f.check == "origin" && f.sentence == note; });
    if (!there) study.findings.push_back({"origin", Severity::kInfo, note});
  }
}

}  // namespace plumb
