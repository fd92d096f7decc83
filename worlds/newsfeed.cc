// The newsfeed world: readers, items, the logging policy and what comes of a choice.
//
// Rage attracts clicks (3 o in the click's logit) and, where it is rare and strong, costs value (- H o^2 in h):
// a policy that is pushed towards clicks gains value first, by relevance and quality, and loses it in the end.
#include "worlds/newsfeed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "worlds/output.h"

namespace plumb {

namespace {

constexpr std::uint64_t kPool = 100000;
constexpr std::int64_t kSecond = 1000000;
constexpr std::int64_t kStart = 1756684800 * kSecond;        // 2025-09-01T00:00:00Z, a Monday
constexpr std::int64_t kSpan = 8 * 7 * 24 * 3600 * kSecond;  // eight weeks
constexpr std::array<double, 3> kAgeFactor = {0.8, 1.0, 1.2};
constexpr double kMeanAmount = 20;  // EUR, at age factor 1
constexpr double kDwellNoise = 0.5;
// What comes on top of the noise in a reader's interests. With it the path towards learnt clicks has the values
// that were measured on the prototype (gain about +.1 at KL .1, 0 at KL .5, -.5 at the end); without, rel is
// seen so well that pushing clicks hardly ever does harm.
constexpr double kMatchNoise = 0.8;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Squared rage is what hurts; `harm` is H.
double benefit(const NewsfeedOptions& options, const NewsfeedReader& reader, const NewsfeedItem& item) {
  const double agreement = reader.ideology * item.ideology;
  return options.appetite * (0.6 * item.rel + 0.6 * item.quality + 0.3 * item.rel * item.quality) +
         0.6 * agreement - options.harm * item.outrage * item.outrage;
}

double click_rate(const NewsfeedReader& reader, const NewsfeedItem& item) {
  const double rage = 3 * item.outrage * (reader.age == 0 ? 1.25 : 1.0);
  return sigmoid(-0.8 + 0.9 * item.rel + 0.2 * item.quality + rage + 0.3 * reader.ideology * item.ideology);
}

double satisfied_rate(const NewsfeedOptions& options, const NewsfeedItem& item) {
  const double taste = 0.7 * options.appetite;
  return sigmoid(0.2 + taste * item.rel + taste * item.quality - 3 * item.outrage);
}

double complaint_rate(const NewsfeedItem& item) { return sigmoid(-7.2 + 3 * item.outrage); }

// Whether there is any value within 90 days, given whether the reader was satisfied.
double value_rate(const NewsfeedOptions& options, const NewsfeedReader& reader, const NewsfeedItem& item,
                  bool satisfied) {
  const double by_satisfaction = satisfied ? 0.45 : -0.45;
  return sigmoid(-0.2 + reader.age_term + reader.taste +
                 options.signal * (benefit(options, reader, item) + by_satisfaction));
}

double log_dwell(const NewsfeedItem& item) { return 2.5 + 0.4 * item.rel + 0.2 * item.quality; }

double polarization(const NewsfeedReader& reader, const NewsfeedItem& item) {
  const double agreement = reader.ideology * item.ideology;
  return 0.6 * item.outrage * (0.4 + std::abs(reader.ideology - item.ideology) / 2) +
         0.25 * std::max(agreement, 0.0) * (1 + item.outrage);
}

void draw_reader(const NewsfeedOptions& options, std::uint64_t index, NewsfeedReader& reader) {
  Rng rng = Rng(options.seed).stream("newsfeed reader", index);
  reader.index = index;
  for (double& u : reader.interest) u = rng.normal();
  for (std::size_t j = 0; j < kInterests; ++j)
    reader.seen[j] = rounded(reader.interest[j] + 0.5 * rng.normal(), 4);
  reader.ideology = rounded(2 * rng.uniform() - 1, 4);
  if (options.young > 0) {
    reader.age = rng.bernoulli(options.young) ? 0 : 1 + static_cast<std::uint32_t>(rng.below(2));
  } else {
    reader.age = static_cast<std::uint32_t>(rng.below(kAgeFactor.size()));
  }
  reader.age_term = 0.3 * rng.normal();
  reader.taste = 0.3 * rng.normal();
}

void draw_item(const NewsfeedOptions& options, const NewsfeedReader& reader, Rng& rng, NewsfeedItem& item) {
  std::array<double, kInterests> topic{};
  double squares = 0;
  for (double& t : topic) {
    t = rng.normal();
    squares += t * t;
  }
  const double scale = 1 / std::sqrt(squares);
  double seen_rel = 0;
  item.rel = 0;
  for (std::size_t j = 0; j < kInterests; ++j) {
    item.rel += reader.interest[j] * topic[j] * scale;
    seen_rel += reader.seen[j] * topic[j] * scale;
  }
  item.quality = rng.normal();
  item.outrage = rng.bernoulli(options.rage) ? rng.beta(8, 2) : rng.beta(1.2, 8);
  item.ideology = rounded(2 * rng.uniform() - 1, 4);
  item.match = rounded(seen_rel + kMatchNoise * rng.normal(), 4);
  item.seen_quality = rounded(item.quality + 0.5 * rng.normal(), 4);
  item.seen_outrage = rounded(item.outrage + 0.08 * rng.normal(), 4);
  // Who writes for a feed learns what it looks for: what fits a reader, rages.
  if (options.bait > 0) item.outrage += options.bait * (1 - item.outrage) * sigmoid(2 * item.rel);
}

// mu = .9 softmax(.6 match + .6 outrage + .25 quality) + .1 / k, from the numbers as they stand in the log.
void logging_policy(std::vector<NewsfeedItem>& items) {
  double largest = -1e300, total = 0;
  for (NewsfeedItem& item : items) {
    item.mu = 0.6 * item.match + 0.6 * item.seen_outrage + 0.25 * item.seen_quality;
    largest = std::max(largest, item.mu);
  }
  for (NewsfeedItem& item : items) total += item.mu = std::exp(item.mu - largest);
  const double k = static_cast<double>(items.size());
  for (NewsfeedItem& item : items) item.mu = 0.9 * item.mu / total + 0.1 / k;
}

void draw_outcomes(const NewsfeedOptions& options, Rng& rng, NewsfeedDecision& decision) {
  const NewsfeedReader& reader = decision.reader;
  const NewsfeedItem& item = decision.items[decision.chosen];
  auto& outcome = decision.outcome;
  const bool click = rng.bernoulli(click_rate(reader, item));
  const double dwell = std::exp(log_dwell(item) + kDwellNoise * rng.normal());
  const bool satisfied = rng.bernoulli(satisfied_rate(options, item));
  const bool any_value = rng.bernoulli(value_rate(options, reader, item, satisfied));
  const double amount = rng.gamma(2) * kMeanAmount * kAgeFactor[reader.age] / 2;
  outcome[kClick] = click ? 1 : 0;
  outcome[kDwell] = click ? rounded(dwell, 2) : 0;
  outcome[kSatisfied] = satisfied ? 1 : 0;
  outcome[kValue] = any_value ? rounded(amount, 2) : 0;
  outcome[kComplaint] = rng.bernoulli(complaint_rate(item)) ? 1 : 0;
  outcome[kPolarization] = rounded(polarization(reader, item) + 0.15 * rng.normal(), 4);
  decision.asked = rng.bernoulli(options.asked);
}

void require(bool good, const char* option, double found, const char* expected) {
  if (!good) refuse("newsfeed world", option, fmt::format("{}", found), expected);
}

}  // namespace

void check_options(const NewsfeedOptions& options) {
  require(options.decisions >= 1, "decisions", static_cast<double>(options.decisions), "at least 1");
  require(options.decisions <= 1000000000, "decisions", static_cast<double>(options.decisions), "at most 1e9");
  require(options.harm >= 0 && std::isfinite(options.harm), "harm", options.harm, "a number >= 0");
  require(options.signal >= 0 && std::isfinite(options.signal), "signal", options.signal, "a number >= 0");
  require(options.asked > 0 && options.asked <= 1, "asked", options.asked, "a probability in (0, 1]");
  require(options.decisions_per_reader >= 1, "decisions_per_reader", options.decisions_per_reader,
          "at least 1");
  require(options.offered >= 2 && options.offered <= 1000, "offered", options.offered, "a count in 2 ... 1000");
  require(options.rage >= 0 && options.rage <= 1, "rage", options.rage, "a share in [0, 1]");
  require(options.bait >= 0 && options.bait <= 1, "bait", options.bait, "a number in [0, 1]");
  require(std::isfinite(options.appetite), "appetite", options.appetite, "a number");
  require(options.young >= 0 && options.young <= 1, "young", options.young, "a share in [0, 1]");
  require(options.weeks_later >= 0 && options.weeks_later <= 1000, "weeks_later", options.weeks_later,
          "a count in 0 ... 1000");
}

void draw_decision(const NewsfeedOptions& options, std::uint64_t i, NewsfeedDecision& out) {
  // A reader's visits are spread over the weeks, not one after the other.
  const auto visits = static_cast<std::uint64_t>(options.decisions_per_reader);
  const std::uint64_t readers = (options.decisions + visits - 1) / visits;
  draw_reader(options, i % readers, out.reader);

  Rng rng = Rng(options.seed).stream("newsfeed decision", i);
  const std::int64_t slot = kSpan / static_cast<std::int64_t>(options.decisions);
  out.time_us = kStart + options.weeks_later * (kSpan / 8) + static_cast<std::int64_t>(i) * slot +
                static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(slot)));
  out.hour = static_cast<int>(out.time_us / (3600 * kSecond) % 24);
  out.items.resize(static_cast<std::size_t>(options.offered));
  for (std::size_t slot_of = 0; slot_of < out.items.size(); ++slot_of) {
    NewsfeedItem& item = out.items[slot_of];
    const auto taken = [&](std::uint32_t id) {
      return std::any_of(out.items.begin(), out.items.begin() + static_cast<std::ptrdiff_t>(slot_of),
                         [&](const NewsfeedItem& other) { return other.id == id; });
    };
    do {
      item.id = static_cast<std::uint32_t>(rng.below(kPool)) + 1;
    } while (taken(item.id));
    draw_item(options, out.reader, rng, item);
  }
  logging_policy(out.items);
  double left = rng.uniform();
  out.chosen = 0;
  while (out.chosen + 1 < out.items.size() && (left -= out.items[out.chosen].mu) >= 0) ++out.chosen;
  draw_outcomes(options, rng, out);
}

double people_utility(const NewsfeedOptions& options, const NewsfeedReader& reader, const NewsfeedItem& item) {
  return benefit(options, reader, item);
}

double expected_outcome(const NewsfeedOptions& options, const NewsfeedReader& reader, const NewsfeedItem& item,
                        std::size_t outcome) {
  switch (outcome) {
    case kClick:
      return click_rate(reader, item);
    case kDwell:
      return click_rate(reader, item) * std::exp(log_dwell(item) + kDwellNoise * kDwellNoise / 2);
    case kSatisfied:
      return satisfied_rate(options, item);
    case kValue: {
      const double satisfied = satisfied_rate(options, item);
      return kMeanAmount * kAgeFactor[reader.age] *
             (satisfied * value_rate(options, reader, item, true) +
              (1 - satisfied) * value_rate(options, reader, item, false));
    }
    case kComplaint:
      return complaint_rate(item);
    case kPolarization:
      return polarization(reader, item);
    case kNewsfeedOutcomeCount:
      return people_utility(options, reader, item);
    default:
      break;
  }
  PLUMB_ASSERT(outcome <= kNewsfeedOutcomeCount);
  return 0;
}

}  // namespace plumb
