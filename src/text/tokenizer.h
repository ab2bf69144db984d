// Finds the tokens of a document: a bit for each byte says whether it is of the pattern's class, and each run
// of bits is a token, if it is long enough.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/text_buffer.h"
#include "text/token_pattern.h"
#include "text/utf8_decode.h"

namespace foretell {

class Tokenizer {
 public:
  // What a thread keeps between documents.
  class Scratch {
   private:
    friend class Tokenizer;
    std::vector<std::uint64_t> members;
    std::vector<std::uint64_t> words;  // of \w, for patterns with \b and another class
  };

  // FT0101: see ParseTokenPattern. `characters` outlives it.
  Tokenizer(std::string_view pattern, const Characters& characters);

  // Calls sink(std::string_view) with each token, in order. The document is a TextBuffer's text, and so the
  // tokens lie in it. Any thread.
  template <typename Sink>
  void ForEachToken(std::string_view document, Scratch& scratch, Sink&& sink) const;

 private:
  // Bit i: byte i of the document belongs to a character of the class; a 0 bit follows. Whether all of the
  // document is ASCII.
  bool Mark(std::string_view document, const CharacterClass& token_class,
            const std::vector<block::AsciiRange>& ascii, std::vector<std::uint64_t>& members) const;
  bool IsLongEnough(std::string_view token) const;
  bool IsBounded(std::size_t begin, std::size_t end, const std::vector<std::uint64_t>& words) const;

  const Characters* characters_;
  TokenPattern pattern_;
  CharacterClass word_class_;
  std::vector<block::AsciiRange> ascii_;
  std::vector<block::AsciiRange> word_ascii_;
  std::size_t surely_ = 0;     // more bytes than these are as many characters as a token has at least
  bool looks_around_ = false;  // for \b, where it says more than the run itself
};

template <typename Sink>
void Tokenizer::ForEachToken(std::string_view document, Scratch& scratch, Sink&& sink) const {
  const bool ascii = Mark(document, pattern_.token_class, ascii_, scratch.members);
  if (looks_around_) {
    Mark(document, word_class_, word_ascii_, scratch.words);
  }
  std::uint64_t last = 0;  // the bit before
  bool within = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < scratch.members.size(); ++i) {
    const std::uint64_t bits = scratch.members[i];
    // A bit where a run begins, and one behind its end.
    for (std::uint64_t edges = bits ^ (bits << 1U | last); edges != 0; edges &= edges - 1) {
      const std::size_t at = i * 64 + static_cast<std::size_t>(std::countr_zero(edges));
      if (!within) {
        begin = at;
      } else {
        const std::string_view token = document.substr(begin, at - begin);
        if (token.size() >= pattern_.least && (ascii || token.size() > surely_ || IsLongEnough(token)) &&
            (!looks_around_ || IsBounded(begin, at, scratch.words))) {
          sink(token);
        }
      }
      within = !within;
    }
    last = bits >> 63U;
  }
}

}  // namespace foretell
