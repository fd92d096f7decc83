// For whom is it better, for whom worse, and do the limits hold: constraints and segments of a candidate.
#include <fmt/format.h>

#include <vector>

#include "report/format.h"
#include "report/fragments.h"

namespace plumb::report {
namespace {

std::string constraints_of(const Json& candidate) {
  Table table;
  table.headers = {"Constraint", "Estimate", "Limit", "Verdict"};
  for (const Json& c : list(candidate, "constraints")) {
    table.rows.push_back({text_cell(text(c, "id")),
                          number_cell(interval(range_of(c), true)),
                          number_cell(significant(number(c, "limit"))),
                          {badge(text(c, "verdict")), false}});
    table.notes.push_back(typeset(more_decisions(number(c, "decisions_needed"), {})));
    if (!table.notes.back().empty()) table.notes.back() += " would decide.";
  }
  return table.rows.empty() ? std::string() : table_html(table);
}

// The levels under the name of their segment, in the order of the evidence.
std::string segments_of(const Json& candidate, const std::string& unit) {
  const Json& segments = list(candidate, "segments");
  if (segments.empty()) return {};
  Forest forest;
  forest.title = "Gain over the reference in every segment";
  forest.axis = "gain over the reference" + (unit.empty() ? "" : ", " + unit);
  std::string current;
  for (const Json& s : segments) {
    const std::string segment = text(s, "segment");
    if (segment != current) forest.rows.push_back({segment, {}, "", true, false});
    current = segment;
    const auto count = number(s, "count");
    const std::string label = text(s, "level") + (count ? " (" + significant(*count) + ")" : "");
    forest.rows.push_back({label, range_of(s), text(s, "verdict"), false, false});
  }
  return forest_figure(forest,
                       "In brackets, the decisions of each group. A group that is only listed is shown, and "
                       "blocks only where harm to it is proven.");
}

std::string one_candidate(const Json& candidate, const std::string& unit) {
  const std::string inside = constraints_of(candidate) + segments_of(candidate, unit);
  if (inside.empty()) return {};
  return "<h3 class=\"sub\">" + escape(text(candidate, "name")) + "</h3>" + inside;
}

}  // namespace

std::string people_part(const Json& evidence) {
  const Json& candidates = list(evidence, "candidates");
  const std::string unit = text(object(evidence, "goal"), "unit");
  const std::string recommended = text(object(evidence, "recommended"), "policy");
  std::string first, others;
  for (const Json& c : candidates) {
    const bool leads = candidates.size() == 1 || text(c, "name") == recommended;
    (leads ? first : others) += one_candidate(c, unit);
  }
  if (first.empty() && others.empty()) return {};
  std::string out = first;
  if (!others.empty()) {
    out += "<details><summary>Constraints and segments of the other candidates</summary>" + others +
           "</details>\n";
  }
  return section_html("people", "The limits, and for whom", out);
}

}  // namespace plumb::report
