// Is an outcome still the same quantity? Mean and spread of every arm, later against first.
//
// Rows count by one over the propensity of what was chosen, those of the first log by the density ratio too, so
// that neither other contexts nor other shares of arms look like another unit. What is asked is not whether
// anything moved, but whether everything did by kScaleFactor: a policy's effect moves one arm.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "audit/claims.h"
#include "monitor/families.h"

namespace plumb {
namespace {

constexpr std::size_t kMostArms = 50;  // more are looked at as one
constexpr double kLeastRows = 30;      // of an arm, in either log
constexpr double kArmErrors = 3.5;     // every arm moved at all
constexpr double kErrors = 3;          // all together, by more than the factor
constexpr double kKnown = 0.5;         // of its own size, an error up to which a number has a logarithm
constexpr double kEventsForNothing = 30;
constexpr double kFarFromZero = 0.5;  // standard deviations, from which on a mean of any sign has a factor
constexpr double kFarFactor = 10;     // where contexts moved too far and only the spread is known
constexpr double kOneFactor = 1.3;    // mean's and spread's, at most so far from each other ...
constexpr double kSameKind = 0.15;    // ... and this share of the factor, in logarithms

struct Moment {
  double value = 0, error = 0;
};
// Of one arm in one log.
struct ArmOutcome {
  double rows = 0, events = 0, sum = 0, largest = 0, least = 0, most = 0;
  Moment mean, variance;
};

// One more of the largest value, so that a log without events has an error, too.
void finish(ArmOutcome& arm, double largest, double weight) {
  const double one = weight > 0 ? largest / weight : 0;
  arm.mean.error = std::hypot(arm.mean.error, one);
  arm.variance.error = std::hypot(arm.variance.error, one * largest);
}

struct Off {
  double factor = 0;    // later over first; infinite and 0 are possible
  double from_one = 0;  // errors that the two are apart
  double beyond = 0;    // errors beyond kScaleFactor, in the direction of the move
  bool up = false;
};
// `factor`: of the two numbers, from which on they are off.
Off off_by(Moment first, Moment later, double factor) {
  Off out;
  const double a = std::abs(first.value), b = std::abs(later.value);
  out.up = b > a;
  out.factor = a > 0 ? b / a : b > 0 ? HUGE_VAL : 1;
  const Moment small{out.up ? a : b, out.up ? first.error : later.error},
      large{out.up ? b : a, out.up ? later.error : first.error};
  const auto errors = [&](double times) {
    const double least = std::abs(small.value), most = std::abs(large.value);
    // In logarithms, where both are known well: a heavy tail's spread is known by its factor, not by its size.
    if (small.error < kKnown * least && large.error < kKnown * most)
      return std::log(most / (times * least)) / std::hypot(small.error / least, large.error / most);
    const double error = std::hypot(large.error, times * small.error);
    return error > 0 ? (most - times * least) / error : 0;
  };
  out.from_one = errors(1);
  out.beyond = errors(factor);
  return out;
}

// One log has nothing but zeros. Of as many rows the other one would have had so many events that a rate of
// 1 / kScaleFactor of it would have shown some, too: exp(-10) is next to nothing.
Off off_from_nothing(const ArmOutcome& zeros, const ArmOutcome& other, bool up) {
  Off out;
  out.up = up;
  out.factor = up ? HUGE_VAL : 0;
  const double expected = zeros.rows * other.events / other.rows;
  if (std::min(expected, other.events) >= kEventsForNothing) out.from_one = out.beyond = 2 * kArmErrors;
  return out;
}

// Every arm, in one direction, beyond error.
bool all_off(const std::vector<Off>& arms, double factor) {
  if (arms.empty()) return false;
  double together = 0;
  for (const Off& arm : arms) {
    if (arm.up != arms.front().up || arm.from_one < kArmErrors) return false;
    if ((arm.up ? arm.factor : 1 / arm.factor) < factor) return false;
    together += arm.beyond;
  }
  return together / std::sqrt(static_cast<double>(arms.size())) >= kErrors;
}

double mean_factor(const std::vector<Off>& arms) {
  double sum = 0;
  for (const Off& arm : arms) sum += std::log(arm.factor);
  return arms.empty() ? std::nan("") : std::exp(sum / static_cast<double>(arms.size()));
}

std::string times(double factor) {
  return factor >= 1 ? fmt::format("{:.3g} times", factor) : fmt::format("1 / {:.3g} of", 1 / factor);
}

std::string as_if(double factor) {
  const double power = std::log10(factor), whole = std::round(power);
  if (whole == 0 || std::abs(power - whole) > 0.05) return " (as if it were counted in another unit)";
  if (whole == 2) return " (as if cents were written for euros)";
  if (whole == -2) return " (as if euros were written for cents)";
  return fmt::format(" (as if its unit were {:.0f} times {})", std::pow(10.0, std::abs(whole)),
                     whole > 0 ? "smaller" : "larger");
}

class Arms {
 public:
  Arms(const TwoLogs& logs, const OutcomeColumn& column, bool carries);
  ScaleMove judge(bool carried) const;

