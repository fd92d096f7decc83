// Agreement and raters of a file of feedback.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "audit/feedback_carried.h"
#include "audit/feedback_shares.h"
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

struct JudgedUnits {
  RatedUnits units;
  std::vector<std::uint64_t> person;  // one a value; nobody named is somebody new each time
  std::uint64_t people = 0;           // named ones
};

// One person counts once a unit, by the first judgement.
JudgedUnits units_of(std::vector<Value> values) {
  std::sort(values.begin(), values.end(), [](const Value& a, const Value& b) {
    return std::tie(a.unit, a.rater, a.order) < std::tie(b.unit, b.rater, b.order);
  });
  JudgedUnits out;
  std::vector<double> of_unit;
  std::vector<std::uint32_t> named;
  for (std::size_t begin = 0, end = 0; begin < values.size(); begin = end) {
    of_unit.clear();
    for (end = begin; end < values.size() && values[end].unit == values[begin].unit; ++end) {
      const std::uint32_t rater = values[end].rater;
      if (end > begin && rater != kNoRater && rater == values[end - 1].rater) continue;
      of_unit.push_back(values[end].value);
      out.person.push_back(rater == kNoRater ? std::uint64_t{1} << 32 | values[end].order : rater);
      if (rater != kNoRater) named.push_back(rater);
    }
    out.units.add(of_unit);
  }
  std::sort(named.begin(), named.end());
  out.people = static_cast<std::uint64_t>(std::unique(named.begin(), named.end()) - named.begin());
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

std::vector<FormAgreement> agreements(const Feedback& f, const StatsOptions& options) {
  std::vector<FormAgreement> out;
  const auto add = [&](const char* form, std::vector<Value> values, std::initializer_list<Scale> scales,
                       bool interval, const char* unit) {
    if (values.empty()) return;
    const JudgedUnits judged = units_of(std::move(values));
    const bool people = judged.people >= kLeastClusters;
    for (const Scale scale : scales) {
      FormAgreement one{form, scale, {}, {}};
      one.agreement = crossed_alpha(judged.units, people ? judged.person : std::vector<std::uint64_t>(), scale,
                                    options.level);
      one.agreement.interval_known &= interval;
      if (one.agreement.interval_known)
        one.over = fmt::format("over new {}{}", unit,
                               people               ? " and new people"
                               : judged.people == 0 ? ", people unknown"
                                                    : ", these people");
      out.push_back(std::move(one));
    }
  };
  add("comparisons", comparison_values(f), {Scale::kNominal, Scale::kOrdinal}, true, "pairs");
  add("rankings", ranking_values(f), {Scale::kNominal, Scale::kOrdinal}, false, "pairs");
  std::vector<Value> ratings, thumbs;
  for (std::size_t k = 0; k < f.rated.size(); ++k)
    ratings.push_back({f.rated[k], f.rating_source.rater[k], static_cast<std::uint32_t>(k), f.rating[k]});
  for (std::size_t k = 0; k < f.thumbed.size(); ++k)
    thumbs.push_back(
        {f.thumbed[k], f.thumb.rater[k], static_cast<std::uint32_t>(k), static_cast<double>(f.up[k])});
  add("ratings", std::move(ratings), {Scale::kOrdinal, Scale::kInterval}, true, "items");
  add("thumbs", std::move(thumbs), {Scale::kNominal}, true, "items");
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
  // Where places and items cannot be told apart, neither can a lean and what was judged.
  how.position = how.rater_position = stats.place_why.empty();
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

FeedbackStats feedback_stats(const Feedback& feedback, const StatsOptions& options) {
  if (!(options.level > 0 && options.level < 1))
    refuse("feedback stats", "level", fmt::format("{}", options.level), "a number in (0, 1)");
  FeedbackStats out;
  out.agreement = agreements(feedback, options);
  audit::add_shares(feedback, options, out);
  out.raters = summaries(feedback);
  judge_raters(feedback, options, out);
  out.carried = audit::carried_results(feedback, options, &out.carried_why);
  return out;
}

}  // namespace plumb
