// How fast text reward models are: training in one pass and scoring, in bytes of text a second, beside the
// speed at which this machine reads memory. Arguments: threads, then what is varied. 200,000 comparisons of two
// texts of 100 words (250 MB), words by Zipf's law from 30,000; PLUMB_COMPARISONS sets another number.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "plumb/ensemble.h"

using namespace plumb;

namespace {

constexpr std::size_t kWords = 100, kVocabulary = 30'000;

struct Corpus {
  std::vector<std::string> texts;
  std::vector<TextPair> pairs;
  std::size_t bytes = 0;
};

const Corpus& corpus() {
  static const Corpus made = [] {
    const char* const asked = std::getenv("PLUMB_COMPARISONS");
    const std::size_t comparisons = asked ? std::strtoull(asked, nullptr, 10) : 200'000;
    Corpus out;
    Rng rng = Rng(1).stream("corpus");
    std::vector<std::string> words(kVocabulary);
    for (std::string& word : words) {
      const std::uint64_t length = 2 + rng.below(8);
      for (std::uint64_t k = 0; k < length; ++k) word.push_back(static_cast<char>('a' + rng.below(26)));
    }
    out.texts.resize(2 * comparisons);
    for (std::string& text : out.texts) {
      for (std::size_t k = 0; k < kWords; ++k) {
        const double rank = std::exp(rng.uniform() * std::log(static_cast<double>(kVocabulary)));
        text += words[std::min(kVocabulary - 1, static_cast<std::size_t>(rank))];
        text += k % 11 == 10 ? ". " : " ";
      }
      out.bytes += text.size();
    }
    out.pairs.resize(comparisons);
    for (std::size_t k = 0; k < comparisons; ++k) {
      out.pairs[k].first = out.texts[2 * k];
      out.pairs[k].second = out.texts[2 * k + 1];
      out.pairs[k].first_votes = rng.bernoulli(0.5) ? 1 : 0;
      out.pairs[k].second_votes = 1 - out.pairs[k].first_votes;
    }
    return out;
  }();
  return made;
}

void set_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(bytes));
}

OnePassOptions one_pass(int bits, int words, int from, int to) {
  OnePassOptions out;
  out.features.bits = bits;
  out.features.words = words;
  out.features.characters_from = from;
  out.features.characters_to = to;
  return out;
}

// Arguments: threads, bits, words, characters from, characters to.
void BM_TrainOnePass(benchmark::State& state) {
  const Corpus& c = corpus();
  const OnePassOptions options = one_pass(static_cast<int>(state.range(1)), static_cast<int>(state.range(2)),
                                          static_cast<int>(state.range(3)), static_cast<int>(state.range(4)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(train_one_pass(c.pairs, options, static_cast<int>(state.range(0))).weight.data());
  }
  set_bytes(state, c.bytes);
}
BENCHMARK(BM_TrainOnePass)
    ->ArgNames({"threads", "bits", "words", "from", "to"})
    ->Args({1, 18, 2, 0, 0})
    ->Args({2, 18, 2, 0, 0})
    ->Args({2, 20, 2, 0, 0})
    ->Args({2, 22, 2, 0, 0})
    ->Args({2, 18, 1, 0, 0})
    ->Args({2, 18, 2, 3, 3})
    ->Args({2, 18, 2, 2, 4})
    ->Args({2, 18, 0, 2, 5})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// From bytes to scores. Arguments: threads, characters from, to.
void BM_ScoreTexts(benchmark::State& state) {
  const Corpus& c = corpus();
  const OnePassOptions options =
      one_pass(18, 2, static_cast<int>(state.range(1)), static_cast<int>(state.range(2)));
  const TextReward model =
      train_one_pass(std::span(c.pairs).first(std::min<std::size_t>(2000, c.pairs.size())), options, 2);
  const std::vector<std::string_view> views(c.texts.begin(), c.texts.end());
  for (auto _ : state) {
    benchmark::DoNotOptimize(score_means(model, views, static_cast<int>(state.range(0))).data());
  }
  set_bytes(state, c.bytes);
}
BENCHMARK(BM_ScoreTexts)
    ->ArgNames({"threads", "from", "to"})
    ->Args({1, 0, 0})
    ->Args({2, 0, 0})
    ->Args({2, 2, 4})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// Rows that were made before: bytes of columns and values a second. Arguments: threads, members.
void BM_ScoreRows(benchmark::State& state) {
  const Corpus& c = corpus();
  const OnePassOptions options = one_pass(18, 2, 0, 0);
  const TextReward single =
      train_one_pass(std::span(c.pairs).first(std::min<std::size_t>(2000, c.pairs.size())), options, 2);
  TextReward model = single;
  model.members = static_cast<std::size_t>(state.range(1));
  model.weight.clear();
  for (const float w : single.weight) model.weight.insert(model.weight.end(), model.members, w);
  model.center.assign(model.members, single.center[0]);
  model.variance.clear();
  const ItemRows rows = text_rows(c.texts, options.features, 2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(score(model, rows, static_cast<int>(state.range(0))).mean.data());
  }
  set_bytes(state, rows.column.size() * (sizeof(std::uint32_t) + sizeof(float)));
}
BENCHMARK(BM_ScoreRows)
    ->ArgNames({"threads", "members"})
    ->Args({1, 1})
    ->Args({2, 1})
    ->Args({2, 5})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// What there is to compare with: one thread sums 256 MB of words.
void BM_ReadMemory(benchmark::State& state) {
  std::vector<std::uint64_t> words(std::size_t{1} << 25, 1);
  for (auto _ : state) benchmark::DoNotOptimize(std::accumulate(words.begin(), words.end(), std::uint64_t{0}));
  set_bytes(state, words.size() * sizeof(std::uint64_t));
}
BENCHMARK(BM_ReadMemory)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
