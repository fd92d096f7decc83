// plumb evaluate GOAL POLICY...
#include <memory>

#include "options.h"
#include "verbs.h"

namespace plumb::cli {
namespace {

struct Options {
  Common common;
  std::string goal;
  std::vector<std::string> policies;
  bool not_trained_here = false;
};

}  // namespace

void add_evaluate(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("evaluate", "value, interval and support of any policies, from the log");
  const auto o = std::make_shared<Options>();
  add_goal(*verb, o->goal);
  verb->add_option("POLICY", o->policies, "files, constant:NAME, uniform, reference or logging")
      ->required()
      ->type_name("");
  verb->add_flag("--not-trained-here", o->not_trained_here,
                 "declare that policy tables were not learnt from this log");
  add_common(*verb, o->common);
  verb->callback([o, &status] {
    require_out(o->common);
    RunOptions options = run_options(o->common);
    options.not_trained_here = o->not_trained_here;
    answer(o->common, evaluate(read_goal(o->goal), o->policies, options));
    status = kDone;
  });
}

}  // namespace plumb::cli
