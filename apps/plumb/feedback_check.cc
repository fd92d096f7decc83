// plumb feedback check FILE: what the file holds and what to mind in it.
#include <fmt/format.h>

#include <memory>

#include "feedback.h"
#include "options.h"

namespace plumb::cli {
namespace {

// "65,003 comparisons and 12 thumbs".
std::string judgements_text(const FeedbackCheck& c) {
  std::vector<std::string> parts;
  if (c.comparisons > 0) parts.push_back(counted(c.comparisons, "comparison", "comparisons"));
  if (c.rankings > 0) parts.push_back(counted(c.rankings, "ranking", "rankings"));
  if (c.ratings > 0) parts.push_back(counted(c.ratings, "rating", "ratings"));
  if (c.thumbs > 0) parts.push_back(counted(c.thumbs, "thumb", "thumbs"));
  std::string out = parts.front();
  for (std::size_t k = 1; k < parts.size(); ++k) out += (k + 1 == parts.size() ? " and " : ", ") + parts[k];
  return out;
}

std::size_t warnings(const FeedbackCheck& c) {
  std::size_t out = 0;
  for (const Finding& f : c.findings) out += f.severity != Severity::kInfo;
  return out;
}

std::string sentence(const std::string& file, const FeedbackCheck& c, const FeedbackReport& report) {
  const std::size_t mind = warnings(c) + (report.rejected > 0);
  return fmt::format("{}: {} of {} under {}, by {}; {}.\n", file, judgements_text(c),
                     counted(c.items, "item", "items"), counted(c.prompts, "prompt", "prompts"),
                     c.raters == 0 ? "nobody named" : counted(c.raters, "rater", "raters"),
                     mind == 0 ? "nothing to mind" : counted(mind, "thing to mind", "things to mind"));
}

std::string text(const std::string& file, const FeedbackCheck& c, const FeedbackReport& report) {
  std::string out = sentence(file, c, report) + "\n";
  const auto line = [&](const char* what, std::uint64_t count) {
    out += fmt::format("{:<34}{:>12}\n", what, grouped(count));
  };
  line("prompts", c.prompts);
  line("items", c.items);
  line("raters named", c.raters);
  line("comparisons", c.comparisons);
  line("  of them ties", c.ties);
  line("rankings", c.rankings);
  line("ratings", c.ratings);
  line("thumbs", c.thumbs);
  line("judgements that name no rater", c.unnamed);
  line("pairs compared", c.pairs);
  line("  of them more than once", c.pairs_judged_again);
  line("  of them with wins for either side", c.pairs_disputed);
  line("repeated judgements", c.repeated);
  line("contradictions of one person", c.contradictions);
  const std::string read = reading_text(report);
  if (!read.empty()) out += "\n" + read;
  if (!c.findings.empty()) out += "\n";
  for (const Finding& f : c.findings)
    out += fmt::format("{}: {}\n", f.severity == Severity::kInfo ? "Note" : "Mind", f.sentence);
  return out;
}

nlohmann::ordered_json json(const std::string& file, const FeedbackCheck& c, const FeedbackReport& report) {
  nlohmann::ordered_json out{{"verb", "feedback check"}, {"file", file}};
  std::string said = sentence(file, c, report);
  said.pop_back();
  out["sentence"] = said;
  out["reading"] = reading_json(report);
  out["counts"] = {{"prompts", c.prompts},
                   {"items", c.items},
                   {"raters", c.raters},
                   {"comparisons", c.comparisons},
                   {"ties", c.ties},
                   {"rankings", c.rankings},
                   {"ratings", c.ratings},
                   {"thumbs", c.thumbs},
                   {"unnamed", c.unnamed},
                   {"repeated", c.repeated},
                   {"contradictions", c.contradictions},
                   {"pairs", c.pairs},
                   {"pairs_judged_again", c.pairs_judged_again},
                   {"pairs_disputed", c.pairs_disputed},
                   {"twins", c.twins},
                   {"prompts_apart", c.prompts_apart}};
  out["findings"] = nlohmann::ordered_json::array();
  for (const Finding& f : c.findings)
    out["findings"].push_back({{"check", f.check},
                               {"severity", f.severity == Severity::kInfo ? "info" : "warning"},
                               {"sentence", f.sentence}});
  return out;
}

}  // namespace

void add_feedback_check(CLI::App& feedback, int& status) {
  CLI::App* verb =
      feedback.add_subcommand("check", "what the file holds, what was rejected, what contradicts itself");
  const auto a = std::make_shared<FeedbackArguments>();
  add_feedback_arguments(*verb, *a);
  verb->callback([verb, a, &status] {
    refuse_extras(*verb);
    const ReadFeedback in = read(*a);
    const FeedbackCheck check = check_feedback(in.feedback);
    print(a->json ? json(a->file, check, in.report).dump(2) + "\n" : text(a->file, check, in.report));
    status = kDone;
  });
}

}  // namespace plumb::cli
