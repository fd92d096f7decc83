#include "audit/association.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace plumb {
namespace {

struct EffectTable {
  std::vector<double> proxy, goal;
  Matrix noise_pp, noise_pg;  // covariances of the estimates, actions x actions
};

// Slope of centred goal effects on centred proxy effects over the actions in `use`, noise removed.
double corrected_slope(const EffectTable& t, const std::vector<std::size_t>& use, double* signal_share) {
  const double m = static_cast<double>(use.size());
  double mean_p = 0, mean_g = 0;
  for (const std::size_t a : use) {
    mean_p += t.proxy[a] / m;
    mean_g += t.goal[a] / m;
  }
  double pp = 0, pg = 0, noise_pp = 0, noise_pg = 0;
  for (const std::size_t a : use) {
    pp += (t.proxy[a] - mean_p) * (t.proxy[a] - mean_p);
    pg += (t.proxy[a] - mean_p) * (t.goal[a] - mean_g);
    noise_pp += t.noise_pp(a, a);
    noise_pg += t.noise_pg(a, a);
    for (const std::size_t b : use) {
      noise_pp -= t.noise_pp(a, b) / m;
      noise_pg -= t.noise_pg(a, b) / m;
    }
  }
  if (signal_share) *signal_share = pp > 0 ? (pp - noise_pp) / pp : 0;
  return (pg - noise_pg) / (pp - noise_pp);
}

}  // namespace

bool involves_preference(const Goal& goal, const std::string& proxy) {
  const OutcomeSpec* preference = goal.preference();
  if (preference == nullptr) return false;
  bool found = proxy == preference->name;
  for (const Term& term : goal.maximize) found = found || term.outcome == preference->name;
  return found;
}

bool involves_learnt(const Goal& goal, const std::string& proxy) {
  const auto learnt = [&](const std::string& name) { return !goal.outcome(name)->model.empty(); };
  return learnt(proxy) || std::any_of(goal.maximize.begin(), goal.maximize.end(),
                                      [&](const Term& term) { return learnt(term.outcome); });
}

Measured unit_association(const AuditContext& context, const std::string& proxy) {
  if (involves_preference(context.goal, proxy)) {
    Measured none;
    none.why_not = "a preference is a model's score and stands in no decision";
    return none;
  }
  if (involves_learnt(context.goal, proxy)) {
    Measured none;
    none.why_not =
        "one of the two is a model's value: what it has in common with what it was learnt from is no news";
    return none;
  }
  const DecisionLog& log = context.log;
  const OutcomeColumn& p = log.outcome(proxy);
  std::vector<std::uint32_t> rows;
  std::vector<double> x, y, weight;
  double n = 0;  // decisions that the rows stand for
  for (std::size_t i = 0; i < log.size(); ++i) {
    bool seen = p.state[i] == State::kObserved;
    double goal = 0;
    for (const Term& term : context.goal.maximize) {
      const OutcomeColumn& column = log.outcome(term.outcome);
      seen = seen && column.state[i] == State::kObserved;
      goal += term.weight * column.value[i];
    }
    if (!seen) continue;
    rows.push_back(static_cast<std::uint32_t>(i));
    x.push_back(p.value[i]);
    y.push_back(goal);
    weight.push_back(log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]));
    n += weight.back();
  }
  Measured out;
  if (rows.size() < 30) {
    out.why_not = "fewer than 30 decisions have both observed";
    return out;
  }
  double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    mx += weight[k] * x[k] / n;
    my += weight[k] * y[k] / n;
  }
  for (std::size_t k = 0; k < rows.size(); ++k) {
    xx += weight[k] * (x[k] - mx) * (x[k] - mx) / n;
    yy += weight[k] * (y[k] - my) * (y[k] - my) / n;
    xy += weight[k] * (x[k] - mx) * (y[k] - my) / n;
  }
  // What varies by rounding alone does not vary.
  if (!(xx > 1e-20 * mx * mx) || !(yy > 1e-20 * my * my)) {
    out.why_not = "the proxy or the goal never varies";
    return out;
  }
  const double r = xy / std::sqrt(xx * yy);
  std::vector<double> influence(kBuckets, 0.0);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const double zx = (x[k] - mx) / std::sqrt(xx), zy = (y[k] - my) / std::sqrt(yy);
    influence[bucket_of(log.unit[rows[k]])] += weight[k] * (zx * zy - 0.5 * r * (zx * zx + zy * zy)) / n;
  }
  double squares = 0;
  for (const double s : influence) squares += s * s;
  out.known = true;
  out.value = r;
  out.standard_error = std::sqrt(squares);
  const double level = context.goal.confidence;
  out.interval = normal_interval(r, out.standard_error, normal_quantile(0.5 + level / 2), level);
  return out;
}

