// A run directory is there whole or not at all, and nothing that is not a run's is ever replaced.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "plumb/base.h"
#include "plumb/report.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

class RunDirectory : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "plumb-run-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root = name;
  }
  void TearDown() override {
    fs::permissions(root, fs::perms::owner_all);
    fs::remove_all(root);
  }
  std::string run() const { return (root / "run").string(); }
  std::string read(const std::string& file) const {
    std::ifstream in(root / file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(root), {}));
  }
  // The error of writing `files` to `dir`, with its code; fails where there is none.
  static std::string error(const std::string& dir, Code code, const std::map<std::string, std::string>& files) {
    try {
      write_run(dir, files);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      return e.what();
    }
    ADD_FAILURE() << "no error for " << dir;
    return {};
  }
  fs::path root;
};

TEST_F(RunDirectory, HoldsTheFilesAndItsMark) {
  const std::string bytes("a\0b\n", 4);
  write_run(run(), {{"evidence.json", "{}"}, {"policy.safetensors", bytes}});
  EXPECT_EQ(read("run/evidence.json"), "{}");
  EXPECT_EQ(read("run/policy.safetensors"), bytes);
  EXPECT_EQ(read("run/.plumb-run"), "plumb run 1\n");
  EXPECT_EQ(entries(), 1u);  // nothing is left beside it
}

TEST_F(RunDirectory, ReplacesAnEarlierRunWhole) {
  write_run(run(), {{"old.json", "1"}, {"both.json", "1"}});
  write_run(run() + "/", {{"both.json", "2"}});
  EXPECT_EQ(read("run/both.json"), "2");
  EXPECT_FALSE(fs::exists(root / "run" / "old.json"));
  EXPECT_EQ(entries(), 1u);
}

TEST_F(RunDirectory, LeavesAForeignDirectoryAlone) {
  fs::create_directory(root / "run");
  std::ofstream(root / "run" / "thesis.txt") << "years of work";
  EXPECT_NE(error(run(), Code::kInput, {{"a", "b"}}).find("not a run's"), std::string::npos);
  EXPECT_EQ(read("run/thesis.txt"), "years of work");
  // A mark with another line is no mark.
  std::ofstream(root / "run" / ".plumb-run") << "plumb run 10\n";
  error(run(), Code::kInput, {{"a", "b"}});
  EXPECT_EQ(read("run/thesis.txt"), "years of work");
  EXPECT_EQ(entries(), 1u);
  EXPECT_THROW(require_run_directory(run()), Error);
}

TEST_F(RunDirectory, LeavesFilesAndLinksAlone) {
  std::ofstream(root / "run") << "a file";
  EXPECT_NE(error(run(), Code::kInput, {}).find("a file of that name"), std::string::npos);
  EXPECT_EQ(read("run"), "a file");
  write_run((root / "real").string(), {{"a", "1"}});
  fs::create_symlink(root / "real", root / "link");
  EXPECT_NE(error((root / "link").string(), Code::kInput, {}).find("a symbolic link"), std::string::npos);
  EXPECT_EQ(read("real/a"), "1");
}

TEST_F(RunDirectory, CannotBeMadeBelowAFileOrInNoDirectory) {
  std::ofstream(root / "file") << "x";
  error((root / "file" / "run").string(), Code::kEnvironment, {{"a", "b"}});
  error((root / "nowhere" / "run").string(), Code::kEnvironment, {{"a", "b"}});
  EXPECT_EQ(entries(), 1u);
}

TEST_F(RunDirectory, CannotBeMadeInAParentThatCannotBeWritten) {
  if (geteuid() == 0) GTEST_SKIP() << "root writes anywhere: an unwritable parent cannot be tried";
  fs::permissions(root, fs::perms::owner_read | fs::perms::owner_exec);
  error(run(), Code::kEnvironment, {{"a", "b"}});
  EXPECT_EQ(entries(), 0u);
}

// A limit on file sizes fails a write in the middle of a file, as a full disk does.
TEST_F(RunDirectory, LeavesNothingHalfWrittenWhenTheDiskIsFull) {
  write_run(run(), {{"a", "the old run"}});
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message;
  Code code = Code::kInternal;
  try {
    write_run(run(), {{"a", "new"}, {"b", std::string(100000, 'x')}});
  } catch (const Error& e) {
    message = e.what();
    code = e.code();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(code, Code::kEnvironment);
  EXPECT_NE(message.find("cannot be written"), std::string::npos);
  EXPECT_EQ(read("run/a"), "the old run");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(RunDirectory, TakesPlainFileNamesOnly) {
  for (const char* name : {"", ".", "..", "a/b", "../a", ".plumb-run"})
    error(run(), Code::kInput, {{name, "x"}});
  error("", Code::kInput, {});
  error("..", Code::kInput, {});
  error("/", Code::kInput, {});
  EXPECT_EQ(entries(), 0u);
}

}  // namespace
}  // namespace plumb
