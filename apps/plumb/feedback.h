// What the verbs under `plumb feedback` share: how a file is read, and how numbers stand in the answer.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "plumb/feedback.h"
#include "plumb/feedback_study.h"

namespace plumb::cli {

struct FeedbackArguments {
  std::string file;
  std::vector<std::string> columns;  // ROLE=NAME
  std::vector<std::string> answers;  // CODE=first|second|tie, several with commas
  bool accept_nan = false, json = false, quiet = false;
  std::optional<double> reject_up_to;
  std::optional<std::uint64_t> threads, seed;

  FeedbackOptions reading() const;  // throws for a --column or --answer of another form
  int thread_count() const;
  std::uint64_t seed_or_default() const { return seed.value_or(1); }
};

// Adds FILE, --column, --answer, --accept-nan, --reject-up-to, --threads, --seed, --json and --quiet.
void add_feedback_arguments(CLI::App& verb, FeedbackArguments& to);
// Throws where words are left that the verb does not know, with the nearest option. Called first in its
// callback.
void refuse_extras(const CLI::App& verb);

struct ReadFeedback {
  Feedback feedback;
  FeedbackReport report;
};
ReadFeedback read(const FeedbackArguments& arguments);
// What the reader rejected and what it noted, as lines of text (empty where there is nothing) and as JSON.
std::string reading_text(const FeedbackReport& report);
nlohmann::ordered_json reading_json(const FeedbackReport& report);

std::string grouped(std::uint64_t count);                                     // 65,003
std::string counted(std::uint64_t count, const char* one, const char* many);  // "1 rater", "65,003 raters"
std::string share_text(double share);                                         // "12.3 %"
// A name from the file, safe on a terminal and not too long: control characters become "?".
std::string visible(std::string_view name);
// The name of an item where people chose one, else the start of its text.
std::string item_text(const Feedback& feedback, std::uint32_t item);

// Writes `text` to a file aside and renames it to `path`, so that there is never half a file. Throws
// Error{kEnvironment}.
void write_aside(const std::string& path, const std::string& text);

// The verbs, each in a file of its own.
void add_feedback_check(CLI::App& feedback, int& status);
void add_feedback_stats(CLI::App& feedback, int& status);
void add_feedback_import(CLI::App& feedback, int& status);
void add_feedback_next(CLI::App& feedback, int& status);

}  // namespace plumb::cli
