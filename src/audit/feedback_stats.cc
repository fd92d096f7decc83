// Agreement, position, length and raters of a file of feedback.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "audit/feedback_carried.h"
#include "data/ranking_pairs.h"
#include "plumb/feedback_study.h"

namespace plumb {
namespace {

// ---------------------------------------------------------------------------------------------- agreement

// One value of one unit by one person; `order` is that of the file.
struct Value {
  std::uint64_t unit;
  std::uint32_t rater;
  std::uint32_t order;
  double value;
};

// One person counts once a unit; nobody named is somebody new each time.
RatedUnits units_of(std::vector<Value> values) {
  std::sort(values.begin(), values.end(), [](const Value& a, const Value& b) {
    return std::tie(a.unit, a.rater, a.order) < std::tie(b.unit, b.rater, b.order);
  });
  RatedUnits out;
  std::vector<double> of_unit;
  for (std::size_t begin = 0, end = 0; begin < values.size(); begin = end) {
    of_unit.clear();
    for (end = begin; end < values.size() && values[end].unit == values[begin].unit; ++end) {
      const bool again =
          end > begin && values[end].rater != kNoRater && values[end].rater == values[end - 1].rater;
      if (!again) of_unit.push_back(values[end].value);
    }
    out.add(of_unit);
  }
  return out;
}

std::uint64_t pair_of(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint64_t>(std::min(a, b)) << 32 | std::max(a, b);
}

std::vector<Value> comparison_values(const Feedback& f) {
  std::vector<Value> out;
  for (std::size_t k = 0; k < f.first.size(); ++k) {
    const double first_won = f.answer[k] == Answer::kFirst ? 1 : f.answer[k] == Answer::kTie ? 0 : -1;
    out.push_back({pair_of(f.first[k], f.second[k]), f.comparison.rater[k], static_cast<std::uint32_t>(k),
                   f.first[k] < f.second[k] ? first_won : -first_won});
  }
  return out;
}

std::vector<Value> ranking_values(const Feedback& f) {
  std::vector<Value> out;
  for (std::size_t r = 0; r + 1 < f.ranking_offset.size(); ++r) {
    for_each_ranked_pair(f, r, [&](const RankedPair& pair) {
      const double won = pair.answer == Answer::kFirst ? 1 : pair.answer == Answer::kTie ? 0 : -1;
      out.push_back({pair_of(pair.first, pair.second), f.ranking.rater[r], static_cast<std::uint32_t>(r),
                     pair.first < pair.second ? won : -won});
    });
  }
  return out;
}

std::vector<FormAgreement> agreements(const Feedback& f, const StatsOptions& options, const Rng& rng) {
  std::vector<FormAgreement> out;
  const auto add = [&](const char* form, std::vector<Value> values, std::initializer_list<Scale> scales,
                       bool interval) {
    if (values.empty()) return;
    const RatedUnits units = units_of(std::move(values));
    AgreementOptions how{options.level, interval ? options.replicates : 0, options.threads};
    for (const Scale scale : scales)
      out.push_back({form, scale, krippendorff_alpha(units, scale, how, rng.stream("agreement", out.size()))});
  };
  add("comparisons", comparison_values(f), {Scale::kNominal, Scale::kOrdinal}, true);
  add("rankings", ranking_values(f), {Scale::kNominal, Scale::kOrdinal}, false);
  std::vector<Value> ratings, thumbs;
  for (std::size_t k = 0; k < f.rated.size(); ++k)
    ratings.push_back({f.rated[k], f.rating_source.rater[k], static_cast<std::uint32_t>(k), f.rating[k]});
  for (std::size_t k = 0; k < f.thumbed.size(); ++k)
    thumbs.push_back(
        {f.thumbed[k], f.thumb.rater[k], static_cast<std::uint32_t>(k), static_cast<double>(f.up[k])});
  add("ratings", std::move(ratings), {Scale::kOrdinal, Scale::kInterval}, true);
  add("thumbs", std::move(thumbs), {Scale::kNominal}, true);
  return out;
}

// ---------------------------------------------------------------------------------------------- position,
// length

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

VoteShare first_share(const Feedback& f, double level) {
  std::vector<std::uint8_t> yes;
  std::vector<std::uint64_t> unit;
  for (std::size_t k = 0; k < f.first.size(); ++k) {
    if (f.answer[k] == Answer::kTie) continue;
    yes.push_back(f.answer[k] == Answer::kFirst);
    unit.push_back(f.comparison.unit[k]);
  }
  return clustered_share(yes, unit, level);
}

VoteShare longer_share(const Feedback& f, double level) {
  std::vector<std::uint8_t> yes;
  std::vector<std::uint64_t> unit;
  std::vector<std::size_t> length;
  for (const std::string& text : f.text) length.push_back(characters(text));
  for (std::size_t k = 0; k < f.first.size(); ++k) {
    const std::size_t a = length[f.first[k]], b = length[f.second[k]];
    if (f.answer[k] == Answer::kTie || a == b || a == 0 || b == 0) continue;
    yes.push_back((f.answer[k] == Answer::kFirst) == (a > b));
    unit.push_back(f.comparison.unit[k]);
  }
  VoteShare out = clustered_share(yes, unit, level);
  if (yes.empty() && !f.first.empty()) out.why = "no comparison of two texts of different length";
  return out;
}

// ---------------------------------------------------------------------------------------------- raters

std::vector<RaterSummary> summaries(const Feedback& f) {
  std::vector<RaterSummary> out(f.rater.size());
  for (std::size_t r = 0; r < out.size(); ++r) out[r].name = f.rater[r];
  const auto of = [&](const JudgementSource& source, std::size_t k) -> RaterSummary* {
    return source.rater[k] == kNoRater ? nullptr : &out[source.rater[k]];
  };
  for (std::size_t k = 0; k < f.first.size(); ++k) {
    if (RaterSummary* r = of(f.comparison, k)) {
      ++r->comparisons;
      r->ties += f.answer[k] == Answer::kTie;
      r->first += f.answer[k] == Answer::kFirst;
    }
  }
  for (std::size_t k = 0; k + 1 < f.ranking_offset.size(); ++k)
    if (RaterSummary* r = of(f.ranking, k)) ++r->rankings;
  for (std::size_t k = 0; k < f.rating.size(); ++k) {
    if (RaterSummary* r = of(f.rating_source, k)) {
      ++r->ratings;
      r->rating_mean += (f.rating[k] - r->rating_mean) / static_cast<double>(r->ratings);
    }
  }
  for (std::size_t k = 0; k < f.up.size(); ++k) {
    if (RaterSummary* r = of(f.thumb, k)) {
      ++r->thumbs;
      r->ups += f.up[k];
    }
  }
  return out;
}

void judge_raters(const Feedback& f, const StatsOptions& options, FeedbackStats& stats) {
  std::size_t decided = 0;
  for (const Answer a : f.answer) decided += a != Answer::kTie;
  if (f.first.empty())
    stats.raters_why = "there are no comparisons";
  else if (f.rater.size() < 2)
    stats.raters_why = f.rater.empty() ? "no rater is named" : "there is one rater only";
  else if (decided == 0)
    stats.raters_why = "every comparison is a tie";
  if (!stats.raters_why.empty()) return;
  const RaterVotes votes = rater_votes_of(f);
  RaterOptions how;
  how.ties = decided < f.answer.size() ? Ties::kDavidson : Ties::kHalf;
  how.rater_ties = how.ties == Ties::kDavidson;
  how.threads = options.threads;
  RaterModel model = fit_raters(votes, how);
  if (!model.exists) {
    stats.raters_why = model.why;
    return;
  }
  RaterScreen screen = screen_raters(votes, how, model, options.level);
  for (const RaterNote& note : screen.notes) stats.raters[note.rater].note = note;
  stats.camps = std::move(screen.camps);
  stats.model = std::move(model);
}

}  // namespace

std::string_view name_of(Scale scale) {
  constexpr std::array<std::string_view, 3> names = {"nominal", "ordinal", "interval"};
  return names[static_cast<std::size_t>(scale)];
}

VoteShare clustered_share(std::span<const std::uint8_t> yes, std::span<const std::uint64_t> unit,
                          double level) {
  PLUMB_ASSERT(yes.size() == unit.size());
  if (!(level > 0 && level < 1)) refuse("share", "level", fmt::format("{}", level), "a number in (0, 1)");
  VoteShare out;
  out.votes = yes.size();
  std::vector<std::pair<std::uint64_t, std::uint8_t>> votes;
  for (std::size_t k = 0; k < yes.size(); ++k) votes.emplace_back(unit[k], yes[k]);
  std::sort(votes.begin(), votes.end());
  double sum = 0;
  for (const auto& [u, y] : votes) sum += y;
  for (std::size_t k = 0; k < votes.size(); ++k) out.clusters += k == 0 || votes[k].first != votes[k - 1].first;
  const double n = static_cast<double>(votes.size()), g = static_cast<double>(out.clusters);
  if (votes.empty()) {
    out.why = "no votes";
  } else if (out.clusters < kLeastClusters) {
    out.why =
        fmt::format("inconclusive: {} votes by {} units, {} needed", out.votes, out.clusters, kLeastClusters);
  } else if (sum == 0 || sum == n) {
    out.why = fmt::format("inconclusive: all {} votes are alike", out.votes);
  }
  if (!out.why.empty()) return out;
  const double p = sum / n;
  double squares = 0;
  for (std::size_t begin = 0, end = 0; begin < votes.size(); begin = end) {
    double residual = 0;
    for (end = begin; end < votes.size() && votes[end].first == votes[begin].first; ++end)
      residual += votes[end].second - p;
    squares += residual * residual;
  }
  const double error = std::sqrt(g / (g - 1) * squares) / n / (p * (1 - p));  // of the logit
  const double t = boost::math::quantile(boost::math::students_t(g - 1), (1 + level) / 2);
  const double logit = std::log(p / (1 - p));
  const auto back = [](double x) { return 1 / (1 + std::exp(-x)); };
  out.known = true;
  out.share = p;
  out.interval = {back(logit - t * error), back(logit + t * error), level};
  return out;
}

FeedbackStats feedback_stats(const Feedback& feedback, const StatsOptions& options, const Rng& rng) {
  if (!(options.level > 0 && options.level < 1))
    refuse("feedback stats", "level", fmt::format("{}", options.level), "a number in (0, 1)");
  FeedbackStats out;
  out.agreement = agreements(feedback, options, rng);
  out.first = first_share(feedback, options.level);
  out.longer = longer_share(feedback, options.level);
  out.raters = summaries(feedback);
  judge_raters(feedback, options, out);
  out.carried = audit::carried_results(feedback, options, &out.carried_why);
  return out;
}

}  // namespace plumb
