// Learning and matching shapes. Invariant: what match() takes, the parser takes, with the same values; in doubt
// it takes nothing.
#include "data/json_shape.h"

#include <bit>
#include <charconv>
#include <cstring>

#include "data/text_source.h"

namespace plumb {

namespace {

constexpr std::size_t kLongestLine = std::size_t{1} << 20;
constexpr int kLearntLines = 32, kMostMisfits = 8;
constexpr std::size_t kSlack = 8;  // behind bytes that lines are compared with
constexpr std::uint64_t kOnes = 0x0101010101010101u, kHighs = 0x8080808080808080u;

// Eight bytes, the first one lowest.
std::uint64_t eight(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// REQUIRES: seven readable bytes behind both.
bool same_bytes(const char* a, const char* b, std::size_t size) {
  constexpr std::size_t kLong = 64;
  if (size >= kLong) return std::memcmp(a, b, size) == 0;
  if (size < 8) return size == 0 || (eight(a) ^ eight(b)) << (64 - 8 * size) == 0;
  for (std::size_t at = 0; at + 8 < size; at += 8)
    if (eight(a + at) != eight(b + at)) return false;
  return eight(a + size - 8) == eight(b + size - 8);
}

// The highest bit of every byte that is zero; above the lowest one of these it may err.
std::uint64_t zeros(std::uint64_t word) { return (word - kOnes) & ~word & kHighs; }

// The end of a text without escapes, from behind its opening quote; null where there is none. `seen` collects
// bits of its bytes, and possibly of some behind it.
const char* end_of_text(const char* at, const char* end, std::uint64_t& seen) {
  for (; at < end; at += 8) {
    const std::uint64_t word = eight(at);
    const std::uint64_t control = (word - kOnes * 0x20) & ~word & kHighs;
    const std::uint64_t stops = zeros(word ^ kOnes * '"') | zeros(word ^ kOnes * '\\') | control;
    seen |= word;
    if (stops == 0) continue;
    at += std::countr_zero(stops) / 8;
    return at < end && *at == '"' ? at : nullptr;
  }
  return nullptr;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr double kPowers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
constexpr std::uint64_t kWholePowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

// The number of digits at the start of eight bytes (7 where there are more), and their value. Without a branch:
// how long numbers are cannot be foretold.
struct Digits {
  explicit Digits(std::uint64_t word) {
    const std::uint64_t apart = word ^ kOnes * '0';  // 0 to 9 where it is a digit, alone
    const std::uint64_t others = (((apart & ~kHighs) + kOnes * 0x76) | apart) & kHighs;
    count = std::countr_zero(others | std::uint64_t{0x80} << 56) / 8;
    // Behind zeros; then pairs, fours and all eight of them are added up.
    std::uint64_t sum = count == 0 ? 0 : apart << (64 - 8 * count);
    sum = sum * 10 + (sum >> 8);
    constexpr std::uint64_t kPair = 0x000000ff000000ffu;
    value = ((sum & kPair) * (100 + (std::uint64_t{1000000} << 32)) +
             ((sum >> 16) & kPair) * (1 + (std::uint64_t{10000} << 32))) >>
            32;
  }
  int count = 0;
  std::uint64_t value = 0;
};

// Any number by JSON's grammar into the cell; its end, or null where there is none that is taken here.
const char* read_long_number(const char* at, const char* end, Cell& cell) {
  const char* const start = at;
  const bool negative = at < end && *at == '-';
  at += negative;
  const char* const digits = at;
  std::uint64_t value = 0;
  for (; at < end && is_digit(*at); ++at) value = 10 * value + static_cast<std::uint64_t>(*at - '0');
  const auto before = at - digits;
  if (before == 0 || (before > 1 && *digits == '0')) return nullptr;
  std::ptrdiff_t after = 0;
  if (at < end && *at == '.') {
    const char* const point = at++;
    while (at < end && is_digit(*at)) ++at;
    after = at - point - 1;
    if (after == 0) return nullptr;
  }
  const bool exponent = at < end && (*at == 'e' || *at == 'E');
  cell.integer = after == 0 && !exponent;
  if (cell.integer) {
    // Whole numbers of 19 digits and more are the parser's.
    if (before > 18) return nullptr;
    cell.whole = negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
    cell.number = static_cast<double>(cell.whole);
    return at;
  }
  cell.whole = 0;
  if (exponent) {
    ++at;
    if (at < end && (*at == '+' || *at == '-')) ++at;
    const char* const first = at;
    while (at < end && is_digit(*at)) ++at;
    if (at == first) return nullptr;
  }
  const auto [stop, error] = std::from_chars(start, at, cell.number);
  return error == std::errc() && stop == at ? at : nullptr;
}

// Numbers of up to six digits before the point and six behind it are read by words.
const char* read_number(const char* at, const char* end, Cell& cell) {
  const char* const start = at;
  const bool negative = *at == '-';
  at += negative;
  const Digits whole(eight(at));
  if (whole.count == 0 || (whole.count > 1 && *at == '0') || whole.count == 7)
    return read_long_number(start, end, cell);
  at += whole.count;
  double number = static_cast<double>(whole.value);
  cell.integer = *at != '.';
  cell.whole = 0;
  if (cell.integer) {
    cell.whole = negative ? -static_cast<std::int64_t>(whole.value) : static_cast<std::int64_t>(whole.value);
  } else {
    const Digits fraction(eight(++at));
    if (fraction.count == 0 || fraction.count == 7) return read_long_number(start, end, cell);
    at += fraction.count;
    // Both are exact, so one division rounds right.
    number = static_cast<double>(whole.value * kWholePowers[fraction.count] + fraction.value) /
             kPowers[fraction.count];
  }
  if (*at == 'e' || *at == 'E' || at > end) return read_long_number(start, end, cell);
  cell.number = negative && (number != 0 || !cell.integer) ? -number : number;
  return at;
}

const char* read_bool(const char* at, const char* end, Cell& cell) {
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  const bool yes = rest.starts_with("true");
  if (!yes && !rest.starts_with("false")) return nullptr;
  cell.number = yes ? 1 : 0;
  return at + (yes ? 4 : 5);
}

// The end of any text of a valid line, from behind its opening quote.
std::size_t skip_text(std::string_view line, std::size_t at) {
  while (at < line.size() && line[at] != '"') at += line[at] == '\\' ? 2 : 1;
  return at;
}

}  // namespace

std::optional<JsonShape> JsonShape::of(std::string_view line, std::span<const JsonNode> nodes) {
  using Type = JsonNode::Type;
  if (line.size() > kLongestLine) return std::nullopt;
  JsonShape out;
  out.nodes_.assign(nodes.begin(), nodes.end());
  Steps& all = out.all_;
  std::size_t at = 0, from = 0;  // of the line; where the step in hand began
  std::uint32_t node = 0;
  const auto end_step = [&] {
    all.text.insert(all.text.end(), line.begin() + static_cast<std::ptrdiff_t>(from),
                    line.begin() + static_cast<std::ptrdiff_t>(at));
    all.steps.push_back({static_cast<std::uint32_t>(at - from), node++});
  };
  while (at < line.size()) {
    const char c = line[at];
    const auto is = [&](Type type) { return node < nodes.size() && nodes[node].type == type; };
    if (c == '{' || c == '[') {
      if (!is(c == '{' ? Type::kObject : Type::kArray)) return std::nullopt;
      ++node;
      ++at;
    } else if (c == '"') {
      const std::size_t end = skip_text(line, ++at);
      const std::size_t next = line.find_first_not_of(" \t\r", end + 1);
      if (next != std::string_view::npos && line[next] == ':') {
        at = end + 1;
      } else {
        if (!is(Type::kText)) return std::nullopt;
        end_step();
        from = at = end;
        ++at;
      }
    } else if (c == 't' || c == 'f') {
      if (!is(Type::kBool)) return std::nullopt;
      end_step();
      from = at += c == 't' ? 4 : 5;
    } else if (c == 'n') {
      if (!is(Type::kNull)) return std::nullopt;
      ++node;
      at += 4;
    } else if (c == '-' || is_digit(c)) {
      if (!is(Type::kNumber)) return std::nullopt;
      end_step();
      at = std::min(line.find_first_of(",]} \t\r", at), line.size());
      from = at;
    } else {
      if (std::string_view("}],: \t\r").find(c) == std::string_view::npos) return std::nullopt;
      ++at;
    }
  }
  if (node != nodes.size() || from > line.size()) return std::nullopt;
  all.tail = static_cast<std::uint32_t>(line.size() - from);
  all.text.insert(all.text.end(), line.begin() + static_cast<std::ptrdiff_t>(from), line.end());
  all.text.resize(all.text.size() + kSlack);
  for (const JsonNode& each : nodes) out.keys_.insert(out.keys_.end(), each.key.begin(), each.key.end());
  const char* key = out.keys_.data();
  for (JsonNode& each : out.nodes_) {
    each.key = {key, each.key.size()};
    each.name = JsonNode::kNoName;
    key += each.key.size();
  }
  out.values_.resize(all.steps.size());
  out.noted_.resize(all.steps.size());
  return out;
}

bool JsonShape::run(const Steps& steps, std::string_view line, bool note) {
  const char* at = line.data();
  const char* const end = at + line.size();
  const char* text = steps.text.data();
  std::uint64_t seen = 0;
  for (std::size_t s = 0; s < steps.steps.size(); ++s) {
    const Step step = steps.steps[s];
    if (static_cast<std::size_t>(end - at) < step.length || !same_bytes(at, text, step.length)) return false;
    at += step.length;
    text += step.length;
    JsonNode& node = nodes_[step.node];
    const char* const start = at;
    switch (node.type) {
      case JsonNode::Type::kText:
        at = end_of_text(at, end, seen);
        if (at != nullptr) node.cell.text = {start, static_cast<std::size_t>(at - start)};
        break;
      case JsonNode::Type::kNumber:
        at = read_number(at, end, node.cell);
        break;
      default:
        at = read_bool(at, end, node.cell);
    }
    if (at == nullptr) return false;
    if (note) noted_[s] = {start, static_cast<std::size_t>(at - start)};
  }
  if (static_cast<std::size_t>(end - at) != steps.tail || !same_bytes(at, text, steps.tail)) return false;
  return (seen & kHighs) == 0 || is_utf8(line);
}

JsonNode* JsonShape::match(std::string_view line) {
  if (!has_few_) {
    const bool learning = learnt_lines_ < kLearntLines;
    if (!run(all_, line, learning)) return nullptr;
    if (learning) learn_constants();
    return nodes_.data();
  }
  if (run(few_, line, /*note=*/false)) {
    if (nodes_differ_)
      for (const auto& [node, cell] : constants_) nodes_[node].cell = cell;
    nodes_differ_ = false;
    return nodes_.data();
  }
  nodes_differ_ = true;
  if (!run(all_, line, /*note=*/true)) return nullptr;
  count_misfit();
  return nodes_.data();
}

// The values of a line of the first few.
void JsonShape::learn_constants() {
  for (std::size_t v = 0; v < values_.size(); ++v) {
    if (learnt_lines_ == 0) values_[v].bytes = noted_[v];
    values_[v].varies = values_[v].varies || values_[v].bytes != noted_[v];
  }
  if (++learnt_lines_ == kLearntLines) leave_out_constants();
}

// A line of this shape in which a constant is another: what so many lines speak against is none.
void JsonShape::count_misfit() {
  for (std::size_t v = 0; v < values_.size(); ++v)
    values_[v].suspect = values_[v].suspect || values_[v].bytes != noted_[v];
  if (++misfits_ < kMostMisfits) return;
  misfits_ = 0;
  for (Value& value : values_) value.varies = value.varies || value.suspect;
  leave_out_constants();
}

// Makes few_. REQUIRES: the nodes hold the values of a line that all_ has read and that has every constant.
void JsonShape::leave_out_constants() {
  few_ = {};
  constants_.clear();
  std::vector<std::size_t> place;  // of the constants, in few_.text
  const char* text = all_.text.data();
  std::uint32_t length = 0;
  for (std::size_t v = 0; v < values_.size(); ++v) {
    const Step step = all_.steps[v];
    few_.text.insert(few_.text.end(), text, text + step.length);
    text += step.length;
    length += step.length;
    const Value& value = values_[v];
    if (value.varies) {
      few_.steps.push_back({length, step.node});
      length = 0;
      continue;
    }
    place.push_back(few_.text.size());
    few_.text.insert(few_.text.end(), value.bytes.begin(), value.bytes.end());
    length += static_cast<std::uint32_t>(value.bytes.size());
    constants_.emplace_back(step.node, nodes_[step.node].cell);
  }
  few_.tail = length + all_.tail;
  few_.text.insert(few_.text.end(), text, text + all_.tail);
  few_.text.resize(few_.text.size() + kSlack);
  for (std::size_t c = 0; c < constants_.size(); ++c) {
    Cell& cell = constants_[c].second;
    if (cell.kind == Cell::Kind::kText) cell.text = {few_.text.data() + place[c], cell.text.size()};
  }
  has_few_ = !constants_.empty();
  nodes_differ_ = true;
}

}  // namespace plumb
