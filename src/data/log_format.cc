// Which of the formats of decision logs a text is in.
#include "data/flat_rows.h"
#include "data/json_value.h"
#include "data/readers.h"
#include "data/vw_line.h"

namespace plumb {

namespace {

bool is_dsjson(std::string_view line) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  // What is no object is no dsjson either; the reader of JSON lines will say what it is.
  if (parser.parse(line.data(), line.size()).get(object)) return false;
  for (const char* key : {"_label_cost", "_label_Action", "_label_probability"})
    if (object[key].error() == simdjson::SUCCESS) return true;
  // An observation that lost its decision.
  if (object["RewardValue"].error() == simdjson::SUCCESS && object["EventId"].error() == simdjson::SUCCESS)
    return true;
  return object["c"]["_multi"].error() == simdjson::SUCCESS;
}

}  // namespace

LogFormat log_format_of(const TextSource& source) {
  const Format plain = format_of(source);
  std::string_view name = source.name();
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (name.ends_with(".csv") || name.ends_with(".tsv")) return LogFormat::kCsv;
  if (name.ends_with(".dsjson")) return LogFormat::kDsjson;
  if (name.ends_with(".vw")) return LogFormat::kVwText;
  std::string_view text = source.text();
  text.remove_prefix(text.find_first_not_of(" \t\r\n"));  // format_of has found something
  // A decision service marks its logs in lines of its own: "[CHECKPOINT ...]".
  if (const std::size_t brace = text.find("\n{"); text.front() == '[' && brace != std::string_view::npos) {
    const std::string_view rows = text.substr(brace + 1);
    if (is_dsjson(rows.substr(0, rows.find('\n')))) return LogFormat::kDsjson;
  }
  const std::string_view line = text.substr(0, text.find('\n'));
  if (text.front() == '{') return is_dsjson(line) ? LogFormat::kDsjson : LogFormat::kJsonLines;
  if (plain == Format::kCsv && starts_vw_text(line)) return LogFormat::kVwText;
  return plain == Format::kCsv ? LogFormat::kCsv : LogFormat::kJsonLines;
}

}  // namespace plumb
