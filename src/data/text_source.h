// The bytes of an input file in memory: plain or gzip, padded as the JSON parser needs them.
#pragma once

#include <cstdint>
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

// Lines of a text, without "\n" or "\r\n"; the last may lack its end. Empty lines at the end of the text are
// left out.
class LineReader {
 public:
  explicit LineReader(std::string_view text);
  bool next();  // false after the last line
  std::string_view line() const { return line_; }
  std::uint64_t number() const { return number_; }  // 1-based

 private:
  std::string_view rest_, line_;
  std::uint64_t number_ = 0;
};

}  // namespace plumb
