// The parts of the page. Each takes the whole evidence and returns its HTML, empty where the evidence has
// nothing for it. The style of all of them is style_sheet().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/reading.h"

namespace plumb::report {

// ------------------------------------------------------------------------------------------ shared pieces

// Colours as custom properties, light and dark, for pages and for standalone pictures; `selector` carries them.
std::string colour_variables(std::string_view selector);
// The classes that charts use.
std::string chart_style();
std::string style_sheet();

// The sign of a verdict as a little picture: its shape differs, not only its colour.
std::string mark(std::string_view verdict);
// Mark and word.
std::string badge(std::string_view verdict);
// The same in other words: "click: do not optimize".
std::string badge_of(std::string_view verdict, std::string_view words);

// One cell, its content already HTML.
struct Cell {
  std::string html;
  bool is_number = false;
};
// A table that turns into cards at phone width; `notes[r]`, where there, is a line of HTML under row r.
struct Table {
  std::vector<std::string> headers;
  std::vector<std::vector<Cell>> rows;
  std::vector<std::string> notes;
};
Cell number_cell(const std::string& formatted);
Cell text_cell(const std::string& text);
std::string table_html(const Table& table);
std::string section_html(std::string_view id, std::string_view title, const std::string& content);
std::string paragraph(const std::string& text, std::string_view style_class = "");

// A name of an SVG text, its lower left corner at (x, y); `anchor` is start, middle or end.
std::string svg_text(double x, double y, std::string_view anchor, std::string_view style_class,
                     std::string_view content);
// About the width in pixels of text of 12 pixels' size.
double text_width(std::string_view content);

// Round numbers inside [low, high], about `wanted` of them; 0 is one where it is inside.
std::vector<double> round_ticks(double low, double high, int wanted);

struct ForestRow {
  std::string label;
  Range range;
  std::string verdict;   // empty: none shown
  bool heading = false;  // a line that names the rows below it
  bool strong = false;   // the recommended one
};
struct Forest {
  std::vector<ForestRow> rows;
  std::string axis;               // what the axis measures
  std::string title;              // for those who do not see the picture
  bool difference = true;         // signs on numbers, a line at 0
  std::optional<double> minimum;  // a dotted line: the smallest effect worth shipping
};
// The intervals one below another, `width` pixels wide; laid out for a phone below 560. Intervals much wider
// than the others leave the panel with an arrow: their numbers stand beside them.
std::string forest_svg(const Forest& forest, int width);
// Both layouts, of which the page shows the one that fits.
std::string forest_figure(const Forest& forest, const std::string& caption);

// ------------------------------------------------------------------------------------------ parts of the page

std::string decision_part(const Json& evidence);
std::string questions_part(const Json& evidence);
std::string monitor_part(const Json& evidence);
std::string proxies_part(const Json& evidence);
std::string preference_part(const Json& evidence);
std::string reward_part(const Json& evidence);  // outcome models where measured, learnt outcomes
std::string candidates_part(const Json& evidence);
std::string rules_part(const Json& evidence);   // of trees
std::string budget_part(const Json& evidence);  // what is spent, and what that earns
std::string people_part(const Json& evidence);  // constraints and segments
std::string reasons_part(const Json& evidence);
std::string training_part(const Json& evidence);
std::string policies_part(const Json& evidence);   // evaluate
std::string constants_part(const Json& evidence);  // check
std::string data_part(const Json& evidence);
std::string assumptions_part(const Json& evidence);
std::string provenance_part(const Json& evidence);

}  // namespace plumb::report
