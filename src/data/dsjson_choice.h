// Which action of a dsjson row was chosen, and with what probability each could have been.
#pragma once

#include <optional>
#include <vector>

#include "data/json_node.h"
#include "data/log_builder.h"

namespace plumb {

// The ranking `a` (numbers from 1, the chosen action first), its probabilities `p` in the same order, and the
// label, which says the same of the chosen action once more: what contradicts itself is corrupt. The label
// alone will do.
class DsjsonChoice {
 public:
  enum Part { kRanking, kProbabilities, kLabelAction, kLabelIndex, kLabelProbability, kParts };
  DsjsonChoice(const Goal& goal, const LogBuilder& builder);
  void clear();
  // A part of the row in hand. Throws BadRow where it stands twice; of `p` the last one counts.
  void set(Part part, std::string_view key, JsonNode& value);
  // Fills chosen, propensity and propensities. REQUIRES: row.offered is filled. Throws BadRow.
  void read(RowDraft& row);

 private:
  void read_ranking(RowDraft& row);
  void read_label(RowDraft& row, Part part, const char* what, std::int64_t first);
  std::optional<double> read_probabilities(RowDraft& row) const;
  void declare(RowDraft& row, std::optional<double> logged) const;
  const Goal& goal_;
  const LogBuilder& builder_;
  bool declared_;
  JsonNode* part_[kParts] = {};
  std::vector<std::uint32_t> ranking_;  // slots, the chosen one first
  std::vector<std::uint8_t> seen_;
};

}  // namespace plumb
