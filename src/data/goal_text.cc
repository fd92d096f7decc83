// A goal file in words of the log: what a person then corrects.
#include <fmt/format.h>

#include <algorithm>

#include "data/cell_words.h"
#include "data/rows.h"
#include "plumb/base.h"
#include "plumb/inspect.h"

namespace plumb {

namespace {

// A basic string of TOML.
std::string toml(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string toml_list(const std::vector<std::string>& names) {
  std::string out = "[", line = "[";
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string item = (i > 0 ? ", " : "") + toml(names[i]);
    if (line.size() + item.size() > 90) {
      out += i > 0 ? ",\n  " : "";
      out += toml(names[i]);
      line = "  " + toml(names[i]);
      continue;
    }
    out += item;
    line += item;
  }
  return out + "]";
}

// A list that is broken over lines, inside of a comment.
std::string comment_list(const std::string& list) {
  std::string out;
  for (const char c : list) {
    out += c;
    if (c == '\n') out += "# ";
  }
  return out;
}

// One line of a comment, whatever the text holds.
std::string comment(std::string_view text) {
  const std::string line = shown(text);
  return line.substr(1, line.size() - 2);
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Outcomes are named by letters, digits and _, so that `maximize` can name them.
std::string outcome_name(const std::string& column, const std::vector<std::string>& used) {
  std::string name;
  for (const char c : column) name += is_letter(c) || is_digit(c) ? c : '_';
  if (name.empty() || !is_letter(name[0])) name = "outcome_" + name;
  std::string out = name;
  for (int k = 2; std::find(used.begin(), used.end(), out) != used.end(); ++k)
    out = fmt::format("{}_{}", name, k);
  return out;
}

std::string kind_of(const ColumnSketch& column) {
  const bool zero_one = std::all_of(column.levels.begin(), column.levels.end(), [](const std::string& level) {
    double value = 0;
    if (is_missing_cell(level) || boolean_word(level)) return true;
    return read_number(level, &value) && (value == 0 || value == 1);
  });
  if (zero_one && !column.more_levels) return "binary";
  if (column.lower < 0) return "number";
  return column.integers ? "count" : "amount";
}

std::string outcome_tables(const LogSketch& sketch, const LogRoles& roles,
                           const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t j = 0; j < names.size(); ++j) {
    const ColumnSketch& column = *sketch.column(roles.outcomes[j]);
    const std::uint64_t gaps = sketch.rows - column.present;
    out += fmt::format("[outcome.{}]\nkind = \"{}\"\n", names[j], kind_of(column));
    if (names[j] != column.name) out += fmt::format("column = {}\n", toml(column.name));
    if (gaps > 0 && !roles.asked.empty()) {
      out += fmt::format("asked = {}  # the probability with which it was asked for\n", toml(roles.asked));
    } else if (gaps > 0) {
      out += fmt::format(
          "# {} of {} rows hold no value. If that means zero: absent = \"zero\". If not everybody was asked,\n"
          "# with which probability: asked = \"COLUMN\" or a number. If who answers depends on nothing but "
          "action\n"
          "# and context: missing = \"at_random\". Unknown, a verdict must hold whatever they are.\n",
          gaps, sketch.rows);
    }
    out += "\n";
  }
  return out;
}

std::string propensity_lines(const LogSketch& sketch, const LogRoles& roles) {
  std::string out;
  if (roles.propensity_number) {
    out += fmt::format("propensity = {}  # of every decision, as declared\n", *roles.propensity_number);
  } else if (!roles.propensity.empty()) {
    out += fmt::format("propensity = {}  # with which probability the chosen action was chosen\n",
                       toml(roles.propensity));
  } else if (roles.propensities.empty()) {
    const ColumnSketch* action = sketch.column(roles.action);
    const std::size_t arms = action == nullptr ? 0 : action->levels.size();
    out +=
        "# With which probability was each action chosen? Nothing can be said without it. A column, one\n"
        "# number where all were as likely, or one number an action:\n# propensity = \"p\"\n";
    if (arms >= 2 && arms <= 64)
      out += fmt::format("# propensity = {}  # 1/{}, if a fair lottery chose among {} actions\n",
                         1.0 / static_cast<double>(arms), arms, arms);
  }
  if (!roles.propensities.empty())
    out += fmt::format("propensities = {}  # and that of every action that was offered\n",
                       toml(roles.propensities));
  return out;
}

std::string data_lines(const LogSketch& sketch, const LogRoles& roles, const std::string& log) {
  std::string out = "[data]\n";
  const auto line = [&](const char* key, const std::string& value, const char* why, const char* absent) {
    if (!value.empty()) out += fmt::format("{} = {}{}\n", key, toml(value), why);
    if (value.empty() && *absent != '\0') out += fmt::format("# {}\n", absent);
  };
  line("log", log, "", "");
  if (sketch.decimal == ',') out += "decimal = \",\"  # 1,5 is one and a half\n";
  line("id", roles.id, "", "");
  line("time", roles.time, "", "time = \"COLUMN\": without one there are no ages and no weeks.");
  line("version", roles.version, "  # the logging policy's version", "");
  line("unit", roles.unit, "  # who: intervals count these, not rows",
       "unit = \"COLUMN\": who it was. Without one, every row counts as a person of its own.");
  line("action", roles.action, "", "");
  out += propensity_lines(sketch, roles);
  out += roles.context.empty()
             ? "# context = [\"COLUMN\", ...]: what was known when choosing.\n"
             : fmt::format("# Only what was known when choosing belongs here.\ncontext = {}\n",
                           toml_list(roles.context));
  if (!roles.unbalanced.empty())
    out += fmt::format(
        "# Not in balance with what was chosen, under these probabilities. Either made after the choice: then "
        "take the\n"
        "# next line in. Or they helped to decide it, and the probabilities are wrong. Until that is said, no "
        "verdict.\n"
        "# after_action = {}\n",
        comment_list(toml_list(roles.unbalanced)));
  return out + "\n";
}

}  // namespace

std::string goal_text(const LogSketch& sketch, const LogRoles& roles, const std::string& log,
                      const std::string& name) {
  PLUMB_ASSERT(!roles.action.empty() && !roles.outcomes.empty());
  std::vector<std::string> names, proxies;
  for (const std::string& column : roles.outcomes) {
    names.push_back(outcome_name(column, names));
    if (std::find(roles.proxies.begin(), roles.proxies.end(), column) != roles.proxies.end())
      proxies.push_back(names.back());
  }
  std::string out = fmt::format(
      "# A goal file guessed from the columns of\n#   {}\n"
      "# ({}{} rows were looked at). A guess is a start: read every line, above all what is maximized, and "
      "correct\n"
      "# it before you look at any result.\n\n",
      comment(sketch.source), sketch.whole ? "all " : "the first ", sketch.rows);
  out += fmt::format(
      "[goal]\nname = {}\n# intent = \"Customers stay because ...\"  # what you want, in a sentence\n"
      "maximize = \"{}\"  # an outcome below, or a weighted sum: \"value + 2.0 * satisfied\"\n"
      "# unit = \"EUR per customer\"\n"
      "minimum_effect = 0.0  # the smallest gain over what runs today that is worth shipping\n"
      "confidence = 0.95\n\n",
      toml(name), names[0]);
  out += "# What is measured: binary, rating, count, amount (>= 0), number (any).\n\n";
  out += outcome_tables(sketch, roles, names);
  out +=
      proxies.empty()
          ? "# [proxies]\n# candidates = [\"OUTCOME\"]  # what could be optimized today instead of the goal\n\n"
          : fmt::format("[proxies]\ncandidates = {}  # may these stand for the goal? the audit says\n\n",
                        toml_list(proxies));
  out +=
      "# What must not happen, whatever the gain:\n# [[constraint]]\n# outcome = \"OUTCOME\"\n"
      "# at_most = 0.002  # or no_worse_than = \"reference\" with better = \"higher\" or \"lower\"\n\n";
  out += data_lines(sketch, roles, log);
  out +=
      "[policy]\nreference = \"logging\"  # what must be beaten: what wrote the log\n"
      "# family = \"tree\"  # a few rules that a person can read, instead of weights\n"
      "# costs = { \"ACTION\" = 1.0, \"ANOTHER\" = 0.0 }  # of every action, and what a decision may cost on "
      "average:\n"
      "# budget = 0.2\n";
  return out;
}

}  // namespace plumb
