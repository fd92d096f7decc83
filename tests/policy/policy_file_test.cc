// Policy files: what is written is what is read, and a file that lies is refused.
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "plumb/policy.h"
#include "tests/data/small_logs.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

DecisionLog small_log() {
  Rng rng(1);
  std::vector<MadeDecision> decisions(400);
  for (std::size_t i = 0; i < decisions.size(); ++i)
    decisions[i] = {
        i, {.3, .7}, static_cast<std::uint32_t>(rng.below(2)), {rng.normal()}, {}, {rng.normal(), rng.normal()},
        0};
  return made_log({"a", "b"}, {{"y"}}, decisions);
}

SoftmaxPolicy learnt(const DecisionLog& log, bool with_base = false) {
  SoftmaxParts parts;
  std::vector<std::uint8_t> use(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) use[i] = log.in_training(i);
  parts.map = make_feature_map(log, use);
  Rng rng(2);
  for (std::size_t k = 0; k < parts.map.width(); ++k) parts.theta.push_back(rng.normal());
  if (with_base) {
    parts.base_map = parts.map;
    for (std::size_t k = 0; k < parts.map.width(); ++k) parts.base_theta.push_back(rng.normal());
  }
  parts.trained_on.split_seed = 0xffffffffffffffffull;
  parts.trained_on.goal_hash = 0x8000000000000001ull;
  parts.trained_on.log_digest = log_digest(log);
  parts.trained_on.folds = 15;
  parts.trained_on.bucket_digest = bucket_digests(log, use);
  parts.trained_on.sketch = {1, 5, 0xfffffffffffffffeull};
  parts.signal = "visit \"fast\"";
  parts.kl = 0.1 + 0.2;
  return {"softmax:visit", std::move(parts)};
}

// The same container with another header or other data; the length is made right again.
struct Container {
  nlohmann::json header;
  std::string data;
  explicit Container(const std::string& bytes) {
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    header = nlohmann::json::parse(bytes.substr(8, length));
    data = bytes.substr(8 + length);
  }
  std::string bytes() const {
    const std::string text = header.dump();
    const std::uint64_t length = text.size();
    std::string out(8, '\0');
    std::memcpy(out.data(), &length, 8);
    return out + text + data;
  }
};

std::string refusal_of(const std::string& bytes) {
  return refusal([&] { parse_policy(bytes, "bad.safetensors"); });
}

void expect_refusal(const std::string& bytes, const std::string& part) {
  const std::string message = refusal_of(bytes);
  EXPECT_NE(message.find("bad.safetensors"), std::string::npos) << message;
  EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks " << part;
}

TEST(PolicyFile, ComesBackAsItWasWritten) {
  const DecisionLog log = small_log();
  for (const bool with_base : {false, true}) {
    const SoftmaxPolicy policy = learnt(log, with_base);
    const std::string bytes = policy_bytes(policy);
    const PolicyPointer read = parse_policy(bytes, "policy.safetensors");
    EXPECT_EQ(read->name(), policy.name());
    EXPECT_EQ(read->kind(), PolicyKind::kSoftmax);
    EXPECT_EQ(read->trained_on().bucket_digest, policy.trained_on().bucket_digest);
    EXPECT_EQ(read->trained_on().sketch, policy.trained_on().sketch);
    EXPECT_EQ(read->trained_on().split_seed, policy.trained_on().split_seed);
    EXPECT_EQ(read->trained_on().goal_hash, policy.trained_on().goal_hash);
    EXPECT_EQ(read->trained_on().log_digest, policy.trained_on().log_digest);
    EXPECT_EQ(read->trained_on().folds, policy.trained_on().folds);
    const auto& softmax = dynamic_cast<const SoftmaxPolicy&>(*read);
    EXPECT_EQ(softmax.parts().signal, policy.parts().signal);
    EXPECT_EQ(softmax.parts().kl, policy.parts().kl);
    EXPECT_EQ(softmax.parts().theta, policy.parts().theta);
    EXPECT_EQ(softmax.parts().base_theta, policy.parts().base_theta);
    std::vector<float> before(log.action.size()), after(log.action.size());
    policy.probabilities(log, 0, log.size(), before);
    read->probabilities(log, 0, log.size(), after);
    EXPECT_EQ(before, after);
    EXPECT_EQ(policy_bytes(softmax), bytes);
  }
}

