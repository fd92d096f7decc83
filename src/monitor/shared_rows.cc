// Rows of the first log in the later one, whatever became of their ids, their order and some of their columns.
// Both logs are at hand, so every way of comparing counts contents in all of both (in samples of large logs)
// and holds those that stand in both against those that stand twice in one (monitor/content_counts.h).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "monitor/comparable.h"
#include "monitor/content_counts.h"
#include "monitor/same_decisions.h"
#include "monitor/shared_rows.h"
#include "monitor/too_alike.h"
#include "plumb/origin.h"
#include "policy/origin_cells.h"
#include "policy/origin_match.h"

namespace plumb {
namespace {

constexpr std::size_t kMostRows = std::size_t{1} << 16;  // of either log: enough to find what is there
constexpr std::size_t kManyValues = 64;                  // a column that may tell rows apart alone
constexpr std::size_t kSubsets = 48;                     // random sets of columns
constexpr std::uint64_t kSalt = 0x73616d65;              // digests are not kept: any number will do
constexpr double kUnique = 0.9;
constexpr double kHardlyByChance = 0.02;
constexpr double kLeastPairs = 50;
constexpr std::size_t kMostCopies = 2;  // a log may have been written twice
constexpr double kTooAlike = 1e-8;
constexpr std::size_t kMostAlike = std::size_t{1} << 18;

// What is compared in one way.
struct Way {
  std::vector<std::size_t> columns;
  bool coarse = false, digits = true, with_action = true;
  std::string by;
};

struct Column {
  std::string name;
  TraceRole role = TraceRole::kContext;
  std::uint64_t part = kDigits;        // that both logs have alike
  std::vector<std::uint64_t> cell[2];  // by row of the first, of the later log
  double log_values = 0;               // entropy of its cells in the first log, nats
  std::size_t values = 0;
};

double entropy_of(std::vector<std::uint64_t> cells, std::size_t& values) {
  std::sort(cells.begin(), cells.end());
  double out = 0;
  values = 0;
  for (std::size_t from = 0, to = 0; from < cells.size(); from = to) {
    while (to < cells.size() && cells[to] == cells[from]) ++to;
    const double share = static_cast<double>(to - from) / static_cast<double>(cells.size());
    out -= share * std::log(share);
    ++values;
  }
  return out;
}

class Comparison {
 public:
  Comparison(const DecisionLog& first, const std::vector<std::size_t>& first_rows, const DecisionLog& later,
             const std::vector<std::size_t>& later_rows, int threads);
  std::vector<std::uint64_t> keys(const Way& way, int log) const;
  std::vector<Way> ways() const;
  // By rows of the same key.
  Again same(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& later) const;
  bool has_outcome(const Way& way) const;
  bool has_context(const Way& way) const;
  const std::vector<std::uint64_t>& units(int log) const { return log == 0 ? first_.unit : later_.unit; }
  const std::vector<Column>& columns() const { return columns_; }
  // Everything there is, by digits.
  Way everything() const;
  // What agrees too closely for two draws; empty where nothing does.
  std::string too_alike(int threads) const;

 private:
  struct Pairs {
    FieldPairs action;
    std::vector<FieldPairs> outcomes;
  };
  // Of keys that stand at most `most` times in either log, one row each.
  Pairs pairs_of(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& later,
                 std::size_t most) const;

