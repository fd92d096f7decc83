// From a path to judgements.
#include "plumb/feedback.h"

#include "data/feedback_readers.h"
#include "data/rows.h"

namespace plumb {

namespace {

bool is_json(const TextSource& source) {
  std::string_view name = source.name();
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (name.ends_with(".csv") || name.ends_with(".tsv")) return false;
  if (name.ends_with(".json") || name.ends_with(".jsonl") || name.ends_with(".ndjson")) return true;
  const char first = source.text()[source.text().find_first_not_of(" \t\r\n")];
  return first == '{' || first == '[';
}

Feedback feedback_from(const TextSource& source, const FeedbackOptions& options, FeedbackReport* report) {
  if (!(options.reject_up_to >= 0 && options.reject_up_to < 1))
    refuse(source.name(), "reject_up_to", print_number(options.reject_up_to), "a share in [0, 1)");
  if (source.text().find_first_not_of(" \t\r\n") == std::string_view::npos)
    refuse(source.name(), "file", source.text().empty() ? "an empty file" : "only white space",
           "at least one judgement");
  if (report != nullptr) *report = {};
  Feedback feedback = is_json(source) ? json_feedback_from(source, options, report)
                                      : csv_feedback_from(source, options, report);
  if (report != nullptr) report->bytes = source.file_bytes();
  return feedback;
}

}  // namespace

Feedback read_feedback(const std::string& path, const FeedbackOptions& options, FeedbackReport* report) {
  return feedback_from(TextSource::read(path), options, report);
}

Feedback parse_feedback(std::string_view bytes, const std::string& name, const FeedbackOptions& options,
                        FeedbackReport* report) {
  return feedback_from(TextSource::from_memory(bytes, name), options, report);
}

}  // namespace plumb
