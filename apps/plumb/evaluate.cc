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
  bool not_trained_here = false, stream = false;
  std::optional<std::string> models;
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
  verb->add_flag("--stream", o->stream, "read the log once, block by block, without holding it in memory");
  add_text(*verb, "--models", o->models, "FILE",
           "with --stream: outcome models that train or align wrote, for the doubly robust value");
  add_common(*verb, o->common);
  verb->callback([o, &status] {
    require_out(o->common);
    RunOptions options = run_options(o->common);
    options.not_trained_here = o->not_trained_here;
    const Goal goal = read_goal(o->goal);
    if (!o->stream)
      refuse_option("evaluate", "--models", o->models, "models of a log in memory are fitted anew");
    answer(o->common, o->stream ? evaluate_stream(goal, o->policies, o->models.value_or(""), options)
                                : evaluate(goal, o->policies, options));
    status = kDone;
  });
}

}  // namespace plumb::cli
