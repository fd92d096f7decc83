// The register of looks: which logs were looked at, how often, and what each look spent, whatever the goal file
// was called. A file "plumb.looks" in the folder of the log and one in the folder of the goal file; looks in
// either count. docs/decisions/looks-belong-to-the-log.md says why.
//
// A log is known again by the bytes of its file or, where these differ (another order, another column, a few
// rows more), by a sketch of its decisions.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plumb/data.h"
#include "plumb/goal.h"

namespace plumb {

struct LogIdentity {
  std::uint64_t bytes = 0;              // of the file; 0 where the log is in none
  std::vector<std::uint64_t> decision;  // the kSketchedDecisions smallest digests, ascending
};
inline constexpr std::string_view kRegisterName = "plumb.looks";
inline constexpr std::size_t kSketchedDecisions = 64;
// Of two sketches, the share of decisions in common from which both are one log. Decisions of the same units in
// a later log share the unit and, by chance, the action: about half of them where there are two equal arms.
inline constexpr double kSameLogShare = 0.75;

// REQUIRES: `log` was read from `path`, or path is empty.
LogIdentity identify(const DecisionLog& log, const std::string& path, int threads);
bool is_same_log(const LogIdentity& a, const LogIdentity& b);

// Folders in which runs of one goal on one log keep registers, each once: the log's, then the goal's.
std::vector<std::string> register_folders(const std::string& log_path, const std::string& goal_path);
bool has_register(const std::vector<std::string>& folders);

// Both registers, as one. While it lives no other process reads or writes them: looks of runs side by side are
// counted one after the other.
class LookRegister {
 public:
  // Throws Error{kInput} where a register is damaged, Error{kEnvironment} where it cannot be read.
  LookRegister(std::vector<std::string> folders, LogIdentity identity);
  ~LookRegister();
  LookRegister(const LookRegister&) = delete;
  LookRegister& operator=(const LookRegister&) = delete;

  // Whether somebody locked this log, or looked at it while it was locked.
  bool knows_log() const { return known_; }
  // Looks at this log in the order in which they were made, whatever goal asked.
  const std::vector<Look>& looks() const { return looks_; }

  // Each throws Error{kEnvironment} where no folder can be written; one is enough.
  void open_log();                                                  // from now on looks at it are counted
  void add(const Look& look);                                       // nothing where it was made before
  void settle(const std::string& key, const std::string& verdict);  // nothing where that is known
  // The registers that there are, and those that could not be written where something was to be written.
  std::vector<std::string> places() const;
  const std::vector<std::string>& closed() const { return closed_; }

 private:
  void read(const std::string& path);
  void append(const std::string& line);

  std::vector<std::string> folders_;
  LogIdentity identity_;
  std::vector<int> guards_;
  bool known_ = false;
  std::vector<Look> looks_;
  std::set<std::string> names_;     // of the descriptions that are of this log
  std::set<std::string> named_in_;  // registers that describe this very log
  std::vector<std::string> closed_;
};

}  // namespace plumb
