// Rows of texts: the fast scanner against a slow one that decodes first and splits afterwards, UTF-8 at its
// edges, and what hashing promises.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "plumb/ensemble.h"
#include "reward/text_measures.h"

namespace plumb {
namespace {

using CodePoints = std::vector<std::uint32_t>;

// One code point at a time by the table of well-formed sequences (Unicode 15, table 3-7, surrogates and
// overlong forms of three and four bytes left to the readers, which refuse them).
CodePoints decoded(const std::string& text) {
  CodePoints out;
  const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u; };
  const auto tail = [&](std::size_t k) { return byte(k) >= 0x80 && byte(k) <= 0xbf; };
  for (std::size_t k = 0; k < text.size();) {
    const std::uint32_t b = byte(k);
    if (b < 0x80) {
      out.push_back(b);
      k += 1;
    } else if (b >= 0xc2 && b <= 0xdf && tail(k + 1)) {
      out.push_back((b - 0xc0) * 64 + (byte(k + 1) - 0x80));
      k += 2;
    } else if (b >= 0xe0 && b <= 0xef && tail(k + 1) && tail(k + 2)) {
      out.push_back(((b - 0xe0) * 64 + (byte(k + 1) - 0x80)) * 64 + (byte(k + 2) - 0x80));
      k += 3;
    } else if (b >= 0xf0 && b <= 0xf4 && tail(k + 1) && tail(k + 2) && tail(k + 3)) {
      out.push_back((((b - 0xf0) * 64 + (byte(k + 1) - 0x80)) * 64 + (byte(k + 2) - 0x80)) * 64 +
                    (byte(k + 3) - 0x80));
      k += 4;
    } else {
      out.push_back(0xfffd);
      k += 1;
    }
  }
  return out;
}

bool in_word(std::uint32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  if (c >= 0x2000 && c <= 0x206f) return false;
  return c != 0xa0 && !(c >= 0x3000 && c <= 0x3002);
}

std::uint32_t lower(std::uint32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

// All words, as code points.
std::vector<CodePoints> words_of(const CodePoints& text) {
  std::vector<CodePoints> out(1);
  for (std::size_t k = 0; k < text.size(); ++k) {
    const bool apostrophe = text[k] == '\'' || text[k] == 0x2019;
    if (in_word(text[k])) {
      out.back().push_back(lower(text[k]));
    } else if (apostrophe && !out.back().empty() && k + 1 < text.size() && in_word(text[k + 1])) {
      out.back().push_back('\'');
    } else if (!out.back().empty()) {
      out.emplace_back();
    }
  }
  if (out.back().empty()) out.pop_back();
  return out;
}

std::uint64_t mixed(std::uint64_t h) {
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
  return h ^ (h >> 31);
}

std::uint64_t word_hash(const CodePoints& word) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const std::uint32_t c : word) h = (h ^ c) * 0x100000001b3u;
  return mixed(h);
}

// Column and sign of a hash, as the file format fixes them.
std::pair<std::uint32_t, int> slot(std::uint64_t h, int bits) {
  h = mixed(h);
  return {static_cast<std::uint32_t>(h) & ((1u << bits) - 1), h >> 63 ? -1 : 1};
}

// The hashed part of a row, the slow and obvious way.
std::map<std::uint32_t, double> slow_row(const std::string& text, const TextFeatures& f) {
  const std::vector<CodePoints> words = words_of(decoded(text));
  std::vector<std::uint64_t> grams, letters;
  for (std::size_t end = 1; end <= words.size(); ++end) {
    for (std::size_t n = 1; n <= static_cast<std::size_t>(f.words) && n <= end; ++n) {
      std::uint64_t h = word_hash(words[end - n]);
      for (std::size_t k = end - n + 1; k < end; ++k) {
        h = ((h << 23 | h >> 41) ^ word_hash(words[k])) * 0x100000001b3u;
      }
      grams.push_back(h + n);
    }
  }
  CodePoints joined;  // " word word "
  for (const CodePoints& word : words) {
    joined.push_back(' ');
    joined.insert(joined.end(), word.begin(), word.end());
  }
  if (!words.empty()) joined.push_back(' ');
  for (std::size_t end = 1; end <= joined.size(); ++end) {
    for (int n = f.characters_from; n >= 1 && n <= f.characters_to; ++n) {
      if (static_cast<std::size_t>(n) > end) continue;
      std::uint64_t h = 0x9ae16a3b2f90404fu;
      for (std::size_t k = end - static_cast<std::size_t>(n); k < end; ++k)
        h = (h ^ joined[k]) * 0x100000001b3u;
      letters.push_back(h + static_cast<std::uint64_t>(n));
    }
  }
  std::map<std::uint32_t, double> out;
  const auto add = [&](const std::vector<std::uint64_t>& hashes, double weight) {
    std::map<std::uint32_t, double> counts;
    for (const std::uint64_t h : hashes) counts[slot(h, f.bits).first] += slot(h, f.bits).second;
    double squares = 0;
    for (const auto& [column, count] : counts) squares += count * count;
    for (const auto& [column, count] : counts) {
      if (count != 0) out[column] += weight * count / std::sqrt(squares);
    }
  };
  add(grams, f.word_weight);
  add(letters, f.character_weight);
  return out;
}

