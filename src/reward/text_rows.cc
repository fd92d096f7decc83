// Texts and features as sparse rows. Rows are made in fixed blocks and joined in order.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/text_reward.h"
#include "reward/text_measures.h"
#include "reward/text_tokens.h"

namespace plumb {

const std::array<const char*, kSurfaceMeasures> kSurfaceNames = {
    "log words",       "log characters", "log sentences", "squared log words", "mean word length", "long words",
    "capital letters", "digits",         "commas",        "exclamations",      "questions",        "quotes"};

namespace text {

void check_features(const TextFeatures& f, const std::string& where) {
  const auto in = [&](const char* what, int value, int low, int high) {
    if (value < low || value > high) {
      refuse(where, what, std::to_string(value), fmt::format("a number from {} to {}", low, high));
    }
  };
  in("bits", f.bits, 4, 24);
  in("words", f.words, 0, kMostWords);
  if (f.characters_from != 0 || f.characters_to != 0) {
    in("characters_to", f.characters_to, 1, kMostCharacters);
    in("characters_from", f.characters_from, 1, f.characters_to);
  }
  for (const auto& [name, weight] :
       {std::pair{"word_weight", f.word_weight}, std::pair{"character_weight", f.character_weight},
        std::pair{"surface_weight", f.surface_weight}}) {
    if (!(weight > 0 && weight <= 1e6)) {
      refuse(where, name, fmt::format("{}", weight), "a number in (0, 1e6]");
    }
  }
}

void measures(const Counts& c, std::array<float, kSurfaceMeasures>& out) {
  const auto log1 = [](double count) { return static_cast<float>(std::log1p(count)); };
  out[0] = log1(c.words);
  out[1] = log1(c.characters);
  out[2] = log1(c.sentences);
  out[3] = out[0] * out[0];
  out[4] = c.words == 0 ? 0 : static_cast<float>(c.word_characters) / static_cast<float>(c.words);
  out[5] = log1(c.long_words);
  out[6] = log1(c.upper);
  out[7] = log1(c.digits);
  out[8] = log1(c.commas);
  out[9] = log1(c.exclamations);
  out[10] = log1(c.questions);
  out[11] = log1(c.quotes);
}

}  // namespace text

namespace {

constexpr std::size_t kRowBlock = 64;

struct Block {
  std::vector<std::uint32_t> size, column;
  std::vector<float> value;
  std::vector<text::Gram> words, characters;
};

// Sorted grams as columns with summed signs, scaled to length `weight`.
void append_grams(std::vector<text::Gram>& grams, double weight, Block& out) {
  const std::size_t begin = out.value.size();
  std::sort(grams.begin(), grams.end());
  std::int64_t squares = 0;
  for (std::size_t k = 0; k < grams.size();) {
    const std::uint32_t column = grams[k] >> 1;
    std::int64_t sum = 0;
    for (; k < grams.size() && grams[k] >> 1 == column; ++k) sum += grams[k] & 1 ? -1 : 1;
    if (sum == 0) continue;
    squares += sum * sum;
    out.column.push_back(column);
    out.value.push_back(static_cast<float>(sum));
  }
  if (squares == 0) return;
  const float scale = static_cast<float>(weight / std::sqrt(static_cast<double>(squares)));
  for (std::size_t k = begin; k < out.value.size(); ++k) out.value[k] *= scale;
}

// Entries from `begin` on, by column, equal columns summed.
void merge_entries(Block& block, std::size_t begin, std::vector<std::pair<std::uint32_t, float>>& scratch) {
  scratch.clear();
  for (std::size_t k = begin; k < block.column.size(); ++k)
    scratch.emplace_back(block.column[k], block.value[k]);
  std::stable_sort(scratch.begin(), scratch.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  block.column.resize(begin);
  block.value.resize(begin);
  for (const auto& [column, value] : scratch) {
    if (block.column.size() > begin && block.column.back() == column) {
      block.value.back() += value;
    } else {
      block.column.push_back(column);
      block.value.push_back(value);
    }
  }
}

}  // namespace

ItemRows item_rows(std::span<const std::string> texts, std::span<const FeatureColumn> columns,
                   const TextFeatures& features, int threads) {
  text::check_features(features);
  ItemRows out;
  out.features = features;
  const bool reads = features.words > 0 || features.characters_to > 0 || features.surface;
  std::size_t n = texts.size();
  if (texts.empty() && !columns.empty() && !reads) n = columns[0].size();
  for (const FeatureColumn& c : columns) {
    if (c.size() != n) refuse("item rows", c.name, std::to_string(c.size()) + " rows", std::to_string(n));
    if (!c.is_category) out.numbers.push_back(c.name);
    for (const float x : c.number) {
      if (!std::isfinite(x)) refuse("item rows", c.name, fmt::format("{}", x), "finite numbers");
    }
  }
  const std::uint32_t mask = (1u << features.bits) - 1;
  std::vector<std::vector<text::Gram>> level(columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    for (const std::string& name : columns[c].levels) {
      level[c].push_back(text::gram_of(hash_bytes(columns[c].name + "=" + name), mask));
    }
  }
  const std::uint32_t surface_at = static_cast<std::uint32_t>(out.hashed());
  const std::uint32_t numbers_at = surface_at + static_cast<std::uint32_t>(out.surface());
  std::vector<Block> blocks((n + kRowBlock - 1) / kRowBlock);
  parallel_blocks(blocks.size(), threads, [&](std::size_t b) {
    Block& block = blocks[b];
    std::vector<std::pair<std::uint32_t, float>> scratch;
    for (std::size_t i = b * kRowBlock; i < std::min(n, (b + 1) * kRowBlock); ++i) {
      const std::size_t begin = block.column.size();
      std::array<float, kSurfaceMeasures> measured{};
      if (reads) {
        block.words.clear();
        block.characters.clear();
        const text::Counts counts = text::scan<true>(
            texts[i], features, [&](text::Gram g) { block.words.push_back(g); },
            [&](text::Gram g) { block.characters.push_back(g); });
        append_grams(block.words, features.word_weight, block);
        append_grams(block.characters, features.character_weight, block);
        text::measures(counts, measured);
      }
      for (std::size_t c = 0; c < columns.size(); ++c) {
        if (!columns[c].is_category) continue;
        const text::Gram gram = level[c][columns[c].code[i]];
        block.column.push_back(gram >> 1);
        block.value.push_back(gram & 1 ? -1.0f : 1.0f);
      }
      merge_entries(block, begin, scratch);
      if (features.surface) {
        for (std::uint32_t k = 0; k < kSurfaceMeasures; ++k) {
          block.column.push_back(surface_at + k);
          block.value.push_back(measured[k]);
        }
      }
      std::uint32_t number = numbers_at;
      for (const FeatureColumn& c : columns) {
        if (c.is_category) continue;
        block.column.push_back(number++);
        block.value.push_back(c.number[i]);
      }
      block.size.push_back(static_cast<std::uint32_t>(block.column.size() - begin));
    }
  });
  for (const Block& block : blocks) {
    for (const std::uint32_t size : block.size) out.offset.push_back(out.offset.back() + size);
    out.column.insert(out.column.end(), block.column.begin(), block.column.end());
    out.value.insert(out.value.end(), block.value.begin(), block.value.end());
  }
  return out;
}

ItemRows text_rows(std::span<const std::string> texts, const TextFeatures& features, int threads) {
  return item_rows(texts, {}, features, threads);
}

}  // namespace plumb
