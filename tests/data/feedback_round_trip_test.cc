// What is written reads as the same feedback.
#include <cmath>

#include "tests/data/feedback_equal.h"

namespace plumb {
namespace {

void expect_round_trip(const Feedback& f) {
  const std::string written = write_feedback(f);
  const Feedback again = json_feedback(written);
  expect_same(f, again);
  EXPECT_EQ(write_feedback(again), written);
}

TEST(FeedbackRoundTrip, KeepsEveryFormAndTheirOrder) {
  const std::string long_text(100, 'y');
  const Feedback f = json_feedback(
      R"({"prompt":"p q","completion":"yes \"please\"\n\t\\ \u0001 é","label":true,"rater":"r1","time_us":-3}
{"prompt":"p q","first":"no thanks","second":{"id":"i","text":")" +
      long_text + R"("},"answer":"tie","unit":"u"}
{"prompt":{"id":"p2","text":"other words"},"options":["x y","z",{"id":"w"}],"ranking":[["z","w"],"x y"],"rater":2}
{"prompt":"p q","completion":")" +
      long_text + R"(","rating":0.1}
{"prompt":"p q","completion":")" +
      long_text + R"(","rating":-1e300}
{"prompt":{"id":"only a name"},"completion":"k","label":false}
{"first":1,"second":2,"answer":"b"}
{"chosen":"\n\nHuman: Hi\n\nAssistant: a","rejected":"\n\nHuman: Hi\n\nAssistant: b"}
)");
  EXPECT_EQ(f.judgements(), 8u);
  expect_round_trip(f);
}

TEST(FeedbackRoundTrip, KeepsFeaturesToTheBitAndCategoriesOfNumbers) {
  const Feedback f = json_feedback(
      R"({"context":{"x":0.1,"mixed":1,"c":"a"},"options":[{"id":"a","features":{"y":1e-42}},{"text":"b b","features":{"y":3.4028234663852886e38}}],"ranking":["a","second"],"weight":1.1}
{"context":{"x":16777217,"mixed":"1","c":"1"},"options":[{"features":{"y":1}},{"features":{"y":-0.33333333333333}}],"ranking":["second","first"],"weight":3}
{"context":{"x":-0.0,"mixed":2.5,"c":"b"},"options":[{"id":"a","features":{"y":0}},{"text":"c c","features":{"y":-7}}],"ranking":["a","second"],"weight":1}
)");
  ASSERT_TRUE(f.context[1].is_category);
  EXPECT_EQ(f.context[1].levels, (std::vector<std::string>{"1", "2.5"}));
  expect_round_trip(f);
}

TEST(FeedbackRoundTrip, KeepsNamesThatAreWordsOfOtherItems) {
  // The name of an item is another's text; a prompt's name is another's text; names in unusual characters.
  expect_round_trip(json_feedback(R"({"prompt":{"id":"a","text":"t t"},"item":"n","item_text":"m m","rating":1}
{"prompt":"t t","item":"m m","rating":1}
{"prompt":"t t","item":"x","item_text":"m m","rating":1}
{"prompt":{"id":"\u0007é"},"item":"\"","item_text":"q","rating":1}
)"));
}

TEST(FeedbackRoundTrip, KeepsWhatCsvSays) {
  expect_round_trip(
      csv_feedback("prompt,first,second,answer,rater,time,weight\np,a,b,tie,r,1,2\nq,a,b,b,,,2\n"));
  expect_round_trip(csv_feedback("prompt,first,second,answer,unit\np,a b,b,tie,r\nq,a,\"b\n\",b,\n"));
}

// A file that says which of two was preferred, and not which was shown first, says neither after an import.
TEST(FeedbackRoundTrip, KeepsThatAnOrderIsUnknown) {
  const Feedback f = json_feedback(R"({"prompt":"p","chosen":"yes","rejected":"no"}
{"prompt":"p","first":"a","second":"b","answer":"a"}
{"prompt":"q","chosen":"so it is","rejected":"it is not"}
{"prompt":"q","first":"a","second":"b","answer":"b","shown_order":"unknown"}
)");
  EXPECT_EQ(f.order_known, (std::vector<std::uint8_t>{0, 1, 0, 0}));
  EXPECT_EQ(f.answer[3], Answer::kSecond);  // as it stands there, not turned
  expect_round_trip(f);
  expect_round_trip(csv_feedback("first,second,answer,shown_order\na,b,first,unknown\na,c,second,known\n"));
}

// Check items are no votes: they stand aside, with what was expected.
TEST(FeedbackRoundTrip, KeepsCheckItemsApart) {
  const Feedback f = json_feedback(R"({"prompt":"p","first":"a","second":"b","answer":"a","rater":"r"}
{"prompt":"2 + 2","first":"4","second":"five","answer":"second","expected":"first","rater":"r","weight":2}
{"first":"a","second":"b","answer":"tie","expected":"b"}
)");
  EXPECT_EQ(f.first.size(), 1u);
  EXPECT_EQ(f.item, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(f.checks.answer, (std::vector<Answer>{Answer::kSecond, Answer::kTie}));
  EXPECT_EQ(f.checks.expected, (std::vector<Answer>{Answer::kFirst, Answer::kSecond}));
  EXPECT_EQ(f.checks.source.rater, (std::vector<std::uint32_t>{0, kNoRater}));
  expect_round_trip(f);
  expect_round_trip(csv_feedback("first,second,answer,expected\na,b,first,\nx,y,second,first\n"));
}

TEST(FeedbackRoundTrip, KeepsRandomFiles) {
  Rng rng = Rng(20).stream("round trip");
  const char* const answers[] = {"\"first\"", "\"b\"", "\"tie\""};
  const auto pick = [&](int n) { return std::to_string(rng.below(static_cast<std::uint64_t>(n))); };
  for (int round = 0; round < 50; ++round) {
    const bool weights = rng.bernoulli(.5), features = rng.bernoulli(.5), context = rng.bernoulli(.5);
    std::string text;
    const auto item = [&](int number) {
      std::string out = "{\"id\":\"i" + std::to_string(number) + "\"";
      if (number % 2) out += ",\"text\":\"text " + std::to_string(number) + "\"";
      if (features) out += ",\"features\":{\"x\":" + std::to_string(number / 7.0) + "}";
      return out + "}";
    };
    const int records = 1 + static_cast<int>(rng.below(30));
    for (int r = 0; r < records; ++r) {
      text += "{\"id\":" + pick(9);
      if (rng.bernoulli(.5)) text += ",\"rater\":\"r" + pick(4) + "\"";
      if (rng.bernoulli(.3)) text += ",\"unit\":" + pick(4);
      if (rng.bernoulli(.5)) text += ",\"time_us\":" + pick(1000000);
      if (weights) text += ",\"weight\":" + std::to_string(1 + 3 * rng.uniform());
      if (context) text += ",\"context\":{\"city\":\"c" + pick(3) + "\",\"age\":" + pick(3) + "}";
      const int a = static_cast<int>(rng.below(5)), b = a + 1, c = a + 2;
      switch (rng.below(4)) {
        case 0:
          text += ",\"first\":" + item(a) + ",\"second\":" + item(b) + ",\"answer\":" + answers[rng.below(3)];
          break;
        case 1:
          text += ",\"options\":[" + item(c) + "," + item(a) + "," + item(b) + "],\"ranking\":[" +
                  (rng.bernoulli(.5) ? "[\"i" + std::to_string(b) + "\",\"i" + std::to_string(a) + "\"]"
                                     : "\"i" + std::to_string(a) + "\",\"i" + std::to_string(b) + "\"") +
                  ",\"i" + std::to_string(c) + "\"]";
          break;
        case 2:
          text += ",\"completion\":" + item(a) + ",\"label\":" + (rng.bernoulli(.5) ? "true" : "false");
          break;
        default:
          text += ",\"completion\":" + item(b) + ",\"rating\":" + std::to_string(rng.normal());
      }
      text += "}\n";
    }
    const Feedback f = json_feedback(text);
    EXPECT_EQ(f.judgements(), static_cast<std::size_t>(records));
    expect_round_trip(f);
  }
}

TEST(FeedbackRoundTrip, MissingNumbersAmongFeaturesReadAgainAsMissing) {
  const Feedback f = json_feedback(
      R"({"context":{"x":1},"options":[{"id":"p","features":{"y":1}},{"text":"q r","features":{"y":"NA"}}],"ranking":["p","q r"]}
{"context":{"x":""},"options":[{"id":"r","features":{"y":1}},{"id":"s","features":{"y":3}}],"ranking":["r","s"]})");
  const std::string written = write_feedback(f);
  EXPECT_EQ(written.find("nan"), std::string::npos) << written;
  const Feedback g = json_feedback(written);
  EXPECT_EQ(g.item, f.item);
  EXPECT_EQ(g.prompt, f.prompt);
  EXPECT_EQ(g.answer, f.answer);
  ASSERT_EQ(g.features.at(0).number.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(std::isnan(g.features[0].number[i]), i == 1) << i;
  EXPECT_TRUE(std::isnan(g.context.at(0).number.at(1)));
}

TEST(FeedbackDecisions, APromptIsADecisionThatOffersItsItems) {
  const Feedback f = json_feedback(
      R"({"context":{"age":3},"options":[{"id":"a","features":{"x":1,"k":"u"}},{"id":"b","features":{"x":2,"k":"v"}}],"ranking":["a","b"]}
{"context":{"age":4},"options":[{"id":"b","features":{"x":3,"k":"w"}},{"id":"c","features":{"x":4,"k":"u"}}],"ranking":["c","b"]}
{"context":{"age":3},"options":[{"id":"d","features":{"x":5,"k":"v"}},{"id":"a"}],"ranking":["a","d"]}
)");
  const FeedbackDecisions d = as_decisions(f);
  EXPECT_EQ(d.log.size(), 2u);
  EXPECT_EQ(d.log.id, f.prompt);
  EXPECT_EQ(d.log.offset, (std::vector<std::uint64_t>{0, 3, 5}));
  EXPECT_EQ(d.log.propensity, (std::vector<double>{1 / 3., 1 / 2.}));
  ASSERT_EQ(d.row_of_item.size(), 5u);
  for (std::size_t i = 0; i < f.item.size(); ++i) {
    const std::size_t row = d.row_of_item[i];
    EXPECT_EQ(d.log.actions[d.log.action[row]], f.item[i]);
    EXPECT_LE(d.log.offset[f.item_prompt[i]], row);
    EXPECT_LT(row, d.log.offset[f.item_prompt[i] + 1]);
    EXPECT_EQ(d.log.action_features[0].number[row], f.features[0].number[i]);
    EXPECT_EQ(d.log.action_features[1].code[row], f.features[1].code[i]);
  }
  EXPECT_EQ(d.log.context[0].number, (std::vector<float>{3, 4}));
  EXPECT_FALSE(d.log.fixed_actions);
  EXPECT_EQ(d.log.fold.size(), 2u);
  EXPECT_EQ(d.log.row_digest.size(), 2u);
  EXPECT_TRUE(as_decisions(json_feedback(R"({"prompt":"x","first":1,"second":2,"answer":"tie"}
{"prompt":"y","first":1,"second":2,"answer":"tie"})"))
                  .log.fixed_actions);
}

TEST(FeedbackDecisions, APromptWithoutAnItemIsRefused) {
  Feedback f = json_feedback(R"({"prompt":"x y","first":1,"second":2,"answer":"tie"})");
  f.prompt.push_back("lonely");
  f.prompt_text.push_back("");
  EXPECT_EQ(refusal([&] { as_decisions(f); }),
            "f.jsonl: prompt: found \"lonely\" without an item, expected an item for every prompt");
}

}  // namespace
}  // namespace plumb
