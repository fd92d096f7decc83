// Parts of check_log.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "plumb/data.h"

namespace plumb {

// Pearson's chi-squared test of counts against expected counts that sum to the same: {p, statistic}.
std::pair<double, double> sample_ratio_p(const std::vector<double>& seen, const std::vector<double>& expected);

// Features that say an outcome beforehand: |correlation| (numbers) or correlation ratio (categories) above .98.
void find_leaks(const DecisionLog& log, std::vector<Finding>& out);
// Numbers of features that lie so far beyond the others of the training half that models and policies take
// them as missing (plumb/features.h).
void find_outlying(const DecisionLog& log, std::vector<Finding>& out);
// Columns that look like the name of a unit, where none is named.
void find_unnamed_units(const DecisionLog& log, const Goal& goal, std::vector<Finding>& out);

// Rows that stand in the log more than once, beyond chance.
void find_repeats(const DecisionLog& log, int threads, std::vector<Finding>& out);
struct LateSummary;
// Late records of outcomes without observed_after, and decisions that are too young for them; absent = "zero"
// without observed_after is a cap wherever a value may still come.
void find_delays(const DecisionLog& log, const Goal& goal, const LateSummary& late, std::vector<Finding>& out);
// Times that cannot carry what rests on them: an as_of taken from the log whose latest time lies apart,
// decisions after as_of, late records without times, before their decision or beyond observed_after, zeros
// among the youngest. `now_us`: a clock, which is only ever mentioned; no severity depends on it.
void find_times(const DecisionLog& log, const Goal& goal, const LateSummary& late, std::int64_t now_us,
                std::vector<Finding>& out);
// As row_digest, but of ids and (where `units` is false) units nothing: what a row says.
std::vector<std::uint64_t> content_digests(const DecisionLog& log, bool units, int threads);
// Columns that are not balanced against the choice under the stated probabilities (plumb/balance.h).
void find_imbalance(const DecisionLog& log, const Goal& goal, int threads, std::vector<Finding>& out);
// The same findings as check_log(log, goal).
std::vector<Finding> check_log(const DecisionLog& log, const Goal& goal, int threads);
// Every outcome that a number is asked of: the goal's, the proxies, the constraints', each once.
std::vector<std::string> needed_outcomes(const Goal& goal);
// Those, and what those that are learnt are learnt from. All
// others have no say.
std::vector<std::string> used_outcomes(const Goal& goal);
// Whether those who were asked answered, whatever action they got: a sentence where the stated probabilities of
// being asked are contradicted by who was observed; empty where they fit or where there are none.
std::string asked_contradiction(const DecisionLog& log, const OutcomeColumn& outcome);
// What is missing and why, as far as the log tells: outcomes with gaps that nobody explained, rates that are
// contradicted, shares observed that differ by action.
void find_missing(const DecisionLog& log, const Goal& goal, std::vector<Finding>& out);

}  // namespace plumb
