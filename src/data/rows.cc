// Cells, bad rows and names.
#include "data/rows.h"

#include <fmt/core.h>

#include <charconv>
#include <cstring>
#include <utility>

#include "data/csv_dialect.h"
#include "data/text_source.h"

namespace plumb {

Cell csv_cell(std::string_view text, char decimal) {
  Cell cell;
  cell.text = text;
  if (text.empty()) return cell;
  cell.kind = Cell::Kind::kText;
  cell.decimal = decimal;
  double value = 0;
  const bool is_number = decimal == '.' ? read_number(text, &value) : read_comma_number(text, &value);
  if (is_number && std::isfinite(value)) cell.number = value;
  return cell;
}

std::optional<double> number_in(const Cell& cell) {
  if (cell.kind == Cell::Kind::kNumber || !std::isnan(cell.number)) return cell.number;
  double value = 0;
  if (cell.kind != Cell::Kind::kText || cell.text.data() == nullptr) return std::nullopt;
  const bool is_number =
      cell.decimal == '.' ? read_number(cell.text, &value) : read_comma_number(cell.text, &value);
  return is_number ? std::optional(value) : std::nullopt;
}

std::string print_number(double value) {
  // 2^53: integers up to here are exact, and are written without a point or an exponent.
  if (value == std::trunc(value) && std::abs(value) < 9007199254740992.0)
    return fmt::format("{}", static_cast<std::int64_t>(value));
  return fmt::format("{}", value);
}

std::string print(const Cell& cell) {
  if (cell.text.data() != nullptr) return std::string(cell.text);
  if (cell.kind != Cell::Kind::kNumber) return "";
  if (cell.integer) return fmt::format("{}", cell.whole);
  return print_number(cell.number);
}

std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 60;
  const bool utf8 = is_utf8(text);
  std::string out = "\"";
  std::size_t used = 0;
  for (; used < text.size(); ++used) {
    const auto byte = static_cast<unsigned char>(text[used]);
    // A cut must not split a character: continuation bytes are 10xxxxxx.
    if (used >= kMost && (!utf8 || (byte & 0xc0) != 0x80)) break;
    if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8)) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += text[used];
    }
  }
  return out + (used < text.size() ? "...\"" : "\"");
}

std::string shown(const Cell& cell) {
  if (cell.kind == Cell::Kind::kAbsent) return "nothing";
  if (cell.kind == Cell::Kind::kOther) return "null or a nested value";
  if (cell.kind == Cell::Kind::kNumber) return print(cell);
  double value = 0;
  return read_number(cell.text, &value) ? std::string(cell.text) : shown(cell.text);
}

std::string expected_name(std::string_view word, std::span<const std::string> candidates) {
  const std::string nearest = nearest_name(word, candidates);
  if (!nearest.empty()) return fmt::format("{} (the nearest name)", shown(nearest));
  std::string out = "one of";
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    if (c == 12) return out + ", ...";
    out += (c ? ", " : " ") + shown(candidates[c]);
  }
  return candidates.empty() ? "a name that is there" : out;
}

bool read_number(std::string_view text, double* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (end != text.data() + text.size() || text.empty()) return false;
  if (error == std::errc::result_out_of_range) {
    // Out of range both ways: too small is as good as zero, too large is infinite.
    const std::size_t exponent = text.find_first_of("eE");
    const bool small = exponent != std::string_view::npos
                           ? text.substr(exponent + 1).starts_with('-')
                           : text.substr(text[0] == '-' ? 1 : 0).starts_with("0.");
    *value = small ? 0.0 : std::numeric_limits<double>::infinity();
    return true;
  }
  return error == std::errc();
}

std::string BadRows::where(std::uint64_t line) const {
  return std::string_view(place_) == "line" ? fmt::format("{}:{}", file_, line)
                                            : fmt::format("{}:{} {}", file_, place_, line);
}

void BadRows::add(std::uint64_t line, const BadRow& bad) {
  if (++count_ > 5) return;
  first_.push_back(
      fmt::format("{}: {}: found {}, expected {}", where(line), bad.what, bad.found, bad.expected));
}

void BadRows::append(const BadRows& later) {
  count_ += later.count_;
  for (const std::string& line : later.first_)
    if (first_.size() < 5) first_.push_back(line);
}

