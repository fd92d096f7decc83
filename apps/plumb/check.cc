// plumb check LOG|GOAL
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "guess.h"
#include "options.h"
#include "verbs.h"

namespace plumb::cli {
namespace {

struct Options {
  Common common;
  std::string file;
  Described described;
  bool lock = false;
};

void check_goal(const Options& o) {
  if (o.described.any())
    refuse("check", "--action, --propensity, --unit, --outcome, --column or --decimal",
           "one beside a goal file", "none: the goal file says what the columns are");
  const Goal goal = read_goal(o.file);
  const RunOptions options = run_options(o.common);
  answer(o.common, o.lock ? check_and_lock(goal, options) : check(goal, options));
}

void check_log(const Options& o) {
  refuse_option("check", "--log", o.common.log, "the log is the argument already");
  if (o.lock) refuse("check", "--lock", "a bare log", "a goal file: it is the goal that is frozen");
  const GuessedLog guessed = guess_log(o.file, o.described, run_options(o.common).threads);
  require_propensity(guessed);
  const std::string name = std::filesystem::path(o.file).filename().string();
  const Goal goal =
      parse_goal(goal_text(guessed.sketch, guessed.roles, "", name), "goal guessed from " + o.file);
  RunOptions options = run_options(o.common);
  options.log = o.file;
  Evidence evidence = check(goal, options);
  auto document = nlohmann::json::parse(evidence.json);
  document["read_as"] = nlohmann::json::parse(reading_json(guessed));
  evidence.json = document.dump(2) + "\n";
  answer(o.common, evidence, "", reading_of(guessed));
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  CLI::App* verb =
      app.add_subcommand("check", "what a log holds, what it can show, what is wrong with it or with the goal");
  verb->footer(
      "A LOG needs no goal file: its columns are guessed, --action, --propensity, --unit and --outcome say "
      "more.");
  const auto o = std::make_shared<Options>();
  verb->add_option("LOG|GOAL", o->file, "a decision log, or a goal file (its name ends in .toml)")
      ->required()
      ->type_name("");
  verb->add_flag("--lock", o->lock, "freeze goal, log and split seed into goal.lock");
  add_described(*verb, o->described);
  add_common(*verb, o->common);
  verb->callback([o, &status] {
    require_out(o->common);
    if (o->file.ends_with(".toml")) {
      check_goal(*o);
    } else {
      check_log(*o);
    }
    status = kDone;
  });
}

}  // namespace plumb::cli
