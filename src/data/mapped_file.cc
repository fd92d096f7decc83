#include "data/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/open_file.h"
#include "plumb/base.h"

namespace plumb {

MappedFile::MappedFile(const std::string& path) {
  std::string found;
  const auto fail = [&](int file) {
    if (found.empty()) found = std::generic_category().message(errno);
    if (file >= 0) ::close(file);
    environment_error(path, "file: found " + found + ", expected a readable file");
  };
  const int file = open_file(path, Streams::kNo, &found);
  struct stat about {};
  if (file < 0 || ::fstat(file, &about) != 0) fail(file);
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