  DecisionLog first_, later_;
  std::vector<Column> columns_;
  std::vector<std::uint64_t> action_[2];
};

Comparison::Comparison(const DecisionLog& first, const std::vector<std::size_t>& first_rows,
                       const DecisionLog& later, const std::vector<std::size_t>& later_rows, int threads)
    : first_(comparable_rows(first, first_rows)), later_(comparable_rows(later, later_rows)) {
  put_to_one_precision(first_, later_);
  const LearntFrom from = learnt_from(first_, std::vector<std::uint8_t>(first_.size(), 1), kSalt);
  const std::vector<TracedColumn> before = traced_columns(first_, kSalt), after = traced_columns(later_, kSalt);
  std::vector<std::size_t> rows(later_.size());
  std::iota(rows.begin(), rows.end(), 0);
  const auto pairs = paired_columns(from, after, rows);
  for (std::size_t c = 0; c < pairs.size(); ++c) {
    const auto own = std::find_if(before.begin(), before.end(),
                                  [&](const TracedColumn& t) { return t.name() == from.column[c].name; });
    if (!pairs[c] || own == before.end()) continue;
    Column column;
    column.name = own->name();
    column.role = own->role();
    column.part = part_of(from.column[c], after[*pairs[c]]);
    for (const int log : {0, 1}) {
      const TracedColumn& traced = log == 0 ? *own : after[*pairs[c]];
      std::vector<std::uint64_t>& to = column.cell[log];
      to.resize(log == 0 ? first_.size() : later_.size());
      constexpr std::size_t kBlock = 4096;
      parallel_blocks((to.size() + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
        for (std::size_t r = block * kBlock; r < std::min(to.size(), (block + 1) * kBlock); ++r)
          to[r] = traced.cell(r);
      });
    }
    column.log_values = entropy_of(column.cell[0], column.values);
    columns_.push_back(std::move(column));
  }
  for (const int log : {0, 1}) {
    const DecisionLog& rows_of = log == 0 ? first_ : later_;
    const std::vector<std::uint64_t> names = action_digests(rows_of, kSalt);
    for (const std::uint32_t a : rows_of.action) action_[log].push_back(names[a]);
  }
}

std::vector<std::uint64_t> Comparison::keys(const Way& way, int log) const {
  std::vector<std::uint64_t> out =
      way.with_action ? action_[log] : std::vector<std::uint64_t>(action_[log].size());
  for (const std::size_t c : way.columns) {
    const Column& column = columns_[c];
    const std::uint64_t part = way.coarse ? kCoarse : way.digits ? kDigits : column.part;
    for (std::size_t r = 0; r < out.size(); ++r) out[r] += cell_term(column.cell[log][r], part, c);
  }
  return out;
}

bool Comparison::has_outcome(const Way& way) const {
  return std::any_of(way.columns.begin(), way.columns.end(),
                     [&](std::size_t c) { return columns_[c].role == TraceRole::kOutcome; });
}
bool Comparison::has_context(const Way& way) const {
  return std::any_of(way.columns.begin(), way.columns.end(),
                     [&](std::size_t c) { return columns_[c].role == TraceRole::kContext; });
}

Way Comparison::everything() const {
  Way out;
  for (std::size_t c = 0; c < columns_.size(); ++c) out.columns.push_back(c);
  out.by = "all columns that both have";
  return out;
}

// All of the context, with outcomes, with what nobody named; each without one column; halves; columns of many
// values alone; random sets that should tell rows apart, as half of the columns may be other ones.
std::vector<Way> Comparison::ways() const {
  std::vector<Way> out;
  std::set<std::vector<std::size_t>> there;
  const auto add = [&](const std::vector<std::size_t>& set, const std::string& by, bool coarsely = false) {
    if (set.empty() || !there.insert(set).second) return;
    const bool other =
        std::any_of(set.begin(), set.end(), [&](std::size_t c) { return columns_[c].part != kDigits; });
    out.push_back({set, false, true, true, by});
    if (other) out.push_back({set, false, false, true, by + ", put to one scale"});
    if (coarsely && set.size() > 1) out.push_back({set, true, false, true, by + ", coarsely"});
  };
  std::vector<std::size_t> context, asked, all = everything().columns;
  for (const std::size_t c : all) {
    if (columns_[c].role == TraceRole::kContext) context.push_back(c);
    if (columns_[c].role != TraceRole::kOther) asked.push_back(c);
  }
  add(context, "all context columns and the action", true);
  add(asked, "all context columns, outcomes and the action", true);
  if (all.size() > asked.size()) add(all, "all columns that both have");
  if (!context.empty()) {
    out.push_back({context, false, true, false, "all context columns"});
    if (context.size() > 1) out.push_back({context, true, false, false, "all context columns, coarsely"});
  }
  for (const auto* set : {&context, &asked}) {
    for (const std::size_t without : *set) {
      std::vector<std::size_t> rest;
      for (const std::size_t c : *set)
        if (c != without) rest.push_back(c);
      add(rest, fmt::format("{}columns without {}", set == &context ? "context " : "", columns_[without].name));
    }
    for (const bool later_half : {false, true}) {
      const auto middle = set->begin() + static_cast<std::ptrdiff_t>((set->size() + 1) / 2);
      if (set->size() > 3)
        add({later_half ? middle : set->begin(), later_half ? set->end() : middle}, "half of the columns");
    }
  }
  for (const std::size_t c : asked)
    if (columns_[c].values >= kManyValues) add({c}, "the action and " + columns_[c].name);
  if (asked.size() > 3) {
    const Rng root(kSalt);
    // About a row a cell, the action's among them: fewer columns are more often all of the same half.
    const double enough = std::log(static_cast<double>(first_.size()) / 2);
    for (std::size_t k = 0; k < kSubsets; ++k) {
      Rng rng = root.stream("columns", k);
      std::vector<std::size_t> left = asked, set;
      double values = 0;
      while (values < enough && !left.empty()) {
        const std::size_t at = rng.below(left.size());
        values += columns_[left[at]].log_values;
        set.push_back(left[at]);
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
      }
      std::sort(set.begin(), set.end());
      if (4 * set.size() <= 3 * asked.size()) add(set, fmt::format("{} of the columns", set.size()));
    }
  }
  return out;
}

Again Comparison::same(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& later) const {
  // Rows that stand once make the surest pairs; a log that was written twice has none.
  Pairs pairs = pairs_of(first, later, 1);
  if (static_cast<double>(pairs.action.size()) < kLeastPairs) pairs = pairs_of(first, later, kMostCopies);
  if (pairs.action.empty()) return Again::kCannotTell;
  return same_decisions(pairs.action, pairs.outcomes);
}

Comparison::Pairs Comparison::pairs_of(const std::vector<std::uint64_t>& first,
                                       const std::vector<std::uint64_t>& later, std::size_t most) const {
  const std::vector<std::uint64_t>* keys[2] = {&first, &later};
  std::vector<std::pair<std::uint64_t, std::size_t>> few[2];
  for (const int log : {0, 1}) {
    std::vector<std::pair<std::uint64_t, std::size_t>> order;
    for (std::size_t r = 0; r < keys[log]->size(); ++r) order.emplace_back(salted((*keys[log])[r], kSalt), r);
    std::sort(order.begin(), order.end());
    for (std::size_t from = 0, to = 0; from < order.size(); from = to) {
      while (to < order.size() && order[to].first == order[from].first) ++to;
      if (to - from <= most) few[log].push_back(order[from]);
    }
  }
  Pairs out;
  std::vector<const Column*> fields;
  for (const Column& column : columns_)
    if (column.role == TraceRole::kOutcome && column.part == kDigits) fields.push_back(&column);
  out.outcomes.resize(fields.size());
  for (std::size_t i = 0, j = 0; i < few[0].size() && j < few[1].size();) {
    if (few[0][i].first != few[1][j].first) {
      few[0][i].first < few[1][j].first ? ++i : ++j;
      continue;
    }
    const std::size_t a = few[0][i++].second, b = few[1][j++].second;
    out.action.emplace_back(action_[0][a], action_[1][b]);
    for (std::size_t f = 0; f < fields.size(); ++f)
      out.outcomes[f].emplace_back(fields[f]->cell[0][a] >> kDigits, fields[f]->cell[1][b] >> kDigits);
  }
  return out;
}

// What was decided and came of it, given nothing or one column of the context, by all outcomes and by each.
std::string Comparison::too_alike(int threads) const {
  std::vector<std::size_t> given{columns_.size()}, outcomes;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (columns_[c].role == TraceRole::kContext) given.push_back(c);
    if (columns_[c].role == TraceRole::kOutcome) outcomes.push_back(c);
  }
  std::vector<std::pair<std::size_t, Way>> tests;
  for (const std::size_t c : given) {
    tests.push_back({c, {outcomes, false, true, true, "all outcomes"}});
    for (const std::size_t j : outcomes)
      if (outcomes.size() > 1) tests.push_back({c, {{j}, false, true, true, columns_[j].name}});
  }
  std::vector<double> chance(tests.size(), 1.0);
  parallel_blocks(tests.size(), threads, [&](std::size_t k) {
    const auto& [c, cells] = tests[k];
    Way stratum;
    stratum.with_action = false;
    if (c < columns_.size()) {
      stratum.columns = {c};
      stratum.coarse = columns_[c].values >= kManyValues;
      stratum.digits = false;
    }
    chance[k] = chance_of_agreement(keys(stratum, 0), keys(cells, 0), keys(stratum, 1), keys(cells, 1));
  });
  for (std::size_t k = 0; k < tests.size(); ++k) {
    if (chance[k] >= kTooAlike) continue;
    const std::size_t c = tests[k].first;
    return fmt::format("{}{}, by action", tests[k].second.by,
                       c < columns_.size() ? fmt::format(" given {}", columns_[c].name) : "");
  }
  return {};
}

// All rows, or so many of them at random.
std::vector<std::size_t> some_rows(std::size_t n, std::uint64_t stream, std::size_t most) {
  std::vector<std::size_t> out(n);
  std::iota(out.begin(), out.end(), 0);
  if (n <= most) return out;
  Rng rng = Rng(kSalt).stream("rows", stream);
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
    // Samples of both would differ by chance: all rows, of all but very large logs.
    std::string alike;
    if (whole) {
      alike = sample.too_alike(threads);
    } else if (std::max(first.size(), later.size()) <= kMostAlike) {
      alike = Comparison(first, some_rows(first.size(), 0, first.size()), later,
                         some_rows(later.size(), 1, later.size()), threads)
                  .too_alike(threads);
    }
    if (!alike.empty()) {
      out.cap = out.sentence = fmt::format(
          "the later log seems to be the certificate's own: its counts ({}) agree with those more closely than "
          "new decisions do",
          alike);
      return out;
    }
    const double unique = share_of_unique(sample.keys(sample.everything(), 0));
    if (!found && !named_in_both(first, later) && unique < kUnique) {
      out.untold = true;
      out.sentence = fmt::format(
          "cannot tell whether these rows are new: nothing names rows (data.unit, data.id), and {:.0f} % of "
          "the "
          "first log's rows say what another of its rows says",
          100 * (1 - unique));
    }
    return out;
  }
  if (again == Again::kCannotTell) {
    out.cap = fmt::format(
        "rows of the certificate's log seem to stand in the later one (more agree in {} than chance makes), "
        "and "
        "neither actions nor outcomes tell whether they are the same decisions",
        found->way.by);
    out.sentence = out.cap;
    return out;
  }
  // Which ones, in all of both logs.
  std::optional<Comparison> all;
  if (!whole)
    all.emplace(first, some_rows(first.size(), 0, first.size()), later,
                some_rows(later.size(), 1, later.size()), threads);
  const Comparison& full = whole ? sample : *all;
  out = marked(full.keys(found->way, 0), full.keys(found->way, 1), found->way.by);
  const double chance = shared_by_chance(found->counts) / std::max(1.0, found->counts.in_both());
  out.share *= 1 - std::min(1.0, chance);
  if (out.share <= kMostShared && (chance > kHardlyByChance || found->way.coarse))
    out.cap = fmt::format("{}, and nothing tells which of them are the same rows", out.sentence);
  return out;
}

}  // namespace plumb
