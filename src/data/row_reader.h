// Rows of a log's text into a LogBuilder: the same for every format, serially or block by block.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

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

// Cuts rows into blocks of at least `bytes`.
class RowBlocks {
 public:
  RowBlocks(std::optional<TextBlock> rows, RowEnd end, std::size_t bytes);
  std::optional<TextBlock> next();

 private:
  std::size_t end_of_block() const;
  std::optional<TextBlock> rest_;
  RowEnd end_;
  std::size_t bytes_;
};

// Reads all rows into the builder: the first ones serially, until one was used, then block by block. The same
// rows, messages and order as reading serially. Throws NotInBlocks as readers do.
void read_rows(std::optional<TextBlock> rows, RowEnd end, const ReadOptions& options, RowReader& reader,
               LogBuilder& builder);

}  // namespace plumb
