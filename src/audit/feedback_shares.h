// Private to audit: what stood first won, the longer text won, and whether places can be told from items.
#pragma once

#include "plumb/feedback_study.h"

namespace plumb::audit {

// Fills first, longer, both by person, place_why and pairs_turned of `stats`.
void add_shares(const Feedback& feedback, const StatsOptions& options, FeedbackStats& stats);

}  // namespace plumb::audit
