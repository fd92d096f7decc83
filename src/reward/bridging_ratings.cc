// All kinds of judgements on one scale.
#include <algorithm>
#include <string>

#include "plumb/bridging.h"

namespace plumb {

BridgingRatings bridging_ratings(const Feedback& feedback) {
  BridgingRatings out;
  out.raters = feedback.rater.size(), out.items = feedback.item.size();
  const auto add = [&](std::uint32_t rater, std::uint32_t item, double value) {
    if (rater == kNoRater) return;
    out.rater.push_back(rater), out.item.push_back(item), out.value.push_back(value);
  };
  for (std::size_t k = 0; k < feedback.up.size(); ++k)
    add(feedback.thumb.rater[k], feedback.thumbed[k], feedback.up[k] != 0 ? 1 : 0);
  for (std::size_t v = 0; v < feedback.first.size(); ++v) {
    const double first = feedback.answer[v] == Answer::kTie     ? 0.5
                         : feedback.answer[v] == Answer::kFirst ? 1
                                                                : 0;
    add(feedback.comparison.rater[v], feedback.first[v], first);
    add(feedback.comparison.rater[v], feedback.second[v], 1 - first);
  }
  if (!feedback.rating.empty()) {
    const auto [least, greatest] = std::minmax_element(feedback.rating.begin(), feedback.rating.end());
    const double low = *least, range = *greatest - *least;
    if (range == 0 && out.value.empty())
      refuse(feedback.source, "ratings", "all " + std::to_string(low), "at least two different ratings");
    for (std::size_t k = 0; k < feedback.rating.size(); ++k)
      add(feedback.rating_source.rater[k], feedback.rated[k],
          range > 0 ? (feedback.rating[k] - low) / range : 0.5);
  }
  return out;
}

}  // namespace plumb