std::vector<std::string> strange_texts() {
  std::vector<std::string> out = {
      "", " ", "a", "A b", "Don't stop", "it\xe2\x80\x99s", "'quoted' text'", "end'", "x'\xe2\x80\x9c y",
      "na\xc3\xafve caf\xc3\xa9", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x80\x82\xe3\x81\xaf",
      "em\xe2\x80\x94"
      "dash",
      "wide\xc2\xa0space\xe3\x80\x80here", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80 smile",
      // Not UTF-8: a lone tail, cut sequences at the end, bytes that start nothing.
      "\x80", "cut \xe2\x80", "cut \xf0\x9f\x98", "cut \xc3", "\xff\xfe x", "a\xc3(b",
      std::string("nul\0in", 6), "...!!!???", "One. Two! Three? \"Four\", five; six", "1234 5,678", "ALL CAPS",
      "tabs\tand\nlines\r\n"};
  // And anything at all.
  Rng rng = Rng(11).stream("bytes");
  for (int k = 0; k < 300; ++k) {
    std::string text;
    const std::uint64_t size = rng.below(40);
    for (std::uint64_t b = 0; b < size; ++b) {
      const std::uint64_t kind = rng.below(4);
      text.push_back(static_cast<char>(kind == 0   ? rng.below(256)
                                       : kind == 1 ? 0x80 + rng.below(64)
                                                   : 32 + rng.below(95)));
    }
    out.push_back(text);
  }
  return out;
}

TEST(TextRows, EqualTheSlowTokenizerOnEveryText) {
  const std::vector<std::string> texts = strange_texts();
  for (const auto& [words, from, to] :
       std::vector<std::array<int, 3>>{{2, 0, 0}, {1, 2, 4}, {4, 1, 8}, {0, 3, 3}}) {
    TextFeatures f;
    f.bits = 20;
    f.words = words;
    f.characters_from = from;
    f.characters_to = to;
    f.word_weight = 1.25;
    f.character_weight = 0.5;
    const ItemRows rows = text_rows(texts, f, 2);
    ASSERT_EQ(rows.rows(), texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      std::map<std::uint32_t, double> expected = slow_row(texts[i], f), found;
      for (std::uint64_t e = rows.offset[i]; e < rows.offset[i + 1]; ++e) {
        ASSERT_TRUE(e == rows.offset[i] || rows.column[e - 1] < rows.column[e]);
        if (rows.column[e] < rows.hashed()) found[rows.column[e]] = static_cast<double>(rows.value[e]);
      }
      std::erase_if(expected, [](const auto& entry) { return std::abs(entry.second) < 1e-9; });
      std::erase_if(found, [](const auto& entry) { return std::abs(entry.second) < 1e-6; });
      ASSERT_EQ(found.size(), expected.size()) << i << " '" << texts[i] << "'";
      for (const auto& [column, value] : expected) {
        ASSERT_TRUE(found.contains(column)) << i << " '" << texts[i] << "'";
        EXPECT_NEAR(found[column], value, 1e-6) << i;
      }
    }
  }
}

