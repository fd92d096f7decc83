// Words that several sentences of the evidence share.
#pragma once

#include <string>
#include <vector>

#include "report/study.h"

namespace plumb {

// "0.37 USD", "0.37" where the goal has no unit.
std::string with_unit(const std::string& number, const std::string& unit);
// A share of decisions: "38 %", "0.4 %", "99.6 %"; "no" and "all" only where it is exactly that.
std::string share_of_decisions(double share);
// What gains are over: "choosing as today, half and half", "constant:none for everyone", "the policy in
// old.csv".
std::string reference_phrase(const Study& study);
// 1234567 as "1,234,567".
std::string count(std::uint64_t n);
// What is only estimated: 412,904 as 420,000, rounded up to two digits.
std::uint64_t two_digits_up(std::uint64_t n);

// Whether `a` stands before `b` where digits count as numbers: "constant:2" before "constant:10".
bool naturally_before(const std::string& a, const std::string& b);
// Positions of the candidates: the reference, constants in natural order, then the others as they came.
std::vector<std::size_t> order_of_claims(const Certification& certification);

}  // namespace plumb
