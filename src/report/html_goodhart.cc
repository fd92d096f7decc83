// The Goodhart chart: what the proxy and the goal do as pressure on the proxy rises. Two panels share the
// horizontal axis, the square root of KL (on which the field's laws are simple), labelled in nats. All places
// are fixed by the data and the width, so the same evidence gives the same bytes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "plumb/base.h"
#include "plumb/report.h"
#include "report/format.h"
#include "report/fragments.h"

namespace plumb {
namespace report {
namespace {

struct Point {
  double d = 0;  // sqrt(KL)
  Range proxy, goal;
};

struct Chart {
  std::string name;
  std::vector<Point> points;
  std::optional<double> peak_low, peak_high;  // pressure
  bool peak_censored = false;
  std::optional<double> end;                 // pressure at the end of support
  std::optional<double> harm_from, harm_to;  // where proxy rises and goal falls, both shown by their bands
  double largest = 0;                        // the axis ends here
};

double root(double kl) {
  if (kl < 0) refuse("evidence", "kl", significant(kl), "a number of nats >= 0");
  return std::sqrt(kl);
}

Chart read_chart(const Json& proxy) {
  Chart c;
  c.name = text(proxy, "name");
  for (const Json& p : list(proxy, "curve")) {
    const auto kl = number(p, "kl");
    if (!kl) continue;
    c.points.push_back({root(*kl), range(p, "proxy"), range(p, "goal")});
  }
  std::stable_sort(c.points.begin(), c.points.end(), [](const Point& a, const Point& b) { return a.d < b.d; });
  for (const Point& p : c.points) {
    c.largest = std::max(c.largest, p.d);
    if (p.proxy.lower && *p.proxy.lower > 0 && p.goal.upper && *p.goal.upper < 0) {
      if (!c.harm_from) c.harm_from = p.d;
      c.harm_to = p.d;
    }
  }
  const Json& end = object(proxy, "end_of_support");
  if (const auto kl = number(end, "kl")) c.end = root(*kl);
  const Json& peak = object(proxy, "peak");
  c.peak_censored = flag(peak, "censored");
  if (const auto kl = number(peak, "kl_lower")) c.peak_low = root(*kl);
  if (const auto kl = number(peak, "kl_upper")) c.peak_high = root(*kl);
  if (c.end) c.largest = std::max(c.largest, *c.end * 1.05);
  if (c.peak_high) c.largest = std::max(c.largest, *c.peak_high);
  return c;
}

// The horizontal axis.
struct Axis {
  double left, right, largest;
  double operator()(double d) const { return left + (right - left) * d / largest; }
};

// Round amounts of KL whose labels do not touch, from the right.
std::vector<double> kl_ticks(const Axis& axis) {
  std::vector<double> candidates;
  for (int power = 3; power >= -6; --power) {
    for (const double lead : {5.0, 2.0, 1.0}) candidates.push_back(lead * std::pow(10, power));
  }
  std::vector<double> ticks;
  double last = 1e300;
  for (const double kl : candidates) {
    if (std::sqrt(kl) > axis.largest) continue;
    const double x = axis(std::sqrt(kl));
    if (last - x < 46 || x - axis.left < 34) continue;
    ticks.push_back(kl);
    last = x;
  }
  ticks.push_back(0);
  return ticks;
}

// One panel: its place, its curve, and what it is called.
struct Panel {
  double top, height;
  bool goal;
};

const Range& of(const Point& p, bool goal) { return goal ? p.goal : p.proxy; }

std::string panel_svg(const Chart& c, const Axis& axis, const Panel& panel, bool narrow) {
  double low = 0, high = 0;
  for (const Point& p : c.points) {
    const Range& r = of(p, panel.goal);
    for (const auto& v : {r.value, r.lower, r.upper}) {
      if (!v) continue;
      low = std::min(low, *v);
      high = std::max(high, *v);
    }
  }
  if (high == low) high = low + 1;
  const double pad = 0.07 * (high - low);
  low -= pad;
  high += pad;
  const double bottom = panel.top + panel.height;
  const auto y = [&](double v) { return bottom - panel.height * (v - low) / (high - low); };

  std::string out;
  for (const double tick : round_ticks(low, high, panel.height > 170 ? 5 : 4)) {
    out += fmt::format("<line class=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>",
                       tick == 0 ? "zero" : "grid", axis.left, axis.right, y(tick), y(tick));
    out += svg_text(axis.left - 7, y(tick) + 4, "end", "s", typeset(signed_number(tick)));
  }

  // A point without numbers ends the line and the band; they begin again after it.
  const char* series = panel.goal ? "g" : "x";
  std::vector<std::vector<const Point*>> runs(1);
  for (const Point& p : c.points) {
    if (of(p, panel.goal).value) {
      runs.back().push_back(&p);
    } else if (!runs.back().empty()) {
      runs.emplace_back();
    }
  }
  const Point* last = nullptr;
  for (const auto& run : runs) {
    std::string forth, back, line;
    for (const Point* p : run) {
      const Range& r = of(*p, panel.goal);
      line += fmt::format("{:.1f},{:.1f} ", axis(p->d), y(*r.value));
      if (!r.lower || !r.upper) continue;
      forth += fmt::format("{:.1f},{:.1f} ", axis(p->d), y(*r.upper));
      back = fmt::format("{:.1f},{:.1f} ", axis(p->d), y(*r.lower)) + back;
    }
    if (run.empty()) continue;
    last = run.back();
    out += fmt::format("<polygon class=\"band{}\" points=\"{}{}\"/>", series, forth, back);
    out += fmt::format("<polyline class=\"line{}\" points=\"{}\"/>", series, line);
    for (const Point* p : run) {
      out += fmt::format("<circle class=\"dot{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.4\"/>", series, axis(p->d),
                         y(*of(*p, panel.goal).value));
    }
  }
  if (last != nullptr && !narrow) {
    out += svg_text(axis.right + 8, y(*of(*last, panel.goal).value) + 4, "start", fmt::format("b {}", series),
                    typeset(signed_number(*of(*last, panel.goal).value)));
  }
  return out;
}

// A label of width as estimated, centred on x but inside the drawing.
std::string centred_label(double x, double y, int width, std::string_view style_class,
                          const std::string& content) {
  const double half = text_width(content) / 2;
  return svg_text(std::clamp(x, half + 2, std::max(half + 2, width - half - 2)), y, "middle", style_class,
                  content);
}

std::string kl(double d) { return significant(std::round(d * d * 1e6) / 1e6); }

// Two digits are enough for an interval that is read off a grid of pressures.
std::string rough_kl(double d) { return fmt::format("{:.2g}", d * d); }

}  // namespace
}  // namespace report

std::string goodhart_svg(const nlohmann::json& proxy, const GoodhartLabels& labels) {
  using namespace report;
  PLUMB_ASSERT(labels.width >= 300);
  const Chart c = read_chart(proxy);
  const auto numbered = std::count_if(c.points.begin(), c.points.end(),
                                      [](const Point& p) { return p.proxy.value || p.goal.value; });
  if (numbered < 2 || c.largest == 0) return {};

  const bool narrow = labels.width < 560;
  const int margin = labels.standalone ? 18 : 0;
  const int width = labels.width;
  const Axis axis{margin + (narrow ? 50.0 : 64.0), width - margin - (narrow ? 8.0 : 80.0), c.largest};
  const Panel above{margin + 30.0, narrow ? 120.0 : 150.0, false};
  const double below_title = above.top + above.height + 32;
  const double notes = (c.peak_low ? 17 : 0) + (c.harm_from ? 17 : 0);
  const Panel below{below_title + notes + 12, narrow ? 160.0 : 200.0, true};
  const double bottom = below.top + below.height;
  const double axis_label = bottom + 42;
  const int height =
      static_cast<int>(axis_label) + 8 + (labels.standalone && !labels.band.empty() ? 20 : 0) + margin;

  const std::string goal = labels.goal.empty() ? "the goal" : labels.goal;
  std::string out = fmt::format(
      "<svg{} class=\"p{}\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" role=\"img\" aria-label=\"{}\">",
      labels.standalone ? " xmlns=\"http://www.w3.org/2000/svg\"" : "",
      labels.standalone ? "" : (narrow ? " narrow" : " wide"), width, height, width, height,
      escape(fmt::format("Goodhart chart: the change of {} and of {} as pressure on {} rises. {}", c.name, goal,
                         c.name, text(proxy, "sentence"))));
  if (labels.standalone) {
    out +=
        "<style>" + colour_variables("svg") + chart_style() +
        "svg{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif}</style>";
    out += "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>";
  }

  const auto zone = [&](const char* name, double from, double to, double top, double zone_bottom) {
    return fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
                       name, axis(from), top, std::max(axis(to) - axis(from), 2.0), zone_bottom - top);
  };
  // Zones first, so that curves lie over them.
  if (c.end) out += zone("beyond", *c.end, c.largest, above.top, bottom);
  double note_line = below_title + 18;
  if (c.peak_low) {
    const double to = c.peak_high.value_or(c.end.value_or(c.largest));
    out += zone("peak", *c.peak_low, to, below.top, bottom) +
           zone("peakbar", *c.peak_low, to, below.top - 3, below.top);
    std::string said =
        c.peak_censored ? fmt::format("goal highest from KL {} on", rough_kl(*c.peak_low))
                        : fmt::format("goal highest between KL {} and {}", rough_kl(*c.peak_low), rough_kl(to));
    if (c.peak_censored && !narrow) said += " (the log cannot say how far)";
    out += centred_label(axis((*c.peak_low + to) / 2), note_line, width - margin, "g", said);
    note_line += 17;
  }
  if (c.harm_from) {
    // Up to halfway to the neighbours would claim more than was shown: the zone spans the points themselves.
    out += zone("harmzone", *c.harm_from, *c.harm_to, below.top, bottom) +
           zone("harmbar", *c.harm_from, *c.harm_to, bottom, bottom + 4);
    const bool goes_on = *c.harm_to >= c.points.back().d || (c.end && *c.harm_to >= *c.end);
    const std::string where = goes_on
                                  ? fmt::format("from KL {} on", rough_kl(*c.harm_from))
                                  : fmt::format("KL {} to {}", rough_kl(*c.harm_from), rough_kl(*c.harm_to));
    const std::string said =
        fmt::format("{}: {} up, the goal down{}", where, shortened(c.name, 14), narrow ? "" : ", both shown");
    out += centred_label(axis((*c.harm_from + *c.harm_to) / 2), note_line, width - margin, "h b", said);
  }

