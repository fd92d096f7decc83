// plumb world NAME --out DIR: a simulated world's log and goal file.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "options.h"
#include "project.h"
#include "verbs.h"

namespace plumb::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarker = ".plumb-world";

struct Options {
  Common common;
  WorldRequest world;
};

std::string content(const fs::path& path) {
  if (!fs::is_regular_file(path)) return "";  // a named pipe would wait
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// What the marker of a world with this goal file holds: a goal file that was edited since is not ours to
// replace.
std::string marker_text(const std::string& goal) {
  return fmt::format("plumb world 1\ngoal.toml {}\n", hex(hash_bytes(goal)));
}

// Anything in `dir` that no world wrote, or that somebody changed since, is kept by refusing.
void require_world_directory(const std::string& dir, const std::string& goal) {
  const char* expected = "a new directory, or one that `plumb world` wrote and nobody changed";
  if (!fs::exists(fs::symlink_status(dir))) return;
  if (!fs::is_directory(dir)) refuse(dir, "--out", "a file of that name", expected);
  const bool marked = fs::exists(fs::path(dir) / kMarker);
  for (const auto& entry : fs::directory_iterator(dir)) {
    const std::string name = entry.path().filename().string();
    if (name == "goal.toml") {
      const std::string present = content(entry.path());
      const bool written_by_a_world = marked && content(fs::path(dir) / kMarker) == marker_text(present);
      if (present != goal && !written_by_a_world)
        refuse(dir, "--out", "goal.toml, which no world wrote or somebody changed", expected);
      continue;
    }
    const bool log =
        name == world_log_name("newsfeed") || name == world_log_name("campaign") || name == kWorldFeedback;
    if (name != kMarker && !(log && marked))
      refuse(dir, "--out", "\"" + name + "\", which no world wrote", expected);
  }
}

void world(const Options& o) {
  refuse_option("world", "--log", o.common.log, "a world draws its own log");
  if (!is_world(o.world.name)) refuse("world", "NAME", '"' + o.world.name + '"', "newsfeed or campaign");
  if (!o.common.out) refuse("world", "--out", "nothing", "--out DIR, the directory to write the world into");
  const std::string dir = plain_path(*o.common.out);
  const std::string goal = template_text(
                        o.world.comparisons && o.world.name == "newsfeed" ? "preference" : o.world.name, dir),
                    log = world_log_name(o.world.name);
  try {
    require_world_directory(dir, goal);
  } catch (const fs::filesystem_error& e) {
    environment_error(dir, "cannot be looked at: " + e.code().message());
  }
  WorldRequest request = o.world;
  request.seed = o.common.seed.value_or(1);
  write_project(dir, [&](const std::string& aside) {
    write_world_log(request, aside + "/" + log);
    if (request.comparisons) write_world_feedback(request, aside + "/" + kWorldFeedback);
    write_text(aside + "/goal.toml", goal);
    write_text(aside + "/" + kMarker, marker_text(goal));
  });
  if (o.common.json) {
    const nlohmann::json document{{"verb", "world"},
                                  {"world", request.name},
                                  {"seed", request.seed},
                                  {"goal", dir + "/goal.toml"},
                                  {"log", dir + "/" + log}};
    print(document.dump(2) + "\n");
  } else {
    print(fmt::format("Wrote the world {} to {}. Next: plumb align {}/goal.toml\n", request.name, dir, dir));
  }
}

}  // namespace

void add_world(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("world", "a simulated world with known truth: its log and its goal file");
  const auto o = std::make_shared<Options>();
  WorldRequest& w = o->world;
  verb->add_option("NAME", w.name, "newsfeed or campaign")->required()->type_name("");
  add_whole(*verb, "--decisions", w.decisions, 1, 1'000'000'000, "how many decisions");
  add_whole(*verb, "--per-unit", w.per_unit, 1, 1'000'000, "decisions a reader or customer (default: 1)");
  add_whole(*verb, "--comparisons", w.comparisons, 1, 100'000'000,
            "newsfeed: also ask readers which of two items they prefer, this often");
  add_number(*verb, "--harm", w.harm, "newsfeed: the harm of outrage (default: 2; 0 removes it)");
  add_number(*verb, "--signal", w.signal, "newsfeed: how strongly items move value_90d (default: 0.45)");
  add_number(*verb, "--asked", w.asked, "newsfeed: share asked whether they were satisfied (default: 0.05)");
  add_number(*verb, "--rage", w.rage, "newsfeed: share of items that rage, as one sees (default: 0.06)");
  add_number(*verb, "--bait", w.bait, "newsfeed: rage hidden behind relevance, 0 to 1 (default: 0)");
  add_number(*verb, "--appetite", w.appetite,
             "newsfeed: how much relevance and quality do readers good (default: 1)");
  add_number(*verb, "--young", w.young, "newsfeed: share of young readers (default: a third)");
  add_whole(*verb, "--weeks-later", w.weeks_later, 0, 1000,
            "newsfeed: begin this many weeks later: a later log for plumb monitor");
  add_number(*verb, "--effect", w.effect, "campaign: EUR a decision that mail_b adds (default: 0)");
  add_number(*verb, "--personal", w.personal, "campaign: EUR by which effects differ by channel (default: 0)");
  add_common(*verb, o->common);
  verb->get_option("--log")->description("none here: a world draws its own");
  verb->get_option("--out")->description("the directory to write");
  verb->get_option("--seed")->description("seed of the world (default: 1)");
  verb->callback([o, &status] {
    world(*o);
    status = kDone;
  });
}

}  // namespace plumb::cli
