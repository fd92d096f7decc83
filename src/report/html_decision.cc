// The first thing on the page: the decision, and the four questions that it answers.
#include <fmt/format.h>

#include "report/format.h"
#include "report/fragments.h"
#include "report/phrases.h"

namespace plumb::report {
namespace {

std::string decision_words(const std::string& decision, const std::string& verdict) {
  if (decision == "ship") return "Ship";
  if (decision == "keep") return "Keep what you have";
  if (decision == "experiment") return "Experiment first";
  if (decision == "stands") return "The certificate stands";
  if (decision == "revoked") return "The certificate is revoked";
  if (decision == "undecided") return "The later log cannot tell";
  std::string words = decision.empty() ? verdict : decision;
  if (!words.empty() && words[0] >= 'a' && words[0] <= 'z') words[0] = static_cast<char>(words[0] - 'a' + 'A');
  return words;
}

std::string fact(const std::string& term, const std::string& what, const std::string& more = "") {
  if (what.empty()) return {};
  return fmt::format("<div><dt>{}</dt><dd class=\"num\">{}{}</dd></div>", escape(term), what,
                     more.empty() ? "" : "<small>" + more + "</small>");
}

// A long name breaks between its parts, not within a word.
std::string breaking_at_colons(const std::string& name) {
  std::string out;
  for (const char c : escape(name)) out += c == ':' ? std::string(":<wbr/>") : std::string(1, c);
  return out;
}

const Json& recommended_candidate(const Json& evidence, const std::string& name) {
  static const Json kNone = Json::object();
  for (const Json& c : list(evidence, "candidates")) {
    if (text(c, "name") == name) return c;
  }
  return kNone;
}

std::string facts(const Json& evidence) {
  const Json& goal = object(evidence, "goal");
  const std::string name = text(object(evidence, "recommended"), "policy");
  const Json& chosen = recommended_candidate(evidence, name);
  const Range gain = range(chosen, "versus_reference");
  std::string out;
  if (!name.empty()) {
    const auto far = number(object(evidence, "recommended"), "otherwise");
    out += fact(
        "Recommended policy", breaking_at_colons(name),
        far ? "chooses otherwise than today in " + escape(share_of_decisions(*far)) + " of decisions" : "");
  }
  if (gain.any()) {
    const std::string all = interval(gain, true);
    const std::size_t bracket = all.find(" [");
    std::string ends = bracket == std::string::npos ? "" : all.substr(bracket + 2, all.size() - bracket - 3);
    if (const std::size_t comma = ends.find(", "); comma != std::string::npos)
      ends = ", between " + ends.substr(0, comma) + " and " + ends.substr(comma + 2);
    out += fact("Gain over reference", typeset(all.substr(0, bracket)),
                escape(text(goal, "unit")) + typeset(ends));
  }
  const Json& data = object(evidence, "data");
  if (const auto n = number(data, "decisions")) {
    const auto units = number(data, "units");
    out += fact("Decisions in the log", significant(*n), units ? significant(*units) + " units" : "");
  }
  if (const auto effect = number(goal, "minimum_effect")) {
    out += fact("Worth shipping from", significant(*effect), escape(text(goal, "unit")));
  }
  if (const auto effect = number(evidence, "detectable_effect")) {
    out += fact("Smallest effect this log could show", significant(*effect), escape(text(goal, "unit")));
  }
  if (const auto confidence = number(goal, "confidence")) {
    const auto size = number(object(evidence, "family"), "size");
    out += fact("Confidence", percent(*confidence),
                size ? "over all " + significant(*size) + " comparisons together" : "");
  }
  return out.empty() ? out : "<dl class=\"facts\">" + out + "</dl>\n";
}

}  // namespace

std::string decision_part(const Json& evidence) {
  const std::string decision = text(evidence, "decision"), verdict = text(evidence, "verdict");
  const std::string words = decision_words(decision, verdict);
  const std::string headline = text(evidence, "headline");
  const std::string leading = decision.empty() ? verdict : decision;
  std::string out;
  if (!words.empty()) {
    out += fmt::format("<h1>{}<span>{}</span></h1>\n", mark(leading), escape(words));
  }
  if (!headline.empty()) out += fmt::format("<p class=\"headline\">{}</p>\n", escape(headline));
  out += facts(evidence);
  const Json& goal = object(evidence, "goal");
  if (const std::string intent = text(goal, "intent"); !intent.empty()) {
    const std::string maximize = text(goal, "maximize");
    out += fmt::format("<blockquote>{}{}</blockquote>\n", escape(intent),
                       maximize.empty() ? "" : "<cite>The goal, as measured: " + escape(maximize) + "</cite>");
  }
  if (out.empty()) return {};
  return fmt::format("<div class=\"decision {}\"><p class=\"label\">{}</p>\n{}</div>\n", tone(leading),
                     decision.empty() ? (verdict.empty() ? "Result" : "Verdict") : "Decision", out);
}

std::string questions_part(const Json& evidence) {
  std::string cards;
  for (const Json& q : list(evidence, "questions")) {
    const std::string verdict = text(q, "verdict"), said = text(q, "badge");
    cards += fmt::format(
        "<div class=\"card {}\"><div class=\"head\"><span "
        "class=\"stage\">{}</span>{}</div><h3>{}</h3>{}</div>\n",
        tone(verdict), escape(text(q, "stage")), badge_of(verdict, said.empty() ? verdict : said),
        escape(text(q, "question")), paragraph(text(q, "sentence")));
  }
  return cards.empty() ? cards : "<div class=\"cards\">" + cards + "</div>\n";
}

}  // namespace plumb::report
