// Looks belong to the log: what counts as one, whatever the goal file is called, and what all of them may err.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "loop/look_register.h"
#include "plumb/plumb.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Customers of thirty kinds, a coin between two mails, an outcome that no mail changes.
std::vector<std::string> rows_of(std::uint64_t seed, std::size_t n) {
  Rng rng = Rng(seed).stream("null log");
  std::vector<std::string> out;
  for (std::size_t i = 0; i < n; ++i)
    out.push_back("u" + std::to_string(i) + ",k" + std::to_string(rng.below(30)) +
                  (rng.bernoulli(.5) ? ",a," : ",b,") + std::to_string(rng.normal()) + "," +
                  std::to_string(rng.normal()) + "\n");
  return out;
}

std::string text_of(const std::vector<std::string>& rows, const std::string& header = "u,kind,mail,y,z\n") {
  std::string out = header;
  for (const std::string& row : rows) out += row;
  return out;
}

std::string goal_text(const std::string& more = "", const std::string& log = "log.csv",
                      const std::string& outcome = "y") {
  return "goal.maximize = '" + outcome + "'\n" + more + "[outcome." + outcome +
         "]\nkind = 'number'\n[data]\nlog = '" + log +
         "'\nunit = 'u'\naction = 'mail'\npropensity = 0.5\ncontext = ['kind']\n";
}

std::string table_text(std::uint64_t seed) {
  Rng rng = Rng(seed).stream("table");
  std::string out = "kind,action,probability\n";
  for (int k = 0; k < 30; ++k) {
    const double p = rng.uniform();
    out += "k" + std::to_string(k) + ",a," + std::to_string(p) + "\nk" + std::to_string(k) + ",b," +
           std::to_string(1 - std::stod(std::to_string(p))) + "\n";
  }
  return out;
}

class LooksAtALog : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "plumb_looks_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    here = pattern;
    begin(1);
  }
  void TearDown() override { fs::remove_all(here); }
  void begin(std::uint64_t seed, std::size_t n = 300) {
    fs::remove_all(here);
    rows = rows_of(seed, n);
    write(here / "log.csv", text_of(rows));
    write(here / "goal.toml", goal_text());
    for (std::uint64_t k = 0; k < 8; ++k) write(table(k), table_text(seed * 1000 + k));
  }
  std::string table(std::uint64_t k) const { return (here / ("t" + std::to_string(k) + ".csv")).string(); }
  RunOptions options(std::uint64_t seed = 1) const {
    RunOptions out;
    out.seed = seed;
    out.not_trained_here = true;
    return out;
  }
  Goal goal(const std::string& name = "goal.toml") const { return read_goal((here / name).string()); }
  static json look(const Evidence& evidence) { return json::parse(evidence.json)["look"]; }
  json gated(const std::string& goal_name, std::uint64_t k, std::uint64_t seed = 1) const {
    return look(gate(goal(goal_name), table(k), options(seed)));
  }

  fs::path here;
  std::vector<std::string> rows;
};

TEST_F(LooksAtALog, AreCountedByTheLogWhateverTheGoalFileIsCalled) {
  EXPECT_EQ(gated("goal.toml", 0)["count"], 0);  // nobody counts yet
  EXPECT_EQ(gated("goal.toml", 0)["alpha"], 1 - 0.95);
  check_and_lock(goal(), options());
  EXPECT_EQ(gated("goal.toml", 0)["count"], 1);
  fs::copy_file(here / "goal.toml", here / "copy.toml");
  EXPECT_EQ(gated("copy.toml", 0)["count"], 1);  // the very same question
  EXPECT_EQ(gated("copy.toml", 1)["count"], 2);
  EXPECT_EQ(gated("copy.toml", 1, /*seed=*/2)["count"], 3);
  write(here / "other" / "goal.toml", goal_text("goal.minimum_effect = 0.01\n", (here / "log.csv").string()));
  EXPECT_EQ(gated("other/goal.toml", 1)["count"], 4);
  write(here / "z.toml", goal_text("", "log.csv", "z"));  // another outcome of the same decisions
  EXPECT_EQ(gated("z.toml", 1)["count"], 5);
  EXPECT_EQ(look(align(goal("copy.toml"), options()))["count"], 6);
  // gate and evaluate of one policy are one question; of two, another.
  EXPECT_EQ(look(evaluate(goal("copy.toml"), {table(1)}, options()))["count"], 2);
  EXPECT_EQ(look(evaluate(goal("copy.toml"), {table(1), table(2)}, options()))["count"], 7);
  EXPECT_EQ(look(evaluate(goal("copy.toml"), {table(2), table(1), "reference"}, options()))["count"], 7);
  const double alpha = look(evaluate(goal("copy.toml"), {table(3)}, options()))["alpha"];
  EXPECT_NEAR(alpha, 0.05 / (8 * 9), 1e-12);
  // goal.lock still freezes the seed of its own goal.
  EXPECT_THROW(gated("goal.toml", 1, 2), Error);
}

