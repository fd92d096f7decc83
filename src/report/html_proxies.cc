// The audit of the proxies: a Goodhart chart each, and the tests that stand behind its verdict.
#include <fmt/format.h>

#include "plumb/report.h"
#include "report/format.h"
#include "report/fragments.h"

namespace plumb::report {
namespace {

std::string unit_of_outcome(const Json& evidence, const std::string& name) {
  for (const Json& o : list(object(evidence, "data"), "outcomes")) {
    if (text(o, "name") != name) continue;
    const std::string kind = text(o, "kind");
    return kind == "binary" ? "share of decisions" : kind;
  }
  return {};
}

std::string definition(std::string_view term, const std::string& what) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", escape(term), what);
}

std::string tests(const Json& proxy) {
  std::string out;
  const Range unit = range(proxy, "unit_association");
  if (unit.any()) {
    out += definition("Unit by unit", "association with the goal " + typeset(interval(unit, true)));
  }
  const Json& effect = object(proxy, "effect_association");
  if (!effect.empty()) {
    const auto value = number(effect, "value");
    std::string said = escape(text(effect, "sentence"));
    if (value) said = typeset(signed_number(*value)) + (said.empty() ? "" : "<br>" + said);
    out += definition("Effect by effect", said.empty() ? "no number" : said);
  }
  const Json& surrogacy = object(proxy, "surrogacy");
  if (!surrogacy.empty()) {
    const std::string contrast = text(surrogacy, "contrast"), verdict = text(surrogacy, "verdict");
    std::string said = contrast.empty() ? "" : escape(contrast) + ": ";
    said += "index bias " + typeset(interval(range(surrogacy, "index_bias"), true));
    const auto z = number(surrogacy, "z"), p = number(surrogacy, "p");
    if (z) said += typeset(", z " + significant(*z));
    if (p) said += ", p " + significant(*p);
    if (!verdict.empty()) said += "<br>" + badge(verdict);
    out += definition("As a surrogate", said);
  }
  const Json& end = object(proxy, "end_of_support");
  if (const std::string reason = text(end, "reason"); !reason.empty()) {
    const auto kl = number(end, "kl");
    out += definition("Where the log ends", (kl ? "KL " + significant(*kl) + " nats: " : "") + escape(reason));
  }
  return out.empty() ? out : "<dl class=\"tests num\">" + out + "</dl>\n";
}

std::string words_of(const std::string& verdict) {
  if (verdict == "refuse") return "do not optimize";
  if (verdict == "pass") return "may stand for the goal";
  return verdict == "inconclusive" ? "cannot be told" : verdict;
}

std::string one_proxy(const Json& evidence, const Json& proxy) {
  const Json& goal = object(evidence, "goal");
  GoodhartLabels labels;
  labels.goal = text(goal, "maximize");
  labels.goal_unit = text(goal, "unit");
  labels.proxy_unit = unit_of_outcome(evidence, text(proxy, "name"));
  std::string out = fmt::format(
      "<div class=\"proxy\"><div class=\"head\"><h3>{}</h3>{}</div>\n{}", escape(text(proxy, "name")),
      badge_of(text(proxy, "verdict"), words_of(text(proxy, "verdict"))), paragraph(text(proxy, "sentence")));
  std::string pictures = goodhart_svg(proxy, labels);
  labels.width = 350;
  pictures += goodhart_svg(proxy, labels);
  if (pictures.empty()) {
    out += "<p class=\"soft\">No curve: the log cannot carry its numbers.</p>\n";
  } else {
    out += "<figure>" + pictures + "</figure>\n";
  }
  return out + tests(proxy) + "</div>\n";
}

}  // namespace

std::string proxies_part(const Json& evidence) {
  std::string out;
  for (const Json& proxy : proxies_of(evidence)) out += one_proxy(evidence, proxy);
  if (!out.empty()) {
    const auto confidence = number(object(evidence, "goal"), "confidence");
    out = paragraph(
              "What happens when a policy is pushed ever harder towards the proxy: the proxy itself above, the "
              "goal below, both as changes from the reference. Bands are simultaneous over the whole path" +
                  (confidence ? ", at " + percent(*confidence) : std::string()) + ".",
              "lead") +
          out;
  }
  std::string told;
  for (const Json& c : list(object(evidence, "audit"), "comparisons")) {
    const std::string sentence = text(c, "sentence");
    told += fmt::format("<li>{}<span class=\"need num\">{} minus {}: {}</span></li>", escape(sentence),
                        escape(text(c, "a")), escape(text(c, "b")), typeset(interval(range_of(c), true)));
  }
  if (!told.empty())
    out += "<h3 class=\"sub\">Does it matter what one trains on?</h3><ul class=\"plain\">" + told + "</ul>\n";
  return section_html("proxies", "How far the proxies can be trusted", out);
}

}  // namespace plumb::report
