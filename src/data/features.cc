#include "plumb/features.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/outlying.h"

namespace plumb {
namespace {

// A number that was missing in rows that made the map has a second column of its name: a category of this one
// level, 1 where the number is missing.
constexpr const char* kMissing = "missing";

bool is_missing_column(const FeatureMap::Column& column) {
  return column.is_category && column.levels.size() == 1 && column.levels[0] == kMissing;
}

bool any_missing(const FeatureColumn& column, const std::vector<std::uint32_t>& rows) {
  return !column.is_category && std::any_of(rows.begin(), rows.end(),
                                            [&](std::uint32_t row) { return std::isnan(column.number[row]); });
}

// Mean and spread of the column over the rows that are used; a constant column gets scale 1 and is all zeros.
// `weight`: how much each of the rows counts; empty: alike.
FeatureMap::Column describe(const FeatureColumn& column, const std::vector<std::uint32_t>& rows,
                            const std::vector<double>& weight) {
  FeatureMap::Column out;
  out.name = column.name;
  out.is_category = column.is_category;
  if (column.is_category) {
    out.levels = column.levels;
    out.hashed = column.levels.size() > kMostLevels;
    if (out.hashed) out.levels.clear();
    return out;
  }
  const Fence fence = fence_of(column.number, rows);
  out.low = fence.low, out.high = fence.high;
  const auto says_nothing = [&](std::uint32_t row) {
    const auto x = static_cast<double>(column.number[row]);
    return std::isnan(x) || fence.is_outlying(x);
  };
  // A row counts as often as its decision.
  const auto counts = [&](std::size_t k) { return weight.empty() ? 1.0 : weight[k]; };
  double sum = 0, squares = 0, n = 0;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (says_nothing(rows[k])) continue;
    sum += counts(k) * column.number[rows[k]];
    n += counts(k);
  }
  if (n == 0) return out;
  out.mean = out.lowest = out.highest = sum / n;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (says_nothing(rows[k])) continue;
    const double left = column.number[rows[k]] - out.mean;
    squares += counts(k) * (left * left);
  }
  const double scale = std::sqrt(squares / n);
  out.scale = scale > 1e-9 * (1 + std::abs(out.mean)) ? scale : 1;
  return out;
}

std::size_t total_width(const std::vector<FeatureMap::Column>& columns) {
  std::size_t width = 0;
  for (const auto& column : columns) width += column.width();
  return width;
}

}  // namespace

FeatureMap make_feature_map(const DecisionLog& log, const std::vector<std::uint8_t>& use) {
  std::vector<std::uint32_t> decisions, rows;
  std::vector<double> decision_weight, row_weight;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!use[i]) continue;
    decisions.push_back(static_cast<std::uint32_t>(i));
    for (auto row = log.offset[i]; !log.action_features.empty() && row < log.offset[i + 1]; ++row)
      rows.push_back(static_cast<std::uint32_t>(row));
    if (log.weight.empty()) continue;
    decision_weight.push_back(log.weight[i]);
    row_weight.insert(row_weight.end(), log.offered(i), decision_weight.back());
  }
  PLUMB_ASSERT(!decisions.empty());
  FeatureMap map;
  const auto add = [](const FeatureColumn& column, const std::vector<std::uint32_t>& of,
                      const std::vector<double>& weight, std::vector<FeatureMap::Column>& to) {
    to.push_back(describe(column, of, weight));
    if (any_missing(column, of)) to.push_back({column.name, true, {kMissing}});
  };
  for (const auto& column : log.context) add(column, decisions, decision_weight, map.context);
  for (const auto& column : log.action_features) add(column, rows, row_weight, map.action);
  if (log.actions.size() <= kMostIds) map.ids = log.actions;
  map.context_width = total_width(map.context);
  map.action_width = total_width(map.action);
  std::size_t position = 0;
  for (const auto& column : map.action) {
    if (!column.is_category) map.numbers.push_back(position);
    position += column.width();
  }
  map.action_width += map.ids.size();
  const std::size_t products = map.numbers.size() * (map.numbers.size() + 1) / 2;
  map.extended_width = map.action_width + (products <= 64 ? products : 0);
  const std::size_t plain = 1 + map.context_width + map.extended_width;
  const std::size_t crosses = map.context_width * map.action_width;
  const std::size_t room = plain + 64 < kMostColumns ? kMostColumns - plain : 64;
  map.cross_columns = std::min(crosses, room);
  return map;
}

