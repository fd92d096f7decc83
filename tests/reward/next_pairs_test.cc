// From files to the pairs to ask: pools read and refused, items matched, raters taken into account.
#include "plumb/next_pairs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

namespace plumb {
namespace {

Feedback parsed(const std::string& lines, const std::string& name = "votes.jsonl") {
  FeedbackReport report;
  return parse_feedback(lines, name, {}, &report);
}
AskPool pool_of(const std::string& text, const std::string& name = "pool.jsonl") {
  return parse_ask_pool(text, name, {});
}
std::string pair(const std::string& first, const std::string& second, const std::string& more = "") {
  return R"({"prompt":"p","first":")" + first + R"(","second":")" + second + '"' + more + "}\n";
}
std::string vote(const std::string& first, const std::string& second, const std::string& answer,
                 const std::string& more = "") {
  return pair(first, second, R"(,"answer":")" + answer + '"' + more);
}

void expect_refusal(const std::function<void()>& call, const std::string& message) {
  try {
    call();
    ADD_FAILURE() << "not refused: " << message;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kInput);
    EXPECT_NE(std::string(e.what()).find(message), std::string::npos) << e.what();
  }
}

TEST(AskPool, IsReadFromEveryForm) {
  const std::string lines = pair("a", "b", ",\"cost\":2") + pair("b", "c", ",\"cost\":0.5");
  std::string array = "[\n" + lines;
  array.replace(array.find("}\n") + 1, 1, ",");
  array += "]";
  const std::string csv = "prompt,first,second,cost\np,a,b,2\np,b,c,0.5\n",
                    tsv = "prompt\tfirst\tsecond\tcost\np\ta\tb\t2\np\tb\tc\t0.5\n";
  for (const AskPool& pool :
       {pool_of(lines), pool_of(array, "pool.json"), pool_of(csv, "pool.csv"), pool_of(tsv, "pool.tsv")}) {
    ASSERT_EQ(pool.pairs.first.size(), 2u);
    EXPECT_EQ(pool.pairs.item, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(pool.pairs.first, (std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(pool.pairs.second, (std::vector<std::uint32_t>{1, 2}));
    EXPECT_EQ(pool.cost, (std::vector<double>{2, 0.5}));
  }
}

TEST(AskPool, RefusesWithFileAndLine) {
  expect_refusal([] { pool_of(""); }, "pool.jsonl: pool: found an empty file");
  expect_refusal([] { pool_of(pair("a", "b") + vote("a", "c", "first")); },
                 "pool.jsonl:2: answer: found one, expected none");
  expect_refusal([] { pool_of("prompt,first,second,answer\np,a,b,tie\n", "pool.csv"); }, "pool.csv:1: answer");
  expect_refusal([] { pool_of(pair("a", "b") + pair("a", "a")); }, "pool.jsonl:2");
  expect_refusal([] { pool_of(pair("a", "b") + "{\"prompt\":\"p\"}\n"); }, "pool.jsonl:2");
  expect_refusal([] { pool_of(pair("a", "b") + "not json\n"); }, "pool.jsonl:2");
  expect_refusal([] { pool_of(pair("a", "b", ",\"cost\":0")); },
                 "pool.jsonl:1: cost: found 0, expected a number > 0");
  expect_refusal([] { pool_of(pair("a", "b", ",\"cost\":\"two\"")); }, "cost: found \"two\"");
  expect_refusal([] { pool_of(pair("a", "b", ",\"cost\":1") + pair("a", "c")); },
                 "pool.jsonl:2: cost: found none");
}

TEST(NextPairs, IsTheSelectionFromTheBeliefWrittenOutByHand) {
  std::string lines;
  const char* const names[] = {"a", "b", "c", "d"};
  Rng rng = Rng(3).stream("votes");
  for (int k = 0; k < 60; ++k) {
    const auto i = rng.below(4), j = (i + 1 + rng.below(3)) % 4;
    lines += vote(names[i], names[j], rng.bernoulli(i < j ? 0.7 : 0.45) ? "first" : "second");
  }
  const Feedback f = parsed(lines);
  const AskPool pool = pool_of(pair("b", "a") + pair("c", "d") + pair("a", "new") + pair("d", "b"));
  const NextPairs next = next_pairs(f, pool, 3, {}, Rng(8));
  EXPECT_EQ(next.new_items, 1u);
  EXPECT_EQ(next.votes, 60u);
  EXPECT_FALSE(next.model.has_value());
  EXPECT_GT(next.position, 0);

  const auto number = [&](const std::string& name) {
    for (std::uint32_t i = 0; i < f.item.size(); ++i)
      if (f.item[i] == name) return i;
    return static_cast<std::uint32_t>(f.item.size());
  };
  PairVotes votes;
  votes.asked.first = f.first;
  votes.asked.second = f.second;
  votes.asked.shift.assign(60, next.position);
  for (const Answer a : f.answer) votes.share.push_back(a == Answer::kFirst ? 1 : 0);
  const ItemBelief belief =
      item_belief(5, std::vector<std::uint32_t>(5, 0), votes, next.prior_sd * next.prior_sd);
  PairPool pairs;
  for (const auto& [first, second] :
       std::vector<std::pair<std::string, std::string>>{{"b", "a"}, {"c", "d"}, {"a", "new"}, {"d", "b"}}) {
    pairs.first.push_back(number(first));
    pairs.second.push_back(number(second));
    pairs.shift.push_back(next.position);
  }
  const auto expected = select_pairs(belief, pairs, 3, {}, Rng(8).stream("next"));
  for (std::size_t m = 0; m < 3; ++m) {
    EXPECT_EQ(next.pairs[m].entry, expected[m].entry);
    EXPECT_NEAR(next.pairs[m].probability, expected[m].probability, 1e-12);
    EXPECT_NEAR(next.pairs[m].information, expected[m].information, 1e-12);
  }
}

TEST(NextPairs, ThePriorsSpreadIsTheOneOfMostEvidence) {
  // Utilities 8, 4, ... apart are never seen with a spread of .25, nor equal ones with 8.
  std::string wide, narrow;
  Rng rng = Rng(4).stream("votes");
  for (int k = 0; k < 400; ++k) {
    const auto i = rng.below(6), j = (i + 1 + rng.below(5)) % 6;
    const std::string a = "i" + std::to_string(i), b = "i" + std::to_string(j);
    wide += vote(a, b,
                 rng.bernoulli(1 / (1 + std::exp(3.0 * (static_cast<double>(i) - static_cast<double>(j)))))
                     ? "first"
                     : "second");
    narrow += vote(a, b, rng.bernoulli(0.5) ? "first" : "second");
  }
  const AskPool pool = pool_of(pair("i0", "i1"));
  EXPECT_GE(next_pairs(parsed(wide), pool, 1, {}, Rng(1)).prior_sd, 4);
  EXPECT_EQ(next_pairs(parsed(narrow), pool, 1, {}, Rng(1)).prior_sd, 0.25);
}

TEST(NextPairs, SameItemsAreKnownByNameOrByText) {
  const std::string votes =
      R"({"prompt":"a question","first":{"id":"x","text":"one answer"},"second":{"id":"y","text":"two answers"},"answer":"first"})"
      "\n";
  const auto pool_with = [&](const std::string& first) {
    return pool_of(R"({"prompt":"a question","first":)" + first +
                   R"(,"second":{"id":"y","text":"two answers"}})" + "\n");
  };
  const Feedback f = parsed(votes);
  EXPECT_EQ(next_pairs(f, pool_with(R"({"id":"x"})"), 1, {}, Rng(1)).new_items, 0u);
  EXPECT_EQ(next_pairs(f, pool_with(R"({"id":"other","text":"one answer"})"), 1, {}, Rng(1)).new_items, 0u);
  EXPECT_EQ(next_pairs(f, pool_with(R"({"id":"z","text":"three"})"), 1, {}, Rng(1)).new_items, 1u);
  expect_refusal([&] { next_pairs(f, pool_with(R"({"id":"x","text":"something else"})"), 1, {}, Rng(1)); },
                 "item \"x\": found another text");
}

TEST(NextPairs, PrefersToAskWhoeverVotesReliably) {
  std::string lines;
  for (int r = 0; r < 12; ++r) {
    Rng rng = Rng(5).stream("rater", static_cast<std::uint64_t>(r));
    for (int k = 0; k < 80; ++k) {
      const auto i = rng.below(8), j = (i + 1 + rng.below(7)) % 8;
      const double f = r == 0 ? 0 : 0.5 * (static_cast<double>(j) - static_cast<double>(i));
      lines += vote("i" + std::to_string(i), "i" + std::to_string(j),
                    rng.bernoulli(1 / (1 + std::exp(-f))) ? "first" : "second",
                    R"(,"rater":"r)" + std::to_string(r) + '"');
    }
  }
  const AskPool pool = pool_of(pair("i0", "i1", ",\"rater\":\"r0\"") + pair("i0", "i1", ",\"rater\":\"r1\"") +
                               pair("i0", "i1", ",\"rater\":\"somebody new\""));
  const NextPairs next = next_pairs(parsed(lines), pool, 3, {}, Rng(1));
  ASSERT_TRUE(next.model.has_value());
  std::vector<double> information(3);
  SelectionOptions one_at_a_time;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const NextPairs first = next_pairs(parsed(lines), pool, 1, one_at_a_time, Rng(seed));
    information[first.pairs[0].entry] = first.pairs[0].information;
  }
  EXPECT_GT(information[1], 5 * information[0]);  // r0 votes by a coin
  EXPECT_GT(information[2], 5 * information[0]);
}

TEST(NextPairs, LinesBecomeFeedbackOnceTheyAreAnswered) {
  const Feedback f = parsed(vote("a", "b", "first") + vote("b", "c", "first"));
  const AskPool pool =
      pool_of(pair("a", "b") + pair("b", "c") + pair("a", "c", ",\"rater\":\"x\"") + pair("c", "a"));
  const NextPairs next = next_pairs(f, pool, 4, {}, Rng(2));
  std::string lines = write_next(pool, next);
  for (std::size_t at = 0; (at = lines.find("}\n", at)) != std::string::npos; at += 20)
    lines.insert(at, R"(,"answer":"second")");
  const Feedback back = parsed(lines);
  ASSERT_EQ(back.first.size(), 4u);
  for (std::size_t m = 0; m < 4; ++m) {
    const std::size_t k = next.pairs[m].entry;
    EXPECT_EQ(back.item[back.first[m]], pool.pairs.item[pool.pairs.first[k]]);
    EXPECT_EQ(back.item[back.second[m]], pool.pairs.item[pool.pairs.second[k]]);
    EXPECT_FLOAT_EQ(back.comparison.weight[m], static_cast<float>(next.pairs[m].weight));
    EXPECT_EQ(back.comparison.rater[m] != kNoRater, k == 2);
  }
  expect_refusal([&] { next_pairs(f, pool, 5, {}, Rng(2)); }, "count: found 5, expected 1 to 4");
}

}  // namespace
}  // namespace plumb
