// Private to reward: what a selection believes of utilities, as far as it needs to know.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "plumb/active.h"
#include "reward/active_pool.h"

namespace plumb::active {

// Utilities of items, jointly Gaussian. Items of different blocks are independent.
class Belief {
 public:
  virtual ~Belief() = default;
  virtual const Blocks& blocks() const = 0;
  virtual double mean(std::uint32_t first, std::uint32_t second) const = 0;      // of u_first - u_second
  virtual double variance(std::uint32_t first, std::uint32_t second) const = 0;  // of the same, not clipped
  // Cov(u_i, u_first - u_second) for the items i of the pair's block, in their order in blocks().
  virtual std::span<const double> covariances(std::uint32_t first, std::uint32_t second) = 0;
  // The covariance after a vote on the pair: S - amount * S x x'S. REQUIRES: covariances() was just asked for
  // the pair.
  virtual void shrink(std::uint32_t first, std::uint32_t second, double amount) = 0;
};

// Throw Error{kInput} as PairSelector says.
std::unique_ptr<Belief> believe(const ItemBelief& posterior, const PairPool& pool);
std::unique_ptr<Belief> believe(const LinearBelief& posterior, DesignView items, const PairPool& pool,
                                int threads);

}  // namespace plumb::active
