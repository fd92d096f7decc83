// Rows of the first log in the later one, whatever became of their ids, their order and some of their columns.
// Both logs are at hand, so every way of comparing counts contents in all of both (in samples of large logs)
// and holds those that stand in both against those that stand twice in one (monitor/content_counts.h).
#include "monitor/shared_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "monitor/comparison.h"
#include "monitor/content_counts.h"

namespace plumb {
namespace {

constexpr std::size_t kMostRows = std::size_t{1} << 16;   // of either log: enough to find what is there
constexpr std::size_t kMostAlike = std::size_t{1} << 18;  // counts of all rows are compared up to here
constexpr double kUnique = 0.9;
constexpr double kHardlyByChance = 0.02;

// All rows, or so many of them at random.
std::vector<std::size_t> some_rows(std::size_t n, std::uint64_t stream, std::size_t most) {
  std::vector<std::size_t> out(n);
  std::iota(out.begin(), out.end(), 0);
  if (n <= most) return out;
  Rng rng = Rng(kSameSalt).stream("rows", stream);
  for (std::size_t k = 0; k < most; ++k) std::swap(out[k], out[k + rng.below(n - k)]);
  out.resize(most);
  std::sort(out.begin(), out.end());
  return out;
}

struct Link {
  Way way;
  ContentCounts counts;
  // Contents that stand once in a log, of those that stand at most kMostTimes in either.
  double once() const {
    double out = 0;
    for (std::size_t k = 0; k <= ContentCounts::kMostTimes; ++k)
      out += counts.stands[1][k] + counts.stands[k][1];
    return out;
  }
};

// Among ways of which `wanted`, and which link at least half as many rows as any other, the one that tells most
// rows apart.
template <class Wanted>
std::optional<Link> clearest(const std::vector<std::optional<Link>>& links, const Wanted& wanted) {
  double most = 0;
  for (const auto& link : links)
    if (link && wanted(link->way)) most = std::max(most, link->counts.in_both());
  std::optional<Link> out;
  for (const auto& link : links) {
    if (!link || !wanted(link->way) || link->counts.in_both() < most / 2) continue;
    if (!out || link->once() > out->once()) out = link;
  }
  return out;
}

double share_of_unique(std::vector<std::uint64_t> keys) {
  const std::size_t n = keys.size();
  const ContentCounts counts = count_contents(std::move(keys), {});
  return n == 0 ? 0 : counts.stands[1][0] / static_cast<double>(n);
}

// The decisions of the later log whose key the first one has.
SharedRows marked(std::vector<std::uint64_t> first, const std::vector<std::uint64_t>& later,
                  const std::string& by) {
  SharedRows out;
  std::sort(first.begin(), first.end());
  for (const std::uint64_t key : later) {
    out.seen.push_back(std::binary_search(first.begin(), first.end(), key));
    out.count += out.seen.back();
  }
  out.by = by;
  out.share = static_cast<double>(out.count) / static_cast<double>(later.size());
  out.sentence =
      fmt::format("{} of {} decisions stand in the certificate's log too, by {}", out.count, later.size(), by);
  return out;
}

bool named_in_both(const DecisionLog& first, const DecisionLog& later) {
  return (first.unit_named && later.unit_named) || (!first.id.empty() && !later.id.empty());
}

std::vector<std::size_t> all_rows(const DecisionLog& log) { return some_rows(log.size(), 0, log.size()); }

// Nothing was found, or the same customers in other decisions: are the two logs too alike, can anybody tell?
void without_rows(const DecisionLog& first, const DecisionLog& later, const Comparison& sample, bool whole,
                  int threads, SharedRows& out) {
  // Samples of both would differ by chance: all rows, of all but very large logs.
  std::string alike;
  if (whole) {
    alike = sample.too_alike(threads);
  } else if (std::max(first.size(), later.size()) <= kMostAlike) {
    alike = Comparison(first, all_rows(first), later, all_rows(later), threads).too_alike(threads);
  }
  if (!alike.empty()) {
    out.cap = out.sentence = fmt::format(
        "the later log seems to be the certificate's own: its counts ({}) agree with those more closely than "
        "new "
        "decisions do",
        alike);
    return;
  }
  const double unique = share_of_unique(sample.keys(sample.everything(), 0));
  if (out.come_again || named_in_both(first, later) || unique >= kUnique) return;
  out.untold = true;
  out.sentence = fmt::format(
      "cannot tell whether these rows are new: nothing names rows (data.unit, data.id), and {:.0f} % of the "
      "first "
      "log's rows say what another of its rows says",
      100 * (1 - unique));
}

// Which rows, in all of both logs, by the way that found them.
SharedRows told_by(const Link& found, const DecisionLog& first, const DecisionLog& later,
                   const Comparison& sample, bool whole, int threads) {
  std::optional<Comparison> all;
  if (!whole) all.emplace(first, all_rows(first), later, all_rows(later), threads);
  const Comparison& full = whole ? sample : *all;
  std::vector<std::uint64_t> keys = full.keys(found.way, 0);
  SharedRows out = marked(keys, full.keys(found.way, 1), found.way.by);
  const double met = std::max(1.0, found.counts.in_both()), chance = shared_by_chance(found.counts);
  const bool told =
      chance <= kHardlyByChance * met && !found.way.coarse && share_of_unique(std::move(keys)) >= kUnique;
  if (told) return out;
  // Some of them met by chance: at least this share did not.
  const auto rows = [&](const DecisionLog& log, int k) {
    return static_cast<double>(log.size()) / static_cast<double>(sample.units(k).size());
  };
  const double sure = std::max(0.0, met - chance) * rows(first, 0) * rows(later, 1);
  out.share = std::min(out.share, sure / static_cast<double>(later.size()));
  if (out.share <= kMostShared)
    out.cap = fmt::format("{}, and nothing tells which of them are the same rows", out.sentence);
  return out;
}

}  // namespace

SharedRows shared_rows(const DecisionLog& first, const DecisionLog& later, int threads) {
  SharedRows out;
  out.seen.assign(later.size(), 0);
  if (first.size() == 0 || later.size() == 0) return out;
  const Comparison sample(first, some_rows(first.size(), 0, kMostRows), later,
                          some_rows(later.size(), 1, kMostRows), threads);
  const bool whole = first.size() <= kMostRows && later.size() <= kMostRows;
  const std::vector<Way> ways = sample.ways();
  std::vector<std::optional<Link>> links(ways.size());
  parallel_blocks(ways.size(), threads, [&](std::size_t k) {
    const ContentCounts counts = count_contents(sample.keys(ways[k], 0), sample.keys(ways[k], 1));
    if (shared_beyond_chance(counts)) links[k] = Link{ways[k], counts};
  });
  if (first.unit_named && later.unit_named && (first.time_us.empty() || later.time_us.empty())) {
    // Units by name: the same customers, once in either log, and nothing says when.
    const ContentCounts units = count_contents(sample.units(0), sample.units(1));
    if (units.stands[1][1] >= kLeastPairs &&
        sample.same(sample.units(0), sample.units(1)) == Again::kSameDecisions)
      return marked(first.unit, later.unit, "units, and what they say");
  }
  // Columns that nobody named may be row numbers: alone they link nothing.
  std::optional<Link> found =
      clearest(links, [&](const Way& w) { return sample.has_context(w) || sample.has_outcome(w); });
  const auto by_who =
      clearest(links, [&](const Way& w) { return sample.has_context(w) && !sample.has_outcome(w); });
  Again again = Again::kSameDecisions;
  if (by_who) {
    Way way = by_who->way;
    way.with_action = false;  // the action is what tells
    again = sample.same(sample.keys(way, 0), sample.keys(way, 1));
  }
  if (!found || again == Again::kOtherDecisions) {
    out.come_again = found.has_value();
    without_rows(first, later, sample, whole, threads, out);
    return out;
  }
  if (again == Again::kCannotTell) {
    out.cap = out.sentence = fmt::format(
        "rows of the certificate's log seem to stand in the later one (more agree in {} than chance makes), "
        "and "
        "neither actions nor outcomes tell whether they are the same decisions",
        found->way.by);
    return out;
  }
  return told_by(*found, first, later, sample, whole, threads);
}

}  // namespace plumb
