// What a goal file may say, what is refused, and where the refusal points.
#include "plumb/goal.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "stats/boosted_trees.h"

namespace plumb {
namespace {

constexpr std::string_view kSmall = R"([goal]
maximize = "value"
[outcome.value]
kind = "amount"
[outcome.click]
kind = "binary"
[outcome.mood]
kind = "number"
)";

std::string refusal(const std::string& text) {
  try {
    parse_goal(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInput);
    return error.what();
  }
  return "accepted";
}
// Lines appended to kSmall start at line 9.
std::string refusal_after_small(const std::string& lines) { return refusal(std::string(kSmall) + lines); }
std::uint64_t hash_after_small(const std::string& lines) {
  return parse_goal(std::string(kSmall) + lines).hash;
}

// The example of the design document, with what it shows in comments written out.
constexpr std::string_view kDesign = R"([goal]
name           = "newsfeed"
intent         = "Readers come back because they were glad to have read, not because they were angry."
maximize       = "value_90d + 2.0 * satisfied"
unit           = "EUR per reader"
minimum_effect = 0.25
confidence     = 0.95
owner          = "feed team"

[outcome.value_90d]
kind = "amount"
observed_after = "90d"
absent = "zero"
[outcome.satisfied]
kind = "binary"
asked = "p_asked"
range = [0, 1]
[outcome.click]
kind = "binary"
[outcome.dwell]
kind = "amount"
[outcome.complaint]
kind = "binary"
column = "complained"
asked = 0.5
[outcome.polarization]
kind = "number"

[proxies]
candidates = ["click", "dwell"]

[[constraint]]
outcome = "complaint"
at_most = 0.002
margin  = 0.0005
[[constraint]]
outcome = "polarization"
no_worse_than = "reference"
better = "lower"
margin = 0.01
[[constraint]]
segment = "age_band"
outcome = "value_90d"
no_worse_than = "reference"
margin = 0.25

[audit]
segments = ["age_band", "hour"]

[data]
log        = "decisions.jsonl"
id         = "id"
time       = "time_us"
as_of      = "2026-03-01"
version    = "policy"
unit       = "reader"
action     = "item"
propensity = "p"
propensities = "mu_*"
context    = ["age_band", "hour", "interest_*"]
outcomes   = ["late.jsonl"]
feedback   = ["comparisons.jsonl"]
estimand   = "one_decision"
reject_up_to = 0.0

[policy]
reference = "logging"
family    = "softmax"

[optimize]
signal    = "auto"
kl_budget = "auto"
)";

TEST(GoalFile, OfTheDesignIsReadInFull) {
  const Goal goal = parse_goal(kDesign);
  EXPECT_EQ(goal.path, "");
  EXPECT_EQ(goal.name, "newsfeed");
  EXPECT_EQ(goal.owner, "feed team");
  ASSERT_EQ(goal.maximize.size(), 2u);
  EXPECT_EQ(goal.maximize[0].outcome, "value_90d");
  EXPECT_EQ(goal.maximize[0].weight, 1.0);
  EXPECT_EQ(goal.maximize[1].outcome, "satisfied");
  EXPECT_EQ(goal.maximize[1].weight, 2.0);
  EXPECT_EQ(goal.minimum_effect, 0.25);
  EXPECT_EQ(goal.confidence, 0.95);
  EXPECT_FALSE(goal.proof_minimum);

  ASSERT_EQ(goal.outcomes.size(), 6u);  // in file order, though TOML's tables have none
  EXPECT_EQ(goal.outcomes[0].name, "value_90d");
  EXPECT_EQ(goal.outcomes[0].line, 10);
  EXPECT_EQ(goal.outcomes[0].kind, OutcomeKind::kAmount);
  EXPECT_EQ(goal.outcomes[0].observed_after_us, 90LL * 86400 * 1000000);
  EXPECT_TRUE(goal.outcomes[0].absent_is_zero);
  EXPECT_EQ(goal.outcomes[1].name, "satisfied");
  EXPECT_EQ(goal.outcomes[1].asked_column, "p_asked");
  EXPECT_FALSE(goal.outcomes[1].asked_rate.has_value());
  EXPECT_EQ(goal.outcomes[1].range_lower, 0.0);
  EXPECT_EQ(goal.outcomes[1].range_upper, 1.0);
  EXPECT_EQ(goal.outcomes[5].name, "polarization");
  ASSERT_NE(goal.outcome("complaint"), nullptr);
  EXPECT_EQ(goal.outcome("complaint")->column, "complained");
  EXPECT_EQ(goal.outcome("complaint")->asked_rate, 0.5);
  EXPECT_EQ(goal.outcome("click")->column, "click");
  EXPECT_EQ(goal.outcome("nothing"), nullptr);

  EXPECT_EQ(goal.proxies, (std::vector<std::string>{"click", "dwell"}));
  ASSERT_EQ(goal.constraints.size(), 3u);
  EXPECT_EQ(goal.constraints[0].at_most, 0.002);
  EXPECT_EQ(goal.constraints[0].margin, 0.0005);
  EXPECT_EQ(goal.constraints[1].id(), "polarization");
  EXPECT_TRUE(goal.constraints[1].no_worse_than_reference);
  EXPECT_FALSE(goal.constraints[1].higher_is_better);
  EXPECT_EQ(goal.constraints[2].id(), "value_90d by age_band");
  EXPECT_TRUE(goal.constraints[2].higher_is_better);
  EXPECT_EQ(goal.all_segments(), (std::vector<std::string>{"age_band", "hour"}));

  EXPECT_EQ(goal.data.propensity_column, "p");
  EXPECT_EQ(goal.data.propensities, "mu_*");
  EXPECT_EQ(goal.data.as_of, "2026-03-01");
  EXPECT_EQ(goal.data.outcome_files, (std::vector<std::string>{"late.jsonl"}));
  EXPECT_EQ(goal.data.feedback, (std::vector<std::string>{"comparisons.jsonl"}));
  EXPECT_EQ(goal.data.context.back(), "interest_*");
  EXPECT_FALSE(goal.kl_budget.has_value());
}

