// CSV and TSV: roles by column.
#include "data/feedback_answers.h"
#include "tests/data/feedback_equal.h"

namespace plumb {
namespace {

using Names = std::vector<std::string>;
using Codes = std::vector<std::uint32_t>;

TEST(FeedbackCsv, ComparisonsOfNamesWithTiesRatersAndTimes) {
  FeedbackReport report;
  const Feedback f = parse_feedback(
      "prompt\tfirst\tsecond\tanswer\trater\ttime\tother\n"
      "t1\ta1\ta2\tb\tw0\t2016-01-31 16:59:52.0 UTC\tx\n"
      "t1\ta1\ta3\ttie\t\t\tx\n"
      "t2\ta1\ta2\ta\tw0\t17\tx\n",
      "f.tsv", {}, &report);
  EXPECT_EQ(f.prompt, (Names{"t1", "t2"}));
  EXPECT_EQ(f.prompt_text, (Names{"", ""}));
  EXPECT_EQ(f.item, (Names{"a1", "a2", "a3", "a1", "a2"}));
  EXPECT_EQ(f.text, (Names{"", "", "", "", ""}));
  EXPECT_EQ(f.answer, (std::vector<Answer>{Answer::kSecond, Answer::kTie, Answer::kFirst}));
  EXPECT_EQ(f.comparison.rater, (Codes{0, kNoRater, 0}));
  EXPECT_EQ(f.comparison.time_us, (std::vector<std::int64_t>{1454259592000000, kNoTime, 17}));
  EXPECT_EQ(f.comparison.line, (std::vector<std::uint64_t>{2, 3, 4}));
  EXPECT_EQ(report.notes,
            (Names{"Columns that are not used: \"other\".",
                   "The prompts that are bare words are read as names, not as texts: none has a space.",
                   "The options that are bare words are read as names, not as texts: none has a space."}));
}

TEST(FeedbackCsv, RolesAreMappedToColumns) {
  FeedbackOptions options;
  options.columns = {{"first", "a"},     {"first_text", "a_text"}, {"second", "b"}, {"second_text", "b_text"},
                     {"answer", "vote"}, {"weight", "w"}};
  const Feedback f = csv_feedback(
      "a,a_text,b,b_text,vote,w\n1,one,2,\"two, \"\"too\"\"\nlines\",a,4\n2,\"two, "
      "\"\"too\"\"\nlines\",3,three,b,1.5\n",
      options);
  EXPECT_EQ(f.item, (Names{"1", "2", "3"}));
  EXPECT_EQ(f.text, (Names{"one", "two, \"too\"\nlines", "three"}));
  EXPECT_EQ(f.comparison.weight, (std::vector<float>{4, 1.5}));
  EXPECT_EQ(f.comparison.line, (std::vector<std::uint64_t>{2, 4}));
}

TEST(FeedbackCsv, ThumbsRatingsAndPairs) {
  const Feedback thumbs = csv_feedback("prompt,item,up\nq r,x y,true\nq r,z,0\n");
  EXPECT_EQ(thumbs.up, (std::vector<std::uint8_t>{1, 0}));
  EXPECT_EQ(thumbs.prompt_text, Names{"q r"});
  EXPECT_EQ(thumbs.text, (Names{"x y", "z"}));
  const Feedback ratings = csv_feedback("completion,rating,rater\nx,4,1\ny,-2.5,2\n");
  EXPECT_EQ(ratings.rating, (std::vector<double>{4, -2.5}));
  EXPECT_EQ(ratings.text, (Names{"x", "y"}));  // completions are texts
  const Feedback pairs =
      csv_feedback("chosen,rejected\n\"\n\nHuman: q\n\nAssistant: x\",\"\n\nHuman: q\n\nAssistant: y\"\n");
  EXPECT_EQ(pairs.prompt_text, Names{"\n\nHuman: q\n\nAssistant: "});
  EXPECT_EQ(pairs.text[pairs.answer[0] == Answer::kFirst ? pairs.first[0] : pairs.second[0]], "x");
}

struct BadFile {
  std::string text, message;
};

TEST(FeedbackCsv, AHeaderThatMakesNoFormIsRefused) {
  const BadFile cases[] = {
      {"a,b\n1,2\n",
       "f.csv:1: form: found no key of a judgement, expected options and ranking, chosen and rejected, first, "
       "second "
       "and answer, or completion and label or rating"},
      {"first,second\n1,2\n", "f.csv:1: answer: found nothing, expected \"first\", \"second\" or \"tie\""},
      {"first,second,answer,rating\n1,2,a,3\n",
       "f.csv:1: form: found \"first\" and \"rating\", expected the keys of one form"},
      {"options,ranking\n1,2\n",
       "f.csv:1: header: found options, ranking or context, expected JSON lines for rankings and features"},
      {"first,second,answer,time,time_us\n1,2,a,3,4\n",
       "f.csv:1: header: found \"time\" and \"time_us\", expected one of them"},
      {"first,second,answer,rater_id\n1,2,a,3\n",
       "f.csv:1: rater: found the unknown key \"rater_id\", expected \"rater\", or a mapping of columns"},
      {"first,second,answer,unit,unit_hash\n1,2,a,3,4\n",
       "f.csv:1: unit: found unit and unit_hash, expected one of them"},
      {"", "f.csv: file: found an empty file, expected at least one judgement"},
      {" \n\n", "f.csv: file: found only white space, expected at least one judgement"},
      {"first,second,answer\n", "f.csv: records: found no records, expected at least one judgement"},
      {"first,second,first\n", "f.csv:1: header: found column \"first\" twice, expected every column once"},
  };
  for (const BadFile& bad : cases) EXPECT_EQ(refusal([&] { csv_feedback(bad.text); }), bad.message) << bad.text;
}

TEST(FeedbackCsv, BadRowsAreRefusedWithTheirLine) {
  const std::string answer = kAnswerExpected;
  const BadFile cases[] = {
      {"a,a,tie", "options: found \"a\" twice, expected different items"},
      {"a,b,both", "answer: found \"both\", expected " + answer},
      {"a,b,", "answer: found nothing, expected " + answer},
      {"a,b,3", "answer: found 3, expected " + answer},
      {"a,b,1", "answer: found 1, expected " + answer},
      {",b,a", "first: found an empty text, expected a text that says something"},
      {"a, ,a", "second: found only white space, expected a text that says something"},
      {"a,b", "row: found 2 fields, expected 3 as in the header"},
      {"a,\xff,a", "text: found bytes that are not UTF-8 in \"a,\\xff,a\", expected UTF-8"},
      {"a,b\"c,a", "quote: found a quote inside a field, expected quotes around whole fields, doubled inside"},
  };
  for (const BadFile& bad : cases)
    EXPECT_EQ(refusal([&] { csv_feedback("first,second,answer\nc,d,tie\n" + bad.text + "\n"); }),
              "f.csv:3: " + bad.message + "\nf.csv: found 1 bad of 2 rows, expected none")
        << bad.text;
  EXPECT_EQ(
      refusal([&] { csv_feedback("first,second,answer\n\"a,b,tie\n"); }),
      "f.csv:2: quote: found no closing quote before the end of the file, expected every quoted field closed");
}

TEST(FeedbackCsv, MappingsThatNameNothingAreRefused) {
  FeedbackOptions options;
  options.columns = {{"anser", "vote"}};
  EXPECT_EQ(refusal([&] { csv_feedback("first,second,vote\na,b,a\n", options); }),
            "f.csv: columns: found the role \"anser\", expected \"answer\" (the nearest name)");
  options.columns = {{"answer", "votes"}};
  EXPECT_EQ(refusal([&] { csv_feedback("first,second,vote\na,b,a\n", options); }),
            "f.csv:1: columns: found no column \"votes\", expected column \"vote\" (the nearest name)");
  options.columns = {{"answer", "vote"}, {"answer", "first"}};
  EXPECT_EQ(refusal([&] { csv_feedback("first,second,vote\na,b,a\n", options); }),
            "f.csv: columns: found \"answer\" twice, expected every role once");
}

}  // namespace
}  // namespace plumb
