#include "plumb/careless.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <cmath>
#include <map>
#include <vector>

namespace plumb {
namespace {

// How many answers by different people those to check items are worth. Clustered on people; where all are right
// nothing shows how a person's answers go together, and people count.
double effective_answers(const Feedback::Checks& checks, double share) {
  std::map<std::uint32_t, double> of;  // by rater: deviations
  double alone = 0, unnamed = 0, n = 0;
  for (std::size_t k = 0; k < checks.answer.size(); ++k) {
    if (checks.answer[k] == Answer::kTie) continue;
    const double deviation = (checks.answer[k] != checks.expected[k]) - share;
    ++n;
    if (checks.source.rater[k] == kNoRater) {
      alone += deviation * deviation;
      ++unnamed;
    } else {
      of[checks.source.rater[k]] += deviation;
    }
  }
  if (!(share > 0 && share < 1)) return unnamed + static_cast<double>(of.size());
  double squares = alone;
  for (const auto& [rater, sum] : of) squares += sum * sum;
  return n / std::max(1.0, squares / (n * share * (1 - share)));
}

// Why answers to check items say nothing of those who voted; empty where they do.
std::string others_than_voters(const Feedback& f) {
  std::vector<std::uint8_t> checked(f.rater.size(), 0);
  bool unnamed = false;
  for (const std::uint32_t rater : f.checks.source.rater) {
    if (rater == kNoRater)
      unnamed = true;
    else
      checked[rater] = 1;
  }
  const auto people = static_cast<std::size_t>(std::count(checked.begin(), checked.end(), 1));
  if (unnamed) return "";
  if (people < kLeastCheckedPeople)
    return fmt::format("{} answered check items, {} are needed",
                       people == 1 ? "one person" : fmt::format("{} people", people), kLeastCheckedPeople);
  std::vector<std::uint8_t> voted(f.rater.size(), 0);
  for (const auto* source : {&f.comparison, &f.ranking})
    for (const std::uint32_t rater : source->rater)
      if (rater != kNoRater) voted[rater] = 1;
  std::size_t both = 0;
  for (std::size_t r = 0; r < voted.size(); ++r) both += voted[r] != 0 && checked[r] != 0;
  const bool named = std::find(voted.begin(), voted.end(), 1) != voted.end();
  if (!named || 2 * both >= people) return "";
  return fmt::format("of {} people who answered them {} voted", people, both);
}

std::string percent(double share) { return fmt::format("{:.0f} %", 100 * std::min(1.0, share)); }

}  // namespace

LapseRange lapse_range(const Feedback& feedback, std::optional<double> careless_at_most) {
  LapseRange out;
  const Feedback::Checks& checks = feedback.checks;
  for (std::size_t k = 0; k < checks.answer.size(); ++k) {
    out.ties += checks.answer[k] == Answer::kTie;
    if (checks.answer[k] == Answer::kTie) continue;
    ++out.checks;
    out.wrong += checks.answer[k] != checks.expected[k];
  }
  double low = 0, high = 0.5, share = 0;  // of wrong answers
  if (out.checks > 0) {
    share = static_cast<double>(out.wrong) / static_cast<double>(out.checks);
    out.effective_checks = effective_answers(checks, share);
    const double n = out.effective_checks, wrong = share * n, tail = (1 - kCheckLevel) / 2;
    using boost::math::beta_distribution;
    low = wrong > 0 ? quantile(beta_distribution<>(wrong, n - wrong + 1), tail) : 0;
    high = wrong < n ? quantile(complement(beta_distribution<>(wrong + 1, n - wrong), tail)) : 1;
  }
  const std::string wrong_of = fmt::format("{} of {} answers to check items were wrong", out.wrong, out.checks);
  std::string unused;  // why check items are there and are not used
  if (out.checks < kLeastChecks && out.checks + out.ties > 0)
    unused = fmt::format(" ({} decided answers to check items are too few to say, {} are needed)", out.checks,
                         kLeastChecks);
  else if (const std::string others = out.checks > 0 ? others_than_voters(feedback) : ""; !others.empty())
    unused = fmt::format(" (check items do not tell: {})", others);
  if (careless_at_most && *careless_at_most < 2 * low)
    out.cap =
        fmt::format("the goal file declares that at most {} of the answers are careless, but {}: at least {}",
                    percent(*careless_at_most), wrong_of, percent(2 * low));
  if (out.checks > 0 && unused.empty()) {
    out.told = LapseRange::Told::kChecks;
    out.point = std::min(2 * share, kMostLapses);
    out.lowest = std::min(2 * low, kMostLapses);
    out.highest = std::min(2 * high, kMostLapses);
    if (low > 0.5)
      out.cap = out.sentence = fmt::format(
          "{}, more than coins give: `expected` or the answers may be the wrong way round", wrong_of);
    else if (2 * high > kMostLapses)
      out.cap = out.sentence =
          fmt::format("{}: up to {} of the answers may be careless, and above {} nothing can be scaled back",
                      wrong_of, percent(2 * high), percent(kMostLapses));
    else
      out.sentence = fmt::format(
          "{}: {} of the answers are careless (between {} and {}), and the intervals of candidates "
          "cover that range",
          wrong_of, percent(2 * share), percent(2 * low), percent(2 * high));
    return out;
  }
  if (careless_at_most) {
    out.told = LapseRange::Told::kDeclared;
    out.highest = *careless_at_most;
    out.sentence = *careless_at_most > 0
                       ? fmt::format(
                             "that at most {} of the answers are careless is declared, and the intervals of "
                             "candidates cover every share up to it{}",
                             percent(*careless_at_most), unused)
                       : fmt::format("that no answer is careless is declared{}", unused);
    return out;
  }
  out.sentence = fmt::format(
      "how many of the answers are careless is not known{}: they shrink the unit (one in five a coin: .5 is "
      "given as .4)",
      unused);
  return out;
}

}  // namespace plumb
