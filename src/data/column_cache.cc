// The cache's layout: a head of kHead bytes (magic, key, digest of the rest), then every field of the log in
// the order of `visit`, each a count and its bytes, little-endian as the machines that plumb is built for are.
// Reading never trusts a count: it must fit into what is left.
#include "data/column_cache.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <type_traits>

#include "data/mapped_file.h"

namespace plumb {

namespace {

static_assert(std::endian::native == std::endian::little);

// Changes whenever the layout does.
constexpr std::string_view kMagic = "plumb columns 3\n";
constexpr std::size_t kHead = 32, kDigestBlock = std::size_t{1} << 20;

std::uint64_t digest(std::string_view bytes, int threads) {
  const std::size_t blocks = (bytes.size() + kDigestBlock - 1) / kDigestBlock;
  std::vector<std::uint64_t> of_block(blocks);
  parallel_blocks(blocks, threads, [&](std::size_t b) {
    of_block[b] = hash_bytes(bytes.substr(b * kDigestBlock, kDigestBlock));
  });
  std::uint64_t out = hash_combine(bytes.size(), 0);
  for (const std::uint64_t part : of_block) out = hash_combine(out, part);
  return out;
}

// Damaged where a field does not fit.
struct Damaged {};

class Writer {
 public:
  static constexpr bool kReads = false;
  std::string bytes;
  void raw(const void* data, std::size_t size) { bytes.append(static_cast<const char*>(data), size); }
  template <class T>
  void field(T& value) {
    raw(&value, sizeof(T));
  }
  template <class T>
  void list(std::vector<T>& values) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::uint64_t size = values.size();
    field(size);
    raw(values.data(), size * sizeof(T));
  }
  void text(std::string& value) {
    std::uint64_t size = value.size();
    field(size);
    raw(value.data(), size);
  }
};

class Reader {
 public:
  static constexpr bool kReads = true;
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }
  template <class T>
  void field(T& value) {
    std::memcpy(&value, take(sizeof(T)), sizeof(T));
  }
  template <class T>
  void list(std::vector<T>& values) {
    const std::size_t size = count(sizeof(T));
    values.resize(size);
    if (size > 0) std::memcpy(values.data(), take(size * sizeof(T)), size * sizeof(T));
  }
  void text(std::string& value) {
    const std::size_t size = count(1);
    value.assign(take(size), size);
  }
  std::size_t count(std::size_t element) {
    std::uint64_t size = 0;
    field(size);
    if (size > rest_.size() / element) throw Damaged{};
    return static_cast<std::size_t>(size);
  }

 private:
  const char* take(std::size_t size) {
    if (size > rest_.size()) throw Damaged{};
    const char* at = rest_.data();
    rest_.remove_prefix(size);
    return at;
  }
  std::string_view rest_;
};

// Names in one stretch: their ends, then their letters.
template <class Archive>
void visit(Archive& archive, std::vector<std::string>& names) {
  std::vector<std::uint64_t> end;
  std::string letters;
  if constexpr (!Archive::kReads) {
    for (const std::string& name : names) {
      letters += name;
      end.push_back(letters.size());
    }
  }
  archive.list(end);
  archive.text(letters);
  if constexpr (Archive::kReads) {
    names.clear();
    names.reserve(end.size());
    std::uint64_t begin = 0;
    for (const std::uint64_t stop : end) {
      if (stop < begin || stop > letters.size()) throw Damaged{};
      names.emplace_back(letters, begin, stop - begin);
      begin = stop;
    }
  }
}

// A list of structures: as many as the archive says.
template <class Archive, class T, class Each>
void visit_all(Archive& archive, std::vector<T>& values, const Each& each) {
  std::uint64_t size = values.size();
  if constexpr (Archive::kReads) {
    size = archive.count(1);
    values.clear();
    for (std::uint64_t i = 0; i < size; ++i) each(values.emplace_back());
  } else {
    archive.field(size);
    for (T& value : values) each(value);
  }
}

template <class Archive>
void visit(Archive& archive, std::vector<FeatureColumn>& columns) {
  visit_all(archive, columns, [&](FeatureColumn& column) {
    archive.text(column.name);
    archive.field(column.is_category);
    archive.list(column.number);
    archive.list(column.code);
    visit(archive, column.levels);
  });
}

