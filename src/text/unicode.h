// What characters are, in the Unicode version of the Python that trained a model: its str decides which
// characters form words, and how they are lowered and stripped of accents.
//
// Python 3.11 has Unicode 14.0, 3.12 15.0, 3.13 15.1, 3.14 16.0 (`unicodedata.unidata_version`).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace foretell {

enum class UnicodeVersion : std::uint8_t { k14_0, k15_0, k15_1, k16_0 };
inline constexpr int kUnicodeVersions = 4;

// From "14.0.0"; FT0101 for a version that is not known.
UnicodeVersion ParseUnicodeVersion(std::string_view text);
std::string_view ToString(UnicodeVersion version);

inline constexpr char32_t kCodePoints = 0x110000;

// A value for every code point: blocks of 256, of which those without any value share one.
template <typename T>
class CodePointMap {
 public:
  CodePointMap() : values_(kBlock) {}

  // `code_point` is below kCodePoints.
  const T& operator[](char32_t code_point) const {
    return values_[block_[code_point >> 8U] * kBlock + (code_point & 0xFFU)];
  }

  T& At(char32_t code_point) {
    std::uint16_t& block = block_[code_point >> 8U];
    if (block == 0) {
      block = static_cast<std::uint16_t>(values_.size() / kBlock);
      values_.resize(values_.size() + kBlock);
    }
    return values_[block * kBlock + (code_point & 0xFFU)];
  }

 private:
  static constexpr std::size_t kBlock = 256;
  std::array<std::uint16_t, kCodePoints / kBlock> block_{};
  std::vector<T> values_;
};

struct Characters {
  enum Flag : std::uint8_t {
    kWord = 1,        // \w: isalnum(), and '_'
    kDecimal = 2,     // \d: isdecimal()
    kSpace = 4,       // \s: isspace()
    kCased = 8,       // Cased and not Case_Ignorable
    kIgnorable = 16,  // Case_Ignorable
    kLowered = 32,    // lower() changes it
  };

  CodePointMap<std::uint8_t> flags;
  CodePointMap<std::int32_t> to_lower;  // to be added; U+0130 becomes two and is not in here
};

// NFKD without combining characters, for all but Hangul syllables.
struct Unaccented {
  // Where a character's text begins in `texts`, a length followed by as many; 0: it stays as it is.
  CodePointMap<std::uint16_t> begin;
  std::vector<char32_t> texts;
};

// Made at the first call, then shared by all; any thread.
const Characters& CharactersOf(UnicodeVersion version);
const Unaccented& UnaccentedOf(UnicodeVersion version);

}  // namespace foretell
