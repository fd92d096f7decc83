// Decision logs in the native form, one JSON object a line (json_row.h). Keys stand in nearly the same order in
// every line, so the role of a key is kept with the shape of the line, and else first guessed from its
// position.
#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <limits>

#include "data/json_row.h"
#include "data/jsonl_schema.h"
#include "data/log_builder.h"
#include "data/readers.h"
#include "data/row_reader.h"

namespace plumb {

namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

class JsonlReader final : public RowReader {
 public:
  JsonlReader(const Goal& goal, LogBuilder& builder)
      : goal_(goal),
        builder_(builder),
        context_("context", goal.data.context, builder, &LogBuilder::keeps_context),
        features_("features", {}, builder, &LogBuilder::keeps_feature) {
    const DataSpec& data = goal.data;
    const auto core = [&](Core which, const std::string& named, const char* native) {
      core_name_[which] = named.empty() ? native : named;
      core_required_[which] = !named.empty();
    };
    core(kId, data.id, "id");
    core(kUnit, data.unit, "unit");
    core(kTime, data.time, "time_us");
    core(kVersion, data.version, "policy");
    core(kChosen, data.action, "chosen");
    core(kPropensity, data.propensity_column, "propensity");
    core(kPropensities, data.propensities, "propensities");
    core_required_[kChosen] = true;
    declared_ = data.propensity_number.has_value() || !data.propensity_by_arm.empty();
    segment_names_ = goal.all_segments();
    row_.segments.resize(segment_names_.size());
    row_.asked.resize(builder.asked_columns().size());
    row_.outcomes.resize(goal.outcomes.size());
  }

  void start(TextBlock block) override { lines_ = LineReader(block); }
  std::optional<TextBlock> rest() const override { return lines_.rest(); }
  bool step() override {
    if (!lines_.next()) return false;
    builder_.count_row();
    try {
      read(lines_.number(), lines_.line());
    } catch (const BadRow& bad) {
      builder_.bad(lines_.number(), bad);
    }
    return true;
  }
  std::unique_ptr<RowReader> fork(LogBuilder& builder) const override {
    auto out = std::make_unique<JsonlReader>(goal_, builder);
    out->context_ = context_.for_builder(builder);
    out->features_ = features_.for_builder(builder);
    return out;
  }
  void absorb(const RowReader&) override {}
  void finish(const std::string&) override {}

 private:
  // Throws BadRow.
  void read(std::uint64_t line, std::string_view text) {
    row_.line = line;
    row_.raw = text;
    row_.fingerprint = builder_.fingerprints() ? hash_bytes(text) : 0;
    clear();
    object_ = &json_.read(text);
    std::size_t position = 0;
    for (JsonNode& member : object_->children()) top_level(top_plan_.number(position++, member), member);
    read_context();
    read_actions();
    read_names();
    read_propensities();
    read_outcomes();
    if (!context_.fixed()) {
      builder_.set_context(context_.names());
      builder_.set_action_features(features_.names());
    }
    builder_.add(row_);
    if (!context_.fixed()) {
      context_.fix(line);
      features_.fix(line);
    }
  }

  enum Core { kId, kUnit, kTime, kVersion, kChosen, kPropensity, kPropensities, kCores };
  // What a key stands for; a key may stand for several things.
  struct Role {
    int core = -1, segment = -1, asked = -1, part = -1;
    bool known = false;
  };
  enum Part { kContextPart, kActionsPart, kOutcomesPart, kParts };

  void clear() {
    if (!context_.fixed()) {
      context_.forget();
      features_.forget();
    }
    for (auto& cell : core_) cell = {};
    for (auto& part : part_) part = nullptr;
    propensities_ = nullptr;
    std::fill(row_.segments.begin(), row_.segments.end(), Cell{});
    asked_cells_.assign(row_.asked.size(), {});
    std::fill(row_.outcomes.begin(), row_.outcomes.end(), kAbsent);
    row_.words.clear();
    row_.context.assign(context_.names().size(), {});
    row_.offered.clear();
    row_.features.clear();
    row_.propensities.clear();
    row_.unnamed.clear();
  }

