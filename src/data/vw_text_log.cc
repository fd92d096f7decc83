// Vowpal Wabbit's text with labels of contextual bandits. `cb`: a line a decision, the label names the chosen
// action by its number. `cb_adf`: a block of lines a decision, an empty line between two blocks; the first line
// of a block may be "shared", every other is an action, and the one with a label was chosen.
//
// Which of the two a file is, its first line or an empty line within it says.
#include <fmt/core.h>

#include <algorithm>
#include <deque>

#include "data/readers.h"
#include "data/row_reader.h"
#include "data/sparse_row.h"
#include "data/vw_line.h"

namespace plumb {

namespace {

constexpr double kDeclaredAgreement = 1e-3;

bool is_empty(std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; }

bool is_multiline(std::string_view text) {
  LineReader lines(text);
  for (bool first = true; lines.next(); first = false) {
    if (is_empty(lines.line())) return true;
    if (first && lines.line().starts_with("shared")) return true;
  }
  return false;
}

class VwTextReader final : public RowReader {
 public:
  VwTextReader(const Goal& goal, LogBuilder& builder, bool multiline)
      : goal_(goal), builder_(builder), multiline_(multiline), sparse_(goal, builder, /*add_repeated=*/true) {
    declared_ = goal.data.propensity_number.has_value() || !goal.data.propensity_by_arm.empty();
    for (const OutcomeSpec& spec : goal.outcomes) {
      const std::string& column = spec.column.empty() ? spec.name : spec.column;
      sign_.push_back(column == "cost" ? 1 : column == "reward" ? -1 : 0);
    }
  }

  void start(TextBlock block) override { lines_ = LineReader(block); }
  std::optional<TextBlock> rest() const override { return lines_.rest(); }
  bool step() override {
    decision_.clear();
    std::uint64_t first = 0;
    while (lines_.next()) {
      if (!is_empty(lines_.line())) {
        if (decision_.empty()) first = lines_.number();
        decision_.push_back(lines_.line());
        if (multiline_) continue;
      }
      if (!decision_.empty()) break;
    }
    if (decision_.empty()) return false;
    builder_.count_row();
    try {
      const char* begin = decision_.front().data();
      const char* end = decision_.back().data() + decision_.back().size();
      read(first, {begin, static_cast<std::size_t>(end - begin)}, decision_);
    } catch (const BadRow& bad) {
      builder_.bad(first, bad);
    }
    return true;
  }
  std::unique_ptr<RowReader> fork(LogBuilder& builder) const override {
    auto out = std::make_unique<VwTextReader>(goal_, builder, multiline_);
    out->first_line_ = first_line_;
    out->lists_ = lists_;
    out->sparse_.follow(sparse_);
    return out;
  }
  void absorb(const RowReader& fork) override {
    sparse_.absorb(static_cast<const VwTextReader&>(fork).sparse_);
  }
  void finish(const std::string& source) override { sparse_.check_patterns(source); }

 private:
  // One decision: its first line's number, its bytes and its lines. Throws BadRow.
  void read(std::uint64_t line, std::string_view raw, const std::vector<std::string_view>& lines) {
    RowDraft& row = sparse_.row();
    row.line = line;
    row.raw = raw;
    row.fingerprint = builder_.fingerprints() ? hash_bytes(raw) : 0;
    sparse_.clear();
    chosen_.reset();
    id_ = {};
    if (!is_utf8(raw)) throw BadRow{"text", "bytes that are not UTF-8 in " + shown(raw), "UTF-8"};
    if (multiline_) {
      read_block(lines);
    } else {
      read_single(lines[0]);
    }
    if (!chosen_)
      throw BadRow{"label", "no action with a cost and a probability",
                   "action:cost:probability, a blank and a bar"};
    if (!id_.empty() && goal_.data.id.empty()) sparse_.set_core(SparseRow::kId, text_cell(id_));
    sparse_.finish();
    read_propensity();
    for (std::size_t j = 0; j < sign_.size(); ++j) {
      if (sign_[j] == 0) continue;
      Cell cell;
      cell.kind = Cell::Kind::kNumber;
      // Not -cost: minus zero would be another value than zero in files and digests.
      cell.number = sign_[j] > 0 ? chosen_->cost + 0.0 : 0.0 - chosen_->cost;
      row.outcomes[j] = checked_outcome(cell, goal_.outcomes[j]);
    }
    builder_.add(row);
  }

