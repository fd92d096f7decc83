#include "policy/origin_file.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "policy/file_parts.h"

namespace plumb {
namespace {

constexpr const char* kRoles[] = {"context", "outcome", "other"};

void write_set(Tensors& out, const std::string& name, const DigestSet& set) {
  if (!set.digest.empty()) out.u64[name] = set.digest;
}

std::vector<std::uint64_t> words(const Tensors& tensors, const std::string& name) {
  const auto found = tensors.u64.find(name);
  return found == tensors.u64.end() ? std::vector<std::uint64_t>{} : found->second;
}

DigestSet set_from(const Tensors& tensors, const std::string& name, std::uint64_t count,
                   const std::string& path) {
  DigestSet out;
  out.count = count;
  out.digest = words(tensors, name);
  const bool ascending =
      std::adjacent_find(out.digest.begin(), out.digest.end(),
                         [](std::uint64_t a, std::uint64_t b) { return a >= b; }) == out.digest.end();
  const std::uint64_t kept = count > kMostDigests ? kBottomDigests : count;
  if (!ascending || out.digest.size() != kept)
    refuse(path, "tensor " + name, std::to_string(out.digest.size()) + " words, or not ascending",
           std::to_string(kept) + " digests, ascending");
  return out;
}

}  // namespace

void write_origin(Tensors& out, const LearntFrom& from) {
  nlohmann::json columns = nlohmann::json::array();
  for (const LearntFrom::Column& c : from.column)
    columns.push_back({{"name", c.name},
                       {"role", kRoles[static_cast<std::size_t>(c.role)]},
                       {"mean", c.mean},
                       {"scale", c.scale}});
  out.metadata["origin"] =
      nlohmann::json{{"salt", hex(from.salt)},          {"rows", from.rows},
                     {"unit_named", from.unit_named},   {"context_columns", from.context_columns},
                     {"units", from.units.count},       {"ids", from.ids.count},
                     {"contexts", from.contexts.count}, {"columns", columns}}
          .dump();
  write_set(out, "origin.units", from.units);
  write_set(out, "origin.ids", from.ids);
  write_set(out, "origin.contexts", from.contexts);
  if (!from.action.empty()) out.u64["origin.sample_action"] = from.action;
  if (!from.ids.empty()) out.u64["origin.sample_id"] = from.id;
  if (!from.cell.empty()) out.u64["origin.sample_cell"] = from.cell;
}

std::shared_ptr<const LearntFrom> origin_from(const Tensors& tensors, const std::string& path) {
  const auto text = tensors.metadata.find("origin");
  if (text == tensors.metadata.end()) return nullptr;
  auto out = std::make_shared<LearntFrom>();
  try {
    const nlohmann::json json = nlohmann::json::parse(text->second);
    out->salt = std::stoull(json.at("salt").get<std::string>(), nullptr, 16);
    out->unit_named = json.at("unit_named").get<bool>();
    out->rows = json.at("rows").get<std::uint64_t>();
    out->context_columns = json.at("context_columns").get<std::uint64_t>();
    out->units = set_from(tensors, "origin.units", json.at("units").get<std::uint64_t>(), path);
    out->ids = set_from(tensors, "origin.ids", json.at("ids").get<std::uint64_t>(), path);
    out->contexts = set_from(tensors, "origin.contexts", json.at("contexts").get<std::uint64_t>(), path);
    for (const nlohmann::json& c : json.at("columns")) {
      const std::string role = c.at("role").get<std::string>();
      const auto at = std::find(std::begin(kRoles), std::end(kRoles), role);
      if (at == std::end(kRoles)) refuse(path, "metadata.origin", role, "context, outcome or other");
      out->column.push_back({c.at("name").get<std::string>(), static_cast<TraceRole>(at - std::begin(kRoles)),
                             c.at("mean").get<double>(), c.at("scale").get<double>()});
    }
  } catch (const nlohmann::json::exception& e) {
    refuse(path, "metadata.origin", e.what(), "what plumb writes there");
  } catch (const std::logic_error&) {  // stoull
    refuse(path, "metadata.origin.salt", text->second, "hexadecimal digits");
  }
  out->action = words(tensors, "origin.sample_action");
  out->id = words(tensors, "origin.sample_id");
  out->cell = words(tensors, "origin.sample_cell");
  if (out->id.empty()) out->id.assign(out->action.size(), 0);
  if (out->action.size() > kTracedRows || out->column.size() > kTracedColumns ||
      out->id.size() != out->action.size() || out->cell.size() != out->action.size() * out->column.size())
    refuse(path, "tensors origin.sample_*", "sizes that do not agree",
           "rows times columns, at most " + std::to_string(kTracedRows) + " times " +
               std::to_string(kTracedColumns));
  return out;
}

}  // namespace plumb
