// The verdict on policies that exist already: gate asks of one, evaluate of several.
#include <fmt/format.h>

#include <algorithm>

#include "loop/stages.h"

namespace plumb {

void judge(Study& study, const std::vector<PolicyPointer>& policies) {
  std::vector<std::string> contents;
  for (const PolicyPointer& policy : policies) contents.push_back(hex(policy_content(*policy, study.log)));
  std::sort(contents.begin(), contents.end());
  const std::string question = fmt::format("{}", fmt::join(contents, "+"));
  open_look(study, question);
  CertificationOptions how;
  how.alpha = study.look.alpha;
  how.caps = study.caps;
  how.rejected_share = study.rejected_share;
  how.seed = study.seed;
  how.threads = study.threads;
  how.with_constants = false;
  std::vector<Certifiable> candidates;
  for (const PolicyPointer& policy : policies) candidates.push_back({policy, "", true});
  study.certification = certify(study.log, study.goal, study.models, study.reference, candidates, how);
  close_look(study, question);
}

}  // namespace plumb
