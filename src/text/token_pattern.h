// The regular expressions of scikit-learn's `token_pattern` that are known here: all characters of a token
// are of one class, as in
//   (?u)\b\w\w+\b    (?u)\b\w+\b    \w{3,}    [a-zA-Z]+    \b[^\d\W]{2,}\b    \S+    ([a-z]+)
// so that the tokens are the longest runs of that class, of a least length. Any other is refused by name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "text/block.h"
#include "text/unicode.h"

namespace foretell {

// A character, an escape such as \w, or a bracketed set.
struct CharacterClass {
  bool negated = false;
  std::uint8_t flags = 0;                        // \w \d \s: members have one of these Characters::Flag
  std::vector<std::uint8_t> missing_flags = {};  // \W \D \S: members lack one of these
  std::vector<std::pair<char32_t, char32_t>> ranges = {};

  bool Contains(char32_t c, const Characters& characters) const {
    return ContainsBeforeNegation(c, characters) != negated;
  }
  bool operator==(const CharacterClass&) const = default;

 private:
  bool ContainsBeforeNegation(char32_t c, const Characters& characters) const;
};

struct TokenPattern {
  CharacterClass token_class;
  std::size_t least = 1;  // characters
  // \b before and behind: no character of \w stands next to the token there. Only where every character of
  // the class is one of \w.
  bool bounded_before = false;
  bool bounded_behind = false;
};

// FT0101, with what is not known.
TokenPattern ParseTokenPattern(std::string_view pattern, const Characters& characters);

// The members of a class below U+0080.
std::vector<block::AsciiRange> AsciiMembers(const CharacterClass& token_class, const Characters& characters);

}  // namespace foretell
