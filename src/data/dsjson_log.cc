// Vowpal Wabbit's dsjson: one decision of a decision service a line, joined with what was observed. Every line
// must be valid JSON and UTF-8 to the last byte (json_row.h).
//
// The ranking `a` puts the chosen action first and `p` follows its order; columns follow the order of
// `c._multi`. What the label says of the chosen action must be what the ranking says.
#include <fmt/core.h>

#include <algorithm>
#include <deque>

#include "data/dsjson_choice.h"
#include "data/dsjson_outcomes.h"
#include "data/json_row.h"
#include "data/readers.h"
#include "data/row_reader.h"
#include "data/sparse_row.h"

namespace plumb {

namespace {

void set_once(JsonNode*& into, std::string_view key, JsonNode& value) {
  if (into != nullptr) throw BadRow{std::string(key), "a second value", "every key once"};
  into = &value;
}

// "[CHECKPOINT INFO LINE]": words of the service about its log.
bool is_mark(std::string_view line) {
  return line.size() > 2 && line[0] == '[' && line[1] >= 'A' && line[1] <= 'Z' && line.back() == ']';
}

class DsjsonReader final : public RowReader {
 public:
  DsjsonReader(const Goal& goal, LogBuilder& builder)
      : goal_(goal),
        builder_(builder),
        sparse_(goal, builder, /*add_repeated=*/false),
        choice_(goal, builder),
        outcomes_(goal) {
    const char* own[SparseRow::kCores] = {"EventId", "", "Timestamp", ""};
    const std::string named[SparseRow::kCores] = {goal.data.id, goal.data.unit, goal.data.time,
                                                  goal.data.version};
    for (int c = 0; c < SparseRow::kCores; ++c) core_name_[c] = named[c].empty() ? own[c] : named[c];
    state_is_version_ = goal.data.version.empty() || goal.data.version == "VWState.m";
  }

  void start(TextBlock block) override { lines_ = LineReader(block); }
  std::optional<TextBlock> rest() const override { return lines_.rest(); }
  bool step() override {
    if (!lines_.next()) return false;
    if (is_mark(lines_.line())) {
      ++marks_count_;
      return true;
    }
    try {
      if (read(lines_.number(), lines_.line())) builder_.count_row();
    } catch (const BadRow& bad) {
      builder_.count_row();
      builder_.bad(lines_.number(), bad);
    }
    return true;
  }
  std::unique_ptr<RowReader> fork(LogBuilder& builder) const override {
    auto out = std::make_unique<DsjsonReader>(goal_, builder);
    out->sparse_.follow(sparse_);
    return out;
  }
  void absorb(const RowReader& fork) override {
    const auto& other = static_cast<const DsjsonReader&>(fork);
    skipped_count_ += other.skipped_count_;
    deferred_count_ += other.deferred_count_;
    dangling_count_ += other.dangling_count_;
    marks_count_ += other.marks_count_;
    text_count_ += other.text_count_;
    sparse_.absorb(other.sparse_);
  }

  std::string left_out() const override {
    std::string out;
    const std::pair<std::uint64_t, const char*> counts[] = {
        {skipped_count_, "that the log says not to learn from (_skipLearn)"},
        {deferred_count_, "with a deferred action that was never taken"},
        {dangling_count_, "with an observation whose decision is not in the log"},
        {marks_count_, "with a mark of the service"}};
    for (const auto& [count, what] : counts)
      if (count > 0)
        out += fmt::format("{}{} {} {}", out.empty() ? "" : ", ", count, count == 1 ? "row" : "rows", what);
    return out;
  }

  void finish(const std::string& source) override {
    const auto left_out = [&](std::uint64_t count, const char* why) {
      if (count > 0)
        builder_.note(fmt::format("{} {} left out: {}.", count, count == 1 ? "row is" : "rows are", why));
    };
    left_out(skipped_count_, "the log says not to learn from them (_skipLearn)");
    left_out(deferred_count_, "a deferred action that was never taken is no decision (DeferredAction)");
    left_out(dangling_count_, "an observation whose decision is not in the log (RewardValue without c)");
    left_out(marks_count_, "a mark of the service, in brackets");
    if (text_count_ > 0)
      builder_.note(fmt::format("{} running texts (_text) are left out: words are no columns.", text_count_));
    sparse_.check_patterns(source);
  }

