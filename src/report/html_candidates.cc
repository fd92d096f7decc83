// Everything that was compared: a forest plot of the gains, then a table with the numbers and the reasons.
#include <fmt/format.h>

#include "report/format.h"
#include "report/fragments.h"

namespace plumb::report {
namespace {

Cell range_cell(const Range& r, bool difference) {
  if (!r.any()) return {"<span class=\"soft\">no number</span>", true};
  const std::string all = interval(r, difference);
  const std::size_t bracket = all.find(" [");
  if (bracket == std::string::npos) return number_cell(all);
  return {fmt::format("<span class=\"estimate\">{}</span><span class=\"ends\">{}</span>",
                      typeset(all.substr(0, bracket)), typeset(all.substr(bracket + 1))),
          true};
}

Cell name_cell(const Json& c, const std::string& recommended) {
  const std::string name = text(c, "name"), kind = text(c, "kind"), signal = text(c, "signal"),
                    rows = text(c, "rows");
  std::string more = kind;
  if (!signal.empty() && signal != kind) more += (more.empty() ? "" : ", ") + ("trained on " + signal);
  if (!rows.empty()) more += (more.empty() ? "" : ", ") + (rows == "all" ? "all rows" : rows);
  std::string html = escape(name);
  if (!recommended.empty() && name == recommended) html += " <span class=\"badge pass\">recommended</span>";
  if (!more.empty()) html += "<small>" + escape(more) + "</small>";
  return {html, false};
}

}  // namespace

std::string candidates_part(const Json& evidence) {
  const Json& candidates = list(evidence, "candidates");
  if (candidates.empty()) return {};
  const Json& goal = object(evidence, "goal");
  const std::string recommended = text(object(evidence, "recommended"), "policy");
  const std::string unit = text(goal, "unit");

  Forest forest;
  forest.title = "Gain of every candidate over the reference, with intervals";
  forest.axis = "gain over the reference" + (unit.empty() ? "" : ", " + unit);
  if (const auto effect = number(goal, "minimum_effect"); effect && *effect > 0) forest.minimum = effect;
  Table table;
  table.headers = {"Policy", "KL, nats", "Goal", "Gain over reference", "Gain over best constant",
                   "ESS",    "Verdict"};
  for (const Json& c : candidates) {
    const std::string name = text(c, "name");
    if (text(c, "kind") != "reference") {
      forest.rows.push_back({name, range(c, "versus_reference"), text(c, "verdict"), false,
                             !recommended.empty() && name == recommended});
    }
    const auto kl = number(c, "kl"), ess = number(object(c, "goal"), "ess");
    table.rows.push_back({name_cell(c, recommended),
                          number_cell(significant(kl)),
                          range_cell(range(c, "goal"), false),
                          range_cell(range(c, "versus_reference"), true),
                          range_cell(range(c, "versus_best_constant"), true),
                          number_cell(significant(ess)),
                          {badge(text(c, "verdict")), false}});
    table.notes.push_back(escape(text(c, "reason")));
  }

  const Json& family = object(evidence, "family");
  const auto size = number(family, "size"), confidence = number(goal, "confidence"),
             critical = number(family, "critical");
  std::string caption;
  if (confidence) caption += "Intervals at " + percent(*confidence);
  if (confidence && size) caption += ", simultaneous over " + significant(*size) + " comparisons";
  if (!caption.empty()) caption += ". ";
  if (const std::string method = text(family, "method"); !method.empty()) {
    caption += "Method: " + method + (critical ? ", critical value " + significant(*critical) : "") + ".";
  }
  std::string out = paragraph(
      "Everything that was compared, what was refused included. A policy passes when its whole "
      "interval lies above zero and its gain is worth shipping.",
      "lead");
  if (!forest.rows.empty()) out += forest_figure(forest, caption);
  out += table_html(table);
  if (!unit.empty())
    out += paragraph("Goal and gains in " + unit + ". ESS: effective sample size.", "small soft");
  return section_html("candidates", "The candidates", out);
}

std::string policies_part(const Json& evidence) {
  const Json& policies = list(evidence, "policies");
  if (policies.empty()) return {};
  const std::string unit = text(object(evidence, "goal"), "unit");
  Forest forest;
  forest.title = "Value of every policy, with intervals";
  forest.axis = "value of the goal" + (unit.empty() ? "" : ", " + unit);
  forest.difference = false;
  Table support, verdicts;
  std::string marked;  // what cannot be
  verdicts.headers = {"Policy", "Gain over reference", "Verdict"};
  support.headers = {"Policy", "ESS", "Largest weight", "Mean weight", "Chi-squared", "Support"};
  for (const Json& p : policies) {
    forest.rows.push_back({text(p, "name"), {}, "", true, false});
    for (const Json& e : list(p, "estimates")) {
      const std::string outside = text(e, "outside");
      forest.rows.push_back(
          {text(e, "estimator") + (outside.empty() ? "" : ": outside"), range_of(e), "", false, false});
      if (!outside.empty())
        marked += paragraph(text(p, "name") + ", " + text(e, "estimator") + ": " + outside + ".", "small");
    }
    verdicts.rows.push_back({text_cell(text(p, "name")),
                             range_cell(range(p, "versus_reference"), true),
                             {badge(text(p, "verdict")), false}});
    verdicts.notes.push_back(escape(text(p, "reason")));
    const Json& s = object(p, "support");
    support.rows.push_back({text_cell(text(p, "name")),
                            number_cell(significant(number(s, "ess"))),
                            number_cell(significant(number(s, "max_weight"))),
                            number_cell(significant(number(s, "mean_weight"))),
                            number_cell(significant(number(s, "chi2"))),
                            {badge(text(s, "verdict")), false}});
  }
  std::string levels;
  for (const Json& p : policies) {
    for (const Json& e : list(p, "estimates")) {
      if (const auto level = number(e, "level"); level && levels.empty())
        levels = "Intervals at " + percent(*level) + ".";
    }
  }
  return section_html("policies", "What the policies are worth",
                      forest_figure(forest, levels) + marked +
                          "<h3 class=\"sub\">Are they better than the reference?</h3>" + table_html(verdicts) +
                          "<h3 class=\"sub\">Does the log support them?</h3>" + table_html(support));
}

std::string constants_part(const Json& evidence) {
  const Json& constants = list(evidence, "constants");
  if (constants.empty()) return {};
  const std::string unit = text(object(evidence, "goal"), "unit");
  Forest forest;
  forest.title = "Value of every constant action, with intervals";
  forest.axis = "value of the goal" + (unit.empty() ? "" : ", " + unit);
  forest.difference = false;
  for (const Json& c : constants) forest.rows.push_back({text(c, "name"), range_of(c), "", false, false});
  std::string note;
  if (const auto effect = number(evidence, "detectable_effect")) {
    note = "The smallest effect that this log could show: " + significant(*effect) +
           (unit.empty() ? "" : " " + unit) + ".";
  }
  return section_html("constants", "One action for everyone", forest_figure(forest, note));
}

}  // namespace plumb::report
