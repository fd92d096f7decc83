// The UKP arguments (Habernal, Gurevych, ACL 2016) as tables in memory: 24 debates, pairs of arguments of the
// same debate, about five votes a pair.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/csv.h"
#include "data/text_source.h"
#include "plumb/base.h"

namespace plumb::quality {

enum class Gold : std::uint8_t { kNone, kFirst, kSecond, kTie };

struct Ukp {
  std::vector<std::string> debate;  // names; sorted
  // Arguments. Names are unique within a debate.
  std::vector<std::string> argument, text;
  std::vector<std::uint32_t> argument_debate;
  // Pairs.
  std::vector<std::string> pair;
  std::vector<std::uint32_t> first, second, pair_debate;
  std::vector<Gold> gold;
  std::vector<double> first_votes, second_votes, tie_votes;
  // Votes.
  struct Vote {
    std::uint32_t pair, rater;
    Gold answer;
    double competence;  // of the rater, as published
  };
  std::vector<std::string> rater;
  std::vector<Vote> votes;

  bool unanimous(std::size_t p) const {
    const double all = first_votes[p] + second_votes[p] + tie_votes[p];
    return all > 0 && (first_votes[p] == all || second_votes[p] == all);
  }
};

// The folder with the data: PLUMB_DATA, or shared/data beside the source tree. Empty where it is absent.
inline std::string data_folder() {
  if (const char* named = std::getenv("PLUMB_DATA"); named && std::filesystem::is_directory(named))
    return named;
  const std::filesystem::path beside =
      std::filesystem::path(PLUMB_SOURCE_DIR).parent_path() / "shared" / "data";
  return std::filesystem::is_directory(beside) ? beside.string() : std::string();
}

inline Ukp read_ukp(const std::string& folder) {
  const std::string at = folder + "/ukp-convincing-arguments/";
  Ukp out;
  std::map<std::string, std::uint32_t> debate_of;
  std::map<std::pair<std::string, std::string>, std::uint32_t> argument_of;  // debate, name
  {
    const TextSource source = TextSource::read(at + "arguments.tsv.gz");
    CsvTable table(source.text(), "arguments.tsv");
    const std::size_t name = table.column("argument", "argument"), topic = table.column("topic", "topic"),
                      text = table.column("text", "text");
    std::vector<std::string> topics;
    while (table.next()) {
      out.argument.emplace_back(table.field(name));
      out.text.emplace_back(table.field(text));
      topics.emplace_back(table.field(topic));
      debate_of.emplace(topics.back(), 0);
    }
    for (auto& [debate, number] : debate_of) {
      number = static_cast<std::uint32_t>(out.debate.size());
      out.debate.push_back(debate);
    }
    for (std::size_t i = 0; i < topics.size(); ++i) {
      out.argument_debate.push_back(debate_of.at(topics[i]));
      argument_of.emplace(std::pair{topics[i], out.argument[i]}, static_cast<std::uint32_t>(i));
    }
  }
  std::map<std::string, std::uint32_t> pair_of;
  {
    const TextSource source = TextSource::read(at + "pairs.tsv.gz");
    CsvTable table(source.text(), "pairs.tsv");
    const std::size_t name = table.column("pair", "pair"), topic = table.column("topic", "topic"),
                      a = table.column("a", "a"), b = table.column("b", "b"),
                      gold = table.column("gold", "gold");
    while (table.next()) {
      const std::string debate(table.field(topic)), answer(table.field(gold));
      pair_of.emplace(std::string(table.field(name)), static_cast<std::uint32_t>(out.pair.size()));
      out.pair.emplace_back(table.field(name));
      out.pair_debate.push_back(debate_of.at(debate));
      out.first.push_back(argument_of.at({debate, std::string(table.field(a))}));
      out.second.push_back(argument_of.at({debate, std::string(table.field(b))}));
      out.gold.push_back(answer == "a"     ? Gold::kFirst
                         : answer == "b"   ? Gold::kSecond
                         : answer == "tie" ? Gold::kTie
                                           : Gold::kNone);
    }
  }
  out.first_votes.assign(out.pair.size(), 0);
  out.second_votes = out.tie_votes = out.first_votes;
  std::map<std::string, std::uint32_t> rater_of;
  const TextSource source = TextSource::read(at + "votes.tsv.gz");
  CsvTable table(source.text(), "votes.tsv");
  const std::size_t pair = table.column("pair", "pair"), rater = table.column("rater", "rater"),
                    vote = table.column("vote", "vote"), competence = table.column("competence", "competence");
  while (table.next()) {
    Ukp::Vote v;
    v.pair = pair_of.at(std::string(table.field(pair)));
    const auto [entry, is_new] =
        rater_of.emplace(std::string(table.field(rater)), static_cast<std::uint32_t>(rater_of.size()));
    if (is_new) out.rater.push_back(entry->first);
    v.rater = entry->second;
    const std::string answer(table.field(vote));
    v.answer = answer == "a" ? Gold::kFirst : answer == "b" ? Gold::kSecond : Gold::kTie;
    v.competence = std::strtod(std::string(table.field(competence)).c_str(), nullptr);
    (v.answer == Gold::kFirst    ? out.first_votes
     : v.answer == Gold::kSecond ? out.second_votes
                                 : out.tie_votes)[v.pair] += 1;
    out.votes.push_back(v);
  }
  return out;
}

}  // namespace plumb::quality
