// One cell of a log that is not like the others: what was answered wrongly once, and more of the kind.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cases.h"
#include "plumb/goal.h"

namespace plumb {
namespace {

using nlohmann::json;

json asked(const Folder& folder, std::vector<std::string> arguments) {
  arguments.push_back("--json");
  const Result result = folder.plumb(arguments);
  EXPECT_NE(result.out, "") << result.err;
  return result.out.empty() ? json::object() : json::parse(result.out);
}

json gain_of(const json& evidence, const std::string& name) {
  for (const json& c : evidence["candidates"])
    if (c["name"] == name) return c["versus_reference"];
  return {};
}

bool found(const json& evidence, const std::string& text) {
  return evidence.dump().find(text) != std::string::npos;
}

TEST(CasesCell, OneContextCellDoesNotContradictStatedPropensities) {
  const Folder folder;
  PLUMB_CASE("time/one_context_cell", folder);
  const json answer = asked(folder, {"gate", "goal.toml", "constant:B"});
  EXPECT_EQ(answer["verdict"], "pass") << answer["sentence"];
  EXPECT_TRUE(found(answer, "100 in decision d9")) << answer["findings"];
  // Both arms have .2 or .8: KL(B, logging) is the mean of -log p, near (log 5 + log 1.25) / 2.
  for (const json& c : answer["candidates"]) {
    if (c["name"] == "constant:B") {
      EXPECT_NEAR(c["kl"].get<double>(), .916, .05);
    }
  }
}

TEST(CasesCell, OneContextCellOf999999999MakesNoGainOf3208) {
  const Folder folder;
  PLUMB_CASE("time/one_context_cell_gain_3208", folder);
  const json answer = asked(folder, {"gate", "goal.toml", "constant:B"}), gain = gain_of(answer, "constant:B");
  EXPECT_EQ(answer["verdict"], "pass") << answer["sentence"];
  EXPECT_NEAR(gain["value"].get<double>(), .107, .004);
  EXPECT_NEAR(gain["lower"].get<double>(), .073, .004);
  EXPECT_NEAR(gain["upper"].get<double>(), .141, .004);
}

// y moves with x and with the arm; `cell` stands in the context of row 5, `outcome` in the outcome of row 6.
std::string log_text(OutcomeKind kind, const std::string& cell, const std::string& outcome,
                     bool three = false) {
  Rng rng(11);
  std::string text = "id,arm,p,x,n,y\n";
  for (int i = 0; i < 3000; ++i) {
    const double x = rng.normal();
    const bool high = x > 0, b = rng.bernoulli(high ? .7 : .3);
    const bool other = three && rng.bernoulli(.2);
    const double p = (b == high ? .7 : .3) * (three ? .8 : 1), signal = x + (b && !other ? .4 : 0);
    const double y = kind == OutcomeKind::kBinary   ? (signal + rng.normal() > 0 ? 1 : 0)
                     : kind == OutcomeKind::kNumber ? signal + rng.normal()
                                                    : std::exp(.3 * signal + .5 * rng.normal());
    text += fmt::format("r{},{},{},{},{},{}\n", i,
                        other ? "c"
                        : b   ? "b"
                              : "a",
                        other ? .2 : p, i == 5 && !cell.empty() ? cell : fmt::format("{:.6f}", x),
                        rng.bernoulli(.01) ? 1 : 0,
                        i == 6 && !outcome.empty() ? outcome : fmt::format("{:.6g}", y));
  }
  return text;
}

std::string goal_text(std::string_view kind) {
  return fmt::format(
      "[goal]\nmaximize = \"y\"\nminimum_effect = 0.01\n[outcome.y]\nkind = \"{}\"\n[data]\nlog = \"log.csv\"\n"
      "id = \"id\"\naction = \"arm\"\npropensity = \"p\"\ncontext = [\"x\", \"n\"]\n[policy]\n"
      "reference = \"constant:a\"\n",
      kind);
}

TEST(CasesCell, NoContextCellMovesAnAnswer) {
  for (const bool three : {false, true}) {
    for (const auto& [kind, word] :
         {std::pair{OutcomeKind::kBinary, "binary"}, std::pair{OutcomeKind::kNumber, "number"},
          std::pair{OutcomeKind::kAmount, "amount"}}) {
      const Folder folder;
      folder.write("goal.toml", goal_text(word));
      folder.write("log.csv", log_text(kind, "", "", three));
      const json clean = asked(folder, {"gate", "goal.toml", "constant:b"});
      const json before = gain_of(clean, "constant:b");
      EXPECT_FALSE(found(clean, "outlying_cells"));
      for (const char* cell : {"100", "-999999999", "3e38", "1e15"}) {
        folder.write("log.csv", log_text(kind, cell, "", three));
        const json with = asked(folder, {"gate", "goal.toml", "constant:b"}),
                   after = gain_of(with, "constant:b");
        EXPECT_EQ(with["verdict"], clean["verdict"]) << with["sentence"];
        EXPECT_TRUE(found(with, "in decision r5.")) << cell;
        ASSERT_FALSE(after["value"].is_null()) << after.dump();
        // Half a standard error is about an eighth of the interval.
        const double error = (before["upper"].get<double>() - before["lower"].get<double>()) / 4;
        EXPECT_NEAR(after["value"].get<double>(), before["value"].get<double>(), .5 * error);
        EXPECT_LT(after["upper"].get<double>() - after["lower"].get<double>(),
                  1.2 * (before["upper"].get<double>() - before["lower"].get<double>()));
      }
    }
  }
}

TEST(CasesCell, AnOutcomeCellThatDecidesIsNamed) {
  for (const auto& [kind, word] :
       {std::pair{OutcomeKind::kNumber, "number"}, std::pair{OutcomeKind::kAmount, "amount"}}) {
    const Folder folder;
    folder.write("goal.toml", goal_text(word));
    folder.write("log.csv", log_text(kind, "", "999999999"));
    const json answer = asked(folder, {"gate", "goal.toml", "constant:b"});
    EXPECT_EQ(answer["verdict"], "inconclusive");
    EXPECT_TRUE(found(answer, "one customer decides this: decision r6 (y = 999999999)")) << answer.dump(1);
    folder.write("log.csv", log_text(kind, "", ""));
    EXPECT_FALSE(found(asked(folder, {"gate", "goal.toml", "constant:b"}), "one customer"));
  }
}

}  // namespace
}  // namespace plumb
