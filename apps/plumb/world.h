#pragma once

#include <CLI/CLI.hpp>

namespace plumb::cli {

// `plumb world NAME --out DIR`: a simulated world's log and goal file.
void add_world(CLI::App& app);
// `plumb init TEMPLATE DIR`: a working project, the goal file of an example and, where a world exists, a small
// log.
void add_init(CLI::App& app);

}  // namespace plumb::cli
