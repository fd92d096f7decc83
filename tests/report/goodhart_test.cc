// The Goodhart chart says where the goal falls, where it peaks and where the log ends, and only what was shown.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "plumb/base.h"
#include "plumb/report.h"

namespace plumb {
namespace {

using nlohmann::json;

json range(double value, double half) {
  return {{"value", value}, {"lower", value - half}, {"upper", value + half}};
}

json proxy(double goal_at_the_end, double half) {
  return {
      {"name", "click"},
      {"curve", json::array({{{"kl", 0}, {"proxy", range(0, 0)}, {"goal", range(0, 0)}},
                             {{"kl", 1}, {"proxy", range(.1, .01)}, {"goal", range(.2, half)}},
                             {{"kl", 4}, {"proxy", range(.2, .01)}, {"goal", range(goal_at_the_end, half)}}})}};
}

bool contains(const std::string& text, const std::string& what) { return text.find(what) != std::string::npos; }

TEST(Goodhart, MarksHarmOnlyWhereBothBandsShowIt) {
  EXPECT_TRUE(contains(goodhart_svg(proxy(-1, .3)), "from KL 4 on: click up, the goal down"));
  EXPECT_FALSE(contains(goodhart_svg(proxy(-1, 1.2)), "harmzone\" x"));  // the goal's band reaches zero
  EXPECT_FALSE(contains(goodhart_svg(proxy(1, .3)), "harmzone\" x"));
}

TEST(Goodhart, ClaimsNoHarmBeyondTheLastPointThatShowsIt) {
  json p = proxy(-1, .3);
  p["curve"].push_back({{"kl", 9}, {"proxy", range(.3, .01)}, {"goal", range(-1, 3)}});
  EXPECT_TRUE(contains(goodhart_svg(p), "KL 4 to 4: click up"));
}

TEST(Goodhart, SpacesPressureByTheSquareRootOfKl) {
  const std::string svg = goodhart_svg(proxy(-1, .3));
  const std::regex circle("<circle class=\"dotg\" cx=\"([0-9.]+)\"");
  std::vector<double> x;
  for (auto it = std::sregex_iterator(svg.begin(), svg.end(), circle); it != std::sregex_iterator(); ++it) {
    x.push_back(std::stod((*it)[1]));
  }
  ASSERT_EQ(x.size(), 3u);
  EXPECT_NEAR(x[2] - x[1], x[1] - x[0], 0.2);  // sqrt 0, 1, 4 are evenly spaced
}

TEST(Goodhart, DrawsNoPointWhereThereIsNoNumber) {
  json p = proxy(-1, .3);
  p["curve"][1]["goal"] = {{"value", nullptr}, {"lower", nullptr}, {"upper", nullptr}};
  const std::string svg = goodhart_svg(p);
  const std::regex goal_point("<circle class=\"dotg\""), proxy_point("<circle class=\"dotx\"");
  EXPECT_EQ(std::distance(std::sregex_iterator(svg.begin(), svg.end(), goal_point), {}), 2);
  EXPECT_EQ(std::distance(std::sregex_iterator(svg.begin(), svg.end(), proxy_point), {}), 3);
  // The line is broken there: two runs, never drawn through the gap.
  const std::regex line("<polyline class=\"lineg\"");
  EXPECT_EQ(std::distance(std::sregex_iterator(svg.begin(), svg.end(), line), {}), 2);
  EXPECT_EQ(goodhart_svg({{"name", "click"}, {"curve", json::array()}}), "");
}

TEST(Goodhart, NamesThePeakAndTheEndOfSupport) {
  json p = proxy(-1, .3);
  p["peak"] = {{"kl", 1}, {"kl_lower", .25}, {"kl_upper", 2.25}, {"censored", false}};
  p["end_of_support"] = {{"kl", 3.5}, {"reason", "weights"}};
  const std::string svg = goodhart_svg(p);
  EXPECT_TRUE(contains(svg, "goal highest between KL 0.25 and 2.2"));
  EXPECT_TRUE(contains(svg, "end of support, KL 3.5"));
  p["peak"] = {{"kl", 1}, {"kl_lower", .25}, {"kl_upper", nullptr}, {"censored", true}};
  EXPECT_TRUE(contains(goodhart_svg(p), "goal highest from KL 0.25 on"));
}

TEST(Goodhart, StandsAloneWithItsOwnColoursAndFonts) {
  GoodhartLabels labels;
  labels.standalone = true;
  labels.goal = "value <90d>";
  labels.band = "bands at 95 %";
  const std::string svg = goodhart_svg(proxy(-1, .3), labels);
  EXPECT_EQ(svg.find("<svg xmlns=\"http://www.w3.org/2000/svg\""), 0u);
  EXPECT_TRUE(contains(svg, "prefers-color-scheme:dark"));
  EXPECT_TRUE(contains(svg, "value &lt;90d&gt;"));
  EXPECT_TRUE(contains(svg, "bands at 95 %"));
}

TEST(Goodhart, RefusesANegativePressure) {
  json p = proxy(-1, .3);
  p["curve"][1]["kl"] = -.5;
  EXPECT_THROW(goodhart_svg(p), Error);
}

}  // namespace
}  // namespace plumb
