// Private to reward: one pass over the bytes of a text, which yields word and character n-grams as hashed
// columns, and what the surface measures count. No allocation; reads no byte outside the text, whatever it
// holds.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "plumb/text_reward.h"

namespace plumb::text {

// The odd multiplier and start of 64-bit FNV-1a; columns of models that were saved depend on them.
inline constexpr std::uint64_t kPrime = 0x100000001b3u, kBasis = 0xcbf29ce484222325u;
inline constexpr std::uint64_t kCharacterBasis =
    0x9ae16a3b2f90404fu;  // keeps "a" the word from "a" the character
inline constexpr int kMostWords = 4, kMostCharacters = 8;

// The finisher of splitmix64 (Stafford 2011, variant 13): every bit of the hash reaches the column.
inline std::uint64_t finish(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// A hashed n-gram: the column shifted left by one, the lowest bit set where the sign is minus.
using Gram = std::uint32_t;
inline Gram gram_of(std::uint64_t hash, std::uint32_t mask) {
  const std::uint64_t mixed = finish(hash);
  return (static_cast<std::uint32_t>(mixed) & mask) << 1 | static_cast<std::uint32_t>(mixed >> 63);
}

struct Counts {
  std::uint32_t words = 0, characters = 0, sentences = 0, word_characters = 0, long_words = 0, upper = 0,
                digits = 0, commas = 0, exclamations = 0, questions = 0, quotes = 0;
};

enum class Kind : std::uint8_t {
  kSeparator,
  kComma,
  kStop,
  kExclamation,
  kQuestion,
  kQuote,
  kApostrophe,
  kLower,
  kUpper,
  kDigit,
  kBeyond  // the first byte of a sequence of several, or no legal byte
};

inline constexpr std::array<Kind, 256> kKind = [] {
  std::array<Kind, 256> out{};
  for (std::size_t c = 0; c < 256; ++c) {
    out[c] = c >= 0x80              ? Kind::kBeyond
             : c >= 'a' && c <= 'z' ? Kind::kLower
             : c >= 'A' && c <= 'Z' ? Kind::kUpper
             : c >= '0' && c <= '9' ? Kind::kDigit
             : c == '\''            ? Kind::kApostrophe
             : c == '"'             ? Kind::kQuote
             : c == '!'             ? Kind::kExclamation
             : c == '?'             ? Kind::kQuestion
             : c == '.'             ? Kind::kStop
             : c == ',' || c == ';' ? Kind::kComma
                                    : Kind::kSeparator;
  }
  return out;
}();

// A code point beyond ASCII: its value (0xfffd where the bytes are not UTF-8), how many bytes it takes.
struct CodePoint {
  std::uint32_t value, bytes;
};
inline CodePoint decode(const unsigned char* at, const unsigned char* end) {
  const auto tail = [&](std::ptrdiff_t k) { return at + k < end && (at[k] & 0xc0) == 0x80; };
  const std::uint32_t lead = at[0];
  if (lead >= 0xc2 && lead <= 0xdf && tail(1)) return {(lead & 0x1fu) << 6 | (at[1] & 0x3fu), 2};
  if (lead >= 0xe0 && lead <= 0xef && tail(1) && tail(2)) {
    return {(lead & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu), 3};
  }
  if (lead >= 0xf0 && lead <= 0xf4 && tail(1) && tail(2) && tail(3)) {
    return {(lead & 0x07u) << 18 | (at[1] & 0x3fu) << 12 | (at[2] & 0x3fu) << 6 | (at[3] & 0x3fu), 4};
  }
  return {0xfffd, 1};
}

inline Kind kind_beyond(std::uint32_t code_point) {
  if (code_point >= 0x2000 && code_point <= 0x206f) {
    if (code_point == 0x2019) return Kind::kApostrophe;
    if (code_point >= 0x201c && code_point <= 0x201f) return Kind::kQuote;
    if (code_point == 0x2026) return Kind::kStop;
    return Kind::kSeparator;
  }
  if (code_point == 0x3002) return Kind::kStop;
  if (code_point == 0x3001) return Kind::kComma;
  if (code_point == 0xa0 || code_point == 0x3000) return Kind::kSeparator;
  return Kind::kBeyond;
}

// Scans a text. word(Gram) is called for every word n-gram of 1 .. words, character(Gram) for every character
// n-gram of from .. to. With neither, only counts.
template <bool kCharacters, class Word, class Character>
Counts scan(std::string_view text, const TextFeatures& features, Word&& word, Character&& character) {
  const std::uint32_t mask = (1u << features.bits) - 1;
  Counts out;
  // grams[k]: hash of the last k words, or code points, one after another.
  std::array<std::uint64_t, kMostWords + 1> words{};
  std::array<std::uint64_t, kMostCharacters + 1> letters{};
  std::uint32_t words_seen = 0, letters_seen = 0;
  const std::uint32_t most_words = static_cast<std::uint32_t>(features.words);
  const std::uint32_t from = static_cast<std::uint32_t>(features.characters_from);
  const std::uint32_t to = static_cast<std::uint32_t>(features.characters_to);

  const auto add_letter = [&](std::uint32_t code_point) {
    if constexpr (kCharacters) {
      if (to == 0) return;
      if (letters_seen < to) ++letters_seen;
      for (std::uint32_t k = letters_seen; k > 1; --k) letters[k] = (letters[k - 1] ^ code_point) * kPrime;
      letters[1] = (kCharacterBasis ^ code_point) * kPrime;
      for (std::uint32_t k = from; k <= letters_seen; ++k) character(gram_of(letters[k] + k, mask));
    }
  };
  std::uint64_t hash = kBasis;
  std::uint32_t size = 0;  // code points of the word so far
  bool space = true;       // a separator since the last word; the text's start is one
  const auto end_word = [&] {
    if (size == 0) return;
    ++out.words;
    out.word_characters += size;
    out.long_words += size >= 7;
    if (words_seen < most_words) ++words_seen;
    // Mixed before it meets its neighbours, and those turned: words alike in all but a letter would cancel, and
    // "a b" would be "b a".
    hash = finish(hash);
    for (std::uint32_t k = words_seen; k > 1; --k) words[k] = (std::rotl(words[k - 1], 23) ^ hash) * kPrime;
    words[1] = hash;
    for (std::uint32_t k = 1; k <= words_seen; ++k) word(gram_of(words[k] + k, mask));
    hash = kBasis;
    size = 0;
  };

  const auto kind_at = [](const unsigned char* next, const unsigned char* stop) {
    return kKind[*next] == Kind::kBeyond ? kind_beyond(decode(next, stop).value) : kKind[*next];
  };
  const unsigned char* at = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = at + text.size();
  Kind last = Kind::kSeparator;
  while (at < end) {
    if constexpr (!kCharacters) {
      // Most bytes are lower-case letters within a word: nothing else is to be done for them.
      const unsigned char* const begin = at;
      while (at < end && kKind[*at] == Kind::kLower) hash = (hash ^ *at++) * kPrime;
      if (at != begin) {
        const std::uint32_t run = static_cast<std::uint32_t>(at - begin);
        size += run;
        out.characters += run;
        last = Kind::kLower;
        if (at == end) break;
      }
    }
    Kind kind = kKind[*at];
    std::uint32_t code_point = *at, bytes = 1;
    if (kind == Kind::kBeyond) {
      const CodePoint beyond = decode(at, end);
      code_point = beyond.value;
      bytes = beyond.bytes;
      kind = kind_beyond(code_point);
    }
    ++out.characters;
    if (kind == Kind::kUpper) {
      code_point |= 0x20;
      ++out.upper;
    }
    const bool inside =
        kind == Kind::kApostrophe && size > 0 && at + bytes < end && kind_at(at + bytes, end) >= Kind::kLower;
    if (kind >= Kind::kLower || inside) {
      if (kind == Kind::kApostrophe) code_point = '\'';
      out.digits += kind == Kind::kDigit;
      if (space && size == 0) add_letter(' ');
      space = false;
      hash = (hash ^ code_point) * kPrime;
      ++size;
      add_letter(code_point);
    } else {
      end_word();
      space = true;
      out.commas += kind == Kind::kComma;
      out.quotes += kind == Kind::kQuote;
      out.exclamations += kind == Kind::kExclamation;
      out.questions += kind == Kind::kQuestion;
      const bool ends = kind == Kind::kStop || kind == Kind::kExclamation || kind == Kind::kQuestion;
      const bool ended = last == Kind::kStop || last == Kind::kExclamation || last == Kind::kQuestion;
      out.sentences += ends && !ended;
    }
    last = kind;
    at += bytes;
  }
  end_word();
  if (out.words > 0) add_letter(' ');
  return out;
}

}  // namespace plumb::text
