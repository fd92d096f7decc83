// Dialogues: the text form ("\n\nHuman: ...\n\nAssistant: ...") and lists of messages, which become that form.
// In all of them prompt and completion, one behind the other, are the whole dialogue again.
#include <fmt/core.h>

#include <algorithm>

#include "data/feedback_record.h"

namespace plumb {

namespace {

constexpr std::string_view kTurn = "\n\nAssistant:";

std::string_view cue(Speaker speaker) {
  switch (speaker) {
    case Speaker::kHuman:
      return "\n\nHuman: ";
    case Speaker::kAssistant:
      return "\n\nAssistant: ";
    case Speaker::kSystem:
      return "\n\nSystem: ";
    case Speaker::kTool:
      return "\n\nTool: ";
  }
  return "";
}

void append(std::string& out, const Message& message) {
  out += cue(message.speaker);
  out += message.content;
}

}  // namespace

std::size_t shared_prompt(std::string_view chosen, std::string_view rejected) {
  const std::size_t shorter = std::min(chosen.size(), rejected.size());
  const auto common = static_cast<std::size_t>(
      std::mismatch(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(shorter), rejected.begin())
          .first -
      chosen.begin());
  const std::size_t turn = chosen.substr(0, common).rfind(kTurn);
  if (turn == std::string_view::npos)
    throw BadRow{"chosen", "no turn \"\\n\\nAssistant:\" in common with rejected",
                 "two dialogues with a common start, or a prompt"};
  const std::size_t end = turn + kTurn.size();
  return end < common && chosen[end] == ' ' ? end + 1 : end;
}

Speaker checked_speaker(std::string_view role, std::string_view what) {
  if (role == "user" || role == "human") return Speaker::kHuman;
  if (role == "assistant") return Speaker::kAssistant;
  if (role == "system") return Speaker::kSystem;
  if (role == "tool") return Speaker::kTool;
  throw BadRow{std::string(what) + ".role", shown(role), "\"user\", \"assistant\", \"system\" or \"tool\""};
}

std::string prompt_text_of(std::span<const Message> messages) {
  std::string out;
  for (const Message& message : messages) append(out, message);
  out += cue(Speaker::kAssistant);
  return out;
}

std::string completion_text_of(std::span<const Message> messages, std::string_view what) {
  if (messages.empty() || messages[0].speaker != Speaker::kAssistant)
    throw BadRow{std::string(what),
                 messages.empty() ? "no message behind the prompt" : "a message of another role",
                 "a message of the assistant behind the prompt"};
  std::string out(messages[0].content);
  for (const Message& message : messages.subspan(1)) append(out, message);
  return out;
}

}  // namespace plumb
