// plumb gate GOAL POLICY: the exit status is the verdict.
#include <memory>

#include "options.h"
#include "verbs.h"

namespace plumb::cli {
namespace {

struct Options {
  Common common;
  std::string goal, policy;
  bool not_trained_here = false;
};

constexpr int kRefuse = 1, kInconclusive = 3;

int status_of(const Evidence& evidence) {
  if (evidence.verdict == "pass") return kDone;
  if (evidence.verdict == "refuse") return kRefuse;
  PLUMB_ASSERT(evidence.verdict == "inconclusive");
  return kInconclusive;
}

}  // namespace

void add_gate(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("gate", "may this policy ship? the exit status is the answer");
  verb->footer("Exit status: 0 pass, 1 refuse, 3 inconclusive, 2 unusable input or environment.");
  const auto o = std::make_shared<Options>();
  add_goal(*verb, o->goal);
  verb->add_option("POLICY", o->policy, "a file, constant:NAME, uniform, reference or logging")
      ->required()
      ->type_name("");
  verb->add_flag(
      "--not-trained-here", o->not_trained_here,
      "declare that policy and reference were not learnt from this log, where their files do not say");
  add_common(*verb, o->common);
  verb->callback([o, &status] {
    require_out(o->common);
    RunOptions options = run_options(o->common);
    options.not_trained_here = o->not_trained_here;
    const Evidence evidence = gate(read_goal(o->goal), o->policy, options);
    answer(o->common, evidence);
    status = status_of(evidence);
  });
}

}  // namespace plumb::cli
