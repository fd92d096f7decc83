// Looks at the certification half: each is counted before it is made, in the registers of the log and, where
// there is one, in goal.lock.
#include <fmt/format.h>

#include <algorithm>

#include "goal/parse.h"
#include "loop/look_register.h"
#include "loop/stages.h"

namespace plumb {
namespace {

// What a look is: repeating it spends nothing, anything else does. Policies count by what they do, not by their
// names; a question counts by what is asked, not by the verb that asks it.
std::string key_of(std::uint64_t goal, const Study& study, const std::string& question) {
  return fmt::format("{}:{}:{}:{}:{}", hex(goal), hex(study.digest), study.seed,
                     hex(policy_content(*study.reference, study.log)), question);
}

// What the goal asks, without what it is called and where its files lie: their content is in the digest and in
// the reference's.
std::uint64_t meaning_of(Goal goal) {
  for (std::string* text : {&goal.name, &goal.intent, &goal.unit, &goal.owner, &goal.reference, &goal.data.log})
    text->clear();
  goal.data.outcome_files.clear();
  goal.data.feedback.clear();
  for (OutcomeSpec& outcome : goal.outcomes) outcome.transactions.clear();
  return hash_of_meaning(goal);
}

bool has_look(const Lock& lock, const std::string& key) {
  return std::any_of(lock.looks.begin(), lock.looks.end(), [&](const Look& look) { return look.key == key; });
}

// Earlier versions counted by the goal's hash, names and paths included: what was counted so stays counted.
std::string look_key(const Lock& all, const Study& study, const std::string& question) {
  std::string asked = question;
  // Decisions that the reference was learnt from are not judged by: with and without them are two questions.
  if (!study.reference_seen.empty()) asked += ":seen=" + digest_of_rows(study.reference_seen);
  const std::string earlier = key_of(study.goal.hash, study, asked);
  return has_look(all, earlier) ? earlier : key_of(meaning_of(study.goal), study, asked);
}

// Both lists, each look once: those of a lock that is older than the registers count too.
Lock together(const std::optional<Lock>& lock, const LookRegister& looks) {
  Lock out;
  out.looks = looks.looks();
  if (!lock) return out;
  for (const Look& look : lock->looks)
    if (!has_look(out, look.key)) out.looks.push_back(look);
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

void verify(const Lock& lock, const Study& study) {
  verify_lock(lock, study.goal, study.digest);
  if (lock.split_seed != study.seed) {
    refuse(lock_path(study.goal), "split_seed", std::to_string(study.seed),
           std::to_string(lock.split_seed) + ", as it was locked");
  }
}

Waiting waiting_of(const RunOptions& options) {
  Waiting out;
  out.message = options.message;
  return out;
}

}  // namespace

std::string digest_of_rows(const std::vector<std::uint8_t>& rows) {
  return hex(hash_bytes({reinterpret_cast<const char*>(rows.data()), rows.size()}));
}

void lock_goal(const Study& study, const RunOptions& options) {
  LookRegister looks(register_folders(study.log.source, study.goal.path),
                     identify(study.log, study.log.source, study.threads), LookRegister::Create::kAlways,
                     waiting_of(options));
  if (const auto existing = read_lock(study.goal)) {
    verify(*existing, study);
  } else {
    Lock lock;
    lock.goal_hash = study.goal.hash;
    lock.log_digest = study.digest;
    lock.split_seed = study.seed;
    write_lock(lock, study.goal);
  }
  looks.open_log();
}

void open_look(Study& study, const std::string& question, const RunOptions& options) {
  if (study.goal.path.empty()) return;  // no file, no lock
  auto lock = read_lock(study.goal);
  if (lock) verify(*lock, study);
  const std::vector<std::string> folders = register_folders(study.log.source, study.goal.path);
  if (!lock && !has_register(folders)) return;
  LookRegister looks(folders, identify(study.log, study.log.source, study.threads),
                     lock ? LookRegister::Create::kAlways : LookRegister::Create::kWhereKnown,
                     waiting_of(options));
  lock = read_lock(study.goal);  // as it is now that nobody else writes it
  if (lock) verify(*lock, study);
  if (!lock && !looks.knows_log()) return;
  const Lock all = together(lock, looks);
  const std::string key = look_key(all, study, question);
  study.look.counted = true;
  study.look.alpha = alpha_for_look(all, key, 1 - study.goal.confidence);
  study.look.key = key;
  study.look.number = all.looks.size() + 1;
  study.look.spent = 0;
  for (std::size_t k = 0; k < all.looks.size() && k + 1 < study.look.number; ++k) {
    if (all.looks[k].key == key)
      study.look.number = k + 1;
    else
      study.look.spent += all.looks[k].alpha;
  }
  study.look.spent += study.look.alpha;
  looks.add({key, study.look.alpha, ""});
  study.look.place = place_of(looks, folders);
  if (!lock) return;
  record_look(*lock, key, study.look.alpha, "open");
  write_lock(*lock, study.goal);
}

void close_look(const Study& study, const RunOptions& options) {
  if (!study.look.counted) return;
  const std::string& key = study.look.key;
  const std::string verdict(name_of(study.certification->verdict));
  LookRegister looks(register_folders(study.log.source, study.goal.path),
                     identify(study.log, study.log.source, study.threads), LookRegister::Create::kAlways,
                     waiting_of(options));
  looks.settle(key, verdict);
  auto lock = read_lock(study.goal);
  if (!lock) return;
  for (Look& look : lock->looks)
    if (look.key == key) look.verdict = verdict;
  write_lock(*lock, study.goal);
}

}  // namespace plumb