void BadRows::refuse_beyond(double allowed, std::uint64_t rows) const {
  if (static_cast<double>(count_) <= allowed * static_cast<double>(rows)) return;
  std::string message;
  for (const std::string& line : first_) message += line + "\n";
  message +=
      fmt::format("{}: found {} bad of {} {}, expected {}", file_, count_, rows, rows == 1 ? "row" : "rows",
                  allowed > 0 ? fmt::format("at most a share of {} (reject_up_to)", allowed) : "none");
  throw Error(Code::kInput, message);
}

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

std::size_t Interner::slot_of(std::string_view text, std::uint64_t hash) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = hash & mask;
  while (table_[slot] != 0) {
    const std::uint32_t code = table_[slot] - 1;
    if (hashes_[code] == hash && names_[code] == text) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

Interner::Place Interner::place_of(std::string_view text) {
  if (2 * (names_.size() + 1) > table_.size()) grow();
  Place place;
  place.hash = hash_bytes(text);
  place.slot = slot_of(text, place.hash);
  if (table_[place.slot] != 0) place.code = table_[place.slot] - 1;
  return place;
}

std::uint32_t Interner::add(const Place& place, std::string_view text) {
  names_.emplace_back(text);
  hashes_.push_back(place.hash);
  return (table_[place.slot] = static_cast<std::uint32_t>(names_.size())) - 1;
}

std::uint32_t Interner::intern(std::string_view text) {
  const Place place = place_of(text);
  return place.code != kNone ? place.code : add(place, text);
}

namespace {

constexpr std::size_t kRecent = 64, kShort = 16;

template <class Word>
std::uint64_t word_at(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// All bytes of a short text: with its size they tell it from any other.
std::pair<std::uint64_t, std::uint64_t> bytes_of(std::string_view text) {
  const char* const at = text.data();
  const std::size_t n = text.size();
  if (n >= 8) return {word_at<std::uint64_t>(at), word_at<std::uint64_t>(at + n - 8)};
  if (n >= 4) return {word_at<std::uint32_t>(at), word_at<std::uint32_t>(at + n - 4)};
  if (n == 0) return {0, 0};
  return {word_at<std::uint8_t>(at) | word_at<std::uint8_t>(at + n / 2) << 8,
          word_at<std::uint8_t>(at + n - 1)};
}

}  // namespace

std::uint32_t Interner::intern_repeated(std::string_view text) {
  if (text.size() > kShort) return intern(text);
  if (recent_.empty()) recent_.resize(kRecent);
  const auto [first, last] = bytes_of(text);
  // Any odd number with its bits well mixed (the golden ratio's): only speed depends on it.
  const std::uint64_t mixed = (first + (last << 7 | last >> 57) + text.size()) * 0x9e3779b97f4a7c15u;
  Recent& recent = recent_[mixed >> 58];
  if (recent.first != first || recent.last != last || recent.size != text.size())
    recent = {first, last, text.size(), intern(text)};
  return recent.code;
}

std::uint32_t Interner::find(const Interner& other, std::uint32_t code) const {
  if (table_.empty()) return kNone;
  const std::size_t slot = slot_of(other.names_[code], other.hashes_[code]);
  return table_[slot] == 0 ? kNone : table_[slot] - 1;
}

std::uint32_t Interner::take(Interner& other, std::uint32_t code) {
  if (2 * (names_.size() + 1) > table_.size()) grow();
  const std::size_t slot = slot_of(other.names_[code], other.hashes_[code]);
  if (table_[slot] == 0) {
    names_.push_back(std::move(other.names_[code]));
    hashes_.push_back(other.hashes_[code]);
    table_[slot] = static_cast<std::uint32_t>(names_.size());
  }
  return table_[slot] - 1;
}

std::uint32_t Interner::find(std::string_view text) const {
  if (table_.empty()) return kNone;
  const std::size_t slot = slot_of(text, hash_bytes(text));
  return table_[slot] == 0 ? kNone : table_[slot] - 1;
}

void Interner::reserve(std::size_t texts) {
  names_.reserve(texts);
  hashes_.reserve(texts);
  while (table_.size() < 2 * (texts + 1)) grow();
}

void Interner::grow() {
  table_.assign(table_.empty() ? 64 : 2 * table_.size(), 0);
  for (std::uint32_t code = 0; code < names_.size(); ++code)
    table_[slot_of(names_[code], hashes_[code])] = code + 1;
}

}  // namespace plumb
