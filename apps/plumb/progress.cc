#include "progress.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace plumb::cli {
namespace {

class Bar {
 public:
  ~Bar() { wipe(); }

  void show(std::string_view stage, std::uint64_t done, std::uint64_t total) {
    // A stage that is done leaves a clean line: nobody knows whether another follows.
    if (total > 0 && done >= total) return wipe();
    constexpr std::uint64_t kWidth = 24;
    const std::uint64_t full = total > 0 ? kWidth * done / total : 0;
    std::string line = "[" + std::string(full, '=') + std::string(kWidth - full, ' ') + "] ";
    line += stage;
    if (line == line_) return;
    line_ = std::move(line);
    std::fprintf(stderr, "\r\033[K%s", line_.c_str());
    std::fflush(stderr);
  }

 private:
  void wipe() {
    if (line_.empty()) return;
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
    line_.clear();
  }
  std::string line_;  // what stands on the terminal
};

}  // namespace

Progress progress_bar() {
  const char* terminal = std::getenv("TERM");
  if (isatty(STDERR_FILENO) == 0 || (terminal != nullptr && std::string_view(terminal) == "dumb")) return {};
  // Wiped when the last copy of the callback goes, so that an error's message starts on a clean line.
  const auto bar = std::make_shared<Bar>();
  return
      [bar](std::string_view stage, std::uint64_t done, std::uint64_t total) { bar->show(stage, done, total); };
}

}  // namespace plumb::cli
