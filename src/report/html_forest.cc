// The forest plot: one interval a line, all on one axis, numbers beside them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "report/format.h"
#include "report/fragments.h"

namespace plumb::report {
namespace {

struct Span {
  double from, to;
};

struct Limits {
  double low = 0, high = 0;
};

// The axis holds every value and every interval that is not several times as wide as is usual here: one policy
// without support must not press all the others into a line.
Limits limits_of(const Forest& forest) {
  constexpr double kUnusual = 5;
  std::vector<double> widths;
  for (const ForestRow& r : forest.rows) {
    if (r.range.whole()) widths.push_back(*r.range.upper - *r.range.lower);
  }
  std::sort(widths.begin(), widths.end());
  const double usual = widths.empty() ? 0 : widths[widths.size() / 2];
  bool first = !forest.difference;
  Limits l;
  const auto hold = [&](double v) {
    l.low = first ? v : std::min(l.low, v);
    l.high = first ? v : std::max(l.high, v);
    first = false;
  };
  for (const ForestRow& r : forest.rows) {
    const bool unusual = r.range.whole() && usual > 0 && *r.range.upper - *r.range.lower > kUnusual * usual;
    if (r.range.value) hold(*r.range.value);
    if (unusual) continue;
    if (r.range.lower) hold(*r.range.lower);
    if (r.range.upper) hold(*r.range.upper);
  }
  if (forest.minimum) hold(*forest.minimum);
  if (l.high == l.low) l = {l.low - 0.5, l.high + 0.5};
  const double pad = 0.04 * (l.high - l.low);
  return {l.low - pad, l.high + pad};
}

std::string sign_svg(std::string_view verdict, double x, double y) {
  std::string m = mark(verdict);
  m.insert(4, fmt::format(" x=\"{:.1f}\" y=\"{:.1f}\" width=\"14\" height=\"14\" style=\"color:var(--{})\"", x,
                          y, tone(verdict)));
  return m;
}

}  // namespace

std::string forest_svg(const Forest& forest, int width) {
  const bool narrow = width < 560;
  const Limits limits = limits_of(forest);
  std::size_t longest = 0, longest_number = 0;
  bool verdicts = false;
  for (const ForestRow& r : forest.rows) {
    longest = std::max(longest, characters(r.label));
    longest_number = std::max(longest_number, interval(r.range, forest.difference).size());
    verdicts = verdicts || !r.verdict.empty();
  }
  // On a phone label and numbers share a line.
  const double beside = (width - 30 - 7.2 * static_cast<double>(longest_number)) / 7.6;
  const std::size_t label_limit = narrow ? static_cast<std::size_t>(std::max(8.0, beside)) : 30;
  const double label_width = narrow ? 0 : 7.1 * static_cast<double>(std::min(longest, label_limit)) + 24;
  const double number_width = narrow ? 0 : 7.2 * static_cast<double>(longest_number) + 22;
  const double verdict_width = narrow || !verdicts ? 0 : 122;
  const double left = narrow ? 2 : label_width,
               right = narrow ? width - 2.0 : width - number_width - verdict_width;
  const auto x = [&](double v) {
    return left + (right - left) * (v - limits.low) / (limits.high - limits.low);
  };

  const double top = forest.minimum ? 22 : 6;
  const double row_height = narrow ? 44 : 25;
  double y = top;
  std::vector<Span> spans;    // where axis lines run: on a phone not through the numbers
  std::string rows, stripes;  // a stripe must not hide the axis lines, so all of them come first
  for (const ForestRow& r : forest.rows) {
    if (r.heading) {
      rows += svg_text(0, y + 19, "start", "b", shortened(r.label, 50));
      y += 27;
      continue;
    }
    const double middle = narrow ? y + 30 : y + row_height / 2;
    const double base = narrow ? y + 16 : middle + 4;
    if (r.strong) {
      stripes +=
          fmt::format("<rect class=\"stripe\" x=\"0\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\" rx=\"2\"/>",
                      y, width, row_height);
    }
    if (narrow) spans.push_back({y + 21, y + 39});
    rows += fmt::format("<g{}>", r.strong ? " class=\"strong\"" : "");
    rows += svg_text(narrow ? 2 : 6, base, "start", r.strong ? "b" : "", shortened(r.label, label_limit));
    const std::string numbers = typeset(interval(r.range, forest.difference));
    rows += svg_text(narrow ? width - (verdicts ? 20.0 : 2.0) : right + 14, base, narrow ? "end" : "start",
                     r.range.value ? "" : "s", numbers);
    if (!r.verdict.empty()) {
      rows += sign_svg(r.verdict, narrow ? width - 15.0 : width - verdict_width + 6, base - 11);
      if (!narrow) {
        rows += svg_text(width - verdict_width + 26, base, "start", fmt::format("b {}", tone(r.verdict)),
                         r.verdict);
      }
    }
    const auto inside = [&](double v) { return std::clamp(v, limits.low, limits.high); };
    if (r.range.lower && r.range.upper) {
      rows += fmt::format("<line class=\"whisk\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>",
                          x(inside(*r.range.lower)), x(inside(*r.range.upper)), middle, middle);
      const auto arrow = [&](double tip, double direction) {
        return fmt::format("<path class=\"arrow\" d=\"M{:.1f} {:.1f}l{:.1f} -4v8z\"/>", tip, middle,
                           -7 * direction);
      };
      if (*r.range.lower < limits.low) rows += arrow(left, -1);
      if (*r.range.upper > limits.high) rows += arrow(right, 1);
    }
    if (r.range.value) {
      const double size = r.strong ? 9 : 7;
      rows += fmt::format("<rect class=\"point\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\"/>",
                          x(*r.range.value) - size / 2, middle - size / 2, size, size);
    }
    rows += "</g>";
    y += row_height;
  }
  const double bottom = y + 4;
  if (!narrow) spans.push_back({top, bottom});
  const auto vertical = [&](const char* style, double value) {
    std::string path;
    for (const Span& s : spans) path += fmt::format("M{:.1f} {:.1f}V{:.1f}", x(value), s.from, s.to);
    return fmt::format("<path class=\"{}\" d=\"{}\"/>", style, path);
  };

  std::string out = fmt::format(
      "<svg class=\"p {0}\" viewBox=\"0 0 {1} {2:.0f}\" width=\"{1}\" height=\"{2:.0f}\" "
      "role=\"img\" aria-label=\"{3}\">",
      narrow ? "narrow" : "wide", width, bottom + 42, escape(forest.title));
  std::string lines;
  for (const double tick : round_ticks(limits.low, limits.high, narrow ? 4 : 5)) {
    lines += vertical(tick == 0 && forest.difference ? "zero" : "grid", tick);
    const double half = narrow ? text_width(signed_number(tick)) / 2 : 0;
    lines += svg_text(std::clamp(x(tick), half, width - half), bottom + 16, "middle", "s",
                      typeset(forest.difference ? signed_number(tick) : significant(tick)));
  }
  if (forest.minimum) {
    const std::string said = narrow ? "smallest effect worth it " + significant(*forest.minimum)
                                    : "smallest effect worth shipping " + significant(*forest.minimum);
    const double half = text_width(said) / 2;
    lines += vertical("dot", *forest.minimum);
    lines += svg_text(std::clamp(x(*forest.minimum), half, width - half), 12, "middle", "s", said);
  }
  const double axis_half = text_width(forest.axis) / 2;
  const double axis_middle = std::clamp((left + right) / 2, axis_half, std::max(axis_half, width - axis_half));
  return out + stripes + lines + rows +
         svg_text(axis_middle, bottom + 36, "middle", "s", shortened(forest.axis, narrow ? 52 : 110)) +
         "</svg>\n";
}

std::string forest_figure(const Forest& forest, const std::string& caption) {
  std::string out = "<figure>" + forest_svg(forest, 860) + forest_svg(forest, 350);
  if (!caption.empty()) out += "<figcaption>" + escape(caption) + "</figcaption>";
  return out + "</figure>\n";
}

}  // namespace plumb::report
