// plumb/monitor.h: does a certificate still hold out there? A later log is held against the one that a policy
// was certified on.
//
// Three things may have moved, and each is shown by itself: the contexts (who comes, what is offered), what
// chooses given the contexts, and the outcomes given contexts and action. None of them revokes anything: what
// counts is whether the policy's own claims still hold, by the claims and the verdict of plumb/audit.h.
//
//   Monitoring m = monitor_logs({first, later, goal, outcomes, policy, reference, later_reference, how});
//   m.verdict;        // pass: the certificate stands; refuse: revoked; inconclusive: the later log cannot tell
//   m.by_outcomes;    // how much of the gain went because outcomes moved, contexts being what they now are
//
// **How the logs are compared.** One model q of every outcome is learnt on the training half of the first log,
// and scores the certification half of the first and all of the later log, so on both it is a fixed function.
// The gain of a policy over the reference on either log is the doubly robust one of plumb/evaluate.h. A ratio
// r(x) of the later contexts' density to the first's (a logistic regression of "is it a later one" on contexts
// and the mean features of what is offered, learnt on training folds of both) carries the first log over:
//
//   carried  = mean_later sum_a (pi - ref) q  +  mean_first,r (w_pi - w_ref) o/s (y - q)
//
// is the gain that the first log promises for the later contexts: unbiased where q or r is right (the doubly
// robust transport of Dahabreh et al. 2020; the split into parts follows Cai, Namkoong, Yadlowsky 2023). Then
// now - then = (carried - then) + (now - carried): the part by contexts, and the part by outcomes, which is
// the difference of the mean weighted residuals of the two logs. A shift of contexts alone leaves the second at
// 0, whatever it does to the first.
//
// **What revokes.** (a) The later log refuses the policy's claims: the upper end of its gain lies below
// minimum_effect, a violation of a constraint is proven (Holm), or a listed segment is proven to lose. (b) The
// certificate's premise is gone and nothing takes its place: outcomes given contexts are shown to have lowered
// the gain, or raised the harm of a constraint, and the later log's claim on just that does not pass (it has
// numbers: the log supports the policy). What is only shown never revokes: moved contexts, a moved logging
// policy, outcomes that moved without such harm, a gain that fell and still passes (the certificate stands, and
// the fall is named). Else: all claims pass: pass; any is undecided: inconclusive.
//
// **Errors.** Where nothing has moved and the claims truly hold, (a) errs with probability at most 1.5 alpha
// (alpha / 2 for the gain, alpha for constraints and segments), as a gate does on a new log, and (b) with at
// most alpha, since all differences of outcomes share one max-t band at alpha; (b) needs an undecided claim
// besides, so it hardly ever adds to (a). Each family (contexts, choices, outcomes) shows a shift that is not
// there with probability alpha at most where nothing moved, and outcomes, to first order, where contexts did:
// the first log is carried by the ratio, whose own error (that of a first stage) is in the outcomes' intervals
// (not in those of choices, whose model is learnt on the first log alone). tests/monitor measures it
// in a world of squares that linear models do not know, its contexts moved by half a standard deviation: of 300
// such later logs 21 showed an outcome that had not moved, none was revoked. A policy whose true gain lies
// below minimum_effect, though its certificate was honestly won, may be revoked by an unchanged world: rightly.
//
// **What caps.** What makes the later log unable to tell (how.caps) makes it unable to confirm or to revoke:
// inconclusive, "not confirmed". Missing outcomes (how.missing_caps) leave a claim open unless worst-case
// bounds decide it, and with them, or with those of the first log, (b) revokes nothing.
//
// **Rows that are not later ones.** Decisions of the first log that stand in the later one are looked for by
// units, ids and contents, whatever became of ids, order, precision, units of measurement and some columns.
// They are counted and left out; beyond kMostShared of the later log it is refused. Where contents repeat by
// chance and nothing names rows, findings say that nobody can tell.
//
// **An outcome that is not what it was.** Where in every arm an outcome's mean, or its spread, is off by
// kScaleFactor or more, beyond error and contexts being what they now are, no certificate stands: its unit or
// its definition changed, or the claims are about another world. Where mean and spread went by one factor, as a
// change of unit makes them, nothing is revoked either. Arms and levels that only one of the logs has are
// named.
//
// **What is not said.** Where the certified policy or the reference is defined by what the log states of its
// own logging policy (reference = "logging", or a policy that tilts logged propensities), a later log that
// another policy wrote asks another question: a gain over that one. kMovedShare says when; then the verdict is
// inconclusive and says why. Where contexts moved so far that the first log has fewer than kLeastEss effective
// decisions for them, nothing is carried and outcomes are not compared; the claims still are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plumb/audit.h"