  Role resolve(std::string_view key, bool nested) const {
    Role role;
    role.known = true;
    for (int c = 0; c < kCores; ++c)
      if (core_name_[c] == key && !(nested && (c == kChosen || c == kPropensities))) role.core = c;
    for (std::size_t s = 0; s < segment_names_.size(); ++s)
      if (segment_names_[s] == key) role.segment = static_cast<int>(s);
    for (std::size_t a = 0; a < row_.asked.size(); ++a)
      if (builder_.asked_columns()[a] == key) role.asked = static_cast<int>(a);
    if (!nested)
      role.part = key == "context"    ? kContextPart
                  : key == "actions"  ? kActionsPart
                  : key == "outcomes" ? kOutcomesPart
                                      : -1;
    // Only what the goal names is looked for inside the context.
    if (nested && role.core >= 0 && !core_required_[role.core]) role.core = -1;
    return role;
  }
  const Role& role_of(std::vector<Role>& roles, std::uint32_t number, std::string_view key, bool nested) {
    if (number < roles.size() && roles[number].known) return roles[number];
    if (number >= roles.size()) roles.resize(number + 1);
    return roles[number] = resolve(key, nested);
  }

  void top_level(std::uint32_t number, JsonNode& value) {
    const std::string_view key = value.key;
    const Role& role = role_of(top_roles_, number, key, false);
    if (role.part >= 0) {
      if (part_[role.part]) throw BadRow{std::string(key), "a second value", "every key once"};
      part_[role.part] = &value;
    }
    if (role.core == kPropensities) {
      propensities_ = &value;
    } else if (role.core >= 0) {
      if (!core_[role.core].absent()) throw BadRow{std::string(key), "a second value", "every key once"};
      core_[role.core] = value.cell;
    }
    if (role.segment >= 0) row_.segments[role.segment] = value.cell;
    if (role.asked >= 0) asked_cells_[role.asked] = value.cell;
    if (role.core < 0 && role.segment < 0 && role.asked < 0 && role.part < 0)
      add_unnamed(top_unnamed_, number, key, value.cell);
  }

  // A key that stands for nothing. `columns`: what is known of keys by their number.
  void add_unnamed(std::vector<std::int64_t>& columns, std::uint32_t number, std::string_view key,
                   const Cell& cell) {
    if (!builder_.unnamed_wanted() || !ColumnBuilder::takes(cell)) return;
    if (number >= columns.size()) columns.resize(number + 1, kNotMet);
    if (columns[number] == kNotMet) {
      const auto& after = goal_.data.after_action;
      const bool left_out = std::any_of(after.begin(), after.end(),
                                        [&](const std::string& pattern) { return matches(pattern, key); });
      const auto column = left_out ? std::nullopt : builder_.unnamed_column(key);
      columns[number] = column ? static_cast<std::int64_t>(*column) : kLeftOut;
    }
    if (columns[number] != kLeftOut)
      row_.unnamed.push_back({static_cast<std::uint32_t>(columns[number]), 0, cell});
  }

  void read_context() {
    std::size_t found = 0;
    if (part_[kContextPart]) {
      if (!part_[kContextPart]->is_object()) throw BadRow{"context", "no object", "an object of features"};
      std::size_t position = 0;
      for (JsonNode& member : part_[kContextPart]->children()) {
        const std::string_view key = member.key;
        const std::uint32_t number = context_.number(position++, member);
        if (number < plain_.size() && plain_[number] >= 0) {
          context_.set(row_.context[static_cast<std::size_t>(plain_[number])], member, key);
          ++found;
          continue;
        }
        const int column = context_.column(number, key);
        const Role& role = role_of(context_roles_, number, key, true);
        const Cell& cell = member.cell;
        if (column < 0 && role.core < 0 && role.segment < 0 && role.asked < 0) {
          add_unnamed(context_unnamed_, number, key, cell);
          continue;
        }
        if (column >= 0) {
          if (row_.context.size() <= static_cast<std::size_t>(column)) row_.context.resize(column + 1);
          context_.set(row_.context[column], member, key);
          ++found;
          if (context_.fixed() && role.core < 0 && role.segment < 0 && role.asked < 0) {
            if (number >= plain_.size()) plain_.resize(number + 1, -1);
            plain_[number] = column;
          }
        }
        if (role.core >= 0 && core_[role.core].absent()) core_[role.core] = cell;
        if (role.segment >= 0) row_.segments[role.segment] = cell;
        if (role.asked >= 0) asked_cells_[role.asked] = cell;
      }
    }
    if (found != context_.names().size()) context_.missing(row_.context);
    if (!context_.fixed()) check_patterns();
    for (std::size_t s = 0; s < row_.segments.size(); ++s) {
      if (row_.segments[s].absent()) missing_key("segment", segment_names_[s]);
      ColumnBuilder::check(row_.segments[s], segment_names_[s], /*allow_absent=*/false);
    }
    for (std::size_t a = 0; a < asked_cells_.size(); ++a) {
      if (asked_cells_[a].absent()) missing_key("asked", builder_.asked_columns()[a]);
      row_.asked[a] = LogBuilder::checked_asked(asked_cells_[a], builder_.asked_columns()[a]);
    }
  }

