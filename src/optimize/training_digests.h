// What every policy that is trained here says of the rows and comparisons it was learnt from.
#pragma once

#include "plumb/optimize.h"

namespace plumb {

// Digests of the training half: rows by unit bucket, their sketch, and the comparisons where people taught.
TrainedOn training_digests(const TrainingContext& context);

}  // namespace plumb
