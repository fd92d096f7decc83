// Rows of a log's text into a LogBuilder: the same for every format, serially or block by block.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "data/csv_dialect.h"
#include "data/log_builder.h"
#include "data/readers.h"
#include "data/text_source.h"
#include "plumb/data.h"

namespace plumb {

// The rows of one format. What the rows of a file have in common (their keys, how actions are named) is found
// out from its first rows and then kept.
class RowReader {
 public:
  virtual ~RowReader() = default;
  // Rows from here on.
  virtual void start(TextBlock block) = 0;
  // Reads the next row into the builder; a bad one is counted there. False behind the last.
  virtual bool step() = 0;
  // What was not read yet; nothing behind the last row.
  virtual std::optional<TextBlock> rest() const = 0;
  // A reader of rows further on in the same file. REQUIRES: the builder was forked from this reader's.
  virtual std::unique_ptr<RowReader> fork(LogBuilder& builder) const = 0;
  // What a fork of this reader found out that is told in notes.
  virtual void absorb(const RowReader& fork) = 0;
  // What was left out because it is no decision to learn from, in words; empty where nothing was.
  virtual std::string left_out() const { return {}; }
  // Notes and checks behind the last row. Throws Error{kInput}.
  virtual void finish(const std::string& source) = 0;
};

// Where a block of rows may end.
enum class RowEnd {
  kLine,       // at any line's end
  kEmptyLine,  // at an empty line
  kRecord      // at a line's end outside of quotes
};

// Thrown by a reader of a block where rows cannot be told apart block by block: the file must be read in one.
struct NotInBlocks {};

// Readers of the formats, for rows that come block by block; the builder must outlive them. CSV and VW text are
// told by the `beginning` of the text: `rows` is what follows the header in it, `end` how rows are set apart.
// Throw Error{kInput} where the goal does not fit the format.
std::unique_ptr<RowReader> make_csv_reader(const Goal& goal, LogBuilder& builder, const CsvDialect& dialect,
                                           std::string_view beginning, std::optional<TextBlock>* rows,
                                           const std::string& name);
std::unique_ptr<RowReader> make_jsonl_reader(const Goal& goal, LogBuilder& builder);
std::unique_ptr<RowReader> make_dsjson_reader(const Goal& goal, LogBuilder& builder);
std::unique_ptr<RowReader> make_vw_text_reader(const Goal& goal, LogBuilder& builder,
                                               std::string_view beginning, RowEnd* end);

// Cuts rows into blocks of at least `bytes`.
class RowBlocks {
 public:
  RowBlocks(std::optional<TextBlock> rows, RowEnd end, std::size_t bytes);
  std::optional<TextBlock> next();
  // The place of the newline that ends the next block; the size of the text where none does. REQUIRES: there is
  // one.
  std::size_t end_of_block() const;

 private:
  std::optional<TextBlock> rest_;
  RowEnd end_;
  std::size_t bytes_;
};

// Reads all rows into the builder: the first ones serially, until one was used, then block by block. The same
// rows, messages and order as reading serially. Throws NotInBlocks as readers do.
void read_rows(std::optional<TextBlock> rows, RowEnd end, const ReadOptions& options, RowReader& reader,
               LogBuilder& builder);

}  // namespace plumb
