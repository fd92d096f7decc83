// The newsfeed world against itself: what the log shows, what it hides, and what its file says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <set>
#include <sstream>

#include "plumb/data.h"
#include "worlds/worlds.h"

namespace plumb {
namespace {

const std::vector<std::string> kOutcomes = {"click",     "dwell",     "satisfied",
                                            "value_90d", "complaint", "polarization"};
constexpr const char* kGoal = R"(
[goal]
name = "newsfeed"
maximize = "value_90d"
minimum_effect = 0.25
[outcome.value_90d]
kind = "amount"
observed_after = "90d"
[outcome.click]
kind = "binary"
[outcome.dwell]
kind = "amount"
[outcome.satisfied]
kind = "binary"
asked = "p_asked"
[outcome.complaint]
kind = "binary"
[outcome.polarization]
kind = "number"
[[constraint]]
segment = "age_band"
outcome = "value_90d"
no_worse_than = "reference"
margin = 0.25
[audit]
segments = ["hour", "ideology"]
[data]
log = "decisions.jsonl"
id = "id"
time = "time_us"
unit = "unit"
as_of = "AS_OF"
context = ["ideology", "age_band", "hour", "interest_*"]
)";

Goal goal_at(const std::string& as_of) {
  std::string text = kGoal;
  text.replace(text.find("AS_OF"), 5, as_of);
  return parse_goal(text);
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "plumb_worlds_XXXXXX").string();
    PLUMB_ASSERT(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void expect_equal(const std::vector<FeatureColumn>& a, const std::vector<FeatureColumn>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t c = 0; c < a.size(); ++c) {
    EXPECT_EQ(a[c].name, b[c].name);
    EXPECT_EQ(a[c].is_category, b[c].is_category) << a[c].name;
    EXPECT_EQ(a[c].number, b[c].number) << a[c].name;
    EXPECT_EQ(a[c].code, b[c].code) << a[c].name;
    EXPECT_EQ(a[c].levels, b[c].levels) << a[c].name;
  }
}

TEST(NewsfeedLog, InMemoryEqualsTheFileThatIsRead) {
  const TemporaryFolder folder;
  NewsfeedOptions options;
  options.decisions = 1500;
  options.decisions_per_reader = 3;
  // As of the middle of the weeks and 90 days: half of the values are immature.
  for (const char* as_of : {"2026-03-01", "2025-12-28"}) {
    const Goal goal = goal_at(as_of);
    const DecisionLog memory = newsfeed_log(options, goal);
    newsfeed_write(options, folder.file("decisions.jsonl.gz"));
    const DecisionLog file = read_log(folder.file("decisions.jsonl.gz"), goal, nullptr);
    ASSERT_EQ(memory.size(), options.decisions);
    EXPECT_EQ(memory.id, file.id);
    EXPECT_EQ(memory.unit, file.unit);
    EXPECT_EQ(memory.unit_named, file.unit_named);
    EXPECT_EQ(memory.time_us, file.time_us);
    EXPECT_EQ(memory.actions, file.actions);
    EXPECT_EQ(memory.offset, file.offset);
    EXPECT_EQ(memory.action, file.action);
    EXPECT_EQ(memory.chosen, file.chosen);
    EXPECT_EQ(memory.propensity, file.propensity);
    EXPECT_EQ(memory.logged, file.logged);
    EXPECT_EQ(memory.propensity_declared, file.propensity_declared);
    EXPECT_EQ(memory.fixed_actions, file.fixed_actions);
    expect_equal(memory.context, file.context);
    expect_equal(memory.action_features, file.action_features);
    expect_equal(memory.segments, file.segments);
    EXPECT_EQ(memory.policy_version, file.policy_version);
    EXPECT_EQ(memory.version, file.version);
    EXPECT_EQ(memory.row_digest, file.row_digest);
    EXPECT_EQ(memory.fold, file.fold);
    ASSERT_EQ(memory.outcomes.size(), file.outcomes.size());
    for (std::size_t j = 0; j < memory.outcomes.size(); ++j) {
      const OutcomeColumn &a = memory.outcomes[j], &b = file.outcomes[j];
      EXPECT_EQ(a.name, b.name);
      EXPECT_EQ(a.kind, b.kind) << a.name;
      EXPECT_EQ(a.value, b.value) << a.name;
      EXPECT_EQ(a.state, b.state) << a.name;
      EXPECT_EQ(a.asked, b.asked) << a.name;
      EXPECT_EQ(a.asked_known, b.asked_known) << a.name;
      EXPECT_EQ(a.observed_count, b.observed_count) << a.name;
      EXPECT_EQ(a.missing_count, b.missing_count) << a.name;
      EXPECT_EQ(a.immature_count, b.immature_count) << a.name;
      EXPECT_EQ(a.nonzero_count, b.nonzero_count) << a.name;
    }
  }
}

TEST(NewsfeedLog, SelectsWhatTheGoalNames) {
  NewsfeedOptions options;
  options.decisions = 200;
  Goal goal = goal_at("2026-03-01");
  const DecisionLog log = newsfeed_log(options, goal);
  std::vector<std::string> context;
  for (const auto& column : log.context) context.push_back(column.name);
  EXPECT_EQ(context,
            (std::vector<std::string>{"age_band", "hour", "ideology", "interest_1", "interest_2", "interest_3",
                                      "interest_4", "interest_5", "interest_6", "interest_7", "interest_8"}));
  ASSERT_EQ(log.segments.size(), 3u);
  EXPECT_EQ(log.segments[0].levels.size(), 3u);
  EXPECT_EQ(log.outcome("satisfied").asked, std::vector<double>(200, 0.05));
  goal.data.context = {"intrest_*"};
  EXPECT_THROW(newsfeed_log(options, goal), Error);
  goal = goal_at("2026-03-01");
  goal.segments = {"region"};
  EXPECT_THROW(newsfeed_log(options, goal), Error);
}

TEST(NewsfeedFile, IsTheSameBytesForEver) {
  const TemporaryFolder folder;
  NewsfeedOptions options;
  options.decisions = 100;
  newsfeed_write(options, folder.file("a.jsonl"));
  const std::string text = contents(folder.file("a.jsonl"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 100);
  EXPECT_EQ(hex(hash_bytes(text)), "56b6d42656eb1f23");
  newsfeed_write(options, folder.file("b.jsonl.gz"));
  newsfeed_write(options, folder.file("c.jsonl.gz"));
  EXPECT_EQ(contents(folder.file("b.jsonl.gz")), contents(folder.file("c.jsonl.gz")));
  options.seed = 2;
  newsfeed_write(options, folder.file("a.jsonl"));
  EXPECT_NE(contents(folder.file("a.jsonl")), text);
}

TEST(NewsfeedFile, LeavesNothingBehindWhereItCannotBeWritten) {
  NewsfeedOptions options;
  options.decisions = 100;
  const TemporaryFolder folder;
  try {
    newsfeed_write(options, folder.file("missing/a.jsonl"));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kEnvironment);
    EXPECT_NE(std::string(error.what()).find("a.jsonl: cannot be written"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(std::filesystem::is_empty(std::filesystem::path(folder.file("x")).parent_path()));
  if (std::filesystem::exists("/dev/full")) {
    options.decisions = 5000;
    EXPECT_THROW(newsfeed_write(options, "/dev/full"), Error);
    EXPECT_TRUE(std::filesystem::exists("/dev/full"));
  }
}

TEST(NewsfeedWorld, RefusesOptionsThatMakeNoWorld) {
  const auto refused = [](auto change) {
    NewsfeedOptions options;
    options.decisions = 10;
    change(options);
    EXPECT_THROW(newsfeed_log(options, Goal()), Error);
  };
  refused([](auto& o) { o.decisions = 0; });
  refused([](auto& o) { o.offered = 1; });
  refused([](auto& o) { o.asked = 0; });
  refused([](auto& o) { o.asked = 1.5; });
  refused([](auto& o) { o.harm = -1; });
  refused([](auto& o) { o.signal = std::nan(""); });
  refused([](auto& o) { o.decisions_per_reader = 0; });
  refused([](auto& o) { o.rage = 1.5; });
  refused([](auto& o) { o.bait = -0.1; });
  refused([](auto& o) { o.appetite = std::nan(""); });
  refused([](auto& o) { o.young = 2; });
  refused([](auto& o) { o.weeks_later = -1; });
  EXPECT_THROW(newsfeed_expected({}, std::vector<std::string>{"clicks"}), Error);
}

// One world for the statistical tests: 40,000 decisions, everything asked.
class NewsfeedTruthOfALog : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    options_ = new NewsfeedOptions;
    options_->decisions = 40000;
    options_->seed = 11;
    options_->asked = 1;
    log_ = new DecisionLog(newsfeed_log(*options_, goal_at("2026-03-01")));
    expected_ = new Matrix(newsfeed_expected(*options_, kOutcomes));
  }
  static void TearDownTestSuite() {
    delete options_;
    delete log_;
    delete expected_;
  }
  static inline NewsfeedOptions* options_ = nullptr;
  static inline DecisionLog* log_ = nullptr;
  static inline Matrix* expected_ = nullptr;
};

TEST_F(NewsfeedTruthOfALog, ExpectationsAgreeWithWhatHappensWithinEveryBand) {
  // Residuals y - E[y | latents] sum to zero in any set of decisions that the outcome does not define.
  const std::map<std::string, int> feature = {{"match", 0}, {"quality", 1}, {"outrage", 2}};
  for (std::size_t j = 0; j < kOutcomes.size(); ++j) {
    const auto& y = log_->outcome(kOutcomes[j]).value;
    for (const auto& [name, f] : feature) {
      for (const bool upper : {false, true}) {
        double sum = 0, squares = 0;
        for (std::size_t i = 0; i < log_->size(); ++i) {
          const std::size_t row = log_->chosen_row(i);
          if ((log_->action_features[static_cast<std::size_t>(f)].number[row] > 0.4f) != upper) continue;
          const double residual = y[i] - (*expected_)(row, j);
          sum += residual;
          squares += residual * residual;
        }
        EXPECT_LT(std::abs(sum), 4.5 * std::sqrt(squares))
            << kOutcomes[j] << " by " << name << (upper ? " above" : " below");
      }
    }
  }
}

TEST_F(NewsfeedTruthOfALog, ActionsAreChosenWithTheProbabilitiesThatAreLogged) {
  double weight = 0, weight_squares = 0;
  std::vector<double> surplus(10), variance(10);
  for (std::size_t i = 0; i < log_->size(); ++i) {
    double sum = 0;
    for (std::size_t s = 0; s < 10; ++s) {
      const double mu = log_->logged[static_cast<std::size_t>(log_->offset[i]) + s];
      EXPECT_GE(mu, 0.01);
      sum += mu;
      // By rank of mu, so that a wrong order would show.
      std::size_t rank = 0;
      for (std::size_t other = 0; other < 10; ++other) {
        rank += log_->logged[static_cast<std::size_t>(log_->offset[i]) + other] > mu;
      }
      surplus[rank] += (s == log_->chosen[i]) - mu;
      variance[rank] += mu * (1 - mu);
    }
    EXPECT_NEAR(sum, 1, 1e-6);
    EXPECT_EQ(static_cast<float>(log_->propensity[i]), log_->logged[log_->chosen_row(i)]);
    const double w = 0.1 / log_->propensity[i];
    weight += w;
    weight_squares += w * w;
  }
  const double n = static_cast<double>(log_->size());
  EXPECT_NEAR(weight / n, 1, 4.5 * std::sqrt(weight_squares / n - 1) / std::sqrt(n));
  for (std::size_t r = 0; r < 10; ++r) EXPECT_LT(std::abs(surplus[r]), 4.5 * std::sqrt(variance[r])) << r;
}

TEST_F(NewsfeedTruthOfALog, HasTheDifficultyThatWasMeasuredOnThePrototype) {
  double value = 0, residual = 0;
  const auto& y = log_->outcome("value_90d").value;
  for (std::size_t i = 0; i < log_->size(); ++i) {
    value += y[i];
    residual += std::pow(y[i] - (*expected_)(log_->chosen_row(i), 3), 2);
  }
  EXPECT_NEAR(value / static_cast<double>(log_->size()), 9.5, 0.3);
  EXPECT_NEAR(std::sqrt(residual / static_cast<double>(log_->size())), 14, 0.5);
}

// Value gain and effective sample size of pi ~ mu exp(beta score), score linear in what is seen: the best
// linear index of clicks.
struct PathPoint {
  double click = 0, value = 0, kl = 0, effective = 0;
};

PathPoint along_clicks(const DecisionLog& log, const Matrix& expected, double beta) {
  PathPoint point;
  double chi2 = 0;
  std::vector<double> weight;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto first = static_cast<std::size_t>(log.offset[i]);
    weight.assign(log.offered(i), 0);
    double total = 0;
    for (std::size_t s = 0; s < weight.size(); ++s) {
      const auto f = [&](std::size_t c) {
        return static_cast<double>(log.action_features[c].number[first + s]);
      };
      weight[s] = log.logged[first + s] * std::exp(beta * (0.42 * f(0) + 0.15 * f(1) + 2.5 * f(2)));
      total += weight[s];
    }
    for (std::size_t s = 0; s < weight.size(); ++s) {
      const double p = weight[s] / total, mu = log.logged[first + s];
      point.click += p * expected(first + s, 0);
      point.value += p * expected(first + s, 3);
      point.kl += p * std::log(p / mu);
      chi2 += p * p / mu;
    }
  }
  const double n = static_cast<double>(log.size());
  return {point.click / n, point.value / n, point.kl / n, n / chi2};
}

TEST_F(NewsfeedTruthOfALog, PushingClicksFirstHelpsAndThenHarms) {
  const PathPoint start = along_clicks(*log_, *expected_, 0), early = along_clicks(*log_, *expected_, 0.6),
                  late = along_clicks(*log_, *expected_, 2), end = along_clicks(*log_, *expected_, 30);
  EXPECT_NEAR(start.kl, 0, 1e-9);
  EXPECT_LT(start.click, early.click);
  EXPECT_LT(early.click, late.click);
  EXPECT_LT(late.click, end.click);
  // The prototype: about +.08 at KL .1, -.04 at KL .5, -.49 at the end; ESS/n .82, .45, .15.
  EXPECT_NEAR(early.kl, 0.1, 0.06);
  EXPECT_NEAR(early.value - start.value, 0.08, 0.08);
  EXPECT_NEAR(early.effective, 0.82, 0.08);
  EXPECT_NEAR(end.value - start.value, -0.49, 0.2);
  EXPECT_NEAR(end.effective, 0.15, 0.05);
}

TEST_F(NewsfeedTruthOfALog, WithoutHarmPushingClicksHelpsToTheEnd) {
  NewsfeedOptions harmless = *options_;
  harmless.harm = 0;
  const Matrix expected = newsfeed_expected(harmless, kOutcomes);
  EXPECT_GT(along_clicks(*log_, expected, 30).value, along_clicks(*log_, expected, 0).value);
  // The harm lowers value only, and nothing else.
  for (std::size_t row = 0; row < expected.rows; row += 7) {
    EXPECT_GE(expected(row, 3), (*expected_)(row, 3));
    for (const std::size_t j : {0u, 1u, 2u, 4u, 5u}) EXPECT_EQ(expected(row, j), (*expected_)(row, j));
  }
}

TEST_F(NewsfeedTruthOfALog, WithoutSignalNoActionDiffersInValue) {
  NewsfeedOptions null = *options_;
  null.signal = 0;
  const Matrix expected = newsfeed_expected(null, std::vector<std::string>{"value_90d"});
  for (std::size_t row = 0; row < expected.rows; ++row) {
    EXPECT_NEAR(expected(row, 0), expected(row - row % 10, 0), 1e-12 * expected(row, 0));
  }
}

TEST_F(NewsfeedTruthOfALog, IsWhatOtherContextsOfTheSameWorldShow) {
  const auto logging = [](const DecisionLog& log, std::size_t i, std::span<double> out) {
    for (std::size_t s = 0; s < out.size(); ++s)
      out[s] = log.logged[static_cast<std::size_t>(log.offset[i]) + s];
  };
  const Truth truth = newsfeed_truth(*options_, logging, kOutcomes, 20000, goal_at("2026-03-01"));
  EXPECT_NEAR(truth.kl_from_logging, 0, 1e-6);
  for (std::size_t j = 0; j < kOutcomes.size(); ++j) {
    const auto& y = log_->outcome(kOutcomes[j]).value;
    const double n = static_cast<double>(y.size());
    const double mean = std::accumulate(y.begin(), y.end(), 0.0) / n;
    double variance = 0;
    for (const double v : y) variance += (v - mean) * (v - mean) / n;
    EXPECT_NEAR(truth.value[j], mean,
                4.5 * std::sqrt(variance / n + truth.standard_error[j] * truth.standard_error[j]))
        << kOutcomes[j];
    EXPECT_GT(truth.standard_error[j], 0);
  }
  const auto uniform = [](const DecisionLog&, std::size_t, std::span<double> out) {
    std::fill(out.begin(), out.end(), 0.1);
  };
  // KL(uniform, mu) from the propensities that this other log shows; the tolerance is that of 20,000 contexts.
  double kl = 0, kl_squares = 0;
  for (std::size_t i = 0; i < log_->size(); ++i) {
    double terms = 0;
    for (std::size_t s = 0; s < 10; ++s) {
      terms -= 0.1 * std::log(10.0 * log_->logged[static_cast<std::size_t>(log_->offset[i]) + s]);
    }
    kl += terms;
    kl_squares += terms * terms;
  }
  const double n = static_cast<double>(log_->size()), mean = kl / n;
  const double tolerance = 4.5 * std::sqrt((kl_squares / n - mean * mean) * (1 / n + 1 / 20000.0));
  EXPECT_NEAR(newsfeed_truth(*options_, uniform, kOutcomes, 20000, goal_at("2026-03-01")).kl_from_logging, mean,
              tolerance);
  const auto nonsense = [](const DecisionLog&, std::size_t, std::span<double> out) {
    std::fill(out.begin(), out.end(), 0.2);
  };
  EXPECT_THROW(newsfeed_truth(*options_, nonsense, kOutcomes, 100, goal_at("2026-03-01")), Error);
}

TEST(NewsfeedReaders, KeepTheirContextFromDecisionToDecision) {
  NewsfeedOptions options;
  options.decisions = 1000;
  options.decisions_per_reader = 4;
  const DecisionLog log = newsfeed_log(options, Goal());
  std::map<std::uint64_t, std::vector<std::size_t>> visits;
  for (std::size_t i = 0; i < log.size(); ++i) visits[log.unit[i]].push_back(i);
  EXPECT_EQ(visits.size(), 250u);
  for (const auto& [unit, rows] : visits) {
    EXPECT_EQ(rows.size(), 4u);
    for (const auto& column : log.context) {
      if (column.name == "hour") continue;
      for (const std::size_t i : rows) {
        if (column.is_category) {
          EXPECT_EQ(column.code[i], column.code[rows[0]]);
        } else {
          EXPECT_EQ(column.number[i], column.number[rows[0]]);
        }
      }
    }
    EXPECT_NE(log.chosen_action(rows[0]), log.chosen_action(rows[1]));
  }
  EXPECT_TRUE(std::is_sorted(log.time_us.begin(), log.time_us.end()));
}

}  // namespace
}  // namespace plumb
