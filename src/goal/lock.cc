// goal.lock: the frozen goal, and the looks at the certification half that it has paid for.
//
// The k-th new look spends alpha / (k (k + 1)); the sum over all k is alpha (1 - 1/(k + 1)) < alpha, so any
// number of looks together errs with probability below alpha (alpha spending with a union bound).
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file_lock.h"
#include "base/open_file.h"
#include "plumb/goal.h"

namespace plumb {

namespace {

using nlohmann::json;
constexpr std::string_view kFormat = "plumb.lock";
constexpr int kVersion = 1;

const json& field(const json& object, const std::string& path, const char* key, json::value_t type,
                  std::string_view expected) {
  const auto found = object.find(key);
  if (found == object.end()) refuse(path, key, "nothing", expected);
  // Non-negative whole numbers are "unsigned" to the parser; a real may be written as a whole number.
  const bool fits = found->type() == type || (type == json::value_t::number_float && found->is_number());
  if (!fits) refuse(path, key, found->dump(-1, ' ', true, json::error_handler_t::replace), expected);
  return *found;
}

std::uint64_t hash_field(const json& object, const std::string& path, const char* key) {
  const std::string expected = "16 hexadecimal digits in quotes";
  const std::string text = field(object, path, key, json::value_t::string, expected).get<std::string>();
  const bool fits = text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!fits) refuse(path, key, fmt::format("\"{}\"", text), expected);
  return std::stoull(text, nullptr, 16);
}

Look look_from(const json& object, const std::string& path) {
  if (!object.is_object())
    refuse(path, "looks", "an entry that is no object", "objects with key, alpha, verdict");
  Look look;
  look.key = field(object, path, "key", json::value_t::string, "a text").get<std::string>();
  look.alpha = field(object, path, "alpha", json::value_t::number_float, "a number in (0, 1)").get<double>();
  if (!(look.alpha > 0 && look.alpha < 1))
    refuse(path, "alpha", fmt::format("{}", look.alpha), "a number in (0, 1)");
  look.verdict = field(object, path, "verdict", json::value_t::string, "a text").get<std::string>();
  return look;
}

const Look* find_look(const Lock& lock, const std::string& key) {
  for (const Look& look : lock.looks) {
    if (look.key == key) return &look;
  }
  return nullptr;
}

// Where looks were recorded meanwhile, or would be forgotten, the sum that was spent would be understated.
void expect_no_look_is_lost(const Lock& before, const Lock& after, const std::string& path) {
  bool kept = before.looks.size() <= after.looks.size();
  for (std::size_t i = 0; kept && i < before.looks.size(); ++i) {
    kept = before.looks[i].key == after.looks[i].key && before.looks[i].alpha == after.looks[i].alpha;
  }
  if (kept) return;
  refuse(path, "looks", fmt::format("{} recorded looks that this run would forget", before.looks.size()),
         "a lock that keeps every look (run again; to start over, delete the lock on purpose)");
}

[[noreturn]] void cannot_write(const std::string& path, int error) {
  environment_error(path, fmt::format("lock: found \"{}\" while writing, expected a writable folder with space",
                                      std::strerror(error)));
}

// All of it or nothing: written aside, brought to disk, then renamed. What a run that died left aside is
// written over; who writes aside holds that file's lock.
void write_whole(const std::string& path, const std::string& text) {
  const std::string aside = path + ".tmp";
  const FileLock lock(aside, "lock", FileLock::Absent::kCreate, {});
  const int file = lock.file();
  int error = lock.error();
  const auto fails = [&](bool done) {
    if (!done && error == 0) error = errno == 0 ? EIO : errno;
    return error != 0;
  };
  if (error != 0 || fails(::ftruncate(file, 0) == 0)) cannot_write(path, error);
  for (std::string_view rest = text; !rest.empty() && error == 0;) {
    const ssize_t n = ::write(file, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (!fails(n > 0)) rest.remove_prefix(static_cast<std::size_t>(n));
  }
  if (error == 0 && !fails(::fsync(file) == 0) && !fails(std::rename(aside.c_str(), path.c_str()) == 0)) return;
  std::remove(aside.c_str());
  cannot_write(path, error);
}

}  // namespace

std::string lock_path(const Goal& goal) {
  if (goal.path.empty()) refuse("goal", "lock", "a goal that was not read from a file", "a goal file");
  return std::filesystem::path(goal.path).replace_extension(".lock").string();
}

std::optional<Lock> read_lock(const Goal& goal) {
  const std::string path = lock_path(goal);
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  const std::string text = file_bytes(path, "lock", Streams::kNo);
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded() || !object.is_object())
    refuse(path, "lock", "text that is no JSON object", "a lock");
  const auto format = object.find("format");
  if (format == object.end() || *format != kFormat) refuse(path, "format", "another format", "\"plumb.lock\"");
  const json& version_field = field(object, path, "version", json::value_t::number_unsigned, "1");
  if (version_field != kVersion) refuse(path, "version", version_field.dump(), "1");
  Lock lock;
  lock.goal_hash = hash_field(object, path, "goal_hash");
  lock.log_digest = hash_field(object, path, "log_digest");
  lock.split_seed = field(object, path, "split_seed", json::value_t::number_unsigned, "a whole number >= 0")
                        .get<std::uint64_t>();
  for (const json& entry : field(object, path, "looks", json::value_t::array, "an array of looks")) {
    Look look = look_from(entry, path);
    if (find_look(lock, look.key) != nullptr) refuse(path, "looks", "one key twice", "each key once");
    lock.looks.push_back(std::move(look));
  }
  return lock;
}

void verify_lock(const Lock& lock, const Goal& goal, std::uint64_t log_digest) {
  if (lock.goal_hash != goal.hash) {
    refuse(lock_path(goal), "goal_hash", hex(goal.hash) + ", a goal that changed after it was locked",
           hex(lock.goal_hash));
  }
  if (lock.log_digest != log_digest) {
    refuse(lock_path(goal), "log_digest", hex(log_digest) + ", a log that is not the one that was locked",
           hex(lock.log_digest));
  }
}

void write_lock(const Lock& lock, const Goal& goal) {
  const std::string path = lock_path(goal);
  if (const std::optional<Lock> before = read_lock(goal)) expect_no_look_is_lost(*before, lock, path);
  nlohmann::ordered_json object;
  object["format"] = kFormat;
  object["version"] = kVersion;
  object["goal_hash"] = hex(lock.goal_hash);
  object["log_digest"] = hex(lock.log_digest);
  object["split_seed"] = lock.split_seed;
  object["looks"] = nlohmann::ordered_json::array();
  for (const Look& look : lock.looks) {
    nlohmann::ordered_json entry;
    entry["key"] = look.key;
    entry["alpha"] = look.alpha;
    entry["verdict"] = look.verdict;
    object["looks"].push_back(entry);
  }
  write_whole(path, object.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

double alpha_for_look(const Lock& lock, const std::string& key, double alpha) {
  PLUMB_ASSERT(alpha > 0 && alpha < 1);
  if (const Look* look = find_look(lock, key)) return look->alpha;
  const double k = static_cast<double>(lock.looks.size()) + 1;
  return alpha / (k * (k + 1));
}

void record_look(Lock& lock, const std::string& key, double alpha, const std::string& verdict) {
  PLUMB_ASSERT(alpha > 0 && alpha < 1);
  if (find_look(lock, key) == nullptr) lock.looks.push_back({key, alpha, verdict});
}

}  // namespace plumb
