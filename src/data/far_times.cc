#include "data/far_times.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace plumb {

namespace {

constexpr std::size_t kFew = 3, kOneIn = 100, kFewest = 20;
constexpr std::int64_t kTimesAsWide = 3;
// A block of up to one in so many whose gap is so many times all that lies before it: an export with a wrong
// year.
constexpr std::size_t kBlockOneIn = 20;

}  // namespace

std::optional<FarLatest> far_latest(const std::vector<std::int64_t>& decisions,
                                    const std::vector<std::int64_t>& records) {
  std::vector<std::int64_t> all;
  all.reserve(decisions.size() + records.size());
  std::merge(decisions.begin(), decisions.end(), records.begin(), records.end(), std::back_inserter(all));
  const std::size_t n = all.size();
  if (n < kFewest) return std::nullopt;
  const std::size_t most = std::max(kFew, n / kOneIn), first = n / kOneIn;
  const std::int64_t latest = decisions.back();
  // all[n - k] begins those that lie apart.
  FarLatest out;
  std::size_t apart = 0;
  for (std::size_t k = 1; k <= std::max(most, n / kBlockOneIn); ++k) {
    const std::int64_t gap = all[n - k] - all[n - k - 1], before = all[n - k - 1] - all[first];
    if (all[n - k] > latest || gap <= out.gap || (k > most && gap / kTimesAsWide <= before)) continue;
    out.gap = gap;
    apart = k;
  }
  if (apart == 0) return std::nullopt;
  out.latest = latest;
  out.before = all[n - apart - 1];
  out.span = out.before - all[first];
  out.decisions = static_cast<std::size_t>(decisions.end() -
                                           std::upper_bound(decisions.begin(), decisions.end(), out.before));
  std::vector<std::int64_t> others;
  for (std::size_t i = first; i + apart + 1 < n; ++i) others.push_back(all[i + 1] - all[i]);
  std::nth_element(others.begin(), others.begin() + 2, others.end(), std::greater<>());
  if (out.gap / kTimesAsWide <= others[2]) return std::nullopt;
  out.far = out.gap > out.span / 2;
  return out;
}

}  // namespace plumb
