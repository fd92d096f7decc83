#include "data/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "plumb/base.h"

namespace plumb {

MappedFile::MappedFile(const std::string& path) {
  const auto fail = [&](int file) {
    const int reason = errno;
    if (file >= 0) ::close(file);
    environment_error(path,
                      "file: found " + std::generic_category().message(reason) + ", expected a readable file");
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat about {};
  if (file < 0 || ::fstat(file, &about) != 0) fail(file);
  if (!S_ISREG(about.st_mode)) {
    ::close(file);
    environment_error(path, "file: found something else than a file, expected a file");
  }
  size_ = static_cast<std::size_t>(about.st_size);
  if (size_ > 0) {
    data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    if (data_ == MAP_FAILED) {
      data_ = nullptr;
      fail(file);
    }
    ::madvise(data_, size_, MADV_SEQUENTIAL);
  }
  ::close(file);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace plumb
