#include "text/analyzer.h"

#include <limits>
#include <utility>

#include "foretell/error.h"
#include "text/lower.h"

namespace foretell {

Analyzer::StopWords::StopWords(const std::vector<std::string>& words_given)
    : packed([&] {
        std::vector<std::string_view> unique(words_given.begin(), words_given.end());
        std::sort(unique.begin(), unique.end());
        unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
        return Vocabulary::Build(unique);
      }()),
      words(packed.arrays()) {}

Analyzer::Analyzer(AnalyzerSettings settings)
    : settings_(std::move(settings)), characters_(&CharactersOf(settings_.unicode)) {
  if (settings_.ngram_min < 1 || settings_.ngram_max < settings_.ngram_min) {
    throw Error(Code::kInvalidArgument,
                "ngram_range is (" + std::to_string(settings_.ngram_min) + ", " +
                    std::to_string(settings_.ngram_max) + "), and has to be (a, b) with 1 <= a <= b",
                "train with another ngram_range; the pipeline itself still runs in Python");
  }
  if (settings_.analyzer == AnalyzerSettings::Kind::kWord) {
    tokenizer_.emplace(settings_.token_pattern, *characters_);
    if (!settings_.stop_words.empty()) {
      stop_words_ = std::make_shared<const StopWords>(settings_.stop_words);
    }
  }
}

std::string_view Analyzer::Preprocess(std::string_view document, Scratch& scratch) const {
  std::string_view text = document;
  if (ValidPrefix(text) != text.size()) {
    Decode(text, settings_.decode_error, scratch.decoded);
    text = scratch.decoded.text();
  }
  if (settings_.lowercase) {
    Lower(text, *characters_, scratch.lowered);
    text = scratch.lowered.text();
  }
  if (settings_.strip_accents != StripAccents::kNone || !settings_.lowercase) {
    Strip(text, settings_.strip_accents, settings_.unicode, scratch.stripped);
    text = scratch.stripped.text();
  }
  return text;
}

void Analyzer::JoinTokens(std::string_view text, Scratch& scratch) const {
  scratch.joined.Restart(text.size() + 1);
  scratch.starts.clear();
  tokenizer_->ForEachToken(text, scratch.tokens, [&](std::string_view token) {
    if (stop_words_ == nullptr || !IsStopWord(token)) {
      scratch.starts.push_back(scratch.joined.text().size());
      scratch.joined.Append(token);
      scratch.joined.Append(U' ');
    }
  });
  scratch.starts.push_back(scratch.joined.text().size());
}

void Analyzer::CollapseSpaces(std::string_view text, Scratch& scratch) const {
  scratch.joined.Restart(text.size());
  scratch.starts.clear();
  std::size_t spaces = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, length] = CharacterAt(text.data() + i);
    spaces = IsSpace(c) ? spaces + 1 : 0;
    if (spaces == 2) {  // the one before has been written
      scratch.joined.EndAt(scratch.joined.text().data() + scratch.starts.back());
      scratch.joined.Append(U' ');
    } else if (spaces < 2) {
      scratch.starts.push_back(scratch.joined.text().size());
      scratch.joined.Append(text.substr(i, length));
    }
    i += length;
  }
  scratch.starts.push_back(scratch.joined.text().size());
}

void Analyzer::PadWords(std::string_view text, Scratch& scratch) const {
  scratch.joined.Restart(text.size() + 2);
  scratch.starts.clear();
  const auto append = [&](std::string_view character) {
    scratch.starts.push_back(scratch.joined.text().size());
    scratch.joined.Append(character);
  };
  bool within = false;
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, length] = CharacterAt(text.data() + i);
    const bool space = IsSpace(c);
    if (space == within) {  // a word begins or ends
      append(" ");
    }
    if (!space) {
      append(text.substr(i, length));
    }
    within = !space;
    i += length;
  }
  if (within) {
    append(" ");
  }
  scratch.starts.push_back(scratch.joined.text().size());
}

}  // namespace foretell
