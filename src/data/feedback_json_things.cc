// Prompts and items in JSON: texts, names, objects and lists of messages.
#include "data/feedback_json.h"

namespace plumb {

namespace dom = simdjson::dom;

namespace {
constexpr const char* kMessage = "messages {\"role\": ..., \"content\": ...}";
}  // namespace

int JsonFeedbackReader::arrange(dom::object object, FeatureSet& set, std::vector<Cell>* cells) {
  fields_.clear();
  for (const auto& [key, value] : object) fields_.emplace_back(key, json_cell(value));
  const std::size_t start = cells->size();
  set.arrange(fields_, cells);
  return static_cast<int>(start);
}

std::string_view JsonFeedbackReader::content_of(dom::element message, const std::string& what) {
  dom::element content;
  std::string_view text;
  if (message["content"].get(content)) throw BadRow{what, "a message without content", kMessage};
  if (!content.get(text)) return text;
  const std::string inner = what + ".content";
  if (!content.is_array())
    throw BadRow{inner, content.is_null() ? "null (a message that says nothing)" : described(content),
                 "a text, or a list of parts {\"type\": \"text\", \"text\": ...}"};
  std::string joined;
  for (const dom::element part : dom::array(content)) {
    std::string_view type;
    if (part["type"].get(type) || type != "text" || part["text"].get(text))
      throw BadRow{inner, "a part that is not a text", "parts {\"type\": \"text\", \"text\": ...} only"};
    joined += (joined.empty() ? "" : "\n") + std::string(text);
  }
  return kept(std::move(joined), inner);
}

std::vector<Message> JsonFeedbackReader::messages_of(dom::element value, const std::string& what) {
  std::vector<Message> messages;
  for (const dom::element entry : dom::array(value)) {
    std::string_view role;
    if (entry["role"].get(role)) throw BadRow{what, "a message without a text for role", kMessage};
    const std::string_view content = content_of(entry, what);
    messages.push_back({checked_speaker(role, what), checked_text(content, what + ".content")});
  }
  if (messages.empty()) throw BadRow{what, "an empty list of messages", "at least one message"};
  return messages;
}

std::string_view JsonFeedbackReader::kept(std::string text, const std::string& what) {
  return checked_text(*scratch() = std::move(text), what);
}

ThingDraft JsonFeedbackReader::object_of(dom::object object, const std::string& what, bool features) {
  ThingDraft draft;
  std::size_t inside_size = 0;
  for (const auto& [key, value] : object) {
    const std::string inner = what + "." + std::string(key);
    const bool again = key == "id"     ? !draft.name.empty()
                       : key == "text" ? !draft.text.empty()
                                       : draft.cells >= 0;
    if (again) throw BadRow{inner, "a second value", "one value an object"};
    if (key == "id") {
      if (value.is_bool() || value.is_array() || value.is_object())
        throw BadRow{inner, described(value), "a text or a whole number"};
      draft.name = checked_name_of(json_cell(value), inner, scratch());
    } else if (key == "text") {
      std::string_view text;
      if (value.get(text)) throw BadRow{inner, described(value), "a text"};
      draft.text = checked_text(text, inner);
    } else if (key == "features" && features) {
      dom::object inside;
      if (value.get(inside)) throw BadRow{inner, described(value), "an object of features"};
      inside_size = inside.size();
      draft.cells = arrange(inside, builder_.features(), &draft_.cells);
    } else {
      throw BadRow{what, "the unknown key " + shown(key),
                   features ? "\"id\", \"text\" or \"features\"" : "\"id\" or \"text\""};
    }
  }
  if (draft.name.empty() && draft.text.empty() && inside_size == 0)
    throw BadRow{what, "neither id nor text", "an id, a text, or both"};
  return draft;
}

ThingDraft JsonFeedbackReader::item_of(dom::element value, const std::string& what, bool textual) {
  ThingDraft draft;
  if (value.is_string()) {
    draft.text = checked_text(value.get_string().value_unsafe(), what);
    draft.bare = !textual;
  } else if (value.is_object()) {
    return object_of(value, what, true);
  } else if (textual && value.is_array()) {
    draft.text = kept(completion_text_of(messages_of(value, what), what), what);
  } else if (!textual && (value.is_int64() || value.is_uint64())) {
    draft.name = checked_name_of(json_cell(value), what, scratch());
  } else {
    throw BadRow{what, described(value),
                 textual ? "a text, messages or an object" : "a text, a name or an object"};
  }
  return draft;
}

void JsonFeedbackReader::name_and_text(Role name, Role text, ThingDraft& draft) {
  if (!has(text)) return;
  std::string_view words;
  if (value_[text].get(words)) throw BadRow{roles_.name(text), described(value_[text]), "a text"};
  if (has(name)) draft.name = checked_name_of(single(name), roles_.name(name), scratch());
  draft.text = checked_text(words, roles_.name(text));
  draft.bare = false;
}

ThingDraft JsonFeedbackReader::shown_item(Role name, Role text) {
  ThingDraft draft;
  if (has(name) && !has(text)) draft = item_of(value_[name], roles_.name(name), false);
  name_and_text(name, text, draft);
  return draft;
}

ThingDraft JsonFeedbackReader::judged_item() {
  if (has(kCompletionRole)) return item_of(value_[kCompletionRole], roles_.name(kCompletionRole), true);
  return shown_item(kItemRole, kItemTextRole);
}

void JsonFeedbackReader::read_prompt() {
  ThingDraft& prompt = draft_.prompt;
  if (has(kContextRole)) read_context();
  if ((has(kPromptRole) || has(kPromptTextRole)) && !prompt.text.empty())
    throw BadRow{roles_.name(kContextRole), "a text beside a prompt", "an object of features"};
  const std::string& what = roles_.name(kPromptRole);
  if (has(kPromptRole) && !has(kPromptTextRole)) {
    const dom::element value = value_[kPromptRole];
    const int cells = prompt.cells;
    if (value.is_string()) {
      prompt.text = checked_text(value.get_string().value_unsafe(), what);
    } else if (value.is_array()) {
      messages_ = messages_of(value, what);
      prompt.text = kept(prompt_text_of(messages_), what);
    } else if (value.is_object()) {
      prompt = object_of(value, what, false);
    } else {
      prompt.name = checked_name_of(single(kPromptRole), what, scratch());
    }
    prompt.cells = cells;
  }
  name_and_text(kPromptRole, kPromptTextRole, prompt);
}

void JsonFeedbackReader::read_context() {
  const dom::element value = value_[kContextRole];
  const std::string& what = roles_.name(kContextRole);
  if (value.is_string()) {
    draft_.prompt.text = checked_text(value.get_string().value_unsafe(), what);
  } else if (value.is_array()) {
    draft_.prompt.text = kept(prompt_text_of(messages_of(value, what)), what);
  } else if (value.is_object()) {
    draft_.prompt.cells = arrange(dom::object(value), builder_.context(), &draft_.prompt_cells);
  } else {
    throw BadRow{what, described(value), "a text or an object of features"};
  }
}

}  // namespace plumb