TEST(GoalFile, MayLeaveOutAllButMaximizeAndOneOutcome) {
  const Goal goal = parse_goal("goal.maximize = 'y'\noutcome.y.kind = 'number'\n");
  EXPECT_EQ(goal.maximize.at(0).outcome, "y");
  EXPECT_EQ(goal.confidence, 0.95);
  EXPECT_EQ(goal.reference, "logging");
  EXPECT_EQ(goal.family, "softmax");
  EXPECT_EQ(goal.signal, "auto");
}

TEST(GoalFile, TakesTheOtherFormsOfEveryKey) {
  const Goal goal = parse_goal(std::string(kSmall) + R"(
[[constraint]]
outcome = "mood"
no_worse_than = "reference"
better = "higher"
[[constraint]]
outcome = "click"
at_least = 0.1
[data]
propensity = { none = 0.3333, "mail a" = 0.3333, b = 0.3333 }
as_of = 2026-03-01T02:00:00+02:00
estimand = "deployed"
reject_up_to = 0.01
[policy]
reference = "constant:none"
family = "language_model"
[optimize]
signal = "goal"
kl_budget = 2
)");
  EXPECT_TRUE(goal.constraints[0].higher_is_better);
  EXPECT_TRUE(goal.constraints[1].higher_is_better);
  EXPECT_EQ(goal.data.propensity_by_arm.at("mail a"), 0.3333);
  EXPECT_EQ(goal.data.propensity_by_arm.size(), 3u);
  EXPECT_EQ(parse_time_us(goal.data.as_of, "", ""), parse_time_us("2026-03-01", "", ""));
  EXPECT_EQ(goal.data.estimand, Estimand::kDeployed);
  EXPECT_EQ(goal.kl_budget, 2.0);
  EXPECT_EQ(parse_goal(std::string(kSmall) + "[data]\npropensity = 0.5\n").data.propensity_number, 0.5);
  for (const std::string reference : {"uniform", "logging", "runs/policy.safetensors"}) {
    EXPECT_EQ(parse_goal(std::string(kSmall) + "[policy]\nreference = '" + reference + "'").reference,
              reference);
  }
}

TEST(GoalFile, AsksForATreeOfADepth) {
  const Goal goal = parse_goal(std::string(kSmall) + "[policy]\nfamily = 'tree'\ndepth = 3\n");
  EXPECT_EQ(goal.family, "tree");
  EXPECT_EQ(goal.tree_depth, 3);
  EXPECT_FALSE(parse_goal(std::string(kSmall) + "[policy]\nfamily = 'tree'\n").tree_depth.has_value());
  for (const std::string depth : {"0", "4", "1.5", "-1"}) {
    EXPECT_EQ(refusal_after_small("[policy]\nfamily = 'tree'\ndepth = " + depth + "\n"),
              "goal.toml:11: policy.depth: found " + depth + ", expected 1, 2 or 3");
  }
  EXPECT_EQ(refusal_after_small("[policy]\nfamily = 'tree'\ndepth = 'two'\n"),
            "goal.toml:11: policy.depth: found \"two\", expected 1, 2 or 3");
  EXPECT_EQ(
      refusal_after_small("[policy]\ndepth = 2\n"),
      "goal.toml:10: policy.depth: found a depth beside family = \"softmax\", expected family = \"tree\"");
}

TEST(GoalFile, SaysWhatForetellsOutcomes) {
  EXPECT_EQ(parse_goal(kSmall).outcome_models, Learner::kLinear);
  const Goal linear = parse_goal(std::string(kSmall) + "[policy]\noutcome_models = 'linear'\n");
  EXPECT_EQ(linear.outcome_models, Learner::kLinear);
  EXPECT_EQ(linear.hash, parse_goal(kSmall).hash);
  EXPECT_EQ(refusal_after_small("[policy]\noutcome_models = 'bosted'\n"),
            "goal.toml:10: policy.outcome_models: found \"bosted\", expected boosted (nearest)");
  const std::string boosted = "[policy]\noutcome_models = 'boosted'\n";
  if (!stats::can_boost()) {
    EXPECT_EQ(refusal_after_small(boosted),
              "goal.toml:10: policy.outcome_models: found \"boosted\" in a build without XGBoost, expected "
              "\"linear\", or a build that found XGBoost (the package libxgboost-dev)");
    return;
  }
  const Goal goal = parse_goal(std::string(kSmall) + boosted);
  EXPECT_EQ(goal.outcome_models, Learner::kBoosted);
  EXPECT_NE(goal.hash, linear.hash);
}

TEST(GoalFile, HoldsCostsAndABudget) {
  const Goal goal =
      parse_goal(std::string(kSmall) + "[policy]\ncosts = { \"mail a\" = 1, none = 0.0 }\nbudget = 0.2\n");
  EXPECT_EQ(goal.cost, (std::map<std::string, double>{{"mail a", 1}, {"none", 0}}));
  EXPECT_EQ(goal.budget, 0.2);
  EXPECT_EQ(
      parse_goal(std::string(kSmall) + "[policy]\nbudget = 1\n[policy.costs]\na = 1\nb = 2\n").cost.size(), 2u);
  EXPECT_NO_THROW(
      parse_goal(std::string(kSmall) + "[policy]\nfamily = 'tree'\ncosts = { a = 1, b = 0 }\nbudget = 0\n"));
}

