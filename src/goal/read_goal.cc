// The goal file from disk.
#include <filesystem>
#include <fstream>

#include "plumb/goal.h"

namespace plumb {

namespace {

// A goal file is a page or two of text. What is larger is some other file, given by mistake.
constexpr std::size_t kLargest = std::size_t{1} << 20;

}  // namespace

Goal read_goal(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    environment_error(path, "goal file: found nothing, expected a file");
  if (std::filesystem::is_directory(path, ignored)) {
    environment_error(path, "goal file: found a directory, expected a file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) environment_error(path, "goal file: found a file that cannot be opened, expected a readable one");
  std::string text(kLargest + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) environment_error(path, "goal file: found an error while reading, expected a readable file");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLargest) refuse(path, "goal file", "more than 1 MiB", "a goal file in TOML");
  Goal goal = parse_goal(text, path);
  goal.path = path;
  return goal;
}

}  // namespace plumb
