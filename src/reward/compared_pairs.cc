#include "reward/compared_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "data/ranking_pairs.h"

namespace plumb {

namespace {

// What judgements of nobody named cluster on, so that copies of one are no further people: the prompt, or where
// few prompts were asked in, the prompt and what was compared.
class UnnamedUnits {
 public:
  explicit UnnamedUnits(const Feedback& f) : f_(f) {
    std::vector<std::uint8_t> asked(f.prompt.size(), 0);
    for (const std::uint32_t i : f.first) asked[f.item_prompt[i]] = 1;
    for (const std::uint32_t i : f.ranking_item) asked[f.item_prompt[i]] = 1;
    by_prompt_ = static_cast<std::size_t>(std::count(asked.begin(), asked.end(), 1)) >= kQuestionsEnough;
    std::vector<std::uint64_t> seen;
    const auto add = [&](const JudgementSource& source, std::size_t k, std::span<const std::uint32_t> items) {
      if (unnamed(source, k)) seen.push_back(question(items));
    };
    for (std::size_t c = 0; c < f.first.size(); ++c) add(f.comparison, c, std::array{f.first[c], f.second[c]});
    for (std::size_t r = 0; r + 1 < f.ranking_offset.size(); ++r) add(f.ranking, r, ranked(f, r));
    votes = seen.size();
    std::sort(seen.begin(), seen.end());
    questions = static_cast<std::size_t>(std::unique(seen.begin(), seen.end()) - seen.begin());
  }
  std::uint64_t of(const JudgementSource& source, std::size_t k, std::span<const std::uint32_t> items) const {
    return unnamed(source, k) && !few() ? question(items) : source.unit[k];
  }
  bool few() const { return votes > 0 && questions < kQuestionsEnough; }

  static std::span<const std::uint32_t> ranked(const Feedback& f, std::size_t r) {
    return std::span(f.ranking_item)
        .subspan(f.ranking_offset[r], f.ranking_offset[r + 1] - f.ranking_offset[r]);
  }

  std::size_t votes = 0, questions = 0;

 private:
  static constexpr std::size_t kQuestionsEnough = 100;  // so that each fold holds some
  static bool unnamed(const JudgementSource& source, std::size_t k) {
    return !source.unnamed.empty() && source.unnamed[k] != 0;
  }
  std::uint64_t question(std::span<const std::uint32_t> items) const {
    const std::uint64_t asked = hash_combine(hash_bytes(f_.prompt[f_.item_prompt[items[0]]]), 0x0a5ced);
    if (by_prompt_) return asked;
    std::uint64_t which = 0;  // whatever the order in which they were shown
    for (const std::uint32_t item : items) which += hash_bytes(f_.item[item], 3);
    return hash_combine(asked, which);
  }

  const Feedback& f_;
  bool by_prompt_ = false;
};

}  // namespace

std::vector<Judged> all_pairs(const Feedback& f) {
  std::vector<Judged> out;
  const UnnamedUnits units(f);
  for (std::size_t c = 0; c < f.first.size(); ++c) {
    const double answer = f.answer[c] == Answer::kTie ? 0.5 : f.answer[c] == Answer::kFirst ? 1 : 0;
    const double weight = f.comparison.weight.empty() ? 1 : static_cast<double>(f.comparison.weight[c]);
    out.push_back({f.first[c], f.second[c], answer, weight,
                   units.of(f.comparison, c, std::array{f.first[c], f.second[c]}), f.comparison.rater[c]});
  }
  for (std::size_t r = 0; r + 1 < f.ranking_offset.size(); ++r) {
    const double weight = f.ranking.weight.empty() ? 1 : static_cast<double>(f.ranking.weight[r]);
    const std::uint64_t unit = units.of(f.ranking, r, UnnamedUnits::ranked(f, r));
    for_each_ranked_pair(f, r, [&](const RankedPair& pair) {
      const double answer = pair.answer == Answer::kTie ? 0.5 : pair.answer == Answer::kFirst ? 1 : 0;
      out.push_back({pair.first, pair.second, answer, weight * pair.share, unit, f.ranking.rater[r]});
    });
  }
  return out;
}

std::string unnamed_cap(const Feedback& f) {
  const UnnamedUnits units(f);
  if (!units.few() || units.votes == units.questions) return "";
  return fmt::format(
      "{} votes name nobody and answer only {} different questions: copies of votes cannot be told from votes "
      "of other "
      "people (name the raters)",
      units.votes, units.questions);
}

// Of every judged pair: how many its unit gave to the same question.
static std::vector<float> copies_of(const Feedback& f, const std::vector<Judged>& judged) {
  std::vector<std::uint64_t> question;
  for (const Judged& j : judged)
    question.push_back(hash_combine(hash_combine(j.unit, f.item_prompt[j.first]),
                                    hash_combine(std::min(j.first, j.second), std::max(j.first, j.second))));
  std::vector<std::uint64_t> sorted = question;
  std::sort(sorted.begin(), sorted.end());
  std::vector<float> out;
  for (const std::uint64_t q : question) {
    const auto [begin, end] = std::equal_range(sorted.begin(), sorted.end(), q);
    out.push_back(static_cast<float>(end - begin));
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
  out.pairs.copies = copies_of(feedback, judged);
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