CrossSlot cross_slot(const FeatureMap& map, std::size_t c, std::size_t a) {
  const std::size_t first = 1 + map.context_width + map.extended_width;
  const std::size_t index = c * map.action_width + a;
  if (!map.hashed_crosses()) return {first + index, 1};
  const std::uint64_t h = hash_combine(0x706c756d62637273ULL, index);
  return {first + (h >> 1) % map.cross_columns, (h & 1) ? 1.0f : -1.0f};
}

BoundFeatures::BoundFeatures(const FeatureMap& map, const DecisionLog& log) : map_(&map), log_(&log) {
  const auto bind = [&log](const std::vector<FeatureMap::Column>& wanted,
                           const std::vector<FeatureColumn>& have, std::vector<Source>& out) {
    for (const auto& column : wanted) {
      const auto found =
          std::find_if(have.begin(), have.end(), [&](const auto& c) { return c.name == column.name; });
      if (found == have.end())
        refuse(log.source, column.name, "no such feature column", "the columns of the model");
      const bool missing = !found->is_category && is_missing_column(column);
      if (found->is_category != column.is_category && !missing) {
        refuse(log.source, column.name, found->is_category ? "categories" : "numbers",
               column.is_category ? "categories, as the model learnt" : "numbers, as the model learnt");
      }
      Source source;
      source.column = &*found;
      source.width = column.width();
      source.mean = static_cast<float>(column.mean);
      source.low = static_cast<float>(column.low), source.lowest = static_cast<float>(column.lowest);
      source.high = static_cast<float>(column.high), source.highest = static_cast<float>(column.highest);
      source.inverse_scale = missing ? 0.0f : static_cast<float>(1 / column.scale);  // 0: where it is missing
      for (const auto& level : found->levels) {
        const auto at = std::find(column.levels.begin(), column.levels.end(), level);
        source.slot.push_back(column.hashed ? static_cast<std::int32_t>(hash_bytes(level) % kMostLevels)
                              : at == column.levels.end()
                                  ? -1
                                  : static_cast<std::int32_t>(at - column.levels.begin()));
      }
      out.push_back(std::move(source));
    }
  };
  bind(map.context, log.context, context_);
  bind(map.action, log.action_features, action_);
  if (!map.ids.empty()) {
    for (const auto& name : log.actions) {
      const auto at = std::find(map.ids.begin(), map.ids.end(), name);
      id_slot_.push_back(at == map.ids.end() ? -1 : static_cast<std::int32_t>(at - map.ids.begin()));
    }
  }
}

void BoundFeatures::fill(const std::vector<Source>& sources, std::size_t row, std::span<float> out) const {
  std::fill(out.begin(), out.end(), 0.0f);
  std::size_t position = 0;
  for (const auto& source : sources) {
    if (source.column->is_category) {
      const std::int32_t slot = source.slot[source.column->code[row]];
      if (slot >= 0) out[position + static_cast<std::size_t>(slot)] = 1;
    } else {
      // A missing number is the mean of those that are there, which is 0.
      float x = source.column->number[row];
      const bool missing = std::isnan(x);
      x = x < source.low ? source.lowest : x > source.high ? source.highest : x;
      out[position] = source.inverse_scale == 0 ? (missing ? 1.0f : 0.0f)
                      : missing                 ? 0.0f
                                                : (x - source.mean) * source.inverse_scale;
    }
    position += source.width;
  }
}

void BoundFeatures::context(std::size_t decision, std::span<float> c) const { fill(context_, decision, c); }

void BoundFeatures::action(std::size_t row, std::span<float> b) const {
  fill(action_, row, b);
  std::size_t position = map_->action_width - map_->ids.size();
  if (!map_->ids.empty()) {
    const std::int32_t slot = id_slot_[log_->action[row]];
    if (slot >= 0) b[position + static_cast<std::size_t>(slot)] = 1;
  }
  position = map_->action_width;
  if (map_->extended_width == map_->action_width) return;
  for (std::size_t j = 0; j < map_->numbers.size(); ++j) {
    for (std::size_t k = j; k < map_->numbers.size(); ++k)
      b[position++] = b[map_->numbers[j]] * b[map_->numbers[k]];
  }
}

