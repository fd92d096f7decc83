// The lock: what it freezes, and that looks cannot overspend.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "plumb/goal.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

class LockFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "plumb_lock_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    const std::string path = (folder_ / "goal.toml").string();
    std::ofstream(path) << "goal.maximize = 'y'\noutcome.y.kind = 'number'\n";
    goal_ = read_goal(path);
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write_text(const std::string& text) const { std::ofstream(lock_path(goal_), std::ios::binary) << text; }
  Lock fresh() const {
    Lock lock;
    lock.goal_hash = goal_.hash;
    lock.log_digest = 0xfedcba9876543210;
    lock.split_seed = 0xffffffffffffffff;
    return lock;
  }
  template <class Call>
  static std::string refusal(Code code, Call call) {
    try {
      call();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    return "accepted";
  }

  fs::path folder_;
  Goal goal_;
};

TEST(Looks, HoweverManySpendLessThanAlphaTogether) {
  const double alpha = 0.05;
  Lock lock;
  double spent = 0, previous = 1;
  for (int k = 1; k <= 2000; ++k) {
    const std::string key = "look " + std::to_string(k);
    const double share = alpha_for_look(lock, key, alpha);
    EXPECT_GT(share, 0);
    EXPECT_LT(share, previous);
    record_look(lock, key, share, "inconclusive");
    previous = share;
    spent += share;
    ASSERT_LT(spent, alpha);
    EXPECT_NEAR(spent, alpha * k / (k + 1.0), 1e-12);  // the telescoping sum
  }
  EXPECT_EQ(lock.looks.size(), 2000u);
}

TEST(Looks, ThatAreRepeatedSpendNothing) {
  Lock lock;
  record_look(lock, "a", alpha_for_look(lock, "a", 0.05), "pass");
  record_look(lock, "b", alpha_for_look(lock, "b", 0.05), "refuse");
  EXPECT_DOUBLE_EQ(lock.looks[0].alpha, 0.025);
  EXPECT_DOUBLE_EQ(lock.looks[1].alpha, 0.05 / 6);
  EXPECT_EQ(alpha_for_look(lock, "a", 0.05), lock.looks[0].alpha);
  record_look(lock, "a", alpha_for_look(lock, "a", 0.05), "pass");
  EXPECT_EQ(lock.looks.size(), 2u);
  EXPECT_DOUBLE_EQ(alpha_for_look(lock, "c", 0.05), 0.05 / 12);
  EXPECT_EQ(lock.looks.size(), 2u);  // asking does not record
}

TEST_F(LockFile, ComesBackAsItWasWritten) {
  EXPECT_FALSE(read_lock(goal_).has_value());
  Lock lock = fresh();
  record_look(lock, "k1", alpha_for_look(lock, "k1", 0.1), "pass");
  record_look(lock, "k\"2\n", alpha_for_look(lock, "k\"2\n", 0.1), "refuse");
  write_lock(lock, goal_);
  const std::optional<Lock> back = read_lock(goal_);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->goal_hash, lock.goal_hash);
  EXPECT_EQ(back->log_digest, lock.log_digest);
  EXPECT_EQ(back->split_seed, lock.split_seed);
  ASSERT_EQ(back->looks.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(back->looks[i].key, lock.looks[i].key);
    EXPECT_EQ(back->looks[i].alpha, lock.looks[i].alpha);  // to the last bit
    EXPECT_EQ(back->looks[i].verdict, lock.looks[i].verdict);
  }
  // Nothing is left over from writing aside.
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);
}

TEST_F(LockFile, StandsBesideItsGoalFile) {
  EXPECT_EQ(lock_path(goal_), (folder_ / "goal.lock").string());
  Goal guarded = goal_;
  guarded.path = (folder_ / "guarded.toml").string();
  EXPECT_EQ(lock_path(guarded), (folder_ / "guarded.lock").string());
  EXPECT_NE(refusal(Code::kInput, [] { lock_path(Goal{}); }), "accepted");
}

