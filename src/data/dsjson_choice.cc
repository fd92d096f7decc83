// The ranking, its probabilities and the label of one row.
#include "data/dsjson_choice.h"

#include <fmt/core.h>

namespace plumb {

namespace {

// The label is printed with the digits of a float of 32 bits.
constexpr double kLabelAgreement = 1e-6;
constexpr double kDeclaredAgreement = 1e-3;
constexpr const char* kRankingForm = "the actions' numbers, the chosen one first";

// An integer from `first` on that counts `k` actions, as a slot.
std::uint32_t slot_of(const Cell& cell, const char* what, std::int64_t first, std::size_t k) {
  const std::int64_t number = cell.whole;
  if (!cell.integer) throw BadRow{what, shown(cell), "an integer"};
  const auto count = static_cast<std::int64_t>(k);
  if (number < first || number >= first + count)
    throw BadRow{what, fmt::format("{}", number),
                 fmt::format("an action from {} to {}", first, first + count - 1)};
  return static_cast<std::uint32_t>(number - first);
}

}  // namespace

DsjsonChoice::DsjsonChoice(const Goal& goal, const LogBuilder& builder)
    : goal_(goal),
      builder_(builder),
      declared_(goal.data.propensity_number.has_value() || !goal.data.propensity_by_arm.empty()) {}

void DsjsonChoice::clear() {
  for (auto& part : part_) part = nullptr;
}

void DsjsonChoice::set(Part part, std::string_view key, JsonNode& value) {
  if (part_[part] && part != kProbabilities) throw BadRow{std::string(key), "a second value", "every key once"};
  part_[part] = &value;
}

void DsjsonChoice::read(RowDraft& row) {
  read_ranking(row);
  const std::optional<double> chosen = read_probabilities(row);
  if (declared_) return declare(row, chosen);
  if (!chosen) throw BadRow{"p", "nothing, and no _label_probability", "the probabilities of the actions"};
  row.propensity = *chosen;
}

// `a` is a permutation of 1 .. k.
void DsjsonChoice::read_ranking(RowDraft& row) {
  const std::size_t k = row.offered.size();
  ranking_.clear();
  if (part_[kRanking]) {
    if (!part_[kRanking]->is_array()) throw BadRow{"a", "no list", kRankingForm};
    seen_.assign(k, 0);
    for (const JsonNode& number : part_[kRanking]->children()) {
      const std::uint32_t slot = slot_of(number.cell, "a", 1, k);
      if (seen_[slot]++) throw BadRow{"a", fmt::format("{} twice", slot + 1), "every action once"};
      ranking_.push_back(slot);
    }
    if (ranking_.size() != k)
      throw BadRow{"a", fmt::format("{} actions", ranking_.size()), fmt::format("{}, as c._multi has", k)};
    row.chosen = ranking_[0];
  }
  read_label(row, kLabelAction, "_label_Action", 1);
  read_label(row, kLabelIndex, "_labelIndex", 0);
  if (ranking_.empty()) throw BadRow{"a", "nothing, and no _label_Action", kRankingForm};
}

// Where there is no ranking, the label says what was chosen.
void DsjsonChoice::read_label(RowDraft& row, Part part, const char* what, std::int64_t first) {
  if (!part_[part]) return;
  const std::uint32_t slot = slot_of(part_[part]->cell, what, first, row.offered.size());
  if (ranking_.empty()) {
    row.chosen = slot;
    ranking_.push_back(slot);
  } else if (slot != row.chosen) {
    throw BadRow{what, fmt::format("{}", slot + first),
                 fmt::format("{}, the chosen action (a[0] where there is a ranking)", row.chosen + first)};
  }
}

// Of every action where `p` is there, and of the chosen one, if anything says it.
std::optional<double> DsjsonChoice::read_probabilities(RowDraft& row) const {
  std::optional<double> chosen;
  if (part_[kProbabilities]) {
    if (!part_[kProbabilities]->is_array()) throw BadRow{"p", "no list", "a probability an action"};
    const std::size_t k = row.offered.size();
    row.propensities.assign(k, 0);
    std::size_t at = 0;
    for (const JsonNode& p : part_[kProbabilities]->children()) {
      const double value = LogBuilder::checked_probability(p.cell, "p");
      if (at < ranking_.size()) row.propensities[ranking_[at]] = value;
      ++at;
    }
    if (at != k || at != ranking_.size())
      throw BadRow{"p", fmt::format("{} probabilities", at),
                   ranking_.size() == k ? fmt::format("{}, as a has", k) : "the ranking a that they belong to"};
    chosen = row.propensities[row.chosen];
    if (*chosen <= 0) throw BadRow{"p", "0 for the chosen action", "a number in (0, 1]"};
  }
  if (part_[kLabelProbability]) {
    const Cell& cell = part_[kLabelProbability]->cell;
    const double label = LogBuilder::checked_propensity(cell, "_label_probability");
    if (chosen && std::abs(label - *chosen) > kLabelAgreement * *chosen)
      throw BadRow{"_label_probability", shown(cell), fmt::format("{}, as p[0] is", *chosen)};
    if (!chosen) chosen = label;
  }
  return chosen;
}

// The goal file's propensities count; those of the log may not contradict them.
void DsjsonChoice::declare(RowDraft& row, std::optional<double> logged) const {
  row.propensities.clear();
  if (!goal_.data.propensity_by_arm.empty())
    for (const std::string_view action : row.offered) builder_.declared_propensity(action);
  row.propensity = *builder_.declared_propensity(row.offered[row.chosen]);
  if (logged && std::abs(*logged - row.propensity) > kDeclaredAgreement)
    throw BadRow{"p", fmt::format("{} for the chosen action", *logged),
                 fmt::format("{} (within {}), as the goal file declares", row.propensity, kDeclaredAgreement)};
}

}  // namespace plumb