Measured effect_association(const AuditContext& context, const std::string& proxy) {
  Measured out;
  const std::size_t m = context.constants.size();
  if (m < 4) {
    out.why_not = m == 0 ? "actions are not fixed, so there are no effects of actions to compare"
                         : std::to_string(m - 1) + " effects cannot show an association";
    return out;
  }
  std::vector<Contrast> contrasts;
  const std::vector<std::pair<std::size_t, double>> proxy_terms{{context.models.index(proxy), 1.0}};
  const auto goal = goal_terms(context.goal, context.models);
  for (int kind = 0; kind < 2; ++kind) {
    for (const std::size_t policy : context.constants) {
      if (!context.evaluation.support(policy, context.all).sufficient) {
        out.why_not = "some actions were taken too rarely to state their effects";
        return out;
      }
      Contrast c;
      context.evaluation.add_terms(c, policy, kind == 0 ? proxy_terms : goal, context.all, 1);
      contrasts.push_back(std::move(c));
    }
  }
  const Estimates e = context.evaluation.estimate(contrasts);
  EffectTable table;
  table.noise_pp = table.noise_pg = Matrix(m, m);
  for (std::size_t a = 0; a < m; ++a) {
    table.proxy.push_back(e.value[a]);
    table.goal.push_back(e.value[m + a]);
    for (std::size_t b = 0; b < m; ++b) {
      double pp = 0, pg = 0;
      for (std::size_t k = 0; k < kBuckets; ++k) {
        pp += e.influence(k, a) * e.influence(k, b);
        pg += 0.5 * (e.influence(k, a) * e.influence(k, m + b) + e.influence(k, b) * e.influence(k, m + a));
      }
      table.noise_pp(a, b) = pp;
      table.noise_pg(a, b) = pg;
    }
  }
  std::vector<std::size_t> every(m);
  for (std::size_t a = 0; a < m; ++a) every[a] = a;
  double share = 0;
  out.value = corrected_slope(table, every, &share);
  if (share < 0.5) {
    out.why_not = "the effects on the proxy are mostly noise";
    out.value = 0;
    return out;
  }
  double jackknife = 0;
  std::vector<double> left(m);
  double mean = 0;
  for (std::size_t a = 0; a < m; ++a) {
    std::vector<std::size_t> rest;
    for (const std::size_t b : every) {
      if (b != a) rest.push_back(b);
    }
    left[a] = corrected_slope(table, rest, nullptr);
    mean += left[a] / static_cast<double>(m);
  }
  for (const double l : left)
    jackknife += (l - mean) * (l - mean) * static_cast<double>(m - 1) / static_cast<double>(m);
  out.known = std::isfinite(out.value) && std::isfinite(jackknife);
  if (!out.known) {
    out.why_not = "the effects on the proxy are mostly noise";
    return out;
  }
  out.standard_error = std::sqrt(jackknife);
  const double level = context.goal.confidence;
  const double t = boost::math::quantile(boost::math::students_t(static_cast<double>(m - 2)), 0.5 + level / 2);
  out.interval = normal_interval(out.value, out.standard_error, t, level);
  return out;
}

}  // namespace plumb
