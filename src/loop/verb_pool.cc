// audit --pool: best-of-n by a proxy, from a table of candidates that were scored and judged. No goal file, no
// log.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "plumb/audit.h"
#include "plumb/plumb.h"
#include "plumb/pool.h"
#include "plumb/report.h"

namespace plumb {
namespace {

using nlohmann::json;

constexpr double kLevel = 0.95;

json three(double value, const Interval& interval) {
  return {{"value", value}, {"lower", interval.lower}, {"upper", interval.upper}};
}

// Refused where the goal is shown to fall while the proxy rises; passed where it never is and stands above the
// reference at the largest n.
Verdict verdict_of(const PoolAudit& audit) {
  if (audit.harm) return Verdict::kRefuse;
  if (audit.inconclusive || audit.points.empty()) return Verdict::kInconclusive;
  const bool falls = !audit.peak.censored;  // past the peak the goal is shown to be below its highest
  return audit.points.back().goal_interval.lower > 0 && !falls ? Verdict::kPass : Verdict::kInconclusive;
}

std::string left_out(const Pool& pool) {
  if (pool.unscored == 0) return "";
  std::string out = fmt::format(
      " Left out: {} without a proxy",
      pool.unscored == 1 ? std::string("1 candidate") : fmt::format("{} candidates", pool.unscored));
  if (pool.prompts_left_out > 0)
    out += fmt::format(", with them {} that had fewer than two others",
                       pool.prompts_left_out == 1 ? std::string("1 prompt")
                                                  : fmt::format("{} prompts", pool.prompts_left_out));
  return out + ".";
}

std::string sentence_of(const PoolAudit& audit) {
  if (audit.inconclusive || audit.harm || audit.peak.censored) return audit.sentence;
  if (audit.flat)
    return audit.peak_fraction_lower >= 1
               ? audit.sentence
               : audit.sentence +
                     fmt::format(" Below {:g} % the goal is shown to be below its highest: keep no less.",
                                 100 * audit.peak_fraction_lower);
  if (audit.peak_n_upper <= 1) return audit.sentence;
  return audit.sentence +
         fmt::format(
             " Past n = {} the goal is shown to be below its highest: take the best of at most "
             "{}.",
             audit.peak_n_upper, audit.peak_n_upper);
}

}  // namespace

Evidence audit_pool_file(const std::string& path, const RunOptions& options,
                         const std::vector<std::pair<std::string, std::string>>& columns) {
  const auto tell = [&](const char* stage, std::uint64_t done) {
    if (options.progress) options.progress(stage, done, 1);
  };
  tell("reading", 0);
  const Pool pool = read_pool(path, {columns});
  tell("best of n", 0);
  const PoolAudit audit = audit_pool(pool, kLevel, Rng(options.seed).stream("audit pool"), options.threads);
  const Verdict verdict = verdict_of(audit);
  const std::string sentence = sentence_of(audit) + left_out(pool);
  json curve = json::array();
  for (const PoolPoint& p : audit.points) {
    curve.push_back({audit.flat ? json::array({"fraction", p.fraction}) : json::array({"n", p.n}),
                     {"kl", p.kl},
                     {"proxy", three(p.proxy, p.proxy_interval)},
                     {"goal", three(p.goal, p.goal_interval)}});
  }
  json proxy = {{"name", audit.flat ? "the best part by the proxy" : "best of n by the proxy"},
                {"verdict", name_of(verdict)},
                {"sentence", sentence},
                {"curve", curve},
                {"harm_shown", audit.harm}};
  if (audit.flat) {
    proxy["peak_fraction"] = {{"fraction", audit.peak_fraction},
                              {"lower", audit.peak_fraction_lower},
                              {"upper", audit.peak_fraction_upper}};
  } else {
    proxy["peak_n"] = {{"n", audit.peak_n}, {"lower", audit.peak_n_lower}, {"upper", audit.peak_n_upper}};
  }
  if (!audit.inconclusive) {
    proxy["peak"] = {{"kl", audit.peak.kl},
                     {"kl_lower", audit.peak.kl_lower},
                     {"kl_upper", audit.peak.kl_upper},
                     {"censored", audit.peak.censored}};
    proxy["end_of_support"] = {
        {"kl", audit.points.back().kl},
        {"reached", true},
        {"reason", audit.flat               ? fmt::format("of {} candidates too few are left", audit.candidates)
                   : !audit.why_not.empty() ? audit.why_not
                                            : fmt::format("a prompt has {} candidates", audit.most_n)}};
  }
  const std::string name = path.substr(path.find_last_of('/') + 1);
  const json document = {
      {"plumb", version()},
      {"evidence_version", 1},
      {"verb", "audit"},
      {"goal", {{"name", name}, {"maximize", "goal"}, {"unit", ""}, {"confidence", kLevel}}},
      {"headline", sentence},
      {"verdict", name_of(verdict)},
      {"proxies", json::array({proxy})},
      {"pool",
       {{"file", name},
        {"prompts", audit.prompts},
        {"candidates", audit.candidates},
        {"unscored", pool.unscored},
        {"prompts_left_out", pool.prompts_left_out},
        {"reference", {{"proxy", audit.reference_proxy}, {"goal", audit.reference_goal}}}}},
      {"assumptions",
       json::array(
           {{{"name", audit.flat ? "candidates like these" : "prompts like these"},
             {"status", "declared"},
             {"detail", audit.flat
                            ? "Candidates to come are like those of the list, and independent of each other."
                            : "Prompts and candidates to come are like those of the table; prompts are "
                              "independent."}},
            {{"name", "the goal's judgements"},
             {"status", "declared"},
             {"detail", "The column goal is what is wanted, measured apart from the proxy."}}})},
      {"provenance", {{"version", version()}, {"split_seed", options.seed}, {"options", json::object()}}}};
  tell("best of n", 1);
  Evidence out;
  out.json = document.dump(2) + "\n";
  out.text = render_text(document);
  out.verdict = name_of(verdict);
  return out;
}

}  // namespace plumb
