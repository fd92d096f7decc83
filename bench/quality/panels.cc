// Panels, against known truth: people and items are both drawn, every person votes on every item. Do intervals
// of a share cover what new people would say of new items, is there a number in every world, how much wider are
// they than with known spreads, and what does that cost where items do not differ? And where few people have
// most of the votes: is the mean person's share covered?
//
// The world: log-odds of a yes = constant + pair sd * normal of the item (turned round with the order, where
// orders are drawn) + people sd * normal of the person, with the constant such that the share is .5 or .8.
#include <boost/math/distributions/students_t.hpp>

#include "plumb/feedback_study.h"
#include "plumb/regression.h"
#include "quality/cells.h"

using namespace plumb;
using namespace plumb::quality;

namespace {

struct World {
  std::size_t people = 0, items = 0;
  double pair_sd = 0, people_sd = 0, share = .5;
  bool drawn_orders = false;  // a coin a vote; else one order a pair
};

// Expectations over normals by the trapezoid on 81 points up to 5 spreads: exact to 1e-7 for these.
struct Normals {
  std::vector<double> at, weight;
  Normals() {
    double total = 0;
    for (int k = -40; k <= 40; ++k) {
      at.push_back(k / 8.0);
      weight.push_back(std::exp(-.5 * at.back() * at.back()));
      total += weight.back();
    }
    for (double& w : weight) w /= total;
  }
};

// The constant, and the spread of the share of yes votes in a full panel: of people's shares, of items', and
// the rest by vote.
struct Truth {
  double constant = 0, by_person = 0, by_item = 0;
  double variance(const World& w) const {
    const double p = static_cast<double>(w.people), i = static_cast<double>(w.items);
    return by_person / p + by_item / i + (w.share * (1 - w.share) - by_person - by_item) / (p * i);
  }
};

Truth truth_of(const World& w) {
  static const Normals normals;
  const std::size_t n = normals.at.size();
  const auto yes = [&](double constant, double item, double person) {
    const double own = constant + w.people_sd * person;
    if (!w.drawn_orders) return sigmoid(own + w.pair_sd * item);
    return (sigmoid(own + w.pair_sd * item) + sigmoid(own - w.pair_sd * item)) / 2;
  };
  const auto mean = [&](double constant) {
    double out = 0;
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b)
        out += normals.weight[a] * normals.weight[b] * yes(constant, normals.at[a], normals.at[b]);
    return out;
  };
  double low = -10, high = 10;
  for (int step = 0; step < 50; ++step) {
    const double c = (low + high) / 2;
    (mean(c) < w.share ? low : high) = c;
  }
  Truth out;
  out.constant = (low + high) / 2;
  for (std::size_t a = 0; a < n; ++a) {
    double item = 0, person = 0;
    for (std::size_t b = 0; b < n; ++b) {
      item += normals.weight[b] * yes(out.constant, normals.at[a], normals.at[b]);
      person += normals.weight[b] * yes(out.constant, normals.at[b], normals.at[a]);
    }
    out.by_item += normals.weight[a] * (item - w.share) * (item - w.share);
    out.by_person += normals.weight[a] * (person - w.share) * (person - w.share);
  }
  return out;
}

struct Votes {
  std::vector<std::uint8_t> yes;
  std::vector<std::uint64_t> person, item;
};

// `votes_of(person)` votes of everybody; each on every item, or, where there are others, on drawn ones.
Votes draw(const World& w, const Truth& truth, std::uint64_t seed,
           const std::vector<std::size_t>& votes_of_person = {}) {
  Rng rng = Rng(seed).stream("panel");
  std::vector<double> person(w.people), item(w.items);
  for (double& p : person) p = w.people_sd * rng.normal();
  for (double& i : item) i = w.pair_sd * rng.normal();
  Votes out;
  for (std::size_t p = 0; p < w.people; ++p) {
    const std::size_t votes = votes_of_person.empty() ? w.items : votes_of_person[p];
    for (std::size_t k = 0; k < votes; ++k) {
      const std::size_t i = votes_of_person.empty() ? k : rng.below(w.items);
      const double turned = w.drawn_orders && rng.bernoulli(.5) ? -1 : 1;
      out.person.push_back(p);
      out.item.push_back(i);
      out.yes.push_back(rng.bernoulli(sigmoid(truth.constant + turned * item[i] + person[p])));
    }
  }
  return out;
}

bool covers(const VoteShare& s, double share) { return s.interval.lower <= share && share <= s.interval.upper; }

// .93 of those with a number, and a true rate of 5 % is not held against anybody.
void claim_coverage(Cells& cells, const std::string& name, const Counts& c) {
  const auto numbers = static_cast<std::uint64_t>(c.at("number"));
  const double most =
      std::max(std::floor(.07 * c.at("number")), static_cast<double>(most_explained(.05, numbers)));
  cells.claims.claim(c.at("miss") <= most, fmt::format("{}: missed {:.0f} of {} (at most {:.0f})", name,
                                                       c.at("miss"), numbers, most));
}

const std::pair<std::size_t, std::size_t> kDesigns[] = {{20, 50}, {50, 20}, {200, 10}, {100, 60}};

