// Origins in files: tensors "origin.*" and metadata "origin", beside what policy or models hold.
#pragma once

#include <memory>

#include "data/safetensors.h"
#include "plumb/origin.h"

namespace plumb {

void write_origin(Tensors& out, const LearntFrom& from);
// Empty where the file has none (format 1). Throws Error{kInput} naming `path`, what was found and expected.
std::shared_ptr<const LearntFrom> origin_from(const Tensors& tensors, const std::string& path);

}  // namespace plumb
