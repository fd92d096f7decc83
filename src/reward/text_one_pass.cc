// Training in one pass. A cell holds all that a column needs, on one cache line: reading a comparison touches
// each of its cells twice. No allocation after the first texts.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/regression.h"
#include "reward/text_measures.h"
#include "reward/text_model.h"

namespace plumb {
namespace {

constexpr std::size_t kShards = 8, kFirstShare = 64, kLastShare = 4096, kSampleTexts = 16'384;
constexpr std::size_t kMergeBlock = 1 << 14;
// What every sum of squares starts at. From 0 the first step of a column would have the whole rate as its size,
// and a text of hundreds of new n-grams would be learnt by heart.
constexpr float kStartSquares = 0.3f;

struct Cell {
  float weight = 0;
  float squares =
      0;  // of the gradients seen: AdaGrad's, and by the information equality the posterior's precision
  float difference = 0;    // of the pair at hand
  std::int32_t count = 0;  // of the text at hand, signed
};

struct Dense {
  std::array<float, kSurfaceMeasures> mean{}, scale{};
};

// What a shard needs beside its cells; reused from text to text.
struct Scratch {
  std::vector<text::Gram> words[2], characters[2];
};

class Shard {
 public:
  Shard(const OnePassOptions& options, const Dense& dense)
      : options_(options), dense_(dense), rate_(static_cast<float>(options.rate)) {}

  void start(const std::vector<Cell>& consensus) { cells_ = consensus; }
  const std::vector<Cell>& cells() const { return cells_; }

  void learn(const TextPair& pair) {
    const double first = pair.first_votes + pair.tie_votes / 2, second = pair.second_votes + pair.tie_votes / 2;
    if (first + second == 0) return;
    const std::size_t hashed = std::size_t{1} << options_.features.bits;
    std::array<float, kSurfaceMeasures> measured[2];
    double d = 0;
    for (int side = 0; side < 2; ++side) {
      const text::Counts counts = read(side == 0 ? pair.first : pair.second, side);
      const double sign = side == 0 ? 1 : -1;
      d += add(scratch_.words[side], sign * options_.features.word_weight);
      d += add(scratch_.characters[side], sign * options_.features.character_weight);
      text::measures(counts, measured[side]);
    }
    std::array<float, kSurfaceMeasures> dense{};
    if (options_.features.surface) {
      for (std::size_t k = 0; k < kSurfaceMeasures; ++k) {
        dense[k] = (measured[0][k] - measured[1][k]) * dense_.scale[k];
        d += static_cast<double>(cells_[hashed + k].weight) * dense[k];
      }
    }
    const double p = sigmoid(-(d - options_.margin)), q = sigmoid(-(-d - options_.margin));
    const float slope = static_cast<float>(second * q - first * p);
    for (int side = 0; side < 2; ++side) {
      for (const auto* grams : {&scratch_.words[side], &scratch_.characters[side]}) {
        for (const text::Gram g : *grams) {
          Cell& cell = cells_[g >> 1];
          // A column that came before, or whose occurrences cancel, has nothing left.
          const float value = cell.difference;
          if (value == 0) continue;
          cell.difference = 0;
          step(cell, slope * value);
        }
      }
    }
    if (!options_.features.surface) return;
    for (std::size_t k = 0; k < kSurfaceMeasures; ++k) {
      if (dense[k] != 0) step(cells_[hashed + k], slope * dense[k]);
    }
  }

 private:
  text::Counts read(std::string_view text, int side) {
    auto &words = scratch_.words[side], &characters = scratch_.characters[side];
    words.clear();
    characters.clear();
    const auto word = [&](text::Gram g) { words.push_back(g); };
    const auto character = [&](text::Gram g) { characters.push_back(g); };
    return options_.features.characters_to > 0 ? text::scan<true>(text, options_.features, word, character)
                                               : text::scan<false>(text, options_.features, word, character);
  }

  // Adds one family's part of a row, of length |weight|, to the cells' differences; returns its part of the
  // reward.
  double add(const std::vector<text::Gram>& grams, double weight) {
    double sum = 0;
    for (const text::Gram g : grams) {
      Cell& cell = cells_[g >> 1];
      cell.count += g & 1 ? -1 : 1;
      sum += static_cast<double>(g & 1 ? -cell.weight : cell.weight);
    }
    std::int64_t squares = 0;  // every occurrence adds its column's count, so a column its square
    for (const text::Gram g : grams) squares += g & 1 ? -cells_[g >> 1].count : cells_[g >> 1].count;
    const double scale = squares == 0 ? 0 : weight / std::sqrt(static_cast<double>(squares));
    const float plus = static_cast<float>(scale), minus = -plus;
    for (const text::Gram g : grams) {
      Cell& cell = cells_[g >> 1];
      cell.difference += g & 1 ? minus : plus;
      cell.count = 0;
    }
    return sum * scale;
  }

  void step(Cell& cell, float slope) {
    cell.squares += slope * slope;
    cell.weight -= rate_ * slope / std::sqrt(kStartSquares + cell.squares);
  }