void crossed(Cells& cells) {
  std::printf("%-76s %7s %8s %8s %6s\n", "shares over new people and new items", "number", "covered", "people*",
              "width");
  for (const auto& [people, items] : kDesigns) {
    for (const double pair_sd : {0., 1., 2.}) {
      for (const double people_sd : {0., 1.}) {
        for (const double share : {.5, .8}) {
          for (const bool drawn : {false, true}) {
            // Without spread of pairs an order changes nothing.
            if (drawn && (pair_sd == 0 || cells.quick())) continue;
            const World world{people, items, pair_sd, people_sd, share, drawn};
            const std::string name =
                fmt::format("{} people on {} pairs, pair sd {}, people sd {}, share {}, {}", people, items,
                            pair_sd, people_sd, share, drawn ? "orders drawn" : "order by pair");
            if (!cells.wants(name)) continue;
            const Truth truth = truth_of(world);
            const double t = boost::math::quantile(
                boost::math::students_t(static_cast<double>(std::min(people, items)) - 1), .975);
            const double known = 2 * t * std::sqrt(truth.variance(world)) / (share * (1 - share));
            const Counts c =
                cells.count(name, cells.quick() ? 60 : 2000, [&](std::uint64_t seed, Counts& count) {
                  const Votes v = draw(world, truth, seed);
                  const VoteShare s = crossed_share(v.yes, v.person, v.item, .95);
                  if (!s.known) return;
                  ++count["number"];
                  count["miss"] += !covers(s, share);
                  count["width"] += (std::log(s.interval.upper / (1 - s.interval.upper)) -
                                     std::log(s.interval.lower / (1 - s.interval.lower))) /
                                    known;
                  count["miss people"] += !covers(clustered_share(v.yes, v.person, .95), share);
                });
            const double n = std::max(1.0, c.at("number"));
            std::printf("%-76s %7.0f %8.3f %8.3f %6.3f\n", name.c_str(), c.at("number"), 1 - c.at("miss") / n,
                        1 - c.at("miss people") / n, c.at("width") / n);
            std::fflush(stdout);
            cells.at_least(name + ": numbers", c.at("number"), c.worlds, 1);
            claim_coverage(cells, name, c);
            // Without any spread the largest of three variances is what the width pays; see power below.
            if (pair_sd > 0 || people_sd > 0)
              cells.claims.claim(c.at("width") / n <= 1.15,
                                 fmt::format("{}: width {:.3f} of that with known spreads (at most 1.15)", name,
                                             c.at("width") / n));
          }
        }
      }
    }
  }
  std::printf("* intervals by people alone, which take the pairs for fixed\n");
}

// How often .5 is ruled out where pairs do not differ, against intervals by people alone.
void power(Cells& cells) {
  for (const double people_sd : {0., 1.}) {
    const World world{100, 60, 0, people_sd, people_sd > 0 ? .56 : .518, false};
    const std::string name =
        fmt::format("100 people on 60 pairs alike, people sd {}, share {}: found", people_sd, world.share);
    if (!cells.wants(name)) continue;
    const Truth truth = truth_of(world);
    const Counts c = cells.count(name, cells.quick() ? 300 : 2000, [&](std::uint64_t seed, Counts& count) {
      const Votes v = draw(world, truth, seed);
      count["found"] += crossed_share(v.yes, v.person, v.item, .95).interval.lower > .5;
      count["by people"] += clustered_share(v.yes, v.person, .95).interval.lower > .5;
    });
    cells.claims.claim(c.at("found") >= .9 * c.at("by people"),
                       fmt::format("{} {:.0f}, by people alone {:.0f} of {} (at least .9 of it)", name,
                                   c.at("found"), c.at("by people"), c.worlds));
  }
}

// A few people with most of the votes: the mean person's share.
void busy(Cells& cells) {
  struct Few {
    std::size_t people;
    double votes;
    const char* what;
  };
  const Few kinds[] = {{1, 2. / 3, "one person with two thirds"}, {10, .75, "ten people with three quarters"}};
  for (const Few& few : kinds) {
    for (const double share : {.5, .8}) {
      for (const double pair_sd : {0., 1.}) {
        const World world{60, 80, pair_sd, 1, share, false};
        const std::string name = fmt::format("{} of 3000 votes of 60 people, pair sd {}, share {}: by person",
                                             few.what, pair_sd, share);
        if (!cells.wants(name)) continue;
        const Truth truth = truth_of(world);
        std::vector<std::size_t> votes(world.people);
        for (std::size_t p = 0; p < votes.size(); ++p) {
          const bool busy = p < few.people;
          const double group = static_cast<double>(busy ? few.people : votes.size() - few.people);
          votes[p] = static_cast<std::size_t>(3000 * (busy ? few.votes : 1 - few.votes) / group);
        }
        const Counts c = cells.count(name, cells.quick() ? 60 : 2000, [&](std::uint64_t seed, Counts& count) {
          const Votes v = draw(world, truth, seed, votes);
          const VoteShare s = share_by_person(v.yes, v.person, v.item, .95);
          if (!s.known) return;
          ++count["number"];
          count["miss"] += !covers(s, share);
        });
        cells.at_least(name + ", numbers", c.at("number"), c.worlds, 1);
        claim_coverage(cells, name, c);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Cells cells("panels", argc, argv);
  crossed(cells);
  power(cells);
  busy(cells);
  return cells.close();
}
