// Tables of candidates, from CSV, TSV or JSON lines.
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "data/flat_rows.h"
#include "plumb/pool.h"

namespace plumb {
namespace {

constexpr std::array<std::string_view, 4> kColumns = {"prompt", "candidate", "proxy", "goal"};

constexpr double kLargest = 1e100;  // sums of squares stay finite

double finite(const Cell& cell, std::string_view what) {
  if (!(std::abs(cell.number) <= kLargest))
    throw BadRow{std::string(what), shown(cell), "a finite number of at most 1e100"};
  return cell.number;
}
std::string name_in(const Cell& cell, std::string_view what) {
  std::string out = cell.absent() || cell.kind == Cell::Kind::kOther ? "" : print(cell);
  if (out.empty()) throw BadRow{std::string(what), shown(cell), "a name or a text"};
  return out;
}

Pool pool_from(const TextSource& source) {
  struct Row {
    std::string candidate;
    double proxy, goal;
  };
  std::vector<std::vector<Row>> rows;
  std::vector<std::set<std::string>> seen;
  std::map<std::string, std::size_t> number;
  Pool out;
  out.source = source.name();
  BadRows bad(source.name());
  const std::uint64_t read =
      for_each_flat_row(source, bad, [&](std::uint64_t, std::span<const FlatField> fields) {
        std::array<const Cell*, 4> cell{};
        for (const FlatField& field : fields) {
          if (!field.group.empty()) continue;
          for (std::size_t c = 0; c < kColumns.size(); ++c) {
            if (field.key != kColumns[c]) continue;
            if (cell[c]) throw BadRow{std::string(field.key), "it twice", "it once"};
            cell[c] = &field.cell;
          }
        }
        for (std::size_t c = 0; c < kColumns.size(); ++c) {
          if (!cell[c]) throw BadRow{std::string(kColumns[c]), "nothing", "prompt, candidate, proxy and goal"};
        }
        Row row{name_in(*cell[1], "candidate"), finite(*cell[2], "proxy"), finite(*cell[3], "goal")};
        const std::string prompt = name_in(*cell[0], "prompt");
        const auto [at, made] = number.try_emplace(prompt, out.prompt.size());
        if (made) {
          out.prompt.push_back(prompt);
          rows.emplace_back();
          seen.emplace_back();
        }
        if (!seen[at->second].insert(row.candidate).second)
          throw BadRow{"candidate", shown(row.candidate) + " twice for its prompt", "each name once a prompt"};
        rows[at->second].push_back(std::move(row));
      });
  bad.refuse_beyond(0, read);
  if (read == 0) refuse(source.name(), "rows", "none", "candidates, one a row");
  for (const std::vector<Row>& of_prompt : rows) {
    for (const Row& row : of_prompt) {
      out.candidate.push_back(row.candidate);
      out.proxy.push_back(row.proxy);
      out.goal.push_back(row.goal);
    }
    out.offset.push_back(out.candidate.size());
  }
  return out;
}

}  // namespace

Pool read_pool(const std::string& path) { return pool_from(TextSource::read(path)); }
Pool parse_pool(std::string_view bytes, const std::string& name) {
  return pool_from(TextSource::from_memory(bytes, name));
}

}  // namespace plumb
