// One process at a time: an exclusive lock on a file that stays where it is (flock, advisory; over NFS the
// kernel makes it a lock on the server). It ends with the process, however that ends: nothing is left that
// would block the next.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace plumb {

// How long a lock is waited for, and who is told after a second of it.
inline constexpr double kLockSeconds = 60;
struct Waiting {
  double seconds = kLockSeconds;
  std::function<void(std::string_view)> message;  // a sentence; may be empty
};

class FileLock {
 public:
  enum class Absent { kLeave, kCreate };
  // Opens `path` and waits until nobody else holds it. `what` it is, for messages ("looks"). Throws
  // Error{kEnvironment} where something else than a file has that name, or where another process holds it for
  // longer than `waiting.seconds`: a process that is stopped and not ended holds on.
  FileLock(const std::string& path, std::string_view what, Absent absent, const Waiting& waiting);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;

  // Descriptor of the file that `path` names, or -1 where it is not there or cannot be opened at all.
  int file() const { return file_; }
  // 0 where it may be written and nobody else does; else why not (errno: no permission, a disk that is read
  // only, a file system without locks).
  int error() const { return error_; }

 private:
  bool open(const std::string& path, std::string_view what, Absent absent);
  int file_ = -1;
  int error_ = 0;
};

}  // namespace plumb
