// Errors have one form; near names are found and far ones are not.
#include <gtest/gtest.h>

#include <algorithm>

#include "plumb/base.h"

namespace plumb {
namespace {

template <class Throw>
std::pair<Code, std::string> caught(Throw action) {
  try {
    action();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {Code::kInternal, "nothing was thrown"};
}

TEST(Errors, NamePlaceFoundAndExpected) {
  const auto [code, message] =
      caught([] { refuse("goal.toml:12", "constraint.at_most", "-0.3", "a number >= 0"); });
  EXPECT_EQ(code, Code::kInput);
  EXPECT_EQ(message, "goal.toml:12: constraint.at_most: found -0.3, expected a number >= 0");
}

TEST(Errors, OfTheEnvironmentHaveTheirOwnCode) {
  const auto [code, message] = caught([] { environment_error("out/report.html", "no space left on device"); });
  EXPECT_EQ(code, Code::kEnvironment);
  EXPECT_EQ(message, "out/report.html: no space left on device");
}

TEST(Errors, AssertionsThrowInEveryBuild) {
  const auto [code, message] = caught([] { PLUMB_ASSERT(1 + 1 == 3); });
  EXPECT_EQ(code, Code::kInternal);
  EXPECT_NE(message.find("1 + 1 == 3"), std::string::npos) << message;
  EXPECT_NE(message.find("error_test.cc"), std::string::npos) << message;
  EXPECT_NO_THROW(PLUMB_ASSERT(1 + 1 == 2));
}

TEST(NearestName, FindsTypingErrorsOnly) {
  const std::vector<std::string> keys = {"maximize", "minimum_effect", "confidence", "unit"};
  EXPECT_EQ(nearest_name("maximise", keys), "maximize");
  EXPECT_EQ(nearest_name("minimum_efect", keys), "minimum_effect");
  EXPECT_EQ(nearest_name("units", keys), "unit");
  EXPECT_EQ(nearest_name("confidence", keys), "confidence");
  EXPECT_EQ(nearest_name("banana", keys), "");
  EXPECT_EQ(nearest_name("x", keys), "");
  EXPECT_EQ(nearest_name("unit", std::vector<std::string>{}), "");
}

TEST(Version, IsThreeNumbers) {
  const std::string text(version());
  EXPECT_EQ(std::count(text.begin(), text.end(), '.'), 2);
  EXPECT_EQ(text.find_first_not_of("0123456789."), std::string::npos);
}

}  // namespace
}  // namespace plumb
