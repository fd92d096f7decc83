// How good differences of rewards are on comparisons that the model did not see, line by line.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/regression.h"
#include "plumb/text_reward.h"

namespace plumb {
namespace {

constexpr std::uint64_t kFewestComparisons = 30, kFewestTopics = 5;
constexpr double kLevels[] = {0.5, 0.65, 0.8, 0.95, 1.0};  // agreement: lower ends, the last is unanimity
constexpr double kRatios[] = {1.0, 1.25, 1.5, 2.0, 3.0};   // longer over shorter: lower ends

double votes_for(const HeldOutComparisons& h, std::size_t i) { return h.first_votes[i] + h.tie_votes[i] / 2; }
double votes_against(const HeldOutComparisons& h, std::size_t i) {
  return h.second_votes[i] + h.tie_votes[i] / 2;
}

// The share of the votes that the most frequent answer has.
double agreement(const HeldOutComparisons& h, std::size_t i) {
  return std::max({h.first_votes[i], h.second_votes[i], h.tie_votes[i]}) /
         (h.first_votes[i] + h.second_votes[i] + h.tie_votes[i]);
}

// The error of a mean whose terms are summed by topic: residuals by topic, squared, G / (G - 1).
double clustered(const std::vector<double>& residual_by_topic, const std::vector<std::uint64_t>& count,
                 double n) {
  double squares = 0, topics = 0;
  for (std::size_t t = 0; t < count.size(); ++t) {
    if (count[t] == 0) continue;
    squares += residual_by_topic[t] * residual_by_topic[t];
    ++topics;
  }
  return topics > 1 ? std::sqrt(topics / (topics - 1) * squares) / n : 0;
}

// Logistic regression of votes on the difference, through the origin: Newton's method on a concave function of
// one number, halved where a step overshoots. Perfectly separated votes have no maximum: the slope is stopped
// at 1e3.
double slope_of(const HeldOutComparisons& h, std::span<const std::uint32_t> lines) {
  double slope = 0;
  for (int step = 0; step < 100; ++step) {
    double gradient = 0, curvature = 0;
    for (const std::uint32_t i : lines) {
      const double d = h.difference[i], p = sigmoid(slope * d);
      gradient += d * (votes_for(h, i) * (1 - p) - votes_against(h, i) * p);
      curvature += d * d * p * (1 - p) * (votes_for(h, i) + votes_against(h, i));
    }
    if (!(curvature > 0)) break;
    const double move = std::clamp(gradient / curvature, -1.0, 1.0);
    slope = std::clamp(slope + move, -1e3, 1e3);
    if (std::abs(move) < 1e-12 * (1 + std::abs(slope))) break;
  }
  return slope;
}

CalibrationLine line_of(const HeldOutComparisons& h, std::string by, std::string level,
                        std::span<const std::uint32_t> lines) {
  CalibrationLine out;
  out.by = std::move(by);
  out.level = std::move(level);
  out.comparisons = lines.size();
  std::vector<std::uint64_t> in_topic(h.topics.size(), 0), decided_in_topic(h.topics.size(), 0);
  std::vector<double> right_in_topic(h.topics.size(), 0.0), slope_in_topic(h.topics.size(), 0.0);
  double votes = 0, brier = 0, log_loss = 0, right = 0, longer = 0, decided = 0;
  for (const std::uint32_t i : lines) {
    const double d = h.difference[i], a = votes_for(h, i), b = votes_against(h, i), p = sigmoid(d);
    ++in_topic[h.topic[i]];
    votes += a + b;
    brier += a * (1 - p) * (1 - p) + b * p * p;
    log_loss += a * log1p_exp(-d) + b * log1p_exp(d);
    if (a == b) continue;
    const auto takes = [&](double side) { return side == 0 ? 0.5 : (side > 0) == (a > b) ? 1.0 : 0.0; };
    right += takes(d);
    longer += takes(h.log_length_ratio[i]);
    ++decided;
    right_in_topic[h.topic[i]] += takes(d);
    ++decided_in_topic[h.topic[i]];
  }
  for (const std::uint64_t count : in_topic) out.topics += count > 0;
  const bool one_topic = out.by == "topic";
  out.enough = decided >= kFewestComparisons && (one_topic || out.topics >= kFewestTopics);
  if (!out.enough) return out;
  out.accuracy = right / decided;
  out.longer_accuracy = longer / decided;
  out.brier = brier / votes;
  out.log_loss = log_loss / votes;
  out.slope = slope_of(h, lines);
  if (one_topic) return out;
  double curvature = 0;
  for (const std::uint32_t i : lines) {
    const double d = h.difference[i], p = sigmoid(out.slope * d), a = votes_for(h, i), b = votes_against(h, i);
    slope_in_topic[h.topic[i]] += d * (a * (1 - p) - b * p);
    curvature += d * d * p * (1 - p) * (a + b);
  }
  for (std::size_t t = 0; t < h.topics.size(); ++t) {
    right_in_topic[t] -= out.accuracy * static_cast<double>(decided_in_topic[t]);
  }
  out.accuracy_error = clustered(right_in_topic, decided_in_topic, decided);
  out.slope_error = curvature > 0 ? clustered(slope_in_topic, in_topic, curvature) : 0;
  return out;
}

void check(const HeldOutComparisons& h) {
  const std::size_t n = h.difference.size();
  if (h.first_votes.size() != n || h.second_votes.size() != n || h.tie_votes.size() != n ||
      h.log_length_ratio.size() != n || h.topic.size() != n) {
    refuse("calibration", "arrays", "different lengths", "an entry a comparison");
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(h.difference[i]) || !std::isfinite(h.log_length_ratio[i])) {
      refuse("calibration", fmt::format("comparison {}", i), "a number that is not finite", "finite numbers");
    }
    double votes = 0;
    for (const double v : {h.first_votes[i], h.second_votes[i], h.tie_votes[i]}) {
      if (!(v >= 0 && std::isfinite(v))) {
        refuse("calibration", fmt::format("comparison {}", i), fmt::format("{} votes", v),
               "a finite number >= 0");
      }
      votes += v;
    }
    if (!(votes > 0)) refuse("calibration", fmt::format("comparison {}", i), "no votes", "at least one");
    if (h.topic[i] >= h.topics.size()) {
      refuse("calibration", fmt::format("comparison {}", i), "a topic that is not named",
             "an index of `topics`");
    }
  }
}

}  // namespace

