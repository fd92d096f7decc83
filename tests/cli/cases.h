// Inputs that were answered wrongly once, kept outside the project: a folder a case in the folder that
// PLUMB_CASES names.
#pragma once

#include <cstdlib>

#include "command.h"

namespace plumb {

// The files of one case, copied so that its commands may write beside them; empty where the case is absent.
inline bool copy_case(const std::string& name, const Folder& folder) {
  const char* cases = std::getenv("PLUMB_CASES");
  if (cases == nullptr || !std::filesystem::is_directory(std::filesystem::path(cases) / name)) return false;
  std::filesystem::copy(
      std::filesystem::path(cases) / name, folder / ".",
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  return true;
}

// NOLINTNEXTLINE: a macro because GTEST_SKIP returns from the test.
#define PLUMB_CASE(name, folder) \
  if (!copy_case(name, folder)) GTEST_SKIP() << "no case " << name << " in the folder that PLUMB_CASES names"

}  // namespace plumb
