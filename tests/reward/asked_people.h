// Three actions, one context number, people whose preferences are exactly linear in the features: what the
// preference outcome claims can be held against closed forms.
#pragma once

#include <cmath>

#include "plumb/preferred.h"
#include "tests/policy/made_log.h"

namespace plumb {

struct AskedPeople {
  std::uint64_t seed = 1;
  std::size_t decisions = 2000, comparisons = 2000;
  double position = 0;   // log-odds for the option shown first
  std::size_t each = 1;  // comparisons a person; persons differ by `taste`
  double taste = 0;      // standard deviation of a person's own liking of action b
  std::size_t idle = 0;  // further context numbers, which nobody's liking depends on

  static double utility(std::size_t action, double x) {
    return action == 0 ? 0 : action == 1 ? .5 + .4 * x : -.2 + .8 * x;
  }
  // What action b is preferred by to a fair choice, on average over x of mean 0.
  static double gain_of_b() { return .5 - (.5 - .2) / 3; }

  DecisionLog log() const {
    Rng rng = Rng(seed).stream("decisions");
    std::vector<MadeDecision> made(decisions);
    for (std::size_t i = 0; i < decisions; ++i) {
      const double x = rng.normal();
      made[i] = {i, {1 / 3.0, 1 / 3.0, 1 / 3.0}, static_cast<std::uint32_t>(rng.below(3)), {x}, {}, {x}, 0};
      for (std::size_t k = 0; k < idle; ++k) made[i].x.push_back(rng.normal());
    }
    return made_log({"a", "b", "c"}, {{"y"}}, made);
  }

  Feedback feedback() const {
    Rng rng = Rng(seed).stream("comparisons");
    const char* names[] = {"a", "b", "c"};
    Feedback f;
    f.source = "asked.jsonl";
    for (std::size_t k = 0; k <= idle; ++k) {
      f.context.emplace_back();
      f.context.back().name = "x" + std::to_string(k);
    }
    double own = 0;
    for (std::size_t c = 0; c < comparisons; ++c) {
      if (c % each == 0) own = taste * rng.normal();
      const double x = static_cast<double>(static_cast<float>(rng.normal()));
      const std::size_t first = rng.below(3), second = (first + 1 + rng.below(2)) % 3;
      const auto prompt = static_cast<std::uint32_t>(f.prompt.size());
      f.prompt.push_back("p" + std::to_string(c));
      f.prompt_text.emplace_back();
      f.context[0].number.push_back(static_cast<float>(x));
      for (std::size_t k = 1; k <= idle; ++k) f.context[k].number.push_back(static_cast<float>(rng.normal()));
      for (const std::size_t a : {first, second}) {
        f.item.emplace_back(names[a]);
        f.text.emplace_back();
        f.item_prompt.push_back(prompt);
      }
      const auto liking = [&](std::size_t a) { return utility(a, x) + (a == 1 ? own : 0); };
      const double log_odds = position + liking(first) - liking(second);
      f.first.push_back(2 * prompt);
      f.second.push_back(2 * prompt + 1);
      f.answer.push_back(rng.bernoulli(1 / (1 + std::exp(-log_odds))) ? Answer::kFirst : Answer::kSecond);
      f.comparison.rater.push_back(kNoRater);
      f.comparison.time_us.push_back(kNoTime);
      f.comparison.unit.push_back(hash_combine(c / each, 5));
      f.comparison.line.push_back(c + 1);
    }
    return f;
  }

  struct Run {
    DecisionLog log;
    OutcomeModels models;
    std::shared_ptr<const PreferenceModel> model;
  };
  Run run(int threads = 1) const {
    Run out;
    out.log = log();
    out.models = fit_outcome_models(out.log, {"y"}, threads);
    out.model = std::make_shared<PreferenceModel>(fit_preference(feedback(), out.models.map, 1, threads));
    add_preference(out.log, out.models, "preferred", out.model, out.log.logged, threads);
    return out;
  }
};

}  // namespace plumb