TEST(GoalFile, RefusesCostsAndBudgetsThatCannotHold) {
  const auto policy = [](const std::string& lines) { return refusal_after_small("[policy]\n" + lines + "\n"); };
  EXPECT_EQ(policy("costs = { a = 1, b = -0.5 }\nbudget = 1"),
            "goal.toml:10: policy.costs.b: found -0.5, expected a number >= 0");
  EXPECT_EQ(policy("costs = { a = inf, b = 0 }\nbudget = 1"),
            "goal.toml:10: policy.costs.a: found inf, expected a number >= 0");
  EXPECT_EQ(policy("costs = { a = 'one', b = 0 }\nbudget = 1"),
            "goal.toml:10: policy.costs.a: found \"one\", expected a number >= 0");
  EXPECT_EQ(policy("costs = 1\nbudget = 1"),
            "goal.toml:10: policy.costs: found 1, expected one number an action, { mail = 1, none = 0 }");
  EXPECT_EQ(policy("costs = {}\nbudget = 1"),
            "goal.toml:10: policy.costs: found a table, expected one number an action, { mail = 1, none = 0 }");
  EXPECT_EQ(policy("costs = { a = 1, b = 0 }\nbudget = -1"),
            "goal.toml:11: policy.budget: found -1, expected a number >= 0");
  EXPECT_EQ(
      policy("costs = { a = 1, b = 0.5 }\nbudget = 0.25"),
      "goal.toml:11: policy.budget: found 0.25, expected at least 0.5, the cost of b, the cheapest action");
  EXPECT_EQ(
      policy("costs = { a = 1, b = 0 }"),
      "goal.toml:10: policy.costs: found costs without a budget, expected budget, the mean cost a decision "
      "at most (what an outcome costs belongs into maximize)");
  EXPECT_EQ(
      policy("budget = 0.2"),
      "goal.toml:10: policy.budget: found a budget without costs, expected costs = { ACTION = NUMBER, ... } "
      "beside it");
  EXPECT_EQ(
      policy("family = 'constant'\ncosts = { a = 1, b = 0 }\nbudget = 1"),
      "goal.toml:12: policy.budget: found a budget beside family = \"constant\", expected family = \"tree\", "
      "or none: who gets what is chosen by score and price");
  EXPECT_EQ(
      policy("costs = { a = 1, b = 0 }\nbudget = 1\n[proxies]\ncandidates = ['click']\n[optimize]\n"
             "signal = 'click'"),
      "goal.toml:15: optimize.signal: found \"click\" beside policy.budget, expected auto or goal: a budget "
      "is spent on the goal");
  EXPECT_EQ(policy("cost = { a = 1 }"),
            "goal.toml:10: policy.cost: found an unknown key, expected costs (nearest)");
}

TEST(GoalFile, AGuardSaysWhichWayIsBetterWhereNothingElseDoes) {
  const std::string guard = "[[constraint]]\noutcome = 'mood'\nno_worse_than = 'reference'\n";
  const std::string why =
      "goal.toml:9: constraint.better: found nothing, and goal.maximize does not say whether mood is better "
      "higher or lower, expected one of these two lines in this [[constraint]]:\nbetter = \"higher\"\nbetter = "
      "\"lower\"";
  EXPECT_EQ(refusal_after_small(guard), why);
  EXPECT_EQ(refusal_after_small(guard + "segment = 's'\n"), why);
  EXPECT_FALSE(parse_goal(std::string(kSmall) + guard + "better = 'lower'\n").constraints[0].higher_is_better);
  EXPECT_TRUE(parse_goal(std::string(kSmall) + guard + "better = 'higher'\n").constraints[0].higher_is_better);
  // A weight of zero wants neither.
  const std::string zero =
      "goal.maximize = 'y + 0 * mood'\noutcome.y.kind = 'number'\noutcome.mood.kind = 'rating'\n";
  EXPECT_THROW(parse_goal(zero + guard), Error);
}

TEST(GoalFile, APreferenceIsBetterWhenHigherWithoutSayingSo) {
  const Goal goal = parse_goal(
      "goal.maximize = 'y'\noutcome.y.kind = 'number'\noutcome.liked.kind = 'preference'\n"
      "data.feedback = ['f.jsonl']\n[[constraint]]\noutcome = 'liked'\nno_worse_than = 'reference'\n");
  EXPECT_TRUE(goal.constraints[0].higher_is_better);
}

TEST(GoalFile, MaximizedNegativelyIsBetterWhenLower) {
  const std::string text =
      "goal.maximize = 'y - 2 * cost'\noutcome.y.kind = 'number'\noutcome.cost.kind = 'amount'\n"
      "[[constraint]]\noutcome = 'cost'\nno_worse_than = 'reference'\n";
  EXPECT_FALSE(parse_goal(text).constraints[0].higher_is_better);
  EXPECT_EQ(refusal(text + "better = 'higher'"),
            "goal.toml:7: constraint.better: found \"higher\", expected \"lower\", as maximize says");
}

