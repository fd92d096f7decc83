// Prompts as decisions whose offered actions are their items.
#include <numeric>

#include "data/rows.h"
#include "plumb/feedback.h"

namespace plumb {

namespace {

// The column with its rows in another order: row r is row source[r].
FeatureColumn reordered(const FeatureColumn& column, const std::vector<std::uint32_t>& source) {
  FeatureColumn out{column.name, column.is_category, {}, {}, column.levels};
  for (const std::uint32_t row : source) {
    if (column.is_category) {
      out.code.push_back(column.code[row]);
    } else {
      out.number.push_back(column.number[row]);
    }
  }
  return out;
}

}  // namespace

FeedbackDecisions as_decisions(const Feedback& feedback) {
  const std::size_t prompts = feedback.prompt.size(), items = feedback.item.size();
  FeedbackDecisions out;
  DecisionLog& log = out.log;
  log.source = feedback.source;
  log.id = feedback.prompt;
  log.unit_named = true;
  log.offset.assign(prompts + 1, 0);
  for (const std::uint32_t prompt : feedback.item_prompt) ++log.offset[prompt + 1];
  for (std::size_t d = 0; d < prompts; ++d) {
    if (log.offset[d + 1] == 0)
      refuse(feedback.source, "prompt", shown(feedback.prompt[d]) + " without an item",
             "an item for every prompt");
    log.offset[d + 1] += log.offset[d];
  }
  // Items of a prompt keep their order.
  std::vector<std::uint64_t> next(log.offset.begin(), log.offset.end() - 1);
  std::vector<std::uint32_t> item_of_row(items);
  out.row_of_item.resize(items);
  for (std::uint32_t i = 0; i < items; ++i) {
    const std::uint64_t row = next[feedback.item_prompt[i]]++;
    out.row_of_item[i] = static_cast<std::uint32_t>(row);
    item_of_row[row] = i;
  }
  Interner actions;
  for (const std::uint32_t item : item_of_row) log.action.push_back(actions.intern(feedback.item[item]));
  log.actions = actions.take_names();
  log.fixed_actions = true;
  for (std::size_t d = 0; d < prompts; ++d) {
    const std::size_t offered = log.offered(d);
    log.unit.push_back(hash_bytes(feedback.prompt[d]));
    log.chosen.push_back(0);
    log.propensity.push_back(1.0 / static_cast<double>(offered));
    log.logged.insert(log.logged.end(), offered, static_cast<float>(1.0 / static_cast<double>(offered)));
    bool same = offered == log.offered(0);
    for (std::size_t a = 0; same && a < offered; ++a) same = log.action[log.offset[d] + a] == log.action[a];
    log.fixed_actions = log.fixed_actions && same;
  }
  log.context = feedback.context;
  for (const FeatureColumn& column : feedback.features)
    log.action_features.push_back(reordered(column, item_of_row));
  log.fold.assign(prompts, 0);
  digest_rows(log);
  return out;
}

}  // namespace plumb
