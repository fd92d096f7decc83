// What all looks at one log may err together: sixty questions about policies that change nothing, asked by
// gate, evaluate (of one policy and of three) and align, under many copies of the goal, confidences and seeds.
// A world errs where one verdict of the sixty is given at all: nothing here is better or worse than the
// reference.
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "plumb/plumb.h"
#include "quality/cells.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kRows = 400;
constexpr std::uint64_t kKinds = 20;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// Two mails by a coin, an outcome that depends on the customer's kind and on no mail.
std::string log_text(const std::string& kind, std::uint64_t seed) {
  Rng rng = Rng(seed).stream("null log of " + kind);
  std::string out = "u,kind,mail,y\n";
  for (std::size_t i = 0; i < kRows; ++i) {
    const std::uint64_t k = rng.below(kKinds);
    const double level = static_cast<double>(k) / kKinds, x = rng.normal();
    const double y = kind == "number"   ? level + x
                     : kind == "binary" ? static_cast<double>(rng.bernoulli(.1 + .2 * level))
                                        : std::exp(level + .8 * x);
    out += fmt::format("u{},k{},{},{}\n", i, k, rng.bernoulli(.5) ? "a" : "b", y);
  }
  return out;
}

std::string goal_text(const std::string& kind, std::uint64_t copy, const std::string& log) {
  return fmt::format(
      "goal.name = 'copy {}'\ngoal.maximize = 'y'\ngoal.confidence = {}\n[outcome.y]\nkind = '{}'\n[data]\nlog "
      "= "
      "'{}'\nunit = 'u'\naction = 'mail'\npropensity = 0.5\ncontext = ['kind']\n",
      copy, copy % 2 == 0 ? .95 : .98, kind, log);
}

std::string table_text(std::uint64_t seed) {
  Rng rng = Rng(seed).stream("table");
  std::string out = "kind,action,probability\n";
  for (std::uint64_t k = 0; k < kKinds; ++k) {
    const int p = static_cast<int>(rng.below(9)) + 1;
    out += fmt::format("k{},a,0.{}\nk{},b,0.{}\n", k, p, k, 10 - p);
  }
  return out;
}

void world(const std::string& kind, std::uint64_t seed, int questions, Counts& count) {
  std::string pattern = (fs::temp_directory_path() / "plumb_looks_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return;
  const fs::path here = pattern;
  write(here / "log.csv", log_text(kind, seed));
  const auto goal_path = [&](std::uint64_t copy) {
    const bool elsewhere = copy % 3 == 2;
    const fs::path path = here / (elsewhere ? "other" : "") / fmt::format("goal{}.toml", copy);
    if (!fs::exists(path)) write(path, goal_text(kind, copy, elsewhere ? "../log.csv" : "log.csv"));
    return path.string();
  };
  const auto table = [&](std::uint64_t k) {
    const fs::path path = here / fmt::format("t{}.csv", k);
    if (!fs::exists(path)) write(path, table_text(1000 * seed + k));
    return path.string();
  };
  RunOptions options;
  options.not_trained_here = true;
  check_and_lock(read_goal(goal_path(0)), options);
  bool pass = false, refuse = false;
  double looks = 0;
  for (int k = 0; k < questions; ++k) {
    const auto number = static_cast<std::uint64_t>(k);
    // The locked copy keeps its seed.
    const std::uint64_t copy = number % 7;
    const bool aligned = number % 20 == 19;  // each with a seed of its own: else two of them are one question
    options.seed = copy == 0 ? 1 : aligned ? number : 1 + number % 5;
    const Goal goal = read_goal(goal_path(copy));
    std::vector<std::string> verdicts;
    Evidence found;
    if (aligned) {
      found = align(goal, options);
      verdicts = {found.verdict};
    } else if (k % 3 == 0) {
      found = gate(goal, table(number), options);
      verdicts = {found.verdict};
    } else {
      std::vector<std::string> asked = {table(number)};
      if (k % 3 == 2) asked.insert(asked.end(), {table(number + 100), table(number + 200)});
      found = evaluate(goal, asked, options);
      for (const auto& policy : json::parse(found.json)["policies"])
        verdicts.push_back(policy["verdict"].get<std::string>());
    }
    for (const std::string& verdict : verdicts) {
      pass = pass || verdict == "pass";
      refuse = refuse || verdict == "refuse";
    }
    looks = std::max(looks, json::parse(found.json)["look"]["count"].get<double>());
  }
  count["pass"] += pass;
  count["refuse"] += refuse;
  count["err"] += pass || refuse;
  count["looks"] += looks;
  fs::remove_all(here);
}

}  // namespace

int main(int argc, char** argv) {
  Cells cells("looks", argc, argv);
  const std::uint64_t worlds = cells.quick() ? 6 : 400;
  const int questions = cells.quick() ? 20 : 60;
  for (const char* kind : {"number", "binary", "amount"}) {
    const std::string cell = fmt::format("{}, {} questions", kind, questions);
    if (!cells.wants(cell)) continue;
    const Counts c = cells.count(
        cell, worlds, [&](std::uint64_t seed, Counts& count) { world(kind, seed, questions, count); });
    fmt::print("{}: {:.1f} looks a world, worlds with a pass {:.0f}, with a refusal {:.0f}, of {}\n", cell,
               c.at("looks") / static_cast<double>(c.worlds), c.at("pass"), c.at("refuse"), c.worlds);
    cells.at_most(cell + ", worlds in which any verdict was given", c.at("err"), c.worlds, .05);
    cells.at_least(cell + ", looks counted", c.at("looks"), c.worlds * static_cast<std::uint64_t>(questions),
                   1);
  }
  return cells.close();
}
