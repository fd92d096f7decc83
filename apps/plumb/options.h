// What every verb of the command line takes, and how its answer is given.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "plumb/plumb.h"

namespace plumb::cli {

struct Common {
  std::string log, out;
  bool json = false, quiet = false;
  int threads = 1;
  std::uint64_t seed = 1;
};

void add_common(CLI::App& verb, Common& common);
// Throws where --out cannot be used: said before the work, not after it.
void require_out(const Common& common);
RunOptions run_options(const Common& common);
// The text or the JSON to standard output; with --out the run directory too.
void answer(const Common& common, const Evidence& evidence);

}  // namespace plumb::cli
