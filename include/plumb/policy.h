// plumb/policy.h: what chooses. A policy gives every offered action of a decision a probability.
//
// Kinds, simplest first: the reference (what runs today), a constant action, the uniform policy, a table
// (another system's probabilities), a tree (plumb/tree_policy.h), a softmax, a choice by score and price
// (plumb/priced_policy.h). A softmax policy tilts a base policy:
//
//   pi(a given x)  is proportional to  base(a given x) exp(theta . phi(x, a)),
//
// which is the policy of highest expected theta . phi at its KL divergence from the base (Donsker, Varadhan).
// The base is the logging policy where the log states its probabilities for every offered action, else a
// softmax model of it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "plumb/features.h"

namespace plumb {

enum class PolicyKind { kReference, kConstant, kUniform, kTable, kTree, kSoftmax, kPriced };
std::string_view name_of(PolicyKind kind);

struct LearntFrom;  // plumb/origin.h

// Which rows a policy was learnt from, so that nobody certifies it on them: digests of the decoded rows by unit
// bucket, over the folds that it was trained on. Empty digests: not learnt from a log.
struct TrainedOn {
  std::uint64_t split_seed = 0, goal_hash = 0, log_digest = 0;
  std::uint32_t folds = 0;                   // bit f: fold f was used
  std::vector<std::uint64_t> bucket_digest;  // kBuckets, 0 for a bucket that was not used
  // A sketch of the rows as their file has them, which no goal file changes: the kSketchRows smallest
  // fingerprints of rows that stand once in what was used, ascending. Empty for logs that no file holds.
  std::vector<std::uint64_t> sketch;
  // The smallest digests of the comparisons of the same folds, ascending; empty where no preference was learnt.
  std::vector<std::uint64_t> feedback_digest;
  // Units, ids and contexts, each told for itself; empty in files of format 1, which kept less.
  std::shared_ptr<const LearntFrom> learnt_from;
  bool empty() const { return bucket_digest.empty(); }
};

class Policy {
 public:
  explicit Policy(std::string name) : name_(std::move(name)) {}
  virtual ~Policy() = default;
  const std::string& name() const { return name_; }
  void rename(std::string name) { name_ = std::move(name); }
  virtual PolicyKind kind() const = 0;
  // Probabilities of the offered actions of decisions begin .. end - 1: out has one float a row of log.action
  // from offset[begin] to offset[end], each decision's sum to one. Thread-safe. Throws Error{kInput} where the
  // log does not carry what the policy needs (a feature column, the action of a constant).
  virtual void probabilities(const DecisionLog& log, std::size_t begin, std::size_t end,
                             std::span<float> out) const = 0;
  // The policy that wrote the log: its importance weights are 1 by definition, whatever its probabilities.
  virtual bool is_logging() const { return false; }
  // A policy fixed before the data was looked at may use every row; a learnt one only rows that it has not
  // seen.
  virtual const TrainedOn& trained_on() const;
  // True where nobody can tell from the policy what it was learnt from (a table from elsewhere).
  virtual bool origin_unknown() const { return false; }

 private:
  std::string name_;
};
using PolicyPointer = std::shared_ptr<const Policy>;

// A sampled choice (slot within the offered actions) for every decision, by inverse transform; deterministic in
// rng.
std::vector<std::uint32_t> sample(const Policy& policy, const DecisionLog& log, const Rng& rng);

// The logging policy: logged probabilities where the log states them, else a softmax model fitted to the
// choices of the training half (then is_estimate() and every KL to it is an estimate).
class LoggingPolicy final : public Policy {
 public:
  LoggingPolicy(const DecisionLog& log, int threads);
  PolicyKind kind() const override { return PolicyKind::kReference; }
  void probabilities(const DecisionLog& log, std::size_t begin, std::size_t end,
                     std::span<float> out) const override;
  bool is_logging() const override { return true; }
  bool is_estimate() const { return estimate_; }
  const FeatureMap& map() const { return map_; }
  const std::vector<double>& coefficients() const { return coefficients_; }  // empty where logged

