// Arrays of Arrow's C data interface, built by hand from the specification: tables that own what the structs
// point to.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plumb/arrow.h"

namespace plumb {

// A column or a struct of columns. The structs are public, so that a test can spoil them.
class MadeArray {
 public:
  MadeArray(std::string name, std::string format, std::int64_t length)
      : name_(std::move(name)), format_(std::move(format)) {
    schema.format = format_.c_str();
    schema.name = name_.c_str();
    schema.flags = ARROW_FLAG_NULLABLE;
    schema.release = [](ArrowSchema* self) { self->release = nullptr; };
    array.length = length;
    array.release = [](ArrowArray* self) { self->release = nullptr; };
  }
  MadeArray(const MadeArray&) = delete;
  MadeArray& operator=(const MadeArray&) = delete;

  // A buffer without bytes is NULL.
  void add_buffer(std::vector<char> bytes) {
    bytes_.push_back(std::make_unique<std::vector<char>>(std::move(bytes)));
    pointers_.push_back(bytes_.back()->empty() ? nullptr : bytes_.back()->data());
    array.buffers = pointers_.data();
    array.n_buffers = static_cast<std::int64_t>(pointers_.size());
  }
  void add_child(std::shared_ptr<MadeArray> child) {
    children_.push_back(std::move(child));
    schemas_.push_back(&children_.back()->schema);
    arrays_.push_back(&children_.back()->array);
    schema.children = schemas_.data();
    array.children = arrays_.data();
    schema.n_children = array.n_children = static_cast<std::int64_t>(children_.size());
  }
  void set_dictionary(std::shared_ptr<MadeArray> words) {
    dictionary_ = std::move(words);
    schema.dictionary = &dictionary_->schema;
    array.dictionary = &dictionary_->array;
  }
  MadeArray& child(std::size_t c) { return *children_[c]; }
  std::vector<char>& buffer(std::size_t b) { return *bytes_[b]; }

  ArrowSchema schema{};
  ArrowArray array{};

