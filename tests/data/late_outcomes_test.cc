// Late outcomes: whatever the order of records and however they are split over files, the log is the same.
#include <algorithm>
#include <memory>

#include "tests/data/small_logs.h"

namespace plumb {
namespace {

// Forty decisions, one an hour; half of them know already whether they were clicked.
std::string decisions() {
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += "{\"id\":\"d" + std::to_string(i) + "\",\"time_us\":" + std::to_string(3600000000LL * i) +
            R"(,"actions":[{"id":"a"},{"id":"b"}],"chosen":")" + (i % 3 == 0 ? "a" : "b") +
            R"(","propensity":0.5,"outcomes":{)" + (i % 2 ? R"("click":1)" : "") + "}}\n";
  return text;
}

Goal late_goal() {
  Goal goal = jsonl_goal();
  goal.outcomes.push_back(outcome_spec("value", OutcomeKind::kAmount));
  goal.outcomes[1].absent_is_zero = true;
  goal.outcomes[1].observed_after_us = 10 * 3600000000LL;
  return goal;
}

std::vector<std::string> records() {
  std::vector<std::string> out;
  for (int i = 0; i < 40; i += 2) {
    const std::string id = R"({"id":"d)" + std::to_string(i) + "\",";
    out.push_back(id + R"("outcomes":{"click":0}})" + "\n");
    if (i % 4 == 0) out.push_back(id + R"("outcomes":{"click":0,"value":)" + std::to_string(i) + ".5}}\n");
  }
  out.push_back(out[3]);  // a record twice
  out.push_back(R"({"id":"d1","outcomes":{"click":1}})"
                "\n");  // what the log has said
  out.push_back(R"({"id":"zz","outcomes":{"click":1}})"
                "\n");  // of no decision
  out.push_back(R"({"id":"d2","outcomes":{"something":1}})"
                "\n");  // of no outcome
  return out;
}

struct Read {
  DecisionLog log;
  LoadReport report;
};

// `file_of` says in which file each record stands, in the order given.
Read read(const std::vector<std::string>& lines, int files, Rng& rng) {
  std::vector<std::string> text(static_cast<std::size_t>(files));
  for (const std::string& line : lines) text[rng.below(static_cast<std::uint64_t>(files))] += line;
  std::vector<std::unique_ptr<TemporaryFile>> written;
  Goal goal = late_goal();
  for (int f = 0; f < files; ++f) {
    if (text[static_cast<std::size_t>(f)].empty()) continue;
    written.push_back(std::make_unique<TemporaryFile>("late" + std::to_string(f) + ".jsonl",
                                                      text[static_cast<std::size_t>(f)]));
    goal.data.outcome_files.push_back(written.back()->path());
  }
  Read out;
  out.log = jsonl_log(decisions(), goal, &out.report);
  return out;
}

TEST(LateOutcomes, GiveTheSameLogInAnyOrderAndSplitOverFiles) {
  Rng rng(11);
  std::vector<std::string> lines = records();
  const Read whole = read(lines, 1, rng);
  for (int trial = 0; trial < 20; ++trial) {
    for (std::size_t i = lines.size(); i > 1; --i) std::swap(lines[i - 1], lines[rng.below(i)]);
    const Read split = read(lines, 1 + trial % 5, rng);
    EXPECT_EQ(split.log.row_digest, whole.log.row_digest);
    EXPECT_EQ(split.log.outcome("value").value, whole.log.outcome("value").value);
    EXPECT_EQ(split.log.outcome("value").state, whole.log.outcome("value").state);
    EXPECT_EQ(split.report.notes, whole.report.notes);
  }
}

TEST(LateOutcomes, AreCountedOnceHoweverOftenTheyStand) {
  Rng rng(12);
  const std::vector<std::string> lines = records();
  std::vector<std::string> twice = lines;
  twice.insert(twice.end(), lines.begin(), lines.end());
  const Read once = read(lines, 1, rng), doubled = read(twice, 2, rng);
  EXPECT_EQ(once.log.row_digest, doubled.log.row_digest);
  // 20 even ids, of which 10 have a value: 20 + 20 values; one record again, and one that the log had.
  EXPECT_EQ(lines.size(), 34u);
  const auto said = [](const Read& read, const std::string& sentence) {
    return std::count(read.report.notes.begin(), read.report.notes.end(), sentence);
  };
  EXPECT_EQ(said(once,
                 "Of 34 late outcome records 1 have an id that the log does not hold and 1 no outcome of "
                 "the goal; the others hold 42 values, 12 of which repeat what was known and count once. "
                 "34 records have no time that as_of or observed_after could be held against."),
            1);
  EXPECT_EQ(said(doubled,
                 "Of 68 late outcome records 2 have an id that the log does not hold and 2 no outcome "
                 "of the goal; the others hold 84 values, 54 of which repeat what was known and count "
                 "once. 68 records have no time that as_of or observed_after could be held against."),
            1);
}

TEST(LateOutcomes, OfYoungDecisionsAreNeitherZeroNorMissing) {
  Rng rng(13);
  const Read all = read(records(), 1, rng);
  const OutcomeColumn& value = all.log.outcome("value");
  double sum = 0;
  for (int i = 0; i < 40; ++i) {
    const auto row = static_cast<std::size_t>(i);
    EXPECT_EQ(value.state[row], i > 29 ? State::kImmature : State::kObserved);  // as_of is hour 39
    if (value.state[row] == State::kObserved) sum += value.value[row];
  }
  EXPECT_EQ(value.immature_count, 10u);
  EXPECT_EQ(sum, 0.5 + 4.5 + 8.5 + 12.5 + 16.5 + 20.5 + 24.5 + 28.5);
}

TEST(LateOutcomes, ThatCameAfterAsOfAreLeftOutAndSaidSo) {
  Goal goal = late_goal();
  goal.data.as_of = "1970-01-03";
  goal.outcomes[1].observed_after_us.reset();
  const TemporaryFile late("late.jsonl", R"({"id":"d0","time_us":172800000000,"outcomes":{"value":5}})"
                                         "\n"
                                         R"({"id":"d2","time_us":172800000001,"outcomes":{"value":7}})"
                                         "\n"
                                         R"({"id":"d4","outcomes":{"value":9}})"
                                         "\n");
  goal.data.outcome_files = {late.path()};
  LoadReport report;
  const DecisionLog log = jsonl_log(decisions(), goal, &report);
  EXPECT_EQ(log.outcome("value").value[0], 5);
  EXPECT_EQ(log.outcome("value").value[2], 0);
  EXPECT_EQ(log.outcome("value").value[4], 9);
  EXPECT_TRUE(std::any_of(report.notes.begin(), report.notes.end(), [](const std::string& note) {
    return note.find(" 1 records are later than as_of and left out.") != std::string::npos;
  }));
}

}  // namespace
}  // namespace plumb