TEST(GoalFile, NamesLineKeyFoundAndExpectedForNumbersOutOfRange) {
  EXPECT_EQ(refusal_after_small("\n[[constraint]]\noutcome = 'click'\nat_most = -0.3\n"),
            "goal.toml:12: constraint.at_most: found -0.3, expected a number >= 0");
  EXPECT_EQ(refusal_after_small("[[constraint]]\noutcome = 'click'\nat_most = 2\n"),
            "goal.toml:11: constraint.at_most: found 2, expected a share in [0, 1], click is binary");
  EXPECT_EQ(refusal_after_small("[[constraint]]\noutcome = 'click'\nat_most = 0.1\nmargin = -1"),
            "goal.toml:12: constraint.margin: found -1, expected a number >= 0");
  EXPECT_EQ(refusal("[goal]\nmaximize = 'a'\nconfidence = 95\n"),
            "goal.toml:3: goal.confidence: found 95, expected a number in [0.5, 0.999]");
  EXPECT_EQ(refusal("[goal]\nmaximize = 'a'\nconfidence = 0.9999\n"),
            "goal.toml:3: goal.confidence: found 0.9999, expected a number in [0.5, 0.999]");
  EXPECT_EQ(refusal("[goal]\nmaximize = 'a'\nminimum_effect = -0.1\n"),
            "goal.toml:3: goal.minimum_effect: found -0.1, expected a number >= 0");
  EXPECT_EQ(refusal("[goal]\nmaximize = 'a'\nminimum_effect = nan\n"),
            "goal.toml:3: goal.minimum_effect: found nan, expected a number >= 0");
  EXPECT_EQ(refusal("[goal]\nmaximize = 'a'\nminimum_effect = '1'\n"),
            "goal.toml:3: goal.minimum_effect: found \"1\", expected a number >= 0");
  EXPECT_EQ(refusal_after_small("asked = 0\n"),
            "goal.toml:9: outcome.mood.asked: found 0, expected a number in (0, 1]");
  EXPECT_EQ(refusal_after_small("range = [1, 1]\n"),
            "goal.toml:9: outcome.mood.range: found [1, 1], expected lower < upper");
  EXPECT_EQ(refusal_after_small("range = [0, inf]\n"),
            "goal.toml:9: outcome.mood.range: found inf, expected two finite numbers, [lower, upper]");
  EXPECT_EQ(refusal_after_small("[optimize]\nkl_budget = 0\n"),
            "goal.toml:10: optimize.kl_budget: found 0, expected \"auto\" or a number of nats > 0");
  EXPECT_EQ(refusal_after_small("[data]\nreject_up_to = 1\n"),
            "goal.toml:10: data.reject_up_to: found 1, expected a share in [0, 1)");
}

TEST(GoalFile, RefusesPropensitiesThatAreNone) {
  EXPECT_EQ(refusal_after_small("[data]\npropensity = 1.2\n"),
            "goal.toml:10: data.propensity: found 1.2, expected a number in (0, 1]");
  EXPECT_EQ(refusal_after_small("[data.propensity]\na = 1.0\nb = 0.0\n"),
            "goal.toml:11: data.propensity.b: found 0, expected a number in (0, 1]");
  EXPECT_EQ(
      refusal_after_small("[data]\npropensity = {a = 0.5, b = 0.4}\n"),
      "goal.toml:10: data.propensity: found numbers that sum to 0.9, expected one number an arm that sum to 1 "
      "(within 0.001)");
  // At the edge of the tolerance: three times 0.333 is 0.999.
  EXPECT_NO_THROW(parse_goal(std::string(kSmall) + "[data]\npropensity = {a = 0.333, b = 0.333, c = 0.333}\n"));
  EXPECT_NE(refusal_after_small("[data]\npropensity = {a = 0.3329, b = 0.333, c = 0.333}\n"), "accepted");
}

TEST(GoalFile, NamesTheNearestKeyForOneThatIsUnknown) {
  EXPECT_EQ(refusal_after_small("\n[[constraint]]\noutcome = 'click'\nat_mots = 0.1\n"),
            "goal.toml:12: constraint.at_mots: found an unknown key, expected at_most (nearest)");
  EXPECT_EQ(refusal("[goal]\nmaximise = 'a'\n"),
            "goal.toml:2: goal.maximise: found an unknown key, expected maximize (nearest)");
  EXPECT_EQ(refusal("[goals]\nmaximize = 'a'\n"),
            "goal.toml:1: goals: found an unknown key, expected goal (nearest)");
  EXPECT_EQ(refusal_after_small("[proxies]\nxyz = 1\n"),
            "goal.toml:10: proxies.xyz: found an unknown key, expected candidates");
  EXPECT_EQ(refusal_after_small("kindly = 1\n"),
            "goal.toml:9: outcome.mood.kindly: found an unknown key, expected kind (nearest)");
}

TEST(GoalFile, NamesTheNearestOutcomeForOneThatIsUnknown) {
  EXPECT_EQ(refusal("[goal]\nmaximize = 'vale'\n[outcome.value]\nkind = 'amount'\n"),
            "goal.toml:2: goal.maximize: found the unknown outcome \"vale\", expected value (nearest)");
  EXPECT_EQ(refusal_after_small("[proxies]\ncandidates = ['click',\n 'clik']\n"),
            "goal.toml:11: proxies.candidates: found the unknown outcome \"clik\", expected click (nearest)");
  EXPECT_EQ(
      refusal_after_small("[[constraint]]\noutcome = 'temperature'\nat_most = 1\n"),
      "goal.toml:10: constraint.outcome: found the unknown outcome \"temperature\", expected one of value, "
      "click, mood");
  EXPECT_EQ(refusal_after_small("[optimize]\nsignal = 'click'\n"),
            "goal.toml:10: optimize.signal: found \"click\", expected one of auto, goal, index");
}

