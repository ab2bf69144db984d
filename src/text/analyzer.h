// From a document's bytes to the terms that are counted, in the order in which scikit-learn's analyzers give
// them: decode, lower, strip accents, then tokens without stop words and their n-grams, or n-grams of
// characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/accents.h"
#include "text/text_buffer.h"
#include "text/tokenizer.h"
#include "text/unicode.h"
#include "text/utf8_decode.h"
#include "text/vocabulary.h"

namespace foretell {

// scikit-learn's parameters, with its defaults.
struct AnalyzerSettings {
  enum class Kind : std::uint8_t { kWord, kChar, kCharWb };

  Kind analyzer = Kind::kWord;
  bool lowercase = true;
  StripAccents strip_accents = StripAccents::kNone;
  std::string token_pattern = R"((?u)\b\w\w+\b)";  // of kWord only, and so are stop words
  std::vector<std::string> stop_words;
  std::int64_t ngram_min = 1;
  std::int64_t ngram_max = 1;
  DecodeErrors decode_error = DecodeErrors::kStrict;
  UnicodeVersion unicode = UnicodeVersion::k14_0;  // of the Python that trained

  bool operator==(const AnalyzerSettings&) const = default;
};

// {"analyzer": "word" | "char" | "char_wb", "lowercase": bool, "strip_accents": null | "unicode" | "ascii",
//  "token_pattern": text, "stop_words": null | [text], "ngram_range": [min, max],
//  "decode_error": "strict" | "ignore" | "replace", "unicode": "14.0.0"}, all of them given and no others.
// FT0101 says which is not valid, or cannot be compiled.
AnalyzerSettings ParseAnalyzerSettings(std::string_view json);
std::string ToJson(const AnalyzerSettings& settings);

class Analyzer {
 public:
  // What a thread keeps between documents; it grows to what the largest document needs.
  class Scratch {
   private:
    friend class Analyzer;
    TextBuffer decoded, lowered, stripped, joined;
    Tokenizer::Scratch tokens;
    std::vector<std::size_t> starts;
  };

  // FT0101 for n-grams that are none, or a token_pattern that is not known.
  explicit Analyzer(AnalyzerSettings settings);

  const AnalyzerSettings& settings() const { return settings_; }

  // Calls sink(std::string_view) with each term of a document. Vocabulary::kSlack bytes behind a term can be
  // read; it stays until the scratch is used again. Any thread, each with a scratch of its own.
  // FT0208 for bytes that are not UTF-8, when decode_error is strict; no term was given then.
  template <typename Sink>
  void ForEachTerm(std::string_view document, Scratch& scratch, Sink&& sink) const;

 private:
  struct StopWords {
    explicit StopWords(const std::vector<std::string>& words);
    Vocabulary::Packed packed;
    Vocabulary words;
  };

  std::string_view Preprocess(std::string_view document, Scratch& scratch) const;
  // Tokens that are no stop words, with a space behind each, into scratch.joined; where each begins, and the
  // end, into scratch.starts.
  void JoinTokens(std::string_view text, Scratch& scratch) const;
  // The text with runs of two or more whitespace characters as one space each, into scratch.joined; where
  // each character begins, and the end, into scratch.starts.
  void CollapseSpaces(std::string_view text, Scratch& scratch) const;
  // What stands between whitespace, with a space before and behind each; where each character begins.
  void PadWords(std::string_view text, Scratch& scratch) const;
  bool IsStopWord(std::string_view token) const { return stop_words_->words.FindPadded(token) >= 0; }
  bool IsSpace(char32_t c) const { return (characters_->flags[c] & Characters::kSpace) != 0; }

  // n-grams of what begins at `starts`, with `gap` bytes between one and the next that are not part of
  // either.
  template <typename Sink>
  void ForEachNgram(std::string_view text, const std::vector<std::size_t>& starts, std::size_t gap,
                    Sink&& sink) const;
  // n-grams of characters within each word and the spaces around it; a word shorter than n is one of them.
  template <typename Sink>
  void ForEachNgramWithinWords(std::string_view text, const std::vector<std::size_t>& starts,
                               Sink&& sink) const;

  AnalyzerSettings settings_;
  const Characters* characters_;
  std::optional<Tokenizer> tokenizer_;  // of kWord
  std::shared_ptr<const StopWords> stop_words_;
};

template <typename Sink>
void Analyzer::ForEachTerm(std::string_view document, Scratch& scratch, Sink&& sink) const {
  const std::string_view text = Preprocess(document, scratch);
  switch (settings_.analyzer) {
    case AnalyzerSettings::Kind::kWord:
      if (settings_.ngram_max > 1) {
        JoinTokens(text, scratch);
        ForEachNgram(scratch.joined.text(), scratch.starts, 1, sink);
      } else if (stop_words_ != nullptr) {
        tokenizer_->ForEachToken(text, scratch.tokens, [&](std::string_view token) {
          if (!IsStopWord(token)) {
            sink(token);
          }
        });
      } else {
        tokenizer_->ForEachToken(text, scratch.tokens, sink);
      }
      break;
    case AnalyzerSettings::Kind::kChar:
      CollapseSpaces(text, scratch);
      ForEachNgram(scratch.joined.text(), scratch.starts, 0, sink);
      break;
    case AnalyzerSettings::Kind::kCharWb:
      PadWords(text, scratch);
      ForEachNgramWithinWords(scratch.joined.text(), scratch.starts, sink);
      break;
  }
}

template <typename Sink>
void Analyzer::ForEachNgram(std::string_view text, const std::vector<std::size_t>& starts, std::size_t gap,
                            Sink&& sink) const {
  const std::size_t count = starts.size() - 1;
  const auto least = static_cast<std::size_t>(settings_.ngram_min);
  const std::size_t most = std::min(static_cast<std::size_t>(settings_.ngram_max), count);
  for (std::size_t n = least; n <= most; ++n) {
    for (std::size_t i = 0; i + n <= count; ++i) {
      sink(text.substr(starts[i], starts[i + n] - starts[i] - gap));
    }
  }
}

template <typename Sink>
void Analyzer::ForEachNgramWithinWords(std::string_view text, const std::vector<std::size_t>& starts,
                                       Sink&& sink) const {
  const std::size_t count = starts.size() - 1;
  for (std::size_t begin = 0; begin < count;) {
    std::size_t end = begin + 1;  // behind the space that ends this word
    while (text[starts[end]] != ' ') {
      ++end;
    }
    ++end;
    for (auto n = static_cast<std::size_t>(settings_.ngram_min);
         n <= static_cast<std::size_t>(settings_.ngram_max); ++n) {
      if (n >= end - begin) {
        sink(text.substr(starts[begin], starts[end] - starts[begin]));
        break;
      }
      for (std::size_t i = begin; i + n <= end; ++i) {
        sink(text.substr(starts[i], starts[i + n] - starts[i]));
      }
    }
    begin = end;
  }
}

}  // namespace foretell
