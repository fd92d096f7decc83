// The preferences world: does the stop rule keep the gain where the goal falls past its peak, does it leave a
// path alone that never turns, do ensembles lose less than a single model, and is a panel that shares the
// raters' bias named. gain = gold(policy) - gold(reference), exact. Seeds, gains and verdicts are printed.
#include "worlds/preferences.h"

#include <fmt/format.h>

#include "plumb/ensemble.h"
#include "plumb/over_optimization.h"
#include "plumb/regression.h"
#include "quality/table.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

constexpr std::size_t kTrainingVotes = 2000, kFewVotes = 500, kFresh = 150, kCheckpoints = 13, kMembers = 5;
constexpr double kStep = 0.2,
                 kFine = 0.05;  // of d; the path ends at d = 2.6, KL 6.76 of at most log 2000 = 7.6
constexpr double kEnd = kStep * kCheckpoints;

// Every feature but length and flattery, which are suspected.
constexpr std::size_t kControls[] = {0, 1, 2, 3, 4, PreferencesWorld::kIntensity};

double feature_difference(const PreferencesWorld& world, std::size_t a, std::size_t b, std::size_t j) {
  return world.features()(a, j) - world.features()(b, j);
}

// A Bradley-Terry reward, linear in the features, from the listed votes (with repeats, for a bootstrap); the
// regression's constant takes up the position bias. Coefficients of the features.
std::vector<double> learn_reward(const PreferencesWorld& world, const std::vector<PreferenceVote>& votes) {
  const std::size_t p = PreferencesWorld::kFeatures + 1;
  std::vector<float> x(votes.size() * p, 1.0f);
  std::vector<double> y(votes.size());
  std::vector<std::uint8_t> fold(votes.size());
  std::vector<std::uint32_t> rows(votes.size());
  for (std::size_t i = 0; i < votes.size(); ++i) {
    for (std::size_t j = 0; j + 1 < p; ++j)
      x[i * p + j + 1] = static_cast<float>(feature_difference(world, votes[i].first, votes[i].second, j));
    y[i] = votes[i].first_won;
    fold[i] = static_cast<std::uint8_t>(i % 5);
    rows[i] = static_cast<std::uint32_t>(i);
  }
  std::vector<double> coef = logistic(DesignView(x.data(), votes.size(), p), y, rows, fold, 31, 1).coef;
  coef.erase(coef.begin());
  return coef;
}

std::vector<double> scores(const PreferencesWorld& world, const std::vector<double>& coef) {
  std::vector<double> out(world.gold().size(), 0.0);
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (std::size_t j = 0; j < coef.size(); ++j) out[i] += coef[j] * world.features()(i, j);
  }
  return out;
}

// The policy of the tilt that has KL d^2; where no tilt has so much, the hardest.
std::vector<double> policy_at(const PreferencesWorld& world, const std::vector<double>& score, double d) {
  double low = 0, high = 1;
  while (world.kl(world.tilted(score, high)) < d * d && high < 1e4) high *= 2;
  for (int step = 0; step < 30; ++step) {
    const double middle = (low + high) / 2;
    (world.kl(world.tilted(score, middle)) < d * d ? low : high) = middle;
  }
  return world.tilted(score, low);
}

struct TrueCurve {
  double peak = 0, peak_d = 0, end = 0;
};
TrueCurve true_curve(const PreferencesWorld& world, const std::vector<double>& score) {
  TrueCurve out;
  for (double d = kFine; d < kEnd + kFine / 2; d += kFine) {
    out.end = world.gold_gain(policy_at(world, score, d));
    if (out.end > out.peak) {
      out.peak = out.end;
      out.peak_d = d;
    }
  }
  return out;
}

