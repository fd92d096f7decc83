// Up to four policies go through a chunk of the log side by side, a lane each: a decision's terms for all of
// them are a few numbers that lie together, and so are their sums in a bucket, so that one visit to the bucket
// serves four policies. A policy's own sums are the same whichever lane it has and whoever is beside it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "evaluate/block.h"
#include "evaluate/group_sums.h"

namespace plumb {

class GroupPass {
 public:
  // REQUIRES: 1 to kQuad policies. Keeps references. Nothing is summed over the subset `left_out`.
  GroupPass(const PassInput& input, std::span<const PassPolicy> policies, std::optional<std::size_t> left_out);
  // Adds a block's decisions to the sums.
  void add(const DecisionBlock& block);
  // By subset.
  std::vector<GroupSums> sums;
  // By lane: r w of the probes among the decisions so far.
  std::array<std::vector<float>, kQuad> probe_weight;

 private:
  void ask(const DecisionBlock& block);
  void keep_probes(const DecisionBlock& block);
  void interleave_rows(const DecisionBlock& block, std::size_t first, std::size_t n);

  // group_simple.cc: terms and sums of a strip in one loop; false where the strip is not so simple.
  bool add_simple(const DecisionBlock& block, std::size_t first, std::size_t n);
  template <std::size_t kOffered>
  void add_simple_weighted(const DecisionBlock& block, std::size_t first, std::size_t n);
  void add_simple_logging(const DecisionBlock& block, std::size_t first, std::size_t n);

  // group_terms.cc: terms of a strip, for the subsets to pick from.
  void fill(const DecisionBlock& block, std::size_t first, std::size_t n);
  void fill_weighted(const DecisionBlock& block, std::size_t first, std::size_t n);
  template <std::size_t kOffered>
  void fill_offered(const DecisionBlock& block, std::size_t first, std::size_t n);
  void fill_logging(const DecisionBlock& block, std::size_t first, std::size_t n, std::size_t lane);
  double logged_part(const DecisionBlock& block, const DecisionBlock::Outcome& outcome, std::size_t i,
                     const float* p) const;

  void add_strip(const DecisionBlock& block, std::size_t first, std::size_t n, std::size_t subset);
  template <class Member>
  void add_members(const DecisionBlock& block, std::size_t first, std::size_t n, GroupSums& to,
                   const Member& member) const;
  void add_divergence(const DecisionBlock& block, std::size_t lane);

  const PassInput& input_;
  std::span<const PassPolicy> policies_;
  std::optional<std::size_t> left_out_;
  std::size_t width_, terms_each_;                 // sums a bucket, and of them by outcome
  std::array<const float*, kQuad> probabilities_;  // of the block's rows; lanes without a policy repeat one
  std::array<std::vector<float>, kQuad> asked_;
  CacheLineVector<float> rows_;    // of a strip: by row and lane
  CacheLineVector<double> terms_;  // of a strip: by decision, sum and lane
};

}  // namespace plumb