 private:
  bool estimate_ = false;
  FeatureMap map_;
  std::vector<double> coefficients_;
};

// The policy's probabilities of every row of the log, block by block on `threads` threads.
std::vector<float> probabilities_of(const Policy& policy, const DecisionLog& log, int threads);

PolicyPointer constant_policy(const std::string& action);  // named "constant:ACTION"
PolicyPointer uniform_policy();                            // named "uniform"
// One float a row of the log that it was read for; only usable with that log.
PolicyPointer table_policy(const std::string& name, std::vector<float> probabilities, bool not_trained_here);

struct SoftmaxParts {
  FeatureMap map;
  std::vector<double> theta;  // width of map
  // Base: empty: the log's own `logged` probabilities; else a softmax model over `map_base`.
  FeatureMap base_map;
  std::vector<double> base_theta;
  TrainedOn trained_on;
  std::string signal;  // what it was pushed towards
  double kl = 0;       // nats from the base, measured on the training half
};
class SoftmaxPolicy final : public Policy {
 public:
  SoftmaxPolicy(std::string name, SoftmaxParts parts);
  PolicyKind kind() const override { return PolicyKind::kSoftmax; }
  void probabilities(const DecisionLog& log, std::size_t begin, std::size_t end,
                     std::span<float> out) const override;
  const TrainedOn& trained_on() const override { return parts_.trained_on; }
  const SoftmaxParts& parts() const { return parts_; }

 private:
  SoftmaxParts parts_;
};

// In place: p becomes proportional to base * exp(score), for one decision; exact zeros of the base stay zero.
void tilt(std::span<const float> base, std::span<const float> score, std::span<float> p);

// Policy files are safetensors: metadata (kind, format version, goal hash, log digest, folds, feature schema)
// and tensors (theta, bucket digests). Readable from every language, never executable.
std::string policy_bytes(const SoftmaxPolicy& policy);
std::string policy_bytes(const Policy& policy);  // any kind that is learnt here; REQUIRES: it is
std::string constant_policy_bytes(const std::string& action);
// Reads a policy file; throws Error with file, what was found and expected for anything that is not one.
PolicyPointer read_policy(const std::string& path);
PolicyPointer parse_policy(std::string_view bytes, const std::string& path);

// A POLICY argument: constant:NAME, uniform, logging, reference (what `reference` is given as), else a file:
// safetensors or a policy table (.csv, .tsv, .jsonl, each also .gz).
PolicyPointer policy_from_argument(const std::string& argument, const DecisionLog& log, const Goal& goal,
                                   bool not_trained_here, int threads);

// Hash of the probabilities that the policy gives on this log: what it does, whatever it is called.
std::uint64_t policy_content(const Policy& policy, const DecisionLog& log);

// The sketch of the rows with use[i].
std::vector<std::uint64_t> sketch_rows(const DecisionLog& log, const std::vector<std::uint8_t>& use);
inline constexpr std::size_t kSketchRows = 2048;
inline constexpr double kSketchShare = 0.2;

// Was the policy learnt from rows that this log holds? Any unit bucket whose digest matches says so (the same
// rows as the goal reads them, however the file was written), and so does a share of kSketchShare of the sketch
// (the same rows of a file, whatever the goal reads of them, also where rows were added or left out). `seen`
// (n) marks the decisions whose units fall in folds that the policy was trained on; all of them where only the
// sketch matched, since units may then be named otherwise.
struct Overlap {
  bool trained_here = false;
  std::uint64_t buckets_matched = 0, buckets_compared = 0;
  std::uint64_t rows_matched = 0, rows_compared = 0;  // of the sketch
  std::vector<std::uint8_t> seen;
};
Overlap training_overlap(const Policy& policy, const DecisionLog& log);

}  // namespace plumb
