// plumb/careless.h: how many answers were given without looking, and what that does to the scale of
// preferences.
//
// The unit of a preference is log-odds of decided answers as these people gave them. Where a share c of the
// answers is a coin, P(first) = (1 - c) s(log-odds) + c / 2 (plumb/preferred.h, at_lapse): with one answer in
// five a coin, a log-odds of .5 is given as .397. Single comparisons do not tell c. Check items do, whose right
// answer is known beforehand: a careful person gives it, a coin every second time, so c is twice the share of
// wrong ones. Or it is declared that it is no more than so much. Then intervals cover every c that is possible.
//
//   LapseRange lapses = lapse_range(feedback, goal.preference()->careless_at_most);
//   if (lapses.highest > 0) ... certify at lapses.lowest and lapses.highest, widen_over (plumb/audit.h)
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "plumb/feedback.h"

namespace plumb {

inline constexpr std::uint64_t kLeastChecks = 100;      // decided answers to check items; fewer tell nothing
inline constexpr std::size_t kLeastCheckedPeople = 30;  // named ones who answered check items
inline constexpr double kCheckLevel = 0.99;             // of the interval that check items give
inline constexpr double kMostLapses = 0.8;              // above, answers say too little to be scaled back
inline constexpr double kUnknownLapses = 0.5;           // what is allowed for where nobody said

struct LapseRange {
  enum class Told : std::uint8_t { kNothing, kDeclared, kChecks };
  Told told = Told::kNothing;
  double lowest = 0, point = 0, highest = 0;      // shares of answers
  std::uint64_t checks = 0, wrong = 0, ties = 0;  // answers to check items; ties count as none
  double effective_checks = 0;                    // as many as clustering on people leaves
  std::string cap;                                // why no verdict can rest on these answers; usually empty
  std::string sentence;
};

// By check items where there are kLeastChecks of them (an exact interval for the share of wrong answers,
// Clopper and Pearson 1934, with the effective number where people answered several, Korn and Graubard 1998);
// else as declared; else nothing is known. Check items that show more carelessness than was declared cap. Those
// that fewer than kLeastCheckedPeople named people answered, or people of whom less than half voted, tell
// nothing of the voters.
LapseRange lapse_range(const Feedback& feedback, std::optional<double> careless_at_most);

}  // namespace plumb
