// Bradley-Terry with raters: items given raters, raters given items, spreads, in turn.
#include "reward/rater_fit.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "reward/item_checks.h"
#include "reward/vote_terms.h"

namespace plumb {
namespace {

constexpr double kLeastSd = 0.01;    // of estimated spreads: EM reaches 0 only in the limit
constexpr double kPositionSd = 1.0;  // prior of the overall position effect, in logits
constexpr std::size_t kRatersPerBlock = 64;

bool ties_seen(const RaterVotes& votes) {
  return std::find(votes.votes.answer.begin(), votes.votes.answer.end(), Answer::kTie) !=
         votes.votes.answer.end();
}

// The next spread of parameters about their mean: sd^2 = sum of squares / sum of (1 - variance / sd^2), the
// number of parameters that the votes determine (MacKay 1992). It rests where EM would, but gets there sooner.
// A step changes a spread by no more than a factor of 4.
class SpreadSum {
 public:
  explicit SpreadSum(double sd) : sd_(sd) {}
  void add(double off, double variance) {
    squares_ += off * off;
    determined_ += std::max(0.0, 1 - variance / (sd_ * sd_));
  }
  void rescale(double factor) { scale_ *= factor; }
  double next() const {
    const double sd = determined_ > 0 ? std::sqrt(squares_ / determined_) : kLeastSd;
    return std::max(kLeastSd, scale_ * std::clamp(sd, sd_ / 4, sd_ * 4));
  }

