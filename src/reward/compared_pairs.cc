#include "reward/compared_pairs.h"

#include "data/ranking_pairs.h"

namespace plumb {

std::vector<Judged> all_pairs(const Feedback& f) {
  std::vector<Judged> out;
  for (std::size_t c = 0; c < f.first.size(); ++c) {
    const double answer = f.answer[c] == Answer::kTie ? 0.5 : f.answer[c] == Answer::kFirst ? 1 : 0;
    const double weight = f.comparison.weight.empty() ? 1 : static_cast<double>(f.comparison.weight[c]);
    out.push_back({f.first[c], f.second[c], answer, weight, f.comparison.unit[c], f.comparison.rater[c]});
  }
  for (std::size_t r = 0; r + 1 < f.ranking_offset.size(); ++r) {
    const double weight = f.ranking.weight.empty() ? 1 : static_cast<double>(f.ranking.weight[r]);
    for_each_ranked_pair(f, r, [&](const RankedPair& pair) {
      const double answer = pair.answer == Answer::kTie ? 0.5 : pair.answer == Answer::kFirst ? 1 : 0;
      out.push_back(
          {pair.first, pair.second, answer, weight * pair.share, f.ranking.unit[r], f.ranking.rater[r]});
    });
  }
  return out;
}

std::vector<Judged> decided_pairs(const Feedback& f) {
  std::vector<Judged> out = all_pairs(f);
  std::erase_if(out, [](const Judged& j) { return j.answer == 0.5; });
  return out;
}

ComparedPairs compare(const Feedback& feedback, const std::vector<Judged>& judged, const FeatureMap& map,
                      std::uint64_t split_seed) {
  const FeedbackDecisions decisions = as_decisions(feedback);
  const BoundFeatures features(map, decisions.log);
  const std::size_t p = map.width();
  std::vector<float> phi(p), other(p);
  Matrix differences(judged.size(), p);
  std::vector<std::uint8_t> varies(p, 0);
  ComparedPairs out;
  out.pairs.answer.resize(static_cast<Eigen::Index>(judged.size()));
  out.pairs.weight.resize(static_cast<Eigen::Index>(judged.size()));
  for (std::size_t r = 0; r < judged.size(); ++r) {
    const Judged& j = judged[r];
    out.first.push_back(j.first);
    out.second.push_back(j.second);
    const std::size_t prompt = feedback.item_prompt[j.first];
    features.design(prompt, decisions.row_of_item[j.first], phi);
    features.design(prompt, decisions.row_of_item[j.second], other);
    for (std::size_t k = 0; k < p; ++k) {
      differences(r, k) = static_cast<double>(phi[k]) - static_cast<double>(other[k]);
      varies[k] |= differences(r, k) != 0;
    }
    out.pairs.answer[static_cast<Eigen::Index>(r)] = j.answer;
    out.pairs.weight[static_cast<Eigen::Index>(r)] = j.weight;
    out.pairs.fold.push_back(static_cast<std::uint8_t>(fold_of(j.unit, split_seed)));
    out.pairs.bucket.push_back(static_cast<std::uint32_t>(bucket_of(j.unit)));
    const std::uint64_t asked = hash_combine(prompt, 0x9a5c);
    out.pairs.prompt.push_back(static_cast<std::uint32_t>(bucket_of(asked)));
    out.pairs.answer_of.push_back(static_cast<std::uint32_t>(bucket_of(hash_combine(asked, j.unit))));
  }
  for (std::size_t k = 0; k < p; ++k) {
    if (varies[k]) out.column.push_back(k);
  }
  out.pairs.design.resize(static_cast<Eigen::Index>(judged.size()),
                          static_cast<Eigen::Index>(out.column.size() + 1));
  for (std::size_t r = 0; r < judged.size(); ++r) {
    const auto row = static_cast<Eigen::Index>(r);
    out.pairs.design(row, 0) = 1;
    for (std::size_t k = 0; k < out.column.size(); ++k) {
      out.pairs.design(row, static_cast<Eigen::Index>(k + 1)) = differences(r, out.column[k]);
    }
  }
  return out;
}

}  // namespace plumb
