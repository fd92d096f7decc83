// Looks as processes make them: side by side, killed, held up by one that was stopped; and what lies beside a
// log that is no file.
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tests/cli/looks_storm.h"

namespace plumb {
namespace {

TEST(Looks, OfRunsThatAreKilledAreNeitherLostNorChargedTwice) {
  const Folder folder;
  LooksStorm storm(folder);
  for (int round = 0; round < 3; ++round) storm.round(8, 400);
  storm.end();
  EXPECT_GT(storm.verdicts(), 3u);
}

class LockedProject : public ::testing::Test {
 protected:
  LockedProject() {
    folder.write("goal.toml", mailing_goal());
    folder.write("log.csv", mailing(0.5));
    folder.write("t.csv", "age,action,probability\n");
  }
  void lock() const { ASSERT_EQ(folder.plumb({"check", "goal.toml", "--lock", "--quiet"}).status, 0); }
  Result gate() const { return folder.plumb({"gate", "goal.toml", "constant:b", "--json"}); }
  // Runs it for at most `seconds`; -1 where it was still running then.
  int status_within(int seconds, const std::vector<std::string>& words, std::string* err) const {
    Process run(folder / "", words, folder / "../answer");
    for (int tenth = 0; tenth < 10 * seconds; ++tenth) {
      siginfo_t about{};
      waitid(P_PID, static_cast<id_t>(run.process()), &about, WEXITED | WNOHANG | WNOWAIT);
      if (about.si_pid != 0) {
        const int status = run.wait();
        *err = run.err();
        return status;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    run.send(SIGKILL);
    run.wait();
    return -1;
  }
  Folder folder;
};

TEST_F(LockedProject, WaitsForTheRunThatLooksAndSaysSo) {
  lock();
  const int held = open((folder / "plumb.looks").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(held, LOCK_EX), 0);
  Process run(folder / "", {"gate", "goal.toml", "constant:b", "--json"}, folder / "../answer");
  for (int tenth = 0; tenth < 300 && !contains(run.err(), "Waiting for another run"); ++tenth)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(contains(run.err(), "plumb.looks (60 s at most).")) << run.err();
  EXPECT_EQ(run.out(), "");  // no verdict before its look is counted
  EXPECT_EQ(looks_in(folder / "plumb.looks").size(), 0u);
  close(held);
  EXPECT_EQ(run.wait(), 0) << run.err();
  EXPECT_TRUE(contains(run.out(), "\"count\": 1")) << run.out();
}

// A run may die between any two bytes: the next one reads what it left, and the look is the same.
TEST_F(LockedProject, ReadsWhateverARunThatDiedLeft) {
  lock();
  const std::string before = folder.read("plumb.looks"), goal_lock = folder.read("goal.lock");
  const Result first = gate();
  ASSERT_EQ(first.status, 0) << first.err;
  const std::string after = folder.read("plumb.looks");
  ASSERT_TRUE(after.starts_with(before));
  const std::size_t step = std::max<std::size_t>(1, (after.size() - before.size()) / 12);
  for (std::size_t size = before.size(); size <= after.size(); size += step) {
    folder.write("plumb.looks", after.substr(0, size));
    folder.write("goal.lock", goal_lock);
    folder.write("goal.lock.tmp", goal_lock.substr(0, 17));
    const Result again = gate();
    EXPECT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(again.out, first.out) << size;
    EXPECT_EQ(folder.read("plumb.looks"), after) << size;
    EXPECT_FALSE(std::filesystem::exists(folder / "goal.lock.tmp"));
  }
  // As far as the log's own description, which alone makes looks count.
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, before.find('\n'), before.size() - 1}) {
    folder.write("plumb.looks", before.substr(0, size));
    folder.write("goal.lock", goal_lock);
    EXPECT_EQ(gate().out, first.out) << size;
    EXPECT_EQ(folder.read("plumb.looks"), after) << size;
  }
  folder.write("plumb.looks", before.substr(0, before.size() / 2) + std::string(50, '\0'));
  EXPECT_EQ(gate().out, first.out);
}

// Asked without a verdict of before; what was counted in one place only is counted in both.
TEST_F(LockedProject, CountsInBothPlacesWhatADeadRunCountedInOne) {
  std::filesystem::create_directories(folder / "goals");
  std::string goal = mailing_goal();
  goal.replace(goal.find("\"log.csv\""), 9, "\"../log.csv\"");
  folder.write("goals/goal.toml", goal);
  ASSERT_EQ(folder.plumb({"check", "goals/goal.toml", "--lock", "--quiet"}).status, 0);
  const std::string before = folder.read("goals/plumb.looks");
  const std::vector<std::string> ask = {"gate", "goals/goal.toml", "constant:b", "--json"};
  const Result first = folder.plumb(ask);
  ASSERT_EQ(looks_in(folder / "goals/plumb.looks").size(), 1u);
  for (const char* place : {"goals/plumb.looks", "plumb.looks"}) {
    folder.write(place, before);
    EXPECT_EQ(folder.plumb(ask).out, first.out);
    EXPECT_EQ(looks_in(folder / place).size(), 1u);
    EXPECT_EQ(looks_in(folder / place)[0].verdict, "pass");
  }
}

void make_socket(const std::filesystem::path& path) {
  const int number = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.string().size(), sizeof address.sun_path);
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(number, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(number);
}

// Seconds, with a machine that has much else to do.
constexpr int kSoon = 30;

TEST_F(LockedProject, NeverWaitsForANamedPipeThatNobodyWritesTo) {
  lock();
  ASSERT_EQ(folder.plumb({"align", "goal.toml", "--out", "run", "--quiet"}).status, 0);
  const std::vector<std::string> ask = {"gate", "goal.toml", "run/policy.safetensors", "--cache", "always"};
  const auto answers = [&](const std::string& name, const std::vector<std::string>& words,
                           const std::string& says) {
    for (const bool pipe : {true, false}) {
      const std::filesystem::path path = folder / name, kept = folder / "kept";
      const bool there = std::filesystem::exists(path);
      if (there) std::filesystem::rename(path, kept);
      if (pipe) {
        ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
      } else {
        make_socket(path);
      }
      std::string err;
      const int status = status_within(kSoon, words, &err);
      EXPECT_EQ(status, says.empty() ? 0 : 2) << name << ": " << err;
      std::string found = says;
      if (says.ends_with("found ")) found += pipe ? "a named pipe" : "a socket";
      EXPECT_TRUE(contains(err, found)) << name << ": " << err;
      std::filesystem::remove(path);
      if (there) std::filesystem::rename(kept, path);
    }
  };
  answers("plumb.looks", ask, "plumb.looks: looks: found ");
  answers("goal.lock", ask, "goal.lock: lock: found ");
  answers("goal.lock.tmp", {"gate", "goal.toml", "constant:b"}, "goal.lock.tmp: lock: found ");
  answers("log.csv.plumb-columns", {"check", "goal.toml", "--cache", "always"}, "");
  answers("anything", ask, "");
  answers("run/policy.safetensors.tmp", ask, "");
  answers("run/.plumb-run", {"align", "goal.toml", "--out", "run"}, "run directory: found a directory");
}

TEST_F(LockedProject, ReadsALogFromAPipeThatSomebodyWritesTo) {
  const Result plain = folder.plumb({"check", "goal.toml"});
  ASSERT_EQ(mkfifo((folder / "log.pipe").c_str(), 0600), 0);
  std::thread writer([&] {
    const std::string log = folder.read("log.csv");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    write_file(folder / "log.pipe", log);
  });
  const Result piped = folder.plumb({"check", "goal.toml", "--log", "log.pipe"});
  writer.join();
  EXPECT_EQ(piped.status, plain.status) << piped.err;
  EXPECT_TRUE(contains(piped.out, "900")) << piped.out;
}

}  // namespace
}  // namespace plumb
