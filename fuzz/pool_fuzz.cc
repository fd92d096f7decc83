// Any bytes as a pool of candidates: a pool that is whole and can be audited, or plumb::Error, never anything
// else.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "plumb/pool.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const plumb::Pool pool = plumb::parse_pool(text, "pool");
    PLUMB_ASSERT(pool.offset.size() == pool.prompt.size() + 1 && pool.offset.back() == pool.candidate.size());
    PLUMB_ASSERT(pool.proxy.size() == pool.candidate.size() && pool.goal.size() == pool.candidate.size());
    for (std::size_t p = 0; p < pool.prompt.size(); ++p) {
      const std::size_t first = pool.offset[p], count = pool.offset[p + 1] - first;
      PLUMB_ASSERT(count > 0);
      for (const std::size_t n : {std::size_t{1}, (count + 1) / 2, count}) {
        const plumb::BestOfN best =
            plumb::best_of_n({pool.proxy.data() + first, count}, {pool.goal.data() + first, count}, n);
        PLUMB_ASSERT(std::isfinite(best.proxy) && std::isfinite(best.goal));
        const plumb::KeptBest kept =
            plumb::keep_best({pool.proxy.data() + first, count}, {pool.goal.data() + first, count},
                             static_cast<double>(n) / static_cast<double>(count));
        PLUMB_ASSERT(std::isfinite(kept.proxy) && std::isfinite(kept.goal) && kept.kl >= 0);
        PLUMB_ASSERT(best.kl >= 0 && best.kl <= std::log(static_cast<double>(count)) + 1e-9);
      }
    }
  } catch (const plumb::Error& error) {
    if (error.code() == plumb::Code::kInternal) throw;
  }
  return 0;
}
