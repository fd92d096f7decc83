#include "data/safetensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "plumb/base.h"

namespace plumb {
namespace {

constexpr std::uint64_t kMostHeader = 100u << 20;

void append_word(std::string& out, std::uint64_t word) {
  for (int k = 0; k < 8; ++k) out.push_back(static_cast<char>((word >> (8 * k)) & 0xff));
}

std::uint64_t word_at(std::string_view bytes, std::size_t at) {
  std::uint64_t word = 0;
  for (int k = 0; k < 8; ++k)
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + k])) << (8 * k);
  return word;
}

}  // namespace

std::string write_tensors(const Tensors& tensors) {
  nlohmann::json header;
  header["__metadata__"] = tensors.metadata;
  std::string data;
  const auto describe = [&](const std::string& name, const char* type, std::size_t count) {
    header[name] = {
        {"dtype", type}, {"shape", {count}}, {"data_offsets", {data.size(), data.size() + 8 * count}}};
  };
  for (const auto& [name, values] : tensors.f64) {
    describe(name, "F64", values.size());
    for (const double value : values) {
      std::uint64_t word = 0;
      std::memcpy(&word, &value, 8);
      append_word(data, word);
    }
  }
  for (const auto& [name, values] : tensors.u64) {
    describe(name, "U64", values.size());
    for (const std::uint64_t value : values) append_word(data, value);
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string out;
  append_word(out, text.size());
  return out + text + data;
}

Tensors parse_tensors(std::string_view bytes, const std::string& path) {
  if (bytes.size() < 8) refuse(path, "file", std::to_string(bytes.size()) + " bytes", "a safetensors file");
  const std::uint64_t length = word_at(bytes, 0);
  if (length > kMostHeader || length > bytes.size() - 8) {
    refuse(path, "safetensors header", "a length beyond the file", "a safetensors file");
  }
  const nlohmann::json header = nlohmann::json::parse(bytes.substr(8, length), nullptr, false);
  if (!header.is_object()) refuse(path, "safetensors header", "no JSON object", "a safetensors file");
  const std::string_view data = bytes.substr(8 + length);
  Tensors out;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;  // of the data, by tensor
  for (const auto& [name, entry] : header.items()) {
    const auto broken = [&](const char* expected) {
      refuse(path, "tensor " + name, "a broken entry", expected);
    };
    if (!entry.is_object()) broken("an object");
    if (name == "__metadata__") {
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string()) broken("strings");
        out.metadata[key] = value.get<std::string>();
      }
      continue;
    }
    const auto offsets = entry.find("data_offsets"), type = entry.find("dtype");
    if (offsets == entry.end() || type == entry.end() || !type->is_string() || !offsets->is_array() ||
        offsets->size() != 2 || !(*offsets)[0].is_number_unsigned() || !(*offsets)[1].is_number_unsigned()) {
      broken("dtype and two data_offsets");
    }
    const std::uint64_t begin = (*offsets)[0].get<std::uint64_t>(), end = (*offsets)[1].get<std::uint64_t>();
    if (begin > end || end > data.size() || (end - begin) % 8 != 0)
      broken("offsets inside the file, whole words");
    if (*type != "F64" && *type != "U64") broken("F64 or U64");
    const auto shape = entry.find("shape");
    if (shape == entry.end() || !shape->is_array() || shape->size() != 1 || !(*shape)[0].is_number_unsigned() ||
        (*shape)[0].get<std::uint64_t>() != (end - begin) / 8) {
      broken("a shape of one number, the count of its words");
    }
    ranges.emplace_back(begin, end);
    for (std::uint64_t at = begin; at < end; at += 8) {
      const std::uint64_t word = word_at(data, at);
      if (*type == "F64") {
        double value = 0;
        std::memcpy(&value, &word, 8);
        if (!std::isfinite(value)) broken("finite numbers");
        out.f64[name].push_back(value);
      } else {
        out.u64[name].push_back(word);
      }
    }
  }
  // Every byte belongs to one tensor.
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t at = 0;
  for (const auto& [begin, end] : ranges) {
    if (begin != at) refuse(path, "tensors", "bytes of none or of two tensors", "every byte in one tensor");
    at = end;
  }
  if (at != data.size()) refuse(path, "tensors", "bytes of no tensor", "every byte in one tensor");
  return out;
}

}  // namespace plumb
