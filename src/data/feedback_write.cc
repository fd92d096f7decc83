// Judgements as native JSON lines. Every line stands by itself: it carries the texts and features of what it
// names, so that lines can be taken out or put into another order.
#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>

#include "data/feedback_builder.h"
#include "plumb/feedback.h"

namespace plumb {

namespace {

// One line in the order of the file that the feedback came from.
struct Entry {
  std::uint64_t line;
  std::uint8_t form;  // 0 comparison, 1 ranking, 2 rating, 3 thumb, 4 check
  std::size_t at;
};

class Writer {
 public:
  explicit Writer(const Feedback& feedback) : f_(feedback) {}

  std::string write() {
    std::vector<Entry> entries;
    const auto gather = [&](std::uint8_t form, std::size_t count, const JudgementSource& source) {
      for (std::size_t at = 0; at < count; ++at)
        entries.push_back({source.line.empty() ? 0 : source.line[at], form, at});
    };
    gather(0, f_.first.size(), f_.comparison);
    gather(1, f_.ranking_offset.size() - 1, f_.ranking);
    gather(2, f_.rating.size(), f_.rating_source);
    gather(3, f_.up.size(), f_.thumb);
    gather(4, f_.checks.answer.size(), f_.checks.source);
    // Numbers of prompts and items follow first appearance: the order of records must stay.
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.line < b.line; });
    for (const Entry& entry : entries) line(entry);
    return std::move(out_);
  }

 private:
  void line(const Entry& entry) {
    const std::size_t at = entry.at;
    if (entry.form == 0) {
      open(f_.first[at], f_.comparison, at);
      key("first");
      item(f_.first[at]);
      key("second");
      item(f_.second[at]);
      key("answer");
      answer(f_.answer[at]);
      if (!f_.order_known.empty() && f_.order_known[at] == 0) {
        key("shown_order");
        out_ += "\"unknown\"";
      }
    } else if (entry.form == 4) {
      check(at);
    } else if (entry.form == 1) {
      ranking(at);
    } else if (entry.form == 2) {
      open(f_.rated[at], f_.rating_source, at);
      key("completion");
      item(f_.rated[at]);
      key("rating");
      fmt::format_to(std::back_inserter(out_), "{}", f_.rating[at] + 0.0);  // -0 is 0
    } else {
      open(f_.thumbed[at], f_.thumb, at);
      key("completion");
      item(f_.thumbed[at]);
      key("label");
      out_ += f_.up[at] ? "true" : "false";
    }
    out_ += "}\n";
  }

  void answer(Answer what) {
    out_ += what == Answer::kFirst ? "\"first\"" : what == Answer::kSecond ? "\"second\"" : "\"tie\"";
  }

  void check(std::size_t at) {
    const Feedback::Checks& c = f_.checks;
    open_source(c.source, at);
    if (!c.prompt[at].empty()) {
      key("prompt");
      string(c.prompt[at]);
    }
    key("first");
    string(c.first[at]);
    key("second");
    string(c.second[at]);
    key("answer");
    answer(c.answer[at]);
    key("expected");
    answer(c.expected[at]);
  }