 private:
  std::vector<std::array<ArmOutcome, 2>> arm_;
  std::string name_;
};

Arms::Arms(const TwoLogs& logs, const OutcomeColumn& column, bool carries) : name_(column.name) {
  const DecisionLog& both = logs.both;
  const bool one = both.actions.size() > kMostArms;
  arm_.resize(one ? 1 : both.actions.size());
  const auto weight_of = [&](std::size_t i) {
    const bool first = !logs.is_later(i);
    const double base = logs.base[both.chosen_row(i)];
    double out = first && carries ? logs.density.ratio[i] : 1;
    if (!one && base > 0) out /= base;
    return column.asked.empty() ? out : out / column.asked[i];
  };
  const auto each = [&](const auto& act) {
    for (std::size_t i = 0; i < both.size(); ++i) {
      if (!logs.compared[i] || column.state[i] != State::kObserved || !std::isfinite(column.value[i])) continue;
      act(arm_[one ? 0 : both.chosen_action(i)][logs.is_later(i)], weight_of(i), column.value[i]);
    }
  };
  each([](ArmOutcome& a, double w, double y) {
    a.rows += 1;
    a.events += y != 0;
    a.sum += w;
    a.mean.value += w * y;
    a.largest = std::max(a.largest, std::abs(y));
    a.least = std::min(a.least, y);
    a.most = std::max(a.most, y);
  });
  for (auto& arm : arm_)
    for (ArmOutcome& a : arm)
      if (a.sum > 0) a.mean.value /= a.sum;
  each([](ArmOutcome& a, double w, double y) {
    const double off = y - a.mean.value;
    a.variance.value += w * off * off;
    a.mean.error += w * w * off * off;
  });
  for (auto& arm : arm_)
    for (ArmOutcome& a : arm) {
      if (!(a.sum > 0)) continue;
      a.variance.value /= a.sum;
      a.mean.error = std::sqrt(a.mean.error) / a.sum;
    }
  each([](ArmOutcome& a, double w, double y) {
    const double off = y - a.mean.value, more = off * off - a.variance.value;
    a.variance.error += w * w * more * more;
  });
  for (auto& arm : arm_) {
    const double rows[2] = {arm[0].rows, arm[1].rows};
    for (const int log : {0, 1}) {
      ArmOutcome& a = arm[static_cast<std::size_t>(log)];
      if (!(a.sum > 0)) continue;
      a.variance.error = std::sqrt(a.variance.error) / a.sum;
      finish(a, a.largest > 0 ? a.largest : arm[static_cast<std::size_t>(1 - log)].largest, rows[log]);
    }
  }
}

ScaleMove Arms::judge(bool carried) const {
  std::vector<Off> means, spreads;
  bool means_count = true, zeros = true, zeros_before = true;
  for (const auto& arm : arm_) {
    if (arm[0].rows < kLeastRows || arm[1].rows < kLeastRows) continue;
    if (arm[0].largest == 0 && arm[1].largest == 0) continue;  // says nothing
    if (arm[0].largest == 0 || arm[1].largest == 0) {
      const bool up = arm[0].largest == 0;
      means.push_back(off_from_nothing(arm[up ? 0 : 1], arm[up ? 1 : 0], up));
      spreads.push_back(means.back());
    } else {
      means.push_back(off_by(arm[0].mean, arm[1].mean, kScaleFactor));
      spreads.push_back(off_by(arm[0].variance, arm[1].variance, kScaleFactor * kScaleFactor));
    }
    const bool one_sign = (arm[0].least >= 0 && arm[1].least >= 0) || (arm[0].most <= 0 && arm[1].most <= 0);
    const ArmOutcome& small = means.back().up ? arm[0] : arm[1];
    means_count = means_count &&
                  (one_sign || std::abs(small.mean.value) > kFarFromZero * std::sqrt(small.variance.value));
    zeros = zeros && arm[1].largest == 0;
    zeros_before = zeros_before && arm[0].largest == 0;
  }
  ScaleMove out;
  out.outcome = name_;
  const bool by_mean = means_count && all_off(means, kScaleFactor),
             by_spread = all_off(spreads, kScaleFactor * kScaleFactor);
  if (!by_mean && !by_spread) return out;
  out.mean = means_count ? mean_factor(means) : std::nan("");
  out.spread = std::sqrt(mean_factor(spreads));
  if (zeros) {
    out.unit = true;
    out.sentence = fmt::format("{} is not what it was: it is 0 in every decision of the later log", name_);
    return out;
  }
  const double factor = by_spread ? out.spread : out.mean;
  // A spread errs more than a mean: the factors need to be of one kind, not equal. Counts of rarer events have
  // a spread that goes by the root of their mean's factor.
  const double alike = std::log(kOneFactor) + kSameKind * std::abs(std::log(factor));
  out.unit = (std::isnan(out.mean) && by_spread) || std::abs(std::log(out.mean / out.spread)) < alike;
  // Contexts that moved far move means and spreads as well, but hardly by one factor.
  if (!carried && !(out.unit && (!std::isnan(out.mean) || std::abs(std::log(factor)) > std::log(kFarFactor))))
    return {};
  std::string how = "it was 0 in every decision of the first log";
  if (std::isfinite(out.spread)) {
    const bool mean = std::isfinite(out.mean);
    how = fmt::format("in every arm {}its spread is {} what it was",
                      mean ? fmt::format("its mean is {} what it was, and ", times(out.mean)) : "",
                      times(out.spread));
  } else if (!zeros_before) {
    how = "in every arm its mean and its spread grew, in one from nothing";
  }
  out.sentence = fmt::format("{} is not what it was: {}{}", name_, how,
                             out.unit && std::isfinite(factor) ? as_if(factor) : "");
  return out;
}

}  // namespace

std::vector<ScaleMove> moved_scales(const TwoLogs& logs, const std::vector<std::string>& outcomes,
                                    bool carries) {
  std::vector<ScaleMove> out;
  for (const std::string& name : outcomes) {
    ScaleMove move = Arms(logs, logs.both.outcome(name), carries).judge(carries);
    if (!move.sentence.empty()) out.push_back(std::move(move));
  }
  return out;
}

}  // namespace plumb
