#include "project.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "plumb/base.h"
#include "templates.h"
#include "worlds/worlds.h"

namespace plumb::cli {
namespace {

namespace fs = std::filesystem;

// A directory that vanishes with this object.
class Aside {
 public:
  explicit Aside(const fs::path& dir) {
    const fs::path parent = dir.has_parent_path() ? dir.parent_path() : fs::path(".");
    path_ = parent / fmt::format(".{}.writing-{}", dir.filename().string(), getpid());
    std::error_code failed;
    if (!fs::create_directory(path_, failed))
      environment_error(parent.string(), "a directory cannot be made here: " +
                                             (failed ? failed.message() : path_.string() + " exists"));
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

template <class To, class From>
void set(To& to, const std::optional<From>& from) {
  if (from) to = static_cast<To>(*from);
}

template <class Value>
void refuse_foreign(const std::string& world, const char* option, const std::optional<Value>& given) {
  if (given) refuse("world " + world, option, fmt::format("{}", *given), "none: this world has no such option");
}

NewsfeedOptions newsfeed_options(const WorldRequest& w) {
  refuse_foreign(w.name, "--effect", w.effect);
  refuse_foreign(w.name, "--personal", w.personal);
  NewsfeedOptions options;
  options.seed = w.seed;
  set(options.decisions, w.decisions);
  set(options.decisions_per_reader, w.per_unit);
  set(options.harm, w.harm);
  set(options.signal, w.signal);
  set(options.asked, w.asked);
  set(options.rage, w.rage);
  set(options.bait, w.bait);
  set(options.appetite, w.appetite);
  set(options.young, w.young);
  set(options.weeks_later, w.weeks_later);
  return options;
}

}  // namespace

std::string template_text(const std::string& name, const std::string& dir) {
  std::vector<std::string> names;
  for (const auto& [known, text] : kTemplates) {
    names.push_back(known);
    if (known != name) continue;
    // The comments of examples/NAME/goal.toml say how to run it where it stands.
    const std::string place = "examples/" + (name == "customers"    ? std::string("hillstrom")
                                             : name == "preference" ? std::string("newsfeed")
                                                                    : name);
    std::string out = text;
    for (std::size_t at = out.find(place); at != std::string::npos; at = out.find(place, at + dir.size()))
      out.replace(at, place.size(), dir);
    return out;
  }
  const std::string nearest = nearest_name(name, names);
  refuse("init", "TEMPLATE", '"' + name + '"',
         nearest.empty() ? fmt::format("one of {}", fmt::join(names, ", ")) : nearest);
}

bool is_world(const std::string& name) { return name == "newsfeed" || name == "campaign"; }

std::string world_log_name(const std::string& name) {
  return name == "newsfeed" ? "decisions.jsonl" : "campaign.csv";
}

void write_world_log(const WorldRequest& w, const std::string& path) {
  if (w.name == "newsfeed") {
    newsfeed_write(newsfeed_options(w), path);
  } else {
    refuse_foreign(w.name, "--comparisons", w.comparisons);
    refuse_foreign(w.name, "--harm", w.harm);
    refuse_foreign(w.name, "--signal", w.signal);
    refuse_foreign(w.name, "--asked", w.asked);
    refuse_foreign(w.name, "--rage", w.rage);
    refuse_foreign(w.name, "--bait", w.bait);
    refuse_foreign(w.name, "--appetite", w.appetite);
    refuse_foreign(w.name, "--young", w.young);
    refuse_foreign(w.name, "--weeks-later", w.weeks_later);
    CampaignOptions options;
    options.seed = w.seed;
    set(options.decisions, w.decisions);
    set(options.decisions_per_customer, w.per_unit);
    set(options.effect, w.effect);
    set(options.personal, w.personal);
    campaign_write(options, path);
  }
}

void write_world_feedback(const WorldRequest& w, const std::string& path) {
  newsfeed_write_feedback(newsfeed_options(w), *w.comparisons, path);
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) environment_error(path, "cannot be written");
}

std::string plain_path(const std::string& text) {
  if (text.empty()) refuse("DIR", "directory", "an empty name", "the name of a directory");
  fs::path path = fs::path(text).lexically_normal();
  if (!path.has_filename() && path.has_relative_path()) path = path.parent_path();
  return path.string();
}

void write_project(const std::string& dir, const std::function<void(const std::string& aside)>& fill) {
  try {
    // "." has no name to put an aside directory beside.
    const fs::path place = fs::exists(dir) ? fs::canonical(dir) : fs::path(dir);
    const Aside aside(place);
    fill(aside.path().string());
    std::error_code ignored;
    if (!fs::exists(place)) {
      fs::rename(aside.path(), place);
      return;
    }
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(aside.path()))
      names.push_back(entry.path().filename().string());
    std::sort(names.rbegin(), names.rend());  // '.' sorts before letters: hidden files come last
    for (const std::string& name : names) fs::rename(aside.path() / name, place / name);
  } catch (const fs::filesystem_error& e) {
    environment_error(dir, "cannot be written: " + e.code().message());
  }
}

}  // namespace plumb::cli
