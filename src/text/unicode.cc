#include "text/unicode.h"

#include <span>
#include <string>

#include "foretell/error.h"
#include "text/unicode_data.h"

namespace foretell {
namespace {

constexpr std::array<std::string_view, kUnicodeVersions> kNames = {"14.0.0", "15.0.0", "15.1.0", "16.0.0"};
constexpr std::uint32_t kCharacter = 0x1FFFFF;

bool Says(std::uint32_t packed, UnicodeVersion version) {
  return ((packed >> 28U) >> static_cast<unsigned>(version) & 1U) != 0;
}

Characters MakeCharacters(UnicodeVersion version) {
  Characters made;
  const auto add = [&](std::span<const unicode_data::Range> ranges, Characters::Flag flag) {
    for (const auto& [first, last] : ranges) {
      for (char32_t c = first; Says(last, version) && c <= (last & kCharacter); ++c) {
        made.flags.At(c) |= flag;
      }
    }
  };
  add(unicode_data::word, Characters::kWord);
  add(unicode_data::decimal, Characters::kDecimal);
  add(unicode_data::space, Characters::kSpace);
  add(unicode_data::cased, Characters::kCased);
  add(unicode_data::ignorable, Characters::kIgnorable);
  for (const auto& [packed, to] : unicode_data::lower) {
    if (Says(packed, version)) {
      const char32_t from = packed & kCharacter;
      made.to_lower.At(from) = static_cast<std::int32_t>(to) - static_cast<std::int32_t>(from);
      made.flags.At(from) |= Characters::kLowered;
    }
  }
  made.flags.At(0x130) |= Characters::kLowered;
  return made;
}

Unaccented MakeUnaccented(UnicodeVersion version) {
  Unaccented made;
  made.texts.push_back(0);
  const auto& numbers = unicode_data::unaccented;
  for (std::size_t i = 0; i < numbers.size();) {
    const std::uint32_t packed = numbers[i];
    const std::size_t length = packed >> 21U & 31U;
    if (Says(packed, version)) {
      made.begin.At(packed & kCharacter) = static_cast<std::uint16_t>(made.texts.size());
      made.texts.push_back(static_cast<char32_t>(length));
      for (const std::uint32_t c : numbers.subspan(i + 1, length)) {
        made.texts.push_back(c);
      }
    }
    i += 1 + length;
  }
  return made;
}

template <UnicodeVersion kVersion>
const Characters& CharactersIn() {
  static const Characters made = MakeCharacters(kVersion);
  return made;
}

template <UnicodeVersion kVersion>
const Unaccented& UnaccentedIn() {
  static const Unaccented made = MakeUnaccented(kVersion);
  return made;
}

}  // namespace

UnicodeVersion ParseUnicodeVersion(std::string_view text) {
  std::string known;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) {
      return static_cast<UnicodeVersion>(i);
    }
    known += (i == 0 ? "" : ", ") + std::string(kNames[i]);
  }
  throw Error(Code::kInvalidArgument,
              "there are no tables for Unicode '" + std::string(text.substr(0, 20)) + "', only for " + known,
              "train with Python 3.11 to 3.14, or upgrade foretell");
}

std::string_view ToString(UnicodeVersion version) {
  return kNames[static_cast<std::size_t>(version)];
}

const Characters& CharactersOf(UnicodeVersion version) {
  switch (version) {
    case UnicodeVersion::k14_0:
      return CharactersIn<UnicodeVersion::k14_0>();
    case UnicodeVersion::k15_0:
      return CharactersIn<UnicodeVersion::k15_0>();
    case UnicodeVersion::k15_1:
      return CharactersIn<UnicodeVersion::k15_1>();
    case UnicodeVersion::k16_0:
      break;
  }
  return CharactersIn<UnicodeVersion::k16_0>();
}

const Unaccented& UnaccentedOf(UnicodeVersion version) {
  switch (version) {
    case UnicodeVersion::k14_0:
      return UnaccentedIn<UnicodeVersion::k14_0>();
    case UnicodeVersion::k15_0:
      return UnaccentedIn<UnicodeVersion::k15_0>();
    case UnicodeVersion::k15_1:
      return UnaccentedIn<UnicodeVersion::k15_1>();
    case UnicodeVersion::k16_0:
      break;
  }
  return UnaccentedIn<UnicodeVersion::k16_0>();
}

}  // namespace foretell
