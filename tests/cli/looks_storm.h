// Many runs that look at one log at once, some of them killed at a random moment: what the register must hold
// after every round, and that the next run reads it without help.
#pragma once

#include <csignal>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "tests/cli/command.h"

namespace plumb {

// A run in its own process, its answer in a file; it goes on while the test does other things.
class Process {
 public:
  Process(const std::filesystem::path& here, std::vector<std::string> words, std::filesystem::path out)
      : out_(std::move(out)) {
    words.insert(words.begin(), PLUMB_CLI);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string answer = out_.string(), errors = answer + ".err", folder = here.string();
    std::filesystem::remove(out_);  // a process that is killed at once leaves no answer of an earlier one
    process_ = fork();
    if (process_ != 0) return;
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    const int to = open(answer.c_str(), flags, 0600), err = open(errors.c_str(), flags, 0600);
    if (to < 0 || err < 0 || dup2(to, 1) < 0 || dup2(err, 2) < 0 || chdir(folder.c_str()) != 0) _exit(125);
    execv(argv[0], argv.data());
    _exit(126);
  }
  pid_t process() const { return process_; }
  void send(int signal) const { ::kill(process_, signal); }
  // 128 + signal where a signal ended it.
  int wait() {
    int state = 0;
    waitpid(process_, &state, 0);
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  }
  std::string out() const { return file_text(out_); }
  std::string err() const { return file_text(out_.string() + ".err"); }

 private:
  std::filesystem::path out_;
  pid_t process_ = -1;
};

struct CountedLook {
  std::string key;
  double alpha = 0;
  std::string verdict;
};

// Looks in the order in which they were made; a line that was not finished is none. Fails the test where one
// key was charged twice or with two alphas under one name of the log, or where a whole line is no event.
inline std::vector<CountedLook> looks_in(const std::filesystem::path& path) {
  std::vector<CountedLook> out;
  std::set<std::string> charged;
  const std::string text = file_text(path);
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const auto event = nlohmann::json::parse(text.substr(begin, end - begin), nullptr, false);
    EXPECT_FALSE(event.is_discarded()) << text.substr(begin, end - begin);
    if (event.is_discarded()) continue;
    const std::string key = event.value("look", event.value("settled", std::string()));
    const auto at =
        std::find_if(out.begin(), out.end(), [&](const CountedLook& look) { return look.key == key; });
    if (event.contains("look")) {
      EXPECT_TRUE(charged.insert(event["log"].get<std::string>() + key).second) << "charged twice: " << key;
      if (at == out.end()) out.push_back({key, event["alpha"].get<double>(), ""});
    } else if (event.contains("settled") && at != out.end()) {
      at->verdict = event["verdict"].get<std::string>();
    }
  }
  return out;
}

class LooksStorm {
 public:
  explicit LooksStorm(const Folder& folder) : folder_(folder), rng_(Rng(11).stream("storm")) {
    std::string log = "u,kind,mail,y\n";
    for (int i = 0; i < 400; ++i)
      log += "u" + std::to_string(i) + ",k" + std::to_string(rng_.below(kKinds)) +
             (rng_.bernoulli(.5) ? ",a," : ",b,") + std::to_string(rng_.normal()) + "\n";
    folder_.write("log.csv", log);
    const std::string goal =
        "goal.maximize = 'y'\n[outcome.y]\nkind = 'number'\n[data]\nlog = 'log.csv'\nunit = 'u'\naction = "
        "'mail'\npropensity = 0.5\ncontext = ['kind']\n";
    folder_.write("goal.toml", goal);
    for (int k = 0; k < 3; ++k) folder_.write("goal" + std::to_string(k) + ".toml", goal);
    std::filesystem::create_directories(folder_ / "other");
    std::string elsewhere = goal;
    elsewhere.replace(elsewhere.find("log.csv"), 7, "../log.csv");
    folder_.write("other/goal.toml", "goal.name = 'elsewhere'\n" + elsewhere);
    for (int t = 0; t < kTables; ++t) {
      std::string table = "kind,action,probability\n";
      for (std::uint64_t k = 0; k < kKinds; ++k) table += fmt_row(k, rng_.below(1000));
      folder_.write("t" + std::to_string(t) + ".csv", table);
    }
    const Result locked = folder_.plumb({"check", "goal.toml", "--lock", "--quiet"});
    EXPECT_EQ(locked.status, 0) << locked.err;
  }

