// Published feedback, where its folder is there (PLUMB_DATA).
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "data/csv.h"
#include "data/flat_rows.h"
#include "tests/data/feedback_equal.h"

namespace plumb {
namespace {

#define NEEDS(file)                                            \
  const std::string path = data_folder() + "/" file;           \
  if (data_folder().empty() || !std::filesystem::exists(path)) \
  GTEST_SKIP() << "no " file " in the folder that PLUMB_DATA names"

std::string prompt_of(const Feedback& f, std::size_t at) { return f.prompt_text[f.item_prompt[f.first[at]]]; }
std::string preferred(const Feedback& f, std::size_t at) {
  return f.text[f.answer[at] == Answer::kFirst ? f.first[at] : f.second[at]];
}
std::string other(const Feedback& f, std::size_t at) {
  return f.text[f.answer[at] == Answer::kFirst ? f.second[at] : f.first[at]];
}

TEST(PublishedFeedback, DialoguesOfHarmlessBaseSplitWithoutLoss) {
  NEEDS("hh-rlhf/harmless-base-test.jsonl.gz");
  // Four of the preferred answers are empty: refused, or counted.
  EXPECT_EQ(refusal([&] { read_feedback(path, {}, nullptr); }),
            path +
                ":87: chosen: found an empty text (4 of 2312 rows: 87, 517, 926, 1104), expected a text that "
                "says something");
  FeedbackOptions options;
  options.reject_up_to = 0.002;
  FeedbackReport report;
  const Feedback f = read_feedback(path, options, &report);
  EXPECT_EQ(report.records, 2312u);
  EXPECT_EQ(report.rejected, 4u);
  ASSERT_EQ(f.first.size(), 2308u);
  // Prompt and answer together are the file's dialogues, read by other code.
  std::map<std::uint64_t, std::size_t> at_line;
  for (std::size_t at = 0; at < f.first.size(); ++at) at_line[f.comparison.line[at]] = at;
  BadRows none("hh");
  std::size_t compared = 0;
  for_each_flat_row(TextSource::read(path), none, [&](std::uint64_t line, std::span<const FlatField> fields) {
    const auto found = at_line.find(line);
    if (found == at_line.end()) return;
    ++compared;
    const std::string prompt = prompt_of(f, found->second);
    EXPECT_TRUE(prompt.ends_with("\n\nAssistant: ")) << line;
    for (const FlatField& field : fields)
      EXPECT_EQ(prompt + (field.key == "chosen" ? preferred : other)(f, found->second), field.cell.text)
          << line;
  });
  EXPECT_EQ(compared, 2308u);
  // Four standard errors of a fair coin.
  const auto first = std::count(f.answer.begin(), f.answer.end(), Answer::kFirst);
  EXPECT_NEAR(static_cast<double>(first), 1154, 4 * std::sqrt(2308 * .25));
  expect_same(json_feedback(write_feedback(f)), f);
}

TEST(PublishedFeedback, PandaLmReadsByRenamedKeys) {
  NEEDS("pandalm/testset-v1.json.gz");
  FeedbackOptions options;
  options.columns = {{"prompt", "instruction"}, {"first", "response1"}, {"second", "response2"}};
  options.columns.emplace_back("answer", "annotator1");
  options.answers = {{"0", Answer::kTie}};  // 1 and 2 stand in the names of the responses
  options.accept_nan = true;
  options.reject_up_to = 0.07;
  FeedbackReport report;
  const Feedback f = read_feedback(path, options, &report);
  // 54 pairs have an empty answer, 6 a bare true or false for one, one a blank instruction.
  EXPECT_EQ(report.records, 999u);
  EXPECT_EQ(report.rejected, 61u);
  EXPECT_EQ(f.judgements(), 938u);
  EXPECT_EQ(report.rejections[0].substr(path.size()),
            ":record 19: response1: found an empty text, expected a text that says something");
  EXPECT_EQ(report.notes, (std::vector<std::string>{
                              "Answers are read by the names of the columns (1 and 2): \"response1\" is the "
                              "first, \"response2\" the second.",
                              "Keys that are not used: \"idx\", \"motivation_app\", \"cmp_key\", "
                              "\"input\", \"annotator2\", \"annotator3\"."}));
  EXPECT_EQ(f.answer[0], Answer::kSecond);
  EXPECT_EQ(f.text[f.first[0]], "If you have any questions about my rate, please let me know.");
  expect_same(json_feedback(write_feedback(f)), f);
}

TEST(PublishedFeedback, LlmBarReadsByRenamedKeys) {
  NEEDS("llmbar/adversarial-neighbor.json");
  FeedbackOptions options;
  options.columns = {{"prompt", "input"}, {"first", "output_1"}, {"second", "output_2"}, {"answer", "label"}};
  const Feedback f = read_feedback(path, options, nullptr);
  EXPECT_EQ(f.first.size(), 134u);
  EXPECT_EQ(std::count(f.answer.begin(), f.answer.end(), Answer::kTie), 0);
  expect_same(json_feedback(write_feedback(f)), f);
}

TEST(PublishedFeedback, VotesOnArgumentsAreComparisonsWithTies) {
  NEEDS("ukp-convincing-arguments/votes.tsv.gz");
  // Votes name a pair; its arguments stand in another table.
  std::map<std::string, std::string, std::less<>> pair;
  const TextSource pairs = TextSource::read(data_folder() + "/ukp-convincing-arguments/pairs.tsv.gz");
  for (CsvTable table(pairs.text(), "pairs.tsv"); table.next();)
    pair.emplace(table.field(0), std::string(table.field(1)) + "\t" + std::string(table.field(2)) + "\t" +
                                     std::string(table.field(3)));
  const TextSource votes = TextSource::read(path);
  std::string joined = "topic\ta\tb\twho\tvote\tsubmitted\n";
  std::set<std::string, std::less<>> raters;
  std::size_t ties = 0;
  for (CsvTable table(votes.text(), "votes.tsv"); table.next();) {
    joined += pair.find(table.field(0))->second + "\t" + std::string(table.field(1)) + "\t" +
              std::string(table.field(2)) + "\t" + std::string(table.field(3)) + "\n";
    raters.emplace(table.field(1));
    ties += table.field(2) == "tie";
  }
  FeedbackOptions options;
  options.columns = {
      {"prompt", "topic"}, {"first", "a"}, {"second", "b"}, {"rater", "who"}, {"answer", "vote"}};
  options.columns.emplace_back("time", "submitted");
  const Feedback f = parse_feedback(joined, "votes.tsv", options, nullptr);
  EXPECT_EQ(f.first.size(), 65003u);
  EXPECT_EQ(f.item.size(), 800u);
  EXPECT_EQ(f.rater.size(), raters.size());
  EXPECT_EQ(static_cast<std::size_t>(std::count(f.answer.begin(), f.answer.end(), Answer::kTie)), ties);
  EXPECT_EQ(f.item[f.first[0]], "arg219298");
  EXPECT_EQ(f.text[f.first[0]], "");
  EXPECT_EQ(f.comparison.time_us[0], parse_time_us("2016-01-31T16:59:52Z", "", ""));
  expect_same(json_feedback(write_feedback(f)), f);
}

}  // namespace
}  // namespace plumb
