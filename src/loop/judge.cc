// The verdict on policies that exist already: gate asks of one, evaluate of several.
#include <fmt/format.h>

#include <algorithm>

#include "loop/origin.h"
#include "loop/stages.h"

namespace plumb {

void judge(Study& study, const std::vector<Judgeable>& policies, const RunOptions& options) {
  std::vector<std::string> contents;
  for (const Judgeable& asked : policies) contents.push_back(hex(policy_content(*asked.policy, study.log)));
  std::sort(contents.begin(), contents.end());
  std::string question = fmt::format("{}", fmt::join(contents, "+"));
  CertificationOptions how = certification_options(study);
  how.with_constants = false;
  std::vector<Certifiable> candidates;
  how.unseen.assign(study.log.size(), 1);
  how.reference_is_fixed = true;
  for (const Judgeable& asked : policies) {
    candidates.push_back({asked.policy, "", asked.judges.left_out == 0});
    how.reference_is_fixed = how.reference_is_fixed && asked.judges.reference_is_fixed;
    for (std::size_t i = 0; i < how.unseen.size(); ++i) how.unseen[i] = how.unseen[i] && asked.judges.unseen[i];
  }
  // Other decisions, as where somebody declares that a policy was not learnt here, are another chance to be
  // wrong.
  if (std::count(how.unseen.begin(), how.unseen.end(), 0) > 0)
    question += ":rows=" + digest_of_rows(how.unseen);
  open_look(study, question, options);
  how.alpha = study.look.alpha;
  study.certification = certify_at_every_lapse(study, candidates, how);
  for (const Judgeable& asked : policies) {
    if (asked.judges.left_out == 0) continue;
    for (CandidateClaim& claim : study.certification->candidates)
      if (claim.name == asked.policy->name() && claim.kind != PolicyKind::kReference)
        claim.reason += fmt::format("; {}", fmt::join(asked.judges.notes, "; "));
  }
  close_look(study, options);
}

}  // namespace plumb