  // `runs` at once, each killed with probability one half at a moment between 0 and `longest_ms`.
  void round(int runs, int longest_ms) {
    struct Asked {
      Process run;
      std::string question, goal;
      int kill_after_ms;  // -1: never
    };
    std::vector<Asked> asked;
    for (int r = 0; r < runs; ++r) {
      const std::uint64_t g = rng_.below(5), table = rng_.below(kTables);
      const std::string goal = g == 0   ? "goal.toml"
                               : g == 4 ? "other/goal.toml"
                                        : "goal" + std::to_string(g - 1) + ".toml";
      // The locked goal has its seed; the others may ask with another one.
      const std::string seed = std::to_string(g == 0 ? 1 : 1 + rng_.below(2));
      const std::string name = "t" + std::to_string(table) + ".csv";
      const bool killed = r > 0 && rng_.bernoulli(.5);
      const int after = killed ? static_cast<int>(rng_.below(static_cast<std::uint64_t>(longest_ms))) : -1;
      asked.push_back(
          {Process(folder_ / "",
                   {"gate", goal, name, "--not-trained-here", "--json", "--threads", "1", "--seed", seed},
                   folder_ / ("../answer" + std::to_string(r))),
           name + " seed " + seed, goal, after});
    }
    // Half of those that die do so when a look is being written, which is when it matters most.
    std::vector<std::size_t> at_a_look;
    for (std::size_t r = 0; r < asked.size(); r += 2)
      if (asked[r].kill_after_ms >= 0) at_a_look.push_back(r);
    std::uintmax_t size = std::filesystem::file_size(folder_ / "plumb.looks");
    const auto start = std::chrono::steady_clock::now();
    const auto now_ms = [&] {
      return (std::chrono::steady_clock::now() - start) / std::chrono::milliseconds(1);
    };
    while (now_ms() <= longest_ms) {
      for (std::size_t r = 1; r < asked.size(); r += 2)
        if (asked[r].kill_after_ms >= 0 && now_ms() >= asked[r].kill_after_ms) asked[r].run.send(SIGKILL);
      const std::uintmax_t grown = std::filesystem::file_size(folder_ / "plumb.looks");
      if (grown != size && !at_a_look.empty()) {
        asked[at_a_look.back()].run.send(SIGKILL);
        at_a_look.pop_back();
      }
      size = grown;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    for (const std::size_t r : at_a_look) asked[r].run.send(SIGKILL);
    std::vector<int> status;
    for (Asked& one : asked) status.push_back(one.run.wait());
    const std::vector<CountedLook> looks = looks_in(folder_ / "plumb.looks");
    double spent = 0;
    for (const CountedLook& look : looks) spent += look.alpha;
    EXPECT_LT(spent, .05);
    const auto lock = nlohmann::json::parse(folder_.read("goal.lock"), nullptr, false);
    EXPECT_FALSE(lock.is_discarded());
    for (std::size_t r = 0; r < asked.size(); ++r) {
      killed_ += status[r] == 128 + SIGKILL;
      const auto answer = nlohmann::json::parse(asked[r].run.out(), nullptr, false);
      const bool ended = status[r] == 0 || status[r] == 3;
      EXPECT_TRUE(ended || asked[r].kill_after_ms >= 0) << asked[r].run.err();
      if (answer.is_discarded()) continue;
      ++verdicts_;
      const auto count = answer["look"]["count"].get<std::size_t>();
      ASSERT_TRUE(count >= 1 && count <= looks.size()) << count;
      const CountedLook& look = looks[count - 1];
      EXPECT_EQ(look.alpha, answer["look"]["alpha"].get<double>());
      EXPECT_EQ(look.verdict, answer["verdict"].get<std::string>());
      const auto known = count_of_.emplace(asked[r].question, count).first;
      EXPECT_EQ(known->second, count) << asked[r].question << " was charged twice";
      const auto other = question_of_.emplace(count, asked[r].question).first;
      EXPECT_EQ(other->second, asked[r].question) << "two questions are one look";
      if (asked[r].goal != "goal.toml") continue;
      bool in_lock = false;
      for (const auto& entry : lock["looks"])
        in_lock = in_lock || (entry["key"] == look.key && entry["verdict"] == look.verdict);
      EXPECT_TRUE(in_lock) << "a verdict that goal.lock does not hold";
    }
    looks_ = looks.size();
  }

  // Afterwards a run answers, and nothing is left that was written aside.
  void end() const {
    const Result last = folder_.plumb({"gate", "goal.toml", "t0.csv", "--not-trained-here", "--quiet"});
    EXPECT_TRUE(last.status == 0 || last.status == 3) << last.err;
    EXPECT_EQ(last.err, "");
    for (const std::string& name : folder_.names()) EXPECT_FALSE(name.ends_with(".tmp")) << name;
  }

  std::size_t verdicts() const { return verdicts_; }
  std::size_t killed() const { return killed_; }
  std::size_t looks() const { return looks_; }

 private:
  static constexpr std::uint64_t kKinds = 12;
  static constexpr int kTables = 150;
  static std::string fmt_row(std::uint64_t kind, std::uint64_t thousandths) {
    const auto text = [](std::uint64_t p) {
      const std::string digits = std::to_string(p);
      return p == 1000 ? std::string("1") : "0." + std::string(3 - digits.size(), '0') + digits;
    };
    const std::string row = "k" + std::to_string(kind);
    return row + ",a," + text(thousandths) + "\n" + row + ",b," + text(1000 - thousandths) + "\n";
  }
  const Folder& folder_;
  Rng rng_;
  std::map<std::string, std::size_t> count_of_;
  std::map<std::size_t, std::string> question_of_;
  std::size_t verdicts_ = 0, killed_ = 0, looks_ = 0;
};

}  // namespace plumb
