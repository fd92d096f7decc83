// Reading ahead of the parser: a block at a time, cut where a row ends.
#include "data/file_blocks.h"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "plumb/base.h"

namespace plumb {

namespace {

constexpr std::size_t kPackedBytes = std::size_t{1} << 18;

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

FileText::FileText(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "rb"), &std::fclose) {
  if (!file_)
    environment_error(path,
                      fmt::format("file: found {}, expected a readable file",
                                  errno == ENOENT ? "no such file" : std::generic_category().message(errno)));
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

bool FileText::append_raw(std::string& to, std::size_t most) {
  if (!gzip_) {
    if (packed_at_ < packed_.size()) {
      to.append(packed_, packed_at_);
      packed_.clear();
      packed_at_ = 0;
      return true;
    }
    const std::size_t before = to.size();
    to.resize(before + most);
    errno = 0;
    const std::size_t got = std::fread(to.data() + before, 1, most, file_.get());
    if (got == 0 && std::ferror(file_.get()))
      environment_error(path_, fmt::format("file: found {}, expected a readable file",
                                           std::generic_category().message(errno)));
    to.resize(before + got);
    file_bytes_ += got;
    return got > 0;
  }
  const auto refuse_here = [&](const std::string& found) {
    refuse(fmt::format("{}:{}", path_, 1 + lines_), "gzip",
           fmt::format("{} after {} decoded bytes", found, text_bytes_), "a whole gzip stream");
  };
  const std::size_t before = to.size();
  while (to.size() == before) {
    if (packed_at_ == packed_.size() && !refill()) {
      if (gzip_->inside) refuse_here("the end of the file");
      return false;
    }
    if (!gzip_->inside) {
      if (packed_.size() - packed_at_ < 2) refill();
      if (!starts_gzip(std::string_view(packed_).substr(packed_at_)))
        refuse_here("other bytes behind the stream");
      inflateReset(&gzip_->stream);
      gzip_->inside = true;
    }
    to.resize(before + most);
    z_stream& stream = gzip_->stream;
    stream.next_in = reinterpret_cast<Bytef*>(packed_.data() + packed_at_);
    stream.avail_in = static_cast<uInt>(packed_.size() - packed_at_);
    stream.next_out = reinterpret_cast<Bytef*>(to.data() + before);
    stream.avail_out = static_cast<uInt>(most);
    const int status = inflate(&stream, Z_NO_FLUSH);
    packed_at_ = packed_.size() - stream.avail_in;
    to.resize(before + most - stream.avail_out);
    if (status == Z_STREAM_END) {
      gzip_->inside = false;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      refuse_here(fmt::format("a corrupt stream ({})", stream.msg ? stream.msg : "no reason given"));
    }
  }
  text_bytes_ += to.size() - before;
  lines_ +=
      static_cast<std::uint64_t>(std::count(to.begin() + static_cast<std::ptrdiff_t>(before), to.end(), '\n'));
  return true;
}

bool FileText::append(std::string& to, std::size_t most) {
  const std::size_t before = to.size();
  if (!append_raw(to, most)) return false;
  if (!started_) {
    while (to.size() - before < 3 && append_raw(to, most)) continue;
    if (std::string_view(to).substr(before).starts_with("\xef\xbb\xbf")) to.erase(before, 3);
    started_ = true;
  }
  return true;
}

FileBlocks::FileBlocks(const std::string& path, std::size_t bytes)
    : text_(path), bytes_(std::max<std::size_t>(bytes, 1)) {
  while (buffer_.size() < bytes_ && !ended_) ended_ = !text_.append(buffer_, bytes_);
}

std::optional<FileBlock> FileBlocks::next() {
  std::size_t wanted = bytes_ + 1;
  while (true) {
    while (buffer_.size() < wanted && !ended_) ended_ = !text_.append(buffer_, bytes_);
    // Empty lines at the end of the file are no rows: those at the end of the buffer may be, and wait.
    const std::size_t last = buffer_.find_last_not_of("\r\n");
    if (last == std::string::npos) {
      if (ended_) return std::nullopt;
      wanted = buffer_.size() + 1;
      continue;
    }
    const RowBlocks blocks(TextBlock{std::string_view(buffer_).substr(0, last + 1), line_}, end_, bytes_);
    const std::size_t size = blocks.end_of_block();
    // The last row of the buffer may go on.
    if (size == last + 1 && !ended_) {
      wanted = buffer_.size() + 1;
      continue;
    }
    FileBlock out;
    out.file_bytes = text_.file_bytes();
    std::string rest = size == last + 1 ? std::string() : buffer_.substr(size + 1);
    auto bytes = std::make_shared<std::string>(std::move(buffer_));
    bytes->resize(size);
    bytes->append(TextSource::kPadding, '\0');
    buffer_ = std::move(rest);
    out.rows = {std::string_view(*bytes).substr(0, size), line_};
    line_ += 1 + count_newlines(out.rows.text);
    out.bytes = std::move(bytes);
    return out;
  }
}

}  // namespace plumb
