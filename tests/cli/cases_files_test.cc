// Files as people have them, through the command: what is plain is read, else the way out is named.
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/cases.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

// A log in another form than base.csv has the same answer: everything but places and notes.
Json verdict_of(const Result& result) {
  const Json document = Json::parse(result.out);
  return {document.at("verdict"), document.at("candidates")};
}

TEST(Cases, GuardDirection) {
  const Folder folder;
  PLUMB_CASE("guard_direction", folder);
  const Result silent = folder.plumb({"align", "g3.toml"});
  EXPECT_EQ(silent.status, 2);
  EXPECT_TRUE(contains(silent.err, "whether csat is better higher or lower")) << silent.err;
  EXPECT_TRUE(contains(silent.err, "\nbetter = \"higher\"\nbetter = \"lower\"")) << silent.err;
  folder.write("said.toml", folder.read("g3.toml") + "better = \"higher\"\n");
  const Result said = folder.plumb({"align", "said.toml", "--json"});
  // g2.toml says it of csat and leaves the direction of another guard open.
  EXPECT_TRUE(contains(folder.plumb({"align", "g2.toml"}).err, "whether reopened is better higher or lower"));
  ASSERT_TRUE(said.status == 0 || said.status == 3 || said.status == 4) << said.err;
  const Json document = Json::parse(said.out);
  bool v2_refused = false;
  for (const Json& candidate : document.at("candidates"))
    if (candidate.at("name") == "constant:bot_v2") v2_refused = candidate.at("verdict") == "refuse";
  EXPECT_TRUE(v2_refused);
  EXPECT_TRUE(contains(said.out, "csat fell by 7")) << said.out.substr(0, 2000);
  EXPECT_TRUE(contains(said.out, "points"));
  EXPECT_TRUE(contains(document.at("headline").get<std::string>(), "bot_v1")) << document.at("headline");
}

TEST(Guards, OfADirectionThatNobodyStatedAreRefusedBeforeTheLogIsRead) {
  const Folder folder;
  const std::string guard =
      "[[constraint]]\noutcome = \"click\"\nno_worse_than = \"reference\"\nmargin = 0.5\n";
  folder.write("goal.toml", mailing_goal() + guard);
  for (const char* verb : {"check", "align", "train"}) {
    const Result result = folder.plumb({verb, "goal.toml"});
    EXPECT_EQ(result.status, 2) << verb;
    EXPECT_TRUE(contains(result.err, "better = \"higher\"\nbetter = \"lower\"")) << result.err;
  }
  folder.write("log.csv", mailing(1));
  folder.write("goal.toml", mailing_goal() + guard + "better = \"lower\"\n");
  const Result result = folder.plumb({"gate", "goal.toml", "constant:b", "--json"});
  EXPECT_TRUE(contains(result.out, "click fell by") || contains(result.out, "click rose by")) << result.err;
}

