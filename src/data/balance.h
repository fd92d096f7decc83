// Parts of test_balance (plumb/balance.h): columns as levels, choices as draws, and sums of both.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plumb/balance.h"

namespace plumb {

// A column as levels, a code a decision.
struct CodedColumn {
  std::string name;
  bool named = true;
  std::vector<std::uint16_t> code;
  std::vector<std::string> levels;  // in words: "b", "[1.2, 3.4)", "missing"
  std::vector<double> rank;         // numbers: of every level, in [-1, 1]; empty for categories
};

// All columns that are tested; first one without a name, the constant 1.
std::vector<CodedColumn> coded_columns(const DecisionLog& log, const Goal& goal, int threads,
                                       BalanceTest* test);

// The choices as draws: of decision i arm a has probability mass[i * arms + a].
struct Draws {
  std::vector<std::string> arms;     // at most kMostArms; the rarest share the last place
  std::vector<std::uint8_t> chosen;  // n
  std::vector<float> mass;           // empty: not known
  // Decisions in the order of units, and where each unit begins; empty where every decision is one.
  std::vector<std::uint32_t> order, begin;
  bool by_unit = false;  // a unit is one draw
  bool normal = false;   // draws can not be repeated: only sums of weights can be tested
  std::string why_not;   // nothing can be tested
  std::size_t size() const { return chosen.size(); }
};
Draws draws_of(const DecisionLog& log, bool one_arm_a_unit);

// Units one by one, rows of a unit in a level together: row(i, level) for every decision, then end(levels) with
// the levels that the unit's rows are in, each once. REQUIRES: draws.begin is there.
template <class Row, class End>
void for_each_unit(const Draws& draws, const CodedColumn& column, const Row& row, const End& end) {
  std::vector<std::uint16_t> met;
  for (std::size_t u = 0; u + 1 < draws.begin.size(); ++u) {
    met.clear();
    for (std::uint32_t at = draws.begin[u]; at < draws.begin[u + 1]; ++at) {
      const std::size_t i = draws.order[at];
      const std::uint16_t level = column.code[i];
      if (std::find(met.begin(), met.end(), level) == met.end()) met.push_back(level);
      row(i, level);
    }
    end(met);
  }
}

// The two tests; both fill arms, p, largest and failures.
void test_by_redrawing(const Draws& draws, const std::vector<CodedColumn>& columns, int threads,
                       BalanceTest* test);
void test_by_weights(const DecisionLog& log, const Draws& draws, const std::vector<CodedColumn>& columns,
                     int threads, BalanceTest* test);

// Whether a column of this name is taken for an outcome (guess_roles.cc).
bool looks_like_outcome(const std::string& name);

}  // namespace plumb
