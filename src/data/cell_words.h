// Words that stand in a cell where a number is wanted: for no value at all, and for true and false. Whoever
// reads a column asks these only where the column is numbers otherwise: an action called "None" or a country
// called "NA" stays a word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/rows.h"

namespace plumb {

// "", NA, N/A, n/a, #N/A (spreadsheets), <NA> and None (Python), null, Null and NULL (databases). Exactly so:
// "none" or "-" may mean zero, and a NaN is what a computation that failed leaves behind.
bool is_missing_cell(std::string_view text);
// The same of a cell: absent, or a text that says so.
bool is_missing_cell(const Cell& cell);

// 1 of true and yes, 0 of false and no, in any of the three ways to write capitals; else nothing.
std::optional<double> boolean_word(std::string_view text);

// What stands for a number here that is none, for `expected` of a message: a decimal comma, a unit behind it, a
// word. `expected` alone where nothing is plain.
std::string number_expected(const Cell& cell, std::string_view expected, char decimal = '.');

// How many cells of a column were read as words, for a note in the report. Addition: order does not matter but
// for `word`, the first.
struct WordCount {
  std::uint64_t missing = 0, truth = 0, quoted = 0;
  std::string missing_word, truth_word, quoted_word;
  void add_missing(std::string_view word);
  void add_truth(std::string_view word);
  void add_quoted(std::string_view word);  // a number that is written as text
  void append(const WordCount& later);
};
// "Outcome spend: 12 cells say NA: missing." Nothing where there is nothing to say.
std::vector<std::string> word_notes(std::string_view name, const WordCount& count);

}  // namespace plumb
