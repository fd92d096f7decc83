// Which column is what, by the names that people give and by what the column holds.
#include <algorithm>
#include <cctype>
#include <set>
#include <span>

#include "data/balance.h"
#include "data/rows.h"
#include "plumb/goal.h"
#include "plumb/inspect.h"

namespace plumb {

namespace {

using Words = std::span<const std::string_view>;

constexpr std::string_view kAction[] = {"action",   "action_id",  "arm",   "arm_id",  "treatment",
                                        "variant",  "chosen",     "item",  "item_id", "offer",
                                        "creative", "offer_id",   "mail",  "message", "campaign",
                                        "option",   "bandit_arm", "group", "segment"};
// Names that mean nothing else, and names that do only where the values are probabilities.
constexpr std::string_view kPropensity[] = {"propensity",         "propensity_score",    "pscore",
                                            "logging_propensity", "action_prob",         "action_probability",
                                            "logging_prob",       "logging_probability", "p_action",
                                            "chosen_probability"};
constexpr std::string_view kProbability[] = {"p", "prob", "probability", "mu", "pr"};
constexpr std::string_view kPropensitiesPrefix[] = {"mu_", "propensity_", "pscore_", "prob_", "p_"};
constexpr std::string_view kUnit[] = {
    "unit",   "unit_id",   "user",      "user_id",    "userid",     "customer",   "customer_id", "customerid",
    "reader", "reader_id", "visitor",   "visitor_id", "person",     "person_id",  "member",      "member_id",
    "client", "client_id", "household", "account",    "account_id", "subscriber", "session",     "session_id"};
constexpr std::string_view kId[] = {"id",     "decision_id", "event_id", "request_id", "impression_id",
                                    "row_id", "row",         "log_id",   "uuid",       "index",
                                    ""};
constexpr std::string_view kTime[] = {"time_us",  "time",       "timestamp",  "ts",         "date",
                                      "datetime", "event_time", "created_at", "decided_at", "logged_at"};
constexpr std::string_view kVersion[] = {"policy",  "policy_version", "logging_policy",
                                         "version", "model_version",  "policy_id"};
// Outcomes, what a team wants first to what it sees first: a guessed goal maximizes the first that is there.
constexpr std::string_view kWanted[] = {
    "reward",    "profit",   "margin",    "ltv",          "value",     "revenue",     "spend",
    "sales",     "amount",   "gmv",       "retained",     "retention", "renewed",     "returned",
    "solved",    "resolved", "satisfied", "satisfaction", "rating",    "purchase",    "purchased",
    "purchases", "order",    "orders",    "conversion",   "converted", "conversions", "outcome"};
constexpr std::string_view kSeenAtOnce[] = {"click",  "clicks",     "clicked",  "visit", "visits", "visited",
                                            "view",   "views",      "open",     "opens", "opened", "dwell",
                                            "watch",  "reading",    "signup",   "like",  "liked",  "share",
                                            "shared", "engagement", "deflected"};
constexpr std::string_view kHarm[] = {"complaint",      "complaints", "unsubscribe",  "unsubscribed",
                                      "churn",          "churned",    "polarization", "refund",
                                      "returned_goods", "escalated"};
// "past_spend" was known before the choice.
constexpr std::string_view kBefore[] = {"past", "prior",   "previous", "prev",
                                        "last", "history", "historic", "before"};

std::string plain_name(std::string_view name) {
  std::string out;
  for (const char c : name)
    out +=
        c == '-' || c == ' ' || c == '.' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::vector<std::string> words_of(const std::string& plain) {
  std::vector<std::string> out(1);
  for (const char c : plain) {
    if (c != '_')
      out.back() += c;
    else if (!out.back().empty())
      out.emplace_back();
  }
  return out;
}

bool is_word(Words words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// The place of a column's name among words: the whole name, or one part of it ("value_90d", "total_spend").
std::size_t place_among(Words words, const std::string& name) {
  const std::string plain = plain_name(name);
  const std::vector<std::string> parts = words_of(plain);
  if (std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return is_word(kBefore, part); }))
    return words.size();
  for (std::size_t w = 0; w < words.size(); ++w)
    if (plain == words[w] || std::find(parts.begin(), parts.end(), words[w]) != parts.end()) return w;
  return words.size();
}

bool is_among(Words words, const std::string& name) { return place_among(words, name) < words.size(); }

bool is_share(const ColumnSketch& column) { return column.numeric() && column.lower > 0 && column.upper <= 1; }

class Guess {
 public:
  Guess(const LogSketch& sketch, const LogRoles& given) : sketch_(sketch), roles_(given) {
    for (const ColumnSketch& column : sketch.columns) names_.push_back(column.name);
  }

