#include "data/factored_log.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

namespace plumb {
namespace {

constexpr std::size_t kMostPlaces = 1024;  // groups x slots: Hessians of choices are kept by pair of places
constexpr std::uint32_t kNowhere = ~0u;

void refuse_non_finite(const DecisionLog& log, std::size_t decision, std::span<const float> features) {
  constexpr std::uint32_t kExponent = 0x7f800000;  // all ones: infinite or NaN
  std::uint32_t bad = 0;
  for (const float x : features)
    bad |= static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(x) & kExponent) == kExponent);
  if (bad == 0) return;
  const float found =
      *std::find_if(features.begin(), features.end(), [](float x) { return !std::isfinite(x); });
  refuse(log.source, "a feature of decision " + std::to_string(decision + 1), std::to_string(found),
         "a finite number");
}

// The first row of every action, kNowhere where it is never offered.
std::vector<std::uint32_t> first_rows(const DecisionLog& log) {
  std::vector<std::uint32_t> first(log.actions.size(), kNowhere);
  std::size_t missing = first.size();
  for (std::size_t row = 0; row < log.action.size() && missing > 0; ++row) {
    std::uint32_t& at = first[log.action[row]];
    if (at != kNowhere) continue;
    at = static_cast<std::uint32_t>(row);
    --missing;
  }
  return first;
}

// T_g of every action, as places of the design.
std::vector<std::vector<stats::FactoredDesign::Image>> maps_of(const FeatureMap& map, const DecisionLog& log,
                                                               const BoundFeatures& features) {
  std::vector<std::vector<stats::FactoredDesign::Image>> out(log.actions.size());
  const std::vector<std::uint32_t> first = first_rows(log);
  std::vector<float> b(map.extended_width);
  const auto context = static_cast<std::uint32_t>(map.context_width);
  for (std::size_t g = 0; g < out.size(); ++g) {
    if (first[g] == kNowhere) continue;
    features.action(first[g], b);
    refuse_non_finite(
        log,
        static_cast<std::size_t>(std::upper_bound(log.offset.begin(), log.offset.end(), first[g]) -
                                 log.offset.begin() - 1),
        b);
    for (std::uint32_t slot = 0; slot <= context; ++slot) out[g].push_back({slot, slot, 1.0});
    for (std::uint32_t k = 0; k < map.extended_width; ++k) {
      if (b[k] != 0) out[g].push_back({1 + context + k, 0, static_cast<double>(b[k])});
    }
    for (std::uint32_t c = 0; c < context; ++c) {
      for (std::size_t k = 0; k < map.action_width; ++k) {
        if (b[k] == 0) continue;
        const CrossSlot at = cross_slot(map, c, k);
        out[g].push_back({static_cast<std::uint32_t>(at.column), 1 + c,
                          static_cast<double>(at.sign) * static_cast<double>(b[k])});
      }
    }
  }
  return out;
}

}  // namespace

bool can_be_factored(const FeatureMap& map, const DecisionLog& log) {
  if (log.actions.size() * (1 + map.context_width) > kMostPlaces) return false;
  if (log.action.size() >= kNowhere) return false;
  const std::vector<std::uint32_t> first = first_rows(log);
  for (const FeatureColumn& column : log.action_features) {
    for (std::size_t row = 0; row < log.action.size(); ++row) {
      const std::uint32_t at = first[log.action[row]];
      const bool same = column.is_category
                            ? column.code[row] == column.code[at]
                            : column.number[row] == column.number[at] ||
                                  (std::isnan(column.number[row]) && std::isnan(column.number[at]));
      if (!same) return false;
    }
  }
  return true;
}

