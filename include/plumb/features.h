// plumb/features.h: typed features of contexts and actions as numbers for models and policies.
//
// The design of a (context, action) pair is  phi = [1, c, b, c x a]:
//   c  context: numbers standardized (missing: 0, and a column that says so), categories one column a level;
//   a  the action: its features likewise, and one column an action id where at most kMostIds actions exist;
//   b  a, followed by the products of its number features (squares included);
//   c x a  every cross of a context column with an action column.
// Crosses are exact while the design has at most kMostColumns columns; beyond that they are hashed with signs
// into what is left (Weinberger et al. 2009). A level that was not seen when the map was made is all zeros.
//
// One cell decides nothing: a number far beyond what the tails of its column make likely
// (FeatureMap::Column::low and ::high, learnt from the same rows as mean and scale) says nothing and is taken
// as the mean, as a missing one is, wherever the map is used. Nothing else is touched: where no cell lies
// beyond, phi is what it would be without bounds. check_log counts and names such cells ("outlying_cells").
//
// Anything linear in phi is scored in two steps, theta . phi = constant(x) + v(x) . b, with v(x) once a
// decision.
//
//   FeatureMap map = make_feature_map(log, use);
//   BoundFeatures features(map, log);                // resolves columns by name, throws where the log lacks
//   one features.design(log, row, out);                  // map.width() floats
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "plumb/data.h"

namespace plumb {

inline constexpr std::size_t kMostColumns = 512;  // of a design
inline constexpr std::size_t kMostIds = 64;     // more actions than this are told apart by their features only
inline constexpr std::size_t kMostLevels = 64;  // of a category; further levels share columns by hash

// What is stored with a model: names, levels and scales, no data.
struct FeatureMap {
  struct Column {
    std::string name;
    bool is_category = false;
    std::vector<std::string> levels;  // at most kMostLevels where `hashed` is false
    bool hashed = false;
    double mean = 0, scale = 1;  // of numbers
    // Numbers below `low` are taken as `lowest`, those above `high` as `highest`: both the mean in models, the
    // bounds where whole columns may have moved (monitor). Infinite: no bound.
    double low = -std::numeric_limits<double>::infinity(), lowest = low;
    double high = std::numeric_limits<double>::infinity(), highest = high;
    std::size_t width() const { return is_category ? (hashed ? kMostLevels : levels.size()) : 1; }
  };
  std::vector<Column> context, action;
  std::vector<std::string> ids;  // action ids that have a column of their own; may be empty
  std::size_t context_width = 0, action_width = 0, extended_width = 0;  // of c, a, b
  std::size_t cross_columns = 0;  // context_width * action_width, or fewer where hashed
  std::size_t width() const { return 1 + context_width + extended_width + cross_columns; }
  bool hashed_crosses() const { return cross_columns < context_width * action_width; }
  // Number features of the action, by their position in a.
  std::vector<std::size_t> numbers;
};

// Means and scales from the decisions with use[i] != 0 (all offered actions of them). REQUIRES: at least one.
FeatureMap make_feature_map(const DecisionLog& log, const std::vector<std::uint8_t>& use);

// A map resolved against one log. Cheap to make, holds pointers into both; thread-safe to read.
class BoundFeatures {
 public:
  // Throws Error{kInput} where the log has no column of that name or one of another type.
  BoundFeatures(const FeatureMap& map, const DecisionLog& log);
  void context(std::size_t decision, std::span<float> c) const;  // context_width
  void action(std::size_t row, std::span<float> b) const;        // extended_width, row of log.action
  void design(std::size_t decision, std::size_t row, std::span<float> phi) const;  // width()
  const FeatureMap& map() const { return *map_; }

 private:
  struct Source {
    const FeatureColumn* column = nullptr;
    std::vector<std::int32_t> slot;  // by code of the log: position within the column, -1 unseen
    float mean = 0, inverse_scale = 1;
    float low = 0, lowest = 0, high = 0, highest = 0;
    std::size_t width = 1;
  };
  void fill(const std::vector<Source>& sources, std::size_t row, std::span<float> out) const;
  const FeatureMap* map_;
  const DecisionLog* log_;
  std::vector<Source> context_, action_;
  std::vector<std::int32_t> id_slot_;
};

// c and the rows b of one decision's offered actions, filled by load(); reused from decision to decision.
struct DecisionFeatures {
  std::vector<float> c;  // context_width
  std::vector<float> b;  // offered x extended_width
  std::vector<float> v;  // scratch of LinearScorer
  std::size_t offered = 0;
  void load(const BoundFeatures& features, const DecisionLog& log, std::size_t decision);
};

// theta . phi for every offered action of a decision, by v(x) = theta_b + C'c.
class LinearScorer {
 public:
  LinearScorer(const FeatureMap& map, std::span<const double> coefficients);  // map.width() coefficients
  void score(DecisionFeatures& decision, std::span<float> out) const;  // out: one score an offered action

 private:
  std::size_t context_width_, action_width_, extended_width_;
  float constant_ = 0;
  std::vector<float> context_, extended_, cross_;  // cross: context_width x action_width
};

// Where the cross of context column c and action column a stands in phi, and its sign.
struct CrossSlot {
  std::size_t column = 0;
  float sign = 1;
};
CrossSlot cross_slot(const FeatureMap& map, std::size_t c, std::size_t a);

}  // namespace plumb
