// Columns vote: each says what its own cells can be.
#include "data/csv_dialect.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/cell_words.h"
#include "data/csv.h"
#include "data/rows.h"

namespace plumb {

namespace {

char separator_of(std::string_view text) {
  const std::string_view header = text.substr(0, text.find('\n'));
  bool quoted = false, comma = false, semicolon = false, tab = false;
  for (const char c : header) {
    if (c == '"') quoted = !quoted;
    comma |= !quoted && c == ',';
    semicolon |= !quoted && c == ';';
    tab |= !quoted && c == '\t';
  }
  if (comma) return ',';
  return tab ? '\t' : semicolon ? ';' : ',';
}

// 1,234 and 1,234,567: whole numbers whose thousands are set apart, perhaps.
bool may_be_thousands(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t first = text.find(',');
  if (first == std::string_view::npos || first == 0 || first > 3 || text[0] == '0') return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(first), digit)) return false;
  for (std::string_view rest = text.substr(first); !rest.empty(); rest.remove_prefix(4)) {
    if (rest.size() < 4 || rest[0] != ',') return false;
    if (!digit(rest[1]) || !digit(rest[2]) || !digit(rest[3])) return false;
  }
  return true;
}

// What the cells of one column are so far.
struct Vote {
  std::uint64_t commas = 0, points = 0, others = 0;
  std::string sure, any;  // a cell that needs the comma; one that may

  void add(std::string_view text) {
    if (is_missing_cell(text)) return;
    double value = 0;
    const bool comma = text.find(',') != std::string_view::npos,
               point = text.find('.') != std::string_view::npos;
    if (!comma && read_number(text, &value)) {
      points += point;
    } else if (comma && (may_be_thousands(text) || read_comma_number(text, &value))) {
      ++commas;
      if (any.empty()) any = text;
      if (sure.empty() && !may_be_thousands(text)) sure = text;
    } else {
      ++others;
    }
  }
  bool numbers() const { return others == 0 && commas + points > 0; }
};

}  // namespace

bool read_comma_number(std::string_view text, double* value) {
  if (text.find('.') != std::string_view::npos) return false;
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return read_number(text, value);
  std::array<char, 64> plain;
  if (text.size() > plain.size()) return false;
  text.copy(plain.data(), text.size());
  plain[comma] = '.';
  return read_number({plain.data(), text.size()}, value);
}

CsvDialect csv_dialect(std::string_view text) {
  CsvDialect out;
  std::string_view head = text.substr(0, kDialectBytes);
  // The last line of a part may go on.
  if (head.size() < text.size())
    head = head.substr(0, head.rfind('\n') == head.npos ? head.size() : head.rfind('\n'));
  out.separator = separator_of(head);
  std::vector<Vote> votes;
  try {
    CsvReader rows(rows_of(head), out.separator, "");
    for (bool header = true; rows.next(); header = false) {
      if (header) votes.resize(rows.fields().size());
      if (header || rows.fields().size() != votes.size()) continue;
      for (std::size_t c = 0; c < votes.size(); ++c) votes[c].add(rows.fields()[c]);
    }
  } catch (const Error&) {
    // A quote that is open where the part ends, or that is never closed: the reader will say it.
  }
  bool points = false;
  for (const Vote& vote : votes) {
    if (!vote.numbers()) continue;
    points |= vote.points > 0;
    if (out.told_by.empty() && vote.points == 0) out.told_by = vote.sure;
  }
  if (out.separator != ';' || points) out.told_by.clear();
  if (!out.told_by.empty()) {
    out.decimal = ',';
    return out;
  }
  for (const Vote& vote : votes) out.unclear.push_back(vote.numbers() ? vote.any : std::string());
  return out;
}

}  // namespace plumb