// Training with the rule: fresh comparisons at each checkpoint until it says stop or the path ends.
struct Ruled {
  double gain = 0, kept_d = 0, stop_d = 0;
  bool stopped = false, misfit = false, peak_covered = false, peak_shown = false;
  std::vector<BiasFinding> findings;
  PanelVerdict verdict = PanelVerdict::kInconclusive;
};
Ruled train_with_rule(const PreferencesWorld& world, const std::vector<double>& coef, double true_peak_d) {
  const std::vector<double> score = scores(world, coef);
  StopRule rule;
  PanelAnswers answers;
  answers.suspected = {{"length", {}}, {"flattery", {}}, {"position", {}}};
  // What else is known of the outputs, squares too: people need not like it linearly.
  for (const std::size_t j : kControls) {
    answers.controls.push_back({PreferencesWorld::feature_names()[j], {}});
    answers.controls.push_back({PreferencesWorld::feature_names()[j] + " squared", {}});
  }
  std::vector<std::vector<double>> policies;
  Ruled out;
  for (std::size_t k = 0; k < kCheckpoints; ++k) {
    const double d = kStep * static_cast<double>(k + 1);
    policies.push_back(policy_at(world, score, d));
    std::uint64_t wins = 0;
    for (const PanelVote& v : world.panel_votes(policies.back(), kFresh, "checkpoint", k)) {
      wins += v.won;
      answers.won.push_back(v.won);
      answers.checkpoint.push_back(static_cast<std::uint32_t>(k));
      answers.unit.push_back(v.rater);
      answers.suspected[0].difference.push_back(
          feature_difference(world, v.item, v.other, PreferencesWorld::kLength));
      answers.suspected[1].difference.push_back(
          feature_difference(world, v.item, v.other, PreferencesWorld::kFlattery));
      answers.suspected[2].difference.push_back(v.shown_first ? 1 : -1);
      for (std::size_t c = 0; c < std::size(kControls); ++c) {
        const double item = world.features()(v.item, kControls[c]),
                     other = world.features()(v.other, kControls[c]);
        answers.controls[2 * c].difference.push_back(item - other);
        answers.controls[2 * c + 1].difference.push_back(item * item - other * other);
      }
    }
    const StopDecision now = rule.add(checkpoint_from_votes(world.kl(policies.back()), wins, 0, kFresh - wins));
    out.stop_d = d;
    if (now.action == StopAction::kStop) {
      out.stopped = true;
      break;
    }
  }
  const StopDecision& last = rule.last();
  if (last.keep != kKeepReference) {
    out.gain = world.gold_gain(policies[last.keep]);
    out.kept_d = rule.checkpoints()[last.keep].d;
  }
  out.misfit = last.curve.misfit;
  out.peak_shown = last.curve.peak.shown;
  out.peak_covered = last.curve.peak.lower <= true_peak_d && true_peak_d <= last.curve.peak.upper;
  out.findings = shared_bias(answers, 0.95);
  out.verdict = panel_verdict(last, out.findings);
  return out;
}

const char* word(PanelVerdict v) {
  return v == PanelVerdict::kBiasSuspected ? "bias suspected"
         : v == PanelVerdict::kGainShown   ? "gain shown"
                                           : "inconclusive";
}

bool named(const Ruled& run, const std::string& name) {
  for (const BiasFinding& f : run.findings) {
    if (f.name == name && f.suspected) return true;
  }
  return false;
}

PreferencesWorld make_world(std::uint64_t seed, PreferencesVariant variant, bool fair_raters = false) {
  PreferencesOptions options;
  options.seed = seed;
  options.variant = variant;
  if (variant == PreferencesVariant::kSharedBias) options.length_bias = 0.8;
  if (fair_raters) options.length_bias = 0;
  return PreferencesWorld(options);
}

double mean(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}
double error_of_mean(const std::vector<double>& x) {
  const double m = mean(x);
  double sum = 0;
  for (const double v : x) sum += (v - m) * (v - m);
  const auto n = static_cast<double>(x.size());
  return std::sqrt(sum / (n - 1) / n);
}

int at_least(double share, std::uint64_t seeds) {
  return static_cast<int>(std::ceil(share * static_cast<double>(seeds) - 1e-9));
}

