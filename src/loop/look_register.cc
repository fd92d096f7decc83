// One line of JSON an event, only ever appended: the log (once), a look before it is made, its verdict after
// it. A run that dies in between has spent its look; asking the same again spends nothing. The file is its own
// lock: nothing is ever renamed over it.
#include "loop/look_register.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
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

// All bytes, from the beginning. The lock's own descriptor: closing another one of this file could end a lock.
std::string text_of(int file, const std::string& path) {
  std::string out;
  while (true) {
    const std::size_t size = out.size();
    out.resize(size + (std::size_t{1} << 16));
    const ssize_t got = ::pread(file, out.data() + size, out.size() - size, static_cast<off_t>(size));
    const int error = got < 0 ? errno : 0;
    out.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return out;
    if (got < 0 && error != EINTR)
      environment_error(path, fmt::format("looks: found {}, expected a readable file", std::strerror(error)));
  }
}

// A new file's name reaches the disk with its folder.
void sync_folder_of(const std::string& path) {
  const int folder = ::open(fs::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);  // not every file system can
  ::close(folder);
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

LookRegister::LookRegister(const std::vector<std::string>& folders, LogIdentity identity, Create create,
                           const Waiting& waiting)
    : folders_(folders), identity_(std::move(identity)), name_(name_of(identity_)) {
  const bool always = create == Create::kAlways;
  open_all(always ? FileLock::Absent::kCreate : FileLock::Absent::kLeave, waiting);
  const bool all = std::all_of(registers_.begin(), registers_.end(),
                               [](const Register& r) { return r.lock.file() >= 0 || r.lock.error() != 0; });
  // Who looks must hold all of them before it reads how many looks there were: let go, make, begin anew.
  if (known_ && !all) open_all(FileLock::Absent::kCreate, waiting);
}

void LookRegister::open_all(FileLock::Absent absent, const Waiting& waiting) {
  registers_.clear();
  looks_.clear();
  names_.clear();
  std::vector<std::string> in_order = folders_;  // one order for all processes: none waits for another's second
  std::sort(in_order.begin(), in_order.end());
  for (const std::string& folder : in_order) {
    const std::string path = register_of(folder);
    std::error_code ignored;
    // One file under two names (a link, a folder that is mounted twice) is locked once.
    const auto same = [&](const Register& r) { return fs::equivalent(r.path, path, ignored); };
    if (std::any_of(registers_.begin(), registers_.end(), same)) continue;
    registers_.push_back({path, FileLock(path, "looks", absent, waiting), 0, false, false, false, {}, {}, {}});
  }
  for (const std::string& folder : folders_) {
    for (Register& r : registers_)
      if (r.path == register_of(folder)) read(r);
  }
  known_ = !names_.empty();
}

void LookRegister::read(Register& of) {
  if (of.lock.file() < 0) {
    std::error_code ignored;
    if (!fs::exists(of.path, ignored)) return;
    environment_error(of.path, "looks: found a file that cannot be read, expected the register of looks");
  }
  const std::string text = text_of(of.lock.file(), of.path);
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t newline = text.find('\n', begin), end = std::min(newline, text.size());
    const json event = json::parse(text.substr(begin, end - begin), nullptr, /*allow_exceptions=*/false);
    if (newline == std::string::npos) {
      // Of a run that died while it wrote: no prefix of an event is one.
      of.cut = event.is_discarded();
      of.open_line = !of.cut;
      if (of.cut) break;
    }
    begin = std::min(end + 1, text.size());
    of.end = begin;
    if (event.is_discarded()) damaged(of.path, line + 1);
    if (line == 0) {
      if (event != json::parse(kHead)) damaged(of.path, 1);
      continue;
    }
    try {
      const std::string log = event.at("log").get<std::string>();
      if (event.contains("decisions")) {
        if (is_same_log(identity_from(event), identity_)) of.names.insert(log);
        names_.insert(of.names.begin(), of.names.end());
        of.names_log = of.names_log || log == name_;
      } else if (event.contains("look")) {
        Look look{event.at("look").get<std::string>(), event.at("alpha").get<double>(), ""};
        if (!(look.alpha > 0 && look.alpha < 1)) damaged(of.path, line + 1);
        of.looks.insert(log + ":" + look.key);
        const auto same = [&](const Look& other) { return other.key == look.key; };
        if (names_.contains(log) && std::none_of(looks_.begin(), looks_.end(), same))
          looks_.push_back(std::move(look));
      } else {
        const std::string key = event.at("settled").get<std::string>();
        of.settled[key] = event.at("verdict").get<std::string>();
        for (Look& look : looks_)
          if (look.key == key) look.verdict = of.settled[key];
      }
    } catch (const std::logic_error&) {  // of stoull
      damaged(of.path, line + 1);
    } catch (const json::exception&) {
      damaged(of.path, line + 1);
    }
  }
}

