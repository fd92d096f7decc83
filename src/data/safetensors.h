// The safetensors container: eight bytes of header length, a JSON header, raw little-endian tensors.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace plumb {

struct Tensors {
  std::map<std::string, std::string> metadata;
  std::map<std::string, std::vector<double>> f64;
  std::map<std::string, std::vector<std::uint64_t>> u64;
};

std::string write_tensors(const Tensors& tensors);
// Throws Error{kInput} naming `path`, what was found and expected; never reads beyond `bytes`.
Tensors parse_tensors(std::string_view bytes, const std::string& path);

}  // namespace plumb
