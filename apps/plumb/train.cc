// plumb train GOAL
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

void add_train(CLI::App& app, int& status) {
  CLI::App* verb =
      app.add_subcommand("train", "optimize a policy under the pressure budget and the constraints");
  const auto o = std::make_shared<Options>();
  add_goal(*verb, o->goal);
  add_common(*verb, o->common);
  verb->callback([o, &status] {
    require_out(o->common);
    const Evidence evidence = train(read_goal(o->goal), run_options(o->common));
    answer(o->common, evidence, "the policies and the report");
    status = kDone;
  });
}

}  // namespace plumb::cli
