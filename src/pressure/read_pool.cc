// Tables of candidates, from CSV, TSV or JSON lines.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "data/cell_words.h"
#include "data/flat_rows.h"
#include "plumb/pool.h"

namespace plumb {
namespace {

constexpr std::array<std::string_view, 4> kRoles = {"prompt", "candidate", "proxy", "goal"};

constexpr double kLargest = 1e100;  // sums of squares stay finite

double finite(const Cell& cell, std::string_view what) {
  if (!(std::abs(cell.number) <= kLargest))
    throw BadRow{std::string(what), shown(cell),
                 number_expected(cell, "a finite number of at most 1e100", cell.decimal)};
  return cell.number;
}
std::string name_in(const Cell& cell, std::string_view what) {
  std::string out = cell.absent() || cell.kind == Cell::Kind::kOther ? "" : print(cell);
  if (out.empty()) throw BadRow{std::string(what), shown(cell), "a name or a text"};
  return out;
}

// The columns of the four roles.
std::array<std::string, 4> columns_of(const PoolOptions& options, const std::string& name) {
  std::array<std::string, 4> out;
  const std::vector<std::string> roles(kRoles.begin(), kRoles.end());
  for (const auto& [role, column] : options.columns) {
    const auto at = std::find(roles.begin(), roles.end(), role);
    if (at == roles.end()) refuse(name, "columns", "the role " + shown(role), expected_name(role, roles));
    std::string& to = out[static_cast<std::size_t>(at - roles.begin())];
    if (!to.empty() || column.empty())
      refuse(name, "columns", to.empty() ? "no name for " + shown(role) : shown(role) + " twice",
             "one column for every role");
    to = column;
  }
  for (std::size_t r = 0; r < roles.size(); ++r)
    if (out[r].empty()) out[r] = roles[r];
  return out;
}

class PoolReader {
 public:
  PoolReader(const TextSource& source, const PoolOptions& options)
      : source_(source), columns_(columns_of(options, source.name())) {
    for (const auto& [role, column] : options.columns) mapped_.push_back(role);
  }

  Pool read() {
    BadRows bad(source_.name());
    const std::uint64_t rows =
        for_each_flat_row(source_, bad, [&](std::uint64_t, std::span<const FlatField> fields) { add(fields); });
    bad.refuse_beyond(0, rows);
    if (rows == 0) refuse(source_.name(), "rows", "none", "candidates, one a row");
    if (out_.unscored == rows)
      refuse(source_.name(), columns_[kProxy], fmt::format("nothing in all of {} rows", rows),
             "a number a candidate");
    return take();
  }

 private:
  enum Role : std::size_t { kPrompt, kCandidate, kProxy, kGoal };
  struct Row {
    std::string candidate;
    double proxy, goal;
  };

  // A name that all rows have or none: without one there is one list, and candidates go by their numbers.
  std::string name_of(const Cell* cell, Role role) {
    std::optional<bool>& has = has_[role];
    const bool mapped = std::find(mapped_.begin(), mapped_.end(), kRoles[role]) != mapped_.end();
    if (!has) has = cell != nullptr || mapped;
    if (*has && cell == nullptr) throw BadRow{columns_[role], "nothing", "a name or a text"};
    if (!*has && cell != nullptr) throw BadRow{columns_[role], "one", "none, as in the rows before"};
    if (*has) return name_in(*cell, columns_[role]);
    return role == kPrompt ? source_.name() : fmt::format("{}", seen_rows_);
  }

  void add(std::span<const FlatField> fields) {
    ++seen_rows_;
    std::array<const Cell*, 4> cell{};
    for (const FlatField& field : fields) {
      if (!field.group.empty()) continue;
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        if (field.key != columns_[c]) continue;
        if (cell[c]) throw BadRow{std::string(field.key), "it twice", "it once"};
        cell[c] = &field.cell;
      }
    }
    for (const Role role : {kProxy, kGoal})
      if (!cell[role])
        throw BadRow{columns_[role], "nothing",
                     "proxy and goal (--column " + std::string(kRoles[role]) + "=NAME names another column)"};
    const std::string prompt = name_of(cell[kPrompt], kPrompt),
                      candidate = name_of(cell[kCandidate], kCandidate);
    const auto [at, made] = number_.try_emplace(prompt, out_.prompt.size());
    if (made) {
      out_.prompt.push_back(prompt);
      rows_.emplace_back();
      seen_.emplace_back();
      unscored_.push_back(0);
    }
    if (!seen_[at->second].insert(candidate).second)
      throw BadRow{columns_[kCandidate], shown(candidate) + " twice for its prompt", "each name once a prompt"};
    if (is_missing_cell(*cell[kProxy])) {
      ++out_.unscored;
      ++unscored_[at->second];
      return;
    }
    const double proxy = finite(*cell[kProxy], columns_[kProxy]);
    rows_[at->second].push_back({candidate, proxy, finite(*cell[kGoal], columns_[kGoal])});
  }

  Pool take() {
    Pool out;
    out.source = source_.name();
    out.unscored = out_.unscored;
    for (std::size_t p = 0; p < rows_.size(); ++p) {
      // One that had a single candidate from the start is refused by the audit.
      if (rows_[p].size() < 2 && unscored_[p] > 0) {
        ++out.prompts_left_out;
        continue;
      }
      out.prompt.push_back(out_.prompt[p]);
      for (const Row& row : rows_[p]) {
        out.candidate.push_back(row.candidate);
        out.proxy.push_back(row.proxy);
        out.goal.push_back(row.goal);
      }
      out.offset.push_back(out.candidate.size());
    }
    if (out.prompt.empty())
      refuse(source_.name(), columns_[kProxy], "no prompt with two candidates that have one", "two or more");
    return out;
  }

  const TextSource& source_;
  std::array<std::string, 4> columns_;
  std::vector<std::string> mapped_;  // roles
  std::array<std::optional<bool>, 4> has_;
  std::uint64_t seen_rows_ = 0;
  Pool out_;
  std::vector<std::vector<Row>> rows_;
  std::vector<std::set<std::string>> seen_;
  std::vector<std::uint64_t> unscored_;  // by prompt
  std::map<std::string, std::size_t> number_;
};

}  // namespace

Pool read_pool(const std::string& path, const PoolOptions& options) {
  const TextSource source = TextSource::read(path);
  return PoolReader(source, options).read();
}
Pool parse_pool(std::string_view bytes, const std::string& name, const PoolOptions& options) {
  const TextSource source = TextSource::from_memory(bytes, name);
  return PoolReader(source, options).read();
}

}  // namespace plumb
