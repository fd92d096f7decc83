// The rows of a file in blocks, without holding the file.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "data/row_reader.h"

namespace plumb {

// The decoded bytes of a file, piece by piece: plain or gzip, as TextSource reads them, without the byte order
// mark.
class FileText {
 public:
  explicit FileText(const std::string& path);
  ~FileText();
  // Appends at least one and at most about `most` bytes; false at the end. Throws as TextSource::read does.
  bool append(std::string& to, std::size_t most);
  // The same into memory that has room for `most` bytes, which is at least 3: how many there were, 0 at the
  // end.
  std::size_t read(char* to, std::size_t most);
  std::uint64_t file_bytes() const { return file_bytes_; }  // read so far, before decompression

 private:
  struct Gzip;
  bool refill();
  std::size_t read_raw(char* to, std::size_t most);
  std::string path_, packed_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::unique_ptr<Gzip> gzip_;
  std::size_t packed_at_ = 0;
  std::uint64_t file_bytes_ = 0, text_bytes_ = 0, lines_ = 0;
  bool started_ = false;
};

// A block that owns its bytes; TextSource::kPadding readable ones follow.
struct FileBlock {
  std::shared_ptr<const char[]> bytes;
  TextBlock rows;
  std::uint64_t file_bytes = 0;  // of the file, read so far
};

class FileBlocks {
 public:
  FileBlocks(const std::string& path, std::size_t bytes);
  // The first bytes of the text, to tell its format by.
  std::string_view beginning() const { return {buffer_.get(), used_}; }
  void end_rows_at(RowEnd end) { end_ = end; }
  std::optional<FileBlock> next();

 private:
  void read_up_to(std::size_t wanted);
  void make_room(std::size_t bytes);
  FileText text_;
  std::size_t bytes_;
  RowEnd end_ = RowEnd::kLine;
  // Read, but not yet handed out: `used_` bytes with `newlines_` newlines, and room for padding.
  std::shared_ptr<char[]> buffer_;
  std::size_t capacity_ = 0, used_ = 0;
  std::uint64_t newlines_ = 0, line_ = 1;
  bool ended_ = false;
};

}  // namespace plumb
