// A file's bytes as memory, read only.
#pragma once

#include <string>
#include <string_view>

namespace plumb {

class MappedFile {
 public:
  // Throws Error{kEnvironment} where the file is missing or cannot be mapped.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace plumb
