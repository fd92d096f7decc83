// A tree's rules and a budget on the page and in the terminal: every number is there, nothing acts on the page.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "plumb/base.h"
#include "plumb/report.h"

namespace plumb {
namespace {

using nlohmann::json;

json sample() {
  return json::parse(R"({
    "goal": {"unit": "EUR per customer"},
    "recommended": {"policy": "tree:2", "file": null},
    "trees": [
      {"policy": "tree:1", "depth": 1, "best_action": "mail_b", "rows": "certification half",
       "rules": [{"condition": "recency <= 3", "action": "mail_b", "count": 90, "share": 0.9, "value": 0, "lower": 0,
                  "upper": 0},
                 {"condition": "recency > 3", "action": "none", "count": 10, "share": 0.1, "value": null,
                  "lower": null, "upper": null, "why_not": "effective sample size of 4 is too small"}],
       "nodes": [{"question": "recency <= 3", "yes": 1, "no": 2}, {"rule": 0}, {"rule": 1}]},
      {"policy": "tree:2", "depth": 2, "best_action": "mail_b", "rows": "certification half",
       "rules": [{"condition": "channel is web & more", "action": "mail_b", "count": 4000, "share": 0.4, "value": 0,
                  "lower": 0, "upper": 0},
                 {"condition": "channel is not web & more and age <= 30", "action": "mail_a", "count": 1000,
                  "share": 0.1, "value": 0.31, "lower": 0.12, "upper": 0.5},
                 {"condition": "channel is not web & more and age > 30", "action": "none", "count": 5000,
                  "share": 0.5, "value": -0.02, "lower": -0.1, "upper": 0.06}],
       "nodes": [{"question": "channel is web & more", "yes": 1, "no": 2}, {"rule": 0},
                 {"question": "age <= 30", "yes": 3, "no": 4}, {"rule": 1}, {"rule": 2}]}],
    "budget": {"limit": 0.2, "costs": {"mail_a": 1, "mail_b": 1, "none": 0}, "price": 0.53, "kept_back": 0.012,
      "sentence": "priced:goal costs 0.188 a decision.", "price_sentence": "A unit of cost must earn 0.53 EUR.",
      "policies": [{"policy": "priced:goal", "cost": {"value": 0.188, "lower": 0.182, "upper": 0.194},
                    "over_random": {"value": 0.071, "lower": 0.02, "upper": 0.122}}]}
  })");
}

bool contains(const std::string& text, const std::string& what) { return text.find(what) != std::string::npos; }
std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++n;
  return n;
}

void poison(json& j) {
  if (j.is_string()) j = "<script>alert('x')</script>&\"\x1b[31m";
  if (j.is_structured()) {
    for (json& child : j) poison(child);
  }
}

TEST(Rules, OfTheRecommendedTreeComeFirstAndTheOthersFoldAway) {
  const std::string page = render_html(sample());
  const std::size_t recommended = page.find("<h3 class=\"sub\">tree:2</h3>"), other = page.find(">tree:1</h3>");
  ASSERT_NE(recommended, std::string::npos);
  ASSERT_NE(other, std::string::npos);
  EXPECT_LT(recommended, page.find("<summary>The other trees"));
  EXPECT_GT(other, page.find("<summary>The other trees"));
}

TEST(Rules, AreDrawnAndToldWithShareAndGain) {
  const std::string page = render_html(sample());
  EXPECT_TRUE(contains(page, "channel is not web &amp; more and age &lt;= 30"));
  EXPECT_TRUE(contains(page, "+0.31 [+0.12, +0.50]"));
  EXPECT_TRUE(contains(page, "as for everyone"));
  EXPECT_TRUE(contains(page, "effective sample size of 4 is too small"));
  EXPECT_TRUE(contains(page, "over mail_b for everyone"));
  EXPECT_EQ(count(page, "class=\"ask\""), 3u);   // two questions of the one tree, one of the other
  EXPECT_EQ(count(page, "class=\"leaf\""), 5u);  // a leaf a rule
  const std::string text = render_text(sample());
  EXPECT_TRUE(contains(text, "Rules of tree:2"));
  EXPECT_TRUE(contains(text, "gain over mail_b for everyone"));
  EXPECT_TRUE(contains(text, "+0.31 [+0.12, +0.50]"));
  EXPECT_TRUE(contains(text, "no number"));
}

TEST(Rules, WhoseNodesDoNotHangTogetherAreRefused) {
  for (const char* broken : {R"([{"question": "a", "yes": 0, "no": 1}, {"rule": 0}])",
                             R"([{"question": "a", "yes": 1, "no": 9}, {"rule": 0}])", R"([{"rule": 7}])",
                             R"([{"question": "a", "yes": 1.5, "no": 2}, {"rule": 0}, {"rule": 1}])"}) {
    json evidence = sample();
    evidence["trees"][0]["nodes"] = json::parse(broken);
    EXPECT_THROW(render_html(evidence), Error) << broken;
  }
  json without = sample();
  without["trees"][0].erase("nodes");
  EXPECT_TRUE(contains(render_html(without), "recency &lt;= 3"));  // the table is still there
}

TEST(BudgetSection, SaysWhatIsSpentAndWhatThatEarns) {
  const std::string page = render_html(sample());
  for (const char* part : {"id=\"budget\"", "0.188 [0.182, 0.194]", "+0.071 [+0.020, +0.122]",
                           "A unit of cost must earn 0.53 EUR.", "mail_a 1, mail_b 1, none 0", "Allowed: 0.2"})
    EXPECT_TRUE(contains(page, part)) << part;
  const std::string text = render_text(sample());
  for (const char* part : {"Budget of 0.2 a decision", "0.188 [0.182, 0.194]", "+0.071 [+0.020, +0.122]"})
    EXPECT_TRUE(contains(text, part)) << part << "\n" << text;
  json none = sample();
  none.erase("budget");
  none.erase("trees");
  EXPECT_FALSE(contains(render_html(none), "id=\"budget\""));
  EXPECT_FALSE(contains(render_html(none), "id=\"rules\""));
}

TEST(Rules, CannotActOnThePage) {
  json evidence = sample();
  poison(evidence);
  EXPECT_FALSE(contains(render_html(evidence), "<script"));
  EXPECT_FALSE(contains(render_text(evidence), "\x1b"));
}

}  // namespace
}  // namespace plumb
