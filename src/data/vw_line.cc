// VW text, line by line.
#include "data/vw_line.h"

#include <algorithm>
#include <utility>

namespace plumb {

namespace {

constexpr const char* kLabelForm = "action:cost:probability, a blank and a bar";

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

double finite(std::string_view text, const char* what) {
  double value = 0;
  if (!read_number(text, &value) || !std::isfinite(value)) throw BadRow{what, shown(text), "a finite number"};
  return value;
}

VwLabel read_label(std::string_view token) {
  VwLabel label;
  const std::size_t first = token.find(':');
  label.action = token.substr(0, first);
  if (!is_digits(label.action)) throw BadRow{"label", shown(token), kLabelForm};
  if (first == std::string_view::npos) return label;
  const std::string_view values = token.substr(first + 1);
  const std::size_t second = values.find(':');
  if (second == std::string_view::npos)
    throw BadRow{"label", shown(token) + ", without a probability", kLabelForm};
  label.observed = true;
  label.cost = finite(values.substr(0, second), "label's cost");
  const std::string_view probability = values.substr(second + 1);
  if (!read_number(probability, &label.probability) || !(label.probability > 0 && label.probability <= 1))
    throw BadRow{"label's probability", shown(probability), "a number in (0, 1]"};
  return label;
}

// Tokens are a few bytes long: a plain loop is faster than a search for any of several characters.
void skip_blanks(std::string_view& rest) {
  std::size_t at = 0;
  while (at < rest.size() && is_blank(rest[at])) ++at;
  rest.remove_prefix(at);
}

std::string_view take_token(std::string_view& rest) {
  skip_blanks(rest);
  std::size_t end = 0;
  while (end < rest.size() && !is_blank(rest[end])) ++end;
  const std::string_view token = rest.substr(0, end);
  rest.remove_prefix(end);
  return token;
}

}  // namespace

std::string_view other_problem(std::string_view word) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"ccb", "conditional contextual bandits, several slots a decision"},
      {"slates", "slates, one action for each of several slots"},
      {"ca", "continuous actions"}};
  for (const auto& [own, about] : kWords)
    if (word == own) return about;
  return {};
}

std::string_view other_problem_of(std::string_view line) {
  std::string_view rest = line.substr(0, line.find('|'));
  return line.find('|') == std::string_view::npos ? std::string_view() : other_problem(take_token(rest));
}

// A header of CSV may hold bars too, but no number or word of VW's before the first.
bool starts_vw_text(std::string_view line) {
  const std::size_t bar = line.find('|');
  if (bar == std::string_view::npos) return false;
  if (!other_problem_of(line).empty()) return true;
  std::string_view rest = line.substr(0, bar);
  const bool touches = bar > 0 && !is_blank(line[bar - 1]);
  for (std::size_t labels = 0;; ++labels) {
    const std::string_view token = take_token(rest);
    if (token.empty()) return true;
    if (token == "shared") return true;
    skip_blanks(rest);
    if (rest.empty() && (token.front() == '\'' || (touches && labels > 0))) return true;  // a tag
    double value = 0;
    for (std::size_t colon = 0, start = 0; colon != std::string_view::npos; start = colon + 1) {
      colon = token.find(':', start);
      const std::size_t end = colon == std::string_view::npos ? token.size() : colon;
      if (!read_number(token.substr(start, end - start), &value)) return false;
    }
  }
}

void read_vw_head(std::string_view line, VwHead& head, std::string_view* rest) {
  const std::size_t bar = line.find('|');
  if (bar == std::string_view::npos) throw BadRow{"row", shown(line) + ", without a bar", kLabelForm};
  *rest = line.substr(bar);
  head.shared = false;
  head.labels.clear();
  head.tag = {};
  std::string_view before = line.substr(0, bar);
  const bool touches = !before.empty() && !is_blank(before.back());
  while (true) {
    const std::string_view token = take_token(before);
    if (token.empty()) break;
    skip_blanks(before);
    const bool last = before.empty();
    // A tag touches the bar or starts with a quote, and nothing stands behind it.
    if (last && (touches || token.front() == '\'') && token != "shared") {
      head.tag = token.substr(token.front() == '\'' ? 1 : 0);
    } else if (token == "shared") {
      head.shared = true;
    } else if (const std::string_view other = other_problem(token); !other.empty()) {
      throw BadRow{"label", shown(token) + ": " + std::string(other), kLabelForm};
    } else {
      head.labels.push_back(read_label(token));
    }
  }
  if (head.shared && !head.labels.empty()) throw BadRow{"label", "one beside \"shared\"", "none"};
}

std::string_view VwFeatures::token() {
  std::size_t end = 0;
  while (end < rest_.size() && !is_blank(rest_[end]) && rest_[end] != '|') ++end;
  const std::string_view out = rest_.substr(0, end);
  rest_.remove_prefix(end);
  return out;
}

// At a bar: the name of a namespace touches it, with a weight where there is one.
void VwFeatures::read_space() {
  rest_.remove_prefix(1);
  const std::string_view name = token();
  const std::size_t colon = name.find(':');
  feature_.space = name.substr(0, colon);
  weight_ = colon == std::string_view::npos ? 1 : finite(name.substr(colon + 1), "namespace's weight");
}

bool VwFeatures::next() {
  while (true) {
    skip_blanks(rest_);
    if (rest_.empty()) return false;
    if (rest_.front() != '|') break;
    read_space();
  }
  const std::string_view text = token();
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  Cell& cell = feature_.cell;
  cell = {};
  cell.kind = Cell::Kind::kNumber;
  cell.number = 1;
  if (colon != std::string_view::npos) {
    cell.text = text.substr(colon + 1);
    if (cell.text.empty()) throw BadRow{shown(name), "nothing behind the colon", "a number or a text"};
    if (!read_number(cell.text, &cell.number)) {
      cell.number = std::numeric_limits<double>::quiet_NaN();
    } else if (!std::isfinite(cell.number)) {
      throw BadRow{shown(name), shown(cell.text), "a finite number or a text"};
    }
    cell.kind = Cell::Kind::kText;
  }
  const std::size_t equal = name.find('=');
  feature_.key = name.substr(0, equal);
  if (equal != std::string_view::npos) {
    if (cell.number != 1) throw BadRow{shown(text), "a text with a weight", "key=text, of weight 1"};
    cell = {};
    cell.kind = Cell::Kind::kText;
    cell.text = name.substr(equal + 1);
    return true;
  }
  // Numbers keep their text for ids and times, as in CSV, unless a weight makes another number of them.
  if (weight_ != 1 && !std::isnan(cell.number)) {
    cell.number *= weight_;
    cell.text = {};
    cell.kind = Cell::Kind::kNumber;
  }
  return true;
}

}  // namespace plumb
