// The goal file, table by table. Each function reads one table and knows all its keys; what concerns several
// tables is in check.cc.
#include "goal/parse.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "goal/expression.h"
#include "goal/keys.h"
#include "goal/section.h"
#include "stats/boosted_trees.h"

namespace plumb {

namespace {

bool is_share(double value) { return value > 0 && value <= 1; }
constexpr std::string_view kShare = "a number in (0, 1]";
bool not_negative(double value) { return value >= 0; }
constexpr std::string_view kNotNegative = "a number >= 0";

void read_goal_table(const Section& table, Goal& goal) {
  goal.name = table.text("name").value_or("");
  goal.intent = table.text("intent").value_or("");
  goal.unit = table.text("unit").value_or("");
  goal.owner = table.text("owner").value_or("");
  const std::optional<std::string> maximize = table.text("maximize");
  if (!maximize) table.refuse_value("maximize", "an outcome, or a weighted sum of outcomes");
  goal.maximize_text = *maximize;
  goal.maximize = parse_maximize(*maximize, table.where("maximize"), table.name("maximize"));
  goal.minimum_effect = table.number("minimum_effect", kNotNegative, not_negative).value_or(0);
  goal.confidence =
      table.number("confidence", "a number in [0.5, 0.999]", [](double c) { return c >= 0.5 && c <= 0.999; })
          .value_or(0.95);
  goal.proof_minimum = table.choice("proof", {"minimum"}).has_value();
}

// What values of a kind can be at all; a range that says otherwise is a mistake.
bool fits_kind(OutcomeKind kind, double lower, double upper) {
  if (kind == OutcomeKind::kBinary) return lower >= 0 && upper <= 1;
  if (kind == OutcomeKind::kCount || kind == OutcomeKind::kAmount) return lower >= 0;
  return true;
}

void read_range(const Section& table, OutcomeSpec& spec) {
  const TomlValue* range = table.at("range");
  if (range == nullptr) return;
  const bool is_pair = range->kind == TomlValue::Kind::kArray && range->items.size() == 2;
  if (!is_pair) table.refuse_value("range", "two numbers, [lower, upper]");
  for (const TomlValue& end : range->items) {
    if (end.kind != TomlValue::Kind::kNumber || !std::isfinite(end.number)) {
      refuse(table.where("range"), table.name("range"), describe(end), "two finite numbers, [lower, upper]");
    }
  }
  const double lower = range->items[0].number, upper = range->items[1].number;
  if (!(lower < upper) || !fits_kind(spec.kind, lower, upper)) {
    refuse(table.where("range"), table.name("range"), fmt::format("[{}, {}]", lower, upper),
           lower < upper ? fmt::format("a range that a {} outcome can have", name_of(spec.kind))
                         : "lower < upper");
  }
  spec.range_lower = lower;
  spec.range_upper = upper;
}

// Keys of a lifetime value beside `model`, as messages name them.
constexpr std::array<const char*, 5> kLifetimeKeys = {"transactions", "horizon", "customer", "date", "amount"};

// An outcome that stands in no column: what it is learnt from. REQUIRES: model was given.
void read_learnt(const Section& table, OutcomeSpec& spec) {
  const std::optional<std::string> model = table.choice("model", {"bg_nbd", "surrogate_index"});
  spec.model = *model;
  const bool index = spec.model == "surrogate_index";
  if (spec.kind != OutcomeKind::kAmount && !(index && spec.kind == OutcomeKind::kNumber)) {
    table.refuse_value("kind", index ? "amount or number: an index is an expectation" : "amount: it is money");
  }
  for (const char* key : {"observed_after", "asked", "missing", "column"}) {
    if (table.at(key) != nullptr)
      refuse(table.where(key), table.name(key), "a key of outcomes that a log holds", "none beside model");
  }
  std::vector<const char*> foreign = {"of", "from", "surrogacy"};
  if (index) {
    foreign.assign(kLifetimeKeys.begin(), kLifetimeKeys.end());
    foreign.push_back("absent");
  }
  for (const char* key : foreign) {
    if (table.at(key) != nullptr)
      refuse(table.where(key), table.name(key), "a key of another model",
             index ? "of, from and surrogacy beside \"surrogate_index\""
                   : fmt::format("{} beside \"bg_nbd\"", fmt::join(kLifetimeKeys, ", ")));
  }
  if (index) {
    const std::optional<std::string> of = table.text("of");
    if (!of) table.refuse_value("of", "the late outcome that the index stands for");
    spec.of = *of;
    spec.surrogates = table.texts("from");
    if (spec.surrogates.empty()) table.refuse_value("from", "early outcomes, [\"click\", \"visit\"]");
    spec.surrogacy_assumed = table.choice("surrogacy", {"assumed"}).has_value();
    return;
  }
  const std::optional<std::string> transactions = table.text("transactions"), horizon = table.text("horizon");
  if (!transactions) table.refuse_value("transactions", "a file of transactions");
  if (!horizon) table.refuse_value("horizon", "how far ahead, \"365d\"");
  spec.transactions = *transactions;
  for (const auto& [key, column] : {std::pair("customer", &spec.customer), std::pair("date", &spec.date),
                                    std::pair("amount", &spec.amount)}) {
    *column = table.text(key).value_or("");
  }
  for (const auto& [a, b] : {std::pair(&spec.customer, &spec.date), std::pair(&spec.customer, &spec.amount),
                             std::pair(&spec.date, &spec.amount)}) {
    if (!a->empty() && *a == *b)
      refuse(table.where("transactions"), table.name("transactions"), "column " + quoted(*a) + " named twice",
             "a column each for customer, date and amount");
  }
  spec.horizon_us = parse_duration_us(*horizon, table.where("horizon"), table.name("horizon"));
  if (*spec.horizon_us <= 0) table.refuse_value("horizon", "a time > 0, \"365d\"");
}

OutcomeSpec read_outcome(const std::string& path, const TomlMember& member) {
  const std::string title = "outcome." + member.key;
  if (!is_outcome_name(member.key)) {
    refuse(fmt::format("{}:{}", path, member.line), title, quoted(member.key),
           "a name of letters, digits and _ (`column` may say what the log calls it)");
  }
  const Section table(path, title, member.value, known_keys("outcome"));
  OutcomeSpec spec;
  spec.name = member.key;
  spec.line = member.line;
  const std::vector<std::string> kinds = {"binary", "rating", "count", "amount", "number", "preference"};
  const std::optional<std::string> kind = table.choice("kind", kinds);
  if (!kind) table.refuse_value("kind", fmt::format("one of {}", fmt::join(kinds, ", ")));
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (*kind == kinds[i]) spec.kind = static_cast<OutcomeKind>(i);
  }
  PLUMB_ASSERT(name_of(spec.kind) == *kind);
  if (spec.kind == OutcomeKind::kPreference) {
    for (const char* key : {"observed_after", "absent", "asked", "missing", "range", "column", "model"}) {
      if (table.at(key) == nullptr) continue;
      refuse(table.where(key), table.name(key), "a key of outcomes that a log holds",
             "kind alone: a preference is learnt from [data] feedback");
    }
  }
  if (const TomlValue* careless = table.at("careless_at_most"); careless != nullptr) {
    const char* expected = "a number from 0 to 0.5";
    if (spec.kind != OutcomeKind::kPreference)
      refuse(table.where("careless_at_most"), table.name("careless_at_most"), "a key of what people prefer",
             "kind = \"preference\" beside it");
    spec.careless_at_most =
        table.number("careless_at_most", expected, [](double x) { return x >= 0 && x <= 0.5; });
  }
  if (const auto after = table.text("observed_after")) {
    spec.observed_after_us =
        parse_duration_us(*after, table.where("observed_after"), table.name("observed_after"));
  }
  spec.absent_is_zero = table.choice("absent", {"zero", "missing"}).value_or("missing") == "zero";
  if (const TomlValue* asked = table.at("asked"); asked != nullptr) {
    if (asked->kind == TomlValue::Kind::kText && !asked->text.empty()) {
      spec.asked_column = asked->text;
    } else if (asked->kind == TomlValue::Kind::kNumber) {
      spec.asked_rate = table.number("asked", kShare, is_share);
    } else {
      table.refuse_value("asked", "a column name or a number in (0, 1]");
    }
  }
  spec.missing_at_random = table.choice("missing", {"at_random"}).has_value();
  if (spec.missing_at_random && table.at("asked") != nullptr)
    table.refuse_value("missing", "none beside asked: who was asked is known then");
  if (spec.missing_at_random && spec.absent_is_zero)
    table.refuse_value("missing", "none beside absent = \"zero\": nothing is missing then");
  read_range(table, spec);
  if (table.at("model") != nullptr) {
    read_learnt(table, spec);
    return spec;
  }
  for (const char* key : {"transactions", "horizon", "customer", "date", "amount", "of", "from", "surrogacy"}) {
    if (table.at(key) != nullptr)
      refuse(table.where(key), table.name(key), "a key of outcomes that are learnt", "model beside it");
  }
  spec.column = table.text("column").value_or(spec.name);
  return spec;
}

ConstraintSpec read_constraint(const std::string& path, const TomlValue& value) {
  const Section table(path, "constraint", value, known_keys("constraint"));
  ConstraintSpec spec;
  spec.line = value.line;
  const std::optional<std::string> outcome = table.text("outcome");
  if (!outcome) table.refuse_value("outcome", "the name of an outcome");
  spec.outcome = *outcome;
  const auto any = [](double) { return true; };
  spec.at_most = table.number("at_most", "a finite number", any);
  spec.at_least = table.number("at_least", "a finite number", any);
  spec.no_worse_than_reference = table.choice("no_worse_than", {"reference"}).has_value();
  const int given = spec.at_most.has_value() + spec.at_least.has_value() + spec.no_worse_than_reference;
  if (given != 1) {
    refuse(fmt::format("{}:{}", path, spec.line), "constraint",
           given == 0 ? "no limit" : fmt::format("{} limits", given),
           "exactly one of at_most, at_least, no_worse_than");
  }
  spec.segment = table.text("segment").value_or("");
  spec.margin = table.number("margin", kNotNegative, not_negative).value_or(0);
  const std::optional<std::string> better = table.choice("better", {"higher", "lower"});
  if (better && !spec.no_worse_than_reference) {
    table.refuse_value("better", "better only beside no_worse_than: at_most and at_least say it themselves");
  }
  spec.higher_is_better = spec.at_least.has_value() || better.value_or("") == "higher";
  return spec;
}

void read_propensity(const std::string& path, const Section& table, DataSpec& data) {
  const TomlValue* value = table.at("propensity");
  if (value == nullptr) return;
  if (value->kind == TomlValue::Kind::kText && !value->text.empty()) {
    data.propensity_column = value->text;
  } else if (value->kind == TomlValue::Kind::kNumber) {
    data.propensity_number = table.number("propensity", kShare, is_share);
  } else if (value->kind == TomlValue::Kind::kTable && !value->members.empty()) {
    std::vector<std::string> arms;
    for (const TomlMember& arm : value->members) arms.push_back(arm.key);
    const Section by_arm(path, table.name("propensity"), *value, arms);
    double sum = 0;
    for (const std::string& arm : arms) {
      const double share = *by_arm.number(arm, kShare, is_share);
      data.propensity_by_arm[arm] = share;
      sum += share;
    }
    // Thirds are written as 0.3333; the hair above 1e-3 is for the rounding of the sum itself.
    if (std::abs(sum - 1) > 1e-3 + 1e-12) {
      refuse(table.where("propensity"), table.name("propensity"),
             fmt::format("numbers that sum to {:.6g}", sum), "one number an arm that sum to 1 (within 0.001)");
    }
  } else {
    table.refuse_value("propensity", "a column name, a number in (0, 1], or one number an arm");
  }
}

void read_data(const std::string& path, const Section& table, DataSpec& data) {
  data.log = table.text("log").value_or("");
  data.id = table.text("id").value_or("");
  data.time = table.text("time").value_or("");
  data.version = table.text("version").value_or("");
  data.unit = table.text("unit").value_or("");
  data.action = table.text("action").value_or("");
  data.propensities = table.columns("propensities").value_or("");
  if (const TomlValue* as_of = table.at("as_of"); as_of != nullptr) {  // "2026-03-01", or TOML's own dates
    const bool is_time = as_of->kind == TomlValue::Kind::kTime || as_of->kind == TomlValue::Kind::kText;
    if (!is_time) table.refuse_value("as_of", "a UTC date or time, \"2026-03-01\"");
    parse_time_us(as_of->text, table.where("as_of"), table.name("as_of"));
    data.as_of = as_of->text;
  }
  read_propensity(path, table, data);
  data.context = table.column_list("context");
  data.after_action = table.column_list("after_action");
  data.decimal = table.choice("decimal", {".", ","}).value_or(".").front();
  data.outcome_files = table.texts("outcomes");
  data.feedback = table.texts("feedback");
  const bool deployed = table.choice("estimand", {"one_decision", "deployed"}).value_or("") == "deployed";
  data.estimand = deployed ? Estimand::kDeployed : Estimand::kOneDecision;
  data.reject_up_to =
      table.number("reject_up_to", "a share in [0, 1)", [](double r) { return r >= 0 && r < 1; }).value_or(0);
}

// What each action costs and what a decision may cost on average. Whether they fit each other: check.cc;
// whether they name the log's actions shows when there is a log.
void read_budget(const std::string& path, const Section& table, Goal& goal) {
  if (const TomlValue* costs = table.at("costs"); costs != nullptr) {
    if (costs->kind != TomlValue::Kind::kTable || costs->members.empty())
      table.refuse_value("costs", "one number an action, { mail = 1, none = 0 }");
    std::vector<std::string> actions;
    for (const TomlMember& member : costs->members) actions.push_back(member.key);
    const Section by_action(path, table.name("costs"), *costs, actions);
    for (const std::string& action : actions)
      goal.cost[action] = *by_action.number(action, kNotNegative, not_negative);
  }
  goal.budget = table.number("budget", kNotNegative, not_negative);
}

void read_policy(const std::string& path, const Section& table, Goal& goal) {
  goal.reference = table.text("reference").value_or("logging");
  const bool constant = goal.reference.starts_with("constant:") && goal.reference.size() > 9;
  const bool file =
      !goal.reference.starts_with("constant:") && goal.reference.find_first_of("./") != std::string::npos;
  if (!constant && !file && goal.reference != "logging" && goal.reference != "uniform") {
    table.refuse_value("reference", "logging, uniform, constant:ACTION or a policy file");
  }
  goal.family =
      table.choice("family", {"softmax", "tree", "constant", "table", "language_model"}).value_or("softmax");
  if (table.choice("outcome_models", {"linear", "boosted"}).value_or("") == "boosted") {
    stats::refuse_without_trees(table.where("outcome_models"), table.name("outcome_models"));
    goal.outcome_models = Learner::kBoosted;
  }
  const auto depth = table.number("depth", "1, 2 or 3", [](double d) { return d == 1 || d == 2 || d == 3; });
  if (depth) goal.tree_depth = static_cast<int>(*depth);
  read_budget(path, table, goal);
}

void read_optimize(const Section& table, Goal& goal) {
  goal.signal = table.text("signal").value_or("auto");
  const TomlValue* budget = table.at("kl_budget");
  if (budget != nullptr && !(budget->kind == TomlValue::Kind::kText && budget->text == "auto")) {
    goal.kl_budget =
        table.number("kl_budget", "\"auto\" or a number of nats > 0", [](double b) { return b > 0; });
  }
}

}  // namespace

