// Who judged and what was judged are both draws, and an order that was not shown is not measured: inputs that
// were answered wrongly once, and more of the kind.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cases.h"

namespace plumb {
namespace {

using nlohmann::json;

json stats(const Folder& folder, const std::string& file) {
  const Result run = folder.plumb({"feedback", "stats", file, "--json"});
  EXPECT_EQ(run.status, 0) << run.err;
  return run.out.empty() ? json::object() : json::parse(run.out);
}
std::string text_of(const Folder& folder, const std::string& file) {
  return folder.plumb({"feedback", "stats", file, "--threads", "1"}).out;
}
double width(const json& share) {
  return share.at("interval").at(1).get<double>() - share.at("interval").at(0).get<double>();
}

// Votes of a panel on pairs of texts; log-odds of the first text shown are its pair's plus its person's.
struct Panel {
  std::size_t people = 50, pairs = 20;
  double pair_sd = 1, person_sd = 0;
  bool named = true, turned = false;  // turned: a coin shows them the other way round
  std::size_t copies = 1;
  std::size_t busy_votes = 0;  // further votes of person 0, who likes what stands first
  std::uint64_t seed = 1;

  std::string votes() const {
    std::string out;
    std::vector<double> liked(pairs);
    for (std::size_t i = 0; i < pairs; ++i) liked[i] = pair_sd * Rng(seed).stream("pair", i).normal();
    for (std::size_t p = 0; p < people; ++p) {
      Rng rng = Rng(seed).stream("person", p);
      const double own = person_sd * rng.normal();
      const std::size_t more = p == 0 ? busy_votes : 0;
      for (std::size_t k = 0; k < pairs + more; ++k) {
        const std::size_t i = k % pairs;
        const bool swap = turned && rng.bernoulli(.5),
                   first = k >= pairs || rng.bernoulli(1 / (1 + std::exp(-liked[i] - own)));
        const std::string who = named ? fmt::format(R"("rater":"r{}",)", p) : "";
        for (std::size_t copy = 0; copy < copies; ++copy)
          out += fmt::format(R"({{{}"prompt":"q {}","first":"{} text {}","second":"{} text {}","answer":"{}"}})"
                             "\n",
                             who, i, swap ? "the beta" : "an alpha", i, swap ? "an alpha" : "the beta", i,
                             first != swap ? "first" : "second");
      }
    }
    return out;
  }
};

TEST(PanelCases, SharesRangeOverNewItemsTooAndAFixedOrderIsNoEffectOfThePlace) {
  const Folder folder;
  PLUMB_CASE("people/crossed_pairs", folder);
  const json s = stats(folder, "votes.jsonl");
  // By people alone .437 to .498: "less often than not". The 20 pairs decide that.
  EXPECT_LT(s.at("first_won").at("interval").at(0).get<double>(), .42);
  EXPECT_GT(s.at("first_won").at("interval").at(1).get<double>(), .5);
  EXPECT_GT(s.at("longer_won").at("interval").at(1).get<double>(), .5);
  EXPECT_TRUE(s.at("position").at("log_odds").is_null());
  EXPECT_NE(text_of(folder, "votes.jsonl").find("order and items cannot be told apart"), std::string::npos);
}

TEST(PanelCases, AnOrderThatTheFileDoesNotHoldGivesNoShareOfTheFirst) {
  const Folder folder;
  PLUMB_CASE("people/position_of_unknown_order", folder);
  const json s = stats(folder, "pairs.jsonl");
  EXPECT_TRUE(s.at("first_won").at("share").is_null());
  EXPECT_TRUE(s.at("position").at("log_odds").is_null());
  EXPECT_NE(s.at("first_won").at("why").get<std::string>().find("does not hold"), std::string::npos);
  EXPECT_EQ(s.at("sentence").get<std::string>().find("stood first"), std::string::npos);
}

TEST(PanelCases, PairsOfChosenAndRejectedHaveNoPlaceHoweverOftenTheyWereJudged) {
  // 40 people on 12 pairs: a hash turns each record, so that every pair seems to be seen both ways round.
  const Folder folder;
  std::string lines, table = "prompt,chosen,rejected,rater\n";
  for (int p = 0; p < 40; ++p) {
    for (int i = 0; i < 12; ++i) {
      const bool a = Rng(2).stream("vote", static_cast<std::uint64_t>(12 * p + i)).bernoulli(.6);
      const std::string won = fmt::format("{} {}", a ? "an alpha" : "the beta", i),
                        lost = fmt::format("{} {}", a ? "the beta" : "an alpha", i);
      lines += fmt::format(R"({{"rater":"r{}","prompt":"q {}","chosen":"{}","rejected":"{}"}})"
                           "\n",
                           p, i, won, lost);
      table += fmt::format("q {},{},{},r{}\n", i, won, lost, p);
    }
  }
  folder.write("votes.jsonl", lines);
  folder.write("votes.csv", table);
  for (const char* file : {"votes.jsonl", "votes.csv"}) {
    const json s = stats(folder, file);
    EXPECT_TRUE(s.at("first_won").at("share").is_null()) << file;
    EXPECT_TRUE(s.at("position").at("log_odds").is_null()) << file;
  }
}

TEST(PanelCases, OrdersThatWereDrawnGiveAnEffectOfThePlace) {
  const Folder folder;
  Panel panel;
  panel.turned = true;
  folder.write("drawn.jsonl", panel.votes());
  const json s = stats(folder, "drawn.jsonl");
  ASSERT_FALSE(s.at("position").at("log_odds").is_null()) << s.at("position");
  EXPECT_GT(s.at("position").at("standard_error").get<double>(), 0);
  EXPECT_LT(std::abs(s.at("position").at("log_odds").get<double>()),
            3.3 * s.at("position").at("standard_error").get<double>());
  panel.turned = false;
  folder.write("fixed.jsonl", panel.votes());
  const json fixed = stats(folder, "fixed.jsonl");
  EXPECT_TRUE(fixed.at("position").at("log_odds").is_null());
  EXPECT_FALSE(fixed.at("first_won").at("share").is_null());
}

TEST(PanelCases, CopiesOfVotesByNobodyChangeNoInterval) {
  const Folder folder;
  Panel panel;
  panel.people = 10, panel.pairs = 100, panel.named = false;
  folder.write("once.jsonl", panel.votes());
  const json once = stats(folder, "once.jsonl");
  ASSERT_FALSE(once.at("first_won").at("share").is_null()) << once.at("first_won");
  EXPECT_TRUE(once.at("first_won").at("people").is_null());
  EXPECT_NE(text_of(folder, "once.jsonl").find("people unknown"), std::string::npos);
  for (const std::size_t copies : {std::size_t{2}, std::size_t{8}}) {
    panel.copies = copies;
    folder.write("copies.jsonl", panel.votes());
    EXPECT_NEAR(width(stats(folder, "copies.jsonl").at("first_won")) / width(once.at("first_won")), 1, .02)
        << copies;
  }
}

TEST(PanelCases, OnePersonWithMostVotesIsNamedAndTheMeanPersonsShareStandsBeside) {
  const Folder folder;
  Panel panel;
  panel.pair_sd = 0, panel.busy_votes = 2000;  // of 3,000: all for what stands first
  folder.write("busy.jsonl", panel.votes());
  const json s = stats(folder, "busy.jsonl");
  EXPECT_GT(s.at("first_won").at("share").get<double>(), .75);
  EXPECT_NE(s.at("first_won").value("capped", "").find("r0"), std::string::npos);
  EXPECT_LT(s.at("first_won").at("effective_people").get<double>(), 3);
  const json& by_person = s.at("first_won_by_person");
  EXPECT_LT(by_person.at("interval").at(0).get<double>(), .51);
  EXPECT_LT(by_person.at("share").get<double>(), .56);
  EXPECT_EQ(by_person.value("capped", ""), "");
  const std::string text = text_of(folder, "busy.jsonl");
  EXPECT_NE(text.find("capped"), std::string::npos);
  EXPECT_NE(text.find("each person alike"), std::string::npos);
  panel.busy_votes = 0;
  folder.write("even.jsonl", panel.votes());
  EXPECT_EQ(stats(folder, "even.jsonl").at("first_won").value("capped", ""), "");
}

TEST(PanelCases, AnErrorThatWasNotComputedIsNotPrintedAsNothing) {
  // 2,060 items: two orders of each of 1,030 pairs.
  const Folder folder;
  std::string lines;
  for (int p = 0; p < 12; ++p) {
    for (int i = 0; i < 1030; ++i) {
      if ((p + i) % 4 > 1) continue;
      const bool swap = p % 2 == 1;
      const bool first = Rng(4).stream("vote", static_cast<std::uint64_t>(1030 * p + i)).bernoulli(.6);
      lines += fmt::format(R"({{"rater":"r{}","prompt":"p{}","first":"{}","second":"{}","answer":"{}"}})"
                           "\n",
                           p, i, swap ? "b" : "a", swap ? "a" : "b", first ? "first" : "second");
    }
  }
  folder.write("votes.jsonl", lines);
  const json s = stats(folder, "votes.jsonl");
  if (!s.at("position").at("log_odds").is_null()) {
    EXPECT_TRUE(s.at("position").at("standard_error").is_null());
  }
  const std::string text = text_of(folder, "votes.jsonl");
  EXPECT_EQ(text.find("(se 0.000)"), std::string::npos);
  EXPECT_NE(text.find("not computed"), std::string::npos) << text.substr(0, 2000);
}

}  // namespace
}  // namespace plumb