  const auto title = [&](double y, bool is_goal) {
    const std::string& unit = is_goal ? labels.goal_unit : labels.proxy_unit;
    const std::string name = shortened(is_goal ? goal : c.name, narrow ? 18 : 40);
    std::string rest = is_goal ? "goal" : "proxy";
    if (!narrow) rest += ", change from the reference";
    if (!unit.empty()) rest += ", " + shortened(unit, narrow ? 20 : 48);
    return fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\"><tspan class=\"b {}\">{}</tspan><tspan class=\"s\" "
        "dx=\"7\">{}</tspan></text>",
        static_cast<double>(margin), y, is_goal ? "g" : "x", escape(name), escape(rest));
  };
  out += title(margin + 13.0, false) + title(below_title, true);
  out += panel_svg(c, axis, above, narrow) + panel_svg(c, axis, below, narrow);

  if (c.end) {
    const double x = axis(*c.end);
    out += fmt::format("<line class=\"dash\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>", x,
                       above.top, bottom);
    out += svg_text(x - 5, above.top + above.height + 14, "end", "s",
                    narrow ? "end of support" : fmt::format("end of support, KL {}", rough_kl(*c.end)));
  }
  for (const double tick : kl_ticks(axis)) {
    const double x = axis(std::sqrt(tick));
    out += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>", x,
                       bottom + 4, bottom + 9);
    out += svg_text(x, bottom + 21, "middle", "s", kl(std::sqrt(tick)));
  }
  out += svg_text(narrow ? margin : axis.left, axis_label, "start", "s",
                  narrow ? "pressure: KL from the reference in nats, root scale"
                         : "pressure on the proxy: KL from the reference in nats, on a square-root scale");
  if (labels.standalone && !labels.band.empty()) {
    out += svg_text(narrow ? margin : axis.left, axis_label + 20, "start", "s", labels.band);
  }
  return out + "</svg>\n";
}

}  // namespace plumb
