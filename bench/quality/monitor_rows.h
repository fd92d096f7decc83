// The monitor's questions before any shift: are these rows new, and is the outcome what it was?
#pragma once

#include "monitor/shared_rows.h"
#include "plumb/monitor.h"
#include "quality/cells.h"
#include "quality/monitor_worlds.h"

namespace plumb::quality {

inline Goal row_goal(OutcomeKind kind) {
  Goal goal;
  OutcomeSpec y;
  y.name = "y";
  y.kind = kind;
  goal.outcomes = {y};
  goal.maximize = {{1.0, "y"}};
  goal.minimum_effect = 0;
  return goal;
}

inline Monitoring monitored(const DecisionLog& first, const DecisionLog& later, const Goal& goal) {
  const PolicyPointer a = constant_policy("a");
  return monitor_logs({first, later, goal, {"y"}, constant_policy("b"), a, a, {}, {}});
}

// Counts what came of one later log.
inline void answer(const DecisionLog& first, const DecisionLog& later, const Goal& goal, Counts& count) {
  try {
    const Monitoring m = monitored(first, later, goal);
    count["stands"] += m.verdict == Verdict::kPass;
    count["revoked"] += m.verdict == Verdict::kRefuse;
    bool rows = false, scale = false, arms = false, levels = false;
    for (const Finding& f : m.findings) {
      rows |= f.check == "same_rows" &&
              f.sentence.find("cannot tell whether these rows are new") == std::string::npos;
      scale |= f.check == "outcome_scale" && m.reason.find("is not what it was") != std::string::npos;
      arms |= f.check == "arms" && m.reason.find(f.sentence) != std::string::npos;
      levels |= f.check == "levels" && m.reason.find(f.sentence) != std::string::npos;
      count["cannot tell"] += f.sentence.find("cannot tell whether these rows are new") != std::string::npos;
    }
    count["rows"] += rows;
    count["scale"] += scale;
    count["arms"] += arms;
    count["levels"] += levels;
  } catch (const Error&) {
    count["refused"] += 1;
  }
}

inline const char* name_of(Contents contents) {
  return contents == Contents::kContinuous ? "continuous"
         : contents == Contents::kMixed    ? "mixed"
         : contents == Contents::kWide     ? "wide"
                                           : "discrete";
}

inline RowWorld world_of(std::uint64_t seed, Contents contents, OutcomeKind kind) {
  RowWorld world;
  world.seed = seed;
  world.first_customer = seed * 1000000;
  world.contents = contents;
  world.kind = kind;
  return world;
}

inline void old_rows(Cells& cells, std::uint64_t worlds) {
  for (const Contents contents : {Contents::kContinuous, Contents::kMixed, Contents::kWide}) {
    for (const Dress& dress : kDresses) {
      const std::string cell = fmt::format("rows, {}: {}", name_of(contents), dress.name);
      if (!cells.wants(cell)) continue;
      const Counts c = cells.count(cell, worlds, [&](std::uint64_t seed, Counts& count) {
        const OutcomeKind kind = seed % 2 == 0 ? OutcomeKind::kBinary : OutcomeKind::kAmount;
        const RowWorld world = world_of(seed, contents, kind);
        const DecisionLog first = world.log();
        answer(first, dress.put_on(first, world), row_goal(kind), count);
      });
      cells.claims.claim(c.at("stands") == 0,
                         fmt::format("{}: {} of {} stand (0), {} refused, {} revoked", cell, c.at("stands"),
                                     c.worlds, c.at("refused"), c.at("revoked")));
    }
  }
}

// Later logs that are ones: how often is any row called an old one?
struct NewLog {
  const char* name;
  void (*change)(RowWorld& later);
  bool come_again = false;
};
inline const NewLog kNewLogs[] = {
    {"unchanged", [](RowWorld&) {}},
    {"other contexts",
     [](RowWorld& w) {
       w.x_mean = 0.7;
       w.level_c0 = 0.8;
     }},
    {"other shares", [](RowWorld& w) { w.b = 0.8; }},
    {"the same customers", [](RowWorld&) {}, true},
    {"twice as many", [](RowWorld& w) { w.n *= 2; }},
};

inline void new_rows(Cells& cells, std::uint64_t worlds) {
  for (const Contents contents :
       {Contents::kContinuous, Contents::kMixed, Contents::kWide, Contents::kDiscrete}) {
    for (const NewLog& kind_of : kNewLogs) {
      const std::string cell = fmt::format("new rows, {}: {}", name_of(contents), kind_of.name);
      if (!cells.wants(cell)) continue;
      const Counts c = cells.count(cell, worlds, [&](std::uint64_t seed, Counts& count) {
        const OutcomeKind kind = seed % 2 == 0 ? OutcomeKind::kBinary : OutcomeKind::kAmount;
        const RowWorld world = world_of(seed, contents, kind);
        RowWorld later = world;
        later.seed += 3000000;
        if (!kind_of.come_again) later.first_customer += 500000;
        kind_of.change(later);
        const SharedRows shared = shared_rows(world.log(), later.log(), 1);
        count["told"] += shared.count > 0 || !shared.cap.empty();
        count["said"] += shared.untold;
      });
      cells.at_most(cell + ", capped for overlap", c.at("told"), c.worlds, .01);
      if (contents == Contents::kDiscrete)
        cells.claims.claim(
            c.at("said") == static_cast<double>(c.worlds),
            fmt::format("{}: \"cannot tell\" is said in {} of {}", cell, c.at("said"), c.worlds));
    }
  }
}

struct Scaled {
  const char* name;
  double factor;
  bool wanted;  // never stands, named always
};
inline const Scaled kScaled[] = {
    {"times 100", 100, true}, {"by 100", 0.01, true}, {"times 1", 1, false}, {"times 2", 2, false}};

inline void scales(Cells& cells, std::uint64_t worlds) {
  for (const OutcomeKind kind : {OutcomeKind::kAmount, OutcomeKind::kNumber, OutcomeKind::kCount}) {
    for (const Scaled& scaled : kScaled) {
      const std::string cell = fmt::format("scale, {}: {}", plumb::name_of(kind), scaled.name);
      if (!cells.wants(cell)) continue;
      const Counts c = cells.count(cell, worlds, [&](std::uint64_t seed, Counts& count) {
        const RowWorld world = world_of(seed, Contents::kMixed, kind);
        RowWorld later = world;
        later.seed += 3000000;
        later.first_customer += 500000;
        DecisionLog log = later.log();
        for (double& y : log.outcomes[0].value) y *= scaled.factor;
        RowWorld::finish(log);
        answer(world.log(), log, row_goal(kind), count);
      });
      if (scaled.wanted) {
        cells.claims.claim(
            c.at("stands") == 0 && c.at("scale") == static_cast<double>(c.worlds),
            fmt::format("{}: {} of {} stand (0), named in {}", cell, c.at("stands"), c.worlds, c.at("scale")));
      } else {
        cells.at_most(cell + ", named", c.at("scale"), c.worlds, .001);
      }
    }
  }
}

// Worlds that moved in other ways: nothing is said of rows or of the outcome's scale, so that verdicts are what
// they were; new arms and levels are named.
struct Moved {
  const char* name;
  void (*change)(RowWorld& later);
  const char* named;  // what is to be named; empty: nothing
};
inline const Moved kMoved[] = {
    {"unchanged", [](RowWorld&) {}, ""},
    {"other contexts",
     [](RowWorld& w) {
       w.x_mean = 0.7;
       w.level_c0 = 0.8;
     },
     ""},
    {"other shares", [](RowWorld& w) { w.b = 0.8; }, ""},
    {"harm", [](RowWorld& w) { w.effect = -0.15; }, ""},
    {"rarer", [](RowWorld& w) { w.base = 0.15; }, ""},
    {"a third arm", [](RowWorld& w) { w.third = 0.2; }, "arms"},
    {"a level of half of the rows", [](RowWorld& w) { w.fresh = 0.5; }, "levels"},
};

inline void moved(Cells& cells, std::uint64_t worlds) {
  for (const OutcomeKind kind : {OutcomeKind::kBinary, OutcomeKind::kAmount}) {
    for (const Moved& one : kMoved) {
      const std::string cell = fmt::format("moved, {}: {}", plumb::name_of(kind), one.name);
      if (!cells.wants(cell)) continue;
      const Counts c = cells.count(cell, worlds, [&](std::uint64_t seed, Counts& count) {
        const RowWorld world = world_of(seed, Contents::kMixed, kind);
        RowWorld later = world;
        later.seed += 3000000;
        later.first_customer += 500000;
        one.change(later);
        answer(world.log(), later.log(), row_goal(kind), count);
      });
      cells.at_most(cell + ", rows or scale said to have moved", c.at("rows") + c.at("scale") + c.at("refused"),
                    c.worlds, .01);
      std::printf("              %s: %.0f stand, %.0f revoked of %lu\n", cell.c_str(), c.at("stands"),
                  c.at("revoked"), c.worlds);
      for (const char* what : {"arms", "levels"}) {
        const bool wanted = std::string(one.named) == what;
        cells.claims.claim(c.at(what) == (wanted ? static_cast<double>(c.worlds) : 0),
                           fmt::format("{}: {} named in {} of {}", cell, what, c.at(what), c.worlds));
      }
    }
  }
}

}  // namespace plumb::quality
