// Every form of JSON records.
#include "tests/data/feedback_equal.h"

namespace plumb {
namespace {

using Names = std::vector<std::string>;
using Codes = std::vector<std::uint32_t>;

TEST(FeedbackJson, OptionsAndRankingOfTwoAreAComparisonInTheOrderShown) {
  const Feedback f = json_feedback(
      R"({"context":"How far is the moon?","options":["About 384,400 km.","I do not know."],"ranking":["second","first"],"rater":"w1","time_us":5}
{"context":"How far is the moon?","options":["I do not know.","About 384,400 km."],"ranking":["About 384,400 km.","I do not know."],"rater":7,"time":"1970-01-01T00:00:01Z"}
{"context":"How far is the moon?","options":["I do not know.","About 384,400 km."],"ranking":[["first","second"]]}
)");
  EXPECT_EQ(f.prompt_text, Names{"How far is the moon?"});
  EXPECT_EQ(f.text, (Names{"About 384,400 km.", "I do not know."}));
  EXPECT_EQ(f.item, f.text);  // short texts are their own names
  EXPECT_EQ(f.item_prompt, (Codes{0, 0}));
  EXPECT_EQ(f.first, (Codes{0, 1, 1}));
  EXPECT_EQ(f.second, (Codes{1, 0, 0}));
  EXPECT_EQ(f.answer, (std::vector<Answer>{Answer::kSecond, Answer::kSecond, Answer::kTie}));
  EXPECT_EQ(f.rater, (Names{"w1", "7"}));
  EXPECT_EQ(f.comparison.rater, (Codes{0, 1, kNoRater}));
  EXPECT_EQ(f.comparison.time_us, (std::vector<std::int64_t>{5, 1000000, kNoTime}));
  EXPECT_EQ(f.comparison.line, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(f.comparison.unit[0], hash_bytes("w1"));
  EXPECT_EQ(f.comparison.unit[1], hash_bytes("7"));
  EXPECT_TRUE(f.comparison.weight.empty());
  EXPECT_EQ(f.judgements(), 3u);
}

TEST(FeedbackJson, RankingsOfThreeOrMoreKeepTheirTies) {
  const Feedback f = json_feedback(
      R"({"options":[{"id":"a"},{"id":"b"},{"id":3},{"id":"d"}],"ranking":[3,["a","d"],"b"]}
{"options":[{"id":"d"},{"id":"a"},{"id":3}],"ranking":["a","3","d"]}
)");
  EXPECT_EQ(f.prompt, Names{""});
  EXPECT_EQ(f.item, (Names{"a", "b", "3", "d"}));
  EXPECT_EQ(f.text, (Names{"", "", "", ""}));
  EXPECT_EQ(f.ranking_offset, (std::vector<std::uint64_t>{0, 4, 7}));
  EXPECT_EQ(f.ranking_item, (Codes{0, 1, 2, 3, 3, 0, 2}));
  EXPECT_EQ(f.ranking_rank, (Codes{1, 2, 0, 1, 2, 0, 1}));
  EXPECT_TRUE(f.first.empty());
}

TEST(FeedbackJson, ARankingNamesOptionsByIdBeforeTextBeforePlace) {
  const Feedback f = json_feedback(
      R"({"options":[{"id":"x","text":"y"},{"id":"y","text":"z"}],"ranking":["y","x"]}
{"options":[{"id":"p","text":"one"},{"id":"q","text":"two"}],"ranking":["two","one"]}
{"options":[{"id":"second"},{"id":"first"}],"ranking":["first","second"]}
)");
  EXPECT_EQ(f.answer, (std::vector<Answer>{Answer::kSecond, Answer::kSecond, Answer::kSecond}));
}

TEST(FeedbackJson, ThumbsRatingsAndPlainComparisonsMayShareAFile) {
  const Feedback f = json_feedback(
      R"({"prompt":"p q","completion":"yes please","label":true,"unit":"u"}
{"prompt":"p q","completion":"no thanks","label":false}
{"prompt":"p q","completion":"yes please","rating":4.5}
{"prompt":"p q","first":"yes please","second":"no thanks","answer":"tie"}
{"prompt":"p q","first":"no thanks","second":"yes please","answer":"b"}
)");
  EXPECT_EQ(f.thumbed, (Codes{0, 1}));
  EXPECT_EQ(f.up, (std::vector<std::uint8_t>{1, 0}));
  EXPECT_EQ(f.thumb.unit[0], hash_bytes("u"));
  EXPECT_EQ(f.rated, (Codes{0}));
  EXPECT_EQ(f.rating, (std::vector<double>{4.5}));
  EXPECT_EQ(f.answer, (std::vector<Answer>{Answer::kTie, Answer::kSecond}));
  EXPECT_EQ(f.first, (Codes{0, 1}));
  EXPECT_EQ(f.rating_source.line, (std::vector<std::uint64_t>{3}));
}

TEST(FeedbackJson, FeaturesAreARowAPromptAndARowAnItem) {
  const Feedback f = json_feedback(
      R"({"context":{"age":31,"city":"Bonn"},"options":[{"id":"a","features":{"x":1,"kind":"new"}},{"id":"b","features":{"kind":"old","x":2.5}}],"ranking":["a","b"]}
{"context":{"city":"Köln","age":40},"options":[{"id":"a","features":{"x":true,"kind":"new"}},{"id":"c","features":{"x":-0.0,"kind":"new"}}],"ranking":["c","a"]}
{"context":{"age":31,"city":"Bonn"},"options":["b","a"],"ranking":["a","b"]}
)");
  ASSERT_EQ(f.prompt.size(), 2u);
  EXPECT_EQ(f.prompt_text, (Names{"", ""}));
  ASSERT_EQ(f.context.size(), 2u);
  EXPECT_EQ(f.context[0].name, "age");
  EXPECT_EQ(f.context[0].number, (std::vector<float>{31, 40}));
  EXPECT_EQ(f.context[1].levels, (Names{"Bonn", "Köln"}));
  EXPECT_EQ(f.item, (Names{"a", "b", "a", "c"}));
  EXPECT_EQ(f.item_prompt, (Codes{0, 0, 1, 1}));
  ASSERT_EQ(f.features.size(), 2u);
  EXPECT_EQ(f.features[0].number, (std::vector<float>{1, 2.5, 1, 0}));
  EXPECT_EQ(f.features[1].code, (Codes{0, 1, 0, 0}));
  EXPECT_EQ(f.first, (Codes{0, 2, 1}));  // a name brings back the item of an earlier record
}

TEST(FeedbackJson, APromptMayHaveAnIdATextAndFeatures) {
  const Feedback f = json_feedback(
      R"({"prompt":{"id":"p1","text":"Hello there"},"context":{"x":1},"completion":"Hi, you","rating":1}
{"prompt":{"id":"p1"},"context":{"x":1},"completion":"Hi, you","rating":2}
{"prompt":"p1","prompt_text":"Hello there","context":{"x":1},"item":"i","item_text":"Hi, me","rating":2}
)");
  EXPECT_EQ(f.prompt, Names{"p1"});
  EXPECT_EQ(f.prompt_text, Names{"Hello there"});
  EXPECT_EQ(f.item, (Names{"Hi, you", "i"}));
  EXPECT_EQ(f.text, (Names{"Hi, you", "Hi, me"}));
  EXPECT_EQ(f.rated, (Codes{0, 0, 1}));
}

TEST(FeedbackJson, BareWordsAreNamesUnlessOneOfTheFileHasASpaceOrIsLong) {
  FeedbackReport report;
  const std::string words = R"({"first":"a7","second":"b9","answer":"first"})";
  const Feedback names = json_feedback(words, &report);
  EXPECT_EQ(names.text, (Names{"", ""}));
  EXPECT_EQ(names.item, (Names{"a7", "b9"}));
  EXPECT_EQ(report.notes,
            Names{"The options that are bare words are read as names, not as texts: none has a space."});
  const Feedback texts =
      json_feedback(words + "\n" + R"({"first":"a7","second":"two words","answer":"a"})", &report);
  EXPECT_EQ(texts.text, (Names{"a7", "b9", "two words"}));
  EXPECT_TRUE(report.notes.empty());
  const std::string longer(65, 'x');
  const Feedback long_text = json_feedback(R"({"first":"a7","second":")" + longer + R"(","answer":"a"})");
  EXPECT_EQ(long_text.text, (Names{"a7", longer}));
  EXPECT_EQ(long_text.item, (Names{"a7", hex(hash_bytes(longer))}));
}

TEST(FeedbackJson, WeightsAreKeptAsTheyStand) {
  const Feedback f = json_feedback(R"({"first":1,"second":2,"answer":"first","weight":2.5}
{"first":1,"second":2,"answer":"tie","weight":1})");
  EXPECT_EQ(f.comparison.weight, (std::vector<float>{2.5, 1}));
}

TEST(FeedbackJson, UnitsAreNamedByUnitElseRaterElseIdElseTheRecord) {
  const std::string record = R"({"first":1,"second":2,"answer":"first")";
  const Feedback f =
      json_feedback(record + R"(,"unit":5,"rater":"r"})" + "\n" + record + R"(,"rater":"r","id":"i"})" + "\n" +
                    record + R"(,"id":"i"})" + "\n" + record + "}\n" + record + "}\n" + record +
                    R"(,"unit_hash":"00000000000000ff"})");
  const auto& unit = f.comparison.unit;
  EXPECT_EQ(unit[0], hash_bytes("5"));
  EXPECT_EQ(unit[1], hash_bytes("r"));
  EXPECT_EQ(unit[2], hash_bytes("i"));
  EXPECT_NE(unit[3], unit[4]);
  EXPECT_EQ(unit[5], 255u);
}

constexpr std::string_view kArray = R"([
  {"first": 1,
   "second": 2, "answer": "first"},
  {"first": "a ] } \" [", "second": "b, c", "answer": "tie"} ,

  {"first": 2, "second": 3, "answer": "second"}
]
)";

TEST(FeedbackJson, AnArrayIsReadByElementsWithTheirNumbers) {
  FeedbackReport report;
  const Feedback f = parse_feedback(kArray, "f.json", {}, &report);
  EXPECT_EQ(report.records, 3u);
  EXPECT_EQ(f.comparison.line, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(f.item, (Names{"1", "2", "a ] } \" [", "b, c", "3"}));
  expect_same(f, parse_feedback(gzip(kArray), "f.json.gz", {}, nullptr));
  expect_same(f, parse_feedback(kArray, "/dev/fd/3", {}, nullptr));
}

TEST(FeedbackJson, ABadElementOfAnArrayDoesNotHideTheOthers) {
  FeedbackOptions options;
  options.reject_up_to = 0.5;
  FeedbackReport report;
  const Feedback f = parse_feedback(
      "[{\"first\":1,\"second\":2,\"answer\":tru},\n 7,\n"
      "{\"first\":1,\"second\":2,\"answer\":\"tie\"},\n"
      "{\"first\":1,\"second\":2,\"answer\":\"a\"}]",
      "f.json", options, &report);
  EXPECT_EQ(f.answer, (std::vector<Answer>{Answer::kTie, Answer::kFirst}));
  EXPECT_EQ(report.rejected, 2u);
  ASSERT_EQ(report.rejections.size(), 2u);
  EXPECT_EQ(report.rejections[1], "f.json:record 2: JSON: found \"7\", expected one JSON object a record");
}

TEST(FeedbackJson, NanIsReadAsNullOnlyWhereThatIsAccepted) {
  const std::string text =
      "{\"first\":\"NaN, a : NaN , b\",\"second\":\"a NaN\",\"answer\":\"tie\",\"rater\": NaN}\n"
      "{\"first\":\"NaN, a : NaN , b\",\"second\":\"a "
      "NaN\",\"answer\":\"first\",\"rater\":\"r\",\"other\":[NaN,1,NaN]}\n";
  EXPECT_EQ(refusal([&] { json_feedback(text); }),
            "f.jsonl:1: JSON: found NaN as a value (2 of 2 rows), expected finite numbers or null (the option "
            "accept_nan reads NaN as null)");
  FeedbackOptions options;
  options.accept_nan = true;
  FeedbackReport report;
  const Feedback f = parse_feedback(text, "f.jsonl", options, &report);
  EXPECT_EQ(f.text, (Names{"NaN, a : NaN , b", "a NaN"}));
  EXPECT_EQ(f.comparison.rater, (Codes{kNoRater, 0}));
  EXPECT_EQ(report.notes, (Names{"Keys that are not used: \"other\".", "2 records hold NaN, read as null."}));
}

TEST(FeedbackJson, KeysMayBeRenamed) {
  FeedbackOptions options;
  options.columns = {
      {"prompt", "instruction"}, {"first", "response1"}, {"second", "response2"}, {"answer", "label"}};
  const std::string record =
      R"([{"instruction":"Say it.","response1":"it is","response2":"no","label":2,"annotator2":1,"rating":3}])";
  // "rating" plays its own role still, which would be a second form.
  EXPECT_EQ(refusal([&] { parse_feedback(record, "f.json", options, nullptr); }),
            "f.json:record 1: form: found \"response1\" and \"rating\", expected the keys of one form\n"
            "f.json: found 1 bad of 1 row, expected none");
  options.columns.emplace_back("rating", "");
  FeedbackReport report;
  const Feedback f = parse_feedback(record, "f.json", options, &report);
  EXPECT_EQ(f.prompt_text, Names{"Say it."});
  EXPECT_EQ(f.text, (Names{"it is", "no"}));
  EXPECT_EQ(f.answer, std::vector<Answer>{Answer::kSecond});
  EXPECT_EQ(report.notes,
            (Names{"Answers are read by the names of the columns (1 and 2): \"response1\" is the first, "
                   "\"response2\" the second.",
                   "Keys that are not used: \"annotator2\", \"rating\"."}));
}

}  // namespace
}  // namespace plumb
