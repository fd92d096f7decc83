#include "plumb/next_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "data/ranking_pairs.h"

namespace plumb {
namespace {

// Prompts, items and raters of the votes and of the pool as one numbering; the votes' come first.
struct Together {
  std::vector<std::uint32_t> block;       // an item
  std::vector<std::uint32_t> pool_item;   // the pool's items in that numbering
  std::vector<std::uint32_t> pool_rater;  // the pool's raters as the votes'; kNoRater where new
  std::size_t new_items = 0;
};

Together join(const Feedback& votes, const AskPool& pool) {
  const Feedback& p = pool.pairs;
  Together out;
  out.block = votes.item_prompt;
  std::map<std::string_view, std::uint32_t> prompt_name, prompt_text, rater_name;
  for (std::uint32_t k = 0; k < votes.prompt.size(); ++k) {
    prompt_name.emplace(votes.prompt[k], k);
    if (!votes.prompt_text[k].empty()) prompt_text.emplace(votes.prompt_text[k], k);
  }
  std::uint32_t prompts = static_cast<std::uint32_t>(votes.prompt.size());
  std::vector<std::uint32_t> pool_prompt;
  for (std::uint32_t k = 0; k < p.prompt.size(); ++k) {
    const auto named = prompt_name.find(p.prompt[k]);
    const auto texted = prompt_text.find(p.prompt_text[k]);
    if (named != prompt_name.end()) {
      pool_prompt.push_back(named->second);
    } else {
      pool_prompt.push_back(texted != prompt_text.end() ? texted->second : prompts++);
    }
  }
  std::map<std::pair<std::uint32_t, std::string_view>, std::uint32_t> item_name, item_text;
  for (std::uint32_t i = 0; i < votes.item.size(); ++i) {
    item_name.emplace(std::pair{votes.item_prompt[i], std::string_view(votes.item[i])}, i);
    if (!votes.text[i].empty())
      item_text.emplace(std::pair{votes.item_prompt[i], std::string_view(votes.text[i])}, i);
  }
  for (std::uint32_t i = 0; i < p.item.size(); ++i) {
    const std::uint32_t prompt = pool_prompt[p.item_prompt[i]];
    const auto named = item_name.find({prompt, p.item[i]});
    const auto texted = item_text.find({prompt, p.text[i]});
    if (named != item_name.end()) {
      const std::string& known = votes.text[named->second];
      if (!known.empty() && !p.text[i].empty() && known != p.text[i])
        refuse(p.source, fmt::format("item \"{}\"", p.item[i]), "another text than in " + votes.source,
               "the same text");
      out.pool_item.push_back(named->second);
    } else if (texted != item_text.end()) {
      out.pool_item.push_back(texted->second);
    } else {
      out.pool_item.push_back(static_cast<std::uint32_t>(out.block.size()));
      out.block.push_back(prompt);
      ++out.new_items;
    }
  }
  // Blocks are numbered below the count of items: by first appearance.
  std::map<std::uint32_t, std::uint32_t> number;
  for (std::uint32_t& b : out.block)
    b = number.emplace(b, static_cast<std::uint32_t>(number.size())).first->second;
  for (std::uint32_t r = 0; r < votes.rater.size(); ++r) rater_name.emplace(votes.rater[r], r);
  for (const std::string& name : p.rater) {
    const auto known = rater_name.find(name);
    out.pool_rater.push_back(known == rater_name.end() ? kNoRater : known->second);
  }
  return out;
}

std::optional<RaterModel> rater_model(const Feedback& votes, int threads, RaterCamps& camps) {
  std::size_t ties = 0;
  for (const Answer a : votes.answer) ties += a == Answer::kTie;
  if (votes.rater.size() < 2 || ties == votes.answer.size()) return std::nullopt;
  RaterOptions how;
  how.ties = ties > 0 ? Ties::kDavidson : Ties::kHalf;
  how.rater_ties = ties > 0;
  how.threads = threads;
  const RaterVotes columns = rater_votes_of(votes);
  RaterModel model = fit_raters(columns, how);
  if (!model.exists || !(model.utility_sd > 0)) return std::nullopt;
  RaterScreen screen = screen_raters(columns, how, model);
  camps = std::move(screen.camps);
  if (camps.found()) {
    // One order for both sides: the larger one's people would make the smaller one's votes count reversed.
    how.reliability = false;
    model = fit_raters(columns, how);
    return model;
  }
  for (const RaterNote& note : screen.notes)
    if (note.kind != RaterKind::kAgainst)
      model.reliability[note.rater] = std::max(0.0, model.reliability[note.rater]);
  return model;
}

// How rater r votes: log-odds = shift + slope * f.
std::pair<double, double> votes_like(const NextPairs& next, std::uint32_t r) {
  if (!next.model || r == kNoRater) return {1.0, next.position};
  return {next.model->reliability[r], next.position + next.model->lean[r]};
}

PairVotes pair_votes(const Feedback& f, const NextPairs& next) {
  PairVotes out;
  const auto add = [&](std::uint32_t first, std::uint32_t second, double share, double weight,
                       std::pair<double, double> rater) {
    out.asked.first.push_back(first);
    out.asked.second.push_back(second);
    out.asked.slope.push_back(rater.first);
    out.asked.shift.push_back(rater.second);
    out.share.push_back(share);
    out.weight.push_back(weight);
  };
  for (std::size_t k = 0; k < f.first.size(); ++k) {
    const double share = f.answer[k] == Answer::kFirst ? 1 : f.answer[k] == Answer::kSecond ? 0 : 0.5;
    add(f.first[k], f.second[k], share, 1, votes_like(next, f.comparison.rater[k]));
  }
  for (std::size_t r = 0; r + 1 < f.ranking_offset.size(); ++r) {
    for_each_ranked_pair(f, r, [&](const RankedPair& pair) {
      const double share = pair.answer == Answer::kFirst ? 1 : pair.answer == Answer::kSecond ? 0 : 0.5;
      // Where several stand in a list, who stands before whom is not what a position effect of two is about.
      add(pair.first, pair.second, share, pair.share, {1.0, 0.0});
    });
  }
  return out;
}

constexpr std::array<double, 6> kPriorSpreads = {0.25, 0.5, 1, 2, 4, 8};

ItemBelief believe(const Feedback& f, const Together& together, int threads, NextPairs& next) {
  const std::size_t items = together.block.size();
  next.model = rater_model(f, threads, next.camps);
  if (next.model) {
    next.position = next.model->position;
    next.prior_sd = next.model->utility_sd;
  } else if (!f.first.empty()) {
    ItemOptions how;
    how.ties = Ties::kHalf;
    how.position = true;
    how.threads = threads;
    const ItemVotes comparisons{f.item.size(), f.first, f.second, f.answer, {}, {}, {}, {}, {}};
    next.position = fit_items(comparisons, how).position;
  }
  const PairVotes votes = pair_votes(f, next);
  next.votes = votes.share.size();
  if (next.model) return item_belief(items, together.block, votes, next.prior_sd * next.prior_sd);
  ItemBelief best;
  for (const double sd : kPriorSpreads) {
    ItemBelief belief = item_belief(items, together.block, votes, sd * sd);
    if (next.prior_sd > 0 && belief.log_evidence <= best.log_evidence) continue;
    next.prior_sd = sd;
    best = std::move(belief);
  }
  return best;
}

}  // namespace

NextPairs next_pairs(const Feedback& votes, const AskPool& pool, std::size_t count,
                     const SelectionOptions& options, const Rng& rng) {
  const Together together = join(votes, pool);
  NextPairs out;
  out.pool = pool.pairs.first.size();
  out.new_items = together.new_items;
  if (count == 0 || count > out.pool)
    refuse(pool.pairs.source, "count", fmt::format("{}", count),
           fmt::format("1 to {}, the pairs of the pool", out.pool));
  const ItemBelief belief = believe(votes, together, options.threads, out);
  PairPool pairs;
  pairs.cost = pool.cost;
  for (std::size_t k = 0; k < out.pool; ++k) {
    pairs.first.push_back(together.pool_item[pool.pairs.first[k]]);
    pairs.second.push_back(together.pool_item[pool.pairs.second[k]]);
    const std::uint32_t rater = pool.pairs.comparison.rater[k];
    const auto [slope, shift] = votes_like(out, rater == kNoRater ? kNoRater : together.pool_rater[rater]);
    pairs.slope.push_back(slope);
    pairs.shift.push_back(shift);
  }
  out.pairs = select_pairs(belief, pairs, count, options, rng.stream("next"));
  return out;
}

std::string write_next(const AskPool& pool, const NextPairs& next) {
  const Feedback& p = pool.pairs;
  const auto thing = [](const std::string& name, const std::string& text) {
    nlohmann::ordered_json out{{"id", name}};
    if (!text.empty()) out["text"] = text;
    return out;
  };
  std::string out;
  for (std::size_t m = 0; m < next.pairs.size(); ++m) {
    const SelectedPair& s = next.pairs[m];
    nlohmann::ordered_json line;
    const std::uint32_t first = p.first[s.entry], second = p.second[s.entry], prompt = p.item_prompt[first];
    if (!p.prompt[prompt].empty()) line["prompt"] = thing(p.prompt[prompt], p.prompt_text[prompt]);
    line["first"] = thing(p.item[first], p.text[first]);
    line["second"] = thing(p.item[second], p.text[second]);
    if (p.comparison.rater[s.entry] != kNoRater) line["rater"] = p.rater[p.comparison.rater[s.entry]];
    line["draw"] = m + 1;
    line["pool"] = next.pool;
    line["probability"] = s.probability;
    line["information"] = s.information;
    line["weight"] = s.weight;
    out += line.dump() + "\n";
  }
  return out;
}

}  // namespace plumb
