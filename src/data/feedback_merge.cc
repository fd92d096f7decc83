#include "data/feedback_merge.h"

#include <algorithm>
#include <tuple>

namespace plumb {
namespace {

constexpr double kIdentifies =
    0.9;  // of the ids (times) that stand twice: the share that holds one record only

struct Record {
  std::uint64_t key, content;
  std::size_t at;
};

// Which records go; sorts them.
std::vector<std::uint8_t> repeats_of(std::vector<Record>& records, std::size_t count) {
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
    return std::tie(a.key, a.content, a.at) < std::tie(b.key, b.content, b.at);
  });
  double twice = 0, pure = 0;
  for (std::size_t begin = 0, end = 0; begin < records.size(); begin = end) {
    bool same = true;
    for (end = begin; end < records.size() && records[end].key == records[begin].key; ++end)
      same = same && records[end].content == records[begin].content;
    twice += end - begin > 1;
    pure += end - begin > 1 && same;
  }
  std::vector<std::uint8_t> out(count, 0);
  if (twice == 0 || pure < kIdentifies * twice) return out;
  for (std::size_t k = 1; k < records.size(); ++k)
    out[records[k].at] = records[k].key == records[k - 1].key && records[k].content == records[k - 1].content;
  return out;
}

std::vector<std::uint8_t> repeats(const JudgementSource& source, const std::vector<std::uint64_t>& said) {
  const bool ids =
      std::any_of(source.id.begin(), source.id.end(), [](const std::string& id) { return !id.empty(); });
  std::vector<Record> records;
  for (std::size_t k = 0; k < said.size(); ++k) {
    const bool unnamed = source.unnamed[k] != 0;
    const std::uint64_t who = hash_combine(source.rater[k], unnamed ? 0 : source.unit[k]);
    if (ids && k < source.id.size() && !source.id[k].empty())
      records.push_back({hash_bytes(source.id[k]), hash_combine(said[k], who), k});
    else if (!ids && source.time_us[k] != kNoTime)
      records.push_back({static_cast<std::uint64_t>(source.time_us[k]), hash_combine(said[k], who), k});
  }
  return repeats_of(records, said.size());
}

template <class T>
void keep(std::vector<T>& column, const std::vector<std::uint8_t>& gone) {
  std::size_t to = 0;
  for (std::size_t k = 0; k < column.size(); ++k)
    if (gone[k] == 0) {
      if (to != k) column[to] = std::move(column[k]);
      ++to;
    }
  column.resize(to);
}

void keep(JudgementSource& source, const std::vector<std::uint8_t>& gone) {
  keep(source.rater, gone);
  keep(source.time_us, gone);
  keep(source.unit, gone);
  keep(source.id, gone);
  keep(source.unnamed, gone);
  keep(source.line, gone);
  keep(source.weight, gone);
}

}  // namespace

std::uint64_t merge_repeats(Feedback& f) {
  std::vector<std::uint64_t> said;
  for (std::size_t k = 0; k < f.first.size(); ++k)
    said.push_back(
        hash_combine(hash_combine(f.first[k], f.second[k]), static_cast<std::uint64_t>(f.answer[k])));
  std::vector<std::uint8_t> gone = repeats(f.comparison, said);
  auto out = static_cast<std::uint64_t>(std::count(gone.begin(), gone.end(), 1));
  if (out > 0) {
    keep(f.first, gone);
    keep(f.second, gone);
    keep(f.answer, gone);
    keep(f.order_known, gone);
    keep(f.comparison, gone);
  }
  Feedback::Checks& c = f.checks;
  said.clear();
  for (std::size_t k = 0; k < c.answer.size(); ++k)
    said.push_back(
        hash_combine(hash_combine(hash_bytes(c.prompt[k]), hash_bytes(c.first[k])),
                     hash_combine(hash_bytes(c.second[k]), static_cast<std::uint64_t>(c.answer[k]))));
  gone = repeats(c.source, said);
  const auto checks = static_cast<std::uint64_t>(std::count(gone.begin(), gone.end(), 1));
  if (checks > 0) {
    keep(c.prompt, gone);
    keep(c.first, gone);
    keep(c.second, gone);
    keep(c.answer, gone);
    keep(c.expected, gone);
    keep(c.source, gone);
  }
  return out + checks;
}

}  // namespace plumb
