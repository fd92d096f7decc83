// The page and the text: nothing of the evidence acts on them, nothing is invented, nothing is lost.
#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "plumb/base.h"
#include "plumb/report.h"

namespace plumb {
namespace {

using nlohmann::json;

json sample() {
  std::ifstream in(PLUMB_SOURCE_DIR "/tests/report/sample_align.json");
  return json::parse(in);
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++n;
  return n;
}

bool contains(const std::string& text, const std::string& what) { return text.find(what) != std::string::npos; }

// Whether every element that is opened is closed in order; void elements and self-closing ones aside. Fails
// with the name of the first that is not.
std::string first_unbalanced(const std::string& html) {
  std::vector<std::string> open;
  const std::size_t style = html.find("<style>"), style_end = html.find("</style>");
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    if (at > style && at < style_end) continue;
    const std::size_t end = html.find('>', at);
    const std::string tag = html.substr(at + 1, end - at - 1);
    if (tag[0] == '!' || tag.back() == '/') continue;
    const bool closing = tag[0] == '/';
    const std::size_t from = closing ? 1 : 0;
    const std::string name = tag.substr(from, tag.find_first_of(" \n", from) - from);
    if (name == "meta" || name == "br") continue;
    if (!closing) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return name;
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back();
}

// Replaces every string of a document by one that would act if it were not escaped.
void poison(json& j) {
  if (j.is_string()) j = "<script>alert('x')</script>&\"\x1b[31m";
  if (j.is_structured()) {
    for (json& child : j) poison(child);
  }
}

TEST(Html, IsWellFormedAndSelfContained) {
  const std::string page = render_html(sample());
  EXPECT_EQ(first_unbalanced(page), "");
  EXPECT_FALSE(contains(page, "<script"));
  EXPECT_FALSE(contains(page, "http://"));
  EXPECT_FALSE(contains(page, "https://"));
  EXPECT_FALSE(contains(page, "url("));
  EXPECT_FALSE(contains(page, "@import"));
}

TEST(Html, PutsTheDecisionBeforeEverythingElse) {
  const std::string page = render_html(sample());
  const std::size_t decision = page.find("<span>Ship</span>");
  ASSERT_NE(decision, std::string::npos);
  EXPECT_LT(decision, page.find("Did we specify the right goal?"));
  EXPECT_LT(page.find("Did we specify the right goal?"), page.find("id=\"proxies\""));
  EXPECT_LT(page.find("id=\"proxies\""), page.find("id=\"candidates\""));
  EXPECT_EQ(count(page, "class=\"card "), 4u);
}

TEST(Html, SaysEveryVerdictInWordsAndNotByColourAlone) {
  json evidence = sample();
  for (const auto& [decision, words] :
       {std::pair{"ship", "Ship"}, {"keep", "Keep what you have"}, {"experiment", "Experiment first"}}) {
    evidence["decision"] = decision;
    EXPECT_TRUE(contains(render_html(evidence), "<span>" + std::string(words) + "</span>"));
  }
  const std::string page = render_html(sample());
  // A badge is a mark and a word: as many closed words as badges with a picture.
  EXPECT_EQ(count(page, "<span class=\"badge refuse\"><svg"), count(page, "</svg>refuse</span>") +
                                                                  count(page, "</svg>failed</span>") +
                                                                  count(page, "</svg>do not optimize</span>"));
  EXPECT_GT(count(page, "</svg>refuse</span>"), 3u);
}

TEST(Html, EscapesEveryStringOfTheEvidence) {
  json evidence = sample();
  poison(evidence);
  const std::string page = render_html(evidence);
  EXPECT_FALSE(contains(page, "<script"));
  EXPECT_FALSE(contains(page, "alert('x')"));
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
  EXPECT_TRUE(contains(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;\u241b[31m"));
  EXPECT_EQ(first_unbalanced(page), "");
}

TEST(Html, ShowsNoNumberWhereTheLogCannotCarryOne) {
  json evidence{
      {"candidates", json::array({{{"name", "table:vendor"},
                                   {"kl", nullptr},
                                   {"goal", {{"value", nullptr}, {"lower", nullptr}, {"upper", nullptr}}},
                                   {"verdict", "inconclusive"}}})}};
  const std::string page = render_html(evidence);
  // KL, goal, both gains and the effective sample in the table, once in each layout of the forest plot.
  EXPECT_EQ(count(page, "no number"), 7u);
  EXPECT_FALSE(contains(page, "nan"));
}

TEST(Html, PrintsTheNumbersOfTheEvidence) {
  const std::string page = render_html(sample());
  EXPECT_TRUE(
      contains(page, "<span class=\"estimate\">+0.43</span><span class=\"ends\">[+0.17, +0.68]</span>"));
  EXPECT_TRUE(contains(page, "172,000 more decisions (about 21 weeks at this log's rate) would decide."));
  EXPECT_TRUE(contains(page, "6,400 more decisions (about 5 days at this log's rate) would decide."));
  EXPECT_TRUE(contains(page, "e0b1c2d3f4a59687"));
  EXPECT_TRUE(contains(page, "smallest effect worth shipping 0.25"));
}

TEST(Html, RendersEverySubsetOfTheDocument) {
  const json whole = sample();
  for (const auto& [key, part] : whole.items()) {
    json without = whole;
    without.erase(key);
    EXPECT_EQ(first_unbalanced(render_html(without)), "") << key;
    const json alone{{key, part}};
    EXPECT_EQ(first_unbalanced(render_html(alone)), "") << key;
    EXPECT_NO_THROW(render_text(without)) << key;
    EXPECT_NO_THROW(render_text(alone)) << key;
  }
  EXPECT_EQ(first_unbalanced(render_html(json::object())), "");
  EXPECT_EQ(render_text(json::object()), "");
}

TEST(Html, ShowsTheEvidenceOfEveryVerb) {
  const json evaluate = json::parse(R"({"verb":"evaluate","policies":[{"name":"uniform","verdict":"pass",
    "estimates":[{"estimator":"ips","value":1.25,"lower":1.0,"upper":1.5,"level":0.95,"ess":900},
                 {"estimator":"dr","value":1.2375,"lower":1.1,"upper":1.375,"level":0.95,"ess":900}],
    "support":{"ess":900,"max_weight":4,"mean_weight":1.003,"chi2":0.5,"verdict":"pass"}}]})");
  EXPECT_TRUE(contains(render_html(evaluate), "1.24 [1.10, 1.38]"));
  EXPECT_TRUE(contains(render_text(evaluate), "1.24 [1.10, 1.38]"));
  const json check = json::parse(R"({"verb":"check","detectable_effect":0.12,
    "constants":[{"name":"constant:a","value":0.5,"lower":0.4,"upper":0.6}]})");
  EXPECT_TRUE(contains(render_html(check), "could show: 0.12"));
  EXPECT_TRUE(contains(render_text(check), "0.5 [0.4, 0.6]"));
  json audit{{"verb", "audit"}, {"proxies", sample()["audit"]["proxies"]}};
  EXPECT_TRUE(contains(render_html(audit), "id=\"proxies\""));
  EXPECT_TRUE(contains(render_text(audit), "click"));
}

TEST(Html, RefusesWhatIsNotThisEvidence) {
  const auto message = [](const json& evidence) {
    try {
      render_html(evidence);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kInput);
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_TRUE(contains(message(json::array()), "expected an object"));
  EXPECT_TRUE(contains(message({{"evidence_version", 2}}), "evidence_version: found 2, expected 1"));
  EXPECT_TRUE(contains(message(json::parse(R"({"candidates":[{"name":"a","kl":"high"}]})")),
                       "kl: found a value of type string, expected a number or null"));
  EXPECT_TRUE(
      contains(message({{"candidates", 3}}), "candidates: found a value of type number, expected an array"));
}

TEST(Html, HasTheSameBytesForTheSameEvidence) {
  EXPECT_EQ(render_html(sample()), render_html(sample()));
  EXPECT_EQ(render_text(sample()), render_text(sample()));
}

TEST(Text, BeginsWithTheDecisionAndAsksTheFourQuestions) {
  const std::string text = render_text(sample());
  EXPECT_EQ(text.find("ship: Ship the policy that was trained on the goal"), 0u);
  EXPECT_TRUE(contains(text, "Did we specify the right goal? refuse\n  Clicks do not stand"));
  EXPECT_TRUE(contains(text, "Does it still, out there? not asked\n"));
  EXPECT_TRUE(contains(text, "+0.43 [+0.17, +0.68]"));
}

TEST(Text, AlignsColumnsByCharactersAndNotByBytes) {
  const json evidence = json::parse(R"({"assumptions":[{"name":"überschneidung","status":"tested"},
                                                        {"name":"no interference","status":"declared"}]})");
  const std::string text = render_text(evidence);
  const auto column = [&](const std::string& word) {
    const std::size_t at = text.find(word), line = text.rfind('\n', at) + 1;
    std::size_t n = 0;
    for (std::size_t i = line; i < at; ++i) n += (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
    return n;
  };
  EXPECT_EQ(column("tested"), column("declared"));
}

TEST(Text, SendsNoControlCharactersToTheTerminal) {
  json evidence = sample();
  poison(evidence);
  for (const char c : render_text(evidence)) {
    EXPECT_FALSE(std::iscntrl(static_cast<unsigned char>(c)) && c != '\n');
  }
}

}  // namespace
}  // namespace plumb
