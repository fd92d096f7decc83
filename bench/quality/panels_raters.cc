// What is said of single raters, and of camps, against known truth: 40 people, votes of random pairs in random
// order.
//
// Three kinds of truth. "order": 10 items, P(a above b) = sigmoid(s (u_a - u_b)) with u equally spaced, s such
// that the mean agreement with the order is the given one. "pairs": 45 pairs of 10 items, each with a majority
// answer of its own drawn by a coin, every good person gives it with the given probability. "sparse": as
// "order", 60 items. "questions": 200 questions of two answers, everybody is asked all; "many": 1,000 of them,
// everybody is asked some. In both each has a majority answer of its own.
// Good people's agreement is drawn from [agreement, agreement + spread]. A camp's people hold the opposite of
// every answer ("opposite"), or an order or answers of their own ("own").
#include <array>
#include <tuple>

#include "plumb/raters.h"
#include "plumb/regression.h"
#include "quality/cells.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

enum class Taste { kOrder, kPairs, kSparse, kQuestions, kMany };
enum class Who : std::uint8_t { kGood, kMinority, kCoin, kAgainst, kFirst, kLeaning };

struct Panel {
  Taste truth = Taste::kPairs;
  int votes = 200;
  double agreement = 0.7, spread = .15;
  int minority = 0, coins = 0, against = 0, first = 0, leaning = 0;
  bool own = false;  // the minority has its own order or answers, not the opposite
  double takes_first = .9;
  bool same_order = false;  // every pair is always shown in one order
  bool each_once = false;   // nobody judges a pair twice
  int people = 40;
};

struct Drawn {
  std::size_t items = 0;
  std::vector<Who> who;
  std::vector<std::uint32_t> first, second, rater;
  std::vector<Answer> answer;
  RaterVotes view() const { return {{items, first, second, answer, {}, {}, {}, {}, {}}, who.size(), rater}; }
};

// The slope that makes the mean agreement of random pairs of n equally spaced items what it should be.
double slope_for(double agreement, std::size_t n) {
  double low = 0, high = 200;
  for (int step = 0; step < 50; ++step) {
    const double s = (low + high) / 2;
    double sum = 0, weight = 0;
    for (std::size_t d = 1; d < n; ++d) {
      sum += static_cast<double>(n - d) * sigmoid(s * static_cast<double>(d) / static_cast<double>(n));
      weight += static_cast<double>(n - d);
    }
    (sum / weight < agreement ? low : high) = s;
  }
  return (low + high) / 2;
}

