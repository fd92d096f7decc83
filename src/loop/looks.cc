// Looks at the certification half, counted in goal.lock where there is one.
#include <fmt/format.h>

#include "loop/stages.h"

namespace plumb {
namespace {

// What a look is: repeating it spends nothing, anything else does. Policies count by what they do, not by their
// names.
std::string look_key(const Study& study, const std::string& policy_key) {
  return fmt::format("{}:{}:{}:{}:{}:{}", hex(study.goal.hash), hex(study.digest), study.seed, study.verb,
                     hex(policy_content(*study.reference, study.log)), policy_key);
}

}  // namespace

void open_look(Study& study, const std::string& policy_key) {
  if (study.goal.path.empty()) return;  // no file, no lock
  const auto lock = read_lock(study.goal);
  if (!lock) return;
  verify_lock(*lock, study.goal, study.digest);
  if (lock->split_seed != study.seed) {
    refuse(lock_path(study.goal), "split_seed", std::to_string(study.seed),
           std::to_string(lock->split_seed) + ", as it was locked");
  }
  const std::string key = look_key(study, policy_key);
  study.look.counted = true;
  study.look.alpha = alpha_for_look(*lock, key, 1 - study.goal.confidence);
  study.look.number = lock->looks.size() + 1;
  for (std::size_t k = 0; k < lock->looks.size(); ++k) {
    if (lock->looks[k].key == key) study.look.number = k + 1;
  }
}

void close_look(const Study& study, const std::string& policy_key) {
  if (!study.look.counted) return;
  auto lock = read_lock(study.goal);
  if (!lock) return;
  record_look(*lock, look_key(study, policy_key), study.look.alpha,
              std::string(name_of(study.certification->verdict)));
  write_lock(*lock, study.goal);
}

}  // namespace plumb
