// Does it still hold: what the gain did and why, then what moved: contexts, choices, outcomes.
#include <algorithm>
#include <cmath>

#include "report/format.h"
#include "report/fragments.h"

namespace plumb::report {
namespace {

constexpr std::size_t kMostRows = 24;  // of a picture: the clearest; the evidence has them all

ForestRow row(const std::string& label, const Range& range, bool strong = false) {
  return {label, range, "", false, strong};
}

std::string gain_figure(const Json& monitor, const std::string& unit, std::optional<double> minimum,
                        std::optional<double> confidence) {
  const Json& gain = object(monitor, "gain");
  Forest forest;
  forest.title = "The gain over the reference, when it was certified and in the later log";
  forest.axis = "gain over the reference" + (unit.empty() ? "" : ", " + unit);
  if (minimum && *minimum > 0) forest.minimum = minimum;
  if (range(gain, "certified").any()) forest.rows.push_back(row("as certified", range(gain, "certified")));
  forest.rows.push_back(row("then, on the first log", range(gain, "then")));
  forest.rows.push_back(row("then, for today's contexts", range(gain, "carried")));
  forest.rows.push_back(row("now, on the later log", range(gain, "now"), true));
  forest.rows.push_back({"what changed it", {}, "", true, false});
  forest.rows.push_back(row("contexts", range(gain, "by_contexts")));
  forest.rows.push_back(row("outcomes, given contexts", range(gain, "by_outcomes")));
  std::string caption;
  if (confidence) caption = "Intervals at " + percent(*confidence) + ". ";
  return forest_figure(
      forest,
      caption +
          "The first log, re-weighted to the later contexts, says what the policy would "
          "gain today had only the contexts moved. Then and now are compared on decisions that nothing was "
          "learnt from.");
}

std::string moved_figure(const Json& family, const std::string& title) {
  std::vector<const Json*> measured;
  for (const Json& s : list(family, "shifts")) {
    if (range_of(s).whole()) measured.push_back(&s);
  }
  const std::size_t all = measured.size();
  if (all == 0) return {};
  if (all > kMostRows) {
    // By how far the nearer end of the interval lies from 0.
    const auto clear = [](const Json* s) {
      const Range r = range_of(*s);
      return std::max(*r.lower, -*r.upper);
    };
    std::stable_sort(measured.begin(), measured.end(),
                     [&](const Json* a, const Json* b) { return clear(a) > clear(b); });
    measured.resize(kMostRows);
  }
  Forest forest;
  forest.title = title;
  forest.axis = "moved by, in standard deviations";
  for (const Json* s : measured) {
    const std::string group = text(*s, "group");
    const std::string label = group == "offered" ? "offered: " + text(*s, "what") : text(*s, "what");
    forest.rows.push_back(row(label, range_of(*s), flag(*s, "shown")));
  }
  const auto size = number(family, "size");
  std::string caption;
  if (size) caption = "Simultaneous over " + significant(*size) + " comparisons; shaded: shown to have moved.";
  if (all > kMostRows)
    caption += " The " + significant(static_cast<double>(kMostRows)) + " clearest of " +
               significant(static_cast<double>(all)) + ".";
  return forest_figure(forest, caption);
}

std::string outcomes_table(const Json& family) {
  Table table;
  table.headers = {"", "Outcome", "Then, for today's contexts", "Now", "Moved by", ""};
  for (const Json& s : list(family, "shifts")) {
    if (text(s, "group") == "contexts") continue;
    const std::string word = flag(s, "harmful") ? "harm" : flag(s, "shown") ? "moved" : "";
    table.rows.push_back({text_cell(text(s, "group")),
                          text_cell(text(s, "what")),
                          number_cell(significant(number(s, "then"))),
                          number_cell(significant(number(s, "now"))),
                          number_cell(interval(range_of(s), true)),
                          {word.empty() ? "" : badge(word), false}});
    table.notes.push_back(escape(text(s, "why_not")));
  }
  return table.rows.empty() ? std::string() : table_html(table);
}

}  // namespace

std::string monitor_part(const Json& evidence) {
  const Json& monitor = object(evidence, "monitor");
  if (monitor.empty()) return {};
  const Json& goal = object(evidence, "goal");
  std::string out;
  const Json& certificate = object(monitor, "certificate");
  if (const auto n = number(certificate, "decisions")) {
    std::string sentence = "The certificate of " + text(monitor, "policy") + " was made from " +
                           significant(*n) + " decisions of " + text(certificate, "log");
    if (const auto compared = number(certificate, "compared"); compared && *compared > 0)
      sentence += "; " + significant(*compared) + " of them, from which nothing was learnt, are compared here";
    out += paragraph(sentence + ".", "lead num");
  }
  std::string harms;
  for (const Json& h : list(monitor, "harms")) {
    if (h.is_string()) harms += "<li>" + escape(h.get<std::string>()) + "</li>";
  }
  if (!harms.empty()) out += "<h3 class=\"sub\">What revokes it</h3><ul class=\"plain\">" + harms + "</ul>\n";
  const Json& gain = object(monitor, "gain");
  if (range(gain, "now").any() || range(gain, "then").any()) {
    out += "<h3 class=\"sub\">The gain, then and now</h3>" +
           gain_figure(monitor, text(goal, "unit"), number(goal, "minimum_effect"), number(goal, "confidence"));
  }
  const auto family = [&](const char* key, const char* title, const std::string& picture) {
    const std::string sentence = text(object(monitor, key), "sentence");
    if (sentence.empty() && picture.empty()) return;
    out += "<h3 class=\"sub\">" + escape(title) + "</h3>" + paragraph(sentence) + picture;
  };
  if (!list(object(monitor, "contexts"), "shifts").empty()) {
    family("contexts", "Did the contexts move?",
           moved_figure(object(monitor, "contexts"), "How far each column of the contexts moved"));
    family("choices", "Did something else choose?",
           moved_figure(object(monitor, "choices"), "How far what is chosen moved, given the contexts"));
    family("outcomes", "Did outcomes move, given contexts and action?",
           outcomes_table(object(monitor, "outcomes")));
  }
  return section_html("monitor", "Does it still hold?", out);
}

}  // namespace plumb::report
