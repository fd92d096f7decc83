#include "base/open_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "plumb/base.h"

namespace plumb {
namespace {

std::string reason(int error) {
  return error == ENOENT ? "no such file" : std::generic_category().message(error);
}

// A pipe of a shell or of standard input leads to no name on disk.
bool has_name(const std::string& path) {
  std::error_code error;
  const auto place = std::filesystem::canonical(path, error);
  return !error && std::filesystem::exists(place, error) && !error;
}

// Until there is something to read or the last writer has gone.
bool wait_for_writer(int file, int seconds) {
  pollfd asked{file, POLLIN, 0};
  int answered = 0;
  do {
    answered = ::poll(&asked, 1, seconds * 1000);
  } while (answered < 0 && errno == EINTR);
  return answered > 0;
}

}  // namespace

std::string_view kind_of_file(mode_t mode) {
  if (S_ISREG(mode)) return "a file";
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

int open_file(const std::string& path, Streams streams, std::string* found, int pipe_seconds) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    *found = reason(errno);
    return -1;
  }
  const auto refused = [&](const struct stat& of) {
    const bool stream = S_ISFIFO(of.st_mode) || S_ISCHR(of.st_mode);
    *found = kind_of_file(of.st_mode);
    return !S_ISREG(of.st_mode) && !(streams == Streams::kYes && stream);
  };
  if (refused(about)) return -1;  // before it is opened: opening a device may do something to it
  // Without waiting: a named pipe opens although nobody writes to it.
  const int file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0 || ::fstat(file, &about) != 0) {
    *found = reason(errno);
    if (file >= 0) ::close(file);
    return -1;
  }
  bool fits = !refused(about);
  if (fits && S_ISCHR(about.st_mode)) fits = ::isatty(file) == 1;  // what somebody types, but no endless zeros
  if (fits && S_ISFIFO(about.st_mode) && has_name(path) && !wait_for_writer(file, pipe_seconds)) {
    *found += " to which nobody wrote for " + std::to_string(pipe_seconds) + " seconds";
    fits = false;
  }
  if (fits && ::fcntl(file, F_SETFL, ::fcntl(file, F_GETFL) & ~O_NONBLOCK) == 0) return file;
  ::close(file);
  return -1;
}

std::FILE* open_or_throw(const std::string& path, std::string_view what, Streams streams) {
  std::string found;
  const int number = open_file(path, streams, &found);
  std::FILE* file = number < 0 ? nullptr : ::fdopen(number, "rb");
  if (file != nullptr) return file;
  if (number >= 0) {
    found = reason(errno);
    ::close(number);
  }
  environment_error(path, std::string(what) + ": found " + found + ", expected a readable file");
}

std::string file_bytes(const std::string& path, std::string_view what, Streams streams, std::size_t most) {
  const std::unique_ptr<std::FILE, FileCloser> file(open_or_throw(path, what, streams));
  std::string out;
  std::size_t got = 1;
  while (got > 0 && out.size() < most) {
    const std::size_t size = out.size();
    out.resize(size + std::min<std::size_t>(most - size, std::max<std::size_t>(size, 1u << 16)));
    errno = 0;
    got = std::fread(out.data() + size, 1, out.size() - size, file.get());
    out.resize(size + got);
  }
  if (std::ferror(file.get()) != 0)
    environment_error(path, std::string(what) + ": found " + reason(errno) + ", expected a readable file");
  return out;
}

}  // namespace plumb
