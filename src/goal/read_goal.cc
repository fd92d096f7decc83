// The goal file from disk.
#include <filesystem>

#include "base/open_file.h"
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
  const std::string text = file_bytes(path, "goal file", Streams::kYes, kLargest + 1);
  if (text.size() > kLargest) refuse(path, "goal file", "more than 1 MiB", "a goal file in TOML");
  Goal goal = parse_goal(text, path);
  goal.path = path;
  return goal;
}

}  // namespace plumb