stats::FactoredDesign factored_log(const FeatureMap& map, const DecisionLog& log,
                                   std::span<const std::uint32_t> decisions, int threads) {
  const BoundFeatures features(map, log);
  stats::FactoredDesign out = stats::compressed(
      decisions.size(), 1 + map.context_width,
      [&](std::size_t k, std::span<float> z) {
        z[0] = 1;
        features.context(decisions[k], z.subspan(1));
        refuse_non_finite(log, decisions[k], z);
      },
      threads);
  out.columns = map.width();
  out.map = maps_of(map, log, features);
  for (const std::uint32_t i : decisions) out.group.push_back(log.chosen_action(i));
  return out;
}

OfferedScores::OfferedScores(const FeatureMap& map, const DecisionLog& log,
                             const std::vector<std::span<const std::vector<double>>>& coefficients)
    : log_(log),
      features_(map, log),
      slots_(1 + map.context_width),
      scores_(coefficients.size()),
      lanes_(1 + map.extended_width) {
  const std::size_t width = scores_ * lanes_, variants = coefficients.empty() ? 0 : coefficients[0].size();
  theta_.assign(variants * slots_ * width, 0.0f);
  for (std::size_t s = 0; s < scores_; ++s) {
    for (std::size_t v = 0; v < variants; ++v) {
      const std::vector<double>& c = coefficients[s][v];
      PLUMB_ASSERT(c.size() == map.width());
      float* to = theta_.data() + v * slots_ * width + s * lanes_;
      to[0] = static_cast<float>(c[0]);
      for (std::size_t k = 0; k < map.extended_width; ++k)
        to[1 + k] = static_cast<float>(c[1 + map.context_width + k]);
      for (std::size_t j = 0; j < map.context_width; ++j) {
        to += width;
        to[0] = static_cast<float>(c[1 + j]);
        for (std::size_t k = 0; k < map.action_width; ++k) {
          const CrossSlot at = cross_slot(map, j, k);
          to[1 + k] = at.sign * static_cast<float>(c[at.column]);
        }
      }
    }
  }
  if (!log.action_features.empty()) return;
  const std::vector<std::uint32_t> first = first_rows(log);
  std::vector<float> b(map.extended_width);
  id_lane_.assign(first.size(), 0);
  for (std::size_t g = 0; g < first.size(); ++g) {
    if (first[g] == kNowhere) continue;
    features_.action(first[g], b);
    for (std::uint32_t k = 0; k < b.size(); ++k) {
      if (b[k] != 0) id_lane_[g] = 1 + k;
    }
  }
}

void OfferedScores::score(std::size_t begin, std::size_t end, std::span<const std::size_t> variant,
                          std::span<const std::span<float>> out) const {
  const std::size_t width = scores_ * lanes_;
  std::vector<float> c(slots_ - 1), sums(width), b(lanes_ - 1);
  for (std::size_t i = begin; i < end; ++i) {
    features_.context(i, c);
    const float* __restrict theta = theta_.data() + variant[i - begin] * slots_ * width;
    float* __restrict to = sums.data();
    std::copy_n(theta, width, to);
    for (std::size_t j = 0; j < c.size(); ++j) {
      const float x = c[j];
      if (x == 0) continue;  // most columns of categories are
      const float* __restrict from = theta + (1 + j) * width;
      for (std::size_t l = 0; l < width; ++l) to[l] += x * from[l];
    }
    const std::size_t first = log_.offset[i], base = log_.offset[begin];
    for (std::size_t row = first; row < log_.offset[i + 1]; ++row) {
      if (!id_lane_.empty()) {
        const std::uint32_t lane = id_lane_[log_.action[row]];
        for (std::size_t s = 0; s < scores_; ++s)
          out[s][row - base] = lane == 0 ? to[s * lanes_] : to[s * lanes_] + to[s * lanes_ + lane];
        continue;
      }
      features_.action(row, b);
      for (std::size_t s = 0; s < scores_; ++s) {
        const float* of = to + s * lanes_;
        float score = of[0];
        for (std::size_t k = 0; k < b.size(); ++k) score += of[1 + k] * b[k];
        out[s][row - base] = score;
      }
    }
  }
}

}  // namespace plumb
