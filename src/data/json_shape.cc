// Learning and matching shapes. Invariant: what match() takes, the parser takes, with the same values; in doubt
// it takes nothing.
#include "data/json_shape.h"

#include <algorithm>

#include "data/json_words.h"
#include "data/text_source.h"

namespace plumb {

namespace {

constexpr std::size_t kLongestLine = std::size_t{1} << 20;
constexpr int kLearntLines = 32, kMostMisfits = 8;
constexpr std::size_t kSlack = 8;  // behind bytes that lines are compared with

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
    } else if (c == '-' || words::is_digit(c)) {
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

bool JsonShape::same(const JsonShape& other) const {
  return all_ == other.all_ &&
         std::equal(nodes_.begin(), nodes_.end(), other.nodes_.begin(), other.nodes_.end(),
                    [](const JsonNode& a, const JsonNode& b) { return a.type == b.type; });
}

bool JsonShape::run(const Steps& steps, std::string_view line, bool note) {
  const char* at = line.data();
  const char* const end = at + line.size();
  const char* text = steps.text.data();
  std::uint64_t seen = 0;
  for (std::size_t s = 0; s < steps.steps.size(); ++s) {
    const Step step = steps.steps[s];
    if (static_cast<std::size_t>(end - at) < step.length || !words::same_bytes(at, text, step.length))
      return false;
    at += step.length;
    text += step.length;
    JsonNode& node = nodes_[step.node];
    const char* const start = at;
    switch (node.type) {
      case JsonNode::Type::kText:
        at = words::end_of_text(at, end, seen);
        if (at != nullptr) node.cell.text = {start, static_cast<std::size_t>(at - start)};
        break;
      case JsonNode::Type::kNumber:
        at = words::read_number(at, end, node.cell);
        break;
      default:
        at = words::read_bool(at, end, node.cell);
    }
    if (at == nullptr) return false;
    if (note) noted_[s] = {start, static_cast<std::size_t>(at - start)};
  }
  if (static_cast<std::size_t>(end - at) != steps.tail || !words::same_bytes(at, text, steps.tail))
    return false;
  return (seen & words::kHighs) == 0 || is_utf8(line);
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
