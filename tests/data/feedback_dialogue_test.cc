// Dialogues and message lists.
#include <cmath>

#include "tests/data/feedback_equal.h"

namespace plumb {
namespace {

using Names = std::vector<std::string>;

std::string preferred(const Feedback& f, std::size_t at) {
  return f.text[f.answer[at] == Answer::kFirst ? f.first[at] : f.second[at]];
}
std::string other(const Feedback& f, std::size_t at) {
  return f.text[f.answer[at] == Answer::kFirst ? f.second[at] : f.first[at]];
}

TEST(FeedbackDialogue, ThePromptEndsAtTheLastAssistantTurnInCommon) {
  // The answers share "Well, " and a later turn has the same words: neither is common to both.
  const Feedback f = json_feedback(
      R"({"chosen":"\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: Well, so\n\nHuman: x\n\nAssistant: y","rejected":"\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: Well, no"})");
  EXPECT_EQ(f.prompt_text, Names{"\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: "});
  EXPECT_EQ(preferred(f, 0), "Well, so\n\nHuman: x\n\nAssistant: y");
  EXPECT_EQ(other(f, 0), "Well, no");
}

TEST(FeedbackDialogue, ABlankBehindTheTurnBelongsToThePromptOnlyWhereBothHaveIt) {
  const Feedback f = json_feedback(
      R"({"chosen":"\n\nHuman: Hi\n\nAssistant:yes","rejected":"\n\nHuman: Hi\n\nAssistant: no"})");
  EXPECT_EQ(f.prompt_text, Names{"\n\nHuman: Hi\n\nAssistant:"});
  EXPECT_EQ(preferred(f, 0), "yes");
  EXPECT_EQ(other(f, 0), " no");
  const Feedback turned = json_feedback(
      R"({"chosen":"\n\nHuman: Hi\n\nAssistant: yes","rejected":"\n\nHuman: Hi\n\nAssistant:no"})");
  EXPECT_EQ(turned.prompt_text, f.prompt_text);
  EXPECT_EQ(preferred(turned, 0), " yes");
  EXPECT_EQ(other(turned, 0), "no");
}

TEST(FeedbackDialogue, MessageListsAreTheSameDialoguesAsTexts) {
  const std::string text =
      R"({"chosen":"\n\nSystem: Be kind.\n\nHuman: Hi\n\nAssistant: Hello","rejected":"\n\nSystem: Be kind.\n\nHuman: Hi\n\nAssistant: Go\n\nHuman: ?"})";
  const std::string start = R"({"role":"system","content":"Be kind."},{"role":"user","content":"Hi"})";
  const std::string good = R"({"role":"assistant","content":"Hello"})",
                    bad = R"({"role":"assistant","content":"Go"},{"role":"human","content":"?"})";
  const auto compare = [](const Feedback& a, const Feedback& b) {
    EXPECT_EQ(a.prompt_text, b.prompt_text);
    EXPECT_EQ(preferred(a, 0), preferred(b, 0));
    EXPECT_EQ(other(a, 0), other(b, 0));
  };
  const Feedback want = json_feedback(text);
  compare(json_feedback("{\"chosen\":[" + start + "," + good + "],\"rejected\":[" + start + "," + bad + "]}"),
          want);
  compare(json_feedback("{\"prompt\":[" + start + "],\"chosen\":[" + good + "],\"rejected\":[" + bad + "]}"),
          want);
  compare(json_feedback("{\"prompt\":[" + start + "],\"chosen\":[" + start + "," + good + "],\"rejected\":[" +
                        start + "," + bad + "]}"),
          want);
  compare(json_feedback("{\"prompt\":[" + start + "],\"chosen\":\"Hello\",\"rejected\":\"Go\\n\\nHuman: ?\"}"),
          want);
}

TEST(FeedbackDialogue, ListsMayRepeatATextPromptAsTheirLastUserMessage) {
  const Feedback f = json_feedback(
      R"({"prompt":"Hi","chosen":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}],"rejected":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Go"}]})");
  EXPECT_EQ(f.prompt_text, Names{"\n\nHuman: Hi\n\nAssistant: "});
  EXPECT_EQ(preferred(f, 0), "Hello");
}

TEST(FeedbackDialogue, ACompletionMayBeAListOfMessages) {
  const Feedback f = json_feedback(
      R"({"prompt":[{"role":"user","content":"Hi"}],"completion":[{"role":"assistant","content":"Hello"}],"label":true})");
  EXPECT_EQ(f.prompt_text, Names{"\n\nHuman: Hi\n\nAssistant: "});
  EXPECT_EQ(f.text, Names{"Hello"});
}

