// Reading ahead of the parser: a block at a time, cut where a row ends.
#include "data/file_blocks.h"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/open_file.h"
#include "data/csv_dialect.h"
#include "plumb/base.h"

namespace plumb {

namespace {

constexpr std::size_t kPackedBytes = std::size_t{1} << 18;
// Read at a time: what stays in the cache until its lines are counted.
constexpr std::size_t kLeastPiece = 64, kMostPiece = std::size_t{1} << 18;

bool starts_gzip(std::string_view bytes) {
  return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
}

}  // namespace

struct FileText::Gzip {
  Gzip() {
    if (inflateInit2(&stream, 15 + 16) != Z_OK) environment_error("gzip", "out of memory");
  }
  ~Gzip() { inflateEnd(&stream); }
  z_stream stream{};
  bool inside = true;  // a stream has begun and not ended
};

FileText::FileText(const std::string& path)
    : path_(path), file_(open_or_throw(path, "file", Streams::kYes), &std::fclose) {
  refill();
  // The mark of two bytes may come in two reads from a pipe.
  if (packed_.size() == 1) refill();
  if (starts_gzip(packed_)) gzip_ = std::make_unique<Gzip>();
}

FileText::~FileText() = default;

// More bytes of the file behind those that were not used yet; false at its end.
bool FileText::refill() {
  packed_.erase(0, packed_at_);
  packed_at_ = 0;
  const std::size_t before = packed_.size();
  packed_.resize(before + kPackedBytes);
  errno = 0;
  const std::size_t got = std::fread(packed_.data() + before, 1, kPackedBytes, file_.get());
  if (got == 0 && std::ferror(file_.get()))
    environment_error(
        path_, fmt::format("file: found {}, expected a readable file", std::generic_category().message(errno)));
  packed_.resize(before + got);
  file_bytes_ += got;
  return got > 0;
}

std::size_t FileText::read_raw(char* to, std::size_t most) {
  if (!gzip_) {
    if (packed_at_ < packed_.size()) {
      const std::size_t size = packed_.copy(to, most, packed_at_);
      packed_at_ += size;
      return size;
    }
    errno = 0;
    const std::size_t got = std::fread(to, 1, most, file_.get());
    if (got == 0 && std::ferror(file_.get()))
      environment_error(path_, fmt::format("file: found {}, expected a readable file",
                                           std::generic_category().message(errno)));
    file_bytes_ += got;
    return got;
  }
  const auto refuse_here = [&](const std::string& found) {
    refuse(fmt::format("{}:{}", path_, 1 + lines_), "gzip",
           fmt::format("{} after {} decoded bytes", found, text_bytes_), "a whole gzip stream");
  };
  std::size_t size = 0;
  while (size == 0) {
    if (packed_at_ == packed_.size() && !refill()) {
      if (gzip_->inside) refuse_here("the end of the file");
      return 0;
    }
    if (!gzip_->inside) {
      if (packed_.size() - packed_at_ < 2) refill();
      if (!starts_gzip(std::string_view(packed_).substr(packed_at_)))
        refuse_here("other bytes behind the stream");
      inflateReset(&gzip_->stream);
      gzip_->inside = true;
    }
    z_stream& stream = gzip_->stream;
    stream.next_in = reinterpret_cast<Bytef*>(packed_.data() + packed_at_);
    stream.avail_in = static_cast<uInt>(packed_.size() - packed_at_);
    stream.next_out = reinterpret_cast<Bytef*>(to);
    stream.avail_out = static_cast<uInt>(most);
    const int status = inflate(&stream, Z_NO_FLUSH);
    packed_at_ = packed_.size() - stream.avail_in;
    size = most - stream.avail_out;
    if (status == Z_STREAM_END) {
      gzip_->inside = false;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      refuse_here(fmt::format("a corrupt stream ({})", stream.msg ? stream.msg : "no reason given"));
    }
  }
  text_bytes_ += size;
  lines_ += count_newlines({to, size});
  return size;
}

std::size_t FileText::read(char* to, std::size_t most) {
  std::size_t size = read_raw(to, most);
  if (started_ || size == 0) return size;
  while (size < 3) {
    const std::size_t more = read_raw(to + size, most - size);
    if (more == 0) break;
    size += more;
  }
  started_ = true;
  if (!std::string_view(to, size).starts_with("\xef\xbb\xbf")) return size;
  std::memmove(to, to + 3, size - 3);
  return size > 3 ? size - 3 : read_raw(to, most);
}

bool FileText::append(std::string& to, std::size_t most) {
  const std::size_t before = to.size();
  to.resize(before + std::max<std::size_t>(most, 3));
  const std::size_t got = read(to.data() + before, to.size() - before);
  to.resize(before + got);
  return got > 0;
}

FileBlocks::FileBlocks(const std::string& path, std::size_t bytes)
    : text_(path), bytes_(std::max<std::size_t>(bytes, 1)) {
  make_room(kLeastPiece);
  read_up_to(std::max(bytes_, kDialectBytes));
}

void FileBlocks::make_room(std::size_t bytes) {
  if (capacity_ - used_ >= bytes + TextSource::kPadding && buffer_) return;
  // A block, and what is read beyond it, mostly.
  const std::size_t most = std::max(2 * capacity_, bytes_ + 2 * kMostPiece) + TextSource::kPadding;
  capacity_ = std::max(most, used_ + bytes + TextSource::kPadding);
  std::shared_ptr<char[]> larger = std::make_shared_for_overwrite<char[]>(capacity_);
  if (used_ > 0) std::memcpy(larger.get(), buffer_.get(), used_);
  buffer_ = std::move(larger);
}

void FileBlocks::read_up_to(std::size_t wanted) {
  const std::size_t piece = std::clamp(bytes_, kLeastPiece, kMostPiece);
  while (used_ < wanted && !ended_) {
    make_room(piece);
    const std::size_t got = text_.read(buffer_.get() + used_, piece);
    newlines_ += count_newlines({buffer_.get() + used_, got});  // as long as they are in the cache
    used_ += got;
    ended_ = got == 0;
  }
}

std::optional<FileBlock> FileBlocks::next() {
  std::size_t wanted = bytes_ + 1;
  while (true) {
    read_up_to(wanted);
    wanted = used_ + bytes_;
    // Empty lines at the end of the file are no rows: those at the end of the buffer may be, and wait.
    const std::string_view text(buffer_.get(), used_);
    const std::size_t last = text.find_last_not_of("\r\n");
    if (last == std::string_view::npos) {
      if (ended_) return std::nullopt;
      continue;
    }
    const RowBlocks blocks(TextBlock{text.substr(0, last + 1), line_}, end_, bytes_);
    const std::size_t size = blocks.end_of_block();
    // The last row of the buffer may go on.
    if (size == last + 1 && !ended_) continue;
    const std::string_view rest = size == last + 1 ? std::string_view() : text.substr(size + 1);
    const std::uint64_t before = newlines_;
    std::shared_ptr<char[]> block = std::move(buffer_);
    capacity_ = used_ = 0;
    make_room(rest.size());
    rest.copy(buffer_.get(), rest.size());
    used_ = rest.size();
    newlines_ = count_newlines(rest);
    std::memset(block.get() + size, 0, TextSource::kPadding);
    FileBlock out;
    out.file_bytes = text_.file_bytes();
    out.rows = {{block.get(), size}, line_};
    line_ += before - newlines_;
    out.bytes = std::move(block);
    return out;
  }
}

}  // namespace plumb
