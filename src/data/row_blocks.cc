// Blocks of rows, read on several threads and put together in the order of the file.
#include <algorithm>

#include "base/pipeline.h"
#include "data/row_reader.h"

namespace plumb {

namespace {

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

// One block on its way: its rows, and how to read them again.
struct BlockOfRows {
  TextBlock text;
  std::unique_ptr<LogBuilder> builder;
  std::unique_ptr<RowReader> reader;
};

}  // namespace

RowBlocks::RowBlocks(std::optional<TextBlock> rows, RowEnd end, std::size_t bytes)
    : rest_(rows), end_(end), bytes_(std::max<std::size_t>(bytes, 1)) {}

// The place of the newline that ends the block; the size of the text where none does.
std::size_t RowBlocks::end_of_block() const {
  const std::string_view text = rest_->text;
  if (text.size() <= bytes_) return text.size();
  std::size_t from = bytes_ - 1, counted = 0;
  bool quoted = false;
  while (true) {
    const std::size_t end = text.find('\n', from);
    if (end == std::string_view::npos) return text.size();
    if (end_ == RowEnd::kLine) return end;
    if (end_ == RowEnd::kEmptyLine) {
      const std::size_t next = std::min(text.find('\n', end + 1), text.size());
      if (next < text.size() && is_blank(text.substr(end + 1, next - end - 1))) return next;
    } else {
      if (std::count(text.begin() + static_cast<std::ptrdiff_t>(counted),
                     text.begin() + static_cast<std::ptrdiff_t>(end), '"') %
          2)
        quoted = !quoted;
      counted = end;
      if (!quoted) return end;
    }
    from = end + 1;
  }
}

std::optional<TextBlock> RowBlocks::next() {
  if (!rest_) return std::nullopt;
  const std::size_t end = end_of_block();
  TextBlock out{rest_->text.substr(0, end), rest_->first_line};
  if (end == rest_->text.size()) {
    rest_.reset();
  } else {
    rest_->first_line += 1 + count_newlines(out.text);
    rest_->text.remove_prefix(end + 1);
  }
  return out;
}

void read_rows(std::optional<TextBlock> rows, RowEnd end, const ReadOptions& options, RowReader& reader,
               LogBuilder& builder) {
  if (!rows) return;
  reader.start(*rows);
  // A text of one block is read in one.
  const bool one = rows->text.size() <= options.block_bytes;
  while (reader.step())
    if (!one && builder.usable()) break;

  RowBlocks blocks(reader.rest(), end, options.block_bytes);
  const auto read = [&](TextBlock block, std::map<std::uint64_t, BadRow> refused) {
    BlockOfRows out{block, std::make_unique<LogBuilder>(builder.fork()), nullptr};
    out.builder->refuse_rows(std::move(refused));
    out.reader = reader.fork(*out.builder);
    out.reader->start(block);
    while (out.reader->step()) continue;
    return out;
  };
  in_order<TextBlock, BlockOfRows>(
      options.threads, [&] { return blocks.next(); }, [&](TextBlock&& block) { return read(block, {}); },
      [&](BlockOfRows&& block) {
        // Seldom: a block is read again, without the rows that earlier blocks speak against.
        std::map<std::uint64_t, BadRow> refused;
        for (auto more = builder.repeated(*block.builder); !more.empty();
             more = builder.repeated(*block.builder)) {
          refused.merge(more);
          block = read(block.text, refused);
        }
        reader.absorb(*block.reader);
        builder.append(std::move(*block.builder));
      });
}

}  // namespace plumb