TEST(FeedbackDialogue, PromptAndChosenAreTextsWhereAPromptIsGiven) {
  const Feedback f = json_feedback(R"({"prompt":"2+2?","chosen":"4","rejected":"5"})");
  EXPECT_EQ(f.prompt_text, Names{"2+2?"});
  EXPECT_EQ(preferred(f, 0), "4");  // a text though it has no space
  EXPECT_EQ(other(f, 0), "5");
}

TEST(FeedbackDialogue, TheOrderOfAPreferredPairCarriesNothing) {
  std::string text;
  const int n = 4000;
  for (int i = 0; i < n; ++i)
    text += "{\"prompt\":\"q " + std::to_string(i) + "\",\"chosen\":\"good\",\"rejected\":\"bad\"}\n";
  const Feedback f = json_feedback(text);
  int first = 0, same_as_before = 0;
  for (int i = 0; i < n; ++i) {
    first += f.answer[i] == Answer::kFirst;
    same_as_before += i > 0 && f.answer[i] == f.answer[i - 1];
    EXPECT_EQ(preferred(f, i), "good");
  }
  // Four standard errors of a fair coin.
  EXPECT_NEAR(first, n / 2, 4 * std::sqrt(n * .25));
  EXPECT_NEAR(same_as_before, (n - 1) / 2, 4 * std::sqrt(n * .25));
}

struct BadDialogue {
  const char *record, *message;
};

TEST(FeedbackDialogue, WhatIsNoDialogueIsRefused) {
  const BadDialogue cases[] = {
      {R"({"chosen":"yes","rejected":"no"})",
       "chosen: found no turn \"\\n\\nAssistant:\" in common with rejected, expected two dialogues with a "
       "common "
       "start, or a prompt"},
      {R"({"chosen":"\n\nHuman: a\n\nAssistant: x","rejected":"\n\nHuman: b\n\nAssistant: y"})",
       "chosen: found no turn \"\\n\\nAssistant:\" in common with rejected, expected two dialogues with a "
       "common "
       "start, or a prompt"},
      {R"({"chosen":"\n\nHuman: a\n\nAssistant: x","rejected":"\n\nHuman: a\n\nAssistant: x"})",
       "chosen: found the same dialogue as rejected, expected two different ones"},
      {R"({"chosen":"\n\nHuman: a\n\nAssistant: x","rejected":"\n\nHuman: a\n\nAssistant:"})",
       "rejected: found an empty text, expected a text that says something"},
      {R"({"prompt":"q","chosen":"x y","rejected":[{"role":"assistant","content":"x"}]})",
       "rejected: found a list beside \"x y\", expected chosen and rejected in one form"},
      {R"({"chosen":[],"rejected":[{"role":"assistant","content":"x"}]})",
       "chosen: found an empty list of messages, expected at least one message"},
      {R"({"chosen":[{"role":"bot","content":"x"}],"rejected":[]})",
       "chosen.role: found \"bot\", expected \"user\", \"assistant\", \"system\" or \"tool\""},
      {R"({"chosen":[{"role":"user"}],"rejected":[]})",
       "chosen: found a message without a text for role and content, expected {\"role\": ..., \"content\": "
       "...}"},
      {R"({"chosen":["x"],"rejected":[]})",
       "chosen: found a message without a text for role and content, expected {\"role\": ..., \"content\": "
       "...}"},
      {R"({"chosen":[{"role":"user","content":""}],"rejected":[]})",
       "chosen.content: found an empty text, expected a text that says something"},
      {R"({"chosen":[{"role":"user","content":"x"}],"rejected":[{"role":"user","content":"y"}]})",
       "chosen: found no common start with rejected, expected two dialogues with one, or a prompt"},
      {R"({"chosen":[{"role":"user","content":"x"}],"rejected":[{"role":"user","content":"x"}]})",
       "chosen: found the same messages as rejected, expected two different lists"},
      {R"({"chosen":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}],"rejected":[{"role":"user","content":"x"}]})",
       "rejected: found no message behind the prompt, expected a message of the assistant behind the prompt"},
      {R"({"chosen":[{"role":"user","content":"x"},{"role":"user","content":"y"}],"rejected":[{"role":"user","content":"x"},{"role":"assistant","content":"z"}]})",
       "chosen: found a message of another role, expected a message of the assistant behind the prompt"},
      {R"({"prompt":"q","chosen":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}],"rejected":[{"role":"user","content":"x"},{"role":"assistant","content":"z"}]})",
       "chosen: found a common start that is not the prompt, expected the prompt's messages, or the answer "
       "alone"},
  };
  for (const BadDialogue& bad : cases)
    EXPECT_EQ(refusal([&] { json_feedback(bad.record); }),
              std::string("f.jsonl:1: ") + bad.message + "\nf.jsonl: found 1 bad of 1 row, expected none")
        << bad.record;
}

}  // namespace
}  // namespace plumb
