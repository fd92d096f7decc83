#include "optimize/training_digests.h"

#include "plumb/origin.h"
#include "plumb/preferred.h"

namespace plumb {

TrainedOn training_digests(const TrainingContext& context) {
  TrainedOn out;
  out.split_seed = context.split_seed;
  out.goal_hash = context.goal.hash;
  out.log_digest = log_digest(context.log);
  out.folds = (1u << kTrainingFolds) - 1;
  std::vector<std::uint8_t> use(context.log.size());
  for (std::size_t i = 0; i < use.size(); ++i) use[i] = context.log.in_training(i);
  out.bucket_digest = bucket_digests(context.log, use);
  out.sketch = sketch_rows(context.log, use);
  out.learnt_from = std::make_shared<LearntFrom>(
      learnt_from(context.log, use, origin_salt(out.split_seed, out.goal_hash, out.log_digest)));
  if (context.models.preference) out.feedback_digest = context.models.preference->training_digest;
  return out;
}

}  // namespace plumb
