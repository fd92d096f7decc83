// One line of JSON an event, only ever appended: the log (once), a look before it is made, its verdict after
// it. A run that dies in between has spent its look; asking the same again spends nothing.
#include "loop/look_register.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "data/mapped_file.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kHead = R"({"format":"plumb.looks","version":1})";
constexpr std::size_t kBlock = std::size_t{1} << 20;

std::string register_of(const std::string& folder) { return (fs::path(folder) / kRegisterName).string(); }

std::uint64_t hash_of(std::string_view bytes, int threads) {
  std::vector<std::uint64_t> part((bytes.size() + kBlock - 1) / kBlock);
  parallel_blocks(part.size(), threads,
                  [&](std::size_t b) { part[b] = hash_bytes(bytes.substr(b * kBlock, kBlock)); });
  std::uint64_t out = hash_combine(bytes.size(), 3);
  for (const std::uint64_t one : part) out = hash_combine(out, one);
  return std::max<std::uint64_t>(out, 1);
}

[[noreturn]] void damaged(const std::string& path, std::size_t line) {
  refuse(fmt::format("{}:{}", path, line), "looks", "a line that no run of plumb wrote",
         "the register of looks as it was written (to start over, delete it on purpose)");
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(file) == 0;
}

// Whole lines or nothing: what a full disk cuts off is taken back. 0, or the error.
int append_to(const std::string& path, const std::string& lines) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return errno;
  const off_t before = ::lseek(file, 0, SEEK_END);
  int error = 0;
  if (!write_all(file, before == 0 ? fmt::format("{}\n{}", kHead, lines) : lines)) {
    error = errno;
    if (::ftruncate(file, before) != 0) error = errno;
  }
  ::close(file);
  return error;
}

std::string name_of(const LogIdentity& identity) {
  std::uint64_t h = hash_combine(identity.bytes, identity.decision.size());
  for (const std::uint64_t digest : identity.decision) h = hash_combine(h, digest);
  return hex(h);
}

json identity_json(const LogIdentity& identity) {
  json sketch = json::array();
  for (const std::uint64_t digest : identity.decision) sketch.push_back(hex(digest));
  return {{"log", name_of(identity)}, {"bytes", hex(identity.bytes)}, {"decisions", sketch}};
}

LogIdentity identity_from(const json& event) {
  LogIdentity out;
  out.bytes = std::stoull(event.at("bytes").get<std::string>(), nullptr, 16);
  for (const json& digest : event.at("decisions"))
    out.decision.push_back(std::stoull(digest.get<std::string>(), nullptr, 16));
  return out;
}

}  // namespace

LogIdentity identify(const DecisionLog& log, const std::string& path, int threads) {
  LogIdentity out;
  std::error_code ignored;
  if (!path.empty() && fs::is_regular_file(path, ignored))
    out.bytes = hash_of(MappedFile(path).bytes(), threads);
  // What every goal reads of a decision alike: who, what was done, which and when where that is named. Not the
  // outcomes: another goal names others.
  std::vector<std::uint64_t> action;
  for (const std::string& name : log.actions) action.push_back(hash_bytes(name));
  std::vector<std::uint64_t> digest;
  digest.reserve(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    std::uint64_t h = hash_combine(log.unit[i], log.id.empty() ? 0 : hash_bytes(log.id[i]));
    h = hash_combine(h, log.time_us.empty() ? 0 : static_cast<std::uint64_t>(log.time_us[i]));
    digest.push_back(hash_combine(h, action[log.chosen_action(i)]));
  }
  std::sort(digest.begin(), digest.end());
  digest.erase(std::unique(digest.begin(), digest.end()), digest.end());
  digest.resize(std::min(digest.size(), kSketchedDecisions));
  out.decision = std::move(digest);
  return out;
}

bool is_same_log(const LogIdentity& a, const LogIdentity& b) {
  if (a.bytes != 0 && a.bytes == b.bytes) return true;
  if (a.decision.empty() || b.decision.empty()) return false;
  // Both sketches hold all digests of their logs up to their last, or all there are.
  const auto reach = [](const LogIdentity& x) {
    return x.decision.size() < kSketchedDecisions ? UINT64_MAX : x.decision.back();
  };
  const std::uint64_t end = std::min(reach(a), reach(b));
  const auto upto = [&](const LogIdentity& x) {
    return std::upper_bound(x.decision.begin(), x.decision.end(), end);
  };
  std::vector<std::uint64_t> both;
  std::set_intersection(a.decision.begin(), upto(a), b.decision.begin(), upto(b), std::back_inserter(both));
  const auto fewest = std::min(upto(a) - a.decision.begin(), upto(b) - b.decision.begin());
  return fewest > 0 && static_cast<double>(both.size()) >= kSameLogShare * static_cast<double>(fewest);
}

std::vector<std::string> register_folders(const std::string& log_path, const std::string& goal_path) {
  std::vector<std::string> out;
  for (const std::string& path : {log_path, goal_path}) {
    std::error_code error;
    const fs::path file = path.empty() ? fs::path() : fs::canonical(path, error);
    if (path.empty() || error) continue;
    const std::string folder = file.parent_path().string();
    if (std::find(out.begin(), out.end(), folder) == out.end()) out.push_back(folder);
  }
  return out;
}

