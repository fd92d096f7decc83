// The formats, special ones before those whose keys they share. docs/feedback.md has the same list with the
// commands in full.
#include "data/feedback_known.h"

#include <algorithm>
#include <array>

namespace plumb {

namespace {

struct Shape {
  KnownFormat format;
  // Paths that must all be there; one that starts with * stands for every path that ends in the rest, one that
  // starts with ! must not be there.
  std::array<std::string_view, 4> paths;
};

constexpr Shape kShapes[] = {
    {{"AlpacaEval annotations",
      "--column prompt=instruction --column first=output_1 --column second=output_2 --column answer=preference "
      "--column rater=annotator --answer 0=tie,1.5=tie"},
     {"instruction", "output_1", "output_2", "preference"}},
    {{"a table of Chatbot Arena (winner_model_a, ...)",
      "one column for who won: the line for \"Arena, a table\" in docs/feedback.md writes it"},
     {"winner_model_a", "winner_model_b", "winner_tie"}},
    {{"Chatbot Arena or MT-bench judgments, with conversations",
      "plain keys: the jq line for \"Chatbot Arena\" in docs/feedback.md writes them"},
     {"model_a", "model_b", "winner", "conversation_a.content"}},
    {{"Chatbot Arena votes without texts",
      "--column first=model_a --column second=model_b --column answer=winner --column rater=judge --answer "
      "\"tie (bothbad)=tie\""},
     {"model_a", "model_b", "winner"}},
    {{"an export of Argilla 2, nested",
      "plain keys: the jq line for \"Argilla 2\" in docs/feedback.md writes them"},
     {"fields", "*.user_id", "*.value"}},
    {{"an export of Argilla 2, flat",
      "plain keys: the jq line for \"Argilla 2, flat\" in docs/feedback.md writes them"},
     {"*.responses", "*.responses.users"}},
    {{"an export of Argilla 1", "plain keys: the jq line for \"Argilla 1\" in docs/feedback.md writes them"},
     {"*.user_id", "*.value", "*.status"}},
    {{"Label Studio's nested JSON",
      "its JSON-MIN export, or the jq line for \"Label Studio\" in docs/feedback.md"},
     {"data", "annotations.completed_by"}},
    {{"Label Studio's JSON-MIN",
      "its own names, as in --column first=answer1 --column second=answer2 --column answer=cmp --column "
      "rater=annotator --answer left=first,right=second"},
     {"annotator", "annotation_id"}},
    {{"message trees of OASST", "plain keys: the jq line for \"OASST, trees\" in docs/feedback.md writes them"},
     {"message_tree_id", "prompt.replies"}},
    {{"messages of OASST", "plain keys: the jq line for \"OASST, messages\" in docs/feedback.md writes them"},
     {"message_id", "parent_id", "rank"}},
    {{"UltraFeedback",
      "ratings: jq -c '.instruction as $p | .completions[] | {prompt: $p, completion: .response, rating: "
      ".overall_score}'"},
     {"instruction", "completions.response", "completions.annotations"}},
    {{"comparisons of summarize-from-feedback",
      "plain keys: the jq line for \"summarize-from-feedback\" in docs/feedback.md writes them"},
     {"info", "summaries.text", "choice"}},
    {{"WebGPT comparisons", "plain keys: the jq line for \"WebGPT\" in docs/feedback.md writes them"},
     {"answer_0", "answer_1", "score_0", "score_1"}},
    {{"Nectar", "rankings: the jq line for \"Nectar\" in docs/feedback.md writes them"},
     {"answers.answer", "answers.rank"}},
    {{"SHP",
      "--column prompt=history --column first=human_ref_A --column second=human_ref_B --column answer=labels "
      "--answer 1=first,0=second"},
     {"history", "human_ref_A", "human_ref_B", "labels"}},
    {{"PKU-SafeRLHF",
      "--column first=response_0 --column second=response_1 --column answer=better_response_id (or "
      "safer_response_id)"},
     {"response_0", "response_1", "better_response_id"}},
    {{"HelpSteer2 preferences",
      "--column first=response_1 --column second=response_2 --column answer=preference_strength "
      "--answer=-3=first,-2=first,-1=first,0=tie,1=second,2=second,3=second"},
     {"response_1", "response_2", "preference_strength"}},
    {{"HelpSteer", "--column completion=response --column rating=helpfulness (or another of its grades)"},
     {"response", "helpfulness", "correctness"}},
    {{"pairs under a question", "--column prompt=question (a \"system\" beside it is then not read)"},
     {"question", "chosen", "rejected", "!prompt"}},
};

bool holds(std::string_view wanted, std::span<const std::string> paths) {
  if (wanted.empty()) return true;
  if (wanted.starts_with('!')) return !holds(wanted.substr(1), paths);
  return std::any_of(paths.begin(), paths.end(), [&](std::string_view path) {
    return wanted.starts_with('*') ? path.ends_with(wanted.substr(1)) : path == wanted;
  });
}

}  // namespace

const KnownFormat* known_format(std::span<const std::string> paths) {
  for (const Shape& shape : kShapes) {
    const bool all = std::all_of(shape.paths.begin(), shape.paths.end(),
                                 [&](std::string_view wanted) { return holds(wanted, paths); });
    if (all) return &shape.format;
  }
  return nullptr;
}

}  // namespace plumb