template <class Archive>
void visit(Archive& archive, DecisionLog& log, LoadReport& report) {
  archive.text(log.source);
  visit(archive, log.id);
  archive.list(log.unit);
  archive.field(log.unit_named);
  archive.list(log.time_us);
  visit(archive, log.actions);
  archive.list(log.offset);
  archive.list(log.action);
  archive.list(log.chosen);
  archive.list(log.propensity);
  archive.list(log.logged);
  archive.list(log.weight);
  archive.field(log.propensity_declared);
  archive.field(log.fixed_actions);
  visit(archive, log.context);
  visit(archive, log.action_features);
  visit(archive, log.segments);
  visit(archive, log.unnamed);
  visit(archive, log.policy_version);
  archive.list(log.version);
  visit_all(archive, log.outcomes, [&](OutcomeColumn& column) {
    archive.text(column.name);
    archive.field(column.kind);
    archive.list(column.value);
    archive.list(column.state);
    archive.list(column.asked);
    archive.field(column.asked_known);
    archive.field(column.observed_count);
    archive.field(column.missing_count);
    archive.field(column.immature_count);
    archive.field(column.nonzero_count);
    archive.field(column.zero_filled_count);
  });
  archive.list(log.row_digest);
  archive.list(log.row_fingerprint);
  archive.list(log.fold);
  archive.field(report.bytes);
  archive.field(report.rows_read);
  archive.field(report.decisions);
  archive.field(report.rejected);
  visit(archive, report.rejections);
  visit(archive, report.notes);
}

// What every log satisfies that was read: a cache that does not would be read out of bounds.
bool is_sound(const DecisionLog& log) {
  const std::size_t n = log.chosen.size(), rows = log.action.size();
  const auto below = [](const std::vector<std::uint32_t>& codes, std::size_t end) {
    return std::all_of(codes.begin(), codes.end(), [&](std::uint32_t code) { return code < end; });
  };
  const auto fits = [](const auto& list, std::size_t size) { return list.empty() || list.size() == size; };
  const auto columns = [&](const std::vector<FeatureColumn>& all, std::size_t size) {
    return std::all_of(all.begin(), all.end(), [&](const FeatureColumn& c) {
      return c.size() == size &&
             (c.is_category ? c.number.empty() && below(c.code, c.levels.size()) : c.code.empty());
    });
  };
  bool sound = n > 0 && log.offset.size() == n + 1 && log.offset.front() == 0 && log.offset.back() == rows &&
               log.unit.size() == n && log.propensity.size() == n && log.row_digest.size() == n &&
               log.fold.size() == n && fits(log.id, n) && fits(log.time_us, n) && fits(log.logged, rows) &&
               fits(log.weight, n) && fits(log.version, n) && fits(log.row_fingerprint, n) &&
               below(log.action, log.actions.size()) && below(log.version, log.policy_version.size()) &&
               columns(log.context, n) && columns(log.action_features, rows) && columns(log.segments, n) &&
               columns(log.unnamed, n);
  for (std::size_t i = 0; sound && i < n; ++i)
    sound = log.offset[i] <= log.offset[i + 1] && log.offset[i + 1] <= rows &&
            log.chosen[i] < log.offset[i + 1] - log.offset[i];
  for (const OutcomeColumn& c : log.outcomes)
    sound = sound && c.value.size() == n && c.state.size() == n && fits(c.asked, n);
  return sound;
}

// What the goal says of reading: everything else may change and the columns stay.
std::uint64_t reading_hash(const Goal& goal) {
  const DataSpec& d = goal.data;
  std::string text = std::string(version()) + " with implied probabilities";
  const auto add = [&](std::string_view part) { text += fmt::format("{}:{};", part.size(), part); };
  for (const auto* part :
       {&d.id, &d.time, &d.version, &d.unit, &d.action, &d.propensity_column, &d.propensities, &d.as_of})
    add(*part);
  add(fmt::format("{} {}", d.propensity_number.value_or(-1), d.reject_up_to));
  for (const auto& [arm, p] : d.propensity_by_arm) add(fmt::format("{}={}", arm, p));
  for (const std::string& name : d.context) add("c" + name);
  for (const std::string& name : goal.all_segments()) add("s" + name);
  for (const std::string& name : d.after_action) add("a" + name);
  add(d.estimand == Estimand::kDeployed ? "deployed" : "one");
  for (const OutcomeSpec& o : goal.outcomes)
    add(fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}", o.name, name_of(o.kind), o.observed_after_us.value_or(-1),
                    o.absent_is_zero, o.asked_column.value_or(""), o.asked_rate.value_or(-1),
                    o.range_lower.value_or(-INFINITY), o.range_upper.value_or(INFINITY), o.column));
  return hash_bytes(text);
}

}  // namespace

