#include "options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <thread>

#include "plumb/report.h"
#include "progress.h"

namespace plumb::cli {
namespace {

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", text); }

template <class Number>
bool read_all(const std::string& text, Number& value) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stopped == end && !text.empty();
}

CLI::Option* add_parsed(CLI::App& verb, const std::string& name, const std::string& type,
                        const std::string& help, const std::function<void(const std::string&)>& parse) {
  return verb.add_option_function<std::string>(name, parse, help)->type_name(type);
}

}  // namespace

void add_text(CLI::App& verb, const std::string& name, std::optional<std::string>& to, const std::string& type,
              const std::string& help) {
  add_parsed(verb, name, type, help, [&to, name](const std::string& text) {
    if (text.empty()) refuse(name, "value", "an empty text", "a name");
    to = text;
  });
}

void add_whole(CLI::App& verb, const std::string& name, std::optional<std::uint64_t>& to, std::uint64_t least,
               std::uint64_t most, const std::string& help) {
  add_parsed(verb, name, "N", help, [&to, name, least, most](const std::string& text) {
    std::uint64_t value = 0;
    if (!read_all(text, value) || value < least || value > most)
      refuse(name, "value", in_quotes(text), fmt::format("a whole number from {} to {}", least, most));
    to = value;
  });
}

void add_number(CLI::App& verb, const std::string& name, std::optional<double>& to, const std::string& help) {
  add_parsed(verb, name, "X", help, [&to, name](const std::string& text) {
    double value = 0;
    if (!read_all(text, value) || !std::isfinite(value)) refuse(name, "value", in_quotes(text), "a number");
    to = value;
  });
}

void add_common(CLI::App& verb, Common& common) {
  add_text(verb, "--log", common.log, "FILE", "the decision log, instead of the goal file's");
  add_text(verb, "--out", common.out, "DIR", "write the run here: evidence.json, report.html, policies");
  add_whole(verb, "--threads", common.threads, 1, 1024,
            "threads (default: all); the answer is the same for any number");
  add_whole(verb, "--seed", common.seed, 0, UINT64_MAX, "seed (default: 1): which units learn, which certify");
  add_text(verb, "--cache", common.cache, "auto|always|never",
           "keep the log's columns beside it for the next run (auto: for logs of 256 MiB and more)");
  verb.add_flag("--json", common.json, "the answer as JSON");
  verb.add_flag("--quiet", common.quiet, "no progress and no hints");
}

void add_goal(CLI::App& verb, std::string& goal) {
  verb.add_option("GOAL", goal, "the goal file")->required()->type_name("");
}

void add_column(CLI::App& verb, std::vector<std::string>& to, const std::string& help) {
  verb.add_option("--column", to, help)->type_name("ROLE=NAME")->allow_extra_args(false);
}

std::pair<std::string, std::string> role_and_name(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    refuse("--column", "value", in_quotes(text), "ROLE=NAME, as in rater=worker");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

void refuse_option(const std::string& verb, const char* option, const std::optional<std::string>& given,
                   const char* why) {
  if (given) refuse(verb, option, in_quotes(*given), std::string("none: ") + why);
}

void require_out(const Common& common) {
  if (common.out) require_run_directory(*common.out);
}

RunOptions run_options(const Common& common) {
  RunOptions out;
  out.log = common.log.value_or("");
  out.seed = common.seed.value_or(1);
  // 0: the machine does not say how many it has.
  const std::uint64_t all = std::max(1u, std::thread::hardware_concurrency());
  out.threads = static_cast<int>(common.threads.value_or(all));
  if (!common.quiet) {
    out.progress = progress_bar();
    out.message = [](std::string_view sentence) { fmt::print(stderr, "{}\n", sentence); };
  }
  const std::string cache = common.cache.value_or("auto");
  if (cache != "auto" && cache != "always" && cache != "never")
    refuse("--cache", "value", in_quotes(cache), "auto, always or never");
  out.cache = cache == "always"  ? CacheUse::kAlways
              : cache == "never" ? CacheUse::kNever
                                 : CacheUse::kLargeLogs;
  return out;
}

void print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) environment_error("standard output", "cannot be written");
}

void answer(const Common& common, const Evidence& evidence, const std::string& keep,
            const std::string& heading) {
  if (common.out) write_run(*common.out, run_files(evidence));
  if (common.json) {
    print(evidence.json);
  } else {
    print(heading + evidence.text);
    if (common.out) print(fmt::format("\nReport: {}/report.html\n", *common.out));
  }
  if (!common.out && !keep.empty() && !common.quiet)
    fmt::print(stderr, "Nothing was written: --out DIR keeps {}.\n", keep);
}

}  // namespace plumb::cli