  static Cell text_cell(std::string_view text) {
    Cell cell;
    cell.kind = Cell::Kind::kText;
    cell.text = text;
    return cell;
  }

  void choose(const VwLabel& label) {
    if (chosen_) throw BadRow{"label", "a second action with a cost", "one, the chosen action"};
    chosen_ = label;
  }

  void read_single(std::string_view line) {
    std::string_view rest;
    read_vw_head(line, head_, &rest);
    if (head_.shared) throw BadRow{"row", "\"shared\"", "a line a decision: no line before has it"};
    id_ = head_.tag;
    for (const VwLabel& label : head_.labels)
      if (label.observed) choose(label);
    if (!chosen_) return;
    RowDraft& row = sparse_.row();
    // One number stands for all: every decision offers every action. Several are those that were offered.
    const bool lists = head_.labels.size() > 1;
    if (!first_line_) {
      first_line_ = row.line;
      lists_ = lists;
      if (!lists) fix_arms();
    }
    if (lists != lists_)
      throw BadRow{"label", lists ? "several actions" : "one action",
                   fmt::format("{} as in line {}", lists_ ? "those that were offered" : "only the chosen one",
                               first_line_)};
    if (lists) {
      for (const VwLabel& label : head_.labels) {
        if (std::find(row.offered.begin(), row.offered.end(), label.action) != row.offered.end())
          throw BadRow{"label", shown(label.action) + " twice", "every offered action once"};
        if (label.observed) row.chosen = static_cast<std::uint32_t>(row.offered.size());
        row.offered.push_back(label.action);
      }
    }
    row.chosen_name = chosen_->action;
    read_features(rest, sparse_.shared_names(),
                  [this](std::uint32_t name, const Cell& cell) { sparse_.set_shared(name, cell); });
  }

  void fix_arms() {
    std::vector<std::string> arms;
    for (const auto& [arm, p] : goal_.data.propensity_by_arm) arms.push_back(arm);
    builder_.set_fixed_arms(arms);
  }

  void read_block(const std::vector<std::string_view>& lines) {
    RowDraft& row = sparse_.row();
    for (std::size_t l = 0; l < lines.size(); ++l) {
      std::string_view rest;
      read_vw_head(lines[l], head_, &rest);
      if (head_.shared) {
        if (l > 0) throw BadRow{"row", "\"shared\" behind other lines", "it as the first line of a block"};
        id_ = head_.tag;
        read_features(rest, sparse_.shared_names(),
                      [this](std::uint32_t name, const Cell& cell) { sparse_.set_shared(name, cell); });
        continue;
      }
      if (head_.labels.size() > 1)
        throw BadRow{"label", "several on a line", "one, on the chosen action's line"};
      sparse_.next_action();
      if (!head_.labels.empty() && head_.labels[0].observed) {
        choose(head_.labels[0]);
        row.chosen = static_cast<std::uint32_t>(row.offered.size() - 1);
      }
      if (!head_.tag.empty()) sparse_.set_tag(text_cell(head_.tag));
      read_features(rest, sparse_.action_names(),
                    [this](std::uint32_t name, const Cell& cell) { sparse_.set_action(name, cell); });
      sparse_.name_action();
    }
    if (row.offered.empty()) throw BadRow{"row", "no actions", "a line an action behind \"shared\""};
    if (row.offered.size() == 1 && chosen_ && chosen_->probability < 1)
      throw BadRow{"label's probability", fmt::format("{} for the only action", chosen_->probability),
                   "1 (is an empty line between decisions, and only there?)"};
  }

