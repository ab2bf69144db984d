#include "text/token_pattern.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "arrow/utf8.h"
#include "foretell/error.h"
#include "text/utf8_decode.h"

namespace foretell {
namespace {

class Parser {
 public:
  Parser(std::string_view pattern, const Characters& characters)
      : pattern_(pattern), characters_(characters) {}

  TokenPattern Parse() {
    if (!IsUtf8(pattern_)) {
      Refuse("it is not UTF-8");
    }
    TokenPattern parsed;
    if (Take("(?u)")) {
      // what str patterns do anyway
    } else if (Sees("(?") && !Sees("(?:")) {
      Refuse("flags other than (?u) and lookarounds are not known");
    }
    bool outer = TakeGroup();
    parsed.bounded_before = Take("\\b");
    const bool inner = TakeGroup();
    TakeRepeated(parsed);
    if (inner && !Take(")")) {
      Refuse("a group has to hold all of it");
    }
    if (outer && !inner && !parsed.bounded_before && Take(")")) {  // ([a-z]+)\b
      outer = false;
    }
    parsed.bounded_behind = Take("\\b");
    if (outer && !Take(")")) {
      Refuse("a group has to hold all of it");
    }
    if (captures_ > 1) {
      Refuse("it has more than one capturing group");
    }
    if (at_ != pattern_.size()) {
      Refuse("its end, '" + Printable(pattern_.substr(at_)) + "', is not known");
    }
    if ((parsed.bounded_before || parsed.bounded_behind) && !IsWithinWords(parsed.token_class)) {
      Refuse("\\b next to characters that are not all of \\w is not known");
    }
    return parsed;
  }

 private:
  [[noreturn]] void Refuse(const std::string& why) const {
    throw Error(Code::kInvalidArgument,
                "token_pattern '" + Printable(pattern_) + "' cannot be compiled: " + why,
                "characters of one class, as in (?u)\\b\\w\\w+\\b, [a-zA-Z]+, \\w{3,} or \\S+, can be; the "
                "pipeline itself still runs in Python");
  }

  bool Sees(std::string_view text) const { return pattern_.substr(at_).starts_with(text); }

  bool Take(std::string_view text) {
    if (!Sees(text)) {
      return false;
    }
    at_ += text.size();
    return true;
  }

  bool TakeGroup() {
    if (Take("(?:")) {
      return true;
    }
    if (Sees("(?") || !Take("(")) {
      return false;
    }
    ++captures_;
    return true;
  }

  // One class, once or more often, at least one of them without an upper limit: together a run of it.
  void TakeRepeated(TokenPattern& parsed) {
    std::optional<CharacterClass> all;
    bool endless = false;
    std::size_t least = 0;
    while (at_ < pattern_.size() && !Sees(")") && !Sees("\\b")) {
      CharacterClass one = TakeClass();
      if (all && !(*all == one)) {
        Refuse("its characters are not of one class");
      }
      all = std::move(one);
      const auto [times, more] = TakeRepetition();
      least += times;
      endless = endless || more;
    }
    if (!all) {
      Refuse("no characters are in it");
    }
    if (!endless) {
      Refuse("tokens of a limited length are not known");
    }
    if (least == 0) {
      Refuse("it takes empty tokens");
    }
    parsed.token_class = *std::move(all);
    parsed.least = least;
  }

  // How often at least, and whether without a limit.
  std::pair<std::size_t, bool> TakeRepetition() {
    std::pair<std::size_t, bool> taken{1, false};
    if (Take("+")) {
      taken = {1, true};
    } else if (Take("*")) {
      taken = {0, true};
    } else if (Take("{")) {
      std::size_t digits = 0;
      taken.first = 0;
      for (; at_ < pattern_.size() && pattern_[at_] >= '0' && pattern_[at_] <= '9'; ++at_, ++digits) {
        taken.first = taken.first * 10 + static_cast<std::size_t>(pattern_[at_] - '0');
        if (digits > 8) {
          Refuse("a repetition is too large");
        }
      }
      taken.second = Take(",");
      if ((digits == 0 && !taken.second) || !Take("}")) {
        Refuse("repetitions other than + * {n} {n,} are not known");
      }
    }
    if (Sees("?") || Sees("+") || Sees("*") || Sees("{")) {
      Refuse("repetitions other than + * {n} {n,} are not known");
    }
    return taken;
  }

  CharacterClass TakeClass() {
    CharacterClass taken;
    if (Take("[")) {
      TakeSet(taken);
      return taken;
    }
    if (std::string_view(".^$|(?+*{").find(pattern_[at_]) != std::string_view::npos) {
      Refuse("'" + std::string(pattern_.substr(at_, 1)) + "' is not known");
    }
    if (const auto c = TakeMember(taken)) {
      taken.ranges.emplace_back(*c, *c);
    }
    return taken;
  }