  void ranking(std::size_t at) {
    const std::size_t begin = f_.ranking_offset[at], end = f_.ranking_offset[at + 1];
    open(f_.ranking_item[begin], f_.ranking, at);
    key("options");
    std::vector<std::size_t> order;
    for (std::size_t r = begin; r < end; ++r) {
      out_ += r == begin ? '[' : ',';
      item(f_.ranking_item[r], /*named=*/true);
      order.push_back(r);
    }
    out_ += ']';
    key("ranking");
    const auto rank = [&](std::size_t place) { return f_.ranking_rank[order[place]]; };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return f_.ranking_rank[a] < f_.ranking_rank[b]; });
    for (std::size_t place = 0; place < order.size();) {
      std::size_t behind = place;
      while (behind < order.size() && rank(behind) == rank(place)) ++behind;
      out_ += place == 0 ? '[' : ',';
      if (behind > place + 1) out_ += '[';
      for (std::size_t tied = place; tied < behind; ++tied) {
        if (tied > place) out_ += ',';
        string(f_.item[f_.ranking_item[order[tied]]]);
      }
      if (behind > place + 1) out_ += ']';
      place = behind;
    }
    out_ += ']';
  }

  // Who, when, how often, and under which prompt.
  void open(std::uint32_t item, const JudgementSource& source, std::size_t at) {
    open_source(source, at);
    prompt(f_.item_prompt[item]);
  }

  void open_source(const JudgementSource& source, std::size_t at) {
    first_key_ = true;
    out_ += '{';
    if (at < source.id.size() && !source.id[at].empty()) {
      key("id");
      string(source.id[at]);
    }
    const std::uint32_t rater = source.rater.empty() ? kNoRater : source.rater[at];
    if (rater != kNoRater) {
      key("rater");
      string(f_.rater[rater]);
    }
    if (!source.time_us.empty() && source.time_us[at] != kNoTime) {
      key("time_us");
      fmt::format_to(std::back_inserter(out_), "{}", source.time_us[at]);
    }
    const bool unnamed = !source.unnamed.empty() && source.unnamed[at] != 0;
    if (!source.unit.empty() && !unnamed &&
        (rater == kNoRater || source.unit[at] != hash_bytes(f_.rater[rater]))) {
      key("unit_hash");
      string(hex(source.unit[at]));
    }
    if (!source.weight.empty()) {
      key("weight");
      number(source.weight[at]);
    }
  }

  void prompt(std::uint32_t p) {
    const std::uint64_t digest = digest_of(f_.context, p);
    if (!(f_.prompt[p].empty() && f_.prompt_text[p].empty()) &&
        !(f_.prompt_text[p].empty() && is_derived_prompt(p, digest))) {
      key("prompt");
      if (is_derived_prompt(p, digest)) {
        string(f_.prompt_text[p]);
      } else {
        name_and_text(f_.prompt[p], f_.prompt_text[p]);
        out_ += '}';
      }
    }
    if (f_.context.empty()) return;
    key("context");
    features(f_.context, p);
  }
  bool is_derived_prompt(std::uint32_t p, std::uint64_t digest) const {
    return f_.prompt[p] == derived_name(f_.prompt_text[p], digest);
  }

  // An object that names the item as it will be named when it is read.
  void item(std::uint32_t i, bool named = false) {
    const bool derived =
        !f_.text[i].empty() && f_.item[i] == derived_name(f_.text[i], digest_of(f_.features, i));
    if (derived && !named) {
      out_ += "{\"text\":";
      string(f_.text[i]);
    } else {
      name_and_text(f_.item[i], f_.text[i]);
    }
    if (!f_.features.empty()) {
      out_ += ",\"features\":";
      features(f_.features, i);
    }
    out_ += '}';
  }

  // Leaves the object open.
  void name_and_text(const std::string& name, const std::string& text) {
    out_ += "{\"id\":";
    string(name);
    if (text.empty()) return;
    out_ += ",\"text\":";
    string(text);
  }

  void features(const std::vector<FeatureColumn>& columns, std::size_t row) {
    char before = '{';
    for (const FeatureColumn& column : columns) {
      out_ += before;
      before = ',';
      string(column.name);
      out_ += ':';
      if (column.is_category) {
        string(column.levels[column.code[row]]);
      } else if (std::isnan(column.number[row])) {
        string("NA");  // a missing number; JSON has no NaN, and null is no value of a feature
      } else {
        number(column.number[row]);
      }
    }
    out_ += '}';
  }

  // As FeatureSet::digest will have it.
  static std::uint64_t digest_of(const std::vector<FeatureColumn>& columns, std::size_t row) {
    std::uint64_t h = 0;
    for (const FeatureColumn& column : columns) {
      const std::uint64_t value =
          column.is_category ? hash_combine(2, hash_bytes(column.levels[column.code[row]]))
                             : hash_combine(1, std::bit_cast<std::uint32_t>(column.number[row] + 0.0f));
      h = hash_combine(h, hash_combine(hash_bytes(column.name), value));
    }
    return h;
  }

  void key(std::string_view name) {
    if (!first_key_) out_ += ',';
    first_key_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }

  // The shortest digits that a reader of doubles takes for this float. Those of the largest floats are above
  // them as doubles, and would be refused.
  void number(float value) {
    value += 0.0f;  // -0 is 0
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    double read = 0;
    std::from_chars(digits, end, read);
    if (std::abs(read) <= static_cast<double>(std::numeric_limits<float>::max()) &&
        static_cast<float>(read) == value) {
      out_.append(digits, end);
    } else {
      fmt::format_to(std::back_inserter(out_), "{}", static_cast<double>(value));
    }
  }

  void string(std::string_view text) {
    out_ += '"';
    std::size_t copied = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const auto byte = static_cast<unsigned char>(text[at]);
      if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
      out_.append(text.substr(copied, at - copied));
      copied = at + 1;
      if (byte == '\n') {
        out_ += "\\n";
      } else if (byte >= 0x20) {
        out_ += '\\';
        out_ += text[at];
      } else {
        fmt::format_to(std::back_inserter(out_), "\\u{:04x}", byte);
      }
    }
    out_.append(text.substr(copied));
    out_ += '"';
  }

  const Feedback& f_;
  std::string out_;
  bool first_key_ = true;
};

}  // namespace

std::string write_feedback(const Feedback& feedback) { return Writer(feedback).write(); }

}  // namespace plumb