void extremal(const Options& options, std::uint64_t seeds, Claims& claims) {
  const std::vector<double> fixed_kl = {0.5, 1, 2, 4};
  std::printf(
      "extremal: gold falls past its peak; %zu fresh comparisons a checkpoint, %zu checkpoints to KL %.2f\n",
      kFresh, kCheckpoints, kEnd * kEnd);
  std::printf("%4s | %6s %5s %7s | %6s %5s %5s %4s | %6s %6s %6s %6s | %s\n", "seed", "peak", "at d", "end",
              "kept", "at d", "stop", "fit", "KL .5", "KL 1", "KL 2", "KL 4", "verdict");
  int suspected = 0, half = 0, kept = 0, covered = 0, shown = 0, misfits = 0;
  std::vector<double> shares, never;
  std::vector<std::vector<double>> fixed(fixed_kl.size());
  for (std::uint64_t seed = options.first_seed; seed < options.first_seed + seeds; ++seed) {
    const PreferencesWorld world = make_world(seed, PreferencesVariant::kExtremal);
    const std::vector<double> coef = learn_reward(world, world.training_votes(kTrainingVotes));
    const std::vector<double> score = scores(world, coef);
    const TrueCurve truth = true_curve(world, score);
    const Ruled run = train_with_rule(world, coef, truth.peak_d);
    half += truth.end <= truth.peak / 2;
    kept += run.gain >= 0.9 * truth.peak;
    shown += run.peak_shown;
    suspected += run.verdict == PanelVerdict::kBiasSuspected;
    covered += run.peak_shown && run.peak_covered;
    misfits += run.misfit;
    shares.push_back(run.gain / truth.peak);
    never.push_back(truth.end / truth.peak);
    std::printf("%4lu | %+6.3f %5.2f %+7.3f | %6.3f %5.2f %5.2f %4s |", seed, truth.peak, truth.peak_d,
                truth.end, shares.back(), run.kept_d, run.stop_d, run.misfit ? "no" : "yes");
    for (std::size_t f = 0; f < fixed_kl.size(); ++f) {
      fixed[f].push_back(world.gold_gain(policy_at(world, score, std::sqrt(fixed_kl[f]))) / truth.peak);
      std::printf(" %6.3f", fixed[f].back());
    }
    std::printf(" | %s\n", word(run.verdict));
    std::fflush(stdout);
  }
  const int n = static_cast<int>(seeds);
  std::printf("mean share of the peak gain: rule %.3f, never stop %.3f", mean(shares), mean(never));
  for (std::size_t f = 0; f < fixed_kl.size(); ++f) {
    const auto keeps = std::count_if(fixed[f].begin(), fixed[f].end(), [](double s) { return s >= 0.9; });
    std::printf(", KL %g %.3f (%ld keep .9)", fixed_kl[f], mean(fixed[f]), keeps);
  }
  std::printf(
      "\nthe 80 %% interval of the panel's predicted peak holds the gold peak in %d of %d shown; no form fits "
      "in %d\n",
      covered, shown, misfits);
  claims.claim(suspected <= n / 10,
               fmt::format("the honest panel is suspected in {} of {} (at most {})", suspected, n, n / 10));
  claims.claim(half == n,
               fmt::format("the unstopped end has at most half of the peak gain in {} of {} seeds", half, n));
  claims.claim(kept >= at_least(0.85, seeds),
               fmt::format("the rule keeps .9 of the peak gain in {} of {} (at least {})", kept, n,
                           at_least(0.85, seeds)));
}

// Five members, each learnt from a bootstrap sample of the votes. Everything is pushed to the path's end, and
// loses its own peak gain minus what it has there. The single model learns from all the votes.
void ensembles(const Options& options, std::uint64_t seeds, std::size_t training_votes, bool claimed,
               Claims& claims) {
  const std::vector<const char*> names = {"single model", "mean of 5", "worst case of 5", "mean - variance",
                                          "mean - 4 variance"};
  std::vector<std::vector<double>> peak(names.size()), end(names.size()), loss(names.size());
  for (std::uint64_t seed = options.first_seed; seed < options.first_seed + seeds; ++seed) {
    const PreferencesWorld world = make_world(seed, PreferencesVariant::kExtremal);
    const std::vector<PreferenceVote> votes = world.training_votes(training_votes);
    const std::size_t items = world.gold().size();
    RewardScores five;
    five.members = Matrix(items, kMembers);
    for (std::size_t m = 0; m < kMembers; ++m) {
      Rng rng = Rng(seed).stream("member", m);
      std::vector<PreferenceVote> sample(votes.size());
      for (PreferenceVote& v : sample) v = votes[rng.below(votes.size())];
      const std::vector<double> member = scores(world, learn_reward(world, sample));
      // Rewards are known up to a constant: centred at the reference's mean before members are compared.
      double centre = 0;
      for (std::size_t i = 0; i < items; ++i) centre += world.reference()[i] * member[i];
      for (std::size_t i = 0; i < items; ++i) five.members(i, m) = member[i] - centre;
    }
    for (std::size_t i = 0; i < items; ++i) {
      double sum = 0, square = 0;
      for (const double s : five.members.row(i)) sum += s / kMembers;
      for (const double s : five.members.row(i)) square += (s - sum) * (s - sum) / (kMembers - 1);
      five.mean.push_back(sum);
      five.standard_error.push_back(std::sqrt(square));
    }
    const std::vector<std::vector<double>> pushed = {
        scores(world, learn_reward(world, votes)), combine_members(five, MemberRule::kMean),
        combine_members(five, MemberRule::kWorstCase),
        combine_members(five, MemberRule::kUncertaintyWeighted, 1),
        combine_members(five, MemberRule::kUncertaintyWeighted, 4)};
    for (std::size_t e = 0; e < names.size(); ++e) {
      const TrueCurve truth = true_curve(world, pushed[e]);
      peak[e].push_back(truth.peak);
      end[e].push_back(truth.end);
      loss[e].push_back(truth.peak - truth.end);
    }
  }
  std::printf(
      "\nensembles, extremal, %zu training votes: mean over %lu seeds of the peak gain, the gain at the end "
      "and "
      "the loss\n",
      training_votes, seeds);
  for (std::size_t e = 0; e < names.size(); ++e) {
    std::vector<double> less(seeds);
    for (std::size_t s = 0; s < seeds; ++s) less[s] = loss[0][s] - loss[e][s];
    const double gain = mean(less), error = error_of_mean(less);
    std::printf("  %-18s peak %+.3f  end %+.3f  loss %.3f  less than the single model by %+.3f (se %.3f)\n",
                names[e], mean(peak[e]), mean(end[e]), mean(loss[e]), gain, error);
    // A mean of linear members is a linear model again: no claim is made for it.
    if (claimed && e >= 2)
      claims.claim(gain > 1.96 * error, fmt::format("{} loses less than the single model, by {:.3f} -+ {:.3f}",
                                                    names[e], gain, 1.96 * error));
  }
}

