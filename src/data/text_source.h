// The bytes of an input file in memory: plain or gzip, padded as the JSON parser needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plumb {

// Owns the decoded bytes of one file. text() is followed by kPadding readable zero bytes. A byte order mark at
// the start is left out. Not required to be UTF-8: rows are checked by their readers, which know the line.
class TextSource {
 public:
  static constexpr std::size_t kPadding = 64;

  // Reads a file; gzip is told by its first two bytes, whatever the name; several gzip members in a row are one
  // text. Throws Error{kEnvironment} where the file is missing or cannot be read, Error{kInput} with the line
  // where the gzip stream is truncated or corrupt.
  static TextSource read(const std::string& path);
  // A copy of bytes in memory; `name` stands for the path in messages. gzip as above.
  static TextSource from_memory(std::string_view bytes, const std::string& name);

  const std::string& name() const { return name_; }
  std::string_view text() const { return {bytes_.data() + start_, bytes_.size() - kPadding - start_}; }
  // Bytes as they stood in the file, before decompression.
  std::uint64_t file_bytes() const { return file_bytes_; }

 private:
  TextSource(std::string name, std::string padded, std::uint64_t file_bytes);
  std::string name_, bytes_;
  std::size_t start_ = 0;
  std::uint64_t file_bytes_ = 0;
};

bool is_utf8(std::string_view text);

// A stretch of a text: whole rows, without the end of the last one. Readable bytes follow as behind the text.
struct TextBlock {
  std::string_view text;
  std::uint64_t first_line = 1;  // the number of its first line, 1-based
};

std::uint64_t count_newlines(std::string_view text);

// The text without its empty lines at the end; nothing where no line is left.
std::optional<TextBlock> rows_of(std::string_view text);

// Lines of a block, without "\n" or "\r\n". Every block has at least one line, which may be empty.
class LineReader {
 public:
  LineReader() = default;
  explicit LineReader(TextBlock block) : rest_(block.text), number_(block.first_line - 1), more_(true) {}
  // All lines of a text, but the empty ones at its end.
  explicit LineReader(std::string_view text);
  bool next();  // false after the last line
  std::string_view line() const { return line_; }
  std::uint64_t number() const { return number_; }  // 1-based
  std::optional<TextBlock> rest() const {
    return more_ ? std::optional(TextBlock{rest_, number_ + 1}) : std::nullopt;
  }

 private:
  std::string_view rest_, line_;
  std::uint64_t number_ = 0;
  bool more_ = false;
};

}  // namespace plumb
