// MurmurHash3_x86_32 (Austin Appleby), by which scikit-learn's HashingVectorizer finds a term's column.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace foretell {

inline std::uint32_t Murmur3(std::string_view bytes, std::uint32_t seed = 0) {
  const auto scrambled = [](std::uint32_t word) { return std::rotl(word * 0xCC9E2D51U, 15) * 0x1B873593U; };
  std::uint32_t hash = seed;
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof(word));
    hash = std::rotl(hash ^ scrambled(word), 13) * 5 + 0xE6546B64U;
  }
  if (i < bytes.size()) {
    std::uint32_t word = 0;
    for (std::size_t j = bytes.size(); j > i; --j) {
      word = word << 8U | static_cast<unsigned char>(bytes[j - 1]);
    }
    hash ^= scrambled(word);
  }
  hash ^= static_cast<std::uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16U) * 0x85EBCA6BU;
  hash = (hash ^ hash >> 13U) * 0xC2B2AE35U;
  return hash ^ hash >> 16U;
}

}  // namespace foretell
