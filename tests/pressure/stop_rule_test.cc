// The stop rule on curves whose peak is known, and the panel's bias on answers whose lean is known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "plumb/over_optimization.h"
#include "plumb/regression.h"

namespace plumb {
namespace {

constexpr std::size_t kCheckpoints = 13;
constexpr double kStep = 0.2;

struct Trained {
  StopDecision last;
  double stop_d = 0, kept_d = 0;
};
// Votes of 150 comparisons a checkpoint, won with log-odds R(d).
template <class Curve>
Trained train(Curve curve, const Rng& rng, std::uint64_t comparisons = 150) {
  StopRule rule;
  Trained out;
  for (std::size_t k = 0; k < kCheckpoints; ++k) {
    const double d = kStep * static_cast<double>(k + 1);
    Rng draws = rng.stream("votes", k);
    std::uint64_t wins = 0;
    for (std::uint64_t v = 0; v < comparisons; ++v) wins += draws.bernoulli(sigmoid(curve(d)));
    out.last = rule.add(checkpoint_from_votes(d * d, wins, 0, comparisons - wins));
    out.stop_d = d;
    if (out.last.action == StopAction::kStop) break;
  }
  if (out.last.keep != kKeepReference) out.kept_d = rule.checkpoints()[out.last.keep].d;
  return out;
}

TEST(Checkpoint, IsTheLogOddsOfWinning) {
  const Checkpoint c = checkpoint_from_votes(4.0, 99, 0, 49);
  EXPECT_EQ(c.d, 2);
  EXPECT_NEAR(c.value, std::log(99.5 / 49.5), 1e-12);
  EXPECT_NEAR(c.variance, 1 / 99.5 + 1 / 49.5, 1e-12);  // the delta method for a binomial
  EXPECT_EQ(c.comparisons, 148u);
  const Checkpoint swapped = checkpoint_from_votes(4.0, 49, 0, 99);
  EXPECT_NEAR(swapped.value, -c.value, 1e-12);
  EXPECT_NEAR(swapped.variance, c.variance, 1e-12);
  // Ties are halves: the same share, and less noise than wins and losses.
  const Checkpoint ties = checkpoint_from_votes(4.0, 74, 50, 24);
  EXPECT_NEAR(ties.value, c.value, 1e-12);
  EXPECT_LT(ties.variance, c.variance);
  EXPECT_TRUE(std::isfinite(checkpoint_from_votes(1.0, 10, 0, 0).variance));
  EXPECT_THROW(checkpoint_from_votes(0, 1, 0, 1), Error);
  EXPECT_THROW(checkpoint_from_votes(1, 0, 0, 0), Error);
}

TEST(Checkpoint, StatesItsNoise) {
  const int runs = 4000;
  for (const double p : {0.5, 0.75}) {
    double squares = 0, variance = 0, mean = 0;
    for (int run = 0; run < runs; ++run) {
      Rng rng = Rng(3).stream("noise", run);
      std::uint64_t wins = 0;
      for (int v = 0; v < 150; ++v) wins += rng.bernoulli(p);
      const Checkpoint c = checkpoint_from_votes(1, wins, 0, 150 - wins);
      const double off = c.value - std::log(p / (1 - p));
      mean += off / runs;
      squares += off * off / runs;
      variance += c.variance / runs;
    }
    EXPECT_NEAR(mean, 0, 3 * std::sqrt(squares / runs));
    EXPECT_NEAR(squares / variance, 1, 4 * std::sqrt(2.0 / runs));
  }
}

TEST(StopRule, StopsPastThePeakAndKeepsTheCheckpointThere) {
  int kept = 0, stopped = 0;
  const int runs = 200;
  for (int run = 0; run < runs; ++run) {
    const double b = run % 2 ? 0.7 : 0.5, peak = 1.2 / (2 * b);
    const auto curve = [&](double d) { return d * (1.2 - b * d); };
    const Trained t = train(curve, Rng(41).stream("run", run));
    stopped += t.last.action == StopAction::kStop;
    kept += curve(t.kept_d) >= 0.9 * curve(peak);
  }
  EXPECT_GE(stopped, runs * 95 / 100);
  EXPECT_GE(kept, runs * 85 / 100);
}

TEST(StopRule, SeldomStopsAPathThatRisesThroughout) {
  int stopped = 0, flat_shown = 0;
  const int runs = 300;
  for (int run = 0; run < runs; ++run) {
    stopped +=
        train([](double d) { return 0.6 * d; }, Rng(42).stream("line", run)).last.action == StopAction::kStop;
    flat_shown += train([](double) { return 0.0; }, Rng(43).stream("flat", run)).last.gain_shown;
  }
  EXPECT_LE(stopped, runs / 100);
  // No gain anywhere: it is claimed no more often than 1 - .95.
  EXPECT_LE(flat_shown, 0.05 * runs + 3 * std::sqrt(0.05 * 0.95 * runs));
}

TEST(StopRule, KeepsTheReferenceWhereEverythingIsWorse) {
  const Trained t = train([](double d) { return -d; }, Rng(44));
  EXPECT_EQ(t.last.action, StopAction::kStop);
  EXPECT_EQ(t.last.keep, kKeepReference);
  EXPECT_FALSE(t.last.gain_shown);
  EXPECT_NE(t.last.sentence.find("keep the reference"), std::string::npos) << t.last.sentence;
}

TEST(StopRule, SaysNothingOfATurnBeforeThreeCheckpoints) {
  StopRule rule;
  for (const double d : {0.2, 0.4}) {
    const StopDecision now = rule.add({d, d < 0.3 ? 1.0 : -5.0, 0.01, 100});
    EXPECT_EQ(now.action, StopAction::kContinue);
    EXPECT_FALSE(now.fitted);
    EXPECT_EQ(now.keep, kKeepReference);
    EXPECT_NE(now.sentence.find("inconclusive"), std::string::npos);
  }
}

TEST(StopRule, KeepsTheTopOfACliffThatNoFormFits) {
  StopRule rule;
  StopDecision now;
  for (std::size_t k = 0; k < 9; ++k) {
    const double d = 0.2 * static_cast<double>(k + 1);
    now = rule.add({d, k < 6 ? 0.5 * d : -4.0 - 2.0 * static_cast<double>(k - 6), 0.01, 400});
    if (now.action == StopAction::kStop) break;
  }
  EXPECT_EQ(now.action, StopAction::kStop);
  EXPECT_TRUE(now.curve.misfit);
  EXPECT_EQ(now.keep, 5u);
}

TEST(StopRule, NeverSaysSafe) {
  for (int run = 0; run < 20; ++run) {
    const Trained t = train([&](double d) { return d * (1 - 0.05 * run * d); }, Rng(45).stream("word", run));
    EXPECT_EQ(t.last.sentence.find("safe"), std::string::npos);
  }
}

TEST(StopRule, RefusesPressuresOutOfOrderAndOptionsOutOfRange) {
  StopRule rule;
  rule.add({1, 0, 1, 1});
  EXPECT_THROW(rule.add({1, 0, 1, 1}), Error);
  EXPECT_THROW(rule.add({2, NAN, 1, 1}), Error);
  EXPECT_THROW(rule.add({2, 0, 0, 1}), Error);
  EXPECT_EQ(rule.checkpoints().size(), 1u);
  EXPECT_THROW(StopRule({.falling = 0.4}), Error);
  EXPECT_THROW(StopRule({.level = 1}), Error);
  EXPECT_THROW(StopRule({.least_checkpoints = 1}), Error);
}

// Answers won with log-odds gain + lean * length + liking * control; length drifts with the checkpoint.
struct Panel {
  double gain = 0.3, lean = 0, drift = 0.3, liking = 0.5, position = 0;
  double rater_spread = 0;  // of the raters' own lean around `lean`
};
PanelAnswers ask(const Panel& panel, const Rng& rng, std::size_t checkpoints = 6, std::size_t fresh = 150) {
  PanelAnswers out;
  out.suspected = {{"length", {}}, {"position", {}}};
  out.controls = {{"quality", {}}};
  Rng people = rng.stream("people");
  std::vector<double> own(30);
  for (double& x : own) x = panel.rater_spread * people.normal();
  Rng draws = rng.stream("answers");
  for (std::size_t c = 0; c < checkpoints; ++c) {
    for (std::size_t i = 0; i < fresh; ++i) {
      const std::uint64_t rater = draws.below(own.size());
      const double length = panel.drift * static_cast<double>(c + 1) + draws.normal();
      const double control = 0.3 * length + draws.normal();
      const double place = draws.bernoulli(0.5) ? 1 : -1;
      out.suspected[0].difference.push_back(length);
      out.suspected[1].difference.push_back(place);
      out.controls[0].difference.push_back(control);
      const double t =
          panel.gain + (panel.lean + own[rater]) * length + panel.liking * control + panel.position * place;
      out.won.push_back(draws.bernoulli(sigmoid(t)));
      out.checkpoint.push_back(static_cast<std::uint32_t>(c));
      out.unit.push_back(rater);
    }
  }
  return out;
}

TEST(SharedBias, NamesTheCovariateThatThePanelLeansToAndThePolicyDriftsTo) {
  const auto found = shared_bias(ask({.lean = 0.4}, Rng(51)), 0.95);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(found[0].suspected);
  EXPECT_NEAR(found[0].loading, 0.4, 3 * found[0].loading_error);
  EXPECT_NEAR(found[0].drift, 1.8, 3 * found[0].drift_error);
  EXPECT_NEAR(found[0].part, found[0].loading * found[0].drift, 1e-12);
  EXPECT_NE(found[0].sentence.find("length-matched pairs or another panel"), std::string::npos);
  EXPECT_FALSE(found[1].suspected);
}

TEST(SharedBias, IsNotSuspectedWithoutADriftOrWithoutALean) {
  const auto still = shared_bias(ask({.lean = 0.5, .drift = 0}, Rng(52)), 0.95);
  EXPECT_TRUE(still[0].leans);
  EXPECT_FALSE(still[0].suspected);
  // Shown first wins, but what is shown first was drawn by coin.
  const auto placed = shared_bias(ask({.position = 0.6}, Rng(53)), 0.95);
  EXPECT_TRUE(placed[1].leans);
  EXPECT_FALSE(placed[1].suspected);
  // The panel leans against the covariate: the policy does not gain by it.
  const auto against = shared_bias(ask({.lean = -0.5}, Rng(54)), 0.95);
  EXPECT_TRUE(against[0].leans);
  EXPECT_FALSE(against[0].suspected);
}

TEST(SharedBias, IsSeldomSuspectedOfAnHonestPanelEvenWithRatersThatDiffer) {
  // Many answers a rater: raters' own leans are then most of the noise, and errors that take answers as
  // independent suspected length in 23 of these 300 panels.
  const int runs = 300;
  const double share = (1 - 0.95) / 2;
  for (const double spread : {0.0, 0.8}) {
    int suspected = 0;
    for (int run = 0; run < runs; ++run) {
      const auto found =
          shared_bias(ask({.rater_spread = spread}, Rng(55).stream("honest", run), 6, 300), 0.95);
      suspected += found[0].suspected || found[1].suspected;
    }
    EXPECT_LE(suspected, share * runs + 3 * std::sqrt(share * (1 - share) * runs)) << spread;
  }
}

TEST(SharedBias, MatchedPreferenceIsWhatRemainsAtEqualCovariates) {
  // All of the preference is the lean: nothing remains. Its interval covers at its level.
  const int runs = 200;
  int covered = 0;
  for (int run = 0; run < runs; ++run) {
    const auto found =
        shared_bias(ask({.gain = 0, .lean = 0.5, .liking = 0}, Rng(56).stream("matched", run)), 0.95);
    covered += found[0].matched_interval.lower <= 0 && 0 <= found[0].matched_interval.upper;
  }
  EXPECT_GE(covered, 0.95 * runs - 3 * std::sqrt(0.05 * 0.95 * runs));
}

TEST(SharedBias, IsInconclusiveOnTooFewAnswersAndOnOneSidedOnes) {
  const auto few = shared_bias(ask({}, Rng(57), 2, 20), 0.95);
  EXPECT_TRUE(std::isnan(few[0].loading));
  EXPECT_FALSE(few[0].suspected);
  EXPECT_NE(few[0].sentence.find("inconclusive"), std::string::npos);
  PanelAnswers sure = ask({}, Rng(58));
  for (double& y : sure.won) y = 1;
  const auto all = shared_bias(sure, 0.95);
  EXPECT_FALSE(all[0].suspected || all[0].leans);
}

TEST(SharedBias, RefusesAnswersThatDoNotFitTogether) {
  PanelAnswers answers = ask({}, Rng(59));
  answers.suspected[0].difference.pop_back();
  EXPECT_THROW(shared_bias(answers, 0.95), Error);
  answers = ask({}, Rng(59));
  answers.won[3] = 2;
  EXPECT_THROW(shared_bias(answers, 0.95), Error);
  answers = ask({}, Rng(59));
  answers.controls[0].difference[0] = NAN;
  EXPECT_THROW(shared_bias(answers, 0.95), Error);
  answers = ask({}, Rng(59));
  for (auto& c : answers.checkpoint) c *= 2;
  EXPECT_THROW(shared_bias(answers, 0.95), Error);
  EXPECT_THROW(shared_bias(PanelAnswers{}, 0.95), Error);
}

TEST(PanelVerdict, IsNeverAGainWhereABiasIsSuspected) {
  StopDecision decision;
  decision.keep = 0;
  decision.gain_shown = true;
  std::vector<BiasFinding> findings(2);
  EXPECT_EQ(panel_verdict(decision, findings), PanelVerdict::kGainShown);
  findings[1].suspected = true;
  EXPECT_EQ(panel_verdict(decision, findings), PanelVerdict::kBiasSuspected);
  decision.gain_shown = false;
  EXPECT_EQ(panel_verdict(decision, {}), PanelVerdict::kInconclusive);
}

}  // namespace
}  // namespace plumb
