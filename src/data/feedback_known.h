// Files of judgements that many people have, told by the keys of a record: a file that cannot be read as it is
// gets the name of its format and the way out, not five lines about missing keys.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plumb {

struct KnownFormat {
  std::string_view name;     // as messages put it behind "found"
  std::string_view way_out;  // behind "expected": what to add to the command, or how to rewrite the file
};

// The format whose keys are all there; null where none is. Keys are paths: "info.post" is the key post of the
// object under info, lists are looked through ("answers.rank"). The codes of such files are not taken for
// granted here: the way out states them, for the reader to see.
const KnownFormat* known_format(std::span<const std::string> paths);

// All of them, for docs/feedback.md to be held against.
std::vector<KnownFormat> known_formats();

}  // namespace plumb
