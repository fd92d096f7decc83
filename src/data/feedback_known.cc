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

constexpr std::string_view kLines = "plain keys: the lines under that name in docs/feedback.md write them";

constexpr Shape kShapes[] = {
    {{"AlpacaEval annotations",
      "--column prompt=instruction --column first=output_1 --column second=output_2 --column answer=preference "
      "--answer 0=tie,1.5=tie"},
     {"instruction", "output_1", "output_2", "preference"}},
    {{"a table of Chatbot Arena", kLines}, {"winner_model_a", "winner_model_b", "winner_tie"}},
    {{"Chatbot Arena or MT-bench with conversations", kLines},
     {"model_a", "model_b", "winner", "conversation_a.content"}},
    {{"Chatbot Arena votes without texts",
      "--column first=model_a --column second=model_b --column answer=winner --column rater=judge --answer "
      "\"tie (bothbad)=tie\""},
     {"model_a", "model_b", "winner"}},
    {{"Argilla 2, nested", kLines}, {"fields", "*.user_id", "*.value"}},
    {{"Argilla 2, nested", kLines}, {"fields", "responses", "suggestions"}},
    {{"Argilla 2, flat", kLines}, {"*.responses", "*.responses.users"}},
    {{"Argilla 1", kLines}, {"*.user_id", "*.value", "*.status"}},
    {{"Label Studio's nested JSON", kLines}, {"data", "annotations"}},
    {{"Label Studio's JSON-MIN",
      "your names, as in --column first=answer1 --column second=answer2 --column answer=cmp --column "
      "rater=annotator --answer left=first,right=second"},
     {"annotator", "annotation_id"}},
    {{"OASST trees", kLines}, {"message_tree_id", "prompt.replies"}},
    {{"OASST messages", kLines}, {"message_id", "parent_id", "rank"}},
    {{"UltraFeedback", kLines}, {"instruction", "completions.response", "completions.annotations"}},
    {{"summarize-from-feedback", kLines}, {"info", "summaries.text", "choice"}},
    {{"WebGPT comparisons", kLines}, {"answer_0", "answer_1", "score_0", "score_1"}},
    {{"Nectar", kLines}, {"answers.answer", "answers.rank"}},
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
      "--answer=-3=first,... (its row in docs/feedback.md)"},
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

std::vector<KnownFormat> known_formats() {
  std::vector<KnownFormat> out;
  for (const Shape& shape : kShapes) out.push_back(shape.format);
  return out;
}

const KnownFormat* known_format(std::span<const std::string> paths) {
  for (const Shape& shape : kShapes) {
    const bool all = std::all_of(shape.paths.begin(), shape.paths.end(),
                                 [&](std::string_view wanted) { return holds(wanted, paths); });
    if (all) return &shape.format;
  }
  return nullptr;
}

}  // namespace plumb
