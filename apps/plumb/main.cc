// The command line: one subcommand a verb, everything else is plumb/plumb.h. Exit status: 2 unusable input or
// environment, 70 a bug of ours; align 0 ship or keep, 3 experiment; gate 0 pass, 1 refuse, 3 inconclusive;
// else 0.
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "options.h"
#include "plumb/report.h"
#include "world.h"

namespace plumb::cli {
namespace {

struct VerbOptions {
  Common common;
  std::string goal, policy;
  std::vector<std::string> policies;
  bool lock = false, not_trained_here = false;
};

using Run = std::function<Evidence(const Goal&, const VerbOptions&, const RunOptions&)>;

std::shared_ptr<VerbOptions> add_verb(CLI::App& app, const char* name, const char* help, int& status,
                                      const Run& run) {
  auto* verb = app.add_subcommand(name, help);
  auto o = std::make_shared<VerbOptions>();
  verb->add_option("GOAL", o->goal, "the goal file")->required();
  add_common(*verb, o->common);
  verb->callback([o, run, name = std::string(name), &status] {
    require_out(o->common);
    const Goal goal = read_goal(o->goal);
    RunOptions options = run_options(o->common);
    options.not_trained_here = o->not_trained_here;
    const Evidence evidence = run(goal, *o, options);
    answer(o->common, evidence);
    if (name == "align") status = evidence.decision == "experiment" ? 3 : 0;
    if (name == "gate") status = evidence.verdict == "pass" ? 0 : evidence.verdict == "refuse" ? 1 : 3;
  });
  return o;
}

void add_report(CLI::App& app) {
  auto* verb = app.add_subcommand("report", "the report again, from a run's evidence");
  auto directory = std::make_shared<std::string>();
  verb->add_option("RUN", *directory, "a run directory")->required();
  verb->callback([directory] {
    std::map<std::string, std::string> files;
    const std::string path = *directory + "/evidence.json";
    std::ifstream in(path, std::ios::binary);
    if (!in) environment_error(path, "cannot be opened: expected the evidence of a run");
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    if (document.is_discarded()) refuse(path, "evidence", "no JSON", "the evidence of a run");
    const std::string page = render_html(document), aside = *directory + "/report.html.partial";
    std::ofstream out(aside, std::ios::binary);
    out << page;
    out.close();
    if (!out || std::rename(aside.c_str(), (*directory + "/report.html").c_str()) != 0) {
      std::remove(aside.c_str());
      environment_error(*directory, "cannot be written");
    }
    std::printf("%s\nReport: %s/report.html\n", render_text(document).c_str(), directory->c_str());
  });
}

int run(int argc, char** argv) {
  CLI::App app{"plumb: does what you optimize stand true to what you want?"};
  app.set_version_flag("--version", "plumb " + std::string(version()));
  app.require_subcommand(1);
  int status = 0;
  const auto check_options =
      add_verb(app, "check", "what the log holds, what it can show, what is wrong with it", status,
               [](const Goal& g, const VerbOptions& o, const RunOptions& r) {
                 return o.lock ? check_and_lock(g, r) : check(g, r);
               });
  app.get_subcommand("check")->add_flag("--lock", check_options->lock,
                                        "freeze goal, log and split seed into goal.lock");
  add_verb(app, "audit", "do the proxies stand for the goal, and how far may they be pushed", status,
           [](const Goal& g, const VerbOptions&, const RunOptions& r) { return audit(g, r); });
  add_verb(app, "train", "optimize a policy under the pressure budget and the constraints", status,
           [](const Goal& g, const VerbOptions&, const RunOptions& r) { return train(g, r); });
  const auto evaluate_options = add_verb(
      app, "evaluate", "value, interval and support of any policies", status,
      [](const Goal& g, const VerbOptions& o, const RunOptions& r) { return evaluate(g, o.policies, r); });
  app.get_subcommand("evaluate")
      ->add_option("POLICY", evaluate_options->policies, "a file, constant:NAME, uniform, reference or logging")
      ->required();
  const auto gate_options =
      add_verb(app, "gate", "may this policy ship? the exit status is the answer", status,
               [](const Goal& g, const VerbOptions& o, const RunOptions& r) { return gate(g, o.policy, r); });
  app.get_subcommand("gate")
      ->add_option("POLICY", gate_options->policy, "a file, constant:NAME, uniform, reference or logging")
      ->required();
  for (const auto& [name, options] :
       {std::pair("evaluate", evaluate_options), std::pair("gate", gate_options)}) {
    app.get_subcommand(name)->add_flag("--not-trained-here", options->not_trained_here,
                                       "declare that policy tables were not learnt from this log");
  }
  add_verb(app, "align", "the whole loop, ending in a decision", status,
           [](const Goal& g, const VerbOptions&, const RunOptions& r) { return align(g, r); });
  add_report(app);
  add_init(app);
  add_world(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return status;
}

}  // namespace
}  // namespace plumb::cli

int main(int argc, char** argv) {
  try {
    return plumb::cli::run(argc, argv);
  } catch (const plumb::Error& e) {
    std::fprintf(stderr, "plumb: %s\n", e.what());
    return e.code() == plumb::Code::kInternal ? 70 : 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "plumb: internal error: %s\n", e.what());
    return 70;
  }
}