Goal parse_goal(std::string_view text, const std::string& path) {
  if (text.empty()) refuse(path, "goal", "an empty file", "a [goal] table with maximize");
  const TomlValue root = parse_toml(text, path);
  const Section file(path, "", root, known_keys(""));
  const TomlValue none;
  const auto table = [&](const std::string& name) {
    const TomlValue* value = root.at(name);
    return Section(path, name, value != nullptr ? *value : none, known_keys(name));
  };
  Goal goal;
  if (root.at("goal") == nullptr) refuse(path, "goal", "nothing", "a [goal] table with maximize");
  read_goal_table(table("goal"), goal);
  if (const TomlValue* outcomes = root.at("outcome"); outcomes != nullptr) {
    if (outcomes->kind != TomlValue::Kind::kTable) file.refuse_value("outcome", "tables [outcome.NAME]");
    for (const TomlMember& member : outcomes->members) goal.outcomes.push_back(read_outcome(path, member));
  }
  if (goal.outcomes.empty()) refuse(path, "outcome", "nothing", "at least one table [outcome.NAME]");
  goal.proxies = table("proxies").texts("candidates");
  if (const TomlValue* constraints = root.at("constraint"); constraints != nullptr) {
    if (constraints->kind != TomlValue::Kind::kArray) file.refuse_value("constraint", "tables [[constraint]]");
    for (const TomlValue& value : constraints->items) goal.constraints.push_back(read_constraint(path, value));
  }
  goal.segments = table("audit").texts("segments");
  read_data(path, table("data"), goal.data);
  read_policy(path, table("policy"), goal);
  read_optimize(table("optimize"), goal);
  check_goal(goal, root, path);
  goal.hash = hash_of_meaning(goal);
  return goal;
}

}  // namespace plumb
