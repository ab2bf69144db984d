// Vectors as wide as the registers of the instruction set that a kernel file is compiled for.
//
// Every kernel spells out the arithmetic of one element; a vector only holds several elements. So the width
// changes the speed and never a bit, as long as sums over elements keep to one shape: eight partial sums,
// element i in sum i mod 8, added up as SumOf does. Nothing here may leave the file that includes it (a
// function built for one instruction set must not be linked into another's), hence the unnamed namespace.
#pragma once

#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define FORETELL_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define FORETELL_VECTOR_BYTES 32
#else
#define FORETELL_VECTOR_BYTES 16
#endif

namespace foretell::kernels {
namespace {  // NOLINT(google-build-namespaces)

inline constexpr std::int64_t kWidth = FORETELL_VECTOR_BYTES / 8;
inline constexpr std::int64_t kLanes = 8;                // of a group, on every instruction set
inline constexpr std::int64_t kParts = kLanes / kWidth;  // vectors of a group

using Doubles = double __attribute__((vector_size(FORETELL_VECTOR_BYTES)));
using Longs = std::int64_t __attribute__((vector_size(FORETELL_VECTOR_BYTES)));
using Bits = std::uint64_t __attribute__((vector_size(FORETELL_VECTOR_BYTES)));
using LooseDoubles [[gnu::aligned(8)]] = Doubles;
static_assert(alignof(LooseDoubles) == alignof(double));

[[gnu::always_inline]] inline Doubles Load(const double* from) {
  return *reinterpret_cast<const LooseDoubles*>(from);
}

[[gnu::always_inline]] inline void Store(double* to, Doubles value) {
  *reinterpret_cast<LooseDoubles*>(to) = value;
}

[[gnu::always_inline]] inline Doubles All(double value) {
#if FORETELL_VECTOR_BYTES == 64
  return Doubles{value, value, value, value, value, value, value, value};
#elif FORETELL_VECTOR_BYTES == 32
  return Doubles{value, value, value, value};
#else
  return Doubles{value, value};
#endif
}

// Element k of kWidth rows.
[[gnu::always_inline]] inline Doubles LoadOfRows(const double* const* rows, std::int64_t k) {
#if FORETELL_VECTOR_BYTES == 64
  return Doubles{rows[0][k], rows[1][k], rows[2][k], rows[3][k],
                 rows[4][k], rows[5][k], rows[6][k], rows[7][k]};
#elif FORETELL_VECTOR_BYTES == 32
  return Doubles{rows[0][k], rows[1][k], rows[2][k], rows[3][k]};
#else
  return Doubles{rows[0][k], rows[1][k]};
#endif
}

// 0, 1, 2, ...
[[gnu::always_inline]] inline Longs Places() {
#if FORETELL_VECTOR_BYTES == 64
  return Longs{0, 1, 2, 3, 4, 5, 6, 7};
#elif FORETELL_VECTOR_BYTES == 32
  return Longs{0, 1, 2, 3};
#else
  return Longs{0, 1};
#endif
}

[[gnu::always_inline]] inline Doubles Select(Longs where, Doubles yes, Doubles no) {
  return where ? yes : no;
}

// Whether a comparison holds somewhere.
[[gnu::always_inline]] inline bool Any(Longs where) {
#if FORETELL_VECTOR_BYTES == 64
  return _mm512_movepi64_mask((__m512i)where) != 0;
#elif FORETELL_VECTOR_BYTES == 32
  return _mm256_movemask_pd((__m256d)where) != 0;
#else
  return (where[0] | where[1]) != 0;
#endif
}

[[gnu::always_inline]] inline Doubles Magnitude(Doubles x) {
  return (Doubles)((Bits)x & (Bits)(Longs{} + 0x7fff'ffff'ffff'ffff));
}

// Eight neighbouring elements.
struct Group {
  Doubles part[kParts];
};

[[gnu::always_inline]] inline double SumOf(const Group& group) {
  using Two = double __attribute__((vector_size(16)));
#if FORETELL_VECTOR_BYTES == 64
  using Four = double __attribute__((vector_size(32)));
  const Doubles all = group.part[0];
  const Four four =
      __builtin_shufflevector(all, all, 0, 1, 2, 3) + __builtin_shufflevector(all, all, 4, 5, 6, 7);
  const Two two = __builtin_shufflevector(four, four, 0, 1) + __builtin_shufflevector(four, four, 2, 3);
#elif FORETELL_VECTOR_BYTES == 32
  const Doubles four = group.part[0] + group.part[1];
  const Two two = __builtin_shufflevector(four, four, 0, 1) + __builtin_shufflevector(four, four, 2, 3);
#else
  const Two two = (group.part[0] + group.part[2]) + (group.part[1] + group.part[3]);
#endif
  return two[0] + two[1];
}

// The sums of kWidth groups: element i is SumOf(groups[i]).
[[gnu::always_inline]] inline Doubles SumsOf(const Group* groups) {
#if FORETELL_VECTOR_BYTES == 64
  const auto halves = [&](int one, int other) {  // four of one, four of the other
    const Doubles a = groups[one].part[0];
    const Doubles b = groups[other].part[0];
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +
           __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  };
  const auto quarters = [](Doubles a, Doubles b) {
    return __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13) +
           __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15);
  };
  const Doubles even = quarters(halves(0, 2), halves(4, 6));
  const Doubles odd = quarters(halves(1, 3), halves(5, 7));
  return __builtin_shufflevector(even, odd, 0, 8, 2, 10, 4, 12, 6, 14) +
         __builtin_shufflevector(even, odd, 1, 9, 3, 11, 5, 13, 7, 15);
#elif FORETELL_VECTOR_BYTES == 32
  const auto halves = [&](int one, int other) {
    const Doubles a = groups[one].part[0] + groups[one].part[1];
    const Doubles b = groups[other].part[0] + groups[other].part[1];
    return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
  };
  const Doubles even = halves(0, 2);
  const Doubles odd = halves(1, 3);
  return __builtin_shufflevector(even, odd, 0, 4, 2, 6) + __builtin_shufflevector(even, odd, 1, 5, 3, 7);
#else
  const auto halves = [&](int one) {
    const Group& group = groups[one];
    return (group.part[0] + group.part[2]) + (group.part[1] + group.part[3]);
  };
  const Doubles even = halves(0);
  const Doubles odd = halves(1);
  return __builtin_shufflevector(even, odd, 0, 2) + __builtin_shufflevector(even, odd, 1, 3);
#endif
}

}  // namespace
}  // namespace foretell::kernels
