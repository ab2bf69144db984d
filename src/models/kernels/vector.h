// Vectors as wide as the registers of the instruction set that a kernel file is compiled for.
//
// Every kernel spells out the arithmetic of one element; a vector only holds several elements. So the width
// changes the speed and never a bit, as long as sums over elements keep to one shape: eight partial sums,
// element i in sum i mod 8, added up as SumOf does. Nothing here may leave the file that includes it (a
// function built for one instruction set must not be linked into another's), hence the unnamed namespace.
#pragma once

#include <cstdint>

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
using LooseDoubles = double __attribute__((vector_size(FORETELL_VECTOR_BYTES), aligned(8), may_alias));

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

[[gnu::always_inline]] inline Doubles Select(Longs where, Doubles yes, Doubles no) {
  return where ? yes : no;
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

}  // namespace
}  // namespace foretell::kernels