Drawn draw(const Panel& panel, std::uint64_t seed) {
  const Rng root = Rng(seed).stream("panel");
  Drawn out;
  const bool questions = panel.truth == Taste::kQuestions || panel.truth == Taste::kMany;
  const std::size_t asked = panel.truth == Taste::kQuestions ? 200 : 1000;
  out.items = questions ? 2 * asked : panel.truth == Taste::kSparse ? 60 : 10;
  const std::size_t n = out.items;
  Rng rng = root.stream("truth");
  // By camp: places of the items, and the answer of every pair.
  std::array<std::vector<double>, 2> place;
  std::array<std::vector<int>, 2> says;
  for (std::size_t camp = 0; camp < 2; ++camp) {
    for (std::size_t i = 0; i < n; ++i) place[camp].push_back(static_cast<double>(i) / static_cast<double>(n));
    for (std::size_t i = n - 1; i > 0; --i) std::swap(place[camp][i], place[camp][rng.below(i + 1)]);
    for (std::size_t p = 0; p < (questions ? n : n * n); ++p) says[camp].push_back(rng.bernoulli(.5) ? 1 : -1);
  }
  if (!panel.own) {
    place[1] = place[0], says[1] = says[0];
    for (double& x : place[1]) x = 1 - x;
    for (int& x : says[1]) x = -x;
  }
  const auto many = [&](int count, Who kind) {
    out.who.insert(out.who.end(), static_cast<std::size_t>(count), kind);
  };
  many(panel.minority, Who::kMinority), many(panel.coins, Who::kCoin), many(panel.against, Who::kAgainst);
  many(panel.first, Who::kFirst), many(panel.leaning, Who::kLeaning);
  many(panel.people - static_cast<int>(out.who.size()), Who::kGood);
  for (std::uint32_t r = 0; r < out.who.size(); ++r) {
    Rng mine = root.stream("person", r);
    const Who who = out.who[r];
    const double agreement = panel.agreement + panel.spread * mine.uniform();
    const double slope = panel.truth == Taste::kPairs || questions ? 0 : slope_for(agreement, n);
    const std::size_t camp = who == Who::kMinority ? 1 : 0;
    const auto number = [&](std::size_t a, std::size_t b) {
      return questions ? a / 2 : std::min(a, b) * n + std::max(a, b);
    };
    const auto pick = [&](int k) -> std::pair<std::size_t, std::size_t> {
      if (!questions) {
        const std::size_t a = mine.below(n);
        return {a, (a + 1 + mine.below(n - 1)) % n};
      }
      const std::size_t q = panel.truth == Taste::kQuestions ? static_cast<std::size_t>(k) : mine.below(asked);
      const std::size_t swapped = mine.below(2);
      return {2 * q + swapped, 2 * q + 1 - swapped};
    };
    std::vector<std::uint8_t> seen(questions ? n : n * n, 0);
    for (int k = 0; k < panel.votes; ++k) {
      auto [a, b] = pick(k);
      while (panel.each_once && seen[number(a, b)] != 0) std::tie(a, b) = pick(k);
      seen[number(a, b)] = 1;
      if (panel.same_order && (a < b) != ((a + b) % 2 == 0)) std::swap(a, b);
      double p = .5;
      if (panel.truth == Taste::kPairs || questions)
        p = (says[camp][number(a, b)] > 0) == (a < b) ? agreement : 1 - agreement;
      else
        p = sigmoid(slope * (place[camp][a] - place[camp][b]));
      if (who == Who::kCoin) p = .5;
      if (who == Who::kAgainst) p = 1 - p;
      if (who == Who::kFirst) p = panel.takes_first;
      if (who == Who::kLeaning) p = sigmoid(std::log(p / (1 - p)) + .8);
      out.first.push_back(static_cast<std::uint32_t>(a));
      out.second.push_back(static_cast<std::uint32_t>(b));
      out.rater.push_back(r);
      out.answer.push_back(mine.bernoulli(p) ? Answer::kFirst : Answer::kSecond);
    }
  }
  return out;
}

// Errors and finds of one panel. The notes' kinds do not use the model.
void judge(const Panel& panel, std::uint64_t seed, Counts& count) {
  const Drawn drawn = draw(panel, seed);
  RaterModel model;
  model.exists = true;
  model.reliability.assign(drawn.who.size(), 1);
  model.reliability_error.assign(drawn.who.size(), 1);
  const RaterScreen screen = screen_raters(drawn.view(), {.ties = Ties::kHalf}, model);
  bool wronged = false, coin_reliable = false, good_coin = false, place = false;
  // Which camp most of either side is in.
  std::array<std::array<double, 8>, 2> in{};
  double placed_right = 0, placed = 0;
  for (std::size_t r = 0; r < drawn.who.size(); ++r) {
    const RaterNote& note = screen.notes[r];
    if (note.camp < 8 && (drawn.who[r] == Who::kGood || drawn.who[r] == Who::kMinority))
      ++in[drawn.who[r] == Who::kMinority][note.camp];
  }
  std::array<std::size_t, 2> camp{};
  for (std::size_t g = 0; g < 2; ++g)
    camp[g] = static_cast<std::size_t>(std::max_element(in[g].begin(), in[g].end()) - in[g].begin());
  for (std::size_t r = 0; r < drawn.who.size(); ++r) {
    const RaterNote& note = screen.notes[r];
    const bool honest =
        drawn.who[r] == Who::kGood || drawn.who[r] == Who::kMinority || drawn.who[r] == Who::kLeaning;
    wronged |= honest && note.kind == RaterKind::kAgainst;
    good_coin |= honest && note.kind == RaterKind::kLikeChance;
    place |= drawn.who[r] != Who::kFirst && note.kind == RaterKind::kPosition;
    coin_reliable |= drawn.who[r] == Who::kCoin && note.kind == RaterKind::kReliable;
    const bool tame = honest || drawn.who[r] == Who::kCoin;
    count["unclear"] += tame && note.kind == RaterKind::kUnclear;
    count["tame"] += tame;
    count["honest"] += honest;
    count["honest reliable"] += honest && note.kind == RaterKind::kReliable;
    count["coins named"] += drawn.who[r] == Who::kCoin && note.kind == RaterKind::kLikeChance;
    count["against named"] += drawn.who[r] == Who::kAgainst && note.kind == RaterKind::kAgainst;
    count["first named"] += drawn.who[r] == Who::kFirst && note.kind == RaterKind::kPosition;
    if (drawn.who[r] == Who::kGood || drawn.who[r] == Who::kMinority) {
      ++placed;
      placed_right += screen.camps.found() && note.camp == camp[drawn.who[r] == Who::kMinority];
    }
  }
  count["wronged"] += wronged || coin_reliable;
  count["against"] += wronged;
  count["coin reliable"] += coin_reliable;
  count["good like chance"] += good_coin;
  count["others take a place"] += place;
  count["camps"] += screen.camps.found();
  count["camps found"] += screen.camps.members.size() == 2 && camp[0] != camp[1] && placed_right >= .9 * placed;
  count["placed"] += placed_right / std::max(1.0, placed);
}