TEST(PolicyFile, IsReadFromDiskAndAMissingOneIsAMatterOfTheEnvironment) {
  const DecisionLog log = small_log();
  const TemporaryFile file("policy.safetensors", policy_bytes(learnt(log)));
  EXPECT_EQ(read_policy(file.path())->name(), "softmax:visit");
  refusal([] { read_policy("/nowhere/policy.safetensors"); }, Code::kEnvironment);
}

TEST(PolicyFile, OfAConstantNamesItsAction) {
  const PolicyPointer read = parse_policy(constant_policy_bytes("Mens E-Mail"), "p");
  EXPECT_EQ(read->name(), "constant:Mens E-Mail");
  EXPECT_EQ(read->kind(), PolicyKind::kConstant);
  EXPECT_TRUE(read->trained_on().empty());
}

// The container is the public safetensors format: eight bytes of length, JSON, then tensors without gaps.
TEST(PolicyFile, IsASafetensorsFileThatAnyReaderUnderstands) {
  const Container file(policy_bytes(learnt(small_log())));
  std::uint64_t covered = 0;
  for (const auto& [name, entry] : file.header.items()) {
    if (name == "__metadata__") continue;
    std::uint64_t words = 1;
    for (const auto& size : entry["shape"]) words *= size.get<std::uint64_t>();
    const std::uint64_t begin = entry["data_offsets"][0], end = entry["data_offsets"][1];
    EXPECT_EQ(end - begin, 8 * words) << name;
    covered += end - begin;
  }
  EXPECT_EQ(covered, file.data.size());
  EXPECT_EQ(file.header["bucket_digest"]["shape"][0], kBuckets);
  EXPECT_EQ(file.header["bucket_digest"]["dtype"], "U64");
  EXPECT_EQ(file.header["theta"]["dtype"], "F64");
}

TEST(PolicyFile, EveryTruncationIsRefused) {
  const std::string bytes = policy_bytes(learnt(small_log()));
  for (std::size_t size = 0; size < bytes.size(); size += size < 3000 ? 7 : 997)
    refusal_of(bytes.substr(0, size));
  refusal_of(bytes.substr(0, bytes.size() - 1));
}

TEST(PolicyFile, ACorruptHeaderIsRefused) {
  const std::string bytes = policy_bytes(learnt(small_log()));
  expect_refusal("", "0 bytes");
  std::string longer = bytes;
  longer[6] = 1;  // 2^48 bytes of header
  expect_refusal(longer, "a length beyond the file");
  longer[7] = '\xff';  // length + 8 would overflow
  expect_refusal(longer, "a length beyond the file");
  std::string garbled = bytes;
  garbled[8] = '[';
  expect_refusal(garbled, "no JSON object");
  expect_refusal(std::string("\x02\0\0\0\0\0\0\0[]", 10), "no JSON object");
  expect_refusal(std::string("\x02\0\0\0\0\0\0\0{}", 10), "metadata.format");
}