 private:
  // False for a row that is no decision to learn from: it is counted and left out. Throws BadRow.
  bool read(std::uint64_t line, std::string_view text) {
    RowDraft& row = sparse_.row();
    row.line = line;
    row.raw = text;
    row.fingerprint = builder_.fingerprints() ? hash_bytes(text) : 0;
    sparse_.clear();
    outcomes_.clear();
    choice_.clear();
    context_ = nullptr;
    slots_ = {};
    deferred_ = skipped_ = decided_ = observed_ = false;
    event_ = {};
    JsonNode& object = json_.read(text);
    std::size_t hint = 0;
    for (JsonNode& member : object.children())
      top_level(name_of(member, top_, NameTree::kRoot, hint, member.key), member);
    if (!slots_.empty()) refuse_slots();
    // Rewards are joined to their decisions before the log is written; what comes too late stands by itself.
    if (observed_ && !decided_ && context_ == nullptr) {
      ++dangling_count_;
      return false;
    }
    if (skipped_ || (deferred_ && !outcomes_.action_taken())) {
      ++(skipped_ ? skipped_count_ : deferred_count_);
      return false;
    }
    read_context();
    choice_.read(row);
    sparse_.finish();
    outcomes_.finish(event_, row.outcomes);
    builder_.add(row);
    return true;
  }

  enum class Key : std::uint8_t {
    kUnknown,
    kOther,
    kPart,
    kContext,
    kCost,
    kObserved,
    kDropRate,
    kSkip,
    kDeferred,
    kState,
    kEvent,
    kSlots,
    kContinuous,
    kReward
  };
  struct Role {
    Key key = Key::kUnknown;
    DsjsonChoice::Part part = DsjsonChoice::kParts;
    int core = -1;
    bool outcome = false;
  };

  Role resolve(std::string_view key) const {
    using Part = DsjsonChoice::Part;
    constexpr std::pair<const char*, Part> kPartKeys[] = {
        {"a", DsjsonChoice::kRanking},
        {"p", DsjsonChoice::kProbabilities},
        {"_label_Action", DsjsonChoice::kLabelAction},
        {"_labelIndex", DsjsonChoice::kLabelIndex},
        {"_label_probability", DsjsonChoice::kLabelProbability}};
    constexpr std::pair<const char*, Key> kKeys[] = {{"c", Key::kContext},
                                                     {"_label_cost", Key::kCost},
                                                     {"o", Key::kObserved},
                                                     {"_o", Key::kObserved},
                                                     {"pdrop", Key::kDropRate},
                                                     {"_skipLearn", Key::kSkip},
                                                     {"DeferredAction", Key::kDeferred},
                                                     {"_deferred", Key::kDeferred},
                                                     {"EventId", Key::kEvent},
                                                     {"VWState", Key::kState},
                                                     {"_outcomes", Key::kSlots},
                                                     {"_label_ca", Key::kContinuous},
                                                     {"RewardValue", Key::kReward},
                                                     {"Observations", Key::kReward},
                                                     {"_slots", Key::kSlots}};
    Role role;
    role.key = Key::kOther;
    for (const auto& [name, part] : kPartKeys)
      if (key == name) role = {Key::kPart, part, -1, false};
    for (const auto& [name, kind] : kKeys)
      if (key == name) role.key = kind;
    for (int c = 0; c < SparseRow::kCores; ++c)
      if (key == core_name_[c]) role.core = c;
    role.outcome = key.starts_with('_');
    return role;
  }

  // The number of a key, looked up once as long as lines have the shape that they had.
  static std::uint32_t name_of(JsonNode& node, NameTree& names, std::uint32_t parent, std::size_t& hint,
                               std::string_view key) {
    if (node.name == JsonNode::kNoName) node.name = names.child(parent, hint, key);
    return node.name;
  }

