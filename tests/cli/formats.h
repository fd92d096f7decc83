// The commands of docs/feedback.md, run as they stand there, and what they read, in a few letters.
#pragma once

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "command.h"

namespace plumb {

inline void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// Format -> its command: the row's, or the lines under its name.
inline std::map<std::string, std::string> documented_formats() {
  std::map<std::string, std::string> out;
  std::istringstream page(file_text(std::string(PLUMB_SOURCE_DIR) + "/docs/feedback.md"));
  bool formats = false, fenced = false;
  std::string heading;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("```")) {
      fenced = !fenced;
    } else if (fenced) {
      if (!heading.empty()) out[heading] += line + "\n";
    } else if (line.starts_with("## ")) {
      formats = line == "## Formats";
    } else if (line.starts_with("### ")) {
      heading = line.substr(4);
      EXPECT_EQ(out.count(heading), 1u) << heading << " has lines but no row";
    } else if (formats && line.starts_with("| ") && !line.starts_with("| format ")) {
      const std::size_t name_end = line.find(" | "), last = line.rfind(" | ");
      const std::string command = line.substr(last + 3, line.size() - last - 5);
      out[line.substr(2, name_end - 2)] =
          command == "lines" ? "" : command.substr(1, command.size() - 2) + "\n";
    }
  }
  return out;
}

inline bool has_jq() { return std::system("jq --version > /dev/null 2>&1") == 0; }

// Runs a documented command on `file`, importing where it checks. The native records, or what was printed.
struct Told {
  std::string error;
  std::vector<nlohmann::json> records;
};
inline Told told(const Folder& folder, std::string command, const std::string& file) {
  replace_all(command, "FILE", file);
  replace_all(command, "plumb feedback check", "plumb feedback import --to read.jsonl");
  const std::string plumb = PLUMB_CLI;
  folder.write("script.sh", "set -e\nplumb() { '" + plumb + "' \"$@\"; }\n" + command);
  const std::string run =
      "cd '" + (folder / ".").string() + "' && rm -f read.jsonl && sh script.sh > printed 2>&1";
  Told out;
  if (std::system(run.c_str()) != 0) out.error = folder.read("printed");
  std::istringstream lines(out.error.empty() ? folder.read("read.jsonl") : "");
  for (std::string line; std::getline(lines, line);) out.records.push_back(nlohmann::json::parse(line));
  return out;
}

inline std::vector<std::string> words_of(const nlohmann::json& item) {
  std::istringstream text(item.value("text", item.value("id", "")));
  std::vector<std::string> out;
  for (std::string word; text >> word;) out.push_back(word);
  return out;
}

// What each item is called: the first of its words that is not the same in all.
inline std::vector<std::string> short_names(const nlohmann::json& items) {
  std::vector<std::vector<std::string>> words;
  for (const auto& item : items) words.push_back(words_of(item));
  std::size_t at = 0;
  const auto same = [&] {
    for (const auto& w : words)
      if (w.size() <= at + 1 || w[at] != words[0][at]) return false;
    return words.size() > 1;
  };
  while (same()) ++at;
  std::vector<std::string> out;
  for (const auto& w : words) out.push_back(at < w.size() ? w[at] : "?");
  return out;
}

// A record: "aa>bb" where aa was preferred, "aa=bb" a tie, "x>y=z" a ranking, "aa:4" a rating, "aa+" and "aa-"
// thumbs.
inline std::string in_short(const nlohmann::json& record) {
  if (record.contains("completion")) {
    const std::string name = short_names(nlohmann::json::array({record["completion"]}))[0];
    if (record.contains("rating")) return name + ":" + record["rating"].dump();
    return name + (record["label"].get<bool>() ? "+" : "-");
  }
  if (record.contains("answer")) {
    const std::vector<std::string> names =
        short_names(nlohmann::json::array({record["first"], record["second"]}));
    const std::string answer = record["answer"];
    if (answer == "tie") return names[0] + "=" + names[1];
    return answer == "first" ? names[0] + ">" + names[1] : names[1] + ">" + names[0];
  }
  const std::vector<std::string> names = short_names(record["options"]);
  std::map<std::string, std::string> by_id;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& option = record["options"][i];
    by_id[option[option.contains("id") ? "id" : "text"]] = names[i];
  }
  std::string out;
  for (const auto& place : record["ranking"]) {
    std::string tied;
    for (const auto& id : place.is_array() ? place : nlohmann::json::array({place}))
      tied += (tied.empty() ? "" : "=") + by_id[id];
    out += (out.empty() ? "" : ">") + tied;
  }
  return out;
}

inline std::string in_short(const Told& read) {
  if (!read.error.empty()) return read.error;
  std::string out;
  for (const auto& record : read.records) out += (out.empty() ? "" : " ") + in_short(record);
  return out;
}

inline std::size_t raters_of(const Told& read) {
  std::set<std::string> names;
  for (const auto& record : read.records)
    if (record.contains("rater")) names.insert(record["rater"].dump());
  return names.size();
}

}  // namespace plumb
