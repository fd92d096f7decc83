// Cells of a log's columns as digests that two exports of the same rows agree on.
#pragma once

#include <string>
#include <vector>

#include "plumb/origin.h"

namespace plumb {

// A column that can be compared: context, outcomes, segments that are no context, time, columns nobody named.
class TracedColumn {
 public:
  const std::string& name() const { return name_; }
  TraceRole role() const { return role_; }
  double mean() const { return mean_; }
  double scale() const { return scale_; }  // 0: a category
  // As LearntFrom::cell.
  std::uint64_t cell(std::size_t row) const;
  // Of columns with a scale: whether the row holds a number, and which.
  bool known(std::size_t row) const;
  double number(std::size_t row) const;

 private:
  friend std::vector<TracedColumn> traced_columns(const DecisionLog& log, std::uint64_t salt);
  TracedColumn(std::string name, TraceRole role, std::uint64_t salt)
      : name_(std::move(name)), role_(role), salt_(salt) {}
  void take_moments(std::size_t rows);

  std::string name_;
  TraceRole role_;
  std::uint64_t salt_;
  const FeatureColumn* feature_ = nullptr;  // one of the three is there
  const OutcomeColumn* outcome_ = nullptr;
  const std::vector<std::int64_t>* time_ = nullptr;
  std::vector<std::uint64_t> level_;  // cell by code, of categories
  double mean_ = 0, scale_ = 0;
};

// Context first. Holds pointers into the log.
std::vector<TracedColumn> traced_columns(const DecisionLog& log, std::uint64_t salt);

// What digests of names are: a name's own hash, salted.
std::uint64_t salted(std::uint64_t hash, std::uint64_t salt);
std::vector<std::uint64_t> action_digests(const DecisionLog& log, std::uint64_t salt);  // by action
// A cell in three parts: its first five digits; where it stands in its column, in thousandths of a standard
// deviation; the same in twentieths, which an export that rounds leaves as it is more often than not.
inline constexpr std::uint64_t kDigits = 32, kStandardized = 16, kCoarse = 0;
// One digest of a row's cells, made from one part of each; `place` is the column's.
std::uint64_t cell_term(std::uint64_t cell, std::uint64_t part, std::size_t place);

}  // namespace plumb
