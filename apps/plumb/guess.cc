#include "guess.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "options.h"

namespace plumb::cli {
namespace {

std::string listed(const std::vector<std::string>& names, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) out += (i > 0 ? ", " : "") + names[i];
  if (names.size() > most) out += fmt::format(" and {} more", names.size() - most);
  return out;
}

std::string columns_of(const LogSketch& sketch) {
  std::vector<std::string> names;
  for (const ColumnSketch& column : sketch.columns) names.push_back('"' + column.name + '"');
  return listed(names, 20);
}

// A number in (0, 1], or else the name of a column.
void read_propensity(const std::string& text, const LogSketch& sketch, LogRoles& roles) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  const bool number = stopped == end && error == std::errc();
  if (!number || sketch.column(text) != nullptr) {
    roles.propensity = text;
    return;
  }
  if (!(value > 0 && value <= 1)) refuse("--propensity", "value", text, "a column, or a number in (0, 1]");
  roles.propensity_number = value;
}

// "role=name": a role of a decision log. `outcome` and `context` may stand again.
void read_column(const std::string& text, const LogSketch& sketch, LogRoles& roles) {
  const std::pair<std::string_view, std::string*> single[] = {
      {"action", &roles.action}, {"id", &roles.id},           {"propensities", &roles.propensities},
      {"time", &roles.time},     {"version", &roles.version}, {"unit", &roles.unit}};
  const auto [role, name] = role_and_name(text);
  if (role == "propensity") return read_propensity(name, sketch, roles);
  if (role == "outcome") return roles.outcomes.push_back(name);
  if (role == "context") return roles.context.push_back(name);
  std::vector<std::string> known = {"context", "outcome", "propensity"};
  for (const auto& [own, to] : single) {
    if (role == own && !to->empty()) refuse("--column", "value", '"' + text + '"', role + " once");
    if (role == own) {
      *to = name;
      return;
    }
    known.emplace_back(own);
  }
  refuse("--column", "role", '"' + role + '"', "one of " + listed(known, known.size()));
}

}  // namespace

void add_described(CLI::App& verb, Described& described) {
  add_text(verb, "--action", described.action, "COLUMN", "bare log: what was chosen");
  add_text(verb, "--propensity", described.propensity, "COLUMN|NUMBER",
           "bare log: the probability with which it was chosen");
  add_text(verb, "--unit", described.unit, "COLUMN", "bare log: who it was chosen for");
  verb.add_option("--outcome", described.outcomes, "bare log: what came of it (repeatable, the goal first)")
      ->type_name("COLUMN")
      ->allow_extra_args(false);
  add_column(verb, described.columns,
             "bare log: which column plays a role: action, propensity, propensities, unit, id, time, version, "
             "outcome, context (repeatable)");
  add_text(verb, "--decimal", described.decimal, ".|,", "bare log of CSV: what stands before the decimals");
}

GuessedLog guess_log(const std::string& path, const Described& described, int threads) {
  GuessedLog out;
  const std::string decimal = described.decimal.value_or(".");
  if (decimal != "." && decimal != ",") refuse("--decimal", "value", '"' + decimal + '"', "\".\" or \",\"");
  out.sketch = inspect_log(path, decimal[0]);
  LogRoles given;
  given.action = described.action.value_or("");
  given.unit = described.unit.value_or("");
  given.outcomes = described.outcomes;
  if (described.propensity) read_propensity(*described.propensity, out.sketch, given);
  for (const std::string& column : described.columns) read_column(column, out.sketch, given);
  out.roles = guess_roles(out.sketch, given);
  if (out.roles.action.empty())
    refuse(path, "action", "no column that looks like one among " + columns_of(out.sketch), "--action COLUMN");
  if (out.roles.outcomes.empty())
    refuse(path, "outcome", "no column that looks like one among " + columns_of(out.sketch),
           "--outcome COLUMN (repeatable, the goal first)");
  out.roles = balanced_roles(path, out.sketch, std::move(out.roles), threads);
  return out;
}

void require_propensity(const GuessedLog& log) {
  const LogRoles& roles = log.roles;
  if (!roles.propensity.empty() || roles.propensity_number || !roles.propensities.empty()) return;
  const std::size_t arms = log.sketch.column(roles.action)->levels.size();
  refuse(log.sketch.source, "propensity", "no column that looks like one among " + columns_of(log.sketch),
         fmt::format("--propensity COLUMN, or --propensity NUMBER where every action was as likely (1/{} is {} "
                     "for the {} actions in \"{}\")",
                     arms, 1.0 / static_cast<double>(arms), arms, roles.action));
}

std::string reading_of(const GuessedLog& log) {
  const LogRoles& roles = log.roles;
  const ColumnSketch* action = log.sketch.column(roles.action);
  std::string out = "The log is read as follows; what was not given is guessed from its columns.\n\n";
  const auto line = [&](const char* what, const std::string& value) {
    out += fmt::format("  {:<12}{}\n", what, value);
  };
  line("action", fmt::format("{} ({}{} seen: {})", roles.action, action->more_levels ? "more than " : "",
                             action->levels.size(), listed(action->levels, 5)));
  std::string propensity =
      roles.propensity_number ? fmt::format("{}", *roles.propensity_number) : roles.propensity;
  if (!roles.propensities.empty())
    propensity += (propensity.empty() ? "" : ", of every action ") + roles.propensities;
  line("propensity", propensity);
  line("unit", roles.unit.empty() ? "none: every row counts as a person of its own" : roles.unit);
  if (!roles.time.empty()) line("time", roles.time);
  if (!roles.version.empty()) line("version", roles.version);
  line("goal", roles.outcomes.front());
  if (roles.outcomes.size() > 1)
    line("outcomes", listed({roles.outcomes.begin() + 1, roles.outcomes.end()}, 12));
  line("context", roles.context.empty() ? "none" : listed(roles.context, 12));
  if (!roles.unbalanced.empty())
    line("left out", listed(roles.unbalanced, 12) + " (out of balance with the action)");
  return out + "\n  plumb init --from LOG DIR writes this down as a goal file, to be corrected.\n\n";
}

std::string reading_json(const GuessedLog& log) {
  const LogRoles& roles = log.roles;
  const auto text = [](const std::string& value) {
    return value.empty() ? nlohmann::json(nullptr) : nlohmann::json(value);
  };
  const nlohmann::json propensity =
      roles.propensity_number ? nlohmann::json(*roles.propensity_number) : text(roles.propensity);
  return nlohmann::json{{"action", roles.action},
                        {"propensity", propensity},
                        {"propensities", text(roles.propensities)},
                        {"unit", text(roles.unit)},
                        {"id", text(roles.id)},
                        {"time", text(roles.time)},
                        {"version", text(roles.version)},
                        {"outcomes", roles.outcomes},
                        {"context", roles.context},
                        {"unbalanced", roles.unbalanced}}
      .dump();
}

}  // namespace plumb::cli