  LogRoles run() {
    check_given();
    guess_action();
    guess_propensity();
    one_of(roles_.unit, kUnit, [](const ColumnSketch& c) { return c.nested == 0; });
    one_of(roles_.id, kId, [&](const ColumnSketch& c) { return all_distinct(c) && c.name != ""; });
    one_of(roles_.time, kTime, is_time);
    one_of(roles_.version, kVersion, [](const ColumnSketch& c) { return c.distinct() <= 50; });
    guess_outcomes();
    guess_context();
    return roles_;
  }

 private:
  bool all_distinct(const ColumnSketch& c) const {
    return c.present == sketch_.rows && (c.more_levels || c.distinct() == sketch_.rows);
  }

  // A time in another unit than microseconds would be read as a moment in 1970.
  static bool is_time(const ColumnSketch& c) {
    constexpr double kLeast = 1e14;  // 1973 in microseconds
    if (c.levels.empty()) return false;
    if (c.numeric()) return c.integers && c.lower >= kLeast;
    try {
      for (const std::string& level : c.levels) parse_time_us(level, "", "");
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  const ColumnSketch& given_column(const std::string& name, std::string_view what) const {
    const ColumnSketch* column = sketch_.column(name);
    if (column == nullptr)
      refuse(sketch_.source, what, "no column " + shown(name), "column " + expected_name(name, names_));
    return *column;
  }

  void check_given() {
    for (const auto& [name, what] :
         {std::pair(roles_.action, "--action"), std::pair(roles_.unit, "--unit"),
          std::pair(roles_.propensity, "--propensity"), std::pair(roles_.id, "--column id"),
          std::pair(roles_.time, "--column time"), std::pair(roles_.version, "--column version")}) {
      if (name.empty()) continue;
      given_column(name, what);
      taken_.insert(name);
    }
    for (const std::string& name : roles_.context) taken_.insert(given_column(name, "--column context").name);
    for (const std::string& name : roles_.outcomes) {
      const ColumnSketch& column = given_column(name, "--outcome");
      // Rows with other values are refused one by one; a column without any number is no outcome.
      if (column.numbers == 0)
        refuse(sketch_.source, "--outcome",
               column.levels.empty() ? "no value in " + shown(name)
                                     : shown(column.levels[0]) + " in " + shown(name),
               "a column of numbers");
      taken_.insert(name);
    }
  }

  template <class Fits>
  void one_of(std::string& role, Words words, Fits fits) {
    if (!role.empty()) return;
    for (const std::string_view word : words) {
      for (const ColumnSketch& column : sketch_.columns) {
        if (plain_name(column.name) != word || taken_.contains(column.name) || column.nested > 0 ||
            column.group == "outcomes" || !fits(column))
          continue;
        role = column.name;
        taken_.insert(column.name);
        return;
      }
    }
  }

  void guess_action() {
    if (sketch_.json_lines && roles_.action.empty() && sketch_.column("chosen") != nullptr) {
      roles_.action = "chosen";
      taken_.insert("chosen");
    }
    one_of(roles_.action, kAction, [](const ColumnSketch& c) { return c.distinct() >= 2 && !c.more_levels; });
  }

  void guess_propensity() {
    const bool given = !roles_.propensity.empty() || roles_.propensity_number.has_value();
    if (given) return;
    // A badly filled propensity column is still the propensity column: its rows are refused with their place.
    one_of(roles_.propensity, kPropensity, [](const ColumnSketch& c) { return c.numbers > 0; });
    one_of(roles_.propensity, kProbability, [](const ColumnSketch& c) { return is_share(c); });
    if (sketch_.json_lines) {
      const ColumnSketch* list = sketch_.column("propensities");
      if (list != nullptr && list->nested > 0) roles_.propensities = "propensities";
      return;
    }
    const ColumnSketch* action = sketch_.column(roles_.action);
    if (action == nullptr) return;
    for (const std::string_view prefix : kPropensitiesPrefix) {
      const auto has = [&](const std::string& arm) {
        const ColumnSketch* column = sketch_.column(std::string(prefix) + arm);
        return column != nullptr && column->numeric() && column->lower >= 0 && column->upper <= 1;
      };
      if (!std::all_of(action->levels.begin(), action->levels.end(), has)) continue;
      roles_.propensities = std::string(prefix) + "*";
      for (const ColumnSketch& column : sketch_.columns)
        if (matches(roles_.propensities, column.name)) taken_.insert(column.name);
      return;
    }
  }

  void guess_outcomes() {
    if (roles_.outcomes.empty()) {
      std::vector<std::pair<std::size_t, std::string>> found;  // by rank, then in the log's order
      for (const ColumnSketch& column : sketch_.columns) {
        const bool native = column.group == "outcomes";
        if (taken_.contains(column.name) || !column.numeric() || column.group == "context") continue;
        if (!native && (sketch_.json_lines || !looks_like_outcome(column.name))) continue;
        std::size_t rank = place_among(kWanted, column.name);
        if (rank == std::size(kWanted))
          rank += is_among(kSeenAtOnce, column.name) ? 1 : is_among(kHarm, column.name) ? 2 : 0;
        found.emplace_back(rank, column.name);
      }
      std::stable_sort(found.begin(), found.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
      for (const auto& [rank, name] : found) roles_.outcomes.push_back(name);
      for (const std::string& name : roles_.outcomes) taken_.insert(name);
    }
    for (std::size_t j = 1; j < roles_.outcomes.size(); ++j)
      if (is_among(kSeenAtOnce, roles_.outcomes[j])) roles_.proxies.push_back(roles_.outcomes[j]);
    guess_asked();
  }

  // One outcome with gaps and one column of probabilities called p_asked belong together.
  void guess_asked() {
    std::size_t with_gaps = 0;
    for (const std::string& name : roles_.outcomes) with_gaps += sketch_.column(name)->present < sketch_.rows;
    for (const ColumnSketch& column : sketch_.columns) {
      const std::string plain = plain_name(column.name);
      if (plain != "p_asked" && plain != "asked_probability") continue;
      taken_.insert(column.name);
      if (with_gaps == 1 && is_share(column)) roles_.asked = column.name;
    }
  }

  void guess_context() {
    if (!roles_.context.empty()) return;
    for (const ColumnSketch& c : sketch_.columns) {
      if (sketch_.json_lines ? c.group != "context" : false) continue;
      if (taken_.contains(c.name) || c.name.empty() || c.nested > 0 || c.distinct() < 2) continue;
      if (sketch_.json_lines && c.present < sketch_.rows) continue;  // the reader wants every key in every row
      const std::string plain = plain_name(c.name);
      const bool is_other_role = is_word(kPropensity, plain) || is_word(kUnit, plain) ||
                                 is_word(kTime, plain) || (is_word(kId, plain) && all_distinct(c)) ||
                                 is_word(kVersion, plain);
      // Nearly all texts are different, or the numbers count the rows: too few rows cannot tell.
      constexpr std::uint64_t kTelling = 20;
      const bool many_texts = !c.numeric() && (c.more_levels || 2 * c.distinct() > sketch_.rows);
      const bool row_number = c.numeric() && c.integers && all_distinct(c) &&
                              static_cast<double>(sketch_.rows) == c.upper - c.lower + 1;
      const bool identifies = sketch_.rows >= kTelling && (many_texts || row_number);
      const bool after = !sketch_.json_lines && looks_like_outcome(c.name);
      if (!is_other_role && !identifies && !after) roles_.context.push_back(c.name);
    }
  }

  const LogSketch& sketch_;
  LogRoles roles_;
  std::vector<std::string> names_;
  std::set<std::string> taken_;
};

}  // namespace

bool looks_like_outcome(const std::string& name) {
  return is_among(kWanted, name) || is_among(kSeenAtOnce, name) || is_among(kHarm, name);
}

LogRoles guess_roles(const LogSketch& sketch, const LogRoles& given) { return Guess(sketch, given).run(); }

}  // namespace plumb