TEST(GoalFile, WantsExactlyOneLimitAConstraint) {
  EXPECT_EQ(
      refusal_after_small("[[constraint]]\noutcome = 'click'\n"),
      "goal.toml:9: constraint: found no limit, expected exactly one of at_most, at_least, no_worse_than");
  EXPECT_EQ(
      refusal_after_small("[[constraint]]\noutcome = 'click'\nat_most = 1\nno_worse_than = 'reference'\n"),
      "goal.toml:9: constraint: found 2 limits, expected exactly one of at_most, at_least, no_worse_than");
  EXPECT_EQ(refusal_after_small("[[constraint]]\noutcome = 'click'\nno_worse_than = 'today'\n"),
            "goal.toml:11: constraint.no_worse_than: found \"today\", expected reference");
  EXPECT_EQ(refusal_after_small("[constraint]\noutcome = 'click'\nat_most = 1\n"),
            "goal.toml:9: constraint: found a table, expected tables [[constraint]]");
  EXPECT_EQ(
      refusal_after_small("[[constraint]]\noutcome = 'click'\nat_most = 1\n[[constraint]]\noutcome = 'click'\n"
                          "at_least = 0.5\n"),
      "goal.toml:13: constraint: found a second constraint on click, expected one, as in line 9");
}

TEST(GoalFile, RefusesOutcomesAmongWhatIsKnownWhenChoosing) {
  EXPECT_EQ(
      refusal_after_small("[data]\ncontext = ['age', 'click']\n"),
      "goal.toml:10: data.context: found \"click\", which holds the outcome click, expected columns that are "
      "known when choosing");
  EXPECT_EQ(refusal_after_small("column = 'interest_mood'\n[data]\ncontext = ['interest_*']\n"),
            "goal.toml:11: data.context: found \"interest_*\", which holds the outcome mood, expected columns "
            "that are "
            "known when choosing");
  EXPECT_EQ(refusal_after_small("[audit]\nsegments = ['click']\n"),
            "goal.toml:10: segment: found \"click\", which is an outcome, expected a column that is known when "
            "choosing");
  EXPECT_EQ(
      refusal_after_small("[data]\naction = 'arm'\ncontext = ['arm']\n"),
      "goal.toml:11: data.context: found \"arm\", which is the action, expected columns that are known when "
      "choosing");
  EXPECT_EQ(refusal_after_small("[data]\nunit = 'click'\n"),
            "goal.toml:10: data.unit: found \"click\", which is the column of the outcome click, expected a "
            "column of "
            "its own");
}

TEST(GoalFile, RefusesNamesThatAreGivenTwice) {
  EXPECT_EQ(refusal_after_small("[proxies]\ncandidates = ['click', 'click']\n"),
            "goal.toml:10: proxies.candidates: found \"click\" twice, expected each name once");
  EXPECT_NE(refusal_after_small("[outcome.click]\nkind = 'binary'\n").find("goal.toml:9: TOML: found"),
            std::string::npos);
}

TEST(GoalFile, RefusesWhatIsNoTomlWithTheLine) {
  const std::string unfinished = refusal("[goal]\nname = 'x'\nmaximize = \n");
  EXPECT_EQ(unfinished.find("goal.toml:3: TOML: found "), 0u) << unfinished;
  EXPECT_NE(unfinished.find("expected valid TOML"), std::string::npos) << unfinished;
  EXPECT_EQ(refusal(""), "goal.toml: goal: found an empty file, expected a [goal] table with maximize");
  EXPECT_EQ(refusal("# nothing\n"), "goal.toml: goal: found nothing, expected a [goal] table with maximize");
  EXPECT_EQ(refusal("[goal]\nname = 'a'\n[outcome.a]\nkind = 'binary'\n"),
            "goal.toml:1: goal.maximize: found nothing, expected an outcome, or a weighted sum of outcomes");
  EXPECT_EQ(refusal("[goal]\nmaximize = 'a'\n"),
            "goal.toml: outcome: found nothing, expected at least one table [outcome.NAME]");
  EXPECT_EQ(refusal("goal = 3"), "goal.toml:1: goal: found 3, expected a table");
}

TEST(GoalFile, RefusesTextThatIsMadeToOverflowAParser) {
  std::string parts;
  for (int i = 0; i < 50000; ++i) parts += "a.";
  EXPECT_EQ(refusal("\n" + parts + "a = 1\n"),
            "goal.toml:2: TOML: found a key of very many parts, expected at most 8");
  EXPECT_NE(refusal("a = " + std::string(100000, '[')).find("goal.toml:1: TOML: found"), std::string::npos);
  EXPECT_NE(refusal("[\n").find("goal.toml:1: TOML: found"), std::string::npos);  // an assertion of the library
}

TEST(GoalFile, RefusesBytesThatAreNotUtf8WithTheLine) {
  const std::string expected_tail = ", which is not UTF-8, expected a file in UTF-8";
  EXPECT_EQ(refusal("[goal]\nname = '\xe4'\n"), "goal.toml:2: text: found the byte 0xe4" + expected_tail);
  EXPECT_EQ(refusal("# \xc0\xaf\n"), "goal.toml:1: text: found the byte 0xc0" + expected_tail);  // overlong
  EXPECT_EQ(refusal("# \xed\xa0\x80\n"),
            "goal.toml:1: text: found the byte 0xed" + expected_tail);  // surrogate
  EXPECT_EQ(refusal("# \xf4\x90\x80\x80\n"),
            "goal.toml:1: text: found the byte 0xf4" + expected_tail);                             // too large
  EXPECT_EQ(refusal("\n\n# \xe2\x82"), "goal.toml:3: text: found the byte 0xe2" + expected_tail);  // cut off
  EXPECT_NO_THROW(
      parse_goal(std::string(kSmall) + "# \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbd\n"));
}

