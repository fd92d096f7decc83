#include "options.h"

#include <unistd.h>

#include <cstdio>
#include <thread>

#include "plumb/report.h"

namespace plumb::cli {

void add_common(CLI::App& verb, Common& common) {
  common.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  verb.add_option("--log", common.log, "the decision log, instead of the goal file's");
  verb.add_option("--out", common.out,
                  "write the run here (an existing directory is replaced only if it is a run's)");
  verb.add_option("--threads", common.threads, "threads; the answer does not depend on them")
      ->check(CLI::Range(1, 1024));
  verb.add_option("--seed", common.seed, "split seed: which units learn and which certify");
  verb.add_flag("--json", common.json, "the evidence as JSON");
  verb.add_flag("--quiet", common.quiet, "no progress");
}

void require_out(const Common& common) {
  if (!common.out.empty()) require_run_directory(common.out);
}

RunOptions run_options(const Common& common) {
  RunOptions out;
  out.log = common.log;
  out.seed = common.seed;
  out.threads = common.threads;
  if (!common.quiet && isatty(STDERR_FILENO)) {
    out.progress = [](std::string_view stage, std::uint64_t done, std::uint64_t total) {
      constexpr std::uint64_t kWidth = 24;
      const std::uint64_t full = total > 0 ? kWidth * done / total : 0;
      std::string bar(full, '=');
      bar.resize(kWidth, ' ');
      std::fprintf(stderr, "\r\033[K[%s] %.*s", bar.c_str(), static_cast<int>(stage.size()), stage.data());
      if (done == total) std::fprintf(stderr, "\r\033[K");
      std::fflush(stderr);
    };
  }
  return out;
}

void answer(const Common& common, const Evidence& evidence) {
  if (!common.out.empty()) write_run(common.out, run_files(evidence));
  const std::string& text = common.json ? evidence.json : evidence.text;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
    environment_error("standard output", "cannot be written");
  if (!common.out.empty() && !common.json) std::printf("\nReport: %s/report.html\n", common.out.c_str());
  if (std::fflush(stdout) != 0) environment_error("standard output", "cannot be written");
}

}  // namespace plumb::cli
