// plumb reward GOAL
#include <memory>

#include "options.h"
#include "verbs.h"

namespace plumb::cli {
namespace {

struct Options {
  Common common;
  std::string goal;
};

}  // namespace

void add_reward(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand(
      "reward", "what was learnt of every outcome, and how good it is on rows that it did not see");
  const auto o = std::make_shared<Options>();
  add_goal(*verb, o->goal);
  add_common(*verb, o->common);
  verb->callback([o, &status] {
    require_out(o->common);
    answer(o->common, reward(read_goal(o->goal), run_options(o->common)), "the report");
    status = kDone;
  });
}

}  // namespace plumb::cli
