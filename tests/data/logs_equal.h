// Two logs with the same decisions: every column the same, value by value.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "plumb/data.h"

namespace plumb {

inline void expect_equal_columns(const std::vector<FeatureColumn>& got,
                                 const std::vector<FeatureColumn>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t c = 0; c < want.size(); ++c) {
    EXPECT_EQ(got[c].name, want[c].name);
    EXPECT_EQ(got[c].is_category, want[c].is_category) << want[c].name;
    ASSERT_EQ(got[c].number.size(), want[c].number.size()) << want[c].name;
    for (std::size_t i = 0; i < want[c].number.size(); ++i) {
      const float have = got[c].number[i], need = want[c].number[i];
      EXPECT_TRUE(have == need || (std::isnan(have) && std::isnan(need)))  // missing
          << want[c].name << " row " << i << ": " << have << ", expected " << need;
    }
    EXPECT_EQ(got[c].code, want[c].code) << want[c].name;
    EXPECT_EQ(got[c].levels, want[c].levels) << want[c].name;
  }
}

// Everything but the names of actions, digests and fingerprints: what another format must hold too.
inline void expect_equal_decisions(const DecisionLog& got, const DecisionLog& want) {
  EXPECT_EQ(got.id, want.id);
  EXPECT_EQ(got.unit, want.unit);
  EXPECT_EQ(got.time_us, want.time_us);
  EXPECT_EQ(got.offset, want.offset);
  EXPECT_EQ(got.action, want.action);
  EXPECT_EQ(got.chosen, want.chosen);
  EXPECT_EQ(got.propensity, want.propensity);
  EXPECT_EQ(got.logged, want.logged);
  EXPECT_EQ(got.propensity_declared, want.propensity_declared);
  EXPECT_EQ(got.fixed_actions, want.fixed_actions);
  EXPECT_EQ(got.unit_named, want.unit_named);
  EXPECT_EQ(got.policy_version, want.policy_version);
  EXPECT_EQ(got.version, want.version);
  expect_equal_columns(got.context, want.context);
  expect_equal_columns(got.action_features, want.action_features);
  expect_equal_columns(got.segments, want.segments);
  ASSERT_EQ(got.outcomes.size(), want.outcomes.size());
  for (std::size_t j = 0; j < want.outcomes.size(); ++j) {
    EXPECT_EQ(got.outcomes[j].name, want.outcomes[j].name);
    EXPECT_EQ(got.outcomes[j].value, want.outcomes[j].value);
    EXPECT_EQ(got.outcomes[j].state, want.outcomes[j].state);
    EXPECT_EQ(got.outcomes[j].asked, want.outcomes[j].asked);
    EXPECT_EQ(got.outcomes[j].asked_known, want.outcomes[j].asked_known);
  }
}

// All of it: the same table read by another way.
inline void expect_equal_logs(const DecisionLog& got, const DecisionLog& want) {
  expect_equal_decisions(got, want);
  expect_equal_columns(got.unnamed, want.unnamed);
  EXPECT_EQ(got.source, want.source);
  EXPECT_EQ(got.actions, want.actions);
  EXPECT_EQ(got.row_digest, want.row_digest);
  EXPECT_EQ(got.row_fingerprint, want.row_fingerprint);
  EXPECT_EQ(log_digest(got), log_digest(want));
}

}  // namespace plumb