std::string cache_path(const std::string& log) { return log + ".plumb-columns"; }

std::uint64_t cache_key(const std::string& log, const Goal& goal, int threads) {
  std::uint64_t key = hash_combine(reading_hash(goal), hash_bytes(log));  // messages name the log
  key = hash_combine(key, digest(MappedFile(log).bytes(), threads));
  for (const std::string& file : goal.data.outcome_files)
    key = hash_combine(key, digest(MappedFile(find_beside(goal, log, file, "data.outcomes")).bytes(), threads));
  return key;
}

std::string column_cache_bytes(const DecisionLog& log, const LoadReport& report, std::uint64_t key,
                               int threads) {
  Writer writer;
  writer.bytes.assign(kHead, '\0');
  // The same order of fields serves reading and writing; writing changes nothing.
  visit(writer, const_cast<DecisionLog&>(log), const_cast<LoadReport&>(report));
  const std::uint64_t of_rest = digest(std::string_view(writer.bytes).substr(kHead), threads);
  std::memcpy(writer.bytes.data(), kMagic.data(), kMagic.size());
  std::memcpy(writer.bytes.data() + 16, &key, 8);
  std::memcpy(writer.bytes.data() + 24, &of_rest, 8);
  return std::move(writer.bytes);
}

void repair_digest(std::string& bytes) {
  if (bytes.size() < kHead) return;
  const std::uint64_t of_rest = digest(std::string_view(bytes).substr(kHead), 1);
  std::memcpy(bytes.data() + 24, &of_rest, 8);
}

CacheRead parse_column_cache(std::string_view bytes, std::uint64_t key, int threads) {
  CacheRead out;
  std::uint64_t written_for = 0, of_rest = 0;
  if (bytes.size() < kHead || !bytes.starts_with(kMagic)) {
    out.why_not = "it is no cache of this version";
    return out;
  }
  std::memcpy(&written_for, bytes.data() + 16, 8);
  std::memcpy(&of_rest, bytes.data() + 24, 8);
  if (written_for != key) {
    out.why_not =
        "the log, its path, its outcome files or what the goal says of them are others than it was written for";
    return out;
  }
  if (of_rest != digest(bytes.substr(kHead), threads)) {
    out.why_not = "it is damaged";
    return out;
  }
  try {
    Reader reader(bytes.substr(kHead));
    DecisionLog log;
    visit(reader, log, out.report);
    if (!reader.done() || !is_sound(log)) throw Damaged{};
    out.log = std::move(log);
  } catch (const Damaged&) {
    out.why_not = "it is damaged";
    out.report = {};
  }
  return out;
}

CacheRead read_column_cache(const std::string& path, std::uint64_t key, int threads) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {};
  try {
    return parse_column_cache(MappedFile(path).bytes(), key, threads);
  } catch (const Error&) {
    CacheRead out;
    out.why_not = "it cannot be read";
    return out;
  }
}

void write_column_cache(const std::string& path, const DecisionLog& log, const LoadReport& report,
                        std::uint64_t key, int threads) {
  const std::string bytes = column_cache_bytes(log, report, key, threads);
  const std::string aside = fmt::format("{}.{}", path, ::getpid());
  std::FILE* file = std::fopen(aside.c_str(), "wbx");
  bool written = file != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (file != nullptr) written = std::fclose(file) == 0 && written;
  std::error_code failed;
  if (written) std::filesystem::rename(aside, path, failed);
  if (written && !failed) return;
  if (file != nullptr) std::remove(aside.c_str());
  environment_error(path, "file: found a disk or folder that refuses it, expected to write the column cache");
}

}  // namespace plumb
