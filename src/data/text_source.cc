// Files into memory. One read of the whole file: logs are columns soon after, and the parser wants padding
// behind the last byte, which a mapping cannot promise.
#include "data/text_source.h"

#include <fmt/core.h>
#include <simdjson.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

#include "base/open_file.h"
#include "plumb/base.h"

namespace plumb {

static_assert(TextSource::kPadding >= simdjson::SIMDJSON_PADDING);

namespace {

std::string read_bytes(const std::string& path) {
  const std::unique_ptr<std::FILE, FileCloser> file(open_or_throw(path, "file", Streams::kYes));
  std::string bytes;
  std::size_t size = 0;
  while (true) {
    // The size is not asked for beforehand: pipes have none. Doubling copies each byte about once.
    if (bytes.size() - size < (1u << 16)) bytes.resize(std::max<std::size_t>(2 * bytes.size(), 1u << 20));
    errno = 0;
    const std::size_t got = std::fread(bytes.data() + size, 1, bytes.size() - size, file.get());
    size += got;
    if (got == 0) {
      if (std::ferror(file.get()))
        environment_error(path, fmt::format("file: found {}, expected a readable file",
                                            std::generic_category().message(errno)));
      break;
    }
  }
  bytes.resize(size);
  return bytes;
}

bool is_gzip(std::string_view bytes) { return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b'; }

struct InflateEnd {
  void operator()(z_stream* stream) const {
    inflateEnd(stream);
    delete stream;
  }
};

std::string inflate_all(std::string_view packed, const std::string& name) {
  std::unique_ptr<z_stream, InflateEnd> stream(new z_stream{});
  if (inflateInit2(stream.get(), 15 + 16) != Z_OK) environment_error(name, "gzip: out of memory");
  std::string text;
  std::size_t size = 0, read = 0;
  const auto refuse_here = [&](const std::string& found) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), '\n');
    refuse(fmt::format("{}:{}", name, line), "gzip", fmt::format("{} after {} decoded bytes", found, size),
           "a whole gzip stream");
  };
  while (true) {
    if (text.size() - size < (1u << 16))
      text.resize(std::max<std::size_t>({2 * text.size(), 4 * packed.size(), 1u << 17}));
    // zlib counts in 32 bits, files need not.
    constexpr std::size_t kMost = 1u << 30;
    const std::size_t in = std::min(packed.size() - read, kMost), out = std::min(text.size() - size, kMost);
    stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + read));
    stream->avail_in = static_cast<uInt>(in);
    stream->next_out = reinterpret_cast<Bytef*>(text.data() + size);
    stream->avail_out = static_cast<uInt>(out);
    const int status = inflate(stream.get(), Z_NO_FLUSH);
    read += in - stream->avail_in;
    size += out - stream->avail_out;
    if (status == Z_STREAM_END) {
      if (read == packed.size()) break;
      if (!is_gzip(packed.substr(read))) refuse_here("other bytes behind the stream");
      inflateReset(stream.get());
    } else if (status == Z_BUF_ERROR || (status == Z_OK && read == packed.size() && stream->avail_out > 0)) {
      refuse_here("the end of the file");
    } else if (status != Z_OK) {
      refuse_here(fmt::format("a corrupt stream ({})", stream->msg ? stream->msg : "no reason given"));
    }
  }
  text.resize(size);
  return text;
}

}  // namespace

TextSource::TextSource(std::string name, std::string padded, std::uint64_t file_bytes)
    : name_(std::move(name)), bytes_(std::move(padded)), file_bytes_(file_bytes) {
  if (is_gzip(bytes_)) bytes_ = inflate_all(bytes_, name_);
  if (bytes_.starts_with("\xef\xbb\xbf")) start_ = 3;
  bytes_.append(kPadding, '\0');
}

TextSource TextSource::read(const std::string& path) {
  std::string bytes = read_bytes(path);
  const std::uint64_t size = bytes.size();
  return {path, std::move(bytes), size};
}

TextSource TextSource::from_memory(std::string_view bytes, const std::string& name) {
  return {name, std::string(bytes), bytes.size()};
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

// Lanes of bytes, emptied before they are full: a vector unit adds them up side by side.
std::uint64_t count_newlines(std::string_view text) {
  constexpr std::size_t kLanes = 32, kMost = 255 * kLanes;
  std::uint64_t count = 0;
  std::size_t at = 0;
  while (text.size() - at >= kLanes) {
    std::array<std::uint8_t, kLanes> lane{};
    const std::size_t end = at + std::min(kMost, (text.size() - at) / kLanes * kLanes);
    for (; at < end; at += kLanes)
      for (std::size_t l = 0; l < kLanes; ++l)
        lane[l] = static_cast<std::uint8_t>(lane[l] + (text[at + l] == '\n'));
    for (const std::uint8_t lines : lane) count += lines;
  }
  for (; at < text.size(); ++at) count += text[at] == '\n';
  return count;
}

std::optional<TextBlock> rows_of(std::string_view text) {
  const std::size_t last = text.find_last_not_of("\r\n");
  if (last == std::string_view::npos) return std::nullopt;
  return TextBlock{text.substr(0, last + 1), 1};
}

LineReader::LineReader(std::string_view text) {
  if (const auto rows = rows_of(text)) *this = LineReader(*rows);
}

bool LineReader::next() {
  if (!more_) return false;
  const std::size_t end = rest_.find('\n');
  more_ = end != std::string_view::npos;
  line_ = rest_.substr(0, end);
  if (line_.ends_with('\r')) line_.remove_suffix(1);
  if (more_) rest_.remove_prefix(end + 1);
  ++number_;
  return true;
}

}  // namespace plumb
