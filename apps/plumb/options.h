// What every verb of the command line takes, and how its answer is given.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plumb/plumb.h"

namespace plumb::cli {

// The exit statuses that are no verdict.
inline constexpr int kDone = 0, kUnusable = 2, kBug = 70;

struct Common {
  std::optional<std::string> log, out, cache;
  bool json = false, quiet = false;
  std::optional<std::uint64_t> threads, seed;  // default: all of the machine's, and 1
};

// Adds --log, --out, --threads, --seed, --json and --quiet.
void add_common(CLI::App& verb, Common& common);
// The GOAL argument of most verbs, and what belongs to it.
void add_goal(CLI::App& verb, std::string& goal);

// Options with one value. Throw Error{kInput} with the option's name for anything but one such value.
void add_text(CLI::App& verb, const std::string& name, std::optional<std::string>& to, const std::string& type,
              const std::string& help);
void add_whole(CLI::App& verb, const std::string& name, std::optional<std::uint64_t>& to, std::uint64_t least,
               std::uint64_t most, const std::string& help);
void add_number(CLI::App& verb, const std::string& name, std::optional<double>& to, const std::string& help);

// Adds --column ROLE=NAME, which may stand again.
void add_column(CLI::App& verb, std::vector<std::string>& to, const std::string& help);
// Its two halves. Throws Error{kInput} where the text is not of that form.
std::pair<std::string, std::string> role_and_name(const std::string& text);

// Throws where `given` is there: a verb or a form of it that has no use for an option says so.
void refuse_option(const std::string& verb, const char* option, const std::optional<std::string>& given,
                   const char* why);

// Throws where --out cannot be used: said before the work, not after it.
void require_out(const Common& common);
RunOptions run_options(const Common& common);

// Writes all of `text` to standard output. Throws Error{kEnvironment} where it is full or closed.
void print(std::string_view text);
// The run directory where --out asks for one, then the text (under `heading`) or the JSON to standard output.
// `keep`: what --out would have kept; without --out a line on standard error says so, unless empty or --quiet.
void answer(const Common& common, const Evidence& evidence, const std::string& keep = "",
            const std::string& heading = "");

}  // namespace plumb::cli
