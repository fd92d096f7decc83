// Where the log of a goal file lies.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "plumb/goal.h"

namespace plumb {

namespace {

bool is_readable_place(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) && !std::filesystem::is_directory(path, ignored);
}

}  // namespace

std::string find_log(const Goal& goal, const std::string& override_path) {
  namespace fs = std::filesystem;
  std::vector<fs::path> places;
  if (!override_path.empty()) {
    places.emplace_back(override_path);
  } else if (goal.data.log.empty()) {
    refuse(goal.path.empty() ? "goal" : goal.path, "data.log", "nothing",
           "the path of the log, here or by --log");
  } else if (fs::path(goal.data.log).is_absolute()) {
    places.emplace_back(goal.data.log);
  } else {
    const fs::path folder = fs::path(goal.path).parent_path();
    places.push_back(folder / goal.data.log);
    const char* root = std::getenv("PLUMB_DATA");
    if (root != nullptr && *root != '\0') {
      places.push_back(fs::path(root) / goal.data.log);
      // examples/hillstrom/goal.toml finds $PLUMB_DATA/hillstrom/hillstrom.csv.gz.
      std::error_code ignored;
      const fs::path name = fs::absolute(folder.empty() ? fs::path(".") : folder, ignored).lexically_normal();
      const fs::path last = name.has_filename() ? name.filename() : name.parent_path().filename();
      if (!last.empty()) places.push_back(fs::path(root) / last / goal.data.log);
    }
  }
  std::string tried;
  for (const fs::path& place : places) {
    if (is_readable_place(place)) return place.string();
    tried += (tried.empty() ? "" : ", ") + place.string();
  }
  environment_error(
      goal.path.empty() ? "goal" : goal.path,
      fmt::format("data.log: found no file at {}, expected the decision log (--log FILE names it)", tried));
}

std::string find_beside(const Goal& goal, const std::string& log, const std::string& name,
                        std::string_view what) {
  const std::filesystem::path path(name);
  if (path.is_absolute()) return name;
  const std::string beside_goal = (std::filesystem::path(goal.path).parent_path() / path).string();
  const std::string beside_log = (std::filesystem::path(log).parent_path() / path).string();
  // A log that lies elsewhere than the goal file brings what belongs to it.
  if (std::filesystem::exists(beside_log)) return beside_log;
  if (!goal.path.empty() && std::filesystem::exists(beside_goal)) return beside_goal;
  environment_error(
      goal.path.empty() ? "goal" : goal.path,
      fmt::format("{}: found no file \"{}\", expected it beside the goal file or the log", what, name));
}

}  // namespace plumb
