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
  std::uint64_t file_bytes() const { return file_bytes_; }  // read so far, before decompression

 private:
  struct Gzip;
  bool refill();
  bool append_raw(std::string& to, std::size_t most);
  std::string path_, packed_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::unique_ptr<Gzip> gzip_;
  std::size_t packed_at_ = 0;
  std::uint64_t file_bytes_ = 0, text_bytes_ = 0, lines_ = 0;
  bool started_ = false;
};

// A block that owns its bytes; TextSource::kPadding readable ones follow.
struct FileBlock {
  std::shared_ptr<const std::string> bytes;
  TextBlock rows;
  std::uint64_t file_bytes = 0;  // of the file, read so far
};

class FileBlocks {
 public:
  FileBlocks(const std::string& path, std::size_t bytes);
  // The first bytes of the text, to tell its format by.
  std::string_view beginning() const { return buffer_; }
  void end_rows_at(RowEnd end) { end_ = end; }
  std::optional<FileBlock> next();

 private:
  FileText text_;
  std::size_t bytes_;
  RowEnd end_ = RowEnd::kLine;
  std::string buffer_;  // read, but not yet handed out
  std::uint64_t line_ = 1;
  bool ended_ = false;
};

}  // namespace plumb
