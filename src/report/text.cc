// The evidence for a terminal: sentences first, then tables whose columns line up.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "plumb/report.h"
#include "report/format.h"
#include "report/reading.h"
#include "report/tree_figure.h"

namespace plumb {
namespace {

using namespace report;

using Row = std::vector<std::string>;

// Columns as wide as their widest cell; the columns of `right` are flushed right. A table of one row only (its
// header) is nothing.
std::string aligned(const std::vector<Row>& rows, const std::vector<std::size_t>& right) {
  if (rows.size() < 2) return {};
  std::vector<std::size_t> width(rows[0].size(), 0);
  for (const Row& r : rows) {
    for (std::size_t c = 0; c < r.size(); ++c) width[c] = std::max(width[c], characters(r[c]));
  }
  std::string out;
  for (const Row& r : rows) {
    std::string line = " ";
    for (std::size_t c = 0; c < r.size(); ++c) {
      const std::string gap(width[c] - characters(r[c]), ' ');
      const bool flush_right = std::find(right.begin(), right.end(), c) != right.end();
      line += " " + (flush_right ? gap + r[c] : r[c] + gap) + " ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string name(const Json& parent, const char* key) { return shortened(plain(text(parent, key)), 48); }

std::string titled(const std::string& title, const std::string& body) {
  return body.empty() ? body : "\n" + title + "\n" + body;
}

std::string opening(const Json& evidence) {
  const std::string decision = text(evidence, "decision"), verdict = text(evidence, "verdict");
  const std::string word = plain(decision.empty() ? verdict : decision),
                    headline = plain(text(evidence, "headline"));
  std::string out = word;
  if (!headline.empty()) out += (out.empty() ? "" : ": ") + headline;
  if (!out.empty()) out += "\n";
  for (const Json& q : list(evidence, "questions")) {
    const std::string said = text(q, "badge");
    out += fmt::format("\n{} {}\n  {}\n", plain(text(q, "question")),
                       plain(said.empty() ? text(q, "verdict") : said), plain(text(q, "sentence")));
  }
  return out;
}

std::string candidates(const Json& evidence) {
  const std::string unit = plain(text(object(evidence, "goal"), "unit"));
  const std::string recommended = text(object(evidence, "recommended"), "policy");
  std::vector<Row> rows{
      {"", "policy", "KL", "goal", "gain over reference", "gain over best constant", "verdict"}};
  for (const Json& c : list(evidence, "candidates")) {
    const bool chosen = !recommended.empty() && text(c, "name") == recommended;
    rows.push_back({chosen ? "*" : "", name(c, "name"), significant(number(c, "kl")),
                    interval(range(c, "goal"), false), interval(range(c, "versus_reference"), true),
                    interval(range(c, "versus_best_constant"), true), name(c, "verdict")});
  }
  std::string title = "Candidates";
  if (!unit.empty()) title += ", in " + unit;
  if (!recommended.empty()) title += " (* recommended)";
  return titled(title, aligned(rows, {2}));
}

std::string constraints_and_segments(const Json& evidence) {
  const Json& all = list(evidence, "candidates");
  const std::string recommended = text(object(evidence, "recommended"), "policy");
  std::string out;
  for (const Json& c : all) {
    if (all.size() != 1 && (recommended.empty() || text(c, "name") != recommended)) continue;
    std::vector<Row> limits{{"constraint", "estimate", "limit", "verdict"}};
    for (const Json& k : list(c, "constraints")) {
      limits.push_back(
          {name(k, "id"), interval(range_of(k), true), significant(number(k, "limit")), name(k, "verdict")});
    }
    std::vector<Row> segments{{"segment", "level", "decisions", "gain over reference", "verdict"}};
    for (const Json& s : list(c, "segments")) {
      segments.push_back({name(s, "segment"), name(s, "level"), significant(number(s, "count")),
                          interval(range_of(s), true), name(s, "verdict")});
    }
    out += titled("Constraints of " + name(c, "name"), aligned(limits, {2}));
    out += titled("Segments of " + name(c, "name"), aligned(segments, {2}));
  }
  return out;
}

std::string proxies(const Json& evidence) {
  std::string out;
  std::vector<Row> rows{{"proxy", "verdict", "index bias", "peak of the goal, KL", "end of support, KL"}};
  for (const Json& p : proxies_of(evidence)) {
    const Json& peak = object(p, "peak");
    const auto low = number(peak, "kl_lower"), high = number(peak, "kl_upper");
    std::string where = "no number";
    if (low)
      where = significant(*low) + (flag(peak, "censored") || !high ? " or more" : " to " + significant(*high));
    rows.push_back({name(p, "name"), name(p, "verdict"),
                    interval(range(object(p, "surrogacy"), "index_bias"), true), where,
                    significant(number(object(p, "end_of_support"), "kl"))});
    if (const std::string s = plain(text(p, "sentence")); !s.empty()) out += "  " + s + "\n";
  }
  std::string told;
  for (const Json& c : list(object(evidence, "audit"), "comparisons")) {
    told += "  " + plain(text(c, "sentence")) + "\n";
  }
  return titled("Proxies", aligned(rows, {}) + out) + told;
}

std::string rules(const Json& evidence) {
  std::string out;
  for (const Json& tree : list(evidence, "trees")) {
    const std::string best = text(tree, "best_action");
    std::vector<Row> rows{
        {"when", "then", "decisions", "share",
         best.empty() ? "gain" : "gain over " + shortened(plain(best), 24) + " for everyone"}};
    for (const Json& rule : list(tree, "rules")) {
      const auto share = number(rule, "share");
      rows.push_back({plain(text(rule, "condition")), name(rule, "action"), significant(number(rule, "count")),
                      share ? share_text(*share) : "no number",
                      text(rule, "action") == best ? "as for everyone" : interval(range_of(rule), true)});
    }
    out += titled("Rules of " + name(tree, "policy"), aligned(rows, {2, 3}));
  }
  return out;
}

std::string budget(const Json& evidence) {
  const Json& b = object(evidence, "budget");
  std::vector<Row> rows{{"policy", "mean cost", "gain over spending as much at random"}};
  for (const Json& p : list(b, "policies")) {
    rows.push_back(
        {name(p, "policy"), interval(range(p, "cost"), false), interval(range(p, "over_random"), true)});
  }
  std::string body = aligned(rows, {});
  for (const char* sentence : {"sentence", "price_sentence"}) {
    if (const std::string said = plain(text(b, sentence)); !said.empty()) body += "  " + said + "\n";
  }
  return titled("Budget of " + significant(number(b, "limit")) + " a decision", body);
}

std::string preference(const Json& evidence) {
  const Json& p = object(evidence, "preference");
  std::string body;
  for (const char* sentence : {"sentence", "position_sentence", "curve_sentence"}) {
    if (const std::string said = plain(text(p, sentence)); !said.empty()) body += "  " + said + "\n";
  }
  for (const char* sentence : {"sentence", "careless_sentence"})
    if (const std::string said = plain(text(object(p, "unit"), sentence)); !said.empty())
      body += "  " + said + "\n";
  if (const std::string said = plain(text(object(p, "people"), "sentence")); !said.empty())
    body += "  " + said + "\n";
  return titled("What people prefer", body);
}

// Whether a move is shown, and for the worse.
std::string word_of(const Json& shift) {
  return flag(shift, "harmful") ? "harm" : flag(shift, "shown") ? "moved" : "";
}

std::string monitor(const Json& evidence) {
  const Json& m = object(evidence, "monitor");
  const Json& gain = object(m, "gain");
  const std::string unit = plain(text(object(evidence, "goal"), "unit"));
  std::vector<Row> gains{{"gain over the reference", "estimate"}};
  const std::pair<const char*, const char*> kGains[] = {{"certified", "as certified"},
                                                        {"then", "then, on the first log"},
                                                        {"carried", "then, for today's contexts"},
                                                        {"now", "now, on the later log"},
                                                        {"by_contexts", "  change by contexts"},
                                                        {"by_outcomes", "  change by outcomes"}};
  for (const auto& [key, said] : kGains) {
    const Range r = range(gain, key);
    if (r.any()) gains.push_back({said, interval(r, true)});
  }
  std::string out = titled("The gain, then and now" + (unit.empty() ? "" : ", in " + unit), aligned(gains, {}));
  const std::pair<const char*, const char*> kFamilies[] = {
      {"contexts", "Contexts that moved, in standard deviations"},
      {"choices", "Choices that moved, in standard deviations"},
      {"outcomes", "Outcomes, given contexts and action"}};
  for (const auto& [key, title] : kFamilies) {
    const bool outcomes = std::string_view(key) == "outcomes";
    std::vector<Row> rows{{"", "", "then", "now", "moved by", ""}};
    for (const Json& s : list(object(m, key), "shifts")) {
      if (outcomes ? text(s, "group") == "contexts" : !flag(s, "shown")) continue;
      rows.push_back({name(s, "group"), name(s, "what"), significant(number(s, "then")),
                      significant(number(s, "now")), interval(range_of(s), true), word_of(s)});
    }
    out += titled(title, aligned(rows, {2, 3}));
  }
  return out;
}

// What was learnt of every outcome, and how it stands to what came; only where that was measured (reward).
std::string models(const Json& evidence) {
  std::vector<Row> rows{{"outcome", "model", "decisions", "R2", "slope", "intercept", "log loss"}};
  std::string told, tenths;
  for (const Json& m : list(evidence, "models")) {
    const Json& r = object(m, "reliability");
    if (r.empty()) continue;
    if (const std::string s = plain(text(r, "sentence")); !s.empty()) told += "  " + s + "\n";
    rows.push_back({name(m, "outcome"), name(m, "method"), significant(number(r, "rows")),
                    interval(range(r, "r_squared"), false), interval(range(r, "slope"), false),
                    interval(range(r, "intercept"), false),
                    member(r, "log_loss").is_null() ? "" : interval(range(r, "log_loss"), false)});
    std::vector<Row> bins{{"predicted", "came", "decisions"}};
    for (const Json& b : list(r, "bins"))
      bins.push_back(
          {significant(number(b, "predicted")), interval(range_of(b), false), significant(number(b, "rows"))});
    tenths += titled("Tenths of what is predicted of " + name(m, "outcome"), aligned(bins, {0, 2}));
  }
  return titled("Outcome models, on decisions that they did not see", aligned(rows, {2}) + told) + tenths;
}

// The test's verdict is on the index alone, not on the gain.
std::string surrogacy_word(const std::string& verdict) {
  return verdict == "pass" ? "shown" : verdict == "refuse" ? "refuted" : "neither shown nor refuted";
}

std::string learnt(const Json& evidence) {
  std::string body;
  for (const Json& l : list(evidence, "learnt")) {
    body += "  " + plain(text(l, "sentence")) + "\n";
    for (const Json& t : list(object(l, "surrogacy"), "tests")) {
      const std::string contrast = plain(text(t, "contrast"));
      const bool assumed = flag(l, "surrogacy_assumed");
      body +=
          fmt::format("    {}: early outcomes foretell {} of the gain; {}\n", contrast,
                      interval(range(t, "foretold"), true),
                      assumed ? "surrogacy is assumed, so what they miss is left out"
                              : fmt::format("{} is seen of {} % of the decisions and adds {}", name(l, "of"),
                                            significant(100 * number(l, "seen_share").value_or(0)),
                                            interval(range(t, "missed"), true)));
      body += fmt::format("    where both are seen, of an effect of {} the index misses {}: surrogacy is {}\n",
                          interval(range(t, "direct_effect"), true), interval(range(t, "index_bias"), true),
                          surrogacy_word(text(t, "verdict")));
    }
  }
  return titled("Outcomes that are learnt", body);
}

std::string policies(const Json& evidence) {
  std::vector<Row> rows{{"policy", "estimator", "value", "ESS", "support", ""}};
  std::vector<Row> verdicts{{"policy", "gain over reference", "verdict", "because"}};
  for (const Json& p : list(evidence, "policies")) {
    for (const Json& e : list(p, "estimates")) {
      const auto ess = number(e, "ess") ? number(e, "ess") : number(object(p, "support"), "ess");
      rows.push_back({name(p, "name"), name(e, "estimator"), interval(range_of(e), false), significant(ess),
                      name(object(p, "support"), "verdict"), plain(text(e, "outside"))});
    }
    const std::string verdict = text(p, "verdict");
    verdicts.push_back({name(p, "name"), interval(range(p, "versus_reference"), true),
                        verdict.empty() ? "none" : plain(verdict), plain(text(p, "reason"))});
  }
  if (rows.size() < 2) return {};
  return titled("Policies", aligned(rows, {3})) + titled("Verdicts", aligned(verdicts, {}));
}

std::string constants(const Json& evidence) {
  std::vector<Row> rows{{"action for everyone", "value"}};
  for (const Json& c : list(evidence, "constants"))
    rows.push_back({name(c, "name"), interval(range_of(c), false)});
  std::string out = titled("Constant actions", aligned(rows, {}));
  if (const auto effect = number(evidence, "detectable_effect")) {
    out += "\nSmallest effect that this log could show: " + significant(*effect) + "\n";
  }
  return out;
}

std::string signals(const Json& evidence) {
  const Json& training = object(evidence, "training");
  std::vector<Row> rows{{"", "trained on", "KL", "held-out gain", "lower end"}};
  for (const Json& s : list(training, "signals")) {
    rows.push_back({flag(s, "chosen") ? "*" : "", name(s, "signal"), significant(number(s, "kl")),
                    number(s, "value") ? significant(number(s, "value")) : "no number",
                    number(s, "lower") ? significant(number(s, "lower")) : "no number"});
  }
  const std::string sentence = plain(text(training, "sentence"));
  return titled("Training (* chosen)", aligned(rows, {2, 3, 4})) +
         (sentence.empty() ? "" : "  " + sentence + "\n");
}

std::string reasons(const Json& evidence) {
  std::string body;
  for (const Json& r : list(evidence, "reasons")) {
    body += fmt::format("  {}: {}: {}\n", plain(text(r, "check")), plain(text(r, "verdict")),
                        plain(text(r, "detail")));
    const std::string need = more_decisions(number(r, "decisions_needed"), number(r, "weeks_needed"));
    if (!need.empty()) body += "    " + need + " would decide.\n";
  }
  return titled("What decided", body);
}

std::string data(const Json& evidence) {
  const Json& d = object(evidence, "data");
  std::string body;
  if (const auto n = number(d, "decisions")) {
    body += "  " + significant(*n) + " decisions";
    if (const auto units = number(d, "units")) body += ", " + significant(*units) + " units";
    if (const auto actions = number(d, "actions")) body += ", " + significant(*actions) + " actions";
    if (const auto rejected = number(d, "rejected")) body += ", " + significant(*rejected) + " rejected";
    body += "\n";
  }
  std::vector<Row> rows{{"outcome", "kind", "observed", "missing", "too young", "mean"}};
  for (const Json& o : list(d, "outcomes")) {
    rows.push_back({name(o, "name"), name(o, "kind"), significant(number(o, "observed")),
                    significant(number(o, "missing")), significant(number(o, "immature")),
                    significant(number(o, "mean"))});
  }
  body += aligned(rows, {2, 3, 4, 5});
  for (const Json& f : list(d, "findings")) {
    body += fmt::format("  {}: {}: {}\n", plain(text(f, "severity")), plain(text(f, "check")),
                        plain(text(f, "sentence")));
  }
  for (const Json& note : list(d, "notes")) {
    if (note.is_string()) body += "  " + plain(note.get<std::string>()) + "\n";
  }
  return titled("Data", body);
}

std::string assumptions(const Json& evidence) {
  std::vector<Row> rows{{"assumption", "status"}};
  for (const Json& a : list(evidence, "assumptions")) rows.push_back({name(a, "name"), name(a, "status")});
  return titled("Assumptions", aligned(rows, {}));
}

}  // namespace

std::string render_text(const nlohmann::json& evidence) {
  require_evidence(evidence);
  std::string out = opening(evidence) + monitor(evidence) + candidates(evidence) + rules(evidence) +
                    budget(evidence) + constraints_and_segments(evidence) + proxies(evidence) +
                    preference(evidence) + models(evidence) + learnt(evidence) + policies(evidence) +
                    constants(evidence) + signals(evidence) + reasons(evidence) + data(evidence) +
                    assumptions(evidence);
  if (const std::string look = plain(text(object(evidence, "look"), "sentence")); !look.empty())
    out += "\n" + look + "\n";
  if (!out.empty() && out[0] == '\n') out.erase(0, 1);
  return out;
}

}  // namespace plumb
