// Looks at the certification half: each is counted before it is made, in the registers of the log and, where
// there is one, in goal.lock.
#include <fmt/format.h>

#include <algorithm>

#include "loop/look_register.h"
#include "loop/stages.h"

namespace plumb {
namespace {

// What a look is: repeating it spends nothing, anything else does. Policies count by what they do, not by their
// names; a question counts by what is asked, not by the verb that asks it.
std::string look_key(const Study& study, const std::string& question) {
  return fmt::format("{}:{}:{}:{}:{}", hex(study.goal.hash), hex(study.digest), study.seed,
                     hex(policy_content(*study.reference, study.log)), question);
}

// Both lists, each look once: those of a lock that is older than the registers count too.
Lock together(const std::optional<Lock>& lock, const LookRegister& looks) {
  Lock out;
  out.looks = looks.looks();
  if (!lock) return out;
  for (const Look& look : lock->looks) {
    const auto same = [&](const Look& other) { return other.key == look.key; };
    if (std::none_of(out.looks.begin(), out.looks.end(), same)) out.looks.push_back(look);
  }
  return out;
}

// Where a look was counted, without the names of this machine's folders.
std::string place_of(const LookRegister& looks, const std::vector<std::string>& folders) {
  const auto named = [&](const std::vector<std::string>& registers) {
    std::string out;
    for (const std::string& path : registers) {
      const bool log =
          path.starts_with(folders.front()) && path.size() == folders.front().size() + kRegisterName.size() + 1;
      out += (out.empty() ? "" : " and ") + std::string(log ? "beside the log" : "beside the goal file");
    }
    return out;
  };
  std::string out =
      fmt::format("counted in {} {}, whatever the goal file is called", kRegisterName, named(looks.places()));
  if (!looks.closed().empty())
    out +=
        fmt::format("; the folder {} cannot be written, so whoever looks from there does not know of this one",
                    named(looks.closed()));
  return out;
}

}  // namespace

void register_log(const Study& study) {
  LookRegister looks(register_folders(study.log.source, study.goal.path),
                     identify(study.log, study.log.source, study.threads));
  looks.open_log();
}

void open_look(Study& study, const std::string& question) {
  if (study.goal.path.empty()) return;  // no file, no lock
  auto lock = read_lock(study.goal);
  if (lock) {
    verify_lock(*lock, study.goal, study.digest);
    if (lock->split_seed != study.seed) {
      refuse(lock_path(study.goal), "split_seed", std::to_string(study.seed),
             std::to_string(lock->split_seed) + ", as it was locked");
    }
  }
  const std::vector<std::string> folders = register_folders(study.log.source, study.goal.path);
  if (!lock && !has_register(folders)) return;
  LookRegister looks(folders, identify(study.log, study.log.source, study.threads));
  if (lock) {
    lock = read_lock(study.goal);  // as it is now that nobody else writes it
  } else if (!looks.knows_log()) {
    return;
  }
  const Lock all = together(lock, looks);
  const std::string key = look_key(study, question);
  study.look.counted = true;
  study.look.alpha = alpha_for_look(all, key, 1 - study.goal.confidence);
  study.look.number = all.looks.size() + 1;
  for (std::size_t k = 0; k < all.looks.size(); ++k) {
    if (all.looks[k].key == key) study.look.number = k + 1;
  }
  looks.add({key, study.look.alpha, ""});
  study.look.place = place_of(looks, folders);
  if (!lock) return;
  record_look(*lock, key, study.look.alpha, "open");
  write_lock(*lock, study.goal);
}

void close_look(const Study& study, const std::string& question) {
  if (!study.look.counted) return;
  const std::string key = look_key(study, question), verdict(name_of(study.certification->verdict));
  LookRegister looks(register_folders(study.log.source, study.goal.path),
                     identify(study.log, study.log.source, study.threads));
  looks.settle(key, verdict);
  auto lock = read_lock(study.goal);
  if (!lock) return;
  for (Look& look : lock->looks)
    if (look.key == key) look.verdict = verdict;
  write_lock(*lock, study.goal);
}

}  // namespace plumb
