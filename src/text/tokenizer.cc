#include "text/tokenizer.h"

namespace foretell {
namespace {

bool BitAt(const std::vector<std::uint64_t>& bits, std::size_t i) {
  return (bits[i / 64] >> (i % 64) & 1U) != 0;
}

}  // namespace

Tokenizer::Tokenizer(std::string_view pattern, const Characters& characters)
    : characters_(&characters),
      pattern_(ParseTokenPattern(pattern, characters)),
      word_class_{.flags = Characters::kWord},
      ascii_(AsciiMembers(pattern_.token_class, characters)),
      word_ascii_(AsciiMembers(word_class_, characters)),
      surely_(4 * (pattern_.least - 1)),
      looks_around_((pattern_.bounded_before || pattern_.bounded_behind) &&
                    !(pattern_.token_class == word_class_)) {}

bool Tokenizer::Mark(std::string_view document, const CharacterClass& token_class,
                     const std::vector<block::AsciiRange>& ascii, std::vector<std::uint64_t>& members) const {
  members.assign(document.size() / 64 + 2, 0);
  bool all_ascii = true;
  const bool plain = token_class == word_class_;
  for (std::size_t begin = 0; begin < document.size(); begin += block::kSize) {
    const char* const from = document.data() + begin;
    const std::size_t left = document.size() - begin;
    const std::uint64_t inside = left >= block::kSize ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
    std::uint64_t& bits = members[begin / 64];
    bits |= block::Members(from, ascii) & inside;
    for (std::uint64_t rest = block::NonAscii(from) & inside; rest != 0; rest &= rest - 1) {
      all_ascii = false;
      const auto i = static_cast<unsigned>(std::countr_zero(rest));
      if (IsContinuation(from[i])) {
        continue;
      }
      const auto [c, length] = CharacterAt(from + i);
      if (plain ? (characters_->flags[c] & Characters::kWord) != 0 : token_class.Contains(c, *characters_)) {
        const std::uint64_t of_character = (std::uint64_t{1} << length) - 1;
        bits |= of_character << i;
        if (i + length > 64) {
          members[begin / 64 + 1] |= of_character >> (64 - i);
        }
      }
    }
  }
  return all_ascii;
}

bool Tokenizer::IsLongEnough(std::string_view token) const {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < token.size() && characters < pattern_.least; ++i) {
    characters += IsContinuation(token[i]) ? 0 : 1;
  }
  return characters >= pattern_.least;
}

bool Tokenizer::IsBounded(std::size_t begin, std::size_t end, const std::vector<std::uint64_t>& words) const {
  return (!pattern_.bounded_before || begin == 0 || !BitAt(words, begin - 1)) &&
         (!pattern_.bounded_behind || !BitAt(words, end));
}

}  // namespace foretell
