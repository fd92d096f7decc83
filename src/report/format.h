// How numbers, names and verdicts are written on the page and in the terminal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "report/reading.h"

namespace plumb::report {

// Characters that HTML and XML read as markup become entities; control characters become their visible pictures
// (U+2400 and on), so no string of the evidence can act on the page.
std::string escape(std::string_view text);
// For a terminal: control characters become their pictures, all else stays.
std::string plain(std::string_view text);

// Four significant digits, thousands separated, no trailing zeros: "0.1062", "64,000", "1.2e-05".
std::string significant(double x);
// The same with a sign where x > 0: a difference.
std::string signed_number(double x);
// "no number" where there is none.
std::string significant(const std::optional<double>& x);
// Value and ends to the same number of decimals, no more than the interval supports (base/digits.h):
// "0.37 [0.15, 0.59]"; a difference has its signs. "no number" where the value is missing.
std::string interval(const Range& range, bool difference);
// 0.95 as "95 %", with a space that does not break.
std::string percent(double rate);
// ASCII minus signs before digits become typographic ones (for pages). REQUIRES: text made by the functions
// above.
std::string typeset(std::string_view text);

// "48,000 more decisions (about 6.2 weeks at this log's rate)"; empty where decisions is missing.
std::string more_decisions(const std::optional<double>& decisions, const std::optional<double>& weeks);

// "pass", "refuse", "open" (inconclusive) or "none": the class that colours a verdict or a decision.
std::string_view tone(std::string_view verdict_or_decision);

// The number of characters (code points) of UTF-8.
std::size_t characters(std::string_view utf8);
// At most `limit` characters, with an ellipsis in the place of what was cut.
std::string shortened(std::string_view utf8, std::size_t limit);

}  // namespace plumb::report