 private:
  double sd_, scale_ = 1, squares_ = 0, determined_ = 0;
};

// Of raters who said anything.
double mean_tie(const std::vector<double>& rater_tie, const VotesByRater& own) {
  double sum = 0, raters = 0;
  for (std::size_t r = 0; r < rater_tie.size(); ++r) {
    if (own.offset[r + 1] == own.offset[r]) continue;
    sum += rater_tie[r];
    ++raters;
  }
  return raters > 0 ? sum / raters : 0;
}

// Votes see only reliability times utility. Maximizing one given the other lets the unit drift (the priors'
// volumes are not part of a maximum), so the unit is set: the median reliability of those who voted is 1. At
// most a factor of 2 a round, so that a panel without a majority ends unconverged, not in infinity.
double reliability_unit(std::vector<double> reliability, const VotesByRater& own) {
  std::size_t kept = 0;
  for (std::size_t r = 0; r < reliability.size(); ++r)
    if (own.offset[r + 1] > own.offset[r]) reliability[kept++] = reliability[r];
  if (kept == 0) return 1;
  const auto middle = reliability.begin() + static_cast<std::ptrdiff_t>(kept / 2);
  std::nth_element(reliability.begin(), middle, reliability.begin() + static_cast<std::ptrdiff_t>(kept));
  return std::clamp(*middle, 0.5, 2.0);
}

double largest_move(const RaterModel& from, const RaterModel& to) {
  double largest = std::max({std::abs(to.position - from.position), std::abs(to.utility_sd - from.utility_sd),
                             std::abs(to.reliability_sd - from.reliability_sd),
                             std::abs(to.lean_sd - from.lean_sd), std::abs(to.tie_sd - from.tie_sd)});
  const auto column = [&](const std::vector<double>& a, const std::vector<double>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  };
  column(from.utility, to.utility);
  column(from.reliability, to.reliability);
  column(from.lean, to.lean);
  column(from.rater_tie, to.rater_tie);
  return largest;
}

}  // namespace

void check_rater_votes(const RaterVotes& votes, const RaterOptions& options, const char* where) {
  if (votes.votes.ranking_offset.size() > 1) refuse(where, "rankings", "some", "comparisons only");
  if (options.ties == Ties::kRaoKupper) refuse(where, "ties", "Rao-Kupper", "Davidson, half or refuse");
  check_votes(votes.votes, options.ties, where);
  if (votes.rater.size() != votes.votes.first.size())
    refuse(where, "raters", std::to_string(votes.rater.size()),
           std::to_string(votes.votes.first.size()) + ", one a comparison");
  for (std::size_t v = 0; v < votes.rater.size(); ++v)
    if (votes.rater[v] >= votes.raters && votes.rater[v] != kNoRater)
      refuse(where, "comparison " + std::to_string(v), "rater " + std::to_string(votes.rater[v]),
             "raters below " + std::to_string(votes.raters));
  for (const double sd : {options.utility_sd, options.reliability_sd, options.lean_sd, options.tie_sd})
    if (!(sd >= 0) || !std::isfinite(sd))
      refuse(where, "spread", std::to_string(sd), "a finite number > 0, or 0 to estimate it");
}

Penalties rater_model_penalties(const RaterVotes& votes, const RaterOptions& options, double utility_sd) {
  Penalties penalties;
  penalties.utility = 1 / (utility_sd * utility_sd);
  penalties.position = 1 / (kPositionSd * kPositionSd);
  penalties.position_on = options.position && !votes.votes.first.empty();
  penalties.tie_on = options.ties == Ties::kDavidson && ties_seen(votes);
  return penalties;
}

RaterSetting rater_setting(const RaterModel& model, const RaterOptions& options) {
  const bool tie_on = model.ties == Ties::kDavidson && std::isfinite(model.tie);
  const auto weight = [](double sd) { return 1 / (sd * sd); };
  return {model.utility,
          model.position,
          tie_on ? model.tie : 0,
          tie_on ? model.ties : plain_of(model.ties),
          {weight(model.reliability_sd), weight(model.lean_sd), weight(model.tie_sd)},
          {options.reliability, options.rater_position, options.rater_ties && tie_on}};
}

std::array<double, 3> RaterModel::predict(std::uint32_t a, std::uint32_t b, std::uint32_t rater) const {
  PLUMB_ASSERT(exists && a < utility.size() && b < utility.size());
  const double u = utility[a] - utility[b];
  if (rater == kNoRater) return vote_probabilities(ties, u + position, tie);
  PLUMB_ASSERT(rater < reliability.size());
  return vote_probabilities(ties, reliability[rater] * u + position + lean[rater], tie + rater_tie[rater]);
}

RaterVotes rater_votes_of(const Feedback& feedback) {
  ItemVotes votes = votes_of(feedback);
  votes.ranking_offset = {};
  votes.ranking_item = votes.ranking_rank = {};
  votes.ranking_weight = {};
  return {votes, feedback.rater.size(), feedback.comparison.rater};
}

RaterModel fit_raters(const RaterVotes& votes, const RaterOptions& options) {
  check_rater_votes(votes, options, "fit_raters");
  RaterModel model;
  model.ties = options.ties;
  const auto tied =
      static_cast<std::size_t>(std::count(votes.votes.answer.begin(), votes.votes.answer.end(), Answer::kTie));
  if (options.ties == Ties::kDavidson && tied > 0 && tied == votes.votes.answer.size()) {
    model.why = "the maximum does not exist: all comparisons are ties";
    return model;
  }
  model.exists = true;
  const auto given = [](double sd, double start) { return sd > 0 ? sd : start; };
  model.utility_sd = given(options.utility_sd, 1);
  model.reliability_sd = given(options.reliability_sd, 0.5);
  model.lean_sd = given(options.lean_sd, 0.5);
  model.tie_sd = given(options.tie_sd, 0.5);
  model.utility.assign(votes.votes.items, 0);
  model.reliability.assign(votes.raters, 1);
  model.lean.assign(votes.raters, 0);
  model.rater_tie.assign(votes.raters, 0);
  Penalties penalties = rater_model_penalties(votes, options, model.utility_sd);
  std::vector<double> x = start_of(votes.votes, penalties, options.ties);
  model.tie = x.back();
  if (!penalties.tie_on) x.back() = 0;
  const VotesByRater own = votes_by_rater(votes);
  const RaterEffects effects{votes.rater, model.reliability, model.lean, model.rater_tie};
  const Ties ties = penalties.tie_on ? options.ties : plain_of(options.ties);
  std::vector<std::array<double, 3>> variance(votes.raters);
  ItemObjective objective(votes.votes, ties, penalties, effects, options.threads);
  // Where fits start. The unit is set between two rounds and undone by the next, so where the last round's fits
  // ended, before that, is near where this round's will.
  std::vector<double> last = x;
  std::vector<std::array<double, 3>> start(votes.raters, kRaterMean), last_start = start;
  const bool all_named = std::find(votes.rater.begin(), votes.rater.end(), kNoRater) == votes.rater.end();
  const std::size_t rater_blocks = (votes.raters + kRatersPerBlock - 1) / kRatersPerBlock;

  while (model.rounds < options.most_rounds && !model.converged) {
    ++model.rounds;
    const RaterModel before = model;  // rounds are compared as a whole: within one the unit goes to and fro
    objective.set_utility_penalty(1 / (model.utility_sd * model.utility_sd));
    const std::vector<double> before_last = std::exchange(last, x);
    if (model.rounds > 2)  // rounds go on much as they went
      for (std::size_t i = 0; i < x.size(); ++i) x[i] += x[i] - before_last[i];
    maximize(objective, &x);
    SpreadSum utilities(model.utility_sd);
    for (std::size_t i = 0; i < model.utility.size(); ++i) {
      model.utility[i] = x[i];
      utilities.add(x[i], 1 / objective.diagonal()[i]);
    }
    model.position = x[objective.position()];
    if (penalties.tie_on) model.tie = x[objective.tie()];

    const RaterSetting setting = rater_setting(model, options);
    parallel_blocks(rater_blocks, options.threads, [&](std::size_t block) {
      for (std::size_t r = block * kRatersPerBlock; r < std::min(votes.raters, (block + 1) * kRatersPerBlock);
           ++r) {
        std::array<double, 3>& e = start[r];
        const std::array<double, 3> before_e = std::exchange(last_start[r], e);
        if (model.rounds > 2)
          for (std::size_t k = 0; k < 3; ++k) e[k] += e[k] - before_e[k];
        const Eigen::Matrix3d inverse = fit_rater(own.of(r), setting, &e);
        for (std::size_t k = 0; k < 3; ++k)
          variance[r][k] = inverse(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(k));
        model.reliability[r] = e[0], model.lean[r] = e[1], model.rater_tie[r] = e[2];
      }
    });

    if (setting.on[2] && all_named) {
      // What all raters' ties share costs the votes nothing and the common one has no prior: at the maximum
      // raters' own have mean 0. Left to the rounds it crawls there, and looks like a spread on the way.
      const double shared = mean_tie(model.rater_tie, own);
      x[objective.tie()] += shared;
      model.tie += shared;
      for (std::size_t r = 0; r < votes.raters; ++r) {
        if (own.offset[r + 1] == own.offset[r]) continue;
        model.rater_tie[r] -= shared;
        start[r][2] -= shared;
      }
    }
    SpreadSum reliabilities(model.reliability_sd), leans(model.lean_sd), rater_ties(model.tie_sd);
    for (std::size_t r = 0; r < votes.raters; ++r) {
      if (own.offset[r + 1] == own.offset[r]) continue;  // says nothing of how raters differ
      reliabilities.add(model.reliability[r] - 1, variance[r][0]);
      leans.add(model.lean[r], variance[r][1]);
      rater_ties.add(model.rater_tie[r], variance[r][2]);
    }
    if (setting.on[0] && options.utility_sd == 0) {
      const double unit = reliability_unit(model.reliability, own);
      for (std::size_t r = 0; r < votes.raters; ++r)
        if (own.offset[r + 1] > own.offset[r]) model.reliability[r] /= unit;
      for (std::size_t i = 0; i < model.utility.size(); ++i) model.utility[i] *= unit;
      reliabilities.rescale(1 / unit);
      utilities.rescale(unit);
    }
    const auto update = [&](double fixed, const SpreadSum& sum, bool on, double* sd) {
      if (fixed > 0 || !on) return;
      *sd = sum.next();
    };
    update(options.utility_sd, utilities, true, &model.utility_sd);
    update(options.reliability_sd, reliabilities, setting.on[0], &model.reliability_sd);
    update(options.lean_sd, leans, setting.on[1], &model.lean_sd);
    update(options.tie_sd, rater_ties, setting.on[2], &model.tie_sd);
    model.converged = largest_move(before, model) < options.tolerance;
    model.log_likelihood = objective.log_likelihood();
  }
  add_errors(votes, options, &model);
  return model;
}

}  // namespace plumb
