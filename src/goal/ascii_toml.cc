// A scanner that knows just enough of TOML to tell strings and comments from the rest. In a document that is
// not TOML it may lose its place, but only behind the point where the parser stops with an error.
#include "goal/ascii_toml.h"

#include <fmt/format.h>

#include <algorithm>

#include "plumb/base.h"

namespace plumb {

namespace {

class Scanner {
 public:
  Scanner(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  std::string rewrite() {
    if (text_.starts_with("\xEF\xBB\xBF")) position_ = 3;  // the byte order mark says nothing in UTF-8
    while (position_ < text_.size()) {
      const char c = text_[position_];
      if (c == '#') {
        copy_comment();
      } else if (c == '"' || c == '\'') {
        copy_string(c);
      } else if (is_ascii(c)) {
        count_part(c);
        copy(1);
      } else {
        refuse_here();
      }
    }
    return std::move(out_);
  }

 private:
  // A goal file's keys have at most four parts ("outcome.click.kind" has three). A number has one point.
  static constexpr int kMostParts = 8;

  void count_part(char c) {
    if (c == '.') {
      if (++parts_ > kMostParts) refuse(place(), "TOML", "a key of very many parts", "at most 8");
    } else if (std::string_view("=,\n[]{}").find(c) != std::string_view::npos) {
      parts_ = 1;
    }
  }

  static bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

  void copy(std::size_t count) {
    out_.append(text_.substr(position_, count));
    position_ = std::min(position_ + count, text_.size());
  }

  void copy_comment() {
    const std::size_t end = std::min(text_.find_first_of("\n\r", position_), text_.size());
    copy(end - position_);
  }

  std::size_t quotes_here(char quote, std::size_t most) const {
    std::size_t count = 0;
    while (count < most && position_ + count < text_.size() && text_[position_ + count] == quote) ++count;
    return count;
  }

  // A single-line string ends with its line at the latest; three quotes open and close one of several lines,
  // and up to two more may stand before the closing ones.
  void copy_string(char quote) {
    const bool several_lines = quotes_here(quote, 3) == 3;
    copy(several_lines ? 3 : 1);
    while (position_ < text_.size()) {
      const char c = text_[position_];
      if (c == quote) {
        const std::size_t count = several_lines ? quotes_here(quote, 5) : 1;
        copy(count);
        if (!several_lines || count >= 3) return;
      } else if (c == '\n' && !several_lines) {
        return;
      } else if (c == '\\' && quote == '"') {
        copy(1);
        if (position_ == text_.size()) return;
        if (!is_ascii(text_[position_])) refuse_here();
        copy(1);
      } else if (!is_ascii(c) && quote == '"') {
        escape();
      } else {
        copy(1);
      }
    }
  }

  // One character, checked to be UTF-8 before.
  char32_t character(std::size_t& length) const {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text_[position_ + i]); };
    length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
    char32_t code = byte(0) & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) code = (code << 6) | (byte(i) & 0x3Fu);
    return code;
  }

  void escape() {
    std::size_t length = 0;
    const char32_t code = character(length);
    out_ += fmt::format("\\U{:08X}", static_cast<std::uint32_t>(code));
    position_ += length;
  }

  std::string place() const {
    const auto here = text_.begin() + static_cast<std::ptrdiff_t>(position_);
    return fmt::format("{}:{}", path_, 1 + std::count(text_.begin(), here, '\n'));
  }

  [[noreturn]] void refuse_here() const {
    std::size_t length = 0;
    character(length);
    refuse(place(), "TOML",
           fmt::format("the character \"{}\" outside of quotes", text_.substr(position_, length)),
           "such characters in strings and comments only");
  }

  std::string_view text_;
  const std::string& path_;
  std::size_t position_ = 0;
  int parts_ = 1;  // of the key that is being read
  std::string out_;
};

}  // namespace

std::string ascii_toml(std::string_view text, const std::string& path) { return Scanner(text, path).rewrite(); }

}  // namespace plumb
