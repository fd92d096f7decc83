// plumb audit GOAL
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

void add_audit(CLI::App& app, int& status) {
  CLI::App* verb =
      app.add_subcommand("audit", "do the proxies stand for the goal, and how far may they be pushed");
  const auto o = std::make_shared<Options>();
  add_goal(*verb, o->goal);
  add_common(*verb, o->common);
  verb->callback([o, &status] {
    require_out(o->common);
    const Evidence evidence = audit(read_goal(o->goal), run_options(o->common));
    answer(o->common, evidence);
    status = kDone;
  });
}

}  // namespace plumb::cli
