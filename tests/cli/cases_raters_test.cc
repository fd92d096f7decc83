// Panels whose raters were called the wrong names once: a minority, and one more of each kind.
#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "cases.h"

namespace plumb {
namespace {

using nlohmann::json;

json stats_of(const Folder& folder) {
  const Result result = folder.plumb({"feedback", "stats", "votes.jsonl", "--json"});
  const json document = json::parse(result.out, nullptr, false);
  EXPECT_TRUE(document.is_object()) << result.err << result.out;
  return document;
}

std::size_t of_kind(const json& stats, const std::string& kind) {
  std::size_t out = 0;
  for (const json& rater : stats.at("raters")) out += rater.at("kind") == kind;
  return out;
}

TEST(Minority, Case) {
  const Folder folder;
  PLUMB_CASE("people/minority_against_everyone", folder);
  const json stats = stats_of(folder);
  EXPECT_EQ(of_kind(stats, "against everyone"), 0u);
  ASSERT_EQ(stats.at("camps").at("members").size(), 2u);
  for (std::size_t r = 0; r < 40; ++r) {
    const json& rater = stats.at("raters")[r];
    if (rater.contains("camp")) {
      EXPECT_EQ(rater.at("camp"), r < 24 ? 1 : 2) << r;
    }
  }
  const Result text = folder.plumb({"feedback", "stats", "votes.jsonl"});
  EXPECT_TRUE(contains(text.out, "2 camps")) << text.out;
  EXPECT_TRUE(contains(text.out, "bridging")) << text.out;
  folder.write("pool.jsonl", R"({"prompt":"p","first":"i0","second":"i9","rater":"r30"})"
                             "\n");
  const Result next = folder.plumb({"feedback", "next", "votes.jsonl", "--pool", "pool.jsonl", "--count", "1"});
  EXPECT_TRUE(contains(next.err, "camps")) << next.err;
}

// 30 raters, 100 votes each on 40 questions of two answers; each question has a right one. `who` gives the
// probability with which a rater takes the right answer, and that with which the first place instead.
std::string panel(const std::function<std::pair<double, double>(int)>& who) {
  std::string out;
  for (int r = 0; r < 30; ++r) {
    Rng rng = Rng(8).stream("rater", static_cast<std::uint64_t>(r));
    const auto [right, place] = who(r);
    for (int k = 0; k < 100; ++k) {
      const auto q = rng.below(40);
      const bool a_first = rng.bernoulli(.5), says_right = rng.bernoulli(right), takes = rng.bernoulli(place);
      const bool a = (q % 3 == 0) == says_right;
      out +=
          fmt::format(R"({{"prompt":"q{}","first":"{}","second":"{}","rater":"r{}","answer":"{}"}})", q,
                      a_first ? "a" : "b", a_first ? "b" : "a", r, takes || a == a_first ? "first" : "second") +
          "\n";
    }
  }
  return out;
}

TEST(Minority, OfAFifthOverQuestionsOfTwoAnswers) {
  const Folder folder;
  folder.write("votes.jsonl", panel([](int r) { return std::pair(r < 6 ? .22 : .8, 0.); }));
  const json stats = stats_of(folder);
  EXPECT_EQ(of_kind(stats, "reliable"), 30u);
  EXPECT_EQ(stats.at("camps").at("members"), json({24, 6}));
}

TEST(Panels, WithoutCampsNameTheCoinTheFirstTakerAndTheOneAgainstAll) {
  const Folder folder;
  folder.write(
      "votes.jsonl", panel([](int r) {
        return r == 0 ? std::pair(.5, 0.) : r == 1 ? std::pair(.5, .95) : std::pair(r == 2 ? .1 : .85, 0.);
      }));
  const json stats = stats_of(folder);
  EXPECT_EQ(stats.at("raters")[0].at("kind"), "like chance");
  EXPECT_EQ(stats.at("raters")[1].at("kind"), "takes one place");
  EXPECT_EQ(stats.at("raters")[2].at("kind"), "against everyone");
  EXPECT_EQ(of_kind(stats, "reliable"), 27u);
  EXPECT_TRUE(stats.at("camps").at("members").empty());
}

}  // namespace
}  // namespace plumb
