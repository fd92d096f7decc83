#include "worlds/output.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>
#include <vector>

#include "plumb/base.h"

namespace plumb {

namespace {

// Blocks that are in memory at a time.
constexpr std::size_t kWave = 16;

// A plain or a compressed file; what is wrong is said by the name of the final path.
class TextFile {
 public:
  TextFile(const std::string& path, bool compress, const std::string& shown) : shown_(shown) {
    errno = 0;
    if (compress) {
      gzip_ = gzopen(path.c_str(), "wb3");
    } else {
      plain_ = std::fopen(path.c_str(), "wb");
    }
    if (gzip_ == nullptr && plain_ == nullptr) fail();
  }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  ~TextFile() {
    if (plain_ != nullptr) std::fclose(plain_);
    if (gzip_ != nullptr) gzclose(gzip_);
  }

  void write(std::string_view text) {
    while (!text.empty()) {  // gzwrite takes an unsigned count
      const std::size_t part = std::min<std::size_t>(text.size(), std::size_t{1} << 30);
      errno = 0;
      const bool good = plain_ != nullptr ? std::fwrite(text.data(), 1, part, plain_) == part
                                          : gzwrite(gzip_, text.data(), static_cast<unsigned>(part)) ==
                                                static_cast<int>(part);
      if (!good) fail();
      text.remove_prefix(part);
    }
  }

  void close() {
    errno = 0;
    const bool good = plain_ != nullptr ? std::fclose(plain_) == 0 : gzclose(gzip_) == Z_OK;
    plain_ = nullptr;
    gzip_ = nullptr;
    if (!good) fail();
  }

 private:
  [[noreturn]] void fail() const {
    environment_error(shown_,
                      fmt::format("cannot be written: {}", errno == 0 ? "zlib error" : std::strerror(errno)));
  }

  std::string shown_;
  std::FILE* plain_ = nullptr;
  gzFile gzip_ = nullptr;
};

}  // namespace

double rounded(double value, int decimals) {
  double scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  return std::round(value * scale) / scale + 0.0;  // + 0.0 turns minus zero into zero
}

void append_decimal(std::string& out, double value, int decimals) {
  std::int64_t scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  std::int64_t units = std::llround(value * static_cast<double>(scale));
  if (units < 0) {
    out += '-';
    units = -units;
  }
  const fmt::format_int whole(units / scale);
  out.append(whole.data(), whole.size());
  std::int64_t fraction = units % scale;
  if (fraction == 0) return;
  char digits[20];
  int count = decimals;
  for (int i = decimals; i-- > 0; fraction /= 10) digits[i] = static_cast<char>('0' + fraction % 10);
  while (digits[count - 1] == '0') --count;
  out += '.';
  out.append(digits, static_cast<std::size_t>(count));
}

void write_blocks(const std::string& path, std::string_view head, std::size_t blocks,
                  const std::function<void(std::size_t, std::string&)>& format) {
  namespace fs = std::filesystem;
  // A device or a pipe is written as it is: it cannot be renamed onto.
  std::error_code ignored;
  const bool aside = !fs::exists(path, ignored) || fs::is_regular_file(path, ignored);
  const std::string target = aside ? path + ".partial" : path;
  try {
    TextFile file(target, path.ends_with(".gz"), path);
    file.write(head);
    std::vector<std::string> text(kWave);
    for (std::size_t first = 0; first < blocks; first += kWave) {
      const std::size_t count = std::min(kWave, blocks - first);
      parallel_blocks(count, world_threads(), [&](std::size_t b) {
        text[b].clear();
        format(first + b, text[b]);
      });
      for (std::size_t b = 0; b < count; ++b) file.write(text[b]);
    }
    file.close();
    if (aside) {
      std::error_code failed;
      fs::rename(target, path, failed);
      if (failed) environment_error(path, "cannot be written: " + failed.message());
    }
  } catch (...) {
    if (aside) fs::remove(target, ignored);
    throw;
  }
}

int world_threads() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

}  // namespace plumb
