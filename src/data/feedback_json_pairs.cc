// Chosen and rejected: texts under a prompt, or two dialogues whose common start is the prompt.
#include "data/feedback_json.h"

#include <algorithm>

namespace plumb {

namespace dom = simdjson::dom;

void JsonFeedbackReader::read_pair() {
  draft_.kind = RecordDraft::Kind::kComparison;
  draft_.answer = Answer::kFirst;
  draft_.order_known = false;
  const dom::element chosen = value_[kChosenRole], rejected = value_[kRejectedRole];
  const bool texts = chosen.is_string() && rejected.is_string();
  const bool lists = chosen.is_array() && rejected.is_array();
  const bool prompted = !draft_.prompt.text.empty() || !draft_.prompt.name.empty();
  if (texts && !prompted && !has(kContextRole))
    return read_dialogues(chosen.get_string().value_unsafe(), rejected.get_string().value_unsafe());
  if (lists) return read_message_lists(chosen, rejected, prompted);
  if (chosen.is_array() || rejected.is_array())
    throw BadRow{roles_.name(kRejectedRole), described(rejected) + " beside " + described(chosen),
                 "chosen and rejected in one form"};
  draft_.items.push_back(item_of(chosen, roles_.name(kChosenRole), true));
  draft_.items.push_back(item_of(rejected, roles_.name(kRejectedRole), true));
}

void JsonFeedbackReader::read_dialogues(std::string_view chosen, std::string_view rejected) {
  if (chosen == rejected)
    throw BadRow{roles_.name(kChosenRole), "the same dialogue as rejected", "two different ones"};
  const std::size_t prompt = shared_prompt(chosen, rejected);
  draft_.prompt.text = checked_text(chosen.substr(0, prompt), "prompt");
  draft_.items.push_back({{}, checked_text(chosen.substr(prompt), roles_.name(kChosenRole))});
  draft_.items.push_back({{}, checked_text(rejected.substr(prompt), roles_.name(kRejectedRole))});
}

void JsonFeedbackReader::read_message_lists(dom::element chosen, dom::element rejected, bool prompted) {
  const std::string &what_chosen = roles_.name(kChosenRole), &what_rejected = roles_.name(kRejectedRole);
  const auto a = messages_of(chosen, what_chosen), b = messages_of(rejected, what_rejected);
  if (a == b) throw BadRow{what_chosen, "the same messages as rejected", "two different lists"};
  std::size_t common = 0;
  if (!prompted || a[0].speaker != Speaker::kAssistant) {
    while (common < a.size() && common < b.size() && a[common] == b[common]) ++common;
    const std::span<const Message> start(a.data(), common);
    const bool repeats = !messages_.empty()
                             ? std::equal(start.begin(), start.end(), messages_.begin(), messages_.end())
                             : common > 0 && a[common - 1].speaker == Speaker::kHuman &&
                                   a[common - 1].content == draft_.prompt.text;
    if (common == 0)
      throw BadRow{what_chosen, "no common start with rejected", "two dialogues with one, or a prompt"};
    if (prompted && !repeats)
      throw BadRow{what_chosen, "a common start that is not the prompt",
                   "the prompt's messages, or the answer alone"};
    draft_.prompt.text = kept(prompt_text_of(start), "prompt");
  }
  draft_.items.push_back(
      {{}, kept(completion_text_of(std::span(a).subspan(common), what_chosen), what_chosen)});
  draft_.items.push_back(
      {{}, kept(completion_text_of(std::span(b).subspan(common), what_rejected), what_rejected)});
}

}  // namespace plumb
