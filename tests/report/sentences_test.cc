// Every verdict's sentences from values at and beside its limits: what is read must decide as what was
// computed.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <regex>

#include "audit/claims.h"
#include "audit/limit_sentence.h"
#include "plumb/report.h"
#include "report/study.h"

namespace plumb {
namespace {

using nlohmann::json;

std::vector<double> numbers_in(const std::string& text) {
  static const std::regex kNumber("[-+]?[0-9][0-9,]*(\\.[0-9]+)?(e-?[0-9]+)?");
  std::vector<double> out;
  for (std::sregex_iterator it(text.begin(), text.end(), kNumber), end; it != end; ++it) {
    std::string digits = it->str();
    std::erase(digits, ',');
    out.push_back(std::stod(digits));
  }
  return out;
}

Goal goal_of(double minimum_effect, bool proof_minimum = false) {
  Goal goal = parse_goal("goal.maximize = 'y'\noutcome.y.kind = 'number'\noutcome.c.kind = 'number'\n");
  goal.minimum_effect = minimum_effect;
  goal.proof_minimum = proof_minimum;
  return goal;
}

Measured measured(double value, double lower, double upper) {
  Measured out;
  out.known = true;
  out.value = value;
  out.standard_error = (upper - lower) / 4;
  out.interval = {lower, upper, 0.95};
  return out;
}

// Values that lie on a limit, a hair beside it, and far from it.
std::vector<double> beside(double limit) {
  std::vector<double> out = {limit};
  for (const double hair : {1e-9, 1e-6, 4e-4, 0.0049, 0.06, 3.0, 1234.5}) {
    out.push_back(limit - hair);
    out.push_back(limit + hair);
  }
  return out;
}

// Every interval whose ends and value are such values.
template <class Use>
void at_the_limits(double limit, const Use& use) {
  std::vector<double> points = beside(limit);
  for (const double x : beside(0)) points.push_back(x);
  std::sort(points.begin(), points.end());
  for (const double lower : points)
    for (const double value : points)
      for (const double upper : points)
        if (lower <= value && value <= upper && lower < upper) use(measured(value, lower, upper));
}

TEST(Sentences, OfAGainDecideAsTheVerdictDid) {
  int seen[3] = {0, 0, 0};
  for (const double least : {0.0, 0.05, 0.123456789, 2.0}) {
    for (const bool proof : {false, true}) {
      const Goal goal = goal_of(least, proof);
      at_the_limits(least, [&](const Measured& gain) {
        const GainVerdict verdict = judge_gain(goal, gain, 2, 1000);
        const std::vector<double> said = numbers_in(verdict.reason);
        ++seen[static_cast<int>(verdict.verdict)];
        if (verdict.verdict == Verdict::kRefuse) {
          ASSERT_EQ(said.size(), 2u) << verdict.reason;
          ASSERT_LT(said[0], said[1]) << verdict.reason;
          ASSERT_EQ(said[1], least);
          return;
        }
        ASSERT_EQ(said.size(), 3u) << verdict.reason;
        ASSERT_LE(said[1], said[0]) << verdict.reason;
        ASSERT_LE(said[0], said[2]) << verdict.reason;
        const bool passes = (proof ? said[1] >= least : said[1] > 0) && said[0] >= least;
        ASSERT_EQ(passes, verdict.verdict == Verdict::kPass) << verdict.reason << " " << gain.interval.lower;
        ASSERT_GE(said[2], least) << verdict.reason;  // else it were refused
      });
    }
  }
  for (const int count : seen) EXPECT_GT(count, 100);
}

TEST(Sentences, OfALimitDecideAsTheVerdictDid) {
  for (const double limit : {0.0, 0.12, 3.0}) {
    for (const double margin : {0.0, 0.005, 0.3}) {
      for (const bool least : {false, true}) {
        Goal goal = goal_of(0.05);
        ConstraintSpec spec;
        spec.outcome = "c";
        (least ? spec.at_least : spec.at_most) = limit;
        spec.margin = margin;
        spec.higher_is_better = least;
        goal.constraints = {spec};
        ConstraintClaim claim;
        claim.id = spec.id();
        claim.limit = limit;
        claim.margin = margin;
        const double end = least ? limit - margin : limit + margin;
        at_the_limits(end, [&](const Measured& level) {
          claim.measured = level;
          const std::string sentence = sentence_of(goal, claim);
          const std::vector<double> said = numbers_in(sentence);
          ASSERT_EQ(said.size(), margin > 0 ? 5u : 4u) << sentence;
          const bool inside = inside_limit(level, least ? -1 : 1, limit, margin);
          ASSERT_EQ(least ? said[1] >= end : said[2] <= end, inside) << sentence << " end " << end;
          ASSERT_NE(sentence.find(least ? "at least" : "at most"), std::string::npos);
        });
      }
    }
  }
}

TEST(Sentences, OfAChangeSayWhichWayItWent) {
  for (const bool higher_is_better : {false, true}) {
    for (const double margin : {0.0, 0.03}) {
      Goal goal = goal_of(0.05);
      ConstraintSpec spec;
      spec.outcome = "c";
      spec.no_worse_than_reference = true;
      spec.higher_is_better = higher_is_better;
      spec.margin = margin;
      goal.constraints = {spec};
      ConstraintClaim claim;
      claim.id = "c";
      claim.margin = margin;
      const double sign = higher_is_better ? -1 : 1;
      at_the_limits(sign * margin, [&](const Measured& change) {
        claim.measured = change;
        const std::string sentence = sentence_of(goal, claim);
        const std::vector<double> said = numbers_in(sentence);
        ASSERT_GE(said.size(), 3u) << sentence;
        const bool rose = sentence.find("c rose by") == 0, fell = sentence.find("c fell by") == 0;
        ASSERT_NE(rose, fell) << sentence;
        const double told = rose ? 1 : -1;  // what was said, as a change
        ASSERT_GE(told * change.value, 0) << sentence;
        // The end that counts, as read, is inside or outside of the margin as the number is.
        const double worst = told * sign > 0 ? said[2] : -said[1];
        ASSERT_EQ(worst <= margin, inside_limit(change, sign, 0, margin))
            << sentence << " " << change.interval.lower;
        ASSERT_NE(sentence.find(higher_is_better ? "fall" : "rise"), std::string::npos) << sentence;
      });
    }
  }
}

// A study with everything that the first screen speaks of.
Study study_of(const std::string& decision, Verdict verdict, double limit_hair) {
  Study study;
  study.verb = "align";
  study.goal = goal_of(0.05);
  study.goal.unit = "EUR";
  study.goal.proxies = {"c"};
  study.log.source = "log.csv";
  study.log.actions = {"a", "b"};
  study.todays_shares = {0.5, 0.5};
  Certification c;
  c.decision = decision;
  c.verdict = verdict;
  CandidateClaim reference, b;
  reference.name = "reference";
  reference.reason = "it is what runs today";
  reference.support.sufficient = b.support.sufficient = true;
  b.name = "constant:b";
  b.kind = PolicyKind::kConstant;
  b.fixed_beforehand = true;
  b.verdict = verdict;
  b.versus_reference = verdict == Verdict::kRefuse ? measured(0.01, -0.03, 0.05 - limit_hair)
                       : verdict == Verdict::kPass ? measured(0.05 + limit_hair, limit_hair, 0.4)
                                                   : measured(0.2, -limit_hair, 0.4);
  const GainVerdict gain = judge_gain(study.goal, b.versus_reference, 2, 1000);
  EXPECT_EQ(gain.verdict, verdict);
  b.gain = gain.verdict;
  b.reason = gain.reason;
  b.decisions_needed = gain.decisions_needed;
  c.candidates = {reference, b};
  if (decision == "ship") c.recommended = 1;
  study.certification = c;
  return study;
}

ProxyAudit audit_of(Verdict verdict, bool harm) {
  ProxyAudit out;
  out.name = "c";
  out.verdict = verdict;
  out.surrogacy.known = true;
  out.surrogacy.verdict = harm ? Verdict::kInconclusive : verdict;
  out.surrogacy.contrast = "b against a";
  out.surrogacy.bias = verdict == Verdict::kPass     ? measured(0.01, -0.0499999, 0.0499999)
                       : verdict == Verdict::kRefuse ? measured(0.2, 0.0500001, 0.35)
                                                     : measured(0.01, -0.2, 0.2);
  if (harm) {
    CurvePoint p;
    p.kl = 0.4;
    p.goal = -0.2;
    p.goal_interval = {-0.4, -1e-7, 0.95};
    p.proxy = 1;
    p.proxy_interval = {0.5, 1.5, 0.95};
    out.curve.points = {p};
    out.curve.harm = true;
    out.curve.harm_kl = 0.4;
  }
  return out;
}

TEST(Sentences, OfTheFirstScreenAreThoseOfItsNumbers) {
  const std::map<std::string, Verdict> decisions = {
      {"ship", Verdict::kPass}, {"keep", Verdict::kRefuse}, {"experiment", Verdict::kInconclusive}};
  for (const auto& [decision, verdict] : decisions) {
    for (const double hair : {0.02, 1e-3, 1e-7}) {
      for (const Verdict of_proxy : {Verdict::kPass, Verdict::kRefuse, Verdict::kInconclusive}) {
        for (const bool harm : {false, true}) {
          if (harm && of_proxy != Verdict::kRefuse) continue;
          Study study = study_of(decision, verdict, hair);
          study.proxies = {audit_of(of_proxy, harm)};
          study.reach["c"] = {0.1, 0.38, 0.6};
          const json document = evidence_document(study);
          const std::string text = render_text(document), page = render_html(document);
          ASSERT_EQ(document["questions"].size(), 4u);
          for (const json& q : document["questions"]) {
            const std::string said = q["sentence"];
            EXPECT_EQ(said.find("nats"), std::string::npos) << said;
            EXPECT_EQ(said.find("KL"), std::string::npos) << said;
            EXPECT_NE(page.find(q["badge"].get<std::string>()), std::string::npos);
            EXPECT_NE(text.find(q["badge"].get<std::string>()), std::string::npos);
          }
          const std::string badge = document["questions"][0]["badge"];
          EXPECT_EQ(badge, of_proxy == Verdict::kRefuse ? "c: do not optimize"
                           : of_proxy == Verdict::kPass ? "c: may stand for the goal"
                                                        : "c: cannot be told");
          const std::string first = document["questions"][0]["sentence"];
          EXPECT_EQ(first.find("38 % of decisions") != std::string::npos, harm) << first;
          if (harm) {
            EXPECT_NE(first.find("between 0.0000001 and"), std::string::npos) << first;
          }
          if (!harm && of_proxy == Verdict::kRefuse) {
            EXPECT_GT(numbers_in(first)[1], 0.05) << first;
          }
          const std::string pursued = document["questions"][2]["badge"], headline = document["headline"];
          EXPECT_EQ(pursued, decision == "ship"   ? "policy: shown better"
                             : decision == "keep" ? "nothing shown better"
                                                  : "not shown better");
          if (decision == "ship") {
            EXPECT_NE(headline.find("choosing as today, half and half"), std::string::npos) << headline;
            const std::vector<double> n = numbers_in(headline);
            ASSERT_EQ(n.size(), 3u) << headline;
            EXPECT_GE(n[0], 0.05) << headline;
            EXPECT_GT(n[1], 0) << headline;
          }
          for (const json& r : document["reasons"]) {
            if (r["check"] != "gain of constant:b") continue;
            const std::vector<double> n = numbers_in(r["detail"]);
            EXPECT_EQ(r["verdict"], n[2] < n[3]                ? "refuse"
                                    : n[1] > 0 && n[0] >= n[3] ? "pass"
                                                               : "inconclusive")
                << r["detail"];
          }
          EXPECT_TRUE(document["candidates"][0]["verdict"].is_null());  // of the reference
        }
      }
    }
  }
}

TEST(Sentences, SayBothOfAProxyThatTrainsAndIsNotTrusted) {
  Study study = study_of("ship", Verdict::kPass, 0.02);
  study.certification->candidates[1].name = "softmax:c";
  study.certification->candidates[1].signal = "c";
  study.proxies = {audit_of(Verdict::kRefuse, true)};
  const std::string both =
      "c served as a training signal, at this pressure; it is not to be taken for the goal.";
  EXPECT_NE(headline(study).find(both), std::string::npos) << headline(study);
  study.proxies = {audit_of(Verdict::kPass, false)};
  EXPECT_EQ(headline(study).find(both), std::string::npos);
}

TEST(Sentences, AnArmThatRunsTodayHasNoVerdictToShow) {
  Study study = study_of("keep", Verdict::kRefuse, 0.02);
  CandidateClaim same = study.certification->candidates[1];
  same.name = "constant:a";
  same.kind = PolicyKind::kReference;
  same.versus_reference = measured(0, 0, 0);
  same.reason = "it is what runs today";
  study.certification->candidates.push_back(same);
  const json document = evidence_document(study);
  EXPECT_EQ(document["candidates"][1]["name"], "constant:a");
  EXPECT_TRUE(document["candidates"][1]["verdict"].is_null());
  for (const json& r : document["reasons"])
    EXPECT_EQ(r["check"].get<std::string>().find("constant:a"), std::string::npos);
  EXPECT_NE(document["questions"][2]["sentence"].get<std::string>().find("Every alternative"),
            std::string::npos);
}

}  // namespace
}  // namespace plumb
