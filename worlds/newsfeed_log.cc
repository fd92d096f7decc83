// The newsfeed world's log, in memory and as native JSON lines. Both show the same decisions to the last digit.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "worlds/columns.h"
#include "worlds/newsfeed.h"
#include "worlds/output.h"

namespace plumb {

namespace {

constexpr const char* kItemFeatures[] = {"match", "quality", "outrage", "ideology"};

double item_feature(const NewsfeedItem& item, std::size_t feature) {
  switch (feature) {
    case 0:
      return item.match;
    case 1:
      return item.seen_quality;
    case 2:
      return item.seen_outrage;
    default:
      return item.ideology;
  }
}

// Everything that the log shows, in columns, before the goal selects.
struct Raw {
  std::vector<WorldColumn> context;
  std::vector<WorldOutcome> outcomes;
  std::vector<std::uint32_t> item_id;  // a row an offered action
};

Raw make_raw(const NewsfeedOptions& options, std::size_t n, std::size_t rows) {
  Raw raw;
  raw.context.resize(3 + kInterests);
  raw.context[0] = {"age_band", true, {}, std::vector<std::uint32_t>(n), kAgeBands};
  raw.context[1].name = "hour";
  raw.context[2].name = "ideology";
  for (std::size_t j = 0; j < kInterests; ++j) raw.context[3 + j].name = fmt::format("interest_{}", j + 1);
  for (std::size_t c = 1; c < raw.context.size(); ++c) raw.context[c].number.resize(n);
  for (const auto& name : kNewsfeedOutcomes) raw.outcomes.push_back({name, std::vector<double>(n), 1, ""});
  raw.outcomes[kSatisfied].asked = options.asked;
  raw.outcomes[kSatisfied].asked_column = "p_asked";
  raw.item_id.resize(rows);
  return raw;
}

void fill(const NewsfeedDecision& d, std::size_t i, Raw& raw, DecisionLog& log) {
  const std::size_t k = d.items.size();
  log.id[i] = fmt::format("d{}", i);
  log.unit[i] = hash_bytes(fmt::format("u{}", d.reader.index));
  log.time_us[i] = d.time_us;
  log.offset[i + 1] = (i + 1) * k;
  log.chosen[i] = d.chosen;
  log.propensity[i] = d.items[d.chosen].mu;
  raw.context[0].code[i] = d.reader.age;
  raw.context[1].number[i] = d.hour;
  raw.context[2].number[i] = d.reader.ideology;
  for (std::size_t j = 0; j < kInterests; ++j) raw.context[3 + j].number[i] = d.reader.seen[j];
  for (std::size_t s = 0; s < k; ++s) {
    const std::size_t row = i * k + s;
    raw.item_id[row] = d.items[s].id;
    log.logged[row] = static_cast<float>(d.items[s].mu);
    for (std::size_t f = 0; f < std::size(kItemFeatures); ++f) {
      log.action_features[f].number[row] = static_cast<float>(item_feature(d.items[s], f));
    }
  }
  for (std::size_t j = 0; j < d.outcome.size(); ++j) raw.outcomes[j].value[i] = d.outcome[j];
  if (!d.asked) raw.outcomes[kSatisfied].value[i] = std::numeric_limits<double>::quiet_NaN();
}

// Names items in order of first appearance.
void name_actions(const std::vector<std::uint32_t>& item_id, DecisionLog& log) {
  constexpr std::uint32_t kUnseen = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> code(*std::max_element(item_id.begin(), item_id.end()) + std::size_t{1}, kUnseen);
  log.action.reserve(item_id.size());
  for (const std::uint32_t id : item_id) {
    if (code[id] == kUnseen) {
      code[id] = static_cast<std::uint32_t>(log.actions.size());
      log.actions.push_back(fmt::format("a{}", id));
    }
    log.action.push_back(code[id]);
  }
}

}  // namespace

void append_context(const NewsfeedDecision& d, std::string& out) {
  fmt::format_to(std::back_inserter(out), R"("context":{{"age_band":"{}","hour":{},"ideology":)",
                 kAgeBands[d.reader.age], d.hour);
  append_decimal(out, d.reader.ideology, 4);
  for (std::size_t j = 0; j < kInterests; ++j) {
    out += ",\"interest_";
    out += static_cast<char>('1' + j);
    out += "\":";
    append_decimal(out, d.reader.seen[j], 4);
  }
  out += '}';
}

void append_item(const NewsfeedItem& item, std::string& out) {
  out += R"({"id":"a)";
  append_decimal(out, item.id, 0);
  out += R"(","features":{)";
  for (std::size_t f = 0; f < std::size(kItemFeatures); ++f) {
    out += f == 0 ? "\"" : ",\"";
    out += kItemFeatures[f];
    out += "\":";
    append_decimal(out, item_feature(item, f), 4);
  }
  out += "}}";
}