void LookRegister::append(const std::function<std::optional<std::string>(const Register&)>& missing) {
  closed_.clear();
  int error = 0;
  for (Register& r : registers_) {
    const std::optional<std::string> lines = missing(r);
    if (!lines) continue;
    // A register may tell of several logs: each is described once, before its first event.
    std::string text = r.open_line ? "\n" : r.end == 0 ? std::string(kHead) + "\n" : "";
    if (!r.names_log) text += identity_json(identity_).dump() + "\n";
    text += *lines;
    const int file = r.lock.file();
    int failed = r.lock.error();
    if (failed == 0 && r.cut && ::ftruncate(file, static_cast<off_t>(r.end)) != 0) failed = errno;
    if (failed == 0) {
      r.cut = false;
      if (!write_all(file, text)) {  // what a full disk cuts off is taken back
        failed = errno;
        r.cut = ::ftruncate(file, static_cast<off_t>(r.end)) != 0;
      }
    }
    if (failed != 0) {
      error = failed;
      closed_.push_back(r.path);
      continue;
    }
    if (r.end == 0) sync_folder_of(r.path);
    r.end += text.size();
    r.open_line = false;
    r.names_log = true;
    r.names.insert(name_);
  }
  if (closed_.size() == registers_.size())
    environment_error(fmt::format("{}", fmt::join(closed_, " or ")),
                      fmt::format("looks: found \"{}\" while writing, expected a folder that can be written: a "
                                  "look that cannot be counted is not made",
                                  std::strerror(error)));
}

void LookRegister::open_log() {
  append([](const Register& r) -> std::optional<std::string> {
    if (!r.names.empty()) return std::nullopt;
    return "";  // the description alone
  });
  names_.insert(name_);
  known_ = true;
}

void LookRegister::add(const Look& look) {
  // Under every description by which this log is known: who knows it by one of them counts this look too.
  std::set<std::string> names = names_;
  names.insert(name_);
  append([&](const Register& r) {
    std::optional<std::string> lines;
    for (const std::string& name : names) {
      if (r.looks.contains(name + ":" + look.key)) continue;
      lines =
          lines.value_or("") + json({{"look", look.key}, {"log", name}, {"alpha", look.alpha}}).dump() + "\n";
    }
    return lines;
  });
  for (Register& r : registers_)
    for (const std::string& name : names) r.looks.insert(name + ":" + look.key);
  const auto same = [&](const Look& other) { return other.key == look.key; };
  if (std::none_of(looks_.begin(), looks_.end(), same)) looks_.push_back(look);
  known_ = true;
}

void LookRegister::settle(const std::string& key, const std::string& verdict) {
  append([&](const Register& r) -> std::optional<std::string> {
    const auto known = r.settled.find(key);
    if (known != r.settled.end() && known->second == verdict) return std::nullopt;
    return json({{"settled", key}, {"log", name_}, {"verdict", verdict}}).dump() + "\n";
  });
  for (Register& r : registers_) r.settled[key] = verdict;
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
