// Logs without names of rows: a first one, later ones of the same world, and later ones that are the first one
// again in another dress.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quality/table.h"

namespace plumb::quality {

enum class Contents {
  kContinuous,  // numbers, next to no two rows alike
  kMixed,       // one number, ages, levels
  kWide,        // fourteen columns of five levels: no one tells a row, all do
  kDiscrete     // 60 cells: contents repeat by chance
};

// Actions a and b; the outcome y rises with b by `effect` and with the contexts. Contexts are those of
// customers `first_customer` onwards: the same customer has the same contexts in every log.
struct RowWorld {
  std::size_t n = 2000;
  std::uint64_t seed = 1, first_customer = 1;
  Contents contents = Contents::kContinuous;
  OutcomeKind kind = OutcomeKind::kBinary;
  double effect = 0.2, base = 0.3, x_mean = 0, b = 0.5, level_c0 = 1.0 / 3;
  // Arms beside a and b, and a level of c that no other world has: shares of rows.
  double third = 0, fresh = 0;

  double outcome(Rng& rng, bool treated, double x) const {
    switch (kind) {
      case OutcomeKind::kBinary:
        return rng.bernoulli(std::clamp(base + treated * effect + 0.05 * x, 0.0, 1.0));
      case OutcomeKind::kCount: {
        const double mean = 2 * (base + treated * effect), floor = std::exp(-mean);
        double product = rng.uniform(), k = 0;
        for (; product > floor; product *= rng.uniform()) k += 1;
        return k;
      }
      case OutcomeKind::kAmount:
        return rng.bernoulli(base + treated * effect) ? std::round(100 * std::exp(3 + 0.7 * rng.normal())) / 100
                                                      : 0;
      default:
        return base + treated * effect + 0.1 * x + 0.5 * rng.normal();
    }
  }

  DecisionLog log() const {
    DecisionLog out;
    out.source = "log-" + std::to_string(seed) + ".csv";
    out.actions = {"a", "b"};
    if (third > 0) out.actions.push_back("c");
    out.fixed_actions = true;
    out.offset.push_back(0);
    out.outcomes.resize(1);
    out.outcomes[0].name = "y";
    out.outcomes[0].kind = kind;
    const auto add = [&](const std::string& name, std::size_t levels) {
      FeatureColumn column;
      column.name = name;
      column.is_category = levels > 0;
      for (std::size_t k = 0; k < levels; ++k) column.levels.push_back(name + std::to_string(k));
      out.context.push_back(std::move(column));
    };
    if (contents == Contents::kContinuous || contents == Contents::kMixed) add("x", 0);
    if (contents == Contents::kContinuous) add("z", 0);
    if (contents == Contents::kMixed) add("age", 0);
    add("c", fresh > 0 ? 4 : 3);
    add("d", 5);
    if (contents == Contents::kDiscrete) add("e", 4);
    if (contents == Contents::kWide)
      for (int k = 0; k < 12; ++k) add("f" + std::to_string(k), 5);
    const Rng rows(seed), people(12345);
    for (std::size_t i = 0; i < n; ++i) {
      Rng rng = rows.stream("row", i), person = people.stream("customer", first_customer + i);
      double x = 0;
      for (FeatureColumn& column : out.context) {
        if (column.name == "c") {
          const bool is_fresh = rng.bernoulli(fresh);
          column.code.push_back(is_fresh ? 3u
                                : person.bernoulli(level_c0)
                                    ? 0u
                                    : 1u + static_cast<std::uint32_t>(person.below(2)));
        } else if (column.is_category) {
          column.code.push_back(static_cast<std::uint32_t>(person.below(column.levels.size())));
        } else {
          const double value = column.name == "x"   ? x_mean + person.normal()
                               : column.name == "z" ? std::exp(person.normal())
                                                    : 18.0 + static_cast<double>(person.below(60));
          if (column.name == "x") x = value;
          column.number.push_back(static_cast<float>(value));
        }
      }
      const std::vector<double> mu = third > 0 ? std::vector<double>{(1 - third) / 2, (1 - third) / 2, third}
                                               : std::vector<double>{1 - b, b};
      const std::size_t chosen = rng.categorical(mu);
      for (std::uint32_t a = 0; a < out.actions.size(); ++a) {
        out.action.push_back(a);
        out.logged.push_back(static_cast<float>(mu[a]));
      }
      out.offset.push_back(out.action.size());
      out.chosen.push_back(static_cast<std::uint32_t>(chosen));
      out.propensity.push_back(mu[chosen]);
      out.unit.push_back(hash_combine(seed * 100000000 + i, 5));
      out.outcomes[0].value.push_back(outcome(rng, chosen > 0, x));
      out.outcomes[0].state.push_back(State::kObserved);
    }
    finish(out);
    return out;
  }