TEST(GoalFile, KeepsEveryCharacterInsideQuotes) {
  const std::string umlaut = "\xc3\xa4", euro = "\xe2\x82\xac", smile = "\xf0\x9f\x98\x80";
  std::string text = "\xef\xbb\xbfgoal.maximize = \"" + umlaut + " - 2*b\" # " + smile + "\n";
  text += "outcome.'" + umlaut + "'.kind = 'count'\noutcome.\"b\".kind = 'count'\n";
  text += "goal.name = \"\\\"" + euro + "\\\\" + smile + "\"\n";
  text += "goal.intent = \"\"\"\n\"" + umlaut + "\"\"#\\\n   " + euro + "\"\"\"\"\"\n";
  text += "goal.owner = '''" + smile + "\\''''\n";
  const Goal goal = parse_goal(text);
  EXPECT_EQ(goal.maximize.at(0).outcome, umlaut);
  EXPECT_EQ(goal.outcomes.at(0).name, umlaut);
  EXPECT_EQ(goal.name, "\"" + euro + "\\" + smile);
  EXPECT_EQ(goal.intent, "\"" + umlaut + "\"\"#" + euro + "\"\"");
  EXPECT_EQ(goal.owner, smile + "\\'");
  EXPECT_EQ(refusal("goal.name = 'x'\ngoal." + umlaut + " = 3\n"),
            "goal.toml:2: TOML: found the character \"" + umlaut +
                "\" outside of quotes, expected such characters in strings and comments only");
}

TEST(GoalFile, RefusesOtherTypesAndWords) {
  EXPECT_EQ(refusal("[goal]\nmaximize = 3\n"),
            "goal.toml:2: goal.maximize: found 3, expected a text in quotes that is not empty");
  EXPECT_EQ(refusal("goal.maximize = 'a'\n[outcome.a]\nkind = 'binry'\n"),
            "goal.toml:3: outcome.a.kind: found \"binry\", expected binary (nearest)");
  EXPECT_EQ(refusal("goal.maximize = 'a'\n[outcome.a]\nabsent = 'zero'\n"),
            "goal.toml:2: outcome.a.kind: found nothing, expected one of binary, rating, count, amount, "
            "number, preference");
  EXPECT_EQ(refusal("goal.maximize = 'a'\n[outcome.a-b]\nkind = 'binary'\n"),
            "goal.toml:2: outcome.a-b: found \"a-b\", expected a name of letters, digits and _ (`column` may "
            "say what "
            "the log calls it)");
  EXPECT_EQ(
      refusal_after_small("observed_after = 'soon'\n"),
      "goal.toml:9: outcome.mood.observed_after: found \"soon\", expected a duration such as \"90d\", \"12h\", "
      "\"30m\" or \"45s\"");
  EXPECT_EQ(refusal_after_small("[data]\ncontext = 'age'\n"),
            "goal.toml:10: data.context: found \"age\", expected an array of texts, [\"a\", \"b\"]");
  EXPECT_EQ(refusal_after_small("[data]\ncontext = ['a*b']\n"),
            "goal.toml:10: data.context: found \"a*b\", expected a column name, or a prefix that ends in *");
  EXPECT_EQ(refusal_after_small("[policy]\nreference = 'loging'\n"),
            "goal.toml:10: policy.reference: found \"loging\", expected logging, uniform, constant:ACTION or a "
            "policy "
            "file");
  EXPECT_EQ(
      refusal_after_small("[policy]\nreference = 'constant:'\n"),
      "goal.toml:10: policy.reference: found \"constant:\", expected logging, uniform, constant:ACTION or a "
      "policy file");
}

TEST(GoalHash, DoesNotCountOrderOfKeysCommentsSpacesAndPath) {
  const std::string reordered = R"(# the same goal
outcome.mood.kind   = 'number'   # last before
[outcome.click]
kind = "binary"
asked = 1.0
[outcome.value]
kind="amount"
column = "value"
[goal]
confidence = 0.95
maximize = "  1.0 *value "
)";
  const std::string plain = std::string(kSmall) + "";
  const Goal a = parse_goal(plain), b = parse_goal(plain, "elsewhere/other.toml");
  EXPECT_EQ(a.hash, b.hash);
  std::string without_asked = reordered;
  without_asked.erase(without_asked.find("asked = 1.0\n"), 12);
  EXPECT_EQ(a.hash, parse_goal(without_asked).hash);
  EXPECT_NE(a.hash, parse_goal(reordered).hash);  // asked = 1 is said, not left open
  EXPECT_EQ(parse_goal("goal.maximize='a+2*b'\noutcome.a.kind='count'\noutcome.b.kind='count'").hash,
            parse_goal("goal.maximize='b*2.0 + a'\noutcome.b.kind='count'\noutcome.a.kind='count'").hash);
}

// Locks and policies in use carry it: a goal file that uses none of the newer keys keeps its hash.
TEST(GoalHash, OfAFileStaysWhatItWas) {
  EXPECT_EQ(hex(hash_after_small("[data]\naction = \"a\"\npropensity = 0.5\n")), "109ec5e05645a690");
}

