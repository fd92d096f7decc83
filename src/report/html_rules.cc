// What a tree does, drawn and told rule by rule, and what a budget buys.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "report/format.h"
#include "report/fragments.h"
#include "report/tree_figure.h"

namespace plumb::report {
namespace {

std::string share_html(const std::optional<double>& share) {
  if (!share) return "no number";
  return fmt::format("<span class=\"share\"><span style=\"width:{:.1f}%\"></span></span>{}", 100 * *share,
                     share_text(*share));
}

std::string gain_html(const Json& rule, const std::string& best) {
  const Range gain = range_of(rule);
  if (!gain.value) return "<span class=\"soft\">no number</span>";
  if (text(rule, "action") == best) return "<span class=\"soft\">as for everyone</span>";
  return typeset(interval(gain, true));
}

std::string one_tree(const Json& tree, const std::string& unit) {
  const std::string best = text(tree, "best_action"), rows = text(tree, "rows");
  Table table;
  table.headers = {"When", "Then", "Share of decisions", "Gain there" + (unit.empty() ? "" : ", " + unit)};
  for (const Json& rule : list(tree, "rules")) {
    table.rows.push_back({text_cell(text(rule, "condition")),
                          {"<span class=\"then\">" + escape(text(rule, "action")) + "</span>", false},
                          {share_html(number(rule, "share")), true},
                          {gain_html(rule, best), true}});
    table.notes.push_back(escape(number(rule, "value") ? "" : text(rule, "why_not")));
  }
  if (table.rows.empty()) return {};
  std::string note;
  if (!best.empty())
    note = "Gain there: over " + best +
           " for everyone, a decision that the rule concerns; intervals hold for all "
           "rules together.";
  if (!rows.empty()) note += (note.empty() ? "" : " ") + ("Shares and gains on the " + rows + ".");
  return tree_figure(tree) + table_html(table) + paragraph(note, "small soft");
}

}  // namespace

std::string rules_part(const Json& evidence) {
  const Json& trees = list(evidence, "trees");
  if (trees.empty()) return {};
  const std::string unit = text(object(evidence, "goal"), "unit");
  std::string leading = text(object(evidence, "recommended"), "policy");
  const auto is_tree = [&](const std::string& name) {
    return std::any_of(trees.begin(), trees.end(), [&](const Json& t) { return text(t, "policy") == name; });
  };
  if (!is_tree(leading)) {
    for (const Json& s : list(object(evidence, "training"), "signals")) {
      if (flag(s, "chosen")) leading = text(s, "policy");
    }
  }
  if (!is_tree(leading)) leading = text(trees.front(), "policy");
  std::string first, others;
  for (const Json& tree : trees) {
    const std::string name = text(tree, "policy");
    const std::string told = "<h3 class=\"sub\">" + escape(name) + "</h3>\n" + one_tree(tree, unit);
    (name == leading ? first : others) += told;
  }
  std::string out = paragraph(
                        "The policy as rules: whoever they concern gets exactly this, and nothing else is "
                        "looked at.",
                        "lead") +
                    first;
  if (!others.empty()) out += "<details><summary>The other trees</summary>" + others + "</details>\n";
  return section_html("rules", "The rules", out);
}

std::string budget_part(const Json& evidence) {
  const Json& budget = object(evidence, "budget");
  if (budget.empty()) return {};
  const std::string unit = text(object(evidence, "goal"), "unit");
  std::string out = paragraph(text(budget, "sentence"), "lead") + paragraph(text(budget, "price_sentence"));
  std::string costs;
  for (const auto& [action, cost] : object(budget, "costs").items()) {
    if (!cost.is_number()) continue;
    costs += fmt::format("{}{} {}", costs.empty() ? "" : ", ", action, significant(cost.get<double>()));
  }
  Table table;
  table.headers = {"Policy", "Mean cost a decision", "Gain over spending as much at random"};
  for (const Json& p : list(budget, "policies")) {
    const Json &cost = object(p, "cost"), &over = object(p, "over_random");
    table.rows.push_back({text_cell(text(p, "policy")), number_cell(interval(range_of(cost), false)),
                          number_cell(interval(range_of(over), true))});
    table.notes.push_back(escape(text(over, "why_not")));
  }
  if (!table.rows.empty()) out += table_html(table);
  if (const auto limit = number(budget, "limit")) {
    out += paragraph("Allowed: " + significant(*limit) + " a decision. An action costs: " + costs + "." +
                         (unit.empty() ? "" : " Gains in " + unit + "."),
                     "small soft");
  }
  return section_html("budget", "The budget", out);
}

}  // namespace plumb::report
