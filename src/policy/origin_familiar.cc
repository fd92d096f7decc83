// Which decisions of a log are known to what was learnt elsewhere or here: by units, by ids, by whole rows
// where nothing names them, then by contexts among what is left.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/origin.h"
#include "policy/origin_match.h"

namespace plumb {
namespace {

bool in_folds(const TrainedOn& trained, std::uint64_t unit) {
  return (trained.folds >> fold_of(unit, trained.split_seed)) & 1;
}

std::uint64_t mark(Familiar& out, std::size_t i) {
  const bool is_new = !out.seen[i];
  out.seen[i] = 1;
  return is_new;
}

void say(Familiar& out, const std::string& text) {
  if (!out.sentence.empty()) out.sentence += "; ";
  out.sentence += text;
}

// Units by name. A sketch of them tells whether there are any; then every unit of the folds counts.
void by_units(const TrainedOn& trained, const LearntFrom& from, const DecisionLog& log, Familiar& out) {
  std::uint64_t met = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const bool known = from.units.contains(salted(log.unit[i], from.salt));
    met += known;
    if (known && from.units.whole()) out.by_unit += mark(out, i);
  }
  if (met == 0 || from.units.whole()) return;
  for (std::size_t i = 0; i < log.size(); ++i)
    if (in_folds(trained, log.unit[i])) out.by_unit += mark(out, i);
}

// Rows that stand here as their file had them, where nothing names them: their text is their unit, and its fold
// tells whether it was learnt from.
void by_rows(const Overlap& overlap, const TrainedOn& trained, const DecisionLog& log, Familiar& out) {
  if (!overlap.trained_here) return;
  for (std::size_t i = 0; i < log.size(); ++i)
    if (in_folds(trained, log.unit[i])) out.by_row += mark(out, i);
}

std::vector<std::size_t> rows_left(const Familiar& found) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < found.seen.size(); ++i)
    if (!found.seen[i]) out.push_back(i);
  return out;
}

// Marks rows whose contexts were learnt from. REQUIRES: contexts tell row from row, every column is there.
void by_contexts(const LearntFrom& from, const std::vector<TracedColumn>& columns,
                 const std::vector<std::optional<std::size_t>>& pairs, const std::vector<std::size_t>& rows,
                 Familiar& out) {
  for (const std::size_t i : rows) {
    std::uint64_t sum = 0;
    std::size_t place = 0;
    for (std::size_t c = 0; c < from.column.size(); ++c)
      if (from.column[c].role == TraceRole::kContext)
        sum += cell_term(columns[*pairs[c]].cell(i), kDigits, place++);
    if (from.contexts.contains(salted(sum, from.salt))) out.by_context += mark(out, i);
  }
}

// A file of format 1 keeps buckets: which of them hold units that were learnt from, and digests of their rows.
void by_buckets(const TrainedOn& trained, const DecisionLog& log, Familiar& out) {
  const Overlap overlap = training_overlap_of(trained, log);
  if (overlap.trained_here) {
    for (std::size_t i = 0; i < log.size(); ++i)
      if (overlap.seen[i]) out.by_row += mark(out, i);
    const std::string found = overlap.buckets_matched > 0
                                  ? fmt::format("{} of {} unit buckets hold the very rows",
                                                overlap.buckets_matched, overlap.buckets_compared)
                                  : fmt::format("{} of {} rows of a sample are in this file",
                                                overlap.rows_matched, overlap.rows_compared);
    say(out, fmt::format("{} of {} decisions are of units that it learnt from and are left out ({})",
                         out.by_row, log.size(), found));
    if (out.by_row == log.size()) out.everything = true;
    return;
  }
  const char* format = "its file is of format 1, which keeps no units, ids or contexts";
  if (!log.unit_named && log.id.empty()) {
    say(out, fmt::format("{}, and none of its rows stands here", format));
    return;
  }
  // The units of another log fall into the buckets that were used by chance alone.
  std::vector<std::uint8_t> here(kBuckets, 0);
  for (std::size_t i = 0; i < log.size(); ++i)
    if (in_folds(trained, log.unit[i])) here[bucket_of(log.unit[i])] = 1;
  double used = 0, buckets = 0, met = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    used += trained.bucket_digest[b] != 0;
    buckets += here[b];
    met += here[b] && trained.bucket_digest[b] != 0;
  }
  const double share = used / static_cast<double>(kBuckets);
  constexpr double kErrors = 5, kLeastMisses = 30;
  if (met - buckets * share > kErrors * std::sqrt(buckets * share * (1 - share)) && share < 1) {
    for (std::size_t i = 0; i < log.size(); ++i)
      if (in_folds(trained, log.unit[i]) && trained.bucket_digest[bucket_of(log.unit[i])] != 0)
        out.by_unit += mark(out, i);
    say(out,
        fmt::format("{} of {} decisions are of units that it learnt from and are left out, as far as its "
                    "file of format 1 tells ({:.0f} of their {:.0f} unit buckets were used, {:.0f} by chance)",
                    out.by_unit, log.size(), met, buckets, buckets * share));
    return;
  }
  out.untold = buckets * (1 - share) < kLeastMisses;
  say(out, out.untold
               ? fmt::format("{}, and too many units to tell by buckets: train it again, or declare that "
                             "it was not learnt from these units with --not-trained-here",
                             format)
               : fmt::format("{}; {:.0f} of {:.0f} unit buckets agree, {:.0f} by chance", format, met, buckets,
                             buckets * share));
}

}  // namespace

