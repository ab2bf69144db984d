#include "text/accents.h"

#include <span>

namespace foretell {
namespace {

// Hangul syllables are made of a leading consonant, a vowel, and perhaps a trailing consonant (Unicode 15.0,
// section 3.12).
constexpr char32_t kSyllables = 0xAC00;
constexpr char32_t kLeading = 0x1100;
constexpr char32_t kVowels = 0x1161;
constexpr char32_t kTrailing = 0x11A7;
constexpr char32_t kVowelCount = 21;
constexpr char32_t kTrailingCount = 28;
constexpr char32_t kSyllableCount = 19 * kVowelCount * kTrailingCount;

void AppendHangul(char32_t syllable, TextBuffer& out) {
  out.Append(kLeading + syllable / (kVowelCount * kTrailingCount));
  out.Append(kVowels + syllable / kTrailingCount % kVowelCount);
  if (syllable % kTrailingCount != 0) {
    out.Append(kTrailing + syllable % kTrailingCount);
  }
}

}  // namespace

void Strip(std::string_view text, StripAccents how, UnicodeVersion version, TextBuffer& out) {
  out.Restart(text.size());
  if (how == StripAccents::kNone) {
    out.Append(text);
    return;
  }
  const bool ascii = how == StripAccents::kAscii;
  const Unaccented& unaccented = UnaccentedOf(version);
  for (const char* at = text.data(); at != text.data() + text.size();) {
    const auto [c, length] = CharacterAt(at);
    at += length;
    if (const std::uint16_t begin = c < 0x80 ? 0 : unaccented.begin[c]; begin != 0) {
      for (const char32_t part : std::span(unaccented.texts).subspan(begin + 1, unaccented.texts[begin])) {
        if (!ascii || part < 0x80) {
          out.Append(part);
        }
      }
    } else if (!ascii && c - kSyllables < kSyllableCount) {
      AppendHangul(c - kSyllables, out);
    } else if (!ascii || c < 0x80) {
      out.Append(c);
    }
  }
}

}  // namespace foretell
