// Names that do not meet, and rows that stand twice.
#include "reward/lifetime_join.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "data/csv.h"
#include "data/text_source.h"
#include "plumb/goal.h"

namespace plumb {
namespace {

constexpr std::size_t kExamples = 3, kLongestNumber = 12;

std::string trimmed(const std::string& name) {
  const char* const blanks = " \t\r\n\v\f";
  const std::size_t first = name.find_first_not_of(blanks);
  if (first == std::string::npos) return "";
  return name.substr(first, name.find_last_not_of(blanks) - first + 1);
}

std::string in_case(std::string name, bool upper) {
  for (char& c : name) {
    if (upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!upper && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

bool all_digits(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// How else the name of a customer may be written by another program.
std::vector<std::string> spellings(const std::string& name) {
  std::vector<std::string> out;
  const std::string bare = trimmed(name);
  for (std::string base : {bare, in_case(bare, false), in_case(bare, true)}) {
    out.push_back(base);
    out.push_back(base + " ");
    out.push_back(" " + base);
  }
  const bool decimal = bare.size() > 2 && bare.ends_with(".0") && all_digits(bare.substr(0, bare.size() - 2));
  std::string number = decimal ? bare.substr(0, bare.size() - 2) : bare;
  if (all_digits(number)) {
    number.erase(0, std::min(number.find_first_not_of('0'), number.size() - 1));
    out.push_back(number + ".0");
    for (; number.size() <= kLongestNumber; number.insert(0, 1, '0')) out.push_back(number);
  }
  std::erase(out, name);
  return out;
}

// The first names of the log, as its file spells them; none where no file can tell (the log was built in
// memory).
std::vector<std::string> names_in_log(const DecisionLog& log, const Goal& goal) {
  std::vector<std::string> out;
  try {
    const TextSource source = TextSource::read(log.source);
    if (source.text().starts_with('{')) {
      for (LineReader lines(source.text()); out.size() < kExamples && lines.next();) {
        const auto row = nlohmann::json::parse(lines.line());
        const nlohmann::json& unit = row.at(goal.data.unit.empty() ? "unit" : goal.data.unit);
        out.push_back(unit.is_string() ? unit.get<std::string>() : unit.dump());
      }
    } else {
      CsvTable table(source.text(), log.source);
      const std::size_t column = table.column(goal.data.unit, "data.unit");
      while (out.size() < kExamples && table.next()) out.emplace_back(table.field(column));
    }
  } catch (const std::exception&) {
    out.clear();  // examples only: the error that they would stand in is raised all the same
  }
  return out;
}

std::string quoted(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) out.push_back("\"" + name + "\"");
  return fmt::format("{}", fmt::join(out, ", "));
}

struct Match {
  std::size_t log_customers = 0, matched = 0, file_customers = 0, otherwise = 0;
  std::size_t first_absent = 0;               // a decision
  std::string file_spelling, other_spelling;  // the first that would match otherwise
  double share() const { return static_cast<double>(matched) / static_cast<double>(log_customers); }
  double share_of_file() const { return static_cast<double>(matched) / static_cast<double>(file_customers); }
};

Match match(const DecisionLog& log, const Transactions& t) {
  std::unordered_set<std::uint64_t> file;
  for (const std::string& name : t.customer) file.insert(hash_bytes(name));
  std::unordered_set<std::uint64_t> known, absent;
  Match out;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (file.contains(log.unit[i])) {
      known.insert(log.unit[i]);
    } else if (absent.insert(log.unit[i]).second && absent.size() == 1) {
      out.first_absent = i;
    }
  }
  out.log_customers = known.size() + absent.size();
  out.matched = known.size();
  out.file_customers = t.customer.size();
  for (const std::string& name : t.customer) {
    if (absent.empty()) break;
    if (known.contains(hash_bytes(name))) continue;
    for (const std::string& other : spellings(name)) {
      if (absent.erase(hash_bytes(other)) == 0) continue;
      if (out.otherwise++ == 0) {
        out.file_spelling = name;
        out.other_spelling = other;
      }
    }
  }
  return out;
}

}  // namespace

void check_join(const DecisionLog& log, const Goal& goal, const OutcomeSpec& spec, const Transactions& t,
                std::vector<Finding>& findings) {
  const Match m = match(log, t);
  if (m.matched == m.log_customers) return;
  const std::string otherwise =
      m.otherwise == 0 ? ""
                       : fmt::format(
                             "; {} of the others would be in another spelling: the file's \"{}\" is the log's "
                             "\"{}\"",
                             m.otherwise, m.file_spelling, m.other_spelling);
  const bool strangers = m.matched == 0 || (m.share() < kLeastMatched && m.share_of_file() < kLeastMatched);
  const bool respelt = m.otherwise >= 3 &&
                       static_cast<double>(m.otherwise) >= kLeastMatched * static_cast<double>(m.log_customers);
  if (strangers || respelt) {
    const std::vector<std::string> names = names_in_log(log, goal);
    const std::vector<std::string> others(
        t.customer.begin(),
        t.customer.begin() + static_cast<std::ptrdiff_t>(std::min(kExamples, t.customer.size())));
    refuse(t.source, "customer",
           fmt::format("{} of the log's {} customers{}{}; the file's {} are spelt {}", m.matched,
                       m.log_customers, names.empty() ? "" : ", who are spelt " + quoted(names) + " there",
                       otherwise, m.file_customers, quoted(others)),
           fmt::format("the customers of {} of the log, in the same spelling",
                       goal.data.unit.empty() ? "the unit" : goal.data.unit));
  }
  if (!spec.absent_is_zero) {
    refuse(t.source, "outcome." + spec.name,
           fmt::format(
               "no transaction of the customer of decision {}, nor of {} others of the log's {} customers{}",
               log.id.empty() ? std::to_string(m.first_absent + 1) : log.id[m.first_absent],
               m.log_customers - m.matched - 1, m.log_customers, otherwise),
           "some of every customer of the log, or absent = \"zero\"");
  }
  if (m.otherwise > 0) {
    findings.push_back({"customers_spelt_otherwise", Severity::kWarning,
                        fmt::format("{}: {} of the log's {} customers stand in {}{}. Those are taken to have "
                                    "bought nothing.",
                                    spec.name, m.matched, m.log_customers, t.source, otherwise)});
  }
}

void find_repeated(const Transactions& t, const std::string& outcome, std::vector<Finding>& findings) {
  struct Hash {
    std::size_t operator()(const std::tuple<std::uint32_t, std::int64_t, std::int64_t>& key) const {
      const auto& [who, second, cents] = key;
      return hash_combine(hash_combine(who, static_cast<std::uint64_t>(second)),
                          static_cast<std::uint64_t>(cents));
    }
  };
  std::unordered_set<std::tuple<std::uint32_t, std::int64_t, std::int64_t>, Hash> seen;
  std::size_t repeated = 0, first = 0;
  double money = 0, all = 0;
  for (std::size_t r = 0; r < t.size(); ++r) {
    all += t.amount[r];
    const std::int64_t second = t.time_us[r] / 1000000;
    if (seen.insert({t.who[r], second, std::llround(std::min(t.amount[r], 9e15) * 100)}).second) continue;
    if (repeated++ == 0) first = r;
    money += t.amount[r];
  }
  if (repeated == 0) return;
  const bool dated = std::all_of(t.time_us.begin(), t.time_us.end(), [](auto x) { return x % kDayUs == 0; });
  findings.push_back(
      {"repeated_purchases", Severity::kWarning,
       fmt::format(
           "{}: {} of {} purchases stand in {} before, to the {} and cent, of the same customer (the first: "
           "\"{}\", {:.2f}, transaction {}). They are counted as purchases of their own, {:.2g} % of all "
           "money: if the file was exported twice, leave them out.",
           outcome, repeated, t.size(), t.source, dated ? "day" : "second", t.customer[t.who[first]],
           t.amount[first], first + 1, all > 0 ? 100 * money / all : 0)});
}

}  // namespace plumb
