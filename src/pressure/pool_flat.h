// A flat list of candidates: one prompt, or none named.
#pragma once

#include "plumb/pool.h"

namespace plumb {

// audit_pool for a pool of one prompt. REQUIRES: level in (0, 1), two candidates or more.
PoolAudit audit_flat_pool(const Pool& pool, double level, const Rng& rng, int threads);

}  // namespace plumb
