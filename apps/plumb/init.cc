// plumb init TEMPLATE DIR, plumb init --from LOG PLACE: a project to start from.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "guess.h"
#include "options.h"
#include "project.h"
#include "verbs.h"

namespace plumb::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSmallWorld = 20000;  // decisions: enough for an answer, few enough to wait for

struct Options {
  Common common;
  std::vector<std::string> arguments;
  std::optional<std::string> from;
  Described described;
};

void say(const Options& o, const std::string& goal, const std::string& next) {
  if (o.common.json) {
    print(nlohmann::json{{"verb", "init"}, {"goal", goal}}.dump(2) + "\n");
  } else {
    print(fmt::format("Wrote {}. {}\n", goal, next));
  }
}

// The name of the goal's log, as it stands in the template's text.
std::string with_log(const std::string& text, const std::string& log) {
  const std::size_t start = text.find("\nlog ");
  PLUMB_ASSERT(start != std::string::npos);
  const std::size_t open = text.find('"', start), close = text.find('"', open + 1);
  // TOML's basic strings take the escapes of JSON.
  return text.substr(0, open) + nlohmann::json(log).dump() + text.substr(close + 1);
}

void init_template(const Options& o) {
  if (o.arguments.size() != 2)
    refuse("init", "arguments", fmt::format("{}", o.arguments.size()),
           "TEMPLATE DIR (newsfeed, campaign or customers), or --from LOG DIR");
  if (o.described.any())
    refuse("init", "--action, --propensity, --unit, --outcome, --column or --decimal", "one beside a template",
           "none: they describe the log of --from");
  const std::string name = o.arguments[0], dir = plain_path(o.arguments[1]);
  std::string goal = template_text(name, dir);
  if (o.common.log) goal = with_log(goal, fs::absolute(*o.common.log).lexically_normal().string());
  if (fs::exists(fs::symlink_status(dir)) && !(fs::is_directory(dir) && fs::is_empty(dir)))
    refuse(dir, "DIR", "something that is there already", "a new or empty directory");
  const bool world = is_world(name) && !o.common.log;
  write_project(dir, [&](const std::string& aside) {
    if (world) {
      WorldRequest request;
      request.name = name;
      request.decisions = kSmallWorld;
      request.seed = o.common.seed.value_or(1);
      write_world_log(request, aside + "/" + world_log_name(name));
    }
    write_text(aside + "/goal.toml", goal);
  });
  const std::string log = world || o.common.log ? "" : " --log FILE";
  say(o, dir + "/goal.toml", fmt::format("Next: plumb align {}/goal.toml{}", dir, log));
}

// A new file, written aside and linked into its place: what is there already is never replaced.
void write_new(const fs::path& path, const std::string& text) {
  const std::string aside = (path.parent_path() / fmt::format(".goal.writing-{}", getpid())).string();
  try {
    write_text(aside, text);
  } catch (...) {
    unlink(aside.c_str());
    throw;
  }
  const bool done = link(aside.c_str(), path.c_str()) == 0;
  const int reason = errno;
  unlink(aside.c_str());
  if (done) return;
  if (reason == EEXIST) refuse(path.string(), "goal file", "a file of that name", "a new name");
  environment_error(path.string(), std::string("cannot be written: ") + std::strerror(reason));
}

void init_from(const Options& o) {
  refuse_option("init", "--log", o.common.log, "--from names the log");
  if (o.arguments.size() != 1)
    refuse("init --from", "arguments", fmt::format("{}", o.arguments.size()),
           "one: the directory, or the goal file (.toml), to write");
  const std::string place = plain_path(o.arguments[0]);
  const bool file = place.ends_with(".toml");
  const fs::path dir = file ? fs::path(place).parent_path() : fs::path(place);
  const fs::path goal = file ? fs::path(place) : dir / "goal.toml";
  if (fs::exists(fs::symlink_status(goal)))
    refuse(goal.string(), "goal file", "a file of that name", "a new name");
  const GuessedLog guessed = guess_log(*o.from, o.described, run_options(o.common).threads);
  const fs::path base = fs::absolute(dir.empty() ? fs::path(".") : dir).lexically_normal();
  const fs::path whole = fs::absolute(*o.from).lexically_normal(), near = whole.lexically_proximate(base);
  // Next to the goal file the two can be moved together; further away a whole path is clearer.
  const std::string log = near.string().starts_with("../../") ? whole.string() : near.string();
  const std::string name = fs::path(*o.from).filename().string();
  const std::string text = goal_text(guessed.sketch, guessed.roles, log, name.substr(0, name.find('.')));
  parse_goal(text, goal.string());  // what is written can be read
  std::error_code failed;
  const bool made = !file && fs::create_directory(dir, failed);
  if (failed) environment_error(dir.string(), "cannot be made: " + failed.message());
  try {
    write_new(goal, text);
  } catch (...) {
    if (made) fs::remove(dir, failed);
    throw;
  }
  say(o, goal.string(), fmt::format("Correct it, then: plumb check {}", goal.string()));
}

void init(const Options& o) {
  refuse_option("init", "--out", o.common.out, "the directory is an argument");
  try {
    if (o.from) {
      init_from(o);
    } else {
      init_template(o);
    }
  } catch (const fs::filesystem_error& e) {
    environment_error(e.path1().string(), e.code().message());
  }
}

}  // namespace

void add_init(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("init", "a project from a template, or a goal file guessed from a log");
  verb->footer(
      "  plumb init TEMPLATE DIR    newsfeed, campaign (with a small simulated log) or customers (with --log "
      "yours)\n"
      "  plumb init --from LOG DIR  a commented goal file guessed from a log (or a name that ends in .toml)");
  const auto o = std::make_shared<Options>();
  verb->add_option("TEMPLATE DIR", o->arguments, "see below")->type_name("");
  add_text(*verb, "--from", o->from, "LOG", "guess the goal file from this log");
  add_described(*verb, o->described);
  add_common(*verb, o->common);
  verb->get_option("--log")->description("the log that the template's goal file is to read");
  verb->get_option("--out")->description("none here: DIR is an argument");
  verb->callback([o, &status] {
    init(*o);
    status = kDone;
  });
}

}  // namespace plumb::cli
