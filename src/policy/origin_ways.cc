// Rows of one population meet by accident, so that the test needs a control: a row of the sample that was not
// here meets the log's rows as often as a row of the log meets the others (both are draws of one population; a
// population that moved meets less). Only ways of comparing in which few meet by accident decide.
#include "policy/origin_ways.h"

#include <cmath>

namespace plumb {
namespace {

constexpr double kFewByChance = 0.25;
constexpr double kFoundErrors = 4.5;  // one-sided 3e-6, for up to some hundred ways of comparing
constexpr double kFoundTimes = 2.5;   // the chance: contexts that moved together meet somewhat more often
constexpr double kAlmostNone = 0.1;   // of what chance would find

}  // namespace

std::size_t KeyTable::add(std::uint64_t key) {
  std::size_t at = key & (kSize - 1);
  while (state_[at] != kFree && key_[at] != key) at = (at + 1) & (kSize - 1);
  key_[at] = key;
  if (state_[at] == kFree) state_[at] = kWanted;
  return at;
}

void KeyTable::meet(std::uint64_t key, std::uint64_t unit) {
  for (std::size_t at = key & (kSize - 1); state_[at] != kFree; at = (at + 1) & (kSize - 1)) {
    if (key_[at] != key) continue;
    if (state_[at] == kWanted) {
      state_[at] = kMetOne;
      unit_[at] = unit;
    } else if (unit_[at] != unit) {
      state_[at] = kMetTwo;
    }
    return;
  }
}

SampleMatch judged(const Way& way) {
  SampleMatch out;
  out.by = way.by;
  out.sampled = way.sample.size();
  for (const std::size_t at : way.sample) out.matched += way.table.met(at);
  double met = 0;
  for (const std::size_t at : way.control) met += way.table.met_two_units(at);
  const auto sampled = static_cast<double>(out.sampled), controls = static_cast<double>(way.control.size());
  const double share = static_cast<double>(out.matched) / sampled;
  out.chance = met / controls;
  const double pooled = (static_cast<double>(out.matched) + met) / (sampled + controls);
  const double error = std::sqrt(pooled * (1 - pooled) * (1 / sampled + 1 / controls));
  out.z = error > 0 ? (share - out.chance) / error : 0;
  out.resolves = !way.only_finds && (out.chance <= kFewByChance || share <= kAlmostNone * out.chance);
  out.found = out.chance <= kFewByChance && out.z > kFoundErrors && share > kFoundTimes * out.chance;
  return out;
}

}  // namespace plumb