  // Every pattern of the goal must find something.
  void check_patterns() const {
    if (!builder_.keeps_all()) return;
    for (const std::string& pattern : goal_.data.context) {
      const auto& names = context_.names();
      if (std::none_of(names.begin(), names.end(),
                       [&](const std::string& name) { return matches(pattern, name); }))
        missing_key("data.context", pattern);
    }
  }

  [[noreturn]] void missing_key(std::string_view what, std::string_view name) const {
    std::vector<std::string> keys;
    if (part_[kContextPart] && part_[kContextPart]->is_object())
      for (const JsonNode& member : part_[kContextPart]->children()) keys.emplace_back(member.key);
    for (const JsonNode& member : object_->children()) keys.emplace_back(member.key);
    throw BadRow{std::string(what), "no key " + shown(name), expected_name(name, keys)};
  }

  void read_actions() {
    JsonNode* const actions = part_[kActionsPart];
    if (actions == nullptr || !actions->is_array())
      throw BadRow{"actions", actions ? "no list" : "nothing", "a list of the offered actions"};
    for (JsonNode& action : actions->children()) {
      if (!action.is_object())
        throw BadRow{"actions", "an action that is no object", "{\"id\": ..., \"features\": {...}}"};
      Cell id;
      JsonNode* features = nullptr;
      for (JsonNode& member : action.children()) {
        if (member.key == "id") id = member.cell;
        if (member.key == "features") features = &member;
      }
      row_.offered.push_back(LogBuilder::checked_name(id, "actions.id", scratch(row_.offered.size())));
      read_features(features);
    }
    if (row_.offered.empty()) throw BadRow{"actions", "an empty list", "at least one offered action"};
    LogBuilder::refuse_repeated(row_.offered, sorted_);
  }

  std::string* scratch(std::size_t slot) {
    while (slot >= scratch_.size()) scratch_.emplace_back();
    return &scratch_[slot];
  }

  void read_features(JsonNode* features) {
    const std::size_t slot = row_.offered.size() - 1;
    // The first action of all makes the columns, the others must follow.
    const bool first = !features_.fixed() && slot == 0;
    std::size_t width = features_.names().size(), found = 0;
    const std::size_t start = row_.features.size();
    row_.features.resize(start + width);
    if (features) {
      if (!features->is_object()) throw BadRow{"features", "no object", "an object of features"};
      std::size_t position = 0;
      for (JsonNode& member : features->children()) {
        const std::string_view key = member.key;
        const int column = features_.column(features_.number(position++, member), key);
        if (column < 0) continue;
        if (static_cast<std::size_t>(column) >= width) {
          if (!first) throw BadRow{"features", "a new key " + shown(key), "the same keys for every action"};
          row_.features.resize(start + (width = features_.names().size()));
        }
        features_.set(row_.features[start + column], member, key);
        ++found;
      }
    }
    if (found != width) features_.missing(std::span(row_.features).subspan(start));
  }

  void read_names() {
    for (int c = 0; c < kCores; ++c) {
      if (!core_required_[c] || !core_[c].absent() || (c == kPropensities && propensities_)) continue;
      missing_key(kCoreWhat[c], core_name_[c]);
    }
    const auto optional_name = [&](Core which, std::string* own) -> std::optional<std::string_view> {
      if (core_[which].absent()) return std::nullopt;
      return LogBuilder::checked_name(core_[which], core_name_[which], own);
    };
    row_.id = optional_name(kId, &id_text_);
    row_.unit = optional_name(kUnit, &unit_text_);
    row_.version = optional_name(kVersion, &version_text_);
    row_.time_us.reset();
    if (!core_[kTime].absent()) row_.time_us = LogBuilder::checked_time(core_[kTime], core_name_[kTime]);
    const std::string_view chosen =
        LogBuilder::checked_name(core_[kChosen], core_name_[kChosen], &chosen_text_);
    const auto at = std::find(row_.offered.begin(), row_.offered.end(), chosen);
    if (at == row_.offered.end())
      throw BadRow{core_name_[kChosen], shown(chosen) + ", which was not offered",
                   expected_name(chosen, std::vector<std::string>(row_.offered.begin(), row_.offered.end()))};
    row_.chosen = static_cast<std::uint32_t>(at - row_.offered.begin());
  }

