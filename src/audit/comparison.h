// All policies of one certification, their sums, and simultaneous intervals between any two of them.
#pragma once

#include <memory>

#include "audit/claims.h"
#include "audit/missing_bounds.h"
#include "plumb/audit.h"

namespace plumb {

class Comparison {
 public:
  Comparison(const DecisionLog& log, const Goal& goal, const OutcomeModels& models, PolicyPointer reference,
             const std::vector<Certifiable>& candidates, const CertificationOptions& options);

  std::size_t size() const { return members_.size(); }  // the reference is number 0
  std::size_t family_size() const { return family_.family; }
  double critical() const { return critical_; }
  std::optional<std::size_t> best_constant() const { return best_constant_; }

  CandidateClaim describe(std::size_t k) const;  // name, kind, divergences, support
  // Gain of a over b on the goal, simultaneous over all pairs. Both fixed beforehand: on all rows, else on
  // unseen ones.
  Measured gain(std::size_t a, std::size_t b) const;
  // How many further decisions would decide member k's gain over the reference where few events were seen; 0:
  // none would, or many were seen.
  std::uint64_t decisions_for_few(std::size_t k) const;
  // Where the levels of both rest on so few events that their difference may not pass: why.
  std::string too_few_of_both(std::size_t a, std::size_t b) const;
  // Where one unit decides member k's gain over the reference: which.
  std::string one_decides(std::size_t k) const { return pair(k, 0).one_decides; }
  // Level of the goal by itself, at the goal's confidence.
  Measured level(std::size_t k) const;
  void judge_constraints_and_segments(std::vector<CandidateClaim>& claims) const;
  // The same with what is missing at its worst, where that is in doubt.
  Measured sure_gain(std::size_t a, std::size_t b) const;
  // What missing values of the goal leave of the verdict on member k's gain over the reference: kept where
  // nothing is in doubt or where worst-case bounds decide too (claim.versus_reference is then theirs), else
  // open and claim.cap says why.
  void settle_missing(std::size_t k, CandidateClaim& claim, GainVerdict& gain) const;

 private:
  struct Member {
    PolicyPointer policy;
    std::string name, signal;
    bool fixed = false;
    std::size_t number = 0;  // in the evaluation
  };
  struct Slice {  // the rows of a segment's level
    std::string segment, level;
    std::size_t all = 0, unseen = 0;  // subsets
  };
  // One question asked of every member: a contrast in its own rows, and the critical value of its family.
  struct Family {
    std::vector<std::size_t> member;   // which members take part
    std::vector<ContrastParts> parts;  // by position in `member`
    MaxT max_t;
  };
  bool on_all(std::size_t a, std::size_t b) const { return members_[a].fixed && members_[b].fixed; }
  std::size_t rows_of(std::size_t k) const { return members_[k].fixed && members_[0].fixed ? all_ : unseen_; }
  const ContrastParts& pair(std::size_t a, std::size_t b) const {
    return pairs_[a * (a - 1) / 2 + b];
  }  // b < a
  RejectedRows rejected(std::size_t a, std::size_t b, const Bounds& bounds, bool difference,
                        std::size_t subset) const;
  Family ask(std::span<const std::pair<std::size_t, double>> terms, bool difference, const Slice* slice,
             const std::string& stream) const;
  void judge_constraint(const ConstraintSpec& spec, const Slice* slice, std::vector<CandidateClaim>& claims,
                        std::vector<std::vector<double>>& p_values) const;
  void judge_budget(std::vector<CandidateClaim>& claims, std::vector<std::vector<double>>& p_values) const;
  // The same of a constraint or a segment over the rows of `subset`, with the p-value of its harm, the
  // contrast being beyond `limit` in the direction of `sign`.
  struct Harm {
    double sign = 1;  // +1: higher is worse
    double limit = 0;
    const ContrastParts* parts = nullptr;
  };
  Measured settle_missing(std::size_t k, MissingBounds::Terms terms, bool difference, std::size_t subset,
                          const Measured& measured, const Harm& harm, const Family& family, double& p) const;

  const DecisionLog& log_;
  const Goal& goal_;
  const OutcomeModels& models_;
  const CertificationOptions& options_;
  std::vector<Member> members_;
  Evaluation evaluation_;
  std::size_t all_ = 0, unseen_ = 0;
  std::vector<Slice> slices_;
  std::vector<std::pair<std::size_t, double>> terms_;  // of the goal
  Estimates levels_;                                   // 2k: member k on all rows, 2k + 1: on unseen rows
  std::vector<ContrastParts> pairs_, level_parts_;     // gains of any two members; levels in their own rows
  MaxT family_;
  double critical_ = 0;
  std::optional<std::size_t> best_constant_;
  MissingBounds missing_;
};

}  // namespace plumb