 private:
  std::string name_, format_;
  std::vector<std::unique_ptr<std::vector<char>>> bytes_;
  std::vector<const void*> pointers_;
  std::vector<std::shared_ptr<MadeArray>> children_;
  std::vector<ArrowSchema*> schemas_;
  std::vector<ArrowArray*> arrays_;
  std::shared_ptr<MadeArray> dictionary_;
};

using Made = std::shared_ptr<MadeArray>;
template <class T>
using Maybe = std::vector<std::optional<T>>;

template <class T>
void put(std::vector<char>& bytes, T value) {
  const std::size_t at = bytes.size();
  bytes.resize(at + sizeof(T));
  std::memcpy(bytes.data() + at, &value, sizeof(T));
}

inline void put_bit(std::vector<char>& bits, std::size_t at, bool value) {
  if (bits.size() <= at / 8) bits.resize(at / 8 + 1, 0);
  if (value) bits[at / 8] = static_cast<char>(bits[at / 8] | (1 << (at % 8)));
}

// The bitmap of an array that begins with `skipped` rows which its offset leaves out (they are null). No bitmap
// where there are no nulls and none are skipped.
template <class T>
void start(MadeArray& made, const Maybe<T>& values, std::size_t skipped) {
  std::vector<char> bits;
  std::int64_t nulls = 0;
  for (std::size_t row = 0; row < skipped; ++row) put_bit(bits, row, false);
  for (std::size_t row = 0; row < values.size(); ++row) {
    put_bit(bits, skipped + row, values[row].has_value());
    nulls += !values[row].has_value();
  }
  if (nulls == 0 && skipped == 0) bits.clear();
  made.add_buffer(std::move(bits));
  made.array.offset = static_cast<std::int64_t>(skipped);
  made.array.null_count = skipped % 2 == 1 ? -1 : nulls;
}

inline Made made_array(const std::string& name, const std::string& format, std::size_t length) {
  return std::make_shared<MadeArray>(name, format, static_cast<std::int64_t>(length));
}

// Integers, floats, dates, times: T is as wide as the format says.
template <class T>
Made made_numbers(const std::string& name, const std::string& format, const Maybe<T>& values,
                  std::size_t skipped = 0) {
  Made made = made_array(name, format, values.size());
  start(*made, values, skipped);
  std::vector<char> bytes;
  for (std::size_t row = 0; row < skipped; ++row) put(bytes, static_cast<T>(77));
  for (const auto& value : values) put(bytes, value.value_or(static_cast<T>(99)));
  made->add_buffer(std::move(bytes));
  return made;
}

inline Made made_booleans(const std::string& name, const Maybe<bool>& values, std::size_t skipped = 0) {
  Made made = made_array(name, "b", values.size());
  start(*made, values, skipped);
  std::vector<char> bits;
  for (std::size_t row = 0; row < skipped; ++row) put_bit(bits, row, true);
  for (std::size_t row = 0; row < values.size(); ++row)
    put_bit(bits, skipped + row, values[row].value_or(true));
  made->add_buffer(std::move(bits));
  return made;
}

// Offset is std::int32_t (utf8) or std::int64_t (large_utf8).
template <class Offset = std::int32_t>
Made made_texts(const std::string& name, const Maybe<std::string>& values, std::size_t skipped = 0) {
  Made made = made_array(name, sizeof(Offset) == 4 ? "u" : "U", values.size());
  start(*made, values, skipped);
  std::vector<char> offsets, bytes;
  put(offsets, Offset{0});
  const auto add = [&](const std::string& text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
    put(offsets, static_cast<Offset>(bytes.size()));
  };
  for (std::size_t row = 0; row < skipped; ++row) add("left out");
  for (const auto& value : values) add(value.value_or(""));
  made->add_buffer(std::move(offsets));
  made->add_buffer(std::move(bytes));
  return made;
}

// Texts by codes of type T into their distinct values, in order of first appearance.
template <class T = std::int32_t>
Made made_dictionary(const std::string& name, const std::string& format, const Maybe<std::string>& values,
                     std::size_t skipped = 0) {
  Maybe<std::string> words;
  Maybe<T> codes;
  for (const auto& value : values) {
    if (!value) {
      codes.push_back(std::nullopt);
      continue;
    }
    std::size_t at = 0;
    while (at < words.size() && words[at] != value) ++at;
    if (at == words.size()) words.push_back(value);
    codes.push_back(static_cast<T>(at));
  }
  Made made = made_numbers<T>(name, format, codes, skipped);
  made->set_dictionary(made_texts("", words, skipped));
  return made;
}

// Null at every row.
inline Made made_nulls(const std::string& name, std::size_t rows) {
  Made made = made_array(name, "n", rows);
  made->array.null_count = static_cast<std::int64_t>(rows);
  return made;
}

// A record batch; `skipped` rows of every column are left out by the struct's own offset.
inline Made made_batch(const std::vector<Made>& columns, std::size_t skipped = 0) {
  Made made = made_array("", "+s", static_cast<std::size_t>(columns[0]->array.length) - skipped);
  made->array.offset = static_cast<std::int64_t>(skipped);
  made->add_buffer({});
  for (const Made& column : columns) made->add_child(column);
  return made;
}

// A stream of batches with one schema; fails with `error` behind the last batch, where it is not 0.
class MadeStream {
 public:
  explicit MadeStream(std::vector<Made> batches, int error = 0) : batches_(std::move(batches)), error_(error) {
    stream.private_data = this;
    stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
      *out = of(self).batches_[0]->schema;
      out->private_data = &of(self);
      out->release = [](ArrowSchema* schema) {
        ++static_cast<MadeStream*>(schema->private_data)->released;
        schema->release = nullptr;
      };
      return 0;
    };
    stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
      MadeStream& made = of(self);
      if (made.next_ == made.batches_.size()) {
        *out = ArrowArray{};
        return made.error_;
      }
      *out = made.batches_[made.next_++]->array;
      out->private_data = &made;
      out->release = [](ArrowArray* array) {
        ++static_cast<MadeStream*>(array->private_data)->released;
        array->release = nullptr;
      };
      return 0;
    };
    stream.get_last_error = [](ArrowArrayStream*) { return "the disk is gone"; };
    stream.release = [](ArrowArrayStream* self) { self->release = nullptr; };
  }
  ArrowArrayStream stream{};
  int released = 0;

 private:
  static MadeStream& of(ArrowArrayStream* self) { return *static_cast<MadeStream*>(self->private_data); }
  std::vector<Made> batches_;
  std::size_t next_ = 0;
  int error_;
};

}  // namespace plumb