struct Cell {
  const char* name;
  Panel panel;
  bool quick = false;
};

}  // namespace

int main(int argc, char** argv) {
  Cells cells("panels_raters", argc, argv);
  std::vector<Cell> table = {
      {"pairs, 5 coins", {.coins = 5}, true},
      {"order, 5 coins", {.truth = Taste::kOrder, .coins = 5}, true},
      {"sparse, 5 coins", {.truth = Taste::kSparse, .coins = 5}},
      {"pairs, 40 coins", {.coins = 40}},
      {"pairs, 12 coins", {.coins = 12}},
      {"pairs, 1 against", {.against = 1}, true},
      {"order, 1 against, 3 coins", {.truth = Taste::kOrder, .coins = 3, .against = 1}},
      {"sparse, 1 against", {.truth = Taste::kSparse, .against = 1}},
      {"pairs, camp of 16, opposite", {.minority = 16}, true},
      {"pairs, camp of 8, opposite", {.minority = 8}},
      {"pairs, camp of 16, own", {.minority = 16, .own = true}},
      {"pairs, camp of 8, own", {.minority = 8, .own = true}},
      {"order, camp of 16, opposite", {.truth = Taste::kOrder, .minority = 16}},
      {"order, camp of 8, opposite", {.truth = Taste::kOrder, .minority = 8}},
      {"sparse, camp of 16, opposite", {.truth = Taste::kSparse, .minority = 16}},
      {"pairs, camp of 2, opposite", {.minority = 2}},
      {"pairs, camp of 16 at 60 votes", {.votes = 60, .minority = 16}, true},
      {"order, camp of 16 at 60 votes", {.truth = Taste::kOrder, .votes = 60, .minority = 16}},
      {"order, camp of 8 at 40 votes", {.truth = Taste::kOrder, .votes = 40, .minority = 8}},
      {"pairs, 4 first-takers at 40 votes", {.votes = 40, .first = 4}, true},
      {"order, 4 first-takers at 40 votes", {.truth = Taste::kOrder, .votes = 40, .first = 4}},
      {"order, 4 first-takers at 200 votes", {.truth = Taste::kOrder, .first = 4}},
      {"pairs, 10 leaning to the first", {.coins = 5, .leaning = 10}},
      {"order, 10 leaning at 60 votes", {.truth = Taste::kOrder, .votes = 60, .coins = 2, .leaning = 10}},
      {"pairs, 5 coins at 20 votes", {.votes = 20, .coins = 5}, true},
      {"order, 5 coins at 20 votes, .85", {.truth = Taste::kOrder, .votes = 20, .agreement = .85, .coins = 5}},
      {"order, 5 coins at 60 votes", {.truth = Taste::kOrder, .votes = 60, .coins = 5}},
      {"pairs, one order, 3 first-takers", {.coins = 3, .first = 3, .same_order = true}},
      {"sparse, each once, 3 coins", {.truth = Taste::kSparse, .coins = 3, .each_once = true}},
      {"pairs, 12 coins, all at .7", {.spread = 0, .coins = 12}},
      {"pairs, camp of 16, 4 coins, 2 first", {.minority = 16, .coins = 4, .first = 2}, true},
      {"order, camp of 8, 4 coins, 2 first", {.truth = Taste::kOrder, .minority = 8, .coins = 4, .first = 2}},
      {"pairs, 1 against, 4 coins, 2 first", {.coins = 4, .against = 1, .first = 2}, true},
      {"questions, 5 coins, 1 against", {.truth = Taste::kQuestions, .coins = 5, .against = 1}},
      {"questions, camp of 16", {.truth = Taste::kQuestions, .minority = 16}},
      {"questions, camp of 8, own", {.truth = Taste::kQuestions, .minority = 8, .own = true}},
      {"many questions, 5 coins, 1 against", {.truth = Taste::kMany, .coins = 5, .against = 1}},
      {"many questions, camp of 16", {.truth = Taste::kMany, .minority = 16}},
      {"many questions, camp of 8", {.truth = Taste::kMany, .minority = 8}},
      {"sparse, camp of 2, 4 coins", {.truth = Taste::kSparse, .minority = 2, .coins = 4}},
      {"pairs, 8 people, 2 coins", {.coins = 2, .people = 8}},
      {"order, 5 people, 1 coin", {.truth = Taste::kOrder, .coins = 1, .people = 5}},
      {"order, 5 people, 1 against", {.truth = Taste::kOrder, .against = 1, .people = 5}},
      {"pairs, 60 votes, 300 people, 30 coins", {.votes = 60, .coins = 30, .people = 300}},
  };
  std::printf("%-36s %7s %7s %7s %7s %7s %7s %7s %7s %7s %7s\n", "40 people: panels, or shares of people",
              "against", "coin ok", "camps", "found", "placed", "good ok", "good co", "coins", "advers.",
              "first");
  for (const Cell& cell : table) {
    if (!cells.wants(cell.name) || (cells.quick() && !cell.quick)) continue;
    const Panel& p = cell.panel;
    const Counts c = cells.count(cell.name, cells.quick() ? 60 : 1000,
                                 [&](std::uint64_t seed, Counts& count) { judge(p, seed, count); });
    const double n = static_cast<double>(c.worlds);
    const auto share = [](double a, double b) { return b > 0 ? a / b : 0; };
    std::printf("%-36s %7.0f %7.0f %7.0f %7.0f %7.3f %7.3f %7.0f %7.3f %7.3f %7.3f\n", cell.name,
                c.at("against"), c.at("coin reliable"), c.at("camps"), c.at("camps found"), c.at("placed") / n,
                share(c.at("honest reliable"), c.at("honest")), c.at("good like chance"),
                share(c.at("coins named"), n * p.coins), share(c.at("against named"), n * p.against),
                share(c.at("first named"), n * p.first));
    std::fflush(stdout);
    const std::string name = cell.name;
    cells.at_most(name + ": somebody good against, or a coin reliable", c.at("wronged"), c.worlds, .05);
    cells.at_most(name + ": somebody good like chance", c.at("good like chance"), c.worlds, .05);
    cells.at_most(name + ": others take a place", c.at("others take a place"), c.worlds, .05);
    if (p.minority == 0) cells.at_most(name + ": called camps", c.at("camps"), c.worlds, .05);
    if (p.votes == 20)
      cells.at_least(name + ": too few to say", c.at("unclear"), static_cast<std::uint64_t>(c.at("tame")), 1);
    if (p.first > 0)
      cells.at_least(name + ": first-takers named", c.at("first named"),
                     static_cast<std::uint64_t>(n * p.first), .9);
    if (p.votes < 200) continue;
    if (p.minority > 2)
      cells.at_least(name + ": camp found, nine of ten placed", c.at("camps found"), c.worlds, .9);
    if (p.coins > 0 && p.coins < 20)
      cells.at_least(name + ": coins named", c.at("coins named"), static_cast<std::uint64_t>(n * p.coins), .9);
    if (p.against > 0) cells.at_least(name + ": named against everyone", c.at("against named"), c.worlds, .9);
  }
  return cells.close();
}
