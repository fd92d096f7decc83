// What was learnt of every outcome, how it stands to what came, and outcomes that are learnt themselves.
#include <fmt/format.h>

#include <algorithm>

#include "report/format.h"
#include "report/fragments.h"

namespace plumb::report {
namespace {

// What came against what was predicted, by tenths of the prediction, with the line on which both are equal.
// `size` pixels wide and high.
std::string calibration_svg(const Json& reliability, const std::string& outcome, int size) {
  struct Point {
    double x = 0, y = 0, lower = 0, upper = 0;
  };
  std::vector<Point> points;
  double low = 0, high = 0;
  for (const Json& bin : list(reliability, "bins")) {
    const Range came = range_of(bin);
    const auto predicted = number(bin, "predicted");
    if (!came.whole() || !predicted) continue;
    const Point p{*predicted, *came.value, *came.lower, *came.upper};
    low = points.empty() ? std::min(p.x, p.lower) : std::min({low, p.x, p.lower});
    high = points.empty() ? std::max(p.x, p.upper) : std::max({high, p.x, p.upper});
    points.push_back(p);
  }
  if (points.size() < 2 || !(high > low)) return {};
  const double room = 0.05 * (high - low), left = 64, right = 14, top = 14, bottom = 46,
               width = size - left - right, height = size - top - bottom;
  low -= room;
  high += room;
  const auto x = [&](double v) { return left + (v - low) / (high - low) * width; };
  const auto y = [&](double v) { return top + (high - v) / (high - low) * height; };
  std::string out = fmt::format(
      "<svg class=\"p {0}\" viewBox=\"0 0 {1} {1}\" width=\"{1}\" role=\"img\" aria-label=\"What came of {2} "
      "against "
      "what was predicted\">",
      size < 400 ? "narrow" : "wide", size, escape(outcome));
  for (const double tick : round_ticks(low, high, size < 400 ? 3 : 5)) {
    out += fmt::format("<path d=\"M{0:.1f} {1:.1f}H{2:.1f}M{3:.1f} {4:.1f}V{5:.1f}\" stroke=\"var(--rule)\"/>",
                       left, y(tick), left + width, x(tick), top, top + height);
    out += svg_text(left - 8, y(tick) + 4, "end", "s", significant(tick));
    out += svg_text(x(tick), top + height + 18, "middle", "s", significant(tick));
  }
  out +=
      fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"var(--soft)\" stroke-dasharray=\"4 4\"/>",
                  x(low), y(low), x(high), y(high));
  for (const Point& p : points) {
    out += fmt::format(
        "<path d=\"M{0:.1f} {1:.1f}V{2:.1f}\" stroke=\"var(--goal)\" stroke-width=\"2\"/>"
        "<circle cx=\"{0:.1f}\" cy=\"{3:.1f}\" r=\"4\" fill=\"var(--goal)\"/>",
        x(p.x), y(p.lower), y(p.upper), y(p.y));
  }
  out += svg_text(left + width / 2, size - 8, "middle", "s", "predicted");
  out += svg_text(4, top + 2, "start", "s", "came");
  return out + "</svg>";
}

std::string model_html(const Json& model, bool open) {
  const Json& r = object(model, "reliability");
  if (r.empty()) return {};
  const std::string name = text(model, "outcome");
  const std::string wide = calibration_svg(r, name, 440), narrow = calibration_svg(r, name, 330);
  std::string body;
  if (!wide.empty()) {
    body += "<figure>" + wide + narrow +
            "<figcaption>Tenths of the prediction: the mean of what came, with its interval. On the broken "
            "line what "
            "came is what was predicted.</figcaption></figure>\n";
  }
  if (!member(r, "log_loss").is_null()) {
    body +=
        paragraph("Log loss: " + interval(range(r, "log_loss"), false) + " nats; the overall share alone has " +
                      significant(number(r, "constant_log_loss")) + ".",
                  "soft");
  }
  Table bins;
  bins.headers = {"Predicted", "Came", "Decisions"};
  for (const Json& b : list(r, "bins")) {
    bins.rows.push_back({number_cell(significant(number(b, "predicted"))),
                         number_cell(interval(range_of(b), false)),
                         number_cell(significant(number(b, "rows")))});
  }
  if (!bins.rows.empty()) body += "<details><summary>The numbers</summary>" + table_html(bins) + "</details>\n";
  if (body.empty()) return {};
  const std::string shown =
      "<h3 class=\"sub\">" + escape(name) + "</h3>" + paragraph(text(model, "sentence"), "soft");
  return open ? shown + body
              : "<details><summary>" + escape(name) + "</summary>" + shown + body + "</details>\n";
}

std::string learnt_html(const Json& learnt) {
  std::string out =
      "<h3 class=\"sub\">" + escape(text(learnt, "name")) + "</h3>" + paragraph(text(learnt, "sentence"));
  Table tests;
  tests.headers = {
      "Effect of", "Foretold", "Added where seen", "Seen: on the late outcome", "Seen: the index misses",
      "Surrogacy"};
  for (const Json& t : list(object(learnt, "surrogacy"), "tests")) {
    tests.rows.push_back({text_cell(text(t, "contrast")),
                          number_cell(interval(range(t, "foretold"), true)),
                          number_cell(interval(range(t, "missed"), true)),
                          number_cell(interval(range(t, "direct_effect"), true)),
                          number_cell(interval(range(t, "index_bias"), true)),
                          {badge(text(t, "verdict")), false}});
  }
  if (!tests.rows.empty()) out += table_html(tests);
  Table fits;
  fits.headers = {"Customers of", "Customers", "Bought again", "r", "alpha", "a", "b"};
  for (const Json& f : list(learnt, "fits")) {
    std::vector<Cell> row{text_cell(text(f, "customers_of"))};
    for (const char* key : {"customers", "bought_again", "r", "alpha", "a", "b"})
      row.push_back(number_cell(significant(number(f, key))));
    fits.rows.push_back(std::move(row));
  }
  if (!fits.rows.empty())
    out += "<details><summary>The models of buying</summary>" + table_html(fits) + "</details>\n";
  return out;
}

}  // namespace

std::string reward_part(const Json& evidence) {
  Table table;
  table.headers = {"Outcome", "R\u00b2", "Slope (1: calibrated)", "Intercept"};
  std::string models;
  for (const Json& m : list(evidence, "models")) {
    const Json& r = object(m, "reliability");
    if (r.empty()) continue;
    table.rows.push_back({text_cell(text(m, "outcome")), number_cell(interval(range(r, "r_squared"), false)),
                          number_cell(interval(range(r, "slope"), false)),
                          number_cell(interval(range(r, "intercept"), false))});
    models += model_html(m, true);
  }
  std::string out;
  if (!table.rows.empty()) {
    out +=
        paragraph(
            "On decisions of the training half that the model did not see. A prediction need not be good for "
            "a verdict to hold: it makes intervals shorter, never right or wrong.",
            "lead") +
        table_html(table) + models;
  }
  std::string learnt;
  for (const Json& l : list(evidence, "learnt")) learnt += learnt_html(l);
  return section_html("reward", "What was learnt", out) +
         section_html("learnt", "Outcomes that are learnt", learnt);
}

}  // namespace plumb::report
