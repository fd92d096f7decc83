// plumb/pool.h: best-of-n from a table of candidates. Where several answers to each prompt were drawn, scored
// by a proxy and judged by the goal, the whole Goodhart curve of best-of-n is in the table: for every n the
// candidate of highest proxy among n drawn without replacement has a known distribution, so nothing is
// simulated.
//
//   Pool pool = read_pool("candidates.csv");                    // prompt, candidate, proxy, goal
//   PoolAudit audit = audit_pool(pool, 0.95, Rng(seed), threads);
//   audit.points[k].goal;  audit.peak.kl_lower;  audit.sentence;
//
// It says what best-of-n by this proxy does on prompts like these with candidates like these; nothing of other
// ways to optimize, and nothing beyond the number of candidates. Thread-safe, the same bytes for any threads.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plumb/pressure.h"

namespace plumb {

// Candidates by prompt: those of prompt p are entries offset[p] .. offset[p + 1] - 1, prompts in order of first
// appearance, candidates in the order of the file.
struct Pool {
  std::string source;
  std::vector<std::string> prompt;
  std::vector<std::uint64_t> offset = {0};
  std::vector<std::string> candidate;
  std::vector<double> proxy, goal;
  // Left out: candidates without a proxy, and prompts that have fewer than two others because of them.
  std::uint64_t unscored = 0, prompts_left_out = 0;
};

struct PoolOptions {
  // Role -> column of CSV or key of JSON, for prompt, candidate, proxy and goal; a role that is not mapped is
  // looked for under its own name.
  std::vector<std::pair<std::string, std::string>> columns;
};

// CSV, TSV or JSON lines, each also .gz, with the columns (keys) prompt, candidate, proxy, goal; others are not
// looked at, rows of a prompt may stand apart. A file without a prompt in any row is one list, and candidates
// that have no name in any row are named by their numbers. Rows whose proxy is empty (or NA) cannot be chosen
// by it: they are left out and counted. Throws Error{kInput} with the first five places where another value is
// missing, proxy or goal are not finite numbers, a candidate's name is given twice for a prompt, or the text is
// not such a file; Error{kEnvironment} where it cannot be read. Nothing else is dropped.
Pool read_pool(const std::string& path, const PoolOptions& options = {});
Pool parse_pool(std::string_view bytes, const std::string& name,
                const PoolOptions& options = {});  // `name` stands for the path

// Best-of-n of one prompt's N candidates. With candidates in ascending order of proxy the k-th (1-based) is the
// best of n drawn without replacement with probability C(k - 1, n - 1) / C(N, n); candidates that tie in the
// proxy are equally likely to be taken, so they share their probability. KL is from the uniform choice among
// the N: sum p log(N p), log N at n = N without ties. REQUIRES: 1 <= n <= N, equal lengths, else Error{kInput}.
struct BestOfN {
  double proxy = 0, goal = 0, kl = 0;  // expected proxy and goal of what is taken; nats
};
BestOfN best_of_n(std::span<const double> proxy, std::span<const double> goal, std::size_t n);
// The probabilities themselves, by candidate.
std::vector<double> best_of_n_probabilities(std::span<const double> proxy, std::size_t n);

// The best `fraction` of a list by the proxy: what is kept has these means; candidates that tie at the cut are
// kept in equal parts (the mean over all orders of the ties). KL is of a uniform choice among what is kept from
// one among all: log(1 / fraction) without ties. REQUIRES: equal lengths of at least 1, fraction in (0, 1],
// else Error{kInput}.
struct KeptBest {
  double proxy = 0, goal = 0, kl = 0;
};
KeptBest keep_best(std::span<const double> proxy, std::span<const double> goal, double fraction);

// A point of the curve: differences from n = 1, the mean over all candidates. Both intervals hold
// simultaneously over all points and both outcomes (half of 1 - level each where there are prompts). Of a flat
// list: the best `fraction` kept, and n is 1.
struct PoolPoint {
  std::size_t n = 1;
  double fraction = 1;
  double kl = 0;  // mean over prompts, nats
  double proxy = 0, goal = 0;
  Interval proxy_interval, goal_interval;
};
struct PoolAudit {
  std::size_t prompts = 0, candidates = 0, most_n = 0;  // most_n: candidates of the smallest prompt
  double level = 0, critical = 0;                       // of the goal
  double reference_proxy = 0, reference_goal = 0;       // at n = 1
  std::vector<PoolPoint> points;                        // n ascending from 2
  std::size_t peak_n = 1;                               // 1: the reference
  Peak peak;                                            // kl_lower, kl_upper, censored as in plumb/pressure.h
  std::size_t peak_n_lower = 1, peak_n_upper = 1;
  bool proxy_rises = false, harm = false;  // harm: somewhere the proxy is shown to be up and the goal down
  std::size_t harm_n = 0;                  // the least such n
  double harm_kl = 0;
  bool inconclusive = false;  // no points: too few prompts, or why_not
  std::string why_not;        // where the points end before most_n: why the goal has no number beyond
  // One prompt: the points are fractions kept, descending; so are the peak, those that cannot be told from it,
  // and the largest with harm.
  bool flat = false;
  double peak_fraction = 1, peak_fraction_lower = 1, peak_fraction_upper = 1, harm_fraction = 0;
  std::string sentence;
};
inline constexpr std::size_t kLeastPrompts = 20;
inline constexpr std::size_t kLeastKept = 20;  // of a flat list: fewest candidates that are kept, or left out
inline constexpr std::size_t kDensePoints = 64;

// The curve at every n up to kDensePoints, beyond that at n growing by a tenth, up to the size of the smallest
// prompt (which is among them): every point averages over all prompts. Prompts are the clusters; a goal's
// interval is decided where those of gains are (plumb/policy_contrast.h): gamma limits where a goal that is
// mostly one value holds few events, else the larger of the error by prompts and of what the goal's spread
// within prompts gives, with Student's t at that variance's degrees. Goals are simultaneous by what 999
// permutations within prompts gain at most, proxies by max-t. Harm is said only where, beside the interval,
// goals permuted within prompts fall as far in at most half of 1 - level of the permutations, over all n
// together: exact where the proxy says nothing of the goal. Where the goal has no number
// (plumb/policy_contrast.h says when) the points end. Measured in bench/quality/pools. Fewer than kLeastPrompts
// prompts: inconclusive, no points.
//
// One prompt alone is a flat list, whose curve is over fractions kept, from nine tenths to one hundredth.
// Intervals are those of a bootstrap over candidates (999 resamples of the whole list, each ranked anew),
// simultaneous by the largest studentized deviation. It says what this cut of such lists keeps, where
// candidates are independent draws. Throws Error{kInput} where a prompt has fewer than two candidates (named)
// or the level is not in (0, 1).
PoolAudit audit_pool(const Pool& pool, double level, const Rng& rng, int threads);

}  // namespace plumb