TEST(GoalHash, CountsEveryMeaning) {
  const std::vector<std::string> lines = {
      "",
      "range = [0, 1]",
      "range = [0, 2]",
      "asked = 0.5",
      "asked = 'half'",
      "absent = 'zero'",
      "observed_after = '1d'",
      "observed_after = '2d'",
      "column = 'm'",
      "[proxies]\ncandidates = ['click']",
      "[proxies]\ncandidates = ['click', 'mood']",
      "[audit]\nsegments = ['s']",
      "[audit]\nsegments = ['s', 't']",
      "[[constraint]]\noutcome = 'mood'\nat_most = 1",
      "[[constraint]]\noutcome = 'mood'\nat_least = 1",
      "[[constraint]]\noutcome = 'mood'\nat_most = 1\nmargin = 0.1",
      "[[constraint]]\noutcome = 'mood'\nat_most = 1\nsegment = 's'",
      "[[constraint]]\noutcome = 'mood'\nno_worse_than = 'reference'\nbetter = 'lower'",
      "[[constraint]]\noutcome = 'mood'\nno_worse_than = 'reference'\nbetter = 'higher'",
      "[data]\nlog = 'a.csv'",
      "[data]\nid = 'a.csv'",
      "[data]\nas_of = '2026-03-01'",
      "[data]\npropensity = 0.5",
      "[data]\npropensity = 'p'",
      "[data]\npropensity = {a = 0.5, b = 0.5}",
      "[data]\npropensity = {a = 0.4, b = 0.6}",
      "[data]\ncontext = ['a']",
      "[data]\noutcomes = ['a']",
      "[data]\nfeedback = ['a']",
      "[data]\nestimand = 'deployed'",
      "[data]\nreject_up_to = 0.1",
      "[policy]\nreference = 'uniform'",
      "[policy]\nfamily = 'tree'",
      "[policy]\nfamily = 'tree'\ndepth = 1",
      "[policy]\nfamily = 'tree'\ndepth = 2",
      "[policy]\ncosts = {a = 1, b = 0}\nbudget = 0.2",
      "[policy]\ncosts = {a = 2, b = 0}\nbudget = 0.2",
      "[policy]\ncosts = {a = 1, b = 0}\nbudget = 0.3",
      "[policy]\ncosts = {a = 1, c = 0}\nbudget = 0.2",
      "[optimize]\nsignal = 'goal'",
      "[optimize]\nkl_budget = 1",
  };
  std::map<std::uint64_t, std::string> seen;
  for (const std::string& line : lines) {
    const auto [place, fresh] = seen.emplace(hash_after_small(line), line);
    EXPECT_TRUE(fresh) << line << " hashes like " << place->second;
  }
  EXPECT_EQ(hash_after_small("[data]\nas_of = '2026-03-01'"), hash_after_small("[data]\nas_of = 2026-03-01"));
}

// Outcomes that are learnt: appended to kSmall, whose three outcomes the log holds.
constexpr std::string_view kIndex =
    "[outcome.index]\nkind = 'amount'\nmodel = 'surrogate_index'\nof = 'value'\nfrom = ['click', 'mood']\n";
constexpr std::string_view kLifetime =
    "[outcome.clv]\nkind = 'amount'\nmodel = 'bg_nbd'\ntransactions = 't.csv'\nhorizon = '365d'\n";
constexpr std::string_view kWhoAndWhen = "[data]\nunit = 'customer'\ntime = 'at'\n";

std::string changed(std::string_view text, const std::string& from, const std::string& to) {
  std::string out(text);
  const std::size_t at = out.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return out.replace(at, from.size(), to);
}

TEST(GoalFile, StatesOutcomesThatAreLearnt) {
  const Goal goal =
      parse_goal(std::string(kSmall) + std::string(kIndex) + std::string(kLifetime) + std::string(kWhoAndWhen));
  const OutcomeSpec& index = *goal.outcome("index");
  EXPECT_EQ(index.model, "surrogate_index");
  EXPECT_EQ(index.of, "value");
  EXPECT_EQ(index.surrogates, (std::vector<std::string>{"click", "mood"}));
  const OutcomeSpec& clv = *goal.outcome("clv");
  EXPECT_EQ(clv.model, "bg_nbd");
  EXPECT_EQ(clv.transactions, "t.csv");
  EXPECT_EQ(clv.horizon_us, 365LL * 86400 * 1000000);
  EXPECT_EQ(clv.customer + clv.date + clv.amount, "");  // found by name
  const Goal named = parse_goal(std::string(kSmall) +
                                changed(kLifetime, "horizon",
                                        "customer = 'who'\ndate = 'when'\namount = 'paid'\n"
                                        "horizon") +
                                std::string(kWhoAndWhen));
  EXPECT_EQ(named.outcome("clv")->customer, "who");
  EXPECT_EQ(named.outcome("clv")->date, "when");
  EXPECT_EQ(named.outcome("clv")->amount, "paid");
  EXPECT_EQ(goal.without_preference().outcomes.size(), 3u);  // what a log can hold
  std::map<std::uint64_t, std::string> seen;
  for (const std::string& lines :
       {std::string(), std::string(kIndex), changed(kIndex, "['click', 'mood']", "['click']"),
        changed(changed(kIndex, "'value'", "'mood'"), "['click', 'mood']", "['click']")}) {
    EXPECT_TRUE(seen.emplace(hash_after_small(lines), lines).second) << lines;
  }
  for (const std::string& lines :
       {std::string(kLifetime), changed(kLifetime, "365d", "366d"), changed(kLifetime, "t.csv", "u.csv"),
        changed(kLifetime, "horizon", "customer = 'who'\nhorizon"),
        changed(kLifetime, "horizon", "date = 'who'\nhorizon"),
        changed(kLifetime, "horizon", "amount = 'who'\nhorizon")}) {
    EXPECT_TRUE(seen.emplace(hash_after_small(lines + std::string(kWhoAndWhen)), lines).second) << lines;
  }
}