void BoundFeatures::design(std::size_t decision, std::size_t row, std::span<float> phi) const {
  const std::size_t cw = map_->context_width, aw = map_->action_width, ew = map_->extended_width;
  phi[0] = 1;
  const auto c = phi.subspan(1, cw), b = phi.subspan(1 + cw, ew), crosses = phi.subspan(1 + cw + ew);
  context(decision, c);
  action(row, b);
  if (!map_->hashed_crosses()) {
    for (std::size_t j = 0; j < cw; ++j) {
      for (std::size_t k = 0; k < aw; ++k) crosses[j * aw + k] = c[j] * b[k];
    }
    return;
  }
  std::fill(crosses.begin(), crosses.end(), 0.0f);
  for (std::size_t j = 0; j < cw; ++j) {
    if (c[j] == 0) continue;
    for (std::size_t k = 0; k < aw; ++k) {
      if (b[k] == 0) continue;
      const CrossSlot slot = cross_slot(*map_, j, k);
      phi[slot.column] += slot.sign * c[j] * b[k];
    }
  }
}

namespace {

// Rows of crosses are padded with zeros to whole lanes.
constexpr std::size_t kLanes = 8;
constexpr std::size_t padded(std::size_t width) { return (width + kLanes - 1) / kLanes * kLanes; }

void add_scaled(std::size_t n, float c, const float* __restrict row, float* __restrict to) {
  for (std::size_t k = 0; k < n; k += kLanes)
    for (std::size_t l = 0; l < kLanes; ++l) to[k + l] += c * row[k + l];
}

}  // namespace

LinearScorer::LinearScorer(const FeatureMap& map, std::span<const double> coefficients)
    : context_width_(map.context_width), action_width_(map.action_width), extended_width_(map.extended_width) {
  PLUMB_ASSERT(coefficients.size() == map.width());
  constant_ = static_cast<float>(coefficients[0]);
  for (std::size_t j = 0; j < context_width_; ++j) context_.push_back(static_cast<float>(coefficients[1 + j]));
  for (std::size_t k = 0; k < extended_width_; ++k) {
    extended_.push_back(static_cast<float>(coefficients[1 + context_width_ + k]));
  }
  const std::size_t stride = padded(action_width_);
  cross_.resize(context_width_ * stride);
  for (std::size_t j = 0; j < context_width_; ++j) {
    for (std::size_t k = 0; k < action_width_; ++k) {
      const CrossSlot slot = cross_slot(map, j, k);
      cross_[j * stride + k] = slot.sign * static_cast<float>(coefficients[slot.column]);
    }
  }
}

void DecisionFeatures::load(const BoundFeatures& features, const DecisionLog& log, std::size_t decision) {
  const FeatureMap& map = features.map();
  offered = log.offered(decision);
  c.resize(map.context_width);
  b.resize(offered * map.extended_width);
  features.context(decision, c);
  const std::size_t first = log.offset[decision];
  for (std::size_t slot = 0; slot < offered; ++slot) {
    features.action(first + slot, {b.data() + slot * map.extended_width, map.extended_width});
  }
}

void LinearScorer::score(DecisionFeatures& decision, std::span<float> out) const {
  // Crosses change what the action's own columns weigh; their products keep their weights.
  const std::size_t stride = padded(action_width_);
  decision.v.assign(stride, 0.0f);
  std::copy_n(extended_.begin(), action_width_, decision.v.begin());
  float base = constant_;
  // Most columns of categories are zero; which ones are not is found out without a branch.
  std::array<std::uint8_t, 64> nonzero;
  for (std::size_t from = 0; from < context_width_; from += nonzero.size()) {
    const std::size_t n = std::min(nonzero.size(), context_width_ - from);
    std::size_t count = 0;
    for (std::size_t j = 0; j < n; ++j) {
      nonzero[count] = static_cast<std::uint8_t>(j);
      count += decision.c[from + j] != 0;
    }
    for (std::size_t at = 0; at < count; ++at) {
      const std::size_t j = from + nonzero[at];
      const float c = decision.c[j];
      base += c * context_[j];
      add_scaled(stride, c, cross_.data() + j * stride, decision.v.data());
    }
  }
  for (std::size_t slot = 0; slot < decision.offered; ++slot) {
    const float* b = decision.b.data() + slot * extended_width_;
    float score = base;
    for (std::size_t k = 0; k < action_width_; ++k) score += decision.v[k] * b[k];
    for (std::size_t k = action_width_; k < extended_width_; ++k) score += extended_[k] * b[k];
    out[slot] = score;
  }
}

}  // namespace plumb
