// The register of looks: which logs were looked at, how often, and what each look spent, whatever the goal file
// was called. A file "plumb.looks" in the folder of the log and one in the folder of the goal file; looks in
// either count. docs/decisions/looks-belong-to-the-log.md says why.
//
// A log is known again by the bytes of its file or, where these differ (another order, another column, a few
// rows more), by a sketch of its decisions.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_lock.h"
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

// Both registers, as one. While it lives no other process reads or writes them (an exclusive lock on each file,
// which is only ever appended to and never replaced): looks of runs side by side are counted one after the
// other.
//
// A run may die at any moment. A last line that was not finished is none: no verdict was shown before its look
// was whole on disk. A look that reached one register and not the other is added there when it is asked again.
class LookRegister {
 public:
  // kAlways: registers are made where there are none; kWhereKnown: only where another register knows the log.
  enum class Create { kWhereKnown, kAlways };
  // Throws Error{kInput} where a register is damaged, Error{kEnvironment} where it cannot be read, is no file,
  // or another run holds it for longer than `waiting` has patience.
  LookRegister(const std::vector<std::string>& folders, LogIdentity identity, Create create,
               const Waiting& waiting);

  // Whether somebody locked this log, or looked at it while it was locked.
  bool knows_log() const { return known_; }
  // Looks at this log in the order in which they were made, whatever goal asked.
  const std::vector<Look>& looks() const { return looks_; }

  // Each throws Error{kEnvironment} where no folder can be written; one is enough. On disk when it returns.
  void open_log();                                                  // from now on looks at it are counted
  void add(const Look& look);                                       // nothing where it stands already
  void settle(const std::string& key, const std::string& verdict);  // nothing where that is known
  // The registers that there are, and those that could not be written where something was to be written.
  std::vector<std::string> places() const;
  const std::vector<std::string>& closed() const { return closed_; }

 private:
  // One file, and what it says of this log.
  struct Register {
    std::string path;
    FileLock lock;
    std::size_t end = 0;                         // of its last whole line
    bool cut = false;                            // bytes behind it, of a line that was never finished
    bool open_line = false;                      // the last line is whole but for its newline
    bool names_log = false;                      // describes this very log
    std::set<std::string> names;                 // of the descriptions that are of this log
    std::set<std::string> looks;                 // "name:key"
    std::map<std::string, std::string> settled;  // verdict by key
  };
  void open_all(FileLock::Absent absent, const Waiting& waiting);
  void read(Register& of);
  // Appends to each register the whole lines that `missing` says it lacks (nullopt: none), all or nothing.
  void append(const std::function<std::optional<std::string>(const Register&)>& missing);

  std::vector<std::string> folders_;
  LogIdentity identity_;
  std::string name_;  // of identity_
  std::vector<Register> registers_;
  bool known_ = false;
  std::vector<Look> looks_;
  std::set<std::string> names_;  // as in Register, of both
  std::vector<std::string> closed_;
};

}  // namespace plumb
