// Codes of answers: three meanings of bare numbers are in public files, so none is taken for granted.
#include "data/feedback_answers.h"

#include "tests/data/feedback_equal.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

std::string pair_of(const std::string& first, const std::string& second, const std::string& answer) {
  return "{\"prompt\":\"what is it\",\"" + first + "\":\"one answer\",\"" + second +
         "\":\"another answer\",\"winner\":" + answer + "}\n";
}

FeedbackOptions columns(const std::string& first, const std::string& second) {
  FeedbackOptions out;
  out.columns = {{"first", first}, {"second", second}, {"answer", "winner"}};
  return out;
}

Answer read_one(const std::string& first, const std::string& second, const std::string& answer,
                const FeedbackOptions& options, FeedbackReport* report = nullptr) {
  return parse_feedback(pair_of(first, second, answer), "f.jsonl", options, report).answer.at(0);
}

TEST(FeedbackAnswers, AreNotTakenFromBareNumbers) {
  for (const char* code : {"0", "1", "2", "-1", "\"1\"", "0.0"}) {
    const std::string message = refusal([&] { read_one("x", "y", code, columns("x", "y")); });
    EXPECT_NE(message.find("f.jsonl:1: winner: found"), std::string::npos) << message;
    EXPECT_NE(message.find("--answer 0=first,1=second,2=tie"), std::string::npos) << message;
  }
}

TEST(FeedbackAnswers, AreReadAsTheyAreStated) {
  FeedbackOptions index = columns("x", "y"), label = index, words = index;
  index.answers = {{"0", Answer::kFirst}, {"1", Answer::kSecond}};
  label.answers = {{"1", Answer::kFirst}, {"2", Answer::kSecond}, {"0", Answer::kTie}};
  words.answers = {{"model_a", Answer::kFirst}, {"tie (both bad)", Answer::kTie}};
  EXPECT_EQ(read_one("x", "y", "0", index), Answer::kFirst);
  EXPECT_EQ(read_one("x", "y", "\"1\"", index), Answer::kSecond);
  EXPECT_EQ(read_one("x", "y", "1.0", label), Answer::kFirst);
  EXPECT_EQ(read_one("x", "y", "0", label), Answer::kTie);
  EXPECT_EQ(read_one("x", "y", "\"model_a\"", words), Answer::kFirst);
  EXPECT_EQ(read_one("x", "y", "\"tie (both bad)\"", words), Answer::kTie);
  EXPECT_EQ(read_one("x", "y", "\"second\"", words), Answer::kSecond);
  refusal([&] { read_one("x", "y", "2", index); });
  index.answers.emplace_back("0.0", Answer::kTie);
  EXPECT_NE(refusal([&] { read_one("x", "y", "0", index); }).find("\"0.0\" twice"), std::string::npos);
}

TEST(FeedbackAnswers, MayBeTheNamesOfTheTwoColumnsOrTheirNumbers) {
  FeedbackReport report;
  EXPECT_EQ(read_one("response_0", "response_1", "0", columns("response_0", "response_1"), &report),
            Answer::kFirst);
  ASSERT_FALSE(report.notes.empty());
  EXPECT_EQ(
      report.notes[0],
      "Answers are read by the names of the columns (0 and 1): \"response_0\" is the first, \"response_1\" the "
      "second.");
  EXPECT_EQ(read_one("response_0", "response_1", "1", columns("response_0", "response_1")), Answer::kSecond);
  // Whichever was shown first.
  EXPECT_EQ(read_one("response_0", "response_1", "1", columns("response_1", "response_0")), Answer::kFirst);
  EXPECT_EQ(read_one("output_1", "output_2", "2", columns("output_1", "output_2")), Answer::kSecond);
  EXPECT_EQ(read_one("left", "right", "\"right\"", columns("left", "right")), Answer::kSecond);
  // What the names leave open is still refused: a tie has no column.
  refusal([&] { read_one("output_1", "output_2", "0", columns("output_1", "output_2")); });
  refusal([&] { read_one("model1", "other2", "1", columns("model1", "other2")); });
  refusal([&] { read_one("1", "2", "1", columns("1", "2")); });
  FeedbackOptions tie = columns("output_1", "output_2");
  tie.answers = {{"0", Answer::kTie}};
  EXPECT_EQ(read_one("output_1", "output_2", "0", tie), Answer::kTie);
  EXPECT_EQ(read_one("output_1", "output_2", "1", tie), Answer::kFirst);
}

TEST(FeedbackAnswers, AreTheSameFromCsv) {
  const std::string text = "prompt,answer_1,answer_2,won\nq r,a b,c d,2\nq r,e f,g h,1\n";
  FeedbackOptions options;
  options.columns = {{"first", "answer_1"}, {"second", "answer_2"}, {"answer", "won"}};
  EXPECT_EQ(csv_feedback(text, options).answer, (std::vector<Answer>{Answer::kSecond, Answer::kFirst}));
  options.answers = {{"1", Answer::kSecond}, {"2", Answer::kFirst}};  // what is stated counts more
  EXPECT_EQ(csv_feedback(text, options).answer, (std::vector<Answer>{Answer::kFirst, Answer::kSecond}));
  EXPECT_NE(refusal([] { csv_feedback("prompt,first,second,answer\nq r,a b,c d,1\n"); }).find("stated mapping"),
            std::string::npos);
}

TEST(FeedbackRecords, OfAListAreNamedByTheirNumbers) {
  const std::string good = R"({"prompt":"a b","first":"c d","second":"e f","answer":"first"})";
  const std::string bad = R"({"prompt":"a b","first":"c d","second":"e f","answer":"perhaps"})";
  const auto message = [](const std::string& text) {
    return refusal([&] { parse_feedback(text, "f.json", {}, nullptr); });
  };
  EXPECT_EQ(message("[" + good + "," + good + ", " + bad + "]").substr(0, 23), "f.json:record 3: answer");
  EXPECT_EQ(message("[\n" + good + ",\n" + bad + "\n]").substr(0, 23), "f.json:record 2: answer");
  EXPECT_EQ(message(good + "\n" + bad + "\n").substr(0, 16), "f.json:2: answer");
  EXPECT_NE(message("[" + good + "," + good).find("the end of the file in record 2"), std::string::npos);
  const std::string named =
      R"({"prompt":{"id":"p","text":"a b"},"first":"c d","second":"e f","answer":"first"})";
  const std::string other =
      R"({"prompt":{"id":"p","text":"x y"},"first":"c d","second":"e f","answer":"first"})";
  EXPECT_NE(message("[" + good + "," + named + "," + other + "]").find("another text than in record 2"),
            std::string::npos);
  const Feedback f = parse_feedback("[" + good + "," + good + "]", "f.json", {}, nullptr);
  EXPECT_EQ(f.comparison.line, (std::vector<std::uint64_t>{1, 2}));
}

}  // namespace
}  // namespace plumb
