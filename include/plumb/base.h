// plumb/base.h: what every stage stands on. Read this first.
//
// Errors, random numbers, views of matrices, parallel blocks and stable hashes. Nothing here knows of policies
// or goals. The library never prints, aborts or exits: unusable input throws the one plumb::Error, expected
// outcomes are values, progress goes through a callback.
//
//   Rng rng = Rng(7).stream("bootstrap", 3);       // the same numbers on any thread, in any order of asking
//   parallel_blocks(blocks, threads, [&](std::size_t b) { ... });   // results by block, reduced in block order
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace plumb {

// ---------------------------------------------------------------------------------------------- errors

// What kind of trouble: kInput (a file or option is unusable), kEnvironment (disk, permission, missing file),
// kInternal (a bug of ours). The command line maps the first two to exit status 2, the last to 70.
enum class Code { kInput, kEnvironment, kInternal };

// The one exception. Its message reads `where: what: found ..., expected ...`.
class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Code code() const { return code_; }

 private:
  Code code_;
};

// Throws Error{kInput}: "where: what: found FOUND, expected EXPECTED". `where` is a file with its line where
// there is one ("goal.toml:12"), `what` the key, column or option.
[[noreturn]] void refuse(std::string_view where, std::string_view what, std::string_view found,
                         std::string_view expected);
// Throws Error{kEnvironment}: "where: what".
[[noreturn]] void environment_error(std::string_view where, std::string_view what);
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

// Our own invariants; on in every build type, throws Error{kInternal}.
#define PLUMB_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::plumb::assertion_failed(#expression, __FILE__, __LINE__))

// The name of `candidates` that is nearest to `word` by edit distance; empty where none is near.
std::string nearest_name(std::string_view word, std::span<const std::string> candidates);

// ---------------------------------------------------------------------------------------------- hashes

// A stable 64-bit hash of bytes: the same on every machine and in every version of plumb, since folds, buckets
// and digests depend on it. Not cryptographic.
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0);
// Mixes two words into one, order matters.
std::uint64_t hash_combine(std::uint64_t a, std::uint64_t b);
// Units are hashed into this many buckets, once and for all (no seed): sums by bucket are what intervals are
// made of.
inline constexpr std::size_t kBuckets = 4096;
// Sixteen lower-case hexadecimal digits.
std::string hex(std::uint64_t value);

// ---------------------------------------------------------------------------------------------- random numbers

// Counter-based random numbers (Philox 4x32-10, Salmon et al. 2011): a stream is named by (seed, name, index)
// and its numbers depend on nothing else, so parallel equals serial. Own distributions, so the standard
// library's version does not matter. Not thread-safe: one Rng a thread, from stream().
class Rng {
 public:
  explicit Rng(std::uint64_t seed);
  // An independent stream; depends on this stream's name only, not on how many numbers were drawn.
  Rng stream(std::string_view name, std::uint64_t index = 0) const;

  std::uint64_t bits();             // 64 random bits
  double uniform();                 // in (0, 1), never an end
  double normal();                  // standard normal (Box-Muller)
  double exponential();             // mean 1
  double gamma(double shape);       // scale 1, shape > 0 (Marsaglia, Tsang 2000)
  double beta(double a, double b);  // a, b > 0
  bool bernoulli(double p) { return uniform() < p; }
  std::uint64_t below(std::uint64_t bound);  // uniform in [0, bound), bound > 0, unbiased
  // An index drawn with probability proportional to weights (>= 0, not all 0).
  std::size_t categorical(std::span<const double> weights);

 private:
  Rng(std::uint64_t key, int) : key_(key) {}
  std::uint64_t key_ = 0, counter_ = 0;
  std::array<std::uint64_t, 2> buffer_{};
  int left_ = 0;
  double spare_ = 0;
  bool has_spare_ = false;
};

// ---------------------------------------------------------------------------------------------- matrices

// A view of a row-major matrix that somebody else owns: element (r, c) is data[r * stride + c].
template <class T>
struct BasicMatrixView {
  T* data = nullptr;
  std::size_t rows = 0, cols = 0, stride = 0;
  BasicMatrixView() = default;
  BasicMatrixView(T* d, std::size_t r, std::size_t c) : data(d), rows(r), cols(c), stride(c) {}
  BasicMatrixView(T* d, std::size_t r, std::size_t c, std::size_t s) : data(d), rows(r), cols(c), stride(s) {}
  T& operator()(std::size_t r, std::size_t c) const { return data[r * stride + c]; }
  std::span<T> row(std::size_t r) const { return {data + r * stride, cols}; }
};
using MatrixView = BasicMatrixView<const double>;

// A row-major matrix that owns its elements, zero when made.
struct Matrix {
  std::size_t rows = 0, cols = 0;
  std::vector<double> data;
  Matrix() = default;
  Matrix(std::size_t r, std::size_t c) : rows(r), cols(c), data(r * c, 0.0) {}
  double& operator()(std::size_t r, std::size_t c) { return data[r * cols + c]; }
  double operator()(std::size_t r, std::size_t c) const { return data[r * cols + c]; }
  std::span<double> row(std::size_t r) { return {data.data() + r * cols, cols}; }
  std::span<const double> row(std::size_t r) const { return {data.data() + r * cols, cols}; }
  MatrixView view() const { return {data.data(), rows, cols}; }
};

// ---------------------------------------------------------------------------------------------- work

// Told how far a stage is: done of total (total 0: unknown). Called from one thread at a time.
using Progress = std::function<void(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

// Runs task(0) ... task(blocks - 1), each once, on up to `threads` threads. The split into blocks must not
// depend on `threads`, and tasks must write to places of their own: then results are the same for any number of
// threads. The first exception (by block index) is rethrown when all have stopped.
void parallel_blocks(std::size_t blocks, int threads, const std::function<void(std::size_t)>& task);

// Version of this library, "0.1.0", written once (in CMakeLists.txt).
std::string_view version();

}  // namespace plumb
