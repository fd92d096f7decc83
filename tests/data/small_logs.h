// Logs and goals of a few rows, written out in the tests that use them.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

#include "data/readers.h"
#include "plumb/data.h"

namespace plumb {

inline OutcomeSpec outcome_spec(std::string name, OutcomeKind kind) {
  OutcomeSpec spec;
  spec.name = std::move(name);
  spec.kind = kind;
  return spec;
}

// A goal for CSV: columns arm and p, outcome spend, context age and region, segment region.
inline Goal csv_goal() {
  Goal goal;
  goal.maximize = {{1.0, "spend"}};
  goal.outcomes = {outcome_spec("spend", OutcomeKind::kAmount)};
  goal.data.action = "arm";
  goal.data.propensity_column = "p";
  goal.data.context = {"age", "region"};
  goal.segments = {"region"};
  return goal;
}

// A goal for JSON lines with the native keys: outcome click.
inline Goal jsonl_goal() {
  Goal goal;
  goal.maximize = {{1.0, "click"}};
  goal.outcomes = {outcome_spec("click", OutcomeKind::kBinary)};
  return goal;
}

inline DecisionLog csv_log(std::string_view text, const Goal& goal, LoadReport* report = nullptr) {
  return csv_log_from(TextSource::from_memory(text, "log.csv"), goal, report);
}
inline DecisionLog jsonl_log(std::string_view text, const Goal& goal, LoadReport* report = nullptr) {
  return jsonl_log_from(TextSource::from_memory(text, "log.jsonl"), goal, report);
}

// The message of the plumb::Error{kInput} that `run` throws; a failure and "" where it throws none.
inline std::string refusal(const std::function<void()>& run, Code code = Code::kInput) {
  try {
    run();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

inline std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// A file of this test's own, removed at the end.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, std::string_view bytes) {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              (std::string("plumb_") + test->test_suite_name() + "_" + test->name());
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / name).string();
    std::ofstream(path_, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
    std::filesystem::remove(folder_, ignored);  // only where it is empty
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::filesystem::path folder_;
  std::string path_;
};

// The folder of real data; empty where there is none.
inline std::string data_folder() {
  const char* folder = std::getenv("PLUMB_DATA");
  const std::string path = folder != nullptr ? folder : std::string(PLUMB_SOURCE_DIR) + "/../shared/data";
  return std::filesystem::exists(path) ? path : "";
}

}  // namespace plumb
