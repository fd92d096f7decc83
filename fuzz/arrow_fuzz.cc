// Structs of Arrow's C data interface, made of bytes: pointers are valid or NULL and buffers as long as lengths
// and offsets that can be believed say; everything else (types, counts, offsets, codes, bitmaps, values) is
// whatever the bytes say. A log that is whole, or plumb::Error, never anything else.
//
// The bytes: a header of the batch, then a column after the other. What is missing reads as 0.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/whole_log.h"
#include "plumb/arrow.h"

namespace {

constexpr const char* kFormats[] = {"u",   "g",    "i",    "f",       "b",    "c",  "C",  "U",
                                    "l",   "L",    "s",    "S",       "I",    "n",  "e",  "tdD",
                                    "tdm", "tsu:", "tss:", "tsn:UTC", "tsm:", "+l", "vu", "z"};
constexpr const char* kNames[] = {"a", "p", "y", "s", "x1", "x2", "id", "t", "s", "\xff"};

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint8_t next() { return at_ < size_ ? data_[at_++] : 0; }
  bool more() const { return at_ < size_; }
  // Nearly always what is expected, else any small number, negative ones too, or a huge one.
  std::int64_t count(std::int64_t expected) {
    const std::uint8_t byte = next();
    if (byte < 224) return expected;
    if (byte == 255) return INT64_MAX - next();
    return static_cast<std::int8_t>(next());
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_, at_ = 0;
};

// Owns what the structs point to. Lengths and offsets beyond kBelieved get no room: they must be refused.
constexpr std::int64_t kBelieved = 127;
struct Owner {
  std::vector<std::unique_ptr<char[]>> buffers;
  std::vector<std::unique_ptr<const void*[]>> lists;
  std::vector<std::unique_ptr<ArrowArray>> arrays;
  std::vector<std::unique_ptr<ArrowSchema>> schemas;
};

std::int64_t room(std::int64_t count) { return std::clamp<std::int64_t>(count, 0, kBelieved); }

// A buffer of exactly so many bytes, so that a sanitizer sees a step beyond it.
const void* buffer(Owner& owner, Bytes& bytes, std::int64_t size, bool small) {
  if (bytes.next() == 255) return nullptr;
  auto& made = owner.buffers.emplace_back(new char[static_cast<std::size_t>(size)]);
  const std::uint8_t fill = bytes.next();
  for (std::int64_t at = 0; at < size; ++at)
    made[static_cast<std::size_t>(at)] =
        static_cast<char>(fill < 32 ? fill : (small ? bytes.next() % 4 : bytes.next()));
  return made.get();
}

// Text offsets that rise by what the bytes say, now and then fall; the room for the texts is what they reach.
template <class Offset>
const void* text_offsets(Owner& owner, Bytes& bytes, std::int64_t count, std::int64_t* reach) {
  auto& made = owner.buffers.emplace_back(new char[static_cast<std::size_t>(count) * sizeof(Offset)]);
  std::int64_t at = 0;
  for (std::int64_t o = 0; o < count; ++o) {
    const std::uint8_t step = bytes.next();
    at += step == 255 ? -static_cast<std::int64_t>(bytes.next()) : step % 8;
    *reach = std::max(*reach, at);
    const auto value = static_cast<Offset>(at);
    std::memcpy(made.get() + static_cast<std::size_t>(o) * sizeof(Offset), &value, sizeof(Offset));
  }
  return made.get();
}

struct Column {
  ArrowSchema* schema;
  ArrowArray* array;
};

Column column(Owner& owner, Bytes& bytes, std::int64_t length, const char* name, bool words) {
  ArrowSchema& schema = *owner.schemas.emplace_back(std::make_unique<ArrowSchema>());
  ArrowArray& array = *owner.arrays.emplace_back(std::make_unique<ArrowArray>());
  const std::string_view format = schema.format = kFormats[bytes.next() % std::size(kFormats)];
  schema.name = name;
  schema.n_children = bytes.count(0);
  if (bytes.next() != 255) schema.release = [](ArrowSchema*) {};
  if (bytes.next() != 255) array.release = [](ArrowArray*) {};
  array.length = bytes.count(length);
  array.offset = bytes.next() % 4 == 0 ? bytes.count(bytes.next() % 8) : 0;
  array.null_count = bytes.count(-1);
  array.n_children = bytes.count(0);
  const bool text = format == "u" || format == "U";
  array.n_buffers = bytes.count(format == "n" ? 0 : (text ? 3 : 2));
  const std::int64_t cells = room(array.length) + room(array.offset);
  auto& list = owner.lists.emplace_back(new const void*[3]());
  if (bytes.next() != 255) array.buffers = list.get();
  if (bytes.next() % 2) list[0] = buffer(owner, bytes, (cells + 7) / 8, false);
  if (text) {
    std::int64_t reach = 0;
    list[1] = format == "u" ? text_offsets<std::int32_t>(owner, bytes, cells + 1, &reach)
                            : text_offsets<std::int64_t>(owner, bytes, cells + 1, &reach);
    list[2] = buffer(owner, bytes, reach, false);
  } else {
    list[1] = buffer(owner, bytes, cells * 8, bytes.next() % 2);
  }
  if (!words && bytes.next() % 4 == 1) {
    const Column dictionary = column(owner, bytes, 4, "", true);
    if (bytes.next() != 255) schema.dictionary = dictionary.schema;
    if (bytes.next() != 255) array.dictionary = dictionary.array;
  }
  return {&schema, &array};
}

plumb::Goal fuzz_goal(bool wide) {
  plumb::Goal goal;
  goal.maximize = {{1.0, "y"}};
  plumb::OutcomeSpec outcome;
  outcome.name = "y";
  goal.outcomes = {outcome};
  goal.data.action = "a";
  goal.data.reject_up_to = 0.9;
  goal.data.propensity_number = 0.5;
  if (wide) {
    goal.data.propensity_number.reset();
    goal.data.propensity_column = "p";
    goal.data.context = {"x*"};
    goal.data.time = "t";
    goal.data.id = "id";
    goal.segments = {"s"};
  }
  return goal;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const plumb::Goal goals[2] = {fuzz_goal(false), fuzz_goal(true)};
  Bytes bytes(data, size);
  Owner owner;
  ArrowSchema schema{};
  ArrowArray array{};
  schema.format = bytes.next() == 255 ? "+l" : "+s";
  schema.release = [](ArrowSchema*) {};
  array.release = [](ArrowArray*) {};
  const std::int64_t length = bytes.next() % 16;
  array.length = bytes.count(length);
  array.offset = bytes.next() % 4 == 3 ? bytes.count(1) : 0;
  array.null_count = bytes.count(-1);
  const void* list[1] = {};
  array.buffers = list;
  array.n_buffers = bytes.count(1);
  if (bytes.next() % 4 == 3)
    list[0] = buffer(owner, bytes, (room(array.length) + room(array.offset) + 7) / 8, false);
  std::vector<ArrowSchema*> schemas;
  std::vector<ArrowArray*> arrays;
  do {
    const std::uint8_t other = bytes.next();
    const std::size_t name = other < 224 ? schemas.size() : other;
    const Column made = column(owner, bytes, length, kNames[name % std::size(kNames)], false);
    schemas.push_back(made.schema);
    arrays.push_back(made.array);
  } while (bytes.more() && schemas.size() < 8);
  schema.children = schemas.data();
  array.children = arrays.data();
  schema.n_children = array.n_children = static_cast<std::int64_t>(schemas.size());
  for (const plumb::Goal& goal : goals)
    plumb::whole_or_refused(
        [&](plumb::LoadReport* report) { return plumb::read_arrow(schema, array, goal, "fuzz", report); });
  return 0;
}