// Without character n-grams another, shorter loop runs: it must see the same words and count the same.
TEST(TextRows, TheScanOfWordsAloneSeesWhatTheFullScanSees) {
  TextFeatures f;
  f.words = 3;
  for (const std::string& text : strange_texts()) {
    std::vector<text::Gram> words, all;
    const text::Counts a = text::scan<false>(
        text, f, [&](text::Gram g) { words.push_back(g); }, [](text::Gram) {});
    const text::Counts b = text::scan<true>(
        text, f, [&](text::Gram g) { all.push_back(g); }, [](text::Gram) {});
    EXPECT_EQ(words, all);
    std::array<float, kSurfaceMeasures> ma{}, mb{};
    text::measures(a, ma);
    text::measures(b, mb);
    EXPECT_EQ(ma, mb);
  }
}

TEST(TextRows, NeverReadPastTheEndOfAView) {
  // The scanner sees a view into a longer text: what follows must not matter.
  TextFeatures f;
  f.characters_from = 1;
  f.characters_to = 3;
  for (const std::string& text : strange_texts()) {
    std::vector<text::Gram> alone, inside;
    const auto collect = [&](std::string_view view, std::vector<text::Gram>& out) {
      const auto add = [&](text::Gram g) { out.push_back(g); };
      return text::scan<true>(view, f, add, add).characters;
    };
    const std::string longer = text +
                               "\x80\xbf"
                               "tail";
    EXPECT_EQ(collect(text, alone), collect(std::string_view(longer).substr(0, text.size()), inside));
    EXPECT_EQ(alone, inside);
  }
}

TEST(TextRows, MeasureWhatTheirNamesSay) {
  const std::vector<std::string> texts = {
      "Hello, WORLD! It's 42 o'clock. Really? \"Yes\"; absolutely... caf\xc3\xa9"};
  TextFeatures f;
  f.words = 0;
  const ItemRows rows = text_rows(texts, f, 1);
  ASSERT_EQ(rows.column.size(), kSurfaceMeasures);
  // hello world it's 42 o'clock really yes absolutely cafe': 9 words of 5+5+4+2+7+6+3+10+4 = 46 code points,
  // three of 7 and more? o'clock (7) and absolutely (10); 63 code points in all.
  const double words = std::log1p(9), characters = std::log1p(64);
  const double expected[kSurfaceMeasures] = {words,         characters,    std::log1p(4), words * words,
                                             46.0 / 9,      std::log1p(2), std::log1p(9), std::log1p(2),
                                             std::log1p(2), std::log1p(1), std::log1p(1), std::log1p(2)};
  for (std::size_t k = 0; k < kSurfaceMeasures; ++k) {
    EXPECT_NEAR(static_cast<double>(rows.value[k]), expected[k], 1e-5) << kSurfaceNames[k];
  }
}

TEST(TextRows, HaveTheSameSizeWhateverTheLengthOfTheText) {
  TextFeatures f;
  f.surface = false;
  std::vector<std::string> texts = {"x", "the cat and the dog and the mouse", ""};
  for (int k = 0; k < 3000; ++k) texts[2] += k % 3 == 0 ? "the " : "w" + std::to_string(k % 50) + " ";
  const ItemRows rows = text_rows(texts, f, 1);
  for (std::size_t i = 0; i < 3; ++i) {
    double squares = 0;
    for (std::uint64_t e = rows.offset[i]; e < rows.offset[i + 1]; ++e) {
      squares += static_cast<double>(rows.value[e]) * static_cast<double>(rows.value[e]);
    }
    EXPECT_NEAR(squares, 1, 1e-5);
  }
}

// Every pair of neighbours in a long row of words that differ by a letter: 4 million columns for 3,999 n-grams,
// so two share a column in about 2 places, and hardly ever in 12.
TEST(TextRows, GiveAlikeWordsColumnsOfTheirOwn) {
  std::string text;
  for (int k = 0; k < 2000; ++k) text += "w" + std::to_string(k) + " ";
  TextFeatures f;
  f.bits = 22;
  f.surface = false;
  const ItemRows rows = text_rows({&text, 1}, f, 1);
  EXPECT_GE(rows.column.size(), 3999u - 12);
}

