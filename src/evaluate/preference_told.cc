#include "evaluate/preference_told.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

void add(std::vector<double>& to, const std::vector<double>& from, double weight) {
  to.resize(std::max(to.size(), from.size()), 0.0);
  for (std::size_t k = 0; k < from.size(); ++k) to[k] += weight * from[k];
}

double length(const std::vector<double>& v) {
  double squares = 0;
  for (const double x : v) squares += x * x;
  return std::sqrt(squares);
}

// REQUIRES: some were.
std::string hardly(const PreferenceModel& model) {
  std::string nobody, few;
  for (const auto& [name, count] : model.hardly_compared) {
    if (count == 0) nobody += (nobody.empty() ? "" : ", ") + name;
    if (count > 0)
      few += fmt::format("{}{} was compared {}", few.empty() ? "" : ", ", name,
                         count == 1 ? "once" : fmt::format("{} times", count));
  }
  if (nobody.empty()) return few;
  return (model.ties > 0 ? "no decided comparison holds " : "nobody compared ") + nobody +
         (few.empty() ? "" : ", " + few);
}

}  // namespace

PreferenceTold preference_told(const PreferenceModel& model, const std::vector<std::vector<double>>& shift) {
  PreferenceTold out;
  const std::size_t buckets = kBuckets;
  for (auto* sums : {&out.drawn, &out.by_person, &out.by_prompt, &out.by_answer}) sums->assign(buckets, 0.0);
  for (std::size_t v = 0; v < shift.size(); ++v) {
    const ComparisonSupport& support = model.support[v];
    const bool none = std::all_of(shift[v].begin(), shift[v].end(), [](double x) { return x == 0; });
    for (const auto& [matrix, to] : {std::pair(&support.whole, &out.whole), {&support.unseen, &out.unseen}}) {
      for (std::size_t r = 0; r < matrix->rows; ++r) {
        double sum = 0;
        for (std::size_t k = 0; !none && k < matrix->cols; ++k) sum += (*matrix)(r, k) * shift[v][k];
        to->push_back(sum);
      }
    }
    if (none) continue;
    for (const auto& [matrix, to] : {std::pair(&support.drawn, &out.drawn),
                                     {&model.influence[v], &out.by_person},
                                     {&support.by_prompt, &out.by_prompt},
                                     {&support.by_answer, &out.by_answer}}) {
      for (std::size_t b = 0; b < matrix->rows; ++b) {
        const std::span<const double> row = matrix->row(b);
        for (std::size_t k = 0; k < row.size(); ++k) (*to)[b] += row[k] * shift[v][k];
      }
    }
  }
  return out;
}

std::string not_told(const PreferenceModel& model,
                     std::span<const std::pair<const PreferenceTold*, double>> policies) {
  PreferenceTold sum;
  double sizes = 0;
  for (const auto& [told, weight] : policies) {
    if (told == nullptr) continue;
    add(sum.whole, told->whole, weight);
    add(sum.unseen, told->unseen, weight);
    add(sum.drawn, told->drawn, weight);
    sizes += std::abs(weight) * length(told->whole);
  }
  constexpr double kRounding = 1e-6;  // of probabilities that are floats
  const double whole = length(sum.whole);
  if (!(whole > kRounding * sizes)) return "";
  if (length(sum.unseen) > kMostUnseen * whole) {
    if (model.hardly_compared.empty())
      return "the comparisons do not say: this would need differences that no two options which were compared "
             "have";
    return hardly(model) + ", and this rests on it";
  }
  if (sum.drawn.empty()) return "";  // the level of what runs today
  double squares = 0, fourth = 0;
  for (const double d : sum.drawn) {
    squares += d * d;
    fourth += d * d * d * d;
  }
  const double effective = fourth > 0 ? squares * squares / fourth : 0;
  if (effective >= kLeastEffectiveAnswers) return "";
  return fmt::format("too few answers: it rests on {:.0f} effective answers, {:.0f} are needed{}", effective,
                     kLeastEffectiveAnswers, model.hardly_compared.empty() ? "" : "; " + hardly(model));
}

std::string gain_not_told(const DecisionLog& log, const OutcomeModels& models, const Policy& policy,
                          const Policy& reference, std::span<const float> base,
                          const std::vector<std::uint8_t>& mask, int threads) {
  if (!models.preference) return "";
  const auto told = [&](const Policy& of) {
    std::vector<float> probabilities(log.action.size());
    of.probabilities(log, 0, log.size(), probabilities);
    return preference_told(*models.preference,
                           design_shift(log, models.map, probabilities, base, mask, threads));
  };
  const PreferenceTold mine = told(policy);
  std::vector<std::pair<const PreferenceTold*, double>> sum{{&mine, 1.0}};
  PreferenceTold other;
  if (!reference.is_logging()) {
    other = told(reference);
    sum.emplace_back(&other, -1.0);
  }
  return not_told(*models.preference, sum);
}

DrawnPrompts drawn_prompts(std::span<const std::pair<const PreferenceTold*, double>> policies) {
  PreferenceTold sum;
  for (const auto& [told, weight] : policies) {
    if (told == nullptr) continue;
    add(sum.by_person, told->by_person, weight);
    add(sum.by_prompt, told->by_prompt, weight);
    add(sum.by_answer, told->by_answer, weight);
  }
  const auto variance = [](const std::vector<double>& v) { return length(v) * length(v); };
  const auto clusters = [](const std::vector<double>& v) {
    return static_cast<double>(std::count_if(v.begin(), v.end(), [](double x) { return x != 0; }));
  };
  const double people = variance(sum.by_person), prompts = variance(sum.by_prompt),
               answers = variance(sum.by_answer);
  DrawnPrompts out;
  out.added = std::max({people + prompts - answers, people, prompts}) - people;
  out.clusters = std::min(clusters(sum.by_person), clusters(sum.by_prompt));
  return out;
}

}  // namespace plumb
