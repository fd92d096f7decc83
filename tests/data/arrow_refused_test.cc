// What is refused of Arrow's C data interface, with the message: structs that contradict themselves, types that
// are not read, rows that cannot be used.
#include <cmath>
#include <functional>
#include <limits>

#include "tests/data/arrow_arrays.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

// Two rows for csv_goal(); every test spoils its own.
Made good() {
  return made_batch({made_texts("arm", {"a", "b"}), made_numbers<double>("p", "g", {.5, .25}),
                     made_numbers<std::int32_t>("age", "i", {30, 41}),
                     made_dictionary<std::int8_t>("region", "c", {"n", "s"}),
                     made_numbers<double>("spend", "g", {1., 2.})});
}

std::string refused(const Made& batch, const Goal& goal = csv_goal()) {
  return refusal([&] { read_arrow(batch->schema, batch->array, goal, "orders", nullptr); });
}

struct Spoilt {
  const char* message;
  std::function<void(MadeArray&)> spoil;
};

TEST(ArrowStructs, AreRefusedWhereTheyContradictThemselves) {
  static const void* one_buffer[2] = {nullptr, nullptr};
  const Spoilt cases[] = {
      {"orders: schema: found a released schema", [](MadeArray& m) { m.schema.release = nullptr; }},
      {"orders: schema: found type \"+l\", expected \"+s\"", [](MadeArray& m) { m.schema.format = "+l"; }},
      {"orders: schema: found NULL for its type", [](MadeArray& m) { m.schema.format = nullptr; }},
      {"orders: schema: found 0 columns, expected at least one", [](MadeArray& m) { m.schema.n_children = 0; }},
      {"orders: schema: found -1 columns", [](MadeArray& m) { m.schema.n_children = -1; }},
      {"orders: schema: found 0 columns", [](MadeArray& m) { m.schema.children = nullptr; }},
      {"orders: column 2: found NULL for its type", [](MadeArray& m) { m.schema.children[1] = nullptr; }},
      {"orders: schema: found column \"age\" twice", [](MadeArray& m) { m.child(1).schema.name = "age"; }},
      {"orders: column 2: found \"\\xff\", expected a name in UTF-8",
       [](MadeArray& m) { m.child(1).schema.name = "\xff"; }},
      {"orders: batch: found a released array", [](MadeArray& m) { m.array.release = nullptr; }},
      {"orders: batch: found length -1, expected 0 to", [](MadeArray& m) { m.array.length = -1; }},
      {"orders: batch: found 0 buffers, expected 1, by its type", [](MadeArray& m) { m.array.n_buffers = 0; }},
      {"orders: batch: found 4 children, expected 5, by its type",
       [](MadeArray& m) { m.array.n_children = 4; }},
      {"orders: batch: found NULL for the list", [](MadeArray& m) { m.array.children = nullptr; }},
      {"orders: batch: found NULL for the list", [](MadeArray& m) { m.array.buffers = nullptr; }},
      {"orders: age: found NULL for its array", [](MadeArray& m) { m.array.children[2] = nullptr; }},
      {"orders: arm: found 2 rows, expected 3, as the batch has", [](MadeArray& m) { m.array.length = 3; }},
      {"orders: arm: found 2 rows, expected 3", [](MadeArray& m) { m.array.offset = 1; }},
      {"orders: column 3: found a released type",  // its name is not there any more
       [](MadeArray& m) { m.child(2).schema.release = nullptr; }},
      {"orders: age: found a released array", [](MadeArray& m) { m.child(2).array.release = nullptr; }},
      {"orders: age: found length -2", [](MadeArray& m) { m.child(2).array.length = -2; }},
      {"orders: age: found offset -1", [](MadeArray& m) { m.child(2).array.offset = -1; }},
      {"orders: age: found offset 9223372036854775807",
       [](MadeArray& m) { m.child(2).array.offset = std::numeric_limits<std::int64_t>::max(); }},
      {"orders: age: found null_count -2", [](MadeArray& m) { m.child(2).array.null_count = -2; }},
      {"orders: age: found null_count 3, expected 0 to 2",
       [](MadeArray& m) { m.child(2).array.null_count = 3; }},
      {"orders: age: found null_count 1 where the bitmap has 0",
       [](MadeArray& m) { m.child(2).array.null_count = 1; }},
      {"orders: age: found 1 buffers, expected 2", [](MadeArray& m) { m.child(2).array.n_buffers = 1; }},
      {"orders: arm: found 2 buffers, expected 3", [](MadeArray& m) { m.child(0).array.n_buffers = 2; }},
      {"orders: age: found 1 children, expected 0", [](MadeArray& m) { m.child(2).array.n_children = 1; }},
      {"orders: age: found NULL for the values of 2 rows",
       [](MadeArray& m) { m.child(2).array.buffers = one_buffer; }},
      {"orders: arm: found NULL for the bytes", [](MadeArray& m) { m.child(0).array.buffers[2] = nullptr; }},
      {"orders: arm: found text offset 0 behind 1",
       [](MadeArray& m) { std::memset(m.child(0).buffer(1).data() + 8, 0, 4); }},
      {"orders: arm: found text offset -1 behind",
       [](MadeArray& m) { std::memset(m.child(0).buffer(1).data(), 0xff, 4); }},
      {"orders: region: found codes without a dictionary",
       [](MadeArray& m) { m.child(3).array.dictionary = nullptr; }},
      {"orders: region: found a dictionary, expected none",
       [](MadeArray& m) { m.child(3).schema.dictionary = nullptr; }},
      {"orders: region: found code 2 in row 2, expected a place in a dictionary of 2",
       [](MadeArray& m) { m.child(3).buffer(1)[1] = 2; }},
      {"orders: region: found code -1 in row 1", [](MadeArray& m) { m.child(3).buffer(1)[0] = -1; }},
      {"orders: region: found a released type",
       [](MadeArray& m) { m.child(3).schema.dictionary->release = nullptr; }},
      {"orders: region: found a released array",
       [](MadeArray& m) { m.child(3).array.dictionary->release = nullptr; }},
  };
  for (const Spoilt& one : cases) {
    SCOPED_TRACE(one.message);
    const Made batch = good();
    one.spoil(*batch);
    const std::string message = refused(batch);
    EXPECT_EQ(message.substr(0, std::string_view(one.message).size()), one.message);
  }
  EXPECT_EQ(read_arrow(good()->schema, good()->array, csv_goal(), "orders", nullptr).size(), 2u);
}