TEST(Cases, PkuIndex) {
  const Folder folder;
  PLUMB_CASE("pku_index", folder);
  const Result result =
      folder.plumb({"feedback", "import", "pku.jsonl", "--column", "first=response_0", "--column",
                    "second=response_1", "--column", "answer=better_response_id", "--to", "out.jsonl"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(contains(result.out, "by the names of the columns (0 and 1)")) << result.out;
  std::vector<std::string> answers;
  std::istringstream lines(folder.read("out.jsonl"));
  for (std::string line; std::getline(lines, line);) answers.push_back(Json::parse(line).at("answer"));
  EXPECT_EQ(answers, (std::vector<std::string>{"second", "first", "first", "second"}));
  const Result array = folder.plumb({"feedback", "import", "align_anything_train.json", "--column",
                                     "first=response_0", "--column", "second=response_1", "--column",
                                     "answer=better_response_id", "--to", "all.jsonl"});
  EXPECT_EQ(array.status, 0) << array.err;
}

TEST(Answers, OfBareNumbersNeedAStatedMapping) {
  const Folder folder;
  folder.write("votes.csv", "prompt,left,right,choice\nq one,a b,c d,0\nq two,e f,g h,1\nq three,i j,k l,2\n");
  const std::vector<std::string> import = {"feedback",      "import",   "votes.csv",    "--column",
                                           "first=left",    "--column", "second=right", "--column",
                                           "answer=choice", "--to",     "out.jsonl"};
  const Result bare = folder.plumb(import);
  EXPECT_EQ(bare.status, 2);
  EXPECT_TRUE(contains(bare.err, "votes.csv:2: choice: found 0")) << bare.err;
  EXPECT_TRUE(contains(bare.err, "--answer 0=first,1=second,2=tie")) << bare.err;
  std::vector<std::string> stated = import;
  stated.insert(stated.end(), {"--answer", "0=second,1=first,2=tie"});
  EXPECT_EQ(folder.plumb(stated).status, 0);
  const std::string out = folder.read("out.jsonl");
  EXPECT_LT(out.find("\"answer\":\"second\""), out.find("\"answer\":\"first\"")) << out;
  stated.back() = "0=left";
  EXPECT_TRUE(contains(folder.plumb(stated).err, "CODE=first, CODE=second or CODE=tie"));
  const Result help = folder.plumb({"feedback", "import", "--help"});
  for (const char* part : {"--answer", "rater", "unit_hash", "completion", "response_0"})
    EXPECT_TRUE(contains(help.out, part)) << part;
}

TEST(Cases, ArrayLine) {
  const Folder folder;
  PLUMB_CASE("array_line", folder);
  const Result result = folder.plumb({"feedback", "check", "array.json"});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(contains(result.err, "array.json:record 313: answer: found \"left\"")) << result.err;
}

TEST(Arrays, NameTheRecord) {
  const Folder folder;
  const std::string good = R"({"prompt":"a b","first":"c d","second":"e f","answer":"first"})";
  folder.write("votes.json", "[" + good + "," + good + R"(,{"prompt":"a b","first":"c d","answer":"first"}])");
  const Result result = folder.plumb({"feedback", "check", "votes.json"});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(contains(result.err, "votes.json:record 3: second: found nothing")) << result.err;
}

TEST(Cases, DupTag) {
  const Folder folder;
  PLUMB_CASE("dup_tag", folder);
  const Result refused = folder.plumb({"check", "goal.toml", "--log", "decisionservice.json"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(contains(refused.err, "action = \"#\"")) << refused.err;
  folder.write("place.toml", folder.read("goal.toml") + "[data]\n");
  std::string goal = folder.read("goal.toml");
  goal.replace(goal.find("[data]"), 6, "[data]\naction = \"#\"");
  folder.write("place.toml", goal);
  const Result read = folder.plumb({"check", "place.toml", "--log", "decisionservice.json"});
  // Three decisions are too few for anything else, but they are read.
  EXPECT_TRUE(contains(read.err, "decisions of enough units")) << read.err;
}

TEST(Cases, Dangling) {
  const Folder folder;
  PLUMB_CASE("dangling", folder);
  // Its only decision is one that the log says not to learn from; all others are observations.
  const Result result = folder.plumb({"check", "goal.toml", "--log", "b1848_dsjson_parser_regression.txt"});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(contains(result.err, "1 row that the log says not to learn from (_skipLearn)")) << result.err;
  EXPECT_TRUE(contains(result.err, "observation whose decision is not in the log")) << result.err;
}

TEST(Cases, VwListedLabel) {
  const Folder folder;
  PLUMB_CASE("vw_listed_label", folder);
  const Result result = folder.plumb({"check", "goal.toml", "--log", "listed.txt"});
  EXPECT_TRUE(contains(result.err, "decisions of enough units")) << result.err;  // read, and too few
}

TEST(Cases, VwManyWords) {
  const Folder folder;
  PLUMB_CASE("vw_many_words", folder);
  for (const char* goal : {"goal.toml", "vwrej.toml"}) {
    const Result result = folder.plumb({"check", goal, "--log", "rcv1_raw_cb_small.vw"});
    EXPECT_EQ(result.status, 2) << goal;
    EXPECT_TRUE(contains(result.err, "rcv1_raw_cb_small.vw: features: found more than 4096")) << result.err;
  }
}

TEST(Cases, Spreadsheet) {
  const Folder folder;
  PLUMB_CASE("spreadsheet", folder);
  const auto gate = [&](const std::string& log, const std::string& goal = "goal.toml") {
    return folder.plumb({"gate", goal, "constant:b", "--log", log, "--json", "--quiet"});
  };
  const Result base = gate("base.csv");
  ASSERT_FALSE(base.out.empty()) << base.err;
  for (const char* same : {"bom.csv", "crlf.csv"}) EXPECT_EQ(verdict_of(gate(same)), verdict_of(base)) << same;
  const Result missing = gate("na.csv");
  EXPECT_FALSE(missing.out.empty()) << missing.err;
  EXPECT_TRUE(contains(missing.out, "Outcome spend: 1 cell with a word such as \\\"NA\\\""))
      << missing.out.substr(0, 500);
  const Result unit = gate("eur.csv");
  EXPECT_EQ(unit.status, 2);
  EXPECT_TRUE(contains(unit.err, "a number alone, without \" EUR\"")) << unit.err;
  // Three decimals everywhere: 6,069 may be six thousand.
  const Result comma = gate("semi.csv");
  EXPECT_EQ(comma.status, 2);
  EXPECT_TRUE(contains(comma.err, "decimal = \",\"")) << comma.err;
  folder.write("comma.toml", folder.read("goal.toml") + "data.decimal = \",\"\n");
  // Rows without names are told apart by their text, so folds are others; the numbers are those of base.csv.
  const Json read = Json::parse(gate("semi.csv", "comma.toml").out), plain = Json::parse(base.out);
  EXPECT_EQ(read["verdict"], plain["verdict"]);
  EXPECT_NEAR(read["candidates"][1]["versus_reference"]["value"],
              plain["candidates"][1]["versus_reference"]["value"].get<double>(), 0.01);
}

TEST(Spreadsheets, WithWordsAndCommasAnswerAsPlainOnes) {
  const Folder folder;
  std::string plain = "customer;arm;visit;spend\n", local = plain, words = plain;
  const Rng root(7);
  for (int i = 0; i < 600; ++i) {
    Rng rng = root.stream("row", static_cast<std::uint64_t>(i));
    const bool b = rng.bernoulli(.5), visit = rng.bernoulli(b ? .6 : .4);
    const int cents = static_cast<int>(rng.below(900)) + (b ? 100 : 0);
    const std::string whole = std::to_string(cents / 100), part = std::to_string(100 + cents % 100).substr(1);
    const std::string arm = "c" + std::to_string(i) + (b ? ";b;" : ";None;");
    plain += arm + (visit ? "1;" : "0;") + whole + "." + part + "\n";
    local += arm + (visit ? "1;" : "0;") + whole + "," + part + "\n";
    words += arm + (visit ? "True;" : "False;") + whole + "," + part + "\n";
  }
  folder.write("plain.csv", plain);
  folder.write("local.csv", local);
  folder.write("words.csv", words);
  folder.write("goal.toml",
               "goal.maximize = \"spend\"\noutcome.spend.kind = \"amount\"\noutcome.visit.kind = \"binary\"\n"
               "data.unit = \"customer\"\ndata.action = \"arm\"\ndata.propensity = 0.5\npolicy.reference = "
               "\"constant:None\"\n");
  const auto gate = [&](const std::string& log) {
    return folder.plumb({"gate", "goal.toml", "constant:b", "--log", log, "--json", "--quiet"});
  };
  const Json want = verdict_of(gate("plain.csv"));
  EXPECT_EQ(verdict_of(gate("local.csv")), want);
  EXPECT_EQ(verdict_of(gate("words.csv")), want);
  // A bare log is read the same, and its goal file says how.
  const Result init = folder.plumb({"init", "--from", "words.csv", "--propensity", "0.5", "--column",
                                    "action=arm", "--column", "outcome=spend", "guessed.toml"});
  EXPECT_EQ(init.status, 0) << init.err;
  EXPECT_TRUE(contains(folder.read("guessed.toml"), "decimal = \",\"")) << folder.read("guessed.toml");
  EXPECT_EQ(folder.plumb({"check", "guessed.toml"}).status, 0);
}

TEST(Pools, MayHoldOneListHolesAndOtherNames) {
  const Folder folder;
  std::string text = "reply;score;judged\n";
  const Rng root(9);
  for (int i = 0; i < 400; ++i) {
    Rng rng = root.stream("row", static_cast<std::uint64_t>(i));
    const double s = rng.normal();
    const int goal = static_cast<int>(100 * (s + rng.normal()));
    text += "r" + std::to_string(i) + ";" + (i % 40 == 0 ? "NA" : std::to_string(s)) + ";" +
            std::to_string(goal) + "\n";
  }
  folder.write("pool.csv", text);
  const std::vector<std::string> audit = {"audit",       "--pool",          "pool.csv",
                                          "--column",    "candidate=reply", "--column",
                                          "proxy=score", "--column",        "goal=judged"};
  std::vector<std::string> as_json = audit;
  as_json.emplace_back("--json");
  const Result result = folder.plumb(as_json);
  ASSERT_FALSE(result.out.empty()) << result.err;
  const Json document = Json::parse(result.out);
  EXPECT_EQ(document.at("pool").at("unscored"), 10);
  EXPECT_EQ(document.at("pool").at("candidates"), 390);
  const Json& curve = document.at("proxies").at(0).at("curve");
  EXPECT_EQ(curve.size(), 9u);
  EXPECT_EQ(curve.at(0).at("fraction"), 0.9);
  EXPECT_TRUE(contains(document.at("headline").get<std::string>(), "Left out: 10 candidates without a proxy"));
  const Result words = folder.plumb(audit);
  EXPECT_TRUE(contains(words.out, "Left out: 10 candidates")) << words.out << words.err;
  const Result other = folder.plumb({"audit", "--pool", "pool.csv", "--column", "proxi=score"});
  EXPECT_EQ(other.status, 2);
  EXPECT_TRUE(contains(other.err, "\"proxy\" (the nearest name)")) << other.err;
}

}  // namespace
}  // namespace plumb