  void TakeSet(CharacterClass& set) {
    set.negated = Take("^");
    for (bool first = true; first || !Sees("]"); first = false) {
      if (at_ == pattern_.size()) {
        Refuse("a set does not end");
      }
      const auto low = TakeMember(set);
      if (!Sees("-") || Sees("-]")) {
        if (low) {
          set.ranges.emplace_back(*low, *low);
        }
        continue;
      }
      Take("-");
      if (at_ == pattern_.size()) {
        Refuse("a set does not end");
      }
      CharacterClass none;
      const auto high = TakeMember(none);
      if (!low || !high || *low > *high) {
        Refuse("a range of a set is no range");
      }
      set.ranges.emplace_back(*low, *high);
    }
    Take("]");
  }

  // A character; or nothing, when it was an escape such as \w that went into `into`.
  std::optional<char32_t> TakeMember(CharacterClass& into) {
    const auto [c, length] = CharacterAt(pattern_.data() + at_);
    at_ += length;
    if (c != U'\\') {
      return c;
    }
    if (at_ == pattern_.size()) {
      Refuse("it ends within an escape");
    }
    const auto [escaped, escaped_length] = CharacterAt(pattern_.data() + at_);
    at_ += escaped_length;
    switch (escaped) {
      case U'w':
        into.flags |= Characters::kWord;
        return std::nullopt;
      case U'd':
        into.flags |= Characters::kDecimal;
        return std::nullopt;
      case U's':
        into.flags |= Characters::kSpace;
        return std::nullopt;
      case U'W':
        into.missing_flags.push_back(Characters::kWord);
        return std::nullopt;
      case U'D':
        into.missing_flags.push_back(Characters::kDecimal);
        return std::nullopt;
      case U'S':
        into.missing_flags.push_back(Characters::kSpace);
        return std::nullopt;
      case U'n':
        return U'\n';
      case U't':
        return U'\t';
      case U'r':
        return U'\r';
      case U'x':
        return TakeHexadecimal(2);
      case U'u':
        return TakeHexadecimal(4);
      case U'U':
        return TakeHexadecimal(8);
      default:
        break;
    }
    if (escaped < 0x80 && (characters_.flags[escaped] & Characters::kWord) != 0 && escaped != U'_') {
      Refuse("the escape '\\" + std::string(1, static_cast<char>(escaped)) + "' is not known");
    }
    return escaped;
  }

  char32_t TakeHexadecimal(int digits) {
    char32_t c = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const std::size_t digit = at_ < pattern_.size()
                                    ? std::string_view("0123456789abcdefABCDEF").find(pattern_[at_])
                                    : std::string_view::npos;
      if (digit == std::string_view::npos) {
        Refuse("an escape does not end");
      }
      c = c << 4U | static_cast<char32_t>(digit < 16 ? digit : digit - 6);
    }
    if (c >= kCodePoints) {
      Refuse("an escape is beyond U+10FFFF");
    }
    return c;
  }

  bool IsWithinWords(const CharacterClass& token_class) const {
    if (token_class == CharacterClass{.flags = Characters::kWord}) {
      return true;
    }
    for (char32_t c = 0; c < kCodePoints; ++c) {
      if ((characters_.flags[c] & Characters::kWord) == 0 && token_class.Contains(c, characters_)) {
        return false;
      }
    }
    return true;
  }

  std::string_view pattern_;
  const Characters& characters_;
  std::size_t at_ = 0;
  int captures_ = 0;
};

}  // namespace

bool CharacterClass::ContainsBeforeNegation(char32_t c, const Characters& characters) const {
  const std::uint8_t of_c = characters.flags[c];
  return (of_c & flags) != 0 ||
         std::any_of(missing_flags.begin(), missing_flags.end(),
                     [&](std::uint8_t flag) { return (of_c & flag) == 0; }) ||
         std::any_of(ranges.begin(), ranges.end(),
                     [&](const auto& range) { return c >= range.first && c <= range.second; });
}

TokenPattern ParseTokenPattern(std::string_view pattern, const Characters& characters) {
  return Parser(pattern, characters).Parse();
}

std::vector<block::AsciiRange> AsciiMembers(const CharacterClass& token_class, const Characters& characters) {
  std::vector<block::AsciiRange> ranges;
  int first = 0;  // that has been a member with all behind it
  for (int c = 0; c <= 0x80; ++c) {
    if (c == 0x80 || !token_class.Contains(static_cast<char32_t>(c), characters)) {
      if (first < c) {
        ranges.emplace_back(first, c - 1);
      }
      first = c + 1;
    }
  }
  return ranges;
}

}  // namespace foretell