TEST(ArrowTypes, ThatAreNotReadAreRefusedWithTheirColumn) {
  const std::pair<const char*, const char*> cases[] = {
      {"e", "age: found float16"},          {"z", "age: found type \"z\""},
      {"vu", "age: found type \"vu\""},     {"d:19,10", "age: found type \"d:19,10\""},
      {"tts", "age: found type \"tts\""},   {"tDs", "age: found type \"tDs\""},
      {"+l", "age: found the nested type"}, {"+s", "age: found the nested type"},
      {"+r", "age: found the nested type"}, {"", "age: found type \"\""},
      {"tsx:", "age: found type \"tsx:\""}, {"tss", "age: found type \"tss\""},
      {"ii", "age: found type \"ii\""},
  };
  for (const auto& [format, message] : cases) {
    SCOPED_TRACE(format);
    const Made batch = good();
    batch->child(2).schema.format = format;
    EXPECT_EQ(refused(batch).rfind(std::string("orders: ") + message, 0), 0u) << refused(batch);
  }
  const Made numbers = made_dictionary<std::int32_t>("region", "f", {"n", "s"});
  EXPECT_NE(refused(made_batch({numbers})).find("orders: region: found a dictionary of \"u\" by \"f\""),
            std::string::npos);
  // Also where the goal does not name the column.
  EXPECT_NE(refused(made_batch({made_array("tags", "+l", 2)})).find("orders: tags: found the nested type"),
            std::string::npos);
}

struct BadValue {
  const char* message;
  std::size_t column;
  Made values;
};

