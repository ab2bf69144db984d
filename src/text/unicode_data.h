// What Python's str says of characters, for every Unicode version that foretell knows; made by
// tools/make_unicode_tables.py, and unpacked by text/unicode.cc. Bit v of `versions` stands for the v-th
// UnicodeVersion.
#pragma once

#include <cstdint>
#include <span>

namespace foretell::unicode_data {

struct Range {
  std::uint32_t first;
  std::uint32_t last_and_versions;  // versions << 28
};

extern const std::span<const Range> word;       // isalnum(), and '_': the \w of Python's re
extern const std::span<const Range> decimal;    // isdecimal(): \d
extern const std::span<const Range> space;      // isspace(): \s
extern const std::span<const Range> cased;      // Cased and not Case_Ignorable: a sigma after one is final
extern const std::span<const Range> ignorable;  // Case_Ignorable: not looked at when a sigma is lowered

struct Mapping {
  std::uint32_t from_and_versions;  // versions << 28
  std::uint32_t to;
};

extern const std::span<const Mapping> lower;  // all but U+0130, which becomes two characters

// For each character that NFKD without combining characters changes (Hangul syllables left out, they follow
// a formula): character | length << 21 | versions << 28, then as many characters.
extern const std::span<const std::uint32_t> unaccented;

}  // namespace foretell::unicode_data
