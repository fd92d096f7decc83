// An arc from i to j says that raising u_i and lowering u_j without end costs nothing at this vote. Without a
// prior the likelihood has a maximum where no direction is free of cost at every vote (Albert, Anderson 1984):
// where each component is strongly connected and ties could not explain everything.
#include "reward/item_graph.h"

#include <algorithm>
#include <numeric>

namespace plumb {
namespace {

// Outgoing arcs by item, each once.
struct Arcs {
  std::vector<std::uint64_t> offset;
  std::vector<std::uint32_t> to;
  std::vector<std::uint8_t> tie;  // the arc stands for a tie, not for a win
};

template <class Visit>
void visit_judgements(const ItemVotes& votes, const Visit& visit) {  // visit(winner or tied, other, tied)
  for (std::size_t v = 0; v < votes.first.size(); ++v) {
    const bool second = votes.answer[v] == Answer::kSecond;
    visit(second ? votes.second[v] : votes.first[v], second ? votes.first[v] : votes.second[v],
          votes.answer[v] == Answer::kTie);
  }
  std::vector<std::uint64_t> order;
  for (std::size_t r = 0; r + 1 < votes.ranking_offset.size(); ++r) {
    order.resize(votes.ranking_offset[r + 1] - votes.ranking_offset[r]);
    std::iota(order.begin(), order.end(), votes.ranking_offset[r]);
    std::stable_sort(order.begin(), order.end(), [&](std::uint64_t a, std::uint64_t b) {
      return votes.ranking_rank[a] < votes.ranking_rank[b];
    });
    for (std::size_t k = 1; k < order.size(); ++k)
      visit(votes.ranking_item[order[k - 1]], votes.ranking_item[order[k]],
            votes.ranking_rank[order[k]] == votes.ranking_rank[order[k - 1]]);
  }
}

Arcs collect_arcs(const ItemVotes& votes, bool with_ties) {
  struct Arc {
    std::uint32_t from, to;
    std::uint8_t tie;
  };
  std::vector<Arc> arcs;
  visit_judgements(votes, [&](std::uint32_t a, std::uint32_t b, bool tie) {
    if (tie && !with_ties) return;
    arcs.push_back({a, b, static_cast<std::uint8_t>(tie)});
    if (tie) arcs.push_back({b, a, 1});
  });
  const auto key = [](const Arc& arc) { return std::tuple(arc.from, arc.to, arc.tie); };
  std::sort(arcs.begin(), arcs.end(), [&](const Arc& a, const Arc& b) { return key(a) < key(b); });
  arcs.erase(
      std::unique(arcs.begin(), arcs.end(), [&](const Arc& a, const Arc& b) { return key(a) == key(b); }),
      arcs.end());
  Arcs out;
  out.offset.assign(votes.items + 1, 0);
  for (const Arc& arc : arcs) {
    ++out.offset[arc.from + 1];
    out.to.push_back(arc.to);
    out.tie.push_back(arc.tie);
  }
  std::partial_sum(out.offset.begin(), out.offset.end(), out.offset.begin());
  return out;
}

// Tarjan's algorithm (1972) without recursion: the number of each item's strongly connected class, classes that
// reach others numbered after them.
std::vector<std::uint32_t> strong_classes(const Arcs& arcs, std::size_t items) {
  constexpr std::uint32_t kUnseen = 0xffffffffu;
  std::vector<std::uint32_t> index(items, kUnseen), low(items), klass(items, kUnseen), open, path;
  std::vector<std::uint64_t> next(arcs.offset.begin(), arcs.offset.end() - 1);
  std::uint32_t counter = 0, classes = 0;
  for (std::uint32_t root = 0; root < items; ++root) {
    if (index[root] != kUnseen) continue;
    path.push_back(root);
    while (!path.empty()) {
      const std::uint32_t i = path.back();
      if (index[i] == kUnseen) {
        index[i] = low[i] = counter++;
        open.push_back(i);
      }
      bool deeper = false;
      while (next[i] < arcs.offset[i + 1]) {
        const std::uint32_t j = arcs.to[next[i]];
        if (index[j] == kUnseen) {
          path.push_back(j);
          deeper = true;
          break;
        }
        if (klass[j] == kUnseen) low[i] = std::min(low[i], low[j]);
        ++next[i];
      }
      if (deeper) continue;
      path.pop_back();
      if (low[i] != index[i]) continue;
      while (true) {
        const std::uint32_t member = open.back();
        open.pop_back();
        klass[member] = classes;
        if (member == i) break;
      }
      ++classes;
    }
  }
  return klass;
}

// Whether utilities exist under which winners stand at least 2 above losers and tied items at most 2 apart.
// Then raising the tie parameter along with them costs nothing: the constraints are u_loser <= u_winner - 2 and
// u_j <= u_i + 2, and they can be met where no cycle of them is negative (Bellman, Ford).
bool ties_explain_everything(const ItemVotes& votes) {
  const Arcs wins = collect_arcs(votes, false);
  const std::vector<std::uint32_t> klass = strong_classes(wins, votes.items);
  std::vector<std::uint32_t> size(votes.items, 0);
  for (const std::uint32_t k : klass)
    if (++size[k] > 1) return false;  // wins in a circle
  const Arcs arcs = collect_arcs(votes, true);
  std::vector<double> bound(votes.items, 0);
  for (std::size_t round = 0; round <= votes.items; ++round) {
    bool moved = false;
    for (std::size_t i = 0; i < votes.items; ++i)
      for (std::uint64_t a = arcs.offset[i]; a < arcs.offset[i + 1]; ++a) {
        const double limit = bound[i] + (arcs.tie[a] != 0 ? 2 : -2);
        if (limit < bound[arcs.to[a]]) {
          bound[arcs.to[a]] = limit;
          moved = true;
        }
      }
    if (!moved) return true;
  }
  return false;
}

}  // namespace

std::vector<std::uint32_t> components(const ItemVotes& votes) {
  std::vector<std::uint32_t> parent(votes.items);
  std::iota(parent.begin(), parent.end(), 0u);
  const auto root = [&](std::uint32_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  visit_judgements(votes, [&](std::uint32_t a, std::uint32_t b, bool) {
    const std::uint32_t ra = root(a), rb = root(b);
    parent[std::max(ra, rb)] = std::min(ra, rb);  // the root is the first item, hence the numbering
  });
  std::vector<std::uint32_t> component(votes.items);
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < votes.items; ++i) component[i] = root(i) == i ? count++ : component[root(i)];
  return component;
}

std::string why_no_maximum(const ItemVotes& votes, const std::vector<std::uint32_t>& component, bool tie_on) {
  const std::vector<std::uint32_t> klass = strong_classes(collect_arcs(votes, true), votes.items);
  // A component with two classes has one that nothing else of it beats: Tarjan numbers a class after all that
  // it reaches, so of a component's classes the one with the highest number has no arc into it.
  constexpr std::uint32_t kNone = 0xffffffffu;
  std::vector<std::uint32_t> low(votes.items, kNone), high(votes.items, 0);
  for (std::size_t i = 0; i < votes.items; ++i) {
    low[component[i]] = std::min(low[component[i]], klass[i]);
    high[component[i]] = std::max(high[component[i]], klass[i]);
  }
  for (std::size_t i = 0; i < votes.items; ++i) {
    if (low[component[i]] == high[component[i]] || klass[i] != high[component[i]]) continue;
    const auto members = std::count(klass.begin(), klass.end(), klass[i]);
    const std::string who =
        members == 1 ? "item " + std::to_string(i) + " is"
                     : std::to_string(members) + " items (the first is item " + std::to_string(i) + ") are";
    return "the maximum does not exist: " + who +
           " never beaten by, nor tied with, any other that they were compared with; add votes or a prior";
  }
  if (tie_on && ties_explain_everything(votes))
    return "the maximum does not exist: ties and wins follow one order without exception; add votes or a prior";
  return {};
}

}  // namespace plumb
