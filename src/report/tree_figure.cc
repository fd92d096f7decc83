#include "report/tree_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "plumb/base.h"
#include "report/format.h"
#include "report/fragments.h"

namespace plumb::report {
namespace {

constexpr double kWidth = 860, kLine = 58, kBox = 36, kGap = 44, kLeaf = 250;
constexpr std::size_t kMostDepth = 8;

struct Drawn {
  std::string question;  // empty: a leaf
  std::size_t yes = 0, no = 0, rule = 0, depth = 0;
  double y = 0;
};

std::size_t index_of(const Json& node, const char* key, std::size_t from, std::size_t count) {
  const auto value = number(node, key);
  if (!value || *value < static_cast<double>(from) || *value >= static_cast<double>(count) ||
      *value != static_cast<double>(static_cast<std::size_t>(*value)))
    refuse("evidence", std::string("trees.nodes.") + key, value ? significant(*value) : "nothing",
           "the number of a node or rule");
  return static_cast<std::size_t>(*value);
}

std::vector<Drawn> nodes_of(const Json& tree, std::size_t rules) {
  const Json& nodes = list(tree, "nodes");
  std::vector<Drawn> out(nodes.size());
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    out[k].question = text(nodes[k], "question");
    if (out[k].question.empty()) {
      out[k].rule = index_of(nodes[k], "rule", 0, rules);
      out[k].y = kLine * (static_cast<double>(out[k].rule) + 0.5);
      continue;
    }
    out[k].yes = index_of(nodes[k], "yes", k + 1, nodes.size());
    out[k].no = index_of(nodes[k], "no", k + 1, nodes.size());
    for (const std::size_t child : {out[k].yes, out[k].no}) out[child].depth = out[k].depth + 1;
  }
  for (std::size_t k = out.size(); k-- > 0;) {  // children stand behind their parents
    if (!out[k].question.empty()) out[k].y = 0.5 * (out[out[k].yes].y + out[out[k].no].y);
  }
  return out;
}

}  // namespace

std::string share_text(double share) { return fmt::format("{:.1f}\u00a0%", 100 * share); }

std::string tree_figure(const Json& tree) {
  const Json& rules = list(tree, "rules");
  if (rules.size() < 2) return {};
  const std::vector<Drawn> nodes = nodes_of(tree, rules.size());
  std::size_t depth = 0;
  for (const Drawn& node : nodes) {
    if (!node.question.empty()) depth = std::max(depth, node.depth + 1);
  }
  if (depth == 0 || depth > kMostDepth) return {};
  const double height = kLine * static_cast<double>(rules.size());
  const double column = (kWidth - kLeaf) / static_cast<double>(depth), box = column - kGap;
  const auto most = static_cast<std::size_t>(std::max(8.0, (box - 20) / 7.1));
  std::string lines, boxes;
  for (const Drawn& node : nodes) {
    if (node.question.empty()) continue;
    const double x = column * static_cast<double>(node.depth);
    boxes += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"3\" class=\"ask\"/>{}",
        x + 0.5, node.y - kBox / 2, box, kBox,
        svg_text(x + box / 2, node.y + 4, "middle", "", shortened(plain(node.question), most)));
    for (const bool yes : {true, false}) {
      const Drawn& child = nodes[yes ? node.yes : node.no];
      const double to = child.question.empty() ? kWidth - kLeaf : column * static_cast<double>(child.depth);
      const double from = x + box + 0.5, middle = from + 14;
      lines += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}V{:.1f}H{:.1f}\" class=\"way\"/>", from, node.y,
                           middle, child.y, to);
      lines += svg_text(middle + 5, child.y - 5, "start", "s", yes ? "yes" : "no");
    }
  }
  std::string leaves;
  for (std::size_t r = 0; r < rules.size(); ++r) {
    const double x = kWidth - kLeaf, y = kLine * (static_cast<double>(r) + 0.5);
    const auto share = number(rules[r], "share");
    leaves += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"3\" class=\"leaf\"/>", x + 0.5,
        y - kBox / 2 - 5, kLeaf - 1, kBox + 10);
    leaves += svg_text(x + 12, y - 2, "start", "b", shortened(plain(text(rules[r], "action")), 30));
    if (share) {
      leaves += svg_text(kWidth - 12, y - 2, "end", "s", share_text(*share));
      leaves += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"5\" class=\"track\"/>"
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"5\" class=\"part\"/>",
          x + 12, y + 8, kLeaf - 24, x + 12, y + 8, (kLeaf - 24) * std::clamp(*share, 0.0, 1.0));
    }
  }
  return fmt::format(
      "<figure class=\"onlywide\"><svg class=\"p\" viewBox=\"0 0 {:.0f} {:.0f}\" width=\"{:.0f}\" "
      "height=\"{:.0f}\" role=\"img\" aria-label=\"The questions of the tree; the table below has the same in "
      "words\">{}{}{}</svg></figure>\n",
      kWidth, height, kWidth, height, lines, boxes, leaves);
}

}  // namespace plumb::report
