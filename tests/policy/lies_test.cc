// Policy files that lie about their contents are refused.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "tests/optimize/tempting_log.h"

namespace plumb {
namespace {

DecisionLog small_log() {
  Rng rng(1);
  std::vector<MadeDecision> decisions(400);
  for (std::size_t i = 0; i < decisions.size(); ++i)
    decisions[i] = {i, {.3, .7}, rng.bernoulli(.7), {rng.normal()}, {}, {rng.normal()}, 0};
  return made_log({"a", "b"}, {{"y"}}, decisions);
}
std::string small_policy(double scale) {
  const DecisionLog log = small_log();
  SoftmaxParts parts;
  std::vector<std::uint8_t> use(log.size(), 1);
  parts.map = make_feature_map(log, use);
  for (std::size_t k = 0; k < parts.map.width(); ++k)
    parts.theta.push_back(scale * (static_cast<double>(k) - 2));
  parts.trained_on.folds = 15;
  parts.trained_on.bucket_digest = bucket_digests(log, use);
  return policy_bytes(SoftmaxPolicy("p", std::move(parts)));
}
std::string edited(const std::function<void(nlohmann::json&, std::string&)>& edit) {
  const std::string bytes = small_policy(1);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  nlohmann::json header = nlohmann::json::parse(bytes.substr(8, length));
  std::string data = bytes.substr(8 + length);
  edit(header, data);
  const std::string text = header.dump();
  length = text.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out + text + data;
}
TEST(PolicyFile, OfTensorsWhoseShapeOffsetsOrTypeLieIsRefused) {
  const auto refused = [](const char* what, const std::function<void(nlohmann::json&, std::string&)>& edit) {
    EXPECT_THROW(parse_policy(edited(edit), "p"), Error) << what;
  };
  refused("shape", [](auto& h, auto&) { h["theta"]["shape"] = {3}; });
  refused("no shape", [](auto& h, auto&) { h["theta"].erase("shape"); });
  refused("overlap", [](auto& h, auto&) {
    for (auto& o : h["theta"]["data_offsets"]) o = o.template get<int>() + 8;
  });  // into bucket_digest
  refused("bytes of no tensor", [](auto&, auto& data) { data += "12345678"; });
  refused("unknown type", [](auto& h, auto&) {
    h["z"] = {{"dtype", "F99"}, {"shape", {0}}, {"data_offsets", {0, 0}}};
  });
}
TEST(PolicyFile, OfMetadataThatIsNotWhatPlumbWritesIsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"kl", "nan"},
      {"kl", "inf"},
      {"kl", "-3"},
      {"kl", "0.1 nats"},
      {"split_seed", "12x"},
      {"split_seed", "-1"},
      {"folds", "99999999999"},
      {"folds", "15 or so"},
      {"folds", "0"},  // with digests: its training rows would count as unseen
      {"goal_hash", "-1"},
      {"base", "logged propensitys"}};
  for (const auto& [key, value] : cases) {
    const auto edit = [&](nlohmann::json& h, std::string&) { h["__metadata__"][key] = value; };
    EXPECT_THROW(parse_policy(edited(edit), "p"), Error) << key << " = " << value;
  }
}
TEST(SoftmaxPolicy, GivesProbabilitiesOrRefusesWhateverItsTheta) {
  const DecisionLog log = small_log();
  std::vector<float> p(log.action.size(), 0.0f);
  try {
    parse_policy(small_policy(1e38), "p")->probabilities(log, 0, log.size(), p);
  } catch (const Error&) {
  }
  for (const float x : p) ASSERT_FALSE(std::isnan(x));
}

}  // namespace
}  // namespace plumb
