#include "text/lower.h"

#include <algorithm>
#include <array>
#include <bit>

#include "text/block.h"

namespace foretell {
namespace {

constexpr char32_t kSigma = 0x3A3;
constexpr char32_t kSmallSigma = 0x3C3;
constexpr char32_t kFinalSigma = 0x3C2;
constexpr char32_t kDottedI = 0x130;
constexpr std::string_view kSmallDottedI = "i\xCC\x87";  // i, U+0307

// Whether the sigma at [begin, end) of `text` ends a word (Unicode 15.0, table 3-17): after a cased
// character and not before one, whatever can be ignored lying between.
bool IsFinal(std::string_view text, std::size_t begin, std::size_t end, const Characters& characters) {
  const auto flags_at = [&](Character character) { return characters.flags[character.code_point]; };
  bool after_cased = false;
  for (std::size_t i = begin; i > 0;) {
    const Character before = CharacterBefore(text.data() + i);
    if ((flags_at(before) & Characters::kIgnorable) == 0) {
      after_cased = (flags_at(before) & Characters::kCased) != 0;
      break;
    }
    i -= before.length;
  }
  if (!after_cased) {
    return false;
  }
  for (std::size_t i = end; i < text.size();) {
    const Character next = CharacterAt(text.data() + i);
    if ((flags_at(next) & Characters::kIgnorable) == 0) {
      return (flags_at(next) & Characters::kCased) == 0;
    }
    i += next.length;
  }
  return true;
}

// Lowers the character at `i`; returns its length in `text`.
std::size_t LowerOne(std::string_view text, std::size_t i, const Characters& characters, char*& to) {
  const char* const at = text.data() + i;
  const Character character = CharacterAt(at);
  const char32_t c = character.code_point;
  if (c < 0x80) {
    *to++ = static_cast<char>(c - U'A' <= U'Z' - U'A' ? c + (U'a' - U'A') : c);
  } else if ((characters.flags[c] & Characters::kLowered) == 0) {
    to = std::copy_n(at, character.length, to);
  } else if (c == kSigma) {
    to += WriteCharacter(IsFinal(text, i, i + character.length, characters) ? kFinalSigma : kSmallSigma, to);
  } else if (c == kDottedI) {
    to = std::copy(kSmallDottedI.begin(), kSmallDottedI.end(), to);
  } else {
    to += WriteCharacter(c + static_cast<char32_t>(characters.to_lower[c]), to);
  }
  return character.length;
}

}  // namespace

void Lower(std::string_view text, const Characters& characters, TextBuffer& out) {
  // A character of two bytes may become one of three; none grows more.
  char* to = out.Restart(text.size() + text.size() / 2);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = std::min(block::kSize, text.size() - i);
    const char* from = text.data() + i;
    std::array<char, block::kSize> last{};
    if (length < block::kSize) {
      std::copy_n(from, length, last.begin());
      from = last.data();
    }
    block::Lower(from, to);
    const std::uint64_t non_ascii = block::NonAscii(from);
    if (non_ascii == 0) {
      i += length;
      to += length;
      continue;
    }
    const auto before = static_cast<std::size_t>(std::countr_zero(non_ascii));
    i += before;
    to += before;
    // Text in another script goes on a while; so does ASCII, once there is a run of it.
    constexpr std::size_t kRun = 8;
    for (std::size_t ascii = 0; i < text.size() && ascii < kRun;) {
      const std::size_t lowered = LowerOne(text, i, characters, to);
      ascii = lowered == 1 ? ascii + 1 : 0;
      i += lowered;
    }
  }
  out.EndAt(to);
}

}  // namespace foretell
