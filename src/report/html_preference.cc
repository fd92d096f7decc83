// What people prefer: how good the reward model is, and what it promises against what held-out people say.
#include <fmt/format.h>

#include "plumb/report.h"
#include "report/format.h"
#include "report/fragments.h"

namespace plumb::report {

std::string preference_part(const Json& evidence) {
  const Json& preference = object(evidence, "preference");
  if (preference.empty()) return {};
  std::string out = paragraph(text(preference, "sentence"), "lead");
  const Json& unit = object(preference, "unit");
  out += paragraph(text(unit, "sentence")) + paragraph(text(unit, "careless_sentence"), "soft");
  Table table;
  table.headers = {"On people whom it did not learn from", "Estimate", "Without a preference"};
  const auto row = [&](const char* name, const char* member, const char* neutral) {
    table.rows.push_back({text_cell(name), number_cell(interval(range_of(object(preference, member)), false)),
                          text_cell(neutral)});
  };
  row("Share that the model gets right", "accuracy", "0.5");
  row("Log loss, nats", "log_loss", "0.693");
  row("Calibration slope (1: calibrated)", "calibration_slope", "0");
  row("Log-odds for the option shown first", "position", "0");
  out += table_html(table) + paragraph(text(preference, "position_sentence"), "soft");
  const Json& people = object(preference, "people");
  Table raters;
  raters.headers = {"Rater", "Comparisons", "Agrees with the others' model", ""};
  for (const Json& r : list(people, "raters")) {
    raters.rows.push_back({text_cell(text(r, "name")), number_cell(significant(number(r, "comparisons"))),
                           number_cell(significant(number(r, "agreement"))), text_cell(text(r, "note"))});
  }
  out += paragraph(text(people, "sentence"), "soft");
  if (!raters.rows.empty())
    out += "<details><summary>Raters who stand out</summary>" + table_html(raters) + "</details>\n";
  GoodhartLabels labels;
  labels.goal = "held-out people";
  labels.goal_unit = labels.proxy_unit = "log-odds";
  labels.band = "The band is simultaneous over the whole path; what the model promises has none.";
  Json drawn = preference;
  drawn["name"] = "the promise";
  const std::string wide = goodhart_svg(drawn, labels);
  labels.width = 350;
  const std::string narrow = goodhart_svg(drawn, labels);
  if (!wide.empty()) {
    out += "<h3 class=\"sub\">How far may it be pushed?</h3>" + paragraph(text(preference, "curve_sentence"));
    out += "<figure>" + wide + narrow + "</figure>\n";
  }
  return section_html("preference", "What people prefer", out);
}

}  // namespace plumb::report
