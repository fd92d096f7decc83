#include "world.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "plumb/goal.h"
#include "templates.h"
#include "worlds/worlds.h"

namespace plumb::cli {
namespace {

namespace fs = std::filesystem;
constexpr const char* kMarker = ".plumb-world";

struct WorldOptions {
  std::string name, out;
  std::uint64_t decisions = 0, seed = 1;
  double harm = 2, signal = 0.45, asked = 0.05, effect = 0, personal = 0;
  int per_unit = 1;
};

std::string goal_text(const std::string& name) {
  for (const auto& [known, text] : kTemplates) {
    if (name == known) return text;
  }
  refuse("plumb", "template", name, "newsfeed, campaign or hillstrom");
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) environment_error(path.string(), "cannot be written");
}

// Aside, then renamed: a killed run leaves no half-written world. An existing directory must be a world's.
void write_world(const WorldOptions& o) {
  const std::string goal = goal_text(o.name);
  if (fs::exists(o.out) && !fs::exists(fs::path(o.out) / kMarker) &&
      !(fs::is_directory(o.out) && fs::is_empty(o.out))) {
    refuse(o.out, "--out", "something that no world wrote", "a new directory, or one that `plumb world` made");
  }
  const std::string aside = o.out + ".partial";
  std::error_code failed;
  fs::remove_all(aside, failed);
  if (!fs::create_directory(aside, failed)) environment_error(aside, "cannot be made: " + failed.message());
  try {
    if (o.name == "newsfeed") {
      NewsfeedOptions w;
      if (o.decisions) w.decisions = o.decisions;
      w.seed = o.seed, w.harm = o.harm, w.signal = o.signal, w.asked = o.asked,
      w.decisions_per_reader = o.per_unit;
      newsfeed_write(w, aside + "/decisions.jsonl");
    } else if (o.name == "campaign") {
      CampaignOptions w;
      if (o.decisions) w.decisions = o.decisions;
      w.seed = o.seed, w.effect = o.effect, w.personal = o.personal, w.decisions_per_customer = o.per_unit;
      campaign_write(w, aside + "/campaign.csv");
    } else if (o.decisions) {
      refuse("plumb world", "NAME", o.name, "newsfeed or campaign");
    }
    write_text(fs::path(aside) / "goal.toml", goal);
    write_text(fs::path(aside) / kMarker, "plumb world 1\n");
    fs::remove_all(o.out);
    fs::rename(aside, o.out);
  } catch (const fs::filesystem_error& e) {
    fs::remove_all(aside, failed);
    environment_error(o.out, e.what());
  } catch (...) {
    fs::remove_all(aside, failed);
    throw;
  }
}

}  // namespace

void add_world(CLI::App& app) {
  auto* verb = app.add_subcommand("world", "a simulated world with known truth: its log and goal file");
  auto o = std::make_shared<WorldOptions>();
  verb->add_option("NAME", o->name, "newsfeed or campaign")
      ->required()
      ->check(CLI::IsMember({"newsfeed", "campaign"}));
  verb->add_option("--out", o->out, "the directory to make")->required();
  verb->add_option("--decisions", o->decisions, "how many decisions");
  verb->add_option("--seed", o->seed, "seed");
  verb->add_option("--harm", o->harm, "newsfeed: the harm of outrage; 0 removes it");
  verb->add_option("--signal", o->signal, "newsfeed: how strongly items move value_90d");
  verb->add_option("--asked", o->asked, "newsfeed: share asked whether they were satisfied");
  verb->add_option("--per-unit", o->per_unit, "decisions a reader or customer")->check(CLI::PositiveNumber);
  verb->add_option("--effect", o->effect, "campaign: EUR that mail_b adds");
  verb->add_option("--personal", o->personal, "campaign: how much effects differ by segment");
  verb->callback([o] {
    write_world(*o);
    std::printf("Wrote the world %s to %s. Next: plumb align %s/goal.toml\n", o->name.c_str(), o->out.c_str(),
                o->out.c_str());
  });
}

void add_init(CLI::App& app) {
  auto* verb = app.add_subcommand("init", "a working project from a template: newsfeed, campaign, hillstrom");
  auto o = std::make_shared<WorldOptions>();
  verb->add_option("TEMPLATE", o->name, "newsfeed, campaign or hillstrom")
      ->required()
      ->check(CLI::IsMember({"newsfeed", "campaign", "hillstrom"}));
  verb->add_option("DIR", o->out, "the directory to make")->required();
  verb->callback([o] {
    if (o->name != "hillstrom") o->decisions = 20000;
    write_world(*o);
    std::printf("Wrote %s/goal.toml. Edit it, then: plumb align %s/goal.toml\n", o->out.c_str(),
                o->out.c_str());
  });
}

}  // namespace plumb::cli
