// One line of Vowpal Wabbit's text: LABEL 'TAG|NAMESPACE FEATURE FEATURE:VALUE |NAMESPACE:WEIGHT ...
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/rows.h"

namespace plumb {

// One "action:cost:probability" of a label of contextual bandits; cost and probability stand together or not at
// all.
struct VwLabel {
  std::string_view action;
  bool observed = false;
  double cost = 0, probability = 0;
};

// What stands before the first bar. Views point into the line.
struct VwHead {
  bool shared = false;
  std::vector<VwLabel> labels;
  std::string_view tag;
};

// Whether a file whose first line this is holds VW text: a bar, and before it nothing, a quoted tag, "shared",
// or numbers as labels have them ("1 2:-1:0.5 3 | f"), whichever labels they are.
bool starts_vw_text(std::string_view line);

// What labels VW gives to other problems than contextual bandits are about, by the word that starts them
// ("ccb", "slates", "ca"); empty for any other word.
std::string_view other_problem(std::string_view word);
// The same of a line.
std::string_view other_problem_of(std::string_view line);

// Splits off what stands before the first bar. `rest` is what follows, bar included. Throws BadRow.
void read_vw_head(std::string_view line, VwHead& head, std::string_view* rest);

// One feature of a line. `space` is the namespace, empty where it has no name. A text ("city=Paris" or
// "city:Paris") has the key "city"; a feature without a name has an empty key. `cell` is a number, already
// times the namespace's weight, or a text.
struct VwFeature {
  std::string_view space, key;
  Cell cell;
};

// Reads the features behind the first bar, one after the other.
class VwFeatures {
 public:
  explicit VwFeatures(std::string_view rest) : rest_(rest) {}
  bool next();  // false after the last; throws BadRow
  const VwFeature& feature() const { return feature_; }

 private:
  void read_space();
  std::string_view token();
  std::string_view rest_;
  VwFeature feature_;
  double weight_ = 1;
};

}  // namespace plumb
