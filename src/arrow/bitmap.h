// Bits as Arrow packs them: least significant first.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace foretell {

inline bool GetBit(const void* bits, std::int64_t i) {
  return ((static_cast<const std::uint8_t*>(bits)[i >> 3] >> (i & 7)) & 1) != 0;
}

inline void SetBit(void* bits, std::int64_t i) {
  auto* byte = static_cast<std::uint8_t*>(bits) + (i >> 3);
  *byte = static_cast<std::uint8_t>(*byte | (1U << (i & 7)));
}

// Sets the bits [offset, offset + length).
inline void SetBits(void* bits, std::int64_t offset, std::int64_t length) {
  std::int64_t i = offset;
  const std::int64_t end = offset + length;
  for (; i < end && (i & 7) != 0; ++i) {
    SetBit(bits, i);
  }
  if (end - i >= 8) {
    const std::int64_t bytes = (end - i) / 8;
    std::memset(static_cast<std::uint8_t*>(bits) + (i >> 3), 0xFF, static_cast<std::size_t>(bytes));
    i += bytes * 8;
  }
  for (; i < end; ++i) {
    SetBit(bits, i);
  }
}

// The number of bits that are set in [offset, offset + length).
inline std::int64_t CountBits(const void* bits, std::int64_t offset, std::int64_t length) {
  std::int64_t count = 0;
  std::int64_t i = offset;
  const std::int64_t end = offset + length;
  for (; i < end && (i & 7) != 0; ++i) {
    count += GetBit(bits, i) ? 1 : 0;
  }
  const auto* bytes = static_cast<const std::uint8_t*>(bits);
  for (; end - i >= 64; i += 64) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + (i >> 3), sizeof(word));
    count += std::popcount(word);
  }
  for (; i < end; ++i) {
    count += GetBit(bits, i) ? 1 : 0;
  }
  return count;
}

}  // namespace foretell
