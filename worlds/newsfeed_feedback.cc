// What readers of the newsfeed world prefer, when they are asked.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "worlds/newsfeed.h"
#include "worlds/output.h"

namespace plumb {
namespace {

constexpr std::uint64_t kBlock = 1024;

std::size_t blocks_of(std::uint64_t comparisons) {
  return static_cast<std::size_t>((comparisons + kBlock - 1) / kBlock);
}

void append_block(const NewsfeedOptions& options, std::uint64_t comparisons, std::size_t block,
                  std::string& out) {
  NewsfeedDecision d;
  for (std::uint64_t c = block * kBlock; c < std::min(comparisons, (block + 1) * kBlock); ++c) {
    Rng rng = Rng(options.seed).stream("newsfeed comparison", c);
    draw_decision(options, rng.below(options.decisions), d);
    const std::size_t first = rng.below(d.items.size()), step = 1 + rng.below(d.items.size() - 1),
                      second = (first + step) % d.items.size();
    const NewsfeedItem &a = d.items[first], &b = d.items[second];
    const double log_odds = people_utility(options, d.reader, a) - people_utility(options, d.reader, b);
    const NewsfeedItem& preferred = rng.bernoulli(1 / (1 + std::exp(-log_odds))) ? a : b;
    const NewsfeedItem& other = &preferred == &a ? b : a;
    fmt::format_to(std::back_inserter(out), R"({{"id":"c{}","rater":"u{}","time_us":{},)", c, d.reader.index,
                   d.time_us);
    append_context(d, out);
    out += R"(,"options":[)";
    append_item(a, out);
    out += ',';
    append_item(b, out);
    fmt::format_to(std::back_inserter(out), R"(],"ranking":["a{}","a{}"]}})", preferred.id, other.id);
    out += '\n';
  }
}

void check(const NewsfeedOptions& options, std::uint64_t comparisons) {
  check_options(options);
  if (comparisons < 1) refuse("newsfeed world", "comparisons", "0", "at least 1");
}

}  // namespace

Feedback newsfeed_feedback(const NewsfeedOptions& options, std::uint64_t comparisons) {
  check(options, comparisons);
  std::vector<std::string> text(blocks_of(comparisons));
  parallel_blocks(text.size(), world_threads(),
                  [&](std::size_t b) { append_block(options, comparisons, b, text[b]); });
  std::string all;
  for (const std::string& block : text) all += block;
  return parse_feedback(all, "newsfeed world.jsonl", {}, nullptr);
}

void newsfeed_write_feedback(const NewsfeedOptions& options, std::uint64_t comparisons,
                             const std::string& path) {
  check(options, comparisons);
  write_blocks(path, "", blocks_of(comparisons),
               [&](std::size_t b, std::string& out) { append_block(options, comparisons, b, out); });
}

}  // namespace plumb
