// 64 bytes of text at a time: which of them are ASCII, of a class, and all of them lowered. Built of 16-byte
// vectors, which every x86-64 and AArch64 has, so that there is one build for all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace foretell::block {

inline constexpr std::size_t kSize = 64;

using Bytes = std::uint8_t __attribute__((vector_size(16)));

inline Bytes Load(const char* from) {
  Bytes bytes;
  std::memcpy(&bytes, from, sizeof(bytes));
  return bytes;
}

inline Bytes All(int byte) {
  return Bytes{} + static_cast<std::uint8_t>(byte);
}

struct AsciiRange {
  AsciiRange(int from, int to) : first(All(from)), width(All(to - from)) {}

  Bytes first;  // in each byte
  Bytes width;  // the last is first + width
};

// Bit i: the highest bit of byte i.
inline std::uint64_t HighBits(Bytes bytes) {
#if defined(__SSE2__)
  return static_cast<unsigned>(_mm_movemask_epi8(reinterpret_cast<__m128i>(bytes)));
#else
  std::uint64_t words[2];
  std::memcpy(words, &bytes, sizeof(words));
  const auto gathered = [](std::uint64_t word) {
    return ((word & 0x8080808080808080U) >> 7U) * 0x0102040810204080U >> 56U;
  };
  return gathered(words[0]) | gathered(words[1]) << 8U;
#endif
}

template <typename OfBytes>
std::uint64_t Mask(const char* from, OfBytes of_bytes) {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < kSize; i += sizeof(Bytes)) {
    mask |= HighBits(of_bytes(Load(from + i))) << i;
  }
  return mask;
}

// Bit i: byte i is not ASCII.
inline std::uint64_t NonAscii(const char* from) {
  return Mask(from, [](Bytes bytes) { return bytes; });
}

// Bit i: byte i lies in one of the ranges.
inline std::uint64_t Members(const char* from, std::span<const AsciiRange> ranges) {
  Bytes a{};
  Bytes b{};
  Bytes c{};
  Bytes d{};
  for (const AsciiRange& range : ranges) {
    const auto is_inside = [&](std::size_t i) {
      return reinterpret_cast<Bytes>(Load(from + i) - range.first <= range.width);
    };
    a |= is_inside(0);
    b |= is_inside(16);
    c |= is_inside(32);
    d |= is_inside(48);
  }
  return HighBits(a) | HighBits(b) << 16U | HighBits(c) << 32U | HighBits(d) << 48U;
}

// A to Z become a to z; other bytes stay.
inline void Lower(const char* from, char* to) {
  for (std::size_t i = 0; i < kSize; i += sizeof(Bytes)) {
    const Bytes bytes = Load(from + i);
    const Bytes capital = reinterpret_cast<Bytes>(bytes - All('A') <= All('Z' - 'A'));
    const Bytes lowered = bytes + (capital & All('a' - 'A'));
    std::memcpy(to + i, &lowered, sizeof(lowered));
  }
}

}  // namespace foretell::block