TEST(PolicyFile, AHeaderThatLiesAboutItsTensorsIsRefused) {
  const Container good(policy_bytes(learnt(small_log())));
  const auto with = [&](const std::function<void(Container&)>& change) {
    Container bad = good;
    change(bad);
    return bad.bytes();
  };
  const auto theta = [&](const char* key, nlohmann::json value) {
    return with([&](Container& bad) { bad.header["theta"][key] = std::move(value); });
  };
  const std::uint64_t end = good.data.size();
  expect_refusal(theta("data_offsets", {end, end + 80}), "inside the file");
  expect_refusal(theta("data_offsets", {80, 8}), "inside the file");
  expect_refusal(theta("data_offsets", {0, 81}), "whole words");
  expect_refusal(theta("data_offsets", {0, 64}), "a shape of one number");  // one word fewer
  expect_refusal(theta("data_offsets", {-8, 72}), "data_offsets");
  expect_refusal(theta("data_offsets", {0, 72.5}), "data_offsets");
  expect_refusal(theta("data_offsets", 3), "data_offsets");
  expect_refusal(theta("dtype", "F32"), "F64 or U64");
  expect_refusal(theta("dtype", 64), "dtype");
  expect_refusal(with([](Container& bad) { bad.header["theta"] = "nothing"; }), "tensor theta");
  expect_refusal(with([](Container& bad) { bad.header.erase("theta"); }), "every byte in one tensor");
  expect_refusal(with([](Container& bad) { bad.header.erase("bucket_digest"); }), "every byte in one tensor");
  expect_refusal(with([](Container& bad) { bad.header["__metadata__"]["kl"] = 0.5; }), "strings");
  const std::uint64_t at = good.header["theta"]["data_offsets"][0];
  const std::uint64_t nan_bits = 0x7ff8000000000000ull;
  expect_refusal(with([&](Container& bad) { std::memcpy(bad.data.data() + at, &nan_bits, 8); }),
                 "finite numbers");
}

TEST(PolicyFile, MetadataThatMakesNoSenseIsRefused) {
  const Container good(policy_bytes(learnt(small_log())));
  const auto meta = [&](const char* key, const char* value) {
    Container bad = good;
    bad.header["__metadata__"][key] = value;
    return bad.bytes();
  };
  expect_refusal(meta("format", "plumb policy 3"), "plumb policy 2");
  expect_refusal(meta("kind", "forest"), "softmax, tree, priced or constant");
  expect_refusal(meta("kl", "much"), "expected");
  expect_refusal(meta("split_seed", "99999999999999999999999"), "expected");
  expect_refusal(meta("schema", "{"), "feature schema");
  expect_refusal(meta("schema", "{}"), "feature schema");
  for (const char* key : {"format", "kind", "schema", "base", "signal", "kl", "goal_hash", "folds", "name"}) {
    Container bad = good;
    bad.header["__metadata__"].erase(key);
    expect_refusal(bad.bytes(), key);
  }
}

// Widths index memory: a schema must not say other ones than its columns have.
TEST(PolicyFile, ASchemaThatLiesAboutItsWidthsIsRefused) {
  const Container good(policy_bytes(learnt(small_log())));
  const auto schema = [&](const std::function<void(nlohmann::json&)>& change) {
    Container bad = good;
    auto json = nlohmann::json::parse(bad.header["__metadata__"]["schema"].get<std::string>());
    change(json);
    bad.header["__metadata__"]["schema"] = json.dump();
    return bad.bytes();
  };
  for (const char* key : {"context_width", "action_width", "extended_width"}) {
    expect_refusal(schema([&](auto& json) { json[key] = json[key].template get<int>() + 1; }), "widths");
    expect_refusal(schema([&](auto& json) { json[key] = json[key].template get<int>() - 1; }), "widths");
  }
  expect_refusal(schema([](auto& json) { json["cross_columns"] = 5; }), "widths");
  expect_refusal(schema([](auto& json) { json["cross_columns"] = 0; }), "widths");
  expect_refusal(schema([](auto& json) { json["ids"].push_back("c"); }), "widths");
  expect_refusal(schema([](auto& json) { json["numbers"] = {7}; }), "widths");
  expect_refusal(schema([](auto& json) { json["context"][0]["scale"] = 0; }), "widths");
  expect_refusal(schema([](auto& json) { json["context"][0].erase("mean"); }), "feature schema");
  expect_refusal(schema([](auto& json) { json["context"].push_back(json["context"][0]); }), "widths");
}

}  // namespace
}  // namespace plumb
