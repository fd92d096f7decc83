// The loop. align() below is the whole of plumb in one function; every stage is a folder of src/, in this
// order.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "loop/stages.h"
#include "plumb/plumb.h"
#include "plumb/report.h"
#include "report/study.h"

namespace plumb {

Evidence align(const Goal& goal, const RunOptions& options) {
  Study study = read_and_check(goal, options, "align");  // data: read the log, check it, split the units
  learn_outcomes(study, options);                        // reward: cross-fitted outcome models, score table
  lay_paths(study, options);                             // pressure: from the reference towards each signal
  audit_proxies(study, options);                         // audit, outer: may the proxies be pushed, and how far
  audit_people(study);                                   // audit: may the reward model be pushed, and how far
  train_policies(study, options);                        // optimize: candidates, from the training half alone
  open_look(study, "align", options);  // goal: what this look at the certification half may spend
  certify_candidates(study, options);  // audit, inner: compared on the other half, all at once
  close_look(study, options);
  measure_distances(study);
  return evidence_of(study);  // report
}

Evidence audit(const Goal& goal, const RunOptions& options) {
  Study study = read_and_check(goal, options, "audit");
  learn_outcomes(study, options);
  lay_paths(study, options);
  audit_proxies(study, options);
  audit_people(study);
  measure_distances(study);
  return evidence_of(study);
}

Evidence train(const Goal& goal, const RunOptions& options) {
  Study study = read_and_check(goal, options, "train");
  learn_outcomes(study, options);
  lay_paths(study, options);
  audit_people(study);
  train_policies(study, options);
  return evidence_of(study);
}

Evidence reward(const Goal& goal, const RunOptions& options) {
  Study study = read_and_check(goal, options, "reward");
  learn_outcomes(study, options);
  measure_reliability(study);
  if (study.models.preference) lay_paths(study, options);
  audit_people(study);
  return evidence_of(study);
}

Evidence check(const Goal& goal, const RunOptions& options) {
  Study study = read_and_check(goal, options, "check");
  learn_outcomes(study, options);
  summarize_constants(study);
  return evidence_of(study);
}

Evidence check_and_lock(const Goal& goal, const RunOptions& options) {
  Study study = read_and_check(goal, options, "check");
  lock_goal(study, options);
  learn_outcomes(study, options);
  summarize_constants(study);
  return evidence_of(study);
}

std::map<std::string, std::string> run_files(const Evidence& evidence) {
  std::map<std::string, std::string> files = evidence.files;
  files["evidence.json"] = evidence.json;
  const nlohmann::json document = nlohmann::json::parse(evidence.json);
  files["report.html"] = render_html(document);
  // The Goodhart curves as pictures of their own, for slides and documents.
  for (const auto& part : {document, document.value("audit", nlohmann::json::object())}) {
    if (!part.contains("proxies")) continue;
    for (const auto& proxy : part["proxies"]) {
      GoodhartLabels labels;
      labels.goal = document["goal"]["maximize"].get<std::string>();
      labels.goal_unit = document["goal"]["unit"].get<std::string>();
      labels.standalone = true;
      const std::string picture = goodhart_svg(proxy, labels);
      if (!picture.empty()) files["goodhart-" + proxy["name"].get<std::string>() + ".svg"] = picture;
    }
  }
  return files;
}

}  // namespace plumb
