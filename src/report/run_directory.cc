// A run directory appears whole or not at all: its files are written aside, flushed, and renamed into place.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "plumb/base.h"
#include "plumb/report.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarker = ".plumb-run";
constexpr const char* kMarkerText = "plumb run 1\n";

[[noreturn]] void system_error(const fs::path& where, const std::string& what) {
  environment_error(where.string(), what + ": " + std::strerror(errno));
}

// "out/" and "out" are the same directory.
fs::path normal(const std::string& dir) {
  if (dir.empty()) refuse("--out", "directory", "an empty name", "the name of a directory");
  fs::path path = fs::path(dir).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  if (!path.has_filename() || path.filename() == "." || path.filename() == "..") {
    refuse(dir, "run directory", "a directory that cannot be renamed", "a name of its own");
  }
  return path;
}

fs::path parent_of(const fs::path& dir) { return dir.has_parent_path() ? dir.parent_path() : fs::path("."); }

bool is_run(const fs::path& dir) {
  std::error_code failed;
  if (!fs::is_regular_file(dir / kMarker, failed)) return false;  // a named pipe would wait
  std::ifstream marker(dir / kMarker);
  std::string line;
  return std::getline(marker, line) && line == "plumb run 1";
}

// Whether there is an old run at `dir`; refuses anything else that is there.
bool old_run_at(const fs::path& dir) {
  struct stat status {};
  if (lstat(dir.c_str(), &status) != 0) {
    if (errno == ENOENT) return false;
    system_error(dir, "the run directory cannot be looked at");
  }
  if (!S_ISDIR(status.st_mode)) {
    refuse(dir.string(), "run directory", S_ISLNK(status.st_mode) ? "a symbolic link" : "a file of that name",
           "no such name, or the directory of an earlier run");
  }
  if (!is_run(dir)) {
    refuse(dir.string(), "run directory",
           "a directory that is not a run's (no .plumb-run with the line 'plumb run 1')",
           "no such name, or the directory of an earlier run, which is replaced");
  }
  return true;
}

// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : number_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  // Closing reports what some file systems only find out then.
  bool finish() {
    const int n = number_;
    number_ = -1;
    return close(n) == 0;
  }

 private:
  int number_;
};

void write_file(const fs::path& path, const std::string& content) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (file.number() < 0) system_error(path, "cannot be created");
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t n = write(file.number(), content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) system_error(path, "cannot be written");
    done += static_cast<std::size_t>(n);
  }
  if (fsync(file.number()) != 0) system_error(path, "cannot be flushed to the disk");
  if (!file.finish()) system_error(path, "cannot be written");
}

void flush_directory(const fs::path& path) {
  Descriptor directory(path, O_RDONLY | O_DIRECTORY);
  if (directory.number() < 0) system_error(path, "cannot be opened");
  // Some file systems cannot flush directories and say EINVAL: then there is nothing to wait for.
  if (fsync(directory.number()) != 0 && errno != EINVAL) system_error(path, "cannot be flushed to the disk");
}

// A directory beside `dir` that vanishes with this object, whatever it holds by then.
class Aside {
 public:
  explicit Aside(const fs::path& dir) {
    for (int attempt = 0; attempt < 1000; ++attempt) {
      path_ = parent_of(dir) / ("." + dir.filename().string() + ".writing-" + std::to_string(getpid()) + "-" +
                                std::to_string(attempt));
      if (mkdir(path_.c_str(), 0777) == 0) return;
      if (errno != EEXIST) system_error(parent_of(dir), "a run directory cannot be made here");
    }
    system_error(parent_of(dir), "a run directory cannot be made here");
  }
  ~Aside() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Puts `fresh` in the place of the old run in one step; the old run ends up where `fresh` was.
void exchange(const fs::path& fresh, const fs::path& dir) {
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, dir.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS) system_error(dir, "the old run cannot be replaced");
  // No exchange on this file system: the old run steps aside, and comes back should the second rename fail.
  const fs::path old = fresh.string() + ".old";
  if (rename(dir.c_str(), old.c_str()) != 0) system_error(dir, "the old run cannot be replaced");
  if (rename(fresh.c_str(), dir.c_str()) != 0) {
    const int reason = errno;
    const bool back = rename(old.c_str(), dir.c_str()) == 0;
    errno = reason;
    system_error(dir, back ? "the old run cannot be replaced" : "the old run is now at " + old.string());
  }
  rename(old.c_str(), fresh.c_str());
}

}  // namespace

void require_run_directory(const std::string& dir) {
  const fs::path path = normal(dir);
  old_run_at(path);
  const fs::path parent = parent_of(path);
  struct stat status {};
  if (stat(parent.c_str(), &status) != 0) system_error(parent, "the run's parent directory cannot be used");
  if (!S_ISDIR(status.st_mode)) environment_error(parent.string(), "the run's parent is not a directory");
  if (access(parent.c_str(), W_OK | X_OK) != 0)
    system_error(parent, "the run's parent directory cannot be used");
}

void write_run(const std::string& dir, const std::map<std::string, std::string>& files) {
  const fs::path path = normal(dir);
  for (const auto& [name, content] : files) {
    if (name.empty() || name == "." || name == ".." || name == kMarker || name.find('/') != std::string::npos ||
        name.find('\0') != std::string::npos) {
      refuse(dir, "file of the run", "the name '" + name + "'", "a plain file name other than .plumb-run");
    }
  }
  require_run_directory(dir);
  const Aside aside(path);
  for (const auto& [name, content] : files) write_file(aside.path() / name, content);
  write_file(aside.path() / kMarker, kMarkerText);
  flush_directory(aside.path());
  if (old_run_at(path)) {
    exchange(aside.path(), path);
  } else if (rename(aside.path().c_str(), path.c_str()) != 0) {
    system_error(path, "the run directory cannot be put in its place");
  }
  flush_directory(parent_of(path));
}

}  // namespace plumb
