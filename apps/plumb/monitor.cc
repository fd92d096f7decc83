// plumb monitor GOAL LOG: does the certificate still hold? the exit status is the answer.
#include <filesystem>
#include <memory>

#include "options.h"
#include "verbs.h"

namespace plumb::cli {
namespace {

struct Options {
  Common common;
  std::string goal, later;
  std::optional<std::string> run, policy, as_of;
};

constexpr int kRevoked = 1, kUndecided = 3;

int status_of(const Evidence& evidence) {
  if (evidence.decision == "stands") return kDone;
  if (evidence.decision == "revoked") return kRevoked;
  PLUMB_ASSERT(evidence.decision == "undecided");
  return kUndecided;
}

}  // namespace

void add_monitor(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("monitor", "does a certificate still hold on a later log?");
  verb->footer(
      "GOAL names the log of the certificate, LOG a later one. Exit status: 0 the certificate stands, 1 "
      "revoked, "
      "3 the later log cannot tell, 2 unusable input or environment.");
  const auto o = std::make_shared<Options>();
  add_goal(*verb, o->goal);
  verb->add_option("LOG", o->later, "the later decision log")->required()->type_name("");
  add_text(*verb, "--run", o->run, "DIR",
           "align's run directory, which holds the certificate (default: plumb-run)");
  add_text(*verb, "--policy", o->policy, "POLICY",
           "a policy instead of a run's: a file, constant:NAME or uniform");
  add_text(*verb, "--as-of", o->as_of, "TIME",
           "when the later log was read, for late outcomes (default: its latest time)");
  add_common(*verb, o->common);
  verb->get_option("--log")->description("the log of the certificate, instead of the goal file's");
  verb->get_option("--seed")->description(
      "split seed, beside --policy (default: 1; a run's is in its certificate)");
  verb->callback([o, &status] {
    require_out(o->common);
    if (o->run && o->policy)
      refuse("monitor", "--policy", '"' + *o->policy + '"', "none beside --run: the run names its policy");
    if (o->common.seed && !o->policy)
      refuse("monitor", "--seed", std::to_string(*o->common.seed),
             "none: the rows that the certificate was not learnt from are those of its own seed");
    std::error_code unknown;
    const std::string run = o->run.value_or("plumb-run");
    if (o->common.out && !o->policy && std::filesystem::equivalent(*o->common.out, run, unknown))
      refuse("monitor", "--out", '"' + *o->common.out + '"',
             "another directory than --run: it holds the certificate");
    Certified certified;
    if (o->run) certified.run = *o->run;
    certified.policy = o->policy.value_or("");
    certified.as_of = o->as_of.value_or("");
    const Evidence evidence = monitor(read_goal(o->goal), o->later, certified, run_options(o->common));
    answer(o->common, evidence);
    status = status_of(evidence);
  });
}

}  // namespace plumb::cli
