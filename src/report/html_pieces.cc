// Pieces that several parts of the page are made of: marks, tables, sections, texts and ticks of pictures.
#include <fmt/format.h>

#include <cmath>

#include "report/format.h"
#include "report/fragments.h"

namespace plumb::report {

std::string mark(std::string_view verdict) {
  const std::string_view t = tone(verdict);
  std::string_view shape = "<circle cx=\"8\" cy=\"8\" r=\"6.2\"/><path d=\"M5 8h6\"/>";  // nothing was asked
  if (t == "pass")
    shape =
        "<circle cx=\"8\" cy=\"8\" r=\"7\" fill=\"currentColor\" stroke=\"none\"/>"
        "<path d=\"M4.6 8.3l2.4 2.3 4.4-4.9\" stroke=\"var(--paper)\"/>";
  if (t == "refuse")
    shape =
        "<path d=\"M5 1h6l4 4v6l-4 4H5l-4-4V5z\" fill=\"currentColor\" stroke=\"none\"/>"
        "<path d=\"M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2\" stroke=\"var(--paper)\"/>";
  if (t == "open")
    shape =
        "<path d=\"M8 1.4l6.6 6.6L8 14.6 1.4 8z\"/><path d=\"M8 5v3.4\"/>"
        "<circle cx=\"8\" cy=\"10.9\" r=\".5\" fill=\"currentColor\"/>";
  if (t == "calm")
    shape =
        "<rect x=\"1.5\" y=\"1.5\" width=\"13\" height=\"13\" rx=\"1.5\" fill=\"currentColor\" "
        "stroke=\"none\"/><path d=\"M5 6.2h6M5 9.8h6\" stroke=\"var(--paper)\"/>";
  return fmt::format(
      "<svg viewBox=\"0 0 16 16\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.7\" "
      "stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-hidden=\"true\">{}</svg>",
      shape);
}

std::string badge(std::string_view verdict) { return badge_of(verdict, verdict); }

std::string badge_of(std::string_view verdict, std::string_view words) {
  if (verdict.empty()) return {};
  return fmt::format("<span class=\"badge {}\">{}{}</span>", tone(verdict), mark(verdict), escape(words));
}

Cell number_cell(const std::string& formatted) { return {typeset(formatted), true}; }

Cell text_cell(const std::string& text) { return {escape(text), false}; }

std::string table_html(const Table& table) {
  std::string out = "<div class=\"table\"><table><thead><tr>";
  for (std::size_t c = 0; c < table.headers.size(); ++c) {
    const bool is_number = !table.rows.empty() && table.rows[0][c].is_number;
    out +=
        fmt::format("<th scope=\"col\"{}>{}</th>", is_number ? " class=\"n\"" : "", escape(table.headers[c]));
  }
  out += "</tr></thead>";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    out += "<tbody><tr>";
    for (std::size_t c = 0; c < table.rows[r].size(); ++c) {
      const Cell& cell = table.rows[r][c];
      out += fmt::format("<td{} data-label=\"{}\"><span>{}</span></td>", cell.is_number ? " class=\"n\"" : "",
                         escape(table.headers[c]), cell.html);
    }
    out += "</tr>";
    if (r < table.notes.size() && !table.notes[r].empty()) {
      out += fmt::format("<tr><td class=\"note\" colspan=\"{}\">{}</td></tr>", table.headers.size(),
                         table.notes[r]);
    }
    out += "</tbody>";
  }
  return out + "</table></div>\n";
}

std::string section_html(std::string_view id, std::string_view title, const std::string& content) {
  if (content.empty()) return {};
  return fmt::format("<section id=\"{}\"><h2>{}</h2>\n{}</section>\n", id, escape(title), content);
}

std::string paragraph(const std::string& text, std::string_view style_class) {
  if (text.empty()) return {};
  if (style_class.empty()) return fmt::format("<p>{}</p>\n", escape(text));
  return fmt::format("<p class=\"{}\">{}</p>\n", style_class, escape(text));
}

std::string svg_text(double x, double y, std::string_view anchor, std::string_view style_class,
                     std::string_view content) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"{}\">{}</text>", x, y, anchor,
                     style_class, escape(content));
}

double text_width(std::string_view content) { return 7.1 * static_cast<double>(characters(content)); }

std::vector<double> round_ticks(double low, double high, int wanted) {
  std::vector<double> ticks;
  if (!(high > low)) return ticks;
  const double rough = (high - low) / wanted;
  const double unit = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * unit;
  for (const double s : {1.0, 2.0, 2.5, 5.0}) {
    if (s * unit >= rough * (1 - 1e-9)) {
      step = s * unit;
      break;
    }
  }
  const auto first = static_cast<long long>(std::ceil(low / step - 1e-9));
  const auto last = static_cast<long long>(std::floor(high / step + 1e-9));
  for (long long k = first; k <= last; ++k) ticks.push_back(static_cast<double>(k) * step);
  return ticks;
}

}  // namespace plumb::report
