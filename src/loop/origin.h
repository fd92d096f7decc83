// Which decisions may judge a policy: those that neither it nor the reference was learnt from.
#pragma once

#include <string>
#include <vector>

#include "loop/stages.h"

namespace plumb {

// Kinds that are learnt here and whose files say from what.
bool is_learnt(PolicyKind kind);

struct Judges {
  std::vector<std::uint8_t> unseen;  // n
  std::uint64_t left_out = 0;
  bool reference_is_fixed = true;  // no decision of this log taught it
  bool none = false;               // nothing here may judge: why says it
  bool unknown = false;            // because nobody can tell
  std::string why;
  std::vector<std::string> notes;  // what was found, sentences
};

// The goal's reference where it may have been learnt (a file), else nullptr.
PolicyPointer reference_file(const Study& study, const RunOptions& options);
// Of one policy against a reference (nullptr: one that was not learnt).
Judges judges_of(const Study& study, const Policy& policy, const Policy* reference, const RunOptions& options);
// The verdict on policies that exist already, as one family and as one look, on decisions that none of them was
// learnt from: study.certification, in their order behind the reference. REQUIRES: outcomes are learnt; every
// policy has judges.
struct Judgeable {
  PolicyPointer policy;
  Judges judges;
};
void judge(Study& study, const std::vector<Judgeable>& policies, const RunOptions& options);
// The reference alone, for `align` and `train`, where policies are learnt from the training half: fills
// reference_seen and caps the verdict where nobody can tell.
void mind_reference(Study& study, const RunOptions& options);
// What the training half teaches its outcome models from, as the candidates have it.
std::shared_ptr<const LearntFrom> training_origin(const Study& study);
// The notes as findings of the log, which every report shows.
void say_origin(Study& study, const Judges& judges);

}  // namespace plumb
