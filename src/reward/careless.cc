#include "plumb/careless.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <cmath>
#include <map>

namespace plumb {
namespace {

// By how much answers of the same people say less than as many by different ones: the variance of the share
// clustered on people over the binomial one, at least 1.
double design_effect(const Feedback::Checks& checks, double share) {
  if (!(share > 0 && share < 1)) return 1;
  std::map<std::uint32_t, std::pair<double, double>> of;  // by rater: deviations, answers
  double alone = 0, n = 0;
  for (std::size_t k = 0; k < checks.answer.size(); ++k) {
    if (checks.answer[k] == Answer::kTie) continue;
    const double deviation = (checks.answer[k] != checks.expected[k]) - share;
    ++n;
    if (checks.source.rater[k] == kNoRater)
      alone += deviation * deviation;
    else
      of[checks.source.rater[k]].first += deviation;
  }
  double squares = alone;
  for (const auto& [rater, sums] : of) squares += sums.first * sums.first;
  return std::max(1.0, squares / (n * share * (1 - share)));
}

std::string percent(double share) { return fmt::format("{:.2g} %", 100 * share); }

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
  std::string few;
  if (out.checks > 0 && out.checks < kLeastChecks)
    few =
        fmt::format(" ({} answers to check items are too few to say, {} are needed)", out.checks, kLeastChecks);
  if (out.checks >= kLeastChecks) {
    const double share = static_cast<double>(out.wrong) / static_cast<double>(out.checks);
    out.effective_checks = static_cast<double>(out.checks) / design_effect(checks, share);
    const double n = out.effective_checks, wrong = share * n, tail = (1 - kCheckLevel) / 2;
    using boost::math::beta_distribution;
    const double low = wrong > 0 ? quantile(beta_distribution<>(wrong, n - wrong + 1), tail) : 0,
                 high = wrong < n ? quantile(complement(beta_distribution<>(wrong + 1, n - wrong), tail)) : 1;
    out.told = LapseRange::Told::kChecks;
    out.point = std::min(2 * share, kMostLapses);
    out.lowest = std::min(2 * low, kMostLapses);
    out.highest = std::min(2 * high, kMostLapses);
    out.sentence = fmt::format(
        "{} of {} answers to check items were wrong: {} of the answers are careless (between {} and {}), and "
        "intervals "
        "cover that range",
        out.wrong, out.checks, percent(2 * share), percent(std::min(1.0, 2 * low)),
        percent(std::min(1.0, 2 * high)));
    if (2 * high > kMostLapses)
      out.cap = fmt::format(
          "{} of {} answers to check items were wrong: up to {} of the answers may be careless, and "
          "above {} nothing can be scaled back",
          out.wrong, out.checks, percent(std::min(1.0, 2 * high)), percent(kMostLapses));
    else if (careless_at_most && *careless_at_most < 2 * low)
      out.cap = fmt::format(
          "the goal file declares that at most {} of the answers are careless, and check items show "
          "at least {}",
          percent(*careless_at_most), percent(2 * low));
    return out;
  }
  if (careless_at_most) {
    out.told = LapseRange::Told::kDeclared;
    out.highest = *careless_at_most;
    out.sentence =
        *careless_at_most > 0
            ? fmt::format(
                  "that at most {} of the answers are careless is declared, and intervals cover every "
                  "share up to it{}",
                  percent(*careless_at_most), few)
            : fmt::format("that no answer is careless is declared{}", few);
    return out;
  }
  out.sentence = fmt::format(
      "how many of the answers are careless is not known{}: they shrink the unit (one in five a coin: .5 is "
      "given "
      "as .4)",
      few);
  return out;
}

}  // namespace plumb
