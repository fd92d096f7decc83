// The verbs, a file each. add_NAME declares the verb's arguments; when the whole command line is understood,
// its callback does the work and leaves the exit status in `status`. Errors are thrown (main.cc says them).
#pragma once

#include <CLI/CLI.hpp>

namespace plumb::cli {

void add_check(CLI::App& app, int& status);
void add_init(CLI::App& app, int& status);
void add_reward(CLI::App& app, int& status);
void add_audit(CLI::App& app, int& status);
void add_train(CLI::App& app, int& status);
void add_evaluate(CLI::App& app, int& status);
void add_gate(CLI::App& app, int& status);
void add_monitor(CLI::App& app, int& status);
void add_align(CLI::App& app, int& status);
void add_report(CLI::App& app, int& status);
void add_world(CLI::App& app, int& status);
void add_feedback(CLI::App& app, int& status);

}  // namespace plumb::cli
