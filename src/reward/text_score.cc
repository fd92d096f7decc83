// Scores of rows and of texts.
#include <cmath>

#include "plumb/ensemble.h"
#include "reward/text_measures.h"

namespace plumb {
namespace {

constexpr std::size_t kScoreBlock = 256, kTextBlock = 2048;

void check_schema(const TextReward& model, const ItemRows& rows) {
  const TextFeatures &a = model.features, &b = rows.features;
  if (a.bits != b.bits || a.words != b.words || a.characters_from != b.characters_from ||
      a.characters_to != b.characters_to || a.surface != b.surface || a.word_weight != b.word_weight ||
      a.character_weight != b.character_weight || model.numbers != rows.numbers) {
    refuse("reward model", "rows", "made with other features", "rows with the model's features");
  }
}

// Variance under the diagonal posterior of sum over entries of w * value, less the mean row's where `constant`.
double mean_row_variance(const TextReward& model) {
  double sum = 0;
  for (std::size_t c = 0; c < model.variance.size(); ++c) {
    sum += static_cast<double>(model.variance[c]) * model.mean_row[c] * model.mean_row[c];
  }
  return sum;
}

// One member's sum over a row, in four parts that need not wait for one another.
double row_sum(const std::vector<float>& weight, const ItemRows& rows, std::uint64_t begin, std::uint64_t end) {
  std::array<double, 4> sums{};
  std::uint64_t e = begin;
  for (; e + 4 <= end; e += 4) {
    for (std::uint64_t k = 0; k < 4; ++k) {
      sums[k] += static_cast<double>(rows.value[e + k]) * static_cast<double>(weight[rows.column[e + k]]);
    }
  }
  for (; e < end; ++e)
    sums[0] += static_cast<double>(rows.value[e]) * static_cast<double>(weight[rows.column[e]]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// Mean and standard deviation (m - 1) of the members' values.
std::pair<double, double> spread(std::span<const double> values) {
  double sum = 0, squares = 0;
  for (const double v : values) sum += v;
  const double n = static_cast<double>(values.size()), mean = sum / n;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return {mean, values.size() > 1 ? std::sqrt(squares / (n - 1)) : 0.0};
}

}  // namespace

RewardScores score(const TextReward& model, const ItemRows& rows, int threads) {
  check_schema(model, rows);
  const std::size_t n = rows.rows(), m = model.members;
  RewardScores out;
  out.mean.resize(n);
  const bool laplace = m == 1 && !model.variance.empty();
  const bool known = m > 1 || laplace;
  if (known) out.standard_error.resize(n);
  out.members = Matrix(n, m);
  const double constant = laplace ? mean_row_variance(model) : 0;
  parallel_blocks((n + kScoreBlock - 1) / kScoreBlock, threads, [&](std::size_t b) {
    for (std::size_t i = b * kScoreBlock; i < std::min(n, (b + 1) * kScoreBlock); ++i) {
      const std::span<double> sums = out.members.row(i);
      const std::uint64_t begin = rows.offset[i], end = rows.offset[i + 1];
      if (m == 1) {
        sums[0] = row_sum(model.weight, rows, begin, end);
      } else {
        for (std::uint64_t e = begin; e < end; ++e) {
          const double value = rows.value[e];
          const float* const w = &model.weight[rows.column[e] * m];
          for (std::size_t k = 0; k < m; ++k) sums[k] += value * w[k];
        }
      }
      double variance = constant;
      for (std::uint64_t e = begin; laplace && e < end; ++e) {
        const double value = rows.value[e], mean = model.mean_row[rows.column[e]];
        variance += model.variance[rows.column[e]] * value * (value - 2 * mean);
      }
      for (std::size_t k = 0; k < m; ++k) sums[k] -= model.center[k];
      const auto [mean, deviation] = spread(sums);
      out.mean[i] = mean;
      if (known) out.standard_error[i] = laplace ? std::sqrt(std::max(variance, 0.0)) : deviation;
    }
  });
  return out;
}

RewardScores score(const TextReward& model, std::span<const std::string> texts, int threads) {
  return score(model, text_rows(texts, model.features, threads), threads);
}

std::vector<double> score_means(const TextReward& model, std::span<const std::string_view> texts, int threads) {
  if (!model.numbers.empty())
    refuse("reward model", "texts", "no features", "rows: the model reads named numbers");
  const std::size_t m = model.members, hashed = std::size_t{1} << model.features.bits;
  std::vector<float> weight(model.columns());
  double center = 0;
  for (std::size_t c = 0; c < weight.size(); ++c) {
    double sum = 0;
    for (std::size_t k = 0; k < m; ++k) sum += model.weight[c * m + k];
    weight[c] = static_cast<float>(sum / static_cast<double>(m));
  }
  for (const double c : model.center) center += c / static_cast<double>(m);
  std::vector<double> out(texts.size());
  parallel_blocks((texts.size() + kTextBlock - 1) / kTextBlock, threads, [&](std::size_t b) {
    std::vector<std::int32_t> count(hashed, 0);
    std::vector<text::Gram> words, characters;
    // One family's part of the reward: signed counts over the root of their squares.
    const auto part = [&](const std::vector<text::Gram>& grams, double family_weight) {
      double sum = 0;
      for (const text::Gram g : grams) {
        count[g >> 1] += g & 1 ? -1 : 1;
        sum += static_cast<double>(g & 1 ? -weight[g >> 1] : weight[g >> 1]);
      }
      std::int64_t squares = 0;
      for (const text::Gram g : grams) squares += g & 1 ? -count[g >> 1] : count[g >> 1];
      for (const text::Gram g : grams) count[g >> 1] = 0;
      return squares == 0 ? 0.0 : sum * family_weight / std::sqrt(static_cast<double>(squares));
    };
    const auto word = [&](text::Gram g) { words.push_back(g); };
    const auto character = [&](text::Gram g) { characters.push_back(g); };
    for (std::size_t i = b * kTextBlock; i < std::min(texts.size(), (b + 1) * kTextBlock); ++i) {
      words.clear();
      characters.clear();
      const text::Counts counts = model.features.characters_to > 0
                                      ? text::scan<true>(texts[i], model.features, word, character)
                                      : text::scan<false>(texts[i], model.features, word, character);
      double sum =
          part(words, model.features.word_weight) + part(characters, model.features.character_weight) - center;
      if (model.features.surface) {
        std::array<float, kSurfaceMeasures> measured{};
        text::measures(counts, measured);
        for (std::size_t k = 0; k < kSurfaceMeasures; ++k) {
          sum += static_cast<double>(measured[k]) * weight[hashed + k];
        }
      }
      out[i] = sum;
    }
  });
  return out;
}

RewardDifferences score_differences(const TextReward& model, const ItemRows& rows,
                                    std::span<const std::uint32_t> first,
                                    std::span<const std::uint32_t> second) {
  check_schema(model, rows);
  if (first.size() != second.size())
    refuse("reward differences", "pairs", "different lengths", "one first a second");
  RewardDifferences out;
  const bool laplace = model.members == 1 && !model.variance.empty();
  std::vector<double> sums(model.members);
  for (std::size_t p = 0; p < first.size(); ++p) {
    if (first[p] >= rows.rows() || second[p] >= rows.rows()) {
      refuse("reward differences", "pairs", "a row that does not exist", "rows of the design");
    }
    std::fill(sums.begin(), sums.end(), 0.0);
    double variance = 0;
    // Both rows' columns ascend: one walk over their union.
    std::uint64_t a = rows.offset[first[p]], b = rows.offset[second[p]];
    const std::uint64_t a_end = rows.offset[first[p] + 1], b_end = rows.offset[second[p] + 1];
    while (a < a_end || b < b_end) {
      const std::uint32_t ca = a < a_end ? rows.column[a] : 0xffffffffu,
                          cb = b < b_end ? rows.column[b] : 0xffffffffu;
      const std::uint32_t c = std::min(ca, cb);
      double value = 0;
      if (ca == c) value += rows.value[a++];
      if (cb == c) value -= rows.value[b++];
      for (std::size_t k = 0; k < model.members; ++k) sums[k] += value * model.weight[c * model.members + k];
      if (laplace) variance += model.variance[c] * value * value;
    }
    const auto [mean, deviation] = spread(sums);
    out.mean.push_back(mean);
    if (laplace || model.members > 1) out.standard_error.push_back(laplace ? std::sqrt(variance) : deviation);
  }
  return out;
}

}  // namespace plumb
