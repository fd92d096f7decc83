// TOML without what the TOML library cannot bear: characters above ASCII that it must look at one by one, and
// keys of very many parts.
#pragma once

#include <string>
#include <string_view>

namespace plumb {

// The same document, line by line, with characters above ASCII in double-quoted strings written as \u escapes.
// Comments and single-quoted strings stay as they are. TOML allows such characters nowhere else.
// REQUIRES: `text` is UTF-8. Throws Error{kInput} where one stands elsewhere, and on a key of more than eight
// parts.
//
// Why: toml++ 3.3 asks of such a character whether it is white space by a table lookup that is undefined for
// most of them (it runs into __builtin_unreachable for an a-umlaut). And it recurses once for every part of a
// dotted key.
std::string ascii_toml(std::string_view text, const std::string& path);

}  // namespace plumb