namespace {

void append_line(const NewsfeedOptions& options, const NewsfeedDecision& d, std::uint64_t i, std::string& out) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"id":"d{}","unit":"u{}","time_us":{},)", i, d.reader.index, d.time_us);
  append_context(d, out);
  out += R"(,"actions":[)";
  for (std::size_t s = 0; s < d.items.size(); ++s) {
    if (s > 0) out += ',';
    append_item(d.items[s], out);
  }
  // Shortest text that reads back as the same double.
  fmt::format_to(to, R"(],"chosen":"a{}","propensity":{},"propensities":[)", d.items[d.chosen].id,
                 d.items[d.chosen].mu);
  for (std::size_t s = 0; s < d.items.size(); ++s) fmt::format_to(to, "{}{}", s == 0 ? "" : ",", d.items[s].mu);
  out += R"(],"outcomes":{)";
  for (std::size_t j = 0; j < d.outcome.size(); ++j) {
    if (j == kSatisfied && !d.asked) continue;
    out += j == 0 ? "\"" : ",\"";
    out += kNewsfeedOutcomes[j];
    out += "\":";
    append_decimal(out, d.outcome[j], 4);
  }
  fmt::format_to(to, "}},\"policy\":\"v1\",\"p_asked\":{}}}\n", options.asked);
}

}  // namespace

DecisionLog newsfeed_log(const NewsfeedOptions& options, const Goal& goal) {
  check_options(options);
  const auto n = static_cast<std::size_t>(options.decisions);
  const std::size_t rows = n * static_cast<std::size_t>(options.offered);
  DecisionLog log;
  log.source = "newsfeed world";
  log.fixed_actions = n == 1;
  log.id.resize(n);
  log.unit.resize(n);
  log.unit_named = true;
  log.time_us.resize(n);
  log.offset.resize(n + 1);
  log.chosen.resize(n);
  log.propensity.resize(n);
  log.logged.resize(rows);
  log.policy_version = {"v1"};
  log.version.resize(n);
  for (const char* name : kItemFeatures) {
    log.action_features.emplace_back().name = name;
    log.action_features.back().number.resize(rows);
  }
  Raw raw = make_raw(options, n, rows);
  parallel_blocks(newsfeed_blocks(options), world_threads(), [&](std::size_t b) {
    NewsfeedDecision decision;
    for (std::size_t i = b * kNewsfeedBlock; i < std::min(n, (b + 1) * kNewsfeedBlock); ++i) {
      draw_decision(options, i, decision);
      fill(decision, i, raw, log);
    }
  });
  name_actions(raw.item_id, log);
  select_context(log, goal, FileKind::kJsonLines, raw.context);
  select_outcomes(log, goal, raw.outcomes);
  log.fold.assign(n, 0);
  digest_rows(log);
  return log;
}

void newsfeed_write(const NewsfeedOptions& options, const std::string& path) {
  check_options(options);
  write_blocks(path, "", newsfeed_blocks(options), [&](std::size_t b, std::string& out) {
    NewsfeedDecision decision;
    for (std::uint64_t i = b * kNewsfeedBlock;
         i < std::min<std::uint64_t>(options.decisions, (b + 1) * kNewsfeedBlock); ++i) {
      draw_decision(options, i, decision);
      append_line(options, decision, i, out);
    }
  });
}

}  // namespace plumb
