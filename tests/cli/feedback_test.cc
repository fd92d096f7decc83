// plumb feedback check, stats, import and next, as people run them.
#include <nlohmann/json.hpp>
#include <set>

#include "tests/cli/command.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

// Twelve raters on 15 pairs of six items, better ones having lower numbers.
std::string votes() {
  std::string out;
  for (int r = 0; r < 12; ++r) {
    Rng rng = Rng(2).stream("rater", static_cast<std::uint64_t>(r));
    for (int i = 0; i < 6; ++i) {
      for (int j = i + 1; j < 6; ++j) {
        const bool first = rng.bernoulli(0.5 + 0.08 * (j - i));
        out += R"({"prompt":"which","first":"i)" + std::to_string(i) + R"(","second":"i)" + std::to_string(j) +
               R"(","answer":")" + (first ? "first" : "second") + R"(","rater":"r)" + std::to_string(r) +
               "\"}\n";
      }
    }
  }
  return out;
}

std::string pool() {
  std::string out;
  for (int i = 0; i < 6; ++i)
    for (int j = i + 1; j < 6; ++j)
      out += R"({"prompt":"which","first":"i)" + std::to_string(i) + R"(","second":"i)" + std::to_string(j) +
             "\"}\n";
  return out;
}

const std::vector<std::string> kVerbs = {"check", "stats", "import", "next"};

TEST(Feedback, HelpOfEveryVerbNamesTheCommonOptions) {
  const Folder folder;
  const Result all = folder.plumb({"feedback", "--help"});
  EXPECT_EQ(all.status, 0);
  for (const std::string& verb : kVerbs) {
    EXPECT_TRUE(contains(all.out, "\n  " + verb + " ")) << verb;
    const Result help = folder.plumb({"feedback", verb, "--help"});
    EXPECT_EQ(help.status, 0) << verb;
    for (const char* option :
         {"--column", "--accept-nan", "--reject-up-to", "--json", "--threads", "--seed", "--quiet"})
      EXPECT_TRUE(contains(help.out, option)) << verb << " " << option;
  }
}

TEST(Feedback, CheckSaysOneSentenceFirstAndCounts) {
  const Folder folder;
  folder.write("votes.jsonl", votes());
  const Result text = folder.plumb({"feedback", "check", "votes.jsonl"});
  EXPECT_EQ(text.status, 0);
  EXPECT_EQ(text.err, "");
  EXPECT_EQ(text.out.substr(0, text.out.find('\n')),
            "votes.jsonl: 180 comparisons of 6 items under 1 prompt, by 12 raters; nothing to mind.");
  const Json json = Json::parse(folder.plumb({"feedback", "check", "votes.jsonl", "--json"}).out);
  EXPECT_EQ(json["counts"]["comparisons"], 180);
  EXPECT_EQ(json["counts"]["pairs"], 15);
  EXPECT_EQ(json["reading"]["rejected"], 0);
  EXPECT_TRUE(json["findings"].empty());
}

