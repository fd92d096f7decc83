#include "plumb/audit.h"

namespace plumb {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kRefuse:
      return "refuse";
    case Verdict::kInconclusive:
      return "inconclusive";
  }
  return "";
}

Verdict combine(std::span<const Verdict> verdicts) {
  if (verdicts.empty()) return Verdict::kInconclusive;
  bool undecided = false;
  for (const Verdict v : verdicts) {
    if (v == Verdict::kRefuse) return Verdict::kRefuse;
    undecided |= v == Verdict::kInconclusive;
  }
  return undecided ? Verdict::kInconclusive : Verdict::kPass;
}

}  // namespace plumb
