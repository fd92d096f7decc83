// Four numbers side by side, one for each of four things that go through the same arithmetic: the compiler
// keeps them in a register where the machine has one so wide. What comes out of one place (a lane) depends
// neither on the other three nor on the machine.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <new>
#include <vector>
#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace plumb {

inline constexpr std::size_t kQuad = 4;
using Quad = double __attribute__((vector_size(4 * sizeof(double))));
using FloatQuad = float __attribute__((vector_size(4 * sizeof(float))));

// From and to memory: kQuad numbers, aligned or not.
inline Quad load_quad(const double* from) {
  Quad out;
  std::memcpy(&out, from, sizeof out);
  return out;
}
inline FloatQuad load_quad(const float* from) {
  FloatQuad out;
  std::memcpy(&out, from, sizeof out);
  return out;
}
inline Quad load_wide(const float* from) {
#if defined(__AVX__)  // one instruction, which g++ 12 makes four of
  return _mm256_cvtps_pd(_mm_loadu_ps(from));
#else
  return __builtin_convertvector(load_quad(from), Quad);
#endif
}
inline void store_quad(const Quad& from, double* to) { std::memcpy(to, &from, sizeof from); }
inline void store_quad(const FloatQuad& from, float* to) { std::memcpy(to, &from, sizeof from); }

inline Quad quad_of(double x) { return Quad{x, x, x, x}; }
inline Quad larger(const Quad& a, const Quad& b) { return a > b ? a : b; }

// Memory that begins with a cache line, so that what fills one does not lie across two.
template <class T>
struct CacheLineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};
  CacheLineAllocator() = default;
  template <class U>
  explicit CacheLineAllocator(const CacheLineAllocator<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kLine)); }
  void deallocate(T* at, std::size_t) { ::operator delete(at, kLine); }
  bool operator==(const CacheLineAllocator&) const { return true; }
};
template <class T>
using CacheLineVector = std::vector<T, CacheLineAllocator<T>>;

// n numbers of each of four columns, laid out number by number: out[kQuad * k + l] = column[l][k].
inline void interleave(std::size_t n, const std::array<const float*, kQuad>& column, float* out) {
  std::size_t k = 0;
  for (; k + kQuad <= n; k += kQuad) {
    const FloatQuad a = load_quad(column[0] + k), b = load_quad(column[1] + k), c = load_quad(column[2] + k),
                    d = load_quad(column[3] + k);
    const FloatQuad low_ab = __builtin_shufflevector(a, b, 0, 4, 1, 5),
                    high_ab = __builtin_shufflevector(a, b, 2, 6, 3, 7),
                    low_cd = __builtin_shufflevector(c, d, 0, 4, 1, 5),
                    high_cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    float* to = out + kQuad * k;
    store_quad(__builtin_shufflevector(low_ab, low_cd, 0, 1, 4, 5), to);
    store_quad(__builtin_shufflevector(low_ab, low_cd, 2, 3, 6, 7), to + kQuad);
    store_quad(__builtin_shufflevector(high_ab, high_cd, 0, 1, 4, 5), to + 2 * kQuad);
    store_quad(__builtin_shufflevector(high_ab, high_cd, 2, 3, 6, 7), to + 3 * kQuad);
  }
  for (; k < n; ++k) {
    for (std::size_t l = 0; l < kQuad; ++l) out[kQuad * k + l] = column[l][k];
  }
}

}  // namespace plumb