namespace plumb {

// One thing that was looked at in both logs.
struct Shift {
  std::string group;  // "context", "offered", "chosen", "as logged", "certified policy", "claim"
  std::string what;   // "age_band = young", "outrage", "value_90d", "gain", "polarization"
  // Its mean in the first and in the later log, in its own unit. For outcomes "then" is carried over to the
  // later contexts, so that now - then is `moved`.
  double then = 0, now = 0;
  // Contexts, offers and choices: in standard deviations of the first log; outcomes: in the outcome's unit.
  // The interval is simultaneous over the family.
  Measured moved;
  bool shown = false;    // the interval leaves out 0
  bool harmful = false;  // shown, a claim of the certificate, and for the worse
};

struct ShiftFamily {
  std::vector<Shift> shifts;
  std::size_t size = 0;  // how many the intervals are simultaneous over
  double critical = 0;
  std::string why_not;  // where nothing could be compared
  std::size_t shown() const;
};

// How far the policy that wrote the later log stands from the one that wrote the first, in nats of KL over what
// a model of the first explains in either log, against how far the certified policy stood from it.
struct LoggingMove {
  double kl = 0, standard_error = 0, certified_kl = 0;
  bool another_policy = false;  // kl is beyond error above kMovedShare of certified_kl
};
inline constexpr double kMovedShare = 0.25;

// The most of a later log that may be the first one's rows: beyond, it is refused.
inline constexpr double kMostShared = 0.05;
// Mean or spread of an outcome, later over first, from which on it is not the same outcome.
inline constexpr double kScaleFactor = 3;

// An outcome whose mean or spread is off in every arm.
struct ScaleMove {
  std::string outcome;
  double mean = 0, spread = 0;  // later over first, the geometric mean over arms; NaN where it says nothing
  bool unit = false;            // both by one factor, or only zeros are left: as a change of recording makes it
  std::string sentence;
};

struct Monitoring {
  std::string policy;
  PolicyKind kind = PolicyKind::kReference;
  std::uint64_t first_decisions = 0,
                compared_decisions = 0;  // of the first log; those that nothing learnt from
  double carried_ess = 0;  // effective decisions of the first log, re-weighted to the later contexts
  ShiftFamily contexts, choices, outcomes;
  LoggingMove logging;
  // The gain over the reference: on the first log, the same for the later contexts, on the later log (the
  // claim's own interval); then the two parts of the change. Unknown where the log cannot carry a number.
  Measured then, carried, now, by_contexts, by_outcomes;
  Certification claims;                // on the later log: the reference and the policy
  std::uint64_t shared_decisions = 0;  // of the later log, that are the first one's and are left out
  std::vector<ScaleMove> scales;
  // What else is to be named in the answer: "same_rows", "outcome_scale", "arms", "levels".
  std::vector<Finding> findings;
  std::vector<std::string> harms;  // what counts against the certificate, in sentences
  std::string cap;                 // why no better verdict than inconclusive, and no worse; may be empty
  Verdict verdict = Verdict::kInconclusive;
  std::string reason;
};

struct MonitorInput {
  const DecisionLog& first;  // the certificate's log
  const DecisionLog& later;
  const Goal& goal;
  std::vector<std::string> outcomes;         // of the goal, its constraints and its proxies; all in the logs
  PolicyPointer policy;                      // any that is not a table: a table belongs to one log
  PolicyPointer reference, later_reference;  // the same policy, bound to either log
  CertificationOptions how;  // alpha, caps, missing_caps, rejected_share (of the later log), seed, threads
  // Why the first log's outcomes cannot be compared to later ones for a verdict (what is missing in it); empty
  // where they can.
  std::string first_cap;
};

// REQUIRES: folds of both logs were assigned with one split seed, the one that the policy was trained under.
// Throws Error{kInput}: the later log has other context or feature columns, or holds rows of the first
// (require_other_rows; by contents, more than kMostShared); the policy or the reference is a table. A policy
// that was learnt from rows of the later log is inconclusive. Deterministic, the same bytes for any number of
// threads.
Monitoring monitor_logs(const MonitorInput& input);

// What an align run says of the policy that it recommends: the parts of its evidence.json that a monitor needs.
struct Certificate {
  std::string policy, file;  // the candidate's name; its file in the run directory
  std::uint64_t goal_hash = 0, log_digest = 0, split_seed = 1;
  Measured gain;  // over the reference, as it was certified
};
// `text`: an evidence document; `path` is for messages. Throws Error{kInput} where it is none, recommends no
// policy (decision other than "ship"), or names no file that holds it.
Certificate parse_certificate(std::string_view text, const std::string& path);

// Throws Error{kInput} where the later log is the first one, or where rows are named (units, ids) and the later
// log holds one that is the same in all that the goal reads. Rows that nothing names, or that were named anew,
// are looked for by monitor_logs.
void require_other_rows(const DecisionLog& first, const DecisionLog& later);

}  // namespace plumb