  void top_level(std::uint32_t name, JsonNode& value) {
    const std::string_view key = value.key;
    if (name >= roles_.size()) roles_.resize(top_.size());
    if (roles_[name].key == Key::kUnknown) roles_[name] = resolve(key);
    const Role& role = roles_[name];
    if (role.core >= 0) {
      const auto core = static_cast<SparseRow::Core>(role.core);
      if (!sparse_.core(core).absent()) throw BadRow{std::string(key), "a second value", "every key once"};
      sparse_.set_core(core, core == SparseRow::kTime ? time_cell(value.cell) : value.cell);
    }
    switch (role.key) {
      case Key::kPart:
        decided_ = true;
        choice_.set(role.part, key, value);
        break;
      case Key::kContext:
        set_once(context_, key, value);
        break;
      case Key::kCost:
        decided_ = true;
        outcomes_.set_cost(value.cell);
        break;
      case Key::kObserved:
        observed_ = true;
        outcomes_.add_observations(value);
        break;
      case Key::kReward:
        observed_ = true;
        break;
      case Key::kDropRate:
        sparse_.row().drop_rate = drop_rate(value.cell);
        break;
      case Key::kSkip:
        skipped_ = flag(value);
        break;
      case Key::kDeferred:
        deferred_ = flag(value);
        break;
      case Key::kEvent:
        event_ = value.cell;
        break;
      case Key::kState:
        read_state(value);
        break;
      case Key::kSlots:
        slots_ = key;
        break;
      case Key::kContinuous:
        throw BadRow{std::string(key), "a decision about a continuous action (VW's --cats)",
                     "one action chosen of a list"};
      case Key::kOther:
      case Key::kUnknown:
        break;
    }
    if (role.outcome && role.key != Key::kCost) outcomes_.set_top(key, value.cell);
  }

  static bool flag(const JsonNode& value) {
    if (value.type != JsonNode::Type::kBool)
      throw BadRow{std::string(value.key), shown(value.cell), "true or false"};
    return value.cell.number != 0;
  }
  static double drop_rate(const Cell& cell) {
    if (cell.absent()) return 0;
    if (!(cell.kind == Cell::Kind::kNumber && cell.number >= 0 && cell.number < 1))
      throw BadRow{"pdrop", shown(cell), "a number in [0, 1)"};
    return cell.number;
  }
  void read_state(JsonNode& value) {
    if (!state_is_version_ || !value.is_object()) return;
    for (const JsonNode& member : value.children())
      if (member.key == "m") return sparse_.set_core(SparseRow::kVersion, member.cell);
  }

  // The service writes ticks of 100 nanoseconds; times here are microseconds, so the seventh digit is left off.
  Cell time_cell(Cell cell) {
    const std::size_t point = cell.text.find('.');
    if (point == std::string_view::npos || cell.text.size() <= point + 7) return cell;
    const std::string_view digits = cell.text.substr(point + 1, 7);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!std::all_of(digits.begin(), digits.end(), is_digit)) return cell;
    time_text_.assign(cell.text.substr(0, point + 7));
    time_text_ += cell.text.substr(point + 8);
    cell.text = time_text_;
    return cell;
  }

  void read_context() {
    if (context_ == nullptr || !context_->is_object())
      throw BadRow{"c", context_ ? "no object" : "nothing", "an object: the context and its actions"};
    JsonNode* multi = nullptr;
    std::size_t hint = 0;
    for (JsonNode& member : context_->children()) {
      if (member.key == "_multi") {
        set_once(multi, "c._multi", member);
      } else if (member.key == "_slots") {
        slots_ = "c._slots";
        refuse_slots();
      } else {
        shared(name_of(member, sparse_.shared_names(), NameTree::kRoot, hint, member.key), member);
      }
    }
    if (multi == nullptr || !multi->is_array())
      throw BadRow{"c._multi", multi ? "no list" : "nothing", "a list of objects, one an action"};
    for (JsonNode& action : multi->children()) {
      if (!action.is_object()) throw BadRow{"c._multi", "an action that is no object", "an object an action"};
      sparse_.next_action();
      std::size_t inner = 0;
      for (JsonNode& member : action.children()) {
        if (member.key == "_tag") sparse_.set_tag(member.cell);
        action_feature(name_of(member, sparse_.action_names(), NameTree::kRoot, inner, member.key), member);
      }
      sparse_.name_action();
    }
    if (sparse_.row().offered.empty()) throw BadRow{"c._multi", "an empty list", "at least one offered action"};
  }

  // Slates name the slot of every action, conditional contextual bandits choose from one list for all slots.
  [[noreturn]] void refuse_slots() {
    const auto named = [](JsonNode& object, std::string_view key) -> JsonNode* {
      if (!object.is_object()) return nullptr;
      for (JsonNode& member : object.children())
        if (member.key == key) return &member;
      return nullptr;
    };
    JsonNode* const multi = context_ == nullptr ? nullptr : named(*context_, "_multi");
    bool slates = false;
    if (multi != nullptr && multi->is_array())
      for (JsonNode& action : multi->children()) slates = slates || named(action, "_slot_id") != nullptr;
    throw BadRow{
        std::string(slots_),
        std::string("a decision about several slots (") +
            (slates ? "slates: one action for each slot"
                    : "ccb, conditional contextual bandits: actions for several slots out of one list") +
            ")",
        "one action chosen of a list"};
  }

