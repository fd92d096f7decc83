// The page: its skeleton and the order in which a reader meets the parts.
#include <fmt/format.h>

#include "plumb/report.h"
#include "report/format.h"
#include "report/fragments.h"

namespace plumb {
namespace {

// A plumb line and its bob.
constexpr const char* kBrand =
    "<span class=\"brand\"><svg viewBox=\"0 0 10 20\" aria-hidden=\"true\"><path d=\"M5 0v9\" "
    "stroke=\"currentColor\" "
    "stroke-width=\"1.2\"/><path d=\"M1.4 8.5h7.2v3.2L5 20 1.4 11.7z\" "
    "fill=\"currentColor\"/></svg>plumb</span>";

std::string title_of(const std::string& verb) {
  if (verb == "align") return "Alignment report";
  if (verb == "audit") return "Audit of the proxies";
  if (verb == "train") return "Training report";
  if (verb == "evaluate") return "Value of the policies";
  if (verb == "gate") return "Gate report";
  if (verb == "monitor") return "Does the certificate hold?";
  if (verb == "reward") return "What was learnt";
  if (verb == "check") return "What this log can carry";
  return "Report";
}

}  // namespace

std::string render_html(const nlohmann::json& evidence) {
  using namespace report;
  require_evidence(evidence);
  const Json& goal = object(evidence, "goal");
  const std::string name = text(goal, "name"), owner = text(goal, "owner");
  const std::string title = title_of(text(evidence, "verb"));
  std::string who = name.empty() ? std::string() : "<span class=\"name\">" + escape(name) + "</span>";
  if (!owner.empty()) who += (who.empty() ? "" : ", ") + escape(owner);

  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}{}</title>\n<style>{}</style></head>\n<body>\n"
      "<header class=\"top\"><span>{} <span class=\"soft\">{}</span></span><span>{}</span></header>\n<main>\n",
      name.empty() ? "" : escape(name) + ": ", escape(title), style_sheet(), kBrand, escape(title), who);
  page += decision_part(evidence);
  page += questions_part(evidence);
  page += monitor_part(evidence);
  page += proxies_part(evidence);
  page += reward_part(evidence);
  page += preference_part(evidence);
  page += candidates_part(evidence);
  page += rules_part(evidence);
  page += budget_part(evidence);
  page += people_part(evidence);
  page += policies_part(evidence);
  page += constants_part(evidence);
  page += reasons_part(evidence);
  page += training_part(evidence);
  page += data_part(evidence);
  page += assumptions_part(evidence);
  page +=
      "</main>\n<footer><div class=\"inner\">" + provenance_part(evidence) +
      "<p>Every number on this page stands in evidence.json beside it.</p></div></footer>\n</body></html>\n";
  return page;
}

}  // namespace plumb
