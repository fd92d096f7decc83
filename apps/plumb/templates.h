// The goal files of examples/, compiled in (generated from them by CMake).
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace plumb::cli {

extern const std::vector<std::pair<std::string, std::string>> kTemplates;  // name, text

}  // namespace plumb::cli