TEST(GoalFile, RefusesLearntOutcomesThatCannotBeLearnt) {
  const auto index = [](const std::string& from, const std::string& to) {
    return refusal_after_small(changed(kIndex, from, to));
  };
  EXPECT_EQ(index("'surrogate_index'", "'surrogate_indx'"),
            "goal.toml:11: outcome.index.model: found \"surrogate_indx\", expected surrogate_index (nearest)");
  EXPECT_EQ(index("of = 'value'", "of = 'valu'"),
            "goal.toml:12: outcome.index.of: found the unknown outcome \"valu\", expected value (nearest)");
  EXPECT_EQ(
      index("of = 'value'\n", ""),
      "goal.toml:9: outcome.index.of: found nothing, expected the late outcome that the index stands for");
  EXPECT_EQ(index("['click', 'mood']", "['click', 'value']"),
            "goal.toml:13: outcome.index.from: found \"value\", which is what the index stands for, expected "
            "outcomes "
            "that come before it");
  EXPECT_EQ(
      index("['click', 'mood']", "['index']"),
      "goal.toml:13: outcome.index.from: found \"index\", which is learnt itself, expected an outcome that the "
      "log holds");
  EXPECT_EQ(index("from = ['click', 'mood']\n", ""),
            "goal.toml:9: outcome.index.from: found nothing, expected early outcomes, [\"click\", \"visit\"]");
  EXPECT_EQ(index("'amount'", "'binary'"),
            "goal.toml:10: outcome.index.kind: found \"binary\", expected amount or number: an index is an "
            "expectation");
  EXPECT_EQ(
      index("of = 'value'", "of = 'value'\nobserved_after = '1d'"),
      "goal.toml:13: outcome.index.observed_after: found a key of outcomes that a log holds, expected none "
      "beside model");
  EXPECT_EQ(index("of = 'value'", "of = 'value'\nhorizon = '1d'"),
            "goal.toml:13: outcome.index.horizon: found a key of another model, expected of, from and "
            "surrogacy beside \"surrogate_index\"");
  EXPECT_EQ(
      index("model = 'surrogate_index'\n", ""),
      "goal.toml:11: outcome.index.of: found a key of outcomes that are learnt, expected model beside it");
  const auto lifetime = [](const std::string& from, const std::string& to) {
    return refusal_after_small(changed(kLifetime, from, to) + std::string(kWhoAndWhen));
  };
  EXPECT_EQ(lifetime("transactions = 't.csv'\n", ""),
            "goal.toml:9: outcome.clv.transactions: found nothing, expected a file of transactions");
  EXPECT_EQ(lifetime("horizon = '365d'\n", ""),
            "goal.toml:9: outcome.clv.horizon: found nothing, expected how far ahead, \"365d\"");
  EXPECT_EQ(lifetime("365d", "0d"),
            "goal.toml:13: outcome.clv.horizon: found \"0d\", expected a time > 0, \"365d\"");
  EXPECT_EQ(lifetime("horizon", "date = ''\nhorizon"),
            "goal.toml:13: outcome.clv.date: found \"\", expected a text in quotes that is not empty");
  EXPECT_EQ(
      lifetime("horizon", "date = 'd'\namount = 'd'\nhorizon"),
      "goal.toml:12: outcome.clv.transactions: found column \"d\" named twice, expected a column each for "
      "customer, date and amount");
  EXPECT_EQ(index("of = 'value'", "of = 'value'\ndate = 'd'"),
            "goal.toml:13: outcome.index.date: found a key of another model, expected of, from and "
            "surrogacy beside \"surrogate_index\"");
  EXPECT_EQ(
      refusal_after_small(std::string(kLifetime) + "[data]\ntime = 'at'\n"),
      "goal.toml:11: outcome.clv.model: found \"bg_nbd\" without data.unit, expected unit in [data]: whose "
      "transactions they are");
  EXPECT_EQ(
      refusal_after_small(std::string(kLifetime) + "[data]\nunit = 'u'\n"),
      "goal.toml:11: outcome.clv.model: found \"bg_nbd\" without data.time, expected time in [data]: what was "
      "bought after the decision counts");
}

TEST(GoalFile, StatesWhatIsMissingAtRandomAndWhatIsMadeAfterTheChoice) {
  const Goal goal = parse_goal(std::string(kSmall) + R"([outcome.mood2]
kind = "number"
missing = "at_random"
[data]
after_action = ["opened", "sess_*"]
decimal = ","
)");
  EXPECT_TRUE(goal.outcome("mood2")->missing_at_random);
  EXPECT_FALSE(goal.outcome("mood")->missing_at_random);
  EXPECT_EQ(goal.data.after_action, (std::vector<std::string>{"opened", "sess_*"}));
  EXPECT_EQ(goal.data.decimal, ',');
  EXPECT_EQ(parse_goal(kSmall).data.decimal, '.');
  const std::uint64_t plain = hash_after_small("[data]\nlog = 'l'\n");
  EXPECT_NE(hash_after_small("[data]\nlog = 'l'\nafter_action = ['opened']\n"), plain);
  EXPECT_NE(hash_after_small("[data]\nlog = 'l'\ndecimal = ','\n"), plain);
  EXPECT_EQ(hash_after_small("[data]\nlog = 'l'\ndecimal = '.'\n"), plain);
}

TEST(GoalFile, RefusesContradictionsAboutWhatIsMissingOrMadeAfterTheChoice) {
  EXPECT_EQ(
      refusal_after_small("[outcome.m]\nkind = 'number'\nasked = 0.5\nmissing = 'at_random'\n"),
      "goal.toml:12: outcome.m.missing: found \"at_random\", expected none beside asked: who was asked is "
      "known then");
  EXPECT_EQ(refusal_after_small("[outcome.m]\nkind = 'number'\nabsent = 'zero'\nmissing = 'at_random'\n"),
            "goal.toml:12: outcome.m.missing: found \"at_random\", expected none beside absent = \"zero\": "
            "nothing is missing then");
  EXPECT_EQ(refusal_after_small("[data]\ncontext = ['age', 'sess_open']\nafter_action = ['sess_*']\n"),
            "goal.toml:10: data.context: found \"sess_open\", which data.after_action says is made after the "
            "choice, expected columns that are known when choosing");
}

}  // namespace
}  // namespace plumb
