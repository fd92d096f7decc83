// One holder at a time, whoever dies or deletes; files that are none are refused without waiting.
#include "base/file_lock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/open_file.h"
#include "plumb/base.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

class FilesThatHang : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "plumb_files_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    here = pattern;
    path = (here / "register").string();
  }
  void TearDown() override { fs::remove_all(here); }
  FileLock held(const Waiting& waiting = {}) const {
    return FileLock(path, "looks", FileLock::Absent::kCreate, waiting);
  }
  fs::path here;
  std::string path;
};

TEST_F(FilesThatHang, AreLockedByOneAtATime) {
  {
    const FileLock none(path, "looks", FileLock::Absent::kLeave, {});
    EXPECT_EQ(none.file(), -1);
    EXPECT_EQ(none.error(), 0);
    EXPECT_FALSE(fs::exists(path));
  }
  int inside = 0, most = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k) {
        const FileLock lock = held();
        most = std::max(most, ++inside);
        std::this_thread::yield();
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
}

TEST_F(FilesThatHang, AreWaitedForWithAWordAndNotForEver) {
  std::vector<std::string> said;
  Waiting waiting;
  waiting.seconds = .2;
  waiting.message = [&](std::string_view sentence) { said.emplace_back(sentence); };
  const FileLock first = held();
  try {
    held(waiting);
    ADD_FAILURE() << "two hold it";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kEnvironment);
    const std::string message = error.what();
    EXPECT_NE(message.find("that has held it for 0.2 s"), std::string::npos) << message;
    EXPECT_NE(message.find("process " + std::to_string(::getpid())), std::string::npos) << message;
  }
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].starts_with("Waiting for another run (process ")) << said[0];
}

TEST_F(FilesThatHang, AreFreeWhenTheirHolderIsKilled) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock lock = held();
    (void)!::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  Waiting waiting;
  waiting.seconds = .1;
  ::kill(child, SIGSTOP);  // a process that is stopped holds on
  EXPECT_THROW(held(waiting), Error);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(held(waiting).error(), 0);
}

TEST_F(FilesThatHang, AreTheOnesThatHaveTheNameNow) {
  auto first = std::make_unique<FileLock>(held());
  std::thread second([&] {
    const FileLock lock = held();
    struct stat opened {
    }, named{};
    ASSERT_EQ(::fstat(lock.file(), &opened), 0);
    ASSERT_EQ(::stat(path.c_str(), &named), 0);
    EXPECT_EQ(opened.st_ino, named.st_ino);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  fs::rename(path, path + ".away");
  std::ofstream(path) << "new";
  first.reset();
  second.join();
}

TEST_F(FilesThatHang, AreRefusedWhereTheyAreNoFiles) {
  std::string found;
  EXPECT_EQ(open_file(path, Streams::kYes, &found), -1);
  EXPECT_EQ(found, "no such file");
  EXPECT_EQ(open_file(here.string(), Streams::kYes, &found), -1);
  EXPECT_EQ(found, "a directory");
  EXPECT_EQ(open_file("/dev/zero", Streams::kYes, &found), -1);
  EXPECT_EQ(found, "a device");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(open_file(path, Streams::kNo, &found), -1);
  EXPECT_EQ(found, "a named pipe");
  EXPECT_EQ(open_file(path, Streams::kYes, &found, 0), -1);
  EXPECT_EQ(found, "a named pipe to which nobody wrote for 0 seconds");
  try {
    held();
    ADD_FAILURE() << "a pipe was locked";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), path + ": looks: found a named pipe, expected a file");
  }
}

TEST_F(FilesThatHang, AreReadAsPipesWhereSomebodyWrites) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::ofstream out(path);
    out << "one " << std::flush;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // reading waits for the rest
    out << "two";
  });
  EXPECT_EQ(file_bytes(path, "log", Streams::kYes), "one two");
  writer.join();
}

}  // namespace
}  // namespace plumb
