// Feedback as judgements of rows: a row an item.
#include <fmt/format.h>

#include <algorithm>

#include "data/ranking_pairs.h"
#include "plumb/text_reward.h"

namespace plumb {
namespace {

constexpr std::size_t kMostLevels = 20;

double weight_of(const JudgementSource& source, std::size_t k) {
  return source.weight.empty() ? 1.0 : static_cast<double>(source.weight[k]);
}

}  // namespace

Judged judged_rows(const Feedback& f) {
  Judged out;
  std::vector<std::uint64_t> prompt_group;
  for (const std::string& name : f.prompt) prompt_group.push_back(hash_bytes(name));
  const auto group = [&](std::uint32_t item) { return prompt_group[f.item_prompt[item]]; };
  const auto compare = [&](std::uint32_t a, std::uint32_t b, double first, double second, double tie) {
    out.first.push_back(a);
    out.second.push_back(b);
    out.first_votes.push_back(first);
    out.second_votes.push_back(second);
    out.tie_votes.push_back(tie);
    out.pair_group.push_back(group(a));
  };
  for (std::size_t k = 0; k < f.first.size(); ++k) {
    const double w = weight_of(f.comparison, k);
    compare(f.first[k], f.second[k], f.answer[k] == Answer::kFirst ? w : 0,
            f.answer[k] == Answer::kSecond ? w : 0, f.answer[k] == Answer::kTie ? w : 0);
  }
  for (std::size_t r = 0; r + 1 < f.ranking_offset.size(); ++r) {
    for_each_ranked_pair(f, r, [&](const RankedPair& pair) {
      const double w = weight_of(f.ranking, r) * pair.share;
      compare(pair.first, pair.second, pair.answer == Answer::kFirst ? w : 0,
              pair.answer == Answer::kSecond ? w : 0, pair.answer == Answer::kTie ? w : 0);
    });
  }
  std::vector<double> levels = f.rating;
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  if (levels.size() > kMostLevels || levels.size() == 1) {
    refuse(f.source, "ratings", fmt::format("{} distinct values", levels.size()),
           fmt::format("2 to {} levels", kMostLevels));
  }
  out.levels = static_cast<std::uint32_t>(levels.size());
  for (std::size_t k = 0; k < f.rating.size(); ++k) {
    out.rated.push_back(f.rated[k]);
    out.level.push_back(static_cast<std::uint32_t>(std::lower_bound(levels.begin(), levels.end(), f.rating[k]) -
                                                   levels.begin()));
    out.rating_weight.push_back(weight_of(f.rating_source, k));
    out.rating_group.push_back(group(f.rated[k]));
  }
  for (std::size_t k = 0; k < f.up.size(); ++k) {
    out.thumbed.push_back(f.thumbed[k]);
    out.up.push_back(f.up[k]);
    out.thumb_weight.push_back(weight_of(f.thumb, k));
    out.thumb_group.push_back(group(f.thumbed[k]));
  }
  return out;
}

}  // namespace plumb