  void read_propensities() {
    if (propensities_ && !declared_) {
      if (!propensities_->is_array()) throw BadRow{core_name_[kPropensities], "no list", "a list of numbers"};
      for (const JsonNode& p : propensities_->children())
        row_.propensities.push_back(LogBuilder::checked_probability(p.cell, core_name_[kPropensities]));
      if (row_.propensities.size() != row_.offered.size())
        throw BadRow{core_name_[kPropensities], fmt::format("{} numbers", row_.propensities.size()),
                     fmt::format("{}, one for every offered action", row_.offered.size())};
    }
    if (declared_) {
      // Every offered action must have its number, not only the chosen one.
      if (!goal_.data.propensity_by_arm.empty())
        for (const std::string_view action : row_.offered) builder_.declared_propensity(action);
      row_.propensity = *builder_.declared_propensity(row_.offered[row_.chosen]);
    } else if (core_[kPropensity].absent() && !row_.propensities.empty()) {
      row_.propensity = row_.propensities[row_.chosen];
      if (row_.propensity <= 0)
        throw BadRow{core_name_[kPropensities], "0 for the chosen action", "a number in (0, 1]"};
    } else {
      row_.propensity = LogBuilder::checked_propensity(core_[kPropensity], core_name_[kPropensity]);
    }
  }

  void read_outcomes() {
    JsonNode* const outcomes = part_[kOutcomesPart];
    if (outcomes == nullptr || outcomes->type == JsonNode::Type::kNull) return;
    if (!outcomes->is_object()) throw BadRow{"outcomes", "no object", "an object of outcomes"};
    for (const JsonNode& member : outcomes->children()) {
      const std::string_view key = member.key;
      const Cell& cell = member.cell;
      for (std::size_t j = 0; j < goal_.outcomes.size(); ++j) {
        const OutcomeSpec& spec = goal_.outcomes[j];
        if ((spec.column.empty() ? spec.name : spec.column) != key) continue;
        if (cell.absent()) continue;
        if (!std::isnan(row_.outcomes[j]))
          throw BadRow{"outcome." + spec.name, "a second value", "every key once"};
        const std::size_t words = row_.words.size();
        row_.outcomes[j] = read_outcome(cell, spec, static_cast<std::uint32_t>(j), row_.words);
        if (cell.kind == Cell::Kind::kText && row_.words.size() == words)
          row_.words.push_back({static_cast<std::uint32_t>(j), false, cell.text, /*quoted=*/true});
      }
    }
  }

  static constexpr const char* kCoreWhat[kCores] = {"data.id",          "data.unit",   "data.time",
                                                    "data.version",     "data.action", "data.propensity",
                                                    "data.propensities"};
  const Goal& goal_;
  LogBuilder& builder_;
  LineReader lines_;
  JsonRow json_;
  JsonlSchema context_, features_;
  KeyPlan top_plan_;
  std::vector<Role> top_roles_, context_roles_;
  std::vector<int> plain_;  // by number: the column of a key that is a feature and nothing else, or -1
  static constexpr std::int64_t kNotMet = -2, kLeftOut = -1;
  std::vector<std::int64_t> top_unnamed_, context_unnamed_;  // by number: the builder's column
  std::string core_name_[kCores];
  bool core_required_[kCores] = {};
  bool declared_ = false;
  std::vector<std::string> segment_names_;

  // The row in hand.
  RowDraft row_;
  JsonNode* object_ = nullptr;
  Cell core_[kCores];
  JsonNode *part_[kParts] = {}, *propensities_ = nullptr;
  std::vector<Cell> asked_cells_;
  std::vector<std::string_view> sorted_;
  std::deque<std::string> scratch_;  // integer action ids: growing does not move the others
  std::string id_text_, unit_text_, version_text_, chosen_text_;
};

}  // namespace

std::unique_ptr<RowReader> make_jsonl_reader(const Goal& goal, LogBuilder& builder) {
  return std::make_unique<JsonlReader>(goal, builder);
}

DecisionLog jsonl_log_from(const TextSource& source, const Goal& goal, LoadReport* report,
                           const ReadOptions& options) {
  if (source.text().find_first_not_of(" \t\r\n") == std::string_view::npos)
    refuse(source.name(), "file", source.text().empty() ? "an empty file" : "only white space",
           "one JSON object a line");
  LogBuilder builder(source.name(), goal, /*keep_text=*/false);
  JsonlReader reader(goal, builder);
  read_rows(rows_of(source.text()), RowEnd::kLine, options, reader, builder);
  if (report != nullptr) report->bytes = source.file_bytes();
  return builder.finish(report, options.threads);
}

}  // namespace plumb
