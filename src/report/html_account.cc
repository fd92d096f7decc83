// The account: what decided and what would, how the policy was trained, the data, what is assumed, where it
// comes from.
#include <fmt/format.h>

#include "report/format.h"
#include "report/fragments.h"

namespace plumb::report {
namespace {

std::string listed(const std::string& items) {
  return items.empty() ? items : "<ul class=\"plain\">" + items + "</ul>\n";
}

std::string item(const std::string& name, const std::string& word, const std::string& detail,
                 const std::string& more = "") {
  return fmt::format("<li><div class=\"head\"><h3>{}</h3>{}</div>{}{}</li>\n", escape(name), badge(word),
                     paragraph(detail, "soft"),
                     more.empty() ? "" : "<span class=\"need num\">" + more + "</span>");
}

std::string outcomes_table(const Json& data) {
  Table table;
  table.headers = {"Outcome", "Kind", "Observed", "Missing", "Too young", "Mean"};
  for (const Json& o : list(data, "outcomes")) {
    table.rows.push_back(
        {text_cell(text(o, "name")), text_cell(text(o, "kind")),
         number_cell(significant(number(o, "observed"))), number_cell(significant(number(o, "missing"))),
         number_cell(significant(number(o, "immature"))), number_cell(significant(number(o, "mean")))});
  }
  return table.rows.empty() ? std::string() : table_html(table);
}

std::string models_table(const Json& evidence) {
  Table table;
  table.headers = {"Outcome model", "Method", "Calibration slope", "Held-out R\u00b2"};
  for (const Json& m : list(evidence, "models")) {
    table.rows.push_back({text_cell(text(m, "outcome")), text_cell(text(m, "method")),
                          number_cell(significant(number(m, "calibration_slope"))),
                          number_cell(significant(number(m, "held_out_r2")))});
    table.notes.push_back(escape(text(m, "sentence")));
  }
  return table.rows.empty() ? std::string() : table_html(table);
}

std::string row(const std::string& term, const std::string& what) {
  return what.empty() ? what : fmt::format("<dt>{}</dt><dd>{}</dd>", escape(term), escape(what));
}

}  // namespace

std::string reasons_part(const Json& evidence) {
  std::string items;
  for (const Json& r : list(evidence, "reasons")) {
    std::string need = typeset(more_decisions(number(r, "decisions_needed"), number(r, "weeks_needed")));
    if (!need.empty()) need += " would decide.";
    items += item(text(r, "check"), text(r, "verdict"), text(r, "detail"), need);
  }
  return section_html("reasons", "What decided, and what more data would decide", listed(items));
}

std::string training_part(const Json& evidence) {
  const Json& training = object(evidence, "training");
  Table signals;
  signals.headers = {"Trained on", "KL, nats", "Held-out gain", "Lower end", ""};
  for (const Json& s : list(training, "signals")) {
    const auto value = number(s, "value"), lower = number(s, "lower");
    signals.rows.push_back(
        {text_cell(text(s, "signal")),
         number_cell(significant(number(s, "kl"))),
         number_cell(value ? signed_number(*value) : "no number"),
         number_cell(lower ? signed_number(*lower) : "no number"),
         {flag(s, "chosen") ? badge("pass").replace(badge("pass").find("pass</span>"), 4, "chosen")
                            : std::string(),
          false}});
  }
  Table multipliers;
  multipliers.headers = {"Constraint in training", "Multiplier", "Slack kept for certification"};
  for (const Json& c : list(training, "constraints")) {
    multipliers.rows.push_back({text_cell(text(c, "id")), number_cell(significant(number(c, "multiplier"))),
                                number_cell(significant(number(c, "slack")))});
  }
  std::string out = paragraph(text(training, "sentence"), "lead");
  if (!signals.rows.empty()) out += table_html(signals);
  if (!multipliers.rows.empty()) out += table_html(multipliers);
  return section_html("training", "How the policy was trained", out);
}

std::string data_part(const Json& evidence) {
  const Json& data = object(evidence, "data");
  std::string sentence;
  if (const auto n = number(data, "decisions")) {
    sentence = significant(*n) + " decisions";
    if (const auto units = number(data, "units")) sentence += " of " + significant(*units) + " units";
    if (const auto actions = number(data, "actions")) sentence += ", " + significant(*actions) + " actions";
    if (const auto weeks = number(data, "weeks")) sentence += ", over " + significant(*weeks) + " weeks";
    if (const auto rejected = number(data, "rejected"))
      sentence += ", " + significant(*rejected) + " rows rejected";
    if (const std::string log = text(data, "log"); !log.empty()) sentence += ", from " + log;
    sentence += ".";
  }
  std::string findings;
  for (const Json& f : list(data, "findings")) {
    const std::string severity = text(f, "severity");
    findings += item(text(f, "check"),
                     severity == "cap"    ? "inconclusive"
                     : severity == "info" ? ""
                                          : severity,
                     text(f, "sentence"));
  }
  for (const Json& note : list(data, "notes")) {
    if (note.is_string()) findings += "<li>" + escape(note.get<std::string>()) + "</li>";
  }
  return section_html(
      "data", "The data",
      paragraph(sentence, "lead num") + outcomes_table(data) + listed(findings) + models_table(evidence));
}

std::string assumptions_part(const Json& evidence) {
  Table table;
  table.headers = {"Assumption", "What it says here", "Status"};
  for (const Json& a : list(evidence, "assumptions")) {
    table.rows.push_back(
        {text_cell(text(a, "name")), text_cell(text(a, "detail")), {badge(text(a, "status")), false}});
  }
  if (table.rows.empty()) return {};
  return section_html("assumptions", "What this stands on",
                      paragraph("Tested: the data were asked and did not object. Declared: somebody said so. "
                                "Untestable: no data of this kind could tell.",
                                "lead") +
                          table_html(table));
}

std::string provenance_part(const Json& evidence) {
  const Json& p = object(evidence, "provenance");
  const auto seed = number(p, "split_seed");
  const std::string hash =
      text(evidence, "goal_hash").empty() ? text(p, "goal_hash") : text(evidence, "goal_hash");
  std::string rows =
      row("goal hash", hash) + row("log digest", text(p, "log_digest")) +
      row("split seed", seed ? fmt::format("{:.0f}", *seed) : "") +
      row("plumb", text(evidence, "plumb").empty() ? text(p, "version") : text(evidence, "plumb"));
  for (const auto& [name, value] : object(p, "options").items()) {
    rows += row(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  const std::string look = text(object(evidence, "look"), "sentence");
  if (rows.empty() && look.empty()) return {};
  return paragraph(look) + (rows.empty() ? "" : "<dl class=\"num\">" + rows + "</dl>\n");
}

}  // namespace plumb::report