bool has_register(const std::vector<std::string>& folders) {
  std::error_code ignored;
  return std::any_of(folders.begin(), folders.end(),
                     [&](const std::string& folder) { return fs::exists(register_of(folder), ignored); });
}

LookRegister::LookRegister(std::vector<std::string> folders, LogIdentity identity)
    : folders_(std::move(folders)), identity_(std::move(identity)) {
  std::vector<std::string> in_order = folders_;  // one order for all processes: none waits for another's second
  std::sort(in_order.begin(), in_order.end());
  for (const std::string& folder : in_order) {
    const int guard = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (guard < 0) continue;  // what cannot be opened cannot be written either
    while (::flock(guard, LOCK_EX) != 0 && errno == EINTR) {
    }
    guards_.push_back(guard);
  }
  try {
    for (const std::string& folder : folders_) read(register_of(folder));
  } catch (...) {  // nothing is destroyed that was not whole: the folders are let go here
    for (const int guard : guards_) ::close(guard);
    throw;
  }
}

LookRegister::~LookRegister() {
  for (const int guard : guards_) ::close(guard);  // ends the lock
}

void LookRegister::read(const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return;
  std::ifstream file(path, std::ios::binary);
  if (!file || !fs::is_regular_file(path, ignored))
    environment_error(path, "looks: found a file that cannot be read, expected the register of looks");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::set<std::string>& ours = names_;
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) damaged(path, line + 1);
    const json event = json::parse(text.substr(begin, end - begin), nullptr, /*allow_exceptions=*/false);
    begin = end + 1;
    if (event.is_discarded()) damaged(path, line + 1);
    if (line == 0) {
      if (event != json::parse(kHead)) damaged(path, 1);
      continue;
    }
    try {
      const std::string log = event.at("log").get<std::string>();
      if (event.contains("decisions")) {
        if (is_same_log(identity_from(event), identity_)) ours.insert(log);
        if (log == name_of(identity_)) named_in_.insert(path);
      } else if (event.contains("look")) {
        Look look{event.at("look").get<std::string>(), event.at("alpha").get<double>(), ""};
        if (!(look.alpha > 0 && look.alpha < 1)) damaged(path, line + 1);
        const auto same = [&](const Look& other) { return other.key == look.key; };
        if (ours.contains(log) && std::none_of(looks_.begin(), looks_.end(), same))
          looks_.push_back(std::move(look));
      } else {
        const std::string key = event.at("settled").get<std::string>();
        for (Look& look : looks_)
          if (look.key == key) look.verdict = event.at("verdict").get<std::string>();
      }
    } catch (const std::logic_error&) {  // of stoull
      damaged(path, line + 1);
    } catch (const json::exception&) {
      damaged(path, line + 1);
    }
  }
  known_ = known_ || !ours.empty();
}

void LookRegister::append(const std::string& line) {
  closed_.clear();
  int error = 0;
  bool written = false;
  for (const std::string& folder : folders_) {
    const std::string path = register_of(folder);
    // A register may tell of several logs: each is described once, before its first event.
    const std::string described = named_in_.contains(path) ? "" : identity_json(identity_).dump() + "\n";
    if (const int failed = append_to(path, described + line); failed != 0) {
      error = failed;
      closed_.push_back(path);
      continue;
    }
    written = true;
    named_in_.insert(path);
  }
  if (!written)
    environment_error(fmt::format("{}", fmt::join(closed_, " or ")),
                      fmt::format("looks: found \"{}\" while writing, expected a folder that can be written: a "
                                  "look that cannot be counted is not made",
                                  std::strerror(error)));
}

void LookRegister::open_log() {
  if (!known_) append("");
  known_ = true;
}

void LookRegister::add(const Look& look) {
  const auto same = [&](const Look& other) { return other.key == look.key; };
  if (std::any_of(looks_.begin(), looks_.end(), same)) return;
  // Under every description by which this log is known: who knows it by one of them counts this look too.
  std::set<std::string> names = names_;
  names.insert(name_of(identity_));
  std::string lines;
  for (const std::string& name : names)
    lines += json({{"look", look.key}, {"log", name}, {"alpha", look.alpha}}).dump() + "\n";
  append(lines);
  looks_.push_back(look);
  known_ = true;
}

void LookRegister::settle(const std::string& key, const std::string& verdict) {
  for (const Look& look : looks_)
    if (look.key == key && look.verdict == verdict) return;
  append(json({{"settled", key}, {"log", name_of(identity_)}, {"verdict", verdict}}).dump() + "\n");
}

std::vector<std::string> LookRegister::places() const {
  std::vector<std::string> out;
  for (const std::string& folder : folders_) {
    std::error_code ignored;
    if (fs::exists(register_of(folder), ignored)) out.push_back(register_of(folder));
  }
  return out;
}

}  // namespace plumb
