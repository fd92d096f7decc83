// The command line: a file a verb, everything else is plumb/plumb.h. Exit status: 2 unusable input or
// environment, 70 a bug of ours; align 0 ship or keep, 3 experiment; gate 0 pass, 1 refuse, 3 inconclusive;
// monitor 0 stands, 1 revoked, 3 undecided; else 0. Answers go to standard output, everything else to standard
// error; after an error standard output stays empty.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <new>

#include "options.h"
#include "verbs.h"

namespace plumb::cli {
namespace {

std::string expected_one_of(const std::string& word, const std::vector<std::string>& names) {
  const std::string nearest = nearest_name(word, names);
  return nearest.empty() ? fmt::format("one of {}", fmt::join(names, ", ")) : nearest + " (the nearest name)";
}

void refuse_unknown_verb(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (verb->get_name() == word) return;
    names.push_back(verb->get_name());
  }
  // Swapped letters are the usual slip, and far away by edit distance.
  const auto sorted = [](std::string text) {
    std::sort(text.begin(), text.end());
    return text;
  };
  for (const std::string& name : names)
    if (sorted(name) == sorted(word))
      refuse("command line", "verb", '"' + word + '"', name + " (the nearest name)");
  refuse("command line", "verb", '"' + word + '"', expected_one_of(word, names));
}

// CLI11's own words for what it could not read, but for options that it does not know: those get the nearest
// name.
[[noreturn]] void refuse_line(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const CLI::App& verb = chosen.empty() ? app : *chosen.front();
  const std::string where = chosen.empty() ? "command line" : verb.get_name(),
                    help = chosen.empty() ? "plumb" : "plumb " + where;
  std::vector<std::string> options;
  for (const CLI::Option* option : verb.get_options())
    for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
  for (const std::string& word : verb.remaining()) {
    if (!word.starts_with("-") || word == "-") continue;
    const std::string name = word.substr(0, word.find('='));
    refuse(where, "option", '"' + name + '"', expected_one_of(name, options));
  }
  for (const std::string& word : verb.remaining())
    refuse(where, "argument", '"' + word + '"', fmt::format("no further argument (see {} --help)", help));
  throw Error(Code::kInput, fmt::format("{}: {} (see {} --help)", where, error.what(), help));
}

int run(int argc, char** argv) {
  CLI::App app{"plumb: does what you optimize stand true to what you want?"};
  app.name("plumb");
  app.set_version_flag("--version", "plumb " + std::string(version()));
  app.require_subcommand(1);
  app.footer("plumb VERB --help says more. Exit status 2: unusable input or environment.");
  int status = kDone;
  add_check(app, status);
  add_init(app, status);
  add_reward(app, status);
  add_audit(app, status);
  add_train(app, status);
  add_evaluate(app, status);
  add_gate(app, status);
  add_monitor(app, status);
  add_align(app, status);
  add_report(app, status);
  add_world(app, status);
  add_feedback(app, status);
  if (argc > 1 && argv[1][0] != '-') refuse_unknown_verb(app, argv[1]);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    refuse_line(app, e);
  }
  return status;
}

}  // namespace
}  // namespace plumb::cli

int main(int argc, char** argv) {
  using namespace plumb;
  // A file that grows beyond a limit is an error like a full disk, not the end of the program.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return cli::run(argc, argv);
  } catch (const Error& e) {
    std::fprintf(stderr, "plumb: %s\n", e.what());
    return e.code() == Code::kInternal ? cli::kBug : cli::kUnusable;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "plumb: memory: found too little, expected room for the whole log\n");
    return cli::kUnusable;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "plumb: internal error: %s\n", e.what());
    return cli::kBug;
  }
}