  static void finish(DecisionLog& log) {
    OutcomeColumn& y = log.outcomes[0];
    y.observed_count = y.value.size();
    y.nonzero_count = static_cast<std::uint64_t>(
        std::count_if(y.value.begin(), y.value.end(), [](double v) { return v != 0; }));
    assign_folds(log, 1);
    digest_rows(log);
  }
};

// `rows` of a log, in this order.
inline DecisionLog rows_of(const DecisionLog& log, const std::vector<std::size_t>& rows) {
  DecisionLog out;
  out.source = "later.csv";
  out.actions = log.actions;
  out.fixed_actions = true;
  out.offset.push_back(0);
  out.outcomes.resize(1);
  out.outcomes[0].name = log.outcomes[0].name;
  out.outcomes[0].kind = log.outcomes[0].kind;
  for (const FeatureColumn& column : log.context) {
    out.context.push_back({column.name, column.is_category, {}, {}, column.levels});
    for (const std::size_t i : rows) {
      if (column.is_category) {
        out.context.back().code.push_back(column.code[i]);
      } else {
        out.context.back().number.push_back(column.number[i]);
      }
    }
  }
  std::uint64_t place = 0;
  for (const std::size_t i : rows) {
    for (std::uint64_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
      out.action.push_back(log.action[row]);
      out.logged.push_back(log.logged[row]);
    }
    out.offset.push_back(out.action.size());
    out.chosen.push_back(log.chosen[i]);
    out.propensity.push_back(log.propensity[i]);
    out.unit.push_back(hash_combine(++place, 999));
    out.outcomes[0].value.push_back(log.outcomes[0].value[i]);
    out.outcomes[0].state.push_back(State::kObserved);
  }
  RowWorld::finish(out);
  return out;
}

inline std::vector<std::size_t> shuffled(std::size_t n, std::uint64_t seed) {
  std::vector<std::size_t> out(n);
  std::iota(out.begin(), out.end(), 0);
  Rng rng(seed);
  for (std::size_t k = n; k > 1; --k) std::swap(out[k - 1], out[rng.below(k)]);
  return out;
}

inline DecisionLog appended(const DecisionLog& log, const DecisionLog& more) {
  DecisionLog out = log;
  for (std::size_t c = 0; c < out.context.size(); ++c) {
    const FeatureColumn& from = more.context[c];
    out.context[c].number.insert(out.context[c].number.end(), from.number.begin(), from.number.end());
    out.context[c].code.insert(out.context[c].code.end(), from.code.begin(), from.code.end());
  }
  for (std::size_t i = 0; i < more.size(); ++i) {
    for (std::uint64_t row = more.offset[i]; row < more.offset[i + 1]; ++row) {
      out.action.push_back(more.action[row]);
      out.logged.push_back(more.logged[row]);
    }
    out.offset.push_back(out.action.size());
    out.chosen.push_back(more.chosen[i]);
    out.propensity.push_back(more.propensity[i]);
    out.unit.push_back(more.unit[i]);
    out.outcomes[0].value.push_back(more.outcomes[0].value[i]);
    out.outcomes[0].state.push_back(more.outcomes[0].state[i]);
  }
  RowWorld::finish(out);
  return out;
}

// The same rows in another order, in another dress.
struct Dress {
  const char* name;
  DecisionLog (*put_on)(const DecisionLog& first, const RowWorld& world);
};

inline void change_numbers(DecisionLog& log, double (*change)(double)) {
  for (FeatureColumn& column : log.context)
    for (float& x : column.number) x = static_cast<float>(change(x));
  RowWorld::finish(log);
}

inline DecisionLog same_but_one(const DecisionLog& first, std::uint64_t seed) {
  std::vector<std::size_t> rows = shuffled(first.size(), seed);
  rows.pop_back();
  return rows_of(first, rows);
}

inline const Dress kDresses[] = {
    {"same rows", [](const DecisionLog& first, const RowWorld& w) { return same_but_one(first, w.seed); }},
    {"half of the rows",
     [](const DecisionLog& first, const RowWorld& w) {
       std::vector<std::size_t> rows = shuffled(first.size(), w.seed);
       rows.resize(first.size() / 2);
       return rows_of(first, rows);
     }},
    {"half of the rows, as many new ones",
     [](const DecisionLog& first, const RowWorld& w) {
       std::vector<std::size_t> rows = shuffled(first.size(), w.seed);
       rows.resize(first.size() / 2);
       RowWorld fresh = w;
       fresh.seed += 5000000;
       fresh.first_customer += 50000000;
       fresh.n = first.size() / 2;
       return appended(rows_of(first, rows), fresh.log());
     }},
    {"twice",
     [](const DecisionLog& first, const RowWorld& w) {
       return appended(same_but_one(first, w.seed), same_but_one(first, w.seed + 1));
     }},
    {"half of the columns",  // the others are somebody else's
     [](const DecisionLog& first, const RowWorld& w) {
       DecisionLog out = same_but_one(first, w.seed);
       const std::vector<std::size_t> columns = shuffled(out.context.size(), w.seed),
                                      rows = shuffled(out.size(), w.seed + 7);
       for (std::size_t k = 0; k < columns.size() / 2; ++k) {
         FeatureColumn& column = out.context[columns[k]];
         const FeatureColumn before = column;
         for (std::size_t i = 0; i < rows.size(); ++i) {
           if (column.is_category) column.code[i] = before.code[rows[i]];
           if (!column.is_category) column.number[i] = before.number[rows[i]];
         }
       }
       RowWorld::finish(out);
       return out;
     }},
    {"other ids",
     [](const DecisionLog& first, const RowWorld& w) {
       DecisionLog out = same_but_one(first, w.seed);
       for (std::size_t i = 0; i < out.size(); ++i) out.id.push_back("new-" + std::to_string(i));
       RowWorld::finish(out);
       return out;
     }},
    {"rounded",
     [](const DecisionLog& first, const RowWorld& w) {
       DecisionLog out = same_but_one(first, w.seed);
       change_numbers(out, [](double x) { return std::round(1000 * x) / 1000; });
       return out;
     }},
    {"scaled by 100, rounded",
     [](const DecisionLog& first, const RowWorld& w) {
       DecisionLog out = same_but_one(first, w.seed);
       change_numbers(out, [](double x) { return std::round(100000 * x) / 1000; });
       return out;
     }},
    {"in inches",
     [](const DecisionLog& first, const RowWorld& w) {
       DecisionLog out = same_but_one(first, w.seed);
       change_numbers(out, [](double x) { return x / 2.54; });
       return out;
     }},
    {"a column of row numbers",
     [](const DecisionLog& first, const RowWorld& w) {
       DecisionLog out = same_but_one(first, w.seed);
       out.unnamed.push_back({"row", false, {}, {}, {}});
       for (std::size_t i = 0; i < out.size(); ++i) out.unnamed.back().number.push_back(static_cast<float>(i));
       return out;
     }},
};

}  // namespace plumb::quality
