// Rows that stand in the log more than once. Two rows with the same content may be two decisions; whether a log
// was doubled is told by how often contents stand there, whatever their distribution.
//
// Rows drawn independently from any distribution make contents whose counts are Poisson, mixed over rates. Of
// such a mixture the factorial moments k! f_k (f_k: contents that stand k times) are log-convex: (k! f_k)^2 <=
// (k - 1)! f_(k-1) (k + 1)! f_(k+1) (Cauchy, Schwarz). Copies break it: a log written twice has many contents
// that stand twice and next to none that stand once or three times. Contents that stand often say it by parity:
// copies make all counts even, chance half of them.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <cmath>

#include "data/checks.h"

namespace plumb {

namespace {

constexpr double kSure = 1e-7, kSpread = 4;  // a false alarm takes chances of about this, and of 4 errors
constexpr std::size_t kMostCopies = 5, kOften = 16;
// Of counts from kOften on at most this share is even by chance: where they fall off as fast as to a third a
// step.
constexpr double kMostEven = .75;
// Copies of a row are one draw: variances are this many times too small where that is said of a whole log.
constexpr double kHarmful = 1.1;

struct Repeats {
  std::uint64_t repeated = 0;                    // rows that equal an earlier one
  std::array<double, kMostCopies + 2> stands{};  // contents by how often they stand there
  double often = 0, often_even = 0,
         squares = 0;  // contents that stand kOften times or more; sum of counts squared
};

Repeats count_repeats(std::vector<std::uint64_t> content) {
  std::sort(content.begin(), content.end());
  Repeats out;
  for (std::size_t from = 0, to = 0; from < content.size(); from = to) {
    while (to < content.size() && content[to] == content[from]) ++to;
    const std::size_t times = to - from;
    out.repeated += times - 1;
    out.squares += static_cast<double>(times) * static_cast<double>(times);
    if (times < out.stands.size()) ++out.stands[times];
    if (times >= kOften) ++out.often, out.often_even += times % 2 == 0;
  }
  return out;
}

// Counts are what chance made of their means: least and most that a mean may be.
double least_mean(double count) { return std::max(0.0, count - kSpread * std::sqrt(count)); }
double most_mean(double count) { return count + kSpread * std::sqrt(count) + 2 * kSpread; }

bool beyond_chance(const Repeats& r) {
  for (std::size_t k = 2; k <= kMostCopies; ++k) {
    // The inequality of the moments, solved for the contents that stand k + 1 times.
    const double ratio = static_cast<double>(k) / static_cast<double>(k + 1), mean = least_mean(r.stands[k]);
    const double least = ratio * mean * mean / most_mean(r.stands[k - 1]);
    if (least <= r.stands[k + 1]) continue;
    if (boost::math::cdf(boost::math::poisson(least), r.stands[k + 1]) < kSure) return true;
  }
  if (r.often_even == 0) return false;
  return boost::math::cdf(
             boost::math::complement(boost::math::binomial(r.often, kMostEven), r.often_even - 1)) < kSure;
}

}  // namespace

void find_repeats(const DecisionLog& log, int threads, std::vector<Finding>& out) {
  const Repeats r = count_repeats(content_digests(log, log.unit_named, threads));
  if (r.repeated == 0) return;
  const std::string equal =
      fmt::format("{} of {} rows equal an earlier row in every column that is used", r.repeated, log.size());
  if (!beyond_chance(r)) {
    if (!log.context.empty() && !log.unit_named && log.id.empty())
      out.push_back({"duplicates", Severity::kInfo,
                     equal + "; without ids nobody can tell whether they were recorded twice."});
    return;
  }
  if (log.unit_named) {
    out.push_back(
        {"duplicates", Severity::kWarning,
         fmt::format("{}, its unit included, far more than chance makes: they seem to be recorded twice. "
                     "Intervals count units, so they hold; but these rows count twice.",
                     equal)});
    return;
  }
  const double too_small = r.squares / static_cast<double>(log.size());
  out.push_back(
      {"duplicates", too_small >= kHarmful ? Severity::kCap : Severity::kWarning,
       fmt::format("{}, far more than chance makes: they were recorded twice, or belong to units that the "
                   "goal file does not name (data.unit, or data.id where rows have one). As they stand, "
                   "variances are {:.3g} times too small.",
                   equal, too_small)});
}

}  // namespace plumb