TEST_F(LockFile, RefusesAGoalOrALogThatChanged) {
  const Lock lock = fresh();
  EXPECT_NO_THROW(verify_lock(lock, goal_, lock.log_digest));
  EXPECT_EQ(refusal(Code::kInput, [&] { verify_lock(lock, goal_, 1); }),
            lock_path(goal_) +
                ": log_digest: found 0000000000000001, a log that is not the one that was locked, "
                "expected fedcba9876543210");
  Goal changed = goal_;
  changed.hash ^= 1;
  EXPECT_EQ(refusal(Code::kInput, [&] { verify_lock(lock, changed, lock.log_digest); }),
            lock_path(goal_) + ": goal_hash: found " + hex(changed.hash) +
                ", a goal that changed after it was locked, expected " + hex(goal_.hash));
}

TEST_F(LockFile, NeverForgetsALook) {
  Lock first = fresh(), second = fresh();
  record_look(first, "a", 0.025, "pass");
  write_lock(first, goal_);
  record_look(second, "b", 0.025, "pass");  // another run that did not see the first one's look
  EXPECT_NE(refusal(Code::kInput, [&] { write_lock(second, goal_); }).find("1 recorded looks"),
            std::string::npos);
  EXPECT_NE(refusal(Code::kInput, [&] { write_lock(fresh(), goal_); }), "accepted");
  EXPECT_EQ(read_lock(goal_)->looks.at(0).key, "a");
  record_look(first, "c", 0.05 / 6, "refuse");
  EXPECT_NO_THROW(write_lock(first, goal_));
  EXPECT_EQ(read_lock(goal_)->looks.size(), 2u);
}

TEST_F(LockFile, IsRefusedWhereItIsDamaged) {
  write_lock(fresh(), goal_);
  std::string good;
  {
    std::ifstream file(lock_path(goal_));
    good.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const std::vector<std::string> damaged = {
      "",
      "[]",
      good.substr(0, good.size() / 2),
      with("plumb.lock", "other.lock"),
      with("\"version\": 1", "\"version\": 2"),
      with("fedcba9876543210", "fedcba987654321"),
      with("fedcba9876543210", "fedcba987654321g"),
      with("18446744073709551615", "-1"),
      with("18446744073709551615", "1.5"),
      with("\"looks\": []", "\"looks\": {}"),
      with("\"looks\": []", "\"looks\": [7]"),
      with("\"looks\": []", R"("looks": [{"key": "a", "alpha": 0, "verdict": "pass"}])"),
      with("\"looks\": []", R"("looks": [{"key": "a", "verdict": "pass"}])"),
      with("\"looks\": []", R"("looks": [{"key": "a", "alpha": 0.1, "verdict": "pass"},)"
                            R"( {"key": "a", "alpha": 0.1, "verdict": "pass"}])"),
  };
  for (const std::string& text : damaged) {
    write_text(text);
    EXPECT_EQ(refusal(Code::kInput, [&] { read_lock(goal_); }).find(lock_path(goal_) + ": "), 0u) << text;
  }
  write_text(good);
  EXPECT_NO_THROW(read_lock(goal_));
}

TEST_F(LockFile, ThatCannotBeWrittenLeavesNothingBehind) {
  Goal nowhere = goal_;
  nowhere.path = (folder_ / "gone/goal.toml").string();
  const std::string why = refusal(Code::kEnvironment, [&] { write_lock(fresh(), nowhere); });
  EXPECT_EQ(why.find(lock_path(nowhere) + ": lock: found "), 0u) << why;
  fs::create_directory(lock_path(goal_));  // a folder where the lock should be
  EXPECT_NE(refusal(Code::kEnvironment, [&] { write_lock(fresh(), goal_); }), "accepted");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);
}

}  // namespace
}  // namespace plumb