TEST(ArrowRows, ThatCannotBeUsedAreRefusedWithRowColumnFoundAndExpected) {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const BadValue cases[] = {
      {"row 2: arm: found nothing, expected a text or an integer", 0, made_texts("arm", {"a", std::nullopt})},
      {"row 2: arm: found nothing, expected a text or an integer", 0, made_texts("arm", {"a", ""})},
      {"row 1: arm: found 1.5, a float, expected a text or an integer", 0,
       made_numbers<double>("arm", "g", {1.5, 2.})},
      {"row 2: arm: found bytes that are not UTF-8 in \"\\xff\"", 0, made_texts("arm", {"a", "\xff"})},
      {"row 2: p: found nothing, expected a number in (0, 1]", 1,
       made_numbers<double>("p", "g", {.5, std::nullopt})},
      {"row 2: p: found 0, expected a number in (0, 1]", 1, made_numbers<double>("p", "g", {.5, 0.})},
      {"row 2: p: found nan, expected a number in (0, 1]", 1, made_numbers<double>("p", "g", {.5, nan})},
      {"row 1: p: found \"half\", expected a number in (0, 1]", 1, made_texts("p", {"half", "0.5"})},
      {"row 2: age: found nan, expected a finite number, or null", 2,
       made_numbers<float>("age", "f", {1.f, std::nanf("")})},
      {"row 2: age: found inf, expected a finite number, or null", 2,
       made_numbers<double>("age", "g", {1., inf})},
      {"row 1: age: found 1e+39, expected a number of at most 3.4e38", 2,
       made_numbers<double>("age", "g", {1e39, std::nullopt})},
      {"row 2: outcome.spend: found -1, expected a number >= 0", 4,
       made_numbers<std::int8_t>("spend", "c", {1, -1})},
      {"row 2: outcome.spend: found nan, expected a finite number", 4,
       made_numbers<double>("spend", "g", {1., nan})},
      {"row 1: outcome.spend: found \"2024-05-01\", expected a number", 4,
       made_numbers<std::int32_t>("spend", "tdD", {19844, 1})},
  };
  for (const BadValue& one : cases) {
    SCOPED_TRACE(one.message);
    std::vector<Made> columns = {made_texts("arm", {"a", "b"}), made_numbers<double>("p", "g", {.5, .25}),
                                 made_numbers<std::int32_t>("age", "i", {30, 41}),
                                 made_texts("region", {"n", "s"}),
                                 made_numbers<double>("spend", "g", {1., 2.})};
    columns[one.column] = one.values;
    const std::string message = refused(made_batch(columns));
    EXPECT_NE(message.find(std::string("orders:") + one.message), std::string::npos) << message;
    EXPECT_NE(message.find(" bad of 2 rows, expected none"), std::string::npos) << message;
  }
}

TEST(ArrowRows, AreCountedThroughAllBatchesAndMayBeRejected) {
  Goal goal = csv_goal();
  goal.data.reject_up_to = 0.5;
  const Made null_row = good();
  char bits[] = {1};
  null_row->array.buffers[0] = bits;
  null_row->array.null_count = 1;
  MadeStream made({good(), null_row});
  LoadReport report;
  EXPECT_EQ(read_arrow(made.stream, goal, "orders", &report).size(), 3u);
  EXPECT_EQ(report.rows_read, 4u);
  EXPECT_EQ(report.rejections,
            (std::vector<std::string>{"orders:row 4: row: found null, expected a row of values"}));
}

TEST(ArrowRows, WithAnIdThatStandsTwiceNameTheRowWhereItStoodFirst) {
  Goal goal = csv_goal();
  goal.data.id = "age";
  goal.data.context = {"region"};
  const Made batch = good();
  std::memcpy(batch->child(2).buffer(1).data() + 4, batch->child(2).buffer(1).data(), 4);
  EXPECT_NE(
      refused(batch, goal).find("orders:row 2: id: found \"30\" again, first in row 1, expected every id once"),
      std::string::npos)
      << refused(batch, goal);
}

TEST(Arrow, NamesTheUnknownColumnAndTheNearest) {
  Goal goal = csv_goal();
  goal.data.context = {"regoin"};
  EXPECT_EQ(refused(good(), goal),
            "orders: data.context: found no column \"regoin\", expected column \"region\" (the nearest name)");
}

}  // namespace
}  // namespace plumb
