// plumb/arrow.h: decisions from another program's memory, by Arrow's C data interface.
//
// A program that holds columns (Arrow, pandas, Polars, DuckDB, ...) hands over two C structs with pointers to
// them, and no file is written. The structs are those that the Arrow project publishes
// (https://arrow.apache.org/docs/format/CDataInterface.html); their layout is stable, and no Arrow library is
// needed. A record batch is a struct array whose children are the columns; a row is a decision, and the goal's
// [data] names columns as it does for CSV. What cannot be read is refused, never repaired.
//
//   ArrowSchema schema; ArrowArray batch;              // filled by the other program
//   LoadReport report;
//   DecisionLog log = read_arrow(schema, batch, goal, "orders", &report);
//   assign_folds(log, /*split_seed=*/1);
//   batch.release(&batch); schema.release(&schema);    // still the caller's
//
// Types (format strings): integers (c C s S i I l L), float32 and float64 (f g), boolean (b), UTF-8 (u U),
// either of these as values of a dictionary, timestamps (ts*), dates (tdD tdm) and null (n), each with a
// validity bitmap and with offsets (slices). Every other type, nested ones and float16 too, is refused with the
// column's name, also where the goal does not name the column: a row's fingerprint is of all its columns.
//
// What a value means, beside what docs/formats.md says of CSV:
//   null        nothing, as an empty cell of CSV. A column of numbers with nulls is a category in the context
//   and
//               in segments, its numbers as they print (a note says so); nulls of rejected rows count here too.
//   boolean     1 or 0
//   text        text, also where it reads as a number. In a column of outcomes or probabilities such a text
//   counts
//               as the number, in a column of times ISO 8601 does.
//   NaN         refused in every column that the goal names; infinities too. Missing is null.
//   time        a timestamp is microseconds since 1970 (nanoseconds are cut off downwards), a date its first
//               microsecond. UTC, whatever time zone the type names: Arrow holds instants; without a zone the
//               clock is taken as UTC. In any other role it is a category, printed as 2024-05-01 or
//               2024-05-01T12:30:00Z with the digits of a second that it needs. A column of plain integers as
//               time is microseconds.
//   names       ids, units, versions and actions: text, integers, booleans, dates and times; no floats
//
// The same log as from CSV, row digests and fingerprints included, where the CSV's cells are the values as they
// print here and no text column holds nothing but numbers. Values print so: integers and booleans in digits,
// floats in the shortest form that reads back as the same float (of their own width; whole numbers below 2^53
// without a point: 2, not 2.0), null as nothing, times as above. So fingerprints agree, and rows of a CSV are
// recognized, exactly where its cells are written like this. A propensity or outcome in float32
// counts with its own value, which is not that of its decimal text: 0.1f is 0.10000000149. Units that neither
// the goal nor an id names are told by the row's text, cells with commas between them, quoted only where they
// must be: they agree where the CSV has the columns in the same order.
#pragma once

#include <cstdint>
#include <string>

#include "plumb/data.h"
#include "plumb/goal.h"

extern "C" {

// As published. The guards are the specification's: a program may include these and Arrow's own headers.
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

#endif  // ARROW_C_STREAM_INTERFACE

}  // extern "C"

namespace plumb {

// The log of one record batch. `name` stands for the file in messages: "orders:row 17: spend: found ...,
// expected
// ...", rows from 1; it is the log's `source`. `report` may be null; its `bytes` are 0.
// REQUIRES: the structs are filled as the interface says, and the buffers are as long as lengths, offsets and
// types say (which nothing in the interface tells). Lengths, offsets, counts, pointers, text offsets,
// dictionary codes and null counts are checked before anything is read by them. Ownership: reads only and keeps
// nothing; both structs stay the caller's, who releases them afterwards. Throws Error{kInput} for a released or
// contradictory struct, an unreadable type, a column that is named twice or that the goal names and is not
// there, and for bad rows as read_log does. Deterministic; safe to call from several threads on the same
// structs.
DecisionLog read_arrow(const ArrowSchema& schema, const ArrowArray& batch, const Goal& goal,
                       const std::string& name, LoadReport* report);

// The log of all batches of a stream, one after the other; rows are counted through. Splitting rows over
// batches differently gives the same log. All batches are held until the log is made. Ownership: the schema and
// the batches that the stream gives out are released here, also where this throws; the stream itself stays the
// caller's, drained. Throws as above, and Error{kInput} with the stream's own message where it fails. Not safe
// to call from several threads on one stream.
DecisionLog read_arrow(ArrowArrayStream& stream, const Goal& goal, const std::string& name, LoadReport* report);

}  // namespace plumb