std::vector<CalibrationLine> reward_calibration(const HeldOutComparisons& held_out) {
  check(held_out);
  const std::size_t n = held_out.difference.size();
  const auto where = [&](const auto& holds) {
    std::vector<std::uint32_t> out;
    for (std::uint32_t i = 0; i < n; ++i) {
      if (holds(i)) out.push_back(i);
    }
    return out;
  };
  std::vector<CalibrationLine> out;
  out.push_back(line_of(held_out, "all", "", where([](std::uint32_t) { return true; })));
  for (std::size_t k = 0; k < std::size(kLevels); ++k) {
    const bool last = k + 1 == std::size(kLevels);
    const double low = k == 0 ? 0 : kLevels[k], high = last ? 2 : kLevels[k + 1];
    const std::string level = last     ? "all agree"
                              : k == 0 ? fmt::format("below {}", high)
                                       : fmt::format("{} to {}", low, high);
    out.push_back(line_of(held_out, "agreement", level, where([&](std::uint32_t i) {
                            return agreement(held_out, i) >= low && agreement(held_out, i) < high;
                          })));
  }
  for (std::size_t k = 0; k < std::size(kRatios); ++k) {
    const bool last = k + 1 == std::size(kRatios);
    const double low = std::log(kRatios[k]), high = last ? 1e300 : std::log(kRatios[k + 1]);
    const std::string level =
        last ? fmt::format("{} and more", kRatios[k]) : fmt::format("{} to {}", kRatios[k], kRatios[k + 1]);
    out.push_back(line_of(held_out, "length ratio", level, where([&](std::uint32_t i) {
                            const double ratio = std::abs(held_out.log_length_ratio[i]);
                            return ratio >= low && ratio < high;
                          })));
  }
  for (std::uint32_t t = 0; t < held_out.topics.size(); ++t) {
    out.push_back(line_of(held_out, "topic", held_out.topics[t],
                          where([&](std::uint32_t i) { return held_out.topic[i] == t; })));
  }
  return out;
}

}  // namespace plumb
