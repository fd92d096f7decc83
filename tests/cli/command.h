// The built command, run as people run it: a process with its two outputs and its exit status.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "plumb/base.h"

namespace plumb {

struct Result {
  int status = -1;  // 128 + signal where a signal ended it
  std::string out, err;
};

inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

// A folder of this test's own, in which its commands run; removed at the end.
class Folder {
 public:
  Folder() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            (std::string("plumb_cli_") + test->name() + "_" + std::to_string(getpid()));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_ / "here");
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / "here" / name; }
  void write(const std::string& name, std::string_view text) const { write_file(*this / name, text); }
  std::string read(const std::string& name) const { return file_text(*this / name); }
  // Everything that lies in the folder or in one below it, hidden files too.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    const std::filesystem::path here = path_ / "here";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(here))
      out.push_back(entry.path().lexically_relative(here).string());
    std::sort(out.begin(), out.end());
    return out;
  }

  // Runs `plumb arguments...` here. `file_limit`: bytes that a file may have; 0: no limit. `out`: where
  // standard output goes instead of into the result.
  Result plumb(const std::vector<std::string>& arguments, rlim_t file_limit = 0,
               const std::string& out = "") const {
    const std::string out_path = out.empty() ? (path_ / "out").string() : out;
    const std::string err_path = (path_ / "err").string(), here = (path_ / "here").string();
    std::vector<std::string> words = {PLUMB_CLI};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      const int flags = O_WRONLY | O_CREAT | O_TRUNC;
      const int to = open(out_path.c_str(), flags, 0600), errors = open(err_path.c_str(), flags, 0600);
      if (to < 0 || errors < 0 || dup2(to, 1) < 0 || dup2(errors, 2) < 0 || chdir(here.c_str()) != 0)
        _exit(125);
      if (file_limit > 0) {
        const rlimit limit{file_limit, file_limit};
        setrlimit(RLIMIT_FSIZE, &limit);
      }
      execv(argv[0], argv.data());
      _exit(126);
    }
    int state = 0;
    waitpid(child, &state, 0);
    Result result;
    result.status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    result.out = out.empty() ? file_text(out_path) : "";
    result.err = file_text(err_path);
    return result;
  }

 private:
  std::filesystem::path path_;
};

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// Three mails for 900 customers, each with probability 1/3; mail "b" brings 2 more than "a", "none" 1 more
// than "a", plus noise of standard deviation `noise`.
inline std::string mailing(double noise) {
  std::string out = "id,customer,mail,p,age,click,spend\n";
  const Rng root(5);
  for (int i = 0; i < 900; ++i) {
    Rng rng = root.stream("row", static_cast<std::uint64_t>(i));
    const char* const mails[] = {"a", "b", "none"};
    const double lift[] = {0, 2, 1};
    const auto mail = static_cast<std::size_t>(rng.below(3));
    const int age = 20 + static_cast<int>(rng.below(50));
    const bool click = rng.bernoulli(mail == 0 ? 0.6 : 0.3);
    out += "d" + std::to_string(i) + ",c" + std::to_string(i) + "," + mails[mail] + ",0.3333333333333333," +
           std::to_string(age) + "," + (click ? "1" : "0") + "," +
           std::to_string(lift[mail] + noise * rng.normal()) + "\n";
  }
  return out;
}

inline std::string mailing_goal(double minimum_effect = 0.1) {
  return R"([goal]
name = "mailing"
maximize = "spend"
minimum_effect = )" +
         std::to_string(minimum_effect) + R"(

[outcome.spend]
kind = "number"
[outcome.click]
kind = "binary"

[proxies]
candidates = ["click"]

[data]
log = "log.csv"
id = "id"
unit = "customer"
action = "mail"
propensity = "p"
context = ["age"]
)";
}

}  // namespace plumb
