// The stages of the loop, one function each: they fill a Study in the order in which data travels.
#pragma once

#include "plumb/plumb.h"
#include "report/study.h"

namespace plumb {

Study read_and_check(const Goal& goal, const RunOptions& options, const std::string& verb);
// The same for a log that is in memory already (simulated worlds, other programs).
Study check_in_memory(const Goal& goal, DecisionLog log, LoadReport load, const RunOptions& options,
                      const std::string& verb);
void open_look(Study& study, const std::string& policy_key = "");
void close_look(const Study& study, const std::string& policy_key = "");
void learn_outcomes(Study& study, const RunOptions& options);
void summarize_constants(Study& study);
void lay_paths(Study& study, const RunOptions& options);
void audit_proxies(Study& study, const RunOptions& options);
void train_policies(Study& study, const RunOptions& options);
void certify_candidates(Study& study, const RunOptions& options);
Evidence evidence_of(Study& study);

}  // namespace plumb
