// The version, which the build passes in from CMakeLists.txt, the one place where it is written.
#include "plumb/base.h"

#ifndef PLUMB_VERSION
#error "PLUMB_VERSION must be defined by the build"
#endif

namespace plumb {

std::string_view version() { return PLUMB_VERSION; }

}  // namespace plumb
