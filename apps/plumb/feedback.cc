// plumb feedback check|stats|import|next FILE
#include "feedback.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "options.h"
#include "verbs.h"

namespace plumb::cli {
namespace {

constexpr std::size_t kLongestName = 60;

std::string nearest_or_all(const std::string& word, const std::vector<std::string>& names) {
  const std::string nearest = nearest_name(word, names);
  return nearest.empty() ? fmt::format("one of {}", fmt::join(names, ", ")) : nearest + " (the nearest name)";
}

std::pair<std::string, Answer> code_and_answer(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  const std::string answer = equals == std::string::npos || equals == 0 ? "" : text.substr(equals + 1);
  for (const auto& [word, meaning] : {std::pair("first", Answer::kFirst), std::pair("second", Answer::kSecond),
                                      std::pair("tie", Answer::kTie)})
    if (answer == word) {
      const bool quoted = equals > 2 && text[0] == '"' && text[equals - 1] == '"';
      return {quoted ? text.substr(1, equals - 2) : text.substr(0, equals), meaning};
    }
  refuse("--answer", "value", '"' + text + '"', "CODE=first, CODE=second or CODE=tie, as in 0=first,1=second");
}

}  // namespace

FeedbackOptions FeedbackArguments::reading() const {
  FeedbackOptions out;
  out.accept_nan = accept_nan;
  out.reject_up_to = reject_up_to.value_or(0);
  for (const std::string& column : columns) out.columns.push_back(role_and_name(column));
  for (const std::string& list : answers)
    for (std::size_t start = 0; start <= list.size();) {
      // A code in quotation marks may hold commas.
      const std::size_t quoted =
          start < list.size() && list[start] == '"' ? list.find("\"=", start + 1) : start;
      const std::size_t end =
          std::min(list.find(',', quoted == std::string::npos ? start : quoted), list.size());
      out.answers.push_back(code_and_answer(list.substr(start, end - start)));
      start = end + 1;
    }
  return out;
}

int FeedbackArguments::thread_count() const {
  return static_cast<int>(threads.value_or(std::max(1u, std::thread::hardware_concurrency())));
}

void add_feedback_arguments(CLI::App& verb, FeedbackArguments& to) {
  verb.add_option("FILE", to.file, "judgements: .jsonl, .json, .csv, .tsv, each also .gz")
      ->required()
      ->type_name("");
  add_column(verb, to.columns, "which key or column plays a role, as in rater=worker; may stand again");
  verb.add_option("--answer", to.answers,
                  "what the codes of answers mean, as in 0=first,1=second,2=tie; may stand again")
      ->type_name("CODE=ANSWER,...")
      ->allow_extra_args(false);
  verb.footer(fmt::format(
      "Roles for --column: {}.\nAnswers are first, second or tie (a, b, tie), the name of the column that won, "
      "or the number or letter that it ends in\n(response_0 and response_1), or the item that won; other codes "
      "need --answer.",
      fmt::join(feedback_roles(), ", ")));
  verb.add_flag("--accept-nan", to.accept_nan, "read a bare NaN in JSON as null");
  add_number(verb, "--reject-up-to", to.reject_up_to,
             "share of bad records to count instead of refusing (default: 0)");
  add_whole(verb, "--threads", to.threads, 1, 1024,
            "threads (default: all); the answer is the same for any number");
  add_whole(verb, "--seed", to.seed, 0, UINT64_MAX, "seed (default: 1)");
  verb.add_flag("--json", to.json, "the answer as JSON");
  verb.add_flag("--quiet", to.quiet, "no hints");
  verb.allow_extras();  // to refuse them with the nearest name, where the verb runs
}

void refuse_extras(const CLI::App& verb) {
  const std::string where = "feedback " + verb.get_name();
  std::vector<std::string> options;
  for (const CLI::Option* option : verb.get_options())
    for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
  for (const std::string& word : verb.remaining()) {
    if (word.size() < 2 || word[0] != '-') continue;
    const std::string name = word.substr(0, word.find('='));
    refuse(where, "option", '"' + name + '"', nearest_or_all(name, options));
  }
  for (const std::string& word : verb.remaining())
    refuse(where, "argument", '"' + word + '"',
           fmt::format("no further argument (see plumb {} --help)", where));
}

ReadFeedback read(const FeedbackArguments& arguments) {
  ReadFeedback out;
  out.feedback = read_feedback(arguments.file, arguments.reading(), &out.report);
  return out;
}

std::string reading_text(const FeedbackReport& report) {
  std::string out;
  if (report.rejected > 0) {
    out += fmt::format("Rejected: {} of {}.\n", grouped(report.rejected),
                       counted(report.records, "record", "records"));
    for (const std::string& rejection : report.rejections) out += "  " + visible(rejection) + "\n";
  }
  for (const std::string& note : report.notes) out += "Note: " + note + "\n";
  return out;
}

nlohmann::ordered_json reading_json(const FeedbackReport& report) {
  return {{"bytes", report.bytes},
          {"records", report.records},
          {"rejected", report.rejected},
          {"rejections", report.rejections},
          {"notes", report.notes}};
}

std::string grouped(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return grouped(count) + " " + (count == 1 ? one : many);
}

std::string share_text(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string visible(std::string_view name) {
  std::string out;
  std::size_t characters = 0;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool starts = (byte & 0xc0) != 0x80;
    if (starts && ++characters > kLongestName) return out + "...";
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return out;
}

std::string item_text(const Feedback& feedback, std::uint32_t item) {
  const std::string& text = feedback.text[item];
  return '"' + visible(text.empty() ? feedback.item[item] : text) + '"';
}

void write_aside(const std::string& path, const std::string& text) {
  namespace fs = std::filesystem;
  const std::string aside = path + ".part";
  std::error_code error;
  {
    std::ofstream out(aside, std::ios::binary);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out) {
      fs::remove(aside, error);
      environment_error(path, "cannot be written");
    }
  }
  fs::rename(aside, path, error);
  if (error) {
    std::error_code ignored;
    fs::remove(aside, ignored);
    environment_error(path, "cannot be written: " + error.message());
  }
}

void add_feedback(CLI::App& app, int& status) {
  CLI::App* feedback = app.add_subcommand("feedback",
                                          "what people said: check a file, look at the people in it, "
                                          "convert it, choose what to ask next");
  feedback->require_subcommand(0, 1)->allow_extras();
  add_feedback_check(*feedback, status);
  add_feedback_stats(*feedback, status);
  add_feedback_import(*feedback, status);
  add_feedback_next(*feedback, status);
  feedback->callback([feedback] {
    if (!feedback->get_subcommands().empty()) return;
    std::vector<std::string> names;
    for (const CLI::App* verb : feedback->get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(verb->get_name());
    const std::vector<std::string> words = feedback->remaining();
    if (words.empty()) refuse("feedback", "verb", "nothing", fmt::format("one of {}", fmt::join(names, ", ")));
    refuse("feedback", "verb", '"' + words.front() + '"', nearest_or_all(words.front(), names));
  });
  feedback->footer("plumb feedback VERB --help says more.");
}

}  // namespace plumb::cli
