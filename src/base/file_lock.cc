#include "base/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "base/open_file.h"
#include "plumb/base.h"

namespace plumb {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

[[noreturn]] void no_file(const std::string& path, std::string_view what, mode_t mode) {
  environment_error(path, fmt::format("{}: found {}, expected a file", what, kind_of_file(mode)));
}

// "process 1234" as the kernel lists who holds a lock on this file; "another run" where it does not say.
std::string holder(int file) {
  struct stat about {};
  if (::fstat(file, &about) != 0) return "another run";
  std::ifstream locks("/proc/locks");
  const std::string inode = fmt::format(":{}", about.st_ino);
  for (std::string line; std::getline(locks, line);) {
    // "1: FLOCK  ADVISORY  WRITE 1234 08:02:5678 0 EOF"; who waits has "->" in the second place.
    std::istringstream words(line);
    std::string number, kind, advisory, access, place;
    long process = 0;
    words >> number >> kind >> advisory >> access >> process >> place;
    if (words && kind == "FLOCK" && place.ends_with(inode) && process > 0)
      return fmt::format("another run (process {})", process);
  }
  return "another run";
}

// Nobody took the file away, or put another in its place, between opening and locking it.
bool still_named(const std::string& path, int file) {
  struct stat opened {
  }, named{};
  return ::fstat(file, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

}  // namespace

bool FileLock::open(const std::string& path, std::string_view what, Absent absent) {
  struct stat about {};
  const bool there = ::stat(path.c_str(), &about) == 0;
  if (there && !S_ISREG(about.st_mode)) no_file(path, what, about.st_mode);
  error_ = 0;
  if (!there && absent == Absent::kLeave) return false;
  constexpr int kAlways = O_APPEND | O_NONBLOCK | O_CLOEXEC;
  file_ = ::open(path.c_str(), O_RDWR | kAlways | (absent == Absent::kCreate ? O_CREAT : 0), 0644);
  if (file_ < 0) {
    error_ = errno;
    file_ = ::open(path.c_str(), O_RDONLY | kAlways);  // it may be read all the same
  }
  if (file_ < 0) return false;
  if (::fstat(file_, &about) == 0 && !S_ISREG(about.st_mode)) {
    ::close(std::exchange(file_, -1));
    no_file(path, what, about.st_mode);
  }
  return true;
}

FileLock::FileLock(const std::string& path, std::string_view what, Absent absent, const Waiting& waiting) {
  const Clock::time_point start = Clock::now();
  bool told = false;
  auto pause = std::chrono::milliseconds(1);
  while (open(path, what, absent)) {
    if (::flock(file_, LOCK_EX | LOCK_NB) == 0) {
      if (still_named(path, file_)) return;
      ::close(std::exchange(file_, -1));
      continue;
    }
    const int error = errno;
    if (error != EWOULDBLOCK && error != EINTR) {  // a file system without locks: read, but never written
      if (error_ == 0) error_ = error;
      return;
    }
    const double waited = seconds_since(start);
    const bool late = waited > waiting.seconds, tell = !told && waited > std::min(1.0, waiting.seconds / 2);
    const std::string who = late || tell ? holder(file_) : "";
    ::close(std::exchange(file_, -1));
    if (late) {
      environment_error(path,
                        fmt::format("{}: found {} that has held it for {:.3g} s, expected that it lets go "
                                    "within moments: continue it or end it, then run this again",
                                    what, who, waiting.seconds));
    }
    if (tell && waiting.message)
      waiting.message(
          fmt::format("Waiting for {}, which holds {} ({:.3g} s at most).", who, path, waiting.seconds));
    told = told || tell;
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, std::chrono::milliseconds(50));
  }
}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);  // ends the lock
}

FileLock::FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)), error_(other.error_) {}

}  // namespace plumb