TEST_F(LooksAtALog, KnowTheLogAgain) {
  check_and_lock(goal(), options());
  EXPECT_EQ(gated("goal.toml", 0)["count"], 1);
  const auto counted_with = [&](const std::string& text, std::uint64_t k) {
    write(here / "again.csv", text);
    write(here / "again.toml", goal_text("", "again.csv"));
    return gated("again.toml", k)["count"].get<int>();
  };
  std::vector<std::string> shuffled(rows.rbegin(), rows.rend());
  EXPECT_EQ(counted_with(text_of(shuffled), 1), 2);
  std::vector<std::string> wider;
  for (const std::string& row : rows) wider.push_back(row.substr(0, row.size() - 1) + ",7\n");
  EXPECT_EQ(counted_with(text_of(wider, "u,kind,mail,y,z,more\n"), 2), 3);
  std::vector<std::string> longer = rows;
  longer.push_back("new,k1,a,0,0\n");
  EXPECT_EQ(counted_with(text_of(longer), 3), 4);
  EXPECT_EQ(counted_with(text_of({rows.begin(), rows.begin() + 150}), 4), 5);  // half of it
  // A goal that names no unit reads the same file.
  std::string bare = goal_text();
  bare.erase(bare.find("unit = 'u'\n"), 11);
  write(here / "bare.toml", bare);
  EXPECT_EQ(gated("bare.toml", 5)["count"], 6);
  // Other decisions, be they of the same units, are another log.
  EXPECT_EQ(counted_with(text_of(rows_of(2, 300)), 6), 0);
}

TEST_F(LooksAtALog, AreCountedOneByOneWhereRunsGoSideBySide) {
  check_and_lock(goal(), options());
  fs::copy_file(here / "goal.toml", here / "copy.toml");
  std::vector<std::thread> runs;
  for (std::uint64_t k = 0; k < 8; ++k)
    runs.emplace_back([&, k] { gate(goal(k % 2 ? "copy.toml" : "goal.toml"), table(k), options()); });
  for (std::thread& run : runs) run.join();
  std::set<double> alphas;
  std::ifstream in(here / "plumb.looks");
  for (std::string line; std::getline(in, line);) {
    const json event = json::parse(line);
    if (event.contains("look")) alphas.insert(event["alpha"].get<double>());
  }
  ASSERT_EQ(alphas.size(), 8u);
  double spent = 0;
  for (const double alpha : alphas) spent += alpha;
  EXPECT_NEAR(spent, 0.05 * 8 / 9, 1e-12);
}

TEST_F(LooksAtALog, AreNotMadeWhereTheyCannotBeCounted) {
  check_and_lock(goal(), options());
  const std::string good = read(here / "plumb.looks");
  for (const std::string& damage : {std::string("{\n"), std::string("nonsense\n"), good + "{\"look\":3}\n",
                                    good + "{\"look\":\"a\",\"log\":\"b\",\"alpha\":2}\n", good + "torn\n"}) {
    write(here / "plumb.looks", damage);
    EXPECT_THROW(gate(goal(), table(0), options()), Error) << damage;
  }
  write(here / "plumb.looks", good);
  if (::geteuid() == 0) GTEST_SKIP() << "root may write any folder";
  write(here / "goals" / "goal.toml", goal_text("", (here / "log.csv").string()));
  fs::permissions(here / "plumb.looks", fs::perms::owner_read);
  const json found = gated("goals/goal.toml", 0);
  EXPECT_EQ(found["count"], 1);
  EXPECT_NE(found["sentence"].get<std::string>().find("the folder beside the log cannot be written"),
            std::string::npos)
      << found;
  fs::permissions(here / "goals" / "plumb.looks", fs::perms::owner_read);
  EXPECT_THROW(gated("goals/goal.toml", 1), Error);
}

// One question is one look, wherever its goal file lies and whatever the goal is called.
TEST_F(LooksAtALog, AreOneWhereTheSameIsAskedFromAnotherFolder) {
  check_and_lock(goal(), options());
  EXPECT_EQ(gated("goal.toml", 0)["count"], 1);
  write(here / "other" / "named.toml", goal_text("goal.name = 'other'\ngoal.owner = 'me'\n", "../log.csv"));
  EXPECT_EQ(gated("other/named.toml", 0)["count"], 1);
  EXPECT_EQ(gated("other/named.toml", 1)["count"], 2);
  EXPECT_EQ(gated("goal.toml", 1)["count"], 2);
}

