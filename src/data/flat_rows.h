// Rows of small side files (late outcomes, policy tables), the same from CSV and from JSON lines.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "data/rows.h"
#include "data/text_source.h"

namespace plumb {

enum class Format { kCsv, kJsonLines };
// By name (.csv, .tsv, .jsonl, .ndjson, each also .gz), else by content: JSON lines start with a brace. Throws
// Error{kInput} where the text is empty.
Format format_of(const TextSource& source);

// One value: {"id":"d1","outcomes":{"click":1}} gives ("", id) and (outcomes, click). CSV has no groups.
struct FlatField {
  std::string_view group, key;
  Cell cell;
};

// Calls use(line, fields) for every row; views live until the next. BadRow, thrown by the reader or by `use`,
// goes to `bad`. Returns the number of rows.
// `decimal`: ',' where somebody said that numbers of CSV have a decimal comma; else the file tells.
std::uint64_t for_each_flat_row(const TextSource& source, BadRows& bad,
                                const std::function<void(std::uint64_t, std::span<const FlatField>)>& use,
                                char decimal = '.');

}  // namespace plumb
