// Directories that the command line writes for people to work in: a goal file and a simulated log.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace plumb::cli {

// A world as `plumb world` is asked for it; what is not given is the world's own default.
struct WorldRequest {
  std::string name;  // newsfeed or campaign
  std::optional<std::uint64_t> decisions, per_unit, comparisons, weeks_later;
  std::optional<double> harm, signal, asked, rage, bait, appetite, young, effect, personal;
  std::uint64_t seed = 1;
};

// The goal file of a template (newsfeed, campaign, customers) as it stands in `dir`: its comments name that
// directory. Throws Error{kInput} where there is no such template, with the nearest name.
std::string template_text(const std::string& name, const std::string& dir);

bool is_world(const std::string& name);
// The name of the log that the world's goal file reads.
std::string world_log_name(const std::string& name);
// Throws Error{kInput} where the world has no such option, or its value is out of range.
void write_world_log(const WorldRequest& world, const std::string& path);
inline constexpr const char* kWorldFeedback = "comparisons.jsonl";
// The comparisons that --comparisons asks for. REQUIRES: world.comparisons.
void write_world_feedback(const WorldRequest& world, const std::string& path);

void write_text(const std::string& path, const std::string& text);

// Makes the directory `dir`, or fills it where it is there already: `fill` writes files into a directory
// beside it (so on the same disk), and only when all are there they are moved to their places, hidden ones
// last. Throws what `fill` throws, and Error{kEnvironment} where `dir` cannot be written; then nothing is left
// behind. REQUIRES: the caller has looked at what `dir` holds.
void write_project(const std::string& dir, const std::function<void(const std::string& aside)>& fill);
// The file or directory that `text` names, without a slash at its end. Throws Error{kInput} where empty.
std::string plain_path(const std::string& text);

}  // namespace plumb::cli
