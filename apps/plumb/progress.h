// The progress bar on standard error.
#pragma once

#include "plumb/base.h"

namespace plumb::cli {

// Draws one line that it redraws and wipes in the end; empty (nothing is ever drawn) where standard error is no
// terminal, or one that cannot redraw a line.
Progress progress_bar();

}  // namespace plumb::cli