void shared(const Options& options, std::uint64_t seeds, Claims& claims) {
  std::printf("\nshared bias: the panel votes for length as the taught raters do, and shows no fall\n");
  int name = 0, passed = 0, falls = 0, stopped = 0, other = 0;
  for (std::uint64_t seed = options.first_seed; seed < options.first_seed + seeds; ++seed) {
    const PreferencesWorld world = make_world(seed, PreferencesVariant::kSharedBias);
    const std::vector<double> coef = learn_reward(world, world.training_votes(kTrainingVotes));
    const TrueCurve truth = true_curve(world, scores(world, coef));
    const Ruled run = train_with_rule(world, coef, truth.peak_d);
    falls += truth.end <= truth.peak / 2;
    stopped += run.stopped;
    name += named(run, "length");
    other += named(run, "flattery") || named(run, "position");
    passed += run.verdict == PanelVerdict::kGainShown;
    if (seed == options.first_seed) {
      for (const BiasFinding& f : run.findings) std::printf("  seed %lu: %s\n", seed, f.sentence.c_str());
    }
  }
  const int n = static_cast<int>(seeds);
  std::printf(
      "gold falls to half of its peak gain in %d of %d, the rule stops in %d; flattery or position suspected "
      "in %d\n",
      falls, n, stopped, other);
  claims.claim(name >= at_least(0.95, seeds),
               fmt::format("length is named in {} of {} (at least {})", name, n, at_least(0.95, seeds)));
  claims.claim(passed == 0, fmt::format("{} verdicts pass (none may)", passed));
}

void honest(const Options& options, std::uint64_t seeds, Claims& claims) {
  std::printf(
      "\ndefault: the goal has no turn. Taught raters with a length bias, then without one and with 10 times "
      "the votes\n");
  for (const bool accurate : {false, true}) {
    int stopped = 0, kept = 0, falsely = 0, shown = 0;
    std::vector<double> shares, one;  // one: at the KL that suits the extremal world
    for (std::uint64_t seed = options.first_seed; seed < options.first_seed + seeds; ++seed) {
      const PreferencesWorld world = make_world(seed, PreferencesVariant::kDefault, accurate);
      const std::vector<double> coef =
          learn_reward(world, world.training_votes(accurate ? 10 * kTrainingVotes : kTrainingVotes));
      const TrueCurve truth = true_curve(world, scores(world, coef));
      const Ruled run = train_with_rule(world, coef, truth.peak_d);
      stopped += run.stopped;
      shares.push_back(run.gain / truth.peak);
      one.push_back(world.gold_gain(policy_at(world, scores(world, coef), 1.0)) / truth.peak);
      kept += shares.back() >= 0.9;
      falsely += named(run, "length") || named(run, "flattery") || named(run, "position");
      shown += run.verdict == PanelVerdict::kGainShown;
    }
    const int n = static_cast<int>(seeds);
    std::printf(
        "  %-14s stops %d of %d (false stops), keeps %.3f of the peak gain on average, .9 in %d; a bias "
        "falsely named in %d; gain shown in %d; KL 1 would keep %.3f\n",
        accurate ? "accurate model" : "biased raters", stopped, n, mean(shares), kept, falsely, shown,
        mean(one));
    if (accurate) {
      claims.claim(stopped <= n / 10, fmt::format("false stops in {} of {} (at most {})", stopped, n, n / 10));
    }
    claims.claim(falsely <= n / 10,
                 fmt::format("an honest panel is suspected in {} of {} (at most {})", falsely, n, n / 10));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const std::uint64_t seeds = options.quick ? 20 : 100;
  Claims claims;
  extremal(options, seeds, claims);
  // Members must disagree to be of use: with few votes they do, with many they share the linear model's
  // mistake.
  ensembles(options, seeds, kFewVotes, !options.quick, claims);
  if (!options.quick) ensembles(options, seeds, kTrainingVotes, false, claims);
  shared(options, seeds, claims);
  honest(options, seeds, claims);
  std::printf("\n");
  return claims.close();
}