TEST(Feedback, BadInputIsRefusedWithFileAndLineAndNothingOnStandardOutput) {
  const Folder folder;
  folder.write("bad.jsonl",
               votes() + "{\"prompt\":\"which\",\"first\":\"i0\",\"second\":\"i0\",\"answer\":\"first\"}\n");
  folder.write("votes.jsonl", votes());
  folder.write("pool.jsonl", pool());
  folder.write("same.jsonl", "{\"prompt\":\"which\",\"first\":\"i0\",\"second\":\"i0\"}\n");
  const auto refused = [&](std::vector<std::string> arguments, const std::string& part) {
    arguments.insert(arguments.begin(), "feedback");
    const Result result = folder.plumb(arguments);
    EXPECT_EQ(result.status, 2) << part;
    EXPECT_EQ(result.out, "") << part;
    EXPECT_TRUE(contains(result.err, part)) << result.err;
  };
  for (const char* verb : {"check", "stats"}) {
    refused({verb, "bad.jsonl"}, "bad.jsonl:181");
    refused({verb, "missing.jsonl"}, "missing.jsonl");
    refused({verb}, "FILE is required");
  }
  refused({"import", "bad.jsonl", "--to", "out.jsonl"}, "bad.jsonl:181");
  refused({"import", "votes.jsonl"}, "--to: found nothing");
  refused({"import", "votes.jsonl", "--to", "out.csv"}, "expected a name that ends in .jsonl");
  refused({"import", "votes.jsonl", "--to", "nowhere/out.jsonl"}, "nowhere/out.jsonl: cannot be written");
  refused({"check", "votes.jsonl", "--column", "rater"},
          "--column: value: found \"rater\", expected ROLE=NAME");
  refused({"check", "votes.jsonl", "--reject-up-to", "2"}, "reject_up_to");
  refused({"next", "votes.jsonl", "--count", "2"}, "--pool: found nothing");
  refused({"next", "votes.jsonl", "--pool", "pool.jsonl"}, "--count: found nothing");
  refused({"next", "votes.jsonl", "--pool", "pool.jsonl", "--count", "16"},
          "count: found 16, expected 1 to 15");
  refused({"next", "votes.jsonl", "--pool", "same.jsonl", "--count", "1"}, "same.jsonl:1");
  refused({"next", "votes.jsonl", "--pool", "votes.jsonl", "--count", "1"},
          "votes.jsonl:1: answer: found one, expected none");
  refused({"next", "votes.jsonl", "--pool", "pool.jsonl", "--count", "1", "--uniform", "0"},
          "uniform: found 0");
  refused({}, "feedback: verb: found nothing, expected one of check, stats, import, next");
  refused({"chek", "votes.jsonl"}, "feedback: verb: found \"chek\", expected check (the nearest name)");
  refused({"check", "votes.jsonl", "--colum", "a=b"},
          "feedback check: option: found \"--colum\", expected --column (the nearest name)");
  refused({"stats", "votes.jsonl", "more.jsonl"},
          "feedback stats: argument: found \"more.jsonl\", expected no further argument");
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"bad.jsonl", "pool.jsonl", "same.jsonl", "votes.jsonl"}));
}

TEST(Feedback, RejectedRecordsAreCountedWhereThatIsAllowed) {
  const Folder folder;
  folder.write("bad.jsonl",
               votes() + "{\"prompt\":\"which\",\"first\":\"i0\",\"second\":\"i0\",\"answer\":\"first\"}\n");
  const Result result = folder.plumb({"feedback", "check", "bad.jsonl", "--reject-up-to", "0.05"});
  EXPECT_EQ(result.status, 0);
  EXPECT_TRUE(contains(result.out, "Rejected: 1 of 181 records.\n  bad.jsonl:181")) << result.out;
  EXPECT_TRUE(contains(result.out, "1 thing to mind"));
}

TEST(Feedback, StatsAreTheSameForAnyNumberOfThreads) {
  const Folder folder;
  folder.write("votes.jsonl", votes());
  const Result one = folder.plumb({"feedback", "stats", "votes.jsonl", "--json", "--threads", "1"});
  EXPECT_EQ(one.status, 0);
  EXPECT_EQ(one.err, "");
  EXPECT_EQ(one.out, folder.plumb({"feedback", "stats", "votes.jsonl", "--json", "--threads", "3"}).out);
  const Json json = Json::parse(one.out);
  EXPECT_EQ(json["raters"].size(), 12u);
  EXPECT_EQ(json["agreement"][0]["scale"], "nominal");
  EXPECT_TRUE(json["agreement"][0]["alpha"].is_number());
  EXPECT_EQ(json["first_won"]["units"], 12);
  EXPECT_TRUE(json["longer_won"]["share"].is_null());
  EXPECT_FALSE(json["longer_won"]["why"].get<std::string>().empty());
  ASSERT_EQ(json["carried"].size(), 1u);
  EXPECT_EQ(json["carried"][0]["best"], "i0");
  const Result text = folder.plumb({"feedback", "stats", "votes.jsonl"});
  EXPECT_TRUE(text.out.starts_with("votes.jsonl: people agree with alpha ")) << text.out;
}

