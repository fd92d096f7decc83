// plumb align GOAL: the exit status is the decision.
#include <memory>

#include "options.h"
#include "verbs.h"

namespace plumb::cli {
namespace {

struct Options {
  Common common;
  std::string goal;
  bool not_trained_here = false;
};

constexpr int kExperiment = 3;

int status_of(const Evidence& evidence) {
  if (evidence.decision == "experiment") return kExperiment;
  PLUMB_ASSERT(evidence.decision == "ship" || evidence.decision == "keep");
  return kDone;
}

}  // namespace

void add_align(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("align", "the whole loop, ending in a decision and a report");
  verb->footer("Exit status: 0 ship or keep, 3 experiment, 2 unusable input or environment.");
  const auto o = std::make_shared<Options>();
  add_goal(*verb, o->goal);
  verb->add_flag("--not-trained-here", o->not_trained_here,
                 "declare that the reference was not learnt from this log");
  add_common(*verb, o->common);
  verb->callback([o, &status] {
    require_out(o->common);
    RunOptions options = run_options(o->common);
    options.not_trained_here = o->not_trained_here;
    const Evidence evidence = align(read_goal(o->goal), options);
    answer(o->common, evidence, "the report and the policies");
    status = status_of(evidence);
  });
}

}  // namespace plumb::cli
