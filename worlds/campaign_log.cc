// The campaign world's log, in memory and as CSV. Both show the same decisions to the last digit.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "worlds/campaign.h"
#include "worlds/columns.h"
#include "worlds/output.h"

namespace plumb {

namespace {

constexpr const char* kHeader = "customer,recency,past_spend,channel,region,arm,visit,spend,unsubscribe\n";

void append_line(const CampaignDecision& d, std::string& out) {
  const Customer& c = d.customer;
  fmt::format_to(std::back_inserter(out), "c{},{},", c.index, c.recency);
  append_decimal(out, c.past_spend, 2);
  fmt::format_to(std::back_inserter(out), ",{},{},{},{},", kChannels[c.channel], kRegions[c.region],
                 kArmNames[d.arm], d.visit ? 1 : 0);
  append_decimal(out, d.spend, 2);
  out += d.unsubscribe ? ",1" : ",0";
}

// What a CSV log is read by must name these columns.
void check_mapping(const CampaignOptions& options, const Goal& goal) {
  const DataSpec& data = goal.data;
  const auto require = [](bool good, const char* key, const std::string& found, const char* expected) {
    if (!good) refuse("campaign world", key, found, expected);
  };
  require(data.action == "arm", "data.action", data.action, "arm");
  require(data.unit.empty() || data.unit == "customer", "data.unit", data.unit, "customer, or none");
  require(data.id.empty() && data.time.empty() && data.version.empty(), "data",
          data.id + data.time + data.version, "no id, time or version: the log has none");
  require(data.propensity_number || !data.propensity_by_arm.empty(), "data.propensity", "none",
          "a number, or one number an arm: the log has no column of it");
  require(data.estimand == Estimand::kOneDecision || options.decisions_per_customer == 1, "data.estimand",
          "deployed", "one_decision, since customers repeat");
}

// Slots of the arms: those that the goal gives a number, else those that appear; sorted, as in kArmNames.
void name_arms(const Goal& goal, DecisionLog& log) {
  std::vector<std::uint32_t> slot(kArms, kArms);
  std::vector<double> declared;
  for (std::uint32_t arm = 0; arm < kArms; ++arm) {
    const bool appears = std::find(log.chosen.begin(), log.chosen.end(), arm) != log.chosen.end();
    const auto at = goal.data.propensity_by_arm.find(kArmNames[arm]);
    const bool named = at != goal.data.propensity_by_arm.end();
    if (goal.data.propensity_number ? !appears : !named) {
      if (appears) refuse(log.source, "data.propensity", "none for " + kArmNames[arm], "a number an arm");
      continue;
    }
    slot[arm] = static_cast<std::uint32_t>(log.actions.size());
    log.actions.push_back(kArmNames[arm]);
    declared.push_back(named ? at->second : *goal.data.propensity_number);
  }
  const std::size_t n = log.size(), k = log.actions.size();
  double sum = 0;
  for (const double p : declared) sum += p;
  // One number is known to be every arm's only where it is the uniform policy's.
  const bool known = std::abs(sum - 1) <= 1e-6;
  if (!known && !goal.data.propensity_number) {
    refuse(log.source, "data.propensity", fmt::format("a sum of {}", sum), "1 (within 1e-6)");
  }
  for (std::size_t i = 0; i < n; ++i) {
    log.chosen[i] = slot[log.chosen[i]];
    log.propensity[i] = declared[log.chosen[i]];
    for (std::uint32_t a = 0; a < k; ++a) {
      log.action.push_back(a);
      const double p = goal.data.propensity_number ? 1.0 / static_cast<double>(k) : declared[a];
      if (known) log.logged.push_back(static_cast<float>(p));
    }
    log.offset[i + 1] = (i + 1) * k;
  }
  log.propensity_declared = true;
  log.fixed_actions = true;
}

}  // namespace

DecisionLog campaign_log(const CampaignOptions& options, const Goal& goal) {
  check_options(options);
  check_mapping(options, goal);
  const auto n = static_cast<std::size_t>(options.decisions);
  DecisionLog log;
  log.source = "campaign world";
  log.unit.resize(n);
  log.unit_named = !goal.data.unit.empty();
  log.offset.resize(n + 1);
  log.chosen.resize(n);
  log.propensity.resize(n);
  std::vector<WorldColumn> columns(4);
  columns[0] = {"recency", false, std::vector<double>(n), {}, {}};
  columns[1] = {"past_spend", false, std::vector<double>(n), {}, {}};
  columns[2] = {"channel", true, {}, std::vector<std::uint32_t>(n), kChannels};
  columns[3] = {"region", true, {}, std::vector<std::uint32_t>(n), kRegions};
  std::vector<WorldOutcome> outcomes;
  for (const auto& name : kCampaignOutcomes) outcomes.push_back({name, std::vector<double>(n), 1, ""});
  parallel_blocks(campaign_blocks(options), world_threads(), [&](std::size_t b) {
    CampaignDecision d;
    std::string row;
    for (std::size_t i = b * kCampaignBlock; i < std::min(n, (b + 1) * kCampaignBlock); ++i) {
      draw_decision(options, i, d);
      row.clear();
      if (!log.unit_named) append_line(d, row);
      log.unit[i] = hash_bytes(log.unit_named ? fmt::format("c{}", d.customer.index) : row);
      log.chosen[i] = d.arm;
      columns[0].number[i] = d.customer.recency;
      columns[1].number[i] = d.customer.past_spend;
      columns[2].code[i] = d.customer.channel;
      columns[3].code[i] = d.customer.region;
      outcomes[kVisit].value[i] = d.visit;
      outcomes[kSpend].value[i] = d.spend;
      outcomes[kUnsubscribe].value[i] = d.unsubscribe;
    }
  });
  if (!log.unit_named) {  // a decision is then its own unit, also where a row repeats
    std::map<std::uint64_t, std::uint64_t> times;
    for (std::uint64_t& unit : log.unit) unit = hash_combine(unit, times[unit]++);
  }
  name_arms(goal, log);
  select_context(log, goal, FileKind::kCsv, columns);
  select_outcomes(log, goal, outcomes);
  log.fold.assign(n, 0);
  digest_rows(log);
  return log;
}

void campaign_write(const CampaignOptions& options, const std::string& path) {
  check_options(options);
  write_blocks(path, kHeader, campaign_blocks(options), [&](std::size_t b, std::string& out) {
    CampaignDecision d;
    const std::uint64_t end = std::min<std::uint64_t>(options.decisions, (b + 1) * kCampaignBlock);
    for (std::uint64_t i = b * kCampaignBlock; i < end; ++i) {
      draw_decision(options, i, d);
      append_line(d, out);
      out += '\n';
    }
  });
}

}  // namespace plumb
