// Small worlds of preferences with known truth, for tests of reward models.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "plumb/regression.h"
#include "plumb/text_reward.h"

namespace plumb {

// Rows of named numbers x ~ N(0, 1) and comparisons of random pairs by Bradley-Terry on truth . x. Groups: 20.
struct NumberWorld {
  ItemRows rows;
  Judged judged;
  std::vector<double> reward;
};

inline NumberWorld number_world(const std::vector<double>& truth, std::size_t items, std::size_t pairs,
                                std::uint64_t seed) {
  NumberWorld out;
  Rng rng = Rng(seed).stream("number world");
  std::vector<FeatureColumn> columns(truth.size());
  for (std::size_t c = 0; c < truth.size(); ++c) columns[c].name = "x" + std::to_string(c);
  for (std::size_t i = 0; i < items; ++i) {
    double reward = 0;
    for (std::size_t c = 0; c < truth.size(); ++c) {
      columns[c].number.push_back(static_cast<float>(rng.normal()));
      reward += truth[c] * static_cast<double>(columns[c].number.back());
    }
    out.reward.push_back(reward);
  }
  TextFeatures features;
  features.bits = 4;
  features.words = 0;
  features.surface = false;
  out.rows = item_rows({}, columns, features, 1);
  for (std::size_t k = 0; k < pairs; ++k) {
    const std::uint32_t a = static_cast<std::uint32_t>(rng.below(items));
    const std::uint32_t b = static_cast<std::uint32_t>((a + 1 + rng.below(items - 1)) % items);
    const bool first = rng.bernoulli(sigmoid(out.reward[a] - out.reward[b]));
    out.judged.first.push_back(a);
    out.judged.second.push_back(b);
    out.judged.first_votes.push_back(first);
    out.judged.second_votes.push_back(!first);
    out.judged.tie_votes.push_back(0);
    out.judged.pair_group.push_back(k % 20);
  }
  return out;
}

// Texts of made-up words with utilities; the reward is quality (mean utility of the words, scaled) plus
// `length` times log words, standardized. Words of high utility are also more frequent in long texts where
// `confounded`.
struct TextWorld {
  std::vector<std::string> texts;
  std::vector<double> quality, length, reward;  // length: log of 1 + words
  Judged judged;
};

inline TextWorld text_world(std::size_t items, std::size_t pairs, double length_effect, bool confounded,
                            std::uint64_t seed) {
  TextWorld out;
  Rng rng = Rng(seed).stream("text world");
  constexpr std::size_t kVocabulary = 60;
  std::vector<double> utility(kVocabulary);
  for (std::size_t w = 0; w < kVocabulary; ++w) utility[w] = w % 2 == 0 ? 1 : -1;
  for (std::size_t i = 0; i < items; ++i) {
    const std::size_t words = 8 + static_cast<std::size_t>(std::exp(4 * rng.uniform()));
    const double long_text = std::log(static_cast<double>(words)) - 3;
    const double good = confounded ? sigmoid(long_text + rng.normal()) : sigmoid(rng.normal());
    std::string text;
    double sum = 0;
    for (std::size_t k = 0; k < words; ++k) {
      const std::size_t w = 2 * rng.below(kVocabulary / 2) + (rng.bernoulli(good) ? 0 : 1);
      text += "word" + std::to_string(w) + " ";
      sum += utility[w];
    }
    out.texts.push_back(text);
    out.quality.push_back(2 * sum / static_cast<double>(words));
    out.length.push_back(std::log1p(static_cast<double>(words)));
    out.reward.push_back(out.quality.back() + length_effect * long_text);
  }
  for (std::size_t k = 0; k < pairs; ++k) {
    const std::uint32_t a = static_cast<std::uint32_t>(rng.below(items));
    const std::uint32_t b = static_cast<std::uint32_t>((a + 1 + rng.below(items - 1)) % items);
    const bool first = rng.bernoulli(sigmoid(out.reward[a] - out.reward[b]));
    out.judged.first.push_back(a);
    out.judged.second.push_back(b);
    out.judged.first_votes.push_back(first);
    out.judged.second_votes.push_back(!first);
    out.judged.tie_votes.push_back(0);
    out.judged.pair_group.push_back(k % 20);
  }
  return out;
}

inline double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double n = static_cast<double>(a.size());
  double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ma += a[i] / n;
    mb += b[i] / n;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
    ab += (a[i] - ma) * (b[i] - mb);
  }
  return ab / std::sqrt(aa * bb);
}

}  // namespace plumb