Familiar familiar_rows(const TrainedOn& trained, const DecisionLog& log, int threads) {
  PLUMB_ASSERT(!trained.empty());
  Familiar out;
  out.seen.assign(log.size(), 0);
  if (!trained.learnt_from) {
    by_buckets(trained, log, out);
    return out;
  }
  const LearntFrom& from = *trained.learnt_from;
  const std::vector<TracedColumn> columns = traced_columns(log, from.salt);
  std::vector<std::size_t> rows = rows_left(out);
  const auto pairs = paired_columns(from, columns, rows);

  const bool units_told = log.unit_named && from.unit_named;
  if (units_told) by_units(trained, from, log, out);
  bool ids_told = !log.id.empty() && !from.ids.empty();
  if (ids_told) {
    std::vector<std::uint64_t> ids;
    for (const std::string& id : log.id) ids.push_back(salted(hash_bytes(id), from.salt));
    std::uint64_t met = 0;
    for (const std::uint64_t id : ids) met += from.ids.contains(id);
    if (met > 0 && !ids_name_rows(from, log, columns, pairs, ids)) {
      ids_told = false;
      say(out,
          fmt::format("{} ids stand in both, of rows that share nothing else: they were counted anew", met));
    } else if (met > 0) {
      for (std::size_t i = 0; i < log.size(); ++i)
        if (from.ids.whole() ? from.ids.contains(ids[i]) : in_folds(trained, log.unit[i]))
          out.by_id += mark(out, i);
    }
  }
  if (out.by_unit > 0)
    say(out, fmt::format("{} of {} decisions are of units that it learnt from and are left out", out.by_unit,
                         log.size()));
  if (out.by_id > 0)
    say(out, fmt::format("{} of {} decisions are, by id, ones that it learnt from and are left out", out.by_id,
                         log.size()));
  if (!log.unit_named && log.id.empty()) {
    by_rows(training_overlap_of(trained, log), trained, log, out);
    if (out.by_row > 0)
      say(out,
          fmt::format("{} of {} decisions are rows that it learnt from, or may be by what they say, and are "
                      "left out",
                      out.by_row, log.size()));
  }

  rows = rows_left(out);
  const RowSearch search = search_rows(from, log, columns, pairs, rows, threads);
  if (search.found) {
    const SampleMatch& found = *search.found;
    const std::string how = fmt::format(
        "{} of {} rows of the sample of what it learnt from are found by {}, {:.0f} would be by chance",
        found.matched, found.sampled, found.by, found.chance * static_cast<double>(found.sampled));
    if (search.rows_told && from.contexts.whole()) {
      by_contexts(from, columns, pairs, rows, out);
      say(out, fmt::format("{} of {} decisions have contexts that it learnt from and are left out ({})",
                           out.by_context, log.size(), how));
    } else {
      out.everything = true;
      say(out, "nothing tells which decisions it learnt from, and they are here: " + how);
    }
    return out;
  }
  const bool named = units_told || ids_told;
  if (named || out.by_row > 0) {
    if (!out.any()) say(out, "no decision is of a unit or an id that it learnt from");
    return out;
  }
  if (search.resolved) {
    const SampleMatch& none = *search.resolved;
    say(out,
        fmt::format("no unit and no id tells what it learnt from; by contexts it did not learn from these: "
                    "{} of {} sampled rows are found by {}, {:.0f} would be by chance",
                    none.matched, none.sampled, none.by, none.chance * static_cast<double>(none.sampled)));
    return out;
  }
  out.untold = true;
  say(out,
      "no unit and no id tells what it learnt from, and contexts are too coarse to tell: name the unit, or "
      "declare that it was not learnt from these decisions with --not-trained-here");
  return out;
}

}  // namespace plumb
