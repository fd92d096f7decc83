// Outcomes that are learnt, and how outcome models stand to what came, as evidence.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/study.h"

namespace plumb {
namespace {

using nlohmann::json;

json estimated_json(const Estimated& e) {
  return {{"value", number_json(e.value)},
          {"lower", number_json(e.interval.lower)},
          {"upper", number_json(e.interval.upper)}};
}

json change_json(const IndexChange& change) {
  if (!change.known) return {{"found", nullptr}, {"sentence", change.why_not}};
  return {{"found", change.found}, {"z", change.z}, {"critical", change.critical}, {"carried", change.carried}};
}

json surrogacy_json(const IndexSurrogacy& tested) {
  json tests = json::array();
  for (std::size_t k = 0; k < tested.tests.size(); ++k) {
    const Surrogacy& s = tested.tests[k];
    const IndexParts& parts = tested.parts[k];
    json one = {{"contrast", s.contrast},
                {"direct_effect", interval_json(s.direct)},
                {"index_effect", interval_json(s.index)},
                {"index_bias", interval_json(s.bias)},
                {"gain", interval_json(parts.gain)},
                {"foretold", interval_json(parts.foretold)},
                {"missed", interval_json(parts.missed)},
                {"going_on", interval_json(parts.going_on)},
                {"z", s.known ? number_json(s.z) : json()},
                {"p", s.known ? number_json(s.p) : json()},
                {"rows", s.rows},
                {"of_rows", s.of_rows},
                {"verdict", name_of(s.verdict)}};
    if (!s.known) one["sentence"] = s.why_not;
    tests.push_back(std::move(one));
  }
  return {{"verdict", name_of(tested.verdict)}, {"usable", tested.usable}, {"tests", std::move(tests)}};
}

json fits_json(const LearntOutcome& learnt) {
  json out = json::array();
  for (std::size_t g = 0; g < learnt.purchases.size(); ++g) {
    const BgNbd& b = learnt.purchases[g];
    out.push_back({{"customers_of", learnt.group_name[g]},
                   {"customers", b.customers},
                   {"bought_again", b.repeat_customers},
                   {"r", b.parameters.r},
                   {"alpha", b.parameters.alpha},
                   {"a", b.parameters.a},
                   {"b", b.parameters.b}});
  }
  return out;
}

json effects_json(const LearntOutcome& learnt) {
  json out = json::array();
  for (const EffectOverTime& e : learnt.effects) {
    json one = {{"action", e.action}, {"against", e.against}};
    if (e.known) {
      one.update({{"early", number_json(e.early)},
                  {"late", number_json(e.late)},
                  {"foretold", number_json(e.foretold)},
                  {"standard_error", number_json(e.error)},
                  {"z_money", number_json(e.z_money)},
                  {"z_purchases", number_json(e.z_purchases)},
                  {"p", number_json(e.p)}});
    } else {
      one["sentence"] = e.why_not;
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

json reliability_json(const Reliability& r) {
  json out = {{"rows", r.rows}, {"units", r.units}};
  if (!r.known) {
    out["sentence"] =
        fmt::format("{} decisions of {} units are too few to say how good the model is.", r.rows, r.units);
    return out;
  }
  out["r_squared"] = estimated_json(r.r_squared);
  out["slope"] = r.has_slope ? estimated_json(r.slope) : interval_json(Measured{});
  out["intercept"] = r.has_slope ? estimated_json(r.intercept) : interval_json(Measured{});
  if (r.binary) {
    out["log_loss"] = estimated_json(r.log_loss);
    out["constant_log_loss"] = number_json(r.constant_log_loss);
  }
  out["bins"] = json::array();
  for (const Reliability::Bin& bin : r.bins) {
    json one = estimated_json(bin.came);
    one["predicted"] = number_json(bin.predicted);
    one["rows"] = bin.rows;
    out["bins"].push_back(std::move(one));
  }
  return out;
}

json learnt_json(const Study& study) {
  json out = json::array();
  for (const auto& learnt : study.models.learnt) {
    json one = {{"name", learnt->name},
                {"model", learnt->model},
                {"rows", learnt->rows},
                {"sentence", learnt->sentence}};
    if (learnt->model == "surrogate_index") {
      one["of"] = learnt->of;
      one["reliability"] = reliability_json(learnt->reliability);
      one["surrogacy_assumed"] = learnt->assumed;
      one["seen_share"] = learnt->seen_share;
      one["change"] = change_json(learnt->change);
    } else {
      one["fits"] = fits_json(*learnt);
      one["backtests"] = learnt->backtests;
      one["effects"] = effects_json(*learnt);
    }
    for (const IndexSurrogacy& tested : study.index_tests) {
      if (tested.index == learnt->name) one["surrogacy"] = surrogacy_json(tested);
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace plumb