  template <class Set>
  void read_features(std::string_view rest, NameTree& names, const Set& set) {
    std::string_view space;
    std::uint32_t node = NameTree::kRoot;
    std::size_t space_hint = 0, hint = 0, unnamed = 0;
    bool started = false;
    for (VwFeatures features(rest); features.next();) {
      const VwFeature& feature = features.feature();
      if (!started || feature.space != space) {
        started = true;
        space = feature.space;
        node = space.empty() ? NameTree::kRoot : names.child(NameTree::kRoot, space_hint, space);
        hint = unnamed = 0;
      }
      if (feature.key.empty()) unnamed_ = std::to_string(unnamed++);
      const std::string_view key = feature.key.empty() ? std::string_view(unnamed_) : feature.key;
      set(names.child(node, hint, key), feature.cell);
    }
  }

  void read_propensity() {
    RowDraft& row = sparse_.row();
    row.propensity = chosen_->probability;
    if (!declared_) return;
    if (!goal_.data.propensity_by_arm.empty())
      for (const std::string_view action : row.offered) builder_.declared_propensity(action);
    row.propensity =
        *builder_.declared_propensity(row.offered.empty() ? row.chosen_name : row.offered[row.chosen]);
    if (std::abs(chosen_->probability - row.propensity) > kDeclaredAgreement)
      throw BadRow{
          "label's probability", fmt::format("{}", chosen_->probability),
          fmt::format("{} (within {}), as the goal file declares", row.propensity, kDeclaredAgreement)};
  }

  const Goal& goal_;
  LogBuilder& builder_;
  bool multiline_, declared_ = false, lists_ = false;
  std::uint64_t first_line_ = 0;
  SparseRow sparse_;
  std::vector<int> sign_;  // of the label's cost in every outcome of the goal; 0: another outcome
  VwHead head_;
  std::optional<VwLabel> chosen_;
  std::string_view id_;
  std::string unnamed_;
  LineReader lines_;
  std::vector<std::string_view> decision_;  // its lines
};

// Logs of other problems hold no decision that is one action chosen of a list.
void refuse_other_problem(std::string_view text, const std::string& name) {
  LineReader lines(text);
  while (lines.next()) {
    if (is_empty(lines.line())) continue;
    const std::string_view other = other_problem_of(lines.line());
    if (other.empty()) return;
    refuse(fmt::format("{}:{}", name, lines.number()), "label", std::string(other),
           "contextual bandits: one action chosen of a list, action:cost:probability");
  }
}

void check_goal(const Goal& goal) {
  const auto where = goal.path.empty() ? std::string("goal") : goal.path;
  for (const std::string& named : {goal.data.propensity_column, goal.data.propensities})
    if (!named.empty())
      refuse(where, "data.propensity", shown(named), "a number or nothing: the label of VW text has its own");
}

}  // namespace

std::unique_ptr<RowReader> make_vw_text_reader(const Goal& goal, LogBuilder& builder,
                                               std::string_view beginning, RowEnd* end) {
  check_goal(goal);
  refuse_other_problem(beginning, builder.source());
  const bool multiline = is_multiline(beginning);
  *end = multiline ? RowEnd::kEmptyLine : RowEnd::kLine;
  return std::make_unique<VwTextReader>(goal, builder, multiline);
}

DecisionLog vw_text_log_from(const TextSource& source, const Goal& goal, LoadReport* report,
                             const ReadOptions& options) {
  if (source.text().find_first_not_of(" \t\r\n") == std::string_view::npos)
    refuse(source.name(), "file", source.text().empty() ? "an empty file" : "only white space",
           "lines of VW text");
  check_goal(goal);
  refuse_other_problem(source.text(), source.name());
  const bool multiline = is_multiline(source.text());
  LogBuilder builder(source.name(), goal, /*keep_text=*/false);
  VwTextReader reader(goal, builder, multiline);
  read_rows(rows_of(source.text()), multiline ? RowEnd::kEmptyLine : RowEnd::kLine, options, reader, builder);
  if (builder.usable()) reader.finish(source.name());
  if (report != nullptr) report->bytes = source.file_bytes();
  return builder.finish(report, options.threads);
}

}  // namespace plumb
