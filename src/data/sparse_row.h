// One decision of a format whose rows name only the features that they have (dsjson, VW text). What a name
// stands for (a column, a segment, the unit, ...) is found out once a name, not once a row.
//
// Absent means 0 for a number and "" for a text: so does Vowpal Wabbit.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "data/log_builder.h"
#include "data/name_tree.h"

namespace plumb {

class SparseRow {
 public:
  // What the goal may name besides features, in the order of `core()`.
  enum Core { kId, kUnit, kTime, kVersion, kCores };
  // `add_repeated`: a number that stands twice in a row is the sum of both (VW text); else it is refused.
  SparseRow(const Goal& goal, LogBuilder& builder, bool add_repeated);

  // The next row.
  void clear();
  // Names of shared features and of actions' features; two trees.
  NameTree& shared_names() { return shared_.names; }
  NameTree& action_names() { return action_.names; }

  // A shared feature's value, or that of an action. Throws BadRow for values that no column can hold.
  void set_shared(std::uint32_t name, const Cell& cell) {
    Needs& found = needs(shared_, name);
    if (found.column != -1) set_column(shared_, name, found, 0, row_stamp_, cell, row_.sparse_context);
    if (found.named) set_named(found, cell);
  }
  void set_action(std::uint32_t name, const Cell& cell) {
    Needs& found = needs(action_, name);
    if (found.column != -1) {
      set_column(action_, name, found, static_cast<std::uint32_t>(row_.offered.size() - 1), action_stamp_, cell,
                 row_.sparse_features);
    } else if (found.named) {
      action_id_ = cell;
    }
  }
  // Whether anything at or below this name may be needed.
  bool shared_wanted(std::uint32_t name) { return needs(shared_, name).below; }
  bool action_wanted(std::uint32_t name) { return needs(action_, name).below; }

  // The next offered action; its features follow. `tag`: the action's tag, absent where it has none.
  void next_action();
  void set_tag(const Cell& tag) { tag_ = tag; }
  // Names the action in hand: by the goal's data.action ("#": by its position), else by its tag where the first
  // action of all has one, else by its position, from 1.
  void name_action();

  // A value of a name outside of the features ("EventId"), where the goal names it.
  void set_core(Core which, const Cell& cell) { core_[which] = cell; }
  const Cell& core(Core which) const { return core_[which]; }

  // Everything that the goal needs is there: fills segments, asked, unit, version and time of row(). Throws
  // BadRow.
  void finish();
  // Rows further on in the same file: how actions are named is known.
  void follow(const SparseRow& first) {
    tags_known_ = first.tags_known_;
    by_tag_ = first.by_tag_;
  }
  // Names that rows further on have. Throws Error{kInput} where all rows so far have too many features, as
  // set_shared and set_action do.
  void absorb(const SparseRow& later);
  // Throws Error{kInput} where a pattern of data.context, or data.action, named nothing in any row.
  void check_patterns(const std::string& source);

  RowDraft& row() { return row_; }

 private:
  // What a name stands for.
  struct Needs {
    bool known = false, below = false;
    bool named = false;  // a core, a segment or asked; of an action: its id
    int column = kUnset, core = -1, segment = -1, asked = -1;
    std::uint64_t stamp = 0;  // the row (or action) that has set it
    std::uint32_t cell = 0;   // where, in the row's list
  };
  static constexpr int kUnset = -2;
  struct Side {
    NameTree names;
    std::vector<Needs> needs;
  };
  Needs& needs(Side& side, std::uint32_t name) {
    if (name >= side.needs.size()) side.needs.resize(side.names.size());
    Needs& found = side.needs[name];
    if (!found.known) resolve(side, name, found);
    return found;
  }
  void resolve(Side& side, std::uint32_t name, Needs& found) const;
  void set_column(Side& side, std::uint32_t name, Needs& found, std::uint32_t slot, std::uint64_t stamp,
                  const Cell& cell, std::vector<SparseCell>& into) {
    if (found.stamp == stamp) return set_again(side, name, into[found.cell].cell, cell);
    if (found.column == kUnset || !ColumnBuilder::takes(cell)) make_column(side, name, found, cell);
    found.stamp = stamp;
    found.cell = static_cast<std::uint32_t>(into.size());
    into.push_back({static_cast<std::uint32_t>(found.column), slot, cell});
  }
  void set_named(const Needs& found, const Cell& cell);
  void set_again(Side& side, std::uint32_t name, Cell& before, const Cell& cell) const;
  void make_column(Side& side, std::uint32_t name, Needs& found, const Cell& cell);
  // Every shared name so far, and those of them that made columns, in order of first appearance.
  void list_names(std::vector<std::string>& names, std::vector<std::string>& columns) const;
  [[noreturn]] void missing(std::string_view what, std::string_view name) const;
  std::string_view position_name(std::size_t slot);
  void refuse_repeated_actions();
  void count_columns(const SparseRow& from);

  const Goal& goal_;
  LogBuilder& builder_;
  bool add_repeated_;
  Side shared_, action_;
  std::vector<std::string> segment_names_;
  std::string core_name_[kCores];
  RowDraft row_;
  Cell core_[kCores], tag_, action_id_;
  std::vector<Cell> asked_;
  std::uint64_t row_stamp_ = 0, action_stamp_ = 0;
  std::size_t columns_ = 0;
  bool tags_known_ = false, by_tag_ = false;
  std::deque<std::string> positions_, scratch_;  // growing does not move the others
  std::string text_[kCores];
  std::vector<std::string_view> sorted_;
  // Shared names of forks: every one, and those that made columns.
  std::vector<std::string> later_names_, later_columns_;
  std::unordered_set<std::string> counted_;  // columns of all rows so far; never listed
};

}  // namespace plumb
