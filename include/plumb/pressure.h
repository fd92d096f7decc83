// plumb/pressure.h: how far a proxy may be pushed. The pressure path towards a signal u is the family
//
//   pi_beta(a given x)  is proportional to  base(a given x) exp(beta u(x, a)),   beta from 0,
//
// which has the highest expected u at each KL divergence from the base, so it is what an optimizer of u does
// when it is pushed harder and harder (Gao, Schulman, Hilton 2022). Along it the goal first rises with the
// proxy, then may fall: the Goodhart curve. u is cross-fitted: no row is scored by a model that saw it, so the
// curve is not flattered.
//
// The path ends where the log cannot carry numbers any more (end of support) or where more pressure changes
// nothing.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "plumb/evaluate.h"
#include "plumb/goal.h"

namespace plumb {

// A signal that policies can be pushed towards.
struct Signal {
  std::string name;                         // "goal", a proxy's name, "index"
  std::vector<std::vector<double>> linear;  // by variant, coefficients in the design of the models' map
  std::vector<float> score;                 // u for every offered action, by the variant that did not see it
};

// All signals of a goal: the goal itself, each proxy, what people prefer (where the goal wants it beside other
// things), and the index, the goal as predicted from the proxies and
// the context (Athey, Chetty, Imbens, Kang), where at least 100 training decisions have all of them observed.
std::vector<Signal> make_signals(const DecisionLog& log, const Goal& goal, const OutcomeModels& models,
                                 int threads);

struct PathPoint {
  double beta = 0, kl = 0, chi2 = 0;  // means over the rows of the path's subset
  Support support;
  std::size_t policy = 0;  // its number in the Evaluation
  double promised = 0;     // mean rise of the signal itself over the base: what an optimizer of it sees
};
struct PressurePath {
  std::string signal;
  std::vector<PathPoint> points;  // pressure ascending, the reference (beta = 0) left out
  bool end_of_support = false;
  std::string end_reason;
};
inline constexpr double kLeastEssShare = 0.1;  // the path ends where ESS is less than this share of decisions
inline constexpr std::size_t kMostPathPoints = 24;

// Lays the path and adds its points to the evaluation (base: probabilities of the logging policy, a float a
// row). Support, KL and chi-squared are those of `subset`. `reached`, where given, is told of each point as it
// is laid. REQUIRES: the subset was registered.
PressurePath pressure_path(Evaluation& evaluation, const DecisionLog& log, std::span<const float> base,
                           const Signal& signal, std::size_t subset, int threads,
                           const std::function<void(const PathPoint&)>& reached = {});

// One curve with a simultaneous band: differences from the reference along a path.
struct CurvePoint {
  double kl = 0, chi2 = 0, ess_share = 0;
  double proxy = 0, goal = 0;
  Interval proxy_interval, goal_interval;   // without ends where there is no number
  std::string proxy_why_not, goal_why_not;  // why; usually empty
};
struct Peak {
  double kl = 0;                      // where the goal is highest (0: at the reference)
  double kl_lower = 0, kl_upper = 0;  // pressures not simultaneously below the maximum
  bool censored = false;              // the last point is one of them: the maximum may lie beyond
};
struct GoodhartCurve {
  std::vector<CurvePoint> points;
  Peak peak;
  bool proxy_rises = false;  // somewhere the proxy is shown to be above the reference
  bool harm = false;         // ... and there the goal is shown to be below it
  double harm_kl = 0;        // the least pressure at which that is shown
  double critical = 0;
};
// The band holds simultaneously over all points and both outcomes at `level`. proxy_terms and goal_terms:
// outcomes of the models with weights.
GoodhartCurve goodhart_curve(const Evaluation& evaluation, const PressurePath& path, std::size_t reference,
                             std::size_t subset, std::span<const std::pair<std::size_t, double>> proxy_terms,
                             std::span<const std::pair<std::size_t, double>> goal_terms, double level,
                             const Rng& rng, int threads);

// Terms of the goal as (position in models.outcome, weight).
std::vector<std::pair<std::size_t, double>> goal_terms(const Goal& goal, const OutcomeModels& models);

}  // namespace plumb
