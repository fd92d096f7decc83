// What single values must satisfy, the same in CSV and JSON lines.
#include <fmt/core.h>

#include <algorithm>

#include "data/cell_words.h"
#include "data/log_builder.h"

namespace plumb {

namespace {

// Times are exact as doubles up to here, in the year 2255; ages can be added without overflow.
constexpr double kFarthestUs = 9e15;

// The value of a cell that must be a number; infinities and NaN of CSV come through.
double number_of(const Cell& cell, std::string_view what, const char* expected) {
  const std::optional<double> value = number_in(cell);
  if (!value) throw BadRow{std::string(what), shown(cell), number_expected(cell, expected, cell.decimal)};
  return *value;
}

}  // namespace

double LogBuilder::checked_propensity(const Cell& cell, std::string_view what) {
  const char* expected = "a number in (0, 1]";
  const double value = number_of(cell, what, expected);
  if (!(value > 0 && value <= 1)) throw BadRow{std::string(what), shown(cell), expected};
  return value;
}

double LogBuilder::checked_probability(const Cell& cell, std::string_view what) {
  const char* expected = "a number in [0, 1]";
  const double value = number_of(cell, what, expected);
  if (!(value >= 0 && value <= 1)) throw BadRow{std::string(what), shown(cell), expected};
  return value;
}

double LogBuilder::checked_asked(const Cell& cell, std::string_view column) {
  return checked_propensity(cell, "asked (" + std::string(column) + ")");
}

namespace {
constexpr double kLargestOutcome = 1e100;
}

double checked_outcome(const Cell& cell, const OutcomeSpec& spec) {
  const auto bad = [&](const std::string& expected) {
    return BadRow{"outcome." + spec.name, shown(cell), expected};
  };
  const std::optional<double> number = number_in(cell);
  if (!number)
    throw bad(number_expected(cell, spec.kind == OutcomeKind::kBinary ? "0 or 1" : "a number", cell.decimal));
  const double value = *number;
  if (!std::isfinite(value)) throw bad("a finite number");
  // Beyond this squares overflow, and no variance has a value.
  if (std::abs(value) > kLargestOutcome) throw bad("a number of at most 1e100");
  if (spec.kind == OutcomeKind::kBinary && value != 0 && value != 1) throw bad("0 or 1");
  if ((spec.kind == OutcomeKind::kAmount || spec.kind == OutcomeKind::kCount) && value < 0)
    throw bad("a number >= 0");
  if ((spec.range_lower && value < *spec.range_lower) || (spec.range_upper && value > *spec.range_upper))
    throw bad(fmt::format("a number in [{}, {}]", spec.range_lower ? print_number(*spec.range_lower) : "-inf",
                          spec.range_upper ? print_number(*spec.range_upper) : "inf"));
  return value;
}

double read_outcome(const Cell& cell, const OutcomeSpec& spec, std::uint32_t outcome,
                    std::vector<WordCell>& words) {
  if (cell.absent()) return std::numeric_limits<double>::quiet_NaN();
  if (cell.kind == Cell::Kind::kText && std::isnan(cell.number)) {
    if (is_missing_cell(cell.text)) {
      words.push_back({outcome, /*truth=*/false, cell.text});
      return std::numeric_limits<double>::quiet_NaN();
    }
    const auto truth = spec.kind == OutcomeKind::kBinary ? boolean_word(cell.text) : std::nullopt;
    if (truth) {
      words.push_back({outcome, /*truth=*/true, cell.text});
      return *truth;
    }
  }
  return checked_outcome(cell, spec);
}

std::int64_t LogBuilder::checked_time(const Cell& cell, std::string_view what) {
  const char* expected = "microseconds since 1970 or an ISO 8601 time";
  if (cell.kind == Cell::Kind::kNumber) {
    if (!cell.integer || std::abs(cell.number) > kFarthestUs)
      throw BadRow{std::string(what), shown(cell), expected};
    return cell.whole;
  }
  if (cell.kind != Cell::Kind::kText) throw BadRow{std::string(what), shown(cell), expected};
  if (!std::isnan(cell.number)) {
    if (cell.number != std::trunc(cell.number) || std::abs(cell.number) > kFarthestUs)
      throw BadRow{std::string(what), shown(cell), expected};
    return static_cast<std::int64_t>(cell.number);
  }
  try {
    return parse_time_us(cell.text, "", "");
  } catch (const Error&) {
    throw BadRow{std::string(what), shown(cell), expected};
  }
}

std::string_view LogBuilder::checked_name(const Cell& cell, std::string_view what, std::string* scratch) {
  if (cell.kind == Cell::Kind::kText && !cell.text.empty()) return cell.text;
  if (cell.kind == Cell::Kind::kNumber && cell.integer) {
    *scratch = print(cell);
    return *scratch;
  }
  throw BadRow{std::string(what), shown(cell), "a text or an integer"};
}

void LogBuilder::refuse_repeated(std::span<const std::string_view> offered,
                                 std::vector<std::string_view>& sorted) {
  // A few are compared as they stand, mostly by their lengths and last bytes.
  constexpr std::size_t kFew = 8;
  const auto same = [](std::string_view a, std::string_view b) {
    return a.size() == b.size() && (a.empty() || (a.back() == b.back() && a == b));
  };
  bool twice = offered.size() > kFew;
  for (std::size_t a = 1; a < offered.size() && !twice; ++a)
    for (std::size_t b = 0; b < a; ++b) twice = twice || same(offered[a], offered[b]);
  if (!twice) return;
  sorted.assign(offered.begin(), offered.end());
  std::sort(sorted.begin(), sorted.end());
  const auto found = std::adjacent_find(sorted.begin(), sorted.end());
  if (found != sorted.end()) throw BadRow{"actions", shown(*found) + " twice", "every offered action once"};
}

std::optional<double> LogBuilder::declared_propensity(std::string_view action) const {
  const DataSpec& data = goal_.data;
  if (data.propensity_number) return data.propensity_number;
  if (by_arm_.empty()) return std::nullopt;
  const auto at = by_arm_.find(std::string(action));
  if (at != by_arm_.end()) return at->second;
  std::vector<std::string> arms;
  for (const auto& [arm, p] : by_arm_) arms.push_back(arm);
  throw BadRow{"action", shown(action) + ", which has no propensity in the goal file",
               expected_name(action, arms)};
}

}  // namespace plumb