  const OnePassOptions& options_;
  const Dense& dense_;
  float rate_;
  std::vector<Cell> cells_;
  Scratch scratch_;
};

// Cells [begin, end) of the consensus after a round; shards that saw nothing of a column have no say in it.
void combine(std::vector<Cell>& consensus, const std::vector<Shard>& shards, std::size_t begin,
             std::size_t end) {
  for (std::size_t c = begin; c < end; ++c) {
    Cell& base = consensus[c];
    double seen = 0, moved = 0;
    for (const Shard& shard : shards) {
      const Cell& cell = shard.cells()[c];
      const double own = static_cast<double>(cell.squares) - base.squares;
      seen += own;
      moved += own * (static_cast<double>(cell.weight) - base.weight);
    }
    if (!(seen > 0)) continue;
    base.weight += static_cast<float>(moved / seen);
    base.squares += static_cast<float>(seen);
  }
}

Dense standardize(const ItemRows& sample, const TextFeatures& features) {
  Dense out;
  if (!features.surface) return out;
  const double n = static_cast<double>(sample.rows());
  std::array<double, kSurfaceMeasures> sum{}, squares{};
  // Every row ends with its measures.
  const auto measure = [&](std::size_t i, std::size_t k) {
    return static_cast<double>(sample.value[sample.offset[i + 1] - kSurfaceMeasures + k]);
  };
  for (std::size_t i = 0; i < sample.rows(); ++i) {
    for (std::size_t k = 0; k < kSurfaceMeasures; ++k) sum[k] += measure(i, k);
  }
  for (std::size_t i = 0; i < sample.rows(); ++i) {
    for (std::size_t k = 0; k < kSurfaceMeasures; ++k) {
      squares[k] += (measure(i, k) - sum[k] / n) * (measure(i, k) - sum[k] / n);
    }
  }
  for (std::size_t k = 0; k < kSurfaceMeasures; ++k) {
    const double deviation = std::sqrt(squares[k] / n);
    out.mean[k] = static_cast<float>(sum[k] / n);
    out.scale[k] = deviation > 1e-9 ? static_cast<float>(features.surface_weight / deviation) : 0.0f;
  }
  return out;
}

void check(std::span<const TextPair> pairs, const OnePassOptions& options) {
  text::check_features(options.features);
  if (options.length != LengthUse::kWithLength && !options.features.surface) {
    refuse("one pass", "length", "no surface measures", "surface = true where length is controlled");
  }
  if (!(options.rate > 0 && options.rate <= 100)) {
    refuse("one pass", "rate", fmt::format("{}", options.rate), "a number in (0, 100]");
  }
  if (!(options.margin >= 0 && options.margin <= 1e6)) {
    refuse("one pass", "margin", fmt::format("{}", options.margin), "a number >= 0");
  }
  if (!(options.prior_precision > 0 && options.prior_precision <= 1e12)) {
    refuse("one pass", "prior_precision", fmt::format("{}", options.prior_precision), "a number > 0");
  }
  double votes = 0;
  for (const TextPair& pair : pairs) {
    for (const float v : {pair.first_votes, pair.second_votes, pair.tie_votes}) {
      if (!(v >= 0 && v <= 1e9f)) refuse("one pass", "votes", fmt::format("{}", v), "a finite number >= 0");
      votes += v;
    }
  }
  if (!(votes > 0)) refuse("one pass", "votes", "none", "at least one comparison with a vote");
}

}  // namespace

TextReward train_one_pass(std::span<const TextPair> pairs, const OnePassOptions& options, int threads) {
  check(pairs, options);
  std::vector<std::string> texts;
  for (std::size_t k = 0; k < pairs.size() && texts.size() + 2 <= kSampleTexts; ++k) {
    texts.emplace_back(pairs[k].first);
    texts.emplace_back(pairs[k].second);
  }
  const ItemRows sample = text_rows(texts, options.features, threads);
  const Dense dense = standardize(sample, options.features);
  const std::size_t columns = sample.columns();
  std::vector<Cell> consensus(columns);
  std::vector<Shard> shards(kShards, Shard(options, dense));
  // Rounds long enough that copying the cells is little beside learning.
  const std::size_t last_share = std::max(kLastShare, columns / 64);
  for (std::size_t begin = 0, share = kFirstShare; begin < pairs.size();
       share = std::min(2 * share, last_share)) {
    parallel_blocks(kShards, threads, [&](std::size_t s) {
      shards[s].start(consensus);
      const std::size_t from = std::min(pairs.size(), begin + s * share);
      const std::size_t to = std::min(pairs.size(), from + share);
      for (std::size_t k = from; k < to; ++k) shards[s].learn(pairs[k]);
    });
    parallel_blocks((columns + kMergeBlock - 1) / kMergeBlock, threads, [&](std::size_t b) {
      combine(consensus, shards, b * kMergeBlock, std::min(columns, (b + 1) * kMergeBlock));
    });
    begin += kShards * share;
  }

  const std::size_t hashed = sample.hashed();
  std::vector<double> raw(columns), scale(columns, 1.0);
  for (std::size_t k = 0; k < sample.surface(); ++k) scale[hashed + k] = static_cast<double>(dense.scale[k]);
  for (std::size_t c = 0; c < columns; ++c) raw[c] = static_cast<double>(consensus[c].weight) * scale[c];
  std::vector<std::uint32_t> rows(sample.rows());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(i);
  TextRewardOptions schema;
  schema.features = options.features;
  schema.length = options.length;
  TextReward out = text::schema_of(sample, schema);
  out.kind = "one pass";
  out.judgements = pairs.size();
  text::set_members(out, {text::make_member(sample, rows, std::move(raw), options.length)});
  out.variance.assign(columns, 0.0f);
  out.mean_row.assign(columns, 0.0f);
  std::vector<double> mean(columns, 0.0);
  for (std::size_t e = 0; e < sample.column.size(); ++e) mean[sample.column[e]] += sample.value[e];
  for (std::size_t c = 0; c < columns; ++c) {
    const bool dropped =
        options.length != LengthUse::kWithLength && c >= hashed && c < hashed + kLengthMeasures;
    if (dropped || scale[c] == 0) continue;
    const double precision = static_cast<double>(consensus[c].squares) + options.prior_precision;
    out.variance[c] = static_cast<float>(scale[c] * scale[c] / precision);
    out.mean_row[c] = static_cast<float>(mean[c] / static_cast<double>(sample.rows()));
  }
  return out;
}

}  // namespace plumb
