// --out: a whole run or nothing, and nothing of anybody else's is replaced.
#include "tests/cli/command.h"

namespace plumb {
namespace {

class RunDirectory : public ::testing::Test {
 protected:
  RunDirectory() {
    folder.write("goal.toml", mailing_goal());
    folder.write("log.csv", mailing(0.5));
  }
  // `arguments` fail with status 2 and `message`, and the folder is as before.
  void refused(const std::vector<std::string>& arguments, const std::string& message, rlim_t limit = 0) {
    const auto before = folder.names();
    const Result result = folder.plumb(arguments, limit);
    EXPECT_EQ(result.status, 2) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.err.starts_with("plumb: ")) << result.err;
    EXPECT_TRUE(contains(result.err, message)) << result.err;
    EXPECT_EQ(folder.names(), before);
  }
  Folder folder;
};

TEST_F(RunDirectory, HoldsEvidenceReportAndPolicyAndIsNamedLast) {
  const Result result = folder.plumb({"align", "goal.toml", "--out", "run"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(result.out.ends_with("\nReport: run/report.html\n")) << result.out;
  for (const char* name : {"run/evidence.json", "run/report.html", "run/policy.safetensors", "run/.plumb-run"})
    EXPECT_TRUE(std::filesystem::exists(folder / name)) << name;
  // The JSON on standard output is the evidence in the run, and a second run's bytes are the first's.
  const std::string first = folder.read("run/evidence.json");
  const Result again = folder.plumb({"align", "goal.toml", "--out", "run", "--json"});
  EXPECT_EQ(again.out, folder.read("run/evidence.json"));
  EXPECT_EQ(again.out, first);
}

TEST_F(RunDirectory, BelowAFileIsRefusedBeforeTheWork) {
  folder.write("file", "");
  // The goal file does not exist: that the place is named shows that it was looked at first.
  refused({"align", "nowhere.toml", "--out", "file/run"}, "file");
  refused({"align", "nowhere.toml", "--out", "missing/run"}, "missing");
}

TEST_F(RunDirectory, OfSomebodyElseIsKept) {
  std::filesystem::create_directory(folder / "photos");
  folder.write("photos/a.jpg", "a");
  refused({"align", "goal.toml", "--out", "photos"}, "a directory that is not a run's");
  refused({"check", "log.csv", "--out", "photos"}, "a directory that is not a run's");
  folder.write("file", "");
  refused({"train", "goal.toml", "--out", "file"}, "a file of that name");
}

TEST_F(RunDirectory, IsNotHalfWrittenWhereTheDiskIsFull) {
  // Evidence and report are larger than this, the other files are not.
  constexpr rlim_t kBytes = 4096;
  refused({"align", "goal.toml", "--out", "run"}, "cannot be", kBytes);
  ASSERT_EQ(folder.plumb({"align", "goal.toml", "--out", "run"}).status, 0);
  const std::string before = folder.read("run/evidence.json");
  refused({"align", "goal.toml", "--seed", "2", "--out", "run"}, "cannot be", kBytes);
  EXPECT_EQ(folder.read("run/evidence.json"), before);
  refused({"report", "run"}, "cannot be written", kBytes);
  EXPECT_GT(folder.read("run/report.html").size(), kBytes);
  refused({"world", "campaign", "--out", "w", "--decisions", "2000"}, "cannot be written", kBytes);
  refused({"init", "campaign", "w"}, "cannot be written", kBytes);
  refused({"init", "--from", "log.csv", "w"}, "cannot be written", 100);
}

TEST_F(RunDirectory, ReportIsMadeAgainFromTheEvidence) {
  ASSERT_EQ(folder.plumb({"audit", "goal.toml", "--out", "run"}).status, 0);
  const std::string page = folder.read("run/report.html");
  folder.write("run/report.html", "spoilt");
  const Result result = folder.plumb({"report", "run"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(folder.read("run/report.html"), page);
  EXPECT_TRUE(result.out.ends_with("\nReport: run/report.html\n"));

  const Result copied = folder.plumb({"report", "run", "--out", "copy", "--json"});
  EXPECT_EQ(copied.status, 0) << copied.err;
  EXPECT_EQ(copied.out, folder.read("run/evidence.json"));
  EXPECT_EQ(folder.read("copy/report.html"), page);
  EXPECT_EQ(folder.read("copy/evidence.json"), folder.read("run/evidence.json"));
}

TEST_F(RunDirectory, ReportRefusesWhatIsNoRun) {
  std::filesystem::create_directory(folder / "empty");
  refused({"report", "empty"}, "empty/evidence.json: cannot be opened");
  folder.write("empty/evidence.json", "{");
  refused({"report", "empty"}, "empty/evidence.json: evidence: found text that is no JSON");
  folder.write("empty/evidence.json", "{\"evidence_version\": 99}");
  refused({"report", "empty"}, "empty/evidence.json: evidence");
  refused({"report", "empty", "--log", "log.csv"}, "report: --log");
}

}  // namespace
}  // namespace plumb