  // The value of one name, and all names below it: objects nest names, a list of objects is as one object, a
  // list of numbers has the names "0", "1", ...
  template <class Set>
  void walk(NameTree& names, std::uint32_t name, std::string_view key, JsonNode& value, const Set& set) {
    switch (value.type) {
      case JsonNode::Type::kNull:
        return;
      case JsonNode::Type::kObject: {
        std::size_t hint = 0;
        for (JsonNode& member : value.children())
          walk(names, name_of(member, names, name, hint, member.key), member.key, member, set);
        return;
      }
      case JsonNode::Type::kArray: {
        std::size_t index = 0, hint = 0;
        for (JsonNode& nested : value.children()) {
          if (nested.is_object()) {
            walk(names, name, key, nested, set);
          } else {
            while (index >= places_.size()) places_.push_back(std::to_string(places_.size()));
            walk(names, name_of(nested, names, name, hint, places_[index]), places_[index], nested, set);
          }
          ++index;
        }
        return;
      }
      default:
        if (key == "_text") {
          ++text_count_;
        } else {
          set(name, value.cell);
        }
    }
  }
  void shared(std::uint32_t name, JsonNode& value) {
    if (value.is_nested() && !sparse_.shared_wanted(name)) return;
    walk(sparse_.shared_names(), name, value.key, value,
         [this](std::uint32_t n, const Cell& cell) { sparse_.set_shared(n, cell); });
  }
  void action_feature(std::uint32_t name, JsonNode& value) {
    if (value.is_nested() && !sparse_.action_wanted(name)) return;
    walk(sparse_.action_names(), name, value.key, value,
         [this](std::uint32_t n, const Cell& cell) { sparse_.set_action(n, cell); });
  }

  const Goal& goal_;
  LogBuilder& builder_;
  LineReader lines_;
  JsonRow json_;
  SparseRow sparse_;
  DsjsonChoice choice_;
  DsjsonOutcomes outcomes_;
  NameTree top_;
  std::vector<Role> roles_;
  std::string core_name_[SparseRow::kCores];
  bool state_is_version_ = false;
  std::uint64_t skipped_count_ = 0, deferred_count_ = 0, dangling_count_ = 0, marks_count_ = 0, text_count_ = 0;
  std::deque<std::string> places_;  // "0", "1", ...; growing does not move the others

  // The row in hand.
  JsonNode* context_ = nullptr;
  Cell event_;
  bool skipped_ = false, deferred_ = false;
  bool decided_ = false, observed_ = false;  // it says what was chosen; what was seen
  std::string_view slots_;                   // the key that says so of several slots
  std::string time_text_;
};

void check_goal(const Goal& goal) {
  for (const std::string& named : {goal.data.propensity_column, goal.data.propensities})
    if (!named.empty() && named != "p" && named != "_label_probability")
      refuse(goal.path.empty() ? "goal" : goal.path, "data.propensity", shown(named),
             "\"p\" or nothing: dsjson names its own");
}

}  // namespace

std::unique_ptr<RowReader> make_dsjson_reader(const Goal& goal, LogBuilder& builder) {
  check_goal(goal);
  return std::make_unique<DsjsonReader>(goal, builder);
}

DecisionLog dsjson_log_from(const TextSource& source, const Goal& goal, LoadReport* report,
                            const ReadOptions& options) {
  if (source.text().find_first_not_of(" \t\r\n") == std::string_view::npos)
    refuse(source.name(), "file", source.text().empty() ? "an empty file" : "only white space",
           "one JSON object a line");
  check_goal(goal);
  LogBuilder builder(source.name(), goal, /*keep_text=*/false);
  DsjsonReader reader(goal, builder);
  read_rows(rows_of(source.text()), RowEnd::kLine, options, reader, builder);
  if (builder.usable()) reader.finish(source.name());
  if (!builder.usable() && builder.bad_rows().count() == 0 && !reader.left_out().empty())
    refuse(source.name(), "rows", "none but " + reader.left_out(), "at least one decision");
  if (report != nullptr) report->bytes = source.file_bytes();
  return builder.finish(report, options.threads);
}

}  // namespace plumb
