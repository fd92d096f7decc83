// Policies that need no model: a constant action, uniform, a table of probabilities.
#include <algorithm>

#include "plumb/policy.h"
#include "policy/table.h"

namespace plumb {
namespace {

class ConstantPolicy final : public Policy {
 public:
  explicit ConstantPolicy(const std::string& action) : Policy("constant:" + action), action_(action) {}
  PolicyKind kind() const override { return PolicyKind::kConstant; }
  void probabilities(const DecisionLog& log, std::size_t begin, std::size_t end,
                     std::span<float> out) const override {
    const auto found = std::find(log.actions.begin(), log.actions.end(), action_);
    if (found == log.actions.end()) {
      const std::string nearest = nearest_name(action_, log.actions);
      refuse(log.source, name(), "no such action in the log",
             nearest.empty() ? "an action of the log" : "an action of the log, perhaps " + nearest);
    }
    const auto wanted = static_cast<std::uint32_t>(found - log.actions.begin());
    const std::size_t first = log.offset[begin];
    for (std::size_t i = begin; i < end; ++i) {
      bool offered = false;
      for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
        out[row - first] = log.action[row] == wanted ? 1.0f : 0.0f;
        offered |= log.action[row] == wanted;
      }
      if (!offered) {
        refuse(log.source, name(), "decision " + std::to_string(i + 1) + " does not offer it",
               "an action that is always offered");
      }
    }
  }

 private:
  std::string action_;
};

class UniformPolicy final : public Policy {
 public:
  UniformPolicy() : Policy("uniform") {}
  PolicyKind kind() const override { return PolicyKind::kUniform; }
  void probabilities(const DecisionLog& log, std::size_t begin, std::size_t end,
                     std::span<float> out) const override {
    for (std::size_t i = begin; i < end; ++i) {
      std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(log.offset[i] - log.offset[begin]), log.offered(i),
                  1.0f / static_cast<float>(log.offered(i)));
    }
  }
};

class TablePolicy final : public Policy {
 public:
  TablePolicy(const std::string& name, std::vector<float> probabilities, bool not_trained_here)
      : Policy(name), probabilities_(std::move(probabilities)), not_trained_here_(not_trained_here) {}
  PolicyKind kind() const override { return PolicyKind::kTable; }
  bool origin_unknown() const override { return !not_trained_here_; }
  void probabilities(const DecisionLog& log, std::size_t begin, std::size_t end,
                     std::span<float> out) const override {
    PLUMB_ASSERT(probabilities_.size() == log.action.size());
    std::copy(probabilities_.begin() + static_cast<std::ptrdiff_t>(log.offset[begin]),
              probabilities_.begin() + static_cast<std::ptrdiff_t>(log.offset[end]), out.begin());
  }
  std::span<const float> table() const { return probabilities_; }

 private:
  std::vector<float> probabilities_;
  bool not_trained_here_;
};

}  // namespace

PolicyPointer constant_policy(const std::string& action) { return std::make_shared<ConstantPolicy>(action); }
PolicyPointer uniform_policy() { return std::make_shared<UniformPolicy>(); }
std::span<const float> table_of(const Policy& policy) {
  const auto* table = dynamic_cast<const TablePolicy*>(&policy);
  return table == nullptr ? std::span<const float>() : table->table();
}
PolicyPointer table_policy(const std::string& name, std::vector<float> probabilities, bool not_trained_here) {
  return std::make_shared<TablePolicy>(name, std::move(probabilities), not_trained_here);
}

}  // namespace plumb
