// Worlds of two actions of which people like one more, for the tables of preferences.
#pragma once

#include <fmt/format.h>

#include "plumb/evaluate.h"
#include "plumb/feedback.h"
#include "plumb/policy_contrast.h"
#include "plumb/preferred.h"
#include "plumb/regression.h"
#include "plumb/reward.h"

namespace plumb::quality {

// Two actions, one context number that changes nothing of what is liked. b is liked more by `liked`.
struct Asked {
  std::size_t decisions = 1500, comparisons = 1500, checks = 0, answers_a_person = 3;
  double liked = .5;
  std::size_t questions = 0;  // 0: every comparison is about a context of its own; else as many, taken in turn
  std::size_t copies = 1;     // how often every comparison stands in the file
  bool named = true, renamed = false;  // copies under other names; all by themselves where nobody is named
  double ties = 0;                     // their share at no difference
  double careless = 0;                 // share of answers that are coins
  double effect = 0;                   // of b on the log's own outcome
  std::uint64_t seed = 1;

  DecisionLog log() const {
    DecisionLog out;
    out.source = "asked";
    out.actions = {"a", "b"};
    out.fixed_actions = true;
    out.offset = {0};
    out.context.resize(1);
    out.context[0].name = "x";
    OutcomeColumn y;
    y.name = "value";
    y.kind = OutcomeKind::kNumber;
    for (std::size_t i = 0; i < decisions; ++i) {
      Rng rng = Rng(seed).stream("decision", i);
      out.context[0].number.push_back(static_cast<float>(rng.normal()));
      out.unit.push_back(hash_combine(i, 3));
      out.action.insert(out.action.end(), {0, 1});
      out.logged.insert(out.logged.end(), {.5f, .5f});
      out.offset.push_back(out.action.size());
      out.chosen.push_back(rng.bernoulli(.5));
      out.propensity.push_back(.5);
      y.value.push_back(rng.normal() + (out.chosen.back() == 1 ? effect : 0));
      y.state.push_back(State::kObserved);
    }
    y.observed_count = y.nonzero_count = decisions;
    out.outcomes.push_back(std::move(y));
    digest_rows(out);
    return out;
  }

  void add_source(JudgementSource& to, std::size_t person, std::size_t line) const {
    to.rater.push_back(named ? static_cast<std::uint32_t>(person) : kNoRater);
    to.unnamed.push_back(!named);
    to.time_us.push_back(kNoTime);
    to.unit.push_back(hash_combine(person, 5));
    to.line.push_back(line);
  }

  static void add_question(Feedback& f, Rng& rng) {
    const auto prompt = static_cast<std::uint32_t>(f.prompt.size());
    f.prompt.push_back(fmt::format("p{}", prompt));
    f.prompt_text.emplace_back();
    f.context[0].number.push_back(static_cast<float>(rng.normal()));
    for (const char* name : {"a", "b"}) {
      f.item.emplace_back(name);
      f.text.emplace_back();
      f.item_prompt.push_back(prompt);
    }
  }

  Feedback feedback() const {
    Feedback f;
    f.source = "votes";
    f.context.resize(1);
    f.context[0].name = "x";
    for (std::size_t c = 0; c < comparisons; ++c) {
      Rng rng = Rng(seed).stream("comparison", c);
      if (questions == 0 || c < questions) add_question(f, rng);
      const auto prompt = static_cast<std::uint32_t>(questions == 0 ? c : c % questions);
      const std::uint32_t first = rng.bernoulli(.5);
      const double odds = first == 1 ? liked : -liked;
      // Davidson: e^(d/2) : e^(-d/2) : nu, with nu such that ties have their share where d is 0.
      const double nu = 2 * ties / (1 - ties), decided = std::exp(odds / 2) + std::exp(-odds / 2);
      const bool coin = rng.bernoulli(careless);
      Answer answer = rng.bernoulli(coin ? .5 : sigmoid(odds)) ? Answer::kFirst : Answer::kSecond;
      if (!coin && rng.bernoulli(nu / (nu + decided))) answer = Answer::kTie;
      for (std::size_t copy = 0; copy < copies; ++copy) {
        f.first.push_back(2 * prompt + first);
        f.second.push_back(2 * prompt + 1 - first);
        f.answer.push_back(answer);
        std::size_t person = c / answers_a_person;
        if (renamed) person = person * copies + copy;
        for (; named && person >= f.rater.size();) f.rater.push_back(fmt::format("r{}", f.rater.size()));
        add_source(f.comparison, named ? person : c * copies + copy, f.first.size());
      }
    }
    for (std::size_t k = 0; k < checks; ++k) {
      Rng rng = Rng(seed).stream("check", k);
      f.checks.prompt.emplace_back();
      f.checks.first.emplace_back("right");
      f.checks.second.emplace_back("wrong");
      f.checks.expected.push_back(Answer::kFirst);
      f.checks.answer.push_back(rng.bernoulli(careless) && rng.bernoulli(.5) ? Answer::kSecond
                                                                             : Answer::kFirst);
      add_source(f.checks.source, k % f.rater.size(), comparisons + k + 1);
    }
    return f;
  }
};

// How much more b is liked than a, on the half that certifies. REQUIRES: add_preference was called.
inline ContrastParts b_over_a(const DecisionLog& log, const OutcomeModels& models) {
  Evaluation e(log, models, 1, false, false);
  std::vector<std::uint8_t> half(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) half[i] = variant_of(log, i) == kTrainingFolds;
  const std::size_t all = e.add_subset({"certification", half});
  const std::size_t a = e.add_policy(*constant_policy("a")), b = e.add_policy(*constant_policy("b"));
  return contrast_parts(e, {{{b, 1.0}, {a, -1.0}}, {{models.preference_index(), 1.0}}, all});
}

}  // namespace plumb::quality