// Looks of an earlier version were counted by a hash that holds names and paths: they stay what they are.
TEST_F(LooksAtALog, ThatWereCountedByTheWholeGoalStayCounted) {
  check_and_lock(goal(), options());
  const json first = gated("goal.toml", 0);
  std::string counted = read(here / "plumb.looks"), lock = read(here / "goal.lock");
  const std::size_t at = counted.find("\"look\":\"") + 8;
  const std::string now = counted.substr(at, 16), earlier = hex(goal().hash);
  ASSERT_NE(now, earlier);
  for (std::string* text : {&counted, &lock})
    for (std::size_t k = 0; (k = text->find(now, k)) != std::string::npos;) text->replace(k, 16, earlier);
  write(here / "plumb.looks", counted);
  write(here / "goal.lock", lock);
  EXPECT_EQ(gated("goal.toml", 0), first);
  EXPECT_EQ(read(here / "plumb.looks"), counted);
}

// What is judged on fewer decisions is another question: with and without a declaration there are two chances.
TEST_F(LooksAtALog, NameTheDecisionsThatJudgeWhereSomeDoNot) {
  begin(1, 1200);
  const Evidence trained = train(goal(), options());
  write(here / "policy.safetensors", trained.files.at("policy.safetensors"));
  check_and_lock(goal(), options());
  const std::string policy = (here / "policy.safetensors").string();
  EXPECT_EQ(look(gate(goal(), policy, options()))["count"], 1);
  const auto named = [&] {
    std::size_t count = 0;
    const std::string text = read(here / "plumb.looks");
    for (std::size_t at = 0; (at = text.find("\"look\":", at)) != std::string::npos; ++at)
      count += text.substr(at, text.find('\n', at) - at).find(":rows=") != std::string::npos;
    return count;
  };
  EXPECT_EQ(named(), 1u);
  EXPECT_EQ(gated("goal.toml", 0)["count"], 2);  // a table judges by all
  EXPECT_EQ(named(), 1u);
}

// Each confidence keeps its own promise: of looks at .95 and more the sum stays below .05, whoever else looked.
TEST_F(LooksAtALog, OfSeveralConfidencesKeepEachOnesPromise) {
  write(here / "lenient.toml", goal_text("goal.confidence = 0.8\n"));
  check_and_lock(goal(), options());
  double strict = 0, all = 0;
  for (std::uint64_t k = 0; k < 8; ++k) {
    const bool lenient = k % 3 == 0;
    const json found = gated(lenient ? "lenient.toml" : "goal.toml", k);
    all += found["alpha"].get<double>();
    if (!lenient) strict += found["alpha"].get<double>();
    EXPECT_NEAR(found["spent"].get<double>(), all, 1e-12);
    const bool beyond =
        found["sentence"].get<std::string>().find("goals with less confidence") != std::string::npos;
    EXPECT_EQ(beyond, !lenient) << found;
  }
  EXPECT_LT(strict, .05);
  EXPECT_LT(all, .2);
}

// Sixty tables that change nothing, by gate and evaluate, under many goal files and seeds.
TEST_F(LooksAtALog, OfSixtyNullTablesErrWithAtMostAlphaInAll) {
  constexpr int kWorlds = 6, kMostThatErr = 3;  // of Binomial(6, .05) 99.9 % lie below
  int worlds_with_a_pass = 0;
  for (std::uint64_t world = 1; world <= kWorlds; ++world) {
    begin(world);
    check_and_lock(goal(), options());
    bool passed = false;
    for (std::uint64_t k = 0; k < 60; ++k) {
      const std::string name = "goal" + std::to_string(k % 7) + ".toml";
      if (!fs::exists(here / name)) write(here / name, goal_text());
      write(table(k), table_text(world * 1000 + k));
      const std::string verdict =
          k % 3 ? gate(goal(name), table(k), options(k % 5)).verdict
                : json::parse(evaluate(goal(name), {table(k)}, options(k % 5)).json)["policies"][0]["verdict"]
                      .get<std::string>();
      passed = passed || verdict == "pass";
    }
    worlds_with_a_pass += passed;
  }
  EXPECT_LE(worlds_with_a_pass, kMostThatErr);
}

}  // namespace
}  // namespace plumb
