// A pool of pairs is read as feedback that lacks its answers: each record is given one that means nothing, in
// place, so that names, texts, features and every refusal with its line are those of the feedback reader.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/csv.h"
#include "data/feedback_readers.h"
#include "plumb/next_pairs.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

std::string at_place(const std::string& name, const std::string& place) { return name + ":" + place; }

// Costs, which all records have or none.
class Costs {
 public:
  explicit Costs(const std::string& name) : name_(name) {}
  void add(const std::string& place, std::optional<double> cost, const std::string& shown) {
    if (!shown.empty() && !(cost && *cost > 0 && std::isfinite(*cost)))
      refuse(at_place(name_, place), "cost", shown, "a number > 0");
    if (records_ > 0 && cost.has_value() != !cost_.empty())
      refuse(at_place(name_, place), "cost", cost ? "one" : "none",
             cost ? "none, as in the records before" : "one, as in the records before");
    ++records_;
    if (cost) cost_.push_back(*cost);
  }
  std::vector<double> take() { return std::move(cost_); }

 private:
  std::string name_;
  std::size_t records_ = 0;
  std::vector<double> cost_;
};

[[noreturn]] void refuse_answer(const std::string& where) {
  refuse(where, "answer", "one", "none: what may be asked has no answer yet");
}

std::string answered_json(const TextSource& source, Costs& costs) {
  const std::string_view text = source.text();
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  const bool array = start != text.npos && text[start] == '[';
  JsonRecords records(text, array, source.name());
  const auto place = [&] {
    return array ? fmt::format("record {}", records.number()) : fmt::format("{}", records.line());
  };
  std::string out;
  std::size_t copied = 0;
  while (records.next()) {
    const std::string_view record = records.record();
    // Not strict: what is broken keeps its shape and is refused by the reader of feedback, in its words.
    const Json json = Json::parse(record, nullptr, false);
    if (!json.is_object() || json.empty()) continue;
    if (json.contains("answer") || json.contains("ranking")) refuse_answer(at_place(source.name(), place()));
    std::optional<double> cost;
    std::string shown;
    if (json.contains("cost")) {
      shown = json["cost"].dump();
      if (json["cost"].is_number()) cost = json["cost"].get<double>();
    }
    costs.add(place(), cost, shown);
    const auto end = static_cast<std::size_t>(record.data() - text.data()) + record.rfind('}');
    out.append(text.substr(copied, end - copied));
    out += ",\"answer\":\"tie\"";
    copied = end;
  }
  out.append(text.substr(copied));
  return out;
}

std::string answered_csv(const TextSource& source, Costs& costs) {
  const char separator = csv_dialect(source.text()).separator;
  CsvReader rows(source.text(), separator, source.name());
  std::string out;
  std::optional<std::size_t> cost_column;
  for (bool header = true; rows.next(); header = false) {
    out.append(rows.raw());
    out += separator;
    out += header ? "answer\n" : "tie\n";
    if (header) {
      for (std::size_t c = 0; c < rows.fields().size(); ++c) {
        if (rows.fields()[c] == "answer")
          refuse_answer(at_place(source.name(), fmt::format("{}", rows.line())));
        if (rows.fields()[c] == "cost") cost_column = c;
      }
      continue;
    }
    std::optional<double> cost;
    std::string shown;
    if (cost_column && *cost_column < rows.fields().size()) {
      const std::string_view field = rows.fields()[*cost_column];
      shown = '"' + std::string(field) + '"';
      double value = 0;
      const auto [stopped, error] = std::from_chars(field.data(), field.data() + field.size(), value);
      if (error == std::errc() && stopped == field.data() + field.size() && !field.empty()) cost = value;
    }
    costs.add(fmt::format("{}", rows.line()), cost, shown);
  }
  return out;
}

AskPool ask_pool_from(const TextSource& source, const FeedbackOptions& options) {
  std::string_view name = source.name();
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (source.text().find_first_not_of(" \t\r\n") == std::string_view::npos)
    refuse(source.name(), "pool", "an empty file", "at least one pair");
  Costs costs(source.name());
  const bool csv = name.ends_with(".csv") || name.ends_with(".tsv");
  const std::string answered = csv ? answered_csv(source, costs) : answered_json(source, costs);
  FeedbackOptions strict = options;
  strict.reject_up_to = 0;
  AskPool out;
  out.pairs = parse_feedback(answered, std::string(name), strict, nullptr);
  out.pairs.source = source.name();
  if (out.pairs.first.size() != out.pairs.judgements())
    refuse(source.name(), "pool", "records that are no pairs", "{\"prompt\", \"first\", \"second\"} in each");
  out.cost = costs.take();
  return out;
}

}  // namespace

AskPool read_ask_pool(const std::string& path, const FeedbackOptions& options) {
  return ask_pool_from(TextSource::read(path), options);
}

AskPool parse_ask_pool(std::string_view bytes, const std::string& name, const FeedbackOptions& options) {
  return ask_pool_from(TextSource::from_memory(bytes, name), options);
}

}  // namespace plumb
