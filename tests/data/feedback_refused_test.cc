// What is refused, with the whole message; what may be counted instead.
#include "data/feedback_answers.h"
#include "tests/data/feedback_equal.h"

namespace plumb {
namespace {

std::string of_one(const std::string& message) {
  return "f.jsonl:1: " + message + "\nf.jsonl: found 1 bad of 1 row, expected none";
}

struct BadRecord {
  const char *record, *message;
};

TEST(BadFeedback, IsRefusedWithPlaceFoundAndExpected) {
  const char* forms =
      "form: found no key of a judgement, expected options and ranking, chosen and rejected, first, second and "
      "answer, or completion and label or rating";
  const std::string answer = std::string("expected ") + kAnswerExpected;
  const std::string both = "answer: found \"both\", " + answer,
                    list = std::string("answer: found a list, ") + answer,
                    yes = std::string("answer: found \"true\", ") + answer,
                    three = std::string("answer: found 3, ") + answer,
                    rated = std::string("rating: found \"good\", expected ") + kRatingExpected;
  const BadRecord cases[] = {
      // Options and rankings.
      {R"({"options":["a"],"ranking":["a"]})", "options: found a list of one, expected two or more options"},
      {R"({"options":[],"ranking":[]})", "options: found an empty list, expected two or more options"},
      {R"({"options":"a","ranking":["a"]})", "options: found \"a\", expected a list of two or more options"},
      {R"({"options":["apple","pear"],"ranking":["aple","pear"]})",
       "ranking: found \"aple\", which is no option, expected \"apple\" (the nearest name)"},
      {R"({"options":["a","b","c"],"ranking":["first","b","c"]})",
       "ranking: found \"first\", which is no option, expected one of \"a\", \"b\", \"c\""},
      {R"({"options":["a","b","c"],"ranking":["a","b"]})",
       "ranking: found 2 of 3 options, expected every option once (those that nobody told apart as one list at "
       "the end: "
       "a tie)"},
      {R"({"options":["a","b","c"],"ranking":["a",["b","a"],"c"]})",
       "ranking: found \"a\" twice, expected every option once"},
      {R"({"options":["a","b"],"ranking":["a","first"]})",
       "ranking: found \"first\" twice, expected every option once"},
      {R"({"options":["a","b"],"ranking":["a",[],"b"]})",
       "ranking: found an empty list inside, expected options that tie"},
      {R"({"options":["a","b"],"ranking":[[["a"],"b"]]})",
       "ranking: found a list, expected an option's id or text"},
      {R"({"options":["a","b"],"ranking":"a"})",
       "ranking: found \"a\", expected a list of the options, best first"},
      {R"({"options":["a","b"]})", "ranking: found nothing, expected a list of the options, best first"},
      {R"({"options":["a","b","a"],"ranking":["a","b"]})",
       "ranking: found 2 of 3 options, expected every option once (those that nobody told apart as one list at "
       "the end: "
       "a tie)"},
      {R"({"options":[{"id":"a"},{"id":"a","text":"x"}],"ranking":[["first","second"]]})",
       "options: found \"a\" twice, expected different items"},
      {R"({"options":["a",1.5],"ranking":["a","b"]})",
       "options: found 1.5, expected a text, a name or an object"},
      {R"({"options":["a",{"id":"b","name":"c"}],"ranking":["a","b"]})",
       "options: found the unknown key \"name\", expected \"id\", \"text\" or \"features\""},
      {R"({"options":["a",{}],"ranking":["a","b"]})",
       "options: found neither id nor text, expected an id, a text, or both"},
      {R"({"options":["a",{"features":{}}],"ranking":["a","b"]})",
       "options: found neither id nor text, expected an id, a text, or both"},
      {R"({"options":["a",{"id":"b","id":"c"}],"ranking":["a","b"]})",
       "options.id: found a second value, expected one value an object"},
      {R"({"options":["a",{"id":true}],"ranking":["a","b"]})",
       "options.id: found true, expected a text or a whole number"},
      {R"({"options":["a",{"text":5}],"ranking":["a","b"]})", "options.text: found 5, expected a text"},
      // Votes.
      {R"({"first":"a","second":"b","answer":"both"})", both.c_str()},
      {R"({"first":"a","second":"b","answer":["first","second"]})", list.c_str()},
      {R"({"first":"a","second":"b","answer":true})", yes.c_str()},
      {R"({"first":"a","second":"b","answer":3})", three.c_str()},
      {R"({"first":"a","second":"b","answer":null})",
       "answer: found nothing, expected \"first\", \"second\" or \"tie\""},
      {R"({"first":"a","answer":"tie"})", "second: found nothing, expected the item shown second"},
      {R"({"first":"a","second":"b","answer":"tie","answer":"first"})",
       "answer: found a second value, expected one value a record"},
      {R"({"first":"a","second":"a","answer":"tie"})", "options: found \"a\" twice, expected different items"},
      {R"({"prompt":"q","chosen":"a","rejected":"a"})", "options: found \"a\" twice, expected different items"},
      {R"({"prompt":"q","completion":"a","label":0.5})",
       "label: found 0.5, expected true or false (1, 0, yes, no); grades are ratings: --column rating=label"},
      {R"({"prompt":"q","completion":"a","label":true,"rating":3})",
       "form: found \"label\" and \"rating\", expected one judgement a record"},
      {R"({"prompt":"q","completion":"a","item":"b","rating":3})",
       "form: found \"completion\" and \"item\", expected one of them"},
      {R"({"prompt":"q","completion":"a","rating":"good"})", rated.c_str()},
      {R"({"prompt":"q","completion":"a","rating":true})", "rating: found true, expected one value"},
      {R"({"prompt":"q","rating":3})", "item: found nothing, expected what was judged"},
      {R"({"prompt":"q","completion":"a"})",
       "rating: found nothing, expected a number, or a label; --reject-up-to counts records without one"},
      // Forms.
      {R"({"prompt":"q"})", forms},
      {R"({})", forms},
      {R"({"options":["a","b"],"ranking":["a","b"],"chosen":"a"})",
       "form: found \"options\" and \"chosen\", expected the keys of one form"},
      {R"([])", "JSON: found \"[]\", expected one JSON object a record"},
      // Raters, times, units, weights.
      {R"({"first":"a","second":"b","answer":"tie","rater":{"id":1}})",
       "rater: found an object, expected a text or a whole number"},
      {R"({"first":"a","second":"b","answer":"tie","rater":["x"]})",
       "rater: found a list, expected a text or a whole number"},
      {R"({"first":"a","second":"b","answer":"tie","rater":true})",
       "rater: found true, expected a text or a whole number"},
      {R"({"first":"a","second":"b","answer":"tie","rater":1.5})",
       "rater: found 1.5, expected a text or a whole number"},
      {R"({"first":"a","second":"b","answer":"tie","rater_id":"x"})",
       "rater: found the unknown key \"rater_id\", expected \"rater\", or a mapping of columns"},
      {R"({"first":"a","second":"b","answer":"tie","Annotator":"x"})",
       "rater: found the unknown key \"Annotator\", expected \"rater\", or a mapping of columns"},
      {R"({"first":"a","second":"b","answer":"tie","raeder":"x"})",
       "rater: found the unknown key \"raeder\", expected \"rater\", or a mapping of columns"},
      {R"({"first":"a","second":"b","answer":"tie","time":"soon"})",
       "time_us: found \"soon\", expected microseconds since 1970 or an ISO 8601 time"},
      {R"({"first":"a","second":"b","answer":"tie","time":"x UTC"})",
       "time_us: found \"x UTC\", expected microseconds since 1970 or an ISO 8601 time"},
      {R"({"first":"a","second":"b","answer":"tie","time":"9999-01-01"})",
       "time_us: found \"9999-01-01\", expected a time before the year 2255"},
      {R"({"first":"a","second":"b","answer":"tie","time_us":1.5})",
       "time_us: found 1.5, expected microseconds since 1970 or an ISO 8601 time"},
      {R"({"first":"a","second":"b","answer":"tie","time":1,"time_us":1})",
       "time_us: found a second value, expected one value a record"},
      {R"({"first":"a","second":"b","answer":"tie","unit":{}})",
       "unit: found an object, expected a text or a whole number"},
      {R"({"first":"a","second":"b","answer":"tie","unit_hash":"xyz"})",
       "unit_hash: found \"xyz\", expected sixteen hexadecimal digits"},
      {R"({"first":"a","second":"b","answer":"tie","unit":1,"unit_hash":"0000000000000001"})",
       "unit: found unit and unit_hash, expected one of them"},
      {R"({"first":"a","second":"b","answer":"first","expected":"tie"})",
       "expected: found a tie, expected the one of the two that a check item has as its right answer"},
      {R"({"chosen":"a","rejected":"b","prompt":"p","expected":"a"})",
       "expected: found a check item that is no comparison of first and second, expected first, second, answer "
       "and "
       "expected"},
      {R"({"first":"a","second":"b","answer":"tie","shown_order":"maybe"})",
       "shown_order: found \"maybe\", expected known or unknown"},
      {R"({"first":"a","second":"b","answer":"tie","weight":0})",
       "weight: found 0, expected a number above 0 (1 / the probability of having been asked)"},
      {R"({"first":"a","second":"b","answer":"tie","weight":1e300})",
       "weight: found 1e+300, expected a number above 0 (1 / the probability of having been asked)"},
      // Texts, prompts and features.
      {R"({"prompt":"q","completion":"","rating":1})",
       "completion: found an empty text, expected a text that says something"},
      {R"({"prompt":"q","completion":" \n\t","rating":1})",
       "completion: found only white space, expected a text that says something"},
      {R"({"prompt":"","completion":"x","rating":1})",
       "prompt: found an empty text, expected a text that says something"},
      {R"({"prompt":"q","completion":5,"rating":1})",
       "completion: found 5, expected a text, messages or an object"},
      {R"({"prompt":"q","context":"r","completion":"x","rating":1})",
       "context: found a text beside a prompt, expected an object of features"},
      {R"({"prompt":1.5,"completion":"x","rating":1})", "prompt: found 1.5, expected a text or a whole number"},
      {R"({"prompt":{"id":"a","features":{}},"completion":"x","rating":1})",
       "prompt: found the unknown key \"features\", expected \"id\" or \"text\""},
      {R"({"context":5,"completion":"x","rating":1})",
       "context: found 5, expected a text or an object of features"},
      {R"({"context":{"x":null},"completion":"x","rating":1})",
       "context.x: found nothing, expected a number, a text or true or false"},
      {R"({"context":{"x":[1]},"completion":"x","rating":1})",
       "context.x: found null or a nested value, expected a number, a text or true or false"},
      {R"({"context":{"x":1e39},"completion":"x","rating":1})",
       "context.x: found 1e+39, expected a number of at most 3.4e38"},
      {R"({"context":{"x":1,"x":1},"completion":"x","rating":1})",
       "context.x: found a second value, expected every key once"},
      {R"({"options":[{"id":"a","features":{"x":1}},{"id":"b","features":{"x":1,"y":2}}],"ranking":["a","b"]})",
       "features: found a new key \"y\", expected the same keys for every option"},
      {R"({"options":[{"id":"a","features":{"x":1,"y":1}},{"id":"b","features":{"y":2}}],"ranking":["a","b"]})",
       "features: found no \"x\", expected the same keys for every option"},
      {R"({"options":[{"id":"a","features":{"x":1,"y":1}},"b"],"ranking":["a","b"]})",
       "features: found none for \"b\", expected the same keys for every option"},
      {R"({"options":[{"id":"a","features":3},"b"],"ranking":["a","b"]})",
       "options.features: found 3, expected an object of features"},
      // Bytes.
      {"{\"first\":\"a\xff\",\"second\":\"b\",\"answer\":\"tie\"}",
       "text: found bytes that are not UTF-8 in "
       "\"{\"first\":\"a\\xff\",\"second\":\"b\",\"answer\":\"tie\"}\", expected UTF-8"},
      {R"({"completion":"x","rating":1e999})",
       "JSON: found a number that is malformed or beyond a double, expected finite numbers"},
      {R"({"completion":"x","rating":Infinity})",
       "JSON: found Infinity as a value, expected finite numbers: JSON has no infinity and no NaN"},
  };
  for (const BadRecord& bad : cases)
    EXPECT_EQ(refusal([&] { json_feedback(bad.record); }), of_one(bad.message)) << bad.record;
}

TEST(BadFeedback, IsRefusedWhereItContradictsAnEarlierRecord) {
  struct Pair {
    const char *first, *second, *message;
  };
  const Pair cases[] = {
      {R"({"item":"a","item_text":"one","rating":1})", R"({"item":"a","item_text":"two","rating":1})",
       "options: found \"a\" with another text than in line 1, expected one text a name"},
      {R"({"prompt":{"id":"p","text":"one"},"item":"a","rating":1})",
       R"({"prompt":{"id":"p","text":"two"},"item":"a","rating":1})",
       "prompt: found \"p\" with another text than in line 1, expected one text a name"},
      {R"({"prompt":"p","context":{"x":1},"item":"a","rating":1})",
       R"({"prompt":{"id":"p"},"item":"a","rating":1})",
       "context: found none for \"p\", expected the 1 keys of line 1"},
      {R"({"prompt":{"id":"p"},"context":{"x":1},"item":"a","rating":1})",
       R"({"prompt":{"id":"p"},"context":{"x":2},"item":"a","rating":1})",
       "context: found other values for \"p\" than in line 1, expected one context a prompt"},
      {R"({"context":{"x":1},"item":"a","rating":1})", R"({"context":{"y":1},"item":"a","rating":1})",
       "context: found a new key \"y\", expected the same keys as in line 1"},
      {R"({"context":{"x":1},"item":"a","rating":1})", R"({"context":{},"item":"a","rating":1})",
       "context: found no \"x\", expected the same keys as in line 1"},
      {R"({"context":{"x":1},"item":"a","rating":1})", R"({"item":"a","rating":1})",
       "context: found none for \"a record without a prompt\", expected the 1 keys of line 1"},
      {R"({"item":{"id":"a","features":{"x":1}},"rating":1})",
       R"({"item":{"id":"a","features":{"x":2}},"rating":1})",
       "features: found other values for \"a\" than in line 1, expected one set of features an item"},
      {R"({"item":{"id":"a","features":{"x":1}},"rating":1})", R"({"item":"b","rating":1})",
       "features: found none for \"b\", expected the 1 keys of line 1"},
      {R"({"item":"a","rating":1,"weight":2})", R"({"item":"a","rating":1})",
       "weight: found none, expected one, as in the records before"},
      {R"({"item":"a","rating":1})", R"({"item":"a","rating":1,"weight":2})",
       "weight: found one, expected none, as in the records before"},
  };
  for (const Pair& bad : cases)
    EXPECT_EQ(refusal([&] { json_feedback(std::string(bad.first) + "\n" + bad.second); }),
              std::string("f.jsonl:2: ") + bad.message + "\nf.jsonl: found 1 bad of 2 rows, expected none")
        << bad.second;
}

TEST(BadFeedback, ATextOfTenMegabytesIsRefusedAndOneOfAMegabyteIsNot) {
  const auto with_text = [](std::size_t bytes) {
    return R"({"prompt":"q","completion":")" + std::string(bytes, 'x') + R"(","rating":1})";
  };
  EXPECT_EQ(refusal([&] { json_feedback(with_text(10u << 20)); }),
            of_one("completion: found a text of 10485760 bytes, expected at most 1048576 bytes"));
  EXPECT_EQ(json_feedback(with_text(kLongestText)).text[0].size(), kLongestText);
  EXPECT_EQ(refusal([&] { csv_feedback("completion,rating\n" + std::string(10u << 20, 'x') + ",1\n"); }),
            "f.csv:2: completion: found a text of 10485760 bytes, expected at most 1048576 bytes\n"
            "f.csv: found 1 bad of 1 row, expected none");
}

TEST(BadFeedback, IsCountedWhereAShareOfItIsAllowed) {
  std::string text;
  for (int i = 0; i < 18; ++i) text += "{\"first\":1,\"second\":2,\"answer\":\"tie\"}\n";
  const std::string bad = "{\"first\":1,\"second\":1,\"answer\":\"tie\"}\n{\"first\":1}\n";
  FeedbackOptions options;
  options.reject_up_to = 0.1;
  FeedbackReport report;
  const Feedback f = parse_feedback(bad + text, "f.jsonl", options, &report);
  EXPECT_EQ(report.records, 20u);
  EXPECT_EQ(report.rejected, 2u);
  EXPECT_EQ(f.judgements(), 18u);
  EXPECT_EQ(f.item.size(), 2u);
  EXPECT_EQ(report.rejections,
            (std::vector<std::string>{"f.jsonl:1: options: found \"1\" twice, expected different items",
                                      "f.jsonl:2: second: found nothing, expected the item shown second"}));
  EXPECT_EQ(report.bytes, (bad + text).size());
  options.reject_up_to = 0.09;
  EXPECT_NE(refusal([&] {
              parse_feedback(bad + text, "f.jsonl", options, nullptr);
            }).find("f.jsonl: found 2 bad of 20 rows, expected at most a share of 0.09 (reject_up_to)"),
            std::string::npos);
  options.reject_up_to = 1;
  EXPECT_EQ(refusal([&] { parse_feedback(text, "f.jsonl", options, nullptr); }),
            "f.jsonl: reject_up_to: found 1, expected a share in [0, 1)");
}

TEST(BadFeedback, LeavesNothingBehindWhereItIsCounted) {
  FeedbackOptions options;
  options.reject_up_to = 0.8;
  // The refused records would name other keys, items, prompts, raters and a weight.
  const std::string good =
      R"({"context":{"x":1},"options":[{"id":"a","features":{"y":1}},{"id":"b","features":{"y":2}}],"ranking":["a","b"]})";
  const std::string bad =
      R"({"context":{"z":1},"options":[{"id":"c","features":{"w":1}},{"id":"c","features":{"w":2}}],"ranking":[["first","second"]],"rater":"r","weight":2})";
  const Feedback clean = json_feedback(good);
  expect_same(parse_feedback(bad + "\n" + good + "\n" + bad, "f.jsonl", options, nullptr), clean);
}

TEST(BadFeedback, FilesThatCannotBeReadAreRefused) {
  EXPECT_EQ(refusal([&] { read_feedback("/no/such.jsonl", {}, nullptr); }, Code::kEnvironment),
            "/no/such.jsonl: file: found no such file, expected a readable file");
  EXPECT_EQ(refusal([&] { json_feedback(""); }),
            "f.jsonl: file: found an empty file, expected at least one judgement");
  EXPECT_EQ(refusal([&] { parse_feedback(" [ ] ", "f.json", {}, nullptr); }),
            "f.json: records: found no records, expected at least one judgement");
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "{\"first\":" + std::to_string(i) + ",\"second\":\"b\",\"answer\":\"tie\"}\n";
  const std::string packed = gzip(text);
  const TemporaryFile cut("cut.jsonl.gz", packed.substr(0, packed.size() / 2));
  const std::string message = refusal([&] { read_feedback(cut.path(), {}, nullptr); });
  EXPECT_EQ(message.find(cut.path() + ":"), 0u) << message;
  EXPECT_NE(message.find("gzip: found the end of the file after "), std::string::npos) << message;
  const TemporaryFile whole("whole.jsonl.gz", packed);
  FeedbackReport report;
  EXPECT_EQ(read_feedback(whole.path(), {}, &report).judgements(), 1000u);
  EXPECT_EQ(report.bytes, packed.size());
}

TEST(BadFeedback, AnArrayThatNeverEndsIsRefusedWithItsLine) {
  const auto array = [](const std::string& text) {
    return refusal([&] { parse_feedback(text, "f.json", {}, nullptr); });
  };
  const std::string record = "{\"first\":1,\"second\":2,\"answer\":\"tie\"}";
  EXPECT_EQ(array("[\n" + record + ",\n"),
            "f.json:3: JSON: found the end of the file in a list, expected a list "
            "that is closed by ]");
  EXPECT_EQ(
      array("[\n" + record),
      "f.json:2: JSON: found the end of the file in record 1, expected a list of objects that is closed by ]");
  EXPECT_EQ(
      array("[\n\n{\"a\":\"\\\""),
      "f.json:3: JSON: found the end of the file in record 1, expected a list of objects that is closed by ]");
  EXPECT_EQ(array("[" + record + "]\n\nmore"),
            "f.json:3: JSON: found \"more\", expected nothing behind the list");
  EXPECT_NE(array("[" + record + ",]").find("f.json:record 2: row: found an empty line"), std::string::npos);
}

}  // namespace
}  // namespace plumb
