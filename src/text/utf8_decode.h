// Bytes as text, as Python's bytes.decode("utf-8", errors) reads them, and the characters of UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace foretell {

class TextBuffer;

// What becomes of bytes that are not UTF-8; each maximal ill-formed piece (Unicode 15.0, section 3.9) is
// refused, left out, or becomes U+FFFD.
enum class DecodeErrors : std::uint8_t { kStrict, kIgnore, kReplace };

// The bytes at the start of `bytes` that are UTF-8.
std::size_t ValidPrefix(std::string_view bytes);

// FT0208 under kStrict, with the place of the first byte that is not UTF-8.
void Decode(std::string_view bytes, DecodeErrors errors, TextBuffer& out);

// The character at `at`, of text that is UTF-8, and its length in bytes.
struct Character {
  char32_t code_point;
  std::size_t length;
};

inline Character CharacterAt(const char* at) {
  const auto byte = [&](int i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) {
    return {first, 1};
  }
  if (first < 0xE0) {
    return {(first & 0x1FU) << 6U | (byte(1) & 0x3FU), 2};
  }
  if (first < 0xF0) {
    return {(first & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU), 3};
  }
  return {(first & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U | (byte(3) & 0x3FU), 4};
}

inline bool IsContinuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// The character that ends before `end`, of text that is UTF-8 and begins before `end`.
inline Character CharacterBefore(const char* end) {
  const char* at = end - 1;
  while (IsContinuation(*at)) {
    --at;
  }
  return CharacterAt(at);
}

// At most four bytes; returns how many.
inline std::size_t WriteCharacter(char32_t c, char* to) {
  if (c < 0x80) {
    to[0] = static_cast<char>(c);
    return 1;
  }
  if (c < 0x800) {
    to[0] = static_cast<char>(0xC0U | c >> 6U);
    to[1] = static_cast<char>(0x80U | (c & 0x3FU));
    return 2;
  }
  if (c < 0x10000) {
    to[0] = static_cast<char>(0xE0U | c >> 12U);
    to[1] = static_cast<char>(0x80U | (c >> 6U & 0x3FU));
    to[2] = static_cast<char>(0x80U | (c & 0x3FU));
    return 3;
  }
  to[0] = static_cast<char>(0xF0U | c >> 18U);
  to[1] = static_cast<char>(0x80U | (c >> 12U & 0x3FU));
  to[2] = static_cast<char>(0x80U | (c >> 6U & 0x3FU));
  to[3] = static_cast<char>(0x80U | (c & 0x3FU));
  return 4;
}

}  // namespace foretell