TEST(Feedback, ImportWritesNativeLinesThatReadBackAsTheSame) {
  const Folder folder;
  folder.write("votes.csv", "question,left,right,said,worker\nwhich,a,b,first,w1\nwhich,b,c,tie,w2\n");
  const std::vector<std::string> mapping = {"--column", "prompt=question", "--column", "first=left",
                                            "--column", "second=right",    "--column", "answer=said",
                                            "--column", "rater=worker"};
  std::vector<std::string> arguments = {"feedback", "import", "--to", "out.jsonl"};
  arguments.insert(arguments.end(), mapping.begin(), mapping.end());
  arguments.push_back("votes.csv");
  const Result result = folder.plumb(arguments);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.out.starts_with("Wrote 2 judgements of votes.csv to out.jsonl.")) << result.out;
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"out.jsonl", "votes.csv"}));
  const Json counts = Json::parse(folder.plumb({"feedback", "check", "out.jsonl", "--json"}).out)["counts"];
  EXPECT_EQ(counts["comparisons"], 2);
  EXPECT_EQ(counts["ties"], 1);
  EXPECT_EQ(counts["raters"], 2);
  EXPECT_EQ(folder.plumb({"feedback", "import", "out.jsonl", "--to", "again.jsonl"}).status, 0);
  EXPECT_EQ(folder.read("out.jsonl"), folder.read("again.jsonl"));
}

TEST(Feedback, ImportAcceptsNanOnlyWhereAsked) {
  const Folder folder;
  folder.write("nan.jsonl", R"({"prompt":"p","first":"a","second":"b","answer":"first","rater":NaN})"
                            "\n");
  EXPECT_EQ(folder.plumb({"feedback", "import", "nan.jsonl", "--to", "out.jsonl"}).status, 2);
  EXPECT_EQ(folder.plumb({"feedback", "import", "nan.jsonl", "--to", "out.jsonl", "--accept-nan"}).status, 0);
}

TEST(Feedback, AFullDiskLeavesTheOldFileAndNoHalfOne) {
  const Folder folder;
  folder.write("votes.jsonl", votes());
  folder.write("out.jsonl", "as it was\n");
  EXPECT_EQ(folder.plumb({"feedback", "import", "votes.jsonl", "--to", "out.jsonl"}, 4096).status, 2);
  EXPECT_EQ(folder.read("out.jsonl"), "as it was\n");
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"out.jsonl", "votes.jsonl"}));
}

TEST(Feedback, NextGivesDifferentPairsWithTheirProbabilities) {
  const Folder folder;
  folder.write("votes.jsonl", votes());
  folder.write("pool.jsonl", pool());
  const std::vector<std::string> ask = {"feedback", "next", "votes.jsonl", "--pool", "pool.jsonl",
                                        "--count",  "5",    "--seed",      "4"};
  const Result result = folder.plumb(ask);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(contains(result.err, "5 pairs of the 15 pairs of pool.jsonl, seed 4"));
  std::set<std::string> pairs;
  std::string answered;
  for (std::size_t begin = 0; begin < result.out.size();) {
    const std::size_t end = result.out.find('\n', begin);
    Json line = Json::parse(result.out.substr(begin, end - begin));
    begin = end + 1;
    pairs.insert(line["first"]["id"].get<std::string>() + line["second"]["id"].get<std::string>());
    EXPECT_EQ(line["draw"], pairs.size());
    EXPECT_EQ(line["pool"], 15);
    EXPECT_GE(line["probability"].get<double>(), 0.2 / 15);
    EXPECT_LE(line["weight"].get<double>(), 5);
    line["answer"] = "tie";
    answered += line.dump() + "\n";
  }
  EXPECT_EQ(pairs.size(), 5u);
  folder.write("answered.jsonl", answered);
  EXPECT_EQ(folder.plumb({"feedback", "check", "answered.jsonl"}).status, 0);

  std::vector<std::string> again = ask;
  again.insert(again.end(), {"--threads", "3", "--quiet", "--to", "next.jsonl"});
  EXPECT_EQ(folder.plumb(again).status, 0);
  EXPECT_EQ(folder.read("next.jsonl"), result.out);
  std::vector<std::string> other = ask;
  other.back() = "5";
  EXPECT_NE(folder.plumb(other).out, result.out);
}

}  // namespace
}  // namespace plumb