TEST(TextRows, TellTheOrderOfWords) {
  const std::vector<std::string> texts = {"a b", "b a"};
  TextFeatures f;
  f.surface = false;
  const ItemRows rows = text_rows(texts, f, 1);
  // Two words in common, the pair of words not.
  ASSERT_EQ(rows.offset[2], 6u);
  int common = 0;
  for (std::uint64_t a = 0; a < 3; ++a) {
    for (std::uint64_t b = 3; b < 6; ++b) common += rows.column[a] == rows.column[b];
  }
  EXPECT_EQ(common, 2);
}

TEST(TextRows, SpreadOverColumnsAndSignsEvenly) {
  std::string text;
  for (int k = 0; k < 20000; ++k) text += "word" + std::to_string(k) + " ";
  TextFeatures f;
  f.bits = 4;
  f.words = 1;
  std::array<int, 16> column{};
  int minus = 0;
  text::scan<false>(
      text, f,
      [&](text::Gram g) {
        ++column[g >> 1];
        minus += static_cast<int>(g & 1);
      },
      [](text::Gram) {});
  double chi = 0;
  for (const int c : column) chi += (c - 1250.0) * (c - 1250.0) / 1250.0;
  EXPECT_LT(chi, 37.7);  // chi-squared with 15 degrees, p = .001
  EXPECT_NEAR(minus, 10000, 3.3 * std::sqrt(5000.0));
}

TEST(TextRows, AreTheSameForAnyNumberOfThreads) {
  std::vector<std::string> texts;
  for (int k = 0; k < 7; ++k) {
    for (const std::string& text : strange_texts()) texts.push_back(text);
  }
  const ItemRows one = text_rows(texts, {}, 1), five = text_rows(texts, {}, 5);
  EXPECT_EQ(one.offset, five.offset);
  EXPECT_EQ(one.column, five.column);
  EXPECT_EQ(one.value, five.value);
}

FeatureColumn number_column(const std::string& name, std::vector<float> values) {
  FeatureColumn out;
  out.name = name;
  out.number = std::move(values);
  return out;
}

TEST(TextRows, CarryNamedFeaturesBesideTheText) {
  const FeatureColumn number = number_column("price", {1.5f, -2.0f});
  FeatureColumn category;
  category.name = "kind";
  category.is_category = true;
  category.code = {0, 1};
  category.levels = {"x", "y"};
  TextFeatures f;
  f.words = 0;
  f.surface = false;
  const FeatureColumn columns[] = {number, category};
  const ItemRows rows = item_rows({}, columns, f, 1);
  ASSERT_EQ(rows.rows(), 2u);
  EXPECT_EQ(rows.numbers, std::vector<std::string>{"price"});
  for (std::size_t i = 0; i < 2; ++i) {
    ASSERT_EQ(rows.offset[i + 1] - rows.offset[i], 2u);
    const auto [column, sign] = slot(hash_bytes(i == 0 ? "kind=x" : "kind=y"), f.bits);
    EXPECT_EQ(rows.column[rows.offset[i]], column);
    EXPECT_EQ(rows.value[rows.offset[i]], static_cast<float>(sign));
    EXPECT_EQ(rows.column[rows.offset[i] + 1], rows.hashed());
    EXPECT_EQ(rows.value[rows.offset[i] + 1], number.number[i]);
  }
}

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kInput);
    return e.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return {};
}

TEST(TextRows, RefuseOptionsOutOfRange) {
  const std::vector<std::string> texts = {"a"};
  TextFeatures f;
  f.bits = 25;
  EXPECT_NE(refusal([&] { text_rows(texts, f, 1); }).find("found 25, expected a number from 4 to 24"),
            std::string::npos);
  f = {};
  f.characters_to = 9;
  refusal([&] { text_rows(texts, f, 1); });
  f = {};
  f.characters_from = 3;
  f.characters_to = 2;
  refusal([&] { text_rows(texts, f, 1); });
  f = {};
  f.word_weight = 0;
  refusal([&] { text_rows(texts, f, 1); });
  const FeatureColumn short_one = number_column("price", {1.0f, 2.0f});
  EXPECT_NE(refusal([&] { item_rows(texts, {&short_one, 1}, {}, 1); }).find("price"), std::string::npos);
  const FeatureColumn nan = number_column("price", {NAN});
  refusal([&] { item_rows(texts, {&nan, 1}, {}, 1); });
}

}  // namespace
}  // namespace plumb
